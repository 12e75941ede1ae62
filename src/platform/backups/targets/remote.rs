//! The places that backups lie at, spoken to in one way. Names are relative to the target, with `/`
//! between folders. A file is there whole or not at all, and lasting when it is there.

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ClientConfig;

use super::faults::{Fault, Why};
use super::folder::Folder;
use super::http::{Http, Limits};
use super::onedrive::{Endpoints, OneDrive, TokenKeeper};
use super::rules::{Credential, Place, Step};
use super::s3::S3;
use super::sftp::Sftp;
use super::webdav::WebDav;
use crate::platform::secret::Secret;
use crate::platform::tasks;

/// A file at a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub name: String,
    pub size_bytes: u64,
}

/// What was written in a test of a target.
const TEST_TEXT: &[u8] = b"A test by Holdfast. It may be deleted.\n";
/// Bytes at both ends of a file that lies there already which are compared. What is sent is
/// encrypted, so two files that are equal there are one.
const COMPARED_BYTES: u64 = 64 * 1024;
/// Files that are listed at most.
pub(super) const LISTED_MAX: usize = 1_000_000;

/// A target that is being used.
#[derive(Clone)]
pub struct Remote {
    kind: Kind,
    /// Never said in a fault.
    hidden: Arc<[Secret]>,
}

#[derive(Clone)]
enum Kind {
    Folder(Arc<Folder>),
    S3(Arc<S3>),
    Sftp(Arc<Sftp>),
    WebDav(Arc<WebDav>),
    OneDrive(Arc<OneDrive>),
}

/// What a target needs besides its place.
pub(super) struct Means {
    pub(super) credential: Option<Credential>,
    /// Whom servers are vouched for by.
    pub(super) tls: Arc<ClientConfig>,
    pub(super) limits: Limits,
    /// Keeps what OneDrive gives in the place of what was kept.
    pub(super) keeper: Option<TokenKeeper>,
    pub(super) microsoft: Endpoints,
}

/// Does the same with whatever kind it is; a folder does it away from the threads that wait.
macro_rules! on_each {
    ($remote:expr, $it:ident => $doing:expr) => {{
        let outcome = match &$remote.kind {
            Kind::Folder(folder) => {
                let $it = InFolder(folder);
                $doing.await
            }
            Kind::S3($it) => $doing.await,
            Kind::Sftp($it) => $doing.await,
            Kind::WebDav($it) => $doing.await,
            Kind::OneDrive($it) => $doing.await,
        };
        outcome.map_err(|fault: Fault| fault.hiding(&$remote.hidden))
    }};
}

impl Remote {
    /// Nothing is asked of the target yet.
    pub(super) fn at(place: &Place, means: Means) -> Self {
        let Means { credential, tls, limits, keeper, microsoft } = means;
        let hidden = credential.iter().map(|it| it.secret().clone()).collect();
        let http = || Arc::new(Http::new(tls, limits));
        let kind = match place {
            Place::Folder { path } => Kind::Folder(Arc::new(Folder::at(path))),
            Place::S3 { .. } => Kind::S3(Arc::new(S3::at(place, credential.as_ref(), &http()))),
            Place::Sftp { .. } => Kind::Sftp(Arc::new(Sftp::at(place, credential, limits))),
            Place::WebDav { .. } => {
                Kind::WebDav(Arc::new(WebDav::at(place, credential.as_ref(), http())))
            }
            Place::OneDrive { .. } => {
                let drive = OneDrive::at(place, credential, http(), keeper, microsoft);
                Kind::OneDrive(Arc::new(drive))
            }
        };
        Self { kind, hidden }
    }

    /// A folder of this machine.
    pub fn folder(path: &Path) -> Self {
        Self { kind: Kind::Folder(Arc::new(Folder::at(path))), hidden: Arc::default() }
    }

    /// Where a file lies when it is one of this machine.
    pub fn on_this_machine(&self, name: &str) -> Option<PathBuf> {
        match &self.kind {
            Kind::Folder(folder) => Some(folder.path_of(name)),
            Kind::S3(_) | Kind::Sftp(_) | Kind::WebDav(_) | Kind::OneDrive(_) => None,
        }
    }

    #[cfg(test)]
    pub(super) fn of_onedrive(onedrive: OneDrive, hidden: Vec<Secret>) -> Self {
        Self { kind: Kind::OneDrive(Arc::new(onedrive)), hidden: hidden.into() }
    }

