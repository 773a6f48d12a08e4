//! A Postgres that goes away while the server runs: R14 of the reliability tests.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::cluster::Cluster;
use crate::fixture::Room;
use crate::harness::{Database, Options, Person, Server, until};
use crate::realtime::socket::{Socket, lab};

/// How long is waited until everything works again; on an idle machine it takes less than 3 s.
const RECOVERY: Duration = Duration::from_secs(30);

/// Writes a message; whether it was acknowledged. What is not must be a 503 that says when to try again.
async fn try_to_say(who: &Person, text: &str) -> bool {
    let body = json!({ "text": text, "room": "lab", "author": who.id });
    let answer = who.post("/records/messages", &body).await;
    if answer.status == 201 {
        return true;
    }
    let answer = answer.is_problem(503, "unavailable");
    assert_eq!(answer.header("retry-after"), "1");
    false
}

/// Waits until reads, writes and the probe work again.
async fn recovered(server: &Server, who: &Person, text: &str) {
    let begin = Instant::now();
    let mut written = false;
    loop {
        written = written || try_to_say(who, text).await;
        let read = who.get("/records/messages").await.status == 200;
        if written && read && server.anonymous().get_at("/readyz").await.status == 200 {
            return;
        }
        assert!(begin.elapsed() < RECOVERY, "not recovered");
    }
}

/// The texts that the subscriber hears, up to this one: nothing else, and none twice.
async fn heard_up_to(socket: &mut Socket, last: &str) -> Vec<String> {
    let mut heard: Vec<String> = Vec::new();
    while heard.last().is_none_or(|text| text != last) {
        let change = socket.expect("change").await;
        let text = change["record"]["text"].as_str().expect("a text").to_owned();
        assert!(!heard.contains(&text), "{text} came twice");
        heard.push(text);
    }
    heard
}

async fn stored(who: &Person) -> Vec<String> {
    crate::fixture::texts(&who.get("/records/messages?limit=500&sort=createdAt").await.is(200))
}

#[tokio::test]
async fn a_crash_of_postgres_is_waited_out_and_the_feed_has_no_gap() {
    let cluster = Cluster::start();
    cluster.create("plinth_test");
    let database = Database::at(cluster.url("plinth_test"));
    let server = Server::start_with(&database, Options::default().may_complain()).await;
    let room = Room::furnish(&server).await;
    let mut socket = Socket::of(&server, &room.bob).await;
    socket.subscribe(lab()).await;

    for round in 0..3 {
        let writer = {
            let ada = room.ada.clone();
            tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                for n in 0..10_000 {
                    let text = format!("{round}-{n}");
                    match try_to_say(&ada, &text).await {
                        true => acknowledged.push(text),
                        false => break,
                    }
                }
                acknowledged
            })
        };
        let Some(first) = (socket.expect("change").await)["record"]["text"].as_str().map(str::to_owned) else {
            panic!("no text")
        };
        cluster.crash();
        let mut acknowledged = writer.await.expect("the writer ends when it is refused");
        assert!(!try_to_say(&room.ada, "nobody").await);
        room.ada.get("/records/messages").await.is_problem(503, "unavailable");
        room.ada.send(room.ada.request(Method::HEAD, "/records/messages")).await.is(503);
        server.anonymous().get_at("/readyz").await.is(503);
        server.anonymous().get_at("/healthz").await.is(200);

        cluster.start_again();
        let last = format!("{round}-last");
        recovered(&server, &room.ada, &last).await;
        acknowledged.push(last.clone());

        let mut heard = vec![first];
        heard.extend(heard_up_to(&mut socket, &last).await);
        let stored = stored(&room.ada).await;
        let of_round: Vec<_> = stored.iter().filter(|text| text.starts_with(&format!("{round}-"))).cloned().collect();
        assert_eq!(heard, of_round);
        assert!(acknowledged.iter().all(|text| stored.contains(text)), "an acknowledged write is gone");
        assert!(!stored.contains(&"nobody".to_owned()));
    }
    // The sockets of those whose sessions stand were never closed.
    assert!(socket.until_pong().await.is_empty());
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

