//! Measures Plinth beside PocketBase: the same rows, the same rule, the same generator, in one run.
//!
//! What counts is the processor time of the server, since client and server share the machine. Requests are measured
//! in rounds that alternate between the servers, and the median round by that time is reported.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "figures for people: no count comes near the limits of a double"
)]
#![expect(clippy::doc_markdown, reason = "PocketBase is a name, not code")]

mod bench;
mod events;
mod fanout;
mod load;
mod options;
mod peer;
mod process;
mod report;
mod wire;

use std::fs;
use std::time::Duration;

use bench::{Bench, Work};
use fanout::{Delivery, Trial};
use load::Cost;
use options::Options;
use peer::{Peer, Plinth, PocketBase, Result};
use report::{Figures, Report};

const WORKS: [(&str, Work, usize); 6] = [
    ("get by id, 16 clients", Work::Get, 16),
    ("list 20 by room, newest first, 16 clients", Work::List, 16),
    ("list with exact count, 16 clients", Work::Count, 16),
    ("insert, 16 clients", Work::Insert, 16),
    ("insert, 64 clients", Work::Insert, 64),
    ("update, 16 clients", Work::Update, 16),
];

const TRIALS: [(&str, Trial); 3] = [
    ("1,000 subscribers, 50 inserts/s", Trial { subscribers: 1000, rate: Some(50), time: Duration::from_secs(6) }),
    (
        "200 subscribers, inserts as fast as they go",
        Trial { subscribers: 200, rate: None, time: Duration::from_secs(5) },
    ),
    ("5,000 subscribers, 50 inserts/s", Trial { subscribers: 5000, rate: Some(50), time: Duration::from_secs(6) }),
];

const STARTS: usize = 5;

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::read()?;
    fs::create_dir_all(&options.out)?;
    let mut report = Report::default();
    let mut pocketbase = match &options.pocketbase {
        Some(program) => Some(filled(PocketBase { program: program.clone() }, &options, &mut report).await?),
        None => None,
    };
    let mut plinth = match &options.plinth {
        Some(program) => Some(filled(Plinth { program: program.clone() }, &options, &mut report).await?),
        None => None,
    };
    let wanted = |name: &str| name.contains(&options.only);
    for (name, work, clients) in WORKS.into_iter().filter(|(name, ..)| wanted(name)) {
        let (mut theirs, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..options.rounds {
            if let Some(bench) = &pocketbase {
                theirs.push(bench.measure(work, clients, options.time).await?);
            }
            if let Some(bench) = &plinth {
                ours.push(bench.measure(work, clients, options.time).await?);
            }
        }
        note(&mut report, name, pocketbase.as_ref(), theirs);
        note(&mut report, name, plinth.as_ref(), ours);
    }
    for (name, trial) in TRIALS.into_iter().filter(|(name, _)| wanted(name)) {
        if let Some(bench) = &pocketbase {
            report.add(name, bench.name(), Figures::Delivery(deliver(bench, name, trial).await?));
        }
        if let Some(bench) = &plinth {
            report.add(name, bench.name(), Figures::Delivery(deliver(bench, name, trial).await?));
        }
    }
    let name = "cold start; idle memory; an idle stream";
    if !wanted(name) {
        return publish(&options, &report);
    }
    if let Some(bench) = &mut pocketbase {
        report.add(name, bench.name(), Figures::Idle(bench.restart(STARTS).await?));
    }
    if let Some(bench) = &mut plinth {
        report.add(name, bench.name(), Figures::Idle(bench.restart(STARTS).await?));
    }
    publish(&options, &report)
}

async fn filled<P: Peer + Send + 'static>(peer: P, options: &Options, report: &mut Report) -> Result<Bench<P>> {
    eprintln!("{}: {} rows", peer.name(), options.rows);
    let (bench, bulk) = Bench::new(peer, &options.out, options.rows).await?;
    report.add("bulk, 500 rows a transaction", bench.name(), Figures::Bulk(bulk));
    Ok(bench)
}

fn note<P: Peer + Send + 'static>(report: &mut Report, work: &str, bench: Option<&Bench<P>>, mut rounds: Vec<Cost>) {
    rounds.sort_by(|a, b| a.cpu_micros.total_cmp(&b.cpu_micros));
    if let (Some(bench), Some(median)) = (bench, rounds.get(rounds.len() / 2)) {
        eprintln!("{}: {work}: {:.0} µs, {:.0}/s", bench.name(), median.cpu_micros, median.rate);
        report.add(work, bench.name(), Figures::Requests(*median));
    }
}

async fn deliver<P: Peer + Send + 'static>(bench: &Bench<P>, work: &str, trial: Trial) -> Result<Delivery> {
    let (peer, process, accounts) = bench.parts();
    let delivery = fanout::run(peer, process, accounts, trial).await?;
    eprintln!("{}: {work}: {:.1} µs an event, {:.0} events/s", bench.name(), delivery.cpu_micros, delivery.events);
    Ok(delivery)
}

fn publish(options: &Options, report: &Report) -> Result<()> {
    let table = report.table();
    fs::write(options.out.join("table.md"), &table)?;
    fs::write(options.out.join("figures.json"), serde_json::to_string_pretty(&report.json())?)?;
    println!("{table}");
    eprintln!("also in {0}/table.md and {0}/figures.json", options.out.display());
    Ok(())
}
