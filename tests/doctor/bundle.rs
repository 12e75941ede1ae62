//! What leaves the box in a support bundle, and what does not.

use std::fs;
use std::io::Read;
use std::os::unix::fs::MetadataExt;

use serde_json::Value;

use crate::backups::damage_backups;
use crate::http::ask;
use crate::scene::{BOX_NAME, EMAIL, PASSWORD, PERSON, Scene, Served, WORKSPACE, open};

/// Planted wherever a text can stand.
const MARK: &str = "plantedvalue";
const TOKEN: &str = "plantedvalue-of-the-token-of-monitoring";
/// What somebody called a target: all of it gets into a line of the log.
const TARGET: &str = "plantedvalue0123456 planted.person@plantedmail.example 192.0.2.77 \
                      Plantedperson Novak";

/// Every file of a bundle by its name.
fn unpack(packed: &[u8]) -> Vec<(String, String)> {
    let plain = zstd::decode_all(packed).unwrap();
    let mut archive = tar::Archive::new(plain.as_slice());
    let read = |entry: std::io::Result<tar::Entry<'_, &[u8]>>| {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().display().to_string();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        (name, text)
    };
    archive.entries().unwrap().map(read).collect()
}

/// Writes the mark into every text of the box's own file that takes it.
fn plant_everywhere(scene: &Scene) -> usize {
    let file = open(&scene.path("data/system.db"));
    let mut columns = file
        .prepare(
            "SELECT m.name, c.name FROM sqlite_schema AS m, pragma_table_info(m.name) AS c
             WHERE m.type = 'table' AND c.type = 'TEXT' AND m.name NOT LIKE 'sqlite%'
                 AND m.name NOT LIKE '%search%' AND m.name <> 'applied_migrations'",
        )
        .unwrap();
    let columns: Vec<(String, String)> = columns
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let planted = columns.iter().filter(|(table, column)| {
        let sql = format!("UPDATE \"{table}\" SET \"{column}\" = '{MARK}' || hex(randomblob(4))");
        // A column with a closed list of words does not take it, nor does one that is a key.
        file.execute(&sql, []).is_ok_and(|count| count > 0)
    });
    planted.count()
}

fn holds_nothing_of_people(files: &[(String, String)], scene: &Scene) {
    let folder = scene.text("");
    let home = folder.trim_end_matches('/');
    for (name, text) in files {
        let words = ["Novak", "192.0.2.77", "plantedhost", home];
        for secret in
            [BOX_NAME, PERSON, EMAIL, PASSWORD, WORKSPACE, MARK, TOKEN].iter().chain(&words)
        {
            assert!(!text.contains(secret), "{name} holds {secret}: {text}");
        }
    }
}

/// Has the box say what it must not hand on, and makes sure that it said so.
fn plant_in_the_log(scene: &Scene, served: &Served) {
    let address = format!("GET /{EMAIL}/{MARK}?token={MARK}");
    ask(&served.plain, &address, None, &Value::Null);
    ask(&served.plain, "GET /api/v1/me", None, &Value::Null);
    let kit = scene.text("kit.txt");
    assert!(!scene.holdfast(&["backup", "drill", "--kit", &kit]).status.success());
    served.says("failed (backup-damaged)");
    let said = scene.holdfast(&["logs", "-n", "1000"]).stdout;
    let said = String::from_utf8(said).unwrap();
    for word in [EMAIL, MARK, "192.0.2.77", "Novak"] {
        assert!(said.contains(word), "the log itself does not hold {word}: {said}");
    }
    // What the box no longer knows by name is left out by what it looks like.
    scene.sql("UPDATE backup_targets SET name = 'Disk'");
}

#[test]
fn a_bundle_says_how_the_box_is_and_nothing_of_people() {
    let scene = Scene::new();
    scene.config(&format!(
        "[server]\nhttps = \"127.0.0.1:0\"\nbehind_proxy = \"127.0.0.1:0\"\n\
         trusted_proxies = [\"127.0.0.1/32\"]\nnames = [\"plantedhost.lan\", \"localhost\"]\n\
         public_url = \"https://plantedhost.example\"\n[monitoring]\ntoken = \"{TOKEN}\"\n"
    ));
    scene.sql(&format!("UPDATE backup_targets SET name = '{TARGET}'"));
    damage_backups(&scene);
    let served = scene.serve();
    plant_in_the_log(&scene, &served);
    let (to, running) = (scene.text("support.tar.zst"), scene.text("running.tar.zst"));
    scene.doctor(&["--bundle", &running]);
    drop(served);
    holds_nothing_of_people(&unpack(&fs::read(&running).unwrap()), &scene);
    assert!(plant_everywhere(&scene) > 20);

    let (_, report) = scene.doctor(&["--bundle", &to]);

    assert_eq!(report["bundle"], to.as_str());
    assert_eq!(fs::metadata(&to).unwrap().mode() & 0o777, 0o600);
    let files = unpack(&fs::read(&to).unwrap());
    holds_nothing_of_people(&files, &scene);
    let of = |wanted: &str| {
        let found = files.iter().find(|(name, _)| name == &format!("holdfast-support/{wanted}"));
        found.unwrap_or_else(|| panic!("{wanted} is not in it")).1.clone()
    };
    let said: serde_json::Value = serde_json::from_str(&of("report.json")).unwrap();
    assert_eq!(
        said["findings"].as_array().unwrap().len(),
        report["findings"].as_array().unwrap().len()
    );
    let config = of("config.json");
    assert!(config.contains("monitoring.token") && config.contains("left out"), "{config}");
    assert!(of("versions.json").contains("\"system\""), "the schema of each file is told");
    assert!(of("sizes.json").contains("system.db"));
    assert!(of("log.txt").contains("The box does not run."));
    let running = unpack(&fs::read(&running).unwrap());
    let log = running.iter().find(|(name, _)| name.ends_with("/log.txt")).map(|(_, text)| text);
    let log = log.expect("the log is in it");
    for line in ["info  ready", " failed (backup-damaged): …", " route=/api/v1/me status=401 "] {
        assert!(log.contains(line), "{line} is not in it: {log}");
    }
    assert!(running.iter().any(|(_, text)| text.contains("holdfast_disk_free_bytes")));
    let exit = scene.holdfast(&["doctor", "--bundle", &to]).status.code();
    assert_eq!(exit, Some(1), "a file that is there is left alone");
}
