//! Certificates: a CA of the box's own for names that no public CA may vouch for, a public
//! authority beside it, or the operator's pair of files; kept fresh and swapped while connections
//! go on.
//!
//! A root holds for ten years, is bound by critical name constraints to local names and to what
//! the box was called when it was made, and signs leaves of thirty days. A name outside makes a
//! second root. Keys lie in `<data>/tls`, readable by the owner alone.

pub mod acme;
pub mod api;
mod authority;
mod certificates;
mod examined;
mod files;
pub mod jobs;
mod names;
pub mod ops;
mod own;
mod reading;
pub mod rules;
#[cfg(test)]
mod tests;

pub use certificates::{Certificates, Source, WantedNames, kept_roots, seal_keys_anew};
pub use examined::{Examined, ExaminedAuthority, examine_authority, examine_leaf};
pub use names::{box_names, host_name};
pub use own::OwnPair;
pub use rules::Name;

use self::rules::Validity;
use super::clock::Moment;
use super::error::{Code, code};

/// In the data folder.
pub const FOLDER: &str = "tls";

/// The error codes of this resource.
pub const CODES: &[&[Code]] = &[
    acme::CODES,
    &[
        code(
            own::PAIR_REFUSED,
            "The certificate and key named in the configuration cannot be used.",
            "Check that both files are PEM, fit each other, have not ended and need no passphrase.",
        ),
        code(
            ops::NOTHING_TO_RENEW,
            "The box asks no authority for certificates.",
            "The box renews what its own root signs by itself. An own certificate is renewed by \
             putting new files in its place. For an authority set tls.mode to acme.",
        ),
    ],
];

/// Where the certificate in use comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateKind {
    LocalCa,
    Own,
    Acme,
}

impl CertificateKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LocalCa => "local-ca",
            Self::Own => "own",
            Self::Acme => "acme",
        }
    }
}

/// The certificate in use, for people and for health.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateStatus {
    pub kind: CertificateKind,
    pub names: Vec<String>,
    pub not_before: Moment,
    pub not_after: Moment,
    /// SHA-256 of the certificate as `AB:12:…`.
    pub fingerprint: String,
    /// The same of the root that signed it; none with an own certificate.
    pub root_fingerprint: Option<String>,
    /// What is wrong, in a sentence: it ends soon, or a renewal or a new file was refused.
    pub trouble: Option<String>,
}

impl CertificateStatus {
    pub fn validity(&self) -> Validity {
        Validity { not_before: self.not_before, not_after: self.not_after }
    }
}

/// A root people can take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// SHA-256 as `AB:12:…`.
    pub fingerprint: String,
    pub not_after: Moment,
    /// What devices list it as, e.g. `Holdfast kitchen 1a2b3c4d`.
    pub name: String,
    /// The domains, each with everything below it, and the networks it can vouch for.
    pub names: Vec<String>,
    pub pem: String,
    pub der: Vec<u8>,
}

impl Root {
    /// The first eight digits of the fingerprint, for file names and addresses.
    pub fn short(&self) -> String {
        self.fingerprint
            .chars()
            .filter(|one| *one != ':')
            .take(8)
            .collect::<String>()
            .to_lowercase()
    }
}
