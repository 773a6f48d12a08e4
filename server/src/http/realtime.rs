//! `/api/v1/realtime`: the socket of a [`Session`].
//!
//! One task a connection and no queue: what the client has not read yet stays in the feed, so a slow reader costs
//! nothing. The first event is sent at once; while events keep coming, flushes are at least `PACE` apart, since
//! each is a system call.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use plinth_store::{Asker, asker};
use tokio::time::{Instant as Moment, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tungstenite::Error as Failure;
use tungstenite::error::ProtocolError;

use super::extract::client::ClientAddress;
use super::origin::{self, Origin};
use crate::app::App;
use crate::code::Code;
use crate::config::Settings;
use crate::lifecycle::Lifecycle;
use crate::problem::Problem;
use crate::realtime::doors::Doors;
use crate::realtime::session::Rest;
use crate::realtime::{Hub, Session, frame, session};

/// Between two flushes while events keep coming.
const PACE: Duration = Duration::from_millis(5);

/// The same while they come in floods: then most of an event's cost is its share of the flush.
const FLOOD_PACE: Duration = Duration::from_millis(10);

/// From so many frames in one flush on, they come in floods.
const FLOOD: usize = 4;

/// The pause before a connection is served again that could not be, since the database did not answer.
const RETRY: Duration = Duration::from_millis(200);

/// How long a connection may be of no use: neither signed in nor subscribed.
const USELESS: Duration = Duration::from_secs(30);

/// How long a connection stays whose client sent what is not read: closed at once, it would be reset, and the reason lost
/// with it.
const LAST_WORD: Duration = Duration::from_secs(1);

/// Buffers of a connection, each way: an idle connection costs 7 KiB instead of 132.
const BUFFER: usize = 4096;

/// The route of the socket.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/realtime", get(open))
}

async fn open(
    State(hub): State<Hub>,
    State(settings): State<Arc<Settings>>,
    State(lifecycle): State<Lifecycle>,
    State(doors): State<Doors>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let upgrade =
        upgrade.map_err(|reason| Problem::new(Code::MalformedRequest, format!("This is a WebSocket: {reason}.")))?;
    check_origin(&headers, &settings)?;
    let limits = *hub.limits();
    let Some(door) = doors.enter(address.to_string(), limits.connections, limits.connections_each) else {
        let detail = format!(
            "There are too many connections: at most {} from one address, {} in all.",
            limits.connections_each, limits.connections
        );
        return Err(Problem::new(Code::RateLimited, detail).retry_after(5));
    };
    let connection = doors.name();
    let upgrade = upgrade
        .protocols([frame::PROTOCOL])
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_write_buffer_size(limits.frame.max(BUFFER).saturating_mul(64))
        .max_message_size(limits.frame)
        .max_frame_size(limits.frame);
    let stop = lifecycle.token().clone();
    Ok(upgrade.on_upgrade(async move |socket| {
        lifecycle.spawn(async move {
            let session = Session::new(hub.clone(), connection, door);
            Connection { socket, session, hub, stop, stranger: Asker::at(address), unread: false }.run().await;
        });
    }))
}

/// A page of another site must not open a socket with its visitor's address and network (CSWSH). Programs that are
/// no browser send no `Origin`.
fn check_origin(headers: &HeaderMap, settings: &Settings) -> Result<(), Problem> {
    let any = settings.server.allowed_origins.iter().any(|allowed| allowed == "*");
    if any || origin::of(headers, &settings.server) != Origin::Foreign {
        return Ok(());
    }
    let detail = "Pages of that origin may not connect: add it to server.allowed_origins if they should.";
    Err(Problem::new(Code::OriginRefused, detail))
}

/// An open socket and its session.
struct Connection {
    socket: WebSocket,
    session: Session,
    hub: Hub,
    stop: CancellationToken,
    /// Who asks the database as long as nobody signed in.
    stranger: Asker,
    /// Whether the client sent something that is not going to be read.
    unread: bool,
}

/// Why a connection ended: with a close frame of ours, or because the client was gone.
enum End {
    Close(session::Close),
    Gone,
}

impl From<axum::Error> for End {
    fn from(_: axum::Error) -> Self {
        Self::Gone
    }
}

impl From<session::Close> for End {
    fn from(close: session::Close) -> Self {
        Self::Close(close)
    }
}

impl Connection {
    async fn run(mut self) {
        let end = match self.serve().await {
            Ok(()) => return,
            Err(End::Gone) => return,
            Err(End::Close(close)) => close,
        };
        let frame = CloseFrame { code: end.code, reason: end.reason.as_ref().into() };
        // The client may be gone already; there is nobody left to tell.
        let told = timeout(Duration::from_secs(2), self.socket.send(Message::Close(Some(frame)))).await;
        if let (Ok(Ok(())), true) = (told, self.unread) {
            let _stopped = timeout(LAST_WORD, self.stop.cancelled()).await;
        }
    }

