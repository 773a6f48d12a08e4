//! What somebody who sees only a part can ask, and what the answer is.

use std::collections::BTreeMap;
use std::sync::Arc;

use plinth_model::filter::{Context, Expr, FilterError, Sights, Truth, compile};
use plinth_model::sql::Writer;
use plinth_model::sql::predicate::{self, RowSource};
use plinth_model::{Dialect, FieldSight, RowSight, Sight};
use serde_json::json;

use crate::fixture::{bindings, blog, record};

/// Sights by collection; a collection without one is invisible.
struct Eyes(BTreeMap<&'static str, Arc<Sight>>);

impl Sights for Eyes {
    fn sight(&self, collection: &str) -> Option<Arc<Sight>> {
        self.0.get(collection).cloned()
    }
}

/// A condition of an administrator.
fn rule(collection: &str, source: &str) -> Arc<Expr> {
    let catalog = blog();
    let users = catalog.get("users").unwrap();
    let context = Context {
        catalog: &catalog,
        collection: catalog.get(collection).unwrap(),
        users,
        sights: None,
        data: false,
        params: None,
    };
    Arc::new(compile(source, &context).unwrap())
}

/// Everything of a collection but these fields.
fn without(collection: &str, hidden: &[&str], rows: RowSight) -> Arc<Sight> {
    let catalog = blog();
    let mut sight = Sight::all(catalog.get(collection).unwrap());
    sight.fields.retain(|name, _| !hidden.contains(&name.as_str()));
    Arc::new(Sight { rows, ..sight })
}

fn eyes() -> Eyes {
    let mut posts = (*without("posts", &["meta", "pin"], RowSight::All)).clone();
    posts.fields.insert("price".into(), FieldSight::When(rule("posts", "author == auth.id")));
    let mut users = (*without("users", &["score"], RowSight::Where(rule("users", "verified")))).clone();
    users.fields.insert("team".into(), FieldSight::When(rule("users", "boss == auth.id || id == auth.id")));
    Eyes(BTreeMap::from([
        ("posts", Arc::new(posts)),
        ("users", Arc::new(users)),
        ("tags", without("tags", &["owner"], RowSight::None)),
    ]))
}

fn asked(source: &str) -> Result<Expr, FilterError> {
    let catalog = blog();
    let eyes = eyes();
    let users = catalog.get("users").unwrap();
    let context = Context {
        catalog: &catalog,
        collection: catalog.get("posts").unwrap(),
        users,
        sights: Some(&eyes),
        data: false,
        params: None,
    };
    compile(source, &context)
}

#[test]
fn a_hidden_name_is_answered_as_one_that_does_not_exist() {
    // Each with the same name in a place where it certainly does not exist, or a name of the same length.
    for (hidden, unknown) in [
        ("meta.color == \"a\"", "mxyz.color == \"a\""),
        ("pin == \"a\"", "pxq == \"a\""),
        ("author.score > 1", "author.scxyz > 1"),
        ("auth.score > 1", "auth.scxyz > 1"),
        ("comments_via_post.exists(c, true)", "cxmments_via_post.exists(c, true)"),
        ("size(comments_via_post) > 1", "size(cxmments_via_post) > 1"),
        ("author.comments_via_author.exists(c, true)", "author.cxmments_via_author.exists(c, true)"),
        ("tags.exists(t, t.owner == \"a\")", "tags.exists(t, t.oxyzw == \"a\")"),
        ("has(author.score)", "has(author.scxyz)"),
    ] {
        let (hidden_error, unknown_error) = (asked(hidden).unwrap_err(), asked(unknown).unwrap_err());
        let name = |source: &str, error: &FilterError| {
            source.chars().skip(error.position).take(error.end - error.position).collect::<String>()
        };
        let (a, b) = (name(hidden, &hidden_error), name(unknown, &unknown_error));
        assert_eq!(
            hidden_error.to_string().replace(&a, "NAME"),
            unknown_error.to_string().replace(&b, "NAME"),
            "{hidden}"
        );
        assert_eq!(hidden_error.code, unknown_error.code);
        assert_eq!((hidden_error.position, hidden_error.end), (unknown_error.position, unknown_error.end), "{hidden}");
    }
}

#[test]
fn no_hint_names_what_is_hidden() {
    for source in ["metas == null", "author.scores == 1", "auth.scores == 1", "pins == null"] {
        let message = asked(source).unwrap_err().message;
        assert!(!message.contains("did you mean"), "{message}");
    }
}

#[test]
fn a_field_behind_a_condition_reads_as_null_elsewhere() {
    let posts = blog();
    let posts = posts.get("posts").unwrap();
    let me = crate::fixture::id(1).to_string();
    let other = crate::fixture::id(2).to_string();
    let mine = record(posts, 1, json!({"title": "a", "status": "live", "likes": 1, "price": 5.0, "author": me}));
    let theirs = record(posts, 2, json!({"title": "a", "status": "live", "likes": 1, "price": 5.0, "author": other}));
    let eval = |source: &str| {
        let bound = asked(source).unwrap().bind(&bindings());
        [&mine, &theirs].map(|post| bound.eval(post, posts, None))
    };
    assert_eq!(eval("price == 5.0"), [Truth::True, Truth::False]);
    assert_eq!(eval("price > 1.0"), [Truth::True, Truth::Error]);
    assert_eq!(eval("price == null"), [Truth::False, Truth::True]);
    assert_eq!(eval("price in [5.0]"), [Truth::True, Truth::False]);
}

#[test]
fn the_account_reads_of_itself_what_its_record_shows() {
    let posts = blog();
    let posts = posts.get("posts").unwrap();
    let post = record(posts, 1, json!({"title": "red", "status": "live", "likes": 1}));
    let eval = |source: &str| asked(source).unwrap().bind(&bindings()).eval(&post, posts, None);
    assert_eq!(eval("title == auth.team"), Truth::True);
    assert_eq!(eval("auth.verified && auth.email == \"a@b.c\" && auth.id != title"), Truth::True);

    let mut unverified = bindings();
    let users = crate::fixture::users();
    let me = record(&users, 1, json!({"email": "a@b.c", "verified": false, "team": "red"}));
    unverified.auth = plinth_model::filter::Auth::account(&me, &users, []);
    let bound = asked("title == auth.team").unwrap().bind(&unverified);
    assert_eq!(bound.eval(&post, posts, None), Truth::False, "the rules do not show the account its own record");
}

fn sql(source: &str) -> String {
    let bound = asked(source).unwrap().bind(&bindings());
    let both = [Dialect::Sqlite, Dialect::Postgres].map(|dialect| {
        let mut w = Writer::new(dialect);
        predicate::render(&mut w, &bound, RowSource::Table { alias: "t" }, None);
        w.finish().text
    });
    both.join("\n")
}

#[test]
fn relations_lead_only_to_what_is_in_sight() {
    insta::assert_snapshot!(sql("author.email == \"a\""), @r#"
    exists (select 1 from "users" as "_1" where "_1"."id" = "t"."author" and ("_1"."verified") and ("_1"."email" = ?1))
    exists (select 1 from "users" as "_1" where "_1"."id" = "t"."author" and ("_1"."verified") and ("_1"."email" = $1::text))
    "#);
    insta::assert_snapshot!(sql("author.team == \"red\""), @r#"
    exists (select 1 from "users" as "_1" where "_1"."id" = "t"."author" and ("_1"."verified") and (case when "_1"."boss" = ?1 or "_1"."id" = ?2 then "_1"."team" end = ?3))
    exists (select 1 from "users" as "_1" where "_1"."id" = "t"."author" and ("_1"."verified") and (case when "_1"."boss" = $1::text or "_1"."id" = $2::text then "_1"."team" end = $3::text))
    "#);
    insta::assert_snapshot!(sql("author.posts_via_author.exists(p, p.price > 1.0)"), @r#"
    exists (select 1 from "users" as "_1" where "_1"."id" = "t"."author" and ("_1"."verified") and (exists (select 1 from "posts" as "_2" where "_2"."author" = "_1"."id" and (case when "_2"."author" = ?1 then "_2"."price" end > ?2))))
    exists (select 1 from "users" as "_1" where "_1"."id" = "t"."author" and ("_1"."verified") and (exists (select 1 from "posts" as "_2" where "_2"."author" = "_1"."id" and (case when "_2"."author" = $1::text then "_2"."price" end > $2::float8))))
    "#);
    insta::assert_snapshot!(sql("tags.exists(t, t.name == \"red\")"), @r#"
    exists (select 1 from "_link_posts_tags" as "_1" where "_1"."source" = "t"."id" and (null))
    exists (select 1 from "_link_posts_tags" as "_1" where "_1"."source" = "t"."id" and (null::boolean))
    "#);
    insta::assert_snapshot!(sql("price == 5.0"), @r#"
    case when "t"."author" = ?1 then "t"."price" end = ?2
    case when "t"."author" = $1::text then "t"."price" end = $2::float8
    "#);
}

#[test]
fn equal_questions_of_different_sights_are_not_equal() {
    let trusted = crate::fixture::trusted("author.email == \"a\"").unwrap().bind(&bindings());
    let guarded = asked("author.email == \"a\"").unwrap().bind(&bindings());
    assert_ne!(trusted.key(), guarded.key());
}
