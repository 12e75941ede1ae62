//! The HTTP toolkit: what every route shares. Knows no app.

pub mod address;
pub mod answer;
pub mod body;
pub mod compression;
pub mod cookies;
pub mod docs;
pub mod extract;
pub mod fixed;
pub mod front;
pub mod guard;
pub mod help;
pub mod html;
pub mod meter;
pub mod openapi;
pub mod page;
pub mod pages;
pub mod problem;
pub mod reading;
pub mod routes;
pub mod server;
pub mod trust;
pub mod ui;
