//! All addresses, in one place.

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use plinth_store::{Asker, asker};

use super::edge::Edge;
use super::{
    auth, collections, cors, edge, health, metrics, openapi, panel, policies, realtime, records, setup, users,
};
use crate::app::App;
use crate::code::Code;
use crate::problem::Problem;

/// The addresses of the API that read query parameters, each strictly by its `Params`. All others refuse any before
/// anything is done, so that a new one does: a parameter that is passed over may have been `dryRun=true`.
const READ_PARAMETERS: [(Method, &str); 6] = [
    (Method::GET, "/api/v1/records/{collection}"),
    (Method::GET, "/api/v1/records/{collection}/{id}"),
    (Method::GET, "/api/v1/users"),
    (Method::POST, "/api/v1/collections"),
    (Method::PATCH, "/api/v1/collections/{name}"),
    (Method::DELETE, "/api/v1/collections/{name}"),
];

/// The service that a connection speaks to.
pub fn router(app: App) -> Router {
    let edge = Edge::new(app.settings.clone(), app.clock.clone(), &app.entropy);
    let routes = Router::new()
        .nest("/api/v1", api().route_layer(from_fn(refuse_parameters)))
        .merge(outside())
        .fallback(unknown)
        .method_not_allowed_fallback(method_not_allowed);
    let routes = match cors::layer(&app.settings.server) {
        Some(cors) => routes.layer(cors),
        None => routes,
    };
    routes.layer(from_fn_with_state(edge, edge::pass)).with_state(app)
}

/// The API: everything that clients rely on.
fn api() -> Router<App> {
    Router::new()
        .merge(records::routes())
        .merge(collections::routes())
        .merge(policies::routes())
        .merge(realtime::routes())
        .merge(openapi::routes())
        .merge(before_others(auth::routes()))
        .merge(users::routes())
        .merge(before_others(setup::routes()))
}

/// What is served beside the API.
fn outside() -> Router<App> {
    let probes = Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::scrape));
    let pages = Router::new()
        .route("/", get(|| async { Redirect::temporary("/_/") }))
        .route("/_", get(|| async { Redirect::temporary("/_/") }))
        .route("/_/", get(panel::index))
        .route("/_/{*path}", get(panel::asset));
    before_others(probes.route_layer(from_fn(refuse_parameters))).merge(pages)
}

/// Refuses query parameters where none are read.
async fn refuse_parameters(request: Request, next: Next) -> Response {
    match request.uri().query() {
        None | Some("") => next.run(request).await,
        Some(_) if reads_parameters(&request) => next.run(request).await,
        Some(_) => Problem::new(Code::UnknownParameter, "This address takes no query parameters.").into_response(),
    }
}

fn reads_parameters(request: &Request) -> bool {
    // A HEAD is answered as a GET without its body.
    let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    READ_PARAMETERS.iter().any(|(reads, path)| reads == method && Some(*path) == route)
}

/// Routes that find out who asks: what they read of the database goes before what is asked by those that they let in.
fn before_others(routes: Router<App>) -> Router<App> {
    routes.route_layer(from_fn(|request: Request, next: Next| asker::scope(Asker::Server, next.run(request))))
}

async fn unknown() -> Problem {
    Problem::not_found()
}

async fn method_not_allowed() -> Problem {
    Problem::new(Code::MethodNotAllowed, "This address exists, but not for this method; see Allow.")
}
