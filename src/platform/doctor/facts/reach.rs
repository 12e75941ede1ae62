//! Names, addresses, listeners and the certificate.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use super::super::host::text_of;
use super::super::look::Look;
use super::super::rules::authority::{Authority, Signed};
use super::super::rules::reach::{Certificate, Resolved};
use crate::config::TlsMode;
use crate::platform::clock::{Clock, Moment};
use crate::platform::tls::acme::rules::locality;
use crate::platform::tls::{self, Name, OwnPair};

/// What the package reads when nobody names another file.
const CONFIG_FILE: &str = "/etc/holdfast/holdfast.toml";

/// How long a listener of this machine may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The addresses of this machine.
pub(in crate::platform::doctor) fn own_addresses() -> Vec<IpAddr> {
    let address = |name| match name {
        Name::Address(address) => Some(address),
        Name::Domain(_) => None,
    };
    tls::box_names(&[]).into_iter().filter_map(address).collect()
}

/// The names that somebody gave the box.
pub(in crate::platform::doctor) fn given_names(look: &Look) -> Vec<String> {
    let server = &look.config.server;
    let named = server.names.iter().map(ToString::to_string);
    let mut all: Vec<String> =
        named.chain(server.public_url.iter().map(|url| url.host().to_string())).collect();
    all.sort();
    all.dedup();
    all
}

/// Asks this machine where a name leads. Blocks for as long as the network lets it.
pub(in crate::platform::doctor) fn resolve(name: &str) -> Resolved {
    let found = (name, 0).to_socket_addrs().map_err(|error| error.to_string());
    let found = found.map(|all| all.map(|one| one.ip().to_canonical()).collect());
    Resolved { name: name.to_owned(), found }
}

/// The listeners of the running box, each with why it cannot be reached.
pub(in crate::platform::doctor) fn listeners(
    look: &Look,
) -> Vec<(String, SocketAddr, Option<String>)> {
    let addresses = look.live.iter().flat_map(|live| &live.addresses);
    let tried = addresses.filter_map(|(name, address)| {
        let address: SocketAddr = address.parse().ok()?;
        let to = SocketAddr::new(reachable(address.ip()), address.port());
        let refused = TcpStream::connect_timeout(&to, CONNECT_TIMEOUT).err();
        Some((name.clone(), address, refused.map(|error| error.to_string())))
    });
    tried.collect()
}

/// An address that means all of them is reached by loopback.
fn reachable(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(one) if one.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(one) if one.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        other => other,
    }
}

/// The operator's own pair of files.
pub(in crate::platform::doctor) fn own_pair(look: &Look) -> Option<OwnPair> {
    let tls = &look.config.tls;
    if look.config.server.https.is_none() || tls.mode != TlsMode::Own {
        return None;
    }
    Some(OwnPair { certificate: tls.certificate.clone()?, key: tls.key.clone()? })
}

/// The certificate people get: what the files hold, and what the running box says of it.
pub(in crate::platform::doctor) fn certificate(look: &Look) -> Option<Certificate> {
    let served = look.live.as_ref().and_then(|live| live.certificate.as_ref());
    if let Some(pair) = own_pair(look) {
        let examined = pair.examine();
        return Some(Certificate {
            is_own: true,
            names: examined.names,
            not_before: examined.not_before,
            not_after: examined.not_after,
            trouble: served.and_then(|served| served.trouble.clone()),
            refused: examined.refused,
            chain: examined.chain,
        });
    }
    if let Some(served) = served {
        return Some(Certificate {
            names: served.names.clone(),
            not_after: Some(Moment(served.not_after)),
            // What an authority says is told of the authority.
            trouble: served.trouble.clone().filter(|_| look.config.tls.mode != TlsMode::Acme),
            ..Certificate::default()
        });
    }
    look.config.server.https?;
    let kept = tls::examine_leaf(&look.data().join(tls::FOLDER))?;
    Some(Certificate {
        names: kept.names,
        not_before: kept.not_before,
        not_after: kept.not_after,
        ..Certificate::default()
    })
}

/// How it stands with the authority that the settings name; none where they name none. Blocks.
pub(in crate::platform::doctor) fn authority(look: &Look) -> Option<Authority> {
    let set = &look.config.tls;
    if look.config.server.https.is_none() || set.mode != TlsMode::Acme {
        return None;
    }
    let directory = set.acme_directory.url().to_owned();
    let kept = tls::examine_authority(&look.data().join(tls::FOLDER), &directory);
    let is_public = |name: &String| Name::parse(name).is_some_and(|it| locality(&it).is_none());
    let signed = kept.certificate.and_then(|one| {
        let (names, renewal_at) = (one.names, kept.renewal_at);
        Some(Signed { names, not_after: one.not_after?, renewal_at })
    });
    let refused = kept.refused.into_iter().map(|(name, why)| (name.to_string(), why));
    Some(Authority {
        directory,
        file: look.config_file.as_deref().map_or_else(|| CONFIG_FILE.to_owned(), text_of),
        wanted: given_names(look).into_iter().filter(is_public).collect(),
        terms: kept.terms.filter(|_| !set.acme_terms_agreed),
        signed,
        trouble: kept.trouble,
        refused: refused.collect(),
    })
}

/// The end of the root in use, and whether its key is there.
pub(in crate::platform::doctor) fn root(look: &Look) -> Option<(Moment, bool)> {
    if look.config.tls.mode == TlsMode::Own {
        return None;
    }
    let folder = look.data().join(tls::FOLDER);
    let roots = tls::kept_roots(&folder, &Clock::System).ok()?;
    let first = roots.first()?;
    let has_key = (1..=tls::rules::ROOTS_MAX).any(|number| {
        let certificate = std::fs::read_to_string(folder.join(format!("root-{number}.pem")));
        certificate.is_ok_and(|pem| pem == first.pem)
            && folder.join(format!("root-{number}.key")).is_file()
    });
    Some((first.not_after, has_key))
}
