//! `kill -9` under load, again and again on the same data: everything acknowledged is there, nothing is half there,
//! and a subscriber that was there all along has heard of everything once, in order.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::check::check;
use super::follower::Follower;
use super::ledger::Ledger;
use super::rounds;
use super::victim::{Victim, free_port};
use super::writers::Writers;
use crate::harness::Dice;

/// So many kills on the same data; then it begins anew, so that reading everything back stays quick.
const KILLS_A_LIFE: usize = 10;
/// Writers, by turns.
const WRITERS: [usize; 3] = [8, 32, 64];
/// Debug builds on a busy machine included; the figure to look at is in the report.
const RESTART_LIMIT: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_server_keeps_what_it_acknowledged() {
    let mut dice = Dice::seeded_by("CRASH_SEED");
    let (mut left, mut acknowledged, mut restarts) = (rounds("CRASH_KILLS", 3), 0, Vec::new());
    while left > 0 {
        let kills = left.min(KILLS_A_LIFE);
        acknowledged += life(kills, &mut restarts, &mut dice).await;
        left -= kills;
    }
    restarts.sort();
    let (half, most) = (restarts[restarts.len() / 2], restarts[restarts.len() - 1]);
    println!(
        "{} kills, {acknowledged} acknowledged, 0 lost; restart p50 {half:?}, max {most:?}; {dice}",
        restarts.len()
    );
    assert!(most < RESTART_LIMIT, "a restart took {most:?}");
}

/// Kills a server so often on the same data; answers how many writes were acknowledged.
async fn life(kills: usize, restarts: &mut Vec<Duration>, dice: &mut Dice) -> usize {
    let dir = tempfile::tempdir().expect("a directory");
    let (data, log, port) = (dir.path().join("data"), dir.path().join("log"), free_port());
    let mut victim = Victim::start(&data, port, &log).await;
    let client = victim.prepare().await;
    let follower = Follower::start(&client).await;
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    for kill in 0..kills {
        let writers = Writers::start(&client, &ledger, WRITERS[kill % WRITERS.len()]);
        tokio::time::sleep(dice.between_millis(500, 2000)).await;
        victim.kill();
        writers.end().await;
        let begin = Instant::now();
        victim = Victim::start(&data, port, &log).await;
        restarts.push(begin.elapsed());
        check(&victim, &client, &ledger, &follower, dice).await;
    }
    let ledger = ledger.lock().expect("the ledger");
    assert!(ledger.acknowledged > 0, "nothing was written");
    ledger.acknowledged
}
