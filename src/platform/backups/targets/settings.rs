//! What somebody wrote of a target, and whether it can be used.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::rules::{Credential, Place};
use crate::platform::error::{Error, FieldError, Result, collected};
use crate::platform::secret::Secret;
use crate::platform::workspaces::rules::clean_name;

/// Characters of a path.
const PATH_LENGTH_MAX: usize = 1_000;
/// Characters of an address.
const URL_LENGTH_MAX: usize = 500;
const HOST_LENGTH_MAX: usize = 253;
/// Characters of a user, a region, a key's id.
const WORD_LENGTH_MAX: usize = 200;
/// Characters of a secret. A private key of RSA with 4096 bits has 3,400.
const SECRET_LENGTH_MAX: usize = 16_000;
const SFTP_PORT: i64 = 22;
/// Where S3 is that is not said otherwise, and what stores call a region when they have none.
const S3_ENDPOINT: &str = "https://s3.amazonaws.com";
const S3_REGION: &str = "us-east-1";

/// All settings of all kinds, as they were written.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    pub path: Option<String>,
    pub endpoint: Option<String>,
    pub bucket: Option<String>,
    pub region: Option<String>,
    pub access_key: Option<String>,
    pub secret_key: Option<Secret>,
    pub prefix: Option<String>,
    pub host: Option<String>,
    pub port: Option<i64>,
    pub user: Option<String>,
    pub password: Option<Secret>,
    pub private_key: Option<Secret>,
    pub host_key: Option<String>,
    pub url: Option<String>,
    pub client_id: Option<String>,
    pub folder: Option<String>,
}

impl Settings {
    /// What a place has, to be written over.
    pub fn of(place: &Place) -> Self {
        let mut it = Self::default();
        match place.clone() {
            Place::Folder { path } => it.path = Some(path.to_string_lossy().into_owned()),
            Place::S3 { endpoint, bucket, region, access_key, prefix } => {
                (it.endpoint, it.bucket, it.region) = (Some(endpoint), Some(bucket), Some(region));
                (it.access_key, it.prefix) = (Some(access_key), Some(prefix));
            }
            Place::Sftp { host, port, user, host_key, path } => {
                (it.host, it.port, it.user) = (Some(host), Some(port.into()), Some(user));
                (it.host_key, it.path) = (host_key, Some(path));
            }
            Place::WebDav { url, user, path } => {
                (it.url, it.user, it.path) = (Some(url), user, Some(path));
            }
            Place::OneDrive { client_id, folder } => {
                (it.client_id, it.folder) = (Some(client_id), Some(folder));
            }
        }
        it
    }

    /// These settings, and those of `before` where they say nothing.
    #[must_use]
    pub fn over(self, before: Self) -> Self {
        Self {
            path: self.path.or(before.path),
            endpoint: self.endpoint.or(before.endpoint),
            bucket: self.bucket.or(before.bucket),
            region: self.region.or(before.region),
            access_key: self.access_key.or(before.access_key),
            secret_key: self.secret_key.or(before.secret_key),
            prefix: self.prefix.or(before.prefix),
            host: self.host.or(before.host),
            port: self.port.or(before.port),
            user: self.user.or(before.user),
            password: self.password.or(before.password),
            private_key: self.private_key.or(before.private_key),
            host_key: self.host_key.or(before.host_key),
            url: self.url.or(before.url),
            client_id: self.client_id.or(before.client_id),
            folder: self.folder.or(before.folder),
        }
    }

    /// The names of those that are there.
    fn given(&self) -> Vec<&'static str> {
        let texts = [
            ("path", &self.path),
            ("endpoint", &self.endpoint),
            ("bucket", &self.bucket),
            ("region", &self.region),
            ("access_key", &self.access_key),
            ("prefix", &self.prefix),
            ("host", &self.host),
            ("user", &self.user),
            ("host_key", &self.host_key),
            ("url", &self.url),
            ("client_id", &self.client_id),
            ("folder", &self.folder),
        ];
        let secrets = [
            ("secret_key", &self.secret_key),
            ("password", &self.password),
            ("private_key", &self.private_key),
        ];
        let texts = texts.into_iter().filter(|(_, it)| it.is_some()).map(|(name, _)| name);
        let secrets = secrets.into_iter().filter(|(_, it)| it.is_some()).map(|(name, _)| name);
        texts.chain(secrets).chain(self.port.map(|_| "port")).collect()
    }
}

