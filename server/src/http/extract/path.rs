//! The variable parts of a path. A part that is no text is refused as every other mistake is, by a problem.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::code::Code;
use crate::problem::Problem;

/// The variable parts, percent-decoded.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        let detail = "A part of the path is not valid percent-encoded UTF-8.";
        read.map(|axum::extract::Path(parts)| Self(parts)).map_err(|_| Problem::new(Code::InvalidParameter, detail))
    }
}
