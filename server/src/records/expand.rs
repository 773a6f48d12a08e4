//! Expand: the records that a page's records point at, or that point at them.
//!
//! One query per relation and level, each under the caller's own grant for the collection it reaches: what the
//! caller may not see there is left out, exactly as a relation that points at nothing.

use std::collections::HashMap;
use std::ops::Range;

use bytes::{BufMut, Bytes, BytesMut};
use plinth_model::schema::FieldKind;
use plinth_model::sql::select::Read;
use plinth_model::{Field, Record, Value};
use plinth_store::{Page, PageRow};

use super::list::put_with_tail;
use super::project::is_relation;
use super::selection::Selection;
use super::{Error, Records};
use crate::nearest;
use crate::policy::Grant;

/// The most bytes that one level of an expand adds up to, and that are read for it: every level can multiply the one
/// before it.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// The most records that a back-relation shows for one record.
pub const MAX_BACK: u32 = 100;

/// The relations to follow from one collection.
#[derive(Default)]
pub struct Expansion {
    hops: Vec<Hop>,
}

struct Hop {
    name: String,
    way: Way,
    /// The caller's right to read where the hop leads; none where there is no rule: then nothing is found.
    grant: Option<Grant>,
    selection: Selection,
    nested: Expansion,
}

enum Way {
    One,
    Many,
    Back(Field),
}

impl Expansion {
    /// Checks the names of `expand` against what the grant shows.
    pub fn plan(grant: &Grant, selection: &Selection) -> Result<Self, Error> {
        let hops = selection.expand.iter().map(|(name, below)| Hop::plan(grant, name, below));
        Ok(Self { hops: hops.collect::<Result<_, _>>()? })
    }

    /// The columns that must be read of each record, in order.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.hops.iter().map(|hop| match hop.way {
            Way::One | Way::Many => hop.name.as_str(),
            Way::Back(_) => "id",
        })
    }

    /// Whether nothing is to be expanded.
    pub fn is_empty(&self) -> bool {
        self.hops.is_empty()
    }
}

impl Hop {
    fn plan(grant: &Grant, name: &str, selection: &Selection) -> Result<Self, Error> {
        let collection = grant.collection();
        let forward =
            collection.field(name).filter(|field| is_relation(field) && grant.sight().fields.contains_key(name));
        let (way, target) = match forward.map(|field| &field.kind) {
            Some(FieldKind::Relation { collection, .. }) => (Way::One, grant.related(collection)),
            Some(FieldKind::Relations { collection, .. }) => (Way::Many, grant.related(collection)),
            _ => Self::back(grant, name).ok_or_else(|| unknown(grant, name))?,
        };
        let nested = match &target {
            Some(target) => {
                selection.members(target)?;
                Expansion::plan(target, selection)?
            }
            None => Expansion::default(),
        };
        Ok(Self { name: name.to_owned(), way, grant: target, selection: selection.clone(), nested })
    }

    /// A back-relation exists for a caller who may read the other collection and the relation there.
    fn back(grant: &Grant, name: &str) -> Option<(Way, Option<Grant>)> {
        let (other, field) = grant.state().catalog().back_relation(&grant.collection().name, name)?;
        let target = grant.related(&other.name)?;
        target.sight().fields.contains_key(&field.name).then(|| (Way::Back(field.clone()), Some(target)))
    }
}

fn unknown(grant: &Grant, name: &str) -> Error {
    let relations = grant.collection().fields.iter().filter(|field| is_relation(field));
    let visible = relations.filter(|field| grant.sight().fields.contains_key(&field.name));
    let nearest = nearest::nearest(name, visible.map(|field| field.name.as_str())).map(str::to_owned);
    Error::UnknownField { name: name.to_owned(), nearest }
}

fn too_much() -> Error {
    let most = MAX_BYTES / 1024 / 1024;
    Error::Parameter(format!("expand would answer more than {most} MiB: expand less, or ask for fewer records"))
}

/// The objects that one hop found, by the id that was asked for.
type Found = HashMap<String, Vec<Bytes>>;

impl Records {
    /// For each of the page's `rows`, the member `"expand":{…}`; none if nothing is expanded. The columns of
    /// [`Expansion::columns`] stand in the rows' extra columns from `offset` on.
    pub(super) async fn expand(
        &self,
        grant: &Grant,
        expansion: &Expansion,
        page: &Page,
        rows: Range<usize>,
        offset: usize,
    ) -> Result<Vec<Bytes>, Error> {
        let rows = &page.rows[rows];
        if expansion.is_empty() || rows.is_empty() {
            return Ok(Vec::new());
        }
        let mut tails: Vec<BytesMut> = rows.iter().map(|_| BytesMut::from(&b"\"expand\":{"[..])).collect();
        let mut total: usize = 0;
        for (n, hop) in expansion.hops.iter().enumerate() {
            let ids: Vec<Vec<String>> = rows.iter().map(|row| ids(&row.extra[offset + n])).collect();
            let found = Box::pin(self.follow(grant, hop, &ids)).await?;
            let adds: usize = ids.iter().flatten().filter_map(|id| found.get(id)).flatten().map(Bytes::len).sum();
            total = total.saturating_add(adds);
            if total > MAX_BYTES {
                return Err(too_much());
            }
            for (tail, ids) in tails.iter_mut().zip(&ids) {
                put_hop(tail, hop, ids, &found);
            }
        }
        Ok(tails
            .into_iter()
            .map(|mut tail| {
                tail.put_u8(b'}');
                tail.freeze()
            })
            .collect())
    }

