//! Short fingerprints of texts.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// The first 16 bytes of the SHA-256 of a text.
pub(crate) fn digest(text: &str) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(&Sha256::digest(text)[..16]);
    short
}

/// The first `bytes` bytes of it, at most 16, as lower-case hexadecimal digits.
pub(crate) fn hex_digest(text: &str, bytes: usize) -> String {
    digest(text).iter().take(bytes).fold(String::with_capacity(2 * bytes), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes every text");
        hex
    })
}
