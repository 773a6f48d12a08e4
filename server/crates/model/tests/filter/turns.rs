//! Which changes of other records can turn what a condition says.

use plinth_model::filter::Turn;
use serde_json::{Value as Json, json};

use crate::fixture::{bindings, blog, id, record, trusted};

/// Whether a change of the record with number 7 can turn a condition about posts.
fn turns(condition: &str, collection: &str, before: &Json, after: &Json) -> bool {
    let catalog = blog();
    let collection = catalog.get(collection).unwrap();
    let read = |image: &Json| image.is_object().then(|| record(collection, 7, image.clone()));
    let (before, after) = (read(before), read(after));
    let turn = Turn { collection, before: before.as_ref(), after: after.as_ref() };
    trusted(condition).unwrap().bind(&bindings()).turns_with(turn)
}

#[test]
fn a_record_behind_a_relation_turns_by_the_fields_that_are_read() {
    let person = |team: &str, score: i64| json!({"email": "x@y.z", "verified": true, "team": team, "score": score});
    let (red, blue, scored) = (person("red", 1), person("blue", 1), person("red", 2));
    let team = "author.team == auth.team && title.startsWith(\"a\")";
    assert!(turns(team, "users", &red, &blue));
    assert!(turns(team, "users", &red, &json!(null)), "it is gone");
    assert!(!turns(team, "users", &red, &scored), "nobody reads the score");
    assert!(!turns(team, "users", &json!(null), &red), "nothing can point at it yet");
    assert!(turns("author.boss.score > 1", "users", &red, &scored));
    assert!(turns(
        "author.boss.score > 1",
        "users",
        &json!({"email": "a", "verified": true}),
        &json!({"email": "a", "verified": true, "boss": id(3).to_string()})
    ));
    assert!(!turns("likes > 1 && author == auth.id", "users", &red, &blue), "no relation is followed");
    assert!(!turns(team, "tags", &json!({"name": "a"}), &json!({"name": "b"})));
}

#[test]
fn a_record_that_points_here_turns_unless_it_is_decided_against() {
    let mine = "comments_via_post.exists(c, c.author == auth.id)";
    let comment =
        |author: u8, text: &str| json!({"post": id(1).to_string(), "author": id(author).to_string(), "text": text});
    let nothing = json!(null);
    assert!(turns(mine, "comments", &nothing, &comment(1, "a")));
    assert!(turns(mine, "comments", &comment(1, "a"), &nothing));
    assert!(!turns(mine, "comments", &nothing, &comment(2, "a")), "it is somebody else's");
    assert!(!turns(mine, "comments", &comment(1, "a"), &comment(1, "b")), "nobody reads the text");
    assert!(turns(mine, "comments", &comment(2, "a"), &comment(1, "a")));
    let moved = json!({"post": id(2).to_string(), "author": id(1).to_string(), "text": "a"});
    assert!(turns(mine, "comments", &comment(1, "a"), &moved), "it points elsewhere");
    // What the body says of other records is not known here.
    assert!(turns("comments_via_post.exists(c, c.text == title)", "comments", &nothing, &comment(2, "a")));
    assert!(!turns(
        "comments_via_post.exists(c, c.text == title && c.author == auth.id)",
        "comments",
        &nothing,
        &comment(2, "a")
    ));
    assert!(!turns("comments_via_post.all(c, c.text != \"a\")", "comments", &nothing, &comment(2, "b")));
    assert!(turns("comments_via_post.all(c, c.text != \"a\")", "comments", &nothing, &comment(2, "a")));
    assert!(turns("size(comments_via_post) > 3", "comments", &nothing, &comment(2, "a")));
    assert!(!turns("size(comments_via_post) > 3", "comments", &comment(2, "a"), &comment(3, "b")));
}

#[test]
fn what_is_followed_is_named() {
    let followed = |source: &str| {
        let names: Vec<String> = trusted(source).unwrap().follows().iter().map(ToString::to_string).collect();
        names.join(" ")
    };
    assert_eq!(followed("author == auth.id && likes > 1"), "");
    assert_eq!(followed("author.boss.team == \"red\" || tags.exists(t, t == params.text)"), "users");
    assert_eq!(followed("author.comments_via_author.exists(c, c.post.likes > 3)"), "comments posts users");
}
