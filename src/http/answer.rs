//! Answers: a body, its status, its version.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

use super::page::Page;
use crate::platform::error::Error;
use crate::platform::idempotency::rules::Created;

/// What a handler gives.
pub type Answer<T> = Result<Reply<T>, Error>;

pub const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// A body with what stands around it.
pub struct Reply<T> {
    status: StatusCode,
    body: T,
    version: Option<i64>,
    is_replay: bool,
    is_of_nobody: bool,
}

/// Marks an answer that shows nothing of anybody, whatever its route can show.
#[derive(Debug, Clone, Copy)]
pub struct OfNobody;

/// Marks an answer whose status is one of a fault of the box though there was none: a probe that
/// says how the box is, or a sender that was too slow.
#[derive(Debug, Clone, Copy)]
pub struct NoFault;

/// 200 with a body.
pub fn ok<T>(body: T) -> Reply<T> {
    Reply { status: StatusCode::OK, body, version: None, is_replay: false, is_of_nobody: false }
}

/// 200 with a page of a list of people; an empty one shows nobody.
pub fn people<T>(page: Page<T>) -> Reply<Page<T>> {
    Reply { is_of_nobody: page.items.is_empty(), ..ok(page) }
}

/// 200 with a body that shows nothing of anybody, whatever its route can show.
pub fn nobody<T>(body: T) -> Reply<T> {
    Reply { is_of_nobody: true, ..ok(body) }
}

/// 201 with the object, saying whether it was made by an earlier sending of the same request.
pub fn created<T, B>(created: Created<T>) -> Reply<B>
where
    B: From<T>,
{
    Reply {
        status: StatusCode::CREATED,
        body: created.value.into(),
        version: None,
        is_replay: created.is_replay,
        is_of_nobody: false,
    }
}

/// 202 with what will be done.
pub fn accepted<T, B>(accepted: Created<T>) -> Reply<B>
where
    B: From<T>,
{
    Reply { status: StatusCode::ACCEPTED, ..created(accepted) }
}

impl<T> Reply<T> {
    /// 202 in place of 200: what was asked is not done yet.
    #[must_use]
    pub fn accepted(mut self) -> Self {
        self.status = StatusCode::ACCEPTED;
        self
    }

    /// Adds the object's version as `ETag`.
    #[must_use]
    pub fn version(mut self, version: i64) -> Self {
        self.version = Some(version);
        self
    }
}

impl<T: Serialize> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        if self.is_of_nobody {
            response.extensions_mut().insert(OfNobody);
        }
        let headers = response.headers_mut();
        if let Some(version) = self.version
            && let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\""))
        {
            headers.insert(header::ETAG, tag);
        }
        if self.is_replay {
            headers.insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

/// 204.
pub struct NoContent;

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}