    /// Writes a file. One of that name that is there already is not touched: it is a fault, unless
    /// it is the very same, for then somebody was told too little the last time. It is the same
    /// when its size is, and the first and the last 64 KiB are.
    pub async fn put_new(&self, name: &str, from: &Path) -> Result<(), Fault> {
        let bytes = local_size(from).await?;
        if let Some(there) = self.size(name).await? {
            return self.expect_same(name, from, bytes, there).await;
        }
        match on_each!(self, it => it.put_new(name, from, bytes)) {
            Err(fault) if fault.why == Why::Exists => {
                let there = self.size(name).await?.ok_or(fault)?;
                self.expect_same(name, from, bytes, there).await
            }
            Err(fault) => Err(fault),
            Ok(()) => match self.size(name).await? {
                Some(there) if there == bytes => Ok(()),
                _ => Err(Fault::unreachable(format!("{name} did not arrive whole."))),
            },
        }
    }

    async fn expect_same(
        &self,
        name: &str,
        from: &Path,
        bytes: u64,
        there: u64,
    ) -> Result<(), Fault> {
        let other = || Fault::new(Why::Exists, format!("There is another {name} already."));
        if there != bytes {
            return Err(other());
        }
        let length = COMPARED_BYTES.min(bytes);
        for offset in [0, bytes - length] {
            let ours = local_range(from, offset, length).await?;
            if self.range(name, offset, length).await? != ours {
                return Err(other());
            }
        }
        Ok(())
    }

    /// Writes a small file in the place of one that may be there.
    pub async fn put_over(&self, name: &str, bytes: Vec<u8>) -> Result<(), Fault> {
        on_each!(self, it => it.put_over(name, &bytes))
    }

    /// Reads a small file; none where it is not there. A larger one is cut off.
    pub async fn read(&self, name: &str, bytes_max: u64) -> Result<Option<Vec<u8>>, Fault> {
        let Some(size) = self.size(name).await? else { return Ok(None) };
        match size.min(bytes_max) {
            0 => Ok(Some(Vec::new())),
            length => self.range(name, 0, length).await.map(Some),
        }
    }

    /// Bytes of a file; none where it is not there.
    pub async fn size(&self, name: &str) -> Result<Option<u64>, Fault> {
        on_each!(self, it => it.size(name))
    }

    async fn range(&self, name: &str, offset: u64, length: u64) -> Result<Vec<u8>, Fault> {
        on_each!(self, it => it.range(name, offset, length))
    }

    /// Copies a file into a new one of this machine and gives its bytes. A larger one is cut off,
    /// so whoever knows how long it is asks for one byte more.
    pub async fn fetch(&self, name: &str, into: PathBuf, bytes_max: u64) -> Result<u64, Fault> {
        on_each!(self, it => it.fetch(name, &into, bytes_max))
    }

    /// Every file below a folder, in the order of names; none where there is no such folder.
    pub async fn list(&self, below: &str) -> Result<Vec<Listed>, Fault> {
        let mut found = on_each!(self, it => it.list(below))?;
        found.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(found)
    }

    /// Deletes a file. One that is not there is no fault.
    pub async fn delete(&self, name: &str) -> Result<(), Fault> {
        on_each!(self, it => it.delete(name))
    }

    /// Writes, reads, lists and deletes a small file, and says how each went. Without the first
    /// there are no others.
    pub async fn test(&self, name: &str) -> Test {
        let mut test = Test { steps: Vec::new(), can_delete: None };
        if !test.note("write", self.put_over(name, TEST_TEXT.to_vec()).await) {
            return test;
        }
        let read = self.read(name, TEST_TEXT.len() as u64).await.and_then(|read| {
            let other = || Fault::new(Why::Other, "What is read is not what was written.");
            (read.as_deref() == Some(TEST_TEXT)).then_some(()).ok_or_else(other)
        });
        test.note("read", read);
        let below = name.rsplit_once('/').map_or("", |(below, _)| below);
        let listed = self.list(below).await.and_then(|listed| {
            let missing = || Fault::new(Why::Other, "What was written is not in the list.");
            listed.iter().any(|one| one.name == name).then_some(()).ok_or_else(missing)
        });
        test.note("list", listed);
        let deleted = self.delete(name).await;
        match &deleted {
            Ok(()) => test.can_delete = Some(true),
            // A target that keeps what it has is a good one.
            Err(fault) if fault.why == Why::Denied => {
                test.can_delete = Some(false);
                let detail = "The target lets nobody delete, so it keeps what it has by itself.";
                let detail = Some(detail.to_owned());
                test.steps.push(Step { name: "delete", is_ok: true, detail });
                return test;
            }
            Err(_) => {}
        }
        test.note("delete", deleted);
        test
    }

