//! What a failed keyword of JSON Schema means for the person who sent the document, in our words.
//!
//! A value is never repeated in a message, since it may be a secret or a megabyte; its kind and its size are.

use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::types::JsonType;
use jsonschema::{ValidationError, Validator};
use serde_json::Value as Json;

use super::violation::{Violation, excerpt, join};
use crate::nearest::hint;

/// No answer names more places than this.
pub(super) const MOST: usize = 100;

/// Everything that `document` breaks, at most [`MOST`] places.
pub(super) fn violations(validator: &Validator, document: &Json) -> Vec<Violation> {
    validator.iter_errors(document).flat_map(|error| explain(&error)).take(MOST).collect()
}

/// The failing places of one keyword: several only where several members are unexpected.
pub(super) fn explain(error: &ValidationError<'_>) -> Vec<Violation> {
    let here = error.instance_path().as_str();
    match error.kind() {
        Kind::Required { property } => vec![required(here, property.as_str().unwrap_or_default())],
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            unexpected.iter().map(|name| unexpected_member(here, name)).collect()
        }
        Kind::PropertyNames { error } => {
            let inner = explain(error).into_iter().map(|inner| inner.message).collect::<Vec<_>>().join("; ");
            vec![Violation::new(here, "property_names", format!("a member's name is not allowed: {inner}"))]
        }
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => no_form(here, context),
        kind => {
            let (code, message) = wording(kind, error.instance());
            vec![Violation::new(here, code, message)]
        }
    }
}

/// A member that must be there and is not.
pub(super) fn required(parent: &str, name: &str) -> Violation {
    Violation::new(join(parent, name), "required", format!("{name:?} is required: give it a value"))
}

fn unexpected_member(parent: &str, name: &str) -> Violation {
    Violation::new(join(parent, name), "unknown_field", "no such member is allowed here: remove it")
}

/// Where all forms but one are of another type than the value, that one was meant, and its own failures say more.
fn no_form(here: &str, forms: &[Vec<ValidationError<'static>>]) -> Vec<Violation> {
    let of_another_type = |form: &&Vec<ValidationError<'static>>| {
        form.iter().any(|error| matches!(error.kind(), Kind::Type { .. }) && error.instance_path().as_str() == here)
    };
    let mut meant = forms.iter().filter(|form| !of_another_type(form));
    match (meant.next(), meant.next()) {
        (Some(form), None) => form.iter().flat_map(explain).collect(),
        _ => vec![Violation::new(
            here,
            "any_of",
            format!("fits none of the {} forms that are allowed here", forms.len()),
        )],
    }
}

fn wording(kind: &Kind, found: &Json) -> (&'static str, String) {
    if let Some(wording) = of_sizes(kind, found) {
        return wording;
    }
    match kind {
        Kind::Type { kind } => ("type", format!("expected {}, found {}", expected(kind), describe(found))),
        Kind::Enum { options } => ("enum", not_among(options, found)),
        Kind::Constant { expected_value } => ("const", format!("must be exactly {}", short(expected_value))),
        Kind::Pattern { pattern } => ("pattern", format!("does not match the pattern {pattern}")),
        Kind::Format { format } => ("format", format!("is not a valid {format}{}", example(format))),
        Kind::MultipleOf { multiple_of } => ("multiple_of", format!("must be a multiple of {multiple_of}")),
        Kind::UniqueItems => ("unique_items", "holds the same item twice: keep one of each".to_owned()),
        Kind::Contains => ("contains", "holds no item of the kind that it must contain".to_owned()),
        Kind::AdditionalItems { limit } => ("max_items", format!("too many items: at most {limit} are allowed")),
        Kind::UnevaluatedItems { .. } => {
            ("unevaluated_items", "holds items that no rule of the schema allows".to_owned())
        }
        Kind::OneOfMultipleValid { .. } => {
            ("one_of", "fits more than one of the forms, of which exactly one must fit".to_owned())
        }
        Kind::Not { .. } => ("not", "is of a form that is not allowed here".to_owned()),
        Kind::FalseSchema => ("not_allowed", "no value is allowed here: remove it".to_owned()),
        other => ("invalid", format!("breaks the schema's rule {}", other.keyword())),
    }
}

