//! Permits to use a connection, which those who ask take turns in ([`Turns`]).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};

use crate::asker::Asker;
use crate::error::Error;
use crate::turns::Turns;

/// All permits.
pub(super) struct Permits {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    /// Set off when the last permit comes back after the end.
    unused: Notify,
}

struct State {
    turns: Turns<Waiter>,
    closed: bool,
}

/// Who waits is given the permit itself, so that one who has just gone away gives it back by dropping it.
type Waiter = oneshot::Sender<Permit>;

/// The right to use one connection; given back when it is dropped.
pub(super) struct Permit {
    shared: Arc<Shared>,
    asker: Asker,
}

impl Permits {
    /// So many permits, for which at most `limit` requests may wait.
    pub(super) fn new(size: usize, limit: usize) -> Self {
        let state = Mutex::new(State { turns: Turns::new(size, limit), closed: false });
        Self { shared: Arc::new(Shared { state, unused: Notify::new() }) }
    }

    /// A permit, when it is this one's turn.
    pub(super) async fn take(&self, asker: Asker) -> Result<Permit, Error> {
        let waiting = {
            let mut state = self.shared.state();
            if state.closed {
                return Err(Error::Closed);
            }
            if state.turns.enter(asker) {
                return Ok(self.shared.permit(asker));
            }
            let (give, given) = oneshot::channel();
            state.turns.wait(asker, give)?;
            Waiting { shared: &self.shared, asker, given }
        };
        waiting.end().await
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        self.shared.state().turns.waiting()
    }

    /// Gives no more to those who come from now on; waits until all are back.
    pub(super) async fn close(&self) {
        let unused = self.shared.unused.notified();
        {
            let mut state = self.shared.state();
            state.closed = true;
            if state.turns.at_work() == 0 {
                return;
            }
        }
        unused.await;
    }
}

impl Shared {
    fn permit(self: &Arc<Self>, asker: Asker) -> Permit {
        Permit { shared: Arc::clone(self), asker }
    }

    /// Hands a permit on to whose turn it is, if they still wait.
    fn hand_on(self: &Arc<Self>, mut asker: Asker) {
        while let Some((next, waiter)) = self.next(asker) {
            asker = next;
            if !waiter.is_closed() {
                // Who has gone since drops the permit, which comes back here.
                drop(waiter.send(self.permit(asker)));
                return;
            }
        }
    }

    fn next(&self, done: Asker) -> Option<(Asker, Waiter)> {
        let mut state = self.state();
        let next = state.turns.leave(done);
        if state.closed && state.turns.at_work() == 0 {
            self.unused.notify_waiters();
        }
        next
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.shared.hand_on(self.asker);
    }
}

/// A place in a line.
struct Waiting<'a> {
    shared: &'a Arc<Shared>,
    asker: Asker,
    given: oneshot::Receiver<Permit>,
}

impl Waiting<'_> {
    async fn end(mut self) -> Result<Permit, Error> {
        (&mut self.given).await.map_err(|_| Error::Closed)
    }
}

impl Drop for Waiting<'_> {
    /// Who waits no more makes room for others.
    fn drop(&mut self) {
        if !self.given.is_terminated() {
            self.given.close();
            self.shared.state().turns.retain(self.asker, |waiter| !waiter.is_closed());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use tokio::time::{Duration, timeout};

    use super::*;

    fn caller(n: u8) -> Asker {
        Asker::Address([192, 0, 2, n].into())
    }

    /// Whether it is still to come.
    async fn waits<F: Future + Unpin>(future: &mut F) -> bool {
        timeout(Duration::ZERO, future).await.is_err()
    }

    #[tokio::test]
    async fn a_permit_goes_to_whose_turn_it_is_and_past_those_who_have_gone() {
        let permits = Permits::new(1, 10);
        let held = permits.take(caller(1)).await.unwrap();
        let mut gone = Box::pin(permits.take(caller(1)));
        let (mut second, mut third) = (pin!(permits.take(caller(1))), pin!(permits.take(caller(2))));
        assert!(waits(&mut gone).await && waits(&mut second).await && waits(&mut third).await);
        drop(gone);
        assert_eq!(permits.waiting(), 2);

        drop(held);
        let held = second.await.unwrap();
        assert!(waits(&mut third).await);
        drop(held);
        drop(third.await.unwrap());
        drop(permits.take(caller(3)).await.unwrap());
    }

    #[tokio::test]
    async fn a_permit_that_was_on_its_way_to_one_who_has_gone_comes_back() {
        let permits = Permits::new(1, 10);
        let held = permits.take(caller(1)).await.unwrap();
        let mut gone = Box::pin(permits.take(caller(1)));
        assert!(waits(&mut gone).await);
        drop(held);
        drop(gone);
        drop(permits.take(caller(2)).await.unwrap());
    }

    #[tokio::test]
    async fn the_end_waits_for_all_who_came_before() {
        let permits = Permits::new(1, 10);
        let held = permits.take(caller(1)).await.unwrap();
        let (mut next, mut end) = (pin!(permits.take(caller(2))), pin!(permits.close()));
        assert!(waits(&mut next).await && waits(&mut end).await);
        assert!(matches!(permits.take(caller(1)).await, Err(Error::Closed)));
        drop(held);
        let held = next.await.unwrap();
        assert!(waits(&mut end).await);
        drop(held);
        end.await;
    }
}
