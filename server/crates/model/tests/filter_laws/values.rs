//! Values that are likely to break something.

use plinth_model::Instant;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value as Json, json};

const TEXTS: [&str; 22] = [
    "",
    "a",
    "b",
    "A",
    "ab",
    "aB",
    "abc",
    "é",
    "É",
    "e\u{301}",
    "aé😀",
    "😀",
    "\u{10FFFF}",
    "\u{D7FF}",
    "\u{E000}",
    "'",
    "\"",
    "\\",
    "%",
    "_a",
    "a\nb",
    "it's 1",
];

pub(crate) fn text() -> BoxedStrategy<String> {
    prop_oneof![4 => select(&TEXTS[..]).prop_map(str::to_owned), 1 => "[a-cA-Cé😀 ]{0,5}"].boxed()
}

pub(crate) fn int() -> BoxedStrategy<i64> {
    let edges = vec![
        0,
        1,
        2,
        3,
        -1,
        -2,
        -7,
        10,
        i64::MAX,
        i64::MIN,
        i64::MAX - 1,
        i64::MIN + 1,
        1 << 53,
        (1 << 53) + 1,
        -(1 << 53) - 1,
        (1 << 62) + 1,
        3_037_000_500,
        -3_037_000_500,
    ];
    prop_oneof![6 => select(edges), 2 => -20_i64..20, 1 => any::<i64>()].boxed()
}

pub(crate) fn float() -> BoxedStrategy<f64> {
    let edges = vec![
        0.0,
        -0.0,
        0.5,
        1.0,
        2.0,
        3.0,
        -1.5,
        2.5,
        0.1,
        0.300_000_000_000_000_04,
        1e300,
        -1e300,
        1e-300,
        5e-324,
        f64::MAX,
        f64::MIN,
        9_007_199_254_740_992.0,
        9_007_199_254_740_994.0,
        9_223_372_036_854_775_807.0,
        -9_223_372_036_854_775_808.0,
        1e19,
        1e16,
        4_611_686_018_427_387_904.0,
    ];
    let any = any::<f64>().prop_filter("finite", |float| float.is_finite());
    prop_oneof![6 => select(edges), 2 => (-40_i32..40).prop_map(|n| f64::from(n) / 4.0), 2 => any].boxed()
}

/// A double that SQLite reads from JSON text to the last digit; beyond these it may miss the last one.
pub(crate) fn json_float() -> BoxedStrategy<f64> {
    float().prop_map(|float| if float == 0.0 || (1e-80..1e110).contains(&float.abs()) { float } else { 0.25 }).boxed()
}

pub(crate) fn instant() -> BoxedStrategy<Instant> {
    let edges =
        vec![Instant::MIN, Instant::MAX, at(0), at(1), at(-1), at(1_780_315_200_000), at(1_780_315_200_001), at(999)];
    let any = (Instant::MIN.millis()..=Instant::MAX.millis()).prop_map(at);
    prop_oneof![5 => select(edges), 1 => any].boxed()
}

fn at(millis: i64) -> Instant {
    Instant::from_millis(millis).unwrap()
}

/// Milliseconds.
pub(crate) fn duration() -> BoxedStrategy<i64> {
    let edges = vec![0, 1, -1, 1000, 86_400_000, -86_400_000, 9_223_372_036_854, -9_223_372_036_854];
    prop_oneof![4 => select(edges), 1 => -1_000_000_i64..1_000_000].boxed()
}

/// JSON of any kind; numbers, texts and nulls most.
pub(crate) fn json() -> BoxedStrategy<Json> {
    let number = prop_oneof![
        int().prop_map(Json::from),
        json_float().prop_map(|float| json!(float)),
        select(vec![u64::MAX, (1 << 63) + 1025]).prop_map(Json::from),
    ];
    let leaf = prop_oneof![
        2 => Just(Json::Null),
        2 => any::<bool>().prop_map(Json::from),
        4 => number,
        4 => text().prop_map(Json::from),
    ];
    let member = (select(&KEYS[..]), leaf.clone());
    leaf.prop_recursive(2, 8, 3, move |inner| {
        let list = prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from);
        let object = prop::collection::btree_map(select(&KEYS[..]), inner, 0..3)
            .prop_map(|members| members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Json>());
        prop_oneof![list, object, member.clone().prop_map(|(key, value)| json!({ key: value }))]
    })
    .boxed()
}

/// The members of generated objects.
pub(crate) const KEYS: [&str; 4] = ["a", "b", "c", "size"];

/// A JSON object.
pub(crate) fn object() -> BoxedStrategy<Json> {
    prop::collection::btree_map(select(&KEYS[..]), json(), 0..5)
        .prop_map(|members| members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Json>())
        .boxed()
}
