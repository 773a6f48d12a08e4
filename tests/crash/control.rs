//! Does the simulated power cut cut anything? Plain SQLite with `synchronous=NORMAL` must lose acknowledged writes,
//! with `FULL` it must not: a harness that finds no loss in the first proves nothing about Plinth.

use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;

use super::disk::{Disk, integrity};
use super::rounds;
use crate::harness::Dice;

/// The control loses something in about one round of three; so many rounds without are no accident.
const PATIENCE: usize = 30;

#[test]
fn power_cut_takes_what_sqlite_did_not_sync() {
    let mut dice = Dice::seeded_by("CRASH_SEED");
    for round in 1..=PATIENCE {
        let (acknowledged, lost) = cut_round("normal", &mut dice);
        println!("control, synchronous=NORMAL, round {round}: {lost} of {acknowledged} acknowledged writes lost");
        if lost > 0 {
            return;
        }
    }
    panic!("nothing was lost in {PATIENCE} power cuts: this harness is broken and shows nothing ({dice})");
}

#[test]
fn power_cut_spares_what_sqlite_synced() {
    let mut dice = Dice::seeded_by("CRASH_SEED");
    for _ in 0..rounds("CRASH_POWER_CUTS", 3) {
        let (acknowledged, lost) = cut_round("full", &mut dice);
        println!("control, synchronous=FULL: {lost} of {acknowledged} acknowledged writes lost");
        assert_eq!(lost, 0, "of {acknowledged} ({dice})");
    }
}

/// Writes for a moment, cuts the power, and answers how many writes were acknowledged and how many of them are gone.
fn cut_round(synchronous: &str, dice: &mut Dice) -> (usize, usize) {
    let mut disk = Disk::new();
    let file = disk.path().join("rows.db");
    let mut writer = Command::new(env!("CARGO_BIN_EXE_sqlite-writer"))
        .arg(&file)
        .arg(synchronous)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the writer starts");
    let out = BufReader::new(writer.stdout.take().expect("a pipe was asked for"));
    let reader = std::thread::spawn(move || out.lines().map_while(Result::ok).collect::<Vec<_>>());
    sleep(dice.between_millis(500, 2000));
    writer.kill().expect("the writer is there to be killed");
    writer.wait().expect("the writer ends");
    disk.cut();
    // Ids count up, so a line that the kill cut short can only be taken for an earlier one.
    let lines = reader.join().expect("reading lines");
    let acknowledged: Vec<i64> = lines.iter().flat_map(|line| line.parse()).collect();
    assert!(!acknowledged.is_empty(), "the writer wrote nothing");
    let kept = kept(&file);
    let lost = acknowledged.iter().filter(|id| !kept.contains(id)).count();
    (acknowledged.len(), lost)
}

/// The ids in the file, which may not have been there when the power went.
fn kept(file: &Path) -> HashSet<i64> {
    if !file.exists() {
        return HashSet::default();
    }
    integrity(file).expect("a whole database");
    let database = rusqlite::Connection::open(file).expect("a database");
    let Ok(mut select) = database.prepare("select id from rows") else { return HashSet::default() };
    let ids = select.query_map([], |row| row.get(0)).and_then(Iterator::collect);
    ids.expect("the ids")
}
