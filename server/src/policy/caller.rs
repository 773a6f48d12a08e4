//! Who asks: nobody in particular, or a signed-in account.

use std::sync::Arc;

use plinth_model::{Collection, Instant, Record, RecordId};

/// The one who makes a request or holds a subscription.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    account: Option<Arc<Account>>,
}

/// A signed-in account, as it was when its token was checked.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its id, which is also its record's in `users`.
    pub id: RecordId,
    /// The session its token belongs to.
    pub session: String,
    /// When its token expires.
    pub expires_at: Instant,
    /// Its record in `users`: what `auth.…` reads.
    pub record: Record,
    /// The collection `users` as the record was read: its values stand in the order of these fields, whatever the
    /// collection is now.
    pub users: Arc<Collection>,
}

impl Caller {
    /// Somebody without an account.
    pub fn anonymous() -> Self {
        Self::default()
    }

    /// A signed-in account.
    pub fn account(account: Arc<Account>) -> Self {
        Self { account: Some(account) }
    }

    /// The account, if signed in.
    pub fn signed_in(&self) -> Option<&Arc<Account>> {
        self.account.as_ref()
    }

    /// The account's id, if signed in.
    pub fn id(&self) -> Option<RecordId> {
        self.account.as_ref().map(|account| account.id)
    }

    /// What a cursor or a cache entry is bound to: the account, or `public`.
    pub fn principal(&self) -> String {
        self.id().map_or_else(|| "public".to_owned(), |id| format!("user:{id}"))
    }
}
