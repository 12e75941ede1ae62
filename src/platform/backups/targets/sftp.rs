//! A folder of an SSH server, without the `ssh` program. The server's key is compared with the one
//! that was written down; without one nothing is said to any server.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::try_unfold;
use russh::client::{self, AuthResult, Handle};
use russh::keys::{
    HashAlg, PrivateKeyWithHashAlg, PublicKey, PublicKeyOrCertificate, decode_secret_key,
};
use russh_sftp::client::SftpSession;
use russh_sftp::client::error::Error as SftpError;
use russh_sftp::client::fs::File;
use russh_sftp::protocol::{OpenFlags, StatusCode};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::faults::{Fault, Why, said};
use super::http::Limits;
use super::remote::{LISTED_MAX, Listed, local};
use super::rules::{Credential, Place};
use super::taking::into_file;

/// What is not finished yet is called by this ending.
const UNFINISHED: &str = "unfinished";
const PIECE_BYTES: usize = 256 * 1024;
/// A dead server is noticed after so long, and three times that.
const KEEPALIVE: Duration = Duration::from_secs(15);
/// A connection that nobody uses ends.
const IDLE_MAX: Duration = Duration::from_mins(5);

pub(super) struct Sftp {
    host: String,
    port: u16,
    user: String,
    pinned: Option<String>,
    path: String,
    credential: Option<Credential>,
    limits: Limits,
    session: Mutex<Option<Arc<Session>>>,
}

struct Session {
    handle: Handle<Guard>,
    sftp: SftpSession,
}

impl Sftp {
    pub(super) fn at(place: &Place, credential: Option<Credential>, limits: Limits) -> Self {
        let (host, port, user, pinned, path) = match place {
            Place::Sftp { host, port, user, host_key, path } => {
                (host.clone(), *port, user.clone(), host_key.clone(), path.clone())
            }
            _ => (String::new(), 0, String::new(), None, String::new()),
        };
        let path = path.trim_end_matches('/').to_owned();
        Self { host, port, user, pinned, path, credential, limits, session: Mutex::default() }
    }

