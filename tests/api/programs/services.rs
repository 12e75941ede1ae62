//! Service accounts: made, used, narrowed, ended.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::{
    ACCOUNTS, ME, Pair, ask, by_assertion, by_secret, draft, issuer, new_actions, parts, refused,
    text, with,
};
use crate::support::{Client, TestServer, nothing, system};

async fn made(client: &Client, draft: &Value) -> (String, String) {
    let made = client.post(ACCOUNTS, draft).await.is(201);
    assert_eq!(made["id"], made["client_id"]);
    (text(&made["id"]), made["client_secret"].as_str().unwrap_or_default().to_owned())
}

async fn token(server: &TestServer, (id, secret): &(String, String)) -> String {
    text(&by_secret(&server.stranger(), id, secret).await.is(200)["access_token"])
}

#[tokio::test]
async fn a_secret_shown_once_gives_a_token_that_may_what_the_account_may() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let account = made(&admin, &draft(&server, &json!({}))).await;
    let there = format!("/api/v1/workspaces/{}", server.workspace);
    assert!(account.1.starts_with("hfs_"));

    let answer = by_secret(&server.stranger(), &account.0, &account.1).await.is(200);

    assert_eq!(answer["refresh_token"], Value::Null);
    assert_eq!(answer["expires_in"], 900);
    assert_eq!(answer["scope"], "audit.read workspace.read");
    let token = text(&answer["access_token"]);
    let (_, claims) = parts(&token);
    assert_eq!((&claims["sub"], &claims["client_id"]), (&json!(account.0), &json!(account.0)));
    assert_eq!(claims["wid"], server.workspace.to_string());
    let client = server.stranger();
    with(&client, &token, &there).await.is(200);
    with(&client, &token, &format!("{there}/audit")).await.is(200);
    with(&client, &token, &format!("{there}/members")).await.is_problem(403, "forbidden");
    with(&client, &token, ME).await.is_problem(403, "not-a-person");
    let elsewhere = format!("/api/v1/workspaces/{}", server.second_workspace().await);
    with(&client, &token, &elsewhere).await.is_problem(404, "not-found");
    let shown = admin.get(&format!("{ACCOUNTS}/{}", account.0)).await.is(200);
    assert_eq!((&shown["has_secret"], &shown["client_secret"]), (&json!(true), &Value::Null));
    assert_eq!(shown["last_used_at"], server.clock.now().to_string());
    server.finish().await;
}

#[tokio::test]
async fn what_an_account_does_stands_in_the_log_under_its_name() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    let permissions = json!({ "permissions": ["workspace.read", "workspace.settings"] });
    let account = made(&owner, &draft(&server, &permissions)).await;
    let token = token(&server, &account).await;
    let there = format!("/api/v1/workspaces/{}", server.workspace);
    let bearer = format!("Bearer {token}");
    let client = server.stranger();
    let version = with(&client, &token, &there).await;
    let tag = version.header("etag").unwrap_or_default().to_owned();

    let headers = [("authorization", bearer.as_str()), ("if-match", tag.as_str())];
    let body = json!({ "name": "Harbour Kitchen 2" });
    client.json(Method::PATCH, &there, &headers, &body).await.is(200);

    let log = owner.get("/audit?log=people&action=workspace.changed").await.is(200);
    let actor = &log["items"][0]["actor"];
    assert_eq!((&actor["kind"], &actor["name"]), (&json!("service"), &json!("Scale")));
    assert_eq!(actor["id"], account.0);
    server.finish().await;
}

