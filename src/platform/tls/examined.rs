//! Looking at certificates on disk without using them: what a doctor needs to say what is wrong.

use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::acme::files::kept;
use super::files::read_pem;
use super::own::OwnPair;
use super::reading;
use super::rules::Name;
use crate::platform::clock::Moment;
use crate::platform::error::Error;

/// What files say of a certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Examined {
    pub names: Vec<String>,
    pub not_before: Option<Moment>,
    pub not_after: Option<Moment>,
    /// Why the pair cannot be used, whatever the time.
    pub refused: Option<String>,
    /// What is wrong with the certificates behind the first.
    pub chain: Option<String>,
}

impl Examined {
    fn of(der: &[u8]) -> Option<Self> {
        let facts = reading::leaf_facts(der).ok()?;
        Some(Self {
            names: facts.names.iter().map(ToString::to_string).collect(),
            not_before: Some(facts.validity.not_before),
            not_after: Some(facts.validity.not_after),
            ..Self::default()
        })
    }
}

impl OwnPair {
    /// Reads both files. Its end is told apart from what makes a pair unusable. Blocks.
    pub fn examine(&self) -> Examined {
        let text = read_pem(&self.certificate).unwrap_or_default();
        let chain: Vec<CertificateDer<'static>> =
            CertificateDer::pem_slice_iter(text.as_bytes()).flatten().collect();
        let first = chain.first().and_then(|first| Examined::of(first));
        let mut examined = first.unwrap_or_default();
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        // At the moment of its beginning no certificate has ended.
        let then = examined.not_before.unwrap_or_default();
        examined.refused = match self.load(then, &provider) {
            Ok(_) => None,
            Err(Error::Rule(refusal)) => Some(refusal.detail),
            Err(error) => Some(error.to_string()),
        };
        examined.chain = fault_of_chain(&chain);
        examined
    }
}

/// What is wrong with a chain: a link that does not fit, or a missing one.
fn fault_of_chain(chain: &[CertificateDer<'static>]) -> Option<String> {
    let read = |der: &'_ CertificateDer<'static>| X509Certificate::from_der(der).is_ok();
    if !chain.iter().all(read) {
        return None;
    }
    let parsed = chain.iter().filter_map(|der| X509Certificate::from_der(der).ok());
    let all: Vec<X509Certificate<'_>> = parsed.map(|(_, one)| one).collect();
    for pair in all.windows(2) {
        if let [one, next] = pair
            && one.verify_signature(Some(next.public_key())).is_err()
        {
            return Some(format!("{} is not signed by {}", one.subject(), next.subject()));
        }
    }
    let [only] = all.as_slice() else { return None };
    let is_its_own = only.subject() == only.issuer();
    if is_its_own || is_known_root(only.issuer().as_raw()) {
        return None;
    }
    Some(format!("The certificate of its issuer is missing: {}", only.issuer()))
}

/// Whether this machine trusts a root of this name.
fn is_known_root(subject: &[u8]) -> bool {
    let roots = rustls_native_certs::load_native_certs();
    roots.certs.iter().any(|root| {
        X509Certificate::from_der(root).is_ok_and(|(_, root)| root.subject().as_raw() == subject)
    })
}

/// The certificate that a box with a root of its own keeps; none where there is none. Blocks.
pub fn examine_leaf(folder: &Path) -> Option<Examined> {
    let text = read_pem(&folder.join("leaf.pem")).ok()?;
    Examined::of(&CertificateDer::from_pem_slice(text.as_bytes()).ok()?)
}

/// What is kept of a public authority.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExaminedAuthority {
    /// What it signed last, ended or not.
    pub certificate: Option<Examined>,
    pub renewal_at: Option<Moment>,
    /// The address of its terms, once it was asked.
    pub terms: Option<String>,
    /// Why there is no newer certificate, in a sentence.
    pub trouble: Option<String>,
    /// Names that it would not sign for, each with the reason.
    pub refused: Vec<(Name, String)>,
}

/// How it stands with the authority of this directory. Nothing is known before it was asked, or
/// where another one was asked last. Blocks.
pub fn examine_authority(folder: &Path, directory: &str) -> ExaminedAuthority {
    let Ok((standing, chain)) = kept(folder) else { return ExaminedAuthority::default() };
    let chain = chain.filter(|_| standing.signed_by == directory);
    let first = chain.and_then(|chain| CertificateDer::from_pem_slice(chain.as_bytes()).ok());
    let certificate = first.and_then(|der| Examined::of(&der));
    if standing.directory != directory {
        return ExaminedAuthority { certificate, ..ExaminedAuthority::default() };
    }
    ExaminedAuthority {
        renewal_at: standing.renewal_at.map(Moment).filter(|_| certificate.is_some()),
        certificate,
        refused: standing.refusals().into_iter().map(|one| (one.name, one.reason)).collect(),
        terms: standing.terms,
        trouble: standing.trouble,
    }
}
