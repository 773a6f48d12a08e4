//! Signing in with an address and a password.

use plinth_store::accounts::{StoredAccount, rehash, seen};
use plinth_store::sessions::insert_session;

use super::limits::Try;
use super::password::{Password, Verdict};
use super::session::{Client, SignedIn};
use super::{Auth, Email, Error};

impl Auth {
    /// Begins a session, if the address and the password belong together. An unknown address, a wrong password and a
    /// disabled account have the same answer after the same work.
    pub async fn log_in(&self, email: &str, password: &Password, client: &Client) -> Result<SignedIn, Error> {
        let Ok(email) = Email::parse(email) else {
            let _counted = self.inner.limits.try_from_address(client.address).await?;
            self.inner.hasher.verify(password, None).await?;
            return Err(Error::InvalidCredentials);
        };
        let attempt = self.try_password(&email, client).await?;
        let account = self.inner.store.account_of_email(email.as_str()).await?;
        let hash = account.as_ref().map(|account| account.password.as_str());
        let verdict = self.inner.hasher.verify(password, hash).await?;
        let account = account.filter(|account| !account.disabled && verdict != Verdict::Wrong);
        let account = account.ok_or(Error::InvalidCredentials)?;
        attempt.give_back();
        self.begin_session(&account, verdict, client).await
    }

    /// A try at the password of this account, whether it exists or not.
    pub(super) async fn try_password(&self, email: &Email, client: &Client) -> Result<Try<'_>, Error> {
        let known = async || {
            let addresses = self.inner.store.seen_from(email.as_str(), self.inner.clock.now()).await?;
            Ok(addresses.iter().filter_map(|address| address.parse().ok()).collect())
        };
        self.inner.limits.try_password(client.address, email, known).await
    }

    async fn begin_session(
        &self,
        account: &StoredAccount,
        verdict: Verdict,
        client: &Client,
    ) -> Result<SignedIn, Error> {
        let (session, token) = self.new_session(account.id, client);
        let mut steps = vec![seen(account.id, account.version, session.created_at), insert_session(&session)];
        if let Verdict::Renew(hash) = verdict {
            steps.push(rehash(account.id, account.version, &hash));
        }
        match self.inner.store.apply(steps).await {
            // The password was changed, or the account disabled, while this one was being checked.
            Err(plinth_store::Error::Expectation { .. }) => Err(Error::InvalidCredentials),
            applied => {
                applied?;
                self.signed_in(&session, &token).await
            }
        }
    }
}
