//! What a workspace's state shuts: archived ones change nothing, deleted ones are not there, and
//! an app that is switched off has no routes.

use http::Method;
use serde_json::{Value, json};

use super::crawl::Crawler;
use crate::fuzz::chance::Chance;
use crate::fuzz::description::Operation;
use crate::fuzz::draft::Drafter;
use crate::fuzz::exchange;
use crate::fuzz::sent::Sent;
use crate::fuzz::world::World;
use crate::support::{Client, Reply};

const WORKSPACE: &str = "/api/v1/workspaces/{workspace}";

fn caller<'a>(world: &'a World, name: &str) -> &'a Client {
    let found = world.callers.iter().find(|one| one.name == name);
    &found.expect("a caller").client
}

/// A request to each operation whose path begins so that could be meant.
pub(super) async fn requests(world: &World, below: &str) -> Vec<(Operation, Sent)> {
    let home = &world.homes[0];
    let mut crawler = Crawler::of(&world.server).await;
    crawler.explore(caller(world, "root"), home).await;
    let mut chance = Chance::new(5);
    let all = crawler.description.operations.iter();
    let all = all.filter(|one| one.path.starts_with(below));
    let drafts = all.map(|operation| {
        let mut drafter = Drafter {
            description: &crawler.description,
            seen: &crawler.seen,
            chance: &mut chance,
            home,
            elsewhere: home,
            mark: None,
        };
        (operation.clone(), drafter.request(operation))
    });
    drafts.collect()
}

async fn change(world: &World, body: &Value) {
    let at = format!("/api/v1/workspaces/{}", world.homes[0]);
    let owner = caller(world, "owner");
    let version = owner.get(&at).await.is(200)["version"].as_i64().expect("a version");
    owner.change(Method::PATCH, &at, version, body).await.is(200);
}

fn code(reply: &Reply) -> String {
    let body: Value = serde_json::from_slice(&reply.bytes).unwrap_or_default();
    body["code"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn an_archived_workspace_refuses_every_change_for_that_reason() {
    let world = World::make().await;
    let requests = requests(&world, WORKSPACE).await;
    let owner = caller(&world, "owner");
    owner.post("/archive", &Value::Null).await.is(200);
    let mut refused = 0;

    for (operation, sent) in &requests {
        // Restoring is what ends the state, so its own rules say who may.
        let is_way_back = operation.path == format!("{WORKSPACE}/restore");
        let goes_on = operation.about["x-while-archived"] == true || is_way_back;
        if operation.method == Method::GET || goes_on {
            continue;
        }
        let reply = exchange(owner, sent).await;
        assert_eq!(
            (reply.status.as_u16(), code(&reply)),
            (409, "workspace-archived".to_owned()),
            "{sent}"
        );
        refused += 1;
    }

    assert!(refused > 20, "only {refused} were tried");
    world.server.finish().await;
}

#[tokio::test]
async fn a_deleted_workspace_is_there_for_nobody() {
    let world = World::make().await;
    let requests = requests(&world, WORKSPACE).await;
    let at = format!("/api/v1/workspaces/{}", world.homes[0]);
    let owner = caller(&world, "owner");
    let version = owner.get(&at).await.is(200)["version"].as_i64().expect("a version");
    owner.change(Method::DELETE, &at, version, &Value::Null).await.is(204);

    for (operation, sent) in &requests {
        if operation.path.ends_with("/restore") && operation.path.matches('{').count() == 1 {
            continue;
        }
        for who in ["owner", "browser", "root", "operator", "viewer", "narrowed"] {
            let reply = exchange(caller(&world, who), sent).await;
            // The narrowed token lacks most permissions, which is no secret to it.
            assert_eq!(reply.status.as_u16(), 404, "{who}: {sent}: {}", reply.text());
        }
    }
    world.server.finish().await;
}

#[tokio::test]
async fn an_app_that_is_switched_off_has_no_routes() {
    let world = World::make().await;
    let requests = requests(&world, WORKSPACE).await;
    change(&world, &json!({ "apps": [] })).await;
    let owner = caller(&world, "owner");
    let app = format!("{WORKSPACE}/inventory/");
    let mut tried = 0;

    for (_, sent) in requests.iter().filter(|(operation, _)| operation.path.starts_with(&app)) {
        let reply = exchange(owner, sent).await;
        assert_eq!(reply.status.as_u16(), 404, "{sent}: {}", reply.text());
        tried += 1;
    }
    for path in ["/deleted", "/search?q=salmon", "/jobs/schedules"] {
        let found = owner.get(path).await;
        let text = found.text().to_lowercase();
        assert!(!text.contains("salmon") && !text.contains("inventory."), "{path}: {text}");
    }

    assert!(tried > 20, "only {tried} were tried");
    change(&world, &json!({ "apps": ["inventory"] })).await;
    assert!(owner.get("/inventory/items").await.text().contains("Salmon"), "it was lost");
    world.server.finish().await;
}
