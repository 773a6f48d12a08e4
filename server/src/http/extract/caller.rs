//! Who asks: the account that the access token speaks for, or nobody in particular.
//!
//! No token is nobody; a token that is not valid is refused, and not taken for nobody: a client whose token expired
//! must learn it, instead of seeing less than it should.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use plinth_store::{Asker, asker};

use crate::auth::{Auth, Error};
use crate::policy::Caller;
use crate::problem::Problem;

impl<S> FromRequestParts<S> for Caller
where
    S: Send + Sync,
    Auth: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match bearer(&parts.headers)? {
            None => Ok(Self::anonymous()),
            Some(token) => {
                let caller = Auth::from_ref(state).caller(token).await?;
                if let Some(id) = caller.id() {
                    asker::is_now(Asker::Account(id));
                }
                Ok(caller)
            }
        }
    }
}

/// The token of `Authorization: Bearer …`.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let (first, second) = (given.next(), given.next());
    match (first, second) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).unwrap_or_default();
            let is_bearer = scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty();
            is_bearer.then_some(Some(token.trim())).ok_or_else(|| Error::Unauthenticated.into())
        }
        _ => Err(Error::Unauthenticated.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(values: &[&str]) -> Result<Option<String>, ()> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, value.parse().unwrap());
        }
        bearer(&headers).map(|token| token.map(str::to_owned)).map_err(drop)
    }

    #[test]
    fn one_bearer_token_is_read_and_anything_else_refused() {
        assert_eq!(token(&[]), Ok(None));
        assert_eq!(token(&["Bearer abc"]), Ok(Some("abc".to_owned())));
        assert_eq!(token(&["bearer abc"]), Ok(Some("abc".to_owned())));
        for wrong in [&["Bearer "][..], &["Bearer"], &["Basic abc"], &["abc"], &[""], &["Bearer a", "Bearer b"]] {
            assert_eq!(token(wrong), Err(()), "{wrong:?}");
        }
    }
}
