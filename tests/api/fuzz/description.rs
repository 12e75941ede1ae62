//! The OpenAPI document as the box serves it, and what follows from it for a value.

use http::Method;
use serde_json::Value;

/// Words of a schema that say nothing about what is allowed.
const REMARKS: &[&str] = &["description", "title", "example", "examples", "deprecated", "default"];
/// Words that `faults` understands. Another one stops the run: it would be checked by nobody.
const UNDERSTOOD: &[&str] = &[
    "$ref",
    "additionalProperties",
    "allOf",
    "anyOf",
    "enum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "oneOf",
    "pattern",
    "properties",
    "propertyNames",
    "required",
    "type",
];

/// An operation of the document.
#[derive(Debug, Clone)]
pub struct Operation {
    pub method: Method,
    /// The template, e.g. `/api/v1/workspaces/{workspace}`.
    pub path: String,
    pub about: Value,
}

impl Operation {
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    pub fn parameters(&self, place: &str) -> Vec<&Value> {
        let all = self.about["parameters"].as_array().map_or(&[][..], Vec::as_slice);
        all.iter().filter(|one| one["in"] == place).collect()
    }

    pub fn takes(&self, header: &str) -> bool {
        let mut headers = self.parameters("header").into_iter();
        headers.any(|one| one["name"].as_str().is_some_and(|name| name == header))
    }

    /// Media type and schema of the body it takes.
    pub fn body(&self) -> Option<(&str, &Value)> {
        let content = self.about["requestBody"]["content"].as_object()?;
        content.iter().next().map(|(kind, about)| (kind.as_str(), &about["schema"]))
    }

    pub fn needs_body(&self) -> bool {
        self.about["requestBody"]["required"] == true
    }
}

/// Whether an object may hold more than its schema names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// Answers: what is there is described.
    Closed,
    /// Problem documents: a code may bring members of its own.
    Open,
}

pub struct Description {
    document: Value,
    pub operations: Vec<Operation>,
}

impl Description {
    pub fn new(document: Value) -> Self {
        let mut operations = Vec::new();
        for (path, verbs) in document["paths"].as_object().into_iter().flatten() {
            for (verb, about) in verbs.as_object().into_iter().flatten() {
                let Ok(method) = verb.to_ascii_uppercase().parse::<Method>() else { continue };
                let (path, about) = (path.clone(), about.clone());
                operations.push(Operation { method, path, about });
            }
        }
        Self { document, operations }
    }

