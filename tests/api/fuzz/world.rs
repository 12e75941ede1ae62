//! A box with two workspaces, and one of each kind of caller.

use std::collections::BTreeSet;
use std::time::Duration;

use holdfast::platform::access::Role;
use holdfast::platform::identity::UserId;
use holdfast::platform::identity::sessions::ops::{TokenDraft, make_token_in};
use holdfast::platform::workspaces::{self, WorkspaceId};
use serde_json::json;

use crate::inventory::{location, movement};
use crate::support::{Client, TestServer, system};

/// What must not stop a walk: how often somebody may ask is tested elsewhere.
pub const SETTINGS: &[(&str, &str)] = &[
    ("limits.request_burst", "1000000"),
    ("limits.unauthenticated_burst", "1000000"),
    ("limits.sign_in_failures_burst", "10000"),
    ("limits.heavy_per_min", "100000"),
];

/// What a caller shows to be known.
#[derive(Debug, Clone, Copy)]
enum Proof {
    Nothing,
    Forged,
    Session(UserId),
    Token(UserId),
    /// A token for one workspace and some permissions.
    Narrowed(UserId),
}

pub struct Caller {
    pub name: &'static str,
    pub client: Client,
    /// Where it belongs, as an index into the homes.
    pub home: usize,
    is_member: bool,
    proof: Proof,
}

pub struct World {
    pub server: TestServer,
    pub callers: Vec<Caller>,
    /// The ids of both workspaces.
    pub homes: [String; 2],
}

impl World {
    pub async fn make() -> Self {
        let server = TestServer::start_with(SETTINGS).await;
        let elsewhere = server.second_workspace().await;
        let homes = [server.workspace.to_string(), elsewhere.to_string()];
        let mut callers = Vec::new();
        let add = async |callers: &mut Vec<Caller>, name, home, is_member, proof| {
            let client = client(&server, proof).await;
            let client = if home == 0 { client } else { client.in_workspace(elsewhere) };
            callers.push(Caller { name, client, home, is_member, proof });
        };
        for role in Role::ALL {
            let user = server.user(role.name()).await;
            add(&mut callers, role.name(), 0, true, Proof::Token(user)).await;
        }
        // Owner of both and operator: reaches everything.
        let root = server.account("root@example.com", "owner").await;
        make_operator(&server, root).await;
        join(&server, elsewhere, root).await;
        add(&mut callers, "root", 0, true, Proof::Token(root)).await;
        add(&mut callers, "root elsewhere", 1, true, Proof::Token(root)).await;
        add(&mut callers, "browser", 0, true, Proof::Session(root)).await;
        add(&mut callers, "narrowed", 0, true, Proof::Narrowed(root)).await;
        let outsider = server.user("viewer").await;
        leave(&server, outsider).await;
        join(&server, elsewhere, outsider).await;
        add(&mut callers, "outsider", 1, true, Proof::Token(outsider)).await;
        let operator = server.user("viewer").await;
        leave(&server, operator).await;
        make_operator(&server, operator).await;
        add(&mut callers, "operator", 0, false, Proof::Token(operator)).await;
        add(&mut callers, "stranger", 0, false, Proof::Nothing).await;
        add(&mut callers, "forged", 0, false, Proof::Forged).await;
        for caller in callers.iter().filter(|one| one.name.starts_with("root")) {
            furnish(&caller.client).await;
        }
        Self { server, callers, homes }
    }

    /// Signs in again whoever was signed out. False when somebody or a workspace is gone.
    pub async fn mend(&mut self) -> bool {
        for caller in &mut self.callers {
            if matches!(caller.proof, Proof::Nothing | Proof::Forged) {
                continue;
            }
            if caller.client.get("/api/v1/me").await.status != 200 {
                let client = client(&self.server, caller.proof).await;
                caller.client =
                    client.in_workspace(self.homes[caller.home].parse().expect("an id"));
            }
            if caller.client.get("/api/v1/me").await.status != 200 {
                return false;
            }
            let home = format!("/api/v1/workspaces/{}", self.homes[caller.home]);
            let found = caller.client.get(&home).await;
            let is_active = || found.json().get("state").is_none_or(|state| state == "active");
            if caller.is_member && (found.status != 200 || !is_active()) {
                return false;
            }
        }
        true
    }
}

async fn client(server: &TestServer, proof: Proof) -> Client {
    let stranger = server.stranger();
    let saying = |token: &str| stranger.saying("authorization", &format!("Bearer {token}"));
    match proof {
        Proof::Nothing => stranger,
        Proof::Forged => saying("hfp_forged"),
        Proof::Token(user) => server.token_of(user).await,
        Proof::Session(user) => {
            server.browser_of(user).await.bare().saying("sec-fetch-site", "same-origin")
        }
        Proof::Narrowed(user) => {
            let permissions = ["workspace.read", "inventory.read", "inventory.move"];
            let draft = TokenDraft {
                name: "narrowed".to_owned(),
                life: Duration::from_hours(24),
                workspace: Some(server.workspace),
                permissions: Some(BTreeSet::from(permissions.map(str::to_owned))),
            };
            let ctx = system(&server.platform);
            let made = ctx.write(move |scope| make_token_in(scope, user, &draft)).await;
            saying(made.expect("a token").1.reveal())
        }
    }
}

async fn make_operator(server: &TestServer, user: UserId) {
    server.change_user(user, "UPDATE users SET is_operator = 1 WHERE id = :user").await;
}

async fn leave(server: &TestServer, user: UserId) {
    server.change_user(user, "DELETE FROM memberships WHERE user_id = :user").await;
}

async fn join(server: &TestServer, workspace: WorkspaceId, user: UserId) {
    let ctx = system(&server.platform);
    let add =
        ctx.write(move |scope| workspaces::ops::add_member_in(scope, workspace, user, Role::Owner));
    add.await.expect("a member");
}

/// Puts something into a workspace that ids can name.
async fn furnish(owner: &Client) {
    let shelf = location(owner, "SHELF").await;
    location(owner, "COLD").await;
    for number in ["S-1", "S-2"] {
        let item = json!({ "item_number": number, "name": "Salmon", "unit": "kg" });
        let item = owner.post("/inventory/items", &item).await.is(201);
        let receipt = movement("receive", &item, &shelf, "25");
        owner.post("/inventory/movements", &receipt).await.is(201);
    }
}
