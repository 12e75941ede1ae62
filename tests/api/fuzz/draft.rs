//! Requests that could be meant: values that fit their schema and name what is there.

use serde_json::{Map, Value, json};

use super::chance::Chance;
use super::description::{Description, Operation};
use super::seen::{BOX, Seen};
use super::sent::{Sent, encoded};
use crate::support::{PASSWORD, START, nothing};

const WORDS: &[&str] =
    &["salmon", "rice", "olive oil", "Kühlhaus", "crate", "Ørsted", "tray 4", "FRZ", "main", "x"];
const DEPTH_MAX: usize = 6;

pub struct Drafter<'a> {
    pub description: &'a Description,
    pub seen: &'a Seen,
    pub chance: &'a mut Chance,
    /// Ids of the workspaces: the one that is meant, and one that is not.
    pub home: &'a str,
    pub elsewhere: &'a str,
    /// What free texts begin with.
    pub mark: Option<&'a str>,
}

impl Drafter<'_> {
    /// A request that may well be accepted.
    pub fn request(&mut self, operation: &Operation) -> Sent {
        let path = self.path(operation);
        let mut sent = Sent {
            method: operation.method.clone(),
            query: Vec::new(),
            headers: Vec::new(),
            body: Vec::new(),
            breaks: None,
            path,
        };
        for parameter in operation.parameters("query") {
            if parameter["required"] == true || self.chance.percent(35) {
                let name = parameter["name"].as_str().expect("a name");
                let value = self.parameter(operation, parameter);
                sent.query.push((encoded(name), encoded(&value)));
            }
        }
        if operation.takes("If-Match") {
            let tag = self.seen.tag(&sent.path).cloned().unwrap_or_else(|| "\"1\"".to_owned());
            sent.set_header("if-match", &tag);
        }
        if operation.takes("Idempotency-Key") && self.chance.percent(30) {
            let key = format!("key-{}", self.chance.number());
            sent.set_header("idempotency-key", &key);
        }
        self.body(operation, &mut sent);
        sent
    }

    fn path(&mut self, operation: &Operation) -> String {
        let mut path = String::new();
        let mut before = "";
        for part in operation.path.split('/').skip(1) {
            path.push('/');
            match part.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                None => path.push_str(part),
                Some("workspace") => path.push_str(self.home),
                Some(name) => {
                    let mut parameters = operation.parameters("path").into_iter();
                    let about = parameters.find(|one| one["name"] == name);
                    let mut hints = about.map(hints).unwrap_or_default();
                    if !hints.is_empty() {
                        hints.extend(self::hints(&operation.about));
                    }
                    let id = if hints.is_empty() || self.chance.percent(10) {
                        self.id(&[name, before])
                    } else {
                        self.chance.pick(&hints).clone()
                    };
                    path.push_str(&encoded(&id));
                }
            }
            before = part;
        }
        path
    }

    /// An id of one of these kinds; sometimes that of another workspace, or of nothing.
    fn id(&mut self, kinds: &[&str]) -> String {
        let home = match self.chance.below(20) {
            0 => return nothing::<()>().to_string(),
            1 => self.elsewhere,
            2 => BOX,
            _ => self.home,
        };
        let known = kinds.iter().map(|kind| self.seen.of(home, kind));
        let known = known.chain(kinds.iter().map(|kind| self.seen.of(BOX, kind)));
        match known.into_iter().find(|known| !known.is_empty()) {
            // What was made last is the likeliest to be there still.
            Some(known) if self.chance.percent(50) => known[known.len() - 1].clone(),
            Some(known) => self.chance.pick(known).clone(),
            None => nothing::<()>().to_string(),
        }
    }

    fn parameter(&mut self, operation: &Operation, about: &Value) -> String {
        let name = about["name"].as_str().expect("a name");
        let value = self.value(operation, name, &about["schema"], about, 0);
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    }

    fn body(&mut self, operation: &Operation, sent: &mut Sent) {
        let Some((kind, schema)) = operation.body() else { return };
        if !operation.needs_body() && self.chance.percent(30) {
            return;
        }
        sent.set_header("content-type", kind);
        sent.body = match kind {
            "application/json" => {
                let mut body = self.value(operation, "body", schema, &Value::Null, 0);
                self.keep_what_is_there(schema, &sent.path, &mut body);
                body.to_string().into_bytes()
            }
            "text/csv" => self.csv().into_bytes(),
            _ => b"text".to_vec(),
        };
    }

    /// Sends back what stands at the path, mostly unchanged, as somebody does who corrects it.
    fn keep_what_is_there(&mut self, schema: &Value, path: &str, body: &mut Value) {
        let Some(there) = self.seen.body(path).filter(|_| self.chance.percent(70)) else { return };
        let properties = self.description.resolve(schema)["properties"].as_object();
        for (name, about) in properties.into_iter().flatten() {
            if let (Some(old), true) = (there.get(name), self.chance.percent(85)) {
                body[name] = self.description.asked_of(about, old);
            }
        }
    }

    fn csv(&mut self) -> String {
        let heads = [
            "item_number,name,unit,category,min_qty",
            "item_number,location_code,qty,unit_cost",
            "code,name,temp_zone,parent_code",
            "name;item_number;unit",
        ];
        let head = *self.chance.pick(&heads);
        let separator = if head.contains(';') { ";" } else { "," };
        let mut text = head.to_owned();
        for _ in 0..self.chance.below(5) {
            let cells: Vec<String> =
                head.split(separator).map(|column| self.text(column)).collect();
            text += "\n";
            text += &cells.join(separator);
        }
        text
    }

    /// A value that fits the schema.
    pub fn value(
        &mut self,
        operation: &Operation,
        name: &str,
        schema: &Value,
        about: &Value,
        depth: usize,
    ) -> Value {
        let described = if about.is_null() { schema } else { about };
        let resolved = self.description.resolve(schema).clone();
        if let Some(choices) = resolved["oneOf"].as_array() {
            let choice = self.chance.pick(choices).clone();
            return self.value(operation, name, &choice, described, depth + 1);
        }
        if let Some(allowed) = resolved["enum"].as_array() {
            return self.chance.pick(allowed).clone();
        }
        let kind = match &resolved["type"] {
            Value::Array(_) if self.chance.percent(20) => "null",
            Value::Array(kinds) => {
                let mut kinds = kinds.iter().filter_map(Value::as_str);
                kinds.find(|kind| *kind != "null").unwrap_or("null")
            }
            other => other.as_str().unwrap_or("object"),
        };
        match kind {
            "object" => self.object(operation, &resolved, depth),
            "array" => {
                let length = if depth > DEPTH_MAX { 0 } else { self.chance.below(4) };
                let items = &resolved["items"];
                let one = |_| self.value(operation, name, items, &Value::Null, depth + 1);
                Value::Array((0..length).map(one).collect())
            }
            "integer" | "number" => self.number(&resolved),
            "boolean" => json!(self.chance.percent(50)),
            "string" if resolved["pattern"].is_string() => self.amount(),
            "string" => {
                let hints = hints(described);
                if !hints.is_empty() && self.chance.percent(85) {
                    return json!(self.chance.pick(&hints));
                }
                json!(self.named(operation, name, described))
            }
            _ => Value::Null,
        }
    }

    fn object(&mut self, operation: &Operation, schema: &Value, depth: usize) -> Value {
        let mut members = Map::new();
        let more = *self.chance.pick(&[0, 0, 15, 60]);
        for (name, about) in schema["properties"].as_object().into_iter().flatten() {
            let required = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
            let is_needed = required.iter().any(|one| one == name);
            if is_needed || (depth <= DEPTH_MAX && self.chance.percent(more)) {
                let value = self.value(operation, name, about, &Value::Null, depth + 1);
                members.insert(name.clone(), value);
            }
        }
        Value::Object(members)
    }

    fn number(&mut self, schema: &Value) -> Value {
        let least = schema["minimum"].as_i64().unwrap_or(0);
        let most = schema["maximum"].as_i64().unwrap_or(least + 60).max(least);
        let span = usize::try_from(most - least).unwrap_or(1_000).saturating_add(1);
        json!(least + i64::try_from(self.chance.below(span)).unwrap_or(0))
    }

    fn amount(&mut self) -> Value {
        match self.chance.below(4) {
            0 => json!(self.chance.below(20)),
            1 => json!(format!("{}.5", self.chance.below(50))),
            _ => json!((1 + self.chance.below(9)).to_string()),
        }
    }

    /// A text that fits what its name promises.
    fn named(&mut self, operation: &Operation, name: &str, about: &Value) -> String {
        if let Some(kind) = name.strip_suffix("_id") {
            let mut words = operation.path.split('/').filter(|word| !word.contains('{'));
            return self.id(&[kind, words.next_back().unwrap_or(kind)]);
        }
        if about["description"].as_str().is_some_and(|text| text.starts_with("Id of")) {
            return self.id(&[name, "user", "items"]);
        }
        self.text(name)
    }

    fn text(&mut self, name: &str) -> String {
        let known = |seen: &Seen, home: &str| seen.of(home, name).last().cloned();
        let found = match name {
            "cursor" => known(self.seen, self.home).or_else(|| {
                let cursors = self.seen.of(self.home, "next_cursor");
                cursors.first().cloned()
            }),
            "token" | "code" => known(self.seen, self.home).or_else(|| known(self.seen, BOX)),
            "email" if self.chance.percent(30) => known(self.seen, BOX),
            _ => None,
        };
        if let Some(found) = found
            && self.mark.is_none()
            && self.chance.percent(70)
        {
            return found;
        }
        let number = self.chance.below(1_000);
        match name {
            "email" => format!("person-{number}@example.com"),
            "password" | "current" if self.chance.percent(60) => PASSWORD.to_owned(),
            "password" | "current" | "new" => format!("walnut {number} harbour quilt ember"),
            "time_zone" => "Europe/Berlin".to_owned(),
            "currency" => (*self.chance.pick(&["EUR", "CHF", "JPY"])).to_owned(),
            "locale" | "language" => (*self.chance.pick(&["en", "en-GB", "de-DE"])).to_owned(),
            "role" => {
                let roles = ["owner", "admin", "manager", "counter", "analyst", "member", "viewer"];
                (*self.chance.pick(&roles)).to_owned()
            }
            "from" | "to" | "at" => self.moment(),
            _ if name.ends_with("_at") => self.moment(),
            "qty" | "min_qty" | "unit_cost" => format!("{}.25", self.chance.below(40)),
            "permissions" => "workspace.read".to_owned(),
            "apps" => "inventory".to_owned(),
            _ => {
                let usual: &str = self.chance.pick::<&str>(WORDS);
                let word = self.mark.unwrap_or(usual);
                if self.chance.percent(80) { format!("{word} {number}") } else { word.to_owned() }
            }
        }
    }

    fn moment(&mut self) -> String {
        let hours = u64::try_from(self.chance.below(100)).expect("small");
        let about = std::time::Duration::from_secs(hours * 3_600);
        START.minus(about).to_string()
    }
}

/// Values that a description names between backticks.
pub(crate) fn hints(about: &Value) -> Vec<String> {
    let texts = ["summary", "description"].map(|name| about[name].as_str().unwrap_or_default());
    let quoted = texts.into_iter().flat_map(|text| text.split('`').skip(1).step_by(2));
    let is_value = |one: &&str| !one.is_empty() && !one.contains(['…', ' ', '{', '#', '<', '=']);
    quoted.filter(is_value).map(str::to_owned).collect()
}