#[tokio::test]
async fn an_account_is_never_above_its_maker() {
    let server = TestServer::start().await;
    let (admin, manager) = (server.person("admin").await, server.person("manager").await);
    let operator = server.operator().await;
    let elsewhere = server.second_workspace().await.to_string();

    let above = json!({ "permissions": ["workspace.read", "workspace.delete"] });
    let above = admin.post(ACCOUNTS, &draft(&server, &above)).await;
    above.is_field_problem("permissions[1]", "permission-not-held");
    let of_box = json!({ "workspace_id": null, "permissions": ["box.operate"] });
    let of_box = draft(&server, &of_box);
    admin.post(ACCOUNTS, &of_box).await.is_problem(403, "forbidden");
    manager.post(ACCOUNTS, &draft(&server, &json!({}))).await.is_problem(403, "forbidden");
    let foreign =
        admin.post(ACCOUNTS, &draft(&server, &json!({ "workspace_id": elsewhere }))).await;
    foreign.is_field_problem("workspace_id", "workspace-unknown");
    let data = json!({ "workspace_id": null, "permissions": ["workspace.read"] });
    let data = operator.post(ACCOUNTS, &draft(&server, &data)).await;
    data.is_field_problem("permissions[0]", "permission-not-held");

    let account = made(&operator, &of_box).await;
    let token = token(&server, &account).await;
    with(&server.stranger(), &token, "/api/v1/users").await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn nobody_takes_over_an_account_that_may_more_than_they() {
    let server = TestServer::start().await;
    let (owner, admin) = (server.person("owner").await, server.person("admin").await);
    let above = json!({ "permissions": ["workspace.read", "workspace.delete"] });
    let (id, _) = made(&owner, &draft(&server, &above)).await;
    let path = format!("{ACCOUNTS}/{id}");
    let key = json!({ "name": "mine", "public_key": Pair::new().public() });

    admin.post(&format!("{path}/secret"), &json!({})).await.is_problem(403, "forbidden");
    admin.post(&format!("{path}/keys"), &key).await.is_problem(403, "forbidden");
    let rename = json!({ "name": "Mine" });
    admin.json(Method::PATCH, &path, &[], &rename).await.is_problem(403, "forbidden");
    let disable = json!({ "disabled": true });
    admin.json(Method::PATCH, &path, &[], &disable).await.is(200);
    let enable = json!({ "disabled": false });
    admin.json(Method::PATCH, &path, &[], &enable).await.is_problem(403, "forbidden");
    owner.json(Method::PATCH, &path, &[], &enable).await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn a_disabled_renewed_or_deleted_account_is_out_on_the_next_request() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let account = made(&admin, &draft(&server, &json!({}))).await;
    let path = format!("{ACCOUNTS}/{}", account.0);
    let there = format!("/api/v1/workspaces/{}", server.workspace);
    let client = server.stranger();
    let change = async |body: Value| admin.json(Method::PATCH, &path, &[], &body).await.is(200);

    let first = token(&server, &account).await;
    with(&client, &first, &there).await.is(200);
    change(json!({ "disabled": true })).await;
    with(&client, &first, &there).await.is_problem(401, "access-token-ended");
    let refused = by_secret(&client, &account.0, &account.1).await;
    assert_eq!(refused.is_problem(401, "client-refused")["error"], "invalid_client");
    change(json!({ "disabled": false })).await;
    with(&client, &first, &there).await.is(200);

    change(json!({ "permissions": ["audit.read"] })).await;
    with(&client, &first, &there).await.is_problem(403, "forbidden");

    let renewed = admin.post(&format!("{path}/secret"), &json!({})).await.is(200);
    with(&client, &first, &there).await.is_problem(401, "access-token-ended");
    by_secret(&client, &account.0, &account.1).await.is_problem(401, "client-refused");
    let account = (account.0.clone(), text(&renewed["client_secret"]));
    let second = token(&server, &account).await;

    admin.send(Method::DELETE, &path, &[], "").await.is(204);
    with(&client, &second, &there).await.is_problem(401, "access-token-ended");
    by_secret(&client, &account.0, &account.1).await.is_problem(401, "client-refused");
    admin.get(&path).await.is_problem(404, "not-found");
    server.finish().await;
}

#[tokio::test]
async fn a_signed_assertion_gives_a_token_once() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let pair = Pair::new();
    let key = json!({ "public_key": { "kty": "OKP", "crv": "Ed25519", "x": pair.public() } });
    let (id, secret) = made(&admin, &draft(&server, &key)).await;
    assert_eq!(secret, "");
    let issuer = issuer(&server).await;
    let client = server.stranger();
    let assertion = pair.assertion(&server, &id, &issuer, &json!({}));

    let first = by_assertion(&client, &assertion).await.is(200);
    let again = by_assertion(&client, &assertion).await;

    assert_eq!(again.is_problem(401, "assertion-replayed")["error"], "invalid_client");
    let there = format!("/api/v1/workspaces/{}", server.workspace);
    with(&client, &text(&first["access_token"]), &there).await.is(200);
    assert_eq!(refused(&server).await["assertion-replayed"], 1);
    let server = server.restart().await;
    by_assertion(&server.stranger(), &assertion).await.is_problem(401, "assertion-replayed");
    server.finish().await;
}

