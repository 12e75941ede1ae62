//! Archives that somebody made who has the key and a grudge: none becomes a workspace, each is
//! refused with a reason, and nothing of it stays.

use holdfast::platform::backups::portable::rules::ROOM_LEFT_BYTES;
use holdfast::platform::secret::to_hex;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::members::{Members, lock};
use super::{Sent, decoded, export, key_of, refused};
use crate::inventory::{item, location, post};
use crate::support::{Client, TestServer};

struct Ready {
    server: TestServer,
    operator: Client,
    sent: Sent,
    members: Members,
}

impl Ready {
    async fn start() -> Self {
        let server = TestServer::start().await;
        let owner = server.person("owner").await;
        let (salmon, cellar) = (item(&owner, "A").await, location(&owner, "C").await);
        post(&owner, "receive", &salmon, &cellar, "7.5").await;
        let sent = export(&server, &owner).await;
        let operator = server.operator().await;
        let members = Members::of(&sent.bytes, &key_of(&sent));
        Self { server, operator, sent, members }
    }

    async fn refused(&self, bytes: &[u8]) -> (String, String) {
        self.server.advance(std::time::Duration::from_secs(13));
        refused(&self.server, &self.operator, bytes, &self.sent.key()).await
    }

    /// What is said of members that were signed anew.
    async fn said(&self, change: impl FnOnce(&mut Members)) -> (String, String) {
        let mut members = self.members.clone();
        change(&mut members);
        members.sign();
        self.refused(&members.pack(&self.sent.identity.recipient())).await
    }
}

#[tokio::test]
async fn an_archive_says_all_that_is_in_it_and_who_signed_it() {
    let ready = Ready::start().await;

    let members = &ready.members;

    let paths: Vec<&str> = members.0.iter().map(|(path, _)| path.as_str()).collect();
    let database = format!("workspaces/{}.db", ready.server.workspace);
    let expected =
        ["workspace.json", database.as_str(), "MANIFEST.json", "SHA256SUMS", "COMMIT.json"];
    assert_eq!(paths, expected);
    for line in String::from_utf8_lossy(members.get("SHA256SUMS")).lines() {
        let (sum, path) = line.split_once("  ").expect("a line");
        assert_eq!(to_hex(&Sha256::digest(members.get(path))), sum, "{path}");
    }
    let known = ready.operator.get("/api/v1/backup-kits").await.is(200);
    let commit = members.json("COMMIT.json")["commit"].clone();
    assert_eq!(decoded(&commit["signing_key"]), decoded(&known["signing_key"]));
    let about = members.json("workspace.json").to_string();
    assert!(!about.contains("password") && !about.contains("hash"), "{about}");
    // Signed by nobody this box knows, and nothing else changed: taken, and its key is shown.
    let mut again = members.clone();
    again.sign();
    let bytes = again.pack(&ready.sent.identity.recipient());
    let id = super::upload(&ready.operator, &bytes).await;
    let wish = super::wish("look", &ready.sent.key());
    let look = super::read(&ready.server, &ready.operator, &id, &wish).await;
    assert_eq!(look["state"], "done", "{look}");
    assert_ne!(look["result"]["fingerprint"], ready.sent.result["fingerprint"]);
    ready.server.finish().await;
}

#[tokio::test]
async fn a_schema_that_no_release_made_is_not_run() {
    let ready = Ready::start().await;
    for sql in [
        "CREATE TRIGGER grudge AFTER INSERT ON items BEGIN DELETE FROM items; END",
        "CREATE VIEW grudge AS WITH RECURSIVE all_of AS (SELECT 1 UNION ALL SELECT 1 FROM all_of)
         SELECT * FROM all_of",
        "CREATE TABLE grudge (a TEXT)",
        "DROP TRIGGER audit_entries_are_not_changed",
        "ALTER TABLE items ADD COLUMN grudge TEXT",
        "CREATE INDEX grudge ON items (abs(length(name)))",
    ] {
        let (code, detail) = ready.said(|members| members.alter(sql)).await;
        assert_eq!(code, "import-refused", "{sql}");
        assert!(detail.contains("schema"), "{sql}: {detail}");
    }
    let newer = "INSERT INTO applied_migrations (set_name, number, sha256, applied_at)
         VALUES ('workspace', 9000, 'x', 0)";
    assert_eq!(ready.said(|members| members.alter(newer)).await.0, "import-newer");
    let app = "INSERT INTO applied_migrations (set_name, number, sha256, applied_at)
         VALUES ('abacus', 1, 'x', 0)";
    assert_eq!(ready.said(|members| members.alter(app)).await.0, "import-newer");
    let other = "UPDATE applied_migrations SET sha256 = 'x' WHERE number = 1";
    assert_eq!(ready.said(|members| members.alter(other)).await.0, "import-refused");
    ready.server.finish().await;
}

