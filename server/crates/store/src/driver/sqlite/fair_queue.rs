//! A bounded queue between the tasks of the server and several threads, which those who ask take turns in ([`Turns`]).
//!
//! The thread that became idle last is woken first: while one is enough, the caches of the others stay empty.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::asker::Asker;
use crate::error::Error;
use crate::turns::Turns;

/// The queue.
pub(super) struct FairQueue<T> {
    state: Mutex<State<T>>,
    /// By which each thread is woken.
    wake: Vec<Condvar>,
}

struct State<T> {
    turns: Turns<T>,
    /// Those that have a place, and no thread has begun.
    ready: VecDeque<(Asker, T)>,
    /// Threads that wait; with none there is nobody to wake, which saves a system call.
    idle: Vec<usize>,
    closed: bool,
}

impl<T> FairQueue<T> {
    /// A queue in front of so many threads, in which at most `limit` items wait.
    pub(super) fn new(threads: usize, limit: usize) -> Self {
        let state =
            State { turns: Turns::new(threads, limit), ready: VecDeque::new(), idle: Vec::new(), closed: false };
        Self { state: Mutex::new(state), wake: (0..threads).map(|_| Condvar::new()).collect() }
    }

    /// Puts an item last in the line of who asks.
    pub(super) fn push(&self, asker: Asker, item: T) -> Result<(), Error> {
        let mut state = self.lock();
        if state.closed {
            return Err(Error::Closed);
        }
        if !state.turns.enter(asker) {
            return state.turns.wait(asker, item);
        }
        state.ready.push_back((asker, item));
        let idle = state.idle.pop();
        drop(state);
        if let Some(thread) = idle {
            self.wake[thread].notify_one();
        }
        Ok(())
    }

    /// Takes the next item for a thread; waits for one. `done` is who asked for its last one. None when the queue is closed,
    /// and nothing is left that another thread won't come to.
    pub(super) fn take(&self, thread: usize, done: Option<Asker>) -> Option<(Asker, T)> {
        let mut state = self.lock();
        if let Some(next) = done.and_then(|asker| state.turns.leave(asker)) {
            return Some(next);
        }
        loop {
            if let Some(item) = state.ready.pop_front() {
                return Some(item);
            }
            if state.closed {
                return None;
            }
            state.idle.push(thread);
            state = self.wake[thread].wait(state).unwrap_or_else(PoisonError::into_inner);
            // A wait may end by itself, too.
            state.idle.retain(|idle| *idle != thread);
        }
    }

    /// Refuses whatever comes from now on; what is in the queue is still taken out.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.wake.iter().for_each(Condvar::notify_one);
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_queue_is_emptied() {
        let queue = FairQueue::new(1, 1);
        queue.push(Asker::Server, 1).unwrap();
        queue.push(Asker::Server, 2).unwrap();
        assert_eq!(queue.push(Asker::Server, 3), Err(Error::Overloaded(1)));
        queue.close();
        assert_eq!(queue.push(Asker::Server, 4), Err(Error::Closed));
        assert_eq!(queue.take(0, None), Some((Asker::Server, 1)));
        assert_eq!(queue.take(0, Some(Asker::Server)), Some((Asker::Server, 2)));
        assert_eq!(queue.take(0, Some(Asker::Server)), None);
    }
}
