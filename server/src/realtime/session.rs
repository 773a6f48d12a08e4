//! One connection, without its socket: frames in, frames out.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use plinth_model::Instant;
use plinth_store::Asker;

use super::doors::Door;
use super::frame::{self, ClientFrame, Subscribe};
use super::hub::Hub;
use super::subscription::{Course, Halt, Refusal, Subscription};
use crate::code::Code;
use crate::policy::Caller;
use crate::problem::Problem;

/// Why a connection ends, as a close frame says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    /// The code.
    pub code: u16,
    /// The reason, for people: at most 123 bytes.
    pub reason: Cow<'static, str>,
}

impl Close {
    const fn new(code: u16, reason: &'static str) -> Self {
        Self { code, reason: Cow::Borrowed(reason) }
    }

    /// The account has as many connections as it can have.
    pub fn too_many(limit: usize) -> Self {
        Self { code: 4429, reason: format!("an account can have at most {limit} connections at once").into() }
    }

    /// A frame or a message was longer than `limit` bytes (RFC 6455 section 7.4.1).
    pub fn too_large(limit: usize) -> Self {
        Self { code: 1009, reason: format!("a message can have at most {limit} bytes").into() }
    }
}

/// What came is not of the WebSocket protocol (RFC 6455 section 7.4.1).
pub const NO_WEB_SOCKET: Close = Close::new(1002, "not a valid WebSocket frame");
/// A text is not UTF-8 (RFC 6455 section 7.4.1).
pub const NO_TEXT: Close = Close::new(1007, "a text must be UTF-8");

/// A frame that the protocol does not allow.
pub const PROTOCOL_ERROR: Close = Close::new(4400, "protocol error");
/// The token expired or was revoked.
pub const UNAUTHENTICATED: Close = Close::new(4401, "the token expired or was revoked");
/// The client did not read, or did not say anything, for too long.
pub const TOO_SLOW: Close = Close::new(4408, "too slow: connect again and resume");
/// The server stops.
pub const GOING_AWAY: Close = Close::new(1012, "the server restarts: connect again and resume");

/// Protocol errors that a connection may make before it is closed.
const PATIENCE: u32 = 16;

/// How often a connection that is being served is asked whether its session goes on.
const NOTICE: Duration = Duration::from_millis(500);

/// Frames sent at once, before the socket is looked at again.
const BURST: usize = 512;

/// Bytes from which on a burst ends: what a client that does not read keeps in memory.
const BURST_BYTES: usize = 64 * 1024;

/// Bytes of the frames that asked for a connection's subscriptions: what is asked for is kept, and bound, and looked at
/// again when rules change.
const MAX_ASKED: usize = 256 * 1024;

/// What a pull left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// Nothing: the next change wakes the connection.
    Nothing,
    /// There may be more at once.
    More,
    /// The database did not answer: it is asked again after a pause, whether anything changes or not.
    Unread,
}

/// A connection's state.
pub struct Session {
    hub: Hub,
    connection: String,
    door: Door,
    caller: Caller,
    token: Option<String>,
    subscriptions: Vec<Subscription>,
    policy_version: u64,
    sessions_version: u64,
    account: Option<(Arc<AtomicU64>, u64)>,
    errors: u32,
    /// Frames of the pull at hand, which may be broken off.
    taken: Vec<Bytes>,
    /// Whether the last pull failed; it is logged once.
    stalled: bool,
}

impl Session {
    /// A connection of somebody who has not signed in.
    pub fn new(hub: Hub, connection: String, door: Door) -> Self {
        Self {
            policy_version: hub.policy().state().version(),
            sessions_version: hub.revocations().of_sessions(),
            hub,
            connection,
            door,
            caller: Caller::anonymous(),
            token: None,
            subscriptions: Vec::new(),
            account: None,
            errors: 0,
            taken: Vec::new(),
            stalled: false,
        }
    }