#[tokio::test]
async fn a_postgres_that_stands_still_is_waited_for_in_bounded_time() {
    let cluster = Cluster::start();
    cluster.create("plinth_test");
    let database = Database::at(cluster.url("plinth_test"));
    let options = Options::default().set("PLINTH_SERVER_REQUEST_TIMEOUT", "1s").may_complain();
    let server = Server::start_with(&database, options).await;
    let room = Room::furnish(&server).await;
    let mut socket = Socket::of(&server, &room.bob).await;
    socket.subscribe(lab()).await;

    cluster.freeze();
    let begin = Instant::now();
    let mut writers = tokio::task::JoinSet::new();
    for n in 0..40 {
        let ada = room.ada.clone();
        writers.spawn(async move { try_to_say(&ada, &format!("frozen {n}")).await });
    }
    room.ada.get("/records/messages").await.is_problem(503, "unavailable");
    assert!(writers.join_all().await.iter().all(|acknowledged| !acknowledged));
    server.anonymous().get_at("/readyz").await.is(503);
    server.anonymous().get_at("/healthz").await.is(200);
    assert!(begin.elapsed() < Duration::from_mins(1), "{:?}", begin.elapsed());

    cluster.thaw();
    recovered(&server, &room.ada, "thawed").await;
    // What was sent before may have been done after all; whatever is stored is heard, once.
    let heard = heard_up_to(&mut socket, "thawed").await;
    let stored = stored(&room.ada).await;
    assert!(heard.iter().all(|text| stored.contains(text)), "{heard:?} {stored:?}");
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

#[tokio::test]
async fn a_postgres_that_can_only_be_read_refuses_writes_and_nothing_else() {
    let cluster = Cluster::start();
    cluster.create("plinth_test");
    let database = Database::at(cluster.url("plinth_test"));
    let server = Server::start(&database).await;
    let room = Room::furnish(&server).await;
    Room::say(&room.ada, "before", "lab").await;

    cluster.execute("postgres", "alter system set default_transaction_read_only = on");
    cluster.execute("postgres", "select pg_reload_conf()");
    until("writes are refused", async || !try_to_say(&room.ada, "while").await).await;
    let before = stored(&room.ada).await;
    assert!(!try_to_say(&room.ada, "never").await);
    assert_eq!(stored(&room.ada).await, before);

    cluster.execute("postgres", "alter system reset default_transaction_read_only");
    cluster.execute("postgres", "select pg_reload_conf()");
    recovered(&server, &room.ada, "after").await;
}

/// A wire to a server that can be cut: what is connected then hears nothing more, not even an end; what connects later
/// gets through. A router that forgot its connections, or a fail-over, looks like that.
struct Cable {
    port: u16,
    cut: watch::Sender<u32>,
}

impl Cable {
    async fn to(authority: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("its number").port();
        let (cut, cuts) = watch::channel(0);
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let (authority, mut cuts) = (authority.clone(), cuts.clone());
                cuts.mark_unchanged();
                tokio::spawn(async move {
                    let Ok(mut far) = TcpStream::connect(authority).await else { return };
                    let is_cut = tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => false,
                        changed = cuts.changed() => changed.is_ok(),
                    };
                    if is_cut {
                        // Held open, and silent, until the test ends.
                        let _ = cuts.wait_for(|_| false).await;
                    }
                });
            }
        });
        Self { port, cut }
    }

    fn cut(&self) {
        self.cut.send_modify(|cuts| *cuts += 1);
    }
}

// The cable needs a thread while the test waits for a process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_wire_is_noticed_and_another_one_is_used() {
    let cluster = Cluster::start();
    cluster.create("plinth_test");
    let cable = Cable::to(cluster.authority()).await;
    let url = format!("postgres://plinth:very-secret@127.0.0.1:{}/plinth_test", cable.port);
    let options = Options::default().set("PLINTH_SERVER_REQUEST_TIMEOUT", "1s");
    let options = options.set("PLINTH_DATABASE_STATEMENT_TIMEOUT", "1s").may_complain();
    let database = Database::at(url);
    let mut server = Server::start_with(&database, options).await;
    let room = Room::furnish(&server).await;
    let mut socket = Socket::of(&server, &room.bob).await;
    socket.subscribe(lab()).await;
    Room::say(&room.ada, "before", "lab").await;
    assert_eq!(heard_up_to(&mut socket, "before").await, ["before"]);

    cable.cut();
    recovered(&server, &room.ada, "after").await;

    assert!(heard_up_to(&mut socket, "after").await.iter().all(|text| text != "before"));
    drop(socket);
    assert_eq!(server.stop(), Some(0));
}
