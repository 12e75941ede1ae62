//! Verbs that speak to the running box, and what they do when none runs.

use std::io::{Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Output;

use rustix::process::Signal;
use serde_json::{Value, json as value};

use super::{Served, code, err, holdfast, make_box, out};

fn on(data: &Path, arguments: &[&str]) -> Output {
    holdfast(&[arguments, &["--data", data.to_str().expect("a plain path")]].concat())
}

fn json(output: &Output) -> Value {
    assert_eq!(code(output), 0, "{}", err(output));
    serde_json::from_str(out(output)).expect("JSON")
}

#[test]
fn status_tells_of_the_running_box() {
    let folder = tempfile::tempdir().unwrap();
    make_box(folder.path());
    let served = Served::start(folder.path());

    let status = json(&on(folder.path(), &["status", "--json"]));
    let text = on(folder.path(), &["status"]);

    assert_eq!(status["running"], true);
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(status["workspaces"], 1);
    assert_eq!(status["workspaces_open"], 0);
    assert!(status["uptime_s"].is_u64());
    assert!(status["open_files"].as_u64().unwrap() > 5, "{status}");
    for address in status["addresses"].as_array().unwrap() {
        let listener = address["listener"].as_str().unwrap();
        assert_eq!(address["address"], served.addresses[listener], "{status}");
    }
    assert_eq!(status["addresses"].as_array().unwrap().len(), 2);
    assert_eq!(status["certificate"]["kind"], "local-ca");
    let root = json(&on(folder.path(), &["ca", "show", "--json"]));
    assert_eq!(status["certificate"]["root_fingerprint"], root["items"][0]["fingerprint"]);
    assert_eq!(status["certificate"]["trouble"], Value::Null);
    assert!(out(&text).contains(", running for "), "{}", out(&text));
    assert!(out(&text).contains("(behind_proxy)\n"), "{}", out(&text));
}

#[test]
fn status_tells_of_a_box_that_does_not_run() {
    let folder = tempfile::tempdir().unwrap();
    make_box(folder.path());

    let status = json(&on(folder.path(), &["status", "--json"]));
    let text = on(folder.path(), &["status"]);

    assert_eq!(status["running"], false);
    assert_eq!(status["workspaces"], 1);
    assert_eq!(status["people"], 1);
    assert_eq!(status["claimed"], false);
    assert_eq!(status["name"], Value::Null);
    assert!(status.get("uptime_s").is_none());
    assert!(out(&text).contains(", not running\n"), "{}", out(&text));
}

#[test]
fn the_master_key_is_changed_in_a_running_box_and_in_one_that_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path());
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    let keys = || (read("master.key"), read("tls/root-1.key"));
    let before = keys();

    let running = json(&on(folder.path(), &["keys", "rotate", "--json"]));
    let between = keys();
    served.end(Signal::TERM);
    let offline = json(&on(folder.path(), &["keys", "rotate", "--json"]));
    let after = keys();

    assert_eq!((&running["done"], &offline["done"]), (&Value::Bool(true), &Value::Bool(true)));
    assert_ne!(running["key_id"], offline["key_id"]);
    for (old, new) in [(&before, &between), (&between, &after)] {
        assert!(old.0 != new.0 && old.1 != new.1);
    }
    let served = Served::start(folder.path());
    assert!(served.get("/").starts_with("HTTP/1.1 200 "));
    let status = json(&on(folder.path(), &["status", "--json"]));
    assert_eq!(status["certificate"]["trouble"], Value::Null);
    assert_eq!(code(&on(folder.path(), &["audit", "verify"])), 0);
}

#[test]
fn a_box_that_was_killed_leaves_a_socket_that_the_next_one_replaces() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("control.sock");
    Served::start(folder.path()).end(Signal::KILL);
    assert!(std::fs::symlink_metadata(&socket).unwrap().file_type().is_socket());

    let dead = json(&on(folder.path(), &["status", "--json"]));
    let served = Served::start(folder.path());
    let alive = json(&on(folder.path(), &["status", "--json"]));

    assert_eq!((&dead["running"], &alive["running"]), (&Value::Bool(false), &Value::Bool(true)));
    served.end(Signal::TERM);
    assert!(!socket.exists());
}

