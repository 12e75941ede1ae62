//! Invitations: one link, one person, one time.

use std::time::Duration;

use holdfast::platform::audit::ops::{Filter, list_box};
use holdfast::platform::identity::UserId;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Browser, Client, PASSWORD, TestServer, nothing, system};

const INSPECT: &str = "/api/v1/invitations/inspect";
const ACCEPT: &str = "/api/v1/invitations/accept";
const EMAIL: &str = "iva@example.com";
const ALMOST_THREE_DAYS: Duration = Duration::from_secs(72 * 60 * 60 - 1);

/// Invites somebody and gives what the answer said.
async fn invite(admin: &Client, email: &str, role: &str) -> Value {
    let body = json!({ "email": email, "role": role });
    admin.post("/invitations", &body).await.is(201)
}

fn token(invitation: &Value) -> String {
    let link = invitation["link"].as_str().expect("a link");
    let (page, token) = link.split_once("/invitation#token=").expect("a token in the fragment");
    assert!(page.starts_with("http"), "{link}");
    assert_eq!(token.len(), 43, "256 bits");
    token.to_owned()
}

fn newcomer(token: &str) -> Value {
    json!({ "token": token, "name": "Iva Horvat", "password": PASSWORD })
}

async fn inspect(server: &TestServer, token: &str) -> crate::support::Reply {
    server.stranger().send(Method::GET, INSPECT, &[("invitation-token", token)], "").await
}

#[tokio::test]
async fn an_invited_stranger_looks_accepts_and_is_signed_in_with_the_role() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let made = invite(&admin, " Iva@Example.com ", "counter").await;
    assert_eq!((&made["email"], &made["role"]), (&json!("Iva@Example.com"), &json!("counter")));
    assert_eq!(made["state"], "waiting");
    assert_eq!(made["expires_at"], "2026-11-24T06:00:00.000Z");

    let shown = inspect(&server, &token(&made)).await.is(200);
    let browser = server.browser();
    let accepted = browser.post(ACCEPT, &newcomer(&token(&made))).await.is(200);

    assert_eq!(shown["workspace_name"], "Harbour Kitchen");
    assert_eq!((&shown["role"], &shown["has_account"]), (&json!("counter"), &json!(false)));
    assert_eq!(shown["invited_by"], made["invited_by"]["name"]);
    assert_eq!(accepted["user"]["name"], "Iva Horvat");
    assert_eq!(accepted["user"]["is_operator"], false);
    assert_eq!(accepted["workspace"]["id"], server.workspace.to_string());
    let me = browser.get("/api/v1/me").await.is(200);
    assert_eq!(me["workspaces"][0]["role"], "counter");
    assert_eq!(admin.get("/invitations").await.is(200)["items"], json!([]));
    browser.post("/api/v1/auth/logout", &json!({})).await.is(204);
    browser.sign_in("iva@example.com", PASSWORD).await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn somebody_with_an_account_accepts_signed_in_and_keeps_the_session() {
    let server = TestServer::start().await;
    let elsewhere = server.second_workspace().await;
    let admin = server.person_in(elsewhere, "admin").await;
    let browser = server.signed_in(EMAIL, "viewer").await;
    let made = invite(&admin, "IVA@example.com", "manager").await;
    let body = json!({ "token": token(&made) });

    assert_eq!(inspect(&server, &token(&made)).await.is(200)["has_account"], true);
    server.stranger().post(ACCEPT, &body).await.is_problem(401, "invitation-sign-in");
    server
        .stranger()
        .post(ACCEPT, &newcomer(&token(&made)))
        .await
        .is_problem(401, "invitation-sign-in");
    let before = browser.session();
    server.advance(Duration::from_secs(1));
    let accepted = browser.post(ACCEPT, &body).await.is(200);

    assert_eq!(accepted["workspace"]["id"], elsewhere.to_string());
    assert_eq!(browser.session(), before);
    let me = browser.get("/api/v1/me").await.is(200);
    let roles: Vec<_> =
        me["workspaces"].as_array().unwrap().iter().map(|one| &one["role"]).collect();
    assert_eq!(roles, ["viewer", "manager"]);
    server.finish().await;
}