/// What was found good.
#[derive(Debug)]
pub struct Checked {
    pub name: String,
    pub place: Place,
    /// None: the one that is kept stays.
    pub credential: Option<Credential>,
}

/// What the box has of the target already.
#[derive(Debug, Clone, Copy)]
pub struct Kept<'a> {
    pub place: &'a Place,
    pub has_secret: bool,
}

/// Checks what somebody wrote of a target. `data` is the box's own folder.
pub fn check(
    name: &str,
    kind: &str,
    settings: &Settings,
    data: &Path,
    kept: Option<Kept<'_>>,
) -> Result<Checked> {
    let mut asked = Asked { settings, wrong: Vec::new(), known: Vec::new() };
    let name = collected(clean_name("name", name), &mut asked.wrong)?.unwrap_or_default();
    let place = match kind {
        "folder" => asked.folder(data),
        "s3" => asked.s3(),
        "sftp" => asked.sftp(),
        "webdav" => asked.webdav(),
        "onedrive" => asked.onedrive(),
        _ => {
            let detail = "Backups can go to: folder, s3, sftp, webdav, onedrive.";
            asked.wrong.push(FieldError::new("kind", "target-kind", detail));
            return Err(Error::Invalid(asked.wrong));
        }
    };
    let credential = asked.credential(&place, kept);
    asked.refuse_strangers(kind);
    if asked.wrong.is_empty() {
        Ok(Checked { name, place, credential })
    } else {
        Err(Error::Invalid(asked.wrong))
    }
}

struct Asked<'a> {
    settings: &'a Settings,
    wrong: Vec<FieldError>,
    known: Vec<&'static str>,
}

impl<'a> Asked<'a> {
    fn complain(&mut self, field: &str, code: &'static str, detail: &str) {
        self.wrong.push(FieldError::new(format!("settings.{field}"), code, detail));
    }