    /// Follows a reference.
    pub fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let Some(to) = schema["$ref"].as_str() else { return schema };
        self.document.pointer(to.trim_start_matches('#')).expect("a reference leads somewhere")
    }

    /// A value of an answer without what a request need not say, which is taken and not described.
    pub fn asked_of(&self, schema: &Value, value: &Value) -> Value {
        let schema = self.resolve(schema);
        match (value, &schema["properties"]) {
            (Value::Object(members), Value::Object(properties)) => {
                let asked = members.iter().filter_map(|(name, member)| {
                    Some((name.clone(), self.asked_of(properties.get(name)?, member)))
                });
                Value::Object(asked.collect())
            }
            (Value::Array(all), _) => {
                all.iter().map(|one| self.asked_of(&schema["items"], one)).collect()
            }
            _ => value.clone(),
        }
    }

    /// What is documented for a status.
    pub fn response<'a>(&'a self, operation: &'a Operation, status: u16) -> Option<&'a Value> {
        operation.about["responses"].get(status.to_string()).map(|one| self.resolve(one))
    }

    /// The schema of a problem document.
    pub fn problem(&self) -> &Value {
        &self.document["components"]["schemas"]["Problem"]
    }

    /// All in which a value is not what the schema says, each with where it stands.
    pub fn faults(&self, schema: &Value, value: &Value, rest: Rest) -> Vec<String> {
        let mut found = Vec::new();
        self.look(schema, value, rest, "", &mut found);
        found
    }

    fn look(&self, schema: &Value, value: &Value, rest: Rest, at: &str, found: &mut Vec<String>) {
        for word in schema.as_object().into_iter().flat_map(|members| members.keys()) {
            let is_known = UNDERSTOOD.contains(&word.as_str()) || REMARKS.contains(&word.as_str());
            assert!(is_known, "the fuzzer does not understand `{word}` in a schema");
        }
        if let Some(to) = schema["$ref"].as_str() {
            // Amounts are texts, and whole numbers for convenience.
            if to.ends_with("/DecimalText") && (value.is_i64() || value.is_u64()) {
                return;
            }
            return self.look(self.resolve(schema), value, rest, at, found);
        }
        let mut say = |what: String| found.push(format!("{}: {what}", place(at)));
        if !is_of_type(&schema["type"], value) {
            say(format!("{} is not {}", short(value), schema["type"]));
            return;
        }
        if let Some(allowed) = schema["enum"].as_array()
            && !allowed.contains(value)
        {
            say(format!("{} is none of {}", short(value), schema["enum"]));
        }
        match value {
            Value::String(text) => look_at_text(schema, text, &mut say),
            Value::Number(number) => {
                let is_below = schema["minimum"]
                    .as_i64()
                    .is_some_and(|least| number.as_i64().is_some_and(|number| number < least));
                let is_above = schema["maximum"].as_i64().is_some_and(|most| {
                    number.as_u64().is_some_and(|number| i128::from(number) > i128::from(most))
                });
                if is_below || is_above {
                    say(format!("{number} is out of its bounds"));
                }
            }
            Value::Array(all) => {
                for (index, one) in all.iter().enumerate() {
                    self.look(&schema["items"], one, rest, &format!("{at}/{index}"), found);
                }
            }
            Value::Object(_) => self.look_at_object(schema, value, rest, at, found),
            Value::Null | Value::Bool(_) => {}
        }
        self.look_at_choices(schema, value, rest, at, found);
    }

    fn look_at_object(
        &self,
        schema: &Value,
        value: &Value,
        rest: Rest,
        at: &str,
        found: &mut Vec<String>,
    ) {
        let members = value.as_object().expect("an object");
        for needed in schema["required"].as_array().into_iter().flatten() {
            let name = needed.as_str().expect("a name");
            if !members.contains_key(name) {
                found.push(format!("{}: {name} is missing", place(at)));
            }
        }
        let properties = schema["properties"].as_object();
        for (name, member) in members {
            let inside = format!("{at}/{name}");
            if let Some(schema) = properties.and_then(|all| all.get(name)) {
                self.look(schema, member, rest, &inside, found);
            } else if schema["additionalProperties"].is_object() {
                self.look(&schema["additionalProperties"], member, rest, &inside, found);
            } else {
                let is_described = schema["additionalProperties"] != false
                    && (rest == Rest::Open || properties.is_none());
                if !is_described {
                    found.push(format!("{}: {name} is not described", place(at)));
                }
            }
        }
    }

    fn look_at_choices(
        &self,
        schema: &Value,
        value: &Value,
        rest: Rest,
        at: &str,
        found: &mut Vec<String>,
    ) {
        for part in schema["allOf"].as_array().into_iter().flatten() {
            // Each part describes some of the members.
            self.look(part, value, Rest::Open, at, found);
        }
        for word in ["oneOf", "anyOf"] {
            let Some(choices) = schema[word].as_array() else { continue };
            let fits = |choice: &&Value| self.faults(choice, value, rest).is_empty();
            if !choices.iter().any(|choice| fits(&choice)) {
                found.push(format!("{}: {} fits no choice", place(at), short(value)));
            }
        }
    }
}

fn look_at_text(schema: &Value, text: &str, say: &mut impl FnMut(String)) {
    let length = text.chars().count() as u64;
    if schema["minLength"].as_u64().is_some_and(|least| length < least) {
        say(format!("{length} characters are too few"));
    }
    if schema["maxLength"].as_u64().is_some_and(|most| length > most) {
        say(format!("{length} characters are too many"));
    }
    if schema["enum"].is_null() && schema["pattern"].is_string() && !is_decimal(text) {
        say(format!("{text:?} does not have the form {}", schema["pattern"]));
    }
}

/// The one pattern of the document.
fn is_decimal(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let are_digits = |part: &str| part.bytes().all(|one| one.is_ascii_digit());
    are_digits(whole)
        && are_digits(decimals)
        && (1..=14).contains(&whole.len())
        && (1..=4).contains(&decimals.len())
}

fn is_of_type(kind: &Value, value: &Value) -> bool {
    match kind {
        Value::Array(kinds) => kinds.iter().any(|kind| is_of_type(kind, value)),
        Value::String(kind) => match kind.as_str() {
            "null" => value.is_null(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "string" => value.is_string(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            other => panic!("the fuzzer does not know the type {other}"),
        },
        _ => true,
    }
}

fn place(at: &str) -> &str {
    if at.is_empty() { "body" } else { at }
}

fn short(value: &Value) -> String {
    value.to_string().chars().take(60).collect()
}
