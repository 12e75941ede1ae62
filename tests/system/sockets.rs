//! Sockets that the service manager hands over.

use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use crate::client::{Connection, Tls};
use crate::rig::{BINARY, Home, Manager, handed, listener};
use crate::skip;

const LIVE: &str = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";

fn is_live(home: &Home, address: SocketAddr) -> bool {
    let mut connection = Tls::open(address, &home.trust()).expect("a connection");
    connection.ask(LIVE).is_ok_and(|answer| answer.status == 200)
}

#[test]
fn what_is_handed_over_is_served_by_its_name_and_nothing_else_is_bound() {
    let home = Home::new();
    let (free, own) = listener();
    drop(free);
    let manager = Manager::new(&home).with("HOLDFAST_SERVER__HTTPS", &own.to_string());
    let ((https, at), (extra, more), (http, plain)) = (listener(), listener(), listener());

    let sockets = vec![handed(&https), handed(&extra), handed(&http)];
    let running = manager.serve(sockets, "https:holdfast.socket:http");

    assert!(is_live(&home, at) && is_live(&home, more));
    let mut connection = Connection::plain(plain).expect("a connection");
    connection.send(LIVE).expect("sent");
    let head = connection.head().expect("an answer");
    assert!(head.starts_with("HTTP/1.1 308"), "{head}");
    let to = format!("location: https://localhost:{}/livez", at.port());
    assert!(head.contains(&to), "it leads to the first of HTTPS: {head}");
    assert!(Connection::plain(own).is_err(), "the configured address is bound");
    let log = home.log();
    let told: Vec<&str> = log.lines().filter(|line| line.contains("Not used")).collect();
    assert_eq!(told.len(), 1, "{log}");
    assert!(told[0].contains(&format!("server.https = {own}")), "{told:?}");
    running.stop();
}

#[test]
fn without_https_the_sockets_are_not_served_and_the_log_says_how_to_free_them() {
    let home = Home::new();
    let (free, proxy) = listener();
    drop(free);
    let manager = Manager::new(&home)
        .with("HOLDFAST_SERVER__HTTPS", "")
        .with("HOLDFAST_SERVER__BEHIND_PROXY", &proxy.to_string());
    let (https, at) = listener();

    let running = manager.serve(vec![handed(&https)], "https");

    let mut connection = Connection::plain(proxy).expect("a connection");
    assert_eq!(connection.ask(LIVE).expect("an answer").status, 200);
    // The service manager still listens, and nobody answers there.
    drop(Connection::plain(at).expect("a connection that nobody takes"));
    let log = home.log();
    let said: Vec<&str> = log.lines().filter(|line| line.contains(&at.to_string())).collect();
    assert_eq!(said.len(), 1, "{log}");
    assert!(said[0].contains("the port stays taken"), "{log}");
    assert!(said[0].contains("systemctl mask --now holdfast.socket"), "{log}");
    // The box itself holds it no longer.
    drop(https);
    assert!(Connection::plain(at).is_err(), "the box still holds the socket");
    running.stop();
}

#[test]
fn without_a_socket_unit_the_box_listens_by_itself() {
    let home = Home::new();
    let (free, own) = listener();
    drop(free);
    let manager = Manager::new(&home).with("HOLDFAST_SERVER__HTTPS", &own.to_string());

    let running = manager.serve(Vec::new(), "");

    assert!(is_live(&home, own));
    running.stop();
}

#[test]
fn what_cannot_be_served_stops_the_start_with_one_line_and_leaves_no_trace() {
    let unbound = rustix::net::socket(
        rustix::net::AddressFamily::INET,
        rustix::net::SocketType::STREAM,
        None,
    );
    let deaf: OwnedFd = unbound.expect("a socket");
    let datagrams: OwnedFd = UdpSocket::bind("127.0.0.1:0").expect("a socket").into();
    let file: OwnedFd = tempfile::tempfile().expect("a file").into();
    for (socket, why) in
        [(deaf, "does not listen"), (datagrams, "is no TCP socket"), (file, "is no TCP socket")]
    {
        let home = Home::new();
        let before = std::fs::metadata(home.data().join("system.db")).expect("a file");
        let manager = Manager::new(&home);

        let status = manager.start(vec![socket], "odd").wait();

        assert_eq!(status.code(), Some(1));
        let log = home.log();
        assert_eq!(log.lines().count(), 1, "{log}");
        assert!(log.contains(why) && log.contains("\"odd\""), "{log}");
        let after = std::fs::metadata(home.data().join("system.db")).expect("a file");
        assert_eq!(before.modified().expect("a time"), after.modified().expect("a time"));
    }
}

#[test]
fn systemd_starts_the_box_when_somebody_comes() {
    const ACTIVATE: &str = "systemd-socket-activate";
    if Command::new(ACTIVATE).arg("--version").output().is_err() {
        return skip("systemd did not start the box", "there is no systemd-socket-activate");
    }
    let home = Home::new();
    let ports = || [TcpListener::bind("127.0.0.1:0"), TcpListener::bind("127.0.0.1:0")];
    let addresses = ports().map(|one| one.expect("a port").local_addr().expect("an address"));
    let [https, http] = addresses;
    let log = std::fs::File::create(home.path("log")).expect("a file");
    let mut child = Command::new(ACTIVATE)
        .args(["-l", &https.to_string(), "-l", &http.to_string(), "--fdname=https:http"])
        .args(["-E", "HOLDFAST_LOGS__ACCESS=false", BINARY, "serve", "--data"])
        .arg(home.data())
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a file"))
        .stderr(log)
        .spawn()
        .expect("it starts");

    // It listens a moment later; then the first visitor waits for the box.
    let until = std::time::Instant::now() + crate::rig::PATIENCE;
    let mut connection = loop {
        match Connection::plain(http) {
            Ok(connection) => break connection,
            Err(_) if std::time::Instant::now() < until => std::thread::yield_now(),
            Err(error) => panic!("nobody listens: {error}\n{}", home.log()),
        }
    };
    connection.send(LIVE).expect("sent");
    let head = connection.head().unwrap_or_else(|error| panic!("{error}\n{}", home.log()));

    assert!(head.starts_with("HTTP/1.1 308"), "{head}");
    assert!(is_live(&home, https));
    child.kill().expect("it can be ended");
    child.wait().expect("it ended");
}
