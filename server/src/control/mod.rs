//! A running server on SQLite takes orders of its operator through a socket in its data directory.
//!
//! SQLite has one writer, and that is the server: a second process that wrote beside it would be a second writer, and
//! the server's change feed would not hear of it. So a command that finds the directory in use hands its order over.
//! Whoever can open the directory `control` (mode 0700) could read the database as well: everybody here is the operator.
//!
//! One order a connection, one line of JSON each way. Orders are carried out one after the other and to their end,
//! also when the server begins to stop or the one who gave it is gone; how long that takes has no limit of its own.

mod line;
pub mod order;

use std::fs::{DirBuilder, remove_file};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tokio::net::{UnixListener, UnixStream};

use crate::lifecycle::Lifecycle;
use order::{Order, Steward};

/// The longest that the server waits for an order, and for its answer to be taken.
const PATIENCE: Duration = Duration::from_secs(30);

/// The pause after a connection could not be accepted, as when there are no more files to be had.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What came of an order.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "outcome")]
enum Outcome {
    Done { answer: Json },
    Refused { reason: String },
}

/// Why an order did not reach the server, or was refused.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The socket is not there, or nobody listens.
    #[error("the database is in use, and the server that has it can't be reached at {}: {source}", path.display())]
    Unreachable {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The order can't be sent.
    #[error("the running server can't be given this: {0}")]
    Unsendable(io::Error),
    /// The server went away, or is of a version that answers otherwise.
    #[error("the running server gave no answer that can be read: {0}")]
    Unanswered(io::Error),
    /// The server says no.
    #[error("{0}")]
    Refused(String),
}

/// The listening end, in the server.
#[derive(Debug)]
pub struct Control {
    listener: UnixListener,
    path: PathBuf,
}

impl Control {
    /// Listens in this data directory, which the caller holds: a socket that is there is a dead server's.
    pub fn bind(data: &Path) -> io::Result<Self> {
        let path = socket(data);
        if let Some(directory) = path.parent().filter(|directory| !directory.is_dir()) {
            DirBuilder::new().mode(0o700).create(directory)?;
        }
        match remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        Ok(Self { listener: UnixListener::bind(&path)?, path })
    }

    /// Takes orders until the server stops, one at a time.
    pub async fn run(self, steward: Steward, lifecycle: Lifecycle) {
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = lifecycle.stopping() => break,
            };
            let attended = match accepted {
                Ok((stream, _)) => attend(stream, &steward, &lifecycle).await,
                Err(error) => {
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    Err(error)
                }
            };
            if let Err(error) = attended {
                tracing::warn!(%error, "an order of the operator could not be taken");
            }
        }
        if let Err(error) = remove_file(&self.path) {
            tracing::debug!(%error, "the control socket could not be removed");
        }
    }
}

/// Lets the server that uses this data directory carry an order out.
pub async fn give<A: DeserializeOwned>(data: &Path, order: &Order) -> Result<A, ControlError> {
    let order = line::written(order).map_err(ControlError::Unsendable)?;
    let path = socket(data);
    let mut stream = UnixStream::connect(&path).await.map_err(|source| ControlError::Unreachable { path, source })?;
    let answered = async {
        line::send(&mut stream, &order).await?;
        let outcome: Outcome = serde_json::from_str(&line::receive(&mut stream).await?)?;
        Ok(match outcome {
            Outcome::Done { answer } => Ok(serde_json::from_value(answer)?),
            Outcome::Refused { reason } => Err(ControlError::Refused(reason)),
        })
    };
    answered.await.unwrap_or_else(|error| Err(ControlError::Unanswered(error)))
}

fn socket(data: &Path) -> PathBuf {
    data.join("control").join("plinth.sock")
}

async fn in_time<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::time::timeout(PATIENCE, work).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Reads one order, carries it out and answers.
async fn attend(mut stream: UnixStream, steward: &Steward, lifecycle: &Lifecycle) -> io::Result<()> {
    let received = tokio::select! {
        received = in_time(line::receive(&mut stream)) => received?,
        () = lifecycle.stopping() => return Ok(()),
    };
    let outcome = match serde_json::from_str(&received) {
        Ok(order) => steward
            .carry_out(order)
            .await
            .map_or_else(|reason| Outcome::Refused { reason }, |answer| Outcome::Done { answer }),
        Err(error) => Outcome::Refused { reason: unknown(&error) },
    };
    let answer = line::written(&outcome)
        .or_else(|error| line::written(&Outcome::Refused { reason: format!("the answer can't be sent: {error}") }))?;
    in_time(line::send(&mut stream, &answer)).await
}

fn unknown(error: &serde_json::Error) -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!("the running server is plinth {version} and does not know this order ({error}): use the same version")
}
