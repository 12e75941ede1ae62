//! Event streams: what changed, to whoever may hear it, also after an interruption.

use axum::body::Body;
use http::Method;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::support::{Client, TestServer};

/// An open stream, read message by message.
struct Listener {
    body: Body,
    read: String,
}

impl Listener {
    async fn open(client: &Client, headers: &[(&str, &str)]) -> Self {
        let response = client.answer(Method::GET, "/events", headers, "").await;
        assert_eq!(response.status(), 200);
        Self { body: response.into_body(), read: String::new() }
    }

    /// The next message as its lines; none when the stream ended.
    async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some((message, rest)) = self.read.split_once("\n\n") {
                let (message, rest) = (message.to_owned(), rest.to_owned());
                self.read = rest;
                if message.starts_with(':') {
                    continue;
                }
                return Some(Message(message));
            }
            let frame = self.body.frame().await?.expect("a frame");
            let data = frame.into_data().expect("data");
            self.read.push_str(std::str::from_utf8(&data).expect("text"));
        }
    }
}

struct Message(String);

impl Message {
    fn line(&self, name: &str) -> &str {
        let start = format!("{name}: ");
        let found = self.0.lines().find_map(|line| line.strip_prefix(&start));
        found.unwrap_or_else(|| panic!("no {name} in {}", self.0))
    }

    fn data(&self) -> Value {
        serde_json::from_str(self.line("data")).expect("JSON")
    }
}

async fn add_item(client: &Client, number: &str) -> Value {
    let item = json!({ "item_number": number, "name": "Salmon", "unit": "kg" });
    client.post("/inventory/items", &item).await.is(201)
}

#[tokio::test]
async fn a_change_is_told_by_kind_id_and_version_and_nothing_else() {
    let server = TestServer::start().await;
    let (manager, viewer) = (server.person("manager").await, server.person("viewer").await);
    let mut listener = Listener::open(&viewer, &[]).await;

    let item = add_item(&manager, "A-1").await;

    let message = listener.next().await.expect("a message");
    assert_eq!(message.line("event"), "change");
    let expected = json!({ "kind": "inventory.item", "id": item["id"], "version": 1 });
    assert_eq!(message.data(), expected);
    server.finish().await;
}

#[tokio::test]
async fn a_listener_that_was_away_hears_what_it_missed_and_not_what_it_heard() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;
    let mut listener = Listener::open(&manager, &[]).await;
    add_item(&manager, "A-1").await;
    let heard = listener.next().await.expect("a message").line("id").to_owned();
    drop(listener);
    let missed = add_item(&manager, "A-2").await;

    let mut again = Listener::open(&manager, &[("last-event-id", &heard)]).await;

    assert_eq!(again.next().await.expect("a message").data()["id"], missed["id"]);
    server.finish().await;
}

#[tokio::test]
async fn a_listener_from_another_log_is_told_to_fetch_anew() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;

    let mut listener = Listener::open(&manager, &[("last-event-id", "999999")]).await;

    assert_eq!(listener.next().await.expect("a message").line("event"), "reload");
    server.finish().await;
}

#[tokio::test]
async fn refusals_are_not_told() {
    let server = TestServer::start().await;
    let (manager, viewer) = (server.person("manager").await, server.person("viewer").await);
    let mut listener = Listener::open(&viewer, &[]).await;

    viewer.get("/audit").await.is_problem(403, "forbidden");
    let item = add_item(&manager, "A-1").await;

    assert_eq!(listener.next().await.expect("a message").data()["id"], item["id"]);
    server.finish().await;
}

#[tokio::test]
async fn a_stream_ends_when_the_box_stops() {
    let server = TestServer::start().await;
    let viewer = server.person("viewer").await;
    let mut listener = Listener::open(&viewer, &[]).await;

    server.platform.tasks.begin_stop();

    assert!(listener.next().await.is_none());
    server.finish().await;
}

#[tokio::test]
async fn streams_have_a_bound_and_closing_one_makes_room() {
    let settings = [("limits.event_streams_per_caller_max", "2")];
    let server = TestServer::start_with(&settings).await;
    let viewer = server.person("viewer").await;
    let first = Listener::open(&viewer, &[]).await;
    let _second = Listener::open(&viewer, &[]).await;

    viewer.get("/events").await.is_problem(429, "too-many-streams");

    drop(first);
    Listener::open(&viewer, &[]).await;
    server.finish().await;
}