    /// The first frame.
    pub fn hello(&self) -> Bytes {
        let heartbeat = u64::try_from(self.hub.limits().heartbeat.as_millis()).unwrap_or(u64::MAX);
        frame::hello(&self.connection, heartbeat)
    }

    /// When the connection must have a newer token; none while nobody signed in.
    pub fn expires_at(&self) -> Option<Instant> {
        self.caller.signed_in().map(|account| account.expires_at)
    }

    /// Who asks the database for what the connection receives, if somebody signed in.
    pub fn asker(&self) -> Option<Asker> {
        self.caller.id().map(Asker::Account)
    }

    /// Whether the connection is of any use yet: signed in, or subscribed.
    pub fn is_idle(&self) -> bool {
        self.token.is_none() && self.subscriptions.is_empty()
    }

    /// Takes a client's frame.
    pub async fn receive(&mut self, text: &str) -> Result<Vec<Bytes>, Close> {
        // A client that keeps the connection busy is told no later than others that its session ended.
        let mut frames = Vec::new();
        let read = frame::read(text);
        // What is asked for anew is answered as a request would be: by the account as it is now, whether the log has
        // told of its changes yet or not.
        let standing = self.look_again(&mut frames, matches!(read, Ok(ClientFrame::Subscribe(_)))).await?;
        frames.extend(match read {
            Ok(ClientFrame::Ping {}) => vec![frame::pong()],
            Ok(ClientFrame::Auth { token }) => self.sign_in(token).await?,
            Ok(ClientFrame::Subscribe(request)) => match standing {
                Ok(()) => self.subscribe(*request, text.len()).await?,
                Err(problem) => vec![self.complain(Some(&request.sub), &problem)],
            },
            Ok(ClientFrame::Unsubscribe { sub }) => self.unsubscribe(&sub),
            Err(problem) => self.protocol_error(&problem)?,
        });
        Ok(frames)
    }

    async fn sign_in(&mut self, token: String) -> Result<Vec<Bytes>, Close> {
        let caller = match self.hub.auth().caller(&token).await {
            Ok(caller) => caller,
            Err(problem) => return Ok(vec![self.complain(None, &problem)]),
        };
        if self.caller.signed_in().is_some() && self.caller.id() != caller.id() {
            let detail = "This connection belongs to another account: open a new one.";
            return self.protocol_error(&Problem::new(Code::MalformedRequest, detail));
        }
        let Some(account) = caller.signed_in().cloned() else {
            return Ok(vec![self.complain(None, &Problem::new(Code::Unauthenticated, "The token is not valid."))]);
        };
        let counter = self.hub.revocations().of_account(account.id);
        // Who only prolongs is looked at again when the account changes, and not each time.
        let prolonged = self.account.as_ref().map(|(_, seen)| *seen);
        let seen = prolonged.unwrap_or_else(|| counter.load(Ordering::Relaxed));
        // Asked again now that changes of the account are counted: one that came in between is not missed.
        let caller = match self.hub.auth().caller(&token).await {
            Ok(caller) => caller,
            Err(problem) => return Ok(vec![self.complain(None, &problem)]),
        };
        let limit = self.hub.limits().connections_of_account;
        if !self.door.sign_in(account.id, limit) {
            return Err(Close::too_many(limit));
        }
        self.account = Some((counter, seen));
        self.token = Some(token);
        self.caller = caller;
        let mut frames = vec![frame::authenticated(&account.id.to_string(), &account.expires_at.to_string())];
        if prolonged.is_none() {
            self.review(&mut frames).await;
        }
        Ok(frames)
    }

