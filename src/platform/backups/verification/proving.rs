//! Fetches a copy back from its target, opens it and looks through every database in it. One
//! database at a time lies in the scratch folder, so it needs room for the largest and one part.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use tokio::runtime::Handle;

use crate::platform::Platform;
use crate::platform::audit::ops::checkpoints::signers_in;
use crate::platform::audit::ops::verification::{Signers, verify_snapshot};
use crate::platform::backups::archive::{
    BlobEntry, COMMIT_FILE, COMMIT_SIZE_BYTES_MAX, Commit, FileEntry, Identity, Kit, Manifest,
    Member, PartEntry, Refused, SYSTEM, WORKSPACES, check_commit, check_pack, hash_of, pack_place,
    pack_prefix, take_blobs, walk, write_file,
};
use crate::platform::backups::contents::ops::{self as contents, Contents};
use crate::platform::backups::contents::rules::Depth;
use crate::platform::backups::targets::{Listed, Remote, Why};
use crate::platform::clock::{Clock, Moment};
use crate::platform::ctx::BoxScope;
use crate::platform::db::Snapshot;
use crate::platform::error::{Error, Result};
use crate::platform::jobs::Work;
use crate::platform::secret::to_hex;
use crate::platform::tasks;

/// Below the data folder: what is looked through.
const SCRATCH: &str = "spool/scratch";
/// Room that is left to everybody else.
const FREE_BYTES_LEFT: u64 = 64 * 1024 * 1024;

/// A copy, and what opens it.
pub(in crate::platform::backups) struct Subject {
    pub(in crate::platform::backups) remote: Remote,
    /// Its folder, from the target's own on.
    pub(in crate::platform::backups) folder: String,
    /// What its `COMMIT.json` hashed to when it was written.
    pub(in crate::platform::backups) commit_hash: [u8; 32],
    pub(in crate::platform::backups) identity: Identity,
    pub(in crate::platform::backups) opens: Opens,
}

/// Which packs the key opens. Those of earlier bases were proved with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::platform::backups) enum Opens {
    /// The one-time key: those that were made with this base.
    OwnPacks,
    /// A kit's.
    AllPacks,
}

/// Counts a copy that is not what was written.
pub(in crate::platform::backups) fn count_damaged() {
    metrics::counter!("holdfast_backup_copies_damaged_total").increment(1);
}

