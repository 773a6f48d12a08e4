//! How large a definition may be. The numbers are far above what people write and far below what hurts: a schema at
//! every limit at once is still checked in milliseconds.

/// Bytes of the schema as JSON.
pub const SCHEMA_BYTES: usize = 256 * 1024;
/// Levels of nesting of the schema.
pub const SCHEMA_DEPTH: usize = 48;
/// Fields of a collection; Postgres allows 1,600 columns, SQLite 2,000.
pub const FIELDS: usize = 200;
/// Values of one `enum`.
pub const ENUM_VALUES: usize = 1000;
/// Characters of one `pattern`.
pub const PATTERN_CHARS: usize = 1000;
/// Patterns of one schema.
pub const PATTERNS: usize = 100;
/// Bytes of one compiled pattern.
pub const PATTERN_BYTES: usize = 2 * 1024 * 1024;
/// Subschemas that one record meets, `$ref`s followed each time and those for items counted [`EACH`] times.
pub const APPLICATIONS: u64 = 20_000;
/// How often a schema for items counts, since arrays are long.
pub const EACH: u64 = 10;
/// Schemas inside or behind one another, `$ref`s followed.
pub const CHAIN: usize = 64;
/// Indexes of a collection, besides those of unique fields and relations.
pub const INDEXES: usize = 32;
/// Fields of one index.
pub const INDEX_FIELDS: usize = 8;
/// Bytes of text in one entry of an index: Postgres refuses entries above 2,704 bytes.
pub const INDEX_BYTES: usize = 2000;
