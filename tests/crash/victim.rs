//! A server that is going to be killed.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use plinth_client::{Backoff, Client, NewUser, Rule};
use serde_json::json;

use crate::harness::program;

pub(super) const COLLECTION: &str = "entries";
const ADMIN: &str = "root@crash.test";
pub(super) const PASSWORD: &str = "a rather long passphrase";
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// The server as a process of its own. Dropping it kills it.
pub(super) struct Victim {
    child: Child,
    port: u16,
    log: PathBuf,
}

impl Victim {
    /// Starts the server on this data and waits until it is ready.
    pub(super) async fn start(data: &Path, port: u16, log: &Path) -> Self {
        let out = File::options().create(true).append(true).open(log).expect("a log");
        let child = Command::new(program())
            .env_clear()
            .arg("serve")
            .arg("--data")
            .arg(data)
            .arg("--listen")
            .arg(format!("127.0.0.1:{port}"))
            .env("PLINTH_ADMIN_EMAIL", ADMIN)
            .env("PLINTH_ADMIN_PASSWORD", PASSWORD)
            .stdin(Stdio::null())
            .stdout(out.try_clone().expect("a second handle"))
            .stderr(out)
            .spawn()
            .expect("the server starts");
        let mut victim = Self { child, port, log: log.to_owned() };
        victim.wait_until_ready().await;
        victim
    }

    /// SIGKILL: nothing is flushed, nobody is told. The process is gone when this returns.
    pub(super) fn kill(mut self) {
        self.child.kill().expect("the server is there to be killed");
        self.child.wait().expect("the server ends");
    }

    /// A client of this server, or of the next one at its address, that tries everything once.
    pub(super) fn client(&self) -> Client {
        let backoff = Backoff { first: Duration::from_millis(100), longest: Duration::from_secs(1) };
        let url = format!("http://127.0.0.1:{}", self.port);
        Client::builder(url).attempts(1).backoff(backoff).build().expect("a client")
    }

    /// The administrator.
    pub(super) async fn admin(&self) -> Client {
        let client = self.client();
        client.auth().login(ADMIN, PASSWORD).await.expect("the administrator signs in");
        client
    }

    /// Makes the collection and a user who may do everything with it.
    pub(super) async fn prepare(&self) -> Client {
        let admin = self.admin().await;
        let schema = json!({"type": "object", "required": ["number"], "properties": {"number": {"type": "integer"}}});
        admin.collections().create(&json!({"name": COLLECTION, "schema": schema})).await.expect("the collection");
        admin.policies().add(&Rule::allow("role:user", COLLECTION, "*")).await.expect("the rule");
        let user = NewUser { email: "user@crash.test".into(), password: PASSWORD.into(), ..NewUser::default() };
        admin.users().create(&user).await.expect("the user");
        let client = self.client();
        client.auth().login(&user.email, PASSWORD).await.expect("the user signs in");
        client
    }

    /// What it wrote to its log, for a report.
    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_else(|error| error.to_string())
    }

    async fn wait_until_ready(&mut self) {
        // From the second time on it is there already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let begin = Instant::now();
        let url = format!("http://127.0.0.1:{}/readyz", self.port);
        while !reqwest::get(&url).await.is_ok_and(|answer| answer.status().is_success()) {
            let ended = self.child.try_wait().expect("the state of the server");
            if ended.is_some() || begin.elapsed() > START_TIMEOUT {
                panic!("the server is not ready after {:?}, exit {ended:?}; its log:\n{}", begin.elapsed(), self.log());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        // After `kill` it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that was free a moment ago.
pub(super) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("its number").port()
}
