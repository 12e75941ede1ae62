//! What the machine says of its own root, and the page on which people compare it.

use std::net::SocketAddr;
use std::process::{Command, Output};

use holdfast::platform::qr;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::client::{self, Answer, Connection, Tls};
use crate::rig::{BINARY, Home, Manager, handed, listener};

fn output(home: &Home, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(BINARY);
    command.env_clear().envs(variables.iter().copied());
    command.args(["ca", "show", "--data"]).arg(home.data()).args(arguments);
    command.output().expect("the program was built for this test")
}

/// What `holdfast ca show` prints.
fn shown(home: &Home, arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let output = output(home, arguments, variables);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// As everybody else reckons it.
fn fingerprint(der: &[u8]) -> String {
    let pairs: Vec<String> = Sha256::digest(der).iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

fn request(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

fn text(answer: Answer) -> String {
    assert_eq!(answer.status, 200);
    String::from_utf8(answer.body).expect("text")
}

/// The fingerprint that a page shows in groups.
fn on_page(page: &str) -> String {
    let groups = page.split("<div class=\"print\">").nth(1).expect("a fingerprint");
    let groups = groups.split("</div>").next().expect("its end");
    groups.replace("</span><span>", ":").replace("<span>", "").replace("</span>", "")
}

#[test]
fn the_machine_and_the_page_show_one_root_and_who_takes_it_gets_in() {
    let home = Home::new();
    let ((https, at), (http, plain)) = (listener(), listener());
    let running = Manager::new(&home).serve(vec![handed(&https), handed(&http)], "https:http");

    let pem = shown(&home, &["--pem"], &[]);
    let root = CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate");
    let print = fingerprint(&root);
    let said = shown(&home, &[], &[]);
    let json: Value = serde_json::from_str(&shown(&home, &["--json"], &[])).expect("JSON");

    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 3, "{said}");
    assert!(lines[0].starts_with(&format!("{print}  until 20")), "{said}");
    assert!(lines[1].starts_with("    Holdfast "), "{said}");
    let names = "    good for local, lan, home.arpa, internal, localhost";
    assert!(lines[2].starts_with(names) && lines[2].contains("192.168.0.0/16"), "{said}");
    let one = &json["items"][0];
    assert_eq!((&one["fingerprint"], &one["pem"]), (&print.as_str().into(), &pem.as_str().into()));
    assert_eq!(one["name"], lines[1].trim());
    assert!(one["names"].as_array().expect("names").contains(&"localhost".into()), "{json}");
    assert!(!said.contains("PRIVATE") && !json.to_string().contains("PRIVATE"));

    let mut over_http = Connection::plain(plain).expect("a connection");
    let mut over_https = Tls::open(at, &client::trust(&pem)).expect("the root is enough");
    let pages = [
        text(over_http.ask(&request("/trust")).expect("an answer")),
        text(over_https.ask(&request("/trust")).expect("an answer")),
    ];
    for page in pages {
        assert_eq!(on_page(&page), print);
        assert!(page.contains("<code>localhost</code>"), "{page}");
    }
    for file in ["/trust/root.pem", &format!("/trust/root-{}.pem", short(&print))] {
        let body = text(over_http.ask(&request(file)).expect("an answer"));
        assert_eq!(body, pem, "{file}");
    }
    let der = over_http.ask(&request("/trust/root.crt")).expect("an answer").body;
    assert_eq!(fingerprint(&der), print);
    running.stop();
}

fn short(print: &str) -> String {
    print.replace(':', "").chars().take(8).collect::<String>().to_lowercase()
}

/// A page's address, its code and the root beneath.
fn assert_drawn(said: &str, page: &str, root: &str) {
    let code: String =
        qr::text(page).expect("a code").iter().flat_map(|it| [it.as_str(), "\n"]).collect();
    assert_eq!(said, format!("{page}\n\n{code}\n{root}"));
}

#[test]
fn a_phone_reads_where_the_page_is_whether_the_box_runs_or_not() {
    let home = Home::new();
    let (https, at) = listener();
    let running = Manager::new(&home).serve(vec![handed(&https)], "https");
    let root = shown(&home, &[], &[]);

    // The port is the one that is served, not the one that is configured.
    let page = format!("https://localhost:{}/trust", at.port());
    let configured = [("HOLDFAST_SERVER__HTTPS", "127.0.0.1:9443")];
    assert_drawn(&shown(&home, &["--qr"], &configured), &page, &root);
    let answer = asked(&home, at, "/trust");
    assert_eq!(on_page(&text(answer)), root.split("  ").next().expect("a fingerprint"));
    running.stop();

    let page = "https://localhost:9443/trust";
    assert_drawn(&shown(&home, &["--qr"], &configured), page, &root);
    let named = [("HOLDFAST_SERVER__NAMES", "kitchen.lan"), configured[0]];
    let page = "https://kitchen.lan:9443/trust";
    assert_drawn(&shown(&home, &["--qr"], &named), page, &root);
    let both = output(&home, &["--qr", "--pem"], &[]);
    assert_eq!(both.status.code(), Some(2), "a code beside PEM is no PEM");
}

fn asked(home: &Home, at: SocketAddr, path: &str) -> Answer {
    let mut connection = Tls::open(at, &home.trust()).expect("a connection");
    connection.ask(&request(path)).expect("an answer")
}