    async fn serve(&mut self) -> Result<(), End> {
        let hello = self.session.hello();
        self.send(vec![hello]).await?;
        let mut head = self.hub.feed().watch();
        let mut policies = self.hub.policy().changes();
        let heartbeat = self.hub.limits().heartbeat;
        let opened = Moment::now();
        let (mut heard, mut next_ping, mut next_flush) = (opened, opened + heartbeat, opened);
        let mut more = false;
        loop {
            let expiry = self.expiry();
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return Err(session::GOING_AWAY.into()),
                () = sleep_until(expiry) => return Err(session::UNAUTHENTICATED.into()),
                message = self.socket.next() => {
                    heard = Moment::now();
                    let Some(message) = message else { return Ok(()) };
                    let message = message.map_err(|error| self.unreadable(error))?;
                    if self.receive(message).await? {
                        return Ok(());
                    }
                    more = true;
                }
                () = sleep_until(next_ping) => {
                    let now = Moment::now();
                    let useless = self.session.is_idle() && now > opened + USELESS;
                    if now > heard + heartbeat * 2 || useless {
                        return Err(session::TOO_SLOW.into());
                    }
                    self.write(Message::Ping(Bytes::new())).await?;
                    next_ping = now + heartbeat;
                }
                changed = head.changed(), if !more => {
                    if changed.is_err() { return Err(session::GOING_AWAY.into()) }
                    more = true;
                }
                changed = policies.changed(), if !more => {
                    if changed.is_err() { return Err(session::GOING_AWAY.into()) }
                    more = true;
                }
                () = sleep_until(next_flush), if more => {
                    head.mark_unchanged();
                    policies.mark_unchanged();
                    let (asker, ended) = (self.asker(), self.session.ended());
                    // Conditions may be slow; what ends or changes the right to what they yield does not wait for them.
                    let changed = async { drop(policies.changed().await) };
                    let (frames, rest) = tokio::select! {
                        biased;
                        () = self.stop.cancelled() => return Err(session::GOING_AWAY.into()),
                        () = sleep_until(expiry) => return Err(session::UNAUTHENTICATED.into()),
                        () = ended => return Err(session::UNAUTHENTICATED.into()),
                        pulled = asker::scope(asker, self.session.pull(changed)) => pulled?,
                    };
                    more = rest != Rest::Nothing;
                    if !frames.is_empty() {
                        let pace = if frames.len() < FLOOD { PACE } else { FLOOD_PACE };
                        self.send(frames).await?;
                        next_flush = Moment::now() + pace;
                    }
                    if rest == Rest::Unread {
                        next_flush = Moment::now() + RETRY;
                    }
                }
            }
        }
    }

    /// What becomes of a client whose frames can't be read.
    fn unreadable(&mut self, error: axum::Error) -> End {
        let failure = error.into_inner().downcast::<Failure>();
        let close = match failure.as_deref() {
            Ok(Failure::Capacity(_)) => session::Close::too_large(self.hub.limits().frame),
            Ok(Failure::Utf8(_)) => session::NO_TEXT,
            Ok(Failure::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => return End::Gone,
            Ok(Failure::Protocol(_)) => session::NO_WEB_SOCKET,
            Ok(_) | Err(_) => return End::Gone,
        };
        self.unread = true;
        End::Close(close)
    }

    fn asker(&self) -> Asker {
        self.session.asker().unwrap_or(self.stranger)
    }

    /// When the token expires, on the scale of the timers.
    fn expiry(&self) -> Moment {
        let far = Duration::from_hours(24);
        let left = self.session.expires_at().map(|at| at.millis() - self.hub.clock().now().millis());
        let left = left.map_or(far, |millis| Duration::from_millis(u64::try_from(millis).unwrap_or(0)));
        Moment::now() + left.min(far)
    }

    /// Takes a message; whether the client closed.
    async fn receive(&mut self, message: Message) -> Result<bool, End> {
        match message {
            Message::Text(text) => {
                let frames = asker::scope(self.asker(), self.session.receive(text.as_str())).await?;
                self.send(frames).await?;
                Ok(false)
            }
            Message::Binary(_) => Err(session::PROTOCOL_ERROR.into()),
            Message::Ping(_) | Message::Pong(_) => Ok(false),
            Message::Close(_) => {
                // Sends the answer that the protocol layer has queued.
                self.socket.flush().await?;
                Ok(true)
            }
        }
    }

    /// Sends frames with one flush. A client that does not take them in time is told to come back.
    async fn send(&mut self, frames: Vec<Bytes>) -> Result<(), End> {
        let write = self.hub.limits().write;
        let all = async {
            for frame in frames {
                let text = Utf8Bytes::try_from(frame).map_err(|_| End::Gone)?;
                self.socket.feed(Message::Text(text)).await?;
            }
            self.socket.flush().await?;
            Ok(())
        };
        timeout(write, all).await.unwrap_or(Err(session::TOO_SLOW.into()))
    }

    async fn write(&mut self, message: Message) -> Result<(), End> {
        let write = self.hub.limits().write;
        timeout(write, self.socket.send(message)).await.unwrap_or(Ok(())).map_err(End::from)
    }
}
