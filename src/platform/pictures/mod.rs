//! Pictures that people send: what is kept of one, and a small one of it.
//!
//! A photo says where and when it was taken, with what and by whom. All that shows nothing is taken
//! out before a byte is kept; the picture itself is never encoded anew.

pub mod ops;
pub mod rules;
pub mod thumbnail;

pub use ops::{Pictures, TakenIn};
