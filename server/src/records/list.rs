//! A page of records: filtered, ordered, continued by a cursor.

use bytes::{BufMut, Bytes, BytesMut};
use plinth_model::cursor::{Edge, Moved, Named};
use plinth_model::filter::Bound;
use plinth_model::query::{Place, Sort};
use plinth_model::sight::BoundSight;
use plinth_model::sql::select::Read;
use plinth_model::{Field, Value};
use plinth_store::Page;
use serde_json::{Map, Value as Json};

use super::expand::Expansion;
use super::selection::Selection;
use super::{Error, Records};
use crate::policy::Grant;

/// Records in a page when the caller names no limit.
pub const DEFAULT_LIMIT: u32 = 30;

/// The most records in a page.
pub const MAX_LIMIT: u32 = 500;

/// The bytes of records with which a page is full: the record that comes to more is its last one.
pub const MAX_BYTES: usize = 8 * 1024 * 1024;

/// What is asked of a list, as it came.
#[derive(Debug, Clone, Default)]
pub struct ListRequest {
    /// A CEL condition.
    pub filter: Option<String>,
    /// Values for the condition.
    pub params: Option<Map<String, Json>>,
    /// `-createdAt,title`.
    pub sort: String,
    /// At most this many.
    pub limit: Option<u32>,
    /// Where to go on.
    pub start: Start,
    /// Which members.
    pub selection: Selection,
    /// Whether to count.
    pub count: Option<Count>,
}

/// Where a page starts, as the caller says it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Start {
    /// At the first record.
    #[default]
    First,
    /// Where this cursor says.
    Cursor(String),
    /// At this page, from 1.
    Page(u32),
}

/// How to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// Every record that matches.
    Exact,
    /// The same, where it is cheap; else what the database believes.
    Estimated,
}

/// A page.
#[derive(Debug, Clone)]
pub struct Listing {
    /// `{"items":[…],"nextCursor":…,"prevCursor":…}` and `total` if it was asked for.
    pub json: Bytes,
    /// The next page's cursor.
    pub next: Option<String>,
    /// The previous page's cursor.
    pub previous: Option<String>,
}

impl Records {
    /// A page of the records that the grant shows.
    pub async fn list(&self, grant: &Grant, request: &ListRequest) -> Result<Listing, Error> {
        let question = Question::new(grant, request, self.clock.now())?;
        let limit = request.limit.unwrap_or(DEFAULT_LIMIT);
        let expansion = Expansion::plan(grant, &request.selection)?;
        let members = request.selection.members(grant)?;
        let place = self.place(grant, request, &question).await?;
        let keys = question.keys();
        let extra: Vec<&str> = keys.iter().copied().chain(expansion.columns()).collect();
        let read = question.read(grant, &members, &extra);
        let select = read.page(self.store.dialect(), &question.sort, &place, limit + 1);
        let page = self.store.page(select, MAX_BYTES).await?;
        if page.is_cut && matches!(request.start, Start::Page(_)) {
            return Err(too_large("This page", "a smaller limit, or for fields, or go through the list by cursor"));
        }
        let total = match request.count {
            Some(_) => Some(self.count(&read).await?),
            None => None,
        };
        let edges = Edges::of(&page, &place, keys.len(), limit as usize);
        let cursor = |place: Option<Place>| place.and_then(|place| self.seal.seal(&place, &question.name));
        let (next, previous) = (cursor(edges.next), cursor(edges.previous));
        let tails = self.expand(grant, &expansion, &page, edges.rows.clone(), keys.len()).await?;
        let items = Items { page: &page, rows: edges.rows, reversed: edges.reversed, tails: &tails };
        Ok(Listing { json: items.write(next.as_deref(), previous.as_deref(), total), next, previous })
    }

    async fn count(&self, read: &Read<'_>) -> Result<i64, Error> {
        let statement = read.count(self.store.dialect());
        let rows = self.store.fetch(statement, &[plinth_model::sql::select::ColumnKind::Integer]).await?;
        Ok(rows.first().map(|row| row.int(0)).transpose()?.unwrap_or(0))
    }

    async fn place(&self, grant: &Grant, request: &ListRequest, question: &Question) -> Result<Place, Error> {
        match &request.start {
            Start::First => Ok(Place::Start),
            Start::Cursor(cursor) => {
                match self.seal.open(cursor, &question.name, &question.sort, grant.collection())? {
                    Named::Place(place) => Ok(place),
                    Named::Edge(edge) => self.place_of(grant, question, &edge).await,
                }
            }
            Start::Page(page) => {
                let limit = u64::from(request.limit.unwrap_or(DEFAULT_LIMIT));
                Ok(Place::Offset(u64::from(page.saturating_sub(1)) * limit))
            }
        }
    }
}

