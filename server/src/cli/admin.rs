//! `plinth admin create`: makes an administrator, also while a server runs.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::order::give;
use super::{Failure, Place};
use crate::auth::MadeAdmin;
use crate::config::{Environment, read_password};
use crate::control::order::Order;

/// Administrators.
#[derive(Debug, Args)]
pub(super) struct Admin {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes an administrator; an account that is there becomes one and gets the password.
    Create(Create),
}

#[derive(Debug, Args)]
struct Create {
    #[command(flatten)]
    place: Place,
    /// The address to sign in with
    #[arg(long)]
    email: String,
    /// A file whose first line is the password
    #[arg(long, value_name = "FILE")]
    password_file: PathBuf,
}

impl Admin {
    pub(super) async fn run(self, environment: &Environment) -> Result<(), Failure> {
        let Command::Create(create) = self.command;
        let settings = create.place.settings(environment, None)?;
        let password = read_password(&create.password_file)
            .map_err(|error| format!("can't read {}: {error}", create.password_file.display()))?;
        let order = Order::MakeAdmin { email: create.email.clone(), password };
        let made: MadeAdmin = give(&settings, order).await?;
        let email = &create.email;
        match made {
            MadeAdmin::Created => println!("{email} is an administrator now."),
            MadeAdmin::Promoted => println!("{email} was there already: an administrator now, with this password."),
        }
        Ok(())
    }
}