#[tokio::test]
async fn a_removed_key_opens_nothing_and_ends_what_it_opened() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let (id, _) = made(&admin, &draft(&server, &json!({}))).await;
    let keys = format!("{ACCOUNTS}/{id}/keys");
    let pair = Pair::new();
    let body = json!({ "name": "Gate", "public_key": pair.public() });
    let key = admin.post(&keys, &body).await.is(201);
    admin.post(&keys, &body).await.is_field_problem("public_key", "key-known");
    let issuer = issuer(&server).await;
    let client = server.stranger();
    let assertion = || pair.assertion(&server, &id, &issuer, &json!({}));
    let token = text(&by_assertion(&client, &assertion()).await.is(200)["access_token"]);

    let path = format!("{keys}/{}", text(&key["id"]));
    admin.send(Method::DELETE, &path, &[], "").await.is(204);

    let there = format!("/api/v1/workspaces/{}", server.workspace);
    with(&client, &token, &there).await.is_problem(401, "access-token-ended");
    by_assertion(&client, &assertion()).await.is_problem(401, "client-refused");
    admin.send(Method::DELETE, &path, &[], "").await.is_problem(404, "not-found");
    server.finish().await;
}

/// A49 of the list of attacks on updates.
#[tokio::test]
async fn an_account_off_its_list_is_refused_on_every_request_behind_a_proxy_too() {
    let settings = [("server.trusted_proxies", "10.0.0.1")];
    let server = TestServer::start_with(&settings).await;
    let admin = server.person("admin").await;
    let list = json!({ "allow_cidrs": ["192.0.2.0/24", "2001:db8::/32"] });
    let account = made(&admin, &draft(&server, &list)).await;
    let there = format!("/api/v1/workspaces/{}", server.workspace);
    let at = |address: &str| server.stranger().at(address);
    let through = |peer: &str, forwarded: &str| at(peer).saying("x-forwarded-for", forwarded);

    let answer = by_secret(&at("192.0.2.7"), &account.0, &account.1).await.is(200);
    let token = text(&answer["access_token"]);
    with(&at("192.0.2.200"), &token, &there).await.is(200);
    with(&at("2001:db8::9"), &token, &there).await.is(200);
    with(&through("10.0.0.1", "192.0.2.7"), &token, &there).await.is(200);

    for off in [at("198.51.100.7"), through("10.0.0.1", "198.51.100.7")] {
        with(&off, &token, &there).await.is_problem(403, "address-not-allowed");
    }
    // Whoever is no trusted proxy cannot say where it comes from.
    let forged = with(&through("198.51.100.7", "192.0.2.7"), &token, &there).await;
    forged.is_problem(403, "address-not-allowed");
    let asked = by_secret(&at("198.51.100.7"), &account.0, &account.1).await;
    asked.is_problem(401, "address-not-allowed");
    let kept = refused(&server).await;
    assert!(kept.contains_key("address-not-allowed"), "it stands in the log: {kept:?}");
    let path = format!("{ACCOUNTS}/{}", account.0);
    let shown = admin.get(&path).await.is(200);
    assert_eq!(shown["last_used_from"], "192.0.2.7");
    let everywhere = json!({ "allow_cidrs": [] });
    admin.json(Method::PATCH, &path, &[], &everywhere).await.is(200);
    with(&at("198.51.100.7"), &token, &there).await.is(200);
    server.advance(Duration::from_hours(1));
    with(&at("192.0.2.7"), &token, &there).await.is_problem(401, "access-token-expired");
    server.finish().await;
}

#[tokio::test]
async fn an_account_chooses_a_life_of_up_to_an_hour() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let (id, secret) = made(&admin, &draft(&server, &json!({}))).await;
    let wish = async |seconds: &str| {
        let grant = [
            ("grant_type", "client_credentials"),
            ("client_id", id.as_str()),
            ("client_secret", secret.as_str()),
            ("expires_in", seconds),
        ];
        ask(&server.stranger(), &grant).await
    };

    let hour = wish("3600").await.is(200);

    assert_eq!(hour["expires_in"], 3600);
    let (_, claims) = parts(&text(&hour["access_token"]));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3600);
    for wrong in ["59", "3601", "-1", "1.5", "soon"] {
        let refused = wish(wrong).await;
        assert_eq!(refused.status.as_u16(), 422, "{wrong}: {}", refused.text());
        assert_eq!(refused.json()["error"], "invalid_request");
    }
    server.finish().await;
}

