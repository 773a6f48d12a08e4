//! The name of a history of the change log.

use crate::error::Error;

/// The name under which places of the log are told: while it is the same, so is the log up to them. See
/// [`crate::Store::holds`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u64);

impl Epoch {
    /// Reads what is stored: 16 hexadecimal digits.
    pub(crate) fn read(text: &str) -> Result<Self, Error> {
        let number = u64::from_str_radix(text, 16).map_err(|_| Error::Corrupt(format!("{text:?} is no epoch")))?;
        Ok(Self(number))
    }
}
