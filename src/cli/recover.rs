//! `holdfast recover`.

use std::fs::File;
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Value, json};

use super::Common;
use super::backup::read_kit;
use super::output::{self, Answer, Failure, megabytes};
use super::place::{Place, not_taken, passed_over_json};
use super::running::pace;
use crate::platform::backups::archive::{FileEntry, Kit, Manifest};
use crate::platform::backups::recovery::finding::{Found, PassedOver, Picked};
use crate::platform::backups::recovery::ops::{Noted, note};
use crate::platform::backups::recovery::unpacking::unpack_checked;
use crate::platform::backups::targets::Remote;
use crate::platform::clock::Clock;
use crate::platform::ctx::{Actor, BoxCtx, Cause};
use crate::platform::monitoring::ops::free_bytes_of;
use crate::wiring::{self, serving};

/// Room that has to be left on the disk.
const ROOM_LEFT_BYTES: u64 = 64 * 1024 * 1024;
/// How often it is said how far it is.
const TOLD_EVERY: Duration = Duration::from_secs(1);

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    place: Place,
    /// File of the recovery kit.
    #[arg(long, value_name = "FILE")]
    kit: PathBuf,
}

/// What came back, and from where.
struct Brought {
    found: Found,
    /// What calls itself newer and could not be used.
    passed_over: Vec<PassedOver>,
    manifest: Manifest,
    noted: Noted,
    took: Duration,
}

/// Brings a box back into a data folder that is not there yet, or is empty.
pub(super) fn run(common: &Common, options: &Options) -> Answer {
    serving::keep_files_private();
    let kit = read_kit(&options.kit)?;
    let data = common.load(Vec::new())?.data().to_owned();
    check_empty(&data)?;
    let remote = options.place.open()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let Picked { found, passed_over } = runtime.block_on(options.place.find(&remote, &kit))?;
    let beside = Beside::of(&data)?;
    let begun = Instant::now();
    let brought = need_room(&beside.folder, &remote, &found)
        .and_then(|()| {
            let bringing = bring_back(common, remote, found.clone(), kit.clone(), &beside.folder);
            runtime.block_on(bringing)
        })
        .and_then(|brought| put_in_place(&beside.folder, &data).map(|()| brought));
    beside.clear()?;
    let (manifest, noted) = brought?;
    let brought = Brought { found, passed_over, manifest, noted, took: begun.elapsed() };
    if common.json {
        return output::print_json(&brought.to_json(&kit, &data));
    }
    output::print(&brought.told(&kit, &data))
}

impl Brought {
    fn config(data: &Path) -> Option<PathBuf> {
        Some(data.join("config/holdfast.toml")).filter(|path| path.is_file())
    }

    fn to_json(&self, kit: &Kit, data: &Path) -> Value {
        let Self { found, passed_over, manifest, noted, took } = self;
        // All of it was compared with what the backup says of it.
        let file = |one: &FileEntry| {
            json!({
                "path": one.path, "bytes": one.pages * one.page_size_bytes, "rows": one.rows,
                "audit_entries": one.audit.entries, "audit_head": one.audit.head,
            })
        };
        json!({
            "box_id": manifest.box_id, "box_name": kit.box_name, "data": data,
            "folder": found.base.folder, "sequence": manifest.sequence,
            "taken_at": manifest.taken_at, "version": manifest.version,
            "box_epoch": noted.box_epoch, "workspaces": manifest.files.len() - 1,
            "missing": manifest.missing, "passed_over": passed_over_json(passed_over),
            "size_bytes": found.size_bytes(),
            "parts": found.commit.parts.len(),
            "took_ms": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            "files": manifest.files.iter().map(file).collect::<Vec<_>>(),
            "configuration": Self::config(data), "is_backup_asked": noted.is_backup_asked,
        })
    }

