//! Sockets end with what they were opened with: the session, the account, the token.

use std::time::Duration;

use plinth_client::{Client, Heard, RawSocket};
use serde_json::json;

use crate::harness::{Database, Options, PASSWORD, Person, Server, on_both};

/// A token that is over.
const OVER: u16 = 4401;
/// What an end may take to reach a socket.
const SOON: Duration = Duration::from_secs(5);

/// A socket that this person signed in on.
async fn socket(server: &Server, person: &Person) -> RawSocket {
    let mut socket = RawSocket::connect(&Client::new(server.url()).unwrap()).await.unwrap();
    socket.send(&json!({ "op": "auth", "token": person.token })).await.unwrap();
    assert!(matches!(socket.next_op("authenticated").await, Heard::Frame(_)));
    socket
}

/// The code with which the server closes the socket.
async fn end(mut socket: RawSocket) -> u16 {
    loop {
        match socket.next_within(SOON).await.expect("the socket is still open") {
            Heard::Closed(code, _) => return code,
            Heard::Frame(_) => {}
            Heard::Lost => panic!("the connection was cut"),
        }
    }
}

/// The token opens no new socket.
async fn refused(server: &Server, person: &Person) {
    let mut socket = RawSocket::connect(&Client::new(server.url()).unwrap()).await.unwrap();
    socket.send(&json!({ "op": "auth", "token": person.token })).await.unwrap();
    let Heard::Frame(error) = socket.next_op("error").await else { panic!("no answer") };
    assert_eq!(error["problem"]["code"], "unauthenticated");
}

on_both! {
    async fn whatever_ends_a_session_ends_its_sockets_and_no_others(database: Database) {
        let server = Server::start(&database).await;
        let (admin, other) = (server.admin().await, server.register("other").await);
        let bystander = socket(&server, &other).await;

        for (n, way) in ["log out", "end all", "end by administrator", "password by administrator", "disable", "delete", "reuse"]
            .into_iter()
            .enumerate()
        {
            let ada = server.register(&format!("ada{n}")).await;
            let open = socket(&server, &ada).await;
            let (user, refresh) = (format!("/users/{}", ada.id), json!({ "refreshToken": ada.refresh_token }));
            match way {
                "log out" => ada.post("/auth/logout", &refresh).await.is(204),
                "end all" => ada.delete("/auth/sessions").await.is(204),
                "end by administrator" => admin.delete(&format!("{user}/sessions")).await.is(204),
                "password by administrator" => {
                    admin.patch(&user, &json!({ "password": "a fresh long passphrase" })).await.is(200)
                }
                "disable" => admin.patch(&user, &json!({ "disabled": true })).await.is(200),
                "delete" => admin.delete(&user).await.is(204),
                _ => {
                    let second = ada.post("/auth/refresh", &refresh).await.is(200).json()["refreshToken"].clone();
                    ada.post("/auth/refresh", &json!({ "refreshToken": second })).await.is(200);
                    ada.post("/auth/refresh", &refresh).await.is(401)
                }
            };

            assert_eq!(end(open).await, OVER, "{way}");
            refused(&server, &ada).await;
        }

        let mut bystander = bystander;
        bystander.send(&json!({ "op": "ping" })).await.unwrap();
        assert!(matches!(bystander.next_op("pong").await, Heard::Frame(_)));
    }

    async fn a_new_password_ends_the_sockets_of_other_sessions_only(database: Database) {
        let server = Server::start(&database).await;
        let ada = server.register("ada").await;
        let elsewhere = server.log_in("ada@plinth.test").await;
        let (mut kept, ended) = (socket(&server, &ada).await, socket(&server, &elsewhere).await);

        let change = json!({ "currentPassword": PASSWORD, "newPassword": "a fresh long passphrase" });
        ada.patch("/auth/password", &change).await.is(204);

        assert_eq!(end(ended).await, OVER);
        kept.send(&json!({ "op": "ping" })).await.unwrap();
        assert!(matches!(kept.next_op("pong").await, Heard::Frame(_)));
    }

    async fn a_token_that_expires_ends_its_socket(database: Database) {
        let server = Server::start_with(&database, Options::default().set("PLINTH_AUTH_ACCESS_TOKEN", "1s")).await;
        let ada = server.register("ada").await;
        let open = socket(&server, &ada).await;

        assert_eq!(end(open).await, OVER);

        refused(&server, &ada).await;
    }
}
