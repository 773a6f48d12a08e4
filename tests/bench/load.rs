//! Requests as fast as a number of clients can send them, each one after the answer to the one before.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::peer::Result;
use crate::process::Process;
use crate::wire::Wire;

/// What a piece of work cost.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cost {
    /// Processor time of the server for one request, in microseconds.
    pub(crate) cpu_micros: f64,
    /// Requests in a second.
    pub(crate) rate: f64,
    /// Half of the answers came within so many milliseconds.
    pub(crate) p50_millis: f64,
    /// All but one of a hundred answers came within so many milliseconds.
    pub(crate) p99_millis: f64,
}

/// Makes the request that client `0` sends as its `1`-th.
pub(crate) type Make = Arc<dyn Fn(usize, usize) -> Vec<u8> + Send + Sync>;

/// Lets `clients` work for `time`, a fifth of that before anything is counted.
pub(crate) async fn run(process: &Process, clients: usize, time: Duration, make: Make) -> Result<Cost> {
    work(process.port, clients, time / 5, &make).await?;
    let (begin, cpu) = (Instant::now(), process.cpu()?);
    let mut waits = work(process.port, clients, time, &make).await?;
    let (elapsed, cpu) = (begin.elapsed(), process.cpu_since(cpu)?);
    waits.sort_unstable();
    let count = waits.len().max(1) as f64;
    Ok(Cost {
        cpu_micros: cpu.as_secs_f64() * 1e6 / count,
        rate: count / elapsed.as_secs_f64(),
        p50_millis: quantile(&waits, 0.5),
        p99_millis: quantile(&waits, 0.99),
    })
}

/// The value that this part of the sorted microseconds does not exceed, in milliseconds.
pub(crate) fn quantile(sorted: &[u32], part: f64) -> f64 {
    let index = (sorted.len() as f64 * part) as usize;
    sorted.get(index.min(sorted.len().saturating_sub(1))).map_or(0.0, |micros| f64::from(*micros) / 1000.0)
}

async fn work(port: u16, clients: usize, time: Duration, make: &Make) -> Result<Vec<u32>> {
    let end = Instant::now() + time;
    let mut tasks = JoinSet::new();
    for client in 0..clients {
        tasks.spawn(requests(port, client, end, Arc::clone(make)));
    }
    let mut waits = Vec::new();
    while let Some(done) = tasks.join_next().await {
        waits.extend(done??);
    }
    Ok(waits)
}

async fn requests(port: u16, client: usize, end: Instant, make: Make) -> Result<Vec<u32>> {
    let mut wire = Wire::connect(port).await?;
    let mut waits = Vec::new();
    for turn in 0.. {
        let request = make(client, turn);
        let begin = Instant::now();
        if begin >= end {
            break;
        }
        let answer = wire.call(&request).await?;
        if !(200..300).contains(&answer.status) {
            let line = String::from_utf8_lossy(&request).lines().next().unwrap_or_default().to_owned();
            return Err(format!("{line}: {} {}", answer.status, String::from_utf8_lossy(&answer.body)).into());
        }
        waits.push(u32::try_from(begin.elapsed().as_micros()).unwrap_or(u32::MAX));
    }
    Ok(waits)
}
