//! The feed: reads the log once per node, in order, and wakes whoever follows it.
//!
//! What concerns the server itself is put in force first (rules and definitions are loaded again, sessions end),
//! and only then do followers see the changes behind it: nobody is sent an event under rules that had ended.
//!
//! On Postgres a write that is open holds up the log behind the place that it took. What ends a right does not wait for it:
//! it is looked for behind the hole as well and put in force at once, which needs no order, and once more in its turn.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use plinth_model::{Change, RecordId, Seq};
use plinth_store::Store;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::cursor::{Asked, Cursor, Seal};
use super::ring::{Logged, Ring};
use crate::policy::Policy;

/// Changes read from the log at once.
const BATCH: usize = 1000;

/// The longest between two looks at the log when nothing wakes the feed.
const POLL: Duration = Duration::from_millis(500);

/// The pause before the log is read again after it could not be.
const RETRY: Duration = Duration::from_millis(200);

/// The pause between two looks behind a hole.
const AHEAD: Duration = Duration::from_millis(100);

/// Tables whose changes are rules or definitions.
const IN_FORCE: [&str; 3] = ["_collections", "_policies", "_roles"];

/// Tables whose changes can end a right.
const RIGHTS: [&str; 6] = ["_collections", "_policies", "_roles", "_sessions", "_accounts", "users"];

/// Tables by which it is judged what somebody may do.
const JUDGES: [&str; 4] = ["_policies", "_roles", "_accounts", "users"];

/// The most changes of rights that are looked at.
const MAX_RIGHTS: usize = 100;

/// Is told about every change before followers see it, such as the accounts' service about ended sessions.
pub type Listener = Arc<dyn Fn(&Change) + Send + Sync>;

/// The change feed of this node; cheap to clone.
#[derive(Clone)]
pub struct Feed {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    policy: Policy,
    listeners: Vec<Listener>,
    seal: Seal,
    ring: RwLock<Ring>,
    head: watch::Sender<Seq>,
    /// The newest change of anybody's rights up to the head.
    last_right: AtomicI64,
}

impl Feed {
    /// A feed that starts at the end of the log. [`Feed::run`] makes it move.
    pub async fn open(
        store: Store,
        policy: Policy,
        listeners: Vec<Listener>,
        seal: Seal,
    ) -> Result<Self, plinth_store::Error> {
        let head = store.head().await?;
        let (ring, last_right) = (RwLock::new(Ring::new(head)), AtomicI64::new(head.0));
        let head = watch::Sender::new(head);
        Ok(Self { inner: Arc::new(Inner { store, policy, listeners, seal, ring, head, last_right }) })
    }

