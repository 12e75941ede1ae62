//! What the log says of requests, and above all what it does not say: no secret, nothing personal,
//! nothing that was typed.

#![expect(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "the harness of the API tests, of which this uses a part"
)]

#[path = "api/support/mod.rs"]
mod support;

use std::io::Write;
use std::sync::{Arc, Mutex};

use holdfast::platform::monitoring::{logs, panics};
use holdfast::platform::setup::ops::issue_link;
use http::Method;
use serde_json::{Value, json};

use holdfast::platform::app::Routes;
use holdfast::wiring;
use support::{Client, HOST, TestServer, system};
use utoipa_axum::routes;

/// All that was logged by any thread of this process.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("the log").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

const TYPED: [&str; 19] = [
    "seed-of-a-password drizzle lantern",
    "seed-of-another-password otter mosaic",
    "seed-of-a-wrong-password",
    "seed-of-an-email@example.com",
    "Seed of a Person",
    "Seed of a Box",
    "Seed of a Workspace",
    "Seed of an Item",
    "seed-of-a-search",
    "seed-of-a-user-agent",
    "seed-of-a-forged-cookie",
    "hfp_seed-of-a-forged-token",
    "seed-of-a-body",
    "seed-of-a-monitoring-token",
    "Seed of a Place",
    "seed-of-a-note",
    "seed-of-a-reference",
    "seed-of-a-cell",
    "seed-of-a-guest@example.com",
];

#[tokio::test]
async fn requests_leave_no_secret_and_nothing_typed_in_the_log() {
    let kept = Kept::default();
    let (lines, flusher) = logs::Lines::start(kept.clone(), 100_000).expect("a thread");
    let settings = [
        ("logs.level", "trace"),
        ("logs.format", "json"),
        ("logs.access", "true"),
        ("monitoring.token", "seed-of-a-monitoring-token"),
        // Every statement is a slow one, and told.
        ("logs.slow_statement_ms", "1"),
    ];
    let server = TestServer::start_with(&settings).await;
    let subscriber = logs::subscriber(&server.platform.config.logs, false, lines);
    tracing::subscriber::set_global_default(subscriber).expect("the only subscriber");

    let secrets = use_the_box(&server).await;
    let kept_lines = read_as_operator(&server).await;
    server.finish().await;

    assert!(flusher.flush());
    let text = String::from_utf8(kept.0.lock().expect("the log").clone()).expect("text");
    for told in ["GET /api/v1/me 401", "POST /api/v1/setup 201", "/inventory/items 201"] {
        assert!(text.contains(told), "{told} is not in the log: {text}");
    }
    for secret in secrets.iter().map(String::as_str).chain(TYPED) {
        assert!(secret.len() > 8, "{secret:?} would be found anywhere");
        let line = text.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} is in the log");
        let line = kept_lines.iter().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} is among the lines that operators read");
    }
}

/// Reads the log in the browser as its operator does, page by page, and looks at what that leaves.
async fn read_as_operator(server: &TestServer) -> Vec<String> {
    let operator = server.operator().await;
    let mut lines = Vec::new();
    let mut address = "/api/v1/logs?limit=200".to_owned();
    loop {
        let page = operator.get(&address).await.is(200);
        let items = page["items"].as_array().expect("lines").clone();
        let numbers: Vec<u64> = items.iter().filter_map(|one| one["number"].as_u64()).collect();
        assert!(numbers.is_sorted_by(|newer, older| newer > older), "{numbers:?}");
        lines.extend(items);
        match page["next_cursor"].as_str() {
            Some(cursor) => address = format!("/api/v1/logs?limit=200&cursor={cursor}"),
            None => break,
        }
    }
    let find = |message: &str| lines.iter().find(|line| line["message"] == message);
    let refused = find("GET /api/v1/me 401").expect("the line of a request");
    assert_eq!((&refused["kind"], &refused["level"]), (&json!("request"), &json!("info")));
    assert_eq!(refused["fields"]["code"], "sign-in-needed", "{refused}");
    let own = lines.iter().find(|line| line["fields"]["route"] == "/api/v1/logs");
    assert_eq!(own, None, "reading the log fills the log");
    search_as_operator(server, &operator, refused, lines[0]["number"].as_u64()).await;
    lines.iter().map(Value::to_string).collect()
}

