//! `plinth schema pull | diff | apply`: definitions as files.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Deserialize;

use super::order::give;
use super::{Failure, Place};
use crate::collections::files::{read_directory, write_directory};
use crate::config::Environment;
use crate::control::order::{Definitions, Order};

/// Compares and moves definitions between files and the database.
#[derive(Debug, Args)]
pub(super) struct Schema {
    #[command(subcommand)]
    command: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Writes every definition of the database into files.
    Pull(Files),
    /// Shows what applying the files would do.
    Diff(Files),
    /// Makes the database's collections as the files say.
    Apply(Apply),
}

#[derive(Debug, Args)]
struct Files {
    #[command(flatten)]
    place: Place,
    /// The directory of the files, one a collection
    #[arg(long, value_name = "DIR", default_value = "config/collections")]
    dir: PathBuf,
}

#[derive(Debug, Args)]
struct Apply {
    #[command(flatten)]
    files: Files,
    /// Data may be lost
    #[arg(long)]
    allow_destructive: bool,
}

/// A collection that is not as its file says, as far as it is printed.
#[derive(Debug, Deserialize)]
struct Difference {
    collection: String,
    plan: Plan,
}

#[derive(Debug, Deserialize)]
struct Plan {
    steps: Vec<Step>,
    silenced: Vec<Silenced>,
}

#[derive(Debug, Deserialize)]
struct Step {
    step: String,
    destructive: bool,
    detail: String,
    failures: Option<Failures>,
}

#[derive(Debug, Deserialize)]
struct Failures {
    rows: usize,
    code: String,
    sample: Vec<Sample>,
}

#[derive(Debug, Deserialize)]
struct Sample {
    id: String,
}

#[derive(Debug, Deserialize)]
struct Silenced {
    rule: Rule,
    reason: String,
}

#[derive(Debug, Deserialize)]
struct Rule {
    subject: String,
    object: String,
    action: String,
}

impl Schema {
    pub(super) async fn run(self, environment: &Environment) -> Result<(), Failure> {
        match self.command {
            Verb::Pull(files) => {
                let settings = files.place.settings(environment, None)?;
                let definitions: Definitions = give(&settings, Order::PullDefinitions).await?;
                for path in write_directory(&files.dir, &definitions)? {
                    println!("{}", path.display());
                }
            }
            Verb::Diff(files) => {
                let settings = files.place.settings(environment, None)?;
                let definitions = read_directory(&files.dir)?;
                let differences: Vec<Difference> = give(&settings, Order::CompareDefinitions { definitions }).await?;
                if differences.is_empty() {
                    println!("The database is as the files say.");
                }
                for difference in differences {
                    println!("{}", difference.collection);
                    print_plan(&difference.plan);
                }
            }
            Verb::Apply(Apply { files, allow_destructive }) => {
                let settings = files.place.settings(environment, None)?;
                let definitions = read_directory(&files.dir)?;
                let order = Order::ApplyDefinitions { definitions, allow_destructive };
                let changed: Vec<String> = give(&settings, order).await?;
                match changed.as_slice() {
                    [] => println!("The database was as the files say."),
                    changed => println!("Changed: {}", changed.join(", ")),
                }
            }
        }
        Ok(())
    }
}

fn print_plan(plan: &Plan) {
    if plan.steps.is_empty() {
        print_line("changeText", "words or their order only: no row is touched");
    }
    for Step { step, destructive, detail, failures } in &plan.steps {
        print_line(step, &format!("{detail}{}", if *destructive { "  LOSES DATA" } else { "" }));
        failures.iter().for_each(print_failures);
    }
    for Silenced { rule: Rule { subject, object, action }, reason } in &plan.silenced {
        print_line("silencesRule", &format!("{subject} {object} {action}: {reason}"));
    }
}

/// How many rows stand against a step, why, and the ids of the first: without their values, since what a command
/// prints is often kept.
fn print_failures(Failures { rows, code, sample }: &Failures) {
    print_line(
        "",
        &format!("{} not fit ({code}):", if *rows == 1 { "1 row does".into() } else { format!("{rows} rows do") }),
    );
    for Sample { id } in sample {
        print_line("", &format!("  {id}"));
    }
    if *rows > sample.len() {
        print_line("", &format!("  and {} more", rows - sample.len()));
    }
}

fn print_line(what: &str, text: &str) {
    println!("  {what:<16} {text}");
}
