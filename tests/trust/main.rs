//! What a box believes of updates: every attack on the metadata, the files and the bundles of a
//! feed is refused, each with a reason of its own, and leaves no trace in what is trusted. The
//! numbers `A1` to `A44` are those of the list of attacks.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]
#![expect(clippy::print_stderr, reason = "what was skipped is said")]

mod attacks;
mod bundles;
mod choosing;
mod content;
mod flips;
mod forge;
mod freshness;
mod packing;
mod rotation;
mod second_opinion;
mod servers;
mod signatures;
mod world;