    /// Follows the log until `stop`; says `caught_up` whenever everything in it has been taken.
    pub async fn run(self, caught_up: impl Fn() + Send, stop: CancellationToken) {
        let mut wake = self.inner.store.wake();
        let mut ahead = Ahead { known: BTreeSet::new(), looked: Instant::now() };
        loop {
            // Asked first: a hole that opens later is seen the next time.
            let rests = self.inner.store.rests();
            let taken = match self.advance().await {
                Ok(()) if !rests && ahead.looked.elapsed() >= AHEAD => self.look_ahead(&mut ahead).await,
                taken => taken,
            };
            let pause = match taken {
                Ok(()) => {
                    caught_up();
                    if rests { POLL } else { AHEAD }
                }
                Err(error) => {
                    tracing::warn!(error = %error, "the change log could not be read");
                    ahead.known.clear();
                    RETRY
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                woken = wake.changed() => if woken.is_err() { return },
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Reads everything behind the head.
    async fn advance(&self) -> Result<(), AdvanceError> {
        loop {
            let changes = self.inner.store.changes(self.head(), BATCH).await?;
            let Some(last) = changes.last().map(|change| change.seq) else {
                return Ok(());
            };
            self.put_in_force(&changes).await?;
            if let Some(right) = changes.iter().rev().find(|change| JUDGES.contains(&change.collection.as_str())) {
                self.inner.last_right.store(right.seq.0, Ordering::Release);
            }
            let logged = changes.into_iter().map(|change| Arc::new(Logged::new(change)));
            self.inner.ring.write().unwrap_or_else(PoisonError::into_inner).extend(logged);
            self.inner.head.send_replace(last);
        }
    }

    async fn put_in_force(&self, changes: &[Change]) -> Result<(), AdvanceError> {
        if changes.iter().any(|change| IN_FORCE.contains(&change.collection.as_str())) {
            self.inner.policy.reload().await?;
        }
        for change in changes {
            self.inner.listeners.iter().for_each(|listener| listener(change));
        }
        Ok(())
    }

    /// Puts in force what ends a right behind the head, though it is not settled yet.
    async fn look_ahead(&self, ahead: &mut Ahead) -> Result<(), AdvanceError> {
        let head = self.head();
        ahead.looked = Instant::now();
        ahead.known.retain(|seq| *seq > head.0);
        let mut after = head;
        loop {
            let mut changes = self.inner.store.changes_ahead(&RIGHTS, after, BATCH).await?;
            let last = changes.last().map(|change| change.seq).filter(|_| changes.len() == BATCH);
            changes.retain(|change| ahead.known.insert(change.seq.0));
            if !changes.is_empty() {
                self.put_in_force(&changes).await?;
                // Those who follow look again at their rights, though the head stands still.
                self.inner.head.send_modify(|_| {});
            }
            let Some(last) = last else { return Ok(()) };
            after = last;
        }
    }

    /// The newest change that followers can see.
    pub fn head(&self) -> Seq {
        *self.inner.head.borrow()
    }

    /// Every change behind this place, up to the head, is in memory.
    pub fn tail(&self) -> Seq {
        self.inner.ring.read().unwrap_or_else(PoisonError::into_inner).tail()
    }

    /// Ticks when the head moves.
    pub fn watch(&self) -> watch::Receiver<Seq> {
        self.inner.head.subscribe()
    }

    /// A place in this history of the log, for a client: the last change seen, and those behind it that were seen too.
    pub fn cursor(&self, seq: Seq, asked: Asked, seen: &[Seq]) -> String {
        self.inner.seal.seal(&Cursor { seq, epoch: self.inner.store.epoch(), asked, seen: seen.to_vec() })
    }

    /// The place that a client names; `None` if it was not told here.
    pub fn place(&self, cursor: &str) -> Option<Cursor> {
        self.inner.seal.open(cursor)
    }

    /// The changes of some collections behind `after` from memory, and the place they reach to; `None` if they must be
    /// read from the log.
    pub fn recent(&self, wanted: impl Fn(&str) -> bool, after: Seq) -> Option<(Vec<Arc<Logged>>, Seq)> {
        let ring = self.inner.ring.read().unwrap_or_else(PoisonError::into_inner);
        let changes = ring.behind(after)?.filter(|change| wanted(&change.change.collection));
        Some((changes.cloned().collect(), ring.head().max(after)))
    }

    /// The changes of some collections behind `after` from the log, at most `limit`, and the place they reach to; `None` if
    /// some of them are kept no more.
    pub async fn logged(
        &self,
        collections: &[&str],
        after: Seq,
        limit: usize,
    ) -> Result<Option<(Vec<Arc<Logged>>, Seq)>, plinth_store::Error> {
        let head = self.head();
        if head <= after {
            return Ok(Some((Vec::new(), after)));
        }
        let changes = self.inner.store.changes_of(collections, after, head, limit).await?;
        let reached = match changes.last() {
            Some(last) if changes.len() == limit => last.seq,
            _ => head,
        };
        // Asked after the reading: what was dropped before it is missed, and what is dropped now was read.
        if self.inner.store.kept().await?.is_some_and(|(oldest, _)| after.0 < oldest.0 - 1) {
            return Ok(None);
        }
        Ok(Some((changes.into_iter().map(|change| Arc::new(Logged::new(change))).collect(), reached)))
    }

    /// The changes behind a place, up to the head, that can change what an account may do, the newest first; `None` if
    /// they are too many to look at.
    pub async fn rights(
        &self,
        account: Option<RecordId>,
        after: Seq,
    ) -> Result<Option<Vec<Arc<Logged>>>, plinth_store::Error> {
        if self.inner.last_right.load(Ordering::Acquire) <= after.0 {
            return Ok(Some(Vec::new()));
        }
        let mut changes = match self.recent_rights(account, after) {
            Some(changes) => changes,
            None => {
                let changes = self.inner.store.changes_of_rights(account, after, self.head(), MAX_RIGHTS).await?;
                changes.into_iter().map(|change| Arc::new(Logged::new(change))).collect()
            }
        };
        changes.sort_by_key(|change| std::cmp::Reverse(change.change.seq));
        Ok((changes.len() < MAX_RIGHTS).then_some(changes))
    }

    fn recent_rights(&self, account: Option<RecordId>, after: Seq) -> Option<Vec<Arc<Logged>>> {
        let (account, member) = match account {
            Some(account) => (account.to_string(), format!("user:{account}")),
            None => <(String, String)>::default(),
        };
        let concerns = |change: &Change| match change.collection.as_str() {
            "_policies" => true,
            "_roles" => change.id == member || change.id.starts_with("role:"),
            "_accounts" | "users" => change.id == account,
            _ => false,
        };
        let ring = self.inner.ring.read().unwrap_or_else(PoisonError::into_inner);
        Some(ring.behind(after)?.filter(|change| concerns(&change.change)).cloned().collect())
    }

    /// The first change of some collections behind a place, but for those that were seen.
    pub async fn first(
        &self,
        collections: &[&str],
        after: Seq,
        seen: &[Seq],
    ) -> Result<Option<Seq>, plinth_store::Error> {
        let new = |seq: &Seq| !seen.contains(seq);
        if let Some((changes, _)) = self.recent(|name| collections.contains(&name), after) {
            return Ok(changes.iter().map(|change| change.change.seq).find(new));
        }
        let changes = self.inner.store.changes_of(collections, after, self.head(), seen.len() + 1).await?;
        Ok(changes.iter().map(|change| change.seq).find(new))
    }

    /// Whether this place is of the history that the database has, and every change behind it is still kept.
    pub async fn reaches(&self, cursor: &Cursor) -> Result<bool, plinth_store::Error> {
        if !self.inner.store.holds(cursor.epoch, cursor.seq) {
            return Ok(false);
        }
        let kept = self.inner.store.kept().await?;
        Ok(kept.is_none_or(|(oldest, newest)| (oldest.0 - 1..=newest.0).contains(&cursor.seq.0)))
    }
}

/// What the looks behind a hole have come to.
struct Ahead {
    /// Places behind the head that were put in force.
    known: BTreeSet<i64>,
    /// When it was looked last: a hole that writes open and close all the time is not worth a look each.
    looked: Instant,
}

#[derive(Debug, thiserror::Error)]
enum AdvanceError {
    #[error(transparent)]
    Store(#[from] plinth_store::Error),
    #[error(transparent)]
    Policy(#[from] crate::policy::LoadError),
}
