//! Facts for the checks: each file asks one part of the machine or the box, and decides nothing.

pub(in crate::platform::doctor) mod access;
pub(in crate::platform::doctor) mod disk;
pub(in crate::platform::doctor) mod machine;
pub(in crate::platform::doctor) mod process;
pub(in crate::platform::doctor) mod reach;
pub(in crate::platform::doctor) mod stored;
