//! The SQL of conditions, both dialects side by side.

use plinth_model::filter::Bound;
use plinth_model::sql::Writer;
use plinth_model::sql::predicate::{self, RowSource};
use plinth_model::{Dialect, Statement};
use serde_json::json;

use crate::fixture::{bindings, blog, id, record, trusted};

fn bound(source: &str) -> Bound {
    trusted(source).unwrap_or_else(|error| panic!("{source}: {error}")).bind(&bindings())
}

fn rendered(dialect: Dialect, exact: bool, bound: &Bound) -> Statement {
    let mut w = Writer::new(dialect);
    let row = RowSource::Table { alias: "t" };
    if exact {
        predicate::render_exact(&mut w, bound, row, None);
    } else {
        predicate::render(&mut w, bound, row, None);
    }
    w.finish()
}

fn shown(statement: &Statement) -> String {
    let args: Vec<String> = statement.args.iter().map(|arg| arg.to_json().to_string()).collect();
    let args = if args.is_empty() { String::new() } else { format!("\n         {}", args.join(" | ")) };
    format!("{}{args}", statement.text)
}

fn in_both(sources: &[&str], exact: bool) -> String {
    let both = |source: &&str| {
        let bound = bound(source);
        let [sqlite, postgres] =
            [Dialect::Sqlite, Dialect::Postgres].map(|dialect| shown(&rendered(dialect, exact, &bound)));
        format!("{source}\nsqlite   {sqlite}\npostgres {postgres}")
    };
    sources.iter().map(both).collect::<Vec<_>>().join("\n\n")
}

/// The condition of a `where` in both dialects.
fn sql(sources: &[&str]) -> String {
    in_both(sources, false)
}

/// The three-valued condition in both dialects.
fn exact(sources: &[&str]) -> String {
    in_both(sources, true)
}

