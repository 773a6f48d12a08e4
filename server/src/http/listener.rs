//! One TCP listener with a bounded number of connections.
//!
//! Speaks to hyper itself: `axum::serve` offers neither a limit of connections nor of the time and size of a
//! request's head. At the limit, further connections wait in the kernel's queue until one ends.
//!
//! HTTP/1.1 only: browsers speak HTTP/2 through TLS alone, and a server that tells the two apart by the first bytes of
//! a plain connection waits for those bytes without an end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Request, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tower::ServiceExt as _;

use super::patience::{Answering, Patient};
use crate::config::ServerSettings;
use crate::lifecycle::Lifecycle;

/// The largest head of a request: reliability asks for 16 KiB, and cookies of a busy site fit.
const MAX_HEAD: usize = 16 * 1024;
/// How long a kept connection may still bring a request after the word to stop. One that was on its way would find the
/// connection closed otherwise; it is answered, with `Connection: close`.
const LAST_WORD: Duration = Duration::from_millis(100);
/// The pause after a failed accept, so that an exhausted process does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The address of the other end of a connection, which may be a proxy.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// A bound listener.
#[derive(Debug)]
pub struct Listener {
    tcp: TcpListener,
    slots: Arc<Semaphore>,
    protocol: Builder,
    header_timeout: Duration,
}

impl Listener {
    /// Binds the configured address.
    pub async fn bind(settings: &ServerSettings) -> io::Result<Self> {
        let tcp = TcpListener::bind(settings.listen).await?;
        let slots = Arc::new(Semaphore::new(settings.max_connections.get().min(Semaphore::MAX_PERMITS)));
        let protocol = protocol(settings.idle_timeout.duration());
        Ok(Self { tcp, slots, protocol, header_timeout: settings.header_timeout.duration() })
    }

    /// The address that was bound, its port chosen by the system if port 0 was asked for.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }

    /// Accepts until the server stops; connections run as tasks of `lifecycle` and drain by themselves.
    pub async fn serve(self, router: Router, lifecycle: Lifecycle) {
        let protocol = Arc::new(self.protocol);
        loop {
            let slot = tokio::select! {
                biased;
                slot = self.slots.clone().acquire_owned() => slot,
                () = lifecycle.stopping() => return,
            };
            let accepted = tokio::select! {
                // First, so that who is connected already when the server stops is answered.
                biased;
                accepted = self.tcp.accept() => accepted,
                () = lifecycle.stopping() => return,
            };
            match (slot, accepted) {
                (Ok(slot), Ok((stream, peer))) => {
                    let header_timeout = self.header_timeout;
                    let connection = Connection { stream, peer: Peer(peer), header_timeout, _slot: slot };
                    lifecycle.spawn(connection.run(protocol.clone(), router.clone(), lifecycle.clone()));
                }
                (_, Err(error)) => {
                    tracing::warn!(%error, "could not accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
                (Err(_closed), _) => return,
            }
        }
    }
}

fn protocol(idle_timeout: Duration) -> Builder {
    let mut builder = Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(idle_timeout).max_buf_size(MAX_HEAD);
    builder
}

struct Connection {
    stream: TcpStream,
    peer: Peer,
    header_timeout: Duration,
    _slot: OwnedSemaphorePermit,
}

impl Connection {
    async fn run(self, protocol: Arc<Builder>, router: Router, lifecycle: Lifecycle) {
        if let Err(error) = self.stream.set_nodelay(true) {
            tracing::debug!(%error, "could not turn off Nagle's algorithm");
        }
        let (peer, answering) = (self.peer, Answering::default());
        let stream = Patient::new(self.stream, answering.clone(), self.header_timeout);
        let stop = lifecycle.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            answering.begin();
            request.extensions_mut().insert(peer);
            let answer = router.clone().oneshot(request.map(Body::new));
            let (answering, stop) = (answering.clone(), stop.clone());
            async move {
                let mut answer = answer.await;
                if let Ok(answer) = &mut answer
                    && answer.status() != StatusCode::SWITCHING_PROTOCOLS
                {
                    answering.end();
                    if stop.is_stopping() {
                        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                    }
                }
                answer
            }
        });
        let connection = protocol.serve_connection(TokioIo::new(stream), service).with_upgrades();
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = lifecycle.stopping() => match timeout(LAST_WORD, connection.as_mut()).await {
                Ok(ended) => ended,
                Err(_) => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            },
        };
        if let Err(error) = ended {
            tracing::debug!(%error, peer = %peer.0, "a connection ended early");
        }
    }
}
