//! Signing in to OneDrive from the box's pages, against the Graph that the targets' own tests have.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use holdfast::platform::backups::targets::Endpoints;
use serde_json::{Value, json};

use self::microsoft::{Graph, start};
use super::{TARGETS, change, id};
use crate::backups::Ready;
use crate::privacy::holders;
use crate::support::{Client, Reply};

#[path = "../../../src/platform/backups/targets/tests/microsoft.rs"]
mod microsoft;

/// Looks at a sign-in after the last question before a test goes on without what it waited for.
const LOOKS_MAX: usize = 100_000;
const DEVICE: &str = "a device's secret";

/// A box with a drive that nobody has signed in to, and the Microsoft that it finds.
struct Scene {
    ready: Ready,
    graph: Arc<Mutex<Graph>>,
    drive: Value,
}

impl Scene {
    async fn new(says: &[&'static str]) -> Self {
        let (ready, graph) = (Ready::start().await, start().await);
        let (login, at) = graph.lock().expect("a graph").addresses();
        ready.server.platform.microsoft.pretend(Endpoints { login, graph: at });
        let drive = add(&ready.operator, "Drive", "app-1").await;
        let scene = Self { ready, graph, drive };
        scene.says(says);
        scene
    }

    fn says(&self, says: &[&'static str]) {
        let mut graph = self.graph.lock().expect("a graph");
        graph.interval = 1;
        graph.says = says.iter().copied().collect();
    }

    fn path(&self) -> String {
        format!("{TARGETS}/{}/sign-in", id(&self.drive))
    }

    async fn begin(&self) -> Value {
        self.ready.operator.post(&self.path(), &Value::Null).await.is(200)
    }

    async fn standing(&self) -> Value {
        self.ready.operator.get(&self.path()).await.is(200)
    }

    /// Waits until Microsoft was asked so often, and gives how the sign-in ended.
    async fn ended_after(&self, questions: usize) -> Value {
        let heard = Arc::clone(&self.graph.lock().expect("a graph").heard);
        for _ in 0..questions {
            heard.notified().await;
        }
        for _ in 0..LOOKS_MAX {
            let standing = self.standing().await;
            if standing["state"] != "waiting" {
                return standing;
            }
            tokio::task::yield_now().await;
        }
        panic!("it waits on");
    }

    async fn shown(&self) -> Value {
        self.ready.operator.get(&format!("{TARGETS}/{}", id(&self.drive))).await.is(200)
    }

    async fn test(&self) -> Reply {
        self.ready.operator.post(&format!("{TARGETS}/{}/test", id(&self.drive)), &Value::Null).await
    }
}

async fn add(operator: &Client, name: &str, client_id: &str) -> Value {
    let drive = json!({ "name": name, "kind": "onedrive",
        "settings": { "client_id": client_id, "folder": "Backups of ours" } });
    operator.post(TARGETS, &drive).await.is(201)
}

#[tokio::test]
async fn a_code_typed_elsewhere_opens_the_drive_and_backups_go_there() {
    let scene = Scene::new(&["authorization_pending", "slow_down"]).await;
    let operator = &scene.ready.operator;
    let unknown = add(operator, "Unknown", "app-2").await;
    let path = format!("{TARGETS}/{}/sign-in", id(&unknown));
    let refused = operator.post(&path, &Value::Null).await;
    let refused = refused.is_problem(409, "target-unreachable");
    operator
        .send(http::Method::DELETE, &format!("{TARGETS}/{}", id(&unknown)), &[], "")
        .await
        .is(204);

    let code = scene.begin().await;
    let waiting = scene.standing().await;
    let done = scene.ended_after(3).await;
    let tested = scene.test().await.is(200);
    let backup = scene.ready.back_up().await;

    assert!(refused["detail"].as_str().unwrap().contains("No such app."), "{refused}");
    assert_eq!(code["user_code"], "ABC-123");
    assert_eq!(code["verification_uri"], "https://microsoft.com/devicelogin");
    let expires_at = scene.ready.server.clock.now();
    assert!(code["expires_at"].as_str().unwrap() > expires_at.to_string().as_str(), "{code}");
    assert_eq!((&waiting["state"], &done["state"]), (&json!("waiting"), &json!("done")), "{done}");
    let polls = scene.graph.lock().unwrap().polls.clone();
    assert!(polls[1] - polls[0] >= Duration::from_secs(1));
    assert!(polls[2] - polls[1] >= Duration::from_secs(6), "it was asked to slow down");
    assert_eq!((&tested["ok"], &tested["can_delete"]), (&json!(true), &json!(true)), "{tested}");
    assert_eq!(tested["steps"].as_array().unwrap().len(), 4);
    assert_eq!(scene.shown().await["has_secret"], true);
    // Fetched back from there and looked through, like a copy at any other target.
    let copies = backup["copies"].as_array().unwrap();
    let copy = copies.iter().find(|one| one["target_name"] == "Drive").expect("a copy");
    assert!(copy["verified_at"].is_string(), "{copy}");
    let there: Vec<String> = scene.graph.lock().unwrap().files.keys().cloned().collect();
    assert!(there.iter().any(|name| name.ends_with("/COMMIT.json")), "{there:?}");
    // Each token was good once, so the newest was kept every time; none was told to anybody.
    let mut said =
        [code, waiting, done, tested, backup, scene.shown().await].map(|it| it.to_string());
    said[0] += &operator.get(TARGETS).await.is(200).to_string();
    said[0] += &operator.get("/api/v1/audit?limit=200").await.is(200).to_string();
    for secret in [DEVICE, "refresh-", "access-"] {
        assert!(!said.iter().any(|text| text.contains(secret)), "{secret} is told: {said:?}");
        assert_eq!(holders(scene.ready.server.folder(), secret), [] as [String; 0]);
    }
    let counts = scene.ready.server.box_counts().await;
    assert_eq!(counts["box.backup_target.sign_in_begun"], 1);
    assert_eq!(counts["box.backup_target.signed_in"], 1);
    scene.ready.server.finish().await;
}

#[tokio::test]
async fn a_code_that_was_declined_or_ran_out_lets_nobody_in_and_another_one_does() {
    let scene = Scene::new(&["authorization_declined"]).await;

    scene.begin().await;
    let declined = scene.ended_after(1).await;
    scene.says(&["expired_token"]);
    scene.begin().await;
    let expired = scene.ended_after(1).await;
    // The box does not wait longer than the code is good, whatever is said.
    scene.says(&[]);
    scene.graph.lock().unwrap().expires_in = 0;
    scene.begin().await;
    let ran_out = scene.ended_after(0).await;

    let said = |it: &Value| (it["state"].clone(), it["detail"].clone());
    let late = (json!("failed"), json!("Nobody typed the code in time."));
    assert_eq!(said(&declined), (json!("failed"), json!("It was declined.")));
    assert_eq!((said(&expired), said(&ran_out)), (late.clone(), late));
    assert_eq!(scene.shown().await["has_secret"], false);
    let tested = scene.test().await.is(200);
    assert!(tested["detail"].as_str().unwrap().contains("signed in"), "{tested}");
    assert_eq!(scene.ready.server.box_counts().await.get("box.backup_target.signed_in"), None);
    scene.graph.lock().unwrap().expires_in = 900;
    scene.begin().await;
    assert_eq!(scene.ended_after(1).await["state"], "done");
    assert_eq!(scene.test().await.is(200)["ok"], true);
    scene.ready.server.finish().await;
}

#[tokio::test]
async fn what_is_let_in_for_a_target_opens_no_other_that_took_its_place() {
    let scene = Scene::new(&[]).await;

    scene.begin().await;
    let elsewhere = json!({ "settings": { "client_id": "app-2" } });
    change(&scene.ready.operator, id(&scene.drive), &elsewhere).await.is(200);
    let late = scene.ended_after(1).await;

    assert_eq!(late["state"], "failed");
    assert!(late["detail"].as_str().unwrap().contains("changed or removed meanwhile"), "{late}");
    assert_eq!(scene.shown().await["has_secret"], false);
    assert_eq!(holders(scene.ready.server.folder(), "refresh-"), [] as [String; 0]);
    scene.ready.server.finish().await;
}
