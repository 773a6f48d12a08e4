//! How expressions are refused: with the place, what was found, and what to do.

use plinth_model::filter::FilterErrorCode;

use serde_json::json;

use crate::fixture::{trusted, with_params};

/// The expression with its faulty part underlined, and the error's text.
fn refused(source: &str) -> String {
    let error = match trusted(source) {
        Ok(_) => return format!("{source}\naccepted"),
        Err(error) => error,
    };
    let marks = " ".repeat(error.position) + &"^".repeat((error.end - error.position).max(1));
    format!("{source}\n{marks} {}: {}", error.code, error.message)
}

fn all(sources: &[&str]) -> String {
    sources.iter().map(|source| refused(source)).collect::<Vec<_>>().join("\n")
}

#[test]
fn unknown_names_are_refused_with_the_nearest() {
    insta::assert_snapshot!(all(&[
        "titel == 1",
        "é == 1",
        "\"é\" == title && titel == 1",
        "author.tema == 1",
        "auth.tema == 1",
        "data.titel == null",
        "params.nummer == 1",
        "comments_via_author.exists(c, true)",
        "tags.exists(t, t.nam == \"x\")",
        "nwo > dueAt",
        "title.startWith(\"a\")",
        "foo(title)",
    ]), @r#"
    titel == 1
    ^^^^^ unknown_field: there is no field "titel" (did you mean "title"?)
    é == 1
    ^ invalid_filter: unexpected "é"
    "é" == title && titel == 1
                    ^^^^^ unknown_field: there is no field "titel" (did you mean "title"?)
    author.tema == 1
           ^^^^ unknown_field: there is no field "tema" (did you mean "team"?)
    auth.tema == 1
         ^^^^ unknown_field: "auth" has no member "tema" (did you mean "team"?)
    data.titel == null
         ^^^^^ unknown_field: there is no field "titel" (did you mean "title"?)
    params.nummer == 1
           ^^^^^^ invalid_filter: params has no member "nummer" (did you mean "number"?)
    comments_via_author.exists(c, true)
    ^^^^^^^^^^^^^^^^^^^ unknown_field: there is no field "comments_via_author"
    tags.exists(t, t.nam == "x")
                     ^^^ unknown_field: there is no field "nam" (did you mean "name"?)
    nwo > dueAt
    ^^^ unknown_field: there is no field "nwo" (did you mean "now"?)
    title.startWith("a")
          ^^^^^^^^^ invalid_filter: there is no function "startWith" (did you mean "startsWith"?)
    foo(title)
    ^^^ invalid_filter: there is no function "foo"
    "#);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn kinds_that_do_not_fit_are_refused() {
    insta::assert_snapshot!(all(&[
        "title",
        "title == 5",
        "likes == \"5\"",
        "dueAt > \"2026-01-01T00:00:00Z\"",
        "likes * 1.5 > 2.0",
        "price * 2 > 1.0",
        "words == \"red\"",
        "words > 1",
        "done > 1",
        "title < null",
        "1 in title",
        "1 in words",
        "title.size > 1",
        "likes.startsWith(\"a\")",
        "title.startsWith(1)",
        "-title == 1",
        "!title",
        "meta.a + meta.b == 1",
        "meta.at < now",
        "(done ? 1 : \"a\") == 1",
        "size(likes) == 1",
        "likes.exists(x, true)",
        "words.exists(w, w)",
        "words[\"a\"] == \"x\"",
        "words[-1] == \"x\"",
        "title.matches(\"(\")",
        "title.matches(\"\\\\bword\")",
        "title.matches(title)",
        "timestamp(title) == now",
        "timestamp(\"yesterday\") == now",
        "duration(\"1d\") == now - dueAt",
        "likes > params.text",
        "createdAt > params.number",
        "id in params.text",
    ]), @r#"
    title
    ^^^^^ invalid_filter: this is text, and a condition is needed: compare it with something
    title == 5
          ^^ invalid_filter: text and an integer can't be compared
    likes == "5"
          ^^ invalid_filter: an integer and text can't be compared
    dueAt > "2026-01-01T00:00:00Z"
          ^ invalid_filter: a timestamp and text can't be ordered with >: write timestamp("2026-01-31T09:30:00Z")
    likes * 1.5 > 2.0
          ^ invalid_filter: an integer and a number can't be multiplied: write 2.0 for 2, or double(…)
    price * 2 > 1.0
          ^ invalid_filter: a number and an integer can't be multiplied: write 2.0 for 2, or double(…)
    words == "red"
          ^^ invalid_filter: a list and text can't be compared: ask with .exists(x, …), or with "in"
    words > 1
          ^ invalid_filter: a list and an integer can't be ordered with >: ask with .exists(x, …), or with "in"
    done > 1
         ^ invalid_filter: a boolean and an integer can't be ordered with >
    title < null
          ^ invalid_filter: text and null can't be ordered with <: ask with == null or != null
    1 in title
      ^^ invalid_filter: behind "in" stands a list, and this is text
    1 in words
      ^^ invalid_filter: an integer is never in a list of which each item is text
    title.size > 1
          ^^^^ invalid_filter: text has no member "size"
    likes.startsWith("a")
    ^^^^^ invalid_filter: text is needed here, and this is an integer
    title.startsWith(1)
                     ^ invalid_filter: text is needed here, and this is an integer
    -title == 1
    ^ invalid_filter: text can't be negated
    !title
     ^^^^^ invalid_filter: this is text, and a condition is needed: compare it with something
    meta.a + meta.b == 1
           ^ invalid_filter: of two JSON values it is not known how they are added: write double(…) around one
    meta.at < now
            ^ invalid_filter: JSON and a timestamp can't be ordered with <
    (done ? 1 : "a") == 1
          ^ invalid_filter: an integer and text can't be alternatives
    size(likes) == 1
         ^^^^^ invalid_filter: an integer has no size
    likes.exists(x, true)
    ^^^^^ invalid_filter: a list is needed here, and this is an integer
    words.exists(w, w)
                    ^ invalid_filter: this is text, and a condition is needed: compare it with something
    words["a"] == "x"
         ^ invalid_filter: a list can't be indexed like this
    words[-1] == "x"
           ^ invalid_filter: an index is counted from 0
    title.matches("(")
                  ^^^ invalid_filter: this pattern is wrong: unclosed group
    title.matches("\\bword")
                  ^^^^^^^^^ invalid_filter: word boundaries are not supported in a pattern: name the characters around the word
    title.matches(title)
                  ^^^^^ invalid_filter: a pattern is written out, or comes from params
    timestamp(title) == now
              ^^^^^ invalid_filter: timestamp takes a text that is written out, or comes from params
    timestamp("yesterday") == now
              ^^^^^^^^^^^ invalid_filter: "yesterday" is not an RFC 3339 date-time between the years 1 and 9999, such as 2026-01-31T09:30:00Z
    duration("1d") == now - dueAt
             ^^^^ invalid_filter: "1d" is no duration: write numbers with h, m, s or ms, as in "1h30m"
    likes > params.text
                   ^^^^ invalid_filter: params.text: "a" is no number
    createdAt > params.number
                       ^^^^^^ invalid_filter: params.number: 3 is not a timestamp
    id in params.text
                 ^^^^ invalid_filter: params.text: "a" is no list
    "#);
}

#[test]
fn what_is_no_expression_is_refused_where_it_breaks() {
    insta::assert_snapshot!(all(&[
        "title ==",
        "",

        "title = \"a\"",
        "title == \"a\" and done",
        "done & done",
        "not done",
        "title == \"a",
        "title == 'a\nb'",
        "(done",
        "done)",
        "title == \"\\q\"",
        "likes == 9223372036854775808",
        "likes == 5u",
        "title == b\"x\"",
        "price == 1e400",
        "title == `a`",
        "a.?b",
        "as == 1",
        "{\"a\": 1} == meta",
        "done == @",
        "title == \"a\\u0000\"",
    ]), @r#"
    title ==
            ^ invalid_filter: the expression ends too early

    ^ invalid_filter: the expression is empty
    title = "a"
          ^ invalid_filter: unexpected "=": compare with ==
    title == "a" and done
                 ^^^ invalid_filter: unexpected "and": write && for it
    done & done
         ^ invalid_filter: unexpected "&": write &&
    not done
        ^^^^ invalid_filter: unexpected "done": write ! for not
    title == "a
             ^ invalid_filter: this text lacks its closing quote
    title == 'a
    b'
             ^ invalid_filter: this text lacks its closing quote
    (done
         ^ invalid_filter: the expression ends too early
    done)
        ^ invalid_filter: unexpected ")"
    title == "\q"
             ^ invalid_filter: this text has an escape that CEL does not know
    likes == 9223372036854775808
             ^^^^^^^^^^^^^^^^^^^ invalid_filter: this integer does not fit 64 bits
    likes == 5u
             ^^ invalid_filter: there are no unsigned integers: write 5
    title == b"x"
             ^^^^ invalid_filter: there are no bytes: write text
    price == 1e400
             ^^^^^ invalid_filter: this number is beyond a double
    title == `a`
             ^ invalid_filter: unexpected "`"
    a.?b
     ^ invalid_filter: unexpected "."
    as == 1
    ^^ invalid_filter: "as" is a word of the language
    {"a": 1} == meta
    ^ invalid_filter: objects can't be written here: compare their members one by one
    done == @
            ^ invalid_filter: unexpected "@"
    title == "a\u0000"
             ^^^^^^^^^ invalid_filter: text can't contain the character U+0000
    "#);
}

#[test]
fn forms_that_have_no_use_here_are_refused() {
    insta::assert_snapshot!(all(&[
        "auth == null",
        "data == null",
        "params == null",
        "comments_via_post == null",
        "comments_via_post.text == \"a\"",
        "tags.name == \"a\"",
        "words.map(w, w) == words",
        "words.exists(w)",
        "words.exists(title, true)",
        "words.exists(1, true)",
        "words.exists(auth, true)",
        "has(title)",
        "size() == 1",
        "[title, status].exists(x, x == \"a\")",
        "[title] == words",
        "[[1]] == words",
        "title.x == 1",
        "meta[title] == 1",
        "meta[\"a\\\"b\"] == 1",
    ]), @r#"
    auth == null
    ^^^^ invalid_filter: this is the account, not a value: name one of its members
    data == null
    ^^^^ invalid_filter: this is a record, not a value: name one of its members
    params == null
    ^^^^^^ invalid_filter: this is all parameters, not a value: name one of its members
    comments_via_post == null
    ^^^^^^^^^^^^^^^^^ invalid_filter: these are the records that point here: ask with .exists(x, …), .all(x, …) or size(…)
    comments_via_post.text == "a"
                      ^^^^ invalid_filter: these are many records: ask with .exists(x, …) or .all(x, …)
    tags.name == "a"
         ^^^^ invalid_filter: a list has no member "name": ask with .exists(x, …) or .all(x, …)
    words.map(w, w) == words
          ^^^ invalid_filter: there is no function "map"
    words.exists(w)
          ^^^^^^ invalid_filter: exists is called as list.exists(name, condition)
    words.exists(title, true)
                 ^^^^^ invalid_filter: "title" has a meaning already: choose another name for the item
    words.exists(1, true)
                 ^ invalid_filter: name the item first, as in .exists(x, x == 1)
    words.exists(auth, true)
                 ^^^^ invalid_filter: "auth" has a meaning already: choose another name for the item
    has(title)
    ^^^ invalid_filter: has asks for a member, as in has(meta.size): compare a field with null
    size() == 1
    ^^^^ invalid_filter: size is called as size(text or list)
    [title, status].exists(x, x == "a")
    ^ invalid_filter: a list of fields can only stand behind "in"
    [title] == words
            ^^ invalid_filter: a list of fields can only stand behind "in"
    [[1]] == words
    ^ invalid_filter: a list in a list has no use here
    title.x == 1
          ^ invalid_filter: text has no member "x"
    meta[title] == 1
         ^^^^^ invalid_filter: write the index or the key out: a number or a text
    meta["a\"b"] == 1
         ^^^^^^ invalid_filter: a key in brackets can't contain quotes, backslashes or control characters
    "#);
}

#[test]
fn limits_are_named() {
    let nested = format!("{}done{}", "(".repeat(40), ")".repeat(40));
    let chain = vec!["likes"; 140].join(" + ") + " > 1";
    let deep = vec!["likes"; 40].join(" + ") + " > 1";
    let wide = vec!["done"; 500].join("||");
    let long = format!("title == \"{}\"", "a".repeat(5000));
    let hops = "author.boss.boss.boss.boss.team == \"a\"";
    let lists = "words.exists(a, words.exists(b, words.exists(c, a == b)))";
    for source in [&nested, &chain, &deep, &wide, &long, hops, lists] {
        let error = trusted(source).unwrap_err();
        assert_eq!(error.code, FilterErrorCode::TooLarge, "{source}");
    }
    let given = json!({ "x": vec!["a"; 101], "m": { "list": vec![1; 10_001] } });
    let given = given.as_object().unwrap();
    for (source, items) in
        [("params.x.exists(i, params.x.all(j, i == j))", 10_201), ("params.m.list.exists(i, i == 1)", 10_001)]
    {
        let error = with_params(source, given).unwrap_err();
        let message = format!("exists and all look at {items} items of params here, and can look at 10000 at most");
        assert_eq!((error.code, error.message), (FilterErrorCode::TooLarge, message), "{source}");
    }
    assert!(with_params("params.x.exists(i, i == title) && params.x.all(i, i != title)", given).is_ok());
    let text = |source: &str| trusted(source).unwrap_err().message;
    insta::assert_snapshot!(text(&nested), @"this is nested more than 32 deep: split it with && or ||, or shorten it");
    insta::assert_snapshot!(text(&deep), @"this is nested more than 32 deep: split it with && or ||, or shorten it");
    insta::assert_snapshot!(text(&wide), @"an expression has at most 400 names, values and operators: bind long lists as params");
    insta::assert_snapshot!(text(&long), @"an expression has at most 4096 bytes, this one has 5011");
    insta::assert_snapshot!(text(hops), @"at most 4 relations can be followed one behind the other");
    insta::assert_snapshot!(text(lists), @"exists and all over lists stand at most 2 deep in one another");
}

#[test]
fn what_is_just_within_the_limits_is_accepted() {
    let nested = format!("{}done{}", "(".repeat(30), ")".repeat(30));
    let chain = vec!["likes"; 30].join(" + ") + " > 1";
    let wide = vec!["done"; 200].join("||");
    let list = format!("likes in [{}]", (0..1000).map(|n| n.to_string()).collect::<Vec<_>>().join(","));
    let hops = "author.boss.boss.boss.team == \"a\"";
    for source in [&nested, &chain, &wide, &list, hops] {
        assert!(trusted(source).is_ok(), "{:?}", trusted(source));
    }
}
