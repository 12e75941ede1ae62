//! A call that works, for every route of the app.

use std::sync::atomic::{AtomicU32, Ordering};

use http::Method;
use serde_json::{Value, json};

use super::super::suppliers::{deliver, supplier};
use super::super::{item, location, movement, path, post};
use crate::support::{Client, Reply, TestServer, nothing};

/// What is sent.
pub(super) struct Call {
    method: Method,
    path: String,
    /// The version that is changed.
    version: Option<i64>,
    body: Value,
    /// A file in place of the body.
    file: Option<(&'static str, String)>,
}

impl Call {
    pub(super) fn of(method: Method, path: &str) -> Self {
        let path = format!("/inventory/{path}");
        Self { method, path, version: None, body: Value::Null, file: None }
    }

    fn body(self, body: Value) -> Self {
        Self { body, ..self }
    }

    /// Of a thing that is changed as it stands.
    fn of_version(self, thing: &Value) -> Self {
        Self { version: thing["version"].as_i64(), ..self }
    }

    pub(super) async fn send(&self, client: &Client) -> Reply {
        let method = self.method.clone();
        if let Some((kind, content)) = &self.file {
            let headers = [("content-type", *kind)];
            return client.send(method, &self.path, &headers, content.clone()).await;
        }
        match (self.version, method == Method::GET) {
            (Some(version), _) => client.change(method, &self.path, version, &self.body).await,
            (None, true) => client.get(&self.path).await,
            (None, false) => client.json(method, &self.path, &[], &self.body).await,
        }
    }
}

/// The same address with ids of nothing.
pub(super) fn unknown(template: &str) -> String {
    let id = nothing::<()>().to_string();
    ["{id}", "{file}", "{item_id}", "{receipt_id}", "{comment}"]
        .iter()
        .fold(template.to_owned(), |path, name| path.replace(name, &id))
}

/// A workspace with something of everything.
pub(super) struct Scene {
    pub(super) owner: Client,
    counter: Client,
    salmon: Value,
    shelf: Value,
    cold: Value,
    fish: Value,
}

impl Scene {
    pub(super) async fn make(server: &TestServer) -> Self {
        let owner = server.person("owner").await;
        let counter = server.person("counter").await;
        let salmon = item(&owner, "SAL").await;
        let (shelf, cold) = (location(&owner, "SHELF").await, location(&owner, "COLD").await);
        post(&owner, "receive", &salmon, &shelf, "5000").await;
        let fish = supplier(&owner, "Nordsee").await;
        deliver(&owner, &fish, &salmon, &json!({ "last_price": "3" })).await;
        Self { owner, counter, salmon, shelf, cold, fish }
    }

    /// What `maker` sends to a route, after what it takes was made.
    pub(super) async fn call(&self, server: &TestServer, maker: &Client, route: &str) -> Call {
        let (verb, path) = route.split_once(' ').expect("a verb");
        let method: Method = verb.parse().expect("a verb");
        let call = Call::of(method, path);
        match path.split('/').next().expect("a segment") {
            "items" => self.of_items(maker, call).await,
            "locations" => self.of_locations(maker, call).await,
            "saved-filters" => of_saved_filters(maker, call).await,
            "movements" | "transfers" | "stock" | "integrity" | "lock-date" => {
                self.of_stock(call).await
            }
            "counts" | "count-settings" => self.of_counts(call).await,
            "suppliers" | "reports" => self.of_suppliers(maker, call).await,
            "purchase-orders" => self.of_orders(maker, call).await,
            _ => self.of_files(server, maker, call).await,
        }
    }

