//! From a target into scratch: what is wanted of a backup, with every hash of it checked.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::runtime::Handle;

use super::rules::ROOM_LEFT_BYTES;
use crate::platform::backups::archive::{
    BlobEntry, COMMIT_FILE, COMMIT_SIZE_BYTES_MAX, Commit, FileEntry, Kit, Manifest, PACKS,
    PartEntry, Refused, SYSTEM, Unpacked, WORKSPACES, pack_path, pack_place, read_commit,
    unpack_blobs, unpack_only,
};
use crate::platform::backups::recovery::unpacking::check;
use crate::platform::backups::targets::{Remote, Why};
use crate::platform::error::{Error, Result};
use crate::platform::jobs::Work;
use crate::platform::workspaces::WorkspaceId;
use crate::platform::{make_private_folder, tasks, whole_file};

/// Where a backup lies.
#[derive(Clone)]
pub(super) enum Place {
    /// A folder of this machine with the parts in it.
    Folder(PathBuf),
    /// A folder at a target, by its name there.
    Target(Remote, String),
}

impl Place {
    /// Gets a pack. What was fetched has no name any more when it is read. Blocks.
    fn open_pack(
        &self,
        runtime: &Handle,
        pack: &PartEntry,
        aside: &Path,
    ) -> io::Result<Option<File>> {
        let opened = match self {
            Self::Folder(base) => File::open(pack_path(base, &pack.name)),
            Self::Target(remote, below) => {
                let name = pack_place(below, &pack.name);
                match runtime.block_on(remote.fetch(
                    &name,
                    aside.to_owned(),
                    pack.size_bytes.saturating_add(1),
                )) {
                    Err(fault) if fault.why == Why::Missing => return Ok(None),
                    Err(fault) => return Err(io::Error::other(Refused::Target(fault.detail))),
                    Ok(_) => {}
                }
                let file = File::open(aside);
                std::fs::remove_file(aside)?;
                file
            }
        };
        match opened {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            opened => opened.map(Some),
        }
    }
}

/// Where the blobs of a workspace lie in packs and below a data folder.
fn blobs_of(id: WorkspaceId) -> String {
    format!("{PACKS}/{id}/")
}

/// What is wanted of a backup.
#[derive(Clone, Copy)]
pub(super) enum Wanted {
    Everything,
    Workspace(WorkspaceId),
}

impl Wanted {
    fn takes(self, path: &str) -> bool {
        match self {
            Self::Everything => path == SYSTEM,
            Self::Workspace(id) => path == SYSTEM || path == path_of(id),
        }
    }
}

/// A workspace's file within an archive.
pub(super) fn path_of(id: WorkspaceId) -> String {
    format!("{WORKSPACES}/{id}.db")
}

pub(super) fn refused(why: &Refused) -> Error {
    match why {
        Refused::Disk(_) => Error::StorageFailed(why.to_string()),
        other => Error::conflict("restore-refused", format!("The backup is not taken: {other}")),
    }
}

/// Unpacks what is wanted into `scratch/files` and checks it.
pub(super) async fn fetch(
    work: &Work,
    place: Place,
    kit: &Kit,
    wanted: Wanted,
    scratch: &Path,
) -> Result<Manifest> {
    let beside = place.clone();
    let (base, is_near) = match place {
        Place::Folder(folder) => (folder, true),
        Place::Target(remote, below) => {
            let base = scratch.join("base");
            bring(work, &remote, &below, kit, &base).await?;
            (base, false)
        }
    };
    if is_near {
        let commit = signed(&base, kit).await?;
        need_room(work, sizes(&commit)).await?;
    }
    let unpacked = databases(work, base, is_near, kit, wanted, scratch).await?;
    let Wanted::Workspace(id) = wanted else { return Ok(unpacked.manifest) };
    need_room(work, room_for_blobs(&unpacked, id, is_near)).await?;
    let (files, kit) = (scratch.join("files"), kit.clone());
    let (runtime, aside) = (Handle::current(), scratch.join("pack"));
    tasks::blocking(move || {
        let below = blobs_of(id);
        let is_wanted = |blob: &BlobEntry| blob.path.starts_with(&below);
        let open = |pack: &PartEntry| beside.open_pack(&runtime, pack, &aside);
        let Unpacked { commit, manifest } = unpacked;
        unpack_blobs(&commit, &manifest, &kit.identity, open, is_wanted, &files)
            .map_err(|why| refused(&why))?;
        Ok(manifest)
    })
    .await
}

