//! A place in the change log as clients hold it: opaque text that any node of the same history understands.
//!
//! It holds the number of the last change seen and the epoch of the log it was counted in (after a fail-over that lost
//! the last writes, or a restored backup, the same numbers name other changes), what was asked and in what sense, and
//! what a snapshot held of the changes behind. It is sealed: a place that nobody was told would show the past to who
//! was not there. It is not encrypted, and holds nothing but numbers.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use plinth_model::Seq;
use plinth_store::Epoch;
use sha2::Sha256;

/// Bytes of the tag that are kept: 96 bits; RFC 2104 section 5 asks for 80 at least.
const TAG: usize = 12;

/// The most changes behind the place that it can name.
pub const MAX_SEEN: usize = 1000;

/// A place in one history of the change log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The last change seen.
    pub seq: Seq,
    /// The history.
    pub epoch: Epoch,
    /// The question.
    pub asked: Asked,
    /// Changes behind `seq` that were seen as well, in order: a snapshot of Postgres holds what the log has not settled.
    pub seen: Vec<Seq>,
}

/// What a subscription asks, as far as a place means something only within it. Numbers stand for texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The definition of the collection.
    pub definition: u32,
    /// The records that are seen, and those of them that are asked for.
    pub meaning: u64,
}

/// Seals and opens cursors with the key of this installation.
#[derive(Clone)]
pub struct Seal {
    mac: Hmac<Sha256>,
}

impl Seal {
    /// A seal with this secret.
    #[expect(clippy::missing_panics_doc, reason = "it cannot fail")]
    pub fn new(secret: &[u8]) -> Self {
        Self { mac: Hmac::new_from_slice(secret).expect("HMAC takes a key of any length") }
    }

    /// The text of a cursor.
    pub fn seal(&self, cursor: &Cursor) -> String {
        let mut bytes = Vec::with_capacity(64);
        bytes.extend_from_slice(&cursor.epoch.0.to_be_bytes());
        bytes.extend_from_slice(&cursor.asked.definition.to_be_bytes());
        bytes.extend_from_slice(&cursor.asked.meaning.to_be_bytes());
        write_number(&mut bytes, cursor.seq.0);
        let mut last = cursor.seq.0;
        for seq in &cursor.seen {
            write_number(&mut bytes, seq.0 - last);
            last = seq.0;
        }
        let tag = self.mac.clone().chain_update(&bytes).finalize().into_bytes();
        bytes.extend_from_slice(&tag[..TAG]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a cursor; `None` if it was not sealed here.
    pub fn open(&self, text: &str) -> Option<Cursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (payload, tag) = bytes.split_at_checked(bytes.len().checked_sub(TAG)?)?;
        self.mac.clone().chain_update(payload).verify_truncated_left(tag).ok()?;
        let (epoch, rest) = payload.split_first_chunk()?;
        let (definition, rest) = rest.split_first_chunk()?;
        let (meaning, mut rest) = rest.split_first_chunk()?;
        let asked = Asked { definition: u32::from_be_bytes(*definition), meaning: u64::from_be_bytes(*meaning) };
        let seq = read_number(&mut rest)?;
        let (mut seen, mut last) = (Vec::new(), seq);
        while !rest.is_empty() {
            last = last.checked_add(read_number(&mut rest)?)?;
            seen.push(Seq(last));
        }
        Some(Cursor { seq: Seq(seq), epoch: Epoch(u64::from_be_bytes(*epoch)), asked, seen })
    }
}

/// Seven bits a byte, the least first (LEB128).
fn write_number(bytes: &mut Vec<u8>, number: i64) {
    let mut rest = number.unsigned_abs();
    while rest > 0x7f {
        bytes.push(0x80 | u8::try_from(rest & 0x7f).unwrap_or_default());
        rest >>= 7;
    }
    bytes.push(u8::try_from(rest).unwrap_or_default());
}

fn read_number(bytes: &mut &[u8]) -> Option<i64> {
    let mut number = 0_u64;
    for shift in (0..63).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return i64::try_from(number).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cursors() -> impl Strategy<Value = Cursor> {
        let seen = proptest::collection::vec(1..1_000_000_i64, 0..8);
        (0..i64::MAX / 2, any::<u64>(), any::<u32>(), any::<u64>(), seen).prop_map(
            |(seq, epoch, definition, meaning, steps)| {
                let mut last = seq;
                let seen = steps.into_iter().map(|step| {
                    last += step;
                    Seq(last)
                });
                let seen = seen.collect();
                Cursor { seq: Seq(seq), epoch: Epoch(epoch), asked: Asked { definition, meaning }, seen }
            },
        )
    }

    proptest! {
        #[test]
        fn a_cursor_is_read_back(cursor in cursors()) {
            let seal = Seal::new(b"secret");
            prop_assert_eq!(seal.open(&seal.seal(&cursor)), Some(cursor));
        }

        #[test]
        fn what_was_changed_or_sealed_elsewhere_is_none(cursor in cursors(), place in 0..40_usize, bit in 0..6_u8) {
            let seal = Seal::new(b"secret");
            let text = seal.seal(&cursor);
            prop_assert_eq!(Seal::new(b"another").open(&text), None);
            let mut bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
            bytes[place % text.len().min(30)] ^= 1 << bit;
            prop_assert_eq!(seal.open(&URL_SAFE_NO_PAD.encode(bytes)), None);
        }

        #[test]
        fn no_other_text_is_a_cursor(text in ".{0,80}") {
            prop_assert_eq!(Seal::new(b"secret").open(&text), None);
        }
    }
}
