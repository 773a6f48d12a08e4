//! `plinth types --lang ts`: the collections as types of a language.

use clap::{Args, ValueEnum};

use super::order::give;
use super::{Failure, Place};
use crate::config::Environment;
use crate::control::order::Order;

/// Prints the collections as types.
#[derive(Debug, Args)]
pub(super) struct Types {
    #[command(flatten)]
    place: Place,
    /// The language
    #[arg(long, value_enum, default_value = "ts")]
    lang: Language,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Language {
    /// TypeScript, for `createClient<Schema>` of @plinth/client
    Ts,
}

impl Types {
    pub(super) async fn run(self, environment: &Environment) -> Result<(), Failure> {
        let settings = self.place.settings(environment, None)?;
        let order = match self.lang {
            Language::Ts => Order::TypeScript,
        };
        print!("{}", give::<String>(&settings, order).await?);
        Ok(())
    }
}
