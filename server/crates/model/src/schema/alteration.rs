//! One step of a plan: what it is for people, and what it does to the table.

use crate::sql::ddl::Operation;

/// One step of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Alteration {
    /// What is done.
    pub step: Step,
    /// The field it is done to, under its new name, or the fields of an index as `status,-createdAt`; none if it
    /// concerns the whole collection.
    pub field: Option<String>,
    /// Whether data is lost when there is some.
    pub destructive: bool,
    /// Whether rows that exist may stand against it, so that they must be looked at first.
    pub checks_rows: bool,
    /// Whether it adds or drops a unique index.
    pub unique: bool,
    /// For people.
    pub detail: String,
    /// Derived things (indexes, link tables) that go before anything else is done.
    pub clear: Vec<Operation>,
    /// What is done to the table before rows are rewritten.
    pub prepare: Vec<Operation>,
    /// What is done to it after.
    pub finish: Vec<Operation>,
}

/// The kinds of steps, in the order in which they are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// A table is made.
    CreateCollection,
    /// A table goes, with its rows.
    DropCollection,
    /// A table gets another name.
    RenameCollection,
    /// An index goes.
    DropIndex,
    /// Values need not be unique any more.
    UnsetUnique,
    /// A column gets another name (`x-renamed-from`).
    RenameField,
    /// A column goes, with its values.
    DropField,
    /// A column is added; where the field has a default, existing rows get it.
    AddField,
    /// Values become another kind.
    ChangeKind,
    /// A relation points at another collection, or `onDelete` changes.
    ChangeRelation,
    /// New records get another default, or none any more.
    SetDefault,
    /// A value becomes optional.
    UnsetRequired,
    /// A value becomes required; rows without one get the default, if there is one.
    SetRequired,
    /// Rules such as `maxLength` or the words of an `enum` change.
    ChangeRules,
    /// Values become unique.
    SetUnique,
    /// An index is made.
    AddIndex,
}

impl Step {
    /// The word for it in a plan.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CreateCollection => "createCollection",
            Self::DropCollection => "dropCollection",
            Self::RenameCollection => "renameCollection",
            Self::AddField => "addField",
            Self::DropField => "dropField",
            Self::RenameField => "renameField",
            Self::ChangeKind => "changeKind",
            Self::SetRequired => "setRequired",
            Self::UnsetRequired => "unsetRequired",
            Self::SetDefault => "setDefault",
            Self::SetUnique => "setUnique",
            Self::UnsetUnique => "unsetUnique",
            Self::AddIndex => "addIndex",
            Self::DropIndex => "dropIndex",
            Self::ChangeRules => "changeRules",
            Self::ChangeRelation => "changeRelation",
        }
    }
}
