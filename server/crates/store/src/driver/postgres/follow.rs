//! Follows the change log of Postgres: one task a node looks at it and says how far it is settled ([`Tail`]).
//!
//! It looks when this node has committed, when another node says so, and now and then anyway. `NOTIFY` inside the
//! writing transaction would serialise all commits (1,524 writes a second against 11,560), so this task sends it, a
//! moment later and for many commits at once; it only wakes, the log is the truth.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use plinth_model::{Seq, Statement, Value};
use sqlx::postgres::{PgConnection, PgListener, PgPoolOptions};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::fault;
use super::holders::Holders;
use super::migrations::{epoch, one};
use super::pool::Pool;
use super::tx::PgTx;
use crate::epoch::Epoch;
use crate::error::Error;
use crate::explain::plain;
use crate::system::Row;
use crate::tail::{Look, Tail, Then};
use crate::tx::{Columns, Tx};

/// The least time between two looks.
const PACE: Duration = Duration::from_millis(5);

/// The least time between two notifications to other nodes.
const NOTIFY_PACE: Duration = Duration::from_millis(10);

/// Between two attempts to reach a server that is gone.
const RETRY: Duration = Duration::from_millis(500);

/// A gap that is older than this may be held open by somebody who has nothing to do with the log.
const SUSPICIOUS: Duration = Duration::from_millis(100);

/// Places taken in at one look.
const LOOK: i64 = 10_000;

/// The channel on which nodes wake each other.
const CHANNEL: &str = "plinth_changes";

/// How far this node's look at the log has come.
pub(super) struct Follower {
    settled: AtomicI64,
    wake: watch::Sender<u64>,
    epoch: AtomicU64,
    /// Whether the last look succeeded and saw nothing behind what is settled.
    rests: AtomicBool,
    /// Set off when there may be something to see.
    look: Notify,
    /// Whether this node has committed since it last told the others.
    untold: AtomicBool,
    /// This node's name among those that notify.
    node: String,
}

/// How long a follower waits.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    /// Between two looks when nothing wakes it.
    pub(super) interval: Duration,
    /// For the answer to a look.
    pub(super) patience: Duration,
}

/// A follower's connection.
pub(super) struct Link {
    connection: PgConnection,
    tail: Tail,
    told: Instant,
    /// Who could fill the gap, if there is one.
    gap: Option<Holders>,
}

impl Link {
    /// Looks at who could fill a gap that has been there for long.
    async fn doubt_gap(&mut self) -> Result<(), Error> {
        let Some(holders) = self.gap.as_ref().filter(|holders| holders.age() > SUSPICIOUS) else { return Ok(()) };
        if holders.have_ended(&mut self.connection).await? {
            self.tail.release();
        }
        Ok(())
    }
}

impl Follower {
    /// Finds out where the log is settled now.
    pub(super) async fn start(pool: &Pool) -> Result<(Arc<Self>, Link), Error> {
        let mut connection = pool.connect().await?;
        let epoch = epoch(&mut connection).await?;
        let node = one(&mut connection, "select gen_random_uuid()::text").await?.text(0)?.to_owned();
        let settled = settle_all(&mut connection).await?;
        let follower = Self {
            settled: AtomicI64::new(settled.0),
            wake: watch::Sender::new(0),
            epoch: AtomicU64::new(epoch.0),
            rests: AtomicBool::new(true),
            look: Notify::new(),
            untold: AtomicBool::new(false),
            node,
        };
        Ok((Arc::new(follower), Link { connection, tail: Tail::at(settled), told: Instant::now(), gap: None }))
    }

    /// Up to where the log is settled.
    pub(super) fn settled(&self) -> Seq {
        Seq(self.settled.load(Ordering::Acquire))
    }

    /// Ticks whenever more of it is.
    pub(super) fn subscribe(&self) -> watch::Receiver<u64> {
        self.wake.subscribe()
    }

    /// The name of this history of the log.
    pub(super) fn epoch(&self) -> Epoch {
        Epoch(self.epoch.load(Ordering::Acquire))
    }

    /// Whether nothing can be behind what is settled, as far as the last look saw.
    pub(super) fn rests(&self) -> bool {
        self.rests.load(Ordering::Acquire)
    }

    /// Says that this node has committed something.
    pub(super) fn committed(&self) {
        self.untold.store(true, Ordering::Release);
        self.look.notify_one();
    }

