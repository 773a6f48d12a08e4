//! One property of the schema becomes one field.

use serde_json::Value as Json;

use super::collection::USERS;
use super::document::Document;
use super::field::{Field, FieldKind, OnDelete, Scalar};
use super::name;
use super::own_keyword::Understood;
use super::shape::{Link, Shape, Types};
use super::violation::{Violation, join};

/// Words that an account's own fields may not take, since the API of accounts gives them a meaning.
const RESERVED_IN_USERS: [&str; 6] = ["roles", "anonymous", "password", "session", "disabled", "lastSeenAt"];

/// A property and what is around it.
pub(super) struct Property<'a> {
    /// The document.
    pub(super) document: &'a Document<'a>,
    /// The collection's name.
    pub(super) collection: &'a str,
    /// The property's name.
    pub(super) name: &'a str,
    /// Its schema.
    pub(super) node: &'a Json,
    /// Whether the schema requires it.
    pub(super) required: bool,
}

impl Property<'_> {
    /// The field that it means; what is wrong with it goes to `violations`.
    pub(super) fn field(&self, understood: &mut Understood, violations: &mut Vec<Violation>) -> Option<Field> {
        let pointer = join("/properties", self.name);
        if let Err(message) = self.check_name() {
            violations.push(Violation::new(&pointer, "name", message));
            return None;
        }
        let shape = Shape::of(self.document, &pointer, self.node);
        understood.fields.extend(shape.places.iter().cloned());
        let kind = match Self::kind(&shape, &pointer) {
            Ok(kind) => kind,
            Err(violation) => {
                violations.push(violation);
                return None;
            }
        };
        if let (FieldKind::Relations { .. }, Some(items)) = (&kind, &shape.items) {
            understood.items.extend(items.places.iter().cloned());
        }
        let field = Field {
            name: self.name.to_owned(),
            required: self.required,
            nullable: shape.types.holds(Types::NULL),
            default: self.annotation(self.node, "default").filter(|default| !default.is_null()).cloned(),
            unique: self.says("x-unique"),
            read_only: self.says("readOnly"),
            write_only: self.says("writeOnly"),
            renamed_from: self.node.get("x-renamed-from").and_then(Json::as_str).map(str::to_owned),
            kind,
        };
        violations.extend(self.contradictions(&field, &shape, &pointer));
        Some(field)
    }

    fn check_name(&self) -> Result<(), String> {
        name::check_field(self.name).map_err(|error| error.to_string())?;
        if self.collection == USERS && RESERVED_IN_USERS.contains(&self.name) {
            return Err(format!("{:?} has a meaning of its own for accounts: choose another name", self.name));
        }
        Ok(())
    }

    /// A keyword of the property itself, or of a schema that it wholly takes over.
    fn annotation<'b>(&'b self, node: &'b Json, keyword: &str) -> Option<&'b Json> {
        node.get(keyword).or_else(|| {
            let target = node.get("$ref").and_then(Json::as_str).and_then(|reference| self.document.target(reference));
            let parts = node.get("allOf").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
            target
                .map(|(_, schema)| schema)
                .into_iter()
                .chain(parts)
                .find_map(|schema| self.annotation(schema, keyword))
        })
    }

    fn says(&self, keyword: &str) -> bool {
        self.annotation(self.node, keyword) == Some(&Json::Bool(true))
    }

    fn kind(shape: &Shape, pointer: &str) -> Result<FieldKind, Violation> {
        let types = shape.types.without(Types::NULL);
        if types == Types::NONE {
            return Err(Violation::new(
                pointer,
                "type",
                "no value but null could ever stand here: widen type, enum or allOf",
            ));
        }
        if let Some(link) = &shape.link {
            check_link(link, shape)?;
            return Ok(FieldKind::Relation { collection: link.collection.clone(), on_delete: link.on_delete });
        }
        if types == Types::ARRAY {
            return array_kind(shape.items.as_deref());
        }
        Ok(scalar(shape).map_or(FieldKind::Json, FieldKind::Scalar))
    }

    /// Keywords that stand against one another.
    fn contradictions(&self, field: &Field, shape: &Shape, pointer: &str) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut refuse =
            |keyword: &str, message: &str| found.push(Violation::new(join(pointer, keyword), "contradiction", message));
        if field.unique && matches!(field.kind, FieldKind::Json | FieldKind::List(_) | FieldKind::Relations { .. }) {
            refuse("x-unique", "only a field of one scalar or one relation can be unique");
        }
        if field.read_only && field.write_only {
            refuse("writeOnly", "can't be readOnly as well: remove one of the two");
        }
        if field.renamed_from.as_deref() == Some(self.name) {
            refuse("x-renamed-from", "names the field itself: name the old field, or remove it");
        }
        let unset_by_delete = matches!(field.kind, FieldKind::Relation { on_delete: OnDelete::SetNull, .. });
        if unset_by_delete && !field.can_be_null() {
            refuse(
                "x-relation",
                "onDelete can't be setNull for a required relation: choose restrict or cascade, or do not require it",
            );
        }
        let goes_along = matches!(field.kind, FieldKind::Relation { on_delete: OnDelete::Cascade, .. });
        if goes_along && self.collection == USERS {
            refuse(
                "x-relation",
                "onDelete can't be cascade in users: an account ends by its own route only. Choose restrict or setNull",
            );
        }
        if field.kind == FieldKind::Scalar(Scalar::Instant) {
            found.extend(self.text_rules(shape));
        }
        found
    }

    /// Rules for the spelling of a date-time, which is not kept.
    fn text_rules(&self, shape: &Shape) -> Vec<Violation> {
        let node = |place: &String| self.document.root.pointer(place).map(|node| (place.clone(), node));
        let rules = shape.places.iter().filter_map(node).flat_map(|(place, node)| {
            ["pattern", "minLength", "maxLength"].map(|keyword| node.get(keyword).map(|_| join(&place, keyword)))
        });
        let message = "a date-time is kept as a point in time, not as it was spelled: remove this rule, or the format";
        rules.flatten().map(|at| Violation::new(at, "contradiction", message)).collect()
    }
}

