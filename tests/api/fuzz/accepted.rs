//! What chance does not find by itself: requests that need a link, a password or a job that was
//! there before. Each is asked spoiled and then rightly, and what is right must be accepted.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use holdfast::platform::backups::archive::{Identity, decrypt};
use holdfast::platform::setup::ops::issue_link;
use http::Method;
use serde_json::{Value, json};

use super::breakage::Breaker;
use super::description::Operation;
use super::sent::Sent;
use super::world::World;
use super::{Fuzzer, id_of};
use crate::passkeys::ORIGIN;
use crate::second_factor::App;
use crate::support::{Authenticator, Browser, Client, PASSWORD, Reply, system};

/// Requests before the right one that lack something.
const SPOILED: usize = 8;
const SIGN_IN: &str = "POST /api/v1/auth/login";
/// Wrong tries at an account are counted, so that the right one would have to wait.
/// What a device answers is good for one try.
const COUNTED: [&str; 9] = [
    SIGN_IN,
    "POST /api/v1/auth/token",
    "POST /api/v1/auth/step-up",
    "POST /api/v1/auth/register",
    "POST /api/v1/auth/mfa/backup",
    "POST /api/v1/auth/mfa/passkey",
    "POST /api/v1/auth/mfa/totp",
    "POST /api/v1/me/mfa/passkeys",
    "POST /api/v1/me/mfa/totp/confirm",
];
/// The public key of RFC 8037, appendix A.
const PUBLIC_KEY: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
pub(super) const HOME: &str = "/api/v1/workspaces/{workspace}";

/// A request that is right.
pub(super) struct Step<'a> {
    by: &'a Client,
    /// Verb and template.
    name: &'a str,
    /// The workspace it is about; the first one of the world where there is none.
    home: Option<&'a str>,
    /// What stands for the parameter behind the workspace.
    id: &'a str,
    /// What stands for the parameter after that.
    other: &'a str,
    headers: &'a [(&'a str, &'a str)],
    body: Value,
}

impl<'a> Step<'a> {
    pub(super) fn new(by: &'a Client, name: &'a str, body: Value) -> Self {
        Self { by, name, home: None, id: "", other: "", headers: &[], body }
    }

    pub(super) fn of(self, id: &'a str) -> Self {
        Self { id, ..self }
    }

    pub(super) fn name(&self) -> &'a str {
        self.name
    }

    pub(super) fn and(self, other: &'a str) -> Self {
        Self { other, ..self }
    }

    pub(super) fn saying(self, headers: &'a [(&'a str, &'a str)]) -> Self {
        Self { headers, ..self }
    }
}

pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// What sends the cookies of this moment from a page of the box.
fn in_a_browser(browser: &Browser) -> Client {
    browser.bare().saying("sec-fetch-site", "same-origin")
}

fn token(link: &str) -> String {
    link.split_once("token=").map(|(_, token)| token.to_owned()).unwrap_or_default()
}

impl Fuzzer {
    /// Uses the box the way people do, once for everything that needs something beforehand.
    pub(super) async fn live(&mut self, world: &World) {
        self.claim_the_box(world).await;
        self.let_programs_in(world).await;
        self.open_the_box(world).await;
        self.back_it_up(world).await;
        self.come_and_go(world).await;
        self.make_roles(world).await;
        self.let_work_be_done(world).await;
        self.mend_a_fault(world).await;
        self.take_out(world).await;
        self.work_a_week(world).await;
        self.move_and_hand_over(world).await;
        self.protect_an_account(world).await;
    }

    async fn claim_the_box(&mut self, world: &World) {
        let stranger = world.server.stranger();
        let link = issue_link(&system(&world.server.platform), "https://kitchen.local").await;
        let token = token(&link.expect("a link"));
        let check = json!({ "token": token });
        self.step(world, Step::new(&stranger, "POST /api/v1/setup/check", check)).await;
        let claim = json!({
            "token": token, "box_name": "Harbour",
            "operator": { "name": "Ana", "email": "ana@example.com", "password": PASSWORD },
            "workspace": { "name": "Kitchen" },
        });
        self.step(world, Step::new(&stranger, "POST /api/v1/setup", claim)).await;
    }

