//! The outbox over HTTP, for operators.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::ops;
use super::rules::{Channel, Parcel, State};
use crate::http::answer::{Answer, ok, people};
use crate::http::extract::{Path, Query};
use crate::http::page::{self, OneName as _, Page};
use crate::platform::app::Routes;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::Error;
use crate::platform::id::Id;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(list_outbox)).routes(routes!(retry_outbox))
}

/// How something leaves the box.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OutboxChannel {
    Mail,
    Webhook,
}

/// How it stands.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OutboxState {
    Waiting,
    Sent,
    Failed,
}

/// Something that has to leave the box, or has left it.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutboxResponse {
    pub id: String,
    pub channel: OutboxChannel,
    /// An address, or the receiver's name.
    pub to: String,
    /// Of the notice, or what else it is.
    pub kind: String,
    pub state: OutboxState,
    pub tries: u32,
    pub created_at: String,
    /// When it is tried next; null when it is not.
    pub next_at: Option<String>,
    pub last_error: Option<String>,
}

impl From<Parcel> for OutboxResponse {
    fn from(parcel: Parcel) -> Self {
        let is_waiting = parcel.state == State::Waiting;
        Self {
            id: parcel.id.to_string(),
            channel: match parcel.channel {
                Channel::Mail => OutboxChannel::Mail,
                Channel::Webhook => OutboxChannel::Webhook,
            },
            to: parcel.recipient,
            kind: parcel.kind,
            state: match parcel.state {
                State::Waiting => OutboxState::Waiting,
                State::Sent => OutboxState::Sent,
                State::Failed => OutboxState::Failed,
            },
            tries: parcel.tries,
            created_at: parcel.created_at.to_string(),
            next_at: is_waiting.then(|| parcel.next_at.to_string()),
            last_error: parcel.last_error,
        }
    }
}

/// Which part of the outbox.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OutboxQuery {
    /// `waiting`, `sent` or `failed`.
    state: Option<String>,
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// List what has to leave the box and what has left it, newest first (operators).
#[utoipa::path(get, path = "/box/outbox", tag = "notices", params(OutboxQuery),
    extensions(("x-sensitive-read" = json!(true))),
    security(("session" = ["box.operate"])),
    responses((status = 200, body = Page<OutboxResponse>)))]
async fn list_outbox(
    ctx: BoxCtx,
    Query(query): Query<OutboxQuery>,
) -> Answer<Page<OutboxResponse>> {
    let limit = page::limit(query.limit)?;
    let before = page::read_cursor::<uuid::Uuid>(query.cursor.as_deref())?.map(Id::from_uuid);
    let state = match query.state.as_deref() {
        None => None,
        Some(name) => Some(State::from_name(name).ok_or_else(|| {
            Error::invalid("state", "outbox-state", "Use waiting, sent or failed.")
        })?),
    };
    let found = ops::list(&ctx, state, before, limit + 1).await?;
    let page = Page::of_one_more(found, limit, |last| last.id.uuid())?;
    Ok(people(page.map(Into::into)))
}

/// Send something again now, also when it was given up (operators).
#[utoipa::path(post, path = "/box/outbox/{id}/retry", tag = "notices",
    security(("session" = ["box.operate"])),
    params(("id" = String, Path)),
    responses(
        (status = 200, body = OutboxResponse),
        (status = 409, description = "It was sent already."),
    ))]
async fn retry_outbox(ctx: BoxCtx, Path(id): Path<Id<Parcel>>) -> Answer<OutboxResponse> {
    Ok(ok(ops::retry(&ctx, id).await?.into()))
}
