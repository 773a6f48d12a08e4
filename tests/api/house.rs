//! The layers of the house: arrows only go down. Reads the sources and fails where one goes up.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The layer of every module of the server crate; a module may use those below it.
const LAYERS: &[(u8, &[&str])] = &[
    (5, &["main", "cli"]),
    (4, &["http", "control"]),
    (3, &["app"]),
    (2, &["records", "auth", "collections", "realtime", "openapi"]),
    (1, &["policy", "changes", "config", "telemetry"]),
    (0, &["clock", "code", "entropy", "lifecycle", "nearest", "problem"]),
];

/// Edges within a layer that are allowed.
const SIDEWAYS: &[(&str, &str)] = &[
    ("realtime", "records"),
    ("realtime", "auth"),
    ("changes", "policy"),
    ("telemetry", "config"),
    ("problem", "code"),
    ("entropy", "clock"),
];

/// Crates that only some folders may name.
const CRATES: &[(&str, &[&str])] = &[
    ("axum", &["server/src/http", "server/src/app.rs"]),
    ("casbin", &["server/src/policy"]),
    ("sqlx", &["server/crates/store"]),
    ("rusqlite", &["server/crates/store"]),
    ("tokio", &["server/src", "server/crates/store"]),
    ("std::env", &["server/src/config"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests lies in the workspace").to_owned()
}

fn sources(below: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(below).expect("the folder exists") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// The code of a file: without comments, and without its unit tests.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("a source can be read");
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default().to_owned();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn words_after<'a>(text: &'a str, prefix: &str) -> BTreeSet<&'a str> {
    let word = |rest: &'a str| {
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        &rest[..end]
    };
    text.match_indices(prefix).map(|(at, _)| word(&text[at + prefix.len()..])).collect()
}

fn layer(module: &str) -> Option<u8> {
    LAYERS.iter().find(|(_, modules)| modules.contains(&module)).map(|(layer, _)| *layer)
}

#[test]
fn arrows_between_modules_only_go_down() {
    let source = root().join("server/src");
    let mut files = Vec::new();
    sources(&source, &mut files);
    let mut faults = Vec::new();
    for path in files {
        let inside = path.strip_prefix(&source).expect("it was found there");
        let first = inside.iter().next().and_then(|part| part.to_str()).expect("a name").trim_end_matches(".rs");
        if first == "lib" {
            continue;
        }
        let Some(own) = layer(first) else {
            faults.push(format!("{first} has no layer: give it one in tests/api/house.rs"));
            continue;
        };
        for used in words_after(&code(&path), "crate::") {
            let allowed =
                layer(used).is_none_or(|below| used == first || below < own || SIDEWAYS.contains(&(first, used)));
            if !allowed {
                faults.push(format!("{} uses crate::{used}", inside.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_crate_is_named_only_where_it_belongs() {
    let root = root();
    let mut files = Vec::new();
    sources(&root.join("server/src"), &mut files);
    sources(&root.join("server/crates/model/src"), &mut files);
    sources(&root.join("server/crates/store/src"), &mut files);
    let mut faults = Vec::new();
    for path in files {
        let inside = path.strip_prefix(&root).expect("it was found there").to_str().expect("a name").to_owned();
        let text = code(&path);
        for (name, homes) in CRATES {
            let named = text.contains(&format!("use {name}::"))
                || text.contains(&format!(" {name}::"))
                || text.contains(&format!("({name}::"));
            if named && !homes.iter().any(|home| inside.starts_with(home)) {
                faults.push(format!("{inside} names {name}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
