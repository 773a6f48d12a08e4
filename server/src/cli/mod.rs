//! The command line: one file a command.

mod admin;
mod check;
mod open_files;
mod order;
mod policy;
mod schema;
mod serve;
mod types;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{ConfigError, Environment, Overrides, Settings, load};

/// A self-hosted backend as a service.
#[derive(Debug, Parser)]
#[command(name = "plinth", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the server.
    Serve(serve::Serve),
    /// Compares and moves definitions between files and the database.
    Schema(schema::Schema),
    /// Compares and moves rules between a file and the database.
    Policy(policy::Policy),
    /// Prints the collections as types of a language.
    Types(types::Types),
    /// Makes administrators.
    Admin(admin::Admin),
    /// Checks configuration, database and policies.
    Check(check::Check),
}

/// Where the settings come from; the same flags for every command.
#[derive(Debug, Clone, Args)]
struct Place {
    /// The configuration file [default: config/plinth.toml, if it is there]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The directory of the SQLite database
    #[arg(long, value_name = "DIR")]
    data: Option<String>,
    /// A Postgres database instead of SQLite
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
}

impl Place {
    fn settings(&self, environment: &Environment, listen: Option<String>) -> Result<Settings, ConfigError> {
        let overrides = Overrides {
            file: self.config.clone(),
            listen,
            data: self.data.clone(),
            database_url: self.database_url.clone(),
        };
        load(&overrides, environment)
    }
}

/// Why a command ended early; its text is all that the person sees.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let environment = Environment::of_process();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    let ended = runtime.block_on(async {
        match cli.command {
            Command::Serve(serve) => serve.run(&environment).await,
            Command::Schema(schema) => schema.run(&environment).await,
            Command::Policy(policy) => policy.run(&environment).await,
            Command::Types(types) => types.run(&environment).await,
            Command::Admin(admin) => admin.run(&environment).await,
            Command::Check(check) => check.run(&environment).await,
        }
    });
    ended.map_or_else(|failure| fail(&failure), |()| ExitCode::SUCCESS)
}

fn fail(failure: &Failure) -> ExitCode {
    eprintln!("plinth: {failure}");
    ExitCode::FAILURE
}
