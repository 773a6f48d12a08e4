//! The power goes under load: records, accounts and rules that were acknowledged are there afterwards, the database
//! is whole, and a subscriber goes on without a gap. [`super::control`] shows that the cut is a real one.

use std::path::Path;
use std::sync::{Arc, Mutex};

use plinth_client::{Client, Rule};

use super::check::check;
use super::disk::{Disk, integrity};
use super::follower::Follower;
use super::ledger::Ledger;
use super::rounds;
use super::victim::{COLLECTION, PASSWORD, Victim, free_port};
use super::writers::Writers;
use crate::harness::Dice;

/// Writers, by turns.
const WRITERS: [usize; 3] = [8, 32, 64];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn power_cut_spares_what_plinth_acknowledged() {
    let mut dice = Dice::seeded_by("CRASH_SEED");
    let (count, mut acknowledged) = (rounds("CRASH_POWER_CUTS", 3), 0);
    for round in 0..count {
        acknowledged += cut_round(WRITERS[round % WRITERS.len()], &mut dice).await;
    }
    println!("{count} power cuts, {acknowledged} acknowledged, 0 lost, 0 corrupt; {dice}");
}

/// One disk, one cut; answers how many writes were acknowledged.
async fn cut_round(writers: usize, dice: &mut Dice) -> usize {
    let (mut disk, logs, port) = (Disk::new(), tempfile::tempdir().expect("a directory"), free_port());
    let (data, log) = (disk.path().join("data"), logs.path().join("log"));
    let victim = Victim::start(&data, port, &log).await;
    let client = victim.prepare().await;
    let admin = victim.admin().await;
    let follower = Follower::start(&client).await;
    let ledger = Arc::new(Mutex::new(Ledger::default()));

    let writers = Writers::start(&client, &ledger, writers);
    tokio::time::sleep(dice.between_millis(300, 1500)).await;
    // Of another role, so that the follower's sight stays as it is.
    let rule = Rule::allow("role:auditor", COLLECTION, "read");
    let rule = admin.policies().add(&rule).await.expect("a rule").id;
    let newcomer = victim.client();
    newcomer.auth().register("newcomer@crash.test", PASSWORD).await.expect("an account");
    victim.kill();
    disk.cut();
    writers.end().await;

    all_databases_are_whole(&data, dice);
    let victim = Victim::start(&data, port, &log).await;
    check(&victim, &client, &ledger, &follower, dice).await;
    assert!(has_rule(&admin, &rule).await, "an acknowledged rule is gone ({dice})");
    victim.client().auth().login("newcomer@crash.test", PASSWORD).await.expect("an acknowledged account is there");
    let ledger = ledger.lock().expect("the ledger");
    assert!(ledger.acknowledged > 0, "nothing was written");
    ledger.acknowledged
}

async fn has_rule(admin: &Client, id: &str) -> bool {
    admin.policies().list().await.expect("the rules").items.iter().any(|rule| rule.id == id)
}

/// A copy is checked, so that it is the server that recovers the original.
fn all_databases_are_whole(data: &Path, dice: &Dice) {
    let copy = tempfile::tempdir().expect("a directory");
    let mut found = 0;
    for file in std::fs::read_dir(data).expect("the data").map(|entry| entry.expect("an entry").path()) {
        let Some(name) = file.file_name().filter(|_| file.is_file()) else { continue };
        std::fs::copy(&file, copy.path().join(name)).expect("a copy");
    }
    for file in std::fs::read_dir(copy.path()).expect("the copies").map(|entry| entry.expect("an entry").path()) {
        let is_database = std::fs::read(&file).is_ok_and(|bytes| bytes.starts_with(b"SQLite format 3\0"));
        if is_database {
            found += 1;
            integrity(&file).unwrap_or_else(|fault| panic!("{}: {fault} ({dice})", file.display()));
        }
    }
    assert!(found > 0, "there is no database in {} ({dice})", data.display());
}