    /// Looks whenever there may be something to see, until `stop`; finds its way back when the server was gone.
    pub(super) async fn follow(&self, mut link: Link, pool: &Pool, pace: Pace, stop: &CancellationToken) {
        loop {
            let error = tokio::select! {
                () = stop.cancelled() => return,
                error = self.keep_looking(&mut link, pace) => error,
            };
            self.rests.store(false, Ordering::Release);
            tracing::warn!(%error, "the change log can't be followed; trying again");
            link = loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = sleep(RETRY) => {}
                }
                match self.relink(pool, &link.tail, pace.patience).await {
                    Ok(link) => break link,
                    Err(error) => tracing::debug!(%error, "the change log can't be followed yet"),
                }
            };
            tracing::info!("the change log is followed again");
        }
    }

    /// Listens to other nodes until `stop`.
    pub(super) async fn listen(&self, pool: &Pool, stop: &CancellationToken) {
        loop {
            let error = tokio::select! {
                () = stop.cancelled() => return,
                error = self.keep_listening(pool) => error,
            };
            tracing::debug!(%error, "notifications of other nodes are not heard; looking at intervals");
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(RETRY) => {}
            }
        }
    }

    async fn keep_listening(&self, pool: &Pool) -> sqlx::Error {
        let single = PgPoolOptions::new().max_connections(1).connect_lazy_with(pool.options().clone());
        let listening = async {
            let mut listener = PgListener::connect_with(&single).await?;
            listener.listen(CHANNEL).await?;
            loop {
                self.look.notify_one();
                while listener.recv().await?.payload() == self.node {}
            }
        };
        let ended: Result<std::convert::Infallible, sqlx::Error> = listening.await;
        match ended {
            Err(error) => error,
        }
    }

    async fn keep_looking(&self, link: &mut Link, pace: Pace) -> Error {
        loop {
            let then = match timeout(pace.patience, self.look_and_tell(link)).await {
                Ok(Ok(then)) => then,
                Ok(Err(error)) => return error,
                Err(_) => return fault::silent(),
            };
            sleep(PACE).await;
            let untold = self.untold.load(Ordering::Acquire);
            let pause = match then {
                Then::Rest if untold => NOTIFY_PACE.saturating_sub(link.told.elapsed()),
                Then::Rest => pace.interval,
                Then::Draw(_) | Then::Wait => continue,
            };
            // Whether it was woken or not, it looks.
            let _ = timeout(pause, self.look.notified()).await;
        }
    }

    async fn look_and_tell(&self, link: &mut Link) -> Result<Then, Error> {
        if link.told.elapsed() >= NOTIFY_PACE && self.untold.swap(false, Ordering::AcqRel) {
            link.told = Instant::now();
            let args = vec![Value::text(CHANNEL), Value::text(&self.node)];
            let tell = Statement { text: "select pg_notify($1, $2)".to_owned(), args };
            ask(&mut link.connection, tell).await?;
        }
        let before = link.tail.settled();
        let look = look(&mut link.connection, before).await?;
        let then = link.tail.see(&look);
        self.rests.store(then == Then::Rest, Ordering::Release);
        match then {
            Then::Draw(upto) => {
                link.tail.mark(upto, draw(&mut link.connection).await?);
                link.gap = Some(Holders::of_the_log(&mut link.connection).await?);
            }
            Then::Wait => link.doubt_gap().await?,
            Then::Rest => {}
        }
        if link.tail.settled() > before {
            self.settled.store(link.tail.settled().0, Ordering::Release);
            self.wake.send_modify(|ticks| *ticks += 1);
        }
        Ok(then)
    }

    /// A new connection. In the same history the tail goes on where it was; in another one it starts anew.
    async fn relink(&self, pool: &Pool, tail: &Tail, patience: Duration) -> Result<Link, Error> {
        let mut connection = pool.connect().await?;
        let epoch = timeout(patience, epoch(&mut connection)).await.map_err(|_| fault::silent())??;
        let mut tail = tail.clone();
        tail.forget_mark();
        if epoch != self.epoch() {
            let settled = settle_all(&mut connection).await?;
            tail = Tail::at(settled);
            self.settled.store(settled.0, Ordering::Release);
            self.epoch.store(epoch.0, Ordering::Release);
            self.wake.send_modify(|ticks| *ticks += 1);
        }
        Ok(Link { connection, tail, told: Instant::now(), gap: None })
    }
}

/// Waits until all that is in the log now, and all that could come between, is settled.
async fn settle_all(connection: &mut PgConnection) -> Result<Seq, Error> {
    let greatest = one(connection, "select coalesce(max(seq), 0) from _changes").await?.int(0)?;
    let holders = Holders::of_the_log(connection).await?;
    let mut patience = Duration::from_secs(5);
    while !holders.have_ended(connection).await? {
        if holders.age() > patience {
            tracing::warn!("waiting for writes that were open when this server started");
            patience *= 2;
        }
        sleep(PACE).await;
    }
    Ok(Seq(greatest))
}

/// Draws a transaction number.
async fn draw(connection: &mut PgConnection) -> Result<i64, Error> {
    one(connection, "select pg_current_xact_id()::text::bigint").await?.int(0)
}

/// The places behind `settled` and the least running transaction, of one snapshot.
async fn look(connection: &mut PgConnection, settled: Seq) -> Result<Look, Error> {
    let text = "select now.running, log.seq
        from (select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as running) as now
        left join lateral (select seq from _changes where seq > $1 order by seq limit $2) as log on true
        order by log.seq"
        .to_owned();
    let rows = ask(connection, Statement { text, args: vec![Value::Int(settled.0), Value::Int(LOOK)] }).await?;
    let running = rows.first().map_or(Ok(0), |row| row.int(0))?;
    let places = rows.iter().filter_map(|row| row.optional_int(1).transpose());
    Ok(Look { places: places.map(|place| place.map(Seq)).collect::<Result<_, _>>()?, running })
}

pub(super) async fn ask(connection: &mut PgConnection, statement: Statement) -> Result<Vec<Row>, Error> {
    PgTx::new(connection).rows(statement, Columns::Plain).await.map_err(plain)
}