async fn search_as_operator(
    server: &TestServer,
    operator: &Client,
    refused: &Value,
    newest: Option<u64>,
) {
    let id = refused["request_id"].as_str().expect("an id");
    let of_request = operator.get(&format!("/api/v1/logs?request_id={id}&kind=request")).await;
    assert_eq!(of_request.is(200)["items"], json!([refused]));
    let searched = operator.get("/api/v1/logs?q=SIGN-in-needed%20me&limit=1").await.is(200);
    assert_eq!(searched["items"].as_array().map(Vec::len), Some(1), "{searched}");
    let serious = operator.get("/api/v1/logs?level=error").await.is(200);
    // The other test of this process breaks something at the same time.
    let items = serious["items"].as_array().expect("lines");
    assert!(items.iter().all(|line| line["level"] == "error"), "{serious}");
    for (query, field) in [("level=loud", "level"), ("kind=x", "kind"), ("from=today", "from")] {
        let refusal = operator.get(&format!("/api/v1/logs?{query}")).await;
        let problem = refusal.is_problem(422, "invalid-fields");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
    let reads = async || {
        let log = operator.get("/api/v1/audit?action=access.read&limit=200").await.is(200);
        log["items"].as_array().expect("entries").len()
    };
    let before = reads().await;
    let newer = newest.expect("a number");
    operator.get(&format!("/api/v1/logs?after={newer}")).await.is(200);
    assert_eq!(reads().await, before + 1, "only the look at the audit log itself was noted");
    operator.get("/api/v1/logs").await.is(200);
    assert_eq!(reads().await, before + 3, "reading the log was not noted");
    server.person("owner").await.get("/api/v1/logs").await.is_problem(403, "forbidden");
    server.stranger().get("/api/v1/logs").await.is_problem(401, "sign-in-needed");
}

/// Calls what takes secrets and personal values, rightly and wrongly; gives the secrets the box
/// made.
async fn use_the_box(server: &TestServer) -> Vec<String> {
    let browser = server.browser();
    let link =
        issue_link(&system(&server.platform), "https://kitchen.local").await.expect("a link");
    let setup_token = link.rsplit_once('=').expect("a token").1.to_owned();
    let claim = json!({
        "token": setup_token,
        "box_name": "Seed of a Box",
        "operator": { "name": "Seed of a Person", "email": "seed-of-an-email@example.com",
            "password": "seed-of-a-password drizzle lantern" },
        "workspace": { "name": "Seed of a Workspace" },
    });
    let made = browser.post("/api/v1/setup", &claim).await;
    let workspace = made.is(201)["workspace"]["id"].as_str().expect("an id").to_owned();
    let cookie = made.header("set-cookie").expect("a session").to_owned();
    let session = cookie.split(['=', ';']).nth(1).expect("a value").to_owned();

    let sign_in =
        |password: &str| json!({ "email": "seed-of-an-email@example.com", "password": password });
    browser.post("/api/v1/auth/login", &sign_in("seed-of-a-wrong-password")).await;
    browser
        .post("/api/v1/auth/login", &sign_in("seed-of-a-password drizzle lantern"))
        .await
        .is(200);
    let passwords = json!({ "current": "seed-of-a-password drizzle lantern",
        "new": "seed-of-another-password otter mosaic" });
    browser.put("/api/v1/me/password", &passwords).await.is(204);
    let token = browser
        .post("/api/v1/me/tokens", &json!({ "name": "Seed of a Person", "expires_in_days": 1 }))
        .await
        .is(201)["token"]
        .as_str()
        .expect("a token")
        .to_owned();

    let bearer = format!("Bearer {token}");
    let items = format!("/api/v1/workspaces/{workspace}/inventory/items");
    let about = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("user-agent", "seed-of-a-user-agent"),
    ];
    let stranger = server.stranger();
    let item = json!({ "item_number": "A-1", "name": "Seed of an Item", "unit": "kg" });
    stranger.send(Method::POST, &items, &about, item.to_string()).await.is(201);
    write_more(&stranger, &workspace, &about).await;
    for (method, path, body) in [
        (Method::GET, format!("{items}?q=seed-of-a-search"), String::new()),
        (Method::GET, format!("{items}?seed-of-a-search=1"), String::new()),
        (Method::POST, items.clone(), "{\"seed-of-a-body".to_owned()),
        (Method::POST, items.clone(), json!({ "seed-of-a-body": 1 }).to_string()),
    ] {
        stranger.send(method, &path, &about, body).await;
    }
    for forged in [
        ("authorization", "Bearer hfp_seed-of-a-forged-token"),
        ("cookie", "__Host-hf_session=seed-of-a-forged-cookie"),
        ("authorization", "Bearer seed-of-a-monitoring-token"),
    ] {
        stranger.send(Method::GET, "/api/v1/me", &[forged], "").await;
        stranger.send(Method::GET, "/metrics", &[forged], "").await;
    }
    vec![setup_token, session, token]
}

