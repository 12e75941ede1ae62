//! What travels.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::apps::inventory::amounts::Qty;
use crate::apps::inventory::items::api::{Prices, Shows};
use crate::apps::inventory::items::rules::ItemId;
use crate::apps::inventory::locations::rules::LocationId;
use crate::apps::inventory::movements::rules::{
    KeptMovement, MovementInput, MovementType, item_unknown, place_unknown,
};
use crate::http::extract::DecimalText;
use crate::platform::clock::Moment;
use crate::platform::ctx::Ctx;
use crate::platform::error::{Error, Result};
use crate::platform::identity::{UserId, users};

/// An entry of the ledger.
#[derive(Debug, Serialize, ToSchema)]
pub struct MovementResponse {
    pub id: String,
    /// Order of posting.
    pub seq: i64,
    pub r#type: MovementTypeName,
    pub item_id: String,
    pub item_number: String,
    pub item_name: String,
    pub unit: String,
    pub location_id: String,
    pub location_code: String,
    pub location_name: String,
    /// Above zero came in, below went out. Absent for those who count it blind, as is all that
    /// follows from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qty: Option<String>,
    /// Price of one unit. Absent for those who may not see prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub unit_cost: Option<Option<String>>,
    /// What the stock's worth changed by. Absent for those who may not see prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    pub note: String,
    /// Empty for those who may not see prices where it is the number of an order's delivery.
    pub reference: String,
    pub effective_at: String,
    pub posted_at: String,
    /// Null when the box itself posted it.
    pub posted_by: Option<PersonResponse>,
    /// The same for both legs of a transfer.
    pub transfer_id: Option<String>,
    /// The movement that this one takes back.
    pub reverses: Option<String>,
    /// The movement that takes this one back.
    pub reversed_by: Option<String>,
    /// Why stock was allowed to go below zero.
    pub override_reason: Option<String>,
    /// The item's balance over all places after this movement; only in an item's history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balance: Option<String>,
    /// What to mind, e.g. `wrong-zone`; only when it was just posted.
    pub warnings: Vec<String>,
}

/// Somebody.
#[derive(Debug, Serialize, ToSchema)]
pub struct PersonResponse {
    pub id: String,
    pub name: String,
}

/// What a movement is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MovementTypeName {
    Receive,
    Use,
    Adjust,
    Transfer,
}

impl From<MovementType> for MovementTypeName {
    fn from(kind: MovementType) -> Self {
        match kind {
            MovementType::Receive => Self::Receive,
            MovementType::Use => Self::Use,
            MovementType::Adjust => Self::Adjust,
            MovementType::Transfer => Self::Transfer,
        }
    }
}

/// Both legs of a transfer: out, then in.
#[derive(Debug, Serialize, ToSchema)]
pub struct TransferResponse {
    pub id: String,
    pub movements: Vec<MovementResponse>,
    /// What to mind, e.g. `wrong-zone`.
    pub warnings: Vec<String>,
}

/// Writes movements with what the caller may see and with people's names.
pub(super) struct Writer {
    names: HashMap<UserId, String>,
    shows: Shows,
}

impl Writer {
    /// Looks up who posted `movements`. One's own name needs no look-up.
    pub(super) async fn new(ctx: &Ctx, movements: &[KeptMovement]) -> Result<Self> {
        let caller = ctx.principal()?;
        let others: Vec<UserId> = movements
            .iter()
            .filter_map(|movement| movement.posted_by)
            .filter(|user| *user != caller.user)
            .collect();
        let mut names = users::ops::names(ctx, others).await?;
        names.insert(caller.user, caller.name.to_string());
        Ok(Self { names, shows: Shows::to(ctx).await? })
    }

    /// Writes a row of an item's history, with the balance over all places after it.
    pub(super) fn write_with(&self, movement: KeptMovement, balance: Qty) -> MovementResponse {
        let is_told = !self.shows.hidden.hides_total(movement.item.id);
        let balance = is_told.then(|| balance.to_string());
        MovementResponse { balance, ..self.write(movement) }
    }

