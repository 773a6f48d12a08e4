//! Headers that say one thing. Sent twice, the server and a proxy before it might each take another one, so such a
//! request is not carried out. `Authorization` is refused where it is read, as a token that is not valid.

use axum::extract::Request;
use axum::http::HeaderName;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HOST, ORIGIN};

use super::headers::IDEMPOTENCY_KEY;
use crate::code::Code;
use crate::problem::Problem;

const SINGLE: [HeaderName; 5] = [HOST, ORIGIN, CONTENT_TYPE, CONTENT_ENCODING, IDEMPOTENCY_KEY];

/// Why a request is not to be carried out: a header is there twice.
pub(super) fn refusal(request: &Request) -> Option<Problem> {
    let headers = request.headers();
    let repeated = SINGLE.into_iter().find(|name| headers.get_all(name).iter().nth(1).is_some())?;
    Some(Problem::new(Code::MalformedRequest, format!("The header {repeated} is sent twice: send it once.")))
}