    fn told(&self, kit: &Kit, data: &Path) -> String {
        let Self { found, passed_over, manifest, took, .. } = self;
        let Manifest { sequence, taken_at, files, missing, .. } = manifest;
        let (config, data) = (Self::config(data), data.display());
        let size = megabytes(found.size_bytes());
        let (parts, seconds) = (found.commit.parts.len(), took.as_secs_f32());
        let mut lines = vec![
            format!("{} is back in {data} as it was at {taken_at}.", kit.box_name),
            format!("Backup {sequence}, {size} in {parts} parts, took {seconds:.1} s."),
        ];
        if !passed_over.is_empty() {
            lines.push("\nNewer, and of no use:".to_owned());
            lines.extend(passed_over.iter().map(|one| format!("  {}", not_taken(one))));
        }
        lines.push(String::new());
        lines.extend(files.iter().map(|file| {
            let rows: u64 = file.rows.values().sum();
            let (path, audit) = (&file.path, &file.audit);
            format!("  {path}: {rows} rows, {} audit entries up to {}", audit.entries, audit.head)
        }));
        lines.push(String::new());
        lines.push(
            "Checked: the signature of the box, the hash of every part and file, every page of \
             every database, its rows by table, and its audit log entry by entry."
                .to_owned(),
        );
        if !missing.is_empty() {
            lines.push(format!("Not in the backup: workspaces {}.", missing.join(", ")));
        }
        lines.push("\nWhat to do next:".to_owned());
        let mut steps = Vec::new();
        if let Some(config) = config {
            let config = config.display();
            steps.push(format!("Put {config} where this machine reads its configuration."));
        }
        steps.push(format!("Start it: holdfast serve --data {data}"));
        steps.push("Leave the old machine off. Its backups are refused from now on.".to_owned());
        steps.push(format!(
            "Do again what was done after {taken_at}: above all ask again for erasures asked for \
             since then, for the people are back, and take away again what was taken from people."
        ));
        steps.push(if self.noted.is_backup_asked {
            "The box makes a backup when it starts; look that it is verified.".to_owned()
        } else {
            "Name a target and make a kit: until then the box makes no backups.".to_owned()
        });
        lines.extend((1..).zip(steps).map(|(number, step)| format!("  {number}. {step}")));
        lines.join("\n") + "\n"
    }
}

fn check_empty(data: &Path) -> Answer {
    let is_empty = match std::fs::read_dir(data) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => {
            return Err(Failure::Failed(format!("{} cannot be used: {error}.", data.display())));
        }
    };
    if !is_empty {
        let detail =
            format!("{} is not empty. A box comes back into a new folder.", data.display());
        return Err(Failure::Failed(detail));
    }
    let parent = std::path::absolute(data)?.parent().map(std::fs::metadata).transpose()?;
    let own = std::fs::metadata(data)?;
    if parent.is_some_and(|parent| parent.dev() != own.dev()) {
        let detail = format!(
            "{} is a disk of its own. Name a folder on it: the box is put together beside the \
             folder and moved there as a whole.",
            data.display()
        );
        return Err(Failure::Failed(detail));
    }
    Ok(())
}

/// Gives the folder its name and its owner.
fn put_in_place(folder: &Path, data: &Path) -> Answer {
    let before = Some(data).filter(|data| data.is_dir()).map(std::fs::metadata).transpose()?;
    if rustix::process::geteuid().is_root() {
        let found = before.as_ref().map(|before| (before.uid(), before.gid()));
        let people = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        if let Some((user, group)) = owner_of(found, &people) {
            hand_over(folder, user, group)?;
        }
    }
    if let Some(before) = before {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(before.mode() & 0o777))?;
        std::fs::remove_dir(data)?;
    }
    std::fs::rename(folder, data)?;
    if let Some(parent) = std::path::absolute(data)?.parent() {
        File::open(parent)?.sync_all()?;
    }
    Ok(())
}

/// Whose the box becomes where root brings it back: whoever owned the empty folder that was there.
/// One of root's, or none, says nothing of the service, which runs as the package's user.
fn owner_of(found: Option<(u32, u32)>, people: &str) -> Option<(u32, u32)> {
    let of_service = || {
        let line = people.lines().find_map(|line| line.strip_prefix("holdfast:"))?;
        let mut fields = line.split(':').skip(1).map(str::parse);
        Some((fields.next()?.ok()?, fields.next()?.ok()?))
    };
    found.filter(|(user, _)| *user != 0).or_else(of_service).or(found)
}