    async fn let_programs_in(&mut self, world: &World) {
        let (root, browser) = (world.client("root"), world.client("browser"));
        let stranger = world.server.stranger();
        let grant = json!({
            "grant_type": "password", "username": "root@example.com", "password": PASSWORD,
        });
        self.step(world, Step::new(&stranger, "POST /api/v1/auth/token", grant)).await;
        let proof = json!({ "password": PASSWORD });
        self.step(world, Step::new(browser, "POST /api/v1/auth/step-up", proof)).await;
        let till = json!({
            "name": "Till", "workspace_id": world.homes[0], "permissions": ["inventory.read"],
        });
        let made = Step::new(root, "POST /api/v1/service-accounts", till);
        let made = self.step(world, made).await.json();
        let id = text(&made, "/id");
        for (name, body) in [
            ("GET /api/v1/service-accounts/{id}", Value::Null),
            ("PATCH /api/v1/service-accounts/{id}", json!({ "name": "Second till" })),
            ("POST /api/v1/service-accounts/{id}/secret", Value::Null),
        ] {
            self.step(world, Step::new(root, name, body).of(id)).await;
        }
        let key = json!({ "name": "at the till", "public_key": PUBLIC_KEY });
        let name = "POST /api/v1/service-accounts/{id}/keys";
        let added = self.step(world, Step::new(root, name, key).of(id)).await.json();
        let name = "DELETE /api/v1/service-accounts/{id}/keys/{key}";
        let remove = Step::new(root, name, Value::Null).of(id);
        self.step(world, remove.and(text(&added, "/id"))).await;
        let name = "DELETE /api/v1/service-accounts/{id}";
        self.step(world, Step::new(root, name, Value::Null).of(id)).await;
    }

    async fn open_the_box(&mut self, world: &World) {
        let (root, stranger) = (world.client("root"), world.server.stranger());
        let domains = json!({ "mode": "domains", "domains": ["example.com"] });
        let open = Step::new(root, "PATCH /api/v1/box/registration", domains.clone());
        self.step(world, open).await;
        // Spoiled, it may have closed the box again.
        root.json(Method::PATCH, "/api/v1/box/registration", &[], &domains).await.is(200);
        let newcomer = json!({ "name": "Ivo", "email": "ivo@example.com" });
        self.step(world, Step::new(&stranger, "POST /api/v1/auth/register", newcomer)).await;
        let waiting = root.get("/api/v1/box/registrations").await.is(200);
        let name = "POST /api/v1/box/registrations/{id}/link";
        let link = Step::new(root, name, Value::Null).of(text(&waiting, "/items/0/id"));
        let link = self.step(world, link).await.json();
        let confirm = json!({ "token": token(text(&link, "/link")), "password": PASSWORD });
        self.step(world, Step::new(&stranger, "POST /api/v1/auth/register/confirm", confirm)).await;
        let newcomer = json!({ "name": "Ida", "email": "ida@example.com" });
        stranger.post("/api/v1/auth/register", &newcomer).await.is(202);
        let waiting = root.get("/api/v1/box/registrations").await.is(200);
        let name = "DELETE /api/v1/box/registrations/{id}";
        let refuse = Step::new(root, name, Value::Null).of(text(&waiting, "/items/0/id"));
        self.step(world, refuse).await;
        let receiver = json!({ "name": "Till", "url": "https://till.example.com/hook" });
        let made = root.post("/api/v1/box/webhooks", &receiver).await.is(201);
        for (name, body) in [
            ("POST /api/v1/box/webhooks", receiver),
            ("PATCH /api/v1/box/webhooks/{id}", json!({ "enabled": false })),
            ("DELETE /api/v1/box/webhooks/{id}", Value::Null),
        ] {
            self.step(world, Step::new(root, name, body).of(text(&made, "/id"))).await;
        }
    }

