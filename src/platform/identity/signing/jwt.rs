//! Compact JSON Web Signatures of one algorithm, Ed25519.
//!
//! A module of our own: what exists reads the system's clock by itself, so no test could decide
//! the time, and knows a dozen algorithms, of which the head of a token would choose one. Here the
//! head chooses nothing; it is only compared.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::platform::error::{Error, Result};
use crate::platform::secret::{from_base64, to_base64};

/// The only algorithm.
pub const ALGORITHM: &str = "EdDSA";
/// More is no token of ours.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;
const SIGNATURE_BYTES: usize = 64;

/// What can be wrong with a token before anybody looks at its claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    Malformed,
    /// It is signed in another way than ours, or not at all.
    Algorithm,
}

#[derive(Deserialize)]
struct Head {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    /// What a reader must understand. We understand none.
    crit: Option<serde_json::Value>,
}

#[derive(Serialize)]
struct OurHead<'a> {
    alg: &'static str,
    typ: &'a str,
    kid: &'a str,
}

/// A token that was read and not believed yet.
pub struct Token<'a> {
    pub kind: Option<String>,
    pub key: Option<String>,
    signed: &'a [u8],
    payload: Vec<u8>,
    signature: Vec<u8>,
}

/// Whether a value looks like a token of this form and not like an opaque one.
pub fn is_one(value: &str) -> bool {
    value.bytes().filter(|byte| *byte == b'.').count() == 2
}

impl<'a> Token<'a> {
    /// Takes a token apart.
    pub fn read(text: &'a str) -> Result<Self, Flaw> {
        if text.len() > TOKEN_BYTES_MAX {
            return Err(Flaw::Malformed);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(Flaw::Malformed)?;
        let (head, payload) = signed.split_once('.').ok_or(Flaw::Malformed)?;
        let head = from_base64(head).ok_or(Flaw::Malformed)?;
        let head: Head = serde_json::from_slice(&head).map_err(|_| Flaw::Malformed)?;
        if head.alg != ALGORITHM {
            return Err(Flaw::Algorithm);
        }
        let payload = from_base64(payload).ok_or(Flaw::Malformed)?;
        let signature = from_base64(signature).ok_or(Flaw::Malformed)?;
        if head.crit.is_some() || signature.len() != SIGNATURE_BYTES {
            return Err(Flaw::Malformed);
        }
        let signed = signed.as_bytes();
        Ok(Self { kind: head.typ, key: head.kid, signed, payload, signature })
    }

    /// Whether the holder of this key signed it.
    pub fn is_signed_by(&self, public_key: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, public_key).verify(self.signed, &self.signature).is_ok()
    }

    /// What it says. Only of use once `is_signed_by` was true.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, Flaw> {
        serde_json::from_slice(&self.payload).map_err(|_| Flaw::Malformed)
    }
}

/// Writes and signs a token.
pub fn sign<T: Serialize>(
    pair: &Ed25519KeyPair,
    key: &str,
    kind: &str,
    claims: &T,
) -> Result<String> {
    let part = |json: serde_json::Result<Vec<u8>>| {
        json.map(|bytes| to_base64(&bytes)).map_err(Error::internal)
    };
    let head = part(serde_json::to_vec(&OurHead { alg: ALGORITHM, typ: kind, kid: key }))?;
    let mut text = format!("{head}.{}", part(serde_json::to_vec(claims))?);
    let signature = pair.sign(text.as_bytes());
    text.push('.');
    text.push_str(&to_base64(signature.as_ref()));
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::KeyPair;
    use serde_json::{Value, json};

    /// RFC 8037, appendix A.1 and A.4.
    const SEED: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
    const PUBLIC: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    const VECTOR: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
        hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

    fn pair() -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&from_base64(SEED).unwrap()).unwrap()
    }

    #[test]
    fn the_example_of_the_standard_verifies_and_an_altered_one_does_not() {
        let public = from_base64(PUBLIC).unwrap();

        let token = Token::read(VECTOR).unwrap_or_else(|_| panic!("the example reads"));
        let altered = VECTOR.replacen("RXhh", "RXhi", 1);
        let altered = Token::read(&altered).unwrap_or_else(|_| panic!("it reads"));

        assert_eq!(pair().public_key().as_ref(), public);
        assert!(token.is_signed_by(&public));
        assert!(!altered.is_signed_by(&public));
    }

    #[test]
    fn what_was_signed_is_what_is_read() {
        let text = sign(&pair(), "k1", "at+jwt", &json!({ "sub": "x" })).unwrap();

        let token = Token::read(&text).unwrap_or_else(|_| panic!("it reads"));

        assert!(is_one(&text));
        assert_eq!((token.kind.as_deref(), token.key.as_deref()), (Some("at+jwt"), Some("k1")));
        assert!(token.is_signed_by(pair().public_key().as_ref()));
        assert_eq!(token.claims::<Value>(), Ok(json!({ "sub": "x" })));
    }

    #[test]
    fn the_head_cannot_choose_how_it_is_checked() {
        let public = from_base64(PUBLIC).unwrap();
        for alg in ["none", "None", "", "HS256", "RS256", "ES256", "eddsa", "Ed25519"] {
            let head = to_base64(json!({ "alg": alg, "typ": "at+jwt" }).to_string().as_bytes());
            let text = format!("{head}.{}.{}", to_base64(b"{}"), to_base64(&public));
            assert_eq!(Token::read(&text).err(), Some(Flaw::Algorithm), "{alg}");
        }
    }

    #[test]
    fn what_is_no_token_is_malformed() {
        let head = |json: Value| to_base64(json.to_string().as_bytes());
        let good = to_base64(&[0; SIGNATURE_BYTES]);
        let critical = head(json!({ "alg": "EdDSA", "crit": ["b64"], "b64": false }));
        let right = head(json!({ "alg": "EdDSA" }));
        for text in [
            String::new(),
            "a.b".to_owned(),
            "..".to_owned(),
            format!("{right}.e30."),
            format!("{right}.e30.{}", to_base64(&[0; 63])),
            format!("{right}.e30.{good}="),
            format!("{right}.e 30.{good}"),
            format!("{critical}.e30.{good}"),
            format!("{right}.{}.{good}", "A".repeat(TOKEN_BYTES_MAX)),
        ] {
            assert_eq!(Token::read(&text).err(), Some(Flaw::Malformed), "{text:.60}");
        }
    }
}
