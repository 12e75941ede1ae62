//! The requests of each row, whole.

use std::fmt::Write as _;
use std::net::SocketAddr;

use holdfast::apps::inventory::items::rules::ItemId;

use crate::Problem;
use crate::plan::{Expected, Request};
use crate::seed::{self, Seeded};
use crate::server::ask_once;

const PAGE: usize = 50;
/// Addresses are always a name of the box.
const HOST: &str = "Host: 127.0.0.1\r\n";

fn headers(seeded: &Seeded) -> String {
    format!("{HOST}Authorization: Bearer {}\r\n", seeded.token)
}

fn get(path: String, headers: String, expected: Expected) -> Request {
    Request { method: "GET".to_owned(), path, headers, body: String::new(), expected }
}

fn base(seeded: &Seeded) -> String {
    format!("/api/v1/workspaces/{}/inventory", seeded.workspace)
}

/// Every item once, in an order that has nothing to do with how they are kept.
pub(crate) fn one_item(seeded: &Seeded) -> Vec<Request> {
    let count = seeded.items.len();
    let ids = (0..count).map(|number| seeded.items[number * 7_919 % count]);
    let request = |id| {
        let part = Some((format!("{{\"id\":\"{id}\""), 1));
        let expected = Expected { status: 200, part, beginning: None };
        get(format!("{}/items/{id}", base(seeded)), headers(seeded), expected)
    };
    ids.map(request).collect()
}

/// The first page of every category.
pub(crate) fn category_page(seeded: &Seeded) -> Vec<Request> {
    let request = |category: &str| {
        let part = Some((format!("\"category\":\"{category}\""), PAGE));
        let expected = Expected { status: 200, part, beginning: None };
        let category = category.replace(' ', "+");
        let path = format!("{}/items?category={category}&sort=name&limit={PAGE}", base(seeded));
        get(path, headers(seeded), expected)
    };
    seed::categories().map(request).collect()
}

/// What people type to find something, letter by letter: words, numbers, codes, parts of words.
pub(crate) fn searches(seeded: &Seeded) -> Vec<Request> {
    let request = |typed: String| {
        let expected = Expected { status: 200, ..Expected::default() };
        let typed = typed.replace(' ', "+");
        let path = format!("{}/items?q={typed}&limit={PAGE}", base(seeded));
        get(path, headers(seeded), expected)
    };
    let wholes = seed::words().chain(["IT-04711", "HF0000004711", "moke", "roze"]);
    let phrases = seed::words().take(12).map(|word| format!("{word} ch"));
    let typed = wholes
        .flat_map(|whole| (1..=whole.len()).map(move |letters| whole[..letters].to_owned()))
        .chain(phrases);
    typed.map(request).collect()
}

/// The same in the one search over everything, and what stands beside movements: whole delivery
/// notes, and their beginnings letter by letter.
pub(crate) fn searches_of_all(seeded: &Seeded) -> Vec<Request> {
    let request = |typed: String| {
        let expected = Expected { status: 200, ..Expected::default() };
        let typed = typed.replace(' ', "+");
        let path = format!("/api/v1/workspaces/{}/search?q={typed}", seeded.workspace);
        get(path, headers(seeded), expected)
    };
    let notes = (0..20).map(|number| format!("DN-{:07}", number * 47_711));
    let wholes = seed::words().map(str::to_owned).chain(["IT-04711".to_owned()]).chain(notes);
    let typed = wholes.flat_map(|whole| {
        (1..=whole.len()).map(|letters| whole[..letters].to_owned()).collect::<Vec<_>>()
    });
    typed.map(request).collect()
}

/// The first pages of items' histories.
pub(crate) fn histories(seeded: &Seeded) -> Vec<Request> {
    let count = seeded.items.len();
    let ids = (0..count).map(|number| seeded.items[number * 7_919 % count]);
    ids.map(|id| history(seeded, &history_path(seeded, id))).collect()
}

