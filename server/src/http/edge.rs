//! The outermost layer, around every route: request id, time limit, panics, security headers, metrics, problems.
//!
//! One layer instead of a stack of seven, since each layer of the stack costs an allocation and a hop per request.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use plinth_store::asker;

use super::extract::client;
use super::metrics::RequestMetrics;
use super::request_id::{RequestIds, X_REQUEST_ID};
use super::{headers, preconditions, problem, repeated};
use crate::clock::SharedClock;
use crate::code::Code;
use crate::config::Settings;
use crate::entropy::SharedEntropy;
use crate::problem::Problem;

/// What the layer needs.
#[derive(Debug, Clone)]
pub(super) struct Edge(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    ids: RequestIds,
    clock: SharedClock,
    metrics: RequestMetrics,
    timeout: Duration,
    over_tls: bool,
    settings: Arc<Settings>,
}

impl Edge {
    pub(super) fn new(settings: Arc<Settings>, clock: SharedClock, entropy: &SharedEntropy) -> Self {
        Self(Arc::new(Inner {
            ids: RequestIds::new(entropy),
            clock,
            metrics: RequestMetrics::default(),
            timeout: settings.server.request_timeout.duration(),
            over_tls: settings.server.public_url.starts_with("https://"),
            settings,
        }))
    }
}

/// Answers one request.
pub(super) async fn pass(State(Edge(edge)): State<Edge>, mut request: Request, next: Next) -> Response {
    let started = edge.clock.elapsed();
    let id = edge.ids.of(request.headers());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    // Only the log at its finest names the path.
    let path =
        tracing::enabled!(target: "plinth::http", tracing::Level::DEBUG).then(|| request.uri().path().to_owned());
    request.extensions_mut().insert(id.clone());

    let asker = client::asker(&request, &edge.settings.server);
    let mut response = asker::scope(asker, answer(edge.timeout, request, next)).await;
    problem::write(&mut response, &id);
    response.headers_mut().insert(X_REQUEST_ID, id.header());
    headers::harden(response.headers_mut(), edge.over_tls);

    let taken = edge.clock.elapsed().saturating_sub(started);
    let status = response.status().as_u16();
    edge.metrics.record(&method, route.as_ref().map(MatchedPath::as_str), status, taken);
    if let Some(path) = path {
        tracing::debug!(target: "plinth::http", request = id.as_str(), %method, path, status, ?taken, "answered");
    }
    response
}

/// The answer of the routes, or ours if they panic or take too long.
async fn answer(timeout: Duration, request: Request, next: Next) -> Response {
    if let Some(problem) = repeated::refusal(&request).or_else(|| preconditions::refusal(&request)) {
        return problem.into_response();
    }
    let reads = request.method().is_safe();
    match tokio::time::timeout(timeout, AssertUnwindSafe(next.run(request)).catch_unwind()).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => {
            Problem::internal().because(format_args!("a panic: {}", panic_text(panic.as_ref()))).into_response()
        }
        Err(_) => {
            let may_be = if reads { "" } else { " It may still be: look before you send it again." };
            let detail = format!("The request was not done after {timeout:?}.{may_be}");
            Problem::new(Code::Unavailable, detail).retry_after(1).into_response()
        }
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("(no text)")
}
