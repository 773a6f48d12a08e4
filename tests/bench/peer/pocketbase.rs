//! PocketBase, as it comes: its own set-up through its command line and its HTTP API.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tokio::io::AsyncReadExt;

use super::{Account, Feed, Framing, Message, Peer, Result, escaped};
use crate::wire::{Wire, request};

const PASSWORD: &str = "quite-long-enough";

/// PocketBase from a binary.
pub(crate) struct PocketBase {
    /// The binary.
    pub(crate) program: PathBuf,
}

impl Peer for PocketBase {
    fn name(&self) -> &'static str {
        "PocketBase"
    }

    fn command(&self, data: &Path, port: u16) -> Result<Command> {
        let mut command = Command::new(&self.program);
        command.arg("serve").arg("--dir").arg(data).arg("--http").arg(format!("127.0.0.1:{port}"));
        Ok(command)
    }

    fn ready(&self) -> &'static str {
        "/api/health"
    }

    async fn prepare(&self, data: &Path, port: u16, accounts: usize) -> Result<Vec<Account>> {
        let upsert = ["superuser", "upsert", "root@bench.test", PASSWORD, "--dir"];
        let status = Command::new(&self.program).args(upsert).arg(data).output()?.status;
        if !status.success() {
            return Err(format!("pocketbase superuser upsert: {status}").into());
        }
        let mut wire = Wire::connect(port).await?;
        let root = sign_in(&mut wire, "_superusers", "root@bench.test").await?;
        let batch = json!({"batch": {"enabled": true, "maxRequests": 500, "timeout": 60}});
        call(&mut wire, "PATCH", "/api/settings", &root.token, &batch).await?;
        call(&mut wire, "POST", "/api/collections", &root.token, &collection()).await?;
        let mut signed_in = Vec::new();
        for number in 0..accounts {
            let email = format!("user{number}@bench.test");
            let user = json!({"email": email, "password": PASSWORD, "passwordConfirm": PASSWORD});
            call(&mut wire, "POST", "/api/collections/users/records", &root.token, &user).await?;
            signed_in.push(sign_in(&mut wire, "users", &email).await?);
        }
        Ok(signed_in)
    }

    fn get(&self, account: &Account, id: &str) -> Vec<u8> {
        request("GET", &format!("/api/collections/messages/records/{id}"), &account.token, None)
    }

    fn list(&self, account: &Account, room: &str, counts: bool) -> Vec<u8> {
        let filter = escaped(&format!("room = '{room}'"));
        let skip = u8::from(!counts);
        let query = format!("filter={filter}&sort=-created&perPage=20&skipTotal={skip}");
        request("GET", &format!("/api/collections/messages/records?{query}"), &account.token, None)
    }

    fn insert(&self, account: &Account, message: &Message) -> Vec<u8> {
        let body = row(account, message).to_string();
        request("POST", "/api/collections/messages/records", &account.token, Some(&body))
    }

    fn update(&self, account: &Account, id: &str, text: &str) -> Vec<u8> {
        let body = json!({ "text": text }).to_string();
        request("PATCH", &format!("/api/collections/messages/records/{id}"), &account.token, Some(&body))
    }

    fn bulk(&self, account: &Account, messages: &[Message]) -> Vec<u8> {
        let url = "/api/collections/messages/records";
        let write = |message| json!({"method": "POST", "url": url, "body": row(account, message)});
        let body = json!({"requests": messages.iter().map(write).collect::<Vec<_>>()}).to_string();
        request("POST", "/api/batch", &account.token, Some(&body))
    }

    fn bulk_ids(&self, body: &[u8]) -> Result<Vec<String>> {
        let results: Vec<Value> = serde_json::from_slice(body)?;
        let id = |result: &Value| result["body"]["id"].as_str().map(str::to_owned);
        results.iter().map(id).collect::<Option<_>>().ok_or_else(|| "a result without an id".into())
    }

    async fn follow(&self, port: u16, account: &Account) -> Result<Feed> {
        let open = request("GET", "/api/realtime", &account.token, None);
        let (status, mut stream, mut read) = Wire::connect(port).await?.open(&open).await?;
        if status != 200 {
            return Err(format!("GET /api/realtime: {status}").into());
        }
        let client = loop {
            if let Some(client) = client_id(&read) {
                break client;
            }
            if stream.read_buf(&mut read).await? == 0 {
                return Err("the stream ended before PB_CONNECT".into());
            }
        };
        let body = json!({"clientId": client, "subscriptions": ["messages/*"]});
        call(&mut Wire::connect(port).await?, "POST", "/api/realtime", &account.token, &body).await?;
        Ok(Feed { stream, read: Vec::new(), framing: Framing::Sse })
    }
}

fn collection() -> Value {
    json!({
        "name": "messages",
        "type": "base",
        "fields": [
            {"name": "room", "type": "text", "required": true},
            {"name": "author", "type": "relation", "collectionId": "_pb_users_auth_", "maxSelect": 1, "required": true},
            {"name": "text", "type": "text"},
            {"name": "hidden", "type": "bool"},
            {"name": "created", "type": "autodate", "onCreate": true},
            {"name": "updated", "type": "autodate", "onCreate": true, "onUpdate": true}
        ],
        "indexes": ["create index idx_messages_room on messages (room, created)"],
        "listRule": "@request.auth.id != '' && (hidden = false || author = @request.auth.id)",
        "viewRule": "@request.auth.id != '' && (hidden = false || author = @request.auth.id)",
        "createRule": "@request.auth.id != '' && author = @request.auth.id",
        "updateRule": "@request.auth.id != '' && author = @request.auth.id",
    })
}

fn row(account: &Account, message: &Message) -> Value {
    json!({"room": message.room, "author": account.id, "text": message.text, "hidden": message.is_hidden})
}

async fn sign_in(wire: &mut Wire, collection: &str, email: &str) -> Result<Account> {
    let path = format!("/api/collections/{collection}/auth-with-password");
    let body = json!({"identity": email, "password": PASSWORD});
    let answer = call(wire, "POST", &path, "", &body).await?;
    let text = |value: &Value| value.as_str().map(str::to_owned).ok_or("a sign-in without id or token");
    Ok(Account { id: text(&answer["record"]["id"])?, token: text(&answer["token"])? })
}

async fn call(wire: &mut Wire, method: &str, path: &str, token: &str, body: &Value) -> Result<Value> {
    let answer = wire.call(&request(method, path, token, Some(&body.to_string()))).await?;
    let text = String::from_utf8_lossy(&answer.body);
    if !(200..300).contains(&answer.status) {
        return Err(format!("{method} {path}: {} {text}", answer.status).into());
    }
    Ok(serde_json::from_str(&text).unwrap_or_default())
}

/// The id in `data:{"clientId":"…"}`, the first event of a stream.
fn client_id(read: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(read).ok()?;
    let rest = text.split_once("\"clientId\":\"")?.1;
    rest.split_once('"').map(|(id, _)| id.to_owned())
}
