//! What to measure, from the command line.

use std::path::PathBuf;
use std::time::Duration;

use crate::peer::Result;

const USAGE: &str = "usage: plinth-bench [--plinth FILE] [--pocketbase FILE] [--out DIR] [--rows N] [--rounds N] [--seconds N] [--only TEXT]";

/// What to measure.
pub(crate) struct Options {
    /// The binary of Plinth; without it Plinth is left out.
    pub(crate) plinth: Option<PathBuf>,
    /// The binary of PocketBase; without it PocketBase is left out.
    pub(crate) pocketbase: Option<PathBuf>,
    /// Where data and results go.
    pub(crate) out: PathBuf,
    /// How many rows there are before anything is measured.
    pub(crate) rows: usize,
    /// How often each kind of request is measured.
    pub(crate) rounds: usize,
    /// How long a round lasts.
    pub(crate) time: Duration,
    /// Only what has this in its name.
    pub(crate) only: String,
}

impl Options {
    /// Reads the arguments of this process.
    pub(crate) fn read() -> Result<Self> {
        let mut options = Self {
            plinth: None,
            pocketbase: None,
            out: PathBuf::from("target/bench"),
            rows: 100_000,
            rounds: 3,
            time: Duration::from_secs(3),
            only: String::new(),
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{name} lacks a value; {USAGE}"))?;
            match name.as_str() {
                "--plinth" => options.plinth = Some(value.into()),
                "--pocketbase" => options.pocketbase = Some(value.into()),
                "--out" => options.out = value.into(),
                "--rows" => options.rows = value.parse()?,
                "--rounds" => options.rounds = value.parse()?,
                "--seconds" => options.time = Duration::from_secs(value.parse()?),
                "--only" => options.only = value,
                _ => return Err(format!("{name} is unknown; {USAGE}").into()),
            }
        }
        Ok(options)
    }
}
