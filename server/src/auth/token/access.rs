//! Access tokens: JWTs (RFC 7519) signed with Ed25519 (RFC 8037), valid for minutes.
//!
//! Written and read here rather than by a general JWT library: the only header that is accepted is, byte for byte, one
//! that a key of ours writes, so there is no algorithm, no key URL and no embedded key for a client to choose.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use plinth_model::{Instant, RecordId};
use serde::{Deserialize, Serialize};

/// The longest token that is looked at.
const MAX_LENGTH: usize = 1024;

/// What a token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::auth) struct Claims {
    /// Whose it is.
    pub(in crate::auth) account: RecordId,
    /// The session it was made in.
    pub(in crate::auth) session: RecordId,
    /// When it ends.
    pub(in crate::auth) expires_at: Instant,
}

/// The claims as they are written; times in seconds.
#[derive(Serialize, Deserialize)]
struct Payload {
    sub: String,
    sid: String,
    iat: i64,
    exp: i64,
}

/// The header that a key's tokens have, encoded. The key's id is what tells keys apart.
pub(in crate::auth) fn header(key_id: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"EdDSA","typ":"JWT","kid":"{key_id}"}}"#))
}

/// The token for these claims.
pub(in crate::auth) fn sign(header: &str, key: &SigningKey, claims: &Claims, now: Instant) -> String {
    let payload = Payload {
        sub: claims.account.to_string(),
        sid: claims.session.to_string(),
        iat: now.millis().div_euclid(1000),
        exp: claims.expires_at.millis().div_euclid(1000),
    };
    let payload = serde_json::to_vec(&payload).expect("texts and numbers can be written as JSON");
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(payload));
    let signature = key.sign(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

/// The header of something that looks like a token.
pub(in crate::auth) fn header_of(token: &str) -> Option<&str> {
    (token.len() <= MAX_LENGTH && token.split('.').count() == 3).then(|| token.split('.').next()).flatten()
}

/// What a token says, if this key signed it; whether it has expired is the caller's question.
pub(in crate::auth) fn read(token: &str, key: &VerifyingKey) -> Option<Claims> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (_, payload) = signed.split_once('.')?;
    let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
    key.verify_strict(signed.as_bytes(), &signature).ok()?;
    let payload: Payload = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    Some(Claims {
        account: payload.sub.parse().ok()?,
        session: payload.sid.parse().ok()?,
        expires_at: payload.exp.checked_mul(1000).and_then(Instant::from_millis)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_bytes(&[7; 32])
    }

    fn claims() -> Claims {
        Claims {
            account: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
            session: "01890a5d-ac96-774b-bcce-b302099a8058".parse().unwrap(),
            expires_at: "2026-01-01T00:10:00Z".parse().unwrap(),
        }
    }

    fn token() -> String {
        sign(&header("k1"), &key(), &claims(), "2026-01-01T00:00:00Z".parse().unwrap())
    }

    #[test]
    fn what_is_signed_is_read_back() {
        assert_eq!(header_of(&token()), Some(header("k1").as_str()));
        assert_eq!(read(&token(), &key().verifying_key()), Some(claims()));
    }

    #[test]
    fn a_changed_token_says_nothing() {
        let token = token();
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(read(&changed, &key().verifying_key()), None, "{at}");
        }
        assert_eq!(read(&token, &SigningKey::from_bytes(&[8; 32]).verifying_key()), None);
    }

    #[test]
    fn what_is_no_token_has_no_header() {
        for text in ["", "a", "a.b", "a.b.c.d", &format!("a.{}.c", "b".repeat(2000))] {
            assert_eq!(header_of(text), None);
        }
    }
}
