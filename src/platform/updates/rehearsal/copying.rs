//! A copy of the databases to try a release out on, made while the box runs and people write.
//!
//! Each file is copied as it is at one moment of its own. Keys are not copied: what a rehearsal
//! does unseals nothing, and what only a key opens is tried on the data itself, in the trial. Files
//! that lie beside the databases are not copied either. The copies hold what the databases hold, so
//! they lie below the data folder with the same rights, and are removed when they were looked at.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::looking::SYSTEM;
use super::rules::check_free;
use crate::platform::ctx::BoxCtx;
use crate::platform::db::{Held, Pages};
use crate::platform::error::{Error, Result};
use crate::platform::steady::SteadyFile;
use crate::platform::workspaces::ops::list_in;
use crate::platform::workspaces::rules::States;
use crate::platform::workspaces::{self, WorkspaceId, damage};
use crate::platform::{make_private_folder, tasks, whole_file};

/// Says of a folder that it is a copy: nothing else is rehearsed on.
pub(super) const MARK: &str = "rehearsal";
const MARKED: &str = "A copy of the databases, to try a release out on. It may be removed.\n";
/// Read and written at once.
const PIECE_BYTES: usize = 1024 * 1024;
/// Workspaces read at once from the box's file.
const PAGE: usize = 500;
/// So long a copy of all files takes at most.
const COPY_MAX: Duration = Duration::from_hours(2);

/// A copy that was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Copied {
    pub files: u64,
    pub bytes: u64,
    pub took_ms: u64,
    /// Workspaces whose files are damaged and left out: what people call them.
    pub skipped: Vec<String>,
}

/// Copies the databases of the running box into a folder that does not exist yet, which is removed
/// again when it does not come to an end. `tell` hears how many bytes of about how many are done;
/// an error from it ends the copying.
///
/// # Errors
/// `update-room` when the disk gets too full, `update-copy-slow` after two hours.
pub async fn copy(
    ctx: &BoxCtx,
    into: &Path,
    mut tell: impl FnMut(u64, u64) -> Result<()> + Send,
) -> Result<Copied> {
    let folder = into.to_owned();
    tasks::blocking(move || begin(&folder)).await?;
    let copied = copy_all(ctx, into, &mut tell).await;
    if copied.is_err() {
        drop_copy(into).await?;
    }
    copied
}

/// Makes the folder for a copy. Blocks shortly.
pub(super) fn begin(folder: &Path) -> Result<()> {
    if folder.exists() {
        return Err(Error::internal(format!("{} is there already", folder.display())));
    }
    make_private_folder(&folder.join(workspaces::FOLDER))?;
    whole_file::write(&folder.join(MARK), MARKED.as_bytes(), 0o600)
}

/// Removes a copy, which may be gone already.
pub async fn drop_copy(folder: &Path) -> Result<()> {
    let folder = folder.to_owned();
    tasks::in_background(move || match std::fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    })
    .await
}

async fn copy_all(
    ctx: &BoxCtx,
    into: &Path,
    tell: &mut (dyn FnMut(u64, u64) -> Result<()> + Send),
) -> Result<Copied> {
    let (platform, started) = (&ctx.platform, Instant::now());
    let (mut copied, mut known) = (Copied::default(), Vec::new());
    loop {
        let after = known.last().map(|(id, _)| *id);
        let page = ctx.read(move |scope| list_in(scope, States::All, after, PAGE)).await?;
        let is_last = page.len() < PAGE;
        known.extend(page.into_iter().map(|one| (one.id, one.name)));
        if is_last {
            break;
        }
    }
    let size = |path: PathBuf| std::fs::metadata(path).map_or(0, |about| about.len());
    let data = platform.config.data().to_owned();
    let of_all: u64 = known.iter().map(|(id, _)| size(platform.workspaces.path(*id))).sum();
    let mut copying = Copying { ctx, into, total: of_all + size(data.join(SYSTEM)), tell };
    let system = tasks::blocking(move || {
        let held = Held::ready(&data.join(SYSTEM))?;
        held.hold()?;
        Ok(held)
    });
    copied.bytes = copying.one(system.await?, SYSTEM.into(), 0).await?;
    copied.files = 1;
    for (id, name) in known {
        if started.elapsed() > COPY_MAX {
            let detail = "Copying the data to try the release out on took more than two hours. \
                          Nothing was changed.";
            return Err(Error::conflict("update-copy-slow", detail));
        }
        match copying.workspace(id, copied.bytes).await? {
            None => copied.skipped.push(name),
            Some(bytes) => {
                copied.files += 1;
                copied.bytes += bytes;
            }
        }
    }
    copied.took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(copied)
}