    /// The key that the server shows, as `ssh-keyscan` writes it. Nothing is said to it.
    pub(super) async fn shown_host_key(&self) -> Option<String> {
        let guard = Guard { pinned: None, shown: Arc::default() };
        let shown = Arc::clone(&guard.shown);
        // It ends with a refusal, as it is to.
        drop(timeout(self.limits.connect, self.greet(guard)).await);
        shown.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    async fn greet(&self, guard: Guard) -> Result<Handle<Guard>, Fault> {
        let host = &self.host;
        let reached = TcpStream::connect((host.as_str(), self.port)).await;
        let stream = reached
            .map_err(|error| Fault::unreachable(format!("{host} cannot be reached: {error}.")))?;
        drop(stream.set_nodelay(true));
        let mut config = client::Config {
            inactivity_timeout: Some(IDLE_MAX),
            keepalive_interval: Some(KEEPALIVE),
            ..client::Config::default()
        };
        // A server has several keys and shows the one that is asked for first.
        let pinned = guard.pinned.as_deref().and_then(|key| PublicKey::from_openssh(key).ok());
        if let Some(pinned) = pinned {
            config.preferred.key = vec![pinned.algorithm()].into();
        }
        let (pinned, shown) = (guard.pinned.clone(), Arc::clone(&guard.shown));
        client::connect_stream(Arc::new(config), stream, guard).await.map_err(|error| {
            let shown = shown.lock().unwrap_or_else(PoisonError::into_inner).clone();
            match (shown, pinned) {
                (Some(shown), None) => Fault::new(
                    Why::Denied,
                    format!(
                        "Nobody has said which key {host} has. It shows {shown}. If that is \
                         right, write it as the host key of the target."
                    ),
                ),
                (Some(shown), Some(_)) if matches!(error, russh::Error::UnknownKey) => Fault::new(
                    Why::Denied,
                    format!(
                        "{host} is not the server it was: it shows {shown}, which is not the \
                         host key of the target. Somebody may be in between; nothing was sent."
                    ),
                ),
                _ => Fault::unreachable(format!("SSH with {host} was not agreed on: {error}.")),
            }
        })
    }

    async fn session(&self) -> Result<Arc<Session>, Fault> {
        let mut kept = self.session.lock().await;
        if let Some(session) = kept.as_ref().filter(|session| !session.handle.is_closed()) {
            return Ok(Arc::clone(session));
        }
        let late = |_| Fault::unreachable(format!("{} did not answer in time.", self.host));
        let session = timeout(self.limits.connect, self.open()).await.map_err(late)??;
        let session = Arc::new(session);
        *kept = Some(Arc::clone(&session));
        Ok(session)
    }

    async fn open(&self) -> Result<Session, Fault> {
        let guard = Guard { pinned: self.pinned.clone(), shown: Arc::default() };
        let mut handle = self.greet(guard).await?;
        self.sign_in(&mut handle).await?;
        let broken = |error: russh::Error| {
            Fault::unreachable(format!("{} has no SFTP for the user: {error}.", self.host))
        };
        let channel = handle.channel_open_session().await.map_err(broken)?;
        channel.request_subsystem(true, "sftp").await.map_err(broken)?;
        let config = russh_sftp::client::Config {
            request_timeout_secs: self.limits.stall.as_secs().max(1),
            ..russh_sftp::client::Config::default()
        };
        let sftp = SftpSession::new_with_config(channel.into_stream(), config).await;
        let sftp = sftp.map_err(|error| self.fault(&error))?;
        Ok(Session { handle, sftp })
    }

    async fn sign_in(&self, handle: &mut Handle<Guard>) -> Result<(), Fault> {
        let broken = |error: russh::Error| {
            Fault::unreachable(format!("{} broke off at the sign-in: {error}.", self.host))
        };
        let outcome = match &self.credential {
            Some(Credential::PrivateKey(key)) => {
                let key = decode_secret_key(key.reveal(), None).map_err(|_| {
                    let detail = "The private key cannot be read. It must have no passphrase, and \
                                  be of the kind ed25519 or ecdsa.";
                    Fault::new(Why::Denied, detail)
                })?;
                let key = PrivateKeyWithHashAlg::new(Arc::new(key), None);
                handle.authenticate_publickey(&self.user, key).await.map_err(broken)?
            }
            Some(credential) => {
                let password = credential.secret().reveal();
                handle.authenticate_password(&self.user, password).await.map_err(broken)?
            }
            None => return Err(Fault::new(Why::Denied, "There is no password and no key.")),
        };
        match outcome {
            AuthResult::Success => Ok(()),
            AuthResult::Failure { .. } => Err(Fault::new(
                Why::Denied,
                format!("{} does not let {} in with this password or key.", self.host, self.user),
            )),
        }
    }

    fn place(&self, name: &str) -> String {
        match name.trim_end_matches('/') {
            "" => self.path.clone(),
            name => format!("{}/{name}", self.path),
        }
    }

    fn fault(&self, error: &SftpError) -> Fault {
        let host = &self.host;
        match error {
            SftpError::Status(status) => {
                let why = match status.status_code {
                    StatusCode::NoSuchFile => Why::Missing,
                    StatusCode::PermissionDenied => Why::Denied,
                    StatusCode::NoConnection | StatusCode::ConnectionLost => Why::Unreachable,
                    _ => Why::Other,
                };
                let words = said(&format!("{}: {}", status.status_code, status.error_message));
                Fault::new(why, format!("{host} said “{words}”."))
            }
            SftpError::Timeout => Fault::unreachable(format!("{host} did not answer in time.")),
            other => Fault::unreachable(format!("{host} broke off: {other}.")),
        }
    }

    fn io_fault(&self, error: &io::Error) -> Fault {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<SftpError>()) {
            Some(inner) => self.fault(inner),
            None => Fault::unreachable(format!("{} broke off: {error}.", self.host)),
        }
    }