#[test]
fn a_data_folder_with_a_long_path_has_a_socket_too() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("d".repeat(120));
    let _served = Served::start(&data);

    assert_eq!(json(&on(&data, &["status", "--json"]))["running"], true);
}

#[test]
fn a_file_in_the_place_of_the_socket_is_left_alone_and_the_box_serves() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("control.sock"), "mine").unwrap();

    let served = Served::start(&data);

    assert!(served.get("/").starts_with("HTTP/1.1 200 "));
    served.end(Signal::TERM);
    assert_eq!(std::fs::read_to_string(data.join("control.sock")).unwrap(), "mine");
}

#[test]
fn nothing_the_box_writes_is_for_others() {
    fn look_at(path: &Path) {
        let metadata = std::fs::symlink_metadata(path).unwrap();
        let mode = metadata.permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", path.display());
        if metadata.is_dir() {
            for entry in std::fs::read_dir(path).unwrap() {
                look_at(&entry.unwrap().path());
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let _served = Served::start(&data);

    look_at(&data);
    assert!(data.join("control.sock").exists() && data.join("system.db").exists());
}

#[test]
fn nonsense_over_the_socket_is_answered_and_harms_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path());
    let say = |bytes: &[u8]| {
        let mut stream = UnixStream::connect(folder.path().join("control.sock")).unwrap();
        // The box stops reading at its bound.
        stream.write_all(bytes).unwrap_or_default();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };

    for nonsense in [&b"GET / HTTP/1.1\r\n"[..], b"{\"verb\":\"reboot\"}\n", b"\0\xff\n"] {
        let answer = say(nonsense);
        assert!(answer.starts_with("{\"error\":{\"code\":\"malformed\""), "{answer}");
    }
    let hung = UnixStream::connect(folder.path().join("control.sock")).unwrap();
    assert_eq!(json(&on(folder.path(), &["status", "--json"]))["running"], true);
    let (code, messages) = served.end(Signal::TERM);
    assert_eq!(code, Some(0));
    assert_eq!(messages.last().map(String::as_str), Some("Stopped"), "{messages:?}");
    drop(hung);
}

#[test]
fn people_are_listed_beside_a_running_box_and_without() {
    let folder = tempfile::tempdir().unwrap();
    make_box(folder.path());

    let text = on(folder.path(), &["user", "list"]);
    let _served = Served::start(folder.path());
    let list = json(&on(folder.path(), &["user", "list", "--json"]));

    assert!(out(&text).ends_with("  Ada <ada@example.com>  never here, operator\n"));
    let ada = &list["items"][0];
    assert_eq!((&ada["name"], &ada["email"]), (&"Ada".into(), &"ada@example.com".into()));
    assert_eq!(ada["is_operator"], true);
    assert_eq!((&ada["disabled_at"], &ada["last_seen_at"]), (&Value::Null, &Value::Null));
    assert!(out(&text).starts_with(ada["id"].as_str().unwrap()));
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}

/// The token of a link, which must be one.
fn token_of(link: &str) -> &str {
    let (origin, token) = link.trim().split_once("/setup#token=").expect("a link");
    assert!(origin.starts_with("https://") && token.len() == 22, "{link}");
    token
}

fn set_up(served: &Served, token: &str) -> String {
    let body = value!({
        "token": token,
        "box_name": "Harbour",
        "operator": {
            "name": "Ana", "email": "ana@example.com", "password": "lantern otter mosaic drizzle",
        },
        "workspace": { "name": "Kitchen" },
    });
    served.post("/api/v1/setup", &body)
}

#[test]
fn a_new_set_up_link_kills_the_old_one_and_a_claimed_box_has_none() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path());
    let logged = served.messages.iter().find(|line| line.contains("/setup#token=")).unwrap();
    let old = token_of(logged.rsplit(' ').next().unwrap());

    let first = on(folder.path(), &["setup-link"]);
    let second = json(&on(folder.path(), &["setup-link", "--json"]));

    assert_eq!(code(&first), 0, "{}", err(&first));
    for dead in [old, token_of(out(&first))] {
        assert!(set_up(&served, dead).starts_with("HTTP/1.1 403 "));
    }
    let made = set_up(&served, token_of(second["link"].as_str().unwrap()));
    assert!(made.starts_with("HTTP/1.1 201 "), "{made}");

    let refused = on(folder.path(), &["setup-link"]);
    assert_eq!((code(&refused), out(&refused)), (1, ""));
    let sentence = "holdfast: This box has an operator already, so there is no set-up link.\n";
    assert_eq!(err(&refused), sentence);
    let status = json(&on(folder.path(), &["status", "--json"]));
    assert_eq!((&status["claimed"], &status["name"]), (&Value::Bool(true), &"Harbour".into()));
    let people = json(&on(folder.path(), &["user", "list", "--json"]));
    assert!(people["items"][0]["last_seen_at"].is_string(), "{people}");
    assert_eq!(code(&on(folder.path(), &["audit", "verify"])), 0);
}

