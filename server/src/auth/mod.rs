//! Accounts: who signs in, with what, and for how long.
//!
//! An account is its record in `users`; what it signs in with lives in `_accounts` and never in a record. A sign-in
//! begins a session: a family of refresh tokens, each used once, and short signed access tokens. Every request asks
//! whether the token's session and account still stand; the answer is kept in memory and dropped by the change log
//! ([`Auth::on_change`]), so an end reaches every node with the change and costs no query otherwise.

mod cache;
mod email;
mod error;
mod keys;
mod limits;
mod login;
mod maintain;
mod me;
mod newcomer;
mod password;
mod password_change;
mod refresh;
mod register;
mod session;
mod setup;
mod token;
mod users;
mod verify;

use std::sync::Arc;

use plinth_model::sql::write;
use plinth_model::{Collection, Instant, Record, RecordId};
use plinth_store::{Failure, Mutation, Outcome, Step, Store};
use tokio::sync::Notify;

pub use email::Email;
pub use error::Error;
pub use me::Profile;
pub use password::Password;
pub use register::NewAccount;
pub use session::{Client, Session, SignedIn};
pub use setup::MadeAdmin;
pub use users::{NewUser, User, UserPage, UserPatch};

use crate::clock::SharedClock;
use crate::config::AuthSettings;
use crate::entropy::SharedEntropy;
use crate::policy::Policy;
use cache::Cache;
use keys::Keys;
use limits::Limits;
use password::Hasher;
use token::refresh::RefreshKey;

/// The role of administrators.
pub const ADMIN: &str = "role:admin";

/// The accounts' service; cheap to clone.
#[derive(Clone)]
pub struct Auth {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    policy: Policy,
    clock: SharedClock,
    entropy: SharedEntropy,
    settings: AuthSettings,
    hasher: Hasher,
    limits: Limits,
    keys: Keys,
    refresh_key: RefreshKey,
    cache: Cache,
    stale_keys: Notify,
}

/// What the service works with.
pub struct Means {
    /// The database.
    pub store: Store,
    /// The policies, for roles and for what an account sees of itself.
    pub policy: Policy,
    /// The time.
    pub clock: SharedClock,
    /// Randomness.
    pub entropy: SharedEntropy,
    /// The settings.
    pub settings: AuthSettings,
}

impl Auth {
    /// Loads the keys, or makes them at the first start.
    pub async fn open(means: Means) -> Result<Self, Error> {
        let Means { store, policy, clock, entropy, settings } = means;
        let keys = Keys::open(&store, &clock, &entropy, &settings).await?;
        let refresh_key = RefreshKey::open(&store, &clock, &entropy).await?;
        let inner = Inner {
            hasher: Hasher::new(settings.hashing, entropy.clone()),
            limits: Limits::new(&settings.limits, clock.clone()),
            cache: Cache::default(),
            stale_keys: Notify::new(),
            store,
            policy,
            clock,
            entropy,
            settings,
            keys,
            refresh_key,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// A key of the server for this purpose, the same on every node; made when it is first asked for.
    pub async fn secret(&self, name: &str) -> Result<[u8; 32], Error> {
        let Inner { store, clock, entropy, .. } = &*self.inner;
        Ok(keys::secret(store, clock, entropy, name).await?)
    }

    /// The collection `users` as it is now.
    fn users(&self) -> Result<Arc<Collection>, Error> {
        let users = self.inner.policy.state().catalog().get(plinth_model::schema::collection::USERS).cloned();
        users.ok_or_else(|| Error::Fault("the collection users is missing"))
    }

    /// Stores what becomes of an account's record, and the steps that go with it. Where other definitions were put in
    /// force meanwhile, those of `users` are the same more often than not, and it is done again by them.
    async fn store_record(
        &self,
        mutation: impl Fn() -> Option<Mutation<Error>> + Send + Sync,
        steps: Vec<Step>,
        by: Option<RecordId>,
        now: Instant,
    ) -> Result<(), Error> {
        let mut tries = 0;
        loop {
            let catalog = self.inner.policy.state().catalog().clone();
            let (version, mutations) = (catalog.version(), mutation().into_iter().collect());
            let steps = steps.clone();
            let behind = Box::new(move |_: &[Outcome]| steps.clone());
            let stored = self.inner.store.transact_with(catalog, mutations, Some(behind), by, now).await;
            match stored.map_err(|Failure { cause, .. }| Error::from(cause)) {
                Err(Error::Store(plinth_store::Error::SchemaChanged(_))) if tries < 2 => {
                    self.inner.policy.catch_up(version).await?;
                    tries += 1;
                }
                done => return done.map(drop),
            }
        }
    }

    /// An account's record, if it has one.
    async fn record(&self, users: &Collection, id: RecordId) -> Result<Option<Record>, Error> {
        Ok(self.records(users, &[id]).await?.pop())
    }

    /// The records of these accounts, in no order.
    async fn records(&self, users: &Collection, ids: &[RecordId]) -> Result<Vec<Record>, Error> {
        let store = &self.inner.store;
        let kinds: Vec<_> = write::columns(users).map(|(_, kind)| kind).collect();
        let rows = store.fetch(write::stored_all(users, store.dialect(), ids), &kinds).await?;
        let read = |row: plinth_store::Row| write::record(users, row.0);
        rows.into_iter().map(read).collect::<Option<_>>().ok_or(Error::Fault("a row of users can't be read"))
    }
}
