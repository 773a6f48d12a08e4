//! Keeps the one connection of a client alive for as long as anybody follows anything.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::StatusCode;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};

use super::Status;
use super::backoff::Backoff;
use super::close::{Next, next_after};
use super::hub::Hub;
use super::protocol::{Output, Protocol};
use super::socket::{Socket, connect};
use crate::error::{Problem, Refusal};
use crate::http::Transport;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Until the server says how often it gives a sign of life.
const HEARTBEAT: Duration = Duration::from_secs(25);
/// A renewal that fails for a passing reason is tried again after this long.
const RENEWAL_RETRY: Duration = Duration::from_secs(5);

/// What the task needs.
pub(crate) struct Driver {
    pub(crate) hub: Arc<Hub>,
    pub(crate) transport: Arc<Transport>,
    pub(crate) backoff: Backoff,
    pub(crate) status: watch::Sender<Status>,
    pub(crate) wanted: watch::Receiver<bool>,
}

/// Why a connection ended.
enum End {
    /// Nobody follows anything, or the client was suspended.
    Unwanted,
    /// Somebody else signed in.
    Account,
    /// It broke, or could not be made.
    Lost,
    /// The token is no longer good.
    Expired,
    /// It would end the same way again.
    Refused(Box<Problem>),
}

impl Driver {
    /// Runs until nobody follows anything.
    pub(crate) async fn run(mut self) {
        let mut sign_ins = self.transport.session.sign_ins();
        let mut failures = 0;
        while !self.hub.leave_if_idle() {
            if self.wait_until_wanted().await.is_err() {
                return;
            }
            let end = self.connection(&mut sign_ins, &mut failures).await;
            if let End::Account = end {
                self.hub.with(Protocol::account_changed);
            } else {
                self.hub.with(Protocol::closed);
            }
            failures = if matches!(end, End::Lost | End::Expired) { failures + 1 } else { 0 };
            match end {
                End::Refused(problem) => self.hub.fail(&problem),
                End::Expired => self.renew_or_give_up().await,
                End::Unwanted | End::Account | End::Lost => {}
            }
            if failures > 0 {
                self.pause(failures, &mut sign_ins).await;
            }
        }
        self.status.send_replace(Status::Idle);
    }

    async fn wait_until_wanted(&mut self) -> Result<(), watch::error::RecvError> {
        if *self.wanted.borrow_and_update() {
            return Ok(());
        }
        self.status.send_replace(Status::Suspended);
        self.wanted.wait_for(|wanted| *wanted).await.map(drop)
    }

    async fn pause(&mut self, failures: u32, sign_ins: &mut watch::Receiver<u64>) {
        self.status.send_replace(Status::Waiting);
        let wait = self.backoff.wait(failures, rand::random());
        tokio::select! {
            () = sleep(wait) => {}
            Ok(()) = sign_ins.changed() => self.hub.with(Protocol::account_changed),
            Ok(()) = self.wanted.changed() => {}
        }
    }

    async fn renew_or_give_up(&self) {
        let stale = self.transport.session.access_token().unwrap_or_default();
        if let Ok(false) = self.transport.renew(&stale).await {
            let problem = Problem {
                status: StatusCode::UNAUTHORIZED.as_u16(),
                code: "unauthenticated".to_owned(),
                title: "The session ended".to_owned(),
                ..Problem::default()
            };
            self.hub.fail(&problem);
        }
    }

    async fn connection(&mut self, sign_ins: &mut watch::Receiver<u64>, failures: &mut u32) -> End {
        self.status.send_replace(Status::Connecting);
        let socket = match timeout(CONNECT_TIMEOUT, connect(&self.transport.api, &[])).await {
            Ok(Ok(socket)) => socket,
            Ok(Err(SocketError::Http(response))) => return refusal_of_handshake(&response),
            Ok(Err(_)) | Err(_) => return End::Lost,
        };
        let now = Instant::now();
        let mut line = Line { socket, heartbeat: HEARTBEAT, heard: now, asked: false, renewal: None, complaint: None };
        let end = loop {
            if let Err(end) = self.turn(&mut line, sign_ins, failures).await {
                break end;
            }
        };
        if matches!(end, End::Unwanted | End::Account) {
            // A farewell that does not arrive changes nothing.
            let _ = timeout(Duration::from_secs(1), line.socket.close(None)).await;
        }
        end
    }

