//! `holdfast recover`.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::Common;
use super::backup::{megabytes, read_kit};
use super::output::{self, Answer, Failure};
use crate::platform::backups::archive::Kit;
use crate::platform::backups::recovery::ops::{Found, newest, note, unpack_checked};
use crate::platform::clock::Clock;
use crate::platform::ctx::{Actor, BoxCtx, Cause};
use crate::wiring::{self, serving};

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
    let beside = beside(&data)?;
    let epoch_and_manifest = bring_back(common, &found, &kit, &beside);
    if epoch_and_manifest.is_err() && beside.is_dir() {
        std::fs::remove_dir_all(&beside)?;
    }
    let (epoch, manifest) = epoch_and_manifest?;
    if data.is_dir() {
        std::fs::remove_dir(&data)?;
    }
    std::fs::rename(&beside, &data)?;
    if let Some(parent) = data.parent().filter(|parent| parent.is_dir()) {
        std::fs::File::open(parent)?.sync_all()?;
    }
    let workspaces = manifest.files.len() - 1;
    if common.json {
        return output::print_json(&json!({
            "taken_at": manifest.taken_at, "sequence": manifest.sequence, "box_epoch": epoch,
            "workspaces": workspaces, "missing": manifest.missing,
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
fn beside(data: &Path) -> Answer<PathBuf> {
    let absolute = std::path::absolute(data)?;
    let mut name = absolute.file_name().unwrap_or_default().to_owned();
    name.push(".recovering");
    let beside = absolute.with_file_name(name);
    if beside.exists() {
        let detail = format!("{} is left of an earlier try. Delete it first.", beside.display());
        return Err(Failure::Failed(detail));
    }
    if let Some(parent) = beside.parent() {
        std::fs::create_dir_all(parent)?;
    }
    Ok(beside)
}

fn bring_back(
    common: &Common,
    found: &Found,
    kit: &Kit,
    beside: &Path,
) -> Answer<(u64, crate::platform::backups::archive::Manifest)> {
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
