//! Roles that a workspace made: never above their maker, and seen by everything that asks what
//! somebody may do.

use std::time::Duration;

use futures_util::StreamExt;
use holdfast::platform::workspaces;
use http::Method;
use rusqlite::named_params;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::{Client, PASSWORD, Reply, TestServer, nothing, system};

const DAY: Duration = Duration::from_hours(24);

/// Makes a role and gives what the answer said.
async fn made(client: &Client, name: &str, permissions: &[&str]) -> Value {
    let body = json!({ "name": name, "permissions": permissions });
    client.post("/roles", &body).await.is(201)
}

fn id(value: &Value) -> &str {
    value["id"].as_str().expect("an id")
}

async fn change(client: &Client, role: &Value, version: i64, body: &Value) -> Reply {
    client.change(Method::PATCH, &format!("/roles/{}", id(role)), version, body).await
}

async fn delete(client: &Client, role: &Value, version: i64) -> Reply {
    client.change(Method::DELETE, &format!("/roles/{}", id(role)), version, &json!({})).await
}

/// The listed role of that name.
async fn listed(client: &Client, name: &str) -> Value {
    let all = client.get("/roles").await.is(200);
    let found = all["items"].as_array().expect("a list").iter().find(|one| one["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {all}")).clone()
}

/// A new member who was given a role, signed in.
async fn holder(server: &TestServer, giver: &Client, role: &Value) -> Client {
    let user = server.user("viewer").await;
    let path = format!("/members/{user}");
    giver.change(Method::PATCH, &path, 1, &json!({ "role": id(role) })).await.is(200);
    server.token_of(user).await
}

async fn own(client: &Client) -> Value {
    let me = client.get("/api/v1/me").await.is(200);
    me["workspaces"][0].clone()
}

#[tokio::test]
async fn a_role_is_made_given_changed_and_deleted() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let user = server.user("viewer").await;
    let path = format!("/members/{user}");

    let role = made(&admin, " Stock  keeper ", &["inventory.read", "inventory.move"]).await;
    let given = admin.change(Method::PATCH, &path, 1, &json!({ "role": id(&role) })).await.is(200);

    assert_eq!(role["name"], "Stock keeper");
    let held = json!(["events.read", "inventory.move", "inventory.read", "workspace.read"]);
    assert_eq!(role["permissions"], held);
    assert_eq!((&role["is_builtin"], &role["version"]), (&json!(false), &json!(1)));
    assert_eq!((&given["role"], &given["role_name"]), (&role["id"], &role["name"]));
    let shown = listed(&admin, "Stock keeper").await;
    assert_eq!(shown["members"], 1);
    let usage = admin.get("/usage").await.is(200);
    assert_eq!(usage["members_by_role"], json!({ "Stock keeper": 1, "admin": 1 }));
    let body = json!({ "name": "Keeper", "description": "Moves stock." });
    let changed = change(&admin, &role, 1, &body).await;
    assert_eq!(changed.header("etag"), Some("\"2\""));
    assert_eq!(changed.is(200)["permissions"], held, "what was left out stays");
    delete(&admin, &role, 2).await.is_problem(409, "role-in-use");
    let back = admin.change(Method::PATCH, &path, 2, &json!({ "role": "counter" })).await.is(200);
    assert_eq!((&back["role"], &back["role_name"]), (&json!("counter"), &json!("counter")));
    delete(&admin, &role, 2).await.is(204);
    delete(&admin, &role, 2).await.is_problem(404, "not-found");
    let counts = server.box_counts().await;
    for (action, times) in [("created", 1), ("changed", 1), ("deleted", 1)] {
        assert_eq!(counts[&format!("workspace.role.{action}")], times, "{action}");
    }
    assert_eq!(counts["workspace.member.changed"], 2);
    server.finish().await;
}

#[tokio::test]
async fn the_built_in_roles_stand_in_the_list_and_cannot_be_changed() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;

    let all = owner.get("/roles").await.is(200);

    let items = all["items"].as_array().expect("a list");
    let ids: Vec<_> = items.iter().map(|one| one["id"].as_str().unwrap()).collect();
    let built_in = ["owner", "admin", "manager", "counter", "analyst", "member", "viewer"];
    assert_eq!(ids, built_in);
    assert!(items.iter().all(|one| one["is_builtin"] == true));
    let needing: Vec<_> = items.iter().map(|one| one["needs_factor"] == true).collect();
    assert_eq!(needing, [true, true, false, false, false, false, false]);
    assert_eq!(items[0]["members"], 1);
    for method in [Method::PATCH, Method::DELETE] {
        let body = json!({ "permissions": ["audit.read"] });
        owner.change(method, "/roles/viewer", 1, &body).await.is_problem(404, "not-found");
    }
    server.finish().await;
}

