//! Expressions, each in two spellings: ours, and that of the oracle.
//!
//! The oracle knows neither relations nor our rules about JSON and doubles. A relation is there a record beside the
//! id (`owner_rec`), and the few operations that Plinth defines more narrowly are functions of the oracle.

use std::collections::HashMap;
use std::rc::Rc;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value as Json;

use crate::values::{KEYS, duration, float, instant, int, text};
use crate::world::{item, label, person};

/// An expression in both spellings.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    pub(crate) ours: String,
    pub(crate) oracle: String,
}

/// What a variable of `exists` or `all` stands at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Item {
    Text,
    Int,
    Number,
    Bool,
    Instant,
    Json,
    Label,
    Note,
}

/// Strategies of one depth in one scope.
struct Level {
    bool: BoxedStrategy<Pair>,
    text: BoxedStrategy<Pair>,
    int: BoxedStrategy<Pair>,
    number: BoxedStrategy<Pair>,
    instant: BoxedStrategy<Pair>,
    duration: BoxedStrategy<Pair>,
    json: BoxedStrategy<Pair>,
}

/// Any condition.
pub(crate) fn condition() -> BoxedStrategy<Pair> {
    let mut builder = Builder { levels: HashMap::new() };
    builder.level(&[], 3).bool.clone()
}

struct Builder {
    levels: HashMap<(Vec<Item>, u32), Rc<Level>>,
}

fn same(text: impl Into<String>) -> Pair {
    let text = text.into();
    Pair { ours: text.clone(), oracle: text }
}

fn pair(ours: impl Into<String>, oracle: impl Into<String>) -> Pair {
    Pair { ours: ours.into(), oracle: oracle.into() }
}

fn names(names: &[&str]) -> Vec<Pair> {
    names.iter().map(|name| same(*name)).collect()
}

/// Both spellings through a form in which `@` is the first operand and `$` the second.
fn form(form: &str, operands: &[&Pair]) -> Pair {
    forms(form, form, operands)
}

fn forms(ours: &str, oracle: &str, operands: &[&Pair]) -> Pair {
    let fill = |form: &str, text: fn(&Pair) -> &str| {
        let mut filled = String::new();
        for c in form.chars() {
            match c {
                '@' => filled.push_str(text(operands[0])),
                '$' => filled.push_str(text(operands[1])),
                '#' => filled.push_str(text(operands[2])),
                c => filled.push(c),
            }
        }
        filled
    };
    Pair { ours: fill(ours, |pair| &pair.ours), oracle: fill(oracle, |pair| &pair.oracle) }
}

/// One of these forms over one operand.
fn over(operand: &BoxedStrategy<Pair>, list: &'static [&'static str]) -> BoxedStrategy<Pair> {
    (select(list), operand.clone()).prop_map(|(text, a)| form(text, &[&a])).boxed()
}

/// One of these forms over two operands.
fn over2(a: &BoxedStrategy<Pair>, b: &BoxedStrategy<Pair>, list: &'static [&'static str]) -> BoxedStrategy<Pair> {
    (select(list), a.clone(), b.clone()).prop_map(|(text, a, b)| form(text, &[&a, &b])).boxed()
}

const ORDERS: [&str; 6] = ["(@ == $)", "(@ != $)", "(@ < $)", "(@ <= $)", "(@ > $)", "(@ >= $)"];
/// Orders, and `==` and `!=`, of numbers of two kinds: the oracle rounds there, and its function `rel` does not.
fn related(a: &BoxedStrategy<Pair>, b: &BoxedStrategy<Pair>, signs: &'static [&'static str]) -> BoxedStrategy<Pair> {
    (select(signs), a.clone(), b.clone())
        .prop_map(|(sign, a, b)| forms(&format!("(@ {sign} $)"), &format!("rel(\"{sign}\", @, $)"), &[&a, &b]))
        .boxed()
}

const SIGNS: [&str; 6] = ["<", "<=", ">", ">=", "==", "!="];

fn one(pairs: Vec<Pair>) -> BoxedStrategy<Pair> {
    select(pairs).boxed()
}

fn text_literal() -> BoxedStrategy<Pair> {
    let ids = (0_u8..4).prop_flat_map(|n| select(vec![person(n), label(n), item(n)]));
    prop_oneof![5 => text(), 1 => ids].prop_map(|text| same(Json::from(text).to_string())).boxed()
}

