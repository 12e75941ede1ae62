//! Updates with everything real: the built program publishes releases with the keys of two people,
//! a server on loopback hands them out, and the built supervisor of a box takes them, keeps them or
//! leaves them again.
#![expect(clippy::print_stdout, reason = "how much was tried is told")]

mod attacks;
mod bad;
#[expect(dead_code, reason = "a part of it is for the bench")]
mod boxed;
#[path = "../system/client.rs"]
#[expect(dead_code, reason = "a part of it is for other tests")]
mod client;
mod full;
mod kills;
mod packages;
#[expect(dead_code, reason = "a part of it is for the bench")]
mod publisher;
mod refusals;
#[path = "../fixtures/releases.rs"]
#[expect(dead_code, unreachable_pub, reason = "a part of it is for other tests")]
mod releases;
mod restoring;
#[path = "../release/scene.rs"]
#[expect(dead_code, unreachable_pub, reason = "a part of it is for other tests")]
mod scene;
#[path = "../fixtures/small.rs"]
#[expect(unreachable_pub, reason = "it is taken in by path")]
mod small;
mod spoilt;
mod story;
