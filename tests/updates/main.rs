//! Updates of the box: how they stand, who may ask for them, what the history keeps.
#![expect(unreachable_pub, reason = "the harness is shared with the API tests")]

mod access;
mod attacks;
mod confirming;
mod feeds;
#[expect(clippy::unwrap_used, reason = "what fails here fails the test")]
#[path = "../trust/forge.rs"]
mod forge;
#[expect(clippy::unwrap_used, reason = "what fails here fails the test")]
#[path = "../trust/attacks.rs"]
mod forged;
mod going_back;
mod news;
#[expect(clippy::unwrap_used, reason = "what fails here fails the test")]
#[path = "../trust/packing.rs"]
mod packing;
#[expect(clippy::unwrap_used, dead_code, reason = "the trust tests need more of it")]
#[path = "../trust/servers.rs"]
mod servers;
mod status;
mod supervisor;
#[expect(dead_code, unused_imports, reason = "the harness offers more than this test needs")]
#[path = "../api/support/mod.rs"]
mod support;
mod transport;
mod whole;

/// Where the routes lie.
const UPDATES: &str = "/api/v1/platform/updates";

/// The address of one of them.
fn at(path: &str) -> String {
    format!("{UPDATES}/{path}")
}
