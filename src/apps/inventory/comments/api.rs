//! Comments over HTTP: the same below an item and below an order, which not everybody may see.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::ops;
use super::rules::{CommentId, KeptComment, TEXT_CHARS_MAX, mentions};
use crate::apps::inventory::items::rules::ItemId;
use crate::apps::inventory::movements::api::PersonResponse;
use crate::apps::inventory::orders::rules::OrderId;
use crate::apps::inventory::subjects::rules::About;
use crate::http::answer::{Answer, NoContent, created, ok};
use crate::http::extract::{IfMatch, Json, Path, Query};
use crate::http::page::{self, OneName as _, Page};
use crate::platform::app::Routes;
use crate::platform::ctx::Ctx;
use crate::platform::error::Result;
use crate::platform::idempotency::rules::Created;
use crate::platform::identity::{UserId, users};
use crate::platform::workspaces::members::rules::Member;

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list_item_comments, add_item_comment))
        .routes(routes!(list_item_comment_people))
        .routes(routes!(get_item_comment, change_item_comment, delete_item_comment))
        .routes(routes!(list_order_comments, add_order_comment))
        .routes(routes!(list_order_comment_people))
        .routes(routes!(get_order_comment, change_order_comment, delete_order_comment))
}

/// A comment on an item or an order.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommentResponse {
    pub id: String,
    pub version: i64,
    /// Plain text with line ends. Somebody mentioned stands in it as `@{id}`. Empty once whoever
    /// wrote it was erased.
    pub text: String,
    /// Everybody whom the text mentions, by the names they have now.
    pub mentions: Vec<PersonResponse>,
    /// Null when the box itself wrote it.
    pub author: Option<PersonResponse>,
    pub created_at: String,
    /// When it was changed last; null when it never was.
    pub edited_at: Option<String>,
}

impl CommentResponse {
    fn new(comment: KeptComment, names: &HashMap<UserId, String>) -> Self {
        let person = |user: UserId| PersonResponse {
            id: user.to_string(),
            name: names.get(&user).cloned().unwrap_or_default(),
        };
        Self {
            id: comment.id.to_string(),
            version: comment.version,
            mentions: mentions(&comment.text).into_iter().map(person).collect(),
            text: comment.text,
            author: comment.author.map(person),
            created_at: comment.created_at.to_string(),
            edited_at: comment.edited_at.map(|at| at.to_string()),
        }
    }
}

/// What somebody writes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommentRequest {
    /// Plain text of up to 4,000 characters. Mention people as `@{id}`, at most 20; they are told.
    #[schema(max_length = 4000)]
    pub text: String,
}

const _: () = assert!(TEXT_CHARS_MAX == 4_000, "the description says how long a text may be");

/// Somebody who can be mentioned.
#[derive(Debug, Serialize, ToSchema)]
pub struct MentionableResponse {
    pub id: String,
    pub name: String,
    /// What people call their role.
    pub role_name: String,
}

impl From<Member> for MentionableResponse {
    fn from(member: Member) -> Self {
        Self { id: member.user.to_string(), name: member.name, role_name: member.role_name }
    }
}

/// Which page of the comments.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CommentsQuery {
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
    /// True to count all of them.
    total: Option<bool>,
}

/// Who is looked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CommentPeopleQuery {
    /// A part of the name.
    q: Option<String>,
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
}

/// List the comments on an item, newest first.
#[utoipa::path(get, path = "/items/{id}/comments", tag = "inventory",
    params(("id" = String, Path, description = "Id of the item"), CommentsQuery),
    security(("session" = ["inventory.read"])),
    responses((status = 200, body = Page<CommentResponse>)))]
async fn list_item_comments(
    ctx: Ctx,
    Path(id): Path<ItemId>,
    Query(query): Query<CommentsQuery>,
) -> Answer<Page<CommentResponse>> {
    list(&ctx, About::Item(id), query).await
}

/// Comment on an item. Whom the comment mentions is told.
#[utoipa::path(post, path = "/items/{id}/comments", tag = "inventory",
    request_body = CommentRequest,
    params(("id" = String, Path, description = "Id of the item")),
    security(("session" = ["inventory.comment"])),
    responses((status = 201, body = CommentResponse)))]
async fn add_item_comment(
    ctx: Ctx,
    Path(id): Path<ItemId>,
    Json(body): Json<CommentRequest>,
) -> Answer<CommentResponse> {
    add(&ctx, About::Item(id), &body).await
}