fn int_literal() -> BoxedStrategy<Pair> {
    int().prop_map(|int| same(if int < 0 { format!("({int})") } else { int.to_string() })).boxed()
}

fn float_literal() -> BoxedStrategy<Pair> {
    float()
        .prop_map(|float| same(if float.is_sign_negative() { format!("({float:?})") } else { format!("{float:?}") }))
        .boxed()
}

fn instant_literal() -> BoxedStrategy<Pair> {
    instant().prop_map(|instant| same(format!("timestamp(\"{instant}\")"))).boxed()
}

fn duration_literal() -> BoxedStrategy<Pair> {
    duration().prop_map(|millis| same(format!("duration(\"{millis}ms\")"))).boxed()
}

/// A list of literals.
fn list_of(item: &BoxedStrategy<Pair>) -> BoxedStrategy<Pair> {
    prop::collection::vec(item.clone(), 0..4)
        .prop_map(|items| {
            let join = |text: fn(&Pair) -> &str| format!("[{}]", items.iter().map(text).collect::<Vec<_>>().join(", "));
            pair(join(|pair| &pair.ours), join(|pair| &pair.oracle))
        })
        .boxed()
}

impl Builder {
    fn level(&mut self, scope: &[Item], depth: u32) -> Rc<Level> {
        let key = (scope.to_vec(), depth);
        if let Some(level) = self.levels.get(&key) {
            return level.clone();
        }
        let leaves = leaves(scope);
        let level = Rc::new(if depth == 0 { leaves } else { self.grown(scope, depth, &leaves) });
        self.levels.insert(key, level.clone());
        level
    }

    fn grown(&mut self, scope: &[Item], depth: u32, leaves: &Level) -> Level {
        let below = self.level(scope, depth - 1);
        let choose = |then: &BoxedStrategy<Pair>| {
            (below.bool.clone(), then.clone(), then.clone())
                .prop_map(|(c, a, b)| form("(@ ? $ : #)", &[&c, &a, &b]))
                .boxed()
        };
        let number_of = (select(&["+", "-", "*", "/"][..]), below.json.clone(), below.number.clone())
            .prop_map(|(sign, a, b)| forms(&format!("(@ {sign} $)"), &format!("fl(\"{sign}\", num(@), $)"), &[&a, &b]));
        let floats = (select(&["+", "-", "*", "/"][..]), below.number.clone(), below.number.clone())
            .prop_map(|(sign, a, b)| forms(&format!("(@ {sign} $)"), &format!("fl(\"{sign}\", @, $)"), &[&a, &b]));
        let double_of = below.json.clone().prop_map(|json| forms("double(@)", "num(@)", &[&json]));
        Level {
            bool: self.conditions(scope, depth, leaves, &below),
            text: prop_oneof![
                4 => leaves.text.clone(),
                1 => over2(&below.text, &below.text, &["(@ + $)"]),
                1 => over2(&below.json, &below.text, &["(@ + $)"]),
                1 => over(&below.text, &["@.lowerAscii()", "@.upperAscii()"]),
                1 => choose(&below.text),
            ]
            .boxed(),
            int: prop_oneof![
                4 => leaves.int.clone(),
                2 => over2(&below.int, &below.int, &["(@ + $)", "(@ - $)", "(@ * $)", "(@ / $)", "(@ % $)"]),
                1 => over2(&below.json, &below.int, &["(@ + $)", "(@ - $)", "(@ * $)", "(@ / $)", "(@ % $)"]),
                1 => over(&below.int, &["-(@)"]),
                1 => over(&below.text, &["size(@)"]),
                1 => over(&below.json, &["size(@)"]),
                1 => over(&below.number, &["int(@)"]),
                1 => choose(&below.int),
            ]
            .boxed(),
            number: prop_oneof![
                4 => leaves.number.clone(),
                2 => floats,
                1 => number_of,
                1 => double_of,
                1 => over(&below.int, &["double(@)"]),
                1 => over(&below.number, &["-(@)"]),
                1 => choose(&below.number),
            ]
            .boxed(),
            instant: prop_oneof![
                4 => leaves.instant.clone(),
                1 => over2(&below.instant, &below.duration, &["(@ + $)", "(@ - $)", "($ + @)"]),
                1 => choose(&below.instant),
            ]
            .boxed(),
            duration: prop_oneof![
                3 => leaves.duration.clone(),
                1 => over2(&below.instant, &below.instant, &["(@ - $)"]),
                1 => over2(&below.duration, &below.duration, &["(@ + $)", "(@ - $)"]),
            ]
            .boxed(),
            json: prop_oneof![
                8 => leaves.json.clone(),
                2 => choose(&below.json),
                1 => mixed(&below.bool, &below.json, &below.text),
                1 => mixed(&below.bool, &below.int, &below.json),
                1 => mixed(&below.bool, &below.json, &below.bool),
            ]
            .boxed(),
        }
    }

