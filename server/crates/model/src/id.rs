//! Names of records: UUIDv7 in canonical lower-case text (RFC 9562), made by the server or by the client.
//!
//! One spelling only, so that equality of ids is equality of text in every place they are compared.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// The id of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(Uuid);

/// The text is no UUIDv7 in its canonical form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a UUIDv7 in canonical lower-case text, such as 01890a5d-ac96-774b-bcce-b302099a8057")]
pub struct NotAnId;

impl RecordId {
    /// An id from its parts: milliseconds since 1970 and ten random bytes, as RFC 9562 section 5.7 lays them out.
    #[must_use]
    pub fn from_parts(millis: u64, random: &[u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(millis, random).into_uuid())
    }
}

impl FromStr for RecordId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let id = Uuid::try_parse(text).map_err(|_| NotAnId)?;
        let canonical = id.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text;
        let is_v7 = id.get_version_num() == 7 && id.get_variant() == uuid::Variant::RFC4122;
        (canonical && is_v7).then_some(Self(id)).ok_or(NotAnId)
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_spelling_of_a_version_7_is_an_id() {
        let text = "01890a5d-ac96-774b-bcce-b302099a8057";
        assert_eq!(text.parse::<RecordId>().unwrap().to_string(), text);
        for other in [
            "01890A5D-AC96-774B-BCCE-B302099A8057",
            "01890a5dac96774bbcceb302099a8057",
            "01890a5d-ac96-474b-bcce-b302099a8057",
            "{01890a5d-ac96-774b-bcce-b302099a8057}",
            "role:admin",
            "",
        ] {
            assert_eq!(other.parse::<RecordId>(), Err(NotAnId), "{other}");
        }
    }
}
