//! Writes one base: the cut, the archive, what makes it a backup. All of it lies in a folder of the
//! box then, encrypted, and holds up no log any more.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::rules::{BackupId, base_folder};
use crate::platform::Platform;
use crate::platform::backups::archive::{
    Archive, COMMIT_FILE, Commit, FORMAT, FileEntry, Manifest, PART_SIZE_BYTES, Parts, Recipient,
    SYSTEM, WORKSPACES,
};
use crate::platform::backups::contents::{self, ops::Contents};
use crate::platform::backups::packs::packing::{self, Known, Order, Packed};
use crate::platform::backups::watched::{Logs, Progress, Watched};
use crate::platform::blobs::{self, Blob};
use crate::platform::clock::Moment;
use crate::platform::ctx::BoxCtx;
use crate::platform::db::{Held, Pages};
use crate::platform::error::{Error, Result};
use crate::platform::jobs::Work;
use crate::platform::monitoring::ops::VERSION;
use crate::platform::secret::to_hex;
use crate::platform::secrets::KeyFiles;
use crate::platform::workspaces::{Cut, WorkspaceId, damage};
use crate::platform::{tasks, whole_file};

/// Below the data folder: backups on their way.
pub(super) const SPOOL: &str = "spool/backups";
/// What of the data folder goes along beside the databases: the box's certificates.
const FOLDERS: [&str; 1] = [crate::platform::tls::FOLDER];
const RECOVERY: &str = include_str!("RECOVERY.md");
/// What lies beside the bases, for whoever has nothing but the kit.
pub(super) const BESIDE: [(&str, &str); 2] =
    [("RECOVERY.md", RECOVERY), ("restore.sh", include_str!("restore.sh"))];

/// Where a base waits for its targets. Its name is its own, so that nobody who tidies up takes a
/// later try for an earlier one.
pub(super) fn spool_of(data: &Path, id: BackupId) -> PathBuf {
    data.join(SPOOL).join(id.to_string())
}

/// What the next base is to be.
pub(super) struct Plan {
    pub(super) id: BackupId,
    pub(super) sequence: u64,
    pub(super) previous: Option<[u8; 32]>,
    pub(super) box_epoch: u64,
    /// Kits.
    pub(super) recipients: Vec<Recipient>,
    /// The key that proves it and is forgotten then.
    pub(super) proof: Recipient,
    /// Blobs that lie at every target already.
    pub(super) known: Known,
}

/// A base in the spool.
#[derive(Clone)]
pub(super) struct Made {
    pub(super) sequence: u64,
    /// What it is called at a target, below the box's folder.
    pub(super) folder: String,
    pub(super) taken_at: Moment,
    pub(super) commit_hash: [u8; 32],
    pub(super) source_bytes: u64,
    pub(super) size_bytes: u64,
    pub(super) workspaces: u64,
    /// Whose files are damaged and left out.
    pub(super) damaged: Vec<WorkspaceId>,
    pub(super) packed: Packed,
}

/// An archive on its way from thread to thread.
struct Writing {
    archive: Archive,
    files: Vec<FileEntry>,
    /// What the workspaces refer to at the moment of the cut.
    blobs: Vec<(WorkspaceId, Blob)>,
    source_bytes: u64,
    /// Bytes there are to read, as far as is known before.
    total: u64,
    /// The logs that grow as long as the cut is held.
    logs: Arc<Logs>,
}

/// Makes a base in the spool.
pub(super) async fn make(work: &Work, plan: Plan) -> Result<Made> {
    let platform = Arc::clone(&work.on_box().platform);
    let data = platform.config.data().to_owned();
    let spool = spool_of(&data, plan.id);
    let at = spool.clone();
    tasks::blocking(move || begin_spool(&at)).await?;
    let before = platform.secrets.to_keep()?;
    // What the cut will name stays until it is packed.
    let pin = platform.blobs.pin();
    let mut cut = platform.workspaces.cut(&data.join(SYSTEM)).await?;
    let taken_at = work.on_box().now();
    let mut order = cut.ids.clone();
    // The largest is held the longest, so it comes last.
    order.sort_by_key(|id| cut.size_bytes(*id));
    let system = cut.take_system()?;
    let total = order.iter().map(|id| cut.size_bytes(*id)).sum::<u64>();
    let parts = Parts::begin(&spool, PART_SIZE_BYTES);
    let recipients = plan.recipients.iter().chain([&plan.proof]);
    let archive = Archive::begin(parts, recipients, taken_at)?;
    let paths = order.iter().map(|id| data.join(path_of(*id))).chain([data.join(SYSTEM)]);
    let logs = Arc::new(Logs::of_backup(paths, platform.config.storage.backup_log_bytes_max));
    let (files, blobs) = (Vec::new(), Vec::new());
    let mut writing = Writing { archive, files, blobs, source_bytes: 0, total, logs };
    writing = add_file(work, writing, None, counted(system).await?).await?;
    let (mut writing, damaged) = add_workspaces(work, cut, order, writing).await?;
    let keys = platform.secrets.to_keep_since(before)?;
    let config = platform.config.file.as_ref().map(std::fs::read_to_string).transpose()?;
    let rest = Rest { keys, config };
    let writing = tasks::in_background(move || {
        add_rest(&mut writing.archive, &data, &rest)?;
        Ok(writing)
    })
    .await?;
    let (plan, mut writing) = (Arc::new(plan), writing);
    let blobs = std::mem::take(&mut writing.blobs);
    let packed = add_packs(work, Arc::clone(&plan), blobs, spool.clone(), taken_at).await?;
    drop(pin);
    finish(&platform, plan, writing, Finish { spool, taken_at, damaged, packed }).await
}

