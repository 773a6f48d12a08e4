//! One record by its id.

use bytes::{Bytes, BytesMut};
use plinth_model::sight::BoundSight;
use plinth_model::sql::select::{REVISION, Read};
use plinth_model::{RecordId, Value};

use super::expand::Expansion;
use super::list::{MAX_BYTES, put_with_tail};
use super::selection::Selection;
use super::{ETag, Error, Records};
use crate::policy::Grant;

/// A record as its reader sees it.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its JSON object.
    pub json: Bytes,
    /// Its entity tag.
    pub etag: ETag,
}

impl Records {
    /// The record, if it exists and the grant shows it.
    pub async fn get(&self, grant: &Grant, id: RecordId, selection: &Selection) -> Result<Found, Error> {
        let sight = grant.sight().bind(&grant.bindings(self.clock.now()));
        let members = selection.members(grant)?;
        let expansion = Expansion::plan(grant, selection)?;
        let extra: Vec<&str> = std::iter::once(REVISION).chain(expansion.columns()).collect();
        let read =
            Read { collection: grant.collection(), sight: &sight, filter: None, members: &members, extra: &extra };
        let select = read.by_ids(self.store.dialect(), vec![Value::Text(id.to_string())]);
        let page = self.store.page(select, MAX_BYTES).await?;
        let Some(row) = page.rows.first() else {
            return Err(Error::NotFound);
        };
        let revision = match row.extra.first() {
            Some(Value::Int(revision)) => *revision,
            other => return Err(plinth_store::Error::Fault(format!("a revision is {other:?}")).into()),
        };
        let tails = self.expand(grant, &expansion, &page, 0..1, 1).await?;
        let json = match tails.first() {
            None => page.object(row),
            tail => {
                let mut out = BytesMut::new();
                put_with_tail(&mut out, &page.json[row.range.clone()], tail);
                out.freeze()
            }
        };
        let etag = ETag::new(revision, &view(&sight, &json));
        Ok(Found { json, etag })
    }
}

/// What an entity tag says of how the record is seen. A field that shows by what is behind a relation comes and goes without
/// a new revision or another sight, so there it is all that is shown.
fn view(sight: &BoundSight, json: &[u8]) -> String {
    let hangs = sight.fields.values().flatten().any(|condition| condition.needs_database());
    if hangs { format!("{}\n{}", sight.key(), String::from_utf8_lossy(json)) } else { sight.key() }
}
