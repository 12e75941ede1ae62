//! What updates keep of the data below the data folder: copies to try a release out on, snapshots
//! to go back to, and what was there before going back. The journals beside them are none of it.

use std::io;
use std::path::{Path, PathBuf};

use crate::platform::error::Result;
use crate::platform::whole_file::sync_folder_of;

/// Below the data folder; each update has a folder of its own in it.
pub const FOLDER: &str = "update";
/// The copy that releases are tried out on, below the folder of an update.
pub const COPY: &str = "rehearse";
/// The snapshot to go back to, below the folder of an update.
pub const SNAPSHOT: &str = "snapshot";
/// What the names of folders begin with that hold what was there before going back.
const AFTER: &str = "after-";

/// Removes everything that updates keep of the data: it holds whom an erasure has to take out. What
/// is left is the way back without a restore. Gives how many folders. Blocks.
pub(in crate::platform) fn drop_all(data: &Path) -> Result<usize> {
    let mut count = 0;
    for update in folders_in(&data.join(FOLDER))? {
        for kept in folders_in(&update)? {
            let name = kept.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if matches!(name, COPY | SNAPSHOT) || name.starts_with(AFTER) {
                std::fs::remove_dir_all(&kept)?;
                sync_folder_of(&kept)?;
                count += 1;
            }
        }
    }
    Ok(count)
}

fn folders_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    Ok(paths.into_iter().filter(|path| path.is_dir() && !path.is_symlink()).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::drop_all;

    #[test]
    fn what_is_kept_of_the_data_goes_and_journals_stay() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(drop_all(folder.path()).unwrap(), 0);
        let update = folder.path().join("update/7");
        for name in ["rehearse/workspaces", "snapshot/workspaces", "after-1.2.0", "incoming"] {
            fs::create_dir_all(update.join(name)).unwrap();
        }
        fs::write(update.join("journal"), "armed").unwrap();

        assert_eq!(drop_all(folder.path()).unwrap(), 3);

        let mut left: Vec<_> =
            fs::read_dir(&update).unwrap().map(|one| one.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["incoming", "journal"]);
    }
}
