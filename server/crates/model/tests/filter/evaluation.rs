//! What expressions mean, on one record in memory.

use plinth_model::Record;
use plinth_model::filter::Truth::{self, Error, False, True};
use serde_json::json;

use crate::fixture::{bindings, blog, id, record, trusted};

fn post() -> Record {
    let members = json!({
        "title": "Ärger mit Äpfeln",
        "status": "live",
        "likes": 9_223_372_036_854_775_807_i64,
        "price": 2.5,
        "dueAt": "2026-06-02T12:00:00Z",
        "author": id(1).to_string(),
        "tags": [id(1).to_string(), id(2).to_string()],
        "words": ["red", "green"],
        "meta": {"color": "blue", "size": null, "count": 3, "ratio": 0.5, "list": [1, "a", null], "deep": {"er": true}},
    });
    record(blog().get("posts").unwrap(), 7, members)
}

fn truth(source: &str) -> Truth {
    let bound = trusted(source).unwrap_or_else(|error| panic!("{source}: {error}")).bind(&bindings());
    let post = post();
    bound.eval(&post, blog().get("posts").unwrap(), Some(&post))
}

fn check(cases: &[(&str, Truth)]) {
    for (source, expected) in cases {
        assert_eq!(truth(source), *expected, "{source}");
    }
}