struct Copying<'a> {
    ctx: &'a BoxCtx,
    into: &'a Path,
    total: u64,
    tell: &'a mut (dyn FnMut(u64, u64) -> Result<()> + Send),
}

impl Copying<'_> {
    /// None where the file is damaged; one that was removed meanwhile counts as nothing.
    async fn workspace(&mut self, id: WorkspaceId, done: u64) -> Result<Option<u64>> {
        let workspaces = &self.ctx.platform.workspaces;
        if workspaces.is_damaged(id) {
            return Ok(None);
        }
        let held = match damage::ops::hold(self.ctx, id).await {
            Ok(held) => held,
            Err(Error::NotFound) => return Ok(Some(0)),
            Err(_) if workspaces.is_damaged(id) => return Ok(None),
            Err(error) => return Err(error),
        };
        let name = Path::new(workspaces::FOLDER).join(format!("{id}.db"));
        match self.one(held, name, done).await {
            Ok(bytes) => Ok(Some(bytes)),
            // Somebody else may have come upon it meanwhile.
            Err(_) if self.ctx.platform.workspaces.is_damaged(id) => {
                let path = self.into.join(workspaces::FOLDER).join(format!("{id}.db"));
                tasks::blocking(move || Ok(std::fs::remove_file(path)?)).await?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Copies one file behind everything else that the box does.
    async fn one(&mut self, held: Held, name: PathBuf, done: u64) -> Result<u64> {
        let (to, folder) = (self.into.join(name), self.into.to_owned());
        let room = Arc::clone(&self.ctx.platform.room);
        let (says, mut heard) = watch::channel(0);
        let given_up = Arc::new(AtomicBool::new(false));
        let is_over = Arc::clone(&given_up);
        let copying = tasks::in_background(move || {
            copy_pages(&held, &to, |bytes| {
                if is_over.load(Ordering::Relaxed) {
                    return Err(Error::internal("the copying was given up"));
                }
                says.send_replace(bytes);
                check_free(room.of(&folder)?.free_bytes, 0)
            })
        });
        tokio::pin!(copying);
        let mut refused = None;
        loop {
            tokio::select! {
                copied = &mut copying => return refused.map_or(copied, Err),
                Ok(()) = heard.changed(), if refused.is_none() => {
                    let bytes = done + *heard.borrow_and_update();
                    if let Err(error) = (self.tell)(bytes.min(self.total), self.total) {
                        given_up.store(true, Ordering::Relaxed);
                        refused = Some(error);
                    }
                }
            }
        }
    }
}

/// Writes the pages of a moment into a new file, piece by piece.
pub(super) fn copy_pages(
    held: &Held,
    to: &Path,
    mut step: impl FnMut(u64) -> Result<()>,
) -> Result<u64> {
    let mut pages = Pages::of(held.connection())?;
    let mut file = SteadyFile::new(new_file(to)?);
    let (mut piece, mut done) = (vec![0; PIECE_BYTES], 0);
    loop {
        let length = pages.read(&mut piece)?;
        if length == 0 {
            break;
        }
        file.write_all(piece.get(..length).unwrap_or_default())?;
        done += length as u64;
        step(done)?;
    }
    file.sync_all()?;
    Ok(done)
}

fn new_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}