/// Unpacks the databases that are wanted and checks them. What was fetched for it is gone then.
async fn databases(
    work: &Work,
    base: PathBuf,
    is_near: bool,
    kit: &Kit,
    wanted: Wanted,
    scratch: &Path,
) -> Result<Unpacked> {
    let (files, kit, doing) = (scratch.join("files"), kit.clone(), work.clone());
    tasks::blocking(move || {
        make_private_folder(&files)?;
        let commit = read_commit(&base, &kit).map_err(|why| refused(&why))?;
        let all = sizes(&commit);
        let begun = if is_near { 0 } else { all };
        let mut done = begun;
        let progress = |bytes| {
            done += bytes;
            doing.progress(done, begun + all);
        };
        let is_wanted = |path: &str| wanted.takes(path);
        let unpacked = unpack_only(&base, &kit, &files, is_wanted, progress);
        let unpacked = unpacked.map_err(|why| refused(&why))?;
        if !is_near {
            std::fs::remove_dir_all(&base)?;
        }
        doing.check()?;
        let there = |file: &&FileEntry| wanted.takes(&file.path);
        let found = unpacked.manifest.files.iter().filter(there);
        check(&files, found).map_err(|why| refused(&why))?;
        Ok(unpacked)
    })
    .await
}

/// What the pictures and documents of a workspace take: unpacked, once more where they belong, and
/// the largest of their packs where one has to be fetched.
fn room_for_blobs(unpacked: &Unpacked, id: WorkspaceId, is_near: bool) -> u64 {
    let Unpacked { commit, manifest } = unpacked;
    let below = blobs_of(id);
    let (mut bytes, mut needed) = (0_u64, HashSet::new());
    for blob in manifest.blobs.iter().filter(|blob| blob.path.starts_with(&below)) {
        bytes = bytes.saturating_add(blob.size_bytes);
        needed.insert(blob.pack.as_str());
    }
    let fetched = commit.packs.iter().filter(|pack| needed.contains(pack.name.as_str()));
    let largest = fetched.map(|pack| pack.size_bytes).max().filter(|_| !is_near);
    bytes.saturating_mul(2).saturating_add(largest.unwrap_or(0))
}

async fn signed(base: &Path, kit: &Kit) -> Result<Commit> {
    let (base, kit) = (base.to_owned(), kit.clone());
    tasks::blocking(move || read_commit(&base, &kit).map_err(|why| refused(&why))).await
}

fn sizes(commit: &Commit) -> u64 {
    commit.parts.iter().map(|part| part.size_bytes).sum()
}

/// Copies a backup from its target, after what makes it one was checked.
async fn bring(work: &Work, remote: &Remote, below: &str, kit: &Kit, into: &Path) -> Result<()> {
    let unreachable = |detail: String| Error::conflict("restore-unreachable", detail);
    let folder = into.to_owned();
    tasks::blocking(move || make_private_folder(&folder)).await?;
    // An address may name the backup itself.
    let named = |name: &str| match below {
        "" => name.to_owned(),
        _ => format!("{below}/{name}"),
    };
    let name = named(COMMIT_FILE);
    let text = remote.read(&name, COMMIT_SIZE_BYTES_MAX).await;
    let text = text.map_err(|fault| unreachable(fault.detail))?;
    let text = text.ok_or_else(|| refused(&Refused::Unfinished))?;
    let path = into.join(COMMIT_FILE);
    tasks::blocking(move || whole_file::write(&path, &text, 0o600)).await?;
    let commit = signed(into, kit).await?;
    let all = sizes(&commit);
    // The parts, and what they unpack to: rarely more than as much again.
    need_room(work, all.saturating_mul(2)).await?;
    let mut done = 0;
    for part in &commit.parts {
        work.check()?;
        let is_plain = !part.name.contains('/') && !part.name.starts_with('.');
        if !is_plain {
            let fault = "has a name that leads elsewhere";
            return Err(refused(&Refused::Part { name: part.name.clone(), fault }));
        }
        let (name, path) = (named(&part.name), into.join(&part.name));
        let fetched = remote.fetch(&name, path, part.size_bytes.saturating_add(1)).await;
        fetched.map_err(|fault| unreachable(fault.detail))?;
        done += part.size_bytes;
        work.progress(done, all * 2);
    }
    Ok(())
}

/// Refuses when the disk would fill up.
async fn need_room(work: &Work, bytes: u64) -> Result<()> {
    let platform = Arc::clone(&work.on_box().platform);
    let disk = tasks::blocking(move || platform.room.of(platform.config.data())).await?;
    let free = disk.free_bytes;
    let needed = bytes.saturating_add(ROOM_LEFT_BYTES);
    if free >= needed {
        return Ok(());
    }
    let megabytes = |bytes: u64| bytes.div_ceil(1_000_000);
    let detail = format!(
        "The restore needs {} MB on the disk of the box and there are {} MB. Nothing was changed.",
        megabytes(needed),
        megabytes(free)
    );
    Err(Error::conflict("restore-no-room", detail))
}
