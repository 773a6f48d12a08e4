//! The tree of settings and their defaults.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Cidr, Size, Timespan, level, site};

/// All settings of a server.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The listener and its limits.
    pub server: ServerSettings,
    /// Where files are kept.
    pub data: DataSettings,
    /// The database.
    pub database: DatabaseSettings,
    /// Accounts, tokens and limits on guessing.
    pub auth: AuthSettings,
    /// The sockets of subscribers.
    pub realtime: RealtimeSettings,
    /// The change log.
    pub changes: ChangeSettings,
    /// The log.
    pub log: LogSettings,
    /// The metrics.
    pub metrics: MetricsSettings,
}

/// The listener and its limits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerSettings {
    /// The address to listen on.
    #[serde(deserialize_with = "site::listen")]
    pub listen: SocketAddr,
    /// The address under which people reach the server; empty: `http://` and the listening address.
    #[serde(deserialize_with = "site::public_url")]
    pub public_url: String,
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    pub trusted_proxies: Vec<Cidr>,
    /// Origins of other sites whose pages may call the API.
    #[serde(deserialize_with = "site::origins")]
    pub allowed_origins: Vec<String>,
    /// Connections at a time; further ones wait in the kernel's queue.
    pub max_connections: NonZeroUsize,
    /// How long a client may take to send the head of a request, and how long its body.
    pub header_timeout: Timespan,
    /// How long a connection may idle.
    pub idle_timeout: Timespan,
    /// How long a request may take as a whole.
    pub request_timeout: Timespan,
    /// The largest JSON body.
    pub body_limit: Size,
    /// How long requests in flight may go on after the word to stop.
    pub drain_timeout: Timespan,
}

/// Where files are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataSettings {
    /// The directory of the SQLite database.
    pub dir: PathBuf,
}

/// The database.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseSettings {
    /// `postgres://…`; empty: SQLite in the data directory.
    #[serde(deserialize_with = "site::database_url")]
    pub url: String,
    /// Connections to Postgres.
    pub max_connections: NonZeroU32,
    /// How long one statement may run.
    pub statement_timeout: Timespan,
}

/// Accounts, tokens and limits on guessing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuthSettings {
    /// Who may make an account.
    pub registration: Registration,
    /// How long an access token is valid.
    pub access_token: Timespan,
    /// After how long without a refresh a session ends.
    pub session_idle: Timespan,
    /// After how long a session ends in any case.
    pub session_max: Timespan,
    /// After how long a new signing key is made.
    pub key_rotation: Timespan,
    /// How long the printed set-up link is valid.
    pub setup_link: Timespan,
    /// Passwords hashed at a time, each with 19 MiB of memory; 0: half of the cores.
    pub hashing: usize,
    /// Limits on guessing.
    pub limits: GuessLimits,
}

/// Limits on guessing: tries at once, and the time after which one more is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GuessLimits {
    /// Tries of one client address at anything that can be guessed.
    pub address_burst: NonZeroU32,
    /// The time after which an address gets one more.
    pub address_every: Timespan,
    /// Wrong passwords of one client address for one account.
    pub pair_burst: NonZeroU32,
    /// The time after which that pair gets one more.
    pub pair_every: Timespan,
    /// Wrong passwords for one account from anywhere but the networks where it is signed in.
    pub account_burst: NonZeroU32,
    /// The time after which an account gets one more.
    pub account_every: Timespan,
}

/// Who may make an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Registration {
    /// Everybody.
    Open,
    /// Administrators only.
    Closed,
}

/// The sockets of subscribers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RealtimeSettings {
    /// Sockets in all.
    pub max_connections: usize,
    /// Sockets of one address.
    pub max_connections_per_address: usize,
    /// Sockets of one account.
    pub max_connections_per_account: usize,
    /// Subscriptions of one socket.
    pub max_subscriptions: usize,
    /// The longest frame that a client may send.
    pub max_frame: Size,
    /// Between two signs of life.
    pub heartbeat: Timespan,
    /// How long a client may take to read what was sent to it.
    pub write_timeout: Timespan,
}

/// The change log, which subscribers and other readers resume from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChangeSettings {
    /// How long changes are kept.
    pub keep: Timespan,
    /// The most changes kept, the newest.
    pub at_most: u64,
}

/// The log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogSettings {
    /// For people or for machines.
    pub format: LogFormat,
    /// The least level, or directives such as `info,plinth::http=debug`.
    #[serde(deserialize_with = "level::read")]
    pub level: String,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for people.
    Human,
    /// One JSON object a line.
    Json,
}

/// The metrics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MetricsSettings {
    /// Whether `/metrics` answers.
    pub enabled: bool,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            public_url: String::new(),
            trusted_proxies: Vec::new(),
            allowed_origins: Vec::new(),
            max_connections: NonZeroUsize::MIN.saturating_add(9_999),
            header_timeout: Timespan::seconds(10),
            idle_timeout: Timespan::seconds(75),
            request_timeout: Timespan::seconds(30),
            body_limit: Size::mebibytes(1),
            drain_timeout: Timespan::seconds(8),
        }
    }
}

impl Default for DataSettings {
    fn default() -> Self {
        Self { dir: PathBuf::from("plinth_data") }
    }
}

impl Default for DatabaseSettings {
    fn default() -> Self {
        Self {
            url: String::new(),
            max_connections: NonZeroU32::MIN.saturating_add(15),
            statement_timeout: Timespan::seconds(5),
        }
    }
}

impl Default for AuthSettings {
    fn default() -> Self {
        Self {
            registration: Registration::Open,
            access_token: Timespan::minutes(10),
            session_idle: Timespan::days(30),
            session_max: Timespan::days(365),
            key_rotation: Timespan::days(30),
            setup_link: Timespan::days(1),
            hashing: 0,
            limits: GuessLimits::default(),
        }
    }
}

impl Default for GuessLimits {
    fn default() -> Self {
        Self {
            address_burst: NonZeroU32::MIN.saturating_add(239),
            address_every: Timespan::millis(250),
            pair_burst: NonZeroU32::MIN.saturating_add(9),
            pair_every: Timespan::minutes(1),
            account_burst: NonZeroU32::MIN.saturating_add(249),
            account_every: Timespan::seconds(15),
        }
    }
}

impl Default for RealtimeSettings {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            max_connections_per_address: 10_000,
            max_connections_per_account: 10_000,
            max_subscriptions: 100,
            max_frame: Size::kibibytes(64),
            heartbeat: Timespan::seconds(25),
            write_timeout: Timespan::seconds(30),
        }
    }
}

impl Default for ChangeSettings {
    fn default() -> Self {
        Self { keep: Timespan::days(7), at_most: 1_000_000 }
    }
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { format: LogFormat::Human, level: "info".to_owned() }
    }
}

impl Default for MetricsSettings {
    fn default() -> Self {
        Self { enabled: true }
    }
}

impl std::fmt::Debug for DatabaseSettings {
    /// Without the URL, since it holds a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DatabaseSettings")
            .field("url", &if self.url.is_empty() { "" } else { "(set)" })
            .field("max_connections", &self.max_connections)
            .field("statement_timeout", &self.statement_timeout)
            .finish()
    }
}
