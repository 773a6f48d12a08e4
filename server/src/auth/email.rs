//! Addresses: one normal form, so that two spellings of one address are one account.
//!
//! Case is folded in the local part too, against RFC 5321: no mail system in use tells `Ada@` from `ada@`, and people
//! do. Nothing else is folded (dots, plus signs): that would be one provider's rule for all.

use std::fmt;

use plinth_model::{Collection, Record, Value};

use super::Error;

/// The longest address, in bytes (RFC 5321, 4.5.3.1.3, less the angle brackets).
const MAX_LENGTH: usize = 254;
/// The longest part before the `@`, in bytes (RFC 5321, 4.5.3.1.1).
const MAX_LOCAL: usize = 64;

/// An address in its normal form.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

/// The text is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("This is no e-mail address: write it as name@example.org, at most 254 bytes.")]
pub struct NotAnEmail;

impl Email {
    /// The address that the text means, white space around it ignored.
    pub fn parse(text: &str) -> Result<Self, NotAnEmail> {
        let (local, domain) = text.trim().rsplit_once('@').ok_or(NotAnEmail)?;
        let normal = format!("{}@{}", local.to_lowercase(), domain.to_lowercase());
        let fits = normal.len() <= MAX_LENGTH && (1..=MAX_LOCAL).contains(&local.len());
        (fits && is_local(local) && domain.split('.').all(is_label)).then_some(Self(normal)).ok_or(NotAnEmail)
    }

    /// The address in an account's record.
    pub(super) fn of_record(users: &Collection, record: &Record) -> Result<Self, Error> {
        let Some(Value::Text(text)) = record.get(users, "email") else {
            return Err(Error::Fault("an account has no address"));
        };
        Self::parse(&text).map_err(|_| Error::Fault("an account's address is none"))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the `@`.
    pub fn local(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(local, _)| local)
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An atom of RFC 5322 with dots inside, letters of any script allowed (RFC 6531); no quoted form.
fn is_local(text: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    text.split('.').all(|atom| !atom.is_empty() && atom.chars().all(plain))
}

/// A label of a host name, letters of any script allowed.
fn is_label(text: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || c == '-';
    (1..=63).contains(&text.len()) && text.chars().all(plain) && !text.starts_with('-') && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::Email;

    #[test]
    fn two_spellings_of_one_address_are_equal() {
        let parsed = Email::parse(" Ada.Lovelace@Example.ORG ").unwrap();
        assert_eq!(parsed.as_str(), "ada.lovelace@example.org");
        assert_eq!(parsed.local(), "ada.lovelace");
        assert_eq!(Email::parse("ÄDA@bücher.example").unwrap().as_str(), "äda@bücher.example");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.org", "a".repeat(65));
        for text in [
            "",
            "ada",
            "@example.org",
            "ada@",
            "a b@example.org",
            "ada@exa mple.org",
            "ada@.org",
            "ada@-x.org",
            ".ada@x.org",
            "a..b@x.org",
            "ada\0@x.org",
            "ada@x.org\r\nBcc: eve@x.org",
            "<ada@x.org>",
            &long,
        ] {
            assert!(Email::parse(text).is_err(), "{text:?}");
        }
    }
}
