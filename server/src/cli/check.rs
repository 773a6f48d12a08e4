//! `plinth check`: whether a server would start, without starting one.

use clap::Args;

use super::order::{give, shown};
use super::{Failure, Place};
use crate::app::location;
use crate::config::Environment;
use crate::control::order::{Order, Survey};

/// Checks configuration, database and policies.
#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    place: Place,
}

impl Check {
    pub(super) async fn run(self, environment: &Environment) -> Result<(), Failure> {
        let settings = self.place.settings(environment, None)?;
        environment.first_admin()?;
        println!("configuration: good");
        if let Some(directory) = location(&settings).without_database() {
            println!("database: none yet in {}; serve makes it", shown(directory));
            return Ok(());
        }
        let survey: Survey = give(&settings, Order::Survey).await?;
        println!("database: good");
        println!("collections: {}, policies: {}, all readable", survey.collections, survey.rules);
        Ok(())
    }
}
