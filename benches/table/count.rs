//! A count of a thousand lines, from the first entry to the posting.

use serde_json::{Value, json};

use crate::Problem;
use crate::large::ask;
use crate::seed::Seeded;
use crate::server::Server;

const LINES: usize = 1_000;
/// More than a thousand lines, however few places each lies at.
const ITEMS: usize = 1_000;
/// As many as are taken at once.
const AT_ONCE: usize = 500;
const PAGE: usize = 200;

/// Counts each line as one more than the book says. Gives how long all entries took, handing in,
/// and the approval, microseconds.
pub(crate) fn of_a_thousand_lines(server: &Server, seeded: &Seeded) -> Result<[u64; 3], Problem> {
    let post = |path: &str, body: &Value| {
        ask(server, seeded, "POST", path, "application/json", &body.to_string())
    };
    let items: Vec<String> = seeded.items.iter().take(ITEMS).map(ToString::to_string).collect();
    let draft = json!({ "name": "Bench", "scope": { "item_ids": items } });
    let (count, _) = post("/counts", &draft)?;
    let id = count["id"].as_str().ok_or("no count")?;
    let mut lines = lines(server, seeded, id)?;
    if lines.len() < LINES {
        return Err(format!("the count has {} lines", lines.len()).into());
    }
    // Nobody counts the others.
    lines.truncate(LINES);
    let mut entered_us = 0;
    for (nth, batch) in lines.chunks(AT_ONCE).enumerate() {
        let entries: Vec<Value> =
            batch.iter().enumerate().map(|(at, line)| entry(nth * AT_ONCE + at, line)).collect();
        let (said, took_us) =
            post(&format!("/counts/{id}/entries"), &json!({ "entries": entries }))?;
        let outcomes = said["entries"].as_array().ok_or_else(|| format!("no outcomes: {said}"))?;
        if let Some(bad) = outcomes.iter().find(|one| one["outcome"] != "accepted") {
            return Err(format!("an entry was not taken: {bad}").into());
        }
        entered_us += took_us;
    }
    let (_, submitted_us) = post(&format!("/counts/{id}/submit"), &json!({}))?;
    let (approved, approved_us) = post(&format!("/counts/{id}/approve"), &json!({}))?;
    if approved["state"] != "applied" || approved["summary"]["approved"] != LINES {
        return Err(format!("it was not approved: {approved}").into());
    }
    Ok([entered_us, submitted_us, approved_us])
}

fn lines(server: &Server, seeded: &Seeded, id: &str) -> Result<Vec<Value>, Problem> {
    let (mut lines, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/counts/{id}/lines?limit={PAGE}{cursor}");
        let (page, _) = ask(server, seeded, "GET", &path, "application/json", "")?;
        lines.extend(page["items"].as_array().ok_or("no lines")?.iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(lines),
        }
    }
}

fn entry(number: usize, line: &Value) -> Value {
    json!({
        "client_op": format!("00000000-0000-7000-8000-{number:012x}"),
        "item_id": line["item_id"], "location_id": line["location_id"],
        "qty": "1000", "mode": "set",
    })
}
