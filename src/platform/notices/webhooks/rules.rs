//! Whom the box may call, and what tells a receiver that it was the box.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, FieldError, Result, code};
use crate::platform::id::Id;
use crate::platform::notices::mail::rules::Last;
use crate::platform::notices::rules::NoticeSpec;
use crate::platform::secret::Secret;
use crate::platform::workspaces::WorkspaceId;
use crate::platform::workspaces::rules::clean_name;

const URL_LENGTH_MAX: usize = 2_000;
/// Receivers of a box.
pub const WEBHOOKS_MAX: i64 = 50;
/// Random bytes of a secret.
pub const SECRET_BYTES: usize = 32;
/// In front of a secret, as Standard Webhooks has it.
const SECRET_PREFIX: &str = "whsec_";

pub const CODES: &[Code] = &[
    code(
        "webhook-url",
        "This is no address of a receiver.",
        "Give the full address, beginning with https, without name and password.",
    ),
    code(
        "webhook-open",
        "Over plain HTTP only receivers in the own network are called.",
        "Use https, or allow private addresses.",
    ),
    code(
        "webhook-private",
        "The address lies in the own network, which is not allowed for this receiver.",
        "Allow private addresses if you mean it.",
    ),
    code("webhooks-too-many", "There are too many receivers.", "Remove one first."),
];

/// A receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    pub id: WebhookId,
    pub name: String,
    pub url: String,
    /// Empty for all.
    pub kinds: Vec<String>,
    /// None: of the box and of every workspace.
    pub workspace: Option<WorkspaceId>,
    pub may_be_private: bool,
    pub is_enabled: bool,
    pub created_at: Moment,
    pub last: Option<Last>,
}
pub type WebhookId = Id<Webhook>;

impl Webhook {
    /// Whether it is called for something of this kind.
    pub fn wants(&self, kind: &str, workspace: Option<WorkspaceId>) -> bool {
        self.is_enabled
            && (self.kinds.is_empty() || self.kinds.iter().any(|one| one == kind))
            && (self.workspace.is_none() || self.workspace == workspace)
    }
}

/// What somebody typed of a receiver; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    pub name: Option<String>,
    pub url: Option<String>,
    pub kinds: Option<Vec<String>>,
    pub may_be_private: Option<bool>,
    pub is_enabled: Option<bool>,
}

impl Draft {
    /// Gives the receiver as it is then, or says all that is wrong.
    pub fn apply(self, before: &Webhook, known: &[&'static NoticeSpec]) -> Result<Webhook> {
        let mut after = before.clone();
        let mut wrong = Vec::new();
        if let Some(name) = self.name {
            match clean_name("name", &name) {
                Ok(name) => after.name = name,
                Err(Error::Invalid(fields)) => wrong.extend(fields),
                Err(other) => return Err(other),
            }
        }
        after.url = self.url.unwrap_or(after.url);
        after.may_be_private = self.may_be_private.unwrap_or(after.may_be_private);
        after.is_enabled = self.is_enabled.unwrap_or(after.is_enabled);
        match Target::read(&after.url) {
            None => {
                let detail = "Write it like https://example.com/hook.";
                wrong.push(FieldError::new("url", "webhook-url", detail));
            }
            Some(target) => wrong.extend(target.refusal(after.may_be_private)),
        }
        if let Some(mut kinds) = self.kinds {
            let unknown = kinds.iter().find(|kind| !known.iter().any(|one| one.kind == *kind));
            if unknown.is_some() {
                wrong.push(FieldError::new("kinds", "notice-kind", "There is no such kind."));
            }
            kinds.sort_unstable();
            kinds.dedup();
            after.kinds = kinds;
        }
        if wrong.is_empty() { Ok(after) } else { Err(Error::Invalid(wrong)) }
    }
}

/// Where a call goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub is_https: bool,
    /// A name, or an address without brackets.
    pub host: String,
    pub port: u16,
    /// What stands behind the host, for the request.
    pub path: String,
    /// Host and port as they were written.
    pub authority: String,
}

