//! From SQLite's errors to ours.

use rusqlite::ErrorCode;
use rusqlite::ffi;

use crate::error::{Error, Unavailable};
use crate::tx::{Fault, UniqueFault};

/// The meaning of an error.
pub(super) fn fault(error: &rusqlite::Error) -> Fault {
    let text = message(error);
    let code = match error {
        rusqlite::Error::SqliteFailure(code, _) | rusqlite::Error::SqlInputError { error: code, .. } => code,
        _ => return Error::Fault(text).into(),
    };
    match code.extended_code {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY => unique(&text),
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => Fault::ForeignKey(text),
        ffi::SQLITE_CONSTRAINT_DATATYPE => Error::SchemaChanged(text).into(),
        // The index of the write-ahead log finds no room to grow.
        ffi::SQLITE_IOERR_SHMSIZE => Error::Unavailable { why: Unavailable::Full, text }.into(),
        _ => by_code(code.code, text).into(),
    }
}

/// The meaning of an error where no row is written.
pub(super) fn error(error: &rusqlite::Error) -> Error {
    crate::explain::plain(fault(error))
}

fn by_code(code: ErrorCode, text: String) -> Error {
    let unavailable = |why| Error::Unavailable { why, text: text.clone() };
    match code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => unavailable(Unavailable::Locked),
        ErrorCode::DiskFull => unavailable(Unavailable::Full),
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => unavailable(Unavailable::ReadOnly),
        ErrorCode::SystemIoFailure | ErrorCode::CannotOpen => unavailable(Unavailable::Io),
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Error::Corrupt(text),
        ErrorCode::OperationInterrupted => Error::TimedOut,
        ErrorCode::TypeMismatch => Error::SchemaChanged(text),
        ErrorCode::Unknown if names_what_is_missing(&text) => Error::SchemaChanged(text),
        _ => Error::Fault(text),
    }
}

/// SQLite has one code for every fault in a statement; only the text tells a missing column from a wrong comma.
fn names_what_is_missing(text: &str) -> bool {
    ["no such table", "no such column", "has no column named"].iter().any(|words| text.contains(words))
}

/// `UNIQUE constraint failed: posts.slug, posts.lang`
fn unique(text: &str) -> Fault {
    let columns = text.split_once(": ").map_or("", |(_, columns)| columns);
    let mut table = "";
    let mut names = Vec::new();
    for (of, name) in columns.split(", ").filter_map(|column| column.split_once('.')) {
        table = of;
        names.push(name.to_owned());
    }
    Fault::Unique(UniqueFault { table: table.to_owned(), index: None, columns: names })
}

fn message(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(text)) | rusqlite::Error::SqlInputError { msg: text, .. } => {
            text.clone()
        }
        other => other.to_string(),
    }
}
