//! The log over HTTP.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::rules::{Kind, Level, Line, Wish, bad};
use super::{newest, shown};
use crate::http::answer::{Answer, nobody, ok};
use crate::http::extract::Query;
use crate::http::page::{self, OneName as _, Page};
use crate::platform::app::Routes;
use crate::platform::error::Result;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(list_log_lines))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LogQuery {
    /// Words that all stand in a line, whatever their case.
    q: Option<String>,
    /// `error`, `warn`, `info`, `debug` or `trace`: what matters less is left out.
    level: Option<String>,
    /// `request` are lines of requests, `box` those of the box itself; both when left out.
    kind: Option<String>,
    /// Lines of one request.
    request_id: Option<String>,
    /// Not before this time.
    from: Option<String>,
    /// Not after this time.
    to: Option<String>,
    /// Only lines newer than this number: what came since a page was read.
    after: Option<u64>,
    /// 1 to 200 rows; 50 when left out.
    limit: Option<i64>,
    cursor: Option<String>,
}

impl LogQuery {
    fn wish(&self) -> Result<Wish> {
        fn given(text: Option<&String>) -> Option<&str> {
            text.map(String::as_str).filter(|text| !text.is_empty())
        }
        let time = |field, text: Option<&String>| {
            let wrong = |_| bad(field, "Use a time like 2026-11-21T14:00:00Z.");
            given(text).map(str::parse).transpose().map_err(wrong)
        };
        Ok(Wish {
            words: Wish::words_of(self.q.as_deref().unwrap_or_default()),
            level: given(self.level.as_ref()).map(Level::read).transpose()?,
            kind: given(self.kind.as_ref()).map(Kind::read).transpose()?,
            request_id: given(self.request_id.as_ref()).map(str::to_owned),
            from: time("from", self.from.as_ref())?,
            to: time("to", self.to.as_ref())?,
            before: page::read_cursor(self.cursor.as_deref())?,
            after: self.after,
        })
    }
}

/// A line of the box's log.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogLineResponse {
    /// Counts from the start of the process on.
    pub number: u64,
    pub at: String,
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: String,
    /// `request` or `box`.
    pub kind: String,
    pub request_id: Option<String>,
    pub message: String,
    /// Values beside the message, by name.
    #[schema(value_type = Value)]
    pub fields: Value,
}

impl From<Line> for LogLineResponse {
    fn from(line: Line) -> Self {
        Self {
            number: line.number,
            at: line.at.to_string(),
            level: line.level.name().to_owned(),
            kind: line.kind.name().to_owned(),
            fields: shown::fields(&line),
            request_id: line.request_id.map(String::from),
            message: line.message.into(),
        }
    }
}

/// Read the last lines of the box's log, the newest first (operators).
///
/// They are kept in memory, from the start of the process on and up to `logs.kept_bytes`; lines of
/// this very route are not. Reading them is an entry of the audit log; what came since (`after`) is
/// counted with other readings.
#[utoipa::path(get, path = "/logs", tag = "monitoring", params(LogQuery),
    extensions(("x-sensitive-read" = json!(true))),
    security(("session" = ["box.operate"])),
    responses((status = 200, body = Page<LogLineResponse>)))]
async fn list_log_lines(Query(query): Query<LogQuery>) -> Answer<Page<LogLineResponse>> {
    let limit = page::limit(query.limit)?;
    let found = newest(&query.wish()?, limit + 1);
    let page = Page::of_one_more(found, limit, |last| last.number)?;
    let page = page.map(LogLineResponse::from);
    Ok(if query.after.is_some() { nobody(page) } else { ok(page) })
}