#[test]
fn a_link_made_while_the_box_rests_works_when_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    Served::start(folder.path()).end(Signal::TERM);

    let link = on(folder.path(), &["setup-link"]);
    let served = Served::start(folder.path());

    assert_eq!(code(&link), 0, "{}", err(&link));
    assert!(served.messages.iter().any(|line| line.contains("`holdfast setup-link` gave last")));
    assert!(!served.messages.iter().any(|line| line.contains("/setup#token=")));
    assert!(set_up(&served, token_of(out(&link))).starts_with("HTTP/1.1 201 "));
    served.end(Signal::TERM);
    let refused = on(folder.path(), &["setup-link"]);
    assert_eq!(code(&refused), 1);
    assert!(err(&refused).contains("has an operator already"), "{}", err(&refused));
}

#[test]
fn a_box_that_cannot_be_asked_keeps_its_files_to_itself() {
    let folder = tempfile::tempdir().unwrap();
    let _served = Served::start(folder.path());
    std::fs::remove_file(folder.path().join("control.sock")).unwrap();

    let refused = on(folder.path(), &["setup-link"]);

    assert_eq!(code(&refused), 1);
    assert!(err(&refused).contains("starting or stopping"), "{}", err(&refused));
}

/// A running box that belongs to Ana.
fn claimed(data: &Path) -> Served {
    let served = Served::start(data);
    let link = on(data, &["setup-link"]);
    assert!(set_up(&served, token_of(out(&link))).starts_with("HTTP/1.1 201 "));
    served
}

/// Signs in and gives the status line.
fn sign_in(served: &Served, email: &str, password: &str) -> String {
    let body = value!({ "email": email, "password": password });
    let answer = served.post("/api/v1/auth/login", &body);
    answer.lines().next().unwrap_or_default().to_owned()
}

fn choose_password(served: &Served, link: &str, password: &str) {
    let token = link.trim().split_once("/reset#token=").expect("a link").1;
    let body = value!({ "token": token, "password": password });
    let answer = served.post("/api/v1/auth/reset", &body);
    assert!(answer.starts_with("HTTP/1.1 204 "), "{answer}");
}

