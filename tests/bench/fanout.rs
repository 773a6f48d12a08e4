//! Many subscribers, few writers: what an event costs on its way to everybody, and whether everybody gets it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::events::{self, Block};
use crate::load::quantile;
use crate::peer::{Account, Feed, Message, Peer, Result};
use crate::process::Process;
use crate::wire::Wire;

/// How many writes may be on their way at once.
const WRITERS: usize = 16;
/// Events that have not come this long after the last one that did will not come.
const SILENCE: Duration = Duration::from_secs(3);
/// A server that is still delivering then has had its time.
const DRAIN: Duration = Duration::from_secs(15);

/// What to try.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trial {
    /// How many streams are open.
    pub(crate) subscribers: usize,
    /// How many messages are written in a second; `None`: as many as the server takes.
    pub(crate) rate: Option<u32>,
    /// How long messages are written.
    pub(crate) time: Duration,
}

/// What came of it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Delivery {
    /// Processor time of the server for one delivered event, in microseconds, the writes included.
    pub(crate) cpu_micros: f64,
    /// Messages written in a second.
    pub(crate) inserts: f64,
    /// Events delivered in a second, from the first write to the last event.
    pub(crate) events: f64,
    /// The part of the events that never came, in per cent.
    pub(crate) missed_percent: f64,
    /// Events that came twice or out of nowhere.
    pub(crate) surplus: u64,
    /// Half of the events came within so many milliseconds of the sending of the write.
    pub(crate) p50_millis: f64,
    /// All but one of a hundred.
    pub(crate) p99_millis: f64,
    /// How many streams got one more message after all that.
    pub(crate) alive: usize,
    /// How long it took to open all streams.
    pub(crate) connect_seconds: f64,
}

struct Shared {
    start: Instant,
    delivered: AtomicU64,
    /// The number of the farewell message, once it is known, and how many streams got it.
    farewell: AtomicU64,
    alive: AtomicU64,
}

/// What one stream got.
#[derive(Default)]
struct Tally {
    numbers: Vec<u64>,
    waits: Vec<u32>,
}

