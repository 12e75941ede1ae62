//! Targets that are named by an address on a machine that has no box: where `holdfast recover`
//! and `holdfast restore` bring bases from.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};

use super::faults::Fault;
use super::http::Limits;
use super::onedrive::Endpoints;
use super::remote::{Means, Remote};
use super::settings::{Settings, check, host_and_port};
use crate::platform::backups::archive::COMMIT_FILE;
use crate::platform::error::Error;
use crate::platform::notices::Roots;
use crate::platform::secret::Secret;

/// What is written in front of the names of settings in the environment.
pub const PREFIX: &str = "HOLDFAST_TARGET_";
/// How the names of all parts end.
const PART_ENDING: &str = ".tar.zst.age";
/// A larger file holds no credentials.
const CREDENTIALS_BYTES_MAX: u64 = 64 * 1024;

/// What opens a target, from a file of TOML or from the environment.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Credentials {
    endpoint: Option<String>,
    region: Option<String>,
    access_key: Option<String>,
    secret_key: Option<Secret>,
    user: Option<String>,
    password: Option<Secret>,
    private_key: Option<Secret>,
    /// A file with the private key.
    private_key_file: Option<PathBuf>,
    host_key: Option<String>,
    /// A file with further authorities that vouch for servers.
    ca_file: Option<PathBuf>,
}

impl Credentials {
    /// Reads a file of them. Blocks.
    pub fn of_file(path: &Path) -> Result<Self, String> {
        let wrong = |why: String| format!("{} holds no credentials: {why}", path.display());
        let size = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?.len();
        if size > CREDENTIALS_BYTES_MAX {
            return Err(wrong("it is too large".to_owned()));
        }
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        // The words of an error of TOML would show the line, and with it the secret.
        let read = toml::from_str::<Self>(&text);
        read.map_err(|error| wrong(error.message().to_owned()))
    }

    /// Takes them from variables, e.g. `HOLDFAST_TARGET_SECRET_KEY`.
    pub fn of_environment(read: impl Fn(&str) -> Option<String>) -> Self {
        let text = |name: &str| read(&format!("{PREFIX}{name}")).filter(|it| !it.is_empty());
        let secret = |name: &str| text(name).map(Secret::new);
        Self {
            endpoint: text("ENDPOINT"),
            region: text("REGION"),
            access_key: text("ACCESS_KEY"),
            secret_key: secret("SECRET_KEY"),
            user: text("USER"),
            password: secret("PASSWORD"),
            private_key: secret("PRIVATE_KEY"),
            private_key_file: text("PRIVATE_KEY_FILE").map(PathBuf::from),
            host_key: text("HOST_KEY"),
            ca_file: text("CA_FILE").map(PathBuf::from),
        }
    }

    /// What is said here, and in `other` where nothing is said here.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            endpoint: self.endpoint.or(other.endpoint),
            region: self.region.or(other.region),
            access_key: self.access_key.or(other.access_key),
            secret_key: self.secret_key.or(other.secret_key),
            user: self.user.or(other.user),
            password: self.password.or(other.password),
            private_key: self.private_key.or(other.private_key),
            private_key_file: self.private_key_file.or(other.private_key_file),
            host_key: self.host_key.or(other.host_key),
            ca_file: self.ca_file.or(other.ca_file),
        }
    }

    /// As it is handed to the running box: secrets included, files of keys read. Blocks.
    pub fn to_json(mut self) -> Result<Value, String> {
        self.read_key_file()?;
        // The box has another working folder.
        let ca_file = self.ca_file.as_deref().map(std::path::absolute).transpose();
        let ca_file = ca_file.map_err(|error| error.to_string())?;
        let said = |secret: &Option<Secret>| secret.as_ref().map(|it| it.reveal().to_owned());
        Ok(json!({
            "endpoint": self.endpoint, "region": self.region, "access_key": self.access_key,
            "secret_key": said(&self.secret_key), "user": self.user,
            "password": said(&self.password), "private_key": said(&self.private_key),
            "host_key": self.host_key, "ca_file": ca_file,
        }))
    }

    fn read_key_file(&mut self) -> Result<(), String> {
        if let Some(path) = self.private_key_file.take() {
            let read = std::fs::read_to_string(&path);
            let text = read.map_err(|error| format!("{}: {error}", path.display()))?;
            self.private_key = Some(Secret::new(text));
        }
        Ok(())
    }

    fn settings(&mut self) -> Result<Settings, String> {
        self.read_key_file()?;
        Ok(Settings {
            host_key: self.host_key.take(),
            password: self.password.take(),
            private_key: self.private_key.take(),
            secret_key: self.secret_key.take(),
            ..Settings::default()
        })
    }
}

/// Where bases are brought from.
pub struct Source;

