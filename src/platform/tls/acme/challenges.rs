//! What proves to an authority that a name leads to this box, as long as it asks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::ClientHello;
use rustls::sign::CertifiedKey;

use crate::platform::error::{Error, Result};

/// The protocol in which an authority asks over port 443.
pub const PROTOCOL: &[u8] = b"acme-tls/1";

/// Answers in hand. Nothing is answered that was not asked for.
#[derive(Debug, Default)]
pub struct Challenges {
    /// By token.
    over_http: Mutex<HashMap<String, String>>,
    /// By name.
    over_tls: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

/// An answer is given as long as this is held.
#[derive(Debug)]
pub(super) struct Held {
    challenges: Arc<Challenges>,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Http(String),
    Tls(String),
}

impl Challenges {
    /// What stands below `/.well-known/acme-challenge/` at `token`.
    pub fn over_http(&self, token: &str) -> Option<String> {
        locked(&self.over_http).get(token).cloned()
    }

    /// What a handshake in [`PROTOCOL`] is answered with.
    pub(in crate::platform::tls) fn over_tls(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        locked(&self.over_tls).get(&name.to_ascii_lowercase()).cloned()
    }

    pub(super) fn hold_http(self: &Arc<Self>, token: &str, answer: &str) -> Held {
        locked(&self.over_http).insert(token.to_owned(), answer.to_owned());
        Held { challenges: Arc::clone(self), place: Place::Http(token.to_owned()) }
    }

    /// Makes the certificate of RFC 8737 for `name`.
    pub(super) fn hold_tls(
        self: &Arc<Self>,
        name: &str,
        digest: &[u8],
        provider: &CryptoProvider,
    ) -> Result<Held> {
        let key = KeyPair::generate().map_err(Error::internal)?;
        let mut params = CertificateParams::new([name.to_owned()]).map_err(Error::internal)?;
        params.distinguished_name = DistinguishedName::new();
        params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
        let certificate = params.self_signed(&key).map_err(Error::internal)?;
        let der = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let chain = vec![certificate.der().clone()];
        // Not compared with the key: the extension is one that rustls does not know.
        let key = provider.key_provider.load_private_key(der).map_err(Error::internal)?;
        let certified = CertifiedKey::new(chain, key);
        let name = name.to_ascii_lowercase();
        locked(&self.over_tls).insert(name.clone(), Arc::new(certified));
        Ok(Held { challenges: Arc::clone(self), place: Place::Tls(name) })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        match &self.place {
            Place::Http(token) => drop(locked(&self.challenges.over_http).remove(token)),
            Place::Tls(name) => drop(locked(&self.challenges.over_tls).remove(name)),
        }
    }
}

/// Whether an authority is asking: RFC 8737 has it name this protocol and no other.
pub(in crate::platform::tls) fn is_asking(hello: &ClientHello<'_>) -> bool {
    let Some(mut protocols) = hello.alpn() else { return false };
    protocols.next() == Some(PROTOCOL) && protocols.next().is_none()
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::tls::reading;

    #[test]
    fn an_answer_is_there_only_while_it_is_held() {
        let challenges = Arc::new(Challenges::default());
        assert_eq!(challenges.over_http("token"), None);

        let held = challenges.hold_http("token", "token.print");

        assert_eq!(challenges.over_http("token").as_deref(), Some("token.print"));
        assert_eq!(challenges.over_http("tok"), None);
        drop(held);
        assert_eq!(challenges.over_http("token"), None);
    }

    #[test]
    fn the_certificate_of_a_handshake_names_the_name_alone() {
        let challenges = Arc::new(Challenges::default());
        let provider = rustls::crypto::aws_lc_rs::default_provider();

        let held = challenges.hold_tls("Box.example.com", &[7; 32], &provider).unwrap();

        let certified = challenges.over_tls("box.EXAMPLE.com").unwrap();
        let facts = reading::leaf_facts(&certified.cert[0]).unwrap();
        assert_eq!(facts.names.len(), 1);
        assert!(challenges.over_tls("other.example.com").is_none());
        drop(held);
        assert!(challenges.over_tls("box.example.com").is_none());
    }
}
