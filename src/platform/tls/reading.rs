//! Reads what a certificate says.

use std::net::IpAddr;

use ipnet::IpNet;
use sha2::{Digest, Sha256};
use x509_parser::extensions::{GeneralName, GeneralSubtree};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::rules::{Constraints, LeafFacts, Name, RootFacts, Validity};
use crate::platform::clock::Moment;
use crate::platform::error::{Error, Result};

/// Reads names and validity of a server's certificate.
pub(super) fn leaf_facts(der: &[u8]) -> Result<LeafFacts> {
    let certificate = parse(der)?;
    Ok(LeafFacts { validity: validity(&certificate), names: names(&certificate) })
}

/// Reads validity and name constraints of a root.
pub(super) fn root_facts(der: &[u8]) -> Result<RootFacts> {
    let certificate = parse(der)?;
    let extension = certificate.name_constraints().map_err(Error::internal)?;
    let permitted = extension.and_then(|one| one.value.permitted_subtrees.as_ref());
    let mut constraints = Constraints::default();
    for subtree in permitted.into_iter().flatten() {
        add_subtree(&mut constraints, subtree);
    }
    Ok(RootFacts { validity: validity(&certificate), constraints })
}

/// Who signed a certificate: its common name, or all of its name.
pub(super) fn issuer(der: &[u8]) -> Result<String> {
    let certificate = parse(der)?;
    let issuer = certificate.issuer();
    let common = issuer.iter_common_name().next().and_then(|name| name.as_str().ok());
    Ok(common.map_or_else(|| issuer.to_string(), ToOwned::to_owned))
}

/// Writes the SHA-256 of a certificate as people compare it: `AB:12:…`, 32 pairs.
pub(super) fn fingerprint(der: &[u8]) -> String {
    let pairs: Vec<String> = Sha256::digest(der).iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

fn parse(der: &[u8]) -> Result<X509Certificate<'_>> {
    X509Certificate::from_der(der).map(|(_, certificate)| certificate).map_err(Error::internal)
}

fn validity(certificate: &X509Certificate<'_>) -> Validity {
    let validity = certificate.validity();
    let moment = |seconds: i64| Moment(seconds.saturating_mul(1000));
    Validity {
        not_before: moment(validity.not_before.timestamp()),
        not_after: moment(validity.not_after.timestamp()),
    }
}

/// The alternative names in steady order; wildcards and kinds a browser does not use are left out.
fn names(certificate: &X509Certificate<'_>) -> Vec<Name> {
    let extension = certificate.subject_alternative_name().ok().flatten();
    let general = extension.map(|one| one.value.general_names.as_slice()).unwrap_or_default();
    let mut names: Vec<Name> = general.iter().filter_map(name).collect();
    names.sort();
    names
}

fn name(general: &GeneralName<'_>) -> Option<Name> {
    match general {
        GeneralName::DNSName(domain) => Name::parse(domain),
        GeneralName::IPAddress(bytes) => address(bytes).map(Name::Address),
        _ => None,
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = || <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from);
    let v6 = || <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from);
    v4().or_else(v6)
}

fn add_subtree(constraints: &mut Constraints, subtree: &GeneralSubtree<'_>) {
    match &subtree.base {
        GeneralName::DNSName(domain) => constraints.domains.push((*domain).to_owned()),
        GeneralName::IPAddress(bytes) => {
            let (address_bytes, mask) = bytes.split_at(bytes.len() / 2);
            let net = address(address_bytes)
                .zip(address(mask))
                .and_then(|(address, mask)| IpNet::with_netmask(address, mask).ok());
            constraints.networks.extend(net);
        }
        _ => {}
    }
}
