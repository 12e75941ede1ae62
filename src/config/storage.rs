//! `[storage]`: where the data lies and how much of it is held open.

use std::path::PathBuf;

use super::key::{section, text, whole};

section! {
    /// Where the data lies and how much of it is held open. Every acknowledged change is on disk;
    /// there is no setting to weaken that.
    Storage = "storage" {
        /// Folder that holds everything the box keeps.
        data: PathBuf = text("/var/lib/holdfast"),
        /// Workspaces held open at once; the one unused longest is closed for the next.
        workspaces_open_max: usize = whole(128, "workspaces", 1, 10_000),
        /// Connections for reading, for each open file.
        readers_per_file: usize = whole(3, "connections", 1, 32),
        /// The longest time one read may take before it is ended.
        read_deadline_ms: u64 = whole(5000, "milliseconds", 10, 600_000),
        /// Changes that may wait for one file; more are answered with 503.
        queue_commands_max: usize = whole(1024, "changes", 1, 65_536),
        /// Size of the write-ahead log at which it is moved into the database.
        checkpoint_bytes: u64 = whole(16_777_216, "bytes", 65_536, 1_073_741_824),
        /// Size to which a backup, an export of a workspace or a look through a file may let a
        /// write-ahead log grow; beyond it it is given up, so that it does not fill the disk.
        backup_log_bytes_max: u64 = whole(536_870_912, "bytes", 65_536, 1_099_511_627_776),
    }
}