    /// The key that the server of an SFTP target shows, as `ssh-keyscan` writes it; none of others.
    pub async fn shown_host_key(&self) -> Option<String> {
        match &self.kind {
            Kind::Sftp(sftp) => sftp.shown_host_key().await,
            Kind::Folder(_) | Kind::S3(_) | Kind::WebDav(_) | Kind::OneDrive(_) => None,
        }
    }
}

/// How a test went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    pub steps: Vec<Step>,
    /// None when it did not get so far.
    pub can_delete: Option<bool>,
}

impl Test {
    fn note(&mut self, name: &'static str, outcome: Result<(), Fault>) -> bool {
        let detail = outcome.err().map(|fault| fault.detail);
        let is_ok = detail.is_none();
        self.steps.push(Step { name, is_ok, detail });
        is_ok
    }

    /// What the first step that failed said.
    pub fn fault(&self) -> Option<&str> {
        self.steps.iter().find(|step| !step.is_ok).and_then(|step| step.detail.as_deref())
    }
}

/// A folder, asked on a thread that may wait for a disk.
struct InFolder<'a>(&'a Arc<Folder>);

impl InFolder<'_> {
    async fn put_new(&self, name: &str, from: &Path, _bytes: u64) -> Result<(), Fault> {
        let (name, from) = (name.to_owned(), from.to_owned());
        self.blocking(move |folder| folder.put_new(&name, &from)).await
    }

    async fn put_over(&self, name: &str, bytes: &[u8]) -> Result<(), Fault> {
        let (name, bytes) = (name.to_owned(), bytes.to_vec());
        self.blocking(move |folder| folder.put_over(&name, &bytes)).await
    }

    async fn size(&self, name: &str) -> Result<Option<u64>, Fault> {
        let name = name.to_owned();
        self.blocking(move |folder| folder.size(&name)).await
    }

    async fn range(&self, name: &str, offset: u64, length: u64) -> Result<Vec<u8>, Fault> {
        let name = name.to_owned();
        self.blocking(move |folder| folder.range(&name, offset, length)).await
    }

    async fn fetch(&self, name: &str, into: &Path, bytes_max: u64) -> Result<u64, Fault> {
        let (name, into) = (name.to_owned(), into.to_owned());
        self.blocking(move |folder| folder.fetch(&name, &into, bytes_max)).await
    }

    async fn list(&self, below: &str) -> Result<Vec<Listed>, Fault> {
        let below = below.to_owned();
        self.blocking(move |folder| folder.list(&below)).await
    }

    async fn delete(&self, name: &str) -> Result<(), Fault> {
        let name = name.to_owned();
        self.blocking(move |folder| folder.delete(&name)).await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Folder) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let folder = Arc::clone(self.0);
        let outcome = tasks::blocking(move || Ok(work(&folder))).await;
        outcome.unwrap_or_else(|error| Err(Fault::new(Why::Other, error.to_string())))
    }
}

/// A fault of this machine's own file.
pub(super) fn local(path: &Path, error: &std::io::Error) -> Fault {
    let why = match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Why::Full,
        _ => Why::Other,
    };
    Fault::new(why, format!("{} of this machine: {error}.", path.display()))
}

async fn local_size(path: &Path) -> Result<u64, Fault> {
    let about = tokio::fs::metadata(path).await.map_err(|error| local(path, &error))?;
    Ok(about.len())
}

async fn local_range(path: &Path, offset: u64, length: u64) -> Result<Vec<u8>, Fault> {
    let at = path.to_owned();
    let read = tasks::blocking(move || {
        let mut file = std::fs::File::open(at)?;
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        file.take(length).read_to_end(&mut bytes)?;
        Ok(bytes)
    });
    read.await.map_err(|error| Fault::new(Why::Other, format!("{}: {error}.", path.display())))
}