/// Removes what an interrupted look left behind. Whoever calls it has the turn, so nobody looks.
/// Blocks.
pub(in crate::platform::backups) fn sweep(data: &Path) -> Result<()> {
    match fs::remove_dir_all(data.join(SCRATCH)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The folder of one look, which goes with it. Copies at several targets are looked through at the
/// same time, so nobody touches that of another.
struct Scratch(PathBuf);

impl Scratch {
    /// Blocks.
    fn make(data: &Path, name: &str) -> io::Result<Self> {
        let folder = data.join(SCRATCH).join(name);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is swept before the next look. The folder of all goes with the
        // last of them.
        drop(fs::remove_dir_all(&self.0));
        drop(self.0.parent().map(fs::remove_dir));
    }
}

/// Goes through a copy to its last byte. The inner error is what is wrong with the copy, or, for
/// `Refused::Disk` and `Refused::Target`, why it could not be looked at now. Whoever calls it has
/// the turn.
pub(in crate::platform::backups) async fn open(
    work: &Work,
    subject: Subject,
    progress: impl FnMut(u64) + Send + 'static,
) -> Result<Result<Manifest, Refused>> {
    let commit = match commit_of(work, &subject).await {
        Ok(commit) => commit,
        Err(refused) => return Ok(Err(refused)),
    };
    let runtime = Handle::current();
    look(work, subject, move |look| look.through(&runtime, &commit, progress)).await
}

/// Fetches every part of a copy back and compares it with what was written, without opening it, and
/// looks whether its packs lie there. `progress` hears how many bytes are done. The inner error is
/// as `open` has it.
pub(in crate::platform::backups) async fn compare_bytes(
    work: &Work,
    subject: Subject,
    progress: impl Fn(u64) + Send + 'static,
) -> Result<Result<(), Refused>> {
    let commit = match commit_of(work, &subject).await {
        Ok(commit) => commit,
        Err(refused) => return Ok(Err(refused)),
    };
    let runtime = Handle::current();
    look(work, subject, move |look| look.compare(&runtime, &commit, progress)).await
}

/// The same for a pack that lies beside the bases, of which `subject` is one.
pub(in crate::platform::backups) async fn compare_pack(
    work: &Work,
    subject: Subject,
    pack: PartEntry,
) -> Result<Result<(), Refused>> {
    let runtime = Handle::current();
    look(work, subject, move |look| look.compare_pack(&runtime, &pack)).await
}

/// Does a look in a scratch folder of its own.
async fn look<T: Send + 'static>(
    work: &Work,
    subject: Subject,
    through: impl FnOnce(&Look) -> Result<T, Refused> + Send + 'static,
) -> Result<Result<T, Refused>> {
    let signers = work.on_box().read(|scope| signers_in(scope)).await?;
    let platform = Arc::clone(&work.on_box().platform);
    let work_of_look = work.clone();
    let looked = tasks::in_background(move || {
        let name = platform.random.uuid().to_string();
        let scratch = match Scratch::make(platform.config.data(), &name) {
            Ok(scratch) => scratch,
            Err(error) => return Ok(Err(error.into())),
        };
        let look = Look { work: work_of_look, subject, signers, platform, scratch };
        Ok(through(&look))
    })
    .await?;
    work.check()?;
    Ok(looked)
}

/// Fetches `COMMIT.json` and takes it when it is the one that was written.
pub(in crate::platform::backups) async fn commit_of(
    work: &Work,
    subject: &Subject,
) -> Result<Commit, Refused> {
    let platform = &work.on_box().platform;
    let name = format!("{}/{COMMIT_FILE}", subject.folder);
    let read = subject.remote.read(&name, COMMIT_SIZE_BYTES_MAX).await;
    let bytes = read.map_err(|fault| Refused::Target(fault.detail))?;
    let bytes = bytes.ok_or(Refused::Unfinished)?;
    let changed =
        Refused::Part { name: COMMIT_FILE.to_owned(), fault: "differs from what was written" };
    if <[u8; 32]>::from(Sha256::digest(&bytes)) != subject.commit_hash {
        return Err(changed);
    }
    let kit = Kit {
        identity: subject.identity.clone(),
        box_id: platform.audit.box_id().to_string(),
        box_name: String::new(),
        signing_key: platform.audit.signer().public_key(),
        created_at: Moment::default(),
    };
    check_commit(&String::from_utf8_lossy(&bytes), &kit)
}

struct Look {
    work: Work,
    subject: Subject,
    signers: Signers,
    platform: Arc<Platform>,
    scratch: Scratch,
}

impl Look {
    /// Blocks.
    fn through(
        &self,
        runtime: &Handle,
        commit: &Commit,
        progress: impl FnMut(u64),
    ) -> Result<Manifest, Refused> {
        let mut found = BTreeMap::new();
        let open = |part: &PartEntry| self.fetch(runtime, part);
        let take = |member: Member<'_>| self.take(member, &mut found);
        let manifest = walk(commit, &self.subject.identity, open, progress, take)?;
        for file in &manifest.files {
            let inside = |fault| Refused::Inside { path: file.path.clone(), fault };
            let found = found.remove(&file.path).ok_or_else(|| inside("is missing"))?;
            if found.sha256 != file.sha256 {
                return Err(inside("is not what the manifest says"));
            }
            compare(file, &found.contents, found.audited)?;
        }
        match found.into_keys().next() {
            None => {
                self.through_packs(runtime, commit, &manifest)?;
                Ok(manifest)
            }
            Some(path) => Err(Refused::Inside { path, fault: "is named nowhere" }),
        }
    }

    /// Blocks.
    fn compare(
        &self,
        runtime: &Handle,
        commit: &Commit,
        progress: impl Fn(u64),
    ) -> Result<(), Refused> {
        let mut done = 0;
        for part in &commit.parts {
            let fault = |fault| Refused::Part { name: part.name.clone(), fault };
            let mut file = self.fetch(runtime, part)?.ok_or_else(|| fault("is missing"))?;
            check_pack(part, &mut file)?;
            done += part.size_bytes;
            progress(done);
        }
        self.look_for(runtime, commit.packs.iter())
    }

    /// Blocks.
    fn compare_pack(&self, runtime: &Handle, pack: &PartEntry) -> Result<(), Refused> {
        let missing = || Refused::Part { name: pack.name.clone(), fault: "is missing" };
        let mut file = self.fetch_pack(runtime, pack)?.ok_or_else(missing)?;
        check_pack(pack, &mut file)
    }

    /// Opens the packs that can be opened, and looks whether the others lie there.
    fn through_packs(
        &self,
        runtime: &Handle,
        commit: &Commit,
        manifest: &Manifest,
    ) -> Result<(), Refused> {
        let own = pack_prefix(&self.subject.folder);
        let opens = self.subject.opens;
        let is_opened = |pack: &str| opens == Opens::AllPacks || pack.starts_with(&own);
        let open = |pack: &PartEntry| self.fetch_pack(runtime, pack);
        let take = |member: Member<'_>| {
            self.check_job()?;
            hash_of(member.content, io::sink())
        };
        let is_wanted = |blob: &BlobEntry| is_opened(&blob.pack);
        take_blobs(commit, manifest, &self.subject.identity, open, is_wanted, take)?;
        self.look_for(runtime, commit.packs.iter().filter(|pack| !is_opened(&pack.name)))
    }

    /// Looks whether packs lie there and are as long as they were.
    fn look_for<'a>(
        &self,
        runtime: &Handle,
        packs: impl Iterator<Item = &'a PartEntry>,
    ) -> Result<(), Refused> {
        let mut packs = packs.peekable();
        if packs.peek().is_none() {
            return Ok(());
        }
        let folder = pack_place(&self.subject.folder, "");
        let listed = runtime.block_on(self.subject.remote.list(folder.trim_end_matches('/')));
        let there = listed.map_err(|fault| Refused::Target(fault.detail))?;
        for pack in packs {
            let name = pack_place(&self.subject.folder, &pack.name);
            let is_it = |one: &Listed| one.name == name && one.size_bytes == pack.size_bytes;
            if !there.iter().any(is_it) {
                let fault = "is missing or not as long as it was";
                return Err(Refused::Part { name: pack.name.clone(), fault });
            }
        }
        Ok(())
    }

    /// Gets a part. Its name is gone before it is read, so nothing of it can be left behind.
    fn fetch(&self, runtime: &Handle, part: &PartEntry) -> io::Result<Option<File>> {
        let name = format!("{}/{}", self.subject.folder, part.name);
        self.fetch_from(runtime, &name, part)
    }

    fn fetch_pack(&self, runtime: &Handle, pack: &PartEntry) -> io::Result<Option<File>> {
        self.fetch_from(runtime, &pack_place(&self.subject.folder, &pack.name), pack)
    }

    fn fetch_from(
        &self,
        runtime: &Handle,
        name: &str,
        part: &PartEntry,
    ) -> io::Result<Option<File>> {
        self.check_job()?;
        self.check_room(part.size_bytes)?;
        let into = self.scratch.0.join("part");
        let bytes_max = part.size_bytes.saturating_add(1);
        match runtime.block_on(self.subject.remote.fetch(name, into.clone(), bytes_max)) {
            Ok(_) => {
                let file = File::open(&into)?;
                fs::remove_file(&into)?;
                Ok(Some(file))
            }
            Err(fault) if fault.why == Why::Missing => Ok(None),
            Err(fault) => Err(io::Error::other(Refused::Target(fault.detail))),
        }
    }

    fn take(
        &self,
        member: Member<'_>,
        found: &mut BTreeMap<String, Found>,
    ) -> Result<String, Refused> {
        let Member { path, size_bytes, content } = member;
        self.check_job()?;
        if path != SYSTEM && !path.starts_with(&format!("{WORKSPACES}/")) {
            return hash_of(content, io::sink());
        }
        self.check_room(size_bytes)?;
        let folder = self.scratch.0.join("file");
        let file = folder.join("looked-at.db");
        let sha256 = write_file(&file, content)?;
        let looked = look_into(&file, path, &self.signers, Depth::Indexes);
        fs::remove_dir_all(&folder)?;
        let (contents, audited) = looked?;
        found.insert(path.to_owned(), Found { sha256: sha256.clone(), contents, audited });
        Ok(sha256)
    }

    fn check_job(&self) -> io::Result<()> {
        let ended = |_| io::Error::other(Refused::Target("It was asked to end.".to_owned()));
        self.work.check().map_err(ended)
    }

    fn check_room(&self, size_bytes: u64) -> io::Result<()> {
        let disk = self
            .platform
            .room
            .of(&self.scratch.0)
            .map_err(|error| io::Error::other(Refused::Disk(error.to_string())))?;
        if disk.free_bytes >= size_bytes.saturating_add(FREE_BYTES_LEFT) {
            return Ok(());
        }
        let (free, needed) = (disk.free_bytes / 1_000_000, size_bytes.div_ceil(1_000_000));
        let detail = format!(
            "there is no room to look through the backup; {needed} MB are needed beside what \
             must stay free, and {free} MB are free"
        );
        Err(io::Error::other(Refused::Disk(detail)))
    }
}

