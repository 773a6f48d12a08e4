//! `/api/v1/auth`: signing up, in and out, and what an account does with itself.

mod cookie;
mod me;
mod sessions;
mod sign_in;

use axum::Router;
use axum::routing::{delete, get, patch, post};

use crate::app::App;

pub(super) use sessions::{Sessions, parse as session_id};
pub(super) use sign_in::{Answer, Carrier};

/// The routes on the own account.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/auth/register", post(sign_in::register))
        .route("/auth/login", post(sign_in::log_in))
        .route("/auth/refresh", post(sign_in::refresh))
        .route("/auth/logout", post(sign_in::log_out))
        .route("/auth/me", get(me::show).patch(me::change))
        .route("/auth/password", patch(me::change_password))
        .route("/auth/sessions", get(sessions::list).delete(sessions::end_all))
        .route("/auth/sessions/{id}", delete(sessions::end))
}
