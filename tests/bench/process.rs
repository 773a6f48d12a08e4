//! A server under measurement: started, asked for its processor time and memory, ended.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::wire::{Wire, request};

/// The kernel counts processor time in hundredths of a second; `getconf CLK_TCK` is 100 on every Linux that we run on.
const TICK: Duration = Duration::from_millis(10);
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// A running server. It is killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    /// Where it listens, on 127.0.0.1.
    pub(crate) port: u16,
    /// From the start of the process to the first good answer.
    pub(crate) started_in: Duration,
}

impl Process {
    /// Starts the command and waits until `GET ready` answers 200.
    pub(crate) async fn start(mut command: Command, port: u16, ready: &str, log: &Path) -> io::Result<Self> {
        let log = File::options().create(true).append(true).open(log)?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let begin = Instant::now();
        let child = command.spawn()?;
        let mut process = Self { child, port, started_in: Duration::ZERO };
        let probe = request("GET", ready, "", None);
        loop {
            if let Ok(mut wire) = Wire::connect(port).await
                && let Ok(answer) = wire.call(&probe).await
                && answer.status == 200
            {
                process.started_in = begin.elapsed();
                return Ok(process);
            }
            if let Some(status) = process.child.try_wait()? {
                return Err(io::Error::other(format!("the server ended while starting: {status}")));
            }
            if begin.elapsed() > START_TIMEOUT {
                return Err(io::Error::other(format!("GET {ready} did not answer 200 within {START_TIMEOUT:?}")));
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// The processor time of all its threads so far.
    pub(crate) fn cpu(&self) -> io::Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The second field is the name in brackets, which may hold spaces; utime and stime are the 14th and 15th.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<u32>().ok());
        let total = ticks(11).zip(ticks(12)).map(|(user, system)| user + system);
        total.map(|ticks| TICK * ticks).ok_or_else(|| io::Error::other("/proc/PID/stat has no times"))
    }

    /// The processor time since it was so much.
    pub(crate) fn cpu_since(&self, earlier: Duration) -> io::Result<Duration> {
        Ok(self.cpu()?.saturating_sub(earlier))
    }

    /// Its resident memory in bytes.
    pub(crate) fn memory(&self) -> io::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
        kib.map(|kib| kib * 1024).ok_or_else(|| io::Error::other("/proc/PID/status has no VmRSS"))
    }
}

impl Process {
    /// Ends it, and waits until it is gone.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be gone already, and then there is nothing to end.
        let _ = self.end();
    }
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> io::Result<u16> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
