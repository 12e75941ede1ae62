//! Whether a backup that is under way still has room on the disk of the box.

use super::rules::check_room;
use crate::platform::error::Result;
use crate::platform::jobs::Work;

/// Refuses when the disk cannot take so many bytes more. Blocks shortly.
pub(in crate::platform::backups) fn check(work: &Work, bytes: u64) -> Result<()> {
    let platform = &work.on_box().platform;
    let disk = platform.room.of(platform.config.data())?;
    check_room(disk.free_bytes, disk.size_bytes, bytes)
}
