//! Faults of names, ports, certificates and proxies.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};

use crate::scene::Scene;

#[test]
fn port_taken() {
    let scene = Scene::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    scene.config(&format!("[server]\nhttps = \"127.0.0.1:{port}\"\n"));
    let who = format!("server.https wants {port}, which is taken by ");
    scene.finds("port-taken", "failed", &who, &format!("kill {}", std::process::id()));
    drop(listener);
    scene.is_well("port-taken");
}

#[test]
fn not_answering() {
    let scene = Scene::new();
    let lock = fs::File::options().write(true).open(scene.path("data/lock")).unwrap();
    lock.try_lock().unwrap();
    let id = std::process::id().to_string();
    scene.finds(
        "not-answering",
        "warning",
        "holds the data and does not answer",
        "systemctl status",
    );
    let finding = scene.finding("not-answering");
    assert!(finding["cause"].as_str().unwrap().contains(&id), "{finding}");
    lock.unlock().unwrap();
    scene.is_well("not-answering");
}

#[test]
fn names_elsewhere() {
    let scene = Scene::new();
    let named = |name: &str| {
        scene.config(&format!("[server]\nhttps = \"127.0.0.1:0\"\nnames = [\"{name}\"]\n"));
    };
    named("box.invalid");
    scene.finds(
        "names-elsewhere",
        "warning",
        "box.invalid is not known",
        "getent ahosts box.invalid",
    );
    named("localhost");
    scene.is_well("names-elsewhere");
}

#[test]
fn proxies_unset_and_too_wide() {
    let scene = Scene::new();
    scene.behind_proxy("");
    scene.finds("proxies-unset", "warning", "trusted_proxies is empty", "trusted_proxies = [");
    scene.behind_proxy("\"0.0.0.0/0\"");
    scene.is_well("proxies-unset");
    scene.finds("proxies-too-wide", "failed", "0.0.0.0/0", "editor /etc/holdfast/holdfast.toml");
    scene.behind_proxy("\"127.0.0.1/32\"");
    scene.is_well("proxies-too-wide");
}

#[test]
fn forwarded_untrusted() {
    let scene = Scene::new();
    let ask = |to: &str| {
        let mut stream = TcpStream::connect(to).unwrap();
        let request = "GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.1\r\n\
                       Connection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    };
    scene.behind_proxy("\"192.0.2.77/32\"");
    let served = scene.serve();
    scene.is_well("forwarded-untrusted");
    ask(&served.plain);
    scene.finds(
        "forwarded-untrusted",
        "warning",
        "Requests passed on by 127.0.0.1, which is not trusted: 1.",
        "editor",
    );
    drop(served);
    scene.behind_proxy("\"127.0.0.1/32\"");
    let served = scene.serve();
    ask(&served.plain);
    scene.is_well("forwarded-untrusted");
}

/// A pair of files in the scene, and the configuration that names them.
fn own_pair(scene: &Scene, certificate: &str, key: &str) {
    fs::write(scene.path("own.pem"), certificate).unwrap();
    fs::write(scene.path("own.key"), key).unwrap();
    scene.mode("own.key", 0o600);
    let (certificate, key) = (scene.text("own.pem"), scene.text("own.key"));
    scene.config(&format!(
        "[server]\nhttps = \"127.0.0.1:0\"\nnames = [\"localhost\"]\n[tls]\nmode = \"own\"\n\
         certificate = \"{certificate}\"\nkey = \"{key}\"\n"
    ));
}

fn params(name: &str, end: (i32, u8, u8)) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(end.0, end.1, end.2);
    params
}

const LATE: (i32, u8, u8) = (2040, 1, 1);

fn self_signed(name: &str, end: (i32, u8, u8)) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let certificate = params(name, end).self_signed(&key).unwrap();
    (certificate.pem(), key.serialize_pem())
}

#[test]
fn certificate_ended() {
    let scene = Scene::new();
    let (certificate, key) = self_signed("localhost", (2026, 2, 1));
    own_pair(&scene, &certificate, &key);
    scene.finds("certificate-ended", "failed", "It ended on 2026-02-01", "certbot renew");
    scene.is_well("certificate-key");
    let (certificate, key) = self_signed("localhost", LATE);
    own_pair(&scene, &certificate, &key);
    for code in ["certificate-ended", "certificate-names", "certificate-chain", "certificate-key"] {
        scene.is_well(code);
    }
}

#[test]
fn certificate_names() {
    let scene = Scene::new();
    let (certificate, key) = self_signed("other.example", LATE);
    own_pair(&scene, &certificate, &key);
    scene.finds("certificate-names", "warning", "does not name localhost", "-d localhost");
}

#[test]
fn certificate_chain() {
    let scene = Scene::new();
    let mut above = params("root.example", LATE);
    above.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    above.distinguished_name.push(DnType::CommonName, "Planted root");
    let above = CertifiedIssuer::self_signed(above, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = params("localhost", LATE).signed_by(&key, &above).unwrap();
    let chain = format!("{}{}", leaf.pem(), above.pem());
    own_pair(&scene, &leaf.pem(), &key.serialize_pem());
    scene.finds("certificate-chain", "warning", "issuer is missing", "INTERMEDIATE.pem > ");
    let (stranger, _) = self_signed("x.example", LATE);
    own_pair(&scene, &format!("{}{stranger}", leaf.pem()), &key.serialize_pem());
    scene.finds("certificate-chain", "warning", "is not signed by", "INTERMEDIATE.pem > ");
    own_pair(&scene, &chain, &key.serialize_pem());
    scene.is_well("certificate-chain");
}

#[test]
fn certificate_key() {
    let scene = Scene::new();
    let (certificate, key) = self_signed("localhost", LATE);
    let (_, another) = self_signed("localhost", LATE);
    own_pair(&scene, &certificate, &another);
    scene.finds("certificate-key", "failed", "does not belong", "openssl pkey -pubout");
    own_pair(&scene, &certificate[..certificate.len() / 2], &key);
    scene.finds("certificate-key", "failed", "own.pem", "openssl x509 -noout");
    own_pair(&scene, &certificate, &key);
    scene.is_well("certificate-key");
    scene.mode("own.key", 0o644);
    scene.finds("certificate-key-readable", "warning", "has mode 644", "chmod o= ");
    scene.runs_fix("certificate-key-readable");
}

#[test]
fn root_ends() {
    let scene = Scene::new();
    fs::rename(scene.path("data/tls/root-1.key"), scene.path("root.key")).unwrap();
    scene.finds("root-ends", "warning", "Its key is gone", "holdfast ca show");
    fs::rename(scene.path("root.key"), scene.path("data/tls/root-1.key")).unwrap();
    scene.is_well("root-ends");
}
