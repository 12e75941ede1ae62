//! The supervisor: what it keeps on its disk, and how it goes from one release to another. The
//! releases are as small as can be; the real ones are tried in `tests/handover`.
#![expect(clippy::print_stdout, reason = "what was skipped and how much was tried is told")]

mod bringing_back;
mod files;
mod forgetful;
mod guarding;
mod kills;
mod process;
mod real;
mod rig;
mod schedules;
mod switches;