    /// Sends what waits, then takes whatever happens next.
    async fn turn(
        &mut self,
        line: &mut Line,
        sign_ins: &mut watch::Receiver<u64>,
        failures: &mut u32,
    ) -> Result<(), End> {
        line.send(self.hub.with(Protocol::take_outbox)).await?;
        let silence_ends = line.silence_ends();
        let renewal = line.renewal;
        tokio::select! {
            message = line.socket.next() => {
                let text = line.take(message)?;
                if let Some(text) = text {
                    self.take(line, &text, failures).await?;
                }
            }
            () = self.hub.bell.notified() => {
                if self.hub.with(|protocol| protocol.is_empty()) {
                    return Err(End::Unwanted);
                }
            }
            () = sleep_until(silence_ends) => {
                if std::mem::replace(&mut line.asked, true) {
                    return Err(End::Lost);
                }
                self.hub.with(Protocol::ping);
            }
            () = sleep_until(renewal.unwrap_or(silence_ends)), if renewal.is_some() => self.prolong(line).await,
            Ok(()) = sign_ins.changed() => return Err(End::Account),
            Ok(()) = self.wanted.changed() => {
                if !*self.wanted.borrow() {
                    return Err(End::Unwanted);
                }
            }
        }
        Ok(())
    }

    async fn take(&self, line: &mut Line, text: &str, failures: &mut u32) -> Result<(), End> {
        let Ok(outputs) = self.hub.receive(text) else { return Err(End::Lost) };
        for output in outputs {
            match output {
                Output::Hello { heartbeat_ms } => {
                    line.heartbeat = Duration::from_millis(heartbeat_ms.max(1000));
                    let Ok(token) = self.transport.token().await else { return Err(End::Lost) };
                    self.hub.with(|protocol| protocol.begin(token.as_deref()));
                    line.renewal = self.next_renewal();
                    *failures = 0;
                    self.status.send_replace(Status::Open);
                }
                Output::Complaint(problem) if problem.status == 401 => return Err(End::Expired),
                Output::Complaint(problem) => line.complaint = Some(Box::new(problem)),
                Output::Busy => return Err(End::Lost),
                Output::Deliver(..) | Output::End(..) => {}
            }
        }
        Ok(())
    }

    /// Sends a fresh token before the old one ends, so that the subscriptions never notice.
    async fn prolong(&self, line: &mut Line) {
        match self.transport.token().await {
            Ok(Some(token)) => {
                self.hub.with(|protocol| protocol.authenticate(&token));
                line.renewal = self.next_renewal();
            }
            Ok(None) => line.renewal = None,
            Err(_) => line.renewal = Some(Instant::now() + RENEWAL_RETRY),
        }
    }

    fn next_renewal(&self) -> Option<Instant> {
        Some(Instant::now() + self.transport.session.renewal_in()?)
    }
}

/// An open connection and what is known about it.
struct Line {
    socket: Socket,
    heartbeat: Duration,
    heard: Instant,
    /// Whether a ping is out since the server was last heard.
    asked: bool,
    renewal: Option<Instant>,
    /// What the server said before it closed.
    complaint: Option<Box<Problem>>,
}

impl Line {
    fn silence_ends(&self) -> Instant {
        let periods = if self.asked { 2 } else { 1 };
        self.heard + self.heartbeat * periods
    }

    async fn send(&mut self, frames: Vec<String>) -> Result<(), End> {
        if frames.is_empty() {
            return Ok(());
        }
        for frame in frames {
            self.socket.feed(Message::text(frame)).await.map_err(|_| End::Lost)?;
        }
        self.socket.flush().await.map_err(|_| End::Lost)
    }

    /// The text of a message, if it is one of the protocol's.
    fn take(&mut self, message: Option<Result<Message, SocketError>>) -> Result<Option<String>, End> {
        self.heard = Instant::now();
        self.asked = false;
        match message {
            Some(Ok(Message::Text(text))) => Ok(Some(text.as_str().to_owned())),
            Some(Ok(Message::Close(frame))) => {
                let (code, reason) = frame.map_or((1005, String::new()), |f| (f.code.into(), f.reason.to_string()));
                Err(match next_after(code) {
                    Next::Retry => End::Lost,
                    Next::Renew => End::Expired,
                    Next::GiveUp => End::Refused(self.complaint.take().unwrap_or_else(|| closed(code, reason))),
                })
            }
            Some(Ok(_)) => Ok(None),
            Some(Err(_)) | None => Err(End::Lost),
        }
    }
}

fn closed(code: u16, reason: String) -> Box<Problem> {
    let status = if code == 4403 { StatusCode::FORBIDDEN } else { StatusCode::BAD_REQUEST };
    Box::new(Problem {
        status: status.as_u16(),
        code: format!("closed_{code}"),
        title: "The server closed the connection".to_owned(),
        detail: reason,
        ..Problem::default()
    })
}

/// A refusal that the next try would meet again ends the subscriptions; any other is waited out.
fn refusal_of_handshake(response: &tokio_tungstenite::tungstenite::http::Response<Option<Vec<u8>>>) -> End {
    let status = response.status();
    match status.as_u16() {
        401 => End::Expired,
        408 | 429 => End::Lost,
        code if status.is_client_error() => {
            let status = StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST);
            End::Refused(Box::new(Refusal::read(status, response.body().as_deref().unwrap_or_default(), None).problem))
        }
        _ => End::Lost,
    }
}