#[tokio::test]
async fn http_basic_is_taken_as_well() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let (id, secret) = made(&admin, &draft(&server, &json!({}))).await;
    let encoded = {
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.encode(format!("{id}:{secret}"))
    };
    let client = server.stranger().saying("authorization", &format!("Basic {encoded}"));

    ask(&client, &[("grant_type", "client_credentials")]).await.is(200);

    server.finish().await;
}

#[tokio::test]
async fn operators_see_all_accounts_and_manage_only_those_of_the_box() {
    let server = TestServer::start().await;
    let (admin, operator) = (server.person("admin").await, server.operator().await);
    let viewer = server.person("viewer").await;
    let (id, _) = made(&admin, &draft(&server, &json!({}))).await;
    let path = format!("{ACCOUNTS}/{id}");
    let length = async |client: &Client| {
        client.get(ACCOUNTS).await.is(200)["items"].as_array().map_or(0, Vec::len)
    };

    assert_eq!((length(&operator).await, length(&admin).await, length(&viewer).await), (1, 1, 0));
    operator.get(&path).await.is(200);
    operator.send(Method::DELETE, &path, &[], "").await.is_problem(404, "not-found");
    viewer.get(&path).await.is_problem(404, "not-found");
    let missing = format!("{ACCOUNTS}/{}", nothing::<()>());
    viewer.get(&missing).await.is_problem(404, "not-found");
    server.finish().await;
}

#[tokio::test]
async fn every_field_of_an_account_is_checked() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let before = server.box_actions().await.len();
    for (change, field, code) in [
        (json!({ "name": " " }), "name", "name-empty"),
        (json!({ "permissions": [] }), "permissions", "permissions-empty"),
        (json!({ "permissions": ["no.such"] }), "permissions[0]", "permission-not-held"),
        (json!({ "allow_cidrs": ["192.0.2.0/33"] }), "allow_cidrs[0]", "network-bad"),
        (json!({ "channels": ["a", "B"] }), "channels[1]", "channel-bad"),
        (json!({ "public_key": "AAAA" }), "public_key", "key-unreadable"),
        (json!({ "public_key": { "kty": "OKP", "d": "x" } }), "public_key", "key-private"),
        (json!({ "colour": "red" }), "colour", "unknown-field"),
    ] {
        admin.post(ACCOUNTS, &draft(&server, &change)).await.is_field_problem(field, code);
    }
    assert_eq!(new_actions(&server, before).await, Vec::<String>::new());
    assert_eq!(admin.get(ACCOUNTS).await.is(200)["items"], json!([]));
    server.finish().await;
}

#[tokio::test]
async fn a_repeated_request_makes_one_account_and_shows_no_secret_again() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await.saying("idempotency-key", "make-it-once");

    let first = admin.post(ACCOUNTS, &draft(&server, &json!({}))).await.is(201);
    let second = admin.post(ACCOUNTS, &draft(&server, &json!({}))).await.is(201);

    assert_eq!(first["id"], second["id"]);
    assert_eq!(second["client_secret"], Value::Null);
    server.finish().await;
}

