//! What files and comments stand beside: an item, or an order, which not everybody may see.

pub mod ops;
pub mod rules;
