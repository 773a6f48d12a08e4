//! `/metrics`, and what is measured of every request.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use axum::extract::State;
use axum::http::Method;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use metrics::{Counter, Histogram, counter, histogram};

use crate::problem::Problem;
use crate::telemetry::Metrics;

/// `GET /metrics`, in the text format of Prometheus.
pub(super) async fn scrape(State(metrics): State<Metrics>) -> Response {
    match metrics.render() {
        Some(text) => ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response(),
        None => Problem::not_found().into_response(),
    }
}

/// The instruments of each route, kept so that a request looks them up instead of registering them again.
/// Bounded by the number of routes, methods and codes: an unknown path counts under no route.
#[derive(Debug, Default)]
pub(super) struct RequestMetrics(RwLock<HashMap<String, Vec<Instruments>>>);

/// What is measured of one route, method and status.
#[derive(Clone)]
struct Instruments {
    method: Method,
    status: u16,
    count: Counter,
    seconds: Histogram,
}

impl std::fmt::Debug for Instruments {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.status)
    }
}

impl RequestMetrics {
    pub(super) fn record(&self, method: &Method, route: Option<&str>, status: u16, taken: Duration) {
        let route = route.unwrap_or("none");
        let method = if is_usual(method) { method } else { &Method::TRACE };
        let instruments = self.find(route, method, status).unwrap_or_else(|| self.register(route, method, status));
        instruments.count.increment(1);
        instruments.seconds.record(taken.as_secs_f64());
    }

    fn find(&self, route: &str, method: &Method, status: u16) -> Option<Instruments> {
        let routes = self.0.read().unwrap_or_else(PoisonError::into_inner);
        routes.get(route)?.iter().find(|known| known.status == status && known.method == *method).cloned()
    }

    fn register(&self, route: &str, method: &Method, status: u16) -> Instruments {
        let labels = [("route", route.to_owned()), ("method", method.to_string()), ("status", status.to_string())];
        let count = counter!("plinth_http_requests_total", &labels);
        let seconds = histogram!("plinth_http_request_seconds", &labels);
        let instruments = Instruments { method: method.clone(), status, count, seconds };
        let mut routes = self.0.write().unwrap_or_else(PoisonError::into_inner);
        routes.entry(route.to_owned()).or_default().push(instruments.clone());
        instruments
    }
}

/// Methods beyond these are a client's invention and share one label.
fn is_usual(method: &Method) -> bool {
    [Method::GET, Method::POST, Method::PATCH, Method::PUT, Method::DELETE, Method::HEAD, Method::OPTIONS]
        .contains(method)
}
