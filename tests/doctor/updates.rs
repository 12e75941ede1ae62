//! Faults of updates: who starts releases, and whose word is believed for how long.

use serde_json::{Value, json};

use crate::running::{answers_once, told};
use crate::scene::Scene;

const DAY_MS: i64 = 86_400_000;

/// What the running box says, with another word about who watches over it.
fn watched(said: &str, change: &Value) -> String {
    let mut answer: Value = serde_json::from_str(said).unwrap();
    let supervision = answer["ok"]["supervision"].as_object_mut().unwrap();
    supervision.extend(change.as_object().unwrap().clone());
    format!("{answer}\n")
}

#[test]
fn update_alone() {
    let scene = Scene::new();
    let root = scene.text("1.root.json");
    scene.config(&format!("[updates]\nroot = \"{root}\"\n"));
    let served = scene.serve();
    scene.finds("update-alone", "warning", "nobody may start one", "systemctl show holdfast");
    let said = told(&scene);
    drop(served);
    let line = watched(&said, &json!({ "is_supervised": true }));
    answers_once(&scene, &line, || scene.is_well("update-alone"));
}

#[test]
fn update_unprotected_and_quarantined() {
    let scene = Scene::new();
    let served = scene.serve();
    let said = told(&scene);
    drop(served);
    let bad = json!({ "seq": 7, "version": "1.4.2", "code": "update-unhealthy" });
    let line = |protection: &str, detail: &str, quarantine: Value| {
        let change = json!({
            "is_supervised": true, "protection": protection, "protection_detail": detail,
            "quarantine": quarantine,
        });
        watched(&said, &change)
    };
    let open = line("shared_folder", "The folder is shared.", json!([bad]));
    answers_once(&scene, &open, || {
        let fix = "holdfast supervise --state";
        scene.finds("update-unprotected", "hint", "The folder is shared.", fix);
    });
    answers_once(&scene, &open, || {
        scene.finds("update-quarantined", "hint", "1.4.2", "holdfast update history");
    });
    let well = line("full", "", json!([]));
    answers_once(&scene, &well, || {
        assert_eq!(scene.finding("update-unprotected")["status"], "ok");
    });
    answers_once(&scene, &well, || {
        assert_eq!(scene.finding("update-quarantined")["status"], "ok");
    });
}

#[test]
fn update_trust_ends() {
    let scene = Scene::new();
    let ends_in = |first: i64, root: i64| {
        let (first, root) = (first * DAY_MS, root * DAY_MS);
        scene.sql(&format!(
            "INSERT OR REPLACE INTO update_feed (id, checked_at, answered_at, expires_at,
                 root_expires_at)
             SELECT 1, now, now, now + {first}, now + {root}
             FROM (SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now)"
        ));
    };
    scene.is_well("update-trust-ends");
    ends_in(7, 20);
    scene.finds("update-trust-ends", "warning", "runs out on", "holdfast update check");
    ends_in(-1, 200);
    scene.finds("update-trust-ends", "warning", "has run out on", "holdfast update check");
    ends_in(-1, -1);
    scene.finds("update-trust-ends", "failed", "The root of releases", "holdfast update check");
    ends_in(7, 200);
    assert_eq!(scene.finding("update-trust-ends")["status"], "ok");
}