fn hand_over(path: &Path, user: u32, group: u32) -> Answer {
    lchown(path, Some(user), Some(group))?;
    if std::fs::symlink_metadata(path)?.is_dir() {
        for entry in std::fs::read_dir(path)? {
            hand_over(&entry?.path(), user, group)?;
        }
    }
    Ok(())
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

/// Refuses before anything is written when the disk would fill up.
fn need_room(folder: &Path, remote: &Remote, found: &Found) -> Answer {
    let commit = &found.commit;
    // What is unpacked is rarely smaller than the backup.
    let unpacked = commit.unpacked_bytes.unwrap_or_default().max(found.size_bytes());
    let is_near = remote.on_this_machine("").is_some();
    let parts = commit.parts.iter().map(|part| part.size_bytes);
    let part = if is_near { 0 } else { parts.max().unwrap_or_default() };
    let packs: u64 = commit.packs.iter().map(|pack| pack.size_bytes).sum();
    let needed =
        unpacked.saturating_add(packs).saturating_add(part).saturating_add(ROOM_LEFT_BYTES);
    let folder = folder.parent().unwrap_or(Path::new("/"));
    let free = free_bytes_of(folder).map_err(Failure::of)?;
    if free >= needed {
        return Ok(());
    }
    let detail = format!(
        "The box needs {} in {} and there are {}. Nothing was written.",
        megabytes(needed),
        folder.display(),
        megabytes(free)
    );
    Err(Failure::Failed(detail))
}

/// Says how far it is, from time to time.
fn telling(is_quiet: bool, total: u64) -> impl FnMut(u64) + Send + 'static {
    let (since, mut done, mut told) = (Instant::now(), 0, Instant::now());
    move |bytes| {
        done += bytes;
        if !is_quiet && (told.elapsed() >= TOLD_EVERY || done == total) {
            told = Instant::now();
            output::note(&pace(done, total, since));
        }
    }
}

async fn bring_back(
    common: &Common,
    remote: Remote,
    found: Found,
    kit: Kit,
    beside: &Path,
) -> Answer<(Manifest, Noted)> {
    let progress = telling(common.json, found.size_bytes());
    let manifest = unpack_checked(remote, found.clone(), kit, beside.to_owned(), progress)
        .await
        .map_err(|why| Failure::Failed(format!("{why} Nothing was changed on this machine.")))?;
    // Opened as a box is, with the keys that came along: what they do not open would show here.
    let flags = vec![("storage.data", beside.to_string_lossy().into_owned())];
    let config = Common { data: None, ..common.clone() }.load(flags)?;
    let platform = wiring::open(config, Clock::System).map_err(Failure::of)?;
    let ctx = BoxCtx::new(&platform, Cause::of(Actor::CommandLine));
    let noted = note(&ctx, &found, &manifest).await;
    platform.close().await;
    Ok((manifest, noted.map_err(Failure::of)?))
}

#[cfg(test)]
mod tests {
    use super::owner_of;

    const WITH_PACKAGE: &str = "root:x:0:0:root:/root:/bin/bash\n\
         holdfast:x:998:997:Holdfast:/var/lib/holdfast:/usr/sbin/nologin\n";

    #[test]
    fn a_box_that_root_brings_back_belongs_to_whoever_is_to_run_it() {
        let without = "root:x:0:0:root:/root:/bin/bash\n";

        assert_eq!(owner_of(Some((1000, 100)), WITH_PACKAGE), Some((1000, 100)));
        assert_eq!(owner_of(Some((0, 0)), WITH_PACKAGE), Some((998, 997)));
        assert_eq!(owner_of(None, WITH_PACKAGE), Some((998, 997)));
        assert_eq!(owner_of(Some((0, 0)), without), Some((0, 0)));
        assert_eq!(owner_of(None, without), None);
    }
}
