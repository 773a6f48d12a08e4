//! Callers' filters that were compiled: parsing one takes longer than reading the records that it finds.
//!
//! A filter is kept with the decision under which it was compiled, and so goes with the schema, the rules and the
//! roles that it was checked against. Those with `params` are not kept: they are checked against the values.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use plinth_model::filter::{Expr, FilterError};

/// Filters kept before all are dropped: a table that is emptied now and then needs no bookkeeping on each use.
const MAX_FILTERS: usize = 512;
/// The longest filter that is kept, in bytes.
const MAX_LENGTH: usize = 512;

/// Compiled filters by their text.
#[derive(Debug, Default)]
pub(super) struct Filters(RwLock<HashMap<Box<str>, Expr>>);

impl Filters {
    /// The filter of this text, compiled now if it is not known.
    pub(super) fn get(
        &self,
        source: &str,
        compile: impl FnOnce() -> Result<Expr, FilterError>,
    ) -> Result<Expr, FilterError> {
        if let Some(known) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(source) {
            return Ok(known.clone());
        }
        let expr = compile()?;
        if source.len() <= MAX_LENGTH {
            let mut filters = self.0.write().unwrap_or_else(PoisonError::into_inner);
            if filters.len() >= MAX_FILTERS {
                filters.clear();
            }
            filters.insert(source.into(), expr.clone());
        }
        Ok(expr)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use plinth_model::Catalog;
    use plinth_model::filter::{Context, compile};
    use plinth_model::schema::{Definition, parse::parse};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_filter_is_compiled_once_and_there_are_never_too_many() {
        let schema = json!({ "type": "object", "properties": { "n": { "type": "integer" } } });
        let body = json!({ "name": "posts", "schema": schema });
        let posts = parse(&Definition::read(body.as_object().unwrap().clone()).unwrap()).unwrap();
        let catalog = Catalog::new([posts.into()]);
        let posts = catalog.get("posts").unwrap();
        let context =
            Context { catalog: &catalog, collection: posts, users: posts, sights: None, data: false, params: None };
        let (filters, compiled) = (Filters::default(), Cell::new(0));
        let get = |source: &str| {
            filters.get(source, || {
                compiled.set(compiled.get() + 1);
                compile(source, &context)
            })
        };

        assert_eq!(get("n == 1").unwrap().source(), "n == 1");
        assert_eq!(get("n == 1").unwrap().source(), "n == 1");
        assert_eq!(compiled.get(), 1);
        assert!(get("m == 1").is_err() && get("m == 1").is_err());
        assert_eq!(compiled.get(), 3, "what does not compile is not kept");
        (0..2 * MAX_FILTERS).for_each(|n| assert!(get(&format!("n == {n}")).is_ok()));
        assert!(filters.0.read().unwrap().len() <= MAX_FILTERS);
    }
}
