//! Query parameters, read strictly: an unknown one, one given twice or one that can't be read is refused by name.
//!
//! Reads into any struct that derives `Deserialize`; the struct's fields are the parameters. A deserializer of our
//! own, since the usual ones pass over unknown names or list them without the nearest.

use std::borrow::Cow;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use crate::code::Code;
use crate::nearest::nearest;
use crate::problem::Problem;

/// The query parameters as a `T`.
#[derive(Debug, Clone, Copy)]
pub struct Params<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        read(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// Reads a query string.
pub fn read<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, text) = pair.split_once('=').unwrap_or((pair, ""));
        Some((decode(name)?, decode(text)?))
    });
    let pairs = pairs
        .collect::<Option<_>>()
        .ok_or_else(|| Problem::new(Code::InvalidParameter, "The query string is not valid percent-encoded UTF-8."))?;
    T::deserialize(Pairs(pairs)).map_err(|Refused(problem)| *problem)
}

/// The text of a part of a query, a plus read as a space as forms write it; none where a percent sign has no two
/// digits behind it, or the bytes are no UTF-8. The usual decoders pass over both, and a filter would be another one.
fn decode(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex_digit(rest.next()?)? << 4 | hex_digit(rest.next()?)?,
            plain => plain,
        });
    }
    String::from_utf8(bytes).ok()
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// All parameters in their order.
struct Pairs(Vec<(String, String)>);

/// The text of one parameter.
struct Text {
    name: String,
    text: String,
}

#[derive(Debug)]
struct Refused(Box<Problem>);

impl<'de> Deserializer<'de> for Pairs {
    type Error = Refused;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        for (n, (name, _)) in self.0.iter().enumerate() {
            if !fields.contains(&name.as_str()) {
                return Err(unknown(name, fields));
            }
            if self.0[..n].iter().any(|(earlier, _)| earlier == name) {
                return Err(refused(Code::InvalidParameter, format!("The parameter {name} is given twice.")));
            }
        }
        let entries = self.0.into_iter().map(|(name, text)| (name.clone(), Text { name, text }));
        visitor.visit_map(MapDeserializer::new(entries))
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.deserialize_struct("", &[], visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

fn unknown(name: &str, known: &[&str]) -> Refused {
    let hint = match (nearest(name, known.iter().copied()), known) {
        (Some(near), _) => format!("; did you mean {near}?"),
        (None, []) => "; this address takes none.".to_owned(),
        (None, known) => format!("; there are {}.", known.join(", ")),
    };
    refused(Code::UnknownParameter, format!("There is no parameter {name:?}{hint}"))
}

fn refused(code: Code, detail: String) -> Refused {
    Refused(Box::new(Problem::new(code, detail)))
}

impl Text {
    fn parse<'de, T: std::str::FromStr, V: Visitor<'de>>(
        &self,
        wanted: &str,
        visit: impl FnOnce(T) -> Result<V::Value, Refused>,
    ) -> Result<V::Value, Refused> {
        let value = self.text.parse().map_err(|_| self.misfit(&format!("is not {wanted}")))?;
        visit(value).map_err(|Refused(problem)| self.misfit(&problem.detail))
    }

    fn misfit(&self, complaint: &str) -> Refused {
        let shown: Cow<'_, str> = match self.text.char_indices().nth(60) {
            Some((end, _)) => format!("{}…", &self.text[..end]).into(),
            None => self.text.as_str().into(),
        };
        refused(Code::InvalidParameter, format!("The parameter {}: {shown:?} {complaint}.", self.name))
    }
}

impl IntoDeserializer<'_, Refused> for Text {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! numbers {
    ($($method:ident $type:ident $visit:ident $wanted:literal;)+) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
            self.parse::<$type, V>($wanted, |value| visitor.$visit(value))
        })+
    };
}

impl<'de> Deserializer<'de> for Text {
    type Error = Refused;

    numbers! {
        deserialize_bool bool visit_bool "true or false";
        deserialize_i32 i32 visit_i32 "a whole number";
        deserialize_i64 i64 visit_i64 "a whole number";
        deserialize_u16 u16 visit_u16 "a whole number that fits";
        deserialize_u32 u32 visit_u32 "a whole number that fits";
        deserialize_u64 u64 visit_u64 "a whole number that fits";
        deserialize_f64 f64 visit_f64 "a number";
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        if !variants.contains(&self.text.as_str()) {
            return Err(self.misfit(&format!("is none of {}", variants.join(", "))));
        }
        visitor.visit_enum(self.text.into_deserializer())
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        let misfit = self.misfit("can't be used");
        let Self { name, text } = self;
        visitor.visit_string(text).map_err(|Refused(problem)| match problem.detail.as_str() {
            "" => misfit,
            detail => refused(problem.code, format!("The parameter {name}: {detail}")),
        })
    }

    forward_to_deserialize_any! {
        i8 i16 i128 u8 u128 f32 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
        identifier ignored_any
    }
}

impl serde::de::Error for Refused {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        refused(Code::InvalidParameter, message.to_string())
    }

    fn missing_field(field: &'static str) -> Self {
        refused(Code::InvalidParameter, format!("The parameter {field} is required."))
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.detail)
    }
}

impl std::error::Error for Refused {}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "camelCase")]
    struct List {
        limit: Option<u32>,
        #[serde(default)]
        dry_run: bool,
        sort: Option<String>,
        count: Option<Count>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum Count {
        Exact,
        Estimated,
    }

    fn refusal(query: &str) -> (Code, String) {
        let problem = read::<List>(query).unwrap_err();
        (problem.code, problem.detail)
    }

    #[test]
    fn known_parameters_are_read_into_their_types() {
        let list: List = read("limit=30&dryRun=true&sort=-a%2Cb&count=exact").unwrap();
        let wanted = List { limit: Some(30), dry_run: true, sort: Some("-a,b".into()), count: Some(Count::Exact) };
        assert_eq!(list, wanted);
        assert_eq!(read::<List>("").unwrap(), List { limit: None, dry_run: false, sort: None, count: None });
    }

    #[test]
    fn what_is_badly_encoded_is_refused() {
        let sort =
            |query: &str| read::<List>(query).map(|list| list.sort.unwrap_or_default()).map_err(|problem| problem.code);
        assert_eq!(sort("sort=a+b%2Bc%c3%BC=&").as_deref(), Ok("a b+c\u{fc}="));
        for wrong in ["sort=%zz", "sort=%", "sort=%4", "sort=%ff", "s%oort=a", "sort=%c3", "sort=%+1"] {
            assert_eq!(sort(wrong), Err(Code::InvalidParameter), "{wrong}");
        }
    }

    #[test]
    fn an_unknown_parameter_is_refused_with_the_nearest() {
        let wanted = (Code::UnknownParameter, "There is no parameter \"limt\"; did you mean limit?".to_owned());
        assert_eq!(refusal("limt=3"), wanted);
    }

    #[test]
    fn a_parameter_given_twice_is_refused() {
        assert_eq!(refusal("limit=3&limit=4"), (Code::InvalidParameter, "The parameter limit is given twice.".into()));
    }

    #[test]
    fn a_value_that_does_not_fit_is_refused_by_name() {
        let refused = |detail: &str| (Code::InvalidParameter, detail.to_owned());
        assert_eq!(refusal("limit=-1"), refused("The parameter limit: \"-1\" is not a whole number that fits."));
        assert_eq!(refusal("dryRun=yes"), refused("The parameter dryRun: \"yes\" is not true or false."));
        assert_eq!(refusal("count=all"), refused("The parameter count: \"all\" is none of exact, estimated."));
    }
}
