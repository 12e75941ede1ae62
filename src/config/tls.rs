//! `[tls]`: which certificate the box shows.

use std::path::PathBuf;

use super::key::{section, text, whole};
use super::setting::Choice;

section! {
    /// Which certificate the box shows.
    Tls = "tls" {
        /// `local-ca`: the box signs for itself with a root of its own, which people install
        /// once. `own`: the certificate below.
        mode: TlsMode = text("local-ca"),
        /// PEM file with your certificate and its chain; read again when it changes.
        certificate: Option<PathBuf> = text(""),
        /// PEM file with the private key of your certificate; read again when it changes.
        key: Option<PathBuf> = text(""),
        /// How long a client may take for the TLS handshake.
        handshake_timeout_s: u64 = whole(10, "seconds", 1, 120),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMode {
    LocalCa,
    Own,
}

impl Choice for TlsMode {
    const WORDS: &'static [(&'static str, Self)] =
        &[("local-ca", Self::LocalCa), ("own", Self::Own)];
    const SHAPE: &'static str = "`local-ca` or `own`";
}
