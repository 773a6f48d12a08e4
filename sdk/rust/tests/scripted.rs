//! The client against a server that does what a script says: what only shows when connections really break.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use plinth_client::{Backoff, Change, Client, Event, Tokens, Watch};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

type Line = WebSocketStream<TcpStream>;

fn client(listener: &TcpListener) -> Client {
    client_with(listener, None)
}

fn client_with(listener: &TcpListener, tokens: Option<Tokens>) -> Client {
    let backoff = Backoff { first: Duration::from_millis(5), longest: Duration::from_millis(20) };
    let mut builder = Client::builder(format!("http://{}", listener.local_addr().unwrap())).backoff(backoff);
    if let Some(tokens) = tokens {
        builder = builder.tokens(tokens);
    }
    builder.build().unwrap()
}

fn tokens(access: &str) -> Tokens {
    Tokens { access_token: access.into(), refresh_token: Some("r1".into()), expires_in: Some(600) }
}

async fn accept(listener: &TcpListener) -> Line {
    let (stream, _) = listener.accept().await.unwrap();
    let choose = |request: &Request, mut response: Response| {
        let protocol = request.headers()["sec-websocket-protocol"].clone();
        assert_eq!(protocol, "plinth.v1");
        assert_eq!(request.uri().path(), "/api/v1/realtime");
        response.headers_mut().insert("sec-websocket-protocol", protocol);
        Ok(response)
    };
    let mut line = tokio_tungstenite::accept_hdr_async(stream, choose).await.unwrap();
    say(&mut line, json!({"op": "hello", "protocol": 1, "connection": "c", "heartbeatMs": 25000})).await;
    line
}

async fn say(line: &mut Line, frame: Value) {
    line.send(Message::text(frame.to_string())).await.unwrap();
}

async fn heard(line: &mut Line) -> Value {
    let message = tokio::time::timeout(Duration::from_secs(5), line.next()).await.expect("a frame in time");
    serde_json::from_str(message.unwrap().unwrap().to_text().unwrap()).unwrap()
}

async fn change(line: &mut Line, sub: &Value, cursor: &str) {
    let record = json!({"id": cursor, "text": cursor});
    let frame = json!({"op": "change", "sub": sub, "type": "create", "id": cursor, "record": record, "cursor": cursor, "at": ""});
    say(line, frame).await;
}

/// The next change's cursor; `Live` is skipped.
async fn next(changes: &mut (impl futures_util::Stream<Item = plinth_client::Result<Event<Value>>> + Unpin)) -> String {
    loop {
        match tokio::time::timeout(Duration::from_secs(5), changes.next()).await.expect("an event in time") {
            Some(Ok(Event::Change(Change { cursor, .. }))) => return cursor,
            Some(Ok(Event::Live { .. })) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn broken_connections_lose_nothing_and_repeat_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client(&listener);
    let server = tokio::spawn(async move {
        let mut line = accept(&listener).await;
        let first = heard(&mut line).await;
        assert_eq!(first, json!({"op": "subscribe", "sub": first["sub"], "collection": "posts", "filter": "a == 1"}));
        say(&mut line, json!({"op": "subscribed", "sub": first["sub"], "cursor": "0"})).await;
        change(&mut line, &first["sub"], "1").await;
        drop(line);

        // A connection that dies before its hello is read.
        drop(accept(&listener).await);

        let mut line = accept(&listener).await;
        let second = heard(&mut line).await;
        assert_eq!(second["since"], "1");
        say(&mut line, json!({"op": "subscribed", "sub": second["sub"], "cursor": "1"})).await;
        change(&mut line, &second["sub"], "1").await;
        change(&mut line, &second["sub"], "2").await;
        let going = CloseFrame { code: 1012.into(), reason: "going away".into() };
        line.close(Some(going)).await.unwrap();

        let mut line = accept(&listener).await;
        let third = heard(&mut line).await;
        assert_eq!(third["since"], "2");
        change(&mut line, &third["sub"], "3").await;
        // The subscription ends with its owner, and the connection with the last subscription.
        while let Some(Ok(message)) = line.next().await {
            if message.is_close() {
                return;
            }
        }
        panic!("no farewell");
    });
    let mut changes = client.collection::<Value>("posts").subscribe(&Watch::new().filter("a == 1"));
    assert_eq!(next(&mut changes).await, "1");
    assert_eq!(next(&mut changes).await, "2");
    assert_eq!(next(&mut changes).await, "3");
    drop(changes);
    tokio::time::timeout(Duration::from_secs(5), server).await.expect("the server's end").unwrap();
}

#[tokio::test]
async fn subscriptions_share_one_socket() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client(&listener);
    let mut a = client.collection::<Value>("a").subscribe(&Watch::new());
    let mut b = client.clone().collection::<Value>("b").subscribe(&Watch::new());
    let mut line = accept(&listener).await;
    let first = heard(&mut line).await;
    let second = heard(&mut line).await;
    assert_eq!((&first["collection"], &second["collection"]), (&json!("a"), &json!("b")));
    change(&mut line, &second["sub"], "2").await;
    change(&mut line, &first["sub"], "1").await;
    assert_eq!((next(&mut a).await, next(&mut b).await), ("1".to_owned(), "2".to_owned()));
    drop(a);
    assert_eq!(heard(&mut line).await, json!({"op": "unsubscribe", "sub": first["sub"]}));
}

#[tokio::test]
async fn refused_subscription_is_the_last_item_of_its_stream() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client(&listener);
    let mut changes = client.collection::<Value>("a").subscribe(&Watch::new());
    let mut line = accept(&listener).await;
    let sub = heard(&mut line).await["sub"].clone();
    let problem = json!({"status": 404, "code": "not_found", "title": "No such collection"});
    say(&mut line, json!({"op": "error", "sub": sub, "problem": problem})).await;
    let error = changes.next().await.unwrap().unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(404), "not_found"));
    assert!(changes.next().await.is_none());
}