    fn conditions(&mut self, scope: &[Item], depth: u32, leaves: &Level, below: &Level) -> BoxedStrategy<Pair> {
        let Level { bool, text, int, number, instant, duration, json } = below;
        let json_equals = |other: &BoxedStrategy<Pair>| {
            let both = [("(@ == $)", "jeq(@, $)"), ("(@ != $)", "!jeq(@, $)"), ("($ == @)", "jeq($, @)")];
            (select(both.to_vec()), json.clone(), other.clone())
                .prop_map(|((a, b), x, y)| forms(a, b, &[&x, &y]))
                .boxed()
        };
        let null_test = |of: &BoxedStrategy<Pair>| over(of, &["(@ == null)", "(@ != null)", "(@ in [null])"]);
        let compared = prop_oneof![
            over2(text, text, &ORDERS),
            over2(int, int, &ORDERS),
            over2(number, number, &ORDERS),
            related(int, number, &SIGNS),
            related(number, int, &SIGNS),
            over2(instant, instant, &ORDERS),
            over2(duration, duration, &ORDERS),
            over2(bool, bool, &ORDERS),
        ];
        let with_json = prop_oneof![
            json_equals(text),
            json_equals(int),
            json_equals(number),
            json_equals(bool),
            json_equals(json),
            related(json, text, &SIGNS[..4]),
            related(json, int, &SIGNS[..4]),
            related(number, json, &SIGNS[..4]),
            related(json, bool, &SIGNS[..4]),
            related(json, json, &SIGNS[..4]),
            json.clone().prop_map(|json| forms("(@ == null)", "jeq(@, null)", &[&json])),
            over(json, &["(@ || false)"]),
            (json.clone(), select(&KEYS[..])).prop_map(|(json, key)| form(&format!("has(@.{key})"), &[&json])),
        ];
        let nulls =
            prop_oneof![null_test(text), null_test(int), null_test(number), null_test(instant), null_test(bool)];
        let tests = prop_oneof![
            3 => over2(text, text, &["@.startsWith($)", "@.endsWith($)", "@.contains($)"]),
            1 => over2(json, text, &["@.startsWith($)", "@.endsWith($)", "@.contains($)"]),
            1 => over(text, &["@.matches(\"^[ab]+\\\\z\")", "@.matches(\"é|(?i)a\")", "matches(@, \"b\\\\z\")"]),
        ];
        prop_oneof![
            3 => leaves.bool.clone(),
            4 => compared,
            4 => with_json,
            2 => nulls,
            3 => tests,
            4 => membership(below, &leaves.json),
            3 => list_equality(),
            2 => over(bool, &["!(@)"]),
            3 => over2(bool, bool, &["(@ && $)", "(@ || $)"]),
            1 => (bool.clone(), bool.clone(), bool.clone()).prop_map(|(c, a, b)| form("(@ ? $ : #)", &[&c, &a, &b])),
            5 => self.quantified(scope, depth, below),
        ]
        .boxed()
    }

