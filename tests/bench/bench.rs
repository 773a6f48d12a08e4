//! One server under measurement with its data.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::events;
use crate::fanout;
use crate::load::{self, Cost, Make};
use crate::peer::{Account, Message, Peer, Result};
use crate::process::{Process, free_port};
use crate::wire::Wire;

/// Accounts that read and write.
const ACCOUNTS: usize = 10;
/// Rooms that the messages are spread over.
const ROOMS: usize = 100;
/// Messages in one bulk write.
const BULK: usize = 500;
/// Streams whose memory is measured.
const IDLE_STREAMS: usize = 2000;
/// The time given to a server for its start-up work before its idle memory is read.
const SETTLE: Duration = Duration::from_millis(1500);

/// A server, its data, and what is known about them.
pub(crate) struct Bench<P> {
    peer: Arc<P>,
    process: Process,
    dir: PathBuf,
    accounts: Vec<Account>,
    /// Ids of the messages of each account that nobody hides.
    ids: Vec<Vec<String>>,
}

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// One message by its id.
    Get,
    /// The newest 20 of a room.
    List,
    /// The same with their number.
    Count,
    /// A new message.
    Insert,
    /// A changed message.
    Update,
}

/// Filling the table, 500 rows a transaction.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bulk {
    /// Rows in a second.
    pub(crate) rate: f64,
    /// Processor time a row, in microseconds.
    pub(crate) cpu_micros: f64,
}

/// How a server starts, and what it takes before anybody calls.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Idle {
    /// From the start of the process to the first answer, the median of some starts.
    pub(crate) start_millis: f64,
    /// Resident memory after that.
    pub(crate) memory_mib: f64,
    /// What one open and idle stream adds.
    pub(crate) stream_kib: f64,
}

impl<P: Peer + Send + 'static> Bench<P> {
    /// Starts the server on an empty directory below `dir` and fills it with so many rows.
    pub(crate) async fn new(peer: P, dir: &Path, rows: usize) -> Result<(Self, Bulk)> {
        let dir = dir.join(peer.name().to_lowercase());
        if dir.exists() {
            fs::remove_dir_all(&dir)?;
        }
        fs::create_dir_all(&dir)?;
        let process = start(&peer, &dir).await?;
        let accounts = peer.prepare(&dir.join("data"), process.port, ACCOUNTS).await?;
        let mut bench = Self { peer: Arc::new(peer), process, dir, accounts, ids: vec![Vec::new(); ACCOUNTS] };
        let bulk = bench.fill(rows).await?;
        Ok((bench, bulk))
    }

    /// What the table calls the server.
    pub(crate) fn name(&self) -> &'static str {
        self.peer.name()
    }

    /// The parts that a fan-out needs.
    pub(crate) fn parts(&self) -> (&P, &Process, &[Account]) {
        (&self.peer, &self.process, &self.accounts)
    }

    /// Measures one kind of request.
    pub(crate) async fn measure(&self, work: Work, clients: usize, time: Duration) -> Result<Cost> {
        load::run(&self.process, clients, time, self.requests(work)).await
    }

    /// Ends the server and starts it this many times.
    pub(crate) async fn restart(&mut self, times: usize) -> Result<Idle> {
        let mut starts = Vec::new();
        for _ in 0..times {
            self.process = replace(&mut self.process, &*self.peer, &self.dir).await?;
            starts.push(self.process.started_in.as_secs_f64() * 1000.0);
        }
        starts.sort_by(f64::total_cmp);
        tokio::time::sleep(SETTLE).await;
        let memory_mib = self.process.memory()? as f64 / 1024.0 / 1024.0;
        let stream_kib = fanout::idle_stream(&*self.peer, &self.process, &self.accounts, IDLE_STREAMS).await?;
        Ok(Idle { start_millis: starts[starts.len() / 2], memory_mib, stream_kib })
    }

    async fn fill(&mut self, rows: usize) -> Result<Bulk> {
        let mut wire = Wire::connect(self.process.port).await?;
        let (mut elapsed, cpu) = (Duration::ZERO, self.process.cpu()?);
        for (number, from) in (0..rows).step_by(BULK).enumerate() {
            let owner = number % ACCOUNTS;
            let messages: Vec<Message> = (from..rows.min(from + BULK)).map(message).collect();
            let request = self.peer.bulk(&self.accounts[owner], &messages);
            let begin = Instant::now();
            let answer = wire.call(&request).await?;
            elapsed += begin.elapsed();
            if !(200..300).contains(&answer.status) {
                return Err(format!("bulk: {} {}", answer.status, String::from_utf8_lossy(&answer.body)).into());
            }
            let ids = self.peer.bulk_ids(&answer.body)?;
            let visible = ids.into_iter().zip(&messages).filter(|(_, message)| !message.is_hidden);
            self.ids[owner].extend(visible.map(|(id, _)| id));
        }
        let cpu = self.process.cpu_since(cpu)?;
        Ok(Bulk { rate: rows as f64 / elapsed.as_secs_f64(), cpu_micros: cpu.as_secs_f64() * 1e6 / rows as f64 })
    }

    fn requests(&self, work: Work) -> Make {
        let (peer, accounts, ids) = (Arc::clone(&self.peer), self.accounts.clone(), self.ids.clone());
        Arc::new(move |client, turn| {
            let owner = client % ACCOUNTS;
            let account = &accounts[owner];
            let random = scramble(client, turn);
            let anyones = || pick(&ids[random % ACCOUNTS], random / ACCOUNTS);
            match work {
                Work::Get => peer.get(account, anyones()),
                Work::List => peer.list(account, &room(random), false),
                Work::Count => peer.list(account, &room(random), true),
                Work::Insert => peer.insert(account, &message(random % 1_000_000)),
                Work::Update => peer.update(account, pick(&ids[owner], random), &events::text(turn as u64, 0)),
            }
        })
    }
}

async fn start(peer: &impl Peer, dir: &Path) -> Result<Process> {
    let port = free_port()?;
    let command = peer.command(&dir.join("data"), port)?;
    Ok(Process::start(command, port, peer.ready(), &dir.join("server.log")).await?)
}

/// Ends the old process before the new one starts: they share the data.
async fn replace(old: &mut Process, peer: &impl Peer, dir: &Path) -> Result<Process> {
    old.end()?;
    start(peer, dir).await
}

fn message(number: usize) -> Message {
    Message { room: room(number), text: events::text(number as u64, 0), is_hidden: number % 10 == 9 }
}

fn room(number: usize) -> String {
    format!("room-{}", number % ROOMS)
}

fn pick(ids: &[String], random: usize) -> &str {
    &ids[random % ids.len()]
}

/// The same numbers in every run, in no order that a cache could know (Steele and others, SplitMix, 2014).
fn scramble(client: usize, turn: usize) -> usize {
    let mut bits = ((client as u64) << 40 | turn as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((bits ^ (bits >> 31)) >> 8) as usize
}
