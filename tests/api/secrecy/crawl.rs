//! Every GET of the description with all that is known to fill it.

use http::Method;

use crate::fuzz::description::{Description, Operation};
use crate::fuzz::draft::hints;
use crate::fuzz::seen::{BOX, Seen};
use crate::fuzz::sent::{Sent, encoded};
use crate::fuzz::{exchange, served_document};
use crate::support::{Client, Reply, TestServer};

/// Ids tried in one place of a path or a query.
const IDS_MAX: usize = 6;
/// Lists link to things, which link to others.
const PASSES: usize = 3;

/// A question and where it came from.
pub(super) struct Question {
    pub operation: String,
    pub sent: Sent,
}

pub(super) struct Crawler {
    pub description: Description,
    pub seen: Seen,
}

impl Crawler {
    pub(super) async fn of(server: &TestServer) -> Self {
        let description = Description::new(served_document(server).await);
        Self { description, seen: Seen::default() }
    }

    /// Learns what there is from all that somebody may read of a workspace.
    pub(super) async fn explore(&mut self, client: &Client, home: &str) {
        for _ in 0..PASSES {
            for operation in self.reads() {
                for sent in self.paths(&operation, home, home) {
                    let reply = exchange(client, &sent).await;
                    if let (true, Ok(body)) =
                        (reply.status.is_success(), serde_json::from_slice(&reply.bytes))
                    {
                        self.seen.learn(home, &operation, &body);
                    }
                }
            }
        }
    }

    fn reads(&self) -> Vec<Operation> {
        let all = self.description.operations.iter();
        all.filter(|one| one.method == Method::GET).cloned().collect()
    }

    /// All that can be asked about the things of a workspace, at this address or at another's.
    pub(super) fn questions(&self, of: &str, at: &str, words: &[&str]) -> Vec<Question> {
        let mut found = Vec::new();
        for operation in self.reads() {
            for plain in self.paths(&operation, of, at) {
                for query in self.queries(&operation, of, words) {
                    let sent = Sent { query, ..plain.clone() };
                    found.push(Question { operation: operation.name(), sent });
                }
            }
        }
        found
    }

    fn known(&self, home: &str, kinds: &[&str]) -> Vec<String> {
        let of_home = kinds.iter().map(|kind| self.seen.of(home, kind));
        let of_box = kinds.iter().map(|kind| self.seen.of(BOX, kind));
        let known = of_home.chain(of_box).find(|known| !known.is_empty()).unwrap_or_default();
        // From both ends: what was made first has the longest story.
        let last = known.len().saturating_sub(IDS_MAX / 2).max(IDS_MAX / 2);
        known.iter().take(IDS_MAX / 2).chain(known.iter().skip(last)).cloned().collect()
    }

    fn paths(&self, operation: &Operation, of: &str, at: &str) -> Vec<Sent> {
        let mut paths = vec![String::new()];
        let mut before = "";
        for part in operation.path.split('/').skip(1) {
            let fillings = match part.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                None => vec![part.to_owned()],
                Some("workspace") => vec![at.to_owned()],
                Some(name) => {
                    let about = operation.parameters("path").into_iter();
                    let about = about.filter(|one| one["name"] == name);
                    let mut found: Vec<String> = about.flat_map(hints).collect();
                    if !found.is_empty() {
                        found.extend(hints(&operation.about));
                    }
                    found.extend(self.known(of, &[name, before]));
                    found
                }
            };
            let longer = |path: &String| {
                let with = fillings.iter().map(|filling| format!("{path}/{}", encoded(filling)));
                with.collect::<Vec<_>>()
            };
            paths = paths.iter().flat_map(longer).collect();
            before = part;
        }
        let sent = paths.into_iter().map(|path| Sent {
            method: Method::GET,
            path,
            query: Vec::new(),
            headers: vec![("last-event-id".to_owned(), "0".to_owned())],
            body: Vec::new(),
            breaks: None,
        });
        sent.collect()
    }

    /// Without parameters, and with each of them alone beside those that are needed.
    fn queries(
        &self,
        operation: &Operation,
        of: &str,
        words: &[&str],
    ) -> Vec<Vec<(String, String)>> {
        let parameters = operation.parameters("query");
        let value = |about: &serde_json::Value| self.values(about, of, words);
        let needed = parameters.iter().filter(|one| one["required"] == true);
        let needed: Vec<(String, String)> =
            needed.filter_map(|one| value(one).into_iter().next()).collect();
        let mut found = vec![needed.clone()];
        for pair in parameters.iter().flat_map(|one| value(one)) {
            let mut query = needed.clone();
            query.retain(|(name, _)| *name != pair.0);
            query.push(pair);
            found.push(query);
        }
        found
    }

    fn values(&self, about: &serde_json::Value, of: &str, words: &[&str]) -> Vec<(String, String)> {
        let name = about["name"].as_str().expect("a name");
        let values: Vec<String> = match about["schema"]["type"].as_str() {
            Some("boolean") => vec!["true".to_owned()],
            Some("integer") => vec!["200".to_owned()],
            _ => {
                let kind = name.strip_suffix("_id").unwrap_or(name);
                let known = self.known(of, &[kind]);
                let words = words.iter().map(|one| (*one).to_owned());
                hints(about).into_iter().chain(known).chain(words).collect()
            }
        };
        values.into_iter().map(|one| (encoded(name), encoded(&one))).collect()
    }
}

/// Everything an answer says, head and body.
pub(super) fn told(reply: &Reply) -> String {
    let head: Vec<String> = reply
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
        .collect();
    format!("{}\n{}", head.join("\n"), reply.text())
}