/// Puts words into places, movements, files and invitations.
async fn write_more(client: &Client, workspace: &str, about: &[(&str, &str)]) {
    let home = format!("/api/v1/workspaces/{workspace}");
    let post = async |path: &str, body: Value| {
        let path = format!("{home}{path}");
        client.send(Method::POST, &path, about, body.to_string()).await.is(201)
    };
    let item = json!({ "item_number": "A-2", "name": "Seed of an Item", "unit": "kg",
        "notes": "seed-of-a-note", "category": "seed-of-a-cell" });
    let item = post("/inventory/items", item).await;
    let place = json!({ "code": "A", "name": "Seed of a Place" });
    let place = post("/inventory/locations", place).await;
    let receipt = json!({ "type": "receive", "item_id": item["id"], "location_id": place["id"],
        "qty": "1", "note": "seed-of-a-note", "reference": "seed-of-a-reference" });
    post("/inventory/movements", receipt).await;
    let guest = json!({ "email": "seed-of-a-guest@example.com", "role": "viewer" });
    post("/invitations", guest).await;
    let file = "item_number,name,unit\nseed-of-a-cell,seed-of-a-cell,kg\nx,,seed-of-a-cell\n";
    let csv = [about[0], ("content-type", "text/csv")];
    let preview = format!("{home}/inventory/import/preview?kind=items");
    client.send(Method::POST, &preview, &csv, file).await.is(200);
}

/// Breaks, as no route of the product should.
#[utoipa::path(get, path = "/api/v1/breaks", tag = "test", security(("session" = [])),
    responses((status = 200, body = String)))]
async fn break_down() -> String {
    let shelves: Vec<u8> = Vec::new();
    format!("shelf {}", shelves[4711])
}

#[tokio::test]
async fn a_handler_that_panics_is_answered_written_down_and_survived() {
    panics::install();
    let server = TestServer::start().await;
    let more = Routes::new().routes(routes!(break_down));
    let router = wiring::application_with(&server.platform, vec![HOST.to_owned()], more);
    let router = router.expect("the wiring");
    let with_routes = |client: &Client| {
        Client::new(router.clone(), Some(client.token().to_owned()), server.workspace)
    };
    let operator = with_routes(&server.operator().await);

    let broken = operator.get("/api/v1/breaks").await;
    let again = operator.get("/api/v1/breaks").await;

    let problem = broken.is_problem(500, "internal");
    let id = |reply: &support::Reply| reply.header("x-request-id").expect("an id").to_owned();
    assert_eq!(problem["instance"], format!("/requests/{}", id(&broken)));
    assert!(!broken.text().contains("index out of bounds"), "it tells its cause: {problem}");
    again.is_problem(500, "internal");
    // The box goes on, and tells its operator.
    let panics = operator.get("/api/v1/errors?kind=panic").await.is(200);
    let panics = panics["items"].as_array().expect("a list");
    assert_eq!(panics.len(), 1, "{panics:#?}");
    let panic = &panics[0];
    let text = |name: &str| panic[name].as_str().unwrap_or_default().to_owned();
    assert_eq!((&panic["count"], text("route").as_str()), (&json!(2), "GET /api/v1/breaks"));
    assert!(text("message").contains("index out of bounds"), "{panic}");
    assert!(text("message").contains("tests/logs.rs"), "{panic}");
    assert!(text("sample").contains("break_down"), "no backtrace: {panic}");
    assert_eq!(text("last_request_id"), id(&again));
    let faults = operator.get("/api/v1/errors?kind=server").await.is(200);
    assert_eq!(faults["items"][0]["last_request_id"], id(&again));
    let item = json!({ "item_number": "S", "name": "Salmon", "unit": "kg" });
    let manager = with_routes(&server.person("manager").await);
    manager.post("/inventory/items", &item).await.is(201);
    server.finish().await;
}
