//! A write that is about to be sent: its conditions, and what it answers.

use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;

use serde::de::DeserializeOwned;

use crate::client::Client;
use crate::error::Result;
use crate::http::{Answer, Call};

/// A record together with the tag of the version that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored<T> {
    /// The record.
    pub record: T,
    /// Its version, for [`Write::if_match`].
    pub etag: String,
}

/// A write of one record; send it with `.await`.
#[derive(Debug)]
#[must_use = "a write is sent by awaiting it"]
pub struct Write<T> {
    client: Client,
    call: Result<Call>,
    record: PhantomData<fn() -> T>,
}

/// A deletion; send it with `.await`.
#[derive(Debug)]
#[must_use = "a deletion is sent by awaiting it"]
pub struct Delete {
    client: Client,
    call: Result<Call>,
}

impl<T> Stored<T> {
    pub(crate) fn read(answer: &Answer) -> Result<Self>
    where
        T: DeserializeOwned,
    {
        Ok(Self { record: answer.read()?, etag: answer.etag.clone().unwrap_or_default() })
    }
}

impl<T> Deref for Stored<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.record
    }
}

impl<T> Write<T> {
    pub(crate) fn new(client: Client, call: Result<Call>) -> Self {
        Self { client, call, record: PhantomData }
    }

    /// Only if the record still has this tag; otherwise 412.
    pub fn if_match(mut self, etag: &str) -> Self {
        self.call = self.call.map(|call| call.header("if-match", etag));
        self
    }

    /// Sending it again with the same key and body gives the first answer again, for a day.
    pub fn idempotency_key(mut self, key: &str) -> Self {
        self.call = self.call.map(|call| call.header("idempotency-key", key));
        self
    }
}

impl Delete {
    pub(crate) fn new(client: Client, call: Result<Call>) -> Self {
        Self { client, call }
    }

    /// Only if the record still has this tag; otherwise 412.
    pub fn if_match(mut self, etag: &str) -> Self {
        self.call = self.call.map(|call| call.header("if-match", etag));
        self
    }
}

impl<T: DeserializeOwned + Send + 'static> IntoFuture for Write<T> {
    type Output = Result<Stored<T>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { Stored::read(&self.client.send(self.call?).await?) })
    }
}

impl IntoFuture for Delete {
    type Output = Result<()>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.client.send(self.call?).await.map(drop) })
    }
}
