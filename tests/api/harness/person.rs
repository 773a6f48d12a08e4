//! Somebody who asks a server, and what they are answered.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value as Json;

/// Far longer than any answer takes: who waits so long fails, and shows what the server logged.
const PATIENCE: Duration = Duration::from_mins(2);

/// Somebody with or without an account, who speaks HTTP.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    http: Client,
    url: String,
    /// The access token, if signed in.
    pub(crate) token: Option<String>,
    /// The refresh token, if signed in.
    pub(crate) refresh_token: Option<String>,
    /// The account's id, or nothing.
    pub(crate) id: String,
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    asked: String,
}

impl Person {
    pub(super) fn new(url: &str) -> Self {
        // Whoever comes first installs it; the Rust client does so too.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(PATIENCE);
        let http = http.build().expect("a client");
        Self { http, url: url.to_owned(), token: None, refresh_token: None, id: String::new() }
    }

    /// Whoever got this answer to a login.
    pub(crate) fn signed_in(url: &str, answer: &Answer) -> Self {
        let json = answer.json();
        let text = |name: &str| json[name].as_str().map(str::to_owned);
        let id = json["user"]["id"].as_str().expect("an answer to a login names the user").to_owned();
        Self { token: text("accessToken"), refresh_token: text("refreshToken"), id, ..Self::new(url) }
    }

    /// The same person at another server.
    pub(crate) fn at(&self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self.clone() }
    }

    /// The same person with connections of their own.
    pub(crate) fn on_its_own(&self) -> Self {
        Self { http: Self::new(&self.url).http, ..self.clone() }
    }

    /// The same person with another access token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// A request below `/api/v1`, to be completed and sent with [`Person::send`].
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}/api/v1{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request and reads the answer.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        let request = request.build().expect("a request");
        let asked = format!("{} {}", request.method(), request.url());
        let response = self.http.execute(request).await.unwrap_or_else(|error| panic!("{asked}: {error:?}"));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.unwrap_or_else(|error| panic!("{asked}: {error:?}")).to_vec();
        Answer { status, headers, body, asked }
    }

    /// GET of a path below `/api/v1`.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// GET of a path outside the API.
    pub(crate) async fn get_at(&self, path: &str) -> Answer {
        self.send(self.http.get(format!("{}{path}", self.url))).await
    }

    /// POST of a JSON body.
    pub(crate) async fn post(&self, path: &str, body: &Json) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// PATCH with a JSON body.
    pub(crate) async fn patch(&self, path: &str, body: &Json) -> Answer {
        self.send(self.request(Method::PATCH, path).json(body)).await
    }

    /// PUT of a JSON body.
    pub(crate) async fn put(&self, path: &str, body: &Json) -> Answer {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    /// PUT without a body.
    pub(crate) async fn put_empty(&self, path: &str) -> Answer {
        self.send(self.request(Method::PUT, path)).await
    }

    /// DELETE.
    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }
}

impl Answer {
    /// Fails unless it has this status.
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.asked, self.text());
        self
    }

    /// Fails unless it is a whole problem with this status and code.
    #[track_caller]
    pub(crate) fn is_problem(self, status: u16, code: &str) -> Self {
        let answer = self.is(status);
        let problem = answer.json();
        assert_eq!(answer.header("content-type"), "application/problem+json", "{}", answer.asked);
        assert_eq!(problem["code"], code, "{}: {problem}", answer.asked);
        assert_eq!(problem["status"], status, "{problem}");
        assert_eq!(problem["requestId"], answer.header("x-request-id"), "{problem}");
        for member in ["type", "title", "detail"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "no {member} in {problem}");
        }
        answer
    }

    /// The pointers of a problem's errors, in order.
    pub(crate) fn pointers(&self) -> Vec<String> {
        let errors = self.json()["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error["pointer"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{}: {error}: {}", self.asked, self.text()))
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's text, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}
