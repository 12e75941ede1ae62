//! People get all that is held on them, and nothing of anybody else.

use holdfast::wiring;
use http::Method;
use serde_json::Value;

use super::planting::{Held, personal, plant};
use super::{rows, unzipped};
use crate::support::TestServer;

const MINE: &str = "quetzalfinch";
const OTHERS: &str = "zebrawren";

/// Columns whose word is another one than the planted.
const SAID_ELSEWHERE: &[&str] = &["language", "theme"];

#[tokio::test]
async fn an_export_holds_every_personal_column_of_the_person_and_of_nobody_else() {
    let server = TestServer::start().await;
    let mine = plant(&server, MINE).await;
    plant(&server, OTHERS).await;

    let reply = mine.client.get("/api/v1/me/export").await;

    assert_eq!(reply.status.as_u16(), 200, "{}", reply.text());
    assert_eq!(reply.header("content-type"), Some("application/zip"));
    let files = unzipped(&reply.bytes);
    let marks = wiring::column_marks();
    let inside = format!("workspaces/{}", server.workspace);
    for (folder, marks) in [("box", &marks.system), (inside.as_str(), &marks.workspace)] {
        for (table, column, held) in personal(marks) {
            let given = rows(&files, &format!("{folder}/{table}.json"));
            let has = |row: &Value| {
                let text = row[column].as_str().unwrap_or_default().to_lowercase();
                text.contains(MINE) || SAID_ELSEWHERE.contains(&column)
            };
            let is_there = given.iter().any(has);
            assert_eq!(is_there, held == Held::Given, "{folder}/{table}.{column}: {given:#?}");
        }
    }
    let entries = rows(&files, &format!("{inside}/audit.json"));
    assert!(entries.iter().any(|one| one["values"]["note"] == format!("{MINE} by hand")));
    assert!(entries.iter().all(|one| one["is_own"] == true));
    assert!(entries.iter().any(|one| one["values"]["address"] == "192.0.2.77"));
    let everything: String = files.into_values().collect();
    assert!(!everything.to_lowercase().contains(OTHERS), "{everything}");
    assert!(!everything.contains("argon2"), "what is kept of the password is nobody's business");
    server.finish().await;
}

#[tokio::test]
async fn who_left_a_workspace_still_gets_what_they_wrote_there() {
    let server = TestServer::start().await;
    let mine = plant(&server, MINE).await;
    mine.client.post("/leave", &Value::Null).await.is(204);
    let archived = server.person("owner").await;
    archived.post("/archive", &Value::Null).await.is(200);

    let reply = mine.client.get("/api/v1/me/export").await;

    let files = unzipped(&reply.bytes);
    let movements = rows(&files, &format!("workspaces/{}/movements.json", server.workspace));
    assert_eq!(movements.len(), 2, "{movements:#?}");
    assert!(movements[0].get("value").is_none(), "no prices: {movements:#?}");
    server.finish().await;
}

#[tokio::test]
async fn operators_have_a_job_write_the_archive_of_somebody_else() {
    let server = TestServer::start().await;
    let mine = plant(&server, MINE).await;
    let operator = server.operator().await;
    let at = format!("/api/v1/users/{}", mine.user);

    let job = operator.post(&format!("{at}/export"), &Value::Null).await.is(202);
    server.run_jobs().await;

    let job = operator.get(&format!("/api/v1/jobs/{}", job["id"].as_str().unwrap())).await.is(200);
    assert_eq!(job["state"], "done", "{job}");
    let file = job["result"]["file"].as_str().expect("a file");
    let reply = operator.get(file).await;
    assert_eq!(reply.header("content-type"), Some("application/zip"));
    let files = unzipped(&reply.bytes);
    assert_eq!(rows(&files, "box/users.json")[0]["id"], mine.user.to_string());
    assert!(files["about.json"].contains("holdfast-personal-data/1"));
    // Nobody else gets it, and it is not another person's.
    mine.client.get(file).await.is_problem(403, "forbidden");
    let other = server.user("viewer").await.to_string();
    operator.get(&file.replace(&mine.user.to_string(), &other)).await.is_problem(404, "not-found");
    assert!(server.box_actions().await.contains(&"identity.user.exported".to_owned()));
    server.finish().await;
}

#[tokio::test]
async fn a_narrowed_token_and_a_stranger_get_nothing() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    let body = serde_json::json!({ "name": "narrow", "expires_in_days": 1,
        "permissions": ["workspace.read"] });
    let made = owner.post("/api/v1/me/tokens", &body).await.is(201);
    let narrow = format!("Bearer {}", made["token"].as_str().expect("a token"));

    let stranger = server.stranger();
    let headers = [("authorization", narrow.as_str())];
    let refused = stranger.send(Method::GET, "/api/v1/me/export", &headers, "").await;

    refused.is_problem(403, "token-narrowed");
    stranger.get("/api/v1/me/export").await.is_problem(401, "sign-in-needed");
    server.finish().await;
}
