//! Passwords: which are accepted, and how they are kept.

mod common;
mod hasher;

pub(super) use hasher::{Hasher, Verdict};

use plinth_model::Violation;

use super::Email;

/// The fewest characters (NIST 800-63B-4 with a second factor, ASVS 5.0 6.2.1).
const MIN_LENGTH: usize = 8;
/// The most characters: long enough for any passphrase, short enough to hash without a thought.
const MAX_LENGTH: usize = 256;

/// A password as it came, of any length; shows itself to nobody.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// The password that a client sent.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// Its bytes, if it can be anybody's password at all.
    fn bytes(&self) -> Option<&[u8]> {
        (self.0.chars().take(MAX_LENGTH + 1).count() <= MAX_LENGTH).then_some(self.0.as_bytes())
    }

    /// What stands against it as a new password, with the pointer where it was sent. No rules of composition: length
    /// and not being what everybody tries first is what helps (NIST 800-63B-4, 3.1.1.2).
    pub(super) fn check(&self, pointer: &str, email: &Email) -> Result<(), Violation> {
        let refuse = |code, message: &str| Err(Violation::new(pointer, code, message));
        let length = self.0.chars().take(MAX_LENGTH + 1).count();
        if length < MIN_LENGTH {
            return refuse("too_short", "A password has at least 8 characters.");
        }
        if length > MAX_LENGTH {
            return refuse("too_long", "A password has at most 256 characters.");
        }
        if self.0.contains('\0') {
            return refuse("invalid", "A password can't hold the character NUL.");
        }
        let lower = self.0.to_lowercase();
        if lower == email.as_str() || lower == email.local() {
            return refuse("too_common", "The password must not be the address itself.");
        }
        if common::is_common(&lower) {
            return refuse("too_common", "This password is one of those that are tried first: choose another one.");
        }
        Ok(())
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(password: &str) -> Result<(), &'static str> {
        let email = Email::parse("ada.lovelace@example.org").unwrap();
        Password::new(password.to_owned()).check("/password", &email).map_err(|violation| violation.code)
    }

    #[test]
    fn length_counts_characters_and_has_both_ends() {
        assert_eq!(verdict("dreißig"), Err("too_short"));
        assert_eq!(verdict("dreißigs"), Ok(()));
        assert_eq!(verdict(&"lang, ".repeat(42)), Ok(()));
        assert_eq!(verdict(&"lang, ".repeat(43)), Err("too_long"));
        assert_eq!(verdict(&"x".repeat(1 << 20)), Err("too_long"));
    }

    #[test]
    fn what_is_tried_first_is_refused() {
        for password in ["Ada.Lovelace", "ada.lovelace@example.org", "password", "P@ssw0rd1", "12345678", "qwertyuiop"]
        {
            assert_eq!(verdict(password), Err("too_common"), "{password}");
        }
        assert_eq!(verdict("correct horse battery staple"), Ok(()));
        assert_eq!(verdict("nul\0inside"), Err("invalid"));
    }
}
