//! The manual at `/help`: the Markdown below `docs/`, set once and kept.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html::push_html};

use crate::platform::error::Error;

/// Address, title in the list, text.
type Page = (&'static str, &'static str, &'static str);

/// All pages below the headings of the list. The first page is what `/help` shows.
const GROUPS: &[(&str, &[Page])] =
    &[("Start", START), ("Daily work", DAILY_WORK), ("The box", THE_BOX), ("Reference", REFERENCE)];

const START: &[Page] = &[
    ("first-hour", "The first hour", include_str!("../../docs/manual/first-hour.md")),
    ("install", "Install", include_str!("../../docs/manual/install.md")),
    ("trust", "Trust", include_str!("../../docs/manual/trust.md")),
    ("certificates", "Certificates", include_str!("../../docs/manual/certificates.md")),
];

const DAILY_WORK: &[Page] = &[
    ("stock", "Stock", include_str!("../../docs/manual/stock.md")),
    ("counts", "Counts", include_str!("../../docs/manual/counts.md")),
    ("csv", "CSV files", include_str!("../../docs/manual/csv.md")),
    ("workspaces", "Workspaces", include_str!("../../docs/manual/workspaces.md")),
    ("people", "Who may do what", include_str!("../../docs/manual/people.md")),
    ("privacy", "What is held on people", include_str!("../../docs/manual/privacy.md")),
    ("notices", "Notices", include_str!("../../docs/manual/notices.md")),
];

const THE_BOX: &[Page] = &[
    ("box", "Looking after the box", include_str!("../../docs/manual/box.md")),
    ("watching", "Watching the box", include_str!("../../docs/manual/watching.md")),
    ("troubleshooting", "What is wrong", include_str!("../../docs/manual/troubleshooting.md")),
    ("backups", "Backups", include_str!("../../docs/manual/backups.md")),
    ("updates", "Updates", include_str!("../../docs/manual/updates.md")),
    ("restore", "Restore", include_str!("../../docs/manual/restore.md")),
    ("jobs", "Jobs", include_str!("../../docs/manual/jobs.md")),
    ("proxy", "Behind a proxy", include_str!("../../docs/manual/proxy.md")),
    ("migration", "Moving the box", include_str!("../../docs/manual/migration.md")),
    ("runbook", "Putting a box into service", include_str!("../../docs/manual/runbook.md")),
    ("hardening", "Hardening", include_str!("../../docs/manual/hardening.md")),
    (
        "security-review",
        "The security review",
        include_str!("../../docs/manual/security-review.md"),
    ),
    ("incident", "When something happened", include_str!("../../docs/manual/incident.md")),
    ("audit", "The audit log", include_str!("../../docs/manual/audit.md")),
];

const REFERENCE: &[Page] = &[
    ("configuration", "Settings", include_str!("../../docs/reference/configuration.md")),
    ("security", "Security and its limits", include_str!("../../docs/manual/security.md")),
    ("audit-format", "The audit log's format", include_str!("../../docs/formats/audit.md")),
    ("backup-format", "The backup's format", include_str!("../../docs/formats/backup.md")),
    ("workspace-format", "A workspace's file", include_str!("../../docs/formats/workspace.md")),
    ("releases", "Publish releases", include_str!("../../docs/manual/releases.md")),
    ("release-format", "The release's format", include_str!("../../docs/formats/release.md")),
];

const STYLE: &str = include_str!("help.css");

static RENDERED: LazyLock<Vec<bytes::Bytes>> =
    LazyLock::new(|| pages().map(|page| render(page).into()).collect());

fn pages() -> impl Iterator<Item = &'static Page> {
    GROUPS.iter().flat_map(|(_, pages)| *pages)
}

/// A page of the manual; the first without a name.
pub fn serve(name: Option<&str>) -> Response {
    let found = pages().position(|(one, ..)| name.is_none_or(|name| name == *one));
    let Some(page) = found.and_then(|index| RENDERED.get(index)) else {
        return Error::NotFound.into_response();
    };
    let about = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (about, page.clone()).into_response()
}

fn render((name, title, text): &Page) -> String {
    let mut content = String::new();
    push_html(&mut content, with_anchors(text).into_iter());
    let content = reachable(&content);
    let list = list(name);
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><title>{title} · Holdfast</title>\
         <style>{STYLE}</style></head><body><header><a class=\"home\" href=\"/\">◈ Holdfast</a>\
         <a class=\"to-pages\" href=\"#pages\">All pages</a></header><main>{content}</main>\
         <nav id=\"pages\" aria-label=\"Manual\">{list}</nav></body></html>"
    )
}

