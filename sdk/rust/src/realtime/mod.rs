//! Following changes: one socket for all subscriptions of a client.

mod backoff;
mod close;
mod driver;
mod event;
mod frame;
mod hub;
mod protocol;
mod raw;
mod socket;
mod subscription;
mod watch;

use std::marker::PhantomData;
use std::sync::Arc;

use tokio::sync::watch as state;

pub use backoff::Backoff;
pub use event::{Change, ChangeKind, Event};
pub use raw::{Heard, RawSocket};
pub use subscription::Subscription;
pub use watch::Watch;

use crate::http::Transport;
use driver::Driver;
use hub::Hub;

/// The realtime connection of a client; it is there while anybody follows anything.
#[derive(Debug)]
pub struct Realtime {
    hub: Arc<Hub>,
    transport: Arc<Transport>,
    backoff: Backoff,
    status: state::Sender<Status>,
    wanted: state::Sender<bool>,
}

/// How the realtime connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Nobody follows anything.
    Idle,
    /// It is being made.
    Connecting,
    /// It is there, and everything has been asked for.
    Open,
    /// It broke; the next try comes after a pause.
    Waiting,
    /// [`Realtime::suspend`] was called.
    Suspended,
}

impl Realtime {
    pub(crate) fn new(transport: Arc<Transport>, backoff: Backoff) -> Self {
        Self {
            hub: Arc::default(),
            transport,
            backoff,
            status: state::Sender::new(Status::Idle),
            wanted: state::Sender::new(true),
        }
    }

    /// How the connection is, now and from now on.
    pub fn status(&self) -> state::Receiver<Status> {
        self.status.subscribe()
    }

    /// Drops the connection and keeps the subscriptions, as for an app in the background.
    pub fn suspend(&self) {
        self.wanted.send_replace(false);
    }

    /// Connects again; the subscriptions go on where they were.
    pub fn resume(&self) {
        self.wanted.send_replace(true);
    }

    /// Must be called on a Tokio runtime: the first subscription starts the task that keeps the connection.
    pub(crate) fn subscribe<T>(&self, collection: &str, watch: &Watch) -> Subscription<T> {
        let (key, must_drive) = self.hub.subscribe(collection, watch.clone());
        if must_drive {
            let driver = Driver {
                hub: Arc::clone(&self.hub),
                transport: Arc::clone(&self.transport),
                backoff: self.backoff,
                status: self.status.clone(),
                wanted: self.wanted.subscribe(),
            };
            tokio::spawn(driver.run());
        }
        Subscription { hub: Arc::clone(&self.hub), key, collection: collection.to_owned(), record: PhantomData }
    }
}
