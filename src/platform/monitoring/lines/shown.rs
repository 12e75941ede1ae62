//! How a kept line is handed out.

use serde_json::{Value, json};

use super::rules::Line;

/// The values beside a line's message. A line that was cut is no whole object any more; it is shown
/// as it is.
pub fn fields(line: &Line) -> Value {
    serde_json::from_str(&line.fields).unwrap_or_else(|_| json!({ "cut": &*line.fields }))
}

/// The line as a JSON object, as the API has it.
pub fn line(line: &Line) -> Value {
    json!({
        "number": line.number, "at": line.at.to_string(), "level": line.level.name(),
        "kind": line.kind.name(), "request_id": line.request_id, "message": line.message,
        "fields": fields(line),
    })
}