    async fn of_items(&self, maker: &Client, call: Call) -> Call {
        let fresh = fresh();
        let made = item(&self.owner, &fresh).await;
        let at = path("items", &made);
        let verb = call.method.as_str().to_owned();
        match (verb.as_str(), call.path.trim_start_matches("/inventory/items")) {
            ("POST", "") => {
                let number = format!("{fresh}-2");
                call.body(json!({ "item_number": number, "name": "Cod", "unit": "kg" }))
            }
            ("POST", "/bulk") => {
                let change = json!({ "id": made["id"], "version": 1, "category": "Fish" });
                call.body(json!({ "changes": [change] }))
            }
            ("PUT" | "DELETE", "/{id}") => {
                let path = at;
                Call { path, body: made.clone(), ..call }.of_version(&made)
            }
            ("POST", "/{id}/restore") => {
                maker.change(Method::DELETE, &at, 1, &Value::Null).await.is(204);
                Call { path: format!("{at}/restore"), ..call }
            }
            (_, below) if below.contains("/files") => {
                let below = below.to_owned();
                of_files_beside(&self.owner, &at, &below, call).await
            }
            (_, below) if below.contains("/comments") => {
                let below = below.to_owned();
                of_comments([&self.owner, maker], &at, &below, call).await
            }
            (_, below) => Call { path: at_of(&path("items", &self.salmon), below), ..call },
        }
    }

    async fn of_locations(&self, maker: &Client, call: Call) -> Call {
        let fresh = fresh();
        let made = location(&self.owner, &fresh).await;
        let at = path("locations", &made);
        let verb = call.method.as_str().to_owned();
        match (verb.as_str(), call.path.trim_start_matches("/inventory/locations")) {
            ("POST", "") => call.body(json!({ "code": format!("{fresh}-2"), "name": "Shed" })),
            ("PUT" | "DELETE", _) => {
                Call { path: at, body: made.clone(), ..call }.of_version(&made)
            }
            ("POST", _) => {
                maker.change(Method::DELETE, &at, 1, &Value::Null).await.is(204);
                Call { path: format!("{at}/restore"), ..call }
            }
            (_, below) => Call { path: at_of(&at, below), ..call },
        }
    }

    async fn of_stock(&self, call: Call) -> Call {
        let (salmon, place) = (&self.salmon, &self.shelf);
        match (call.method.as_str(), call.path.trim_start_matches("/inventory/")) {
            ("POST", "movements") => call.body(movement("use", salmon, place, "1")),
            ("PUT", "lock-date") => {
                let kept = self.owner.get("/inventory/lock-date").await.is(200);
                call.body(json!({ "locked_until": null })).of_version(&kept)
            }
            ("POST", "transfers") => call.body(json!({ "item_id": salmon["id"], "qty": "1",
                "from_location_id": place["id"], "to_location_id": self.cold["id"] })),
            ("POST", "movements/{id}/reverse") => {
                let used = post(&self.owner, "use", salmon, place, "1").await;
                Call { path: format!("{}/reverse", path("movements", &used)), ..call }
                    .body(json!({}))
            }
            _ => call,
        }
    }

    /// A count with one entry, handed in or not.
    async fn count(&self, is_submitted: bool) -> String {
        let body = json!({ "name": "Friday" });
        let count = self.owner.post("/inventory/counts", &body).await.is(201);
        let at = path("counts", &count);
        let entries = json!({ "entries": [self.entry()] });
        self.counter.post(&format!("{at}/entries"), &entries).await.is(200);
        if is_submitted {
            self.counter.post(&format!("{at}/submit"), &json!({})).await.is(200);
        }
        at
    }

    fn entry(&self) -> Value {
        json!({ "client_op": uuid(), "item_id": self.salmon["id"], "mode": "set", "qty": "4000",
            "location_id": self.shelf["id"] })
    }

    async fn of_counts(&self, call: Call) -> Call {
        let verb = call.method.as_str().to_owned();
        let below = call.path.trim_start_matches("/inventory/").to_owned();
        let below = below.trim_start_matches("counts");
        match (verb.as_str(), below) {
            ("POST", "") => call.body(json!({ "name": "Monday" })),
            ("PUT", _) => {
                let settings = self.owner.get("/inventory/count-settings").await.is(200);
                call.body(json!({ "second_count_percent": null })).of_version(&settings)
            }
            ("POST", "/{id}/entries") => {
                let path = format!("{}/entries", self.count(false).await);
                Call { path, ..call }.body(json!({ "entries": [self.entry()] }))
            }
            ("GET", "" | "count-settings") => call,
            (_, below) => {
                let is_submitted = ["approve", "reject"].iter().any(|end| below.ends_with(end));
                let path = at_of(&self.count(is_submitted).await, below);
                let is_reject = below.ends_with("reject");
                let body = if is_reject { json!({ "reason": "Again" }) } else { json!({}) };
                Call { path, ..call }.body(body)
            }
        }
    }