    pub(super) fn write(&self, movement: KeptMovement) -> MovementResponse {
        let person = |user: UserId| PersonResponse {
            id: user.to_string(),
            name: self.names.get(&user).cloned().unwrap_or_default(),
        };
        let is_told = !self.shows.hidden.hides_movement(&movement);
        let prices = self.shows.prices;
        // Left out it would tell as well that an order brought it.
        let is_of_order = prices == Prices::Hidden && movement.receipt_line.is_some();
        MovementResponse {
            id: movement.id.to_string(),
            seq: movement.seq,
            r#type: movement.kind.into(),
            item_id: movement.item.id.to_string(),
            item_number: movement.item.item_number,
            item_name: movement.item.name,
            unit: movement.item.unit,
            location_id: movement.place.id.to_string(),
            location_code: movement.place.code,
            location_name: movement.place.name,
            qty: is_told.then(|| movement.qty.to_string()),
            unit_cost: prices.show(movement.unit_cost.map(|cost| cost.to_string())),
            value: prices.show(movement.value.to_string()).filter(|_| is_told),
            note: movement.note,
            reference: if is_of_order { String::new() } else { movement.reference },
            effective_at: movement.effective_at.to_string(),
            posted_at: movement.posted_at.to_string(),
            posted_by: movement.posted_by.map(person),
            transfer_id: movement.transfer.map(|id| id.to_string()),
            reverses: movement.reverses.map(|id| id.to_string()),
            reversed_by: movement.reversed_by.map(|id| id.to_string()),
            override_reason: movement.override_reason,
            balance: None,
            warnings: Vec::new(),
        }
    }
}

pub(super) fn warnings(is_wrong_zone: bool) -> Vec<String> {
    if is_wrong_zone { vec!["wrong-zone".to_owned()] } else { Vec::new() }
}

/// What a person posts; a transfer has a request of its own.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PostedTypeName {
    Receive,
    Use,
    Adjust,
}

/// A receipt, a use or an adjustment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MovementRequest {
    pub r#type: PostedTypeName,
    pub item_id: String,
    pub location_id: String,
    /// Above zero to receive and use; signed to adjust.
    pub qty: DecimalText,
    /// Price of one unit, only for what comes in. The usual price when left out.
    pub unit_cost: Option<DecimalText>,
    pub note: Option<String>,
    /// E.g. the number of a delivery note.
    pub reference: Option<String>,
    /// When it happened; now when left out.
    pub effective_at: Option<String>,
    /// Why stock may go below zero. Needs the permission `inventory.override`.
    pub override_reason: Option<String>,
}

impl MovementRequest {
    pub(super) fn read(self) -> Result<(ItemId, LocationId, MovementInput)> {
        let item = self.item_id.parse().map_err(|_| item_unknown())?;
        let place = self.location_id.parse().map_err(|_| place_unknown("location_id"))?;
        let moment = self.effective_at.filter(|text| !text.is_empty());
        let moment = moment.map(|text| text.parse::<Moment>().map_err(|_| moment_bad(EFFECTIVE)));
        let input = MovementInput {
            kind: match self.r#type {
                PostedTypeName::Receive => MovementType::Receive,
                PostedTypeName::Use => MovementType::Use,
                PostedTypeName::Adjust => MovementType::Adjust,
            },
            qty: self.qty.0,
            unit_cost: self.unit_cost.map(|cost| cost.0),
            note: self.note,
            reference: self.reference,
            effective_at: moment.transpose()?,
            override_reason: self.override_reason,
        };
        Ok((item, place, input))
    }
}

const EFFECTIVE: &str = "effective_at";

pub(super) fn moment_bad(field: &str) -> Error {
    let detail = "Use a time with its offset, like 2026-11-21T14:00:00Z.";
    Error::invalid(field, "moment-bad", detail)
}

/// Goods on their way from one place to another.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferRequest {
    pub item_id: String,
    pub from_location_id: String,
    pub to_location_id: String,
    /// Above zero.
    pub qty: DecimalText,
    pub note: Option<String>,
    pub reference: Option<String>,
    /// Why stock may go below zero. Needs the permission `inventory.override`.
    pub override_reason: Option<String>,
}

impl TransferRequest {
    pub(super) fn read(self) -> Result<(ItemId, LocationId, LocationId, MovementInput)> {
        let item = self.item_id.parse().map_err(|_| item_unknown())?;
        let place = |field: &str, text: &str| text.parse().map_err(|_| place_unknown(field));
        let from = place("from_location_id", &self.from_location_id)?;
        let to = place("to_location_id", &self.to_location_id)?;
        let input = MovementInput {
            kind: MovementType::Transfer,
            qty: self.qty.0,
            unit_cost: None,
            note: self.note,
            reference: self.reference,
            effective_at: None,
            override_reason: self.override_reason,
        };
        Ok((item, from, to, input))
    }
}

/// Why a movement is taken back.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReverseRequest {
    pub note: Option<String>,
    /// Why stock may go below zero. Needs the permission `inventory.override`.
    pub override_reason: Option<String>,
}
