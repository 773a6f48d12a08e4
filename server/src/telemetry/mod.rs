//! What the server says about itself: the log and the metrics.

mod log;
mod metrics;

pub use log::{LogError, start_log};
pub use metrics::{Metrics, MetricsError};
