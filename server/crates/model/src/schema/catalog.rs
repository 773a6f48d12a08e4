//! All collections at one moment: an immutable snapshot that is swapped whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::collection::Collection;
use super::field::{Field, OnDelete};

/// All collections by name.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    version: Version,
    collections: BTreeMap<String, Arc<Collection>>,
}

/// How often the definitions of a database have been changed, the rules among them. What was checked by one version
/// holds in no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Version(pub i64);

impl Version {
    /// The one that a change of definitions makes of this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// A relation seen from the collection that it points at.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// The collection that holds the relation.
    pub collection: &'a Arc<Collection>,
    /// The relation field there.
    pub field: &'a Field,
    /// What happens there when the target goes.
    pub on_delete: OnDelete,
}

impl Catalog {
    /// A snapshot of these collections.
    pub fn new(collections: impl IntoIterator<Item = Arc<Collection>>) -> Self {
        let collections = collections.into_iter().map(|c| (c.name.clone(), c)).collect();
        Self { version: Version::default(), collections }
    }

    /// The same as what a database holds at this version.
    #[must_use]
    pub fn at(self, version: Version) -> Self {
        Self { version, ..self }
    }

    /// The version of the definitions that it was read at.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The collection of this name.
    pub fn get(&self, name: &str) -> Option<&Arc<Collection>> {
        self.collections.get(name)
    }

    /// All collections in order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Collection>> {
        self.collections.values()
    }

    /// A snapshot in which one collection has another name; what points at it is left as it is.
    #[must_use]
    pub fn renamed(&self, from: &str, to: &str) -> Self {
        let mut collections = self.collections.clone();
        if let Some(collection) = collections.remove(from) {
            collections.insert(to.to_owned(), Arc::new(Collection { name: to.to_owned(), ..(*collection).clone() }));
        }
        Self { version: self.version, collections }
    }

    /// The relations of all collections that point at `target`.
    pub fn incoming<'a>(&'a self, target: &'a str) -> impl Iterator<Item = Incoming<'a>> {
        self.collections.values().flat_map(move |collection| {
            collection.fields.iter().filter_map(move |field| match field.kind.target() {
                Some((name, on_delete)) if name == target => Some(Incoming { collection, field, on_delete }),
                _ => None,
            })
        })
    }

    /// Splits `comments_via_post` and finds the relation that it means, if `target` has such a back-relation.
    pub fn back_relation<'a>(&'a self, target: &str, path: &str) -> Option<(&'a Arc<Collection>, &'a Field)> {
        path.match_indices("_via_").find_map(|(at, separator)| {
            let collection = self.collections.get(&path[..at])?;
            let (_, field) = collection.own_field(&path[at + separator.len()..])?;
            let (points_at, _) = field.kind.target()?;
            (points_at == target).then_some((collection, field))
        })
    }
}
