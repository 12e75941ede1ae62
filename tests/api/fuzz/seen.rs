//! What answers told so far: ids, tokens, addresses, cursors. Later requests are made of it, so
//! that they reach further than the first check.

use std::collections::BTreeMap;

use serde_json::Value;

use super::description::Operation;

/// Values kept of one kind; the oldest go first.
const KEPT_MAX: usize = 24;
/// Where things stand that belong to no workspace.
pub const BOX: &str = "";

#[derive(Debug, Default)]
pub struct Seen {
    /// By workspace and kind. The kind is a word of the path or what stands before `_id`.
    values: BTreeMap<(String, String), Vec<String>>,
    /// The version and the body of what stands at a path.
    objects: BTreeMap<String, (String, Value)>,
}

impl Seen {
    pub fn note(&mut self, path: &str, tag: &str, body: Value) {
        self.objects.insert(path.to_owned(), (tag.to_owned(), body));
    }

    pub fn tag(&self, path: &str) -> Option<&String> {
        self.objects.get(path).map(|(tag, _)| tag)
    }

    pub fn body(&self, path: &str) -> Option<&Value> {
        self.objects.get(path).map(|(_, body)| body)
    }

    /// Learns from an answer to an operation below a workspace, or below none.
    pub fn learn(&mut self, home: &str, operation: &Operation, body: &Value) {
        // `items/{id}/movements` gives movements, and `items/{id}` an item.
        let path = operation.path.trim_end_matches(|one| one != '/').trim_end_matches('/');
        let path = if operation.path.ends_with('}') { path } else { &operation.path };
        let own = path.rsplit('}').next().unwrap_or(path);
        let words = own.split('/').filter(|word| !["", "api", "v1"].contains(word));
        self.look(home, &words.collect::<Vec<_>>(), body);
    }

    fn look(&mut self, home: &str, words: &[&str], value: &Value) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    if let Some(text) = member.as_str() {
                        self.take(home, words, name, text);
                    } else if let (Some(number), "seq") = (member.as_i64(), name.as_str()) {
                        self.keep(home, name, &number.to_string());
                    } else {
                        self.look(home, words, member);
                    }
                }
            }
            Value::Array(all) => all.iter().for_each(|one| self.look(home, words, one)),
            _ => {}
        }
    }

    fn take(&mut self, home: &str, words: &[&str], name: &str, text: &str) {
        if name == "id" {
            for word in words {
                self.keep(home, word, text);
            }
        } else if let Some(kind) = name.strip_suffix("_id") {
            self.keep(home, kind, text);
        } else if ["link", "url"].contains(&name) {
            if let Some((_, token)) = text.split_once("token=") {
                self.keep(home, "token", token);
                self.keep(BOX, "token", token);
            }
        } else if ["email", "next_cursor", "code", "token", "kind"].contains(&name) {
            self.keep(home, name, text);
        }
    }

    fn keep(&mut self, home: &str, kind: &str, value: &str) {
        let values = self.values.entry((home.to_owned(), kind.to_owned())).or_default();
        if values.iter().any(|one| one == value) {
            return;
        }
        if values.len() == KEPT_MAX {
            values.remove(0);
        }
        values.push(value.to_owned());
    }

    /// Whether this was ever told of a workspace.
    pub fn holds(&self, home: &str, value: &str) -> bool {
        let of_home = self.values.iter().filter(|((one, _), _)| one == home);
        of_home.flat_map(|(_, values)| values).any(|one| one == value)
    }

    /// What is known of a kind: by its own name, its plural, or the end of its name.
    pub fn of(&self, home: &str, kind: &str) -> &[String] {
        let last = kind.rsplit('_').next().unwrap_or(kind);
        let names = [kind.to_owned(), format!("{kind}s"), last.to_owned(), format!("{last}s")];
        let found = names.into_iter().find_map(|name| self.values.get(&(home.to_owned(), name)));
        found.map_or(&[], Vec::as_slice)
    }
}
