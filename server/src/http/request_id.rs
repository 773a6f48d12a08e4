//! The id of a request: in every response, in every problem and in the log.
//!
//! A caller's own `X-Request-Id` is kept if it is short and plain, so that one id runs through a proxy and this
//! server; otherwise one is made: random per process, then counted.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::entropy::SharedEntropy;

/// `X-Request-Id`.
pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request.
#[derive(Debug, Clone)]
pub struct RequestId(HeaderValue);

/// Makes ids.
#[derive(Debug)]
pub(super) struct RequestIds {
    process: u32,
    next: AtomicU64,
}

impl RequestId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    pub(super) fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl RequestIds {
    pub(super) fn new(entropy: &SharedEntropy) -> Self {
        Self { process: u32::from_le_bytes(entropy.bytes()), next: AtomicU64::new(1) }
    }

    /// The id that the caller gave, or a new one.
    pub(super) fn of(&self, headers: &HeaderMap) -> RequestId {
        let given = headers.get(&X_REQUEST_ID).filter(|value| is_plain(value.as_bytes()));
        given.cloned().map_or_else(|| self.make(), RequestId)
    }

    fn make(&self) -> RequestId {
        let count = self.next.fetch_add(1, Ordering::Relaxed);
        let text = format!("{:08x}-{count:x}", self.process);
        RequestId(HeaderValue::from_str(&text).expect("hexadecimal digits are a header value"))
    }
}

fn is_plain(bytes: &[u8]) -> bool {
    (1..=64).contains(&bytes.len()) && bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
}
