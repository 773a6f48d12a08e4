//! Plans and their SQL, both dialects side by side.

use std::fmt::Write;
use std::sync::Arc;

use plinth_model::schema::diff::Alteration;
use plinth_model::schema::migrate::{Stage, Trial};
use plinth_model::schema::{Catalog, Migration};
use plinth_model::sql::{Dialect, ddl};
use plinth_model::{Collection, Value};
use serde_json::{Value as Json, json};

use crate::fixture::{collection, define, id, posts, record};

/// The statements in both dialects; those that are equal once.
fn both(statements: impl Fn(Dialect) -> Vec<plinth_model::Statement>) -> String {
    let texts =
        |dialect| statements(dialect).into_iter().map(|statement| statement.text).collect::<Vec<_>>().join(";\n");
    let (sqlite, postgres) = (texts(Dialect::Sqlite), texts(Dialect::Postgres));
    if sqlite == postgres { sqlite } else { format!("-- sqlite\n{sqlite}\n-- postgres\n{postgres}") }
}

fn migration(before: &Collection, after: &Collection) -> Migration {
    Migration::new(Some(Arc::new(before.clone())), Some(Arc::new(after.clone())), &Catalog::default())
}

/// Each step in one line.
fn plan(before: &Collection, after: &Collection) -> String {
    migration(before, after).alterations.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn line(alteration: &Alteration) -> String {
    let mut line = alteration.step.as_str().to_owned();
    if let Some(field) = &alteration.field {
        write!(line, " {field}").unwrap();
    }
    for (flag, word) in [(alteration.destructive, "destructive"), (alteration.checks_rows, "checks rows")] {
        if flag {
            write!(line, " [{word}]").unwrap();
        }
    }
    format!("{line}: {}", alteration.detail)
}

fn relation(target: &str) -> Json {
    json!({"type": "string", "x-relation": { "collection": target }})
}

fn relations(target: &str) -> Json {
    json!({"type": "array", "items": relation(target)})
}

#[test]
fn a_table_has_a_column_for_each_field() {
    let properties = json!({
        "title": {"type": "string"}, "count": {"type": "integer"}, "price": {"type": "number"}, "live": {"type": "boolean"},
        "dueAt": {"type": "string", "format": "date-time"}, "status": {"enum": ["a"]}, "meta": {"type": "object"},
        "marks": {"type": "array", "items": {"type": "integer"}}, "slug": {"type": "string", "x-unique": true}, "author": relation("users"),
    });
    let schema = json!({ "properties": properties });
    let posts = define(
        "posts",
        &schema,
        &json!([{"fields": ["status", "-createdAt"]}, {"fields": ["title", "count"], "unique": true}]),
    )
    .unwrap();
    insta::assert_snapshot!(both(|dialect| ddl::create(&posts, dialect)), @r#"
    -- sqlite
    create table "posts" (
      "id" text not null primary key,
      "createdAt" integer not null,
      "updatedAt" integer not null,
      "_rev" integer not null,
      "title" text,
      "count" integer,
      "price" real,
      "live" integer,
      "dueAt" integer,
      "status" text,
      "meta" text,
      "marks" text,
      "slug" text,
      "author" text references "users" ("id")
    ) strict;
    create unique index "_unique_posts_slug" on "posts" ("slug" asc);
    create index "_index_posts_author" on "posts" ("author" asc, "id" asc);
    create index "_index_posts_status_createdAt_94534610be96" on "posts" ("status" asc, "createdAt" desc, "id" desc);
    create unique index "_unique_posts_title_count" on "posts" ("title" asc, "count" asc)
    -- postgres
    create table "posts" (
      "id" text collate "C" not null primary key,
      "createdAt" timestamptz(3) not null,
      "updatedAt" timestamptz(3) not null,
      "_rev" bigint not null,
      "title" text collate "C",
      "count" bigint,
      "price" double precision,
      "live" boolean,
      "dueAt" timestamptz(3),
      "status" text collate "C",
      "meta" json,
      "marks" json,
      "slug" text collate "C",
      "author" text collate "C"
    );
    alter table "posts" add constraint "_fk_posts_author" foreign key ("author") references "users" ("id");
    create unique index "_unique_posts_slug" on "posts" ("slug" asc nulls first);
    create index "_index_posts_author" on "posts" ("author" asc nulls first, "id" asc);
    create index "_index_posts_status_createdAt_94534610be96" on "posts" ("status" asc nulls first, "createdAt" desc, "id" desc);
    create unique index "_unique_posts_title_count" on "posts" ("title" asc nulls first, "count" asc nulls first)
    "#);
}

#[test]
fn a_relation_to_many_has_a_link_table_kept_by_triggers() {
    let posts = posts(&json!({"tags": relations("tags")}), &[]);
    insta::assert_snapshot!(both(|dialect| ddl::create(&posts, dialect)), @r#"
    -- sqlite
    create table "posts" (
      "id" text not null primary key,
      "createdAt" integer not null,
      "updatedAt" integer not null,
      "_rev" integer not null,
      "tags" text
    ) strict;
    create table "_link_posts_tags" (
      "source" text not null constraint "_fk__link_posts_tags_source_30683a771199" references "posts" ("id") on delete cascade,
      "target" text not null constraint "_fk__link_posts_tags_target_8ae0dfec035c" references "tags" ("id"),
      primary key ("source", "target")
    ) strict, without rowid;
    create index "_index__link_posts_tags_target_8ae0dfec035c" on "_link_posts_tags" ("target", "source");
    insert into "_link_posts_tags" ("source", "target")
    select "t"."id", "e"."value"
    from "posts" as "t", json_each("t"."tags") as "e";
    create trigger "_insert_link_posts_tags" after insert on "posts"
    when "new"."tags" is not null
    begin
      insert into "_link_posts_tags" ("source", "target")
      select "new"."id", "e"."value" from json_each("new"."tags") as "e";
    end;
    create trigger "_update_link_posts_tags" after update of "tags" on "posts"
    when "old"."tags" is not "new"."tags"
    begin
      delete from "_link_posts_tags"
      where "source" = "new"."id"
      and "target" not in (select "value" from json_each("new"."tags"));
      insert into "_link_posts_tags" ("source", "target")
      select "new"."id", "e"."value" from json_each("new"."tags") as "e"
      where not exists (select 1 from "_link_posts_tags" where "source" = "new"."id" and "target" = "e"."value");
    end
    -- postgres
    create table "posts" (
      "id" text collate "C" not null primary key,
      "createdAt" timestamptz(3) not null,
      "updatedAt" timestamptz(3) not null,
      "_rev" bigint not null,
      "tags" json
    );
    create table "_link_posts_tags" (
      "source" text collate "C" not null constraint "_fk__link_posts_tags_source_30683a771199" references "posts" ("id") on delete cascade,
      "target" text collate "C" not null constraint "_fk__link_posts_tags_target_8ae0dfec035c" references "tags" ("id"),
      primary key ("source", "target")
    );
    create index "_index__link_posts_tags_target_8ae0dfec035c" on "_link_posts_tags" ("target", "source");
    insert into "_link_posts_tags" ("source", "target")
    select "t"."id", "e"
    from "posts" as "t", json_array_elements_text("t"."tags") as "e";
    create function "_sync_link_posts_tags"() returns trigger language plpgsql as $$
    begin
      if tg_op = 'UPDATE' then
        delete from "_link_posts_tags"
        where "source" = new."id"
        and "target" <> all (array(select json_array_elements_text(new."tags")));
      end if;
      insert into "_link_posts_tags" ("source", "target")
      select new."id", "e" from json_array_elements_text(new."tags") as "e"
      on conflict do nothing;
      return null;
    end
    $$;
    create trigger "_insert_link_posts_tags" after insert on "posts" for each row
    when (new."tags" is not null)
    execute function "_sync_link_posts_tags"();
    create trigger "_update_link_posts_tags" after update of "tags" on "posts" for each row
    when (old."tags"::text is distinct from new."tags"::text)
    execute function "_sync_link_posts_tags"()
    "#);
    insta::assert_snapshot!(both(|dialect| ddl::drop(&posts, dialect)), @r#"
    -- sqlite
    drop trigger "_update_link_posts_tags";
    drop trigger "_insert_link_posts_tags";
    drop table "_link_posts_tags";
    drop table "posts"
    -- postgres
    drop trigger "_update_link_posts_tags" on "posts";
    drop trigger "_insert_link_posts_tags" on "posts";
    drop function "_sync_link_posts_tags"();
    drop table "_link_posts_tags";
    drop table "posts"
    "#);
}

#[test]
fn a_plan_says_what_is_done_and_what_is_lost() {
    let before = posts(
        &json!({
            "title": {"type": "string", "maxLength": 100}, "body": {"type": "string"}, "count": {"type": "integer", "default": 1},
            "gone": {"type": "object"}, "author": relation("users"), "state": {"enum": ["a", "b"]}, "slug": {"type": "string", "x-unique": true},
            "note": {"type": "string", "description": "old"},
        }),
        &["title"],
    );
    let after = posts(
        &json!({
            "title": {"type": "string", "maxLength": 50}, "text": {"type": "string", "x-renamed-from": "body", "x-unique": true},
            "count": {"type": "string", "default": "none"}, "author": {"type": "string", "x-relation": {"collection": "people", "onDelete": "cascade"}},
            "state": {"enum": ["a", "b", "c"]}, "slug": {"type": "string", "readOnly": true}, "fresh": {"type": "boolean", "default": false},
            "must": {"type": "integer"}, "note": {"type": "string", "description": "new"},
        }),
        &["must", "state", "fresh"],
    );
    insta::assert_snapshot!(plan(&before, &after), @r#"
    unsetUnique slug: lets values of "slug" repeat
    renameField text: renames "body" to "text"
    dropField gone [destructive]: drops "gone" and its values
    addField fresh: adds "fresh" (boolean); existing records get the default
    addField must [checks rows]: adds "must" (integer); it is required and has no default, so existing records stand against it
    changeKind count [checks rows]: changes "count" from integer to text
    changeRelation author [checks rows]: points "author" at "people" instead of "users"; sets onDelete of "author" to cascade
    setDefault count: sets the default of "count" for new records: "none"
    unsetRequired title: makes "title" optional
    setRequired state [checks rows]: makes "state" required
    changeRules title [checks rows]: changes the rules of "title"
    changeRules state: loosens the rules of "state"
    changeRules slug: "slug" is set by the server only
    setUnique text [checks rows]: makes values of "text" unique
    "#);
    assert_eq!(plan(&before, &before), "");
}

#[test]
fn indexes_come_and_go_and_follow_renames() {
    let schema = |body: &str| {
        let mut schema = json!({"properties": {"status": {"enum": ["a"]}, "author": relation("users")}});
        schema["properties"][body] = json!({"type": "string", "x-renamed-from": "text"});
        schema
    };
    let before = define(
        "posts",
        &json!({"properties": {"status": {"enum": ["a"]}, "author": relation("users"), "text": {"type": "string"}}}),
        &json!([{"fields": ["status"]}, {"fields": ["-text"]}]),
    )
    .unwrap();
    let after = define(
        "articles",
        &schema("body"),
        &json!([{"fields": ["-body"]}, {"fields": ["status", "body"], "unique": true}]),
    )
    .unwrap();
    insta::assert_snapshot!(plan(&before, &after), @r#"
    renameCollection: renames "posts" to "articles"
    dropIndex status: drops the index over status
    renameField body: renames "text" to "body"
    addIndex status,body [checks rows]: adds a unique index over status,body
    "#);
    let migration = migration(&before, &after);
    insta::assert_snapshot!(both(|dialect| migration.prepare(dialect)), @r#"
    -- sqlite
    drop index "_index_posts_author";
    drop index "_index_posts_status";
    drop index "_index_posts_text_8a675bcc6270";
    alter table "posts" rename to "articles";
    alter table "articles" rename column "text" to "body"
    -- postgres
    drop index "_index_posts_author";
    drop index "_index_posts_status";
    drop index "_index_posts_text_8a675bcc6270";
    alter table "posts" rename to "articles";
    alter table "articles" rename constraint "_fk_posts_author" to "_fk_articles_author";
    alter table "articles" rename column "text" to "body"
    "#);
    insta::assert_snapshot!(both(|dialect| migration.finish(dialect)), @r#"
    -- sqlite
    create index "_index_articles_author" on "articles" ("author" asc, "id" asc);
    create index "_index_articles_body_52b5be897e86" on "articles" ("body" desc, "id" desc);
    create unique index "_unique_articles_status_body" on "articles" ("status" asc, "body" asc)
    -- postgres
    create index "_index_articles_author" on "articles" ("author" asc nulls first, "id" asc);
    create index "_index_articles_body_52b5be897e86" on "articles" ("body" desc nulls last, "id" desc);
    create unique index "_unique_articles_status_body" on "articles" ("status" asc nulls first, "body" asc nulls first)
    "#);
}

#[test]
#[expect(clippy::too_many_lines, reason = "most of them are a snapshot")]
fn a_change_of_kind_puts_the_old_column_aside() {
    let before = posts(&json!({"count": {"type": "string", "x-unique": true}, "author": relation("users")}), &[]);
    let after = posts(&json!({"count": {"type": "integer", "x-unique": true}, "author": relations("users")}), &[]);
    let migration = migration(&before, &after);
    assert!(migration.rewrites_rows());
    insta::assert_snapshot!(both(|dialect| migration.prepare(dialect)), @r#"
    -- sqlite
    drop index "_unique_posts_count";
    drop index "_index_posts_author";
    alter table "posts" rename column "count" to "_old_0";
    alter table "posts" add column "count" integer;
    alter table "posts" rename column "author" to "_old_1";
    alter table "posts" add column "author" text
    -- postgres
    drop index "_unique_posts_count";
    drop index "_index_posts_author";
    alter table "posts" rename column "count" to "_old_0";
    alter table "posts" add column "count" bigint;
    alter table "posts" rename column "author" to "_old_1";
    alter table "posts" add column "author" json
    "#);
    insta::assert_snapshot!(both(|dialect| vec![migration.select(dialect, Stage::Prepared, Some(id(1)), 500)]), @r#"
    -- sqlite
    select "id", "createdAt", "updatedAt", "_rev", "_old_0", "_old_1"
    from "posts"
    where "id" > ?1
    order by "id"
    limit ?2
    -- postgres
    select "id", "createdAt", "updatedAt", "_rev", "_old_0", "_old_1"
    from "posts"
    where "id" > $1::text
    order by "id"
    limit $2::int8
    "#);
    let old = record(vec!["12".into(), Value::text(id(9).to_string())]);
    let new = migration.record(&old).unwrap();
    assert_eq!(new.values, [Value::Int(12), Value::List(vec![Value::text(id(9).to_string())])]);
    insta::assert_snapshot!(both(|dialect| migration.rewrite(dialect, &new).into_iter().collect()), @r#"
    -- sqlite
    update "posts"
    set "count" = ?1, "author" = ?2
    where "id" = ?3
    -- postgres
    update "posts"
    set "count" = $1::int8, "author" = $2::json
    where "id" = $3::text
    "#);
    insta::assert_snapshot!(both(|dialect| migration.finish(dialect)), @r#"
    -- sqlite
    alter table "posts" drop column "_old_0";
    alter table "posts" drop column "_old_1";
    create unique index "_unique_posts_count" on "posts" ("count" asc);
    create table "_link_posts_author" (
      "source" text not null constraint "_fk__link_posts_author_source_5b76b1ddb950" references "posts" ("id") on delete cascade,
      "target" text not null constraint "_fk__link_posts_author_target_4a2b735f5ba3" references "users" ("id"),
      primary key ("source", "target")
    ) strict, without rowid;
    create index "_index__link_posts_author_target_4a2b735f5ba3" on "_link_posts_author" ("target", "source");
    insert into "_link_posts_author" ("source", "target")
    select "t"."id", "e"."value"
    from "posts" as "t", json_each("t"."author") as "e";
    create trigger "_insert_link_posts_author" after insert on "posts"
    when "new"."author" is not null
    begin
      insert into "_link_posts_author" ("source", "target")
      select "new"."id", "e"."value" from json_each("new"."author") as "e";
    end;
    create trigger "_update_link_posts_author" after update of "author" on "posts"
    when "old"."author" is not "new"."author"
    begin
      delete from "_link_posts_author"
      where "source" = "new"."id"
      and "target" not in (select "value" from json_each("new"."author"));
      insert into "_link_posts_author" ("source", "target")
      select "new"."id", "e"."value" from json_each("new"."author") as "e"
      where not exists (select 1 from "_link_posts_author" where "source" = "new"."id" and "target" = "e"."value");
    end
    -- postgres
    alter table "posts" drop column "_old_0";
    alter table "posts" drop column "_old_1";
    create unique index "_unique_posts_count" on "posts" ("count" asc nulls first);
    create table "_link_posts_author" (
      "source" text collate "C" not null constraint "_fk__link_posts_author_source_5b76b1ddb950" references "posts" ("id") on delete cascade,
      "target" text collate "C" not null constraint "_fk__link_posts_author_target_4a2b735f5ba3" references "users" ("id"),
      primary key ("source", "target")
    );
    create index "_index__link_posts_author_target_4a2b735f5ba3" on "_link_posts_author" ("target", "source");
    insert into "_link_posts_author" ("source", "target")
    select "t"."id", "e"
    from "posts" as "t", json_array_elements_text("t"."author") as "e";
    create function "_sync_link_posts_author"() returns trigger language plpgsql as $$
    begin
      if tg_op = 'UPDATE' then
        delete from "_link_posts_author"
        where "source" = new."id"
        and "target" <> all (array(select json_array_elements_text(new."author")));
      end if;
      insert into "_link_posts_author" ("source", "target")
      select new."id", "e" from json_array_elements_text(new."author") as "e"
      on conflict do nothing;
      return null;
    end
    $$;
    create trigger "_insert_link_posts_author" after insert on "posts" for each row
    when (new."author" is not null)
    execute function "_sync_link_posts_author"();
    create trigger "_update_link_posts_author" after update of "author" on "posts" for each row
    when (old."author"::text is distinct from new."author"::text)
    execute function "_sync_link_posts_author"()
    "#);
    insta::assert_snapshot!(both(|dialect| migration.missing_targets(dialect).into_iter().map(|(_, statement)| statement).collect()), @r#"
    select "t"."id", "t"."author"
    from "posts" as "t"
    where "t"."author" is not null and "t"."author" not in (select "id" from "users")
    "#);
}

#[test]
fn kinds_that_are_stored_alike_need_no_rewriting() {
    let stored_alike = |before: Json, after: Json| {
        let migration = migration(&posts(&json!({ "field": before }), &[]), &posts(&json!({ "field": after }), &[]));
        assert_eq!(migration.alterations[0].step.as_str(), "changeKind");
        !migration.rewrites_rows() && migration.prepare(Dialect::Postgres).is_empty()
    };
    let (text, list) = (json!({"type": "string"}), json!({"type": "array", "items": {"type": "string"}}));
    assert!(stored_alike(text.clone(), json!({"enum": ["a"]})));
    assert!(stored_alike(list.clone(), json!({"type": "array"})));
    assert!(!stored_alike(json!({"type": "array"}), list));
    assert!(!stored_alike(text, json!({"type": "string", "x-relation": {"collection": "users"}})));
}

#[test]
fn a_trial_counts_and_shows_the_rows_that_fail() {
    let before =
        posts(&json!({"count": {"type": "string"}, "title": {"type": "string"}, "note": {"type": "string"}}), &[]);
    let after = posts(
        &json!({"count": {"type": "integer"}, "title": {"type": "string", "maxLength": 3, "x-unique": true}, "note": {"type": "string"}, "more": {"type": "string"}}),
        &["note", "more"],
    );
    let after_with_default = posts(
        &json!({"count": {"type": "integer"}, "title": {"type": "string", "maxLength": 3, "x-unique": true}, "note": {"type": "string"}, "more": {"type": "string", "default": "x"}}),
        &["note", "more"],
    );
    let rows: Vec<_> = [
        ("1", "abc", Some("n")),
        ("two", "abc", Some("n")),
        ("3", "abc", None),
        ("4", "long", Some("n")),
        ("5", "abc", Some("n")),
    ]
    .into_iter()
    .map(|(count, title, note)| record(vec![count.into(), title.into(), note.map_or(Value::Null, Value::from)]))
    .collect();
    let failures = |after: &Collection| {
        let migration = migration(&before, after);
        let mut trial = Trial::new(&migration);
        for row in &rows {
            trial.see(row);
        }
        let line = |failures: &plinth_model::schema::migrate::Failures| {
            let alteration = &migration.alterations[failures.alteration];
            let sample: Vec<_> = failures.sample.iter().map(|(_, value)| value.to_json().to_string()).collect();
            format!(
                "{} {}: {} {} {}",
                alteration.step.as_str(),
                alteration.field.as_deref().unwrap_or("-"),
                failures.rows,
                failures.code,
                sample.join(" ")
            )
        };
        trial.finish().iter().map(line).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(failures(&after), @r#"
    addField more: 5 required null null null null null
    changeKind count: 1 not_convertible "two"
    setRequired note: 1 required null
    changeRules title: 1 max_length "long"
    setUnique title: 3 unique "abc" "abc" "abc"
    "#);
    insta::assert_snapshot!(failures(&after_with_default), @r#"
    changeKind count: 1 not_convertible "two"
    setRequired note: 1 required null
    changeRules title: 1 max_length "long"
    setUnique title: 3 unique "abc" "abc" "abc"
    "#);
}

#[test]
fn a_row_that_broke_the_rules_before_does_not_stand_against_another_change() {
    let title = json!({"type": "string", "minLength": 3});
    let before = posts(&json!({"title": title, "count": {"type": "string"}}), &["title"]);
    let mut renamed = title;
    renamed["x-renamed-from"] = json!("title");
    let after = posts(&json!({"name": renamed, "count": {"type": "integer"}}), &["name"]);
    let migration = migration(&before, &after);
    let mut trial = Trial::new(&migration);
    trial.see(&record(vec!["x".into(), "5".into()]));
    trial.see(&record(vec![Value::Null, "6".into()]));
    assert_eq!(trial.finish(), []);
    assert_eq!(migration.record(&record(vec!["x".into(), "5".into()])).unwrap().values, ["x".into(), Value::Int(5)]);
}

#[test]
fn names_of_derived_things_are_unambiguous_and_fit() {
    assert_eq!(ddl::link_table("posts", "tags"), "_link_posts_tags");
    assert_ne!(ddl::link_table("a_b", "c"), ddl::link_table("a", "b_c"));
    let long = "x".repeat(63);
    assert!(ddl::link_table(&long, &long).len() <= 63);
    assert_ne!(ddl::link_table(&long, &long), ddl::link_table(&long, &"x".repeat(62)));
}

#[test]
fn dropping_says_who_still_points_here() {
    let users = collection("users", &json!({}), &[]);
    let posts = posts(&json!({"author": relation("users")}), &[]);
    let catalog = Catalog::new([Arc::new(users.clone()), Arc::new(posts)]);
    let migration = Migration::new(Some(Arc::new(users)), None, &catalog);
    insta::assert_snapshot!(line(&migration.alterations[0]), @r#"dropCollection [destructive]: drops the collection "users" and its records; still pointed at by posts.author"#);
}
