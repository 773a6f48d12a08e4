//! Conditions on a write that its address does not know are refused: a client that sends one relies on it.

use axum::extract::{MatchedPath, Request};
use axum::http::HeaderName;
use axum::http::header::{IF_MATCH, IF_NONE_MATCH, IF_UNMODIFIED_SINCE};

use crate::code::Code;
use crate::problem::Problem;

/// `If-Modified-Since` is missing: RFC 9110 section 13.1.3 has it ignored on a write.
const CONDITIONS: [HeaderName; 3] = [IF_MATCH, IF_NONE_MATCH, IF_UNMODIFIED_SINCE];

/// The addresses of single things, and the conditions that their writes keep.
const KEPT: [(&str, &[HeaderName]); 2] =
    [("/api/v1/records/{collection}/{id}", &[IF_MATCH, IF_NONE_MATCH]), ("/api/v1/collections/{name}", &[IF_MATCH])];

/// Why a request is not to be carried out: it has a condition that would not be kept.
pub(super) fn refusal(request: &Request) -> Option<Problem> {
    if request.method().is_safe() {
        return None;
    }
    let sent = CONDITIONS.iter().find(|name| request.headers().contains_key(*name) && !is_kept(request, name))?;
    let detail = format!(
        "The header {sent} is not kept here. A single record is written under If-Match or If-None-Match with its ETag, \
         an operation of a batch under ifMatch, a collection under If-Match."
    );
    Some(Problem::new(Code::MalformedRequest, detail))
}

fn is_kept(request: &Request, name: &HeaderName) -> bool {
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    // What is nowhere is told so by the routes.
    route.is_none_or(|route| KEPT.iter().any(|(path, kept)| *path == route && kept.contains(name)))
}
