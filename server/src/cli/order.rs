//! An order of the operator is carried out on the database, or by the server that has it.
//!
//! Postgres is open to several processes, and a server there hears of every change; SQLite belongs to one process, so
//! where that is a server, the order goes through its control socket.

use std::path::Path;
use std::time::Duration;

use plinth_store::OpenError;
use serde::de::DeserializeOwned;

use super::Failure;
use crate::app::{Core, StartError, location};
use crate::config::Settings;
use crate::control::order::{Order, Steward};
use crate::control::{self, ControlError};

/// How often a database is tried again that is in use while nobody takes orders for it: its server starts or stops, or
/// another command is at work, for moments in either case.
const TRIES: u32 = 50;
/// The pause before each.
const PAUSE: Duration = Duration::from_millis(100);

/// What to do where there is no database.
const REMEDY: &str = "name its directory with --data DIR, or start the server once, which makes it";

/// Carries an order out, here or in the running server: the same answer either way. Where there is no SQLite database,
/// an order that only looks is refused, and one that writes makes it and says where: in the wrong directory that is
/// seen at once.
pub(super) async fn give<A: DeserializeOwned>(settings: &Settings, order: Order) -> Result<A, Failure> {
    let location = location(settings);
    let new = location.without_database().map(shown);
    if let Some(place) = new.as_ref().filter(|_| !order.makes_database()) {
        return Err(format!("there is no database in {place}: {REMEDY}").into());
    }
    let mut tries = 0;
    loop {
        match Core::open(settings).await {
            Ok(core) => {
                if let Some(place) = new {
                    println!("There was no database in {place}: a new one was made.");
                }
                let answer = Steward::from(&core).carry_out(order).await;
                core.store.close().await;
                return Ok(serde_json::from_value(answer?)?);
            }
            Err(StartError::Open { source: OpenError::InUse { .. }, .. }) => {}
            Err(error) => return Err(error.into()),
        }
        match control::give(&settings.data.dir, &order).await {
            Err(ControlError::Unreachable { .. }) if tries < TRIES => tries += 1,
            given => return Ok(given?),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// A directory as it is named to somebody who may be in the wrong one: from the root.
pub(super) fn shown(directory: &Path) -> String {
    std::path::absolute(directory).as_deref().unwrap_or(directory).display().to_string()
}
