//! The resident supervisor: it owns the listening sockets, the boot state and the releases, starts
//! a worker from a verified release, hands over from one to the next, and goes back by itself.

pub mod channel;
pub mod protocol;
