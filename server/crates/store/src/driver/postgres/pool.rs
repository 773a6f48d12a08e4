//! Connections to Postgres, lent one at a time; those who ask take turns ([`super::permits`]).
//!
//! sqlx's own pool pings the server whenever a connection comes back, which doubles the round trips of a short
//! request. This one trusts a connection whose last answer was read to its end, and drops every other: also that of a
//! future that was dropped half-way.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};
use tokio::time::timeout;

use super::fault;
use super::permits::{Permit, Permits};
use crate::asker;
use crate::error::{Error, Unavailable};

/// A connection that idled for longer is asked whether it still works, since servers and routers drop such.
const TRUSTED: Duration = Duration::from_secs(5);

/// The pool.
#[derive(Clone)]
pub(super) struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    options: PgConnectOptions,
    connect_timeout: Duration,
    permits: Permits,
    /// The one used last is lent first, so that the others can go.
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    connection: PgConnection,
    since: Instant,
}

/// A connection on loan.
pub(super) struct Lease {
    connection: Option<PgConnection>,
    shared: Arc<Shared>,
    _permit: Permit,
}

impl Pool {
    /// A pool of at most `size` connections, for which at most `limit` requests may wait.
    pub(super) fn new(options: PgConnectOptions, size: u32, limit: usize, connect_timeout: Duration) -> Self {
        let (permits, idle) = (Permits::new(size as usize, limit), Mutex::default());
        Self { shared: Arc::new(Shared { options, connect_timeout, permits, idle }) }
    }

    /// A connection, when one is free.
    pub(super) async fn lend(&self) -> Result<Lease, Error> {
        let permit = self.permit().await?;
        let connection = match self.reuse().await {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        Ok(Lease { connection: Some(connection), shared: Arc::clone(&self.shared), _permit: permit })
    }

    /// A connection that is not of the pool.
    pub(super) async fn connect(&self) -> Result<PgConnection, Error> {
        match timeout(self.shared.connect_timeout, self.shared.options.connect()).await {
            Ok(connected) => connected.map_err(|error| fault::error(&error)),
            Err(_) => Err(Error::Unavailable { why: Unavailable::Gone, text: "Postgres does not answer".to_owned() }),
        }
    }

    /// How connections are made.
    pub(super) fn options(&self) -> &PgConnectOptions {
        &self.shared.options
    }

    /// Drops the connections that idle: the server may be another one now, or the tables.
    pub(super) fn clear(&self) {
        self.shared.idle().clear();
    }

    /// Lends no more, waits until all are back, and takes leave of the server.
    pub(super) async fn close(&self) {
        self.shared.permits.close().await;
        let idle = std::mem::take(&mut *self.shared.idle());
        for Idle { connection, .. } in idle {
            if let Err(error) = connection.close().await {
                tracing::debug!(%error, "a connection was not closed in order");
            }
        }
    }

    async fn permit(&self) -> Result<Permit, Error> {
        match timeout(self.shared.connect_timeout, self.shared.permits.take(asker::current())).await {
            Ok(permit) => permit,
            Err(_) => Err(Error::Overloaded(self.shared.permits.waiting())),
        }
    }

    async fn reuse(&self) -> Option<PgConnection> {
        loop {
            let Idle { mut connection, since } = self.shared.idle().pop()?;
            if since.elapsed() < TRUSTED {
                return Some(connection);
            }
            if let Ok(Ok(())) = timeout(self.shared.connect_timeout, connection.ping()).await {
                return Some(connection);
            }
        }
    }
}

impl Shared {
    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lease {
    /// Gives the connection back: what was asked on it was answered to the end, and no transaction is open.
    pub(super) fn give_back(mut self) {
        if let Some(connection) = self.connection.take() {
            self.shared.idle().push(Idle { connection, since: Instant::now() });
        }
    }
}

impl Deref for Lease {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.connection.as_ref().expect("a lease holds its connection until it is given back, which consumes it")
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.connection.as_mut().expect("a lease holds its connection until it is given back, which consumes it")
    }
}