/// What a database of a copy turned out to be.
struct Found {
    sha256: String,
    contents: Contents,
    /// Entries of its audit log that were recomputed.
    audited: u64,
}

/// Who signed the audit logs of a box, as its own file says. Blocks.
pub(in crate::platform::backups) fn signers_of(system: &Path) -> Result<Signers> {
    let file = Snapshot::open(system)?;
    signers_in(&BoxScope::looking_at(&file, &Clock::System))
}

/// Looks for damage in a database and recomputes its audit log; gives what it holds and how many
/// entries were recomputed. Blocks.
pub(in crate::platform::backups) fn look_into(
    file: &Path,
    path: &str,
    signers: &Signers,
    depth: Depth,
) -> Result<(Contents, u64), Refused> {
    let inside = |fault| Refused::Inside { path: path.to_owned(), fault };
    let read = |error: Error| Refused::Disk(format!("{path} cannot be read: {error}"));
    // To read a database SQLite writes beside it, so a disk may fail it that has no fault in it.
    let of_disk = |error: &Error| match error {
        Error::StorageFull => Some(Refused::Disk("it is full".to_owned())),
        Error::StorageFailed(cause) if cause.contains("disk I/O error") => {
            Some(Refused::Disk(cause.clone()))
        }
        _ => None,
    };
    let snapshot = Snapshot::open(file)
        .map_err(|error| of_disk(&error).unwrap_or_else(|| inside("is no database")))?;
    match contents::fault(&snapshot, depth) {
        Ok(None) => {}
        Ok(Some(_)) => return Err(inside("is damaged")),
        // What SQLite cannot even walk through is damaged as well.
        Err(error) => return Err(of_disk(&error).unwrap_or_else(|| inside("is damaged"))),
    }
    let contents = contents::of(&snapshot).map_err(read)?;
    let verdict = verify_snapshot(&snapshot, signers, |_| Vec::new(), |_| {}).map_err(read)?;
    if verdict.bad.is_some() {
        return Err(inside("has an audit log that was altered"));
    }
    if verdict.checked > 0 && to_hex(&verdict.head) != contents.audit.head {
        return Err(inside("has an audit log with another end"));
    }
    Ok((contents, verdict.checked))
}

/// Compares what a database turned out to hold with what the manifest says of it.
pub(in crate::platform::backups) fn compare(
    file: &FileEntry,
    contents: &Contents,
    audited: u64,
) -> Result<(), Refused> {
    let inside = |fault| Err(Refused::Inside { path: file.path.clone(), fault });
    if contents.rows != file.rows {
        return inside("has other rows than it had");
    }
    if contents.audit != file.audit || audited != file.audit.entries {
        return inside("has another audit log than it had");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_that_ends_leaves_the_others_their_scratch() {
        let data = tempfile::tempdir().unwrap();
        let ends = Scratch::make(data.path(), "ends").unwrap();
        let goes_on = Scratch::make(data.path(), "goes-on").unwrap();
        fs::write(ends.0.join("part"), "plain").unwrap();
        fs::write(goes_on.0.join("part"), "plain").unwrap();

        drop(ends);

        let left: Vec<_> = fs::read_dir(data.path().join(SCRATCH)).unwrap().flatten().collect();
        assert_eq!(left.len(), 1);
        assert!(goes_on.0.join("part").is_file());
        drop(goes_on);
        assert!(!data.path().join(SCRATCH).exists(), "something is left");
    }
}