    async fn of_suppliers(&self, maker: &Client, call: Call) -> Call {
        let verb = call.method.as_str().to_owned();
        let below = call.path.trim_start_matches("/inventory/suppliers").to_owned();
        let salmon = super::super::text(&self.salmon["id"]);
        let below = below.replace("{item_id}", salmon);
        if verb == "GET" {
            if below.starts_with("/inventory") {
                return call;
            }
            return Call { path: at_of(&path("suppliers", &self.fish), &below), ..call };
        }
        if below.is_empty() {
            return call.body(json!({ "name": fresh() }));
        }
        let made = supplier(&self.owner, &fresh()).await;
        let at = path("suppliers", &made);
        if below.ends_with("/restore") {
            maker.change(Method::DELETE, &at, 1, &Value::Null).await.is(204);
            return Call { path: format!("{at}/restore"), ..call };
        }
        if below.contains("/items/") {
            let terms = json!({ "last_price": "3" });
            let made = match verb.as_str() {
                "DELETE" => deliver(&self.owner, &made, &self.salmon, &terms).await,
                _ => made,
            };
            return Call { path: at_of(&at, &below), body: terms, ..call }.of_version(&made);
        }
        Call { path: at, body: made.clone(), ..call }.of_version(&made)
    }

    async fn of_orders(&self, maker: &Client, call: Call) -> Call {
        let verb = call.method.as_str().to_owned();
        let below = call.path.trim_start_matches("/inventory/purchase-orders").to_owned();
        let lines = json!({ "lines": [{ "item_id": self.salmon["id"], "req_qty": "2",
            "unit_price": "3" }] });
        match (verb.as_str(), below.as_str()) {
            ("POST", "") => return call.body(lines),
            ("POST", "/from-low-stock") => return call.body(json!({})),
            ("PUT", "/settings") => {
                let settings = self.owner.get(&call.path).await.is(200);
                return call.body(json!({ "over_receipt": "0" })).of_version(&settings);
            }
            ("GET", "" | "/settings") => return call,
            _ => {}
        }
        let order = self.owner.post("/inventory/purchase-orders", &lines).await.is(201);
        let at = path("purchase-orders", &order);
        if below.contains("/comments") {
            return of_comments([&self.owner, maker], &at, &below, call).await;
        }
        if below.contains("/files") {
            return of_files_beside(&self.owner, &at, &below, call).await;
        }
        let receipt = json!({ "client_op": uuid(), "remaining_to": self.shelf["id"] });
        let reversal = below.ends_with("/reverse");
        if ["/receive", "/close", "/reverse"].iter().any(|end| below.ends_with(end)) {
            self.owner.post(&format!("{at}/submit"), &Value::Null).await.is(200);
        }
        if below.ends_with("/close") {
            let line = json!({ "line_id": order["lines"][0]["id"], "qty": "1",
                "location_id": self.shelf["id"] });
            let part = json!({ "client_op": uuid(), "lines": [line] });
            self.owner.post(&format!("{at}/receive"), &part).await.is(201);
        }
        if reversal {
            let came = self.owner.post(&format!("{at}/receive"), &receipt).await.is(201);
            let id = super::super::text(&came["id"]);
            let path = at_of(&at, &below).replace("{receipt_id}", id);
            return Call { path, ..call }.body(json!({}));
        }
        let call = Call { path: at_of(&at, &below), ..call };
        match verb.as_str() {
            "PUT" => call.body(order.clone()).of_version(&order),
            _ if below.ends_with("/receive") => call.body(receipt),
            _ => call,
        }
    }