/// List who can be mentioned in a comment on an item, by name: members who may see items. Nobody
/// for those who may not see who belongs to the workspace.
#[utoipa::path(get, path = "/items/{id}/comments/people", tag = "inventory",
    params(("id" = String, Path, description = "Id of the item"), CommentPeopleQuery),
    security(("session" = ["inventory.comment"])),
    responses((status = 200, body = Page<MentionableResponse>)))]
async fn list_item_comment_people(
    ctx: Ctx,
    Path(id): Path<ItemId>,
    Query(query): Query<CommentPeopleQuery>,
) -> Answer<Page<MentionableResponse>> {
    list_people(&ctx, About::Item(id), query).await
}

/// Get a comment on an item.
#[utoipa::path(get, path = "/items/{id}/comments/{comment}", tag = "inventory",
    params(("id" = String, Path, description = "Id of the item"),
        ("comment" = String, Path, description = "Id of the comment")),
    security(("session" = ["inventory.read"])),
    responses((status = 200, body = CommentResponse)))]
async fn get_item_comment(
    ctx: Ctx,
    Path((id, comment)): Path<(ItemId, CommentId)>,
) -> Answer<CommentResponse> {
    get(&ctx, About::Item(id), comment).await
}

/// Change a comment of one's own. Whom it mentions for the first time is told.
#[utoipa::path(put, path = "/items/{id}/comments/{comment}", tag = "inventory",
    request_body = CommentRequest,
    params(("id" = String, Path, description = "Id of the item"),
        ("comment" = String, Path, description = "Id of the comment"),
        ("If-Match" = String, Header, description = "The version being changed, as its ETag")),
    security(("session" = ["inventory.comment"])),
    responses((status = 200, body = CommentResponse)))]
async fn change_item_comment(
    ctx: Ctx,
    Path((id, comment)): Path<(ItemId, CommentId)>,
    IfMatch(version): IfMatch,
    Json(body): Json<CommentRequest>,
) -> Answer<CommentResponse> {
    change(&ctx, About::Item(id), comment, version, &body).await
}

/// Delete a comment of one's own for good; with `inventory.moderate`, anybody's.
#[utoipa::path(delete, path = "/items/{id}/comments/{comment}", tag = "inventory",
    params(("id" = String, Path, description = "Id of the item"),
        ("comment" = String, Path, description = "Id of the comment"),
        ("If-Match" = String, Header, description = "The version being deleted, as its ETag")),
    security(("session" = ["inventory.comment"])),
    responses((status = 204)))]
async fn delete_item_comment(
    ctx: Ctx,
    Path((id, comment)): Path<(ItemId, CommentId)>,
    IfMatch(version): IfMatch,
) -> Result<NoContent> {
    ops::delete(&ctx, About::Item(id), comment, version).await?;
    Ok(NoContent)
}

/// List the comments on an order, newest first.
#[utoipa::path(get, path = "/purchase-orders/{id}/comments", tag = "inventory",
    params(("id" = String, Path, description = "Id of the order"), CommentsQuery),
    security(("session" = ["inventory.prices"])),
    responses((status = 200, body = Page<CommentResponse>)))]
async fn list_order_comments(
    ctx: Ctx,
    Path(id): Path<OrderId>,
    Query(query): Query<CommentsQuery>,
) -> Answer<Page<CommentResponse>> {
    list(&ctx, About::Order(id), query).await
}

/// Comment on an order; needs `inventory.comment` as well. Whom the comment mentions is told.
#[utoipa::path(post, path = "/purchase-orders/{id}/comments", tag = "inventory",
    request_body = CommentRequest,
    params(("id" = String, Path, description = "Id of the order")),
    security(("session" = ["inventory.prices"])),
    responses((status = 201, body = CommentResponse)))]
async fn add_order_comment(
    ctx: Ctx,
    Path(id): Path<OrderId>,
    Json(body): Json<CommentRequest>,
) -> Answer<CommentResponse> {
    add(&ctx, About::Order(id), &body).await
}

/// List who can be mentioned in a comment on an order, by name: members who may see orders. Nobody
/// for those who may not see who belongs to the workspace. Needs `inventory.comment` as well.
#[utoipa::path(get, path = "/purchase-orders/{id}/comments/people", tag = "inventory",
    params(("id" = String, Path, description = "Id of the order"), CommentPeopleQuery),
    security(("session" = ["inventory.prices"])),
    responses((status = 200, body = Page<MentionableResponse>)))]
async fn list_order_comment_people(
    ctx: Ctx,
    Path(id): Path<OrderId>,
    Query(query): Query<CommentPeopleQuery>,
) -> Answer<Page<MentionableResponse>> {
    list_people(&ctx, About::Order(id), query).await
}

