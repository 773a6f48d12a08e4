//! The metrics, in the text format of Prometheus.

use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use crate::config::MetricsSettings;
use crate::lifecycle::Lifecycle;

/// How often samples of histograms are put into their buckets; between two times they are kept one by one.
const UPKEEP: Duration = Duration::from_secs(5);
/// Upper ends of the buckets of spans of time, in seconds.
const SECONDS: [f64; 12] = [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0];

/// The recorded metrics; nothing is recorded if they are off.
#[derive(Debug, Clone)]
pub struct Metrics(Option<PrometheusHandle>);

/// The metrics can't be started.
#[derive(Debug, thiserror::Error)]
#[error("the metrics can't be started: {0}")]
pub struct MetricsError(#[from] BuildError);

impl Metrics {
    /// Starts recording for the whole process.
    pub fn start(settings: &MetricsSettings, lifecycle: &Lifecycle) -> Result<Self, MetricsError> {
        if !settings.enabled {
            return Ok(Self(None));
        }
        let buckets = Matcher::Suffix("_seconds".to_owned());
        let handle = PrometheusBuilder::new().set_buckets_for_metric(buckets, &SECONDS)?.install_recorder()?;
        lifecycle.spawn(upkeep(handle.clone(), lifecycle.clone()));
        Ok(Self(Some(handle)))
    }

    /// Everything recorded so far; none if metrics are off.
    pub fn render(&self) -> Option<String> {
        self.0.as_ref().map(PrometheusHandle::render)
    }
}

async fn upkeep(handle: PrometheusHandle, lifecycle: Lifecycle) {
    let mut tick = tokio::time::interval(UPKEEP);
    loop {
        tokio::select! {
            _ = tick.tick() => handle.run_upkeep(),
            () = lifecycle.stopping() => return,
        }
    }
}