#[tokio::test]
async fn a_session_from_before_the_acceptance_is_never_taken_over() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let link = token(&invite(&admin, EMAIL, "viewer").await);
    let ended = server.signed_in("mira@example.com", "viewer").await;
    let copy = ended.copy();
    ended.post("/api/v1/auth/logout", &json!({})).await.is(204);
    let before = copy.session();

    copy.post(ACCEPT, &newcomer(&link)).await.is(200);

    assert!(copy.session().is_some() && copy.session() != before);
    assert_eq!(copy.get("/api/v1/me").await.is(200)["email"], EMAIL);
    let old = Browser::with_session(server.stranger(), &before.expect("a session"));
    old.get("/api/v1/me").await.is_problem(401, "sign-in-needed");
    server.finish().await;
}

#[tokio::test]
async fn nobody_joins_an_archived_workspace() {
    let server = TestServer::start().await;
    let (owner, admin) = (server.person("owner").await, server.person("admin").await);
    let link = token(&invite(&admin, EMAIL, "viewer").await);
    let known = server.signed_in("mira@example.com", "viewer").await;
    owner.post("/archive", &json!({})).await.is(200);

    let refused = server.browser().post(ACCEPT, &newcomer(&link)).await;

    refused.is_problem(409, "workspace-archived");
    let body = json!({ "email": "b@example.com", "role": "viewer" });
    admin.post("/invitations", &body).await.is_problem(409, "workspace-archived");
    known.get("/api/v1/me").await.is(200);
    owner.post("/restore", &json!({})).await.is(200);
    server.browser().post(ACCEPT, &newcomer(&link)).await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn a_link_works_once() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let link = token(&invite(&admin, EMAIL, "viewer").await);
    let browser = server.browser();
    browser.post(ACCEPT, &newcomer(&link)).await.is(200);

    for again in [browser, server.browser()] {
        again.post(ACCEPT, &newcomer(&link)).await.is_problem(404, "invitation-unknown");
    }

    inspect(&server, &link).await.is_problem(404, "invitation-unknown");
    assert_eq!(server.box_counts().await["identity.user.created"], 2, "the admin and Iva");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_use_a_link_at_once_one_comes_in() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let link = token(&invite(&admin, EMAIL, "viewer").await);
    let body = newcomer(&link);

    let stranger = server.stranger();
    let tries = (0..6).map(|_| stranger.post(ACCEPT, &body));
    let replies = futures_util::future::join_all(tries).await;

    let accepted = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(accepted, 1);
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        reply.is_problem(404, "invitation-unknown");
    }
    assert_eq!(server.box_counts().await["workspace.invitation.accepted"], 1);
    server.finish().await;
}

#[tokio::test]
async fn somebody_else_who_is_signed_in_cannot_accept() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let link = token(&invite(&admin, EMAIL, "admin").await);
    let other = server.signed_in("mira@example.com", "viewer").await;

    other.post(ACCEPT, &newcomer(&link)).await.is_problem(409, "invitation-for-another");

    assert_eq!(other.get("/api/v1/me").await.is(200)["workspaces"][0]["role"], "viewer");
    server.browser().post(ACCEPT, &newcomer(&link)).await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn an_invitation_ends_after_three_days_and_is_shown_as_expired() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let link = token(&invite(&admin, EMAIL, "viewer").await);
    server.advance(ALMOST_THREE_DAYS);
    inspect(&server, &link).await.is(200);
    server.advance(Duration::from_secs(1));

    inspect(&server, &link).await.is_problem(409, "invitation-expired");
    server.browser().post(ACCEPT, &newcomer(&link)).await.is_problem(409, "invitation-expired");

    let admin = server.person("admin").await;
    let listed = admin.get("/invitations").await.is(200);
    assert_eq!(listed["items"][0]["state"], "expired");
    assert!(listed["items"][0].get("link").is_none(), "a link is shown once");
    let again = token(&invite(&admin, EMAIL, "viewer").await);
    inspect(&server, &again).await.is(200);
    assert_eq!(admin.get("/invitations").await.is(200)["items"].as_array().unwrap().len(), 1);
    server.finish().await;
}

#[tokio::test]
async fn a_new_invitation_and_a_withdrawal_kill_the_link() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let first = invite(&admin, EMAIL, "viewer").await;
    let second = invite(&admin, "IVA@EXAMPLE.COM", "manager").await;

    inspect(&server, &token(&first)).await.is_problem(404, "invitation-unknown");
    assert_eq!(inspect(&server, &token(&second)).await.is(200)["role"], "manager");
    let old = format!("/invitations/{}", first["id"].as_str().unwrap());
    admin.send(Method::DELETE, &old, &[], "").await.is_problem(404, "not-found");
    let path = format!("/invitations/{}", second["id"].as_str().unwrap());
    admin.send(Method::DELETE, &path, &[], "").await.is(204);

    inspect(&server, &token(&second)).await.is_problem(404, "invitation-unknown");
    admin.send(Method::DELETE, &path, &[], "").await.is_problem(404, "not-found");
    server.finish().await;
}

