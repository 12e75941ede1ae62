//! What is kept below `<data>/tls/acme`: accounts and the certificate's key sealed, and how it
//! stands. All of it goes into backups.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tracing::warn;

use super::rules::Refused;
use crate::platform::clock::Moment;
use crate::platform::error::{Error, Result};
use crate::platform::secret::{Secret, from_base64, to_base64, to_hex};
use crate::platform::secrets::{Place, Purpose, Secrets};
use crate::platform::tls::files::{SEALED, make_private, read_if_there};
use crate::platform::tls::reading;
use crate::platform::tls::rules::{LeafFacts, Name};
use crate::platform::whole_file;

/// In the folder of certificates.
const FOLDER: &str = "acme";
const CERTIFICATE: &str = "certificate.pem";
const STATE: &str = "state.json";
const ACCOUNT: &str = "account-";
const MODE: u32 = 0o600;

/// The folder.
pub(super) struct AcmeFiles {
    folder: PathBuf,
    secrets: Arc<Secrets>,
    /// Held by whoever writes something sealed, and while all is sealed anew.
    writing: Mutex<()>,
}

/// The certificate that an authority signed, ready to be served.
pub(in crate::platform::tls) struct PublicLeaf {
    pub(in crate::platform::tls) key: Arc<CertifiedKey>,
    pub(in crate::platform::tls) facts: LeafFacts,
    pub(in crate::platform::tls) fingerprint: String,
    pub(in crate::platform::tls) issuer: String,
}

/// How it stands. What a later release adds is empty in files of this one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::platform::tls) struct Standing {
    /// Of the authority that was asked last.
    pub(in crate::platform::tls) directory: String,
    /// Tells whether the settings are others since.
    pub(in crate::platform::tls) asked_with: String,
    /// The address of its terms.
    pub(in crate::platform::tls) terms: Option<String>,
    /// The account's address with the authority.
    pub(in crate::platform::tls) account: Option<String>,
    /// The mail address the authority was told for the account, empty for none. None while it is
    /// not known what it was told.
    pub(in crate::platform::tls) contact: Option<String>,
    /// The authority that signed the certificate that is there.
    pub(in crate::platform::tls) signed_by: String,
    pub(in crate::platform::tls) obtained_at: Option<i64>,
    pub(in crate::platform::tls) renewal_at: Option<i64>,
    /// The authority chose the moment of renewal.
    pub(in crate::platform::tls) is_renewal_suggested: bool,
    pub(in crate::platform::tls) next_at: Option<i64>,
    pub(in crate::platform::tls) tried_at: Option<i64>,
    pub(in crate::platform::tls) failures: u32,
    pub(in crate::platform::tls) trouble: Option<String>,
    /// Nothing is asked before, whoever wants it: the authority said so.
    pub(in crate::platform::tls) held_until: Option<i64>,
    pub(in crate::platform::tls) refused: Vec<KeptRefusal>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::platform::tls) struct KeptRefusal {
    name: String,
    reason: String,
    at: i64,
    count: u32,
}

impl Standing {
    /// Nothing is known when the file is not there or was damaged.
    fn read(folder: &Path) -> Result<Self> {
        let Some(text) = read_if_there(&folder.join(STATE))? else { return Ok(Self::default()) };
        Ok(serde_json::from_str(&text).unwrap_or_else(|error| {
            warn!("How the public certificate stood cannot be read: {error}");
            Self::default()
        }))
    }

    pub(in crate::platform::tls) fn refusals(&self) -> Vec<Refused> {
        let refusal = |kept: &KeptRefusal| {
            let name = Name::parse(&kept.name)?;
            let (reason, at, count) = (kept.reason.clone(), Moment(kept.at), kept.count);
            Some(Refused { name, reason, at, count })
        };
        self.refused.iter().filter_map(refusal).collect()
    }

    pub(super) fn set_refusals(&mut self, refused: Vec<Refused>) {
        let kept = |one: Refused| KeptRefusal {
            name: one.name.to_string(),
            reason: one.reason,
            at: one.at.0,
            count: one.count,
        };
        self.refused = refused.into_iter().map(kept).collect();
    }
}

impl AcmeFiles {
    pub(super) fn open(directory: &Path, secrets: Arc<Secrets>) -> Result<Self> {
        let folder = directory.join(FOLDER);
        make_private(&folder)?;
        Ok(Self { folder, secrets, writing: Mutex::default() })
    }

    /// How it stands.
    pub(super) fn standing(&self) -> Result<Standing> {
        Standing::read(&self.folder)
    }

    pub(super) fn keep_standing(&self, standing: &Standing) -> Result<()> {
        let text = serde_json::to_vec_pretty(standing).map_err(Error::internal)?;
        whole_file::write(&self.folder.join(STATE), &text, MODE)
    }

    /// The box's account with an authority.
    pub(super) fn account(&self, directory: &str) -> Result<Option<Secret>> {
        let row = account_row(directory);
        let Some(text) = read_if_there(&self.folder.join(&row))? else { return Ok(None) };
        self.unseal(&row, &text).map(Some)
    }

    pub(super) fn keep_account(&self, directory: &str, account: &Secret) -> Result<()> {
        let _writing = self.writing();
        let row = account_row(directory);
        let text = self.seal(&row, account)?;
        whole_file::write(&self.folder.join(row), text.as_bytes(), MODE)
    }

