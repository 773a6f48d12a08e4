//! What must be true after every death.

use std::sync::Mutex;

use futures_util::TryStreamExt;
use plinth_client::{Client, Query};
use serde::Deserialize;

use super::follower::Follower;
use super::ledger::{Ledger, Table};
use super::victim::{COLLECTION, Victim};
use crate::harness::Dice;

#[derive(Deserialize)]
struct Entry {
    id: String,
    number: i64,
}

/// Holds the records against the promises, and the subscriber's replay against the records.
pub(super) async fn check(victim: &Victim, client: &Client, ledger: &Mutex<Ledger>, follower: &Follower, dice: &Dice) {
    let table = match table(client).await {
        Ok(table) => table,
        Err(failure) => panic!("reading the records: {failure}; {dice}; the server's log:\n{}", victim.log()),
    };
    let broken = ledger.lock().expect("the ledger").broken(&table);
    assert!(
        broken.is_empty(),
        "{} promises broken, such as {:#?}; {dice}",
        broken.len(),
        &broken[..broken.len().min(5)]
    );
    if let Err(difference) = follower.agrees_with(&table).await {
        panic!("the subscriber and the records disagree: {difference}; {dice}");
    }
    ledger.lock().expect("the ledger").settle(&table);
}

async fn table(client: &Client) -> plinth_client::Result<Table> {
    let all = client.collection::<Entry>(COLLECTION).iterate(&Query::new().limit(500));
    all.map_ok(|entry| (entry.id, entry.number)).try_collect().await
}