#[tokio::test]
async fn a_database_that_does_not_hold_together_is_refused() {
    let ready = Ready::start().await;
    let without_checks = "PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF;";
    for (sql, word) in [
        (
            "INSERT INTO item_barcodes (item_id, position, code, kind) VALUES (999, 0, 'x', 'ean')",
            "names what is not there",
        ),
        ("UPDATE workspace_file SET workspace_id = randomblob(16)", "another workspace"),
        ("UPDATE audit_log SET log_id = randomblob(16)", "audit log"),
        ("INSERT INTO audit_nodes (level, position, hash) VALUES (1, 500, randomblob(32))", ""),
    ] {
        let (code, detail) =
            ready.said(|members| members.alter(&format!("{without_checks} {sql}"))).await;
        assert_eq!(code, "import-refused", "{sql}");
        assert!(detail.contains(word), "{sql}: {detail}");
    }
    let (code, _) = ready
        .said(|members| {
            let mut manifest = members.json("MANIFEST.json");
            manifest["files"][0]["rows"]["items"] = json!(2);
            members.set("MANIFEST.json", manifest.to_string().into_bytes());
        })
        .await;
    assert_eq!(code, "import-refused");
    let path = ready.members.database();
    for damage in [0, 100, 4_096] {
        let (code, _) = ready
            .said(|members| {
                let mut bytes = members.get(&path).to_vec();
                bytes[damage..damage + 16].fill(0xff);
                let mut manifest = members.json("MANIFEST.json");
                manifest["files"][0]["sha256"] = json!(to_hex(&Sha256::digest(&bytes)));
                members.set("MANIFEST.json", manifest.to_string().into_bytes());
                members.set(&path, bytes);
            })
            .await;
        assert_eq!(code, "import-refused", "{damage}");
    }
    ready.server.finish().await;
}