impl Records {
    /// The place of the record at the edge of a page, as the caller sees its sort keys, whether the filter still shows it
    /// or not.
    async fn place_of(&self, grant: &Grant, question: &Question, edge: &Edge) -> Result<Place, Error> {
        let keys = question.keys();
        let id: Vec<&Field> = grant.collection().field("id").into_iter().collect();
        let read = Read { filter: None, ..question.read(grant, &id, &keys) };
        let select = read.by_ids(self.store.dialect(), vec![Value::Text(edge.id.to_string())]);
        let page = self.store.page(select, MAX_BYTES).await?;
        let row = page.rows.into_iter().next().ok_or(Moved)?;
        Ok(edge.place(row.extra)?)
    }
}

/// The list that is asked for, checked and bound: what a snapshot of a subscription reads as well.
pub struct Question {
    pub(super) sight: BoundSight,
    pub(super) filter: Option<Bound>,
    pub(super) sort: Sort,
    name: String,
}

impl Question {
    /// Checks what is asked against what the grant shows.
    pub fn new(grant: &Grant, request: &ListRequest, now: plinth_model::Instant) -> Result<Self, Error> {
        let limit = request.limit.unwrap_or(DEFAULT_LIMIT);
        if limit == 0 || limit > MAX_LIMIT {
            return Err(Error::Parameter(format!("limit is {limit}; it can be 1 to {MAX_LIMIT}")));
        }
        let bindings = grant.bindings(now).with_params(request.params.clone().unwrap_or_default());
        let filter = match request.filter.as_deref().map(str::trim).filter(|filter| !filter.is_empty()) {
            Some(source) => Some(grant.compile(source, request.params.as_ref())?.bind(&bindings)),
            None => None,
        };
        let sort = Sort::parse(&request.sort, grant.collection(), grant.sight())?;
        Ok(Self { sight: grant.sight().bind(&bindings), filter, name: name(grant, request, &sort), sort })
    }

    /// The read of these members under the question.
    pub fn read<'a>(&'a self, grant: &'a Grant, members: &'a [&'a Field], extra: &'a [&'a str]) -> Read<'a> {
        Read { collection: grant.collection(), sight: &self.sight, filter: self.filter.as_ref(), members, extra }
    }

    /// The fields that order it, `id` last.
    fn keys(&self) -> Vec<&str> {
        self.sort.keys.iter().map(|key| key.field.as_str()).collect()
    }

    /// The order.
    pub fn sort(&self) -> &Sort {
        &self.sort
    }
}

/// What a cursor is bound to: who asks, what, and in which order.
fn name(grant: &Grant, request: &ListRequest, sort: &Sort) -> String {
    let params = request.params.as_ref().map(|params| Json::Object(params.clone()).to_string());
    [
        grant.caller().principal(),
        grant.collection().name.clone(),
        request.filter.clone().unwrap_or_default(),
        params.unwrap_or_default(),
        sort.text(),
    ]
    .join("\u{0}")
}

/// What is to come whole or not at all holds more than a page can.
fn too_large(what: &str, ask_for: &str) -> Error {
    let most = MAX_BYTES / 1024 / 1024;
    Error::TooLarge(format!("{what} would hold more than {most} MiB of records: ask for {ask_for}"))
}

/// What lies at the ends of a page: which of the rows read belong to it, and where its neighbours start.
struct Edges {
    rows: std::ops::Range<usize>,
    reversed: bool,
    next: Option<Place>,
    previous: Option<Place>,
}

impl Edges {
    fn of(page: &Page, place: &Place, keys: usize, limit: usize) -> Self {
        let more = page.is_cut || page.rows.len() > limit;
        let rows = 0..page.rows.len().min(limit);
        let key = |row: usize| -> Option<Vec<Value>> { page.rows.get(row).map(|row| row.extra[..keys].to_vec()) };
        let (first, last) = (key(0), rows.end.checked_sub(1).and_then(key));
        match place {
            Place::Before(_) => Self {
                reversed: true,
                next: first.map(Place::After),
                previous: last.filter(|_| more).map(Place::Before),
                rows,
            },
            _ => Self {
                reversed: false,
                next: last.filter(|_| more).map(Place::After),
                previous: first.filter(|_| !matches!(place, Place::Start | Place::Offset(0))).map(Place::Before),
                rows,
            },
        }
    }
}

/// The items of the answer, in order.
struct Items<'a> {
    page: &'a Page,
    rows: std::ops::Range<usize>,
    reversed: bool,
    tails: &'a [Bytes],
}

impl Items<'_> {
    fn write(&self, next: Option<&str>, previous: Option<&str>, total: Option<i64>) -> Bytes {
        let tails: usize = self.tails.iter().map(Bytes::len).sum();
        let mut out = BytesMut::with_capacity(self.page.json.len() + tails + 256);
        out.put_slice(b"{\"items\":[");
        if self.tails.is_empty() && !self.reversed {
            self.copy_whole(&mut out);
        } else {
            self.copy_each(&mut out);
        }
        out.put_slice(b"],\"nextCursor\":");
        put_cursor(&mut out, next);
        out.put_slice(b",\"prevCursor\":");
        put_cursor(&mut out, previous);
        if let Some(total) = total {
            out.put_slice(b",\"total\":");
            out.put_slice(total.to_string().as_bytes());
        }
        out.put_slice(b"}");
        out.freeze()
    }