    /// Says what was tried, and forgets a connection that is of no use any more.
    async fn settle<T>(
        &self,
        outcome: Result<T, Fault>,
        what: &str,
        name: &str,
    ) -> Result<T, Fault> {
        if outcome.as_ref().is_err_and(|fault| fault.why == Why::Unreachable) {
            *self.session.lock().await = None;
        }
        outcome.map_err(|fault| fault.of(what, name))
    }

    pub(super) async fn put_new(&self, name: &str, from: &Path, bytes: u64) -> Result<(), Fault> {
        let put = async {
            let session = self.session().await?;
            let unfinished = self.upload(&session.sftp, name, Some((from, bytes)), &[]).await?;
            let outcome = self.rename_new(&session.sftp, &unfinished, name).await;
            if outcome.is_err() {
                drop(session.sftp.remove_file(unfinished).await);
            }
            outcome
        };
        self.settle(put.await, "cannot be written", name).await
    }

    /// Gives a file its name if nothing has it. Servers differ in what renaming does to a file that
    /// is there; so it is asked first.
    async fn rename_new(&self, sftp: &SftpSession, from: &str, name: &str) -> Result<(), Fault> {
        let exists = || Fault::new(Why::Exists, "There is a file of that name already.");
        let to = self.place(name);
        let is_taken = || async { sftp.try_exists(to.clone()).await };
        if is_taken().await.map_err(|error| self.fault(&error))? {
            return Err(exists());
        }
        match sftp.rename(from.to_owned(), to.clone()).await {
            Ok(()) => Ok(()),
            Err(_) if is_taken().await.unwrap_or(false) => Err(exists()),
            Err(error) => Err(self.fault(&error)),
        }
    }

    pub(super) async fn put_over(&self, name: &str, bytes: &[u8]) -> Result<(), Fault> {
        let put = async {
            let session = self.session().await?;
            let sftp = &session.sftp;
            let unfinished = self.upload(sftp, name, None, bytes).await?;
            match self.rename_new(sftp, &unfinished, name).await {
                Err(fault) if fault.why == Why::Exists => {}
                outcome => return outcome,
            }
            if sftp.remove_file(self.place(name)).await.is_ok() {
                return self.rename_new(sftp, &unfinished, name).await;
            }
            // A server that deletes nothing for us may let us write over it.
            let flags = OpenFlags::WRITE | OpenFlags::TRUNCATE;
            let opened = sftp.open_with_flags(self.place(name), flags).await;
            let outcome = match opened {
                Ok(file) => self.write(file, bytes).await,
                Err(error) => Err(self.fault(&error)),
            };
            drop(sftp.remove_file(unfinished).await);
            outcome
        };
        self.settle(put.await, "cannot be written", name).await
    }

    /// Writes a file under its unfinished name, which it gives.
    async fn upload(
        &self,
        sftp: &SftpSession,
        name: &str,
        from: Option<(&Path, u64)>,
        bytes: &[u8],
    ) -> Result<String, Fault> {
        self.make_folders(sftp, name).await?;
        let unfinished = format!("{}.{UNFINISHED}", self.place(name));
        let exclusive = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::EXCLUDE;
        let file = if let Ok(file) = sftp.open_with_flags(unfinished.clone(), exclusive).await {
            file
        } else {
            // What a try before left.
            let over = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE;
            let opened = sftp.open_with_flags(unfinished.clone(), over).await;
            opened.map_err(|error| self.fault(&error))?
        };
        let outcome = match from {
            Some((from, bytes)) => match self.copy_up(file, from).await {
                Err(fault) if fault.why == Why::Other => {
                    Err(self.full(sftp, bytes).await.unwrap_or(fault))
                }
                outcome => outcome,
            },
            None => self.write(file, bytes).await,
        };
        if let Err(fault) = outcome {
            drop(sftp.remove_file(unfinished).await);
            return Err(fault);
        }
        Ok(unfinished)
    }