    async fn back_it_up(&mut self, world: &World) {
        let root = world.client("root");
        let (first, second) = (Identity::generate(), Identity::generate());
        let new = |name: &str, key: &Identity| {
            let recipient = key.recipient().to_string();
            json!({ "name": name, "recipient": recipient })
        };
        let made = root.post("/api/v1/backup-kits", &new("Safe", &first)).await.is(201);
        let kit = text(&made, "/id");
        let name = "POST /api/v1/backup-kits";
        self.step(world, Step::new(root, name, new("Drawer", &second))).await;
        let name = "POST /api/v1/backup-kits/{id}/challenge";
        self.step(world, Step::new(root, name, Value::Null).of(kit)).await;
        let asked = root.post(&format!("/api/v1/backup-kits/{kit}/challenge"), &Value::Null).await;
        let sealed = STANDARD.decode(text(&asked.is(200), "/challenge")).expect("base64");
        let proof = STANDARD.encode(decrypt(&first, &sealed).expect("the kit opens it"));
        let name = "POST /api/v1/backup-kits/{id}/confirm";
        self.step(world, Step::new(root, name, json!({ "proof": proof })).of(kit)).await;
        let stick = |name: &str| {
            json!({ "name": name, "kind": "folder",
            "settings": { "path": format!("/mnt/{name}") } })
        };
        let made = root.post("/api/v1/backup-targets", &stick("first")).await.is(201);
        let keep = json!({ "retention": { "daily": 7, "weekly": 4, "monthly": 12, "yearly": 2,
            "verified_min": 3 } });
        for (name, body) in [
            ("POST /api/v1/backup-targets", stick("second")),
            ("PATCH /api/v1/backup-targets/{id}", json!({ "name": "Stick" })),
            ("POST /api/v1/backup-targets/{id}/test", Value::Null),
            ("POST /api/v1/backups", Value::Null),
            ("POST /api/v1/backups/prune", Value::Null),
            ("PATCH /api/v1/backup-settings", keep),
            ("DELETE /api/v1/backup-targets/{id}", Value::Null),
        ] {
            self.step(world, Step::new(root, name, body).of(text(&made, "/id"))).await;
        }
        self.bring_it_back(world, &first).await;
        let name = "DELETE /api/v1/backup-kits/{id}";
        self.step(world, Step::new(root, name, Value::Null).of(kit)).await;
    }

    async fn bring_it_back(&mut self, world: &World, key: &Identity) {
        let (root, server) = (world.client("root"), &world.server);
        let disk = tempfile::tempdir().expect("a folder");
        let place =
            json!({ "name": "disk", "kind": "folder", "settings": { "path": disk.path() } });
        let target = root.post("/api/v1/backup-targets", &place).await.is(201);
        let look = Step::new(root, "GET /api/v1/backup-targets/{id}", Value::Null);
        self.step(world, look.of(text(&target, "/id"))).await;
        root.post("/api/v1/backups", &Value::Null).await.is(202);
        server.run_jobs().await;
        let backups = root.get("/api/v1/backups").await.is(200);
        let backups = backups["items"].as_array().expect("a list");
        let there = backups.iter().find(|one| one["state"] == "uploaded").expect("a backup");
        let identity = json!({ "identity": key.line().reveal() });
        for (name, body) in [
            ("GET /api/v1/backups/{id}", Value::Null),
            ("POST /api/v1/backups/{id}/verify", Value::Null),
            ("POST /api/v1/backups/{id}/drill", identity),
        ] {
            self.step(world, Step::new(root, name, body).of(text(there, "/id"))).await;
            server.run_jobs().await;
        }
        let wish = |mode: &str| {
            json!({ "backup_id": there["id"], "identity": key.line().reveal(), "mode": mode,
                "workspace_id": server.workspace.to_string() })
        };
        let name = "POST /api/v1/restores";
        self.step(world, Step::new(root, name, wish("look"))).await;
        server.run_jobs().await;
        root.post(name.trim_start_matches("POST "), &wish("in_place")).await.is(202);
        server.run_jobs().await;
        let done = root.get("/api/v1/restores").await.is(200);
        let done = done["items"].as_array().expect("a list");
        let done = done.iter().find(|one| one["mode"] == "in_place").expect("a restore");
        let look = Step::new(root, "GET /api/v1/restores/{id}", Value::Null);
        self.step(world, look.of(text(done, "/id"))).await;
        let undo = Step::new(root, "POST /api/v1/restores/{id}/undo", Value::Null);
        self.step(world, undo.of(text(done, "/id"))).await;
        server.run_jobs().await;
    }

