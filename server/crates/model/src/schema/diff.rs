//! What it takes to get from one definition of a collection to the next: pairs of fields are compared, and every
//! difference is a step.

pub use super::alteration::{Alteration, Step};
use super::catalog::Catalog;
use super::collection::{Collection, IndexField};
use super::convert::keeps_everything;
use super::field::{Field, FieldKind, OnDelete, Scalar};
use super::pairing::{aside, cleared, kind_changes, replaces, source_of, stays_own};
use super::rule::{self, RuleChange};
use crate::sql::ddl::{Column, Operation, foreign_target};
use crate::sql::structure::{Derived, derived, foreign_key_name};

/// The steps from `before` to `after`, in the order in which they are done; none before means that the collection is
/// created, none after that it is dropped.
pub fn diff(before: Option<&Collection>, after: Option<&Collection>, catalog: &Catalog) -> Vec<Alteration> {
    match (before, after) {
        (None, None) => Vec::new(),
        (None, Some(after)) => vec![create(after)],
        (Some(before), None) => vec![drop(before, catalog)],
        (Some(before), Some(after)) => Comparison { before, after }.alterations(),
    }
}

/// The field of `after` that goes on with the values of this one of `before`, perhaps under another name.
pub fn successor<'a>(before: &Collection, after: &'a Collection, field: &str) -> Option<&'a Field> {
    let source = |new: &&Field| source_of(before, after, new).is_some_and(|place| before.fields[place].name == field);
    after.fields.iter().find(source)
}

fn alteration(step: Step, field: Option<&str>, detail: String) -> Alteration {
    Alteration {
        step,
        field: field.map(str::to_owned),
        destructive: false,
        checks_rows: false,
        unique: matches!(step, Step::SetUnique | Step::UnsetUnique),
        detail,
        clear: Vec::new(),
        prepare: Vec::new(),
        finish: Vec::new(),
    }
}

fn create(after: &Collection) -> Alteration {
    let detail = format!("creates the collection {:?} with {}", after.name, count(after.fields.len(), "field"));
    let mut step = alteration(Step::CreateCollection, None, detail);
    step.prepare
        .push(Operation::CreateTable { table: after.name.clone(), columns: after.fields.iter().map(column).collect() });
    step.finish.extend(after.fields.iter().filter_map(|field| foreign_key(after, field)));
    step.finish.extend(derived(after).into_iter().map(Operation::Create));
    step
}

fn drop(before: &Collection, catalog: &Catalog) -> Alteration {
    let others = catalog.incoming(&before.name).filter(|incoming| incoming.collection.name != before.name);
    let others: Vec<String> =
        others.map(|incoming| format!("{}.{}", incoming.collection.name, incoming.field.name)).collect();
    let still = if others.is_empty() { String::new() } else { format!("; still pointed at by {}", others.join(", ")) };
    let detail = format!("drops the collection {:?} and its records{still}", before.name);
    let mut step = alteration(Step::DropCollection, None, detail);
    step.destructive = true;
    step.clear.extend(derived(before).into_iter().filter(|one| matches!(one, Derived::Links(_))).map(Operation::Drop));
    step.finish.push(Operation::DropTable { table: before.name.clone() });
    step
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn column(field: &Field) -> Column {
    Column { name: field.name.clone(), kind: field.kind.clone() }
}

fn foreign_key(collection: &Collection, field: &Field) -> Option<Operation> {
    let target = foreign_target(&field.kind)?.to_owned();
    Some(Operation::AddForeignKey { table: collection.name.clone(), column: field.name.clone(), target })
}

struct Comparison<'a> {
    before: &'a Collection,
    after: &'a Collection,
}

