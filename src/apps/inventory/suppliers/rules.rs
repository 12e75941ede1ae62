//! What is kept of a supplier.

use crate::platform::id::Id;

/// Who delivers.
pub enum Supplier {}
pub type SupplierId = Id<Supplier>;

pub const SUPPLIER_NAME_CHARS_MAX: usize = 200;
pub const SUPPLIER_SKU_CHARS_MAX: usize = 64;

/// Who delivers an item, and what they call it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SupplierLink {
    pub name: String,
    pub sku: String,
}