    /// Forgets an account that its authority does not know any more.
    pub(super) fn drop_account(&self, directory: &str) -> Result<()> {
        let _writing = self.writing();
        whole_file::remove_if_there(&self.folder.join(account_row(directory)))?;
        Ok(())
    }

    /// The certificate that was obtained last.
    pub(super) fn certificate(&self, provider: &CryptoProvider) -> Result<Option<PublicLeaf>> {
        let Some(text) = read_if_there(&self.folder.join(CERTIFICATE))? else { return Ok(None) };
        let sealed = text.find(SEALED).map(|at| &text[at..]);
        let sealed = sealed.ok_or_else(|| Error::internal("the public certificate has no key"))?;
        let key = self.unseal(CERTIFICATE, sealed)?;
        PublicLeaf::read(&text, &key, provider).map(Some)
    }

    /// Keeps a chain with its key: in one file, so that they always fit.
    pub(super) fn keep_certificate(&self, chain: &str, key: &Secret) -> Result<()> {
        let _writing = self.writing();
        let sealed = self.seal(CERTIFICATE, key)?;
        let text = format!("{}\n{sealed}", chain.trim_end());
        whole_file::write(&self.folder.join(CERTIFICATE), text.as_bytes(), MODE)
    }

    fn seal(&self, row: &str, plain: &Secret) -> Result<String> {
        let sealed = self.secrets.seal(Purpose::Acme, &place(row), plain.reveal().as_bytes())?;
        Ok(written(&sealed))
    }

    fn unseal(&self, row: &str, text: &str) -> Result<Secret> {
        let sealed = text.strip_prefix(SEALED).unwrap_or_default();
        let sealed = from_base64(sealed.trim_end()).unwrap_or_default();
        let plain = self.secrets.unseal(Purpose::Acme, &place(row), &sealed)?;
        String::from_utf8(plain.to_vec()).map(Secret::new).map_err(Error::internal)
    }

    fn writing(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing sealed is written as long as this is held.
    pub(super) fn hold(&self) -> MutexGuard<'_, ()> {
        self.writing()
    }
}

/// What a folder of certificates holds of a public authority, for somebody who only looks: how it
/// stands, and the chain that was obtained last. Opens nothing that is sealed.
pub(in crate::platform::tls) fn kept(directory: &Path) -> Result<(Standing, Option<String>)> {
    let folder = directory.join(FOLDER);
    Ok((Standing::read(&folder)?, read_if_there(&folder.join(CERTIFICATE))?))
}

/// Seals what an older master key sealed anew; gives how many those were.
pub(in crate::platform::tls) fn seal_anew(directory: &Path, secrets: &Secrets) -> Result<usize> {
    let folder = directory.join(FOLDER);
    if !folder.is_dir() {
        return Ok(0);
    }
    let mut count = 0;
    for entry in std::fs::read_dir(&folder)? {
        let name = entry?.file_name();
        let Some(row) = name.to_str() else { continue };
        if row != CERTIFICATE && !(row.starts_with(ACCOUNT) && row.ends_with(".sealed")) {
            continue;
        }
        let path = folder.join(row);
        let Some(text) = read_if_there(&path)? else { continue };
        let Some(at) = text.find(SEALED) else { continue };
        let (front, sealed) = text.split_at(at);
        let sealed = from_base64(sealed[SEALED.len()..].trim_end()).unwrap_or_default();
        if let Some(anew) = secrets.seal_anew(Purpose::Acme, &place(row), &sealed)? {
            whole_file::write(&path, format!("{front}{}", written(&anew)).as_bytes(), MODE)?;
            count += 1;
        }
    }
    Ok(count)
}

fn written(sealed: &[u8]) -> String {
    format!("{SEALED}{}\n", to_base64(sealed))
}

fn account_row(directory: &str) -> String {
    let digest = Sha256::digest(directory);
    format!("{ACCOUNT}{}.sealed", to_hex(digest.get(..8).unwrap_or_default()))
}

/// What is sealed stands in its own file only.
fn place(row: &str) -> Place<'_> {
    Place { table: "tls", column: "acme", row: row.as_bytes() }
}

impl PublicLeaf {
    /// Reads a chain and checks that the key is the right one.
    pub(super) fn read(chain: &str, key: &Secret, provider: &CryptoProvider) -> Result<Self> {
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(chain.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(Error::internal)?;
        let first = certificates.first();
        let first = first.ok_or_else(|| Error::internal("the chain holds no certificate"))?;
        let facts = reading::leaf_facts(first)?;
        let (fingerprint, issuer) = (reading::fingerprint(first), reading::issuer(first)?);
        let key = PrivateKeyDer::from_pem_slice(key.reveal().as_bytes());
        let key = key.map_err(|_| Error::internal("the certificate's key cannot be read"))?;
        let key = CertifiedKey::from_der(certificates, key, provider).map_err(Error::internal)?;
        Ok(Self { key: Arc::new(key), facts, fingerprint, issuer })
    }

    /// The certificate itself.
    pub(super) fn der(&self) -> Option<&CertificateDer<'static>> {
        self.key.cert.first()
    }
}