#[tokio::test]
async fn the_link_of_a_workspace_that_is_gone_is_unknown() {
    let server = TestServer::start().await;
    let elsewhere = server.second_workspace().await;
    let admin = server.person_in(elsewhere, "admin").await;
    let link = token(&invite(&admin, EMAIL, "viewer").await);
    let ctx = system(&server.platform);
    let deleted = "UPDATE workspaces SET deleted_at = ?1 WHERE id = ?2";
    let deleted = ctx.write(move |scope| {
        scope.prepare_cached(deleted)?.execute((scope.now(), elsewhere))?;
        Ok(())
    });
    deleted.await.expect("a deleted workspace");
    inspect(&server, &link).await.is_problem(404, "invitation-unknown");
    server.browser().post(ACCEPT, &newcomer(&link)).await.is_problem(404, "invitation-unknown");

    let gone = ctx.write(move |scope| {
        holdfast::platform::workspaces::members::ops::remove_all_in(scope, elsewhere)?;
        scope.prepare_cached("DELETE FROM workspaces WHERE id = ?1")?.execute((elsewhere,))?;
        Ok(())
    });
    gone.await.expect("a workspace less");

    inspect(&server, &link).await.is_problem(404, "invitation-unknown");
    server.browser().post(ACCEPT, &newcomer(&link)).await.is_problem(404, "invitation-unknown");
    server.finish().await;
}

#[tokio::test]
async fn admins_invite_up_to_their_own_role_and_nobody_below_them_does() {
    let server = TestServer::start().await;
    let (owner, admin) = (server.person("owner").await, server.person("admin").await);
    let body = json!({ "email": EMAIL, "role": "owner" });

    admin.post("/invitations", &body).await.is_field_problem("role", "role-above-own");
    for role in ["manager", "counter", "analyst", "member", "viewer"] {
        let person = server.person(role).await;
        person.post("/invitations", &body).await.is_problem(403, "forbidden");
        person.get("/invitations").await.is_problem(403, "forbidden");
    }
    invite(&owner, EMAIL, "owner").await;

    let odd = json!({ "email": EMAIL, "role": "root" });
    admin.post("/invitations", &odd).await.is_field_problem("role", "role-unknown");
    let odd = json!({ "email": "nobody", "role": "viewer" });
    admin.post("/invitations", &odd).await.is_field_problem("email", "email-bad");
    server.finish().await;
}

#[tokio::test]
async fn a_member_is_not_invited_again_and_does_not_join_twice() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let link = token(&invite(&admin, EMAIL, "viewer").await);
    let browser = server.signed_in(EMAIL, "counter").await;
    let body = json!({ "email": EMAIL, "role": "admin" });

    admin.post("/invitations", &body).await.is_problem(409, "already-member");
    let again = browser.post(ACCEPT, &json!({ "token": link })).await;

    again.is_problem(409, "already-member");
    assert_eq!(browser.get("/api/v1/me").await.is(200)["workspaces"][0]["role"], "counter");
    server.finish().await;
}

#[tokio::test]
async fn what_a_newcomer_types_is_checked_as_at_set_up_and_all_at_once() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let link = token(&invite(&admin, EMAIL, "viewer").await);
    let browser = server.browser();
    let wrong = [
        (json!("x".repeat(300)), "name-too-long"),
        (json!(" \t \u{200b} "), "name-empty"),
        (json!("Iva \u{202e}tavroH"), "name-characters"),
        (Value::Null, "name-empty"),
    ];

    for (name, code) in wrong {
        let body = json!({ "token": link, "name": name, "password": "harbourkitchen" });
        let refused = browser.post(ACCEPT, &body).await;
        refused.is_field_problem("name", code);
        refused.is_field_problem("password", "password-weak");
    }
    let none = browser.post(ACCEPT, &json!({ "token": link, "name": "Iva" })).await;
    none.is_field_problem("password", "missing");

    let name = "إيفا هورفات";
    let body = json!({ "token": link, "name": name, "password": PASSWORD });
    assert_eq!(browser.post(ACCEPT, &body).await.is(200)["user"]["name"], name);
    server.finish().await;
}

