//! A bare realtime connection, for tests that say what no client would.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::Url;
use serde_json::Value;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};

use super::socket::{Socket, connect};
use crate::client::{Client, install_ring};
use crate::error::{Error, Refusal, Result};

/// A WebSocket that speaks `plinth.v1` only as far as its owner does: no resuming, no tokens, no pings.
#[derive(Debug)]
pub struct RawSocket {
    socket: Socket,
}

/// What a [`RawSocket`] heard.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// A frame of the protocol.
    Frame(Value),
    /// The server closed, with this code (1005 where it gave none) and reason.
    Closed(u16, String),
    /// The connection ended without a farewell.
    Lost,
}

impl RawSocket {
    /// Connects to the client's server, without its token.
    pub async fn connect(client: &Client) -> Result<Self> {
        Self::connect_with(client, &[]).await
    }

    /// Connects with headers of the caller's, such as `origin`. A refused handshake is [`Error::Refused`].
    pub async fn connect_with(client: &Client, headers: &[(&str, &str)]) -> Result<Self> {
        let input = |error: &dyn std::fmt::Display| Error::Input(error.to_string());
        let mut all = Vec::new();
        for (name, value) in headers {
            let name = HeaderName::try_from(*name).map_err(|error| input(&error))?;
            all.push((name, HeaderValue::try_from(*value).map_err(|error| input(&error))?));
        }
        Self::open(&client.shared.transport.api, &all).await
    }

    async fn open(api: &Url, headers: &[(HeaderName, HeaderValue)]) -> Result<Self> {
        install_ring();
        match connect(api, headers).await {
            Ok(socket) => Ok(Self { socket }),
            Err(SocketError::Http(response)) => {
                let status = reqwest::StatusCode::from_u16(response.status().as_u16()).unwrap_or_default();
                let body = response.body().as_deref().unwrap_or_default();
                Err(Error::Refused(Box::new(Refusal::read(status, body, None))))
            }
            Err(error) => Err(Error::socket(error)),
        }
    }

    /// Sends a frame.
    pub async fn send(&mut self, frame: &Value) -> Result<()> {
        self.send_text(frame.to_string()).await
    }

    /// Sends any text.
    pub async fn send_text(&mut self, text: impl Into<String>) -> Result<()> {
        self.message(Message::text(text.into())).await
    }

    /// Sends a binary message.
    pub async fn send_binary(&mut self, bytes: Vec<u8>) -> Result<()> {
        self.message(Message::binary(bytes)).await
    }

    /// The next frame, or the end; pings are answered on the way. `None` if nothing came within `wait`.
    pub async fn next_within(&mut self, wait: Duration) -> Option<Heard> {
        timeout(wait, self.next()).await.ok()
    }

    /// The next frame, or the end.
    pub async fn next(&mut self) -> Heard {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => {
                    // What is no JSON is handed on as the text it is, for the test to look at.
                    return Heard::Frame(
                        serde_json::from_str(&text).unwrap_or_else(|_| Value::String(text.to_string())),
                    );
                }
                Some(Ok(Message::Close(frame))) => {
                    let (code, reason) = frame.map_or((1005, String::new()), |f| (f.code.into(), f.reason.to_string()));
                    return Heard::Closed(code, reason);
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Heard::Lost,
            }
        }
    }

    /// The next frame with this `op`, skipping others; the end if it comes first.
    pub async fn next_op(&mut self, op: &str) -> Heard {
        loop {
            match self.next().await {
                Heard::Frame(frame) if frame["op"] != op => {}
                heard => return heard,
            }
        }
    }

    /// Says farewell.
    pub async fn close(mut self) -> Result<()> {
        self.socket.close(None).await.map_err(Error::socket)
    }

    async fn message(&mut self, message: Message) -> Result<()> {
        self.socket.send(message).await.map_err(Error::socket)
    }
}
