//! What something stands beside, and who may see it there.

use crate::apps::inventory::items::rules::ItemId;
use crate::apps::inventory::orders::rules::OrderId;

/// What files and comments are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    Item(ItemId),
    Order(OrderId),
}

impl About {
    /// What is needed to read it, and so what stands beside it.
    pub fn permission(self) -> &'static str {
        match self {
            Self::Item(_) => "inventory.read",
            Self::Order(_) => "inventory.prices",
        }
    }

    /// Its page in the web UI, below the workspace's.
    pub fn page(self) -> String {
        match self {
            Self::Item(id) => format!("inventory/items/{id}"),
            Self::Order(id) => format!("inventory/orders/{id}"),
        }
    }
}

/// Its row: that of an item, or of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Item(i64),
    Order(i64),
}

impl Place {
    pub fn rid(self) -> i64 {
        match self {
            Self::Item(rid) | Self::Order(rid) => rid,
        }
    }

    pub fn item(self) -> Option<i64> {
        if let Self::Item(rid) = self { Some(rid) } else { None }
    }

    pub fn order(self) -> Option<i64> {
        if let Self::Order(rid) = self { Some(rid) } else { None }
    }
}