    async fn subscribe(&mut self, request: Subscribe, size: usize) -> Result<Vec<Bytes>, Close> {
        let name = request.sub.clone();
        if self.subscriptions.iter().any(|subscription| subscription.name() == name) {
            let detail = "This connection has a subscription of that name: end it first, or use another name.";
            return Ok(vec![self.complain(Some(&name), &Problem::new(Code::Conflict, detail))]);
        }
        let limit = self.hub.limits().subscriptions;
        if self.subscriptions.len() >= limit {
            let detail = format!("A connection can have {limit} subscriptions.");
            return Ok(vec![self.complain(Some(&name), &Problem::new(Code::RateLimited, detail))]);
        }
        if self.subscriptions.iter().map(Subscription::size).sum::<usize>() + size > MAX_ASKED {
            let detail = format!("The subscriptions of a connection can be asked for in {MAX_ASKED} bytes together.");
            return Ok(vec![self.complain(Some(&name), &Problem::new(Code::TooLarge, detail))]);
        }
        match Subscription::open(&self.hub, &self.caller, request, size).await {
            Ok((subscription, mut frames)) => {
                self.subscriptions.push(subscription);
                // What was read while the session ended is not sent.
                match self.look_again(&mut frames, true).await? {
                    Ok(()) => Ok(frames),
                    Err(problem) => {
                        self.unsubscribe(&name);
                        Ok(vec![self.complain(Some(&name), &problem)])
                    }
                }
            }
            Err(Refusal::Reset(reason)) => Ok(vec![frame::reset(&name, reason)]),
            Err(Refusal::Problem(problem)) => Ok(vec![self.complain(Some(&name), &problem)]),
        }
    }

    /// Ends a subscription. One that is gone already, as when a `reset` crosses the client's frame, is ended all right.
    fn unsubscribe(&mut self, name: &str) -> Vec<Bytes> {
        self.subscriptions.retain(|subscription| subscription.name() != name);
        Vec::new()
    }

    /// Comes when the session has ended that this connection signed in with: a pull over slow conditions may take longer
    /// than that may go unnoticed.
    pub fn ended(&self) -> impl Future<Output = ()> + use<> {
        let (hub, token) = (self.hub.clone(), self.token.clone());
        async move {
            let Some(token) = token else { return std::future::pending().await };
            loop {
                tokio::time::sleep(NOTICE).await;
                let caller = hub.auth().caller(&token).await;
                if caller.is_err_and(|problem| problem.code == Code::Unauthenticated) {
                    return;
                }
            }
        }
    }

    /// Takes what is new for all subscriptions, up to a burst, or until it is broken off.
    pub async fn pull(&mut self, broken_off: impl Future<Output = ()>) -> Result<(Vec<Bytes>, Rest), Close> {
        let mut told = Vec::new();
        let standing = self.look_again(&mut told, false).await?;
        self.taken.append(&mut told);
        let pulled = match standing {
            // A subscription moves on only when what it took is kept, so it can be left waiting anywhere.
            Ok(()) => tokio::select! {
                biased;
                () = broken_off => Ok(Rest::More),
                pulled = self.pull_each() => pulled.map_err(|error| error.to_string()),
            },
            Err(problem) => Err(problem.detail),
        };
        // The next pull begins with another subscription, so that a busy one can't starve the rest.
        if !self.subscriptions.is_empty() {
            self.subscriptions.rotate_left(1);
        }
        let was_stalled = std::mem::replace(&mut self.stalled, pulled.is_err());
        let rest = pulled.unwrap_or_else(|error| {
            if !was_stalled {
                tracing::warn!(
                    error,
                    connection = self.connection,
                    "a subscriber could not be served; it is tried again"
                );
            }
            Rest::Unread
        });
        Ok((std::mem::take(&mut self.taken), rest))
    }