/// Writes the blobs that lie at no target yet beside the parts.
async fn add_packs(
    work: &Work,
    plan: Arc<Plan>,
    blobs: Vec<(WorkspaceId, Blob)>,
    spool: PathBuf,
    taken_at: Moment,
) -> Result<Packed> {
    let (work, place) = (work.clone(), work.on_box().platform.blobs.clone());
    tasks::in_background(move || {
        let base = base_folder(plan.sequence, taken_at);
        let (kits, proof) = (plan.recipients.as_slice(), &plan.proof);
        let order = Order { spool: &spool, base: &base, kits, proof, taken_at };
        packing::pack(&work, &place, blobs, &plan.known, &order)
    })
    .await
}

fn path_of(id: WorkspaceId) -> String {
    format!("{WORKSPACES}/{id}.db")
}

fn begin_spool(spool: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    Ok(std::fs::DirBuilder::new().recursive(true).mode(0o700).create(spool)?)
}

/// A file at the moment of the cut, what it holds and what it refers to.
type Counted = (Held, Contents, Vec<Blob>);

/// Counts what a file holds before anything of it is written: a damaged one cannot be counted.
async fn counted(held: Held) -> Result<Counted> {
    tasks::in_background(move || {
        let contents = contents::ops::of_held(&held)?;
        let blobs = blobs::ops::all_of_held(&held)?;
        Ok((held, contents, blobs))
    })
    .await
}

/// Adds the files of workspaces and gives those that are left out. They are marked at once: by the
/// end of a long backup a restore may have put a whole file there.
async fn add_workspaces(
    work: &Work,
    mut cut: Cut<'_>,
    order: Vec<WorkspaceId>,
    mut writing: Writing,
) -> Result<(Writing, Vec<WorkspaceId>)> {
    let (ctx, puts) = (work.on_box(), cut.puts);
    let mut left_out = std::mem::take(&mut cut.known);
    for (id, found) in std::mem::take(&mut cut.found) {
        damage::ops::mark(ctx, id, puts, &found).await;
        left_out.push(id);
    }
    for id in order {
        work.check()?;
        match take_whole(ctx, &mut cut, id).await? {
            Err(found) => {
                damage::ops::mark(ctx, id, puts, &found).await;
                left_out.push(id);
            }
            Ok(whole) => match add_file(work, writing, Some(id), whole).await {
                Ok(more) => writing = more,
                // What is half written cannot be taken back: the next try leaves the file out.
                Err(failure) => {
                    let found = damage::ops::blamed(ctx, id, failure).await?;
                    damage::ops::mark(ctx, id, puts, &found).await;
                    return Err(Error::Damaged(found));
                }
            },
        }
    }
    Ok((writing, left_out))
}

/// The file of a workspace at the moment of the cut; the inner error is why it is left out.
async fn take_whole(
    ctx: &BoxCtx,
    cut: &mut Cut<'_>,
    id: WorkspaceId,
) -> Result<Result<Counted, String>> {
    let taken = match cut.take(id).await {
        Ok(None) => return Ok(Err("its file is gone".to_owned())),
        Ok(Some(held)) => counted(held).await,
        Err(error) => Err(error),
    };
    match taken {
        Ok(whole) => Ok(Ok(whole)),
        Err(failure) => damage::ops::blamed(ctx, id, failure).await.map(Err),
    }
}

