//! Limits on guessing: token buckets in memory, by address, by account, and by the pair of both.
//!
//! A try is taken before the password is looked at, so that many at once can't pass the limit, and given back when it
//! was right; who finds the bucket empty while others are being looked at waits for them. The pair keeps one stranger
//! from locking an account's owner out; the account's own bucket is wide and catches those who try from many
//! addresses. Those could empty it on purpose, so it does not count where its owner is signed in: from the networks of
//! the account's sessions only the pair and the address do. Unknown accounts are counted like known ones.
//!
//! Each bucket is one number, the time at which it will be full again (the generic cell rate algorithm of
//! ITU-T I.371). A full bucket is not kept. When too many are kept, those nearest to full are forgotten: somebody
//! with a million addresses can wash out others' counts, but not faster than they fill again by themselves.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hash};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::{Email, Error};
use crate::clock::SharedClock;
use crate::config::{GuessLimits, Timespan};

/// Buckets kept at a time, 24 bytes each.
const MAX_BUCKETS: usize = 100_000;

/// How long a try may wait for others at the same account to be decided.
const PATIENCE: Duration = Duration::from_secs(5);

/// All buckets of this node.
#[derive(Debug)]
pub(super) struct Limits {
    clock: SharedClock,
    hasher: RandomState,
    rates: [Rate; 3],
    buckets: Mutex<HashMap<u64, Bucket>>,
    decided: Notify,
}

#[derive(Debug, Clone, Copy)]
struct Rate {
    burst: u32,
    every: Duration,
}

impl Rate {
    /// How long until there is a try in this bucket.
    fn wait(self, bucket: Bucket, now: Duration) -> Duration {
        bucket.full_at.saturating_sub(now).saturating_sub(self.every * (self.burst - 1))
    }
}

/// A bucket that is not full.
#[derive(Debug, Clone, Copy, Default)]
struct Bucket {
    full_at: Duration,
    /// Tries that were taken and are not decided yet.
    pending: u32,
}

/// What tries are counted by.
#[derive(Debug, Clone, Copy)]
enum By {
    Address,
    Pair,
    Account,
}

/// A try that was taken. Dropped, it counts.
#[derive(Debug)]
#[must_use]
pub(super) struct Try<'a> {
    limits: &'a Limits,
    keys: Vec<(By, u64)>,
}

/// Why there is no try now.
#[derive(Debug, PartialEq, Eq)]
struct Wait {
    /// When there will be one.
    time: Duration,
    /// Whether there may be one earlier, since others are not decided yet.
    undecided: bool,
}

impl Limits {
    pub(super) fn new(settings: &GuessLimits, clock: SharedClock) -> Self {
        let rate = |burst: NonZeroU32, every: Timespan| Rate { burst: burst.get(), every: every.duration() };
        Self {
            clock,
            hasher: RandomState::new(),
            rates: [
                rate(settings.address_burst, settings.address_every),
                rate(settings.pair_burst, settings.pair_every),
                rate(settings.account_burst, settings.account_every),
            ],
            buckets: Mutex::default(),
            decided: Notify::new(),
        }
    }