/// Opens the streams, writes, waits for the events, and counts.
pub(crate) async fn run(
    peer: &(impl Peer + 'static),
    process: &Process,
    accounts: &[Account],
    trial: Trial,
) -> Result<Delivery> {
    let shared = Arc::new(Shared {
        start: Instant::now(),
        delivered: AtomicU64::new(0),
        farewell: AtomicU64::new(u64::MAX),
        alive: AtomicU64::new(0),
    });
    let (stop, stopped) = watch::channel(false);
    let feeds = open(peer, process.port, accounts, trial.subscribers).await?;
    let connect_seconds = shared.start.elapsed().as_secs_f64();
    let readers: Vec<_> =
        feeds.into_iter().map(|feed| tokio::spawn(read(feed, Arc::clone(&shared), stopped.clone()))).collect();
    // What opening them still costs is not the events' fault.
    sleep(Duration::from_millis(500)).await;

    let (begin, cpu) = (Instant::now(), process.cpu()?);
    let written = write(peer, process.port, accounts, trial, &shared).await?;
    let wrote_for = begin.elapsed();
    let expected = written * trial.subscribers as u64;
    let last = drain(&shared, expected).await;
    let cpu = process.cpu_since(cpu)?;
    let delivered = shared.delivered.load(Relaxed);
    let alive = count_alive(peer, process.port, &accounts[0], &shared, written, trial.subscribers).await?;
    stop.send_replace(true);
    let (waits, surplus) = collect(readers, written).await?;
    Ok(Delivery {
        cpu_micros: cpu.as_secs_f64() * 1e6 / delivered.max(1) as f64,
        inserts: written as f64 / wrote_for.as_secs_f64(),
        events: delivered as f64 / last.saturating_duration_since(begin).as_secs_f64().max(0.001),
        missed_percent: 100.0 * (1.0 - (delivered - surplus.min(delivered)) as f64 / expected.max(1) as f64),
        surplus,
        p50_millis: quantile(&waits, 0.5),
        p99_millis: quantile(&waits, 0.99),
        alive,
        connect_seconds,
    })
}

/// Memory that one open and idle stream costs the server, in KiB.
pub(crate) async fn idle_stream(
    peer: &impl Peer,
    process: &Process,
    accounts: &[Account],
    count: usize,
) -> Result<f64> {
    let before = process.memory()?;
    let feeds = open(peer, process.port, accounts, count).await?;
    sleep(Duration::from_secs(1)).await;
    let after = process.memory()?;
    drop(feeds);
    Ok((after as f64 - before as f64) / 1024.0 / count as f64)
}

async fn open(peer: &impl Peer, port: u16, accounts: &[Account], count: usize) -> Result<Vec<Feed>> {
    use futures_util::{StreamExt, TryStreamExt, stream};
    let opening = (0..count).map(|number| peer.follow(port, &accounts[number % accounts.len()]));
    stream::iter(opening).buffer_unordered(64).try_collect().await
}

async fn read(mut feed: Feed, shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) -> Tally {
    let mut tally = Tally::default();
    loop {
        match take(&feed, &shared, &mut tally) {
            Taken::Bytes(count) => drop(feed.read.drain(..count)),
            Taken::Pinged(count, pong) => {
                feed.read.drain(..count);
                if feed.stream.write_all(&pong).await.is_err() {
                    return tally;
                }
            }
            Taken::Over => return tally,
        }
        feed.read.reserve(4096);
        tokio::select! {
            count = feed.stream.read_buf(&mut feed.read) => if !matches!(count, Ok(1..)) { return tally },
            _ = stopped.changed() => return tally,
        }
    }
}

enum Taken {
    Bytes(usize),
    Pinged(usize, Vec<u8>),
    Over,
}

/// Counts every whole event that has been read.
fn take(feed: &Feed, shared: &Shared, tally: &mut Tally) -> Taken {
    let now = shared.start.elapsed().as_micros() as u64;
    let (mut from, mut count) = (0, 0);
    let taken = loop {
        match events::next(feed.framing, &feed.read[from..]) {
            Block::Partial => break Taken::Bytes(from),
            Block::Farewell => break Taken::Over,
            Block::Ping(length, payload) => break Taken::Pinged(from + length, events::frame(10, &payload)),
            Block::Whole(length, event) => {
                from += length;
                let Some(event) = event else { continue };
                if event.number == shared.farewell.load(Relaxed) {
                    shared.alive.fetch_add(1, Relaxed);
                    continue;
                }
                count += 1;
                tally.numbers.push(event.number);
                tally.waits.push(u32::try_from(now.saturating_sub(event.micros)).unwrap_or(u32::MAX));
            }
        }
    };
    shared.delivered.fetch_add(count, Relaxed);
    taken
}

/// Writes for the time of the trial; answers how many messages the server took.
async fn write(peer: &impl Peer, port: u16, accounts: &[Account], trial: Trial, shared: &Arc<Shared>) -> Result<u64> {
    let mut wires = Vec::new();
    for _ in 0..WRITERS {
        wires.push(Wire::connect(port).await?);
    }
    let end = Instant::now() + trial.time;
    let next = AtomicU64::new(0);
    // Without a rate there is always leave to write.
    let leave = Semaphore::new(if trial.rate.is_some() { 0 } else { Semaphore::MAX_PERMITS });
    let writers = wires.into_iter().enumerate().map(|(index, mut wire)| {
        let (next, leave, account) = (&next, &leave, &accounts[index % accounts.len()]);
        async move {
            while let Ok(permit) = leave.acquire().await {
                if Instant::now() >= end {
                    break;
                }
                permit.forget();
                let number = next.fetch_add(1, Relaxed);
                insert(peer, &mut wire, account, number, shared).await?;
            }
            Ok(())
        }
    });
    let ticking = async {
        if let Some(rate) = trial.rate {
            let mut ticks = interval(Duration::from_secs(1) / rate);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
            while Instant::now() < end {
                ticks.tick().await;
                leave.add_permits(1);
            }
            leave.close();
        }
    };
    let (written, ()) = tokio::join!(futures_util::future::try_join_all(writers), ticking);
    written.map(|_: Vec<()>| next.load(Relaxed))
}

async fn insert(peer: &impl Peer, wire: &mut Wire, account: &Account, number: u64, shared: &Shared) -> Result<()> {
    let text = events::text(number, shared.start.elapsed().as_micros() as u64);
    let message = Message { room: format!("room-{}", number % 100), text, is_hidden: false };
    let answer = wire.call(&peer.insert(account, &message)).await?;
    match answer.status {
        200..300 => Ok(()),
        status => Err(format!("insert: {status} {}", String::from_utf8_lossy(&answer.body)).into()),
    }
}

/// Waits until everything has come, or nothing more comes; answers when the last event came.
async fn drain(shared: &Shared, expected: u64) -> Instant {
    let (begin, mut last, mut seen) = (Instant::now(), Instant::now(), 0);
    loop {
        let now = shared.delivered.load(Relaxed);
        if now != seen {
            (seen, last) = (now, Instant::now());
        }
        if seen >= expected || last.elapsed() > SILENCE || begin.elapsed() > DRAIN {
            return last;
        }
        sleep(Duration::from_millis(5)).await;
    }
}

/// Writes one more message and counts the streams that get it.
async fn count_alive(
    peer: &impl Peer,
    port: u16,
    account: &Account,
    shared: &Shared,
    number: u64,
    subscribers: usize,
) -> Result<usize> {
    shared.farewell.store(number, Relaxed);
    insert(peer, &mut Wire::connect(port).await?, account, number, shared).await?;
    let begin = Instant::now();
    while shared.alive.load(Relaxed) < subscribers as u64 && begin.elapsed() < SILENCE {
        sleep(Duration::from_millis(5)).await;
    }
    Ok(shared.alive.load(Relaxed) as usize)
}

/// All waits, sorted, and the number of events that nobody wrote or that came twice to the same stream.
async fn collect(readers: Vec<JoinHandle<Tally>>, written: u64) -> Result<(Vec<u32>, u64)> {
    let (mut waits, mut surplus) = (Vec::new(), 0);
    let mut set = JoinSet::new();
    for reader in readers {
        set.spawn(reader);
    }
    while let Some(tally) = set.join_next().await {
        let mut tally = tally??;
        let got = tally.numbers.len();
        tally.numbers.sort_unstable();
        tally.numbers.dedup();
        tally.numbers.retain(|number| *number < written);
        surplus += (got - tally.numbers.len()) as u64;
        waits.append(&mut tally.waits);
    }
    waits.sort_unstable();
    Ok((waits, surplus))
}