#[tokio::test]
async fn guesses_are_throttled_by_network_and_a_right_link_from_elsewhere_works() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let link = token(&invite(&admin, EMAIL, "viewer").await);
    let guesser = server.stranger().at("198.51.100.7");
    for number in 0..10 {
        let guess = format!("guess-{number}");
        let reply = guesser.send(Method::GET, INSPECT, &[("invitation-token", &guess)], "").await;
        reply.is_problem(404, "invitation-unknown");
    }

    let neighbour = server.stranger().at("198.51.100.200");
    let refused = neighbour.post(ACCEPT, &newcomer("guess-11")).await;

    refused.is_problem(429, "link-throttled");
    assert_eq!(refused.header("retry-after"), Some("12"));
    let elsewhere = Browser::new(server.stranger().at("192.0.2.1"));
    for _ in 0..12 {
        let header = [("invitation-token", link.as_str())];
        elsewhere.exchange(Method::GET, INSPECT, &header, &Value::Null).await.is(200);
    }
    elsewhere.post(ACCEPT, &newcomer(&link)).await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn an_invitation_is_invisible_from_another_workspace() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let elsewhere = server.second_workspace().await;
    let outsider = server.person_in(elsewhere, "owner").await;
    let made = invite(&admin, EMAIL, "viewer").await;
    let id = made["id"].as_str().unwrap();

    let there = format!("/invitations/{id}");
    outsider.send(Method::DELETE, &there, &[], "").await.is_problem(404, "not-found");
    let here = format!("/api/v1/workspaces/{}/invitations/{id}", server.workspace);
    outsider.send(Method::DELETE, &here, &[], "").await.is_problem(404, "not-found");
    let missing = format!("/invitations/{}", nothing::<()>());
    admin.send(Method::DELETE, &missing, &[], "").await.is_problem(404, "not-found");

    assert_eq!(outsider.get("/invitations").await.is(200)["items"], json!([]));
    inspect(&server, &token(&made)).await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn a_repeated_invitation_is_the_same_one_with_a_link_that_works() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let body = json!({ "email": EMAIL, "role": "viewer" });
    let key = [("idempotency-key", "k-1")];

    let first = admin.json(Method::POST, "/invitations", &key, &body).await;
    let again = admin.json(Method::POST, "/invitations", &key, &body).await;

    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let (first, again) = (first.is(201), again.is(201));
    assert_eq!(first["id"], again["id"]);
    inspect(&server, &token(&again)).await.is(200);
    inspect(&server, &token(&first)).await.is_problem(404, "invitation-unknown");
    server.finish().await;
}

#[tokio::test]
async fn every_step_is_in_the_boxs_log_with_the_workspace_and_the_address_can_be_erased() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let made = invite(&admin, EMAIL, "viewer").await;
    let other = invite(&admin, "other@example.com", "viewer").await;
    let path = format!("/invitations/{}", other["id"].as_str().unwrap());
    admin.send(Method::DELETE, &path, &[], "").await.is(204);
    server.browser().post(ACCEPT, &newcomer(&token(&made))).await.is(200);

    let ctx = system(&server.platform);
    let filter = Filter { object: Some(server.workspace.cast()), ..Filter::default() };
    let shown = list_box(&ctx, filter, 100).await.expect("the log");

    let mut actions: Vec<&str> = shown.iter().map(|one| one.record.action.as_str()).collect();
    actions.reverse();
    let expected = [
        "workspace.created",
        "workspace.member.added",
        "workspace.invitation.created",
        "workspace.invitation.created",
        "workspace.invitation.revoked",
        "workspace.invitation.accepted",
        "workspace.member.added",
    ];
    assert_eq!(actions, expected);
    for one in &shown {
        assert!(!one.record.changes.contains("example.com"), "{}", one.record.changes);
    }
    let created = shown.iter().find(|one| one.record.action.ends_with("invitation.created"));
    let personal = created.and_then(|one| one.personal_values.clone()).expect("personal values");
    assert!(personal.contains("other@example.com"), "{personal}");
    server.finish().await;
}

#[tokio::test]
async fn no_link_is_kept_in_the_clear() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let link = token(&invite(&admin, EMAIL, "viewer").await);

    let mut bytes = Vec::new();
    for file in ["system.db", "system.db-wal"] {
        bytes.extend(std::fs::read(server.folder().join(file)).unwrap_or_default());
    }

    assert!(bytes.len() > 4096, "nothing was read");
    assert!(!bytes.windows(link.len()).any(|window| window == link.as_bytes()));
    server.finish().await;
}