    async fn protect_an_account(&mut self, world: &World) {
        let (server, email) = (&world.server, "iris@example.com");
        let user = server.account(email, "viewer").await;
        let by = &in_a_browser(&server.browser_of(user).await);
        let mut device = Authenticator::new(ORIGIN);

        let begin = Step::new(by, "POST /api/v1/me/mfa/totp", Value::Null);
        let secret = self.step(world, begin).await.json();
        let code = App::of(text(&secret, "/secret")).code(server.clock.now());
        let confirm = "POST /api/v1/me/mfa/totp/confirm";
        let codes = self.step(world, Step::new(by, confirm, json!({ "code": code }))).await.json();
        let ask = Step::new(by, "POST /api/v1/me/mfa/passkeys/start", Value::Null);
        let asked = self.step(world, ask).await.json();
        let made = json!({ "name": "Phone", "credential": device.create(&asked["options"]) });
        let add = Step::new(by, "POST /api/v1/me/mfa/passkeys", made);
        let added = self.step(world, add).await.json();
        let ask = Step::new(by, "POST /api/v1/auth/step-up/passkey/start", Value::Null);
        let asked = self.step(world, ask).await.json();
        let proof = json!({ "credential": device.get(&asked["options"]) });
        self.step(world, Step::new(by, "POST /api/v1/auth/step-up", proof)).await;

        let waiting = server.browser();
        waiting.sign_in(email, PASSWORD).await.is(200);
        let newcomer = &in_a_browser(&waiting);
        let ask = Step::new(newcomer, "POST /api/v1/auth/mfa/passkey/start", Value::Null);
        let asked = self.step(world, ask).await.json();
        let proof = json!({ "credential": device.get(&asked["options"]) });
        self.step(world, Step::new(newcomer, "POST /api/v1/auth/mfa/passkey", proof)).await;

        self.lose_the_factors(world, email, text(&codes, "/backup_codes/0")).await;
        let by = &in_a_browser(&server.browser_of(user).await);
        for (name, body) in [
            ("PATCH /api/v1/me/mfa/passkeys/{id}", json!({ "name": "Old phone" })),
            ("POST /api/v1/me/mfa/backup-codes", Value::Null),
            ("DELETE /api/v1/me/mfa/totp", Value::Null),
            ("DELETE /api/v1/me/mfa/passkeys/{id}", Value::Null),
        ] {
            self.step(world, Step::new(by, name, body).of(text(&added, "/id"))).await;
        }
    }

    async fn lose_the_factors(&mut self, world: &World, email: &str, code: &str) {
        let server = &world.server;
        let waiting = server.browser();
        waiting.sign_in(email, PASSWORD).await.is(200);
        let proof = json!({ "code": code });
        let by = &in_a_browser(&waiting);
        self.step(world, Step::new(by, "POST /api/v1/auth/mfa/backup", proof)).await;
        let lost = server.browser();
        lost.sign_in(email, PASSWORD).await.is(200);
        let by = &in_a_browser(&lost);
        let vouching = server.user("owner").await;
        let vouching = &in_a_browser(&server.browser_of(vouching).await);
        for verb in ["refuse", "approve"] {
            self.step(world, Step::new(by, "POST /api/v1/auth/mfa/help", Value::Null)).await;
            let asked = vouching.get("/api/v1/mfa-requests").await.is(200);
            let name = format!("POST /api/v1/mfa-requests/{{id}}/{verb}");
            let decide = Step::new(vouching, &name, Value::Null);
            self.step(world, decide.of(text(&asked, "/items/0/id"))).await;
        }
    }

    /// What is held on people and in workspaces is taken out, and people are forgotten.
    async fn take_out(&mut self, world: &World) {
        let (server, root, owner) = (&world.server, world.client("root"), world.client("owner"));
        let user = server.account("gone@example.com", "viewer").await.to_string();
        let name = "POST /api/v1/users/{id}/export";
        let job = self.step(world, Step::new(root, name, Value::Null).of(&user)).await.json();
        server.run_jobs().await;
        let name = "GET /api/v1/users/{id}/exports/{job}";
        let fetch = Step::new(root, name, Value::Null).of(&user);
        self.step(world, fetch.and(text(&job, "/id"))).await;
        let sure = json!({ "confirm": "gone@example.com" });
        let name = "POST /api/v1/users/{id}/erase";
        self.step(world, Step::new(root, name, sure).of(&user)).await;
        let to = json!({ "recipient": Identity::generate().recipient().to_string() });
        let name = format!("POST {HOME}/exports");
        self.step(world, Step::new(owner, &name, to.clone())).await;
        server.run_jobs().await;
        // Spoiled, it may be for somebody whom nothing can be encrypted to.
        let job = owner.post("/exports", &to).await.is(202);
        server.run_jobs().await;
        let done = owner.get(&format!("/jobs/{}", text(&job, "/id"))).await.is(200);
        assert_eq!(done["state"], "done", "{done}");
        let name = format!("GET {HOME}/exports/{{id}}");
        let fetch = Step::new(owner, &name, Value::Null);
        self.step(world, fetch.of(text(&job, "/id"))).await;
        let size = json!({ "size_bytes": 1000 });
        let begun = Step::new(root, "POST /api/v1/workspaces/imports", size);
        let begun = self.step(world, begun).await.json();
        for verb in ["GET", "DELETE"] {
            let name = format!("{verb} /api/v1/workspaces/imports/{{id}}");
            let step = Step::new(root, &name, Value::Null).of(text(&begun, "/id"));
            self.step(world, step).await;
        }
    }

