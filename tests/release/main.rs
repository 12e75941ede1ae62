//! Publishing releases, as people do it: with the built program, one key at a time.

#![expect(unreachable_pub, reason = "the modules are parts of this one test")]

mod publishing;
mod reading;
mod roots;
mod scene;
#[path = "../fixtures/small.rs"]
mod small;
mod terminal;
mod vectors;
