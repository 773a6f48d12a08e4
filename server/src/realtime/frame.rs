//! The frames of the protocol `plinth.v1`.

use bytes::Bytes;
use plinth_model::Instant;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use crate::code::Code;
use crate::problem::Problem;

/// The name of the subprotocol.
pub const PROTOCOL: &str = "plinth.v1";

/// The longest name of a subscription, in bytes.
pub const MAX_NAME: usize = 64;

/// A frame from a client.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase", deny_unknown_fields)]
pub enum ClientFrame {
    /// Signs in, or prolongs with a newer token of the same account.
    Auth {
        /// An access token.
        token: String,
    },
    /// Opens a subscription.
    Subscribe(Box<Subscribe>),
    /// Ends a subscription.
    Unsubscribe {
        /// Its name.
        sub: String,
    },
    /// Asks for a sign of life.
    Ping {},
}

/// What a subscription asks for.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscribe {
    /// The name that its frames will carry.
    pub sub: String,
    /// The collection.
    pub collection: String,
    /// A CEL condition.
    pub filter: Option<String>,
    /// Values for the condition.
    pub params: Option<Map<String, Json>>,
    /// As the list parameter.
    pub fields: Option<String>,
    /// As the list parameter.
    pub expand: Option<String>,
    /// Go on behind this place.
    pub since: Option<String>,
    /// Start with the records as they are.
    #[serde(default)]
    pub snapshot: bool,
    /// The snapshot's order.
    pub sort: Option<String>,
    /// The most records of the snapshot.
    pub limit: Option<u32>,
}

/// Why a subscription must start anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reset {
    /// The log no longer reaches back to where it was.
    Expired,
    /// The collection changed in a way that the subscription can't follow.
    Schema,
    /// The caller sees other records or fields than before.
    Policy,
    /// A record behind a relation changed, and with it what the filter or the caller's sight says of others.
    Relation,
}

impl Reset {
    fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Schema => "schema",
            Self::Policy => "policy",
            Self::Relation => "relation",
        }
    }
}

/// Reads a client's frame, or says what is wrong with it.
pub fn read(text: &str) -> Result<ClientFrame, Problem> {
    let json = plinth_model::json::parse_json(text.as_bytes(), plinth_model::json::MAX_DEPTH)
        .map_err(|error| Problem::new(Code::InvalidJson, format!("The frame is not JSON: {error}.")))?;
    let frame: ClientFrame = serde_json::from_value(json)
        .map_err(|error| Problem::new(Code::MalformedRequest, format!("The frame can't be read: {error}.")))?;
    let name = match &frame {
        ClientFrame::Subscribe(subscribe) => &subscribe.sub,
        ClientFrame::Unsubscribe { sub } => sub,
        ClientFrame::Auth { .. } | ClientFrame::Ping {} => return Ok(frame),
    };
    if name.is_empty() || name.len() > MAX_NAME {
        let detail = format!("A subscription's name has {} bytes; it can have 1 to {MAX_NAME}.", name.len());
        return Err(Problem::new(Code::MalformedRequest, detail));
    }
    Ok(frame)
}

fn bytes(json: &Json) -> Bytes {
    Bytes::from(json.to_string())
}

/// The first frame of a connection.
pub fn hello(connection: &str, heartbeat_ms: u64) -> Bytes {
    bytes(&json!({ "op": "hello", "protocol": 1, "connection": connection, "heartbeatMs": heartbeat_ms }))
}

/// The answer to `auth`.
pub fn authenticated(account: &str, expires_at: &str) -> Bytes {
    bytes(&json!({ "op": "authenticated", "account": account, "expiresAt": expires_at }))
}

/// The answer to `subscribe`.
pub fn subscribed(sub: &str, cursor: &str) -> Bytes {
    bytes(&json!({ "op": "subscribed", "sub": sub, "cursor": cursor }))
}

/// Records as they are; `items` is a JSON array without its brackets.
pub fn snapshot(sub: &str, items: &[u8], last: bool) -> Bytes {
    let head = format!("{{\"op\":\"snapshot\",\"sub\":{},\"items\":[", Json::from(sub));
    let tail = format!("],\"last\":{last}}}");
    [head.as_bytes(), items, tail.as_bytes()].concat().into()
}

/// The subscription has caught up with the log.
pub fn live(sub: &str, cursor: &str) -> Bytes {
    bytes(&json!({ "op": "live", "sub": sub, "cursor": cursor }))
}

/// The subscription has ended and must start anew.
pub fn reset(sub: &str, reason: Reset) -> Bytes {
    bytes(&json!({ "op": "reset", "sub": sub, "reason": reason.as_str() }))
}

/// Something failed: of one subscription, or of the connection.
pub fn error(sub: Option<&str>, problem: &Problem, connection: &str) -> Bytes {
    problem.report(connection);
    let mut frame = Map::new();
    frame.insert("op".into(), "error".into());
    if let Some(sub) = sub {
        frame.insert("sub".into(), sub.into());
    }
    frame.insert("problem".into(), Json::Object(problem.to_json(connection)));
    bytes(&Json::Object(frame))
}

/// The answer to `ping`.
pub fn pong() -> Bytes {
    Bytes::from_static(b"{\"op\":\"pong\"}")
}

/// The start of a change's frame, up to the members that all subscriptions of a group share.
pub fn change_head(sub: &str) -> String {
    format!("{{\"op\":\"change\",\"sub\":{},", Json::from(sub))
}

/// The end of a change's frame.
pub fn change_end(cursor: &str, at: Instant) -> String {
    format!(",\"cursor\":\"{cursor}\",\"at\":\"{at}\"}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_with_an_unknown_member_or_op_is_refused() {
        assert_eq!(read(r#"{"op":"ping"}"#), Ok(ClientFrame::Ping {}));
        assert!(read(r#"{"op":"ping","x":1}"#).is_err());
        assert!(read(r#"{"op":"shout"}"#).is_err());
        assert!(read(r#"{"op":"subscribe","sub":"","collection":"a"}"#).is_err());
        assert!(read(r#"{"op":"subscribe","sub":"s","collection":"a","filtr":"x"}"#).is_err());
        assert!(read(r#"{"op":"subscribe","sub":"s","collection":"a"}"#).is_ok());
        assert!(read("[]").is_err());
    }
}
