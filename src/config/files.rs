//! `[files]`: how much room pictures and documents may take.

use super::key::{section, whole};

section! {
    /// How much room pictures and documents may take that people put beside what they keep.
    Files = "files" {
        /// Size of one file.
        size_bytes_max: u64 = whole(16_777_216, "bytes", 1024, 16_777_216),
        /// All files of one workspace together; the same bytes count once.
        workspace_bytes_max: u64 = whole(10_737_418_240, "bytes", 1024, 1_099_511_627_776_000),
    }
}
