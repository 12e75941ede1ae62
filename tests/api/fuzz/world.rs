//! A box with two workspaces, and one of each kind of caller.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use holdfast::platform::access::Role;
use holdfast::platform::identity::UserId;
use holdfast::platform::identity::sessions::ops::{TokenDraft, make_token_in};
use holdfast::platform::tls::acme::{AcmeSettings, Method};
use holdfast::platform::tls::{self, Name, Source, box_names};
use holdfast::platform::workspaces::{self, WorkspaceId};
use rusqlite::named_params;
use serde_json::{Value, json};

use crate::inventory::{location, movement};
use crate::passkeys::ORIGIN;
use crate::support::{Client, TestServer, system};

/// What must not stop a walk: how often somebody may ask is tested elsewhere.
pub const SETTINGS: &[(&str, &str)] = &[
    ("limits.request_burst", "1000000"),
    ("limits.unauthenticated_burst", "1000000"),
    ("limits.sign_in_failures_burst", "10000"),
    ("limits.heavy_per_min", "100000"),
    ("limits.imports_per_min", "100000"),
    ("server.public_url", ORIGIN),
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
    role: Option<Role>,
    proof: Proof,
}

pub struct World {
    pub server: TestServer,
    pub callers: Vec<Caller>,
    /// The ids of both workspaces.
    pub homes: [String; 2],
    root: UserId,
}

impl World {
    pub async fn make() -> Self {
        let server = TestServer::start_with(SETTINGS).await;
        server.show(of_an_authority(&server));
        let elsewhere = server.second_workspace().await;
        let homes = [server.workspace.to_string(), elsewhere.to_string()];
        let mut callers = Vec::new();
        let add = async |callers: &mut Vec<Caller>, name, home, role, proof| {
            let client = client(&server, proof).await;
            let client = if home == 0 { client } else { client.in_workspace(elsewhere) };
            callers.push(Caller { name, client, home, role, proof });
        };
        for role in Role::ALL {
            let user = server.user(role.name()).await;
            add(&mut callers, role.name(), 0, Some(role), Proof::Token(user)).await;
        }
        // Owner of both and operator: reaches everything.
        let root = server.account("root@example.com", "owner").await;
        enable(&server, root, true).await;
        join(&server, elsewhere, root, Role::Owner).await;
        add(&mut callers, "root", 0, Some(Role::Owner), Proof::Token(root)).await;
        add(&mut callers, "root elsewhere", 1, Some(Role::Owner), Proof::Token(root)).await;
        add(&mut callers, "browser", 0, Some(Role::Owner), Proof::Session(root)).await;
        add(&mut callers, "narrowed", 0, Some(Role::Owner), Proof::Narrowed(root)).await;
        let outsider = server.user("viewer").await;
        leave(&server, outsider).await;
        join(&server, elsewhere, outsider, Role::Owner).await;
        add(&mut callers, "outsider", 1, Some(Role::Owner), Proof::Token(outsider)).await;
        let operator = server.user("viewer").await;
        leave(&server, operator).await;
        enable(&server, operator, true).await;
        add(&mut callers, "operator", 0, None, Proof::Token(operator)).await;
        add(&mut callers, "stranger", 0, None, Proof::Nothing).await;
        add(&mut callers, "forged", 0, None, Proof::Forged).await;
        for caller in callers.iter().filter(|one| one.name.starts_with("root")) {
            furnish(&caller.client).await;
        }
        Self { server, callers, homes, root }
    }

    pub fn client(&self, name: &str) -> &Client {
        let found = self.callers.iter().find(|one| one.name == name);
        &found.expect("a caller").client
    }

    /// Brings back whoever and whatever went missing. False when it is gone for good.
    pub async fn mend(&mut self) -> bool {
        for index in 0..self.callers.len() {
            if !self.is_as_made(index).await {
                self.mend_caller(index).await;
                if !self.is_as_made(index).await {
                    return false;
                }
            }
        }
        true
    }

    async fn is_as_made(&self, index: usize) -> bool {
        let caller = &self.callers[index];
        if matches!(caller.proof, Proof::Nothing | Proof::Forged) {
            return true;
        }
        let me = caller.client.get("/api/v1/me").await;
        if me.status != 200 {
            return false;
        }
        let Some(role) = caller.role else { return true };
        let home = &self.homes[caller.home];
        let me = me.json();
        let found = me["workspaces"].as_array().expect("a list").iter();
        let found = found.filter(|one| one["id"] == home.as_str() && one["role"] == role.name());
        let mut states = found.map(|one| one.get("state").and_then(Value::as_str));
        states.any(|state| state.is_none_or(|state| state == "active"))
    }

    async fn mend_caller(&mut self, index: usize) {
        let keeper = Proof::Token(self.root);
        enable(&self.server, self.root, true).await;
        let keeper = client(&self.server, keeper).await;
        for home in &self.homes {
            keeper.post(&format!("/api/v1/workspaces/{home}/restore"), &Value::Null).await;
        }
        let caller = &mut self.callers[index];
        let user = match caller.proof {
            Proof::Session(user) | Proof::Token(user) | Proof::Narrowed(user) => user,
            Proof::Nothing | Proof::Forged => return,
        };
        enable(&self.server, user, caller.name == "operator" || user == self.root).await;
        let home = self.homes[caller.home].parse().expect("an id");
        if let Some(role) = caller.role {
            join(&self.server, home, user, role).await;
        }
        caller.client = client(&self.server, caller.proof).await.in_workspace(home);
    }
}

/// Certificates that an authority signs, which is away.
fn of_an_authority(server: &TestServer) -> Source {
    let settings = AcmeSettings {
        directory: "https://127.0.0.1:9/directory".to_owned(),
        contact: None,
        is_agreed: true,
        methods: vec![Method::Http],
        hook: None,
        root: None,
        binding: None,
        chosen: Name::parse("ops.example.com").into_iter().collect(),
    };
    Source::Acme {
        directory: server.folder().join(tls::FOLDER),
        label: "kitchen".to_owned(),
        names: Box::new(|| box_names(&[])),
        secrets: Arc::clone(&server.platform.secrets),
        settings: Box::new(settings),
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

async fn enable(server: &TestServer, user: UserId, is_operator: bool) {
    let sql = if is_operator {
        "UPDATE users SET disabled_at = NULL, is_operator = 1 WHERE id = :user"
    } else {
        "UPDATE users SET disabled_at = NULL WHERE id = :user"
    };
    server.change_user(user, sql).await;
}

async fn leave(server: &TestServer, user: UserId) {
    server.change_user(user, "DELETE FROM memberships WHERE user_id = :user").await;
}

/// Makes somebody a member with this role, whatever they were before.
async fn join(server: &TestServer, workspace: WorkspaceId, user: UserId, role: Role) {
    let ctx = system(&server.platform);
    let join = ctx.write(move |scope| {
        let sql = "DELETE FROM memberships WHERE user_id = :user AND workspace_id = :workspace";
        let of = named_params! { ":user": user, ":workspace": workspace };
        scope.prepare_cached(sql)?.execute(of)?;
        workspaces::ops::add_member_in(scope, workspace, user, role)
    });
    // A workspace that is gone takes no members.
    join.await.ok();
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
