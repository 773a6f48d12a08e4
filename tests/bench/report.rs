//! The table for people and the file for machines.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use crate::bench::{Bulk, Idle};
use crate::fanout::Delivery;
use crate::load::Cost;

/// What was measured of one piece of work on one server.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Figures {
    /// Requests.
    Requests(Cost),
    /// Rows in bulk.
    Bulk(Bulk),
    /// Events to subscribers.
    Delivery(Delivery),
    /// Start-up and memory.
    Idle(Idle),
}

/// The rows of the table, in the order of their first figures.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: Vec<(String, Vec<(&'static str, Figures)>)>,
}

impl Report {
    /// Notes figures.
    pub(crate) fn add(&mut self, work: &str, peer: &'static str, figures: Figures) {
        match self.rows.iter_mut().find(|(name, _)| name == work) {
            Some((_, columns)) => columns.push((peer, figures)),
            None => self.rows.push((work.to_owned(), vec![(peer, figures)])),
        }
    }

    /// A Markdown table: what was measured side by side, and how many times less the last server needs than the first.
    pub(crate) fn table(&self) -> String {
        let peers: Vec<&str> =
            self.rows.first().map(|(_, columns)| columns.iter().map(|(peer, _)| *peer).collect()).unwrap_or_default();
        let mut text = format!("| work | {} | ratio |\n|---|{}---|\n", peers.join(" | "), "---|".repeat(peers.len()));
        for (work, columns) in &self.rows {
            let cells: Vec<String> = columns.iter().map(|(_, figures)| figures.cell()).collect();
            // Writing into a string does not fail.
            let _ = writeln!(text, "| {work} | {} | {} |", cells.join(" | "), ratio(columns));
        }
        text
    }

    /// The same as JSON.
    pub(crate) fn json(&self) -> Value {
        let row = |(work, columns): &(String, Vec<(&'static str, Figures)>)| {
            let peers: Map<String, Value> =
                columns.iter().map(|(peer, figures)| ((*peer).to_owned(), figures.json())).collect();
            json!({ "work": work, "figures": peers })
        };
        self.rows.iter().map(row).collect()
    }
}

impl Figures {
    fn cell(&self) -> String {
        match self {
            Self::Requests(cost) => {
                let Cost { cpu_micros, rate, p50_millis, p99_millis } = cost;
                format!("{cpu_micros:.0} µs; {rate:.0}/s; p50 {p50_millis:.1}, p99 {p99_millis:.1} ms")
            }
            Self::Bulk(bulk) => format!("{:.0} µs a row; {:.0} rows/s", bulk.cpu_micros, bulk.rate),
            Self::Idle(idle) => {
                let Idle { start_millis, memory_mib, stream_kib } = idle;
                format!("{start_millis:.0} ms; {memory_mib:.0} MiB; {stream_kib:.1} KiB")
            }
            Self::Delivery(delivery) => {
                let Delivery { cpu_micros, events, inserts, missed_percent, p50_millis, p99_millis, .. } = delivery;
                let Delivery { surplus, alive, connect_seconds, .. } = delivery;
                format!(
                    "{cpu_micros:.1} µs an event; {events:.0} events/s at {inserts:.0} inserts/s; missed {missed_percent:.1} %, \
                     surplus {surplus}; p50 {p50_millis:.0}, p99 {p99_millis:.0} ms; {alive} alive after; \
                     opened in {connect_seconds:.1} s"
                )
            }
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Requests(Cost { cpu_micros, rate, p50_millis, p99_millis }) => {
                json!({"cpuMicros": cpu_micros, "perSecond": rate, "p50Millis": p50_millis, "p99Millis": p99_millis})
            }
            Self::Bulk(bulk) => json!({"cpuMicrosPerRow": bulk.cpu_micros, "rowsPerSecond": bulk.rate}),
            Self::Idle(idle) => json!({
                "startMillis": idle.start_millis,
                "memoryMib": idle.memory_mib,
                "kibPerStream": idle.stream_kib,
            }),
            Self::Delivery(delivery) => json!({
                "cpuMicrosPerEvent": delivery.cpu_micros,
                "eventsPerSecond": delivery.events,
                "insertsPerSecond": delivery.inserts,
                "missedPercent": delivery.missed_percent,
                "surplus": delivery.surplus,
                "p50Millis": delivery.p50_millis,
                "p99Millis": delivery.p99_millis,
                "aliveAfter": delivery.alive,
                "connectSeconds": delivery.connect_seconds,
            }),
        }
    }

    /// What less of is better, and what more of is better.
    fn compared(&self) -> (f64, f64) {
        match self {
            Self::Requests(cost) => (cost.cpu_micros, cost.rate),
            Self::Bulk(bulk) => (bulk.cpu_micros, bulk.rate),
            Self::Delivery(delivery) => (delivery.cpu_micros, delivery.events),
            Self::Idle(idle) => (idle.start_millis, 1.0 / idle.memory_mib),
        }
    }
}

/// How many times less the last needs than the first, and how many times more it does.
fn ratio(columns: &[(&'static str, Figures)]) -> String {
    let [(_, first), .., (_, last)] = columns else { return String::new() };
    let ((first_cost, first_rate), (last_cost, last_rate)) = (first.compared(), last.compared());
    let words = if matches!(first, Figures::Idle(_)) { ("start", "memory") } else { ("CPU", "rate") };
    format!("{} {:.1}×, {} {:.1}×", words.0, first_cost / last_cost, words.1, last_rate / first_rate)
}
