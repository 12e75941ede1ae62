//! What the box says about its API: the description, the same as a page, and a page for every
//! error code.

use std::fmt::Write;
use std::sync::{Arc, OnceLock};

use axum::Extension;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use utoipa_axum::routes;

use super::docs;
use super::extract::Path;
use super::fixed::Fixed;
use super::html::{escape, page};
use super::routes::Declared;
use crate::platform::app::Routes;
use crate::platform::error::{Code, Error, Result};

/// The pages, written when they are asked for first.
pub struct Pages {
    codes: Vec<Code>,
    /// The description, compressed: few ask for it.
    kept: OnceLock<Vec<u8>>,
    description: OnceLock<Fixed>,
    docs: OnceLock<Fixed>,
}

impl Pages {
    pub fn new(codes: Vec<Code>) -> Arc<Self> {
        let (kept, description, docs) = Default::default();
        Arc::new(Self { codes, kept, description, docs })
    }

    /// Takes what the routes declare; those that show it are among them.
    pub fn describe(&self, declared: &Declared) -> Result<()> {
        let kept = zstd::encode_all(declared.text()?.as_bytes(), 0).map_err(Error::internal)?;
        self.kept.get_or_init(|| kept);
        Ok(())
    }

    fn description(&self) -> Result<&Fixed> {
        if let Some(description) = self.description.get() {
            return Ok(description);
        }
        let kept = self.kept.get();
        let kept = kept.ok_or_else(|| Error::internal("the API was never described"))?;
        let text = zstd::decode_all(kept.as_slice()).map_err(Error::internal)?;
        let text = String::from_utf8(text).map_err(Error::internal)?;
        Ok(self.description.get_or_init(|| Fixed::json(text)))
    }

    fn docs(&self) -> Result<&Fixed> {
        if let Some(docs) = self.docs.get() {
            return Ok(docs);
        }
        let document = serde_json::from_slice(self.description()?.bytes());
        let document: Value = document.map_err(Error::internal)?;
        Ok(self.docs.get_or_init(|| Fixed::html(docs::render(&document))))
    }
}

/// `openapi.json` stands below `/api/v1`.
pub fn api_routes(pages: &Arc<Pages>) -> Routes {
    Routes::new().routes(routes!(get_openapi)).layer(Extension(Arc::clone(pages)))
}

pub fn box_routes(pages: &Arc<Pages>) -> Routes {
    Routes::new()
        .routes(routes!(show_docs))
        .routes(routes!(list_problems))
        .routes(routes!(show_problem))
        .layer(Extension(Arc::clone(pages)))
}

/// Get this description.
#[utoipa::path(get, path = "/openapi.json", tag = "description", security(()),
    responses((status = 200, body = Object, description = "OpenAPI 3.1"),
        (status = 304, description = "What If-None-Match names is still right.")))]
async fn get_openapi(
    Extension(pages): Extension<Arc<Pages>>,
    headers: HeaderMap,
) -> Result<Response> {
    Ok(pages.description()?.answer(&headers))
}

/// Read this description as a page.
#[utoipa::path(get, path = "/api/docs", tag = "description", security(()),
    responses((status = 200, body = String, content_type = "text/html"),
        (status = 304, description = "What If-None-Match names is still right.")))]
async fn show_docs(
    Extension(pages): Extension<Arc<Pages>>,
    headers: HeaderMap,
) -> Result<Response> {
    Ok(pages.docs()?.answer(&headers))
}

/// Read what the error codes mean.
#[utoipa::path(get, path = "/problems", tag = "description", security(()),
    responses((status = 200, body = String, content_type = "text/html"),
        (status = 304, description = "What If-None-Match names is still right.")))]
async fn list_problems(Extension(pages): Extension<Arc<Pages>>, headers: HeaderMap) -> Response {
    let mut codes: Vec<&Code> = pages.codes.iter().collect();
    codes.sort_by_key(|code| code.id);
    let mut rows = String::new();
    for code in codes {
        let (id, meaning) = (escape(code.id), escape(code.meaning));
        write!(rows, "<tr><td><a href=\"/problems/{id}\"><code>{id}</code></a><td>{meaning}</tr>")
            .expect("a String takes all");
    }
    let body = format!(
        "<main class=\"wide\"><p class=\"brand\"><b>Holdfast</b></p><h1>Error codes</h1>\
         <p class=\"lead\">Every refusal names one of these in <code>code</code>. They never \
         change their meaning.</p><div class=\"panel scroll\"><table>\
         <tr><th>Code<th>Meaning</tr>{rows}</table></div>\
         <p><a href=\"/api/docs\">API</a></p></main>"
    );
    Fixed::html(page("Error codes", &body)).answer(&headers)
}

/// Read what an error code means and what to do.
#[utoipa::path(get, path = "/problems/{code}", tag = "description", security(()),
    params(("code" = String, Path, description = "E.g. `not-found`")),
    responses(
        (status = 200, body = String, content_type = "text/html"),
        (status = 304, description = "What If-None-Match names is still right."),
        (status = 404, body = String, content_type = "text/html",
            description = "There is no such code.")))]
async fn show_problem(
    Extension(pages): Extension<Arc<Pages>>,
    id: std::result::Result<Path<String>, Error>,
    headers: HeaderMap,
) -> Response {
    // What cannot be read is no code either, and whoever looks at a page gets a page.
    let known = id.ok().and_then(|Path(id)| pages.codes.iter().find(|code| code.id == id));
    match known {
        Some(code) => Fixed::html(problem_page(code)).answer(&headers),
        None => Fixed::html(unknown_page()).status(StatusCode::NOT_FOUND).answer(&headers),
    }
}

fn problem_page(code: &Code) -> String {
    let body = format!(
        "<main><p class=\"brand\"><b>Holdfast</b></p><h1><code>{id}</code></h1>\
         <div class=\"panel\"><h2>What it means</h2><p>{meaning}</p>\
         <h2>What to do</h2><p>{remedy}</p></div>{FOOT}</main>",
        id = escape(code.id),
        meaning = escape(code.meaning),
        remedy = escape(code.remedy),
    );
    page(code.id, &body)
}

fn unknown_page() -> String {
    let body = format!(
        "<main><p class=\"brand\"><b>Holdfast</b></p><h1>There is no such code</h1>\
         <p class=\"lead\">This box knows no error of that name. A newer or older version may.\
         </p>{FOOT}</main>"
    );
    page("Unknown code", &body)
}

const FOOT: &str = "<p><a href=\"/\">Back to Holdfast</a> · <a href=\"/problems\">All error \
    codes</a> · <a href=\"/api/docs\">API</a></p>";
