//! `holdfast recover`.

use std::fs::File;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::Common;
use super::backup::read_kit;
use super::output::{self, Answer, Failure, megabytes};
use crate::platform::backups::archive::{FileEntry, Kit, Manifest};
use crate::platform::backups::recovery::ops::{Found, newest, note, unpack_checked};
use crate::platform::clock::Clock;
use crate::platform::ctx::{Actor, BoxCtx, Cause};
use crate::platform::monitoring::ops::free_bytes_of;
use crate::wiring::{self, serving};

/// Room that has to be left on the disk.
const ROOM_LEFT_BYTES: u64 = 64 * 1024 * 1024;
/// Told again after so much more was read.
const TOLD_EVERY_BYTES: u64 = 64 * 1024 * 1024;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Folder of the backups, of one box in it, or of one backup.
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// File of the recovery kit.
    #[arg(long, value_name = "FILE")]
    kit: PathBuf,
}

/// Brings a box back into a data folder that is not there yet, or is empty.
pub(super) fn run(common: &Common, options: &Options) -> Answer {
    serving::keep_files_private();
    let kit = read_kit(&options.kit)?;
    let data = common.load(Vec::new())?.data().to_owned();
    check_empty(&data)?;
    let found = newest(&options.from, &kit).map_err(|why| Failure::Failed(why.to_string()))?;
    let beside = Beside::of(&data)?;
    let brought = need_room(&beside.folder, &found)
        .and_then(|()| bring_back(common, &found, &kit, &beside.folder))
        .and_then(|brought| {
            if data.is_dir() {
                std::fs::remove_dir(&data)?;
            }
            std::fs::rename(&beside.folder, &data)?;
            Ok(brought)
        });
    beside.clear()?;
    let (epoch, manifest) = brought?;
    if let Some(parent) = data.parent().filter(|parent| parent.is_dir()) {
        std::fs::File::open(parent)?.sync_all()?;
    }
    let workspaces = manifest.files.len() - 1;
    if common.json {
        return output::print_json(&json!({
            "taken_at": manifest.taken_at, "sequence": manifest.sequence, "box_epoch": epoch,
            "workspaces": workspaces, "missing": manifest.missing, "files": files(&manifest),
        }));
    }
    let text = format!(
        "The box is back in {} as it was at {}: backup {}, {workspaces} workspaces, every file \
         checked.\nStart it: holdfast serve --data {0}\n",
        data.display(),
        manifest.taken_at,
        manifest.sequence,
    );
    if !manifest.missing.is_empty() {
        let missing = manifest.missing.join(", ");
        output::note(&format!("Not in the backup: workspaces {missing}."));
    }
    let config = data.join("config/holdfast.toml");
    if config.is_file() {
        let shown = config.display();
        output::note(&format!(
            "Its configuration lies in {shown}; put it where this machine reads it."
        ));
    }
    output::print(&text)
}

/// What is in each database, all of which was compared with what the backup says of it.
fn files(manifest: &Manifest) -> Vec<Value> {
    let file = |one: &FileEntry| {
        json!({
            "path": one.path, "rows": one.rows.values().sum::<u64>(),
            "audit_entries": one.audit.entries, "audit_head": one.audit.head,
        })
    };
    manifest.files.iter().map(file).collect()
}

fn check_empty(data: &Path) -> Answer {
    let is_empty = match std::fs::read_dir(data) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => return Err(error.into()),
    };
    if is_empty {
        return Ok(());
    }
    let detail = format!("{} is not empty. A box comes back into a new folder.", data.display());
    Err(Failure::Failed(detail))
}

/// Where the box is put together, on the same disk as the data folder.
struct Beside {
    folder: PathBuf,
    /// Says that the folder is ours, so that what a kill left can be cleared away.
    mark: PathBuf,
    /// Held while this process works in the folder.
    _lock: File,
}

impl Beside {
    fn of(data: &Path) -> Answer<Self> {
        let absolute = std::path::absolute(data)?;
        let with = |ending: &str| {
            let mut name = absolute.file_name().unwrap_or_default().to_owned();
            name.push(ending);
            absolute.with_file_name(name)
        };
        let (folder, mark) = (with(".recovering"), with(".recovering.lock"));
        if let Some(parent) = folder.parent() {
            std::fs::create_dir_all(parent)?;
        }
        if folder.exists() && !mark.exists() {
            let detail = format!("{} is in the way. Delete or move it first.", folder.display());
            return Err(Failure::Failed(detail));
        }
        let lock = File::options().create(true).truncate(false).write(true).open(&mark)?;
        if lock.try_lock().is_err() {
            let detail = format!("{} is being recovered already.", data.display());
            return Err(Failure::Failed(detail));
        }
        if folder.exists() {
            output::note("What an earlier try left is cleared away.");
            std::fs::remove_dir_all(&folder)?;
        }
        Ok(Self { folder, mark, _lock: lock })
    }

    /// Leaves nothing behind; the folder is gone where it became the data folder.
    fn clear(&self) -> Answer {
        if self.folder.is_dir() {
            std::fs::remove_dir_all(&self.folder)?;
        }
        Ok(std::fs::remove_file(&self.mark)?)
    }
}

/// Refuses before anything is written when the disk would fill up: what is unpacked is rarely
/// smaller than the backup.
fn need_room(folder: &Path, found: &Found) -> Answer {
    let packed: u64 = found.commit.parts.iter().map(|part| part.size_bytes).sum();
    let needed = packed.saturating_add(ROOM_LEFT_BYTES);
    let folder = folder.parent().unwrap_or(Path::new("/"));
    let free = free_bytes_of(folder).map_err(Failure::of)?;
    if free >= needed {
        return Ok(());
    }
    let detail = format!(
        "The box needs more than {} in {} and there are {}. Nothing was written.",
        megabytes(needed),
        folder.display(),
        megabytes(free)
    );
    Err(Failure::Failed(detail))
}

fn bring_back(common: &Common, found: &Found, kit: &Kit, beside: &Path) -> Answer<(u64, Manifest)> {
    let total: u64 = found.commit.parts.iter().map(|part| part.size_bytes).sum();
    let (mut done, mut told) = (0, 0);
    let progress = |bytes| {
        done += bytes;
        if !common.json && done - told >= TOLD_EVERY_BYTES {
            told = done;
            output::note(&format!("{} of {}", megabytes(done), megabytes(total)));
        }
    };
    let manifest = unpack_checked(found, kit, beside, progress)
        .map_err(|why| Failure::Failed(why.to_string()))?;
    // Opened as a box is, with the keys that came along: what they do not open would show here.
    let flags = vec![("storage.data", beside.to_string_lossy().into_owned())];
    let config = Common { data: None, ..common.clone() }.load(flags)?;
    let platform = wiring::open(config, Clock::System).map_err(Failure::of)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let epoch = runtime.block_on(async {
        let ctx = BoxCtx::new(&platform, Cause::of(Actor::CommandLine));
        let epoch = note(&ctx, &manifest).await;
        platform.close().await;
        epoch.map_err(Failure::of)
    })?;
    Ok((epoch, manifest))
}
