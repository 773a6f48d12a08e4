//! A server as a process of its own.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::json;

use super::database::Database;
use super::person::Person;

/// The address of the administrator that every server has unless it is told otherwise.
pub(crate) const ADMIN: &str = "root@plinth.test";
/// Everybody's password.
pub(crate) const PASSWORD: &str = "a rather long passphrase";

/// How long a server may take to start, and to stop.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running server. Dropped, it is asked to stop, and must do so in order, without an error in its log.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    out: BufReader<ChildStdout>,
    url: String,
    log: PathBuf,
    may_complain: bool,
}

/// How a server is started.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    variables: Vec<(String, String)>,
    flags: Vec<String>,
    no_admin: bool,
    may_complain: bool,
}

impl Options {
    /// With these flags, in words.
    pub(crate) fn flags(mut self, words: &str) -> Self {
        self.flags.extend(words.split(' ').map(str::to_owned));
        self
    }

    /// A setting, by its variable.
    pub(crate) fn set(mut self, variable: &str, value: &str) -> Self {
        self.variables.push((variable.to_owned(), value.to_owned()));
        self
    }

    /// Without an administrator.
    pub(crate) fn without_admin(self) -> Self {
        Self { no_admin: true, ..self }
    }

    /// Errors in the log are expected.
    pub(crate) fn may_complain(self) -> Self {
        Self { may_complain: true, ..self }
    }
}

impl Server {
    /// Starts a server with the usual settings.
    pub(crate) async fn start(database: &Database) -> Self {
        Self::start_with(database, Options::default()).await
    }

    /// Starts a server, and waits until it is ready.
    pub(crate) async fn start_with(database: &Database, options: Options) -> Self {
        let log = log_file(database.scratch());
        let mut command = command(database);
        command.arg("serve").args(database.flags()).args(["--listen", "127.0.0.1:0"]).args(options.flags);
        if !options.no_admin {
            command.env("PLINTH_ADMIN_EMAIL", ADMIN).env("PLINTH_ADMIN_PASSWORD", PASSWORD);
        }
        command.envs(options.variables);
        command.stdout(Stdio::piped()).stderr(File::create(&log).expect("a log"));
        let mut child = command.spawn().expect("the server starts");
        let out = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut server = Self { child, out, url: String::new(), log, may_complain: options.may_complain };
        let first = server.line();
        let url = first.split_whitespace().last().unwrap_or_default().trim_end_matches('/');
        assert!(url.starts_with("http://"), "the server said {first:?}; its log:\n{}", server.log());
        server.url = url.to_owned();
        server.anonymous().get_at("/readyz").await.is(200);
        server
    }

    /// The next line of its standard output.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).expect("its output is text");
        line
    }

    /// Where it listens, without a slash at the end.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Its host and port.
    pub(crate) fn authority(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The memory that it uses, in KiB; without the files that it maps, whose pages are the system's.
    pub(crate) fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("the server runs");
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("the kernel tells");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Somebody without an account.
    pub(crate) fn anonymous(&self) -> Person {
        Person::new(&self.url)
    }

    /// The administrator, signed in.
    pub(crate) async fn admin(&self) -> Person {
        self.log_in(ADMIN).await
    }

    /// Somebody with an account, signed in with the usual password.
    pub(crate) async fn log_in(&self, email: &str) -> Person {
        let body = json!({ "email": email, "password": PASSWORD });
        let answer = self.anonymous().post("/auth/login", &body).await.is(200);
        Person::signed_in(&self.url, &answer)
    }

    /// A new account with the usual password, `<name>@plinth.test`, signed in.
    pub(crate) async fn register(&self, name: &str) -> Person {
        let body = json!({ "email": format!("{name}@plinth.test"), "password": PASSWORD });
        let answer = self.anonymous().post("/auth/register", &body).await.is(201);
        Person::signed_in(&self.url, &answer)
    }

    /// Asks it to stop.
    pub(crate) fn ask_to_stop(&self) {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().expect("kill runs");
        assert!(asked.success(), "the server was gone");
    }

    /// Asks it to stop and waits until it has; its exit code.
    pub(crate) fn stop(&mut self) -> Option<i32> {
        if let Ok(Some(status)) = self.child.try_wait() {
            return status.code();
        }
        self.ask_to_stop();
        self.wait()
    }

    /// Waits until it has ended; its exit code.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        wait_for(&mut self.child)?.code()
    }

    /// Ends it at once, as a power cut does.
    pub(crate) fn kill(mut self) {
        self.may_complain = true;
        self.child.kill().expect("it is there");
        self.child.wait().expect("it ends");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the log of the server at {}:\n{}", self.url, self.log());
            // It may be gone already.
            let _ = self.child.kill();
            let _ = self.child.wait();
            return;
        }
        let killed = self.child.try_wait().is_ok_and(|status| status.is_some());
        let code = self.stop();
        let log = self.log();
        if code.is_none() && !killed {
            let _ = self.child.kill();
            panic!("the server did not stop; its log:\n{log}");
        }
        let complaint = log.lines().find(|line| line.contains("ERROR") || line.contains("panicked"));
        if let (Some(complaint), false) = (complaint, self.may_complain) {
            panic!("the server complained: {complaint}");
        }
        assert!(killed || code == Some(0), "the server ended with {code:?}; its log:\n{log}");
    }
}

/// The program with nothing of this process' environment, in the directory of the test, so that no setting and no
/// file of the machine reaches it.
pub(crate) fn command(database: &Database) -> Command {
    let mut command = Command::new(program());
    command.env_clear().current_dir(database.scratch()).stdin(Stdio::null());
    command
}

/// `PLINTH_BIN`, or the binary that was built beside this test.
pub(crate) fn program() -> PathBuf {
    let given = std::env::var_os("PLINTH_BIN").map(PathBuf::from);
    let program = given.unwrap_or_else(|| {
        let test = std::env::current_exe().expect("the path of this test");
        test.parent().and_then(Path::parent).expect("a target directory").join("plinth")
    });
    assert!(program.exists(), "{} is missing: run `cargo build -p plinth` first", program.display());
    program
}

fn log_file(directory: &Path) -> PathBuf {
    let name = |n: u32| directory.join(format!("server-{n}.log"));
    (0..).map(name).find(|path| !path.exists()).expect("numbers do not end")
}

/// Runs a command of the program to its end: exit code, standard output, standard error. One that does not end, such
/// as a server that was to refuse its start, is ended.
pub(crate) fn run(command: &mut Command) -> (Option<i32>, String, String) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let (out, err) = (read_all(child.stdout.take()), read_all(child.stderr.take()));
    let ended = wait_for(&mut child);
    if ended.is_none() {
        child.kill().expect("it is there");
        child.wait().expect("it ends");
    }
    let [out, err] = [out, err].map(|text| text.join().expect("it is read"));
    assert!(ended.is_some(), "{command:?} did not end by itself; it said: {out}{err}");
    (ended.and_then(|status| status.code()), out, err)
}

fn read_all(from: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    let mut from = from.expect("it is piped");
    thread::spawn(move || {
        let mut text = String::new();
        from.read_to_string(&mut text).expect("text");
        text
    })
}

/// How it ended, if it did in time.
fn wait_for(child: &mut Child) -> Option<ExitStatus> {
    let begin = Instant::now();
    loop {
        match child.try_wait().expect("its state") {
            Some(status) => return Some(status),
            None if begin.elapsed() > PATIENCE => return None,
            None => thread::sleep(Duration::from_millis(2)),
        }
    }
}
