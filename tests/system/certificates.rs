//! A certificate that is replaced while everybody asks.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{CertificateParams, KeyPair};
use rustix::process::Signal;

use crate::client::{self, Tls};
use crate::rig::{Home, Manager, handed, listener};

const REQUESTS: usize = 10_000;
const CLIENTS: usize = 8;
/// After so many a client opens another connection, and sees the certificate in use.
const REQUESTS_PER_CONNECTION: usize = 10;
const SWAPS: usize = 6;
const LIVE: &str = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A certificate and its key, as PEM.
struct Pair {
    certificate: String,
    key: String,
}

impl Pair {
    fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        let certificate = params.self_signed(&key).expect("a certificate");
        Self { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    /// Writes one file after the other: in between they do not fit.
    fn put(&self, certificate: &Path, key: &Path) {
        std::fs::write(certificate, &self.certificate).expect("a file");
        std::fs::write(key, &self.key).expect("a file");
    }
}

fn places(home: &Home) -> (PathBuf, PathBuf) {
    (home.path("box.pem"), home.path("box.key"))
}

fn with_own(home: &Home) -> Manager<'_> {
    let (certificate, key) = places(home);
    Manager::new(home)
        .with("HOLDFAST_TLS__MODE", "own")
        .with("HOLDFAST_TLS__CERTIFICATE", certificate.to_str().expect("a path"))
        .with("HOLDFAST_TLS__KEY", key.to_str().expect("a path"))
}

#[test]
fn a_certificate_that_is_replaced_fails_no_request() {
    let home = Home::new();
    let pairs = [Pair::new(), Pair::new()];
    let (certificate, key) = places(&home);
    pairs[0].put(&certificate, &key);
    let manager = with_own(&home);
    let (socket, address) = listener();
    let mut running = manager.serve(vec![handed(&socket)], "https");
    let trust = client::trust(&pairs.each_ref().map(|pair| pair.certificate.as_str()).concat());
    let (asked, failures) = (AtomicUsize::new(0), Mutex::new(Vec::<String>::new()));
    let shown = Mutex::new(BTreeSet::new());
    // Strangers are not let ask so often.
    let request = home.request("GET", "items?limit=1", "");
    let ask = || -> io::Result<()> {
        let mut connection = Tls::open(address, &trust)?;
        for _ in 0..REQUESTS_PER_CONNECTION {
            let answer = connection.ask(&request)?;
            if answer.status != 200 {
                return Err(io::Error::other(answer.status.to_string()));
            }
            asked.fetch_add(1, Ordering::SeqCst);
        }
        shown.lock().expect("no panic").extend(connection.certificate());
        Ok(())
    };

    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                while asked.load(Ordering::SeqCst) < REQUESTS {
                    if let Err(error) = ask() {
                        failures.lock().expect("no panic").push(error.to_string());
                        return;
                    }
                }
            });
        }
        for swap in 1..=SWAPS {
            while asked.load(Ordering::SeqCst) < REQUESTS * swap / (SWAPS + 1)
                && failures.lock().expect("no panic").is_empty()
            {
                std::thread::yield_now();
            }
            pairs[swap % 2].put(&certificate, &key);
            running.signal(Signal::HUP);
            manager.hear_of(&mut running, "RELOADING=1");
            manager.hear_of(&mut running, "READY=1");
        }
    });

    let failures = failures.into_inner().expect("no panic");
    assert!(failures.is_empty(), "{failures:?}\n{}", home.log());
    assert!(asked.into_inner() >= REQUESTS);
    assert_eq!(shown.into_inner().expect("no panic").len(), 2, "both were shown");
    running.stop();
}

#[test]
fn a_pair_that_cannot_be_used_stops_the_start_with_one_line() {
    let (good, other) = (Pair::new(), Pair::new());
    let half = &good.certificate[..good.certificate.len() / 2];
    let broken = [
        ("half written", Pair { certificate: half.to_owned(), key: good.key.clone() }),
        ("with another key", Pair { certificate: good.certificate.clone(), key: other.key }),
        ("empty", Pair { certificate: String::new(), key: good.key.clone() }),
    ];
    for (what, pair) in broken {
        let home = Home::new();
        let (certificate, key) = places(&home);
        pair.put(&certificate, &key);
        let (socket, _) = listener();

        let status = with_own(&home).start(vec![handed(&socket)], "https").wait();

        let log = home.log();
        let said: Vec<&str> = log.lines().filter(|it| it.starts_with("holdfast: ")).collect();
        assert_eq!((status.code(), said.len()), (Some(1), 1), "{what}: {log}");
        assert!(said[0].contains("box.pem") || said[0].contains("box.key"), "{what}: {log}");
    }
}

#[test]
fn a_half_written_pair_keeps_the_one_in_use() {
    let home = Home::new();
    let (good, other) = (Pair::new(), Pair::new());
    let (certificate, key) = places(&home);
    good.put(&certificate, &key);
    let manager = with_own(&home);
    let (socket, address) = listener();
    let mut running = manager.serve(vec![handed(&socket)], "https");

    std::fs::write(&certificate, &other.certificate[..300]).expect("a file");
    running.signal(Signal::HUP);
    manager.hear_of(&mut running, "RELOADING=1");
    manager.hear_of(&mut running, "READY=1");

    let trust = client::trust(&good.certificate);
    let mut connection = Tls::open(address, &trust).expect("a connection");
    assert_eq!(connection.ask(LIVE).expect("an answer").status, 200);
    running.stop();
}
