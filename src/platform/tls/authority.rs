//! The local CA: makes roots that can vouch for local names only, and leaves below them.

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    NameConstraints, SanType, SerialNumber,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use time::OffsetDateTime;

use super::files::StoredRoot;
use super::reading;
use super::rules::{
    Constraints, LEAF_LIFETIME, LeafFacts, Name, ROOT_LIFETIME, RootFacts, Validity,
};
use crate::platform::clock::Moment;
use crate::platform::error::{Error, Result};
use crate::platform::random::Random;
use crate::platform::secret::{Secret, to_hex};

/// The label in a root's name; RFC 5280 allows 64 characters in all.
const LABEL_LENGTH_MAX: usize = 40;

/// A root with the key to sign with, where it is still there.
pub(super) struct Authority {
    pub(super) der: CertificateDer<'static>,
    pub(super) pem: String,
    pub(super) name: String,
    pub(super) facts: RootFacts,
    key: Option<Secret>,
}

/// A server certificate with its key.
pub(super) struct Leaf {
    pub(super) der: CertificateDer<'static>,
    pub(super) key: PrivateKeyDer<'static>,
    pub(super) facts: LeafFacts,
    /// Certificate and key as they are kept on disk.
    pub(super) pem: Secret,
}

impl Authority {
    /// Makes a root for the local ranges and `names`. `label` tells people whose it is.
    pub(super) fn make(random: &Random, now: Moment, label: &str, names: &[Name]) -> Result<Self> {
        let key = KeyPair::generate().map_err(Error::internal)?;
        let validity = Validity::starting(now, ROOT_LIFETIME);
        let mark = to_hex(&random.bytes::<4>());
        let label: String = label.chars().filter(char::is_ascii_graphic).collect();
        let label = label.get(..LABEL_LENGTH_MAX).unwrap_or(&label);
        let mut params = params(random, validity, &format!("Holdfast {label} {mark}"))?;
        // No intermediates: a stolen leaf key must not become a CA.
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.name_constraints = Some(name_constraints(&Constraints::for_names(names)));
        let certificate = params.self_signed(&key).map_err(Error::internal)?;
        Self::read(&StoredRoot {
            certificate: certificate.pem(),
            key: Some(Secret::new(key.serialize_pem())),
            is_plain: false,
        })
    }

    pub(super) fn read(stored: &StoredRoot) -> Result<Self> {
        let der = CertificateDer::from_pem_slice(stored.certificate.as_bytes())
            .map_err(Error::internal)?;
        // A root is its own issuer.
        let (name, facts) = (reading::issuer(&der)?, reading::root_facts(&der)?);
        Ok(Self { der, pem: stored.certificate.clone(), name, facts, key: stored.key.clone() })
    }

    pub(super) fn stored(&self) -> StoredRoot {
        let (certificate, key) = (self.pem.clone(), self.key.clone());
        StoredRoot { certificate, key, is_plain: false }
    }

    pub(super) fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// Makes a server certificate with a new key.
    pub(super) fn make_leaf(&self, random: &Random, now: Moment, names: &[Name]) -> Result<Leaf> {
        let root_key = self.key.as_ref().ok_or_else(|| Error::internal("the root has no key"))?;
        let root_key = KeyPair::from_pem(root_key.reveal()).map_err(Error::internal)?;
        let issuer = Issuer::from_ca_cert_der(&self.der, root_key).map_err(Error::internal)?;
        let key = KeyPair::generate().map_err(Error::internal)?;
        let mut params = params(random, Validity::starting(now, LEAF_LIFETIME), "Holdfast")?;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        params.subject_alt_names = names.iter().map(alternative_name).collect::<Result<_>>()?;
        let certificate = params.signed_by(&key, &issuer).map_err(Error::internal)?;
        Leaf::read(Secret::new(format!("{}{}", certificate.pem(), key.serialize_pem())))
    }

    /// Whether this root's key signed `leaf`.
    pub(super) fn signed(&self, leaf: &[u8]) -> bool {
        use x509_parser::prelude::{FromDer, X509Certificate};
        let Ok((_, root)) = X509Certificate::from_der(&self.der) else { return false };
        let Ok((_, leaf)) = X509Certificate::from_der(leaf) else { return false };
        leaf.verify_signature(Some(root.public_key())).is_ok()
    }
}

impl Leaf {
    pub(super) fn read(pem: Secret) -> Result<Self> {
        let text = pem.reveal().as_bytes();
        let der = CertificateDer::from_pem_slice(text).map_err(Error::internal)?;
        let key = PrivateKeyDer::from_pem_slice(text).map_err(Error::internal)?;
        let facts = reading::leaf_facts(&der)?;
        Ok(Self { der, key, facts, pem })
    }
}

/// What roots and leaves have in common: a random serial number, the validity, a name.
fn params(random: &Random, validity: Validity, common_name: &str) -> Result<CertificateParams> {
    let mut params = CertificateParams::default();
    params.not_before = date_time(validity.not_before)?;
    params.not_after = date_time(validity.not_after)?;
    let mut serial = random.bytes::<16>();
    // Positive and never shorter: RFC 5280 §4.1.2.2.
    serial[0] = serial[0] & 0x7f | 0x40;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    params.distinguished_name = name;
    Ok(params)
}

fn date_time(moment: Moment) -> Result<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(moment.0.div_euclid(1000)).map_err(Error::internal)
}

fn name_constraints(constraints: &Constraints) -> NameConstraints {
    let domains = constraints.domains.iter().cloned().map(GeneralSubtree::DnsName);
    let networks = constraints.networks.iter().map(|net| {
        GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(net.network(), net.prefix_len()))
    });
    NameConstraints {
        permitted_subtrees: domains.chain(networks).collect(),
        excluded_subtrees: Vec::new(),
    }
}

fn alternative_name(name: &Name) -> Result<SanType> {
    Ok(match name {
        Name::Domain(domain) => {
            SanType::DnsName(domain.as_str().try_into().map_err(Error::internal)?)
        }
        Name::Address(address) => SanType::IpAddress(*address),
    })
}
