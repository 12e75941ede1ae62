//! The resident supervisor: it owns the listening sockets, the boot state and the releases, starts
//! a worker from a verified release, hands over from one to the next, and goes back by itself.

pub mod boot;
pub mod channel;
pub mod crash;
pub mod disk;
pub mod enclosing;
pub mod handing_on;
pub mod journal;
pub mod ledger;
mod packages;
mod probe;
pub mod protocol;
pub mod reasons;
pub mod releases;
pub mod resident;
pub mod rules;
mod running;
pub mod sockets;
pub mod standing;
mod starting;
mod steps;
mod switching;
pub mod vouching;
mod wishes;
mod workers;
