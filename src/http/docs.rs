//! `/api/docs`: the API description as a page, written from the OpenAPI document.

use std::collections::BTreeMap;
use std::fmt::{Result, Write};

use serde_json::{Map, Value};

use super::html::{escape, page};

/// Where a schema is described on the page.
const SCHEMA_REFERENCE: &str = "#/components/schemas/";
/// Schemas inside schemas that a type name follows; deeper ones are only named.
const TYPE_DEPTH_MAX: usize = 4;

/// One operation of the document.
struct Operation<'a> {
    path: &'a str,
    verb: &'a str,
    about: &'a Value,
    document: &'a Value,
}

/// Writes the page.
pub fn render(document: &Value) -> String {
    let mut body = String::new();
    write_body(&mut body, document).expect("a String takes all");
    page("API", &body)
}

fn write_body(out: &mut String, document: &Value) -> Result {
    let tags = by_tag(document);
    let version = escape(document["info"]["version"].as_str().unwrap_or_default());
    write!(
        out,
        "<main class=\"wide\"><p class=\"brand\"><b>Holdfast</b> {version}</p><h1>API</h1>\
         <p class=\"lead\">Everything the screens do, programs can do. Send a personal token as \
         <code>Authorization: Bearer hfp_…</code>; make one in your profile.</p>\
         <p>Bodies are JSON in snake_case, exact amounts are decimal strings, times are RFC 3339 \
         in UTC. Lists answer <code>items</code> and <code>next_cursor</code>. An object with a \
         version is changed with <code>If-Match</code>; a POST that creates takes an \
         <code>Idempotency-Key</code>. Refusals are problem documents whose <code>code</code> is \
         <a href=\"/problems\">one of these</a>. The same description for programs: \
         <a href=\"/api/v1/openapi.json\">openapi.json</a>.</p><ul class=\"tags\">"
    )?;
    for tag in tags.keys() {
        write!(out, "<li><a href=\"#{0}\">{0}</a></li>", escape(tag))?;
    }
    out.push_str("<li><a href=\"#schemas\">Schemas</a></li></ul>");
    for (tag, operations) in &tags {
        write!(out, "<h2 id=\"{0}\">{0}</h2>", escape(tag))?;
        for operation in operations {
            write_operation(out, operation)?;
        }
    }
    out.push_str("<h2 id=\"schemas\">Schemas</h2>");
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        write_schema(out, name, schema)?;
    }
    out.push_str("</main>");
    Ok(())
}

fn by_tag(document: &Value) -> BTreeMap<&str, Vec<Operation<'_>>> {
    let mut tags: BTreeMap<&str, Vec<Operation<'_>>> = BTreeMap::new();
    for (path, operations) in document["paths"].as_object().into_iter().flatten() {
        for (verb, about) in operations.as_object().into_iter().flatten() {
            if about.is_object() {
                let tag = about["tags"][0].as_str().unwrap_or("other");
                tags.entry(tag).or_default().push(Operation { path, verb, about, document });
            }
        }
    }
    tags
}

fn write_operation(out: &mut String, operation: &Operation<'_>) -> Result {
    let Operation { path, verb, about, .. } = operation;
    write!(
        out,
        "<details><summary><span class=\"verb {verb}\">{upper}</span>\
         <span class=\"code\">{path}</span><span class=\"sum\">{summary}</span></summary>\
         <div class=\"inside\" id=\"{id}\">",
        id = escape(about["operationId"].as_str().unwrap_or_default()),
        verb = escape(verb),
        upper = escape(&verb.to_uppercase()),
        path = escape(path),
        summary = prose(&about["summary"]),
    )?;
    if about["description"].is_string() {
        write!(out, "<p>{}</p>", prose(&about["description"]))?;
    }
    write!(out, "<p class=\"dim\">{}</p>", needed(about))?;
    write_parameters(out, about)?;
    write_request_body(out, about)?;
    write_responses(out, about, operation.document)?;
    out.push_str("</div></details>");
    Ok(())
}

/// Who may call it, in a sentence.
fn needed(about: &Value) -> String {
    let all = about["security"].as_array();
    let scopes = all.and_then(|all| all.iter().find_map(|one| one.get("session")));
    let is_open =
        all.is_some_and(|all| all.iter().any(|one| one.as_object().is_some_and(Map::is_empty)));
    match (scopes.and_then(|scopes| scopes[0].as_str()), scopes.is_some(), is_open) {
        (Some(scope), ..) => format!("Needs the permission <code>{}</code>.", escape(scope)),
        (None, true, true) => "Open to everybody; says more to those who may know.".to_owned(),
        (None, true, false) => "Needs a sign-in.".to_owned(),
        (None, false, _) => "Open to everybody.".to_owned(),
    }
}

fn write_parameters(out: &mut String, about: &Value) -> Result {
    let Some(parameters) = about["parameters"].as_array().filter(|all| !all.is_empty()) else {
        return Ok(());
    };
    out.push_str(
        "<h3>Parameters</h3><div class=\"scroll\"><table>\
         <tr><th>Name<th>In<th>Type<th>Meaning</tr>",
    );
    for one in parameters {
        let name = one["name"].as_str().unwrap_or_default();
        let place = one["in"].as_str().unwrap_or_default();
        let is_needed = one["required"] == true;
        write_row(out, name, is_needed, Some(place), &one["schema"], &one["description"])?;
    }
    out.push_str("</table></div>");
    Ok(())
}

