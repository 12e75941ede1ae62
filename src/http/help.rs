//! The manual at `/help`: the Markdown below `docs/`, set once and kept.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use pulldown_cmark::{Options, Parser, html::push_html};

use crate::platform::error::Error;

/// Address, title in the list, text. The first is what `/help` shows.
const PAGES: &[(&str, &str, &str)] = &[
    ("first-hour", "The first hour", include_str!("../../docs/manual/first-hour.md")),
    ("trust", "Trust", include_str!("../../docs/manual/trust.md")),
    ("stock", "Stock", include_str!("../../docs/manual/stock.md")),
    ("csv", "CSV files", include_str!("../../docs/manual/csv.md")),
    ("workspaces", "Workspaces", include_str!("../../docs/manual/workspaces.md")),
    ("people", "Who may do what", include_str!("../../docs/manual/people.md")),
    ("box", "Looking after the box", include_str!("../../docs/manual/box.md")),
    ("backups", "Backups", include_str!("../../docs/manual/backups.md")),
    ("notices", "Notices", include_str!("../../docs/manual/notices.md")),
    ("privacy", "What is held on people", include_str!("../../docs/manual/privacy.md")),
    ("audit", "The audit log", include_str!("../../docs/manual/audit.md")),
    ("jobs", "Jobs", include_str!("../../docs/manual/jobs.md")),
    ("configuration", "Settings", include_str!("../../docs/reference/configuration.md")),
    ("audit-format", "The audit log's format", include_str!("../../docs/formats/audit.md")),
];

const STYLE: &str = include_str!("help.css");

static RENDERED: LazyLock<Vec<bytes::Bytes>> = LazyLock::new(|| {
    PAGES.iter().map(|(name, title, text)| render(name, title, text).into()).collect()
});

/// A page of the manual; the first without a name.
pub fn serve(name: Option<&str>) -> Response {
    let found = PAGES.iter().position(|(one, ..)| name.is_none_or(|name| name == *one));
    let Some(page) = found.and_then(|index| RENDERED.get(index)) else {
        return Error::NotFound.into_response();
    };
    let about = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (about, page.clone()).into_response()
}

fn render(name: &str, title: &str, text: &str) -> String {
    let link = |(one, title, _): &(&str, &str, &str)| {
        let current = if *one == name { " aria-current=\"page\"" } else { "" };
        format!("<li><a href=\"/help/{one}\"{current}>{title}</a></li>")
    };
    let links: String = PAGES.iter().map(link).collect();
    let mut content = String::new();
    push_html(&mut content, Parser::new_ext(text, Options::ENABLE_TABLES));
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><title>{title} · Holdfast</title>\
         <style>{STYLE}</style></head><body><nav aria-label=\"Manual\"><a class=\"home\" \
         href=\"/\">◈ Holdfast</a><ul>{links}</ul></nav><main>{content}</main></body></html>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_link_inside_the_manual_leads_somewhere() {
        for (name, _, text) in PAGES {
            for link in text.split("](/help/").skip(1) {
                let target = link.split([')', '#']).next().unwrap_or_default();
                assert!(PAGES.iter().any(|(one, ..)| *one == target), "{name} links {target}");
            }
        }
    }
}
