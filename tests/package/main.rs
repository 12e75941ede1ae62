//! The Debian package: what is in it, what its units allow, and its life on a machine with
//! systemd, from the first installation to the last notice; and what the manual has people type
//! there.

mod apt;
mod cell;
mod contents;
mod guest;
mod guide;
mod life;
mod packing;
#[path = "../manual/page.rs"]
#[expect(unreachable_pub, reason = "the tests of the manual read pages with it as well")]
mod page;
mod publisher;
#[path = "../fixtures/releases.rs"]
#[expect(unreachable_pub, dead_code, reason = "other tests of updates take it in as well")]
mod releases;
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