fn check_link(link: &Link, shape: &Shape) -> Result<(), Violation> {
    let refuse = |message: &str| Err(Violation::new(&link.pointer, "contradiction", message));
    if shape.types.without(Types::NULL) != Types::STRING {
        return refuse("a relation holds the id of a record: write \"type\": \"string\" beside x-relation");
    }
    if shape.texts.is_some() || shape.instant {
        return refuse("a relation holds the id of a record: it can't have an enum, a const or the format date-time");
    }
    Ok(())
}

fn array_kind(items: Option<&Shape>) -> Result<FieldKind, Violation> {
    let Some(items) = items else { return Ok(FieldKind::Json) };
    if let Some(link) = &items.link {
        check_link(link, items)?;
        return Ok(FieldKind::Relations { collection: link.collection.clone(), on_delete: link.on_delete });
    }
    if items.types.holds(Types::NULL) {
        return Ok(FieldKind::Json);
    }
    Ok(scalar(items).map_or(FieldKind::Json, FieldKind::List))
}

/// The scalar that a shape is, if all its values but null are of one kind.
fn scalar(shape: &Shape) -> Option<Scalar> {
    let types = shape.types.without(Types::NULL);
    match types {
        Types::BOOLEAN => Some(Scalar::Boolean),
        Types::INTEGER => Some(Scalar::Integer),
        Types::NUMBER | Types::FRACTION => Some(Scalar::Number),
        Types::STRING => Some(match &shape.texts {
            Some(texts) => Scalar::Choice(each_once(texts)),
            None if shape.instant => Scalar::Instant,
            None => Scalar::Text,
        }),
        _ => None,
    }
}

fn each_once(texts: &[String]) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    texts.iter().filter(|text| seen.insert(text.as_str())).cloned().collect()
}