    async fn mend_a_fault(&mut self, world: &World) {
        let root = world.client("root");
        let broken = json!({ "message": "It broke", "path": "/" });
        self.step(world, Step::new(root, "POST /api/v1/client-errors", broken)).await;
        let faults = root.get("/api/v1/errors").await.is(200);
        let name = "POST /api/v1/errors/{id}/resolve";
        let step = Step::new(root, name, Value::Null).of(text(&faults, "/items/0/id"));
        self.step(world, step).await;
    }

    async fn make_roles(&mut self, world: &World) {
        let owner = world.client("owner");
        let name = format!("POST {HOME}/roles");
        let role = json!({ "name": "Auditor", "permissions": ["audit.read"] });
        let made = self.step(world, Step::new(owner, &name, role)).await.json();
        let tag = [("if-match", "\"1\"")];
        let name = format!("PATCH {HOME}/roles/{{id}}");
        let body = json!({ "description": "Looks after the books" });
        let change = Step::new(owner, &name, body).of(text(&made, "/id"));
        let changed = self.step(world, change.saying(&tag)).await;
        let tag = [("if-match", changed.header("etag").unwrap_or_default())];
        let name = format!("DELETE {HOME}/roles/{{id}}");
        let delete = Step::new(owner, &name, Value::Null).of(text(&made, "/id"));
        self.step(world, delete.saying(&tag)).await;
    }

    async fn come_and_go(&mut self, world: &World) {
        let (root, owner, guest) =
            (world.client("root"), world.client("owner"), world.client("outsider"));
        let stranger = world.server.stranger();
        let me = root.get("/api/v1/me").await.is(200);
        let sign_in = json!({ "email": "root@example.com", "password": PASSWORD });
        self.step(world, Step::new(&stranger, SIGN_IN, sign_in)).await;

        let link = Step::new(root, "POST /api/v1/users/{id}/reset-link", Value::Null);
        let link = self.step(world, link.of(text(&me, "/id"))).await;
        let token_of_reset = token(text(&link.json(), "/link"));
        let inspect = json!({ "token": token_of_reset });
        self.step(world, Step::new(&stranger, "POST /api/v1/auth/reset/inspect", inspect)).await;
        let reset = json!({ "token": token_of_reset, "password": "walnut harbour quilt ember" });
        self.step(world, Step::new(&stranger, "POST /api/v1/auth/reset", reset)).await;

        let invite = format!("POST {HOME}/invitations");
        let body = json!({ "email": "iva@example.com", "role": "viewer" });
        let made = owner.post("/invitations", &body).await.is(201);
        let token_of_stranger = token(text(&made, "/link"));
        let headers = [("invitation-token", token_of_stranger.as_str())];
        let look = Step::new(&stranger, "GET /api/v1/invitations/inspect", Value::Null);
        self.step(world, look.saying(&headers)).await;
        let accept = "POST /api/v1/invitations/accept";
        let body = json!({ "token": token_of_stranger, "name": "Iva", "password": PASSWORD });
        self.step(world, Step::new(&stranger, accept, body)).await;
        let email = text(&guest.get("/api/v1/me").await.is(200), "/email").to_owned();
        let body = json!({ "email": email, "role": "viewer" });
        let made = self.step(world, Step::new(owner, &invite, body)).await;
        let body = json!({ "token": token(text(&made.json(), "/link")) });
        if made.status == 201 && text(&made.json(), "/email") == email {
            self.step(world, Step::new(guest, accept, body)).await;
        }
    }

