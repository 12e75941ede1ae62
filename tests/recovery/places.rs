//! Places on a network: each thing that goes wrong is one sentence, and the machine is as before.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::rig::{Scene, err, program};

/// A store that speaks as S3 does, ended with the test.
pub struct Store {
    child: Child,
    pub endpoint: String,
    _folder: tempfile::TempDir,
}

impl Drop for Store {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// `SeaweedFS` with a bucket `box`, where it is installed.
#[expect(clippy::print_stdout, reason = "a skipped test says why")]
pub fn seaweed() -> Option<Store> {
    let weed = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/python/bin/weed");
    if !weed.is_file() {
        println!("SKIPPED: nothing was brought back from S3; .ci/python installs SeaweedFS");
        return None;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let held: Vec<_> = (0..10).map(|_| TcpListener::bind("127.0.0.1:0").expect("a port")).collect();
    let ports: Vec<u16> = held.iter().map(|it| it.local_addr().expect("one").port()).collect();
    drop(held);
    let mut command = Command::new(weed);
    command.env("AWS_ACCESS_KEY_ID", "boxkey").env("AWS_SECRET_ACCESS_KEY", "boxsecret");
    command.args(["mini", "-bucket=box", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"]);
    command.args(["-admin.ui=false", "-webdav=false", "-s3.port.iceberg=0"]);
    let names = "s3.port s3.port.grpc master.port master.port.grpc volume.port volume.port.grpc \
                 filer.port filer.port.grpc admin.port s3.metricsPort";
    for (name, port) in names.split_whitespace().zip(&ports) {
        command.arg(format!("-{name}={port}"));
    }
    command.arg(format!("-dir={}", folder.path().display())).current_dir(folder.path());
    let log = fs::File::create(folder.path().join("log")).expect("a log");
    command.env("HOME", folder.path()).stdin(Stdio::null());
    command.stdout(log.try_clone().expect("a log")).stderr(log);
    let child = command.spawn().expect("a server");
    let endpoint = format!("http://127.0.0.1:{}", ports[0]);
    let store = Store { child, endpoint, _folder: folder };
    let begun = Instant::now();
    let address = SocketAddr::from(([127, 0, 0, 1], ports[0]));
    while !has_bucket(&address) {
        assert!(begun.elapsed() < Duration::from_mins(2), "no store came up");
        std::thread::yield_now();
    }
    Some(store)
}

/// A bucket that is there refuses strangers; one that is not there yet is not found.
fn has_bucket(address: &SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect_timeout(address, Duration::from_secs(1)) else {
        return false;
    };
    let asked = stream.write_all(b"GET /box?list-type=2 HTTP/1.0\r\nHost: localhost\r\n\r\n");
    let mut line = String::new();
    asked.is_ok()
        && BufReader::new(stream).read_line(&mut line).is_ok()
        && line.split(' ').nth(1) == Some("403")
}

/// A server that says the same to everybody.
fn server(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    #[expect(clippy::disallowed_methods, reason = "a server of the test's own")]
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut line = String::new();
            let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                line.clear();
            }
            drop(stream.write_all(answer.as_bytes()));
        }
    });
    format!("http://{address}")
}

fn refused(scene: &Scene, from: &str, endpoint: &str, sentence: &str) {
    let mut command = program();
    command.args(["recover", "--from", from, "--kit", &scene.text("kit.txt")]);
    command.args(["--data", &scene.text("new")]);
    for (name, value) in [("ENDPOINT", endpoint), ("REGION", "us-east-1"), ("ACCESS_KEY", "boxkey")]
    {
        command.env(format!("HOLDFAST_TARGET_{name}"), value);
    }
    command.env("HOLDFAST_TARGET_SECRET_KEY", "a-wrong-secret");
    command.env("HOLDFAST_TARGET_USER", "box").env("HOLDFAST_TARGET_PASSWORD", "a-wrong-secret");

    let output = command.output().expect("the program");

    let said = err(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(sentence), "{from} {endpoint}: {said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(!said.contains("a-wrong-secret"), "{said}");
    assert!(scene.is_as_before("new"));
}

#[test]
fn a_place_that_does_not_hand_out_says_so_in_one_sentence() {
    let scene = Scene::new(1, false);
    let denied = server("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
    let busy =
        server("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 600\r\nContent-Length: 0\r\n\r\n");
    let gone = server("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    let dav = |at: &str| format!("webdav+{at}/kept");

    refused(&scene, &dav(&denied), "", "401");
    refused(&scene, &dav(&busy), "", "429");
    refused(&scene, "s3://box", &denied, "401");
    refused(&scene, "s3://box", &busy, "429");
    refused(&scene, "s3://box", &gone, "There is no backup");
    refused(&scene, "s3://box", "http://127.0.0.1:1", "127.0.0.1");
    refused(&scene, "ftp://box", "", "not from ftp://");
    refused(&scene, &scene.text("nowhere"), "", "There is no folder");
    refused(&scene, &scene.text("target"), "", "never finished");
}

#[test]
fn a_store_says_which_of_credential_and_bucket_is_wrong() {
    let Some(store) = seaweed() else { return };
    let scene = Scene::new(1, false);

    refused(&scene, "s3://box", &store.endpoint, "");
    refused(&scene, "s3://no-such-bucket", &store.endpoint, "");
}
