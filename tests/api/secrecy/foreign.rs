//! What belongs to others and what does not exist are answered alike, to the byte.

use http::Method;
use serde_json::Value;

use super::crawl::Crawler;
use crate::fuzz::chance::Chance;
use crate::fuzz::description::Operation;
use crate::fuzz::draft::Drafter;
use crate::fuzz::exchange;
use crate::fuzz::seen::{BOX, Seen};
use crate::fuzz::sent::Sent;
use crate::fuzz::world::World;
use crate::support::{Client, Reply, nothing};

/// Bodies tried with each operation.
const BODIES: usize = 3;

/// What an answer says besides which request it was and which id it repeats.
fn told(reply: &Reply, id: &str) -> String {
    let mut headers: Vec<String> = reply
        .headers
        .iter()
        .filter(|(name, _)| *name != "x-request-id")
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
        .collect();
    headers.sort();
    let body = match serde_json::from_slice::<Value>(&reply.bytes) {
        Ok(mut body) => {
            if let Some(members) = body.as_object_mut() {
                members.remove("instance");
            }
            body.to_string()
        }
        Err(_) => reply.text(),
    };
    format!("{}\n{}\n{}", reply.status, headers.join("\n"), body.replace(id, "<id>"))
}

/// Sends the same about a foreign thing and about none, and compares.
async fn compare(client: &Client, who: &str, foreign: &Sent, missing: &Sent, ids: [&str; 2]) {
    let of_foreign = exchange(client, foreign).await;
    let of_missing = exchange(client, missing).await;
    let (left, right) = (told(&of_foreign, ids[0]), told(&of_missing, ids[1]));
    assert_eq!(left, right, "{who}: {foreign}");
    let changes = foreign.method != Method::GET;
    assert!(!changes || !of_foreign.status.is_success(), "{who} changed it: {foreign}: {left}");
}

fn with(sent: &Sent, from: &str, to: &str) -> Sent {
    let replaced = |text: &str| text.replace(from, to);
    Sent {
        path: replaced(&sent.path),
        query: sent.query.iter().map(|(name, value)| (name.clone(), replaced(value))).collect(),
        body: replaced(&String::from_utf8_lossy(&sent.body)).into_bytes(),
        ..sent.clone()
    }
}

fn drafts(crawler: &Crawler, operation: &Operation, home: &str, seen: &Seen) -> Vec<Sent> {
    let mut chance = Chance::new(7);
    let draft = |_| {
        let mut drafter = Drafter {
            description: &crawler.description,
            seen,
            chance: &mut chance,
            home,
            elsewhere: home,
            mark: None,
        };
        drafter.request(operation)
    };
    (0..BODIES).map(draft).collect()
}

fn caller<'a>(world: &'a World, name: &str) -> &'a Client {
    let found = world.callers.iter().find(|one| one.name == name);
    &found.expect("a caller").client
}

#[tokio::test]
async fn a_foreign_workspace_is_answered_like_one_that_does_not_exist() {
    let world = World::make().await;
    let [home, _] = &world.homes;
    let mut crawler = Crawler::of(&world.server).await;
    crawler.explore(caller(&world, "root"), home).await;
    let none = nothing::<()>().to_string();
    let mut compared = 0;

    for operation in &crawler.description.operations {
        if !operation.path.contains("{workspace}") {
            continue;
        }
        for sent in drafts(&crawler, operation, home, &crawler.seen) {
            for who in ["outsider", "operator"] {
                let missing = with(&sent, home, &none);
                compare(caller(&world, who), who, &sent, &missing, [home, &none]).await;
                compared += 1;
            }
        }
    }

    assert!(compared > 150, "only {compared} were compared");
    world.server.finish().await;
}

#[tokio::test]
async fn a_thing_of_another_workspace_is_answered_like_one_that_does_not_exist() {
    let world = World::make().await;
    let [home, elsewhere] = &world.homes;
    let mut crawler = Crawler::of(&world.server).await;
    crawler.explore(caller(&world, "root"), home).await;
    // The ids of one workspace, used below the other by its owner. Some people are in both.
    let (owner, none) = (caller(&world, "outsider"), nothing::<()>().to_string());
    let mut own = Crawler::of(&world.server).await;
    own.explore(owner, elsewhere).await;
    let mut compared = 0;

    for operation in &crawler.description.operations {
        if !operation.path.contains("{workspace}") {
            continue;
        }
        for sent in drafts(&crawler, operation, home, &crawler.seen) {
            let there = with(&sent, home, elsewhere);
            let text = format!("{} {}", there.uri(), String::from_utf8_lossy(&there.body));
            let is_foreign =
                |id: &String| *id != *elsewhere && *id != none && !own.seen.holds(elsewhere, id);
            let Some(id) = ids_in(&text).into_iter().find(is_foreign) else { continue };
            // One foreign id at a time: the others name nothing.
            let mut lonely = there.clone();
            for other in ids_in(&text).into_iter().filter(|one| *one != id && one != elsewhere) {
                lonely = with(&lonely, &other, &none);
            }
            let missing = with(&lonely, &id, &none);
            compare(owner, "outsider", &lonely, &missing, [&id, &none]).await;
            compared += 1;
        }
    }

    assert!(compared > 25, "only {compared} were compared");
    world.server.finish().await;
}

#[tokio::test]
async fn what_others_have_on_the_box_is_answered_like_what_does_not_exist() {
    let world = World::make().await;
    let [home, _] = &world.homes;
    let mut crawler = Crawler::of(&world.server).await;
    crawler.explore(caller(&world, "browser"), home).await;
    let none = nothing::<()>().to_string();
    let mut compared = 0;

    for operation in &crawler.description.operations {
        if operation.path.contains("{workspace}") || !operation.path.contains("/{") {
            continue;
        }
        for sent in drafts(&crawler, operation, home, &crawler.seen) {
            let Some(id) = ids_in(&sent.path).into_iter().find(|id| *id != none) else { continue };
            let missing = with(&sent, &id, &none);
            for who in ["manager", "outsider", "narrowed"] {
                // The narrowed token is the same person's, so it may reach what is theirs.
                let is_own = who == "narrowed" && operation.path.starts_with("/api/v1/me");
                if !is_own {
                    compare(caller(&world, who), who, &sent, &missing, [&id, &none]).await;
                    compared += 1;
                }
            }
        }
    }

    assert!(
        compared > 6,
        "only {compared} were compared, with {:?}",
        crawler.seen.of(BOX, "sessions")
    );
    world.server.finish().await;
}

/// Ids that stand in a text.
fn ids_in(text: &str) -> Vec<String> {
    let words = text.split(|one: char| !one.is_ascii_hexdigit() && one != '-');
    let is_id = |word: &&str| word.len() == 36 && word.matches('-').count() == 4;
    let mut found: Vec<String> = words.filter(is_id).map(str::to_owned).collect();
    found.sort();
    found.dedup();
    found
}