#[tokio::test]
async fn every_permission_of_the_table_is_listed_with_its_area() {
    let server = TestServer::start().await;
    let manager = server.person("manager").await;

    let all = manager.get("/permissions").await.is(200);

    let items = all["items"].as_array().expect("a list");
    assert_eq!(items.len(), server.platform.roles.permissions().len());
    let find = |id: &str| items.iter().find(|one| one["id"] == id).expect("a permission");
    assert_eq!(find("inventory.move")["area"], "inventory");
    assert_eq!(find("workspace.delete")["goes_with"], "ownership");
    assert_eq!(find("audit.read")["goes_with"], "choice");
    assert_eq!(find("events.read")["goes_with"], "every_role");
    assert_eq!(find("audit.read")["needs_factor"], true);
    assert_eq!(find("people.read")["needs_factor"], false);
    assert_eq!(
        (&find("people.read")["is_yours"], &find("audit.read")["is_yours"]),
        (&json!(true), &json!(false))
    );
    server.person("counter").await.get("/permissions").await.is_problem(403, "forbidden");
    server.finish().await;
}

#[tokio::test]
async fn what_a_role_may_is_seen_by_everything_that_asks() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    let item = json!({ "item_number": "A-1", "name": "Salt", "unit": "kg", "unit_cost": "2.50" });
    owner.post("/inventory/items", &item).await.is(201);
    let blind = made(&owner, "Blind", &["workspace.read"]).await;
    let reader = made(&owner, "Reader", &["inventory.read"]).await;
    let buyer = made(&owner, "Buyer", &["inventory.read", "inventory.prices"]).await;
    let [blind, reader, buyer] = [
        holder(&server, &owner, &blind).await,
        holder(&server, &owner, &reader).await,
        holder(&server, &owner, &buyer).await,
    ];

    blind.get("/inventory/items").await.is_problem(403, "forbidden");
    assert_eq!(blind.get("/search?q=salt").await.is(200)["items"], json!([]));
    let seen = reader.get("/inventory/items").await.is(200);
    assert_eq!(seen["items"][0].get("unit_cost"), None, "{seen}");
    let seen = buyer.get("/inventory/items").await.is(200);
    assert_eq!(seen["items"][0]["unit_cost"], "2.5000");
    reader.post("/inventory/items", &item).await.is_problem(403, "forbidden");
    reader.get("/members").await.is_problem(403, "forbidden");
    let place = own(&buyer).await;
    assert_eq!(place["role_name"], "Buyer");
    let held = json!(["events.read", "inventory.prices", "inventory.read", "workspace.read"]);
    assert_eq!(place["permissions"], held);
    server.finish().await;
}

#[tokio::test]
async fn a_changed_role_acts_on_open_sessions_and_streams_within_a_second() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    let role = made(&owner, "Reader", &["inventory.read", "audit.read"]).await;
    let reader = holder(&server, &owner, &role).await;
    let response = reader.answer(Method::GET, "/events", &[], "").await;
    let mut stream = response.into_body().into_data_stream();
    let first = stream.next().await.expect("where the stream begins").expect("bytes");
    assert!(!first.starts_with(b"event:"), "{first:?}");
    reader.get("/audit").await.is(200);

    change(&owner, &role, 1, &json!({ "permissions": ["workspace.read"] })).await.is(200);

    reader.get("/audit").await.is_problem(403, "forbidden");
    reader.get("/inventory/items").await.is_problem(403, "forbidden");
    let told = timeout(Duration::from_secs(1), stream.next()).await.expect("within a second");
    let told = String::from_utf8(told.expect("a message").expect("bytes").to_vec()).expect("text");
    assert!(told.contains("event: reload"), "{told}");
    server.finish().await;
}