/// The last pages of the histories of the items that move most, behind all others.
pub(crate) fn deep_histories(
    address: SocketAddr,
    seeded: &Seeded,
) -> Result<Vec<Request>, Problem> {
    const LAST: usize = 50;
    let mut requests = Vec::new();
    for id in &seeded.items[..seed::BUSIEST] {
        let first = history_path(seeded, *id);
        let mut paths = vec![first.clone()];
        // No list is longer than the ledger.
        for _ in 0..=crate::large::MOVEMENTS / PAGE {
            let path = paths.last().ok_or("no page")?;
            let (_, body) = whole(address, path, &headers(seeded))?;
            let body: serde_json::Value = serde_json::from_slice(&body)?;
            let Some(cursor) = body["next_cursor"].as_str() else { break };
            paths.push(format!("{first}&cursor={cursor}"));
        }
        let deep = paths.iter().rev().take(LAST);
        requests.extend(deep.map(|path| history(seeded, path)));
    }
    Ok(requests)
}

/// Pages of the whole journal, from the newest to the oldest.
pub(crate) fn journal(address: SocketAddr, seeded: &Seeded) -> Result<Vec<Request>, Problem> {
    const LONG_PAGE: usize = 200;
    /// One page of so many is asked for.
    const EACH: usize = 25;
    let (mut requests, mut cursor) = (Vec::new(), String::new());
    for number in 0.. {
        let path = format!("{}/movements?limit={LONG_PAGE}{cursor}", base(seeded));
        let (_, body) = whole(address, &path, &headers(seeded))?;
        let body: serde_json::Value = serde_json::from_slice(&body)?;
        if number % EACH == 0 {
            let path = format!("{}/movements?limit={PAGE}{cursor}", base(seeded));
            requests.push(history(seeded, &path));
        }
        let Some(next) = body["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    Ok(requests)
}

/// What stock is worth, by category, by place, and item by item.
pub(crate) fn worth_now(seeded: &Seeded) -> Vec<Request> {
    worth(seeded, "")
}

/// The same on days of the year that the history covers.
pub(crate) fn worth_then(seeded: &Seeded) -> Vec<Request> {
    let today = jiff::Zoned::now().date();
    let days = [1, 30, 90, 180, 270, 330];
    let days = days.map(|back| today.saturating_sub(jiff::Span::new().days(back)));
    days.iter().flat_map(|day| worth(seeded, &format!("&at={day}"))).collect()
}

fn worth(seeded: &Seeded, at: &str) -> Vec<Request> {
    let request = |group: &str| {
        let part = Some((format!("\"group\":\"{group}\""), 1));
        let expected = Expected { status: 200, part, beginning: None };
        let path = format!("{}/reports/valuation?group={group}&limit={PAGE}{at}", base(seeded));
        get(path, headers(seeded), expected)
    };
    ["category", "location", "item"].map(request).into()
}

fn history_path(seeded: &Seeded, id: ItemId) -> String {
    format!("{}/items/{id}/movements?limit={PAGE}", base(seeded))
}

fn history(seeded: &Seeded, path: &str) -> Request {
    let expected = Expected { status: 200, ..Expected::default() };
    get(path.to_owned(), headers(seeded), expected)
}

/// Where every item is, and how much.
pub(crate) fn on_hand(seeded: &Seeded) -> Vec<Request> {
    let count = seeded.items.len();
    let ids = (0..count).map(|number| seeded.items[number * 7_919 % count]);
    let request = |id| {
        let expected = Expected { status: 200, ..Expected::default() };
        get(format!("{}/stock?item_id={id}", base(seeded)), headers(seeded), expected)
    };
    ids.map(request).collect()
}

/// A receipt and then a use of the same goods, for every item.
pub(crate) fn movements(seeded: &Seeded) -> Vec<Request> {
    let mut requests = Vec::with_capacity(seeded.items.len() * 2);
    for (number, item) in seeded.items.iter().enumerate() {
        let place = seeded.locations[number * 7 % seeded.locations.len()];
        for kind in ["receive", "use"] {
            let expected = Expected {
                status: 201,
                part: Some((format!("\"item_id\":\"{item}\""), 1)),
                beginning: None,
            };
            let body = format!(
                "{{\"type\":\"{kind}\",\"item_id\":\"{item}\",\"location_id\":\"{place}\",\
                 \"qty\":\"1.5\"}}"
            );
            requests.push(Request {
                method: "POST".to_owned(),
                path: format!("{}/movements", base(seeded)),
                headers: format!("{}Content-Type: application/json\r\n", headers(seeded)),
                body,
                expected,
            });
        }
    }
    requests
}

/// What somebody does in a day, number by number: mostly they look, now and then they write. Gives
/// the whole request and the status of its answer.
pub(crate) fn of_a_day(seeded: &Seeded, token: &str, number: usize) -> (String, u16) {
    let item = seeded.items[number * 7_919 % seeded.items.len()];
    let head = format!("{HOST}Authorization: Bearer {token}\r\n");
    let base = base(seeded);
    match number % 10 {
        0 => {
            let place = seeded.locations[number * 7 % seeded.locations.len()];
            let body = format!(
                "{{\"type\":\"receive\",\"item_id\":\"{item}\",\"location_id\":\"{place}\",\
                 \"qty\":\"1.5\"}}"
            );
            let length = body.len();
            let request = format!(
                "POST {base}/movements HTTP/1.1\r\n{head}Content-Type: application/json\r\n\
                 Content-Length: {length}\r\n\r\n{body}"
            );
            (request, 201)
        }
        3 | 6 => {
            let query = format!("items?sort=name&limit={PAGE}");
            (format!("GET {base}/{query} HTTP/1.1\r\n{head}\r\n"), 200)
        }
        _ => (format!("GET {base}/items/{item} HTTP/1.1\r\n{head}\r\n"), 200),
    }
}

/// The first item, on a connection of its own.
pub(crate) fn first(seeded: &Seeded) -> String {
    let Request { path, headers, .. } = one_item(seeded).swap_remove(0);
    format!("GET {path} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n")
}

/// The number of the ledger's last entry.
pub(crate) fn last_movement(address: SocketAddr, seeded: &Seeded) -> Result<u64, Problem> {
    let path = format!("{}/movements?limit=1", base(seeded));
    let (_, body) = whole(address, &path, &headers(seeded))?;
    let body: serde_json::Value = serde_json::from_slice(&body)?;
    body["items"][0]["seq"].as_u64().ok_or_else(|| format!("no movement: {body}").into())
}

/// The main script of the web UI: asked with its validator, and as a browser gets it first.
/// None when this binary was built without the UI.
pub(crate) fn main_script(address: SocketAddr) -> Result<Option<(Request, Request)>, Problem> {
    let (_, page) = whole(address, "/", HOST)?;
    let page = String::from_utf8(page)?;
    let tag = page.split("<script").find(|tag| tag.contains("type=\"module\""));
    let Some(path) = tag.and_then(|tag| tag.split("src=\"").nth(1)?.split('"').next()) else {
        return Ok(None);
    };
    let headers = format!("{HOST}Accept-Encoding: gzip, deflate, br, zstd\r\n");
    let (head, body) = whole(address, path, &headers)?;
    let validator = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().starts_with("etag:").then(|| &line[5..]))
        .ok_or("the script has no ETag")?;
    let beginning = Some((body[..body.len().min(64)].to_vec(), body.len()));
    let full =
        get(path.to_owned(), headers.clone(), Expected { status: 200, part: None, beginning });
    let hit = get(
        path.to_owned(),
        format!("{headers}If-None-Match: {}\r\n", validator.trim()),
        Expected { status: 304, part: None, beginning: Some((Vec::new(), 0)) },
    );
    Ok(Some((hit, full)))
}

/// Head and body of one answer, which must be 200.
fn whole(address: SocketAddr, path: &str, headers: &str) -> Result<(String, Vec<u8>), Problem> {
    let mut request = format!("GET {path} HTTP/1.1\r\n{headers}");
    write!(request, "Connection: close\r\n\r\n")?;
    let answer = ask_once(address, &request)?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").ok_or("no head")? + 4;
    let head = String::from_utf8(answer[..end].to_vec())?;
    if !head.starts_with("HTTP/1.1 200") {
        return Err(format!("GET {path} was answered {head}").into());
    }
    Ok((head, answer[end..].to_vec()))
}
