//! What travels.

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::apps::inventory::counts;
use crate::apps::inventory::counts::rules::hiding::Hidden;
use crate::apps::inventory::items::rules::several::ChangeInput;
use crate::apps::inventory::items::rules::{
    Barcode, BarcodeInput, Given, ItemId, ItemInput, KeptItem, TempZone,
};
use crate::http::extract::DecimalText;
use crate::platform::ctx::Ctx;
use crate::platform::error::{Error, FieldError, Result};

/// Whether the caller sees prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prices {
    Shown,
    Hidden,
}

impl Prices {
    pub fn of(ctx: &Ctx) -> Self {
        if ctx.may("inventory.prices") { Self::Shown } else { Self::Hidden }
    }

    /// The value, for those who may see it.
    pub fn show<T>(self, value: T) -> Option<T> {
        match self {
            Self::Shown => Some(value),
            Self::Hidden => None,
        }
    }
}

/// What of quantities and prices the caller sees.
#[derive(Debug, Clone)]
pub struct Shows {
    pub prices: Prices,
    pub hidden: Hidden,
}

impl Shows {
    /// Looks up whether the caller counts blind. To be asked after what is shown was read, so that
    /// a count that is opened meanwhile hides it.
    pub async fn to(ctx: &Ctx) -> Result<Self> {
        Ok(Self { prices: Prices::of(ctx), hidden: counts::ops::hidden(ctx).await? })
    }
}

/// An item.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemResponse {
    pub id: String,
    pub version: i64,
    pub item_number: String,
    pub name: String,
    /// What it is counted in, e.g. `kg`.
    pub unit: String,
    /// Quantities are multiples of this.
    pub qty_step: String,
    pub category: Option<String>,
    pub min_qty: Option<String>,
    pub max_qty: Option<String>,
    /// Usual price of one unit. Absent for those who may not see prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub unit_cost: Option<Option<String>>,
    /// `average`: what comes in is worth what was paid; `standard`: its unit cost. Absent for those
    /// who may not see prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_method: Option<String>,
    /// `dry`, `cooler` or `freezer`.
    pub temp_zone: Option<String>,
    pub notes: String,
    pub barcodes: Vec<BarcodeResponse>,
    /// Over all places. Absent for those who count it blind, as is all that follows from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_hand: Option<String>,
    /// What that is worth. Absent for those who may not see prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stock_value: Option<String>,
    /// True when less than the minimum is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low: Option<bool>,
    pub created_at: String,
    pub updated_at: String,
    pub deleted_at: Option<String>,
}

impl ItemResponse {
    pub fn new(item: KeptItem, shows: &Shows) -> Self {
        let prices = shows.prices;
        let is_told = !shows.hidden.hides_total(item.id);
        Self {
            id: item.id.to_string(),
            version: item.version,
            qty_step: item.qty_step.to_string(),
            min_qty: item.min_qty.map(|qty| qty.to_string()),
            max_qty: item.max_qty.map(|qty| qty.to_string()),
            unit_cost: prices.show(item.cost.price.map(|cost| cost.to_string())),
            cost_method: prices.show(item.cost.method.name().to_owned()),
            temp_zone: item.temp_zone.map(|zone| zone.name().to_owned()),
            on_hand: is_told.then(|| item.totals.qty.to_string()),
            stock_value: prices.show(item.totals.value.to_string()).filter(|_| is_told),
            low: is_told.then(|| item.is_low()),
            created_at: item.created_at.to_string(),
            updated_at: item.updated_at.to_string(),
            deleted_at: item.deleted_at.map(|at| at.to_string()),
            item_number: item.item_number,
            name: item.name,
            unit: item.unit,
            category: item.category,
            notes: item.notes,
            barcodes: item.barcodes.into_iter().map(Into::into).collect(),
        }
    }
}

/// A code that finds the item.
#[derive(Debug, Serialize, ToSchema)]
pub struct BarcodeResponse {
    pub code: String,
    /// `ean`, `qr`, `code128` or `supplier`.
    pub kind: String,
    /// How much one scan stands for.
    pub pack_qty: String,
}

impl From<Barcode> for BarcodeResponse {
    fn from(barcode: Barcode) -> Self {
        Self {
            code: barcode.code,
            kind: barcode.kind.name().to_owned(),
            pack_qty: barcode.pack_qty.to_string(),
        }
    }
}

