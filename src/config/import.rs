//! `[import]`: how much one file may bring in.

use super::key::{section, whole};

section! {
    /// How much one imported file may bring in. It is one transaction, so more would hold up
    /// everybody else's changes.
    Import = "import" {
        /// Rows of one file.
        rows_max: usize = whole(20_000, "rows", 1, 20_000),
        /// Size of one file.
        size_bytes_max: usize = whole(16_777_216, "bytes", 1024, 16_777_216),
    }
}
