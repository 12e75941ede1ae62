//! Faults of a box while it runs: its listeners, its disk, its work.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::FileExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Stdio;
use std::time::Instant;

use rusqlite::params;
use serde_json::{Value, json};

use crate::files::workspace_file;
use crate::http::ask;
use crate::scene::{EMAIL, PATIENCE, Scene, Served, open};

/// What the control socket of the box answers to the doctor.
pub(crate) fn told(scene: &Scene) -> String {
    let mut socket = UnixStream::connect(scene.path("data/control.sock")).unwrap();
    socket.write_all(b"{\"verb\":{\"doctor\":\"tell\"}}\n").unwrap();
    let mut line = String::new();
    BufReader::new(socket).read_line(&mut line).unwrap();
    assert!(line.starts_with("{\"ok\":"), "{line}");
    line
}

/// Answers the next look with a line, as the box would.
pub(crate) fn answers_once(scene: &Scene, line: &str, look: impl FnOnce()) {
    let path = scene.path("data/control.sock");
    fs::remove_file(&path).unwrap();
    let listener = UnixListener::bind(&path).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let (mut socket, _) = listener.accept().unwrap();
            let mut asked = String::new();
            BufReader::new(socket.try_clone().unwrap()).read_line(&mut asked).unwrap();
            socket.write_all(line.as_bytes()).unwrap();
        });
        look();
    });
}

#[test]
fn not_listening() {
    let scene = Scene::new();
    let served = scene.serve();
    scene.is_well("not-listening");
    let said = told(&scene);
    drop(served);
    // What it said stays said, and nobody is there any more.
    answers_once(&scene, &said, || {
        let fix = "systemctl restart holdfast.service";
        scene.finds("not-listening", "failed", "https on 127.0.0.1:", fix);
    });
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut answer: Value = serde_json::from_str(&said).unwrap();
    answer["ok"]["addresses"] = json!([["https", listener.local_addr().unwrap().to_string()]]);
    answers_once(&scene, &format!("{answer}\n"), || scene.is_well("not-listening"));
}

#[test]
fn storage_refusing() {
    let mut scene = Scene::new();
    scene.preload("tests/durability/failing_disk.c");
    let (data, mode) = (scene.text("data"), scene.text("mode"));
    scene.variable("HOLDFAST_DISK_ROOT", &data);
    scene.variable("HOLDFAST_DISK_MODE", &mode);
    let served = scene.serve();
    scene.is_well("storage-refusing");

    fs::write(&mode, "broken").unwrap();
    let refused = scene.holdfast(&["user", "token", EMAIL, "--name", "Refused"]);

    assert!(!refused.status.success());
    let fix = "systemctl restart holdfast.service";
    scene.finds("storage-refusing", "failed", "could not be brought to the disk", fix);
    drop(served);
    fs::remove_file(&mode).unwrap();
    let _served = scene.serve();
    scene.is_well("storage-refusing");
}