#[tokio::test]
async fn whoever_may_do_only_part_makes_no_account_and_opens_none() {
    let server = TestServer::start().await;
    let browser = server.signed_in("mira@example.com", "owner").await;
    let held = json!(["people.manage", "workspace.read"]);
    let change = json!({ "permissions": held, "allow_cidrs": ["192.0.2.0/24"] });
    let made = browser.post(ACCOUNTS, &draft(&server, &change)).await.is(201);
    let (id, secret) = (text(&made["id"]), text(&made["client_secret"]));
    let there = server.stranger().at("192.0.2.7");
    let service = text(&by_secret(&there, &id, &secret).await.is(200)["access_token"]);
    let narrowed = json!({ "name": "Hiring", "expires_in_days": 1, "permissions": held });
    let narrowed = browser.post("/api/v1/me/tokens", &narrowed).await.is(201);
    let path = format!("{ACCOUNTS}/{id}");

    for token in [&service, &text(&narrowed["token"])] {
        let client = there.saying("authorization", &format!("Bearer {token}"));
        let own = json!({ "permissions": ["workspace.read"] });
        let key = json!({ "name": "Mine", "public_key": Pair::new().public() });
        for refused in [
            client.post(ACCOUNTS, &draft(&server, &own)).await,
            client.post(&format!("{path}/secret"), &Value::Null).await,
            client.post(&format!("{path}/keys"), &key).await,
            client.json(Method::PATCH, &path, &[], &json!({ "allow_cidrs": [] })).await,
            client.json(Method::PATCH, &path, &[], &json!({ "disabled": false })).await,
        ] {
            refused.is_problem(403, "token-narrowed");
        }
    }

    let shown = browser.get(ACCOUNTS).await.is(200);
    assert_eq!(shown["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(shown["items"][0]["allow_cidrs"], json!(["192.0.2.0/24"]));
    // What only takes away is not refused.
    let client = there.saying("authorization", &format!("Bearer {service}"));
    client.json(Method::PATCH, &path, &[], &json!({ "disabled": true })).await.is(200);
    server.finish().await;
}

#[tokio::test]
async fn a_token_asked_for_with_a_scope_may_do_only_that() {
    let server = TestServer::start().await;
    let admin = server.person("admin").await;
    let (id, secret) = made(&admin, &draft(&server, &json!({}))).await;
    let grant = |scope| {
        let client = server.stranger();
        let (id, secret) = (id.clone(), secret.clone());
        async move {
            let grant = [
                ("grant_type", "client_credentials"),
                ("client_id", id.as_str()),
                ("client_secret", secret.as_str()),
                ("scope", scope),
            ];
            ask(&client, &grant).await
        }
    };
    let there = format!("/api/v1/workspaces/{}", server.workspace);

    let answer = grant("workspace.read").await.is(200);
    let above = grant("workspace.read people.read").await;

    assert_eq!(answer["scope"], "workspace.read");
    above.is_problem(400, "scope-not-held");
    let token = text(&answer["access_token"]);
    let client = server.stranger();
    with(&client, &token, &there).await.is(200);
    with(&client, &token, &format!("{there}/audit")).await.is_problem(403, "forbidden");
    server.finish().await;
}

#[tokio::test]
async fn an_account_of_an_archived_workspace_can_be_stopped_and_goes_with_the_workspace() {
    let server = TestServer::start().await;
    let owner = server.person("owner").await;
    let accounts = [
        made(&owner, &draft(&server, &json!({}))).await,
        made(&owner, &draft(&server, &json!({}))).await,
        made(&owner, &draft(&server, &json!({}))).await,
    ];
    let token = token(&server, &accounts[0]).await;
    let there = format!("/api/v1/workspaces/{}", server.workspace);
    owner.post(&format!("{there}/archive"), &json!({})).await.is(200);
    let [first, second, _] = accounts.map(|(id, _)| format!("{ACCOUNTS}/{id}"));

    let renamed = owner.json(Method::PATCH, &first, &[], &json!({ "name": "Till" })).await;
    let renewed = owner.post(&format!("{first}/secret"), &Value::Null).await;
    owner.json(Method::PATCH, &first, &[], &json!({ "disabled": true })).await.is(200);
    owner.send(Method::DELETE, &second, &[], "").await.is(204);

    renamed.is_problem(409, "workspace-archived");
    renewed.is_problem(409, "workspace-archived");
    with(&server.stranger(), &token, &there).await.is_problem(401, "access-token-ended");
    let operator = server.operator().await;
    let length = async || operator.get(ACCOUNTS).await.is(200)["items"].as_array().map(Vec::len);
    assert_eq!(length().await, Some(2));
    let version = owner.get(&there).await.is(200)["version"].as_i64().expect("a version");
    owner.change(Method::DELETE, &there, version, &Value::Null).await.is(204);
    server.advance(Duration::from_hours(31 * 24));
    let ctx = system(&server.platform);
    holdfast::platform::workspaces::ops::purge_due(&ctx).await.expect("a purge");
    let operator = server.operator().await;
    assert_eq!(operator.get(ACCOUNTS).await.is(200)["items"], json!([]));
    assert_eq!(server.box_counts().await["identity.service_account.deleted"], 3);
    server.platform.close().await;
}

#[tokio::test]
async fn accounts_are_listed_by_pages_over_all_workspaces_one_looks_after() {
    let server = TestServer::start().await;
    let owner = server.signed_in("mira@example.com", "owner").await;
    let mut expected = Vec::new();
    for _ in 0..5 {
        let made = owner.post(ACCOUNTS, &draft(&server, &json!({}))).await.is(201);
        expected.insert(0, text(&made["id"]));
        server.advance(Duration::from_secs(1));
    }

    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = owner.get(&format!("{ACCOUNTS}?limit=2{cursor}")).await.is(200);
        let items = page["items"].as_array().expect("a page");
        assert!((1..=2).contains(&items.len()));
        seen.extend(items.iter().map(|one| text(&one["id"])));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }

    assert_eq!(seen, expected);
    server.finish().await;
}
