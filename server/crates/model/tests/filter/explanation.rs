//! Why a condition held or did not.

use serde_json::json;

use crate::fixture::{bindings, blog, id, record, trusted};

#[test]
fn every_part_tells_its_truth_and_what_it_read() {
    let posts = blog();
    let posts = posts.get("posts").unwrap();
    let members =
        json!({"title": "a", "status": "live", "likes": 1, "author": id(2).to_string(), "meta": {"color": "red"}});
    let post = record(posts, 1, members);
    let source = r#"author == auth.id && (status == "live" || likes > 5) && price < 3.0 && meta.color != "red"
        && author.team == auth.team && words.all(w, w == title)"#;

    let bound = trusted(source).unwrap().bind(&bindings());
    let parts = bound.explain(&post, posts, None);

    let told = parts.iter().map(|part| {
        let operands = part.operands.iter().map(|operand| match &operand.value {
            Some(value) => format!("{} = {}", operand.expression, value.to_json()),
            None => format!("{} = ?", operand.expression),
        });
        let database = if part.bound.needs_database() { " (database)" } else { "" };
        format!("{}: {:?}{database}\n    {}", part.expression, part.truth, operands.collect::<Vec<_>>().join(", "))
    });
    insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @r#"
    author == auth.id: False
        author = "018bcfe5-6800-7202-8202-020202020202", auth.id = "018bcfe5-6800-7101-8101-010101010101"
    status == "live" || likes > 5: True
        status = "live", likes = 1
    price < 3.0: Error
        price = null
    meta.color != "red": False
        meta.color = "red"
    author.team == auth.team: Error (database)
        author.team = ?, auth.team = "red"
    words.all(w, w == title): Error
        words = null, title = "a"
    "#);
}

#[test]
fn parts_are_written_as_they_would_be_typed() {
    let source = r#"(likes + 1) * 2 - 3 > -likes && !(done && !done) && (done ? price : 1.0) >= 0.5
        && title.lowerAscii().matches("^a") && words.exists(w, words.all(v, v != w || size(v) < 3))
        && has(meta.a) && meta["b c"][0].d in ["x", null] && dueAt + duration("1h30m") < timestamp("2026-01-01T00:00:00Z")"#;
    let bound = trusted(source).unwrap().bind(&bindings());
    let posts = blog();
    let posts = posts.get("posts").unwrap();
    let post = record(posts, 1, json!({"title": "a", "status": "live", "likes": 1}));
    let parts = bound.explain(&post, posts, None);
    let told: Vec<&str> = parts.iter().map(|part| part.expression.as_str()).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    (likes + 1) * 2 - 3 > -likes
    !(done && !done)
    (done ? price : 1.0) >= 0.5
    title.lowerAscii().matches("^a")
    words.exists(w, words.all(v, v != w || size(v) < 3))
    has(meta.a)
    meta["b c"][0].d in ["x", null]
    dueAt + duration("5400s") < timestamp("2026-01-01T00:00:00.000Z")
    "#);
    for part in told {
        assert!(trusted(part).is_ok(), "{part}: {:?}", trusted(part));
    }
}
