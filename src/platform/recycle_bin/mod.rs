//! The recycle bin: what was deleted in a workspace, who may bring it back, and when it is too
//! late. Each app says what of its own can be deleted; the object's own route restores it.

pub mod api;
pub mod ops;
pub mod rules;
