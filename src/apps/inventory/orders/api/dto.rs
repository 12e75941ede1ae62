//! What travels.

use std::collections::HashMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::supplier_id;
use crate::apps::inventory::items::rules::ItemId;
use crate::apps::inventory::movements::api::PersonResponse;
use crate::apps::inventory::movements::rules::{MovementId, item_unknown, place_unknown};
use crate::apps::inventory::orders::ops::{Full, Received, Settings};
use crate::apps::inventory::orders::rules::receiving::{
    KeptReceipt, KeptReceiptLine, ReceiptInput, ReceiptLineInput,
};
use crate::apps::inventory::orders::rules::{KeptLine, KeptOrder, LineInput, OrderInput, in_line};
use crate::http::extract::DecimalText;
use crate::platform::ctx::Ctx;
use crate::platform::error::{Error, Result};
use crate::platform::identity::{UserId, users};

/// What people are called.
pub(super) struct Names(HashMap<UserId, String>);

impl Names {
    pub(super) async fn of(ctx: &Ctx, people: impl IntoIterator<Item = UserId>) -> Result<Self> {
        let people: Vec<UserId> = people.into_iter().collect();
        Ok(Self(users::ops::names(ctx, people).await?))
    }

    fn person(&self, user: Option<UserId>) -> Option<PersonResponse> {
        let user = user?;
        let name = self.0.get(&user).cloned().unwrap_or_default();
        Some(PersonResponse { id: user.to_string(), name })
    }
}

/// An order without its lines.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderSummaryResponse {
    pub id: String,
    pub version: i64,
    pub po_number: String,
    /// Null when it is meant for nobody in particular.
    pub supplier_id: Option<String>,
    /// As it was when the order was made.
    pub supplier_name: String,
    /// `draft`, `submitted`, `received` or `canceled`.
    pub status: String,
    /// It was closed although not all had arrived.
    pub short: bool,
    /// How much has arrived: `none`, `partial` or `complete`.
    pub receipt_state: String,
    /// A day, like `2026-11-30`.
    pub expected_on: Option<String>,
    pub notes: String,
    /// The sum of the lines, each rounded once to four decimals.
    pub total_cost: String,
    pub line_count: i64,
    pub created_at: String,
    /// Null when the box itself made it.
    pub created_by: Option<PersonResponse>,
    pub updated_at: String,
    pub submitted_at: Option<String>,
    /// When it was received, closed short or canceled.
    pub closed_at: Option<String>,
}

impl OrderSummaryResponse {
    pub(super) fn new(order: KeptOrder, names: &Names) -> Self {
        Self {
            id: order.id.to_string(),
            version: order.version,
            po_number: order.po_number,
            supplier_id: order.supplier.map(|id| id.to_string()),
            supplier_name: order.supplier_name,
            status: order.status.name().to_owned(),
            short: order.is_short,
            receipt_state: order.receipt_state.name().to_owned(),
            expected_on: order.expected_on,
            notes: order.notes,
            total_cost: order.total_cost.to_string(),
            line_count: order.lines,
            created_at: order.created_at.to_string(),
            created_by: names.person(order.created_by),
            updated_at: order.updated_at.to_string(),
            submitted_at: order.submitted_at.map(|at| at.to_string()),
            closed_at: order.closed_at.map(|at| at.to_string()),
        }
    }
}

/// An order.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderResponse {
    #[serde(flatten)]
    pub summary: OrderSummaryResponse,
    pub lines: Vec<OrderLineResponse>,
}

impl OrderResponse {
    pub(super) fn new(full: Full, names: &Names) -> Self {
        let lines = full.lines.into_iter().map(Into::into).collect();
        Self { summary: OrderSummaryResponse::new(full.order, names), lines }
    }
}

/// A line of an order.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderLineResponse {
    pub id: String,
    pub item_id: String,
    pub item_number: String,
    pub item_name: String,
    pub unit: String,
    /// What the supplier calls the item.
    pub supplier_sku: String,
    pub req_qty: String,
    /// Price of one unit.
    pub unit_price: String,
    /// What arrived less what was taken back.
    pub received_qty: String,
    /// What is still to come.
    pub remaining_qty: String,
    /// The supplier's pack when the line was written.
    pub pack_qty: String,
    /// Quantity × price, rounded once.
    pub value: String,
    pub note: String,
}

impl From<KeptLine> for OrderLineResponse {
    fn from(line: KeptLine) -> Self {
        Self {
            id: line.id.to_string(),
            item_id: line.item.id.to_string(),
            supplier_sku: line.supplier_sku.clone(),
            req_qty: line.req_qty.to_string(),
            unit_price: line.unit_price.to_string(),
            received_qty: line.received_qty.to_string(),
            remaining_qty: line.remaining().to_string(),
            pack_qty: line.pack_qty.to_string(),
            value: line.value().to_string(),
            item_number: line.item.item_number,
            item_name: line.item.name,
            unit: line.item.unit,
            note: line.note,
        }
    }
}

