//! The Debian package: what is in it, what its units allow, and its life on a machine with
//! systemd, from the first installation to the last notice.

mod apt;
mod contents;
mod guest;
mod life;
mod packing;
mod units;

use std::io::Write;

/// Says it where nobody captures it.
fn tell(text: &str) {
    writeln!(std::io::stderr(), "{text}").expect("a terminal");
}

/// Says that something did not run.
fn skip(what: &str, why: &str) {
    tell(&format!("SKIPPED: {what}, because {why}"));
}
