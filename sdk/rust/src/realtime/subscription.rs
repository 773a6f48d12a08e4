//! A subscription as a stream.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::Stream;
use serde::de::DeserializeOwned;

use super::event::Event;
use super::hub::Hub;
use super::protocol::Key;
use crate::error::Result;

/// The changes of a collection, in the order of their commits, none twice and none lost, across broken connections
/// and restarted servers. Dropping it ends it.
///
/// An error is its last item: the server refused the subscription, or the session ended.
#[must_use = "a subscription ends when it is dropped"]
pub struct Subscription<T> {
    pub(crate) hub: Arc<Hub>,
    pub(crate) key: Key,
    pub(crate) collection: String,
    pub(crate) record: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Stream for Subscription<T> {
    type Item = Result<Event<T>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let event = std::task::ready!(self.hub.poll(self.key, context));
        Poll::Ready(event.map(|event| event.and_then(|event| event.read(&self.collection))))
    }
}

impl<T> Drop for Subscription<T> {
    fn drop(&mut self) {
        self.hub.unsubscribe(self.key);
    }
}

impl<T> fmt::Debug for Subscription<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").field("collection", &self.collection).finish_non_exhaustive()
    }
}