/// An order as it is to be. Fields that only answers have are taken and ignored, so that an
/// answer can be sent back changed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "fields that only answers have are taken and ignored")]
pub struct OrderRequest {
    /// The next number when left out.
    pub po_number: Option<String>,
    pub supplier_id: Option<String>,
    /// A day, like `2026-11-30`.
    pub expected_on: Option<String>,
    pub notes: Option<String>,
    /// At most 1,000.
    pub lines: Vec<OrderLineRequest>,
    #[schema(ignore)]
    id: Option<IgnoredAny>,
    #[schema(ignore)]
    version: Option<IgnoredAny>,
    #[schema(ignore)]
    supplier_name: Option<IgnoredAny>,
    #[schema(ignore)]
    status: Option<IgnoredAny>,
    #[schema(ignore)]
    short: Option<IgnoredAny>,
    #[schema(ignore)]
    receipt_state: Option<IgnoredAny>,
    #[schema(ignore)]
    total_cost: Option<IgnoredAny>,
    #[schema(ignore)]
    line_count: Option<IgnoredAny>,
    #[schema(ignore)]
    created_at: Option<IgnoredAny>,
    #[schema(ignore)]
    created_by: Option<IgnoredAny>,
    #[schema(ignore)]
    updated_at: Option<IgnoredAny>,
    #[schema(ignore)]
    submitted_at: Option<IgnoredAny>,
    #[schema(ignore)]
    closed_at: Option<IgnoredAny>,
}

/// A line as it is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "fields that only answers have are taken and ignored")]
pub struct OrderLineRequest {
    pub item_id: String,
    /// Above zero.
    pub req_qty: DecimalText,
    /// Price of one unit; the supplier's when left out, else the item's, else 0.
    pub unit_price: Option<DecimalText>,
    pub note: Option<String>,
    #[schema(ignore)]
    id: Option<IgnoredAny>,
    #[schema(ignore)]
    item_number: Option<IgnoredAny>,
    #[schema(ignore)]
    item_name: Option<IgnoredAny>,
    #[schema(ignore)]
    unit: Option<IgnoredAny>,
    #[schema(ignore)]
    supplier_sku: Option<IgnoredAny>,
    #[schema(ignore)]
    received_qty: Option<IgnoredAny>,
    #[schema(ignore)]
    remaining_qty: Option<IgnoredAny>,
    #[schema(ignore)]
    pack_qty: Option<IgnoredAny>,
    #[schema(ignore)]
    value: Option<IgnoredAny>,
}

impl OrderRequest {
    pub(super) fn read(self) -> Result<OrderInput> {
        let line = |(position, line): (usize, OrderLineRequest)| {
            let item = line.item_id.parse().map_err(|_| in_line(position, item_unknown()))?;
            Ok(LineInput {
                item,
                req_qty: line.req_qty.0,
                unit_price: line.unit_price.map(|price| price.0),
                note: line.note,
            })
        };
        Ok(OrderInput {
            po_number: self.po_number,
            supplier: supplier_id(self.supplier_id.as_deref())?,
            expected_on: self.expected_on,
            notes: self.notes,
            lines: self.lines.into_iter().enumerate().map(line).collect::<Result<_>>()?,
        })
    }
}

/// Which low items to order.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LowStockRequest {
    /// All that are low when left out.
    pub item_ids: Option<Vec<String>>,
}

impl LowStockRequest {
    pub(super) fn read(self) -> Result<Vec<ItemId>> {
        let ids = self.item_ids.unwrap_or_default();
        ids.iter().map(|id| id.parse().map_err(|_| item_unknown())).collect()
    }
}

/// Orders that were drafted.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrdersMadeResponse {
    /// Empty when nothing is low that is not coming already.
    pub items: Vec<OrderResponse>,
}

/// How a workspace orders.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderSettingsResponse {
    pub version: i64,
    /// How much more of a line than was ordered may come, in percent.
    pub over_receipt: String,
}

impl From<Settings> for OrderSettingsResponse {
    fn from(settings: Settings) -> Self {
        Self { version: settings.version, over_receipt: settings.over_receipt.to_string() }
    }
}

/// How a workspace is to order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "fields that only answers have are taken and ignored")]
pub struct OrderSettingsRequest {
    /// 0 to 100 percent, at most three decimals.
    pub over_receipt: DecimalText,
    #[schema(ignore)]
    version: Option<IgnoredAny>,
}

/// What came.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiptRequest {
    /// A UUID that the sender makes for each delivery.
    pub client_op: String,
    /// E.g. the number of the delivery note.
    pub delivery_reference: Option<String>,
    /// At most 1,000. Leave it out with `remaining_to`.
    pub lines: Option<Vec<ReceiptLineRequest>>,
    /// Id of the place that all that is left goes to, in place of lines.
    pub remaining_to: Option<String>,
}