/// An item as it is to be. Fields that only answers have are taken and ignored, so that an answer
/// can be sent back changed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "fields that only answers have are taken and ignored")]
pub struct ItemRequest {
    pub item_number: String,
    pub name: String,
    pub unit: String,
    /// 0.001 when left out.
    pub qty_step: Option<DecimalText>,
    pub category: Option<String>,
    pub min_qty: Option<DecimalText>,
    pub max_qty: Option<DecimalText>,
    /// Null removes it; left out it stays as it is.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<DecimalText>)]
    pub unit_cost: Given<Option<DecimalText>>,
    /// `average` or `standard`; left out it stays as it is.
    pub cost_method: Option<String>,
    /// `dry`, `cooler`, `freezer` or nothing.
    pub temp_zone: Option<String>,
    pub notes: Option<String>,
    /// At most 20.
    #[serde(default)]
    pub barcodes: Vec<BarcodeRequest>,
    #[schema(ignore)]
    id: Option<IgnoredAny>,
    #[schema(ignore)]
    version: Option<IgnoredAny>,
    #[schema(ignore)]
    on_hand: Option<IgnoredAny>,
    #[schema(ignore)]
    stock_value: Option<IgnoredAny>,
    #[schema(ignore)]
    low: Option<IgnoredAny>,
    #[schema(ignore)]
    created_at: Option<IgnoredAny>,
    #[schema(ignore)]
    updated_at: Option<IgnoredAny>,
    #[schema(ignore)]
    deleted_at: Option<IgnoredAny>,
}

/// A code, or a code with the pack it stands on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum BarcodeRequest {
    Code(String),
    Pack(PackRequest),
}

/// A code that is scanned for more than one unit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PackRequest {
    pub code: String,
    /// How much one scan stands for; 1 when left out.
    pub pack_qty: Option<DecimalText>,
    /// `ean`, `qr`, `code128` or `supplier`; guessed when left out.
    pub kind: Option<String>,
}

/// A field that was sent, even as null.
fn given<'de, D, T>(deserializer: D) -> Result<Given<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Given::To)
}

impl From<BarcodeRequest> for BarcodeInput {
    fn from(request: BarcodeRequest) -> Self {
        match request {
            BarcodeRequest::Code(code) => Self { code, ..Self::default() },
            BarcodeRequest::Pack(pack) => {
                let pack_qty = pack.pack_qty.map(|amount| amount.0);
                Self { code: pack.code, kind: pack.kind, pack_qty }
            }
        }
    }
}

impl From<ItemRequest> for ItemInput {
    fn from(request: ItemRequest) -> Self {
        let amount = |amount: Option<DecimalText>| amount.map(|amount| amount.0);
        Self {
            item_number: request.item_number,
            name: request.name,
            unit: request.unit,
            qty_step: amount(request.qty_step),
            category: request.category,
            min_qty: amount(request.min_qty),
            max_qty: amount(request.max_qty),
            unit_cost: match request.unit_cost {
                Given::Keep => Given::Keep,
                Given::To(cost) => Given::To(amount(cost)),
            },
            cost_method: request.cost_method,
            temp_zone: request.temp_zone,
            notes: request.notes,
            barcodes: request.barcodes.into_iter().map(Into::into).collect(),
        }
    }
}

/// Changes to several items.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemsChangeRequest {
    /// 1 to 500, each item once.
    pub changes: Vec<ItemChangeRequest>,
}

/// What changes of one item. What is left out stays as it is; null removes it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemChangeRequest {
    pub id: String,
    /// The version that was seen.
    pub version: i64,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub category: Given<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<DecimalText>)]
    pub min_qty: Given<Option<DecimalText>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<DecimalText>)]
    pub max_qty: Given<Option<DecimalText>>,
    /// `dry`, `cooler` or `freezer`.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub temp_zone: Given<Option<String>>,
}

impl ItemsChangeRequest {
    /// The changes, once every id is one.
    pub fn inputs(self) -> Result<Vec<ChangeInput>> {
        let mut wrong = Vec::new();
        let mut inputs = Vec::with_capacity(self.changes.len());
        for (place, change) in self.changes.into_iter().enumerate() {
            if let Ok(id) = change.id.parse() {
                inputs.push(change.of(id));
            } else {
                let (field, detail) = (format!("changes[{place}].id"), "There is no such item.");
                wrong.push(FieldError::new(field, "unknown-item", detail));
            }
        }
        if wrong.is_empty() { Ok(inputs) } else { Err(Error::Invalid(wrong)) }
    }
}

impl ItemChangeRequest {
    fn of(self, id: ItemId) -> ChangeInput {
        let amount = |given: Given<Option<DecimalText>>| match given {
            Given::Keep => Given::Keep,
            Given::To(amount) => Given::To(amount.map(|amount| amount.0)),
        };
        ChangeInput {
            id,
            version: self.version,
            category: self.category,
            min_qty: amount(self.min_qty),
            max_qty: amount(self.max_qty),
            temp_zone: self.temp_zone,
        }
    }
}

/// The items as they are now, in the order of the changes.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemsChangeResponse {
    pub items: Vec<ItemResponse>,
}

/// A category in use.
#[derive(Debug, Serialize, ToSchema)]
pub struct CategoryResponse {
    pub category: String,
    pub count: i64,
}

/// All categories in use.
#[derive(Debug, Serialize, ToSchema)]
pub struct CategoriesResponse {
    pub items: Vec<CategoryResponse>,
}

/// The name of a zone in an answer.
pub fn zone_name(zone: Option<TempZone>) -> Option<String> {
    zone.map(|zone| zone.name().to_owned())
}
