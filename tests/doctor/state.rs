//! Faults that the box's own file knows of: backups, mail, owners.

use std::fs;

use crate::scene::Scene;

#[test]
fn backup_unset() {
    let scene = Scene::new();
    scene.sql(
        "DELETE FROM backup_kits; UPDATE backup_targets SET name = name;
         UPDATE box_settings SET claimed_at = claimed_at - 3 * 86400000",
    );
    scene.finds("backup-unset", "warning", "There is no recovery kit", "backup kit create --out");
    let kit = scene.text("another.txt");
    scene.said(&["backup", "kit", "create", "--out", &kit]);
    scene.is_well("backup-unset");
}

#[test]
fn backup_late() {
    let scene = Scene::new();
    scene.sql(
        "UPDATE backup_kits SET created_at = created_at - 40 * 86400000;
         UPDATE backup_targets SET created_at = created_at - 40 * 86400000;
         UPDATE backups SET verified_at = verified_at - 3 * 86400000",
    );
    scene.finds("backup-late", "warning", "No backup was verified since", "holdfast backup run");
    scene.finds("drill-due", "hint", "for a month", "holdfast backup drill --kit FILE");
    let served = scene.serve();
    scene.runs_fix("backup-late");
    let kit = scene.text("kit.txt");
    scene.said(&["backup", "drill", "--kit", &kit]);
    scene.is_well("drill-due");
    drop(served);
}

#[test]
fn kit_unconfirmed() {
    let scene = Scene::new();
    scene.sql("UPDATE backup_kits SET confirmed_at = NULL");
    scene.finds("kit-unconfirmed", "warning", "recovery kit", "holdfast backup kit confirm --kit");
    scene.finds("key-only-copy", "hint", "on this disk", "cp -p ");
    let kit = scene.text("kit.txt");
    scene.said(&["backup", "kit", "confirm", "--kit", &kit]);
    scene.is_well("kit-unconfirmed");
    scene.is_well("key-only-copy");
}

#[test]
fn target_failing() {
    let scene = Scene::new();
    fs::rename(scene.path("target"), scene.path("away")).unwrap();
    let tried = scene.holdfast(&["backup", "target", "test", "Disk"]);
    assert!(!tried.status.success());
    scene.finds("target-failing", "warning", "Disk: ", "holdfast backup target test Disk");
    fs::rename(scene.path("away"), scene.path("target")).unwrap();
    scene.runs_fix("target-failing");
}

#[test]
fn mail_failing_and_notices_nowhere() {
    let scene = Scene::new();
    scene.finds("notices-nowhere", "hint", "neither a mail server", "/box/delivery");
    let set = |is_ok: u8| {
        scene.sql(&format!(
            "DELETE FROM mail_settings; INSERT INTO mail_settings (id, host, port, security, sender,
                 updated_at, last_at, last_is_ok, last_detail)
             VALUES (1, 'mail.invalid', 587, 'starttls', 'a@example.org', 0, 1, {is_ok}, 'refused')"
        ));
    };
    set(0);
    scene.finds("mail-failing", "warning", "refused.", "openssl s_client -brief -connect mail.inv");
    set(1);
    scene.is_well("mail-failing");
    scene.is_well("notices-nowhere");
}

#[test]
fn errors_open() {
    let scene = Scene::new();
    scene.sql(
        "INSERT INTO error_groups
             (id, fingerprint, kind, message, count, first_at, last_at, version)
         VALUES (zeroblob(16), zeroblob(32), 'server', 'It broke', 1, 1, 1, '0')",
    );
    scene.finds("errors-open", "hint", "Still open: 1;", "journalctl -u holdfast");
    scene.sql("UPDATE error_groups SET resolved_at = 2");
    scene.is_well("errors-open");
}
