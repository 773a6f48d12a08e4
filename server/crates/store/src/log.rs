//! The change log: how it is read, and what is kept of it.

use plinth_model::{Change, ChangeKind, Instant, Seq, Value};

use crate::error::Error;
use crate::system::Row;

/// Which changes stay in the log when it is pruned. The newest always stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Changes at or after this time, and …
    pub since: Instant,
    /// … of those at most this many, the newest.
    pub at_most: u64,
}

/// Rows dropped in one transaction, so that no other write waits long.
pub(crate) const PRUNED_AT_ONCE: u64 = 2000;

/// Changes of every collection in a stretch of the log.
pub(crate) const STRETCH: &str = "select seq, collection, record, kind, before, after, at, \"by\"
    from _changes
    where seq > $1 and seq <= $2
    order by seq
    limit $3";

/// Changes of so many collections in a stretch of the log.
pub(crate) fn stretch_of(collections: usize) -> String {
    let names: Vec<String> = (4..4 + collections).map(|n| format!("${n}")).collect();
    let names = names.join(", ");
    format!(
        "select seq, collection, record, kind, before, after, at, \"by\"
        from _changes
        where seq > $1 and seq <= $2 and collection in ({names})
        order by seq
        limit $3"
    )
}

/// The newest changes in a stretch of the log of rules, of roles, and of one account and its memberships.
pub(crate) const STRETCH_OF_RIGHTS: &str = "select seq, collection, record, kind, before, after, at, \"by\"
    from _changes
    where seq > $1 and seq <= $2
    and (
        collection = '_policies'
        or (collection = '_roles' and (record = 'user:' || $4 or substr(record, 1, 5) = 'role:'))
        or (collection in ('_accounts', 'users') and record = $4)
    )
    order by seq desc
    limit $3";

/// The oldest place and the newest.
pub(crate) const KEPT: &str = "select min(seq), max(seq) from _changes";

/// Drops the oldest rows, if they are older than a time or behind a place, but never from another place on.
pub(crate) const PRUNE: &str = "delete from _changes
    where seq in (select seq from _changes order by seq limit $1)
    and (at < $2 or seq <= $3)
    and seq < $4";

/// The arguments of [`STRETCH`].
pub(crate) fn stretch(after: Seq, upto: Seq, limit: usize) -> Vec<Value> {
    vec![Value::Int(after.0), Value::Int(upto.0), Value::Int(i64::try_from(limit).unwrap_or(i64::MAX))]
}

/// The arguments of [`PRUNE`].
pub(crate) fn prune(keep: Keep, head: Seq) -> Vec<Value> {
    let kept = i64::try_from(keep.at_most).unwrap_or(i64::MAX);
    vec![
        Value::Int(i64::try_from(PRUNED_AT_ONCE).unwrap_or(i64::MAX)),
        Value::Int(keep.since.millis()),
        Value::Int(head.0.saturating_sub(kept)),
        Value::Int(head.0),
    ]
}

/// A change from a row of [`STRETCH`].
pub(crate) fn read(row: Row) -> Result<Change, Error> {
    let kind = row.text(3)?;
    let kind = ChangeKind::parse(kind).ok_or_else(|| Error::Corrupt(format!("{kind:?} is no kind of change")))?;
    let at = row.instant(6)?;
    let by = row.optional_text(7)?.map(str::parse).transpose();
    let by = by.map_err(|error| Error::Corrupt(format!("the author of change {}: {error}", row.0[0].to_json())))?;
    let mut columns = row.0.into_iter();
    let (seq, collection, id) = (columns.next(), columns.next(), columns.next());
    let (before, after) = (columns.nth(1), columns.next());
    let (Some(Value::Int(seq)), Some(Value::Text(collection)), Some(Value::Text(id))) = (seq, collection, id) else {
        return Err(Error::Corrupt("a row of the change log".to_owned()));
    };
    Ok(Change { seq: Seq(seq), collection, id, kind, before: image(before), after: image(after), at, by })
}

fn image(column: Option<Value>) -> Option<String> {
    match column {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}