#[tokio::test]
async fn nobody_makes_gives_or_changes_a_role_above_their_own() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    let hiring = made(&owner, "Hiring", &["people.read", "people.manage"]).await;
    let books = made(&owner, "Books", &["audit.read"]).await;
    let (viewer, admin) = (server.user("viewer").await, server.user("admin").await);
    let hirer = holder(&server, &owner, &hiring).await;
    let above = json!({ "permissions": ["people.manage", "audit.read"] });
    let give = async |user, role: &str| {
        let path = format!("/members/{user}");
        hirer.change(Method::PATCH, &path, 1, &json!({ "role": role })).await
    };

    let named = json!({ "name": "Mine", "permissions": above["permissions"] });
    hirer.post("/roles", &named).await.is_field_problem("permissions[1]", "role-above-own");
    let gained = change(&hirer, &hiring, 1, &above).await;
    gained.is_field_problem("permissions[1]", "role-above-own");
    let renamed = change(&hirer, &books, 1, &json!({ "name": "Mine" })).await;
    renamed.is_field_problem("permissions", "role-above-own");
    delete(&hirer, &books, 1).await.is_field_problem("permissions", "role-above-own");
    for role in [id(&books), "manager", "owner"] {
        let invited = json!({ "email": "iva@example.com", "role": role });
        let invited = hirer.post("/invitations", &invited).await;
        invited.is_field_problem("role", "role-above-own");
    }
    give(viewer, id(&hiring)).await.is_problem(403, "forbidden");
    give(admin, id(&hiring)).await.is_problem(403, "forbidden");

    assert_eq!(listed(&hirer, "Books").await["may_give"], false);
    assert_eq!(listed(&hirer, "Hiring").await["may_give"], true);
    // What they hold they may give, and less of it make.
    let invited = json!({ "email": "iva@example.com", "role": id(&hiring) });
    hirer.post("/invitations", &invited).await.is(201);
    made(&hirer, "Looking", &["people.read"]).await;
    assert_eq!(listed(&owner, "Books").await["version"], 1);
    assert_eq!(listed(&owner, "Hiring").await["version"], 1);
    let of_owners = json!({ "name": "Mine", "permissions": ["workspace.delete"] });
    let of_owners = owner.post("/roles", &of_owners).await;
    of_owners.is_field_problem("permissions[0]", "permission-of-owners");
    server.finish().await;
}

#[tokio::test]
async fn a_narrowed_token_and_a_service_account_give_no_more_than_they_may() {
    let server = TestServer::start().await;
    let browser = server.signed_in("mira@example.com", "owner").await;
    let held = json!(["people.read", "people.manage", "workspace.read", "events.read"]);
    let token = json!({ "name": "Hiring", "expires_in_days": 9, "permissions": held });
    let token = browser.post("/api/v1/me/tokens", &token).await.is(201)["token"].clone();
    let bearer = format!("Bearer {}", token.as_str().expect("a token"));
    let program = server.stranger().saying("authorization", &bearer);
    let account = json!({ "name": "Hiring", "workspace_id": server.workspace.to_string(),
        "permissions": held });
    let account = browser.post("/api/v1/service-accounts", &account).await.is(201);
    let grant = json!({ "grant_type": "client_credentials", "client_id": account["client_id"],
        "client_secret": account["client_secret"] });
    let grant = server.stranger().post("/api/v1/auth/token", &grant).await.is(200);
    let bearer = format!("Bearer {}", grant["access_token"].as_str().expect("a token"));
    let service = server.stranger().saying("authorization", &bearer);

    for (number, client) in [program, service].into_iter().enumerate() {
        let above = json!({ "name": "Mine", "permissions": ["audit.read"] });
        let above = client.post("/roles", &above).await;
        above.is_field_problem("permissions[0]", "role-above-own");
        let invited = json!({ "email": "iva@example.com", "role": "viewer" });
        let invited = client.post("/invitations", &invited).await;
        invited.is_field_problem("role", "role-above-own");
        let role = made(&client, &format!("Looking {number}"), &["people.read"]).await;
        let email = format!("iva{number}@example.com");
        let invited = json!({ "email": email, "role": id(&role) });
        client.post("/invitations", &invited).await.is(201);
    }
    server.finish().await;
}

#[tokio::test]
async fn somebody_is_invited_to_a_role_and_has_it_when_they_come() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let role = made(&admin, "Night shift", &["inventory.read", "inventory.move"]).await;
    let invitation = json!({ "email": "iva@example.com", "role": id(&role) });
    let invitation = admin.post("/invitations", &invitation).await.is(201);
    assert_eq!((&invitation["role"], &invitation["role_name"]), (&role["id"], &role["name"]));
    delete(&admin, &role, 1).await.is_problem(409, "role-in-use");
    let link = invitation["link"].as_str().expect("a link");
    let token = link.split_once("#token=").expect("a token").1;
    let inspect = format!("/api/v1/invitations/inspect?token={token}");
    let shown = server.stranger().get(&inspect).await.is(200);
    assert_eq!(shown["role_name"], "Night shift");

    let browser = server.browser();
    let newcomer = json!({ "token": token, "name": "Iva", "password": PASSWORD });
    browser.post("/api/v1/invitations/accept", &newcomer).await.is(200);

    let me = browser.get("/api/v1/me").await.is(200);
    let place = &me["workspaces"][0];
    assert_eq!((&place["role"], &place["role_name"]), (&role["id"], &role["name"]));
    assert!(place["permissions"].as_array().unwrap().contains(&json!("inventory.move")));
    assert_eq!(listed(&admin, "Night shift").await["members"], 1);
    server.finish().await;
}