#[test]
fn comparisons_that_an_index_serves() {
    insta::assert_snapshot!(sql(&[
        r#"status == "live" && price < 10.0 && title.startsWith("A")"#,
        "author == auth.id",
        "author != auth.id",
        "done == null || !done",
        "likes > 3.5 && likes != 2.0",
        "price >= 3",
        r#"dueAt < now + duration("24h")"#,
        "id in params.ids",
        r#"status in ["draft", null]"#,
        "auth.id in [author, title]",
    ]), @r#"
    status == "live" && price < 10.0 && title.startsWith("A")
    sqlite   "t"."status" = ?1 and "t"."price" < ?2 and ("t"."title" >= ?3 and "t"."title" < ?4)
             "live" | 10.0 | "A" | "B"
    postgres "t"."status" = $1::text and "t"."price" < $2::float8 and ("t"."title" >= $3::text collate "C" and "t"."title" < $4::text collate "C")
             "live" | 10.0 | "A" | "B"

    author == auth.id
    sqlite   "t"."author" = ?1
             "018bcfe5-6800-7101-8101-010101010101"
    postgres "t"."author" = $1::text
             "018bcfe5-6800-7101-8101-010101010101"

    author != auth.id
    sqlite   "t"."author" is not ?1
             "018bcfe5-6800-7101-8101-010101010101"
    postgres "t"."author" is distinct from $1::text
             "018bcfe5-6800-7101-8101-010101010101"

    done == null || !done
    sqlite   "t"."done" is null or not ("t"."done")
    postgres "t"."done" is null or not ("t"."done")

    likes > 3.5 && likes != 2.0
    sqlite   "t"."likes" > ?1 and "t"."likes" <> ?2
             3 | 2
    postgres "t"."likes" > $1::int8 and "t"."likes" <> $2::int8
             3 | 2

    price >= 3
    sqlite   "t"."price" >= ?1
             3.0
    postgres "t"."price" >= $1::float8
             3.0

    dueAt < now + duration("24h")
    sqlite   "t"."dueAt" < ?1
             "2026-06-02T12:00:00.000Z"
    postgres "t"."dueAt" < $1::timestamptz
             "2026-06-02T12:00:00.000Z"

    id in params.ids
    sqlite   "t"."id" in (select value from json_each(?1))
             ["018bcfe5-6800-7101-8101-010101010101","018bcfe5-6800-7202-8202-020202020202"]
    postgres "t"."id" = any (array(select json_array_elements_text($1::json)))
             ["018bcfe5-6800-7101-8101-010101010101","018bcfe5-6800-7202-8202-020202020202"]

    status in ["draft", null]
    sqlite   "t"."status" in (select value from json_each(?1))
             ["draft"]
    postgres "t"."status" = any (array(select json_array_elements_text($1::json)))
             ["draft"]

    auth.id in [author, title]
    sqlite   ("t"."author" = ?1 or "t"."title" = ?2)
             "018bcfe5-6800-7101-8101-010101010101" | "018bcfe5-6800-7101-8101-010101010101"
    postgres ("t"."author" = $1::text or "t"."title" = $2::text)
             "018bcfe5-6800-7101-8101-010101010101" | "018bcfe5-6800-7101-8101-010101010101"
    "#);
}

#[test]
fn null_is_compared_two_valued() {
    insta::assert_snapshot!(exact(&[
        "author == auth.id",
        "author != auth.id",
        "author == title",
        "dueAt == null",
        "price == likes",
        r"price in [1.5, null]",
        r#"author in ["a"]"#,
    ]), @r#"
    author == auth.id
    sqlite   "t"."author" is ?1
             "018bcfe5-6800-7101-8101-010101010101"
    postgres "t"."author" is not distinct from $1::text
             "018bcfe5-6800-7101-8101-010101010101"

    author != auth.id
    sqlite   "t"."author" is not ?1
             "018bcfe5-6800-7101-8101-010101010101"
    postgres "t"."author" is distinct from $1::text
             "018bcfe5-6800-7101-8101-010101010101"

    author == title
    sqlite   "t"."author" is "t"."title"
    postgres "t"."author" is not distinct from "t"."title"

    dueAt == null
    sqlite   "t"."dueAt" is null
    postgres "t"."dueAt" is null

    price == likes
    sqlite   "t"."price" is "t"."likes"
    postgres case when abs("t"."price") >= 9007199254740992::float8 and abs("t"."price") < 9223372036854775808::float8 then ("t"."price")::bigint::numeric else ("t"."price")::text::numeric end is not distinct from ("t"."likes")::numeric

    price in [1.5, null]
    sqlite   ("t"."price" is null or "t"."price" in (?1))
             1.5
    postgres ("t"."price" is null or "t"."price" = any (array(select json_array_elements_text($1::json)::float8)))
             [1.5]

    author in ["a"]
    sqlite   ("t"."author" is not null and "t"."author" in (select value from json_each(?1)))
             ["a"]
    postgres ("t"."author" is not null and "t"."author" = any (array(select json_array_elements_text($1::json))))
             ["a"]
    "#);
}

#[test]
fn text_is_tested_bytewise() {
    insta::assert_snapshot!(sql(&[
        r"title.startsWith(status)",
        r#"title.endsWith("é!")"#,
        r"title.endsWith(status)",
        r#"title.contains("%")"#,
        r#"title.lowerAscii() == "a""#,
        r#"title.matches("^a|b$")"#,
        r"size(title) > 3",
        r#"title + "!" < "b""#,
    ]), @r#"
    title.startsWith(status)
    sqlite   instr("t"."title", "t"."status") = 1
    postgres starts_with("t"."title", "t"."status")

    title.endsWith("é!")
    sqlite   substr("t"."title", -2) = ?1
             "é!"
    postgres right("t"."title", 2) = $1::text
             "é!"

    title.endsWith(status)
    sqlite   case length("t"."status") when 0 then "t"."title" is not null or null else substr("t"."title", -length("t"."status")) = "t"."status" end
    postgres starts_with(reverse("t"."title"), reverse("t"."status"))

    title.contains("%")
    sqlite   instr("t"."title", ?1) > 0
             "%"
    postgres strpos("t"."title", $1::text) > 0
             "%"

    title.lowerAscii() == "a"
    sqlite   lower("t"."title") = ?1
             "a"
    postgres lower("t"."title" collate "C") = $1::text
             "a"

    title.matches("^a|b$")
    sqlite   plinth_matches("t"."title", ?1)
             "^a|b$"
    postgres "t"."title" collate "C" ~ $1::text
             "***:(?:\\Aa)|(?:b\\Z)"

    size(title) > 3
    sqlite   length("t"."title") > ?1
             3
    postgres length("t"."title")::bigint > $1::int8
             3

    title + "!" < "b"
    sqlite   ("t"."title" || ?1) < ?2
             "!" | "b"
    postgres ("t"."title" || $1::text) < $2::text collate "C"
             "!" | "b"
    "#);
}

#[test]
fn arithmetic_asks_before_it_acts() {
    insta::assert_snapshot!(sql(&[
        "likes + 1 > 5",
        "likes / size(title) == 2",
        "likes % 2 == 0",
        "-likes < 0",
        "price * 1.1 > 10.0",
        "price / double(likes) > 0.5",
        "int(price) == 3",
        r#"dueAt - createdAt > duration("1h")"#,
        r#"dueAt + duration("1h") > createdAt"#,
    ]), @r#"
    likes + 1 > 5
    sqlite   case typeof("t"."likes" + ?1) when 'integer' then "t"."likes" + ?2 end > ?3
             1 | 1 | 5
    postgres case when "t"."likes"::numeric + $1::int8 between -9223372036854775808 and 9223372036854775807 then "t"."likes" + $2::int8 end > $3::int8
             1 | 1 | 5

    likes / size(title) == 2
    sqlite   (select case typeof("_1"."v1" / "_1"."v2") when 'integer' then "_1"."v1" / "_1"."v2" end from (select "t"."likes" as "v1", length("t"."title") as "v2") as "_1") = ?1
             2
    postgres (select case when "_1"."v2" <> 0 and ("_1"."v2" <> -1 or "_1"."v1" <> $1::int8) then "_1"."v1" / "_1"."v2" end from (select "t"."likes" as "v1", length("t"."title")::bigint as "v2" offset 0) as "_1") = $2::int8
             -9223372036854775808 | 2

    likes % 2 == 0
    sqlite   case when ?1 <> -1 or "t"."likes" <> ?2 then "t"."likes" % ?3 end = ?4
             2 | -9223372036854775808 | 2 | 0
    postgres case when $1::int8 <> 0 and ($2::int8 <> -1 or "t"."likes" <> $3::int8) then "t"."likes" % $4::int8 end = $5::int8
             2 | 2 | -9223372036854775808 | 2 | 0

    -likes < 0
    sqlite   case when "t"."likes" <> ?1 then - "t"."likes" end < ?2
             -9223372036854775808 | 0
    postgres case when "t"."likes" <> $1::int8 then - "t"."likes" end < $2::int8
             -9223372036854775808 | 0

    price * 1.1 > 10.0
    sqlite   case when max(abs("t"."price"), abs(?1)) >= 1 then case when min(abs("t"."price"), abs(?2)) <= ?3 / max(abs("t"."price"), abs(?4)) then "t"."price" * ?5 end when min(abs("t"."price"), abs(?6)) = 0 then "t"."price" * ?7 when min(abs("t"."price"), abs(?8)) >= ?9 / max(abs("t"."price"), abs(?10)) then "t"."price" * ?11 end > ?12
             1.1 | 1.1 | 1e+307 | 1.1 | 1.1 | 1.1 | 1.1 | 1.1 | 1e-307 | 1.1 | 1.1 | 10.0
    postgres case when greatest(abs("t"."price"), abs($1::float8)) >= 1 then case when least(abs("t"."price"), abs($2::float8)) <= $3::float8 / greatest(abs("t"."price"), abs($4::float8)) then "t"."price" * $5::float8 end when least(abs("t"."price"), abs($6::float8)) = 0 then "t"."price" * $7::float8 when least(abs("t"."price"), abs($8::float8)) >= $9::float8 / greatest(abs("t"."price"), abs($10::float8)) then "t"."price" * $11::float8 end > $12::float8
             1.1 | 1.1 | 1e+307 | 1.1 | 1.1 | 1.1 | 1.1 | 1.1 | 1e-307 | 1.1 | 1.1 | 10.0

    price / double(likes) > 0.5
    sqlite   (select case when abs("_1"."v2") >= 1 then case when "_1"."v1" = 0 or abs("_1"."v1") >= ?1 * abs("_1"."v2") then "_1"."v1" / "_1"."v2" end when "_1"."v2" <> 0 then case when abs("_1"."v1") <= ?2 * abs("_1"."v2") then "_1"."v1" / "_1"."v2" end end from (select "t"."price" as "v1", cast("t"."likes" as real) as "v2") as "_1") > ?3
             1e-307 | 1e+307 | 0.5
    postgres (select case when abs("_1"."v2") >= 1 then case when "_1"."v1" = 0 or abs("_1"."v1") >= $1::float8 * abs("_1"."v2") then "_1"."v1" / "_1"."v2" end when "_1"."v2" <> 0 then case when abs("_1"."v1") <= $2::float8 * abs("_1"."v2") then "_1"."v1" / "_1"."v2" end end from (select "t"."price" as "v1", ("t"."likes")::float8 as "v2" offset 0) as "_1") > $3::float8
             1e-307 | 1e+307 | 0.5

    int(price) == 3
    sqlite   case when "t"."price" > ?1 and "t"."price" < ?2 then cast("t"."price" as integer) end = ?3
             -9.223372036854776e+18 | 9.223372036854776e+18 | 3
    postgres case when "t"."price" > $1::float8 and "t"."price" < $2::float8 then trunc("t"."price")::bigint end = $3::int8
             -9.223372036854776e+18 | 9.223372036854776e+18 | 3

    dueAt - createdAt > duration("1h")
    sqlite   case when "t"."dueAt" - "t"."createdAt" between ?1 and ?2 then "t"."dueAt" - "t"."createdAt" end > ?3
             -9223372036854 | 9223372036854 | 3600000
    postgres case when (extract(epoch from "t"."dueAt") * 1000)::bigint - (extract(epoch from "t"."createdAt") * 1000)::bigint between $1::int8 and $2::int8 then (extract(epoch from "t"."dueAt") * 1000)::bigint - (extract(epoch from "t"."createdAt") * 1000)::bigint end > $3::int8
             -9223372036854 | 9223372036854 | 3600000

    dueAt + duration("1h") > createdAt
    sqlite   case when "t"."dueAt" + ?1 between ?2 and ?3 then "t"."dueAt" + ?4 end > "t"."createdAt"
             3600000 | -62135596800000 | 253402300799999 | 3600000
    postgres case when (extract(epoch from "t"."dueAt") * 1000)::bigint + $1::int8 between $2::int8 and $3::int8 then (extract(epoch from "t"."dueAt") * 1000)::bigint + $4::int8 end > (extract(epoch from "t"."createdAt") * 1000)::bigint
             3600000 | -62135596800000 | 253402300799999 | 3600000
    "#);
}

#[test]
fn relations_are_followed_with_exists() {
    insta::assert_snapshot!(sql(&[
        "author.team == auth.team",
        "author.team != auth.team",
        "author.boss.team == author.team",
        "!(author.score > 5)",
        "comments_via_post.exists(c, c.author == auth.id)",
        "comments_via_post.all(c, c.author.team == \"red\")",
        "size(comments_via_post) > 3",
        "params.ids[0] in tags",
        r#"tags.exists(t, t.name == "red")"#,
        r"tags.exists(t, t == title)",
        "auth.boss.team == title",
    ]), @r#"
    author.team == auth.team
    sqlite   exists (select 1 from "users" as "_1" where "_1"."id" = "t"."author" and ("_1"."team" = ?1))
             "red"
    postgres exists (select 1 from "users" as "_1" where "_1"."id" = "t"."author" and ("_1"."team" = $1::text))
             "red"

    author.team != auth.team
    sqlite   exists (select 1 from "users" as "_1" where "_1"."id" = "t"."author" and ("_1"."team" is not ?1))
             "red"
    postgres exists (select 1 from "users" as "_1" where "_1"."id" = "t"."author" and ("_1"."team" is distinct from $1::text))
             "red"

    author.boss.team == author.team
    sqlite   exists (select 1 from "users" as "_1", "users" as "_2" where "_1"."id" = "t"."author" and "_2"."id" = "_1"."boss" and ("_2"."team" is "_1"."team"))
    postgres exists (select 1 from "users" as "_1", "users" as "_2" where "_1"."id" = "t"."author" and "_2"."id" = "_1"."boss" and ("_2"."team" is not distinct from "_1"."team"))

    !(author.score > 5)
    sqlite   not (not exists (select 1 from "users" as "_1" where "_1"."id" = "t"."author" and not ("_1"."score" > ?1)))
             5
    postgres not (not exists (select 1 from "users" as "_1" where "_1"."id" = "t"."author" and not ("_1"."score" > $1::int8)))
             5

    comments_via_post.exists(c, c.author == auth.id)
    sqlite   exists (select 1 from "comments" as "_1" where "_1"."post" = "t"."id" and ("_1"."author" = ?1))
             "018bcfe5-6800-7101-8101-010101010101"
    postgres exists (select 1 from "comments" as "_1" where "_1"."post" = "t"."id" and ("_1"."author" = $1::text))
             "018bcfe5-6800-7101-8101-010101010101"

    comments_via_post.all(c, c.author.team == "red")
    sqlite   not exists (select 1 from "comments" as "_1" where "_1"."post" = "t"."id" and (exists (select 1 from "users" as "_2" where "_2"."id" = "_1"."author" and ("_2"."team" = ?1))) is not true)
             "red"
    postgres not exists (select 1 from "comments" as "_1" where "_1"."post" = "t"."id" and (exists (select 1 from "users" as "_2" where "_2"."id" = "_1"."author" and ("_2"."team" = $1::text))) is not true)
             "red"

    size(comments_via_post) > 3
    sqlite   (select count(*) from "comments" as "_1" where "_1"."post" = "t"."id") > ?1
             3
    postgres (select count(*) from "comments" as "_1" where "_1"."post" = "t"."id") > $1::int8
             3

    params.ids[0] in tags
    sqlite   "t"."id" in (select "source" from "_link_posts_tags" where "target" = ?1)
             "018bcfe5-6800-7101-8101-010101010101"
    postgres "t"."id" in (select "source" from "_link_posts_tags" where "target" = $1::text)
             "018bcfe5-6800-7101-8101-010101010101"

    tags.exists(t, t.name == "red")
    sqlite   exists (select 1 from "_link_posts_tags" as "_1" where "_1"."source" = "t"."id" and (exists (select 1 from "tags" as "_2" where "_2"."id" = "_1"."target" and ("_2"."name" = ?1))))
             "red"
    postgres exists (select 1 from "_link_posts_tags" as "_1" where "_1"."source" = "t"."id" and (exists (select 1 from "tags" as "_2" where "_2"."id" = "_1"."target" and ("_2"."name" = $1::text))))
             "red"

    tags.exists(t, t == title)
    sqlite   exists (select 1 from "_link_posts_tags" as "_1" where "_1"."source" = "t"."id" and ("_1"."target" = "t"."title"))
    postgres exists (select 1 from "_link_posts_tags" as "_1" where "_1"."source" = "t"."id" and ("_1"."target" = "t"."title"))

    auth.boss.team == title
    sqlite   null
    postgres null::boolean
    "#);
}

#[test]
fn relations_are_followed_three_valued() {
    insta::assert_snapshot!(exact(&[
        "author.team == auth.team",
        "comments_via_post.exists(c, c.author == auth.id)",
        r#"(done ? author.email : title) == "a""#,
    ]), @r#"
    author.team == auth.team
    sqlite   (select "_1"."team" is ?1 from "users" as "_1" where "_1"."id" = "t"."author")
             "red"
    postgres (select "_1"."team" is not distinct from $1::text from "users" as "_1" where "_1"."id" = "t"."author")
             "red"

    comments_via_post.exists(c, c.author == auth.id)
    sqlite   (select case max("v") when 2 then true when 1 then null else false end from (select case ("_1"."author" is ?1) when true then 2 when false then 0 else 1 end as "v" from "comments" as "_1" where "_1"."post" = "t"."id") as "_2")
             "018bcfe5-6800-7101-8101-010101010101"
    postgres (select case max("v") when 2 then true when 1 then null else false end from (select case ("_1"."author" is not distinct from $1::text) when true then 2 when false then 0 else 1 end as "v" from "comments" as "_1" where "_1"."post" = "t"."id") as "_2")
             "018bcfe5-6800-7101-8101-010101010101"

    (done ? author.email : title) == "a"
    sqlite   case ("t"."done") when true then (select "_1"."email" from "users" as "_1" where "_1"."id" = "t"."author") when false then "t"."title" end = ?1
             "a"
    postgres case ("t"."done") when true then (select "_1"."email" from "users" as "_1" where "_1"."id" = "t"."author") when false then "t"."title" end = $1::text
             "a"
    "#);
}

#[test]
fn lists_are_unfolded() {
    insta::assert_snapshot!(sql(&[
        r#""red" in words"#,
        r#"words.exists(w, w.startsWith("re"))"#,
        r"words.all(w, w != title)",
        "size(words) == 2",
        r#"words[0] == "a""#,
        r#"words == ["a"]"#,
    ]), @r#"
    "red" in words
    sqlite   (exists (select 1 from json_each("t"."words") as "_1" where true and ("_1"."value" = ?1)))
             "red"
    postgres (exists (select 1 from json_array_elements_text("t"."words") as "_1"("value") where true and ("_1"."value" = $1::text)))
             "red"

    words.exists(w, w.startsWith("re"))
    sqlite   exists (select 1 from json_each("t"."words") as "_1" where true and (("_1"."value" >= ?1 and "_1"."value" < ?2)))
             "re" | "rf"
    postgres exists (select 1 from json_array_elements_text("t"."words") as "_1"("value") where true and (("_1"."value" >= $1::text collate "C" and "_1"."value" < $2::text collate "C")))
             "re" | "rf"

    words.all(w, w != title)
    sqlite   "t"."words" is not null and not exists (select 1 from json_each("t"."words") as "_1" where true and ("_1"."value" <> "t"."title") is not true)
    postgres "t"."words" is not null and not exists (select 1 from json_array_elements_text("t"."words") as "_1"("value") where true and ("_1"."value" <> "t"."title") is not true)

    size(words) == 2
    sqlite   json_array_length("t"."words") = ?1
             2
    postgres json_array_length("t"."words")::bigint = $1::int8
             2

    words[0] == "a"
    sqlite   json_extract("t"."words", ?1) = ?2
             "$[0]" | "a"
    postgres ("t"."words" ->> 0) = $1::text
             "a"

    words == ["a"]
    sqlite   json("t"."words") = json(?1)
             ["a"]
    postgres ("t"."words")::jsonb = ($1::json)::jsonb
             ["a"]
    "#);
}

#[test]
fn json_is_asked_for_its_kind() {
    insta::assert_snapshot!(sql(&[
        r#"meta.color == "blue" && has(meta.size)"#,
        r#"meta.color != "blue""#,
        "meta.size == null",
        "meta == null",
        "meta.count > 3",
        "meta.count == 9007199254740993",
        "meta.on",
        r#"meta.a.b[0] in ["x", 1]"#,
        r#""x" in meta.list"#,
        "meta.count + 1 == 2",
        "meta.a == title",
        "meta.list.exists(x, x.a == 1)",
    ]), @r#"
    meta.color == "blue" && has(meta.size)
    sqlite   (json_type("t"."meta", ?1) = 'text' and json_extract("t"."meta", ?2) = ?3) and case coalesce(json_type("t"."meta"), 'null') when 'object' then json_type("t"."meta", ?4) is not null end
             "$.\"color\"" | "$.\"color\"" | "blue" | "$.\"size\""
    postgres (json_typeof(("t"."meta" -> $1::text)) = 'string' and (("t"."meta" -> $2::text) #>> '{}') = $3::text) and case json_typeof(coalesce("t"."meta", 'null'::json)) when 'object' then ("t"."meta" -> $4::text) is not null end
             "color" | "color" | "blue" | "size"

    meta.color != "blue"
    sqlite   not ((json_type("t"."meta", ?1) = 'text' and json_extract("t"."meta", ?2) = ?3))
             "$.\"color\"" | "$.\"color\"" | "blue"
    postgres not ((json_typeof(("t"."meta" -> $1::text)) = 'string' and (("t"."meta" -> $2::text) #>> '{}') = $3::text))
             "color" | "color" | "blue"

    meta.size == null
    sqlite   json_type("t"."meta", ?1) = 'null'
             "$.\"size\""
    postgres json_typeof(("t"."meta" -> $1::text)) = 'null'
             "size"

    meta == null
    sqlite   coalesce(json_type("t"."meta"), 'null') = 'null'
    postgres json_typeof(coalesce("t"."meta", 'null'::json)) = 'null'

    meta.count > 3
    sqlite   case when json_type("t"."meta", ?1) in ('integer', 'real') then json_extract("t"."meta", ?2) > ?3 end
             "$.\"count\"" | "$.\"count\"" | 3
    postgres case when json_typeof(("t"."meta" -> $1::text)) = 'number' then case when json_typeof(("t"."meta" -> $2::text)) = 'number' then (("t"."meta" -> $3::text) #>> '{}')::float8 end > $4::float8 end
             "count" | "count" | "count" | 3.0

    meta.count == 9007199254740993
    sqlite   (json_type("t"."meta", ?1) in ('integer', 'real') and json_extract("t"."meta", ?2) = ?3)
             "$.\"count\"" | "$.\"count\"" | 9007199254740993
    postgres (json_typeof(("t"."meta" -> $1::text)) = 'number' and case when json_typeof(("t"."meta" -> $2::text)) = 'number' then case when (("t"."meta" -> $3::text) #>> '{}') ~ '^-?[0-9]{1,19}$' and case when json_typeof(("t"."meta" -> $4::text)) = 'number' then (("t"."meta" -> $5::text) #>> '{}')::numeric between -9223372036854775808 and 9223372036854775807 end then (("t"."meta" -> $6::text) #>> '{}')::numeric else case when abs((("t"."meta" -> $7::text) #>> '{}')::float8) >= 9007199254740992::float8 and abs((("t"."meta" -> $8::text) #>> '{}')::float8) < 9223372036854775808::float8 then ((("t"."meta" -> $9::text) #>> '{}')::float8)::bigint::numeric else ((("t"."meta" -> $10::text) #>> '{}')::float8)::text::numeric end end end = ($11::int8)::numeric)
             "count" | "count" | "count" | "count" | "count" | "count" | "count" | "count" | "count" | "count" | 9007199254740993

    meta.on
    sqlite   case when json_type("t"."meta", ?1) in ('true', 'false') then json_type("t"."meta", ?2) = 'true' end
             "$.\"on\"" | "$.\"on\""
    postgres case when json_typeof(("t"."meta" -> $1::text)) = 'boolean' then (("t"."meta" -> $2::text) #>> '{}') = 'true' end
             "on" | "on"

    meta.a.b[0] in ["x", 1]
    sqlite   case case json_type("t"."meta", ?1) when 'integer' then 'number' when 'real' then 'number' when 'true' then 'boolean' when 'false' then 'boolean' when 'text' then 'string' else json_type("t"."meta", ?2) end when 'null' then false when 'string' then json_extract("t"."meta", ?3) in (select value from json_each(?4)) when 'boolean' then (false) when 'number' then ((json_type("t"."meta", ?5) in ('integer', 'real') and json_extract("t"."meta", ?6) = ?7)) end
             "$.\"a\".\"b\"[0]" | "$.\"a\".\"b\"[0]" | "$.\"a\".\"b\"[0]" | ["x"] | "$.\"a\".\"b\"[0]" | "$.\"a\".\"b\"[0]" | 1
    postgres case json_typeof(((("t"."meta" -> $1::text) -> $2::text) -> 0)) when 'null' then false when 'string' then (((("t"."meta" -> $3::text) -> $4::text) -> 0) #>> '{}') = any (array(select json_array_elements_text($5::json))) when 'boolean' then (false) when 'number' then ((json_typeof(((("t"."meta" -> $6::text) -> $7::text) -> 0)) = 'number' and case when json_typeof(((("t"."meta" -> $8::text) -> $9::text) -> 0)) = 'number' then (((("t"."meta" -> $10::text) -> $11::text) -> 0) #>> '{}')::float8 end = $12::float8)) end
             "a" | "b" | "a" | "b" | ["x"] | "a" | "b" | "a" | "b" | "a" | "b" | 1.0

    "x" in meta.list
    sqlite   (exists (select 1 from (select case json_type("t"."meta", ?1) when 'object' then 'text' else "_2"."type" end as "type", case json_type("t"."meta", ?2) when 'object' then "_2"."key" else "_2"."value" end as "value" from json_each("t"."meta", ?3) as "_2" where json_type("t"."meta", ?4) in ('array', 'object')) as "_1" where true and (("_1"."type" = 'text' and "_1"."value" = ?5))))
             "$.\"list\"" | "$.\"list\"" | "$.\"list\"" | "$.\"list\"" | "x"
    postgres (exists (select 1 from (select json_array_elements(case when json_typeof(("t"."meta" -> $1::text)) = 'array' then ("t"."meta" -> $2::text) else '[]' end) as "value" union all select to_json(json_object_keys(case when json_typeof(("t"."meta" -> $3::text)) = 'object' then ("t"."meta" -> $4::text) else '{}' end))) as "_1" where true and ((json_typeof("_1"."value") = 'string' and ("_1"."value" #>> '{}') = $5::text))))
             "list" | "list" | "list" | "list" | "x"

    meta.count + 1 == 2
    sqlite   (select case typeof("_1"."v1" + "_1"."v2") when 'integer' then "_1"."v1" + "_1"."v2" end from (select case when json_type("t"."meta", ?1) in ('integer', 'real') and typeof(json_extract("t"."meta", ?2)) = 'integer' then json_extract("t"."meta", ?3) end as "v1", ?4 as "v2") as "_1") = ?5
             "$.\"count\"" | "$.\"count\"" | "$.\"count\"" | 1 | 2
    postgres (select case when "_1"."v1"::numeric + "_1"."v2" between -9223372036854775808 and 9223372036854775807 then "_1"."v1" + "_1"."v2" end from (select case when json_typeof(("t"."meta" -> $1::text)) = 'number' and (("t"."meta" -> $2::text) #>> '{}') ~ '^-?[0-9]{1,19}$' and case when json_typeof(("t"."meta" -> $3::text)) = 'number' then (("t"."meta" -> $4::text) #>> '{}')::numeric between -9223372036854775808 and 9223372036854775807 end then (("t"."meta" -> $5::text) #>> '{}')::bigint end as "v1", $6::int8 as "v2" offset 0) as "_1") = $7::int8
             "count" | "count" | "count" | "count" | "count" | 1 | 2

    meta.a == title
    sqlite   (json_type("t"."meta", ?1) = 'text' and json_extract("t"."meta", ?2) = "t"."title")
             "$.\"a\"" | "$.\"a\""
    postgres (json_typeof(("t"."meta" -> $1::text)) = 'string' and (("t"."meta" -> $2::text) #>> '{}') = "t"."title")
             "a" | "a"

    meta.list.exists(x, x.a == 1)
    sqlite   exists (select 1 from (select case json_type("t"."meta", ?1) when 'object' then 'text' else "_2"."type" end as "type", case json_type("t"."meta", ?2) when 'object' then "_2"."key" else "_2"."value" end as "value" from json_each("t"."meta", ?3) as "_2" where json_type("t"."meta", ?4) in ('array', 'object')) as "_1" where true and ((json_type(case when "_1"."type" in ('object', 'array') then "_1"."value" end, ?5) in ('integer', 'real') and json_extract(case when "_1"."type" in ('object', 'array') then "_1"."value" end, ?6) = ?7)))
             "$.\"list\"" | "$.\"list\"" | "$.\"list\"" | "$.\"list\"" | "$.\"a\"" | "$.\"a\"" | 1
    postgres exists (select 1 from (select json_array_elements(case when json_typeof(("t"."meta" -> $1::text)) = 'array' then ("t"."meta" -> $2::text) else '[]' end) as "value" union all select to_json(json_object_keys(case when json_typeof(("t"."meta" -> $3::text)) = 'object' then ("t"."meta" -> $4::text) else '{}' end))) as "_1" where true and ((json_typeof(("_1"."value" -> $5::text)) = 'number' and case when json_typeof(("_1"."value" -> $6::text)) = 'number' then (("_1"."value" -> $7::text) #>> '{}')::float8 end = $8::float8)))
             "list" | "list" | "list" | "list" | "a" | "a" | "a" | 1.0
    "#);
}

#[test]
fn what_is_known_is_not_asked() {
    insta::assert_snapshot!(sql(&[
        "auth.anonymous || status == \"live\"",
        "\"editor\" in auth.roles",
        "auth.team == \"blue\" && author.team == \"red\"",
        "auth.anonymous ? done : likes > 1",
        "1 / 0 == 1",
        "params.ids.exists(i, i == auth.id)",
        "auth.boss.team == null",
    ]), @r#"
    auth.anonymous || status == "live"
    sqlite   "t"."status" = ?1
             "live"
    postgres "t"."status" = $1::text
             "live"

    "editor" in auth.roles
    sqlite   true
    postgres true

    auth.team == "blue" && author.team == "red"
    sqlite   false
    postgres false

    auth.anonymous ? done : likes > 1
    sqlite   "t"."likes" > ?1
             1
    postgres "t"."likes" > $1::int8
             1

    1 / 0 == 1
    sqlite   null
    postgres null::boolean

    params.ids.exists(i, i == auth.id)
    sqlite   true
    postgres true

    auth.boss.team == null
    sqlite   null
    postgres null::boolean
    "#);
}

#[test]
fn a_record_in_memory_becomes_constants() {
    let posts = blog();
    let posts = posts.get("posts").unwrap();
    let post = record(posts, 7, json!({"title": "a", "status": "live", "likes": 3, "author": id(2).to_string()}));
    let becoming = record(posts, 7, json!({"title": "b", "status": "draft", "likes": 4}));
    let source = r#"status == "live" && data.status == "draft" && author.team == auth.team && data.likes > likes
        && comments_via_post.all(c, c.author != data.author)"#;
    let mut w = Writer::new(Dialect::Postgres);
    let row = RowSource::Record { collection: posts, record: &post };
    predicate::render(&mut w, &bound(source), row, Some((posts, &becoming)));
    insta::assert_snapshot!(shown(&w.finish()), @r#"
    exists (select 1 from "users" as "_1" where "_1"."id" = $1::text and ("_1"."team" = $2::text)) and not exists (select 1 from "comments" as "_2" where "_2"."post" = $3::text and ("_2"."author" is not null) is not true)
             "018bcfe5-6800-7202-8202-020202020202" | "red" | "018bcfe5-6800-7707-8707-070707070707"
    "#);
}

#[test]
fn a_list_of_any_length_is_one_argument() {
    let ids: Vec<String> = (0..5000).map(|n| format!("id{n}")).collect();
    let expr = trusted("id in params.ids").unwrap();
    let mut params = crate::fixture::params();
    params.insert("ids".into(), json!(ids));
    let bound = expr.bind(&bindings().with_params(params));
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let statement = rendered(dialect, false, &bound);
        assert_eq!(statement.args.len(), 1);
    }
    assert!(bound.key().len() < 200, "a long list is told by its hash");
}

#[test]
fn long_chains_do_not_nest_deeper_than_sqlite_allows() {
    use plinth_model::filter::Expr;
    let parts = (0..3000).map(|n| trusted(&format!("likes == {n}")).unwrap()).collect();
    let statement = rendered(Dialect::Sqlite, false, &Expr::any(parts).bind(&bindings()));
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    connection.execute_batch("create table posts (likes integer)").unwrap();
    let prepared = connection.prepare(&format!("select 1 from posts as t where {}", statement.text));
    assert!(prepared.is_ok(), "{:?}", prepared.err());
}

#[test]
fn without_data_what_is_compared_with_it_is_an_error_and_no_null() {
    let posts = blog();
    let posts = posts.get("posts").unwrap();
    let post = record(posts, 7, json!({"title": "a", "status": "live"}));
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    connection.execute_batch("create table posts (author text); insert into posts values (null)").unwrap();
    for source in ["data.author == author", "author == data.author", "!(data.author != author)", "data.author == null"]
    {
        for row in [RowSource::Record { collection: posts, record: &post }, RowSource::Table { alias: "t" }] {
            let mut w = Writer::new(Dialect::Sqlite);
            w.sql("select ");
            predicate::render_exact(&mut w, &bound(source), row, None);
            w.sql(" from posts as t");
            let answer: Option<bool> = connection.query_row(&w.finish().text, [], |row| row.get(0)).unwrap();
            assert_eq!(answer, None, "{source}");
        }
    }
}