#[test]
fn fields_are_compared_by_their_kind() {
    check(&[
        (r#"status == "live""#, True),
        (r#"status == "live" && price < 10.0 && title.startsWith("Ä")"#, True),
        ("likes > 3.5", True),
        ("likes == 9223372036854775807", True),
        // As doubles the two would be equal.
        ("likes < 9223372036854775808.0", True),
        ("price == 2.5 && price > 2 && price <= 2.5", True),
        (r#"title < "b""#, False),
        (r#"title > "z""#, True),
        ("dueAt > now", True),
        (r#"dueAt < now + duration("24h")"#, False),
        (r#"dueAt - now == duration("24h")"#, True),
        (r#"createdAt == timestamp("2026-06-01T14:00:00+02:00")"#, True),
        ("createdAt == timestamp(1780315200)", True),
    ]);
}

#[test]
fn null_is_equal_to_itself_and_in_no_order() {
    check(&[
        ("done == null", True),
        ("done != null", False),
        ("done", Error),
        ("!done", Error),
        ("done == true", False),
        ("done || true", True),
        ("done && true", Error),
        ("done && false", False),
        ("price != null", True),
        ("null == null", True),
        ("done in [null]", True),
        ("done in [true, false]", False),
        ("price in [2.5, null]", True),
    ]);
}

#[test]
fn errors_are_absorbed_as_cel_says() {
    check(&[
        ("1 / 0 == 1", Error),
        ("1 / 0 == 1 || status == \"live\"", True),
        ("status == \"draft\" && 1 / 0 == 1", False),
        ("likes + 1 > 0", Error),
        ("!(likes + 1 > 0)", Error),
        ("likes - 1 > 0", True),
        ("likes % 0 == 0", Error),
        ("price / 0.0 > 1.0", Error),
        ("words.exists(w, 1 / 0 == 1)", Error),
        ("words.exists(w, 1 / 0 == 1 || w == \"red\")", True),
        ("words.all(w, 1 / 0 == 1 || w == \"red\")", Error),
        ("words.all(w, 1 / 0 == 1 && w == \"red\")", False),
        ("done ? true : true", Error),
        ("status == \"live\" ? true : 1 / 0 == 1", True),
    ]);
}

#[test]
fn texts_are_tested_by_their_characters() {
    check(&[
        (r#"title.startsWith("Ärger")"#, True),
        (r#"title.endsWith("")"#, True),
        (r#"title.contains("mit Ä")"#, True),
        ("size(title) == 16", True),
        ("title.size() == 16", True),
        (r#"title.lowerAscii() == "Ärger mit Äpfeln""#, True),
        (r#"title.upperAscii() == "ÄRGER MIT ÄPFELN""#, True),
        (r#"title.matches("^Ä.*n$")"#, True),
        (r#"matches(title, "x")"#, False),
        ("title.matches(params.pattern)", False),
        (r#"title + "!" == "Ärger mit Äpfeln!""#, True),
        (r#""a\u00e4" == "aä""#, True),
    ]);
}

#[test]
fn lists_are_asked_for_their_items() {
    check(&[
        (r#""red" in words"#, True),
        (r#"words.exists(w, w.startsWith("gr"))"#, True),
        (r"words.all(w, size(w) > 3)", False),
        ("size(words) == 2", True),
        (r#"words[1] == "green""#, True),
        (r#"words[2] == "green""#, Error),
        (r#"words == ["red", "green"]"#, True),
        ("words == []", False),
        ("author in params.ids", True),
        ("id in params.ids", False),
        ("tags.exists(t, t == params.ids[0])", True),
        ("auth.id in [author, null]", True),
        (r"auth.id in [status, title]", False),
        ("[1, 2].exists(n, n > 1)", True),
        ("[].all(n, n == 1)", True),
        ("words.exists(w, words.all(v, v == w))", False),
    ]);
}

#[test]
fn json_has_its_kind_when_it_is_read() {
    check(&[
        (r#"meta.color == "blue" && has(meta.size)"#, True),
        ("has(meta.weight)", False),
        ("has(meta.deep.er)", True),
        ("has(meta.color.er)", Error),
        ("meta.size == null", True),
        ("meta.weight == null", Error),
        ("meta.count == 3 && meta.count == 3.0 && meta.count < 3.5", True),
        (r#"meta.count == "3""#, False),
        (r#"meta.color < "c""#, True),
        ("meta.color < 3", Error),
        ("meta.deep.er", True),
        ("meta.color", Error),
        ("meta.count + 1 == 4", True),
        ("meta.ratio + 1 == 2", Error),
        ("meta.count * 0.5 == 1.5", True),
        ("double(meta.count) / 2.0 == 1.5", True),
        ("1 in meta.list && null in meta.list && !(2 in meta.list)", True),
        (r#""er" in meta.deep"#, True),
        (r#"meta.list.exists(x, x == "a")"#, True),
        (r#"meta.deep.all(key, key == "er")"#, True),
        ("meta.list == meta.list", Error),
        ("meta.list == meta.deep", Error),
        ("meta.list == meta.color", False),
        ("size(meta.list) == 3 && size(meta.deep) == 1 && size(meta.color) == 4", True),
        ("meta.list[1] == \"a\"", True),
        (r#"meta["color"] == "blue""#, True),
        (r#"meta.color.startsWith("b")"#, True),
        ("meta.count.startsWith(\"b\")", Error),
    ]);
}

#[test]
fn the_account_is_read_and_absent_members_are_errors() {
    check(&[
        ("author == auth.id", True),
        (r#""editor" in auth.roles"#, True),
        ("auth.anonymous", False),
        (r#"auth.team == "red" && auth.score > 6"#, True),
        ("has(auth.team)", True),
        ("has(auth.boss)", False),
        ("auth.boss == null", True),
    ]);
    let anonymous = plinth_model::filter::Bindings {
        auth: plinth_model::filter::Auth::anonymous(["public".to_owned()]),
        ..bindings()
    };
    for (source, expected) in [
        ("auth.anonymous", True),
        ("auth.id == author", Error),
        ("auth.id != author", Error),
        ("auth.team == null", Error),
        ("has(auth.id)", False),
        ("auth.anonymous || auth.verified", True),
    ] {
        let bound = trusted(source).unwrap().bind(&anonymous);
        assert_eq!(bound.eval(&post(), blog().get("posts").unwrap(), None), expected, "{source}");
    }
}

#[test]
fn a_write_is_seen_beside_the_stored_record() {
    let (stored, becoming) =
        (post(), record(blog().get("posts").unwrap(), 7, json!({"title": "b", "status": "draft", "likes": 1})));
    let eval = |source: &str| {
        let bound = trusted(source).unwrap().bind(&bindings());
        bound.eval(&stored, blog().get("posts").unwrap(), Some(&becoming))
    };
    assert_eq!(eval("data.status != status && data.id == id"), True);
    assert_eq!(eval("data.likes < likes"), True);
    assert_eq!(eval("data.author == auth.id"), False);
    assert_eq!(eval("has(data.author)"), False);
}

#[test]
fn what_takes_the_database_is_final_where_it_is_absorbed() {
    let bound = trusted(r#"status == "draft" && author.team == auth.team"#).unwrap().bind(&bindings());
    assert!(bound.needs_database());
    assert_eq!(bound.eval(&post(), blog().get("posts").unwrap(), None), False);

    let bound = trusted("comments_via_post.exists(c, c.author == auth.id)").unwrap().bind(&bindings());
    assert!(bound.needs_database());
    assert_eq!(bound.eval(&post(), blog().get("posts").unwrap(), None), Error);

    let bound = trusted("auth.boss.team == \"red\" || true").unwrap().bind(&bindings());
    assert!(!bound.needs_database(), "nothing of the relation is left");
}

#[test]
fn equal_keys_are_equal_meanings() {
    let key = |source: &str| trusted(source).unwrap().bind(&bindings()).key().to_owned();
    assert_eq!(key(r#"status == "live" && likes > 1"#), key(r#"likes > 1 && (status == "live")"#));
    assert_eq!(key(r"auth.team == title"), key(r#""red" == title"#));
    assert_ne!(key("price == 1"), key("price == 1.0"));
    assert_ne!(key(r#"title == "a""#), key(r#"title == "b""#));
    assert_ne!(key("words.exists(w, w == title)"), key("words.all(w, w == title)"));
    assert_eq!(key("words.exists(w, w == title)"), key("words.exists(x, x == title)"));
    assert_eq!(key("params.number == 3"), key("true"));
}

#[test]
fn expressions_are_combined() {
    use plinth_model::filter::Expr;
    let expr = |source: &str| trusted(source).unwrap();
    let posts = blog();
    let posts = posts.get("posts").unwrap();
    let eval = |expr: &Expr| expr.bind(&bindings()).eval(&post(), posts, None);
    assert_eq!(eval(&Expr::all(vec![])), True);
    assert_eq!(eval(&Expr::any(vec![])), False);
    let both = Expr::all(vec![expr(r#"status == "live""#), expr("likes > 1")]);
    assert_eq!(both.source(), r#"(status == "live") && (likes > 1)"#);
    assert_eq!(eval(&both), True);
    assert_eq!(eval(&Expr::not(both.clone())), False);
    assert_eq!(eval(&Expr::not(expr("done"))), Error);
    assert_eq!(eval(&Expr::any(vec![expr("done"), both])), True);
}

#[test]
fn an_expression_knows_what_it_reads() {
    let expr = trusted("author.team == auth.team && tags.exists(t, t.owner.email == title) && now > dueAt").unwrap();
    let mentions: Vec<String> = expr.mentions().iter().map(|(name, fields)| format!("{name}: {fields:?}")).collect();
    insta::assert_snapshot!(mentions.join("\n"), @r#"
    posts: {"author", "dueAt", "tags", "title"}
    tags: {"owner"}
    users: {"email", "team"}
    "#);
    assert!(expr.uses_now());
    assert!(!trusted("likes > 1").unwrap().uses_now());
}
