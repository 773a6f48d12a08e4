//! Names of collections and fields: one spelling that is safe in SQL, in CEL, in a URL and in TypeScript.

use super::violation::excerpt;

/// The longest name, in bytes: Postgres cuts identifiers at 63.
pub const MAX_LENGTH: usize = 63;

/// Words that a field may not be called, since an expression or a record gives them a meaning of their own.
pub const RESERVED: [&str; 8] = ["id", "createdAt", "updatedAt", "expand", "auth", "data", "now", "params"];

/// Why a name is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It does not match `^[a-z][A-Za-z0-9_]{0,62}$`.
    #[error("{0:?} is no name: start with a small letter, go on with letters, digits and _, at most 63 in all")]
    Form(String),
    /// It is one of [`RESERVED`], a word of CEL, or one that SQL has a use for.
    #[error("{0:?} is reserved: choose another name")]
    Reserved(String),
}

/// Words of the expression language, which can't be identifiers there.
const CEL_WORDS: [&str; 21] = [
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// Words that begin an SQL statement. Names are always quoted, so these would work; but a name that reads like a
/// statement in a log or a script is a trap for people.
const STATEMENTS: [&str; 8] = ["select", "insert", "update", "delete", "create", "alter", "drop", "truncate"];

/// Columns that every table of Postgres has of its own.
const POSTGRES_COLUMNS: [&str; 6] = ["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"];

/// Accepts the name of a field or refuses it with the reason.
///
/// ```
/// use plinth_model::schema::name::check_field;
/// assert!(check_field("dueAt").is_ok());
/// assert!(check_field("id").is_err());
/// assert!(check_field("Title").is_err());
/// ```
pub fn check_field(name: &str) -> Result<(), NameError> {
    check_form(name)?;
    let reserved = [&RESERVED[..], &CEL_WORDS, &STATEMENTS, &POSTGRES_COLUMNS];
    if reserved.iter().any(|words| words.contains(&name)) {
        return Err(NameError::Reserved(name.to_owned()));
    }
    Ok(())
}

/// Accepts the name of a collection or refuses it with the reason: a name of a field that is not one of the databases'
/// own tables.
pub fn check_collection(name: &str) -> Result<(), NameError> {
    check_field(name)?;
    let of_a_database = ["sqlite_", "pg_"]
        .iter()
        .any(|prefix| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)));
    if of_a_database { Err(NameError::Reserved(name.to_owned())) } else { Ok(()) }
}

fn check_form(name: &str) -> Result<(), NameError> {
    let well_formed = name.len() <= MAX_LENGTH
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    well_formed.then_some(()).ok_or_else(|| NameError::Form(excerpt(name)))
}
