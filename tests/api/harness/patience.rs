//! What is waited for is waited for in bounded time. A test that hangs all the same is named, with what its servers logged, and ends the run while there is time to say so.
//!
//! The test harness of Rust waits for ever, and a test that blocks its thread can't time itself out: so a thread looks at
//! how long each database, and with it its test, has been there.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Minutes: far longer than any test takes on a busy machine. `TEST_PATIENCE` says another number, for longer runs.
const PATIENCE: u64 = 6;

/// How often the thread looks.
const EVERY: Duration = Duration::from_secs(5);

static RUNNING: Mutex<Vec<Running>> = Mutex::new(Vec::new());

struct Running {
    test: String,
    scratch: PathBuf,
    since: Instant,
}

/// Asks until it holds, which takes long only where it never will.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begin = Instant::now();
    while !holds().await {
        assert!(begin.elapsed() < Duration::from_mins(1), "waited for a minute, and not yet: {what}");
        tokio::task::yield_now().await;
    }
}

/// Says that the test of this thread has begun to use a directory.
pub(super) fn begin(scratch: &Path) {
    static WATCH: Once = Once::new();
    WATCH.call_once(|| drop(thread::spawn(watch)));
    let test = thread::current().name().unwrap_or("a test").to_owned();
    running().push(Running { test, scratch: scratch.to_owned(), since: Instant::now() });
}

/// Says that it is done with it.
pub(super) fn end(scratch: &Path) {
    running().retain(|running| running.scratch != scratch);
}

fn running() -> MutexGuard<'static, Vec<Running>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

fn watch() {
    let given = std::env::var("TEST_PATIENCE").ok();
    let minutes = given.map_or(PATIENCE, |text| text.parse().expect("TEST_PATIENCE is a number of minutes"));
    loop {
        thread::sleep(EVERY);
        let overdue: Vec<_> =
            running().iter().filter(|running| running.is_older_than(minutes)).map(Running::describe).collect();
        if !overdue.is_empty() {
            eprintln!("not done within {minutes} minutes:\n{}", overdue.join("\n"));
            std::process::exit(101);
        }
    }
}

impl Running {
    fn is_older_than(&self, minutes: u64) -> bool {
        self.since.elapsed() > Duration::from_mins(minutes)
    }

    /// The test and the ends of the logs of its servers.
    fn describe(&self) -> String {
        let mut text = self.test.clone();
        let entries = std::fs::read_dir(&self.scratch).into_iter().flatten().flatten();
        for log in entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "log")) {
            let lines = std::fs::read_to_string(&log).unwrap_or_default();
            let last: Vec<_> = lines.lines().rev().take(30).collect();
            text += &format!("\n{}:\n{}", log.display(), last.into_iter().rev().collect::<Vec<_>>().join("\n"));
        }
        text
    }
}
