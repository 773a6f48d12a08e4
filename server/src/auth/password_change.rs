//! Changing the own password.

use plinth_store::accounts::change_password;
use plinth_store::sessions::delete_sessions;

use super::password::Verdict;
use super::session::Client;
use super::{Auth, Email, Error, Password};
use crate::policy::Account;

impl Auth {
    /// Sets a new password in place of the current one. All other sessions of the account end with it.
    pub async fn change_password(
        &self,
        account: &Account,
        current: &Password,
        new: &Password,
        client: &Client,
    ) -> Result<(), Error> {
        let email = Email::of_record(&*self.users()?, &account.record)?;
        let attempt = self.try_password(&email, client).await?;
        let stored = self.inner.store.account(account.id).await?.ok_or(Error::Unauthenticated)?;
        if self.inner.hasher.verify(current, Some(&stored.password)).await? == Verdict::Wrong {
            return Err(Error::InvalidCredentials);
        }
        attempt.give_back();
        new.check("/newPassword", &email).map_err(|violation| Error::Invalid(vec![violation]))?;
        let hash = self.inner.hasher.hash(new).await?;
        let now = self.inner.clock.now();
        let session = account.session.parse().ok();
        let mut steps = Vec::from(change_password(account.id, stored.version, &hash, now));
        steps.extend(delete_sessions(account.id, session, now, Some(account.id)));
        match self.inner.store.apply(steps).await {
            // Somebody else changed it meanwhile, so the current password is not that one any more.
            Err(plinth_store::Error::Expectation { .. }) => Err(Error::InvalidCredentials),
            applied => {
                applied?;
                self.forget(account.id);
                Ok(())
            }
        }
    }
}