#[tokio::test]
async fn an_invitation_is_worth_what_whoever_made_it_could_give_today() {
    for (role, becomes) in [
        // An owner who became an admin makes no owners,
        ("owner", "UPDATE memberships SET role = 'admin' WHERE user_id = :user"),
        // a manager invites nobody, and neither does who left or was disabled.
        ("viewer", "UPDATE memberships SET role = 'manager' WHERE user_id = :user"),
        ("viewer", "DELETE FROM memberships WHERE user_id = :user"),
        ("viewer", "UPDATE users SET disabled_at = :now WHERE id = :user"),
    ] {
        let server = TestServer::start().await;
        let maker = server.user("owner").await;
        let guest = server.signed_in("mira@example.com", "viewer").await;
        let leave = "DELETE FROM memberships WHERE user_id = :user";
        server.change_user(user_of(&guest).await, leave).await;
        let owner = server.token_of(maker).await;
        let new = token(&invite(&owner, EMAIL, role).await);
        let known = token(&invite(&owner, "mira@example.com", role).await);
        inspect(&server, &new).await.is(200);

        server.change_user(maker, becomes).await;

        let admin = server.person("admin").await;
        let listed = admin.get("/invitations").await.is(200);
        let states = listed["items"].as_array().expect("items").iter().map(|one| &one["state"]);
        assert_eq!(states.collect::<Vec<_>>(), [&json!("lapsed"), &json!("lapsed")]);
        inspect(&server, &new).await.is_problem(409, "invitation-lapsed");
        let refused = server.browser().post(ACCEPT, &newcomer(&new)).await;
        refused.is_problem(409, "invitation-lapsed");
        let refused = guest.post(ACCEPT, &json!({ "token": known })).await;
        refused.is_problem(409, "invitation-lapsed");
        assert_eq!(guest.get("/api/v1/me").await.is(200)["workspaces"], json!([]), "{becomes}");
        // Somebody who may gives it again.
        let again = token(&invite(&server.person("owner").await, EMAIL, role).await);
        server.browser().post(ACCEPT, &newcomer(&again)).await.is(200);
        server.finish().await;
    }
}

async fn user_of(browser: &Browser) -> UserId {
    let me = browser.get("/api/v1/me").await.is(200);
    me["id"].as_str().and_then(|id| id.parse().ok()).expect("an id")
}

#[tokio::test]
async fn who_was_demoted_within_what_they_may_give_has_invited_well() {
    let server = TestServer::start().await;
    let maker = server.user("owner").await;
    server.person("owner").await;
    let made = token(&invite(&server.token_of(maker).await, EMAIL, "viewer").await);
    server.change_user(maker, "UPDATE memberships SET role = 'admin' WHERE user_id = :user").await;

    server.browser().post(ACCEPT, &newcomer(&made)).await.is(200);

    server.finish().await;
}

#[tokio::test]
async fn what_a_service_account_invited_to_lapses_with_the_account() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let all = admin.get("/permissions").await.is(200);
    let all = all["items"].as_array().expect("a list").iter().map(|one| one["id"].clone());
    let owners = ["workspace.transfer", "workspace.delete", "workspace.export"];
    let held: Vec<Value> = all.filter(|one| !owners.iter().any(|other| one == other)).collect();
    let may = json!({ "name": "Onboarding", "workspace_id": server.workspace.to_string(),
        "permissions": held });
    let made = admin.post("/api/v1/service-accounts", &may).await.is(201);
    let (id, secret) = (&made["id"], &made["client_secret"]);
    let grant = json!({ "grant_type": "client_credentials", "client_id": id,
        "client_secret": secret });
    let access = server.stranger().post("/api/v1/auth/token", &grant).await.is(200);
    let bearer = format!("Bearer {}", access["access_token"].as_str().expect("a token"));
    let program = server.stranger().saying("authorization", &bearer);
    let invited = token(&invite(&program, EMAIL, "viewer").await);
    inspect(&server, &invited).await.is(200);
    let account = format!("/api/v1/service-accounts/{}", id.as_str().expect("an id"));
    let set = async |body: Value| admin.json(Method::PATCH, &account, &[], &body).await.is(200);

    set(json!({ "disabled": true })).await;
    inspect(&server, &invited).await.is_problem(409, "invitation-lapsed");
    set(json!({ "disabled": false })).await;
    inspect(&server, &invited).await.is(200);
    admin.send(Method::DELETE, &account, &[], "").await.is(204);

    inspect(&server, &invited).await.is_problem(409, "invitation-lapsed");
    let refused = server.browser().post(ACCEPT, &newcomer(&invited)).await;
    refused.is_problem(409, "invitation-lapsed");
    assert_eq!(admin.get("/invitations").await.is(200)["items"][0]["state"], "lapsed");
    server.finish().await;
}
