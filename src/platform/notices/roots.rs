//! Which authorities vouch for mail servers and receivers: those of the machine, and what the
//! configuration names besides. An own authority is added to the machine's as usual.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tracing::warn;

use crate::platform::error::{Error, Result};

/// Authorities, read once.
pub(in crate::platform) struct Roots {
    certificates: Vec<CertificateDer<'static>>,
    client: Arc<ClientConfig>,
}

impl Roots {
    /// Reads them. Blocks.
    pub(in crate::platform) fn read(more: Option<&Path>) -> Result<Self> {
        let found = rustls_native_certs::load_native_certs();
        for error in found.errors {
            warn!("An authority of this machine could not be read: {error}");
        }
        let mut certificates = found.certs;
        if let Some(path) = more {
            let unusable = |error| {
                Error::internal(format!("{} holds no authorities: {error}", path.display()))
            };
            let own = CertificateDer::pem_file_iter(path).map_err(unusable)?;
            for one in own {
                certificates.push(one.map_err(unusable)?);
            }
        }
        Self::of(certificates)
    }

    /// Nobody is trusted.
    #[cfg(test)]
    pub(super) fn none() -> Self {
        Self::of(Vec::new()).expect("a client")
    }

    fn of(certificates: Vec<CertificateDer<'static>>) -> Result<Self> {
        let mut store = RootCertStore::empty();
        let usable = certificates.into_iter().filter(|one| store.add(one.clone()).is_ok());
        let certificates = usable.collect();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(Error::internal)?
            .with_root_certificates(store)
            .with_no_client_auth();
        Ok(Self { certificates, client: Arc::new(client) })
    }

    pub(super) fn certificates(&self) -> &[CertificateDer<'static>] {
        &self.certificates
    }

    /// For connections that are not mail.
    pub(in crate::platform) fn client(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.client)
    }
}
