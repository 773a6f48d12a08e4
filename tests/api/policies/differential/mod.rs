//! The law of policies: a server answers what a naive reading of the contract says, on every way to a record.
//!
//! Each case draws rules and records, lets everybody read everything (list, get, `expand`, filters, orders), then
//! write (create, patch, put, delete, alone and in a batch) while everybody listens, and compares every answer and
//! every event with [`oracle`]. `POLICY_CASES` is the number of cases; a failure names the `POLICY_SEED` that, with
//! `POLICY_CASES=1`, repeats it.

mod conditions;
mod draw;
mod events;
mod oracle;
mod reads;
mod stage;
mod writes;

use self::stage::Stage;
use crate::harness::{Database, Dice, on_both};

/// Cases in a usual run: ten to twenty seconds.
const USUAL: u64 = 15;

/// Writes in one case.
const WRITES: usize = 12;

on_both! {
    async fn every_way_to_a_record_decides_as_the_contract_reads(database: Database) {
        let (cases, first) = (cases(), Dice::seeded_by("POLICY_SEED"));
        let mut stage = Stage::set(&database).await;
        for n in 0..cases {
            let mut case = Case { dice: first.nth(n) };
            stage.draw(&mut case.dice).await;
            stage.compare_reads(&mut case.dice).await;
            stage.listen().await;
            for _ in 0..WRITES {
                stage.compare_write(&mut case.dice).await;
            }
            stage.compare_reads(&mut case.dice).await;
        }
        let Stage { compared, written, heard, anew, .. } = &stage;
        eprintln!("{first}: {cases} cases, {compared} comparisons, writes by status {written:?}, {heard} events, {anew} told to start anew");
        let answered = |some: fn(&u16) -> bool| written.keys().any(some);
        assert!(cases < USUAL || answered(|status| *status < 300) && answered(|status| *status >= 400), "{written:?}");
        assert!(cases < USUAL || *heard > 0, "nobody heard of anything");
    }
}

fn cases() -> u64 {
    let given = std::env::var("POLICY_CASES").ok();
    given.map_or(USUAL, |text| text.parse().unwrap_or_else(|_| panic!("POLICY_CASES={text} is no number")))
}

/// A case; when it fails, it names its seed.
struct Case {
    dice: Dice,
}

impl Drop for Case {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("repeat with POLICY_CASES=1 {}", self.dice);
        }
    }
}
