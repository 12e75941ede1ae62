//! Sessions and tokens that were good once open nothing: every operation that asks who is there is
//! asked with each of them, with a request that would be accepted from the living.

use std::time::Duration;

use holdfast::platform::identity::UserId;
use http::Method;
use serde_json::{Map, Value, json};

use super::states::requests;
use crate::fuzz::exchange;
use crate::fuzz::world::World;
use crate::support::{Browser, Client, TestServer};

/// Longer than the shortest token lives, and than a session lies idle.
const A_DAY_LATER: Duration = Duration::from_hours(25);

/// A token made the way people make one, with its id.
async fn token(server: &TestServer, browser: &Browser, days: i64) -> (String, Client) {
    let body = json!({ "name": "probe", "expires_in_days": days });
    let made = browser.post("/api/v1/me/tokens", &body).await.is(201);
    let value = format!("Bearer {}", made["token"].as_str().expect("a token"));
    let id = made["id"].as_str().expect("an id").to_owned();
    (id, server.stranger().saying("authorization", &value))
}

/// What a thief of the cookie sends.
fn cookie_of(browser: &Browser) -> Client {
    browser.bare().saying("sec-fetch-site", "same-origin")
}

/// Credentials of somebody who may do everything, each ended in its own way. Gives a good one too.
async fn spend(server: &TestServer, root: UserId) -> (Client, Vec<(&'static str, Client)>) {
    let browser = server.browser_of(root).await;
    let (_, living) = token(server, &browser, 30).await;
    let (revoked_id, revoked) = token(server, &browser, 30).await;
    browser.delete(&format!("/api/v1/me/tokens/{revoked_id}")).await.is(204);
    let (_, expired) = token(server, &browser, 1).await;

    let left = server.browser_of(root).await;
    let signed_out = cookie_of(&left);
    left.post("/api/v1/auth/logout", &Value::Null).await.is(204);
    let stolen = server.browser_of(root).await;
    let ended = cookie_of(&stolen);
    let sessions = stolen.get("/api/v1/me/sessions").await.is(200);
    let mut sessions = sessions["items"].as_array().expect("a list").iter();
    let own = sessions.find(|one| one["is_current"] == true).expect("the own session");
    let path = format!("/api/v1/me/sessions/{}", own["id"].as_str().expect("an id"));
    browser.delete(&path).await.is(204);
    let idle = cookie_of(&server.browser_of(root).await);

    let gone = server.account("gone@example.com", "owner").await;
    let of_disabled = cookie_of(&server.browser_of(gone).await);
    let (_, token_of_disabled) = token(server, &server.browser_of(gone).await, 30).await;
    let disable = "UPDATE users SET disabled_at = :now, is_operator = 1 WHERE id = :user";
    server.change_user(gone, disable).await;
    server.advance(A_DAY_LATER);
    let spent = vec![
        ("a revoked token", revoked),
        ("an expired token", expired),
        ("a session that was signed out", signed_out),
        ("a session that was ended elsewhere", ended),
        ("a session that lay idle", idle),
        ("a disabled person's session", of_disabled),
        ("a disabled person's token", token_of_disabled),
    ];
    (living, spent)
}

#[tokio::test]
async fn what_was_ended_opens_no_operation() {
    let world = World::make().await;
    let requests = requests(&world, "/").await;
    let root = world.callers.iter().find(|one| one.name == "root").expect("a caller");
    let me = root.client.get("/api/v1/me").await.is(200);
    let root = me["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
    let (living, spent) = spend(&world.server, root).await;
    let before = (world.server.box_actions().await, world.server.audit_actions().await);
    let (mut refused, mut accepted) = (0, 0);

    for (operation, sent) in &requests {
        let security = operation.about["security"].as_array().expect("a list");
        let is_open = security.iter().any(|one| one.as_object().is_some_and(Map::is_empty));
        for (name, client) in &spent {
            if is_open && operation.method != Method::GET {
                // How often a stranger may try is counted.
                continue;
            }
            let reply = exchange(client, sent).await;
            if is_open {
                // Whoever comes with it is a stranger.
                let of_stranger = exchange(&world.server.stranger(), sent).await;
                assert_eq!(reply.status, of_stranger.status, "{name}: {sent}");
                continue;
            }
            assert_eq!(reply.status, 401, "{name}: {sent}: {}", reply.text());
            assert_eq!(reply.json()["code"], "sign-in-needed", "{name}: {sent}");
            assert_eq!(reply.header("set-cookie"), None, "{name}: {sent}");
            refused += 1;
        }
        if operation.method == Method::GET && !is_open {
            accepted += usize::from(exchange(&living, sent).await.status.is_success());
        }
    }

    assert!(refused > 7 * 60, "only {refused} were refused");
    assert!(accepted > 20, "the requests are none: only {accepted} were accepted from the living");
    let (of_box, of_workspace) =
        (world.server.box_actions().await, world.server.audit_actions().await);
    let by_living = |action: &String| ["inventory.exported", "audit.exported"].contains(&&**action);
    let of_workspace: Vec<_> = of_workspace.into_iter().filter(|one| !by_living(one)).collect();
    let before_there: Vec<_> = before.1.into_iter().filter(|one| !by_living(one)).collect();
    let refused = ["identity.sign_in.refused", "identity.link.refused"];
    let by_stranger = |action: &String| refused.contains(&&**action);
    let of_box: Vec<_> =
        of_box.into_iter().filter(|one| !by_stranger(one) && !by_living(one)).collect();
    let before_on_box: Vec<_> = before.0.into_iter().filter(|one| !by_living(one)).collect();
    assert_eq!((of_box, of_workspace), (before_on_box, before_there), "something was changed");
    world.server.finish().await;
}
