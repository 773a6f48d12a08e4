//! The settings: `config/plinth.toml`, then `PLINTH_…` variables, then flags.
//!
//! Every key has a default and stands in `config/plinth.toml` with it. A wrong key or value is an error that names
//! its place. Layers are merged as TOML tables: the generic configuration crates lose the line of a value.

pub mod cidr;
pub mod environment;
pub mod error;
mod level;
mod load;
mod place;
mod settings;
mod site;
pub mod size;
pub mod timespan;

pub use cidr::Cidr;
pub use environment::{AdminVariablesError, Environment, FirstAdmin, read_password};
pub use error::ConfigError;
pub use load::{Overrides, load};
pub use settings::{
    AuthSettings, ChangeSettings, DataSettings, DatabaseSettings, GuessLimits, LogFormat, LogSettings, MetricsSettings,
    RealtimeSettings, Registration, ServerSettings, Settings,
};
pub use size::Size;
pub use timespan::Timespan;
