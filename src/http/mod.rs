//! The HTTP toolkit: what every route shares. Knows no app.

pub mod address;
pub mod answer;
pub mod extract;
pub mod front;
pub mod guard;
pub mod openapi;
pub mod page;
pub mod problem;
pub mod server;
pub mod trust;
pub mod ui;
