//! `[tls]`: which certificate the box shows.

use std::path::PathBuf;

use super::authority::{AcmeDirectory, Contact};
use super::key::{Declared, Range, section, switch, text, whole};
use super::setting::Choice;
use crate::platform::secret::Secret;

/// A key that binds an account: 16 bytes at least, as URL-safe base64.
const fn binding_key() -> Declared {
    Declared { range: Range { min: 16, max: 1024, unit: "characters" }, ..text("") }
}

section! {
    /// Which certificate the box shows.
    Tls = "tls" {
        /// `local-ca`: the box signs for itself with a root of its own, which people install
        /// once. `own`: the certificate below. `acme`: a public authority signs for the names in
        /// `server.names` and `server.public_url`, and the box's own root for all others.
        mode: TlsMode = text("local-ca"),
        /// PEM file with your certificate and its chain; read again when it changes.
        certificate: Option<PathBuf> = text(""),
        /// PEM file with the private key of your certificate; read again when it changes.
        key: Option<PathBuf> = text(""),
        /// The authority of mode `acme`: `letsencrypt`, `staging` (the same one for trying out;
        /// browsers do not trust it), or the address of another one's directory.
        acme_directory: AcmeDirectory = text("letsencrypt"),
        /// Mail address the authority may write to. Empty: none is given.
        acme_contact: Option<Contact> = text(""),
        /// Whether you agree to the authority's terms, whose address the System screen and
        /// `holdfast status` show. Nothing is asked of the authority before that.
        acme_terms_agreed: bool = switch(false),
        /// How the box proves that a name is its own. `auto`: over port 80 when `server.http` is
        /// on, and over port 443. `http-01`: over port 80 alone. `tls-alpn-01`: over port 443
        /// alone. `dns-01`: by a record that `acme_dns_hook` makes; then nothing has to be
        /// reachable from outside.
        acme_challenge: AcmeChallenge = text("auto"),
        /// Program that makes and removes records for `dns-01`. It is called with `add` or
        /// `remove`, the record's name and its value.
        acme_dns_hook: Option<PathBuf> = text(""),
        /// PEM file with the root of a private authority's own web server.
        acme_root: Option<PathBuf> = text(""),
        /// Id of the key that binds the account to one you have with the authority. Only some
        /// authorities ask for it.
        acme_binding_id: String = text(""),
        /// The key itself, as URL-safe base64.
        acme_binding_key: Secret = binding_key(),
        /// How long a client may take for the TLS handshake.
        handshake_timeout_s: u64 = whole(10, "seconds", 1, 120),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMode {
    LocalCa,
    Own,
    Acme,
}

impl Choice for TlsMode {
    const WORDS: &'static [(&'static str, Self)] =
        &[("local-ca", Self::LocalCa), ("own", Self::Own), ("acme", Self::Acme)];
    const SHAPE: &'static str = "`local-ca`, `own` or `acme`";
}

/// How a name is proved to be the box's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AcmeChallenge {
    Auto,
    Http,
    TlsAlpn,
    Dns,
}

impl Choice for AcmeChallenge {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("auto", Self::Auto),
        ("http-01", Self::Http),
        ("tls-alpn-01", Self::TlsAlpn),
        ("dns-01", Self::Dns),
    ];
    const SHAPE: &'static str = "`auto`, `http-01`, `tls-alpn-01` or `dns-01`";
}
