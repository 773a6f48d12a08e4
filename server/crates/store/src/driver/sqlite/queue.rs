//! A bounded queue between the tasks of the server and a thread of the database.
//!
//! When it is full, what comes is refused at once ([`Error::Overloaded`]): somebody who waits for a reply is better
//! served by "try again" than by a reply that comes too late.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::error::Error;

/// The queue.
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    filled: Condvar,
    limit: usize,
}

struct State<T> {
    items: VecDeque<T>,
    /// Threads that wait; with none there is nobody to wake, which saves a system call.
    idle: usize,
    closed: bool,
}

impl<T> Queue<T> {
    /// A queue for at most `limit` items.
    pub(super) fn new(limit: usize) -> Self {
        let state = State { items: VecDeque::new(), idle: 0, closed: false };
        Self { state: Mutex::new(state), filled: Condvar::new(), limit }
    }

    /// Puts an item last.
    pub(super) fn push(&self, item: T) -> Result<(), Error> {
        let mut state = self.lock();
        if state.closed {
            return Err(Error::Closed);
        }
        if state.items.len() >= self.limit {
            return Err(Error::Overloaded(state.items.len()));
        }
        state.items.push_back(item);
        let wake = state.idle > 0;
        drop(state);
        if wake {
            self.filled.notify_one();
        }
        Ok(())
    }

    /// Takes the first item; waits for one. None when the queue is closed and empty.
    pub(super) fn take(&self) -> Option<T> {
        let mut state = self.lock();
        loop {
            if let Some(item) = state.items.pop_front() {
                return Some(item);
            }
            if state.closed {
                return None;
            }
            state.idle += 1;
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }

    /// Takes the first item if there is one that `wanted` accepts.
    pub(super) fn take_if(&self, wanted: impl Fn(&T) -> bool) -> Option<T> {
        let mut state = self.lock();
        if state.items.front().is_some_and(wanted) { state.items.pop_front() } else { None }
    }

    /// Refuses whatever comes from now on; what is in the queue is still taken out.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_refuses_and_a_closed_one_is_emptied() {
        let queue = Queue::new(2);
        queue.push(1).unwrap();
        queue.push(2).unwrap();
        assert_eq!(queue.push(3), Err(Error::Overloaded(2)));
        assert_eq!(queue.take(), Some(1));
        queue.push(3).unwrap();
        queue.close();
        assert_eq!(queue.push(4), Err(Error::Closed));
        assert_eq!((queue.take(), queue.take(), queue.take()), (Some(2), Some(3), None));
    }
}