#[tokio::test]
async fn an_invitation_lapses_when_its_role_grows_above_whoever_made_it() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    let hiring = made(&owner, "Hiring", &["people.read", "people.manage"]).await;
    let looking = made(&owner, "Looking", &["people.read"]).await;
    let hirer = holder(&server, &owner, &hiring).await;
    let invitation = json!({ "email": "iva@example.com", "role": id(&looking) });
    let invitation = hirer.post("/invitations", &invitation).await.is(201);
    let token = invitation["link"].as_str().unwrap().split_once("#token=").unwrap().1.to_owned();

    let grown = json!({ "permissions": ["people.read", "audit.read"] });
    change(&owner, &looking, 1, &grown).await.is(200);

    let inspect = format!("/api/v1/invitations/inspect?token={token}");
    server.stranger().get(&inspect).await.is_problem(409, "invitation-lapsed");
    server.finish().await;
}

#[tokio::test]
async fn what_owners_and_admins_alone_may_needs_a_second_factor_seven_days_after_it_was_given() {
    let server = TestServer::start_with(&[("sessions.idle_min", "43200")]).await;
    let owner = server.person("owner").await;
    let role = made(&owner, "Keeper", &["inventory.read"]).await;
    assert_eq!(role["needs_factor"], false);
    let user = server.user("viewer").await;
    let path = format!("/members/{user}");
    owner.change(Method::PATCH, &path, 1, &json!({ "role": id(&role) })).await.is(200);
    let browser = server.browser_of(user).await;
    server.advance(DAY * 20);
    assert_eq!(browser.get("/api/v1/me").await.is(200)["mfa"]["required"], false);

    let owner = server.person("owner").await;
    let grown = json!({ "permissions": ["inventory.read", "audit.read"] });
    assert_eq!(change(&owner, &role, 1, &grown).await.is(200)["needs_factor"], true);

    let me = browser.get("/api/v1/me").await.is(200);
    assert_eq!(me["mfa"]["required"], true);
    assert_eq!(me["mfa"]["enrol_by"], "2026-12-18T06:00:00.000Z", "from now on, not from long ago");
    server.advance(DAY * 7);
    let refused = browser.get("/api/v1/workspaces").await;
    refused.is_problem(403, "mfa-enrolment-needed");
    let owner = server.person("owner").await;
    change(&owner, &role, 2, &json!({ "permissions": ["inventory.read"] })).await.is(200);
    browser.get("/api/v1/workspaces").await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn bad_names_permissions_and_versions_are_refused_with_the_field() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let role = made(&admin, "Night shift", &["inventory.read"]).await;
    let refused = async |body: Value, field: &str, code: &str| {
        admin.post("/roles", &body).await.is_field_problem(field, code);
    };
    let held = json!(["inventory.read"]);

    for name in ["night SHIFT", "Owner", "viewer"] {
        let body = json!({ "name": name, "permissions": held });
        refused(body, "name", "role-name-taken").await;
    }
    refused(json!({ "name": " ", "permissions": held }), "name", "name-empty").await;
    let long = json!({ "name": "x".repeat(500), "permissions": held });
    refused(long, "name", "name-too-long").await;
    let long = json!({ "name": "A", "description": "x".repeat(501), "permissions": held });
    refused(long, "description", "description-too-long").await;
    let unknown = json!({ "name": "A", "permissions": ["inventory.read", "inventory.fly"] });
    refused(unknown, "permissions[1]", "permission-unknown").await;
    let box_wide = json!({ "name": "A", "permissions": ["box.operate"] });
    refused(box_wide, "permissions[0]", "permission-unknown").await;
    let many = json!({ "name": "A", "permissions": vec!["inventory.read"; 201] });
    refused(many, "permissions[200]", "permission-unknown").await;
    refused(json!({ "name": "A", "permissions": [] }), "permissions", "permissions-empty").await;
    let path = format!("/roles/{}", id(&role));
    let body = json!({ "name": "Day shift" });
    admin.json(Method::PATCH, &path, &[], &body).await.is_problem(428, "version-needed");
    change(&admin, &role, 7, &body).await.is_problem(412, "stale");
    delete(&admin, &role, 7).await.is_problem(412, "stale");
    let user = server.user("viewer").await;
    for unknown in ["chief".to_owned(), nothing::<()>().to_string()] {
        let body = json!({ "role": unknown });
        let refused = admin.change(Method::PATCH, &format!("/members/{user}"), 1, &body).await;
        refused.is_field_problem("role", "role-unknown");
    }
    server.finish().await;
}

