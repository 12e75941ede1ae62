//! The bin over HTTP.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::ops::{self, Listed};
use super::rules::{Position, restorable_until};
use crate::http::answer::{Answer, ok};
use crate::http::extract::Query;
use crate::http::page::{self, OneName as _, Page};
use crate::platform::app::Routes;
use crate::platform::clock::Moment;
use crate::platform::ctx::Ctx;
use crate::platform::id::ObjectId;
use crate::platform::identity::users;
use crate::platform::identity::users::api::PersonRef;

pub fn workspace_routes() -> Routes {
    Routes::new().routes(routes!(list_deleted))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeletedQuery {
    /// Only this kind, e.g. `inventory.item`.
    kind: Option<String>,
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// Something that was deleted and can still be restored, by the object's own `…/restore`.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeletedResponse {
    /// E.g. `inventory.item`.
    pub kind: String,
    pub id: String,
    pub title: String,
    /// Its number or code.
    pub subtitle: String,
    pub deleted_at: String,
    /// Null when the box did it.
    pub deleted_by: Option<PersonRef>,
    pub restorable_until: String,
    /// Whether the caller may restore it: own deletions, admins anybody's.
    pub can_restore: bool,
}

/// Where a page begins, as it travels in a cursor.
#[derive(Debug, Serialize, Deserialize)]
struct Cursor(i64, uuid::Uuid);

/// List what was deleted in the last 30 days, newest first.
#[utoipa::path(get, path = "/deleted", tag = "recycle bin", params(DeletedQuery),
    security(("session" = ["recycle.read"])),
    responses((status = 200, body = Page<DeletedResponse>)))]
async fn list_deleted(
    ctx: Ctx,
    Query(query): Query<DeletedQuery>,
) -> Answer<Page<DeletedResponse>> {
    let limit = page::limit(query.limit)?;
    let behind = page::read_cursor::<Cursor>(query.cursor.as_deref())?
        .map(|Cursor(at, id)| Position { deleted_at: Moment(at), id: ObjectId::from_uuid(id) });
    let kind = query.kind.as_deref().filter(|kind| !kind.is_empty());
    let behind = behind.unwrap_or(Position::NEWEST);
    let found = ops::list(&ctx, kind, behind, limit + 1).await?;
    let page = Page::of_one_more(found, limit, |last| {
        let Position { deleted_at, id } = Position::of(&last.deleted);
        Cursor(deleted_at.0, id.uuid())
    })?;
    let people = page.items.iter().filter_map(|one| one.deleted.deleted_by).collect();
    let names = users::ops::names(&ctx, people).await?;
    Ok(ok(page.map(|one| {
        let name = one.deleted.deleted_by.and_then(|id| names.get(&id).cloned());
        response(one, name)
    })))
}

fn response(listed: Listed, name: Option<String>) -> DeletedResponse {
    let Listed { kind, deleted, can_restore } = listed;
    DeletedResponse {
        kind: kind.to_owned(),
        id: deleted.id.to_string(),
        title: deleted.title,
        subtitle: deleted.subtitle,
        deleted_at: deleted.deleted_at.to_string(),
        deleted_by: deleted.deleted_by.zip(name).map(PersonRef::from),
        restorable_until: restorable_until(deleted.deleted_at).to_string(),
        can_restore,
    }
}