impl Source {
    /// Opens what `--from` names: a path, `s3://bucket/prefix`, `sftp://user@host:port/path`,
    /// `webdav+https://host/path` or, the same, `webdavs://host/path`. Blocks. The error is a
    /// sentence.
    pub fn read(from: &str, mut credentials: Credentials) -> Result<Remote, String> {
        let Some((scheme, rest)) = from.split_once("://") else {
            return Ok(Remote::folder(Path::new(from)));
        };
        let mut settings = credentials.settings()?;
        let kind = match scheme {
            "s3" => {
                let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
                settings.bucket = Some(bucket.to_owned());
                settings.prefix = Some(prefix.to_owned());
                settings.endpoint = credentials.endpoint.take();
                settings.region = credentials.region.take();
                settings.access_key = credentials.access_key.take();
                "s3"
            }
            "sftp" => {
                sftp_of(rest, credentials.user.take(), &mut settings)?;
                "sftp"
            }
            "webdav+https" | "webdavs" | "webdav+http" | "webdav" => {
                let is_plain = matches!(scheme, "webdav+http" | "webdav");
                let scheme = if is_plain { "http" } else { "https" };
                settings.url = Some(format!("{scheme}://{rest}"));
                settings.user = credentials.user.take();
                "webdav"
            }
            _ => {
                let known = "a path, s3://, sftp:// and webdav+https://";
                return Err(format!("Bases come from {known}, not from {scheme}://."));
            }
        };
        // What opens another kind of place stays in its envelope.
        if kind != "s3" {
            settings.secret_key = None;
        }
        if kind != "sftp" {
            (settings.host_key, settings.private_key) = (None, None);
        }
        if kind == "s3" {
            settings.password = None;
        }
        let checked = check("from", kind, &settings, Path::new("/"), None);
        let checked = checked.map_err(|error| sentence(&error))?;
        let roots = Roots::read(credentials.ca_file.as_deref()).map_err(|it| it.to_string())?;
        let means = Means {
            credential: checked.credential,
            tls: roots.client(),
            limits: Limits::USUAL,
            keeper: None,
            microsoft: Endpoints::default(),
        };
        Ok(Remote::at(&checked.place, means))
    }
}

/// Reads `user@host:port/path`; `/~/path` is below the home of the user.
fn sftp_of(rest: &str, user: Option<String>, settings: &mut Settings) -> Result<(), String> {
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (named, address) = match authority.rsplit_once('@') {
        Some((user, address)) => (Some(user.to_owned()), address),
        None => (None, authority),
    };
    let (host, port) =
        host_and_port(address).ok_or_else(|| format!("{address} is no name of a server."))?;
    settings.host = Some(host);
    settings.port = port.map(i64::from);
    settings.user = named.or(user);
    settings.path = Some(match path.strip_prefix("~/") {
        Some(below_home) => below_home.to_owned(),
        None => format!("/{path}"),
    });
    Ok(())
}

/// What is wrong, in one line, in the words of the environment.
fn sentence(error: &Error) -> String {
    let Error::Invalid(fields) = error else { return error.to_string() };
    let words = fields.iter().map(|field| {
        let name = field.field.trim_start_matches("settings.");
        format!("{name} ({PREFIX}{}): {}", name.to_uppercase(), field.detail)
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A base that lies at a target. Nobody has looked at its signature yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseAt {
    /// Below the target, e.g. `box-0123abcd/base/00000001-20261121T023000Z`; empty when the
    /// address named the base itself.
    pub folder: String,
    /// Its files, without the folder, and their bytes.
    pub files: Vec<(String, u64)>,
}

impl BaseAt {
    /// A file of it, below the target.
    pub fn place(&self, file: &str) -> String {
        if self.folder.is_empty() { file.to_owned() } else { format!("{}/{file}", self.folder) }
    }

    /// Whether it has what is written last.
    pub fn is_finished(&self) -> bool {
        self.has(|name| name == COMMIT_FILE)
    }

    fn has(&self, is_it: impl Fn(&str) -> bool) -> bool {
        self.files.iter().any(|(name, _)| is_it(name))
    }
}

/// The folders at a target that are a base, or seem to be what came of one, in the order of their
/// names.
pub async fn list_bases(remote: &Remote) -> Result<Vec<BaseAt>, Fault> {
    let mut bases: Vec<BaseAt> = Vec::new();
    for file in remote.list("").await? {
        let (folder, name) = file.name.rsplit_once('/').unwrap_or(("", &file.name));
        match bases.last_mut().filter(|base| base.folder == folder) {
            Some(base) => base.files.push((name.to_owned(), file.size_bytes)),
            None => bases.push(BaseAt {
                folder: folder.to_owned(),
                files: vec![(name.to_owned(), file.size_bytes)],
            }),
        }
    }
    bases.retain(|base| base.is_finished() || base.has(|name| name.ends_with(PART_ENDING)));
    Ok(bases)
}
