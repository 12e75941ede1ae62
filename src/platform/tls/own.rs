//! The operator's own certificate and key: two PEM files that somebody else renews.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error as TlsError, InconsistentKeys};

use super::files::read_pem;
use super::reading;
use super::rules::{LeafFacts, OWN_WARNED_LEFT};
use crate::platform::clock::Moment;
use crate::platform::error::{Result, refuse};

/// Certificates in one chain at most.
const CHAIN_LENGTH_MAX: usize = 10;
/// The code of every refusal here.
pub(super) const PAIR_REFUSED: &str = "tls-pair-unusable";

/// Where the pair lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnPair {
    /// The chain, the server's certificate first.
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// Tells whether the files are still the ones that were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp([Option<(u64, u64, i64, i64)>; 2]);

/// A pair that fits.
pub(super) struct LoadedPair {
    pub(super) key: CertifiedKey,
    pub(super) facts: LeafFacts,
    pub(super) fingerprint: String,
}

impl OwnPair {
    /// Inode, size and time of change of both files; a missing file has none.
    pub(super) fn stamp(&self) -> Stamp {
        let one = |path: &Path| {
            let meta = std::fs::metadata(path).ok()?;
            Some((meta.ino(), meta.size(), meta.mtime(), meta.mtime_nsec()))
        };
        Stamp([one(&self.certificate), one(&self.key)])
    }

    /// Reads both files and checks that a browser could be served with them.
    pub(super) fn load(&self, now: Moment, provider: &CryptoProvider) -> Result<LoadedPair> {
        let chain = self.read_chain()?;
        let key = self.read_key()?;
        let (at, key_at) = (self.certificate.display(), self.key.display());
        let Some(first) = chain.first() else {
            return refuse(PAIR_REFUSED, format!("{at} holds no certificate."));
        };
        let Ok(facts) = reading::leaf_facts(first) else {
            return refuse(PAIR_REFUSED, format!("{at} holds a certificate that is damaged."));
        };
        if facts.names.is_empty() {
            let detail = format!("The certificate in {at} names no host or address.");
            return refuse(PAIR_REFUSED, detail);
        }
        if facts.validity.not_after < now {
            let ended = facts.validity.not_after;
            return refuse(PAIR_REFUSED, format!("The certificate in {at} ended on {ended}."));
        }
        let fingerprint = reading::fingerprint(first);
        match CertifiedKey::from_der(chain, key, provider) {
            Ok(key) => Ok(LoadedPair { key, facts, fingerprint }),
            Err(TlsError::InconsistentKeys(InconsistentKeys::KeyMismatch)) => refuse(
                PAIR_REFUSED,
                format!("The key in {key_at} does not belong to the certificate in {at}."),
            ),
            Err(error) => {
                let detail = format!("{at} and {key_at} cannot be used together: {error}.");
                refuse(PAIR_REFUSED, detail)
            }
        }
    }

    fn read_chain(&self) -> Result<Vec<CertificateDer<'static>>> {
        let at = self.certificate.display();
        let text = read(&self.certificate)?;
        match CertificateDer::pem_slice_iter(text.as_bytes()).collect::<Result<Vec<_>, _>>() {
            Ok(chain) if chain.len() > CHAIN_LENGTH_MAX => {
                let detail = format!("{at} holds more than {CHAIN_LENGTH_MAX} certificates.");
                refuse(PAIR_REFUSED, detail)
            }
            Ok(chain) => Ok(chain),
            Err(error) => refuse(PAIR_REFUSED, format!("{at} is not a PEM file: {error}.")),
        }
    }

    fn read_key(&self) -> Result<PrivateKeyDer<'static>> {
        let at = self.key.display();
        let text = read(&self.key)?;
        if text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED") {
            let detail = format!("The key in {at} has a passphrase; give one without.");
            return refuse(PAIR_REFUSED, detail);
        }
        match PrivateKeyDer::from_pem_slice(text.as_bytes()) {
            Ok(key) => Ok(key),
            Err(_) => refuse(PAIR_REFUSED, format!("{at} holds no private key in PEM form.")),
        }
    }
}

/// What is wrong with a pair in use; `None` while it has more than two weeks.
pub(super) fn trouble_of(facts: &LeafFacts, now: Moment) -> Option<String> {
    let ends = facts.validity.not_after;
    if ends < now {
        return Some(format!("The certificate ended on {ends}. Put a new one in its place."));
    }
    if now < facts.validity.not_before {
        let starts = facts.validity.not_before;
        return Some(format!("The certificate starts on {starts}. Check the box's clock."));
    }
    (facts.validity.left(now) <= OWN_WARNED_LEFT)
        .then(|| format!("The certificate ends on {ends}. Put a new one in its place."))
}

fn read(path: &Path) -> Result<String> {
    match read_pem(path) {
        Ok(text) => Ok(text),
        Err(error) => refuse(PAIR_REFUSED, format!("{} cannot be read: {error}.", path.display())),
    }
}