#[test]
fn queue_long() {
    let mut scene = Scene::new();
    scene.preload("tests/doctor/held_disk.c");
    let gate = File::create(scene.path("gate")).unwrap();
    let path = scene.text("gate");
    scene.variable("HOLDFAST_TEST_GATE", &path);
    scene.config("[storage]\nqueue_commands_max = 2\n");
    let _served = scene.serve();
    scene.without("LD_PRELOAD");
    scene.is_well("queue-long");

    gate.lock().unwrap();
    // What is on its way to the disk is not counted; the others wait for it.
    let begin = |name: &&str| {
        let mut change = scene.command(&["user", "token", EMAIL, "--name", name]);
        change.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let changes: Vec<_> = ["one", "two"].iter().map(begin).collect();
    let since = Instant::now();
    while scene.finding("queue-long")["status"] == "ok" {
        assert!(since.elapsed() < PATIENCE, "nobody ever waits");
    }

    let fix = "iostat -x 5 3";
    scene.finds("queue-long", "warning", "; more than 2 are refused.", fix);
    gate.unlock().unwrap();
    for mut change in changes {
        assert!(change.wait().unwrap().success());
    }
    scene.is_well("queue-long");
}

/// Has the box do a job, and waits until it says how that went.
fn has_done(scene: &Scene, served: &Served, kind: &str, said: &str) {
    let body = json!({ "kind": kind });
    let (status, _, answer) = ask(&served.plain, "POST /api/v1/jobs", Some(&scene.token()), &body);
    assert_eq!(status, 202, "{}", String::from_utf8_lossy(&answer));
    served.says(said);
}

#[test]
fn jobs_failing() {
    let scene = Scene::new();
    scene.behind_proxy("\"127.0.0.1/32\"");
    let file = open(&scene.path("data/system.db"));
    let entry = "SELECT seq, changes FROM audit_entries ORDER BY seq DESC LIMIT 1";
    let last: (i64, String) =
        file.query_row(entry, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let set = "UPDATE audit_entries SET changes = ? WHERE seq = ?";
    file.execute(set, params!["{\"altered\":\"1\"}", last.0]).unwrap();
    let served = scene.serve();
    scene.is_well("jobs-failing");

    has_done(&scene, &served, "platform.check-logs", "Checking audit logs failed (audit-log-alt");

    let fix = r"journalctl -u holdfast --grep=' failed \(' -n 50";
    scene.finds("jobs-failing", "warning", "1 failed within a week", fix);
    drop(served);
    file.execute(set, params![last.1, last.0]).unwrap();
    let served = scene.serve();
    has_done(&scene, &served, "platform.check-logs", "Checking audit logs is done");
    scene.is_well("jobs-failing");
}

#[test]
fn workspace_damaged() {
    let scene = Scene::new();
    scene.behind_proxy("\"127.0.0.1/32\"");
    let path = workspace_file(&scene);
    let id = path.file_stem().unwrap().to_str().unwrap().to_owned();
    let bytes = fs::read(&path).unwrap();
    let file = File::options().write(true).open(&path).unwrap();
    let page = bytes.len() / 2 / 4_096 * 4_096;
    file.write_all_at(&[0x5a; 4_096], page as u64).unwrap();
    let served = scene.serve();
    scene.is_well("workspace-damaged");

    has_done(&scene, &served, "platform.check-files", "Checking files is done");

    let target = scene.text("target");
    let fix = format!("holdfast restore --from {target} --kit FILE --workspace {id}");
    let cause = format!("The file of workspace {} is damaged", crate::scene::WORKSPACE);
    scene.finds("workspace-damaged", "failed", &cause, &fix);
    let kit = scene.text("kit.txt");
    scene.runs_fix_with("workspace-damaged", &[("FILE", &kit)]);
}

#[test]
fn receivers_failing() {
    let scene = Scene::new();
    scene.behind_proxy("\"127.0.0.1/32\"");
    let served = scene.serve();
    let token = scene.token();
    let receiver = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", receiver.local_addr().unwrap());
    let draft = json!({ "name": "Watch", "url": url, "allow_private": true });
    let (status, _, made) = ask(&served.plain, "POST /api/v1/box/webhooks", Some(&token), &draft);
    let made: Value = serde_json::from_slice(&made).unwrap();
    assert_eq!(status, 201, "{made}");
    let test = format!("POST /api/v1/box/webhooks/{}/test", made["id"].as_str().unwrap());
    let call = |answer: &'static str| {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let (mut socket, _) = receiver.accept().unwrap();
                let mut lines = BufReader::new(socket.try_clone().unwrap()).lines();
                while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
                socket.write_all(answer.as_bytes()).unwrap();
            });
            let (status, ..) = ask(&served.plain, &test, Some(&token), &Value::Null);
            assert_eq!(status, 200);
        });
    };

    call("HTTP/1.1 500 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");

    let fix = "journalctl -u holdfast --grep='could not be sent' -n 20";
    scene.finds("receivers-failing", "warning", "Calls fail: Watch. Watch: ", fix);
    assert!(scene.finding("receivers-failing")["cause"].as_str().unwrap().contains("500"));
    call("HTTP/1.1 204 Taken\r\nconnection: close\r\n\r\n");
    scene.is_well("receivers-failing");
}
