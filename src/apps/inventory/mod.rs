//! Inventory: items, places, the ledger of movements, and files in and out.

pub mod amounts;
pub mod imports;
pub mod items;
pub mod locations;
pub mod movements;
pub mod search;
pub mod texts;
