//! Mending what can be mended safely: modes, owners, files that were left over, long logs. Nothing
//! here touches what the box keeps.

use std::fs;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Gid, Mode, OFlags, ResolveFlags, Uid};

use super::facts::{access, disk};
use super::look::Look;
use super::rules::standing::Process;
use crate::platform::error::{Error, Result};
use crate::platform::{control, db, take_lock};

/// What was done, one sentence for each thing.
pub type Done = Vec<String>;

/// Mends what the check of a code finds, and says what was done. Blocks.
pub fn apply(look: &Look, code: &str) -> Result<Done> {
    match code {
        "modes-open" => close_modes(look.data()),
        "master-key-readable" => close_keys(look.data()),
        "owner-wrong" => give_back(look.data()),
        "config-open" => close_config(look),
        "socket-stale" => remove_socket(look),
        "leftovers" => remove_leftovers(look.data()),
        "log-too-large" => fold_logs(look),
        _ => Err(not_fixable(code)),
    }
}

pub(super) fn not_fixable(code: &str) -> Error {
    Error::invalid("codes", "check-not-fixable", format!("{code} is not mended by itself."))
}

/// Opens what a path below the data folder names, for its owner and mode alone. Root works here in
/// a folder of somebody else, so no link is followed, wherever on the way it was put.
fn beneath(data: &Path, path: &Path) -> Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = rustix::fs::open(data, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())
        .map_err(std::io::Error::from)?;
    let inside = path.strip_prefix(data).unwrap_or(path);
    if inside.as_os_str().is_empty() {
        return Ok(folder);
    }
    let how = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    let opened = rustix::fs::openat2(&folder, inside, flags, Mode::empty(), how);
    Ok(opened.map_err(std::io::Error::from)?)
}

/// The same by a name that follows nothing.
fn name_of(file: &OwnedFd) -> PathBuf {
    Path::new("/proc/self/fd").join(file.as_raw_fd().to_string())
}

fn set_mode(path: &Path, mode: u32) -> Result<()> {
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(mode))?)
}

fn close_modes(data: &Path) -> Result<Done> {
    let mut done = Done::new();
    for (path, open) in access::walk(data).open {
        let file = beneath(data, &path)?;
        if open.has_acl {
            rustix::fs::removexattr(name_of(&file), access::ACL).map_err(std::io::Error::from)?;
            done.push(format!("Removed the access list of {}.", open.name));
        }
        let closed = open.mode & !access::OTHERS;
        if closed != open.mode {
            set_mode(&name_of(&file), closed)?;
            done.push(format!("Set {} from {:o} to {closed:o}.", open.name, open.mode));
        }
    }
    Ok(done)
}

fn close_keys(data: &Path) -> Result<Done> {
    let close = |(path, mode): (String, u32)| {
        set_mode(&name_of(&beneath(data, Path::new(&path))?), 0o600)?;
        Ok(format!("Set {path} from {mode:o} to 600."))
    };
    access::open_keys(data).into_iter().map(close).collect()
}

/// Gives files of others to whom the folder belongs; links themselves, not what they lead to.
fn give_back(data: &Path) -> Result<Done> {
    let walked = access::walk(data);
    let (user, group) = (Uid::from_raw(walked.owner.0), Gid::from_raw(walked.owner.1));
    let give = |path: &PathBuf| {
        // A link itself is somebody's too, and is given back by its own name.
        let parent = beneath(data, path.parent().unwrap_or(data))?;
        let name = path.file_name().unwrap_or_default();
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        rustix::fs::chownat(&parent, name, Some(user), Some(group), flags)
            .map_err(std::io::Error::from)?;
        Ok(format!("Gave {} to user {}.", disk::relative(path, data), walked.owner.0))
    };
    walked.others.iter().map(give).collect()
}

fn close_config(look: &Look) -> Result<Done> {
    let Some(path) = &look.config_file else { return Ok(Done::new()) };
    let Some(mode) = access::mode_of(path) else { return Ok(Done::new()) };
    let has_secret = !look.config.monitoring.token.reveal().is_empty();
    let closed = mode & !0o022 & if has_secret { !0o007 } else { !0 };
    if closed == mode {
        return Ok(Done::new());
    }
    set_mode(path, closed)?;
    Ok(vec![format!("Set {} from {mode:o} to {closed:o}.", path.display())])
}

fn remove_socket(look: &Look) -> Result<Done> {
    let path = look.data().join(control::SOCKET);
    let is_socket = fs::symlink_metadata(&path).is_ok_and(|it| it.file_type().is_socket());
    if look.process != Process::None || !is_socket {
        return Ok(Done::new());
    }
    // Whoever starts meanwhile takes the lock first, and makes a socket of its own.
    let _lock = take_lock(look.data())?;
    fs::remove_file(&path)?;
    Ok(vec![format!("Removed {}.", path.display())])
}

fn remove_leftovers(data: &Path) -> Result<Done> {
    let remove = |(path, size): (PathBuf, u64)| {
        let parent = beneath(data, path.parent().unwrap_or(data))?;
        let name = path.file_name().unwrap_or_default();
        rustix::fs::unlinkat(&parent, name, AtFlags::empty()).map_err(std::io::Error::from)?;
        Ok(format!("Removed {}, {size} bytes.", disk::relative(&path, data)))
    };
    disk::leftovers(data).into_iter().map(remove).collect()
}

/// Folds logs of a box that does not run; one that runs is asked to do it itself.
fn fold_logs(look: &Look) -> Result<Done> {
    let _lock = take_lock(look.data())?;
    let fold = |(path, size): (PathBuf, u64)| {
        db::fold(&path)?;
        let name = disk::relative(&path, look.data());
        Ok(format!("Folded the log of {name} into it, {size} bytes."))
    };
    disk::long_logs(look.data(), look.config.storage.checkpoint_bytes)
        .into_iter()
        .map(fold)
        .collect()
}
