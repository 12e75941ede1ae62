//! Certificates from a public authority: a box with real listeners against Debian's `pebble`,
//! which answers with wrong nonces on purpose, and against a small authority of our own for what
//! pebble does not do. The clock is the test's, but where the program itself runs.
#![expect(unreachable_pub, reason = "the rig is a module of its only user")]

mod boxes;
mod hostile;
mod lives;
mod mock;
mod orders;
mod pebble;
mod programs;