    async fn of_files(&self, server: &TestServer, maker: &Client, call: Call) -> Call {
        let places = format!("code,name\n{},Shed\n", fresh());
        let preview = "/inventory/import/preview?kind=locations";
        match (call.method.as_str(), call.path.trim_start_matches("/inventory/")) {
            ("POST", "import/preview") => {
                Call { path: preview.to_owned(), file: Some(("text/csv", places)), ..call }
            }
            ("POST", "import/{id}/commit") => {
                let kind = [("content-type", "text/csv")];
                let shown = maker.send(Method::POST, preview, &kind, places).await.is(200);
                let id = super::super::text(&shown["id"]);
                Call { path: format!("/inventory/import/{id}/commit"), ..call }
            }
            ("GET", "export/{file}") => {
                Call { path: "/inventory/export/items.csv".to_owned(), ..call }
            }
            ("POST", "exports") => call.body(json!({ "kind": "items" })),
            ("GET", "exports/{id}") => {
                let kind = json!({ "kind": "items" });
                let asked = maker.post("/inventory/exports", &kind).await.is(202);
                server.run_jobs().await;
                let id = super::super::text(&asked["job"]["id"]);
                Call { path: format!("/inventory/exports/{id}"), ..call }
            }
            (verb, path) => panic!("nothing is known to be sent to {verb} {path}"),
        }
    }
}

/// What is sent about the files beside a thing.
async fn of_files_beside(owner: &Client, at: &str, below: &str, call: Call) -> Call {
    let kind = "application/octet-stream";
    if call.method == Method::POST {
        let path = format!("{at}/files?name=note.txt");
        return Call { path, file: Some((kind, "a note".to_owned())), ..call };
    }
    let path = at_of(at, below);
    if !below.contains("{file}") {
        return Call { path, ..call };
    }
    let (send, headers) = (format!("{at}/files?name=photo.jpg"), [("content-type", kind)]);
    let photo = super::super::pictures::photo("the kitchen");
    let file = owner.send(Method::POST, &send, &headers, photo).await.is(201);
    let path = path.replace("{file}", super::super::text(&file["id"]));
    Call { path, ..call }
}

/// What is sent about the comments on a thing: about the caller's own, where one is changed.
async fn of_comments([owner, maker]: [&Client; 2], at: &str, below: &str, call: Call) -> Call {
    let said = json!({ "text": "It is late." });
    let path = at_of(at, below);
    if !below.contains("{comment}") {
        return Call { path, ..call }.body(said);
    }
    let writer = if call.method == Method::GET { owner } else { maker };
    let comment = writer.post(&format!("{at}/comments"), &said).await.is(201);
    let path = path.replace("{comment}", super::super::text(&comment["id"]));
    Call { path, ..call }.body(json!({ "text": "It came." })).of_version(&comment)
}

/// Of whoever made it: there is none of another person.
async fn of_saved_filters(maker: &Client, call: Call) -> Call {
    let body = json!({ "name": fresh() });
    if !call.path.ends_with("{id}") {
        return call.body(body);
    }
    let made = maker.post("/inventory/saved-filters", &body).await.is(201);
    let path = path("saved-filters", &made);
    Call { path, body: made.clone(), ..call }.of_version(&made)
}

/// The address of a thing and what stands behind its id in a template.
fn at_of(at: &str, below: &str) -> String {
    match below.strip_prefix("/{id}") {
        Some(rest) => format!("{at}{rest}"),
        None if below.is_empty() => at.rsplit_once('/').expect("an id").0.to_owned(),
        None => format!("{}{below}", at.rsplit_once('/').expect("an id").0),
    }
}

/// A name that nothing else has.
fn fresh() -> String {
    format!("N{}", number())
}

/// An operation's id that nothing else has.
fn uuid() -> String {
    format!("00000000-0000-4000-8000-{:012}", number())
}

fn number() -> u32 {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    NUMBER.fetch_add(1, Ordering::Relaxed)
}
