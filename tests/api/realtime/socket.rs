//! A socket of a test: what was heard, frame by frame.

use std::time::Duration;

use plinth_client::{Client, Heard, RawSocket};
use serde_json::{Value as Json, json};

use crate::harness::{Person, Server};

/// Far longer than anything takes; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_mins(1);

/// A connection that says and hears frames.
pub(crate) struct Socket(RawSocket);

impl Socket {
    /// Connects without signing in.
    pub(crate) async fn open(server: &Server) -> Self {
        let client = Client::new(server.url()).expect("an address");
        let mut socket = Self(RawSocket::connect(&client).await.expect("it connects"));
        socket.expect("hello").await;
        socket
    }

    /// Connects and signs in.
    pub(crate) async fn of(server: &Server, person: &Person) -> Self {
        let mut socket = Self::open(server).await;
        socket.say(json!({ "op": "auth", "token": person.token })).await;
        socket.expect("authenticated").await;
        socket
    }

    pub(crate) async fn say(&mut self, frame: Json) {
        self.0.send(&frame).await.expect("the frame is sent");
    }

    pub(crate) async fn say_text(&mut self, text: impl Into<String>) {
        self.0.send_text(text).await.expect("the text is sent");
    }

    /// Sends what the server may no longer listen to.
    pub(crate) async fn shout(&mut self, text: impl Into<String>) {
        // A connection that is closed already is what such a test is about.
        let _ = self.0.send_text(text).await;
    }

    /// The same in bytes.
    pub(crate) async fn shout_binary(&mut self, bytes: Vec<u8>) {
        let _ = self.0.send_binary(bytes).await;
    }

    pub(crate) async fn say_binary(&mut self, bytes: Vec<u8>) {
        self.0.send_binary(bytes).await.expect("the bytes are sent");
    }

    /// The next frame, whatever it is.
    pub(crate) async fn heard(&mut self) -> Heard {
        self.0.next_within(PATIENCE).await.expect("something is heard in time")
    }

    /// The next frame of the protocol.
    pub(crate) async fn frame(&mut self) -> Json {
        match self.heard().await {
            Heard::Frame(frame) => frame,
            other => panic!("expected a frame, heard {other:?}"),
        }
    }

    /// The next frame, which must have this `op`.
    pub(crate) async fn expect(&mut self, op: &str) -> Json {
        match self.heard().await {
            Heard::Frame(frame) if frame["op"] == op => frame,
            other => panic!("expected {op}, heard {other:?}"),
        }
    }

    /// The end of the connection, frames before it passed over: its code.
    pub(crate) async fn end(&mut self) -> u16 {
        self.ending().await.0
    }

    /// The same with the reason.
    pub(crate) async fn ending(&mut self) -> (u16, String) {
        loop {
            match self.heard().await {
                Heard::Frame(_) => {}
                Heard::Closed(code, reason) => return (code, reason),
                Heard::Lost => return (0, String::new()),
            }
        }
    }

    /// Subscribes, and reads up to `live`: the changes on the way.
    pub(crate) async fn subscribe(&mut self, request: Json) -> Vec<Json> {
        self.say(request).await;
        self.expect("subscribed").await;
        let mut changes = Vec::new();
        loop {
            match self.heard().await {
                Heard::Frame(frame) if frame["op"] == "live" => return changes,
                Heard::Frame(frame) if frame["op"] == "change" => changes.push(frame),
                other => panic!("expected changes and live, heard {other:?}"),
            }
        }
    }

    /// Asks for a sign of life and reads up to it: what came before.
    pub(crate) async fn until_pong(&mut self) -> Vec<Json> {
        self.say(json!({ "op": "ping" })).await;
        let mut before = Vec::new();
        loop {
            match self.heard().await {
                Heard::Frame(frame) if frame["op"] == "pong" => return before,
                Heard::Frame(frame) => before.push(frame),
                other => panic!("expected pong, heard {other:?}"),
            }
        }
    }
}

/// The type and the text of a change.
pub(crate) fn told(change: &Json) -> String {
    format!("{} {}", change["type"].as_str().unwrap_or("?"), change["record"]["text"].as_str().unwrap_or("-"))
}

/// A subscription to the room `lab`.
pub(crate) fn lab() -> Json {
    json!({ "op": "subscribe", "sub": "s", "collection": "messages", "filter": "room == \"lab\"" })
}
