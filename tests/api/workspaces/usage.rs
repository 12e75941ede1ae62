//! How much a workspace holds, what its amounts forbid, and very many workspaces.

use std::collections::BTreeSet;

use holdfast::platform::access::Role;
use holdfast::platform::id::Id;
use holdfast::platform::workspaces;
use holdfast::platform::workspaces::rules::Draft;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Client, TestServer, system};

/// Receives some of a new item, at a price or without one.
async fn receive(client: &Client, unit_cost: Option<&str>) {
    let item = json!({ "item_number": "S-1", "name": "Salt", "unit": "kg" });
    let item = client.post("/inventory/items", &item).await.is(201);
    let place = json!({ "code": "DRY", "name": "Dry store", "temp_zone": "dry" });
    let place = client.post("/inventory/locations", &place).await.is(201);
    let mut movement = json!({ "type": "receive", "item_id": item["id"],
        "location_id": place["id"], "qty": "2" });
    if let Some(unit_cost) = unit_cost {
        movement["unit_cost"] = json!(unit_cost);
    }
    client.post("/inventory/movements", &movement).await.is(201);
}

#[tokio::test]
async fn usage_counts_people_rows_and_bytes() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let manager = server.person("manager").await;
    server.person("manager").await;
    receive(&manager, None).await;
    let invitation = json!({ "email": "ana@example.com", "role": "viewer" });
    admin.post("/invitations", &invitation).await.is(201);

    let usage = admin.get("/usage").await.is(200);

    assert_eq!(usage["members"], 3);
    assert_eq!(usage["members_by_role"], json!({ "admin": 1, "manager": 2 }));
    assert_eq!(usage["invitations_waiting"], 1);
    assert_eq!(usage["audit_entries"], 3);
    assert!(usage["database_bytes"].as_u64().is_some_and(|bytes| bytes > 4096));
    assert_eq!(usage["file_bytes"], 0);
    let count = |kind: &str| {
        let objects = usage["objects"].as_array().expect("a list");
        objects.iter().find(|one| one["kind"] == kind).map(|one| one["count"].clone())
    };
    for kind in ["inventory.item", "inventory.location", "inventory.movement"] {
        assert_eq!(count(kind), Some(json!(1)), "{kind}");
    }
    manager.get("/usage").await.is_problem(403, "forbidden");
    admin.change(Method::PATCH, "", 1, &json!({ "apps": [] })).await.is(200);
    assert_eq!(admin.get("/usage").await.is(200)["objects"], json!([]));
    server.finish().await;
}

#[tokio::test]
async fn the_currency_stays_once_there_are_priced_movements() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    receive(&owner, Some("1.50")).await;
    let dollars = json!({ "currency": "USD" });

    let refusal = owner.change(Method::PATCH, "", 1, &dollars).await;

    refusal.is_problem(409, "currency-in-use");
    let same = json!({ "currency": "EUR", "name": "Pier" });
    owner.change(Method::PATCH, "", 1, &same).await.is(200);
    // Switching the app off does not make the amounts another currency's.
    owner.change(Method::PATCH, "", 2, &json!({ "apps": [] })).await.is(200);
    owner.change(Method::PATCH, "", 3, &dollars).await.is_problem(409, "currency-in-use");
    server.finish().await;
}

#[tokio::test]
async fn the_currency_can_change_while_nothing_has_a_price() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    receive(&owner, None).await;

    let changed = owner.change(Method::PATCH, "", 1, &json!({ "currency": "USD" })).await.is(200);

    assert_eq!(changed["currency"], "USD");
    server.finish().await;
}

#[tokio::test]
async fn a_thousand_workspaces_are_listed_page_by_page() {
    const MANY: usize = 1_000;
    let server = TestServer::start().await;
    let user = server.user("viewer").await;
    let apps = server.platform.app_ids();
    let random = server.platform.random.clone();
    let ctx = system(&server.platform);
    let made = ctx.write(move |scope| {
        for number in 1..MANY {
            let draft = Draft { name: format!("Kitchen {number}"), ..Draft::default() };
            let id: Id<_> = random.id();
            workspaces::ops::record_in(scope, &draft.check(id, "", &apps, scope.now())?)?;
            workspaces::ops::add_member_in(scope, id, user, Role::Viewer)?;
        }
        Ok(())
    });
    made.await.expect("workspaces");

    for client in [server.operator().await, server.token_of(user).await] {
        let (mut seen, mut pages) = (BTreeSet::new(), 0);
        let mut path = "/api/v1/workspaces?limit=200".to_owned();
        loop {
            let page = client.get(&path).await.is(200);
            pages += 1;
            let items = page["items"].as_array().expect("a list");
            let ids = items.iter().map(|one| one["id"].as_str().expect("an id").to_owned());
            seen.extend(ids);
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("/api/v1/workspaces?limit=200&cursor={cursor}");
        }
        assert_eq!((seen.len(), pages), (MANY, 5));
    }
    let me = server.token_of(user).await.get("/api/v1/me").await.is(200);
    assert_eq!(me["workspaces"].as_array().map(Vec::len), Some(MANY));
    let none: Value = server.stranger().get("/api/v1/workspaces").await.json();
    assert_eq!(none["code"], "sign-in-needed");
    server.finish().await;
}
