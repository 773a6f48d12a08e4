//! `_collections`: the definitions, as they were given.

use plinth_model::schema::catalog::Version;
use plinth_model::sql::Writer;
use plinth_model::sql::select::ColumnKind;
use plinth_model::{ChangeKind, Instant, RecordId, Seq, Value};

use crate::error::Error;
use crate::store::Store;
use crate::system::{Row, Step, SystemChange};

/// A definition as it is stored. Its meaning is the model's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCollection {
    /// The collection's name.
    pub name: String,
    /// The whole definition as JSON text.
    pub definition: String,
    /// A hash of the definition, for `ETag` and `If-Match`.
    pub hash: String,
    /// The place in the log of the last change that gave stored fields another name or meaning: images before it
    /// can't be read with this definition.
    pub schema_seq: Seq,
    /// When it was made.
    pub created_at: Instant,
    /// When it was changed last.
    pub updated_at: Instant,
}

/// How much a table holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Its rows.
    pub rows: u64,
    /// In how many of them a field is set, for the fields that were asked for.
    set: Vec<(String, u64)>,
}

impl Counts {
    /// How many rows have something to do with a field: those where it is set if that was counted, else all.
    pub fn of(&self, field: Option<&str>) -> u64 {
        let set = self.set.iter().find(|(name, _)| Some(name.as_str()) == field);
        set.map_or(self.rows, |(_, set)| *set)
    }
}

impl Store {
    /// All definitions, and their version.
    pub async fn collections(&self) -> Result<(Version, Vec<StoredCollection>), Error> {
        let sql = "select name, definition, hash, schema_seq, created_at, updated_at, value
            from _meta left join _collections on true
            where key = 'definitions'
            order by name";
        let rows = self.query(sql, Vec::new()).await?;
        let damaged = || Error::Corrupt("the version of the definitions can't be read".to_owned());
        let version = rows.first().ok_or_else(damaged)?.text(6)?.parse().map_err(|_| damaged())?;
        let mut collections = Vec::with_capacity(rows.len());
        for row in &rows {
            if row.optional_text(0)?.is_some() {
                collections.push(read(row)?);
            }
        }
        Ok((Version(version), collections))
    }

    /// How many rows a collection's table has, and in how many of them each of these fields is set.
    pub async fn value_counts(&self, table: &str, fields: &[&str]) -> Result<Counts, Error> {
        let mut w = Writer::new(self.dialect());
        w.sql("select count(*)");
        for field in fields {
            w.sql(", count(").ident(field).sql(")");
        }
        w.sql(" from ").ident(table);
        let rows = self.fetch(w.finish(), &vec![ColumnKind::Integer; fields.len() + 1]).await?;
        let Some(row) = rows.first() else { return Ok(Counts::default()) };
        let count = |place| row.int(place).map(|count| u64::try_from(count).unwrap_or(0));
        let set = fields.iter().enumerate().map(|(n, field)| Ok(((*field).to_owned(), count(n + 1)?)));
        Ok(Counts { rows: count(0)?, set: set.collect::<Result<_, Error>>()? })
    }
}

/// Stores a new definition. Nothing in the log before this moment is of it: a collection of its name may have been
/// there and dropped. A taken name is [`Error::Conflict`].
pub fn insert_collection(collection: &StoredCollection, by: Option<RecordId>) -> [Step; 2] {
    let sql = "insert into _collections (name, definition, hash, schema_seq, created_at, updated_at)
        values ($1, $2, $3, (select coalesce(max(seq), 0) from _changes), $4, $5)";
    let args = vec![
        Value::text(&collection.name),
        Value::text(&collection.definition),
        Value::text(&collection.hash),
        Value::Int(collection.created_at.millis()),
        Value::Int(collection.updated_at.millis()),
    ];
    [Step::run_one(sql, args), logged(&collection.name, ChangeKind::Create, by, collection.updated_at)]
}

/// Stores a definition anew, under a new name if it has one. Expects the one with this name and hash. With `breaks`,
/// images in the log from before this moment can't be read with the new definition.
pub fn update_collection(
    name: &str,
    hash: &str,
    collection: &StoredCollection,
    breaks: bool,
    by: Option<RecordId>,
) -> [Step; 2] {
    let sql = if breaks {
        "update _collections
        set name = $3, definition = $4, hash = $5, updated_at = $6,
            schema_seq = (select coalesce(max(seq), 0) from _changes)
        where name = $1 and hash = $2"
    } else {
        "update _collections
        set name = $3, definition = $4, hash = $5, updated_at = $6
        where name = $1 and hash = $2"
    };
    let args = vec![
        Value::text(name),
        Value::text(hash),
        Value::text(&collection.name),
        Value::text(&collection.definition),
        Value::text(&collection.hash),
        Value::Int(collection.updated_at.millis()),
    ];
    [Step::run_one(sql, args), logged(&collection.name, ChangeKind::Update, by, collection.updated_at)]
}

/// Removes a definition. Expects the one with this name and hash.
pub fn delete_collection(name: &str, hash: &str, by: Option<RecordId>, at: Instant) -> [Step; 2] {
    let sql = "delete from _collections where name = $1 and hash = $2";
    [Step::run_one(sql, vec![Value::text(name), Value::text(hash)]), logged(name, ChangeKind::Delete, by, at)]
}

fn read(row: &Row) -> Result<StoredCollection, Error> {
    Ok(StoredCollection {
        name: row.text(0)?.to_owned(),
        definition: row.text(1)?.to_owned(),
        hash: row.text(2)?.to_owned(),
        schema_seq: Seq(row.int(3)?),
        created_at: row.instant(4)?,
        updated_at: row.instant(5)?,
    })
}

fn logged(name: &str, kind: ChangeKind, by: Option<RecordId>, at: Instant) -> Step {
    Step::Log(SystemChange {
        table: "_collections".into(),
        id: name.to_owned(),
        kind,
        before: None,
        after: None,
        at,
        by,
    })
}
