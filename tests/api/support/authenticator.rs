//! A device that keeps one passkey (ES256) together with the browser around it. It can be told to
//! do everything a real one does not.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Bits of what a device says: somebody is there, it checked who, it tells of a new key.
const PRESENT: u8 = 1;
const VERIFIED: u8 = 4;
const NEW_KEY: u8 = 64;

pub struct Authenticator {
    key: EcdsaKeyPair,
    pub id: Vec<u8>,
    pub count: u32,
    /// Where the browser says it is.
    pub origin: String,
    /// Which site the device says it is used for.
    pub rp_id: String,
    pub is_verified: bool,
    pub is_embedded: bool,
    pub handle: Option<Vec<u8>>,
    /// How many bytes of nothing the device adds to a new key.
    pub padding: usize,
}

impl Authenticator {
    pub fn new(origin: &str) -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key");
        let id = Sha256::digest(key.public_key().as_ref()).to_vec();
        let rp_id = origin.trim_start_matches("https://").split(':').next().unwrap_or_default();
        Self {
            id,
            key,
            count: 0,
            origin: origin.to_owned(),
            rp_id: rp_id.to_owned(),
            is_verified: true,
            is_embedded: false,
            handle: None,
            padding: 0,
        }
    }

    /// Makes the passkey that is asked for.
    pub fn create(&mut self, options: &Value) -> Value {
        assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
        let algorithms = options["pubKeyCredParams"].as_array().expect("algorithms");
        assert!(algorithms.iter().any(|one| one["alg"] == -7), "{algorithms:?}");
        self.handle = BASE64.decode(options["user"]["id"].as_str().expect("a handle")).ok();
        let data = self.device_data(NEW_KEY);
        let mut object = vec![0xa3];
        object.extend(text("fmt"));
        object.extend(text("none"));
        object.extend(text("attStmt"));
        object.push(0xa0);
        object.extend(text("authData"));
        object.extend(bytes(&data));
        object.extend(vec![0; self.padding]);
        json!({
            "id": BASE64.encode(&self.id),
            "rawId": BASE64.encode(&self.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": { "credProps": { "rk": false } },
            "response": {
                "attestationObject": BASE64.encode(object),
                "clientDataJSON": BASE64.encode(self.client_data("webauthn.create", options)),
                "transports": ["internal", "smart-card"],
            },
        })
    }

    /// Proves to have the passkey.
    pub fn get(&mut self, options: &Value) -> Value {
        assert_eq!(options["userVerification"], "required");
        if self.count > 0 {
            self.count += 1;
        }
        let data = self.device_data(0);
        let client_data = self.client_data("webauthn.get", options);
        let signed = [data.as_slice(), Sha256::digest(&client_data).as_slice()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).expect("a signature");
        json!({
            "id": BASE64.encode(&self.id),
            "rawId": BASE64.encode(&self.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "authenticatorData": BASE64.encode(data),
                "clientDataJSON": BASE64.encode(client_data),
                "signature": BASE64.encode(signature.as_ref()),
                "userHandle": self.handle.as_ref().map(|handle| BASE64.encode(handle)),
            },
        })
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let said = json!({
            "type": kind, "challenge": options["challenge"], "origin": self.origin,
            "crossOrigin": self.is_embedded, "other_keys_can_be_added_here": "and are ignored",
        });
        said.to_string().into_bytes()
    }

    fn device_data(&self, more: u8) -> Vec<u8> {
        let verified = if self.is_verified { VERIFIED } else { 0 };
        let mut data = Sha256::digest(self.rp_id.as_bytes()).to_vec();
        data.push(PRESENT | verified | more);
        data.extend(self.count.to_be_bytes());
        if more & NEW_KEY != 0 {
            data.extend([0; 16]);
            data.extend(u16::try_from(self.id.len()).expect("a length").to_be_bytes());
            data.extend(&self.id);
            let (x, y) = self.key.public_key().as_ref()[1..].split_at(32);
            data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21]);
            data.extend(bytes(x));
            data.push(0x22);
            data.extend(bytes(y));
        }
        data
    }
}

/// A text in CBOR.
fn text(text: &str) -> Vec<u8> {
    let mut written = vec![0x60 + u8::try_from(text.len()).expect("a short text")];
    written.extend(text.bytes());
    written
}

/// Bytes in CBOR.
fn bytes(content: &[u8]) -> Vec<u8> {
    let mut written = vec![0x59];
    written.extend(u16::try_from(content.len()).expect("few bytes").to_be_bytes());
    written.extend(content);
    written
}