    /// The driver wrote the rows with commas between them: they are copied in one piece.
    fn copy_whole(&self, out: &mut BytesMut) {
        if let Some(last) = self.rows.end.checked_sub(1) {
            out.put_slice(&self.page.json[self.page.rows[0].range.start..self.page.rows[last].range.end]);
        }
    }

    fn copy_each(&self, out: &mut BytesMut) {
        let count = self.rows.len();
        for place in 0..count {
            let row = if self.reversed { count - 1 - place } else { place };
            if place > 0 {
                out.put_u8(b',');
            }
            put_with_tail(out, &self.page.json[self.page.rows[row].range.clone()], self.tails.get(row));
        }
    }
}

/// A record's object with another member (`"expand":{…}`) at its end.
pub(super) fn put_with_tail(out: &mut BytesMut, object: &[u8], tail: Option<&Bytes>) {
    match tail {
        None => out.put_slice(object),
        Some(tail) => {
            let body = &object[..object.len() - 1];
            out.put_slice(body);
            if body.len() > 1 {
                out.put_u8(b',');
            }
            out.put_slice(tail);
            out.put_u8(b'}');
        }
    }
}

fn put_cursor(out: &mut BytesMut, cursor: Option<&str>) {
    match cursor {
        // Base64 has no character that JSON escapes.
        Some(cursor) => {
            out.put_u8(b'"');
            out.put_slice(cursor.as_bytes());
            out.put_u8(b'"');
        }
        None => out.put_slice(b"null"),
    }
}

/// Records as they are at one place of the change log.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The records' objects, in order.
    pub items: Vec<Bytes>,
    /// Every change up to here is in them.
    pub head: plinth_model::Seq,
    /// The later changes that are in them already.
    pub seen: Vec<plinth_model::Seq>,
}

impl Records {
    /// The first records of a list, together with the place in the log that they stand for.
    pub async fn snapshot(&self, grant: &Grant, request: &ListRequest) -> Result<Snapshot, Error> {
        let question = Question::new(grant, request, self.clock.now())?;
        let expansion = Expansion::plan(grant, &request.selection)?;
        let members = request.selection.members(grant)?;
        let extra: Vec<&str> = expansion.columns().collect();
        let limit = request.limit.unwrap_or(MAX_LIMIT);
        let read = question.read(grant, &members, &extra);
        let select = read.page(self.store.dialect(), &question.sort, &Place::Start, limit);
        let taken = self.store.snapshot(select, MAX_BYTES).await?;
        if taken.page.is_cut {
            return Err(too_large("The snapshot", "a smaller limit, a narrower filter, or fields"));
        }
        let tails = self.expand(grant, &expansion, &taken.page, 0..taken.page.rows.len(), 0).await?;
        let item = |(n, row): (usize, &plinth_store::PageRow)| {
            let mut out = BytesMut::new();
            put_with_tail(&mut out, &taken.page.json[row.range.clone()], tails.get(n));
            out.freeze()
        };
        let items = taken.page.rows.iter().enumerate().map(item).collect();
        Ok(Snapshot { items, head: taken.head, seen: taken.seen })
    }
}
