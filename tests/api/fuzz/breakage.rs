//! What a scanner, a broken program or a hostile person makes of a request.

use serde_json::{Value, json};

use super::chance::Chance;
use super::description::{Description, Operation, Rest};
use super::sent::{Sent, encoded};
use crate::support::nothing;

/// Texts nobody types by mistake.
const NASTY: &[&str] = &[
    "",
    "   ",
    "\u{00a0}\u{2003}",
    "\0",
    "Sal\0mon",
    "a\r\nX-Injected: yes",
    "\u{202e}nomlas",
    "\u{200b}\u{200d}\u{feff}",
    "\u{0421}\u{0430}lmon",
    "e\u{0301}\u{0301}\u{0301}\u{0301}\u{0301}",
    "👩‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "\"salmon\" OR NEAR(",
    "salmon* AND (NOT",
    "name:salmon ^ {a b} : -x +y \"",
    "'; DELETE FROM items; --",
    "%_%",
    "' OR '1'='1",
    "../../../../etc/passwd",
    "<script>alert(1)</script>",
    "=HYPERLINK(\"http://evil.example\")",
    "{{7*7}}${7*7}",
    "null",
    "true",
    "-1",
    "0",
    "00000000-0000-0000-0000-000000000000",
    "99999999999999999999999999999999",
    "-99999999999999.9999",
    "99999999999999.9999",
    "1e400",
    "NaN",
    "0.00001",
    "1,5",
    "٣٫٥",
    "9999-12-31T23:59:59.999Z",
    "0000-01-01T00:00:00Z",
    "2026-11-21T06:00:00+99:99",
    "+262142-12-31T23:59:59Z",
    "en_US.UTF-8/../..",
    "Etc/Unknown",
    "hfp_",
    "a@b",
    "a@b@example.com",
];

/// Broken bodies that are not JSON objects at all.
const RAW: &[&[u8]] = &[
    b"",
    b"{",
    b"[",
    b"[]",
    b"\"\"",
    b"null",
    b"{}x",
    b"{\"a\":1,}",
    b"{'a':1}",
    b"\xef\xbb\xbf{}",
    b"\xff\xfe{\0}\0",
    b"{\"name\":\"\xc3\x28\"}",
    b"{\"name\":\"\\ud800\"}",
    b"{\"name\":1e999}",
    b"<?xml version=\"1.0\"?><a/>",
    b"a=1&b=2",
];

const KINDS: &[&str] = &[
    "text/plain",
    "application/xml",
    "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded",
    "application/json; charset=utf-16",
    "application/jsonp",
    "APPLICATION/JSON",
    "",
    "*/*",
];

const TAGS: &[&str] =
    &["\"0\"", "\"-1\"", "\"99999999999999999999\"", "*", "W/\"1\"", "1", "\"", "\"1\", \"2\"", ""];

pub struct Breaker<'a> {
    pub description: &'a Description,
    pub chance: &'a mut Chance,
    pub elsewhere: &'a str,
}

