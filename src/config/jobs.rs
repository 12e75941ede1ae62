//! `[jobs]`: work in the background.

use super::key::{section, whole};

section! {
    /// Work in the background: on schedules, and what people need not wait for.
    Jobs = "jobs" {
        /// Jobs that run at once. Of the heavy ones, such as imports, it is one in any case.
        running_max: usize = whole(2, "jobs", 1, 16),
    }
}