#[test]
fn people_are_added_disabled_and_recovered_beside_a_running_box() {
    const FIRST: &str = "lantern otter mosaic drizzle";
    const SECOND: &str = "amber violin granite pillow";
    let folder = tempfile::tempdir().unwrap();
    let served = claimed(folder.path());
    let arguments = ["user", "create", "--name", "Iva Horvat", "--email", "iva@example.com"];

    let made = on(folder.path(), &arguments);

    assert_eq!(code(&made), 0, "{}", err(&made));
    assert!(err(&made).contains("Iva Horvat <iva@example.com>"), "{}", err(&made));
    choose_password(&served, out(&made), FIRST);
    assert!(sign_in(&served, "iva@example.com", FIRST).contains(" 200 "));
    let disabled = on(folder.path(), &["user", "disable", "IVA@example.com"]);
    assert_eq!(out(&disabled), "Iva Horvat <iva@example.com> cannot sign in any more.\n");
    assert!(sign_in(&served, "iva@example.com", FIRST).contains(" 401 "));
    let refused = on(folder.path(), &["user", "reset", "iva@example.com"]);
    assert_eq!((code(&refused), out(&refused)), (1, ""));
    let recovered = json(&on(folder.path(), &["user", "recover", "iva@example.com", "--json"]));
    assert_eq!(recovered["user"]["is_operator"], true);
    choose_password(&served, recovered["link"].as_str().unwrap(), SECOND);
    assert!(sign_in(&served, "iva@example.com", SECOND).contains(" 200 "));
    assert_eq!(code(&on(folder.path(), &["audit", "verify"])), 0);
}

#[test]
fn the_last_operator_and_a_last_owner_are_not_disabled_and_who_is_nobody_is_said() {
    let folder = tempfile::tempdir().unwrap();
    claimed(folder.path()).end(Signal::TERM);

    let last = on(folder.path(), &["user", "disable", "ana@example.com"]);
    let iva = ["user", "create", "--name", "Iva", "--email", "iva@example.com"];
    assert_eq!(code(&on(folder.path(), &iva)), 0);
    let bistro = ["workspace", "create", "--name", "Bistro", "--owner", "iva@example.com"];
    assert_eq!(code(&on(folder.path(), &bistro)), 0);
    let last_owner = on(folder.path(), &["user", "disable", "iva@example.com"]);
    let nobody = on(folder.path(), &["user", "reset", "nobody@example.com"]);
    let arguments = ["user", "create", "--name", " ", "--email", "b@example.com"];
    let blank = on(folder.path(), &arguments);

    assert_eq!(code(&last), 1);
    assert!(err(&last).contains("last operator"), "{}", err(&last));
    assert_eq!(code(&last_owner), 1);
    assert!(err(&last_owner).contains("last owner of Bistro"), "{}", err(&last_owner));
    assert_eq!(code(&nobody), 3);
    assert!(err(&nobody).contains("nobody@example.com"), "{}", err(&nobody));
    assert_eq!(code(&blank), 1);
    assert!(err(&blank).contains("Give a name."), "{}", err(&blank));
}

#[test]
fn a_token_made_while_the_box_rests_works_when_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    claimed(folder.path()).end(Signal::TERM);

    let made = on(folder.path(), &["user", "token", "ana@example.com", "--name", "Backup"]);
    let long = ["user", "token", "ana@example.com", "--name", "x", "--days", "366"];
    let refused = on(folder.path(), &long);

    assert_eq!(code(&made), 0, "{}", err(&made));
    let token = out(&made).trim();
    assert!(token.starts_with("hfp_") && !err(&made).contains(token), "{token}");
    assert_eq!(code(&refused), 1);
    let served = Served::start(folder.path());
    let bearer = format!("GET /api/v1/me HTTP/1.1\r\nAuthorization: Bearer {token}\r\nX-Rest:");
    let me = served.send(&bearer, "");
    assert!(me.starts_with("HTTP/1.1 200 ") && me.contains("ana@example.com"), "{me}");
}

#[test]
fn nobody_is_added_to_a_box_without_an_operator() {
    let folder = tempfile::tempdir().unwrap();
    let _served = Served::start(folder.path());

    let arguments = ["user", "create", "--name", "Iva", "--email", "iva@example.com", "--operator"];
    let refused = on(folder.path(), &arguments);

    assert_eq!((code(&refused), out(&refused)), (1, ""));
    assert!(err(&refused).contains("set-up link"), "{}", err(&refused));
}