impl Comparison<'_> {
    fn alterations(&self) -> Vec<Alteration> {
        let mut steps = self.rename();
        let mut taken = vec![false; self.before.fields.len()];
        for new in &self.after.fields {
            match source_of(self.before, self.after, new) {
                Some(place) => {
                    taken[place] = true;
                    steps.extend(self.change(place, new));
                }
                None => steps.push(self.add(new)),
            }
        }
        let dropped = taken.iter().enumerate().filter(|(_, taken)| !**taken);
        steps.extend(dropped.map(|(place, _)| self.drop_field(place)));
        steps.extend(self.record_rules());
        steps.extend(self.index_steps());
        steps.sort_by_key(|step| step.step);
        self.attach_derived(&mut steps);
        steps
    }

    fn table(&self) -> String {
        self.after.name.clone()
    }

    fn rename(&self) -> Vec<Alteration> {
        let (from, to) = (&self.before.name, &self.after.name);
        if from == to {
            return Vec::new();
        }
        let mut step = alteration(Step::RenameCollection, None, format!("renames {from:?} to {to:?}"));
        step.prepare.push(Operation::RenameTable { from: from.clone(), to: to.clone() });
        let relations = self.before.fields.iter().filter(|field| foreign_target(&field.kind).is_some());
        step.prepare.extend(relations.map(|field| self.rename_key((from, &field.name), (to, &field.name))));
        vec![step]
    }

    fn rename_key(&self, (old_table, old): (&str, &str), (table, new): (&str, &str)) -> Operation {
        Operation::RenameForeignKey {
            table: self.table(),
            from: foreign_key_name(old_table, old),
            to: foreign_key_name(table, new),
        }
    }

    fn add(&self, new: &Field) -> Alteration {
        let mut detail = format!("adds {:?} ({})", new.name, describe(&new.kind));
        let mut step = alteration(Step::AddField, Some(&new.name), String::new());
        step.prepare.push(Operation::AddColumn { table: self.table(), column: column(new) });
        match self.fill(new) {
            Some(fill) => {
                detail.push_str("; existing records get the default");
                step.finish.push(fill);
            }
            None if new.required => {
                detail.push_str("; it is required and has no default, so existing records stand against it");
            }
            None => {}
        }
        step.checks_rows = new.required && new.default.is_none() || new.unique && new.default.is_some();
        step.finish.extend(foreign_key(self.after, new));
        step.detail = detail;
        step
    }

    fn fill(&self, new: &Field) -> Option<Operation> {
        let place = self.after.validator.place(&new.name)?;
        let value = self.after.validator.default_of(place, &new.kind)?;
        Some(Operation::Fill { table: self.table(), column: column(new), value })
    }

    /// Lets a column with a twin step aside, while the table still has its old name.
    fn step_aside(&self, place: usize, step: &mut Alteration) {
        let from = self.before.fields[place].name.clone();
        let to = cleared(self.before, self.after, place);
        if from != to {
            step.clear.push(Operation::RenameColumn { table: self.before.name.clone(), from, to });
        }
    }

    fn drop_field(&self, place: usize) -> Alteration {
        let old = &self.before.fields[place];
        let mut step = alteration(Step::DropField, Some(&old.name), format!("drops {:?} and its values", old.name));
        step.destructive = true;
        step.checks_rows = rule::of_record(self.after).is_some();
        self.step_aside(place, &mut step);
        step.finish
            .push(Operation::DropColumn { table: self.table(), column: cleared(self.before, self.after, place) });
        step
    }

    /// The steps for a field that was there before.
    fn change(&self, place: usize, new: &Field) -> Vec<Alteration> {
        let old = &self.before.fields[place];
        let mut steps = Vec::new();
        let step = |kind: Step, detail: String| alteration(kind, Some(&new.name), detail);
        if old.name != new.name {
            steps.push(self.rename_field(place, new));
        }
        if kind_changes(&old.kind, &new.kind) {
            steps.push(self.change_kind(place, new));
        } else {
            steps.extend(self.change_relation(place, new));
            steps.extend(self.change_rules(old, new));
        }
        if old.default != new.default {
            let default = new.default.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string);
            steps
                .push(step(Step::SetDefault, format!("sets the default of {:?} for new records: {default}", new.name)));
        }
        match (old.required, new.required) {
            (true, false) => steps.push(step(Step::UnsetRequired, format!("makes {:?} optional", new.name))),
            (false, true) => steps.push(self.require(new)),
            _ => {}
        }
        match (old.unique, new.unique) {
            (true, false) => steps.push(step(Step::UnsetUnique, format!("lets values of {:?} repeat", new.name))),
            (false, true) => {
                let unique = step(Step::SetUnique, format!("makes values of {:?} unique", new.name));
                steps.push(Alteration { checks_rows: true, ..unique });
            }
            _ => {}
        }
        steps
    }

    fn rename_field(&self, place: usize, new: &Field) -> Alteration {
        let old = &self.before.fields[place];
        let mut step =
            alteration(Step::RenameField, Some(&new.name), format!("renames {:?} to {:?}", old.name, new.name));
        step.checks_rows = rule::of_record(self.after).is_some();
        self.step_aside(place, &mut step);
        let from = cleared(self.before, self.after, place);
        step.prepare.push(Operation::RenameColumn { table: self.table(), from, to: new.name.clone() });
        if foreign_target(&old.kind).is_some() {
            step.prepare.push(self.rename_key((&self.after.name, &old.name), (&self.after.name, &new.name)));
        }
        step
    }

    fn require(&self, new: &Field) -> Alteration {
        let mut step = alteration(Step::SetRequired, Some(&new.name), format!("makes {:?} required", new.name));
        match self.fill(new) {
            Some(fill) => {
                step.detail.push_str("; records without a value get the default");
                step.finish.push(fill);
            }
            None => step.checks_rows = true,
        }
        step
    }

    fn change_kind(&self, place: usize, new: &Field) -> Alteration {
        let old = &self.before.fields[place];
        let detail = format!("changes {:?} from {} to {}", new.name, describe(&old.kind), describe(&new.kind));
        let mut step = alteration(Step::ChangeKind, Some(&new.name), detail);
        step.destructive = !keeps_everything(&old.kind, &new.kind);
        step.checks_rows = true;
        self.replace_column(place, new, &mut step);
        step
    }

    fn replace_column(&self, place: usize, new: &Field, step: &mut Alteration) {
        if !replaces(self.before, self.after, place, new) {
            return;
        }
        let table = self.table();
        step.prepare.push(Operation::RenameColumn { table: table.clone(), from: new.name.clone(), to: aside(place) });
        step.prepare.push(Operation::AddColumn { table: table.clone(), column: column(new) });
        step.finish.push(Operation::DropColumn { table, column: aside(place) });
        step.finish.extend(foreign_key(self.after, new));
    }

    fn change_relation(&self, place: usize, new: &Field) -> Option<Alteration> {
        let old = &self.before.fields[place];
        let ((old_target, old_delete), (target, on_delete)) = (old.kind.target()?, new.kind.target()?);
        let moved = old_target != target && !stays_own((self.before, &old.kind), (self.after, &new.kind));
        let mut changes = Vec::new();
        if moved {
            changes.push(format!("points {:?} at {target:?} instead of {old_target:?}", new.name));
        }
        if old_delete != on_delete {
            changes.push(format!("sets onDelete of {:?} to {}", new.name, word(on_delete)));
        }
        let mut step = alteration(Step::ChangeRelation, Some(&new.name), changes.join("; "));
        if moved {
            step.checks_rows = true;
            self.replace_column(place, new, &mut step);
        }
        (!changes.is_empty()).then_some(step)
    }

    fn change_rules(&self, old: &Field, new: &Field) -> Option<Alteration> {
        let rules = rule::between((self.before, old), (self.after, new));
        let flags = flag_changes(old, new);
        if rules == RuleChange::None && flags.is_empty() {
            return None;
        }
        let mut changes = flags;
        match rules {
            RuleChange::None => {}
            RuleChange::Looser => changes.insert(0, format!("loosens the rules of {:?}", new.name)),
            RuleChange::Other => changes.insert(0, format!("changes the rules of {:?}", new.name)),
        }
        let step = alteration(Step::ChangeRules, Some(&new.name), changes.join("; "));
        // What was hidden and is shown can't be hidden again: that is as final as a loss.
        let destructive = old.write_only && !new.write_only;
        Some(Alteration { destructive, checks_rows: rules == RuleChange::Other, ..step })
    }

    fn record_rules(&self) -> Option<Alteration> {
        let (old, new) = (rule::of_record(self.before), rule::of_record(self.after));
        let step = alteration(Step::ChangeRules, None, "changes the rules for a record as a whole".to_owned());
        (old != new).then_some(Alteration { checks_rows: new.is_some(), ..step })
    }

    fn index_steps(&self) -> Vec<Alteration> {
        let renamed =
            |fields: &[IndexField]| -> Vec<IndexField> { fields.iter().map(|field| self.renamed(field)).collect() };
        let old: Vec<_> = self.before.indexes.iter().map(|index| (renamed(&index.fields), index.unique)).collect();
        let new: Vec<_> = self.after.indexes.iter().map(|index| (index.fields.clone(), index.unique)).collect();
        let mut steps = Vec::new();
        for (fields, unique) in old.iter().filter(|index| !new.contains(index)) {
            let detail = format!("drops the {}index over {}", if *unique { "unique " } else { "" }, written(fields));
            let step = alteration(Step::DropIndex, Some(&written(fields)), detail);
            steps.push(Alteration { unique: *unique, ..step });
        }
        for (fields, unique) in new.iter().filter(|index| !old.contains(index)) {
            let detail =
                format!("adds {} over {}", if *unique { "a unique index" } else { "an index" }, written(fields));
            let has_text =
                fields.iter().any(|field| self.after.own_field(&field.name).is_some_and(|(_, field)| is_text(field)));
            let step = alteration(Step::AddIndex, Some(&written(fields)), detail);
            steps.push(Alteration { checks_rows: *unique || has_text, unique: *unique, ..step });
        }
        steps
    }

    /// An old index' field under its new name.
    fn renamed(&self, field: &IndexField) -> IndexField {
        let new = successor(self.before, self.after, &field.name);
        let name = new.map_or_else(|| field.name.clone(), |new| new.name.clone());
        IndexField { name, descending: field.descending }
    }

    /// Indexes and link tables go with the step that ends them and come with the step that asks for them; those that
    /// stand on something that changes under them are made anew.
    fn attach_derived(&self, steps: &mut [Alteration]) {
        let (old, new) = (derived(self.before), derived(self.after));
        let replaced: Vec<&str> =
            self.after.fields.iter().filter(|new| self.is_replaced(new)).map(|new| new.name.as_str()).collect();
        let kept = |one: &Derived| {
            old.contains(one) && new.contains(one) && !one.columns().iter().any(|column| replaced.contains(column))
        };
        for one in old.iter().filter(|one| !kept(one)) {
            if let Some(place) =
                owner(steps, one, &[Step::DropIndex, Step::UnsetUnique], |name| self.renamed_name(name))
            {
                steps[place].clear.push(Operation::Drop(one.clone()));
            }
        }
        for one in new.iter().filter(|one| !kept(one)) {
            if let Some(place) = owner(steps, one, &[Step::AddIndex, Step::SetUnique], str::to_owned) {
                steps[place].finish.push(Operation::Create(one.clone()));
            }
        }
    }

    fn is_replaced(&self, new: &Field) -> bool {
        source_of(self.before, self.after, new).is_some_and(|place| replaces(self.before, self.after, place, new))
    }

    fn renamed_name(&self, name: &str) -> String {
        self.renamed(&IndexField { name: name.to_owned(), descending: false }).name
    }
}