    /// A text of a kind, trimmed. An empty one counts as left out.
    fn text(&mut self, name: &'static str, value: Option<&'a String>) -> Option<&'a str> {
        self.known.push(name);
        let text = value.map(|it| it.trim()).filter(|text| !text.is_empty())?;
        if text.chars().any(char::is_control) || text.chars().count() > PATH_LENGTH_MAX {
            self.complain(name, "target-value", "It is too long or has control characters.");
            return None;
        }
        Some(text)
    }

    fn needed(&mut self, name: &'static str, value: Option<&'a String>) -> String {
        let before = self.wrong.len();
        let text = self.text(name, value).unwrap_or_default().to_owned();
        if text.is_empty() && self.wrong.len() == before {
            self.complain(name, "target-setting", "This is needed.");
        }
        text
    }

    fn word(&mut self, name: &'static str, value: Option<&'a String>) -> String {
        let word = self.needed(name, value);
        if word.len() > WORD_LENGTH_MAX || word.contains(char::is_whitespace) {
            self.complain(name, "target-value", "Write it without spaces.");
        }
        word
    }

    /// A folder of the other side, with `/` between the names and none at the end.
    fn below(&mut self, name: &'static str, value: Option<&'a String>) -> String {
        let path = self.text(name, value).unwrap_or_default();
        if path.split('/').any(|part| part == ".." || part == ".") || path.contains('\\') {
            self.complain(name, "target-path", "Write the path without . and .. in it.");
        }
        let starts = if path.starts_with('/') { "/" } else { "" };
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        format!("{starts}{}", parts.join("/"))
    }

    fn folder(&mut self, data: &Path) -> Place {
        self.known.push("path");
        let path = PathBuf::from(self.settings.path.clone().unwrap_or_default());
        if let Some(detail) = path_fault(&path, data) {
            self.complain("path", "target-path", detail);
        }
        Place::Folder { path }
    }

    fn s3(&mut self) -> Place {
        let settings = self.settings;
        let endpoint = self.text("endpoint", settings.endpoint.as_ref()).unwrap_or(S3_ENDPOINT);
        let endpoint = endpoint.trim_end_matches('/').to_owned();
        // Nothing secret goes over the line: requests are signed and backups encrypted.
        self.check_url("endpoint", &endpoint, Plain::InOwnNetwork);
        let bucket = self.word("bucket", settings.bucket.as_ref());
        let is_plain = |one: char| one.is_ascii_alphanumeric() || matches!(one, '-' | '.' | '_');
        if !bucket.is_empty() && (bucket.len() > 255 || !bucket.chars().all(is_plain)) {
            self.complain("bucket", "target-value", "A bucket has letters, digits and - only.");
        }
        let region = self.text("region", settings.region.as_ref()).unwrap_or(S3_REGION).to_owned();
        let access_key = self.word("access_key", settings.access_key.as_ref());
        let prefix =
            self.below("prefix", settings.prefix.as_ref()).trim_start_matches('/').to_owned();
        Place::S3 { endpoint, bucket, region, access_key, prefix }
    }

    fn sftp(&mut self) -> Place {
        let settings = self.settings;
        let host = self.needed("host", settings.host.as_ref()).to_lowercase();
        if !host.is_empty() && !is_host(&host) {
            self.complain("host", "target-host", "This is no name or address of a server.");
        }
        self.known.push("port");
        let port = u16::try_from(settings.port.unwrap_or(SFTP_PORT)).unwrap_or(0);
        if port == 0 {
            self.complain("port", "target-port", "A port is from 1 to 65535.");
        }
        let user = self.word("user", settings.user.as_ref());
        let host_key = self.text("host_key", settings.host_key.as_ref()).map(str::to_owned);
        if host_key.as_deref().is_some_and(|key| !is_host_key(key)) {
            let detail = "Write it like ssh-ed25519 AAAA…, or as SHA256:….";
            self.complain("host_key", "target-host-key", detail);
        }
        let path = self.below("path", settings.path.as_ref());
        if path.is_empty() {
            self.complain("path", "target-setting", "Say which folder of the server.");
        }
        Place::Sftp { host, port, user, host_key, path }
    }

    fn webdav(&mut self) -> Place {
        let settings = self.settings;
        let url = self.needed("url", settings.url.as_ref()).trim_end_matches('/').to_owned();
        if !url.is_empty() {
            self.check_url("url", &url, Plain::OnThisMachine);
        }
        let user = self.text("user", settings.user.as_ref()).map(str::to_owned);
        if user.as_deref().is_some_and(|user| user.contains(':') || user.len() > WORD_LENGTH_MAX) {
            self.complain("user", "target-value", "A user has no colon.");
        }
        let path = self.below("path", settings.path.as_ref()).trim_start_matches('/').to_owned();
        Place::WebDav { url, user, path }
    }

    fn onedrive(&mut self) -> Place {
        let settings = self.settings;
        let client_id = self.word("client_id", settings.client_id.as_ref());
        if !client_id.chars().all(|one| one.is_ascii_alphanumeric() || one == '-') {
            self.complain("client_id", "target-value", "It is the id of an app registration.");
        }
        let folder =
            self.below("folder", settings.folder.as_ref()).trim_start_matches('/').to_owned();
        if folder.is_empty() {
            self.complain("folder", "target-setting", "Say which folder of the drive.");
        }
        Place::OneDrive { client_id, folder }
    }

    fn check_url(&mut self, name: &'static str, url: &str, plain: Plain) {
        if let Some(detail) = url_fault(url, plain) {
            self.complain(name, "target-url", detail);
        }
    }

    /// The secret that was given, checked; complains where one is needed that is not kept.
    fn credential(&mut self, place: &Place, kept: Option<Kept<'_>>) -> Option<Credential> {
        let settings = self.settings;
        let (given, field): (Option<Credential>, _) = match place {
            Place::Folder { .. } | Place::OneDrive { .. } => return None,
            Place::S3 { .. } => {
                self.known.push("secret_key");
                (settings.secret_key.clone().map(Credential::SecretKey), "secret_key")
            }
            Place::WebDav { user, .. } => {
                self.known.push("password");
                if user.is_none() && settings.password.is_none() {
                    return None;
                }
                (settings.password.clone().map(Credential::Password), "password")
            }
            Place::Sftp { .. } => {
                self.known.extend(["password", "private_key"]);
                match (&settings.private_key, &settings.password) {
                    (Some(_), Some(_)) => {
                        let detail = "Give a password or a key, not both.";
                        self.complain("password", "target-secret", detail);
                        return None;
                    }
                    (Some(key), None) => (Some(Credential::PrivateKey(key.clone())), "private_key"),
                    (None, password) => (password.clone().map(Credential::Password), "password"),
                }
            }
        };
        let Some(given) = given else {
            // Whoever may change a target must not learn its password by naming another server.
            let is_kept = kept.is_some_and(|it| it.has_secret && it.place.trusts_the_same(place));
            if !is_kept {
                self.complain(field, "target-secret", "Type it for this server and user.");
            }
            return None;
        };
        if let Some(detail) = secret_fault(&given) {
            self.complain(field, "target-secret", detail);
        }
        Some(given)
    }

    fn refuse_strangers(&mut self, kind: &str) {
        for name in self.settings.given() {
            if !self.known.contains(&name) {
                let detail = format!("A target of the kind {kind} has no such setting.");
                self.complain(name, "target-setting", &detail);
            }
        }
    }
}

