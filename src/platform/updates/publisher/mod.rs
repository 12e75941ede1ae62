//! The publisher's side: keys, the list of releases and who signs it, and what is put on a web
//! server for boxes to read. A feed is a folder in the format of `docs/formats/release.md`; nobody
//! has to trust the machine that serves it.
//!
//! Each call reads one private key at most for what is kept offline, so that two people sign on
//! two machines: a change is *staged*, each adds a signature, and with enough of them it is
//! published. The keys of snapshot and timestamp then make it visible.

pub mod bundles;
pub mod checking;
pub mod deltas;
mod folder;
pub mod keys;
mod online;
mod publishing;
mod releases;
mod roots;
pub mod rules;
mod signing;

pub use folder::{Folder, Sum};
pub use online::{Stamped, stamp};
pub use publishing::{Outcome, Waiting, look, publish, sign};
pub use releases::{Listed, NewRelease, add, promote, releases, roll_out, take_back};
pub use roots::{NewFeed, RootChange, change as change_root, init};
pub use signing::{Need, short};