    /// The object of a record in memory with its `expand` member.
    pub async fn expand_one(
        &self,
        grant: &Grant,
        selection: &Selection,
        record: &Record,
        object: Vec<u8>,
    ) -> Result<Vec<u8>, plinth_store::Error> {
        // The plan was checked when the subscription was made; under other rules it is made anew.
        let Ok(expansion) = Expansion::plan(grant, selection) else { return Ok(object) };
        let extra =
            expansion.columns().map(|name| record.get(grant.collection(), name).unwrap_or(Value::Null)).collect();
        let row = PageRow { range: 0..object.len(), extra };
        let page = Page { json: object.into(), rows: vec![row], is_cut: false };
        let tails = match self.expand(grant, &expansion, &page, 0..1, 0).await {
            Ok(tails) => tails,
            Err(Error::Store(error)) => return Err(error),
            // It grew too large since: the event goes on without.
            Err(Error::Parameter(_)) => return Ok(page.json.to_vec()),
            Err(other) => return Err(plinth_store::Error::Fault(other.to_string())),
        };
        let mut out = BytesMut::new();
        put_with_tail(&mut out, &page.json, tails.first());
        Ok(out.to_vec())
    }

    async fn follow(&self, grant: &Grant, hop: &Hop, ids: &[Vec<String>]) -> Result<Found, Error> {
        let mut wanted: Vec<String> = ids.iter().flatten().cloned().collect();
        wanted.sort_unstable();
        wanted.dedup();
        let Some(target) = hop.grant.as_ref().filter(|_| !wanted.is_empty()) else {
            return Ok(Found::new());
        };
        let sight = target.sight().bind(&grant.bindings(self.clock.now()));
        let members = hop.selection.members(target)?;
        let first = match &hop.way {
            Way::One | Way::Many => "id",
            Way::Back(field) => field.name.as_str(),
        };
        let extra: Vec<&str> = std::iter::once(first).chain(hop.nested.columns()).collect();
        let read =
            Read { collection: target.collection(), sight: &sight, filter: None, members: &members, extra: &extra };
        let wanted = wanted.into_iter().map(Value::Text).collect();
        let select = match &hop.way {
            Way::One | Way::Many => read.by_ids(self.store.dialect(), wanted),
            Way::Back(field) => read.pointing_at(self.store.dialect(), field, wanted, MAX_BACK),
        };
        let page = self.store.page(select, MAX_BYTES).await?;
        if page.is_cut {
            return Err(too_much());
        }
        let tails = self.expand(target, &hop.nested, &page, 0..page.rows.len(), 1).await?;
        Ok(gather(&page, &tails))
    }
}

fn gather(page: &Page, tails: &[Bytes]) -> Found {
    let mut found = Found::new();
    for (n, row) in page.rows.iter().enumerate() {
        let Some(Value::Text(key)) = row.extra.first() else { continue };
        let object = match tails.get(n) {
            None => page.object(row),
            tail => {
                let mut out = BytesMut::new();
                put_with_tail(&mut out, &page.json[row.range.clone()], tail);
                out.freeze()
            }
        };
        found.entry(key.clone()).or_default().push(object);
    }
    found
}

/// The ids in a relation's column.
fn ids(value: &Value) -> Vec<String> {
    match value {
        Value::Text(id) => vec![id.clone()],
        Value::List(values) => values
            .iter()
            .filter_map(|value| match value {
                Value::Text(id) => Some(id.clone()),
                _ => None,
            })
            .collect(),
        Value::Json(json) => {
            let values = json.as_array().into_iter().flatten();
            values.filter_map(|value| value.as_str().map(str::to_owned)).collect()
        }
        _ => Vec::new(),
    }
}

/// `"author":{…}`, left out where nothing was found; `"tags":[…]`, in the order of the relation.
fn put_hop(tail: &mut BytesMut, hop: &Hop, ids: &[String], found: &Found) {
    let objects: Vec<&Bytes> = ids.iter().filter_map(|id| found.get(id)).flatten().collect();
    if objects.is_empty() && matches!(hop.way, Way::One) {
        return;
    }
    if !tail.ends_with(b"{") {
        tail.put_u8(b',');
    }
    tail.put_slice(format!("\"{}\":", hop.name).as_bytes());
    match (&hop.way, objects.as_slice()) {
        (Way::One, [object, ..]) => tail.put_slice(object),
        _ => {
            tail.put_u8(b'[');
            for (n, object) in objects.iter().enumerate() {
                if n > 0 {
                    tail.put_u8(b',');
                }
                tail.put_slice(object);
            }
            tail.put_u8(b']');
        }
    }
}