/// Get a comment on an order.
#[utoipa::path(get, path = "/purchase-orders/{id}/comments/{comment}", tag = "inventory",
    params(("id" = String, Path, description = "Id of the order"),
        ("comment" = String, Path, description = "Id of the comment")),
    security(("session" = ["inventory.prices"])),
    responses((status = 200, body = CommentResponse)))]
async fn get_order_comment(
    ctx: Ctx,
    Path((id, comment)): Path<(OrderId, CommentId)>,
) -> Answer<CommentResponse> {
    get(&ctx, About::Order(id), comment).await
}

/// Change a comment of one's own on an order; needs `inventory.comment` as well.
#[utoipa::path(put, path = "/purchase-orders/{id}/comments/{comment}", tag = "inventory",
    request_body = CommentRequest,
    params(("id" = String, Path, description = "Id of the order"),
        ("comment" = String, Path, description = "Id of the comment"),
        ("If-Match" = String, Header, description = "The version being changed, as its ETag")),
    security(("session" = ["inventory.prices"])),
    responses((status = 200, body = CommentResponse)))]
async fn change_order_comment(
    ctx: Ctx,
    Path((id, comment)): Path<(OrderId, CommentId)>,
    IfMatch(version): IfMatch,
    Json(body): Json<CommentRequest>,
) -> Answer<CommentResponse> {
    change(&ctx, About::Order(id), comment, version, &body).await
}

/// Delete a comment of one's own on an order for good; with `inventory.moderate`, anybody's. Needs
/// `inventory.comment` as well.
#[utoipa::path(delete, path = "/purchase-orders/{id}/comments/{comment}", tag = "inventory",
    params(("id" = String, Path, description = "Id of the order"),
        ("comment" = String, Path, description = "Id of the comment"),
        ("If-Match" = String, Header, description = "The version being deleted, as its ETag")),
    security(("session" = ["inventory.prices"])),
    responses((status = 204)))]
async fn delete_order_comment(
    ctx: Ctx,
    Path((id, comment)): Path<(OrderId, CommentId)>,
    IfMatch(version): IfMatch,
) -> Result<NoContent> {
    ops::delete(&ctx, About::Order(id), comment, version).await?;
    Ok(NoContent)
}

async fn list(ctx: &Ctx, about: About, query: CommentsQuery) -> Answer<Page<CommentResponse>> {
    let limit = page::limit(query.limit)?;
    let before: Option<i64> = page::read_cursor(query.cursor.as_deref())?;
    let found = ops::list(ctx, about, before.unwrap_or(i64::MAX), limit + 1).await?;
    let page = Page::of_one_more(found.comments, limit, |last| last.rid)?;
    let names = names(ctx, &page.items).await?;
    let page = page.map(|comment| CommentResponse::new(comment, &names));
    Ok(ok(page.total((query.total == Some(true)).then_some(found.total))))
}

async fn list_people(
    ctx: &Ctx,
    about: About,
    query: CommentPeopleQuery,
) -> Answer<Page<MentionableResponse>> {
    let limit = page::limit(query.limit)?;
    let found = ops::people(ctx, about, query.q, limit).await?;
    Ok(ok(Page::new(found.into_iter().map(Into::into).collect(), None)))
}

async fn get(ctx: &Ctx, about: About, id: CommentId) -> Answer<CommentResponse> {
    answer(ctx, ops::get(ctx, about, id).await?).await
}

async fn add(ctx: &Ctx, about: About, body: &CommentRequest) -> Answer<CommentResponse> {
    let Created { value, is_replay } = ops::create(ctx, about, &body.text).await?;
    let (version, names) = (value.version, names(ctx, std::slice::from_ref(&value)).await?);
    let value = CommentResponse::new(value, &names);
    Ok(created(Created { value, is_replay }).version(version))
}

async fn change(
    ctx: &Ctx,
    about: About,
    id: CommentId,
    version: i64,
    body: &CommentRequest,
) -> Answer<CommentResponse> {
    answer(ctx, ops::update(ctx, about, id, version, &body.text).await?).await
}

async fn answer(ctx: &Ctx, comment: KeptComment) -> Answer<CommentResponse> {
    let (version, names) = (comment.version, names(ctx, std::slice::from_ref(&comment)).await?);
    Ok(ok(CommentResponse::new(comment, &names)).version(version))
}

/// What those are called who wrote comments or are mentioned in them.
async fn names(ctx: &Ctx, comments: &[KeptComment]) -> Result<HashMap<UserId, String>> {
    let of = |comment: &KeptComment| comment.author.into_iter().chain(mentions(&comment.text));
    users::ops::names(ctx, comments.iter().flat_map(of).collect()).await
}
