//! The last lines of the box's own log, kept in memory so that an operator can search them in the
//! browser. They are the lines that go to the journal, word for word, without what opens
//! something.

pub mod api;
mod keep;
mod ring;
pub mod rules;
pub mod shown;

pub use keep::Keep;
pub use ring::{last, newer, newest};