    fn quantified(&mut self, scope: &[Item], depth: u32, below: &Level) -> BoxedStrategy<Pair> {
        let lists = scope.iter().filter(|item| **item != Item::Note).count();
        let mut ranges: Vec<(BoxedStrategy<Pair>, Item)> = Vec::new();
        let reached = scope.iter().filter(|item| **item == Item::Note).count();
        if reached == 0 {
            ranges.push((one(names(&["notes_via_item", "notes_via_also"])), Item::Note));
        }
        if lists < 2 {
            ranges.extend([
                (one(names(&["texts1", "texts0", "params.texts", "auth.roles"])), Item::Text),
                (one(names(&["ints0", "[1, 2, -7]"])), Item::Int),
                (one(names(&["numbers0", "[0.5, 1.0, 2.0]"])), Item::Number),
                (one(names(&["bools0"])), Item::Bool),
                (one(names(&["instants0"])), Item::Instant),
                (below.json.clone(), Item::Json),
                (one(vec![pair("labels", "labels_rec")]), Item::Label),
            ]);
        }
        let mut strategies = Vec::new();
        for (range, item) in ranges {
            let mut inner = scope.to_vec();
            inner.push(item);
            let body = self.level(&inner, depth - 1).bool.clone();
            let name = variable(scope.len());
            let words = select(&["exists", "all"][..]);
            strategies.push(
                (range, words, body)
                    .prop_map(move |(range, word, body)| form(&format!("@.{word}({name}, $)"), &[&range, &body]))
                    .boxed(),
            );
        }
        proptest::strategy::Union::new(strategies).boxed()
    }
}

/// A conditional of which a branch is JSON and the other is not.
fn mixed(
    condition: &BoxedStrategy<Pair>,
    then: &BoxedStrategy<Pair>,
    other: &BoxedStrategy<Pair>,
) -> BoxedStrategy<Pair> {
    (condition.clone(), then.clone(), other.clone()).prop_map(|(c, a, b)| form("(@ ? $ : #)", &[&c, &a, &b])).boxed()
}

fn variable(place: usize) -> &'static str {
    ["x", "y", "z"][place]
}

/// `in`, over columns, literals, parameters, JSON, and lists of fields.
fn membership(below: &Level, leaf: &BoxedStrategy<Pair>) -> BoxedStrategy<Pair> {
    let Level { text, int, number, bool, instant, json, .. } = below;
    let within = |ours: &'static str, oracle: &'static str, a: &BoxedStrategy<Pair>, b: BoxedStrategy<Pair>| {
        (a.clone(), b).prop_map(move |(a, b)| forms(ours, oracle, &[&a, &b])).boxed()
    };
    let texts =
        prop_oneof![one(names(&["texts1", "texts0", "params.texts", "auth.roles"])), list_of(&text_literal())].boxed();
    let labels = one(vec![pair("labels", "labels")]);
    let fields = one(names(&["[text1, text0]", "[text0, \"a\", null]", "[text0 + \"a\", text1]"]));
    prop_oneof![
        over2(text, &texts, &["(@ in $)"]),
        over2(text, &labels, &["(@ in $)"]),
        over2(text, &fields, &["(@ in $)"]),
        within("(@ in [$, text0])", "within(@, [$, text0])", text, leaf.clone()),
        over2(int, &one(names(&["ints0"])), &["(@ in $)"]),
        over2(int, &list_of(&int_literal()), &["(@ in $)"]),
        over2(number, &prop_oneof![one(names(&["numbers0"])), list_of(&float_literal())].boxed(), &["(@ in $)"]),
        within("(@ in $)", "within(@, $)", int, list_of(&float_literal())),
        within("(@ in $)", "within(@, $)", number, list_of(&int_literal())),
        over2(bool, &one(names(&["bools0", "[true]", "[false, null]"])), &["(@ in $)"]),
        over2(instant, &prop_oneof![one(names(&["instants0"])), list_of(&instant_literal())].boxed(), &["(@ in $)"]),
        within("(@ in $)", "within(@, $)", json, texts.clone()),
        within(
            "(@ in $)",
            "within(@, $)",
            json,
            one(names(&["ints0", "[1, \"a\", null, true, 2.5]", "numbers0", "[]"]))
        ),
        within("(@ in $)", "within(@, $)", json, json.clone()),
        within("(@ in $)", "within(@, $)", text, json.clone()),
        within("(@ in $)", "within(@, $)", int, json.clone()),
        within("(@ in $)", "within(@, $)", bool, json.clone()),
    ]
    .boxed()
}

/// Lists compared as a whole.
fn list_equality() -> BoxedStrategy<Pair> {
    let texts = prop_oneof![one(names(&["texts1", "texts0", "null"])), list_of(&text_literal())].boxed();
    prop_oneof![
        over2(&one(names(&["texts1", "texts0"])), &texts, &["(@ == $)", "(@ != $)"]),
        over2(&one(names(&["ints0"])), &list_of(&int_literal()), &["(@ == $)", "(@ != $)"]),
        over2(
            &one(names(&["numbers0"])),
            &prop_oneof![list_of(&float_literal()), one(names(&["[1, 2]", "[3]"]))].boxed(),
            &["(@ == $)"]
        ),
    ]
    .boxed()
}

