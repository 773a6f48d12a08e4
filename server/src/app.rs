//! The server as a set of small services; a handler asks for exactly one of them.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRef;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use plinth_model::cursor::CursorSeal;
use plinth_store::{Location, Options, Store};
use sha2::{Digest as _, Sha256};

use crate::auth::{self, Auth};
use crate::changes::Feed;
use crate::changes::cursor::Seal;
use crate::changes::feed::Listener;
use crate::changes::retention::{self, Retention};
use crate::clock::{SharedClock, SystemClock};
use crate::collections::Collections;
use crate::config::{RealtimeSettings, Settings};
use crate::entropy::{SharedEntropy, SystemEntropy};
use crate::lifecycle::Lifecycle;
use crate::policy::{LoadError, Policy};
use crate::realtime::doors::Doors;
use crate::realtime::hub::{Means, Revocations};
use crate::realtime::{Hub, Limits};
use crate::records::Records;
use crate::telemetry::{Metrics, MetricsError};

/// Everything that handlers can ask for.
#[derive(Clone, FromRef)]
pub struct App {
    /// The settings.
    pub settings: Arc<Settings>,
    /// The time.
    pub clock: SharedClock,
    /// Randomness.
    pub entropy: SharedEntropy,
    /// The recorded metrics.
    pub metrics: Metrics,
    /// Whether the server can do its work.
    pub health: Health,
    /// The end of the process.
    pub lifecycle: Lifecycle,
    /// The policies, and the collections in force.
    pub policy: Policy,
    /// The verbs on collections.
    pub collections: Collections,
    /// The verbs on records.
    pub records: Records,
    /// The accounts.
    pub auth: Auth,
    /// The live subscriptions.
    pub hub: Hub,
    /// Who has a socket open.
    pub doors: Doors,
}

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The metrics.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// The database.
    #[error("{setting}: {source}")]
    Open {
        /// The setting that says where it is.
        setting: &'static str,
        /// Why it was not opened.
        source: plinth_store::OpenError,
    },
    /// What is stored.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The built-in collections.
    #[error("the built-in collections could not be made: {0}")]
    Bootstrap(#[from] crate::collections::Error),
    /// The database.
    #[error(transparent)]
    Store(#[from] plinth_store::Error),
    /// The accounts.
    #[error("{}", .0.for_operator())]
    Auth(#[from] auth::Error),
}

/// The services that the commands need too; nothing of it runs by itself.
#[derive(Clone)]
pub struct Core {
    /// The time.
    pub clock: SharedClock,
    /// Randomness.
    pub entropy: SharedEntropy,
    /// The database.
    pub store: Store,
    /// The policies, and the collections in force.
    pub policy: Policy,
    /// The verbs on collections.
    pub collections: Collections,
    /// The accounts.
    pub auth: Auth,
}

impl Core {
    /// Opens the database, and makes what a new one lacks.
    pub async fn open(settings: &Settings) -> Result<Self, StartError> {
        let clock: SharedClock = Arc::new(SystemClock::start());
        let entropy: SharedEntropy = Arc::new(SystemEntropy);
        let location = location(settings);
        let store = Store::open(&location, &options(settings)).await;
        let store = store.map_err(|source| StartError::Open { setting: setting_of(&location), source })?;
        let policy = Policy::open(store.clone()).await?;
        let collections = Collections::new(store.clone(), policy.clone(), clock.clone());
        collections.bootstrap(&entropy).await?;
        let means = auth::Means {
            store: store.clone(),
            policy: policy.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            settings: settings.auth.clone(),
        };
        let auth = Auth::open(means).await?;
        Ok(Self { clock, entropy, store, policy, collections, auth })
    }
}

impl App {
    /// Opens the database and starts the services; their tasks run until `lifecycle` stops.
    pub async fn open(settings: Arc<Settings>, lifecycle: &Lifecycle) -> Result<Self, StartError> {
        let Core { clock, entropy, store, policy, collections, auth } = Core::open(&settings).await?;
        let seal = CursorSeal::new(secret("list-cursors", &store, &clock, &entropy).await?);
        let records = Records::new(store.clone(), policy.clone(), clock.clone(), entropy.clone(), seal);
        let revocations = Arc::new(Revocations::default());
        let feed_seal = Seal::new(&secret("feed-cursors", &store, &clock, &entropy).await?);
        let feed = Feed::open(store.clone(), policy.clone(), listeners(&auth, &revocations), feed_seal).await?;
        let means = Means {
            store: store.clone(),
            feed: feed.clone(),
            records: records.clone(),
            policy: policy.clone(),
            auth: auth.clone(),
            clock: clock.clone(),
            revocations,
        };
        let hub = Hub::new(means, limits(&settings.realtime));
        let caught_up = {
            let auth = auth.clone();
            move || auth.in_sync()
        };
        lifecycle.spawn(feed.run(caught_up, lifecycle.token().clone()));
        let keep = Retention { age: settings.changes.keep.duration(), changes: settings.changes.at_most };
        lifecycle.spawn(retention::run(store.clone(), clock.clone(), keep, lifecycle.token().clone()));
        lifecycle.spawn(auth.clone().maintain(lifecycle.token().clone()));
        Ok(Self {
            metrics: Metrics::start(&settings.metrics, lifecycle)?,
            health: Health { lifecycle: lifecycle.clone(), store },
            lifecycle: lifecycle.clone(),
            doors: Doors::default(),
            settings,
            clock,
            entropy,
            policy,
            collections,
            records,
            auth,
            hub,
        })
    }

    /// Ends the work of the database; to be called when no request is left.
    pub async fn close(&self) {
        self.health.store.close().await;
    }
}

/// Where the settings put the database.
pub fn location(settings: &Settings) -> Location {
    if settings.database.url.is_empty() {
        Location::Sqlite(settings.data.dir.clone())
    } else {
        Location::Postgres(settings.database.url.clone())
    }
}

/// The setting that says so.
fn setting_of(location: &Location) -> &'static str {
    match location {
        Location::Sqlite(_) => "data.dir",
        Location::Postgres(_) => "database.url",
    }
}

/// What the settings let the store use.
pub fn options(settings: &Settings) -> Options {
    Options {
        connections: settings.database.max_connections.get(),
        statement_timeout: settings.database.statement_timeout.duration(),
        ..Options::default()
    }
}

/// A key that cursors are sealed with: the same on every node and after every start.
async fn secret(
    name: &str,
    store: &Store,
    clock: &SharedClock,
    entropy: &SharedEntropy,
) -> Result<[u8; 32], plinth_store::Error> {
    let candidate = URL_SAFE_NO_PAD.encode(entropy.bytes::<32>());
    let secret = store.secret(name, &candidate, clock.now()).await?;
    Ok(Sha256::digest(secret.as_bytes()).into())
}

fn limits(settings: &RealtimeSettings) -> Limits {
    Limits {
        connections: settings.max_connections,
        connections_each: settings.max_connections_per_address,
        connections_of_account: settings.max_connections_per_account,
        subscriptions: settings.max_subscriptions,
        frame: settings.max_frame.bytes(),
        heartbeat: settings.heartbeat.duration(),
        write: settings.write_timeout.duration(),
    }
}

fn listeners(auth: &Auth, revocations: &Arc<Revocations>) -> Vec<Listener> {
    let (auth, revocations) = (auth.clone(), revocations.clone());
    vec![Arc::new(move |change| auth.on_change(change)), Arc::new(move |change| revocations.notice(change))]
}

/// Whether the server can do its work.
#[derive(Clone)]
pub struct Health {
    lifecycle: Lifecycle,
    store: Store,
}

impl Health {
    /// Nothing if it can, otherwise the reason.
    pub async fn check(&self) -> Result<(), String> {
        if self.lifecycle.is_stopping() {
            return Err("the server is stopping".to_owned());
        }
        match tokio::time::timeout(Duration::from_secs(2), self.store.ping()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("the database did not answer within two seconds".to_owned()),
        }
    }
}