async fn add_file(
    work: &Work,
    mut writing: Writing,
    of: Option<WorkspaceId>,
    (held, Contents { rows, audit }, blobs): Counted,
) -> Result<Writing> {
    let (work, path) = (work.clone(), of.map_or_else(|| SYSTEM.to_owned(), path_of));
    tasks::in_background(move || {
        let pages = Pages::of(held.connection())?;
        let (size, page_size_bytes, count) =
            (pages.size_bytes(), pages.page_size_bytes(), pages.page_count());
        let before = writing.source_bytes;
        let progress = Progress { done_bytes: before, total_bytes: writing.total };
        let watched = Watched::new(pages, progress, &writing.logs, &work);
        let sha256 = watched.add_to(&mut writing.archive, &path)?;
        if let Some(id) = of {
            writing.blobs.extend(blobs.into_iter().map(|blob| (id, blob)));
        }
        writing.files.push(FileEntry { path, page_size_bytes, pages: count, sha256, rows, audit });
        writing.source_bytes = before + size;
        Ok(writing)
    })
    .await
}

/// Adds what the databases cannot be read without, and the files beside them.
fn add_rest(archive: &mut Archive, data: &Path, rest: &Rest) -> Result<()> {
    for (name, bytes) in &rest.keys {
        archive.add_bytes(&format!("keys/{name}"), bytes)?;
    }
    if let Some(text) = &rest.config {
        archive.add_bytes("config/holdfast.toml", text.as_bytes())?;
    }
    for folder in FOLDERS {
        add_folder(archive, data, Path::new(folder))?;
    }
    archive.add_bytes("RECOVERY.md", RECOVERY.as_bytes())?;
    Ok(())
}

fn add_folder(archive: &mut Archive, data: &Path, folder: &Path) -> Result<()> {
    let mut entries = match std::fs::read_dir(data.join(folder)) {
        Ok(entries) => entries.collect::<io::Result<Vec<_>>>()?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            add_folder(archive, data, &path)?;
        } else if let Some(name) = path.to_str() {
            archive.add_bytes(name, &std::fs::read(data.join(&path))?)?;
        }
    }
    Ok(())
}

/// What goes along beside the databases.
struct Rest {
    keys: KeyFiles,
    config: Option<String>,
}

struct Finish {
    spool: PathBuf,
    taken_at: Moment,
    damaged: Vec<WorkspaceId>,
    packed: Packed,
}

/// Ends the archive and signs for it.
async fn finish(
    platform: &Arc<Platform>,
    plan: Arc<Plan>,
    writing: Writing,
    Finish { spool, taken_at, damaged, mut packed }: Finish,
) -> Result<Made> {
    let platform = Arc::clone(platform);
    tasks::blocking(move || {
        let box_id = platform.audit.box_id().to_string();
        let workspaces = writing.files.len() as u64 - 1;
        let manifest = Manifest {
            format: FORMAT,
            version: VERSION.to_owned(),
            sqlite_version: contents::ops::sqlite_version(),
            box_id: box_id.clone(),
            box_epoch: plan.box_epoch,
            sequence: plan.sequence,
            taken_at: taken_at.to_string(),
            files: writing.files,
            missing: damaged.iter().map(ToString::to_string).collect(),
            blobs: std::mem::take(&mut packed.blobs),
            missing_blobs: packed.missing.clone(),
        };
        let parts = writing.archive.finish(&manifest)?;
        let parts_bytes: u64 = parts.iter().map(|part| part.size_bytes).sum();
        let commit = Commit {
            format: FORMAT,
            box_id,
            box_epoch: plan.box_epoch,
            sequence: plan.sequence,
            taken_at: taken_at.to_string(),
            previous: plan.previous.map(|hash| to_hex(&hash)),
            recipients: plan.recipients.iter().map(ToString::to_string).collect(),
            unpacked_bytes: Some(writing.source_bytes),
            parts: parts.into_iter().map(Into::into).collect(),
            packs: packed.needed.clone(),
        };
        let sign = |text: &str| platform.audit.signer().sign(text).map(|it| it.as_ref().to_vec());
        let text = commit.to_file(sign)?;
        whole_file::write(&spool.join(COMMIT_FILE), text.as_bytes(), 0o600)?;
        Ok(Made {
            sequence: plan.sequence,
            folder: base_folder(plan.sequence, taken_at),
            taken_at,
            commit_hash: Sha256::digest(text.as_bytes()).into(),
            source_bytes: writing.source_bytes,
            size_bytes: parts_bytes + packed.size_bytes,
            workspaces,
            damaged,
            packed,
        })
    })
    .await
}