#[tokio::test]
async fn members_that_belong_to_no_workspace_are_refused() {
    let ready = Ready::start().await;
    let to = ready.sent.identity.recipient();
    for path in ["keys/master.key", "extra.txt", "workspaces/other.db", "workspaces/a/b.db"] {
        let add = |members: &mut Members| members.0.push((path.to_owned(), b"x".to_vec()));
        assert_eq!(ready.said(add).await.0, "import-refused", "{path}");
    }
    // Twice the same.
    let mut twice = ready.members.clone();
    twice.0.push(("MANIFEST.json".to_owned(), b"{}".to_vec()));
    let (code, detail) = ready.refused(&twice.pack(&to)).await;
    assert_eq!((code.as_str(), detail.contains("twice")), ("import-refused", true), "{detail}");
    // Kinds of members that lead elsewhere.
    for (kind, name) in [
        (tar::EntryType::Symlink, "workspaces/link.db"),
        (tar::EntryType::Link, "workspaces/link.db"),
        (tar::EntryType::Directory, "workspaces"),
        (tar::EntryType::GNULongName, "././@LongLink"),
        (tar::EntryType::XHeader, "pax"),
        (tar::EntryType::Regular, "../up.db"),
        (tar::EntryType::Regular, "/etc/passwd"),
    ] {
        let mut header = tar::Header::new_gnu();
        let field = &mut header.as_old_mut().name;
        field[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(kind);
        header.set_size(0);
        header.set_cksum();
        let bytes = ready.members.pack_behind(&header, &to);
        assert_eq!(ready.refused(&bytes).await.0, "import-refused", "{kind:?} {name}");
    }
    // Each takes a block and a name on the disk, however small it is.
    let mut small = ready.members.clone();
    for number in 0..1_000_u32 {
        let hash = to_hex(&Sha256::digest(number.to_be_bytes()));
        small.0.push((format!("blobs/{}/{hash}", &hash[..2]), b"x".to_vec()));
    }
    small.sign();
    ready.server.platform.room.pretend(Some(ROOM_LEFT_BYTES + 4_000_000));
    assert_eq!(ready.refused(&small.pack(&to)).await.0, "archive-no-room");
    ready.server.platform.room.pretend(None);
    // More than there can be in it.
    let mut bomb = tar::Header::new_gnu();
    bomb.set_path("workspaces/bomb.db").expect("a path");
    bomb.set_entry_type(tar::EntryType::Regular);
    bomb.set_size(1 << 40);
    bomb.set_cksum();
    let (code, _) = ready.refused(&lock(bomb.as_bytes(), &to)).await;
    assert_eq!(code, "archive-no-room");
    ready.server.finish().await;
}

#[tokio::test]
async fn what_is_said_is_signed_and_fits() {
    let ready = Ready::start().await;
    let to = ready.sent.identity.recipient();
    let mut unsigned = ready.members.clone();
    unsigned.0.pop();
    assert_eq!(ready.refused(&unsigned.pack(&to)).await.0, "import-refused");
    // The signature of the box, and another text below it.
    for (path, from, with) in [
        ("workspace.json", "Harbour Kitchen", "Harbour Kitchem"),
        ("SHA256SUMS", "workspace.json", "workspace.jsom"),
        ("COMMIT.json", "\"format\":1", "\"format\":0"),
    ] {
        let mut changed = ready.members.clone();
        let text = String::from_utf8_lossy(changed.get(path)).replace(from, with);
        changed.set(path, text.into_bytes());
        assert_eq!(ready.refused(&changed.pack(&to)).await.0, "import-refused", "{path}");
    }
    let newer = |members: &mut Members| {
        let mut manifest = members.json("MANIFEST.json");
        manifest["format"] = json!(2);
        members.set("MANIFEST.json", manifest.to_string().into_bytes());
    };
    assert_eq!(ready.said(newer).await.0, "import-newer");
    for (name, value) in [
        ("time_zone", json!("Moon/Base")),
        ("name", json!("\u{202e}elif")),
        ("people", json!([{ "id": "x", "name": "A", "email": null, "role": null }])),
        (
            "roles",
            json!([{ "name": "owner", "description": "",
            "permissions": ["inventory.read"] }]),
        ),
    ] {
        let change = |members: &mut Members| {
            let mut about = members.json("workspace.json");
            about[name] = value.clone();
            members.set("workspace.json", about.to_string().into_bytes());
        };
        let (code, detail) = ready.said(change).await;
        assert_eq!(code, "import-refused", "{name}");
        assert!(detail.contains("workspace.json"), "{detail}");
    }
    ready.server.finish().await;
}

#[tokio::test]
async fn what_the_sender_says_of_the_box_shows_nothing_else() {
    let ready = Ready::start().await;
    let to = ready.sent.identity.recipient();
    let hidden = "Main, signed with the key ab12 ab12.\n\u{1b}[8m";
    for (name, value) in [
        ("box_name", json!(hidden)),
        ("box_name", json!("B".repeat(10_000))),
        ("taken_at", json!("2026-11-21T10:00:00Z".to_owned() + &" ".repeat(100_000))),
        ("taken_at", json!(hidden)),
        ("version", json!("1.0\u{1b}[8m")),
        ("version", json!("1".repeat(51))),
        ("box_id", json!(hidden)),
    ] {
        let change = |members: &mut Members| {
            let mut manifest = members.json("MANIFEST.json");
            manifest[name] = value.clone();
            members.set("MANIFEST.json", manifest.to_string().into_bytes());
        };
        let (code, detail) = ready.said(change).await;
        assert_eq!(code, "import-refused", "{name}: {detail}");
        assert!(detail.contains("MANIFEST.json"), "{detail}");
    }
    // What a refusal names was written by the sender, too.
    let mut named = ready.members.clone();
    named.sign();
    let sums = String::from_utf8_lossy(named.get("SHA256SUMS")).into_owned();
    named.sign_sums(sums + "00  \u{1b}[8mx\n");
    let (code, detail) = ready.refused(&named.pack(&to)).await;
    assert_eq!(code, "import-refused");
    assert!(!detail.contains('\u{1b}'), "{detail:?}");
    ready.server.finish().await;
}

#[tokio::test]
async fn two_hundred_damaged_archives_are_refused_with_a_reason() {
    let ready = Ready::start().await;
    let whole = &ready.sent.bytes;
    let mut number: u64 = 0x2545_f491_4f6c_dd1d;
    let mut next = |below: usize| {
        number ^= number << 13;
        number ^= number >> 7;
        number ^= number << 17;
        usize::try_from(number % below as u64).expect("a small number")
    };
    for round in 0..200 {
        let (at, other) = (next(whole.len() - 1), next(whole.len() - 1));
        let mut bytes = whole.clone();
        match round % 5 {
            0 => bytes[at] ^= 1 << next(8),
            1 => bytes.truncate(at),
            2 => drop(bytes.drain(at..=at)),
            3 => bytes.extend_from_slice(&whole[other..]),
            _ => bytes[at] = bytes[at].wrapping_add(1),
        }
        let (code, _) = ready.refused(&bytes).await;
        assert!(
            ["import-refused", "import-key"].contains(&code.as_str()),
            "{round}: {code} at {at} of {}",
            whole.len()
        );
    }
    ready.server.finish().await;
}
