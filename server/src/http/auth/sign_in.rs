//! Register, login, refresh, logout.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::super::extract::{Body, From};
use super::cookie;
use crate::auth::{Auth, Error, NewAccount, Password, Profile, SignedIn};
use crate::clock::SharedClock;
use crate::config::Settings;
use crate::problem::Problem;

/// How the refresh token travels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::http) enum Carrier {
    /// In the body.
    #[default]
    Token,
    /// In a cookie that scripts can't read.
    Cookie,
}

/// The answer to everything that signs in.
#[derive(Debug)]
pub(in crate::http) struct Answer {
    status: StatusCode,
    body: AnswerBody,
    cookie: Option<HeaderValue>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AnswerBody {
    user: Profile,
    access_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    expires_in: i64,
}

impl Answer {
    pub(in crate::http) fn new(
        status: StatusCode,
        signed_in: SignedIn,
        carrier: Carrier,
        clock: &SharedClock,
        over_tls: bool,
    ) -> Self {
        let now = clock.now().millis();
        let seconds_until = |end: plinth_model::Instant| end.millis().saturating_sub(now).div_euclid(1000);
        let SignedIn { user, access_token, refresh_token, expires_at, session_expires_at } = signed_in;
        let (refresh_token, cookie) = match carrier {
            Carrier::Token => (Some(refresh_token), None),
            Carrier::Cookie => (None, cookie::keep(&refresh_token, seconds_until(session_expires_at), over_tls)),
        };
        let expires_in = seconds_until(expires_at);
        Self { status, body: AnswerBody { user, access_token, refresh_token, expires_in }, cookie }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        if let Some(cookie) = self.cookie {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }
}

#[derive(Deserialize)]
pub(super) struct Registration {
    email: String,
    password: String,
    #[serde(default)]
    session: Carrier,
    #[serde(flatten)]
    own: Map<String, Value>,
}

pub(super) async fn register(
    State(auth): State<Auth>,
    State(clock): State<SharedClock>,
    From { client, over_tls }: From,
    Body(body): Body<Registration>,
) -> Result<Answer, Problem> {
    let account = NewAccount { email: body.email, password: Password::new(body.password), own: body.own };
    let signed_in = auth.register(account, &client).await?;
    Ok(Answer::new(StatusCode::CREATED, signed_in, body.session, &clock, over_tls))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Login {
    email: String,
    password: String,
    #[serde(default)]
    session: Carrier,
}

pub(super) async fn log_in(
    State(auth): State<Auth>,
    State(clock): State<SharedClock>,
    From { client, over_tls }: From,
    Body(body): Body<Login>,
) -> Result<Answer, Problem> {
    let signed_in = auth.log_in(&body.email, &Password::new(body.password), &client).await?;
    Ok(Answer::new(StatusCode::OK, signed_in, body.session, &clock, over_tls))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Refresh {
    refresh_token: Option<String>,
}

impl Refresh {
    /// The token in the body, or else the one in the cookie.
    fn token(self, headers: &HeaderMap, settings: &Settings) -> Result<Option<(String, Carrier)>, Problem> {
        match self.refresh_token {
            Some(token) => Ok(Some((token, Carrier::Token))),
            None => Ok(cookie::read(headers, &settings.server)?.map(|token| (token.to_owned(), Carrier::Cookie))),
        }
    }
}

pub(super) async fn refresh(
    State(auth): State<Auth>,
    State(clock): State<SharedClock>,
    State(settings): State<Arc<Settings>>,
    From { client, over_tls }: From,
    headers: HeaderMap,
    Body(body): Body<Refresh>,
) -> Result<Answer, Problem> {
    let (token, carrier) = body.token(&headers, &settings)?.ok_or(Error::InvalidCredentials)?;
    let signed_in = auth.refresh(&token, &client).await?;
    Ok(Answer::new(StatusCode::OK, signed_in, carrier, &clock, over_tls))
}

pub(super) async fn log_out(
    State(auth): State<Auth>,
    State(settings): State<Arc<Settings>>,
    From { over_tls, .. }: From,
    headers: HeaderMap,
    Body(body): Body<Refresh>,
) -> Result<Response, Problem> {
    let token = body.token(&headers, &settings)?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Some((token, carrier)) = token {
        auth.log_out(&token).await?;
        if let (Carrier::Cookie, Some(gone)) = (carrier, cookie::forget(over_tls)) {
            response.headers_mut().append(SET_COOKIE, gone);
        }
    }
    Ok(response)
}
