//! The first administrator: by the printed link, by the command line, or by the environment.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use plinth_model::RecordId;
use plinth_store::accounts::{seen, set_disabled, set_password};
use plinth_store::policies::insert_membership;
use plinth_store::sessions::{delete_sessions, insert_session};
use plinth_store::setup::use_setup_token;
use serde::{Deserialize, Serialize};
use serde_json::Map;
use sha2::{Digest as _, Sha256};

use super::session::{Client, SignedIn, after};
use super::{ADMIN, Auth, Email, Error, NewAccount, Password};

/// What became of the account that was to be an administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MadeAdmin {
    /// It was made.
    Created,
    /// It was there; it is an administrator now and has the given password.
    Promoted,
}

impl Auth {
    /// Whether there is no administrator yet.
    pub async fn setup_is_open(&self) -> Result<bool, Error> {
        Ok(!self.inner.store.has_member(ADMIN).await?)
    }

    /// A set-up token, if there is no administrator yet. It works once and for a limited time; only its hash is kept.
    pub async fn open_setup(&self) -> Result<Option<String>, Error> {
        if !self.setup_is_open().await? {
            return Ok(None);
        }
        let token = URL_SAFE_NO_PAD.encode(self.inner.entropy.bytes::<24>());
        let now = self.inner.clock.now();
        let expires_at = after(now, self.inner.settings.setup_link.as_millis());
        self.inner.store.open_setup(&hash(&token), now, expires_at).await?;
        Ok(Some(token))
    }

    /// Uses a set-up token: makes the first administrator and begins its first session.
    pub async fn set_up(&self, token: &str, account: NewAccount, client: &Client) -> Result<SignedIn, Error> {
        let attempt = self.inner.limits.try_from_address(client.address).await?;
        if !self.setup_is_open().await? {
            return Err(Error::SetupDone);
        }
        let token = hash(token);
        if !self.inner.store.is_setup_token(&token, self.inner.clock.now()).await? {
            return Err(Error::SetupTokenInvalid);
        }
        attempt.give_back();
        let draft = self.draft(account, true, Vec::new()).await?;
        let (id, now) = (draft.id(), draft.record.created_at);
        let (session, refresh) = self.new_session(id, client);
        let mut after = Vec::from(insert_membership(&format!("user:{id}"), ADMIN, Some(id), now));
        after.extend([seen(id, 1, now), insert_session(&session)]);
        let stored = self.store_account(draft, use_setup_token(&token, now).into(), after, Some(id)).await;
        stored.map_err(setup_error)?;
        self.inner.policy.reload().await?;
        self.signed_in(&session, &refresh).await
    }

    /// Makes an administrator, or an existing account one, with this password: what an operator may always do.
    pub async fn make_admin(&self, email: &str, password: &Password) -> Result<MadeAdmin, Error> {
        let parsed =
            Email::parse(email).map_err(|fault| Error::invalid("/email", "invalid_email", fault.to_string()))?;
        let made = if let Some(account) = self.inner.store.account_of_email(parsed.as_str()).await? {
            password.check("/password", &parsed).map_err(|violation| Error::Invalid(vec![violation]))?;
            self.promote(account.id, password).await?;
            MadeAdmin::Promoted
        } else {
            self.create_admin(NewAccount { email: email.to_owned(), password: password.clone(), own: Map::new() })
                .await?;
            MadeAdmin::Created
        };
        self.inner.policy.reload().await?;
        Ok(made)
    }

    async fn create_admin(&self, account: NewAccount) -> Result<(), Error> {
        let draft = self.draft(account, true, Vec::new()).await?;
        let membership = insert_membership(&format!("user:{}", draft.id()), ADMIN, None, draft.record.created_at);
        self.store_account(draft, Vec::new(), membership.into(), None).await
    }

    async fn promote(&self, id: RecordId, password: &Password) -> Result<(), Error> {
        let hash = self.inner.hasher.hash(password).await?;
        let now = self.inner.clock.now();
        // Memberships before accounts, as everywhere: else this could wait for somebody who waits for it.
        let mut steps = Vec::from(insert_membership(&format!("user:{id}"), ADMIN, None, now));
        steps.extend(set_password(id, &hash, now, None));
        steps.extend(set_disabled(id, false, now, None));
        steps.extend(delete_sessions(id, None, now, None));
        self.inner.store.apply(steps).await?;
        self.forget(id);
        Ok(())
    }
}

/// What a failed set-up means: of many uses of one token at once, all but one end here.
fn setup_error(error: Error) -> Error {
    match error {
        Error::Store(plinth_store::Error::Expectation { .. }) => Error::SetupTokenInvalid,
        Error::Store(plinth_store::Error::Conflict { .. }) => Error::SetupDone,
        other => other,
    }
}

fn hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
}