impl Breaker<'_> {
    /// Spoils one thing of a request.
    pub fn spoil(&mut self, operation: &Operation, sent: &mut Sent) {
        let has_body = !sent.body.is_empty();
        match self.chance.below(10) {
            0 => self.spoil_path(operation, sent),
            1 | 2 => self.spoil_query(operation, sent),
            3 => self.spoil_headers(operation, sent),
            4 if has_body => self.spoil_raw(operation, sent),
            _ if has_body => self.spoil_body(operation, sent),
            _ => self.spoil_query(operation, sent),
        }
    }

    fn nasty(&mut self) -> String {
        match self.chance.below(12) {
            0 => "x".repeat(300),
            1 => "😀".repeat(300),
            2 => "y".repeat(20_000),
            _ => (*self.chance.pick(NASTY)).to_owned(),
        }
    }

    fn spoil_path(&mut self, operation: &Operation, sent: &mut Sent) {
        let mut parts: Vec<String> = sent.path.split('/').map(str::to_owned).collect();
        let templates: Vec<&str> = operation.path.split('/').collect();
        let open: Vec<usize> =
            (0..parts.len()).filter(|index| templates[*index].starts_with('{')).collect();
        if open.is_empty() {
            return;
        }
        let index = *self.chance.pick(&open);
        let raw = ["%00", "%ff", "%2e%2e", "%2F", "%", "%zz", "..;", "."];
        parts[index] = match self.chance.below(6) {
            0 => nothing::<()>().to_string(),
            1 => self.elsewhere.to_owned(),
            2 => parts[index].to_uppercase(),
            3 => (*self.chance.pick(&raw)).to_owned(),
            4 => parts[index].chars().rev().collect(),
            _ => encoded(&self.nasty()).chars().take(900).collect(),
        };
        sent.path = parts.join("/");
    }

    fn spoil_query(&mut self, operation: &Operation, sent: &mut Sent) {
        let known = operation.parameters("query");
        if self.chance.percent(20) || known.is_empty() {
            let name = *self.chance.pick(&["extra", "__proto__", "%00", "q%5B%5D", "limit%20"]);
            sent.query.push((name.to_owned(), "1".to_owned()));
            if !known.is_empty() {
                sent.breaks = Some(format!("the parameter {name} is unknown"));
            }
            return;
        }
        let about = *self.chance.pick(&known);
        let name = about["name"].as_str().expect("a name").to_owned();
        let numbers = ["0", "-1", "201", "1001", "9223372036854775807", "1.5", "1e3", "٣", "0x10"];
        let raw = ["%ff", "%00", "%", "%zz", "%2", "+", "%F0%9F"];
        let value = match self.chance.below(4) {
            0 => (*self.chance.pick(&numbers)).to_owned(),
            1 => (*self.chance.pick(&raw)).to_owned(),
            _ => encoded(&self.nasty()).chars().take(4_000).collect(),
        };
        if self.chance.percent(80) {
            sent.query.retain(|(one, _)| *one != name);
        }
        sent.query.push((name, value));
    }

    fn spoil_headers(&mut self, operation: &Operation, sent: &mut Sent) {
        match self.chance.below(5) {
            0 if operation.takes("If-Match") => {
                sent.headers.retain(|(name, _)| name != "if-match");
                sent.breaks = Some("it does not say which version it changes".to_owned());
            }
            1 | 2 if operation.takes("If-Match") => {
                let tag = *self.chance.pick(TAGS);
                sent.set_header("if-match", tag);
            }
            3 => {
                let name = *self.chance.pick(&[
                    "last-event-id",
                    "prefer",
                    "accept",
                    "range",
                    "expect",
                    "if-none-match",
                ]);
                let value = *self.chance.pick(&[
                    "-1",
                    "99999999999999999999",
                    "respond-async",
                    "x;q=;",
                    "*",
                    "",
                ]);
                sent.set_header(name, value);
            }
            _ => {
                let long = "k".repeat(300);
                let keys = ["", " ", "a", long.as_str(), "\"quoted\"", "a,b"];
                let key = *self.chance.pick(&keys);
                sent.set_header("idempotency-key", key);
            }
        }
    }

    /// Replaces the whole body, or says that it is something else.
    fn spoil_raw(&mut self, operation: &Operation, sent: &mut Sent) {
        let is_json = operation.body().is_some_and(|(kind, _)| kind == "application/json");
        let deep = self.chance.percent(20);
        match self.chance.below(4) {
            0 => {
                let kind = *self.chance.pick(KINDS);
                sent.set_header("content-type", kind);
            }
            1 => sent.body.truncate(sent.body.len() / 2),
            2 if deep => {
                let depth = *self.chance.pick(&[100, 1_000, 50_000]);
                sent.body = [b"{\"a\":".repeat(depth), b"1".to_vec(), b"}".repeat(depth)].concat();
            }
            2 => sent.body = b"[".repeat(10_000),
            _ => sent.body = self.chance.pick(RAW).to_vec(),
        }
        if is_json {
            self.find_breach(operation, sent);
        }
    }

    /// Changes one place in a JSON body.
    fn spoil_body(&mut self, operation: &Operation, sent: &mut Sent) {
        let Ok(mut body) = serde_json::from_slice::<Value>(&sent.body) else {
            return self.spoil_csv(sent);
        };
        let mut places = Vec::new();
        collect(&body, String::new(), &mut places);
        let at = self.chance.pick(&places).clone();
        let place = body.pointer_mut(&at).expect("a place of the body");
        match (self.chance.below(8), place) {
            (0, Value::Object(members)) => {
                let name = *self.chance.pick(&["extra", "", "__proto__", "ID", "id ", "\0"]);
                members.insert(name.to_owned(), json!(1));
            }
            (1 | 2, Value::Object(members)) if !members.is_empty() => {
                let names: Vec<String> = members.keys().cloned().collect();
                members.remove(self.chance.pick(&names));
            }
            (3, place) => *place = self.other(),
            (_, Value::Object(members)) if !members.is_empty() => {
                let names: Vec<String> = members.keys().cloned().collect();
                let name = self.chance.pick(&names).clone();
                members.insert(name, self.other());
            }
            (_, place) => *place = self.other(),
        }
        sent.body = body.to_string().into_bytes();
        self.find_breach(operation, sent);
    }

    fn spoil_csv(&mut self, sent: &mut Sent) {
        let nasty = self.nasty();
        let text = String::from_utf8_lossy(&sent.body).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        sent.body = match self.chance.below(5) {
            0 => format!("{text}\n\"open").into_bytes(),
            1 => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            2 => format!("{text}\n{nasty},{nasty},{nasty},{nasty}").into_bytes(),
            3 => format!("{}\n{}", lines.last().unwrap_or(&""), text).into_bytes(),
            _ => format!("{nasty}\n{text}").into_bytes(),
        };
    }

    /// A value of any kind.
    fn other(&mut self) -> Value {
        match self.chance.below(12) {
            0 => Value::Null,
            1 => json!(true),
            2 => json!([]),
            3 => json!({}),
            4 => json!(i64::MAX),
            5 => json!(i64::MIN),
            6 => json!(u64::MAX),
            7 => json!(1.5),
            8 => json!([[[[1]]]]),
            9 => json!(vec!["x"; 500]),
            _ => json!(self.nasty()),
        }
    }

    /// Says what of the description the body breaks.
    fn find_breach(&self, operation: &Operation, sent: &mut Sent) {
        let Some((_, schema)) = operation.body() else { return };
        if sent.body.is_empty() && !operation.needs_body() {
            return;
        }
        sent.breaks = match serde_json::from_slice::<Value>(&sent.body) {
            Err(error) => Some(format!("the body is not JSON: {error}")),
            Ok(body) => self.description.faults(schema, &body, Rest::Closed).first().cloned(),
        };
    }
}

/// Pointers to everything in a value.
fn collect(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                collect(member, format!("{at}/{name}"), found);
            }
        }
        Value::Array(all) => {
            for (index, one) in all.iter().enumerate() {
                collect(one, format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
    found.push(at);
}
