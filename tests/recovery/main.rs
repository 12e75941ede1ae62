//! A machine is lost: the program as a shell sees it, from the backups of a box to the box on
//! another machine, and everything that may be wrong on the way.
#![expect(unreachable_pub, reason = "the rig is a module of its only user")]

mod addresses;
mod kills;
mod memory;
mod moments;
mod moving;
mod places;
mod refused;
mod rig;
#[expect(dead_code, reason = "the unit tests start more of them")]
#[path = "../../src/platform/backups/targets/tests/servers.rs"]
mod servers;
mod story;
mod vectors;
