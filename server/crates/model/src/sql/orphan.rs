//! Which rows point at records that are not there.

use super::dialect::Dialect;
use super::select::ColumnKind;
use super::writer::{Statement, Writer};

/// Rows of `table` whose column holds ids, one or several in a JSON document, of which one is not in `target`. Other
/// columns hold no ids, which stands against the change of kind already.
pub fn missing(dialect: Dialect, table: &str, (column, kind): (&str, ColumnKind), target: &str) -> Option<Statement> {
    let mut w = Writer::new(dialect);
    match kind {
        ColumnKind::Text => {
            w.sql("select \"t\".\"id\", ").column("t", column).sql("\nfrom ").ident(table).sql(" as \"t\"");
            w.sql("\nwhere ").column("t", column).sql(" is not null and ").column("t", column);
        }
        ColumnKind::Json => {
            w.sql("select \"t\".\"id\", \"e\".\"value\"\nfrom ").ident(table).sql(" as \"t\"\ncross join ");
            items(&mut w, column);
            w.sql("\nwhere \"e\".\"value\"");
        }
        _ => return None,
    }
    w.sql(" not in (select \"id\" from ").ident(target).sql(")");
    Some(w.finish())
}

/// The items of a document as rows: of an array, or of a lone text.
fn items(w: &mut Writer, column: &str) {
    let [each, type_of, text, wrap, empty, alias] = match w.dialect() {
        Dialect::Sqlite => ["json_each(", "json_type(", "text", "json_array(", "'[]'", ") as \"e\""],
        Dialect::Postgres => [
            "json_array_elements_text(",
            "json_typeof(",
            "string",
            "json_build_array(",
            "'[]'::json",
            ") as \"e\" (\"value\")",
        ],
    };
    let inner = if w.dialect() == Dialect::Sqlite { " ->> '$'" } else { "" };
    w.sql(each).sql("case ").sql(type_of).column("t", column).sql(")\n  when 'array' then ").column("t", column);
    w.sql("\n  when '")
        .sql(text)
        .sql("' then ")
        .sql(wrap)
        .column("t", column)
        .sql(inner)
        .sql(")\n  else ")
        .sql(empty)
        .sql(" end");
    w.sql(alias);
}
