//! The records of one collection.

use std::fmt;
use std::marker::PhantomData;

use futures_util::stream::{self, Stream, TryStreamExt};
use reqwest::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::http::Call;
use crate::query::{Count, Page, Query};
use crate::realtime::{Subscription, Watch};
use crate::write::{Delete, Stored, Write};

/// The records of one collection, read as `T`; see [`Client::collection`].
pub struct Collection<T> {
    pub(crate) client: Client,
    pub(crate) name: String,
    pub(crate) record: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Collection<T> {
    /// One page of records.
    pub async fn list(&self, query: &Query) -> Result<Page<T>> {
        self.client.send(query.onto(self.call(Method::GET, &[])?)?).await?.read()
    }

    /// The same as [`Collection::list`] with the question in the body: for what is too long for an address.
    pub async fn query(&self, query: &Query) -> Result<Page<T>> {
        self.client.send(self.call(Method::POST, &["query"])?.body(query)?).await?.read()
    }

    /// Every matching record, page after page, fetched as the stream is read.
    pub fn iterate(&self, query: &Query) -> impl Stream<Item = Result<T>> + Send + use<T>
    where
        T: Send,
    {
        let collection = self.clone();
        let pages = stream::try_unfold(Some(query.clone()), move |query| {
            let collection = collection.clone();
            async move {
                let Some(query) = query else { return Ok::<_, Error>(None) };
                let page = collection.list(&query).await?;
                let next = page.next_cursor.map(|cursor| query.cursor(cursor));
                Ok(Some((stream::iter(page.items.into_iter().map(Ok::<T, Error>)), next)))
            }
        });
        pages.try_flatten()
    }

    /// One record, with the tag that [`Write::if_match`] takes.
    pub async fn get(&self, id: &str) -> Result<Stored<T>> {
        self.get_with(id, &Query::new()).await
    }

    /// One record, with the `fields` and `expand` of the query.
    pub async fn get_with(&self, id: &str, query: &Query) -> Result<Stored<T>> {
        Stored::read(&self.client.send(query.onto(self.call(Method::GET, &[id])?)?).await?)
    }

    /// How many records match this filter; an empty one matches all.
    pub async fn count(&self, query: &Query) -> Result<u64> {
        let counting = query.clone().limit(1).count(Count::Exact);
        Ok(self.list(&counting).await?.total.unwrap_or_default())
    }

    /// Makes a record; without an `id` in it the server makes one.
    pub fn create(&self, record: &impl Serialize) -> Write<T> {
        Write::new(self.client.clone(), self.call(Method::POST, &[]).and_then(|call| call.body(record)))
    }

    /// Makes many records, all or none, at most 500 at a time.
    pub async fn create_many(&self, records: &[impl Serialize]) -> Result<Vec<T>> {
        let answer = self.client.send(self.call(Method::POST, &[])?.body(records)?).await?;
        Ok(answer.read::<Page<T>>()?.items)
    }

    /// Changes members of a record by JSON merge patch: `null` unsets, what is absent stays.
    pub fn update(&self, id: &str, patch: &impl Serialize) -> Write<T> {
        Write::new(self.client.clone(), self.call(Method::PATCH, &[id]).and_then(|call| call.body(patch)))
    }

    /// Makes the record under this id, or replaces it whole.
    pub fn replace(&self, id: &str, record: &impl Serialize) -> Write<T> {
        Write::new(self.client.clone(), self.call(Method::PUT, &[id]).and_then(|call| call.body(record)))
    }

    /// Deletes a record.
    pub fn delete(&self, id: &str) -> Delete {
        Delete::new(self.client.clone(), self.call(Method::DELETE, &[id]))
    }

    /// Follows the changes that the caller may see; see [`Subscription`].
    pub fn subscribe(&self, watch: &Watch) -> Subscription<T> {
        self.client.realtime().subscribe(&self.name, watch)
    }

    fn call(&self, method: Method, rest: &[&str]) -> Result<Call> {
        let mut segments = vec!["records", self.name.as_str()];
        segments.extend(rest);
        Call::new(method, &segments)
    }
}

// Written out, because a derive would ask for `T: Clone`.
impl<T> Clone for Collection<T> {
    fn clone(&self) -> Self {
        Self { client: self.client.clone(), name: self.name.clone(), record: PhantomData }
    }
}

impl<T> fmt::Debug for Collection<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Collection").field(&self.name).finish()
    }
}
