//! Which members of a record, and of the records it points at, a caller asks for: `fields` and `expand`.

use std::collections::BTreeMap;

use plinth_model::Field;

use super::error::Error;
use crate::nearest;
use crate::policy::Grant;

/// The deepest expand.
pub const MAX_DEPTH: usize = 4;

/// The most names in `fields` and in `expand`, each.
pub const MAX_NAMES: usize = 200;

/// What is asked of one record: own members, and what stands under `expand`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// The members; none means all that are in sight.
    pub fields: Option<Vec<String>>,
    /// Relations and back-relations to follow, by name.
    pub expand: BTreeMap<String, Selection>,
}

impl Selection {
    /// Reads `fields` (`id,title,author.name`) and `expand` (`author,comments_via_post.author`).
    pub fn parse(fields: Option<&str>, expand: Option<&str>) -> Result<Self, Error> {
        let mut selection = Self::default();
        for path in names(expand, "expand")? {
            selection.add_expand(&path)?;
        }
        for path in names(fields, "fields")? {
            selection.add_field(&path)?;
        }
        Ok(selection)
    }

    fn add_expand(&mut self, path: &[&str]) -> Result<(), Error> {
        if path.len() > MAX_DEPTH {
            return Err(Error::Parameter(format!(
                "expand goes {} relations deep; the limit is {MAX_DEPTH}",
                path.len()
            )));
        }
        let mut at = self;
        for name in path {
            at = at.expand.entry((*name).to_owned()).or_default();
        }
        Ok(())
    }

    fn add_field(&mut self, path: &[&str]) -> Result<(), Error> {
        let (last, way) = path.split_last().ok_or_else(|| Error::Parameter("fields holds an empty name".into()))?;
        let mut at = self;
        for name in way {
            at = at.expand.get_mut(*name).ok_or_else(|| {
                Error::Parameter(format!("fields asks for {}: add {name} to expand first", path.join(".")))
            })?;
        }
        at.fields.get_or_insert_default().push((*last).to_owned());
        Ok(())
    }

    /// The members of the collection that are asked for, in the order of the collection. All must be in sight.
    pub fn members<'a>(&self, grant: &'a Grant) -> Result<Vec<&'a Field>, Error> {
        let visible = || grant.collection().all_fields().filter(|field| grant.sight().fields.contains_key(&field.name));
        let Some(asked) = &self.fields else {
            return Ok(visible().collect());
        };
        if let Some(unknown) = asked.iter().find(|name| visible().all(|field| field.name != **name)) {
            let known = visible().map(|field| field.name.as_str());
            return Err(Error::UnknownField {
                name: unknown.clone(),
                nearest: nearest::nearest(unknown, known).map(str::to_owned),
            });
        }
        Ok(visible().filter(|field| asked.contains(&field.name)).collect())
    }
}

/// Splits `a,b.c` into paths, each once.
fn names<'a>(text: Option<&'a str>, parameter: &str) -> Result<Vec<Vec<&'a str>>, Error> {
    let parts: Vec<&str> = text.into_iter().flat_map(|text| text.split(',')).map(str::trim).collect();
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    if parts.len() > MAX_NAMES {
        return Err(Error::Parameter(format!("{parameter} holds {} names; the limit is {MAX_NAMES}", parts.len())));
    }
    Ok(parts.into_iter().map(|part| part.split('.').collect()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_a_related_record_need_its_expand() {
        let selection = Selection::parse(Some("id,author.name"), Some("author,tags.owner")).unwrap();
        assert_eq!(selection.fields, Some(vec!["id".to_owned()]));
        assert_eq!(selection.expand["author"].fields, Some(vec!["name".to_owned()]));
        assert!(selection.expand["tags"].expand.contains_key("owner"));
        assert!(Selection::parse(Some("author.name"), None).is_err());
        assert!(Selection::parse(None, Some("a.b.c.d.e")).is_err());
    }
}