    /// A try at anything that can be guessed, from this address.
    pub(super) async fn try_from_address(&self, address: IpAddr) -> Result<Try<'_>, Error> {
        self.wait_for(vec![self.key(By::Address, network(address))]).await
    }

    /// A try at the password of the account with this address of mail, whether it exists or not. `known` tells where its
    /// sessions were seen, and is asked only if the account has no try left.
    pub(super) async fn try_password(
        &self,
        from: IpAddr,
        account: &Email,
        known: impl AsyncFnOnce() -> Result<Vec<IpAddr>, Error>,
    ) -> Result<Try<'_>, Error> {
        let from = network(from);
        let near = vec![self.key(By::Address, from), self.key(By::Pair, (from, account))];
        let anywhere = self.key(By::Account, account);
        if self.is_empty(anywhere) && known().await?.into_iter().any(|known| network(known) == from) {
            return self.wait_for(near).await;
        }
        self.wait_for(near.into_iter().chain([anywhere]).collect()).await
    }

    /// A try, as soon as it is clear whether there is one: while others are not decided, they may be given back.
    async fn wait_for(&self, keys: Vec<(By, u64)>) -> Result<Try<'_>, Error> {
        let patience = tokio::time::sleep(PATIENCE);
        tokio::pin!(patience);
        loop {
            let decided = self.decided.notified();
            tokio::pin!(decided);
            decided.as_mut().enable();
            match self.take(&keys) {
                Ok(()) => return Ok(Try { limits: self, keys }),
                Err(Wait { time, undecided: false }) => return Err(Error::TooManyTries(time)),
                Err(Wait { time, undecided: true }) => tokio::select! {
                    () = decided => {}
                    () = &mut patience => return Err(Error::TooManyTries(time)),
                },
            }
        }
    }

    /// Whether there is no try in a bucket now.
    fn is_empty(&self, (by, key): (By, u64)) -> bool {
        let bucket = self.buckets().get(&key).copied().unwrap_or_default();
        !self.rates[by as usize].wait(bucket, self.clock.elapsed()).is_zero()
    }

    /// One try from each of the buckets, or none from any.
    fn take(&self, keys: &[(By, u64)]) -> Result<(), Wait> {
        let now = self.clock.elapsed();
        let mut buckets = self.buckets();
        for (by, key) in keys {
            let bucket = buckets.get(key).copied().unwrap_or_default();
            let time = self.rates[*by as usize].wait(bucket, now);
            if !time.is_zero() {
                return Err(Wait { time, undecided: bucket.pending > 0 });
            }
        }
        for (by, key) in keys {
            let bucket = buckets.entry(*key).or_default();
            bucket.full_at = bucket.full_at.max(now) + self.rates[*by as usize].every;
            bucket.pending += 1;
        }
        if buckets.len() > MAX_BUCKETS {
            forget(&mut buckets, now);
        }
        Ok(())
    }

    /// The tries are decided: they count, or were right and do not.
    fn decide(&self, keys: &[(By, u64)], counts: bool) {
        let mut buckets = self.buckets();
        for (by, key) in keys {
            if let Some(bucket) = buckets.get_mut(key) {
                bucket.pending = bucket.pending.saturating_sub(1);
                if !counts {
                    bucket.full_at = bucket.full_at.saturating_sub(self.rates[*by as usize].every);
                }
            }
        }
        drop(buckets);
        self.decided.notify_waiters();
    }

    fn key(&self, by: By, what: impl Hash) -> (By, u64) {
        (by, self.hasher.hash_one((by as u8, what)))
    }

    fn buckets(&self) -> MutexGuard<'_, HashMap<u64, Bucket>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Try<'_> {
    /// It was right and does not count.
    pub(super) fn give_back(mut self) {
        let keys = std::mem::take(&mut self.keys);
        self.limits.decide(&keys, false);
    }
}

impl Drop for Try<'_> {
    fn drop(&mut self) {
        if !self.keys.is_empty() {
            self.limits.decide(&self.keys, true);
        }
    }
}

/// Forgets buckets that are full, and if that is not enough the half that is nearest to it.
fn forget(buckets: &mut HashMap<u64, Bucket>, now: Duration) {
    buckets.retain(|_, bucket| bucket.full_at > now);
    if buckets.len() > MAX_BUCKETS / 2 {
        let mut times: Vec<Duration> = buckets.values().map(|bucket| bucket.full_at).collect();
        let middle = times.len() / 2;
        let median = *times.select_nth_unstable(middle).1;
        buckets.retain(|_, bucket| bucket.full_at > median);
    }
}

