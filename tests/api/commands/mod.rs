//! The operator's commands, alone with a database and beside a running server.

mod control;
mod place;
mod policy;
mod schema;

use std::fs;
use std::path::PathBuf;

use serde_json::Value as Json;

use crate::harness::{Database, command, run};

/// A database, and a directory of definitions for the commands.
struct Desk<'a> {
    database: &'a Database,
}

/// What a command said.
#[derive(Debug, PartialEq)]
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Said {
    /// What it printed, having succeeded in silence.
    #[track_caller]
    fn well(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (Some(0), ""), "{}", self.out);
        self.out
    }

    /// Why it failed, having printed nothing else.
    #[track_caller]
    fn refused(self) -> String {
        assert_eq!((self.code, self.out.as_str()), (Some(1), ""), "{}", self.err);
        self.err
    }
}

impl Desk<'_> {
    /// Runs a command, in words, on the database.
    fn plinth(&self, words: &str) -> Said {
        let mut command = command(self.database);
        let (code, out, err) = run(command.args(words.split(' ')).args(self.database.flags()));
        Said { code, out, err }
    }

    /// Writes the definition of a collection into `config/collections`.
    fn define(&self, definition: &Json) {
        let path = self.path(&format!("config/collections/{}.json", definition["name"].as_str().unwrap()));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, definition.to_string()).unwrap();
    }

    /// Writes `config/policies.csv`.
    fn rule(&self, text: &str) {
        fs::create_dir_all(self.path("config")).unwrap();
        fs::write(self.path("config/policies.csv"), text).unwrap();
    }

    fn path(&self, below: &str) -> PathBuf {
        self.database.scratch().join(below)
    }

    fn read(&self, below: &str) -> String {
        fs::read_to_string(self.path(below)).unwrap()
    }
}
