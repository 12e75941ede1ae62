//! Who cannot be erased, and by whom.

use holdfast::platform::ctx::{Actor, BoxCtx, Cause};
use holdfast::platform::error::Error;
use holdfast::platform::privacy;
use http::Method;
use serde_json::{Value, json};

use super::planting::{email, plant};
use crate::support::{Client, TestServer, nothing};

fn path(user: &str) -> String {
    format!("/api/v1/users/{user}/erase")
}

async fn id_of(client: &Client) -> String {
    let me = client.get("/api/v1/me").await.is(200);
    me["id"].as_str().expect("an id").to_owned()
}

async fn email_of(client: &Client) -> Value {
    client.get("/api/v1/me").await.is(200)["email"].clone()
}

#[tokio::test]
async fn only_the_typed_address_confirms() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let planted = plant(&server, "zebrawren").await;
    let at = path(&planted.user.to_string());

    let refused = operator.post(&at, &json!({ "confirm": "zebrawren" })).await;

    refused.is_field_problem("confirm", "confirm-differs");
    operator.post(&at, &json!({})).await.is_problem(422, "invalid-fields");
    operator.post(&at, &json!({ "confirm": 7 })).await.is_problem(422, "invalid-fields");
    let unknown = path(&nothing::<()>().to_string());
    operator.post(&unknown, &json!({ "confirm": "x" })).await.is_problem(404, "not-found");
    planted.client.get("/api/v1/me").await.is(200);
    assert!(!server.box_actions().await.contains(&"identity.user.erasure_begun".to_owned()));
    server.finish().await;
}

#[tokio::test]
async fn nobody_but_an_operator_erases_and_no_operator_erases_themselves() {
    let server = TestServer::start().await;
    let (operator, owner) = (server.operator().await, server.person("owner").await);
    server.operator().await;
    let planted = plant(&server, "zebrawren").await;
    let confirm = json!({ "confirm": email("zebrawren") });

    let at = path(&planted.user.to_string());
    owner.post(&at, &confirm).await.is_problem(403, "forbidden");
    planted.client.post(&at, &confirm).await.is_problem(403, "forbidden");
    owner.get("/api/v1/erasures").await.is_problem(403, "forbidden");
    let own = json!({ "confirm": email_of(&operator).await });
    let refused = operator.post(&path(&id_of(&operator).await), &own).await;
    refused.is_problem(409, "erase-yourself");
    planted.client.get("/api/v1/me").await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn a_browser_proves_anew_who_it_is_before_it_erases() {
    let server = TestServer::start().await;
    let planted = plant(&server, "zebrawren").await;
    let operator = server.account("op@example.com", "viewer").await;
    server.change_user(operator, "UPDATE users SET is_operator = 1 WHERE id = :user").await;
    let browser = server.browser_of(operator).await;
    server.advance(std::time::Duration::from_mins(11));

    let confirm = json!({ "confirm": email("zebrawren") });
    let refused = browser.post(&path(&planted.user.to_string()), &confirm).await;

    refused.is_problem(403, "step-up-needed");
    server.finish().await;
}

#[tokio::test]
async fn who_must_hand_over_first_is_not_erased() {
    let server = TestServer::start().await;
    let (operator, second) = (server.operator().await, server.operator().await);
    let owner = server.person("owner").await;
    let (id, confirm) = (id_of(&owner).await, json!({ "confirm": email_of(&owner).await }));

    let refused = operator.post(&path(&id), &confirm).await.is_problem(409, "last-owner");
    assert_eq!(refused["workspaces"], "Harbour Kitchen");
    owner.get("/api/v1/me").await.is(200);

    // With somebody else in charge nothing stands against it.
    let heir = server.user("viewer").await;
    server.change_user(heir, "UPDATE memberships SET role = 'owner' WHERE user_id = :user").await;
    operator.post(&path(&id), &confirm).await.is(202);
    owner.get("/api/v1/me").await.is_problem(401, "sign-in-needed");

    let id = id_of(&second).await;
    let own = json!({ "disabled": true });
    let version = operator.get(&format!("/api/v1/users/{id}")).await.is(200)["version"].clone();
    let at = format!("/api/v1/users/{id}");
    let confirm = json!({ "confirm": email_of(&second).await });
    operator.change(Method::PATCH, &at, version.as_i64().unwrap(), &own).await.is(200);
    operator.post(&path(&id), &confirm).await.is(202);
    server.finish().await;
}

#[tokio::test]
async fn the_box_does_not_lose_the_sender_of_its_mail() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let planted = plant(&server, "zebrawren").await;
    let mail = json!({ "smtp": { "host": "mail.example.com", "port": 25, "security": "none",
        "from": email("zebrawren") } });
    operator.json(Method::PATCH, "/api/v1/box/notify", &[], &mail).await.is(200);
    let confirm = json!({ "confirm": email("zebrawren") });

    let refused = operator.post(&path(&planted.user.to_string()), &confirm).await;

    refused.is_problem(409, "mail-in-their-name");
    planted.client.get("/api/v1/me").await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn the_last_operator_is_not_erased_even_at_the_machine() {
    let server = TestServer::start().await;
    let operator = server.operator().await;
    let email = email_of(&operator).await.as_str().expect("an address").to_owned();
    let at_the_machine = BoxCtx::new(&server.platform, Cause::of(Actor::CommandLine));

    let refused = privacy::ops::ask_for(&at_the_machine, email.clone()).await;

    let Err(Error::Conflict(refusal)) = refused else { panic!("was taken") };
    assert_eq!(refusal.code, "last-operator");
    server.operator().await;
    privacy::ops::ask_for(&at_the_machine, email).await.expect("a job");
    operator.get("/api/v1/me").await.is_problem(401, "sign-in-needed");
    server.finish().await;
}