fn write_request_body(out: &mut String, about: &Value) -> Result {
    let content = about["requestBody"]["content"].as_object();
    for (kind, body) in content.into_iter().flatten() {
        let of = type_name(&body["schema"], TYPE_DEPTH_MAX);
        write!(out, "<h3>Body</h3><p>{of} <span class=\"dim\">as {}</span></p>", escape(kind))?;
    }
    Ok(())
}

fn write_responses(out: &mut String, about: &Value, document: &Value) -> Result {
    out.push_str(
        "<h3>Answers</h3><div class=\"scroll\"><table><tr><th>Status<th>Body<th>Meaning</tr>",
    );
    for (status, response) in about["responses"].as_object().into_iter().flatten() {
        let shared = response["$ref"].as_str().and_then(|to| to.strip_prefix('#'));
        let response = shared.and_then(|to| document.pointer(to)).unwrap_or(response);
        let content = response["content"].as_object();
        let bodies: Vec<String> = content
            .into_iter()
            .flatten()
            .map(|(kind, body)| match body.get("schema") {
                Some(schema) => type_name(schema, TYPE_DEPTH_MAX),
                None => escape(kind),
            })
            .collect();
        let meaning = prose(&response["description"]);
        write!(out, "<tr><td>{}<td>{}<td>{meaning}</tr>", escape(status), bodies.join(", "))?;
    }
    out.push_str("</table></div>");
    Ok(())
}

fn write_schema(out: &mut String, name: &str, schema: &Value) -> Result {
    let name = escape(name);
    write!(
        out,
        "<details><summary><span class=\"code\">{name}</span><span class=\"sum\">{}</span>\
         </summary><div class=\"inside\" id=\"schema-{name}\">",
        prose(&schema["description"]),
    )?;
    match schema["properties"].as_object() {
        Some(properties) => {
            let needed = schema["required"].as_array();
            let is_needed =
                |name: &str| needed.is_some_and(|all| all.iter().any(|one| one == name));
            out.push_str("<div class=\"scroll\"><table><tr><th>Field<th>Type<th>Meaning</tr>");
            for (field, about) in properties {
                write_row(out, field, is_needed(field), None, about, &about["description"])?;
            }
            out.push_str("</table></div>");
        }
        None => write!(out, "<p>{}</p>", type_name(schema, TYPE_DEPTH_MAX))?,
    }
    out.push_str("</div></details>");
    Ok(())
}

fn write_row(
    out: &mut String,
    name: &str,
    is_needed: bool,
    place: Option<&str>,
    schema: &Value,
    meaning: &Value,
) -> Result {
    let mark = if is_needed { " <span class=\"need\">needed</span>" } else { "" };
    write!(out, "<tr><td><code>{}</code>{mark}", escape(name))?;
    if let Some(place) = place {
        write!(out, "<td>{}", escape(place))?;
    }
    write!(out, "<td>{}<td>{}</tr>", type_name(schema, TYPE_DEPTH_MAX), prose(meaning))
}

/// Sentences of the source, where names stand between backticks. HTML.
fn prose(text: &Value) -> String {
    let mut html = String::new();
    for (at, part) in text.as_str().unwrap_or_default().split('`').enumerate() {
        match at % 2 {
            0 => html.push_str(&escape(part)),
            _ => html.extend(["<code>", &escape(part), "</code>"]),
        }
    }
    html
}

/// The type in a few words, with a link where it has a name. HTML.
fn type_name(schema: &Value, depth: usize) -> String {
    if depth == 0 {
        return "…".to_owned();
    }
    if let Some(name) = schema["$ref"].as_str().and_then(|to| to.strip_prefix(SCHEMA_REFERENCE)) {
        let name = escape(name);
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        if let Some(all) = schema[choice].as_array() {
            let names: Vec<String> = all.iter().map(|one| type_name(one, depth - 1)).collect();
            return names.join(" or ");
        }
    }
    if let Some(values) = schema["enum"].as_array() {
        let values: Vec<String> = values
            .iter()
            .map(|one| format!("<code>{}</code>", escape(one.as_str().unwrap_or("null"))))
            .collect();
        return values.join(" or ");
    }
    match &schema["type"] {
        Value::String(kind) if kind == "array" => {
            format!("list of {}", type_name(&schema["items"], depth - 1))
        }
        Value::String(kind) => escape(kind),
        Value::Array(kinds) => {
            let names: Vec<String> = kinds
                .iter()
                .filter_map(Value::as_str)
                .map(|kind| match kind {
                    "array" => format!("list of {}", type_name(&schema["items"], depth - 1)),
                    other => escape(other),
                })
                .collect();
            names.join(" or ")
        }
        _ => "any".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_between_backticks_are_code_and_the_rest_is_text() {
        let text = json!("Use `If-Match` for <b>, then `x");
        assert_eq!(prose(&text), "Use <code>If-Match</code> for &lt;b&gt;, then <code>x</code>");
        assert_eq!(prose(&Value::Null), "");
    }

    #[test]
    fn a_type_is_said_in_a_few_words() {
        let name = |schema: Value| type_name(&schema, TYPE_DEPTH_MAX);
        assert_eq!(name(json!({ "type": ["string", "null"] })), "string or null");
        assert_eq!(
            name(json!({ "type": "array", "items": { "$ref": "#/components/schemas/Item" } })),
            "list of <a href=\"#schema-Item\">Item</a>"
        );
        assert_eq!(name(json!({ "enum": ["a", "b"] })), "<code>a</code> or <code>b</code>");
        assert_eq!(name(json!({})), "any");
    }
}
