//! The value of a parameter: JSON as the kind that its use asks for.

use serde_json::Value as Json;

use super::duration;
use super::kind::Kind;
use super::pattern::Pattern;
use super::tree::Wanted;
use crate::instant::Instant;
use crate::value::Value;

/// The longest text that says what is wrong with a value.
const MAX_SHOWN: usize = 40;

/// JSON as what is wanted, or why it is not that.
pub(crate) fn convert(json: &Json, wanted: &Wanted) -> Result<Value, String> {
    if contains_nul(json) {
        return Err("text can't contain the character U+0000".to_owned());
    }
    match (wanted, json) {
        (Wanted::Anything, _) => Ok(any(json)),
        (Wanted::Pattern, Json::String(text)) => match Pattern::new(text) {
            Ok(_) => Ok(Value::text(text)),
            Err(error) => Err(error.to_string()),
        },
        (Wanted::Pattern, _) => Err(format!("{} is no pattern: a text is needed", shown(json))),
        (_, Json::Null) => Ok(Value::Null),
        (Wanted::Number, Json::Number(_)) => Ok(any(json)),
        (Wanted::Number, _) => Err(format!("{} is no number", shown(json))),
        (Wanted::Kind(kind), _) => as_kind(json, kind).ok_or_else(|| format!("{} is not {kind}", shown(json))),
        (Wanted::ListOf(item), Json::Array(items)) => {
            Ok(Value::List(items.iter().map(|json| convert(json, item)).collect::<Result<_, _>>()?))
        }
        (Wanted::ListOf(_), _) => Err(format!("{} is no list", shown(json))),
    }
}

/// JSON as it is: a scalar as a value of its kind, the rest as a document.
pub(crate) fn any(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(int), _) => Value::Int(int),
            (None, float) => Value::Float(float.unwrap_or(f64::INFINITY)),
        },
        Json::String(text) => Value::text(text),
        Json::Array(_) | Json::Object(_) => Value::Json(json.clone().into()),
    }
}

fn as_kind(json: &Json, kind: &Kind) -> Option<Value> {
    match (kind, json) {
        (Kind::Bool, Json::Bool(value)) => Some(Value::Bool(*value)),
        (Kind::Int, Json::Number(number)) => number.as_i64().map(Value::Int),
        (Kind::Double, Json::Number(number)) => number.as_f64().map(Value::Float),
        (Kind::Text | Kind::Id(_), Json::String(text)) => Some(Value::text(text)),
        (Kind::Instant, Json::String(text)) => text.parse::<Instant>().ok().map(Value::Instant),
        (Kind::Duration, Json::String(text)) => duration::parse(text).ok().map(Value::Duration),
        _ => None,
    }
}

fn shown(json: &Json) -> String {
    let text = json.to_string();
    if text.chars().count() <= MAX_SHOWN {
        return text;
    }
    format!("{}…", text.chars().take(MAX_SHOWN).collect::<String>())
}

fn contains_nul(json: &Json) -> bool {
    match json {
        Json::String(text) => text.contains('\0'),
        Json::Array(items) => items.iter().any(contains_nul),
        Json::Object(members) => members.iter().any(|(key, value)| key.contains('\0') || contains_nul(value)),
        _ => false,
    }
}
