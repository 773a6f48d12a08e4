//! `plinth policy pull | diff | apply`: rules as a file.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::order::give;
use super::{Failure, Place};
use crate::config::Environment;
use crate::control::order::Order;
use crate::policy::file::{Changes, RuleFile};

/// Compares and moves rules between a file and the database.
#[derive(Debug, Args)]
pub(super) struct Policy {
    #[command(subcommand)]
    command: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Writes the rules of the database, and what roles inherit, into a file.
    Pull(File),
    /// Shows what applying the file would change.
    Diff(File),
    /// Puts the rules of the file in the place of all.
    Apply(File),
}

#[derive(Debug, Args)]
struct File {
    #[command(flatten)]
    place: Place,
    /// The file
    #[arg(long, value_name = "FILE", default_value = "config/policies.csv")]
    file: PathBuf,
}

impl Policy {
    pub(super) async fn run(self, environment: &Environment) -> Result<(), Failure> {
        match self.command {
            Verb::Pull(File { place, file }) => {
                let settings = place.settings(environment, None)?;
                let text: String = give(&settings, Order::PullRules).await?;
                write(&file, &text).map_err(|error| format!("{}: {error}", file.display()))?;
                println!("{}", file.display());
            }
            Verb::Diff(File { place, file }) => {
                let settings = place.settings(environment, None)?;
                let order = Order::CompareRules { file: read_rules(&file)? };
                print_changes(&give(&settings, order).await?, "The database is as the file says.");
            }
            Verb::Apply(File { place, file }) => {
                let settings = place.settings(environment, None)?;
                let order = Order::ApplyRules { file: read_rules(&file)? };
                print_changes(&give(&settings, order).await?, "The database was as the file says.");
            }
        }
        Ok(())
    }
}

/// Reads a file of rules.
pub(super) fn read_rules(path: &Path) -> Result<RuleFile, Failure> {
    let name = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
    Ok(RuleFile { name, text })
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    fs::write(path, text)
}

fn print_changes(changes: &Changes, none: &str) {
    if changes.is_empty() {
        println!("{none}");
    }
    for line in &changes.removed {
        println!("- {line}");
    }
    for line in &changes.added {
        println!("+ {line}");
    }
    if changes.reordered {
        println!("The rules stand in another order.");
    }
}
