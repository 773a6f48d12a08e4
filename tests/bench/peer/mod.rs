//! The servers under measurement, each behind the same questions.

mod plinth;
mod pocketbase;

use std::path::Path;
use std::process::Command;

use tokio::net::TcpStream;

pub(crate) use plinth::Plinth;
pub(crate) use pocketbase::PocketBase;

/// Whatever goes wrong ends the run.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// An ordinary signed-in user.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    /// Its id, the author of its messages.
    pub(crate) id: String,
    /// Its access token.
    pub(crate) token: String,
}

/// A message to write.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    /// One of the rooms.
    pub(crate) room: String,
    /// What it says.
    pub(crate) text: String,
    /// Whether only its author may read it.
    pub(crate) is_hidden: bool,
}

/// A stream of events that is open and subscribed to all messages.
pub(crate) struct Feed {
    /// The connection.
    pub(crate) stream: TcpStream,
    /// What came already and was not looked at.
    pub(crate) read: Vec<u8>,
    /// How events are framed on it.
    pub(crate) framing: Framing,
}

/// How the events of a stream are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Server-sent events: blocks of lines, an empty line after each.
    Sse,
    /// WebSocket frames from a server, which are not masked.
    WebSocket,
}

/// A server under measurement. All of them hold the same rows under the same rule: a message is read by everybody
/// who is signed in unless it is hidden, then by its author; it is created as oneself and changed by its author.
pub(crate) trait Peer: Sync {
    /// What the table calls it.
    fn name(&self) -> &'static str;

    /// The command that serves this data on this port.
    fn command(&self, data: &Path, port: u16) -> Result<Command>;

    /// The path that answers 200 once the server is ready.
    fn ready(&self) -> &'static str;

    /// Makes the collection, its rules and its index, and signs in this many accounts.
    fn prepare(&self, data: &Path, port: u16, accounts: usize) -> impl Future<Output = Result<Vec<Account>>> + Send;

    /// Reads one message.
    fn get(&self, account: &Account, id: &str) -> Vec<u8>;

    /// The newest 20 messages of a room; with their exact number if it `counts`.
    fn list(&self, account: &Account, room: &str, counts: bool) -> Vec<u8>;

    /// Writes a message.
    fn insert(&self, account: &Account, message: &Message) -> Vec<u8>;

    /// Changes the text of a message.
    fn update(&self, account: &Account, id: &str, text: &str) -> Vec<u8>;

    /// Writes many messages in one transaction.
    fn bulk(&self, account: &Account, messages: &[Message]) -> Vec<u8>;

    /// The ids in the answer to [`Peer::bulk`].
    fn bulk_ids(&self, body: &[u8]) -> Result<Vec<String>>;

    /// Opens a stream of all messages that the account may read.
    fn follow(&self, port: u16, account: &Account) -> impl Future<Output = Result<Feed>> + Send;
}

/// Escapes a query parameter.
fn escaped(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => out.push(byte.into()),
            // Writing into a string does not fail.
            _ => drop(write!(out, "%{byte:02X}")),
        }
        out
    })
}