/// Keywords with a limit.
fn of_sizes(kind: &Kind, found: &Json) -> Option<(&'static str, String)> {
    Some(match kind {
        Kind::MinLength { limit: 1 } => ("min_length", "must not be empty".to_owned()),
        Kind::MinLength { limit } => {
            ("min_length", format!("too short: {} of at least {limit} characters", size(found)))
        }
        Kind::MaxLength { limit } => ("max_length", format!("too long: {} of at most {limit} characters", size(found))),
        Kind::MinItems { limit } => ("min_items", format!("too few items: {} of at least {limit}", size(found))),
        Kind::MaxItems { limit } => ("max_items", format!("too many items: {} of at most {limit}", size(found))),
        Kind::MinProperties { limit } => {
            ("min_properties", format!("too few members: {} of at least {limit}", size(found)))
        }
        Kind::MaxProperties { limit } => {
            ("max_properties", format!("too many members: {} of at most {limit}", size(found)))
        }
        Kind::Minimum { limit } => ("minimum", format!("too small: the least is {limit}")),
        Kind::Maximum { limit } => ("maximum", format!("too large: the greatest is {limit}")),
        Kind::ExclusiveMinimum { limit } => ("exclusive_minimum", format!("too small: must be more than {limit}")),
        Kind::ExclusiveMaximum { limit } => ("exclusive_maximum", format!("too large: must be less than {limit}")),
        _ => return None,
    })
}

fn size(found: &Json) -> usize {
    match found {
        Json::String(text) => text.chars().count(),
        Json::Array(items) => items.len(),
        Json::Object(members) => members.len(),
        _ => 0,
    }
}

/// What a value is, without saying its content.
pub(super) fn describe(found: &Json) -> &'static str {
    match found {
        Json::Null => "null",
        Json::Bool(_) => "true or false",
        Json::Number(number) if number.as_f64().is_some_and(|float| float.fract() != 0.0) => "a number with a fraction",
        Json::Number(_) => "a number",
        Json::String(_) => "text",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    }
}

fn expected(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(kind) => noun(*kind).to_owned(),
        TypeKind::Multiple(kinds) => kinds.iter().map(noun).collect::<Vec<_>>().join(" or "),
    }
}

fn noun(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Null => "null",
        JsonType::Boolean => "true or false",
        JsonType::Integer => "an integer",
        JsonType::Number => "a number",
        JsonType::String => "text",
        JsonType::Array => "an array",
        JsonType::Object => "an object",
    }
}

fn not_among(options: &Json, found: &Json) -> String {
    let options = options.as_array().map_or(&[][..], Vec::as_slice);
    let shown = options.iter().take(10).map(short).collect::<Vec<_>>().join(", ");
    let rest = if options.len() > 10 { format!(" and {} more", options.len() - 10) } else { String::new() };
    let meant = found.as_str().map_or_else(String::new, |word| hint(word, options.iter().filter_map(Json::as_str)));
    format!("must be one of {shown}{rest}{meant}")
}

/// A value of the schema's author, cut to a readable length.
fn short(value: &Json) -> String {
    excerpt(&value.to_string())
}

fn example(format: &str) -> &'static str {
    match format {
        "date-time" => ", such as 2026-01-31T09:30:00Z",
        "date" => ", such as 2026-01-31",
        "time" => ", such as 09:30:00Z",
        "duration" => ", such as P1DT12H",
        "email" => ", such as ada@example.com",
        "uri" | "iri" => ", such as https://example.com/a",
        "uuid" => ", such as 01890a5d-ac96-774b-bcce-b302099a8057",
        "ipv4" => ", such as 192.0.2.1",
        "ipv6" => ", such as 2001:db8::1",
        _ => "",
    }
}
