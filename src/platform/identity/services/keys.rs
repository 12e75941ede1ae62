//! Public Ed25519 keys in the forms people have them in: JWK, PEM, raw base64.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value};

use crate::platform::error::{Error, Result};
use crate::platform::identity::signing::rules::KEY_BYTES;

/// What stands in front of the key in its DER form (RFC 8410).
const DER_HEAD: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
const TEXT_BYTES_MAX: usize = 2_000;
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// Reads a public key. A private one is refused by its own code: it must be thought of as lost.
pub fn read(given: &Value) -> Result<[u8; KEY_BYTES]> {
    match given {
        Value::Object(jwk) => of_jwk(jwk),
        Value::String(text) => of_text(text.trim()),
        _ => Err(unreadable()),
    }
}

fn of_jwk(jwk: &Map<String, Value>) -> Result<[u8; KEY_BYTES]> {
    if jwk.contains_key("d") {
        return Err(private());
    }
    if jwk.get("kty") != Some(&"OKP".into()) || jwk.get("crv") != Some(&"Ed25519".into()) {
        return Err(unreadable());
    }
    let x = jwk.get("x").and_then(Value::as_str).and_then(decode);
    x.and_then(|bytes| bytes.try_into().ok()).ok_or_else(unreadable)
}

fn of_text(text: &str) -> Result<[u8; KEY_BYTES]> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(unreadable());
    }
    if text.contains("PRIVATE KEY") {
        return Err(private());
    }
    if text.starts_with('{') {
        let jwk: Map<String, Value> = serde_json::from_str(text).map_err(|_| unreadable())?;
        return of_jwk(&jwk);
    }
    let encoded: String =
        text.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
    let bytes = decode(&encoded).ok_or_else(unreadable)?;
    let raw = bytes.strip_prefix(&DER_HEAD).unwrap_or(&bytes);
    raw.try_into().map_err(|_| unreadable())
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let in_alphabet = |alphabet| GeneralPurpose::new(alphabet, LENIENT).decode(text).ok();
    in_alphabet(&STANDARD).or_else(|| in_alphabet(&URL_SAFE))
}

fn private() -> Error {
    let detail = "This is a private key. Keep it to the program; register the public one, and \
                  make a new pair, since this one has travelled.";
    Error::invalid("public_key", "key-private", detail)
}

fn unreadable() -> Error {
    let detail = "Send an Ed25519 public key as JWK, as PEM or as base64 of its 32 bytes.";
    Error::invalid("public_key", "key-unreadable", detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// RFC 8037, appendix A.2, and the same key in its other forms.
    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    const RAW: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    const PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
        -----END PUBLIC KEY-----\n";

    fn code(given: &Value) -> &'static str {
        match read(given) {
            Err(Error::Invalid(fields)) => fields[0].code,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_form_of_a_key_is_the_same_key() {
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": X, "kid": "1", "use": "sig" });
        let key = read(&jwk).unwrap();

        for form in [json!(jwk.to_string()), json!(X), json!(RAW), json!(PEM)] {
            assert_eq!(read(&form).unwrap(), key, "{form}");
        }
        assert_eq!(key[..4], [0xd7, 0x5a, 0x98, 0x01]);
    }

    #[test]
    fn a_private_key_and_anything_else_are_refused() {
        let private = json!({ "kty": "OKP", "crv": "Ed25519", "x": X, "d": X });
        let pem = "-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----";
        assert_eq!(code(&private), "key-private");
        assert_eq!(code(&json!(pem)), "key-private");

        for other in [
            json!(null),
            json!(7),
            json!(""),
            json!("AAAA"),
            json!("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI"),
            json!({ "kty": "RSA", "n": X, "e": "AQAB" }),
            json!({ "kty": "OKP", "crv": "X25519", "x": X }),
            json!({ "kty": "OKP", "crv": "Ed25519" }),
            json!("A".repeat(TEXT_BYTES_MAX + 1)),
        ] {
            assert_eq!(code(&other), "key-unreadable", "{other}");
        }
    }
}