/// Where an address may be without TLS.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Plain {
    OnThisMachine,
    InOwnNetwork,
}

fn url_fault(url: &str, plain: Plain) -> Option<&'static str> {
    let (is_plain, rest) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(rest), _) => (false, rest),
        (_, Some(rest)) => (true, rest),
        _ => return Some("Write the whole address, beginning with https://."),
    };
    let is_odd = |one: char| one.is_whitespace() || one.is_control() || "?#@\\\"<>".contains(one);
    if url.len() > URL_LENGTH_MAX || rest.contains(is_odd) {
        return Some("Write it without a user, a question mark, # or spaces.");
    }
    let authority = rest.split('/').next().unwrap_or_default();
    let Some((host, port)) = host_and_port(authority) else {
        return Some("This is no name or address of a server.");
    };
    if port == Some(0) {
        return Some("A port is from 1 to 65535.");
    }
    let is_near = is_this_machine(&host) || plain == Plain::InOwnNetwork && is_own_network(&host);
    (is_plain && !is_near).then_some("Write https://: http:// is for the own network only.")
}

/// Reads `name`, `name:port`, `[::1]:port`.
pub(super) fn host_and_port(text: &str) -> Option<(String, Option<u16>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        let port = match port.strip_prefix(':') {
            Some(port) => Some(port.parse().ok()?),
            None if port.is_empty() => None,
            None => return None,
        };
        host.parse::<IpAddr>().ok()?;
        return Some((host.to_owned(), port));
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok()?)),
        None => (text, None),
    };
    is_host(host).then(|| (host.to_lowercase(), port))
}

pub(super) fn is_host(text: &str) -> bool {
    let is_name_part = |part: &str| {
        let is_plain = |one: char| one.is_ascii_alphanumeric() || one == '-' || one == '_';
        !part.is_empty() && part.len() <= 63 && part.chars().all(is_plain)
    };
    let is_name = text.split('.').all(is_name_part);
    text.len() <= HOST_LENGTH_MAX && (is_name || text.parse::<IpAddr>().is_ok())
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Not the addresses of one link: no store lies there, and clouds hand out their keys at one.
fn is_own_network(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => address.is_private(),
        Ok(IpAddr::V6(address)) => address.is_unique_local(),
        Err(_) => false,
    }
}

/// `ssh-ed25519 AAAA…` with or without a comment, or `SHA256:…`.
fn is_host_key(text: &str) -> bool {
    let is_base64 = |part: &str| {
        let is_plain = |one: char| one.is_ascii_alphanumeric() || "+/=".contains(one);
        !part.is_empty() && part.chars().all(is_plain)
    };
    if let Some(print) = text.strip_prefix("SHA256:") {
        return print.trim_end_matches('=').len() == 43 && is_base64(print);
    }
    let mut words = text.split_whitespace();
    let kind = words.next().unwrap_or_default();
    let is_kind = kind.starts_with("ssh-") || kind.starts_with("ecdsa-") || kind.starts_with("sk-");
    is_kind && words.next().is_some_and(|key| key.starts_with("AAAA") && is_base64(key))
}

fn secret_fault(given: &Credential) -> Option<&'static str> {
    let text = given.secret().reveal();
    if text.trim().is_empty() || text.len() > SECRET_LENGTH_MAX {
        return Some("This cannot be used: it is empty or too long.");
    }
    if let Credential::PrivateKey(_) = given {
        let is_key = text.contains("-----BEGIN") && text.contains("PRIVATE KEY-----");
        return (!is_key).then_some("This is no private key as ssh-keygen writes it.");
    }
    text.chars().any(char::is_control).then_some("This has control characters.")
}

fn path_fault(path: &Path, data: &Path) -> Option<&'static str> {
    let is_long = path.as_os_str().len() > PATH_LENGTH_MAX;
    let has_steps = path.components().any(|one| one.as_os_str() == "..");
    if !path.is_absolute() || is_long || has_steps {
        return Some("Write the whole path, beginning with /.");
    }
    if path.to_str().is_none_or(|text| text.contains(char::is_control)) {
        return Some("The path has characters that no folder has.");
    }
    path.starts_with(data).then_some("A backup inside the data folder would burn with it.")
}