#[tokio::test]
async fn connection_refused_for_good_ends_every_stream() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client(&listener);
    let mut changes = client.collection::<Value>("a").subscribe(&Watch::new());
    let mut line = accept(&listener).await;
    line.close(Some(CloseFrame { code: 4403.into(), reason: "origin".into() })).await.unwrap();
    let error = changes.next().await.unwrap().unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(403), "closed_4403"));
}

#[tokio::test]
async fn expired_socket_renews_its_token_and_goes_on() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client_with(&listener, Some(tokens("old")));
    let mut changes = client.collection::<Value>("a").subscribe(&Watch::new());
    let mut line = accept(&listener).await;
    assert_eq!(heard(&mut line).await, json!({"op": "auth", "token": "old"}));
    let sub = heard(&mut line).await["sub"].clone();
    change(&mut line, &sub, "1").await;
    line.close(Some(CloseFrame { code: 4401.into(), reason: "expired".into() })).await.unwrap();

    let (mut stream, _) = listener.accept().await.unwrap();
    assert!(
        answer(&mut stream, 200, &json!({"accessToken": "new", "refreshToken": "r2", "expiresIn": 600}))
            .await
            .starts_with("POST /api/v1/auth/refresh")
    );
    let mut line = accept(&listener).await;
    assert_eq!(heard(&mut line).await, json!({"op": "auth", "token": "new"}));
    assert_eq!(heard(&mut line).await["since"], "1");
    assert_eq!(next(&mut changes).await, "1");
    assert_eq!(client.tokens().unwrap().refresh_token.as_deref(), Some("r2"));
}

#[tokio::test]
async fn ended_session_ends_its_streams() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client_with(&listener, Some(tokens("old")));
    let mut changes = client.collection::<Value>("a").subscribe(&Watch::new());
    let mut line = accept(&listener).await;
    line.close(Some(CloseFrame { code: 4401.into(), reason: "revoked".into() })).await.unwrap();
    let (mut stream, _) = listener.accept().await.unwrap();
    answer(&mut stream, 401, &json!({"code": "unauthenticated"})).await;
    let error = changes.next().await.unwrap().unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(401), "unauthenticated"));
    assert!(client.tokens().is_none());
}

#[tokio::test]
async fn callers_at_the_same_moment_share_one_renewal() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client_with(&listener, Some(tokens("old")));
    let renewals = Arc::new(AtomicUsize::new(0));
    tokio::spawn(serve(listener, Arc::clone(&renewals)));
    let calls = (0..20).map(|_| {
        let client = client.clone();
        async move { client.auth().me().await.map(|account| account.id) }
    });
    for id in futures_util::future::join_all(calls).await {
        assert_eq!(id.unwrap(), "u");
    }
    assert_eq!(renewals.load(Ordering::SeqCst), 1);
}

/// Knows one account, whose token `old` has ended and whose token `new` is good.
async fn serve(listener: TcpListener, renewals: Arc<AtomicUsize>) {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let renewals = Arc::clone(&renewals);
        tokio::spawn(async move {
            let request = head(&mut stream).await;
            if request.starts_with("POST /api/v1/auth/refresh") {
                renewals.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(50)).await;
                respond(&mut stream, 200, &json!({"accessToken": "new", "refreshToken": "r2", "expiresIn": 600})).await;
            } else if request.to_lowercase().contains("authorization: bearer new") {
                respond(&mut stream, 200, &json!({"id": "u", "email": "a@b.co"})).await;
            } else {
                respond(&mut stream, 401, &json!({"code": "unauthenticated"})).await;
            }
        });
    }
}

/// Reads one request and answers it; the request's first line comes back.
async fn answer(stream: &mut TcpStream, status: u16, body: &Value) -> String {
    let request = head(stream).await;
    respond(stream, status, body).await;
    request
}

async fn head(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    while !bytes.windows(4).any(|window| window == b"\r\n\r\n") {
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "half a request");
    }
    String::from_utf8(bytes).unwrap()
}

async fn respond(stream: &mut TcpStream, status: u16, body: &Value) {
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).await.unwrap();
}