/// What came of a line to a place.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiptLineRequest {
    /// Id of the order's line; the same line may come to several places.
    pub line_id: String,
    /// Above zero.
    pub qty: DecimalText,
    pub location_id: String,
    /// The price that is paid for one unit; the order's when left out.
    pub unit_price: Option<DecimalText>,
}

impl ReceiptRequest {
    pub(super) fn read(self) -> Result<ReceiptInput> {
        let op_bad = |_| Error::invalid("client_op", "client-op-bad", "Send a new random UUID.");
        let place = self.remaining_to.filter(|text| !text.is_empty());
        let place = place.map(|text| text.parse().map_err(|_| place_unknown("remaining_to")));
        let lines = self.lines.unwrap_or_default().into_iter().enumerate();
        Ok(ReceiptInput {
            client_op: self.client_op.parse().map_err(op_bad)?,
            delivery_reference: self.delivery_reference,
            lines: lines
                .map(|(position, line)| line.read().map_err(|error| in_line(position, error)))
                .collect::<Result<_>>()?,
            remaining_to: place.transpose()?,
        })
    }
}

impl ReceiptLineRequest {
    fn read(self) -> Result<ReceiptLineInput> {
        let unknown =
            |_| Error::invalid("line_id", "unknown-order-line", "The order has no such line.");
        Ok(ReceiptLineInput {
            line: self.line_id.parse().map_err(unknown)?,
            qty: self.qty.0,
            place: self.location_id.parse().map_err(|_| place_unknown("location_id"))?,
            unit_price: self.unit_price.map(|price| price.0),
        })
    }
}

/// A delivery that was received.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReceiptResponse {
    pub id: String,
    pub delivery_reference: String,
    pub received_at: String,
    /// Null when the box itself received it.
    pub received_by: Option<PersonResponse>,
    pub lines: Vec<ReceiptLineResponse>,
    /// What to mind, e.g. `wrong-zone`; only when it was just received.
    pub warnings: Vec<String>,
    /// The order after it; only when it was just received or taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderResponse>,
}

/// What came of a line to a place.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReceiptLineResponse {
    /// The order's line.
    pub line_id: String,
    pub item_id: String,
    pub item_number: String,
    pub item_name: String,
    pub unit: String,
    pub location_id: String,
    pub location_code: String,
    pub location_name: String,
    pub qty: String,
    pub unit_price: String,
    /// What it was worth.
    pub value: String,
    /// The entry of the ledger.
    pub movement_id: String,
    /// The entry that took it back.
    pub reversed_by: Option<String>,
}

impl From<KeptReceiptLine> for ReceiptLineResponse {
    fn from(line: KeptReceiptLine) -> Self {
        Self {
            line_id: line.line.to_string(),
            item_id: line.item.id.to_string(),
            item_number: line.item.item_number,
            item_name: line.item.name,
            unit: line.item.unit,
            location_id: line.place.id.to_string(),
            location_code: line.place.code,
            location_name: line.place.name,
            qty: line.qty.to_string(),
            unit_price: line.unit_price.to_string(),
            value: line.value.to_string(),
            movement_id: line.movement.to_string(),
            reversed_by: line.reversed_by.map(|id| id.to_string()),
        }
    }
}

impl ReceiptResponse {
    pub(super) fn new(receipt: KeptReceipt, names: &Names) -> Self {
        Self {
            id: receipt.id.to_string(),
            delivery_reference: receipt.delivery_reference,
            received_at: receipt.received_at.to_string(),
            received_by: names.person(receipt.received_by),
            lines: receipt.lines.into_iter().map(Into::into).collect(),
            warnings: Vec::new(),
            order: None,
        }
    }

    pub(super) fn after(received: Received, names: &Names) -> Self {
        let warnings = if received.is_wrong_zone { vec!["wrong-zone".to_owned()] } else { vec![] };
        let order = Some(OrderResponse::new(received.full, names));
        Self { warnings, order, ..Self::new(received.receipt, names) }
    }
}

/// The receipts of an order.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReceiptsResponse {
    /// Oldest first.
    pub items: Vec<ReceiptResponse>,
}

/// What to take back of a receipt, and why.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeBackRequest {
    pub note: Option<String>,
    /// Entries of the ledger; all that are not taken back yet when left out.
    pub movement_ids: Option<Vec<String>>,
}

impl TakeBackRequest {
    pub(super) fn movements(&self) -> Result<Vec<MovementId>> {
        let unknown = |position: usize| {
            let field = format!("movement_ids[{position}]");
            Error::invalid(&field, "unknown-receipt-line", "The receipt has no such movement.")
        };
        let ids = self.movement_ids.iter().flatten().enumerate();
        ids.map(|(position, id)| id.parse().map_err(|_| unknown(position))).collect()
    }
}