    /// SFTP has no word for a full disk; the server may tell how much room there is.
    async fn full(&self, sftp: &SftpSession, bytes: u64) -> Option<Fault> {
        let about = sftp.fs_info(self.path.clone()).await.ok()??;
        let free = about.blocks_avail.saturating_mul(about.fragment_size);
        let detail = format!("{} has no room left: {free} bytes are free.", self.host);
        (free < bytes).then(|| Fault::new(Why::Full, detail))
    }

    async fn copy_up(&self, mut to: File, from: &Path) -> Result<(), Fault> {
        let opened = tokio::fs::File::open(from).await;
        let mut file = opened.map_err(|error| local(from, &error))?;
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let read = file.read(&mut piece).await.map_err(|error| local(from, &error))?;
            if read == 0 {
                break;
            }
            let filled = piece.get(..read).unwrap_or_default();
            to.write_all(filled).await.map_err(|error| self.io_fault(&error))?;
        }
        self.close(to).await
    }

    async fn write(&self, mut to: File, bytes: &[u8]) -> Result<(), Fault> {
        to.write_all(bytes).await.map_err(|error| self.io_fault(&error))?;
        self.close(to).await
    }

    async fn close(&self, mut file: File) -> Result<(), Fault> {
        file.flush().await.map_err(|error| self.io_fault(&error))?;
        file.sync_all().await.map_err(|error| self.fault(&error))?;
        file.close().await.map_err(|error| self.io_fault(&error))
    }

    /// Makes the folders of a file. That of the target itself is not made: a disk that is not
    /// mounted would else be written beside.
    async fn make_folders(&self, sftp: &SftpSession, name: &str) -> Result<(), Fault> {
        self.check_there(sftp).await?;
        let Some((folders, _)) = name.rsplit_once('/') else { return Ok(()) };
        if sftp.try_exists(self.place(folders)).await.is_ok_and(|is_there| is_there) {
            return Ok(());
        }
        let mut at = self.path.clone();
        for folder in folders.split('/') {
            at = format!("{at}/{folder}");
            // Whether it worked shows when a file is put there.
            drop(sftp.create_dir(at.clone()).await);
        }
        Ok(())
    }

    async fn check_there(&self, sftp: &SftpSession) -> Result<(), Fault> {
        match sftp.metadata(self.path.clone()).await {
            Ok(about) if about.is_dir() => Ok(()),
            Ok(_) => Err(Fault::new(Why::Other, format!("{} is no folder.", self.path))),
            Err(error) => match self.fault(&error) {
                fault if fault.why == Why::Missing => Err(Fault::unreachable(format!(
                    "There is no folder {} on {}.",
                    self.path, self.host
                ))),
                fault => Err(fault),
            },
        }
    }

    pub(super) async fn size(&self, name: &str) -> Result<Option<u64>, Fault> {
        let size = async {
            let session = self.session().await?;
            match session.sftp.metadata(self.place(name)).await {
                Ok(about) if about.is_dir() => Ok(None),
                Ok(about) => Ok(Some(about.size.unwrap_or_default())),
                Err(error) => match self.fault(&error) {
                    fault if fault.why == Why::Missing => {
                        self.check_there(&session.sftp).await.map(|()| None)
                    }
                    fault => Err(fault),
                },
            }
        };
        self.settle(size.await, "cannot be looked at", name).await
    }

    pub(super) async fn range(
        &self,
        name: &str,
        offset: u64,
        length: u64,
    ) -> Result<Vec<u8>, Fault> {
        let range = async {
            let session = self.session().await?;
            let opened = session.sftp.open(self.place(name)).await;
            let mut file = opened.map_err(|error| self.fault(&error))?;
            let sought = file.seek(io::SeekFrom::Start(offset)).await;
            sought.map_err(|error| self.io_fault(&error))?;
            let mut bytes = Vec::new();
            let read = (&mut file).take(length).read_to_end(&mut bytes).await;
            read.map_err(|error| self.io_fault(&error))?;
            Ok(bytes)
        };
        self.settle(range.await, "cannot be read", name).await
    }

    pub(super) async fn fetch(
        &self,
        name: &str,
        into: &Path,
        bytes_max: u64,
    ) -> Result<u64, Fault> {
        let fetch = async {
            let session = self.session().await?;
            let opened = session.sftp.open(self.place(name)).await;
            let file = opened.map_err(|error| self.fault(&error))?;
            let pieces = try_unfold(file, |mut file| async move {
                let mut piece = vec![0; PIECE_BYTES];
                let read = file.read(&mut piece).await.map_err(|error| self.io_fault(&error))?;
                piece.truncate(read);
                Ok((read > 0).then(|| (Bytes::from(piece), file)))
            });
            into_file(pieces, into, bytes_max).await
        };
        self.settle(fetch.await, "cannot be read", name).await
    }

    pub(super) async fn list(&self, below: &str) -> Result<Vec<Listed>, Fault> {
        let list = async {
            let session = self.session().await?;
            self.check_there(&session.sftp).await?;
            let mut found = Vec::new();
            let mut open = VecDeque::from([below.trim_matches('/').to_owned()]);
            while let Some(folder) = open.pop_front() {
                let entries = match session.sftp.read_dir(self.place(&folder)).await {
                    Ok(entries) => entries,
                    Err(error) => match self.fault(&error) {
                        fault if fault.why == Why::Missing => continue,
                        fault => return Err(fault),
                    },
                };
                for entry in entries {
                    let name = match folder.as_str() {
                        "" => entry.file_name(),
                        _ => format!("{folder}/{}", entry.file_name()),
                    };
                    let about = entry.metadata();
                    if about.is_dir() {
                        open.push_back(name);
                    } else if found.len() < LISTED_MAX {
                        found.push(Listed { name, size_bytes: about.size.unwrap_or_default() });
                    }
                }
            }
            Ok(found)
        };
        self.settle(list.await, "cannot be listed", below).await
    }

    pub(super) async fn delete(&self, name: &str) -> Result<(), Fault> {
        let delete = async {
            let session = self.session().await?;
            let sftp = &session.sftp;
            match sftp.remove_file(self.place(name)).await.map_err(|error| self.fault(&error)) {
                Err(fault) if fault.why == Why::Missing => return Ok(()),
                outcome => outcome?,
            }
            // A folder goes with its last file.
            if let Some((folder, _)) = name.rsplit_once('/') {
                drop(sftp.remove_dir(self.place(folder)).await);
            }
            Ok(())
        };
        self.settle(delete.await, "cannot be deleted", name).await
    }
}

/// Lets only the server in that is meant.
struct Guard {
    pinned: Option<String>,
    shown: Arc<std::sync::Mutex<Option<String>>>,
}

impl client::Handler for Guard {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        key: &PublicKeyOrCertificate,
    ) -> Result<bool, Self::Error> {
        let key = match key {
            PublicKeyOrCertificate::PublicKey { key, .. } => key.clone(),
            PublicKeyOrCertificate::Certificate(it) => PublicKey::from(it.public_key().clone()),
        };
        let is_pinned = self.pinned.as_deref().is_some_and(|pinned| is_same(pinned, &key));
        let mut bare = key;
        bare.set_comment("");
        let text = bare.to_openssh().unwrap_or_default();
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(text.trim().to_owned());
        Ok(is_pinned)
    }
}

fn is_same(pinned: &str, key: &PublicKey) -> bool {
    if pinned.starts_with("SHA256:") {
        let print = key.fingerprint(HashAlg::Sha256).to_string();
        return print.trim_end_matches('=') == pinned.trim_end_matches('=');
    }
    PublicKey::from_openssh(pinned).is_ok_and(|pinned| pinned.key_data() == key.key_data())
}