    /// What is new for each subscription. One that can't be served now holds up no other, and one that could not be
    /// served often enough ends. Rights are those of the moment at which something was taken, however long the
    /// subscriptions before took: what was taken while they changed is put back.
    async fn pull_each(&mut self) -> Result<Rest, plinth_store::Error> {
        let (mut rest, mut unread, mut over) = (Rest::Nothing, None, Vec::new());
        for place in 0..self.subscriptions.len() {
            let (mut frames, subscription) = (Vec::new(), &mut self.subscriptions[place]);
            let mark = subscription.mark();
            let pulled = subscription.pull(&self.hub, &self.caller, &mut frames).await;
            if self.has_moved() {
                self.subscriptions[place].go_back(mark);
                rest = Rest::More;
                break;
            }
            let subscription = &self.subscriptions[place];
            self.taken.append(&mut frames);
            match pulled {
                Ok(true) => rest = Rest::More,
                Ok(false) => {}
                Err(Halt::Again(error)) => unread = Some(error),
                Err(Halt::Over(problem)) => over.push((subscription.name().to_owned(), Err(problem))),
                Err(Halt::Reset(reason)) => over.push((subscription.name().to_owned(), Ok(reason))),
                Err(Halt::Away(error)) => {
                    unread = Some(error);
                    break;
                }
            }
            if self.taken.len() >= BURST || self.taken.iter().map(Bytes::len).sum::<usize>() >= BURST_BYTES {
                rest = Rest::More;
                break;
            }
        }
        for (name, end) in over {
            self.subscriptions.retain(|subscription| subscription.name() != name);
            let frame = match end {
                Ok(reason) => frame::reset(&name, reason),
                Err(problem) => self.complain(Some(&name), &problem),
            };
            self.taken.push(frame);
        }
        unread.map_or(Ok(rest), Err)
    }

    /// Whether rules, definitions, the account or any session changed since they were looked at.
    fn has_moved(&self) -> bool {
        let account = self.account.as_ref().is_some_and(|(counter, seen)| counter.load(Ordering::Relaxed) != *seen);
        account
            || self.hub.policy().state().version() != self.policy_version
            || self.hub.revocations().of_sessions() != self.sessions_version
    }

    /// Whether the token still stands, which is asked `surely` or when something has changed, and whether the
    /// subscriptions still mean what they meant. Where the database can't tell now, nobody is sent anything before it can.
    async fn look_again(&mut self, frames: &mut Vec<Bytes>, surely: bool) -> Result<Result<(), Problem>, Close> {
        let policy = self.hub.policy().state().version();
        let sessions = self.hub.revocations().of_sessions();
        let account = self.account.as_ref().map(|(counter, seen)| (counter.load(Ordering::Relaxed), *seen));
        let account_changed = account.is_some_and(|(now, seen)| now != seen);
        let same = policy == self.policy_version && sessions == self.sessions_version && !account_changed;
        if same && !surely {
            return Ok(Ok(()));
        }
        if let Some(token) = &self.token {
            self.caller = match self.hub.auth().caller(token).await {
                Ok(caller) => caller,
                Err(problem) if problem.code == Code::Unauthenticated => return Err(UNAUTHENTICATED),
                Err(problem) => return Ok(Err(problem)),
            };
        }
        let review = policy != self.policy_version || account_changed;
        (self.policy_version, self.sessions_version) = (policy, sessions);
        if let (Some((_, seen)), Some((now, _))) = (&mut self.account, account) {
            *seen = now;
        }
        if review {
            self.review(frames).await;
        }
        Ok(Ok(()))
    }

    /// Looks at every subscription again, and lets others have their turn in between.
    async fn review(&mut self, frames: &mut Vec<Bytes>) {
        let mut on = Vec::with_capacity(self.subscriptions.len());
        for mut subscription in std::mem::take(&mut self.subscriptions) {
            match subscription.review(&self.hub, &self.caller) {
                Course::On => on.push(subscription),
                Course::Reset(reason) => frames.push(frame::reset(subscription.name(), reason)),
            }
            tokio::task::yield_now().await;
        }
        self.subscriptions = on;
    }

    /// Tells what was wrong with a frame. A client that goes on like that does not speak the protocol.
    fn protocol_error(&mut self, problem: &Problem) -> Result<Vec<Bytes>, Close> {
        self.errors += 1;
        if self.errors > PATIENCE {
            return Err(PROTOCOL_ERROR);
        }
        Ok(vec![self.complain(None, problem)])
    }

    fn complain(&self, sub: Option<&str>, problem: &Problem) -> Bytes {
        frame::error(sub, problem, &self.connection)
    }
}
