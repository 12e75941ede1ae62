//! A release is tried out on the box's own data before it takes over, and nothing of that stays.
#![expect(clippy::print_stdout, reason = "what was measured is told")]

mod boxes;
mod copies;
#[expect(unreachable_pub, dead_code, reason = "other tests use the rest")]
#[path = "../fixtures/releases.rs"]
mod releases;
mod steps;
mod trial;
