//! The frames of the protocol `plinth.v1`: JSON objects told apart by `op`.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::event::{Change, ChangeKind};
use super::watch::{Scope, Start};
use crate::error::Problem;

/// The subprotocol that both sides name in the handshake.
pub(crate) const SUBPROTOCOL: &str = "plinth.v1";

/// What the client sends.
#[derive(Debug, Serialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub(crate) enum Outgoing<'a> {
    Auth { token: &'a str },
    Subscribe(Subscribe<'a>),
    Unsubscribe { sub: &'a str },
    Ping,
}

#[derive(Debug, Serialize)]
pub(crate) struct Subscribe<'a> {
    sub: &'a str,
    collection: &'a str,
    #[serde(flatten)]
    scope: &'a Scope,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sort: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<u32>,
}

/// What the server sends.
#[derive(Debug)]
pub(crate) enum Incoming {
    Hello {
        heartbeat_ms: u64,
    },
    Authenticated,
    Subscribed {
        sub: String,
        cursor: String,
    },
    Snapshot {
        sub: String,
        items: Vec<Box<RawValue>>,
        last: bool,
    },
    Change {
        sub: String,
        change: Change<Box<RawValue>>,
    },
    Live {
        sub: String,
        cursor: String,
    },
    Reset {
        sub: String,
        reason: String,
    },
    Error {
        sub: Option<String>,
        problem: Problem,
    },
    /// `pong`, and what a newer server may say.
    Other,
}

/// Every member of every frame: a tagged enum would first copy the records into a tree.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Members<'a> {
    op: &'a str,
    #[serde(default)]
    sub: Option<String>,
    #[serde(default)]
    cursor: String,
    #[serde(default)]
    heartbeat_ms: u64,
    #[serde(default)]
    items: Vec<Box<RawValue>>,
    #[serde(default)]
    last: bool,
    #[serde(default, rename = "type")]
    kind: Option<ChangeKind>,
    #[serde(default)]
    id: String,
    #[serde(default)]
    record: Option<Box<RawValue>>,
    #[serde(default)]
    at: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    problem: Problem,
}

impl Outgoing<'_> {
    /// The frame as text.
    pub(crate) fn text(&self) -> String {
        serde_json::to_string(self).expect("keys are strings and values are JSON already")
    }
}

impl<'a> Subscribe<'a> {
    /// A frame that begins where `start` says.
    pub(crate) fn new(sub: &'a str, collection: &'a str, scope: &'a Scope, start: &'a Start) -> Self {
        let mut frame = Self { sub, collection, scope, since: None, snapshot: None, sort: None, limit: None };
        match start {
            Start::Now => {}
            Start::Since(cursor) => frame.since = Some(cursor),
            Start::Snapshot { sort, limit } => {
                frame.snapshot = Some(true);
                frame.sort = sort.as_deref();
                frame.limit = *limit;
            }
        }
        frame
    }
}

impl Incoming {
    /// Reads a frame; a known one that lacks what it is about is an error.
    pub(crate) fn read(text: &str) -> Result<Self, serde_json::Error> {
        let frame: Members<'_> = serde_json::from_str(text)?;
        let missing = |name| <serde_json::Error as serde::de::Error>::missing_field(name);
        let sub = frame.sub.clone().ok_or_else(|| missing("sub"));
        Ok(match frame.op {
            "hello" => Self::Hello { heartbeat_ms: frame.heartbeat_ms },
            "authenticated" => Self::Authenticated,
            "subscribed" => Self::Subscribed { sub: sub?, cursor: frame.cursor },
            "snapshot" => Self::Snapshot { sub: sub?, items: frame.items, last: frame.last },
            "change" => {
                let kind = frame.kind.ok_or_else(|| missing("type"))?;
                let Members { id, record, cursor, at, .. } = frame;
                Self::Change { sub: sub?, change: Change { kind, id, record, cursor, at } }
            }
            "live" => Self::Live { sub: sub?, cursor: frame.cursor },
            "reset" => Self::Reset { sub: sub?, reason: frame.reason },
            "error" => Self::Error { sub: frame.sub, problem: frame.problem },
            _ => Self::Other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::realtime::Watch;

    #[test]
    fn subscribe_says_only_what_was_asked() {
        let watch = Watch::new().filter("a == params.a").param("a", 1).snapshot_of("-createdAt", 5);
        let frame = Outgoing::Subscribe(Subscribe::new("s1", "posts", &watch.scope, &watch.start)).text();
        let expected = serde_json::json!({"op": "subscribe", "sub": "s1", "collection": "posts",
            "filter": "a == params.a", "params": {"a": 1}, "snapshot": true, "sort": "-createdAt", "limit": 5});
        assert_eq!(serde_json::from_str::<serde_json::Value>(&frame).unwrap(), expected);
        assert_eq!(Outgoing::Ping.text(), r#"{"op":"ping"}"#);
    }

    #[test]
    fn record_of_a_change_stays_text() {
        let text = r#"{"op":"change","sub":"s1","type":"update","id":"x","record":{"n":9007199254740993},"cursor":"c","at":"t"}"#;
        let Incoming::Change { change, .. } = Incoming::read(text).unwrap() else { panic!("no change") };
        assert_eq!(change.record.unwrap().get(), r#"{"n":9007199254740993}"#);
    }

    #[test]
    fn change_without_a_kind_is_refused() {
        assert!(Incoming::read(r#"{"op":"change","sub":"s1","id":"x"}"#).is_err());
        assert!(Incoming::read(r#"{"op":"live"}"#).is_err());
        assert!(matches!(Incoming::read(r#"{"op":"weather"}"#), Ok(Incoming::Other)));
    }
}