    async fn let_work_be_done(&mut self, world: &World) {
        let of_workspace = (world.client("owner"), HOME, "inventory.self-check");
        let of_box = (world.client("operator"), "/api/v1", "platform.clean-up");
        for (by, base, kind) in [of_workspace, of_box] {
            let ask = format!("POST {base}/jobs");
            let job = self.step(world, Step::new(by, &ask, json!({ "kind": kind }))).await.json();
            let id = text(&job, "/id");
            for verb in ["cancel", "retry"] {
                let name = format!("POST {base}/jobs/{{id}}/{verb}");
                self.step(world, Step::new(by, &name, Value::Null).of(id)).await;
            }
        }
        let renew = Step::new(world.client("operator"), "POST /api/v1/tls/renew", Value::Null);
        self.step(world, renew).await;
        let sample = json!({ "name": "Playground", "load_sample_data": true });
        let root = world.client("root");
        // Spoiled, it may be a workspace that is none to play with.
        let made = root.post("/api/v1/workspaces", &sample).await.is(201);
        self.step(world, Step::new(root, "POST /api/v1/workspaces", sample)).await;
        let name = format!("POST {HOME}/wipe");
        let wipe = Step::new(root, &name, Value::Null);
        self.step(world, Step { home: Some(text(&made, "/id")), ..wipe }).await;
    }

    async fn move_and_hand_over(&mut self, world: &World) {
        let (manager, owner) = (world.client("manager"), world.client("owner"));
        let stock = manager.get("/inventory/stock").await.is(200);
        let places = manager.get("/inventory/locations").await.is(200);
        let from = text(&stock, "/items/0/location_id");
        let places = places["items"].as_array().expect("a list").iter();
        let mut others = places.map(|one| text(one, "/id")).filter(|id| *id != from);
        let transfer = json!({
            "item_id": text(&stock, "/items/0/item_id"), "from_location_id": from,
            "to_location_id": others.next(), "qty": "1",
        });
        let name = format!("POST {HOME}/inventory/transfers");
        self.step(world, Step::new(manager, &name, transfer)).await;
        let heir = manager.get("/api/v1/me").await.is(200);
        let body = json!({ "user_id": text(&heir, "/id") });
        let name = format!("POST {HOME}/transfer-ownership");
        self.step(world, Step::new(owner, &name, body)).await;
    }

    pub(super) fn operation(&self, name: &str) -> Operation {
        let found = self.description.operations.iter().find(|one| one.name() == name);
        found.unwrap_or_else(|| panic!("{name} is not described")).clone()
    }

    /// Asks for something several times with something wrong, and then as it is right.
    pub(super) async fn step(&mut self, world: &World, step: Step<'_>) -> Reply {
        let operation = self.operation(step.name);
        let part = |part: &str| match part {
            "{workspace}" => step.home.unwrap_or(&world.homes[0]).to_owned(),
            "{id}" => step.id.to_owned(),
            _ if part.starts_with('{') => step.other.to_owned(),
            _ => part.to_owned(),
        };
        let path = operation.path.split('/').map(part).collect::<Vec<_>>().join("/");
        let mut right = Sent {
            method: operation.method.clone(),
            path,
            query: Vec::new(),
            headers: Vec::new(),
            body: Vec::new(),
            breaks: None,
        };
        for (name, value) in step.headers {
            right.set_header(name, value);
        }
        if !step.body.is_null() {
            right.set_header("content-type", "application/json");
            right.body = step.body.to_string().into_bytes();
        }
        let spoiled = if COUNTED.contains(&step.name) { 0 } else { SPOILED };
        for _ in 0..spoiled {
            let mut sent = right.clone();
            let Self { description, chance, .. } = self;
            let mut breaker = Breaker { description, chance, elsewhere: &world.homes[1] };
            breaker.spoil(&operation, &mut sent);
            // What touches another place than the one that is meant proves nothing of it; an id can
            // be written in several ways.
            let reply = self.ask(&operation, step.by, "a person", &sent).await;
            let is_meant = sent.path.eq_ignore_ascii_case(&right.path)
                || id_of(&reply).is_some_and(|id| id.as_str() == Some(step.id));
            if reply.status.is_success() && is_meant {
                return reply;
            }
        }
        let reply = self.ask(&operation, step.by, "a person", &right).await;
        if !reply.status.is_success() {
            let fault = format!("{} to what is right: {}", reply.status, reply.text());
            self.find(&operation, &fault, "a person", &right);
        }
        reply
    }
}
