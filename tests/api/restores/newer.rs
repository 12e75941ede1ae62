//! Backups of a newer release: their format has a higher number, and they say more than this
//! release has heard of.

use std::path::Path;

use aws_lc_rs::signature::Ed25519KeyPair;
use holdfast::platform::backups::archive::{COMMIT_FILE, FORMAT, SIGNED_AS, to_signed};
use holdfast::platform::secrets::{Place, Purpose};

use super::*;
use crate::support::system;

/// Signs as this box does.
async fn signer(ready: &Ready) -> Ed25519KeyPair {
    let platform = &ready.server.platform;
    let ctx = system(platform);
    let sealed = ctx.read(|scope| {
        let mut newest =
            scope.prepare_cached("SELECT public_key, sealed_seed FROM audit_keys LIMIT 1")?;
        let row =
            newest.query_row([], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?)));
        Ok(row?)
    });
    let (public_key, sealed) = sealed.await.expect("a key");
    let place = Place { table: "audit_keys", column: "sealed_seed", row: &public_key };
    let seed = platform.secrets.unseal(Purpose::AuditSigning, &place, &sealed).expect("a seed");
    Ed25519KeyPair::from_seed_unchecked(&seed).expect("a pair")
}

/// Has the `COMMIT.json` of a base say something else, signed as the box does.
async fn say(ready: &Ready, base: &Path, change: impl FnOnce(&mut Value)) {
    let pair = signer(ready).await;
    let text = fs::read(base.join(COMMIT_FILE)).expect("a file");
    let mut commit = serde_json::from_slice::<Value>(&text).expect("JSON")["commit"].take();
    change(&mut commit);
    let sign = |text: &str| Ok(pair.sign(text.as_bytes()).as_ref().to_vec());
    let text = to_signed(&commit, SIGNED_AS, sign).expect("a text");
    fs::write(base.join(COMMIT_FILE), text).expect("it is written");
}

fn of_a_newer_release(commit: &mut Value) {
    commit["format"] = json!(FORMAT + 1);
    commit["colour"] = json!({ "of_the_box": "green" });
}

fn files_of(server: &TestServer) -> Vec<PathBuf> {
    let entries = fs::read_dir(server.folder().join("workspaces")).expect("a folder").flatten();
    let paths = entries.map(|entry| entry.path());
    let mut files: Vec<_> =
        paths.filter(|it| it.extension().is_some_and(|it| it == "db")).collect();
    files.sort();
    files
}

#[tokio::test]
async fn a_backup_of_a_newer_format_is_refused_as_such_and_nothing_is_changed() {
    let (ready, owner, backup) = begun().await;
    let base = ready.base(&backup);
    let whole = fs::read(base.join(COMMIT_FILE)).unwrap();
    let before = (files_of(&ready.server), ready.server.audit_actions().await);

    say(&ready, &base, of_a_newer_release).await;
    for mode in ["look", "in_place", "as_new"] {
        let said = refused(&ready, &wish(&ready, &backup, mode), "restore-refused").await;
        assert!(said.contains("It has format 2; this release reads up to 1."), "{mode}: {said}");
    }

    assert_eq!((files_of(&ready.server), ready.server.audit_actions().await), before);
    assert_eq!(ready.server.kept(), [] as [PathBuf; 0]);
    let spaces = ready.operator.get("/api/v1/workspaces").await.is(200);
    assert_eq!(spaces["items"].as_array().unwrap().len(), 1, "{spaces}");
    // It was nothing else.
    fs::write(base.join(COMMIT_FILE), whole).unwrap();
    restore(&ready, &wish(&ready, &backup, "in_place")).await;
    assert_eq!(names(&owner).await, ["A"]);
    ready.server.finish().await;
}

#[tokio::test]
async fn a_box_that_was_recovered_by_a_newer_release_fences_this_one() {
    let ready = Ready::start().await;
    let backup = ready.back_up().await;
    let theirs = ready.base(&backup).with_file_name("000009-20991231T235959Z");
    fs::create_dir(&theirs).unwrap();
    fs::copy(ready.base(&backup).join(COMMIT_FILE), theirs.join(COMMIT_FILE)).unwrap();
    say(&ready, &theirs, |commit| {
        of_a_newer_release(commit);
        commit["box_epoch"] = json!(5);
        commit["sequence"] = json!(9);
    })
    .await;

    ready.server.advance(Duration::from_mins(1));
    let asked = ready.operator.post("/api/v1/backups", &Value::Null).await.is(202);
    let sent = job(&ready, &asked).await;

    assert_eq!(sent["problem"]["code"], "backup-superseded", "{sent}");
    assert!(sent["problem"]["detail"].as_str().unwrap().contains("backup 9 there"), "{sent}");
    ready.server.finish().await;
}
