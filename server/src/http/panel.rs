//! The admin panel at `/_/`: a single-page app, so that every address below it that is no file answers its page.

use axum::body::Body;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::asset::Asset;
use super::extract::Path;
use crate::problem::Problem;

/// Scripts, styles and connections of this server only. Inline styles are allowed, since the code editor sets them;
/// inline scripts are not.
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' blob: data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; \
    object-src 'none'";

/// What stands there when the server was built without a panel.
const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Plinth</title>\
    <h1>The panel was not built</h1><p>This server was built without its admin panel. In the source, run \
    <code>npm ci &amp;&amp; npm run build</code> in <code>admin-ui</code>, then build the server again; \
    <code>make run</code> does both. The API works without it.</p></html>";

/// `GET /_/`
pub(super) async fn index(headers: HeaderMap) -> Response {
    match Asset::find("index.html") {
        Some(page) => send(page, &headers),
        None => (StatusCode::NOT_FOUND, [(CONTENT_TYPE, "text/html; charset=utf-8")], NOT_BUILT).into_response(),
    }
}

/// `GET /_/{path}`
pub(super) async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    match Asset::find(&path) {
        Some(asset) => send(asset, &headers),
        // A missing script must not be answered with a page: the browser would report the wrong fault.
        None if path.starts_with("assets/") => Problem::not_found().into_response(),
        None => index(headers).await,
    }
}

fn send(asset: &'static Asset, request: &HeaderMap) -> Response {
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(ETAG, HeaderValue::from_static(asset.etag));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(asset.media_type()));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache_rule(asset)));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if request.get(IF_NONE_MATCH).is_some_and(|known| known == asset.etag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    let bytes = match asset.gzip.filter(|_| accepts_gzip(request)) {
        Some(small) => {
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            small
        }
        None => asset.bytes,
    };
    *response.body_mut() = Body::from(bytes);
    response
}

fn cache_rule(asset: &Asset) -> &'static str {
    if asset.is_immutable() { "public, max-age=31536000, immutable" } else { "no-cache" }
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let codings = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    codings.flat_map(|value| value.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        parts.next() == Some("gzip") && !parts.any(is_zero)
    })
}

/// Whether a weight such as `q=0` or `q=0.000` refuses its coding.
fn is_zero(weight: &str) -> bool {
    weight.split_once('=').and_then(|(_, value)| value.trim().parse::<f32>().ok()) == Some(0.0)
}
