//! How long a client may take: one time for a head of a request that has begun, another for doing nothing.
//!
//! hyper has one time for both, from the end of an answer to the end of the next head. Proxies keep idle connections
//! for a minute, and a client that sends a head letter by letter must not have that long: so hyper is given the idle
//! time, and this wrapper cuts a head that takes longer than its own.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// Whether a request is being answered; shared with the service of its connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Answering(Arc<AtomicBool>);

impl Answering {
    /// A head is complete.
    pub(super) fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// The request was answered and the next byte begins another head; not to be called when the connection goes on
    /// as something else, such as a socket.
    pub(super) fn end(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A connection on which a head must come in time.
pub(super) struct Patient<T> {
    inner: T,
    answering: Answering,
    patience: Duration,
    head: Head,
}

/// The head of the next request.
enum Head {
    /// Nothing of it came.
    Absent,
    /// Something came. Most heads come whole, so no timer runs yet.
    Begun,
    /// More is waited for, until the timer ends.
    Awaited(Pin<Box<Sleep>>),
}

impl<T> Patient<T> {
    pub(super) fn new(inner: T, answering: Answering, patience: Duration) -> Self {
        Self { inner, answering, patience, head: Head::Absent }
    }

    /// Something came, or nothing.
    fn note(&mut self, came: bool) {
        if self.answering.is_on() {
            self.head = Head::Absent;
        } else if came && matches!(self.head, Head::Absent) {
            self.head = Head::Begun;
        }
    }

    /// Ready if a head has begun and its time is over.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if matches!(self.head, Head::Begun) {
            self.head = Head::Awaited(Box::pin(sleep(self.patience)));
        }
        match &mut self.head {
            Head::Awaited(timer) => timer.as_mut().poll(cx),
            Head::Absent | Head::Begun => Poll::Pending,
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Patient<T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let read = Pin::new(&mut this.inner).poll_read(cx, buf);
        this.note(buf.filled().len() > before);
        if read.is_pending() && this.poll_late(cx).is_ready() {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the head of a request took too long")));
        }
        read
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Patient<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }
}