#[tokio::test]
async fn a_workspace_has_fifty_roles_of_its_own_at_most() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    for number in 0..50 {
        made(&admin, &format!("Role {number}"), &["inventory.read"]).await;
    }

    let one_more = json!({ "name": "One more", "permissions": ["inventory.read"] });

    admin.post("/roles", &one_more).await.is_problem(422, "too-many-roles");
    server.finish().await;
}

#[tokio::test]
async fn a_role_made_twice_by_one_request_is_made_once() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let body = json!({ "name": "Night shift", "permissions": ["inventory.read"] });
    let key = [("idempotency-key", "one-and-the-same-key")];

    let first = admin.json(Method::POST, "/roles", &key, &body).await;
    let again = admin.json(Method::POST, "/roles", &key, &body).await;

    assert_eq!(first.is(201)["id"], again.is(201)["id"]);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(server.box_counts().await["workspace.role.created"], 1);
    server.finish().await;
}

#[tokio::test]
async fn roles_of_another_workspace_are_nothing_here() {
    let server = TestServer::start().await;
    let elsewhere = server.second_workspace().await;
    let (here, there) = (server.person("owner").await, server.person_in(elsewhere, "owner").await);
    let theirs = made(&there, "Theirs", &["inventory.read"]).await;
    let viewer = server.user("viewer").await;

    change(&here, &theirs, 1, &json!({ "name": "Ours" })).await.is_problem(404, "not-found");
    delete(&here, &theirs, 1).await.is_problem(404, "not-found");
    let body = json!({ "role": id(&theirs) });
    let given = here.change(Method::PATCH, &format!("/members/{viewer}"), 1, &body).await;
    given.is_field_problem("role", "role-unknown");
    let invited = json!({ "email": "iva@example.com", "role": id(&theirs) });
    here.post("/invitations", &invited).await.is_field_problem("role", "role-unknown");
    made(&here, "Theirs", &["inventory.read"]).await;
    server.finish().await;
}

#[tokio::test]
async fn a_purged_workspace_leaves_no_role_behind() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    let role = made(&owner, "Night shift", &["inventory.read"]).await;
    holder(&server, &owner, &role).await;
    let invited = json!({ "email": "iva@example.com", "role": id(&role) });
    owner.post("/invitations", &invited).await.is(201);
    let version = owner.get("").await.is(200)["version"].as_i64().expect("a version");
    owner.change(Method::DELETE, "", version, &json!({})).await.is(204);
    server.advance(DAY * 31);

    let purged = workspaces::ops::purge_due(&system(&server.platform)).await.expect("a purge");

    assert_eq!(purged, 1);
    let ctx = system(&server.platform);
    let left = ctx.read(|scope| {
        let sql = "SELECT (SELECT count(*) FROM custom_roles) + (SELECT count(*) FROM invitations)
                 + (SELECT count(*) FROM memberships)";
        Ok(scope.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(0))?)
    });
    assert_eq!(left.await.expect("a count"), 0);
    server.platform.close().await;
}

#[tokio::test]
async fn a_role_given_by_the_release_before_is_what_it_says() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    let role = made(&owner, "Night shift", &["inventory.read"]).await;
    let user = server.user("viewer").await;
    let path = format!("/members/{user}");
    owner.change(Method::PATCH, &path, 1, &json!({ "role": id(&role) })).await.is(200);

    let ctx = system(&server.platform);
    let changed = ctx.write(move |scope| {
        let sql = "UPDATE memberships SET role = 'manager' WHERE user_id = :user";
        Ok(scope.prepare_cached(sql)?.execute(named_params! { ":user": user })?)
    });
    assert_eq!(changed.await.expect("a change"), 1);

    let place = own(&server.token_of(user).await).await;
    assert_eq!((&place["role"], &place["role_name"]), (&json!("manager"), &json!("manager")));
    delete(&owner, &role, 1).await.is(204);
    server.finish().await;
}