/// What one client can move within: an IPv4 address, or an IPv6 network of 64 bits.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
        IpAddr::V4(address) => IpAddr::V4(address),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::manual::ManualClock;

    fn limits() -> (Arc<ManualClock>, Limits) {
        let clock = Arc::new(ManualClock::new());
        let nonzero = |count| NonZeroU32::new(count).unwrap();
        let settings = GuessLimits {
            address_burst: nonzero(20),
            address_every: Timespan::seconds(1),
            pair_burst: nonzero(3),
            pair_every: Timespan::minutes(1),
            account_burst: nonzero(5),
            account_every: Timespan::minutes(1),
        };
        let limits = Limits::new(&settings, clock.clone());
        (clock, limits)
    }

    /// Counts the try, or tells how long to wait for it.
    async fn wait(attempt: impl Future<Output = Result<Try<'_>, Error>>) -> Option<Duration> {
        match attempt.await {
            Ok(_) => None,
            Err(Error::TooManyTries(wait)) => Some(wait),
            Err(other) => panic!("{other}"),
        }
    }

    /// A try at an account that nobody is signed in to.
    async fn tried<'a>(limits: &'a Limits, from: IpAddr, account: &Email) -> Result<Try<'a>, Error> {
        limits.try_password(from, account, async || Ok(Vec::new())).await
    }

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    #[tokio::test]
    async fn the_fourth_wrong_password_waits_and_others_do_not() {
        let (clock, limits) = limits();
        let (ada, bob) = (Email::parse("ada@x.org").unwrap(), Email::parse("bob@x.org").unwrap());
        for _ in 0..3 {
            assert_eq!(wait(tried(&limits, HERE, &ada)).await, None);
        }
        assert_eq!(wait(tried(&limits, HERE, &ada)).await, Some(Duration::from_mins(1)));
        assert_eq!(wait(tried(&limits, HERE, &bob)).await, None);
        assert_eq!(wait(tried(&limits, THERE, &ada)).await, None);
        clock.advance(Duration::from_mins(1));
        assert_eq!(wait(tried(&limits, HERE, &ada)).await, None);
        assert_eq!(wait(tried(&limits, HERE, &ada)).await, Some(Duration::from_mins(1)));
    }

    #[tokio::test]
    async fn a_right_password_does_not_count() {
        let (_, limits) = limits();
        let ada = Email::parse("ada@x.org").unwrap();
        for _ in 0..50 {
            tried(&limits, HERE, &ada).await.unwrap().give_back();
        }
    }

    #[tokio::test]
    async fn who_finds_the_bucket_empty_waits_for_those_before() {
        let (_, limits) = limits();
        let ada = Email::parse("ada@x.org").unwrap();
        let mut before = Vec::new();
        for _ in 0..3 {
            before.push(tried(&limits, HERE, &ada).await.unwrap());
        }

        let (right, next) = tokio::join!(async { before.pop().map(Try::give_back) }, tried(&limits, HERE, &ada));
        assert!(right.is_some() && next.is_ok());
        drop(next);
        let ((), next) = tokio::join!(async { before.clear() }, wait(tried(&limits, HERE, &ada)));
        assert_eq!(next, Some(Duration::from_mins(1)));
    }

    #[tokio::test]
    async fn an_account_is_guarded_against_many_addresses() {
        let (_, limits) = limits();
        let ada = Email::parse("ada@x.org").unwrap();
        let from = |last: u8| IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, last));
        for last in 0..5 {
            assert_eq!(wait(tried(&limits, from(last), &ada)).await, None);
        }
        assert!(wait(tried(&limits, from(5), &ada)).await.is_some());
    }

    #[tokio::test]
    async fn strangers_do_not_lock_an_account_out_of_where_it_is_signed_in() {
        let (_, limits) = limits();
        let ada = Email::parse("ada@x.org").unwrap();
        for last in 0..5 {
            let from = IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, last));
            assert_eq!(wait(tried(&limits, from, &ada)).await, None);
        }
        assert!(wait(tried(&limits, HERE, &ada)).await.is_some());
        // There, what one address may guess is all that may be.
        for _ in 0..3 {
            assert_eq!(wait(limits.try_password(HERE, &ada, async || Ok(vec![HERE]))).await, None);
        }
        let refused = wait(limits.try_password(HERE, &ada, async || Ok(vec![HERE]))).await;
        assert_eq!(refused, Some(Duration::from_mins(1)));
        assert!(wait(limits.try_password(THERE, &ada, async || Ok(vec![HERE]))).await.is_some());
    }

    #[tokio::test]
    async fn neighbours_of_one_ipv6_network_share_a_bucket() {
        let (_, limits) = limits();
        for n in 0..20u16 {
            let address: IpAddr = format!("2001:db8::{n:x}").parse().unwrap();
            assert_eq!(wait(limits.try_from_address(address)).await, None);
        }
        assert!(wait(limits.try_from_address("2001:db8::ffff".parse().unwrap())).await.is_some());
        assert_eq!(wait(limits.try_from_address("2001:db8:0:1::1".parse().unwrap())).await, None);
    }

    #[tokio::test]
    async fn the_number_of_buckets_is_bounded() {
        let (_, limits) = limits();
        for n in 0..u32::try_from(MAX_BUCKETS).unwrap() + 10 {
            assert_eq!(wait(limits.try_from_address(IpAddr::V4(n.into()))).await, None);
        }
        assert!(limits.buckets().len() <= MAX_BUCKETS);
    }
}
