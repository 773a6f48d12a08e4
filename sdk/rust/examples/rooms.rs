//! Two people in a room: one follows it, the other writes.
//!
//! Needs a server with an administrator; `PLINTH_URL`, `PLINTH_ADMIN_EMAIL` and `PLINTH_ADMIN_PASSWORD` name them.

use futures_util::StreamExt;
use plinth_client::{Client, Event, Query, Rule, Watch};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Debug, Serialize, Deserialize)]
struct Message {
    room: String,
    author: String,
    text: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::var("PLINTH_URL").unwrap_or_else(|_| "http://127.0.0.1:8080".to_owned());
    let admin = Client::new(&url)?;
    admin.auth().login(&std::env::var("PLINTH_ADMIN_EMAIL")?, &std::env::var("PLINTH_ADMIN_PASSWORD")?).await?;
    prepare(&admin).await?;

    let (ada, ben) = (Client::new(&url)?, Client::new(&url)?);
    ada.auth().register(&somebody("ada"), "a long enough passphrase").await?;
    let author = ben.auth().register(&somebody("ben"), "a long enough passphrase").await?.id;

    let lobby = Watch::new().filter("room == params.room").param("room", "lobby");
    let mut changes = ada.collection::<Message>("messages").subscribe(&lobby);
    let messages = ben.collection::<Message>("messages");
    let mut left = 3;
    while left > 0 {
        match changes.next().await.ok_or("the subscription ended")?? {
            // From here on nothing is missed.
            Event::Live { .. } => {
                for text in ["Is anybody here?", "I can wait.", "Good night."] {
                    let message = Message { room: "lobby".into(), author: author.clone(), text: text.into() };
                    messages.create(&message).await?;
                }
            }
            Event::Change(change) => {
                println!("{:?}: {}", change.kind, change.record.map_or_else(String::new, |message| message.text));
                left -= 1;
            }
            Event::Snapshot(_) | Event::Reset { .. } => {}
        }
    }

    let newest = Query::new().filter("author == auth.id").sort("-createdAt").limit(1);
    println!("Ben's newest: {}", messages.list(&newest).await?.items[0].text);
    Ok(())
}

/// The collection and its rules, unless an earlier run left them.
async fn prepare(admin: &Client) -> plinth_client::Result<()> {
    let text = json!({"type": "string", "maxLength": 1000});
    let author = json!({"type": "string", "x-relation": {"collection": "users", "onDelete": "cascade"}});
    let schema = json!({
        "type": "object",
        "required": ["room", "author", "text"],
        "properties": {"room": text, "author": author, "text": text},
    });
    match admin.collections().create(&json!({"name": "messages", "schema": schema})).await {
        Err(error) if error.is_conflict() => return Ok(()),
        made => made.map(drop)?,
    }
    let policies = admin.policies();
    policies.add(&Rule::allow("role:user", "messages", "read")).await?;
    policies.add(&Rule::allow("role:user", "messages", "create").when("data.author == auth.id")).await?;
    Ok(())
}

/// An address that nobody has yet.
fn somebody(name: &str) -> String {
    format!("{name}-{:08x}@example.com", rand::random::<u32>())
}