/// Fields, literals, members of `auth` and `params`, variables.
fn leaves(scope: &[Item]) -> Level {
    let mut bools = names(&["bool1", "bool0", "true", "false", "auth.verified", "auth.anonymous", "params.yes"]);
    bools.extend([
        pair("has(owner.team)", "(owner_rec.team != null)"),
        pair("has(auth.team)", "(auth.team != null)"),
        pair("has(params.none)", "false"),
        pair("owner.verified", "owner_rec.verified"),
    ]);
    let mut texts =
        names(&["text1", "text0", "choice0", "id", "owner", "auth.id", "auth.email", "auth.team", "params.text"]);
    texts.extend([
        pair("owner.email", "owner_rec.email"),
        pair("owner.team", "owner_rec.team"),
        pair("owner.boss", "owner_rec.boss"),
        pair("owner.boss.team", "owner_rec.boss_rec.team"),
        pair("owner.boss.boss.boss.email", "owner_rec.boss_rec.boss_rec.boss_rec.email"),
        pair("auth.boss.team", "auth.boss_rec.team"),
    ]);
    let mut ints = names(&[
        "int1",
        "int0",
        "size(texts1)",
        "size(texts0)",
        "ints0[0]",
        "auth.score",
        "params.int",
        "size(notes_via_item)",
    ]);
    ints.extend([pair("owner.score", "owner_rec.score"), pair("size(labels)", "size(labels)")]);
    let mut numbers = names(&["number1", "number0", "numbers0[1]", "params.number"]);
    let mut instants = names(&["instant1", "instant0", "createdAt", "now", "instants0[0]"]);
    instants.push(same("timestamp(params.instant)"));
    let mut jsons = names(&[
        "meta",
        "meta.a",
        "meta.b",
        "meta.c",
        "meta.size",
        "meta.a.b",
        "meta[\"b\"]",
        "meta.a[0]",
        "meta.b.a.c",
        "meta.c[1].a",
        "params.doc.a",
    ]);
    for (place, item) in scope.iter().enumerate() {
        let x = variable(place);
        let twice = |list: &mut Vec<Pair>, pair: Pair| list.extend([pair.clone(), pair.clone(), pair]);
        match item {
            Item::Text => twice(&mut texts, same(x)),
            Item::Int => twice(&mut ints, same(x)),
            Item::Number => twice(&mut numbers, same(x)),
            Item::Bool => twice(&mut bools, same(x)),
            Item::Instant => twice(&mut instants, same(x)),
            Item::Json => {
                twice(&mut jsons, same(x));
                jsons.push(same(format!("{x}.a")));
                jsons.push(same(format!("{x}[0].b")));
            }
            Item::Label => {
                texts.push(pair(x, format!("{x}.id")));
                texts.push(same(format!("{x}.name")));
                texts.push(pair(format!("{x}.owner.team"), format!("{x}.owner_rec.team")));
                ints.push(same(format!("{x}.rank")));
                ints.push(pair(format!("{x}.owner.score"), format!("{x}.owner_rec.score")));
            }
            Item::Note => {
                texts.push(same(format!("{x}.text")));
                texts.push(same(format!("{x}.author")));
                texts.push(pair(format!("{x}.author.team"), format!("{x}.author_rec.team")));
                ints.push(same(format!("{x}.stars")));
                bools.push(pair(format!("({x}.author == auth.id)"), format!("({x}.author == auth.id)")));
                bools.push(pair(format!("(id in {x}.also)"), format!("(id in {x}.also)")));
            }
        }
    }
    Level {
        bool: one(bools),
        text: prop_oneof![3 => one(texts), 2 => text_literal()].boxed(),
        int: prop_oneof![3 => one(ints), 2 => int_literal()].boxed(),
        number: prop_oneof![3 => one(numbers), 2 => float_literal()].boxed(),
        instant: prop_oneof![3 => one(instants), 1 => instant_literal()].boxed(),
        duration: duration_literal(),
        json: one(jsons),
    }
}
