//! The one `IntoResponse` for failures.
//!
//! The response carries the problem itself; [`super::edge`] writes the document when it knows the request's id, so
//! that no code in between has to carry the id around.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::request_id::RequestId;
use crate::code::Code;
use crate::problem::Problem;

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// A problem that still waits for the id of its request.
#[derive(Debug, Clone)]
struct Unwritten(Box<Problem>);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().insert(CONTENT_TYPE, PROBLEM_JSON);
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.code == Code::Unauthenticated {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(Unwritten(Box::new(self)));
        response
    }
}

/// Writes the document of a response that carries a problem.
pub(super) fn write(response: &mut Response, request: &RequestId) {
    if let Some(Unwritten(problem)) = response.extensions_mut().remove::<Unwritten>() {
        problem.report(request.as_str());
        let document = serde_json::Value::Object(problem.to_json(request.as_str()));
        *response.body_mut() = Body::from(document.to_string());
    }
}