/// The page whose blocks can be scrolled sideways by keys too, since browsers give keys to what can
/// have the focus, and whose boxes to tick have a name. Text that looks like a tag is escaped, so
/// these are tags.
fn reachable(content: &str) -> String {
    const WIDE: &str = "<div class=\"wide\" role=\"group\" aria-label=\"Table\" tabindex=\"0\">";
    content
        .replace("<pre>", "<pre tabindex=\"0\">")
        .replace("<input disabled=", "<input aria-label=\"Done\" disabled=")
        .replace("<table>", &format!("{WIDE}<table>"))
        .replace("</table>", "</table></div>")
}

/// The list of all pages, with the one that is shown marked.
fn list(name: &str) -> String {
    let link = |(one, title, _): &Page| {
        let current = if *one == name { " aria-current=\"page\"" } else { "" };
        format!("<li><a href=\"/help/{one}\"{current}>{title}</a></li>")
    };
    let group = |(heading, pages): &(&str, &[Page])| {
        let links: String = pages.iter().map(link).collect();
        format!("<p>{heading}</p><ul>{links}</ul>")
    };
    GROUPS.iter().map(group).collect()
}

/// The page with a name for each heading, by which links and alerts lead to it. Comments say how
/// tests try a block and are for nobody who reads.
fn with_anchors(text: &str) -> Vec<Event<'_>> {
    let is_comment = |event: &Event<'_>| match event {
        Event::Html(html) | Event::InlineHtml(html) => html.trim_start().starts_with("<!--"),
        _ => false,
    };
    let parser = Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS);
    let mut events: Vec<Event<'_>> = parser.filter(|event| !is_comment(event)).collect();
    for at in 0..events.len() {
        let is_heading = matches!(events[at], Event::Start(Tag::Heading { .. }));
        let name = if is_heading { anchor(&events[at + 1..]) } else { continue };
        if let Event::Start(Tag::Heading { id, .. }) = &mut events[at] {
            *id = Some(name.into());
        }
    }
    events
}

/// The words of a heading as they stand in an address: `a-backup-failed`.
fn anchor(behind: &[Event<'_>]) -> String {
    let inside = behind.iter().take_while(|one| !matches!(one, Event::End(TagEnd::Heading(_))));
    let words = inside.filter_map(|one| match one {
        Event::Text(text) | Event::Code(text) => Some(text.as_ref()),
        _ => None,
    });
    let is_kept = |one: &char| one.is_alphanumeric() || matches!(one, ' ' | '-');
    let kept: String = words.collect::<String>().chars().filter(is_kept).collect();
    kept.to_lowercase().replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::doctor::rules::CHECKS;

    #[test]
    fn every_check_of_the_doctor_has_its_section() {
        let about = pages().find(|(name, ..)| *name == "troubleshooting");
        let (page, text) = about.map(|page| (render(page), page.2)).unwrap();
        for check in CHECKS {
            let section = format!("<h2 id=\"{0}\">{0}</h2>", check.code);
            assert!(page.contains(&section), "{} has none", check.code);
        }
        let sections = text.matches("\n## ").count();
        assert_eq!(sections, CHECKS.len(), "a section is about a check that there is not");
    }

    #[test]
    fn every_link_inside_the_manual_leads_somewhere() {
        for (name, _, text) in pages() {
            for link in text.split("](/help/").skip(1) {
                let link = link.split(')').next().unwrap_or_default();
                let (target, place) = link.split_once('#').unwrap_or((link, ""));
                let found = pages().find(|(one, ..)| *one == target);
                let Some(page) = found else { panic!("{name} links {link}") };
                let wanted = format!("id=\"{place}\"");
                assert!(place.is_empty() || render(page).contains(&wanted), "{name} links {link}");
            }
        }
    }

    #[test]
    fn no_address_leads_to_two_pages() {
        let mut names: Vec<&str> = pages().map(|(name, ..)| *name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|two| two[0] != two[1]), "{names:?}");
    }

    #[test]
    fn headings_have_names_that_addresses_can_hold() {
        let page = render(&("any", "Any", "## When `it` fails, or not\n\ntext\n\n### Again\n"));
        assert!(page.contains("<h2 id=\"when-it-fails-or-not\">"), "{page}");
        assert!(page.contains("<h3 id=\"again\">"), "{page}");
    }

    #[test]
    fn what_is_wide_can_have_the_focus_and_what_looks_like_it_is_text() {
        let page = render(&("any", "Any", "```sh\nls '<pre>'\n```\n\n| a |\n|---|\n| b |\n"));
        assert_eq!(page.matches("<pre tabindex=\"0\">").count(), 1, "{page}");
        assert_eq!(page.matches("tabindex=\"0\"><table>").count(), 1, "{page}");
        assert!(page.contains("&lt;pre&gt;") && page.contains("</table></div>"), "{page}");
    }

    #[test]
    fn what_is_said_to_tests_is_not_shown() {
        let page = render(&("any", "Any", "Text.\n\n<!-- run: box -->\n```sh\nls\n```\n"));
        assert!(
            !page.contains("<!--") && page.contains("<code class=\"language-sh\">ls"),
            "{page}"
        );
    }
}