#[test]
fn a_workspace_is_made_for_somebody_beside_a_running_box_and_without_one() {
    let folder = tempfile::tempdir().unwrap();
    let served = claimed(folder.path());
    let make = |name: &str, owner: &str, zone: &str| {
        let arguments = [
            "workspace",
            "create",
            "--name",
            name,
            "--owner",
            owner,
            "--time-zone",
            zone,
            "--json",
        ];
        on(folder.path(), &arguments)
    };

    let beside = make("Pier", "ana@example.com", "Europe/Lisbon");
    let nobody = make("Quay", "nobody@example.com", "UTC");
    let nowhere = make("Quay", "ana@example.com", "Mars/Base");
    served.end(Signal::TERM);
    let without = make("Quay", "ana@example.com", "UTC");

    assert_eq!(code(&beside), 0, "{}", err(&beside));
    let beside = json(&beside);
    assert_eq!(beside["workspace"]["time_zone"], "Europe/Lisbon");
    assert_eq!((code(&nobody), code(&nowhere), code(&without)), (3, 1, 0));
    assert!(err(&nobody).contains("nobody@example.com"), "{}", err(&nobody));
    assert!(err(&nowhere).contains("time_zone"), "{}", err(&nowhere));
    let list = json(&on(folder.path(), &["workspace", "list", "--json"]));
    let items = list["items"].as_array().unwrap();
    let pier = items.iter().find(|one| one["id"] == beside["workspace"]["id"]).unwrap();
    assert_eq!((&pier["name"], &pier["members"]), (&value!("Pier"), &value!(1)));
    assert_eq!((&pier["state"], items.len()), (&value!("active"), 3));
    assert_eq!(code(&on(folder.path(), &["audit", "verify"])), 0);
}

#[test]
fn what_is_held_on_people_is_written_down_and_erased_beside_a_running_box_and_without_one() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let served = claimed(folder.path());
    let work = |who: &str| {
        let email = format!("{who}@example.com");
        let made = on(folder.path(), &["user", "create", "--name", who, "--email", &email]);
        assert_eq!(code(&made), 0, "{}", err(&made));
        let zip = elsewhere.path().join(format!("{who}.zip"));
        let file = zip.display().to_string();
        let written = on(folder.path(), &["user", "export", &email, "--out", &file]);
        assert_eq!(code(&written), 0, "{}", err(&written));
        assert!(std::fs::read(&zip).unwrap().starts_with(b"PK\x03\x04"));
        let again = on(folder.path(), &["user", "export", &email, "--out", &file]);
        assert_eq!(code(&again), 1, "a file that is there is left alone");
        let unsure = on(folder.path(), &["user", "erase", &email]);
        assert_eq!(code(&unsure), 2);
        let erased = on(folder.path(), &["user", "erase", &email, "--yes"]);
        assert_eq!(code(&erased), 0, "{}", err(&erased));
        let people = on(folder.path(), &["user", "list"]);
        assert!(!out(&people).contains(who), "{}", out(&people));
        let gone = on(folder.path(), &["user", "erase", &email, "--yes"]);
        assert_eq!(code(&gone), 3);
    };

    work("quetzalfinch");
    served.end(Signal::TERM);
    work("zebrawren");

    let unknown = elsewhere.path().join("nobody.zip").display().to_string();
    let nobody = on(folder.path(), &["user", "export", "nobody@example.com", "--out", &unknown]);
    assert_eq!(code(&nobody), 3);
    assert!(!std::path::Path::new(&unknown).exists(), "an empty file is left");
    assert_eq!(code(&on(folder.path(), &["audit", "verify"])), 0);
    let system = std::fs::read(folder.path().join("system.db")).unwrap();
    for word in [b"quetzalfinch".as_slice(), b"zebrawren"] {
        assert!(!system.windows(word.len()).any(|part| part == word));
    }
}
