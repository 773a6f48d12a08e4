//! Plinth, as it comes, set up through its command line and its Rust client.

use std::path::{Path, PathBuf};
use std::process::Command;

use plinth_client::{Client, NewUser, Rule};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Account, Feed, Framing, Message, Peer, Result, escaped};
use crate::events::frame;
use crate::wire::{Wire, request};

const ADMIN: &str = "root@bench.test";
const PASSWORD: &str = "a rather long passphrase";
const RECORDS: &str = "/api/v1/records/messages";

/// Plinth from a binary.
pub(crate) struct Plinth {
    /// The binary.
    pub(crate) program: PathBuf,
}

impl Peer for Plinth {
    fn name(&self) -> &'static str {
        "Plinth"
    }

    fn command(&self, data: &Path, port: u16) -> Result<Command> {
        let mut command = Command::new(&self.program);
        command.arg("serve").arg("--data").arg(data).arg("--listen").arg(format!("127.0.0.1:{port}"));
        // The first start makes the administrator. Tokens outlive the run, as PocketBase's do by default.
        command.env("PLINTH_ADMIN_EMAIL", ADMIN).env("PLINTH_ADMIN_PASSWORD", PASSWORD);
        command.env("PLINTH_AUTH_ACCESS_TOKEN", "1h");
        Ok(command)
    }

    fn ready(&self) -> &'static str {
        "/readyz"
    }

    async fn prepare(&self, _data: &Path, port: u16, accounts: usize) -> Result<Vec<Account>> {
        let url = format!("http://127.0.0.1:{port}");
        let root = Client::new(&url)?;
        root.auth().login(ADMIN, PASSWORD).await?;
        root.collections().create(&collection()).await?;
        for rule in rules() {
            root.policies().add(&rule).await?;
        }
        let mut signed_in = Vec::new();
        for number in 0..accounts {
            let email = format!("user{number}@bench.test");
            let user = NewUser { email: email.clone(), password: PASSWORD.to_owned(), ..NewUser::default() };
            root.users().create(&user).await?;
            let client = Client::new(&url)?;
            let id = client.auth().login(&email, PASSWORD).await?.id;
            let tokens = client.tokens().ok_or("a sign-in without tokens")?;
            signed_in.push(Account { id, token: tokens.access_token });
        }
        Ok(signed_in)
    }

    fn get(&self, account: &Account, id: &str) -> Vec<u8> {
        request("GET", &format!("{RECORDS}/{id}"), &account.token, None)
    }

    fn list(&self, account: &Account, room: &str, counts: bool) -> Vec<u8> {
        let filter = escaped(&format!("room == \"{room}\""));
        let count = if counts { "&count=exact" } else { "" };
        let query = format!("filter={filter}&sort=-createdAt&limit=20{count}");
        request("GET", &format!("{RECORDS}?{query}"), &account.token, None)
    }

    fn insert(&self, account: &Account, message: &Message) -> Vec<u8> {
        request("POST", RECORDS, &account.token, Some(&row(account, message).to_string()))
    }

    fn update(&self, account: &Account, id: &str, text: &str) -> Vec<u8> {
        let body = json!({ "text": text }).to_string();
        request("PATCH", &format!("{RECORDS}/{id}"), &account.token, Some(&body))
    }

    fn bulk(&self, account: &Account, messages: &[Message]) -> Vec<u8> {
        let rows: Vec<Value> = messages.iter().map(|message| row(account, message)).collect();
        request("POST", RECORDS, &account.token, Some(&Value::from(rows).to_string()))
    }

    fn bulk_ids(&self, body: &[u8]) -> Result<Vec<String>> {
        let answer: Value = serde_json::from_slice(body)?;
        let items = answer["items"].as_array().ok_or("an answer without items")?;
        let id = |item: &Value| item["id"].as_str().map(str::to_owned);
        items.iter().map(id).collect::<Option<_>>().ok_or_else(|| "an item without an id".into())
    }

    async fn follow(&self, port: u16, account: &Account) -> Result<Feed> {
        let (status, mut stream, mut read) = Wire::connect(port).await?.open(UPGRADE.as_bytes()).await?;
        if status != 101 {
            return Err(format!("GET /api/v1/realtime: {status}").into());
        }
        let auth = json!({"op": "auth", "token": account.token}).to_string();
        let subscribe = json!({"op": "subscribe", "sub": "s", "collection": "messages"}).to_string();
        let mut frames = frame(1, auth.as_bytes());
        frames.extend(frame(1, subscribe.as_bytes()));
        stream.write_all(&frames).await?;
        while !contains(&read, br#""op":"live""#) {
            if contains(&read, br#""op":"error""#) || stream.read_buf(&mut read).await? == 0 {
                return Err(format!("no subscription: {}", String::from_utf8_lossy(&read)).into());
            }
        }
        Ok(Feed { stream, read: Vec::new(), framing: Framing::WebSocket })
    }
}

const UPGRADE: &str = "GET /api/v1/realtime HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
    sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: plinth.v1\r\n\r\n";

fn collection() -> Value {
    json!({
        "name": "messages",
        "schema": {
            "type": "object",
            "required": ["room", "author"],
            "properties": {
                "room": {"type": "string"},
                "author": {"type": "string", "x-relation": {"collection": "users"}},
                "text": {"type": "string"},
                "hidden": {"type": "boolean"},
            },
        },
        "indexes": [{"fields": ["room", "createdAt"]}],
    })
}

fn rules() -> [Rule; 3] {
    let allow = |action, condition: &str| Rule::allow("role:user", "messages", action).when(condition);
    [
        allow("read", "hidden == false || author == auth.id"),
        allow("create", "data.author == auth.id"),
        allow("update", "author == auth.id && data.author == auth.id"),
    ]
}

fn row(account: &Account, message: &Message) -> Value {
    json!({"room": message.room, "author": account.id, "text": message.text, "hidden": message.is_hidden})
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    memchr::memmem::find(bytes, wanted).is_some()
}
