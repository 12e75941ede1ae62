//! `[limits]`: how often one caller may ask.

use super::key::{section, whole};

section! {
    /// How often one caller may ask. A burst is what may come at once; the rate is how fast it
    /// fills up again. Whoever asks more often is told when to come back (429).
    Limits = "limits" {
        /// Requests of one signed-in person or program.
        requests_per_min: u64 = whole(6000, "per minute", 1, 10_000_000),
        /// Requests of one signed-in person or program at once.
        request_burst: u64 = whole(600, "requests", 1, 1_000_000),
        /// Requests from one address without a sign-in. People behind one router share it.
        unauthenticated_per_min: u64 = whole(1200, "per minute", 1, 10_000_000),
        /// Requests from one address without a sign-in at once.
        unauthenticated_burst: u64 = whole(300, "requests", 1, 1_000_000),
        /// Failed sign-ins, and wrong links of set-up, invitations and resets, from one address;
        /// successful ones do not count.
        sign_in_failures_per_min: u64 = whole(5, "per minute", 1, 10_000),
        /// Failed sign-ins and wrong links from one address at once.
        sign_in_failures_burst: u64 = whole(10, "failures", 1, 10_000),
        /// Exports, reports and restores of one person or program.
        heavy_per_min: u64 = whole(10, "per minute", 1, 100_000),
        /// Steps of imports of one person or program: looking a file over and taking it over are
        /// one each.
        imports_per_min: u64 = whole(30, "per minute", 1, 100_000),
        /// Live event streams open at once, all people together.
        event_streams_max: usize = whole(1000, "streams", 1, 100_000),
        /// Live event streams of one person or program; each open tab is one.
        event_streams_per_caller_max: usize = whole(16, "streams", 1, 10_000),
    }
}