/// The step that a derived thing belongs to: one that is about it, one about a column of it, the first one.
fn owner(steps: &[Alteration], one: &Derived, about: &[Step], current: impl Fn(&str) -> String) -> Option<usize> {
    let columns: Vec<String> = one.columns().into_iter().map(current).collect();
    let same = |step: &Alteration| {
        let field = step.field.as_deref().unwrap_or_default();
        about.contains(&step.step)
            && step.unique == one.is_unique()
            && field.split(',').map(|name| name.trim_start_matches('-')).eq(columns.iter().map(String::as_str))
    };
    let of_column = |step: &Alteration| step.field.as_ref().is_some_and(|field| columns.contains(field));
    let place = |matches: &dyn Fn(&Alteration) -> bool| steps.iter().position(matches);
    place(&same).or_else(|| place(&of_column)).or_else(|| (!steps.is_empty()).then_some(0))
}

fn is_text(field: &Field) -> bool {
    field.kind == FieldKind::Scalar(Scalar::Text)
}

/// The fields of an index as a definition writes them.
fn written(fields: &[IndexField]) -> String {
    let one = |field: &IndexField| format!("{}{}", if field.descending { "-" } else { "" }, field.name);
    fields.iter().map(one).collect::<Vec<_>>().join(",")
}

fn flag_changes(old: &Field, new: &Field) -> Vec<String> {
    let changes = [
        (old.read_only, new.read_only, "set by the server only", "open to clients' writes again"),
        (old.write_only, new.write_only, "hidden from every answer", "shown in answers again"),
    ];
    let change = |(old, new, set, unset): &(bool, bool, &str, &str)| {
        (old != new).then(|| if *new { (*set).to_owned() } else { (*unset).to_owned() })
    };
    changes.iter().filter_map(change).map(|text| format!("{:?} is {text}", new.name)).collect()
}

fn word(on_delete: OnDelete) -> &'static str {
    match on_delete {
        OnDelete::Restrict => "restrict",
        OnDelete::Cascade => "cascade",
        OnDelete::SetNull => "setNull",
    }
}

/// A kind in a person's words.
fn describe(kind: &FieldKind) -> String {
    let scalar = |scalar: &Scalar| match scalar {
        Scalar::Text => "text".to_owned(),
        Scalar::Integer => "integer".to_owned(),
        Scalar::Number => "number".to_owned(),
        Scalar::Boolean => "boolean".to_owned(),
        Scalar::Instant => "date-time".to_owned(),
        Scalar::Choice(words) => format!("choice of {}", words.len()),
    };
    match kind {
        FieldKind::Scalar(one) => scalar(one),
        FieldKind::List(one) => format!("list of {}", scalar(one)),
        FieldKind::Json => "JSON".to_owned(),
        FieldKind::Relation { collection, .. } => format!("relation to {collection}"),
        FieldKind::Relations { collection, .. } => format!("relations to {collection}"),
    }
}
