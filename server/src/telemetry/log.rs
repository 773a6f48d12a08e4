//! The log, on standard error: lines for people or JSON for machines.

use std::io::{IsTerminal as _, stderr};

use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{LogFormat, LogSettings};

/// At their finest these write out what they read: frames with access tokens, statements with values.
const TALKATIVE: [&str; 4] = ["tungstenite", "tokio_tungstenite", "hyper", "sqlx"];

/// The log can't be started.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// `log.level` can't be read.
    #[error("log.level: {0}")]
    Level(#[from] tracing_subscriber::filter::ParseError),
    /// Something else in this process writes a log already.
    #[error("the log is started already: {0}")]
    Started(#[from] tracing_subscriber::util::TryInitError),
}

/// Starts the log for the whole process.
pub fn start_log(settings: &LogSettings) -> Result<(), LogError> {
    let filter = EnvFilter::builder().parse(&settings.level)?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    match settings.format {
        LogFormat::Human => {
            let log = log.with_ansi(stderr().is_terminal()).with_target(false);
            log.finish().with(filter_fn(is_discreet)).try_init()?;
        }
        LogFormat::Json => log.json().flatten_event(true).finish().with(filter_fn(is_discreet)).try_init()?,
    }
    Ok(())
}

/// A log is kept longer and read by more people than what it is about: no level lets anybody's token into it.
fn is_discreet(event: &Metadata<'_>) -> bool {
    let library = event.target().split("::").next().unwrap_or_default();
    *event.level() != Level::TRACE || !TALKATIVE.contains(&library)
}
