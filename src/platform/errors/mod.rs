//! Failures of the program itself: what the box answered with a fault, what panicked, what broke
//! in browsers. Reports wait in a short queue, are joined by what makes them the same failure, and
//! are written together by a task.

pub mod api;
pub mod ops;
pub mod rules;
mod store;
