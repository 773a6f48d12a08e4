//! Which pages of other sites may read what the API answers, by the setting `server.allowed_origins`.
//!
//! Never with credentials: a page of another site sends a bearer token or is nobody; cookies are for our own pages.

use std::time::Duration;

use axum::http::{HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::headers::IDEMPOTENCY_KEY;
use super::request_id::X_REQUEST_ID;
use crate::config::ServerSettings;

/// How long a browser may keep what it was told.
const MAX_AGE: Duration = Duration::from_mins(10);

/// The layer, if any origin is allowed.
pub(super) fn layer(settings: &ServerSettings) -> Option<CorsLayer> {
    let origins = match settings.allowed_origins.as_slice() {
        [] => return None,
        all if all.iter().any(|origin| origin == "*") => AllowOrigin::any(),
        some => AllowOrigin::list(
            some.iter().map(|origin| HeaderValue::from_str(origin).expect("a site is printable ASCII")),
        ),
    };
    let sent = [
        header::AUTHORIZATION,
        header::CONTENT_TYPE,
        header::IF_MATCH,
        header::IF_NONE_MATCH,
        IDEMPOTENCY_KEY,
        X_REQUEST_ID,
    ];
    let shown = [header::ETAG, header::LINK, header::LOCATION, header::RETRY_AFTER, X_REQUEST_ID];
    let layer = CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers(sent)
        .expose_headers(shown)
        .max_age(MAX_AGE);
    Some(layer)
}
