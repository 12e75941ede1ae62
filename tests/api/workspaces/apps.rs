//! Apps switched on and off for each workspace.

use http::Method;
use serde_json::{Value, json};

use crate::support::TestServer;

#[tokio::test]
async fn an_app_that_is_switched_off_is_not_there() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    let item = json!({ "item_number": "S-1", "name": "Salt", "unit": "kg" });
    owner.post("/inventory/items", &item).await.is(201);

    let changed = owner.change(Method::PATCH, "", 1, &json!({ "apps": [] })).await.is(200);

    assert_eq!(changed["apps"], json!([]));
    for path in ["/inventory/items", "/inventory/stock", "/inventory/export/items.csv"] {
        owner.get(path).await.is_problem(404, "not-found");
    }
    owner.post("/inventory/items", &item).await.is_problem(404, "not-found");
    let viewer = server.person("viewer").await;
    viewer.post("/inventory/items", &item).await.is_problem(404, "not-found");
    let mine = &owner.get("/api/v1/me").await.is(200)["workspaces"][0];
    assert_eq!(mine["apps"], json!([]));
    let permissions = mine["permissions"].as_array().expect("a list");
    let is_of_it = |one: &Value| one.as_str().is_some_and(|one| one.starts_with("inventory."));
    assert!(!permissions.iter().any(is_of_it), "{permissions:?}");
    assert!(permissions.contains(&json!("workspace.settings")));
    owner.get("/audit").await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn an_app_that_is_switched_on_again_has_everything_it_had() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    let item = json!({ "item_number": "S-1", "name": "Salt", "unit": "kg" });
    owner.post("/inventory/items", &item).await.is(201);
    owner.change(Method::PATCH, "", 1, &json!({ "apps": [] })).await.is(200);

    owner.change(Method::PATCH, "", 2, &json!({ "apps": ["inventory"] })).await.is(200);

    let items = owner.get("/inventory/items").await.is(200);
    assert_eq!(items["items"][0]["item_number"], "S-1");
    server.finish().await;
}

#[tokio::test]
async fn an_app_is_switched_off_for_one_workspace_alone() {
    let server = TestServer::start().await;
    let other = server.second_workspace().await;
    let owner = server.person("owner").await;
    let manager = server.person_in(other, "manager").await;

    owner.change(Method::PATCH, "", 1, &json!({ "apps": [] })).await.is(200);

    manager.get("/inventory/items").await.is(200);
    server.finish().await;
}
