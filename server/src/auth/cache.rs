//! Accounts by their access tokens, as the last look into the database found them.
//!
//! An entry is dropped with its account's slot: whoever changes an account marks the slot stale, and with it every
//! token that was checked under it, in one step. An entry found stale, or older than it may be while the change feed
//! is behind, is looked up again. A look that began before the mark is stale when it ends, since its slot is.
//!
//! Bounded: when a shard is full, what expired goes, and if that is not enough, half of it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plinth_model::{Collection, Instant, RecordId};
use sha2::{Digest as _, Sha256};

use crate::policy::Account;

/// Parts of the table of tokens, each behind its own lock.
const SHARDS: usize = 16;
/// Tokens in a part.
const MAX_TOKENS: usize = 4_096;
/// Slots kept before those that no token uses are dropped.
const MAX_SLOTS: usize = 65_536;
/// The age of an entry while the feed is behind, so that an end is never seen later than this.
const MAX_AGE: Duration = Duration::from_secs(1);
/// How long the feed counts as caught up after it said so; it says so at least once a second.
const IN_SYNC: Duration = Duration::from_millis(1_500);

/// The accounts of tokens.
#[derive(Default)]
pub(super) struct Cache {
    tokens: [Mutex<HashMap<Fingerprint, Entry>>; SHARDS],
    slots: Mutex<HashMap<RecordId, Arc<Slot>>>,
    in_sync_until: AtomicU64,
}

/// A hash of a token, so that no token is kept.
pub(super) type Fingerprint = [u8; 32];

/// Whether what is known about an account still holds.
#[derive(Debug, Default)]
pub(super) struct Slot(AtomicBool);

struct Entry {
    account: Arc<Account>,
    slot: Arc<Slot>,
    checked_at: Duration,
}

/// A moment, by both readings of the clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) now: Instant,
    pub(super) elapsed: Duration,
}

impl Slot {
    pub(super) fn is_stale(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

pub(super) fn fingerprint(token: &str) -> Fingerprint {
    Sha256::digest(token.as_bytes()).into()
}

impl Cache {
    /// The account of a token, if it is known, and known to hold. `users` is the collection as it is now: a record
    /// read under another definition is no use.
    pub(super) fn get(&self, token: &Fingerprint, users: &Arc<Collection>, at: Moment) -> Option<Arc<Account>> {
        let shard = self.shard(token);
        let entry = shard.get(token)?;
        let fresh = at.elapsed.saturating_sub(entry.checked_at) < MAX_AGE || self.is_in_sync(at.elapsed);
        let holds = fresh
            && !entry.slot.is_stale()
            && Arc::ptr_eq(&entry.account.users, users)
            && entry.account.expires_at > at.now;
        holds.then(|| entry.account.clone())
    }

    /// Keeps what was found, under the slot that was taken before the look began.
    pub(super) fn put(&self, token: Fingerprint, account: Arc<Account>, slot: Arc<Slot>, at: Moment) {
        let mut shard = self.shard(&token);
        if shard.len() >= MAX_TOKENS {
            shard.retain(|_, entry| entry.account.expires_at > at.now && !entry.slot.is_stale());
        }
        if shard.len() >= MAX_TOKENS {
            let mut keep = false;
            shard.retain(|_, _| {
                keep = !keep;
                keep
            });
        }
        shard.insert(token, Entry { account, slot, checked_at: at.elapsed });
    }

    /// The slot of an account; to be taken before the database is asked about it.
    pub(super) fn slot(&self, account: RecordId) -> Arc<Slot> {
        let mut slots = self.slots();
        if slots.len() >= MAX_SLOTS {
            slots.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
        slots.entry(account).or_default().clone()
    }

    /// What is known about this account holds no more.
    pub(super) fn forget(&self, account: RecordId) {
        if let Some(slot) = self.slots().remove(&account) {
            slot.0.store(true, Ordering::Release);
        }
    }

    /// Every end up to this moment was told.
    pub(super) fn in_sync(&self, elapsed: Duration) {
        let until = u64::try_from((elapsed + IN_SYNC).as_millis()).unwrap_or(u64::MAX);
        self.in_sync_until.store(until, Ordering::Relaxed);
    }

    fn is_in_sync(&self, elapsed: Duration) -> bool {
        elapsed.as_millis() < u128::from(self.in_sync_until.load(Ordering::Relaxed))
    }

    fn shard(&self, token: &Fingerprint) -> MutexGuard<'_, HashMap<Fingerprint, Entry>> {
        self.tokens[usize::from(token[0]) % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<RecordId, Arc<Slot>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
