//! What is there before anybody made anything: the collection `users`, and the rules by which an account reads and
//! edits itself and nobody else.

use plinth_model::schema::Definition;
use plinth_model::schema::collection::USERS;
use plinth_store::Step;
use plinth_store::policies::{StoredRule, insert_policy};
use serde_json::{Map, Value as Json, json};

use super::apply::{Change, Options};
use super::{Collections, Error};
use crate::entropy::SharedEntropy;

/// The fields of `users` that belong to the server: they change by their own routes only.
pub const BUILT_IN: [&str; 2] = ["email", "verified"];

/// The definition of `users` in a new database.
fn users() -> Map<String, Json> {
    let definition = json!({
        "name": USERS,
        "schema": {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "description": "The accounts. Credentials are kept elsewhere.",
            "type": "object",
            "required": ["email"],
            "additionalProperties": false,
            "properties": {
                "email": { "type": "string", "format": "email", "maxLength": 254, "x-unique": true, "readOnly": true },
                "verified": { "type": "boolean", "default": false, "readOnly": true },
            },
        },
    });
    match definition {
        Json::Object(definition) => definition,
        _ => Map::new(),
    }
}

/// The rules of a new database.
fn rules(entropy: &SharedEntropy, now: plinth_model::Instant) -> [StoredRule; 2] {
    ["read", "update"].map(|action| StoredRule {
        id: entropy.record_id(now).to_string(),
        subject: "role:user".to_owned(),
        object: USERS.to_owned(),
        action: action.to_owned(),
        condition: "id == auth.id".to_owned(),
        fields: String::new(),
        effect: "allow".to_owned(),
    })
}

impl Collections {
    /// Makes what a new database lacks. Several nodes may do it at once: one succeeds, the others find it done.
    pub async fn bootstrap(&self, entropy: &SharedEntropy) -> Result<(), Error> {
        if self.policy.state().stored(USERS).is_some() {
            return Ok(());
        }
        match self.create(users(), &Options::default()).await {
            Ok(Change::Made(_)) => {
                let now = self.clock.now();
                let steps: Vec<Step> =
                    rules(entropy, now).iter().flat_map(|rule| insert_policy(rule, None, now)).collect();
                self.store.apply(steps).await?;
                self.policy.reload().await?;
                Ok(())
            }
            Ok(Change::Planned(_)) | Err(Error::Taken(_)) => Ok(()),
            Err(error) => {
                self.policy.reload().await?;
                if self.policy.state().stored(USERS).is_some() { Ok(()) } else { Err(error) }
            }
        }
    }
}

/// Refuses a change of `users` that touches what belongs to the server.
pub(super) fn keep_built_in(name: &str, definition: &Definition) -> Result<(), Error> {
    if name != USERS {
        return Ok(());
    }
    if definition.name != USERS {
        return Err(Error::BuiltIn("users is built in and keeps its name"));
    }
    let original = users();
    let property = |schema: &Json, field: &str| schema.pointer(&format!("/properties/{field}")).cloned();
    let kept = |field: &&str| {
        property(&definition.schema, field) == original.get("schema").and_then(|schema| property(schema, field))
    };
    let required = definition.schema.get("required").and_then(Json::as_array);
    let requires_email = required.is_some_and(|required| required.iter().any(|name| name == "email"));
    if BUILT_IN.iter().all(kept) && requires_email {
        return Ok(());
    }
    Err(Error::BuiltIn("email and verified of users are built in: leave them as they are, and email required"))
}
