//! Root at work in the data folder of another user: what it writes has to be that user's, or the
//! box could not read it.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{Gid, Uid};
use rustix::process::geteuid;
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};

use super::output::{Answer, Failure};

/// Does the work as the user the folder belongs to, where root asks for it in a folder of another
/// user; else just does it. The rest of the process stays root, so that the answer can be written
/// where only root may.
pub(super) fn as_owner_of<T: Send>(
    data: &Path,
    work: impl FnOnce() -> Answer<T> + Send,
) -> Answer<T> {
    let of_other = |about: &Metadata| about.uid() != 0 && geteuid().is_root();
    let Some(about) = std::fs::metadata(data).ok().filter(of_other) else { return work() };
    let at_work = || {
        become_user(about.uid(), about.gid()).map_err(|error| not_allowed(data, error))?;
        work()
    };
    std::thread::scope(|scope| {
        // Whatever it starts is that user's as well.
        let working = std::thread::Builder::new().spawn_scoped(scope, at_work)?;
        working.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Gives up everything that root may, on this thread, for good.
fn become_user(user: u32, group: u32) -> rustix::io::Result<()> {
    let (user, group) = (Uid::from_raw(user), Gid::from_raw(group));
    set_thread_groups(&[group])?;
    set_thread_res_gid(group, group, group)?;
    set_thread_res_uid(user, user, user)
}

fn not_allowed(data: &Path, error: rustix::io::Errno) -> Failure {
    Failure::Denied(format!(
        "{} belongs to another user, and root may not become it here: {error}. Run it as that \
         user: runuser -u holdfast -- holdfast ...",
        data.display()
    ))
}
