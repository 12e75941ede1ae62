//! A machine is lost: the program as a shell sees it, from the backups of a box to the box on
//! another machine, and everything that may be wrong on the way.
#![expect(unreachable_pub, reason = "the rig is a module of its only user")]

mod kills;
mod memory;
mod moments;
mod moving;
mod places;
mod refused;
mod rig;
mod story;
mod vectors;