impl Target {
    pub fn read(url: &str) -> Option<Self> {
        let is_plain = url.len() <= URL_LENGTH_MAX && url.bytes().all(|one| one.is_ascii_graphic());
        let (scheme, rest) = url.split_once("://").filter(|_| is_plain)?;
        let is_https = match scheme {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let at = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(at);
        let path = path.split('#').next().unwrap_or_default();
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let (host, port) = split_port(authority, if is_https { 443 } else { 80 })?;
        let authority = authority.to_owned();
        Some(Self { is_https, host, port, path, authority })
    }

    /// What can be said against it without looking the name up.
    fn refusal(&self, may_be_private: bool) -> Option<FieldError> {
        if may_be_private {
            return None;
        }
        if !self.is_https {
            let detail = "Use https, or allow private addresses.";
            return Some(FieldError::new("url", "webhook-open", detail));
        }
        let address = self.host.parse::<IpAddr>().ok();
        if self.host == "localhost" || address.is_some_and(|address| !is_public(address)) {
            let detail = "This lies in the own network. Allow private addresses if you mean it.";
            return Some(FieldError::new("url", "webhook-private", detail));
        }
        None
    }
}

fn split_port(authority: &str, usual: u16) -> Option<(String, u16)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            host.parse::<Ipv6Addr>().ok()?;
            let port = if port.is_empty() { None } else { Some(port.strip_prefix(':')?) };
            (host, port)
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let is_host = |one: char| one.is_ascii_alphanumeric() || matches!(one, '.' | '-' | '_' | ':');
    let port = match port {
        Some(port) => port.parse().ok().filter(|port| *port > 0)?,
        None => usual,
    };
    (!host.is_empty() && host.chars().all(is_host)).then(|| (host.to_lowercase(), port))
}

/// Whether an address is one of the internet, and not of this machine or the own network.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_shared = a == 100 && (64..128).contains(&b);
    let is_special = a == 0 || a >= 240 || (a, b, c) == (192, 0, 0) || (a, b, c) == (192, 88, 99);
    let is_benchmark = a == 198 && (b == 18 || b == 19);
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || is_shared
        || is_special
        || is_benchmark)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    // What stands for an IPv4 address is judged as that address.
    let within = match segments {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            Some((high, low))
        }
        [0x2002, high, low, ..] => Some((high, low)),
        _ => None,
    };
    if let Some((high, low)) = within {
        let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    let is_global = (0x2000..0x4000).contains(&segments[0]);
    let is_special = segments[0] == 0x2001 && segments[1] < 0x0200;
    let is_documentation = segments[0] == 0x2001 && segments[1] == 0x0db8 || segments[0] == 0x3fff;
    is_global && !is_special && !is_documentation
}

/// Writes a secret the way receivers' libraries take it.
pub fn secret_text(secret: &[u8]) -> Secret {
    Secret::new(format!("{SECRET_PREFIX}{}", STANDARD.encode(secret)))
}

/// Signs a call: HMAC-SHA-256 over id, time in seconds and body.
pub fn signature(secret: &[u8], id: &str, timestamp_s: i64, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let mut signed = format!("{id}.{timestamp_s}.").into_bytes();
    signed.extend_from_slice(body);
    format!("v1,{}", STANDARD.encode(hmac::sign(&key, &signed)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_one_of_the_standard() {
        // The example of the specification of Standard Webhooks.
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = br#"{"test": 2432232314}"#;

        let signed = signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);

        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn addresses_of_this_machine_and_its_networks_are_not_public() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "::127.0.0.1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn an_address_is_read_as_it_is_called() {
        let read = |url| Target::read(url).unwrap();
        let target = read("https://Example.com/hook?x=1#y");
        assert_eq!((target.host.as_str(), target.port), ("example.com", 443));
        assert_eq!((target.path.as_str(), target.is_https), ("/hook?x=1", true));
        let target = read("http://[::1]:8080");
        assert_eq!((target.host.as_str(), target.port, target.path.as_str()), ("::1", 8080, "/"));
        for bad in [
            "example.com",
            "ftp://example.com",
            "https://",
            "https://a:b@c.d/",
            "https://a:0/",
            "https://a b/",
            "https://a:99999/",
            "https://[::1/",
            "https://a/\r\nx: y",
            "https://ä/",
        ] {
            assert_eq!(Target::read(bad), None, "{bad}");
        }
    }
}
