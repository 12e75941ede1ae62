//! Debian's `pebble`, and the names its challenges are looked up by.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rcgen::{CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::json;

use crate::boxes::{Ports, free_port};

/// How long its certificates hold.
pub const LIFE: Duration = Duration::from_hours(90 * 24);

/// An authority with its names, as processes.
pub struct Pebble {
    folder: PathBuf,
    listen: u16,
    management: u16,
    names_management: u16,
    names_port: u16,
    nonces_rejected: u8,
    authority: Option<Child>,
    names: Child,
}

/// Whether it is there; says why a test proves nothing when it is not.
#[expect(clippy::print_stderr, reason = "says why it was skipped")]
pub fn is_there(test: &str) -> bool {
    let found = ["pebble", "pebble-challtestsrv"].iter().all(|name| {
        std::env::var_os("PATH").is_some_and(|path| {
            std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
        })
    });
    if !found {
        eprintln!("SKIPPED: {test}, because pebble is not installed");
    }
    found
}

impl Pebble {
    /// Starts one that looks for proofs at the box's ports.
    pub fn start(folder: &Path, ports: Ports) -> Self {
        Self::rejecting(folder, ports, 5)
    }

    /// One that rejects so many of a hundred good nonces.
    pub fn rejecting(folder: &Path, ports: Ports, nonces_rejected: u8) -> Self {
        let [listen, management, names_port, names_management] = [(); 4].map(|()| free_port());
        make_pair(folder);
        let config = json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{listen}"),
            "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": folder.join("server.pem"),
            "privateKey": folder.join("server.key"),
            "httpPort": ports.http,
            "tlsPort": ports.https,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
            "certificateValidityPeriod": LIFE.as_secs(),
        }});
        fs::write(folder.join("pebble.json"), config.to_string()).expect("a configuration");
        let names = Command::new("pebble-challtestsrv")
            .args(["-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", ""])
            .args(["-dns01", &format!("127.0.0.1:{names_port}")])
            .args(["-management", &format!("127.0.0.1:{names_management}")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it was found");
        let folder = folder.to_owned();
        let mut pebble = Self {
            folder,
            listen,
            management,
            names_management,
            names_port,
            nonces_rejected,
            authority: None,
            names,
        };
        reachable(names_management);
        pebble.go_on();
        pebble
    }

    /// Starts it anew: it has forgotten everything.
    pub fn go_on(&mut self) {
        let authority = Command::new("pebble")
            .args(["-strict", "-dnsserver", &format!("127.0.0.1:{}", self.names_port)])
            .arg("-config")
            .arg(self.folder.join("pebble.json"))
            .env("PEBBLE_VA_NOSLEEP", "1")
            .env("PEBBLE_WFE_NONCEREJECT", self.nonces_rejected.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it was found");
        self.authority = Some(authority);
        reachable(self.listen);
        reachable(self.management);
    }

    /// Takes it away.
    pub fn stop(&mut self) {
        end(&mut self.authority);
    }

    pub fn directory(&self) -> String {
        format!("https://127.0.0.1:{}/dir", self.listen)
    }

    /// What vouches for its own web server.
    pub fn server_root(&self) -> String {
        self.folder.join("root.pem").to_str().expect("a plain path").to_owned()
    }

    /// The root of what it signs, which is made anew at each start.
    pub fn root(&self) -> CertificateDer<'static> {
        let curl = Command::new("curl")
            .args(["-sS", "--cacert", &self.server_root()])
            .arg(format!("https://127.0.0.1:{}/roots/0", self.management))
            .output()
            .expect("curl");
        assert!(curl.status.success(), "{}", String::from_utf8_lossy(&curl.stderr));
        CertificateDer::from_pem_slice(&curl.stdout).expect("a root")
    }

    /// Tells the names' server something.
    pub fn tell(&self, path: &str, body: &serde_json::Value) {
        let (body, port) = (body.to_string(), self.names_management);
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
        let length = body.len();
        write!(stream, "POST {path} HTTP/1.0\r\nContent-Length: {length}\r\n\r\n{body}")
            .expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.contains(" 200 "), "{answer}");
    }

    /// Lets a name lead to an address where nothing listens.
    pub fn lead_astray(&self, name: &str) {
        self.tell("/add-a", &json!({ "host": format!("{name}."), "addresses": ["127.66.6.6"] }));
    }

    pub fn lead_back(&self, name: &str) {
        self.tell("/clear-a", &json!({ "host": format!("{name}.") }));
    }

    /// A program that makes records here, and writes down what it was told.
    pub fn hook(&self) -> (PathBuf, PathBuf) {
        let (hook, log) = (self.folder.join("hook"), self.folder.join("hook.log"));
        let text = format!(
            "#!/bin/bash\nset -e\necho \"$1 $2\" >> {log}\n\
             case $1 in add) path=/set-txt ;; remove) path=/clear-txt ;; esac\n\
             body='{{\"host\":\"'$2'.\",\"value\":\"'$3'\"}}'\n\
             exec 3<>/dev/tcp/127.0.0.1/{port}\n\
             printf 'POST %s HTTP/1.0\\r\\nContent-Length: %d\\r\\n\\r\\n%s' \
             \"$path\" ${{#body}} \"$body\" >&3\n\
             read -r answer <&3\n[[ $answer == *' 200 '* ]]\n",
            log = log.display(),
            port = self.names_management,
        );
        fs::write(&hook, text).expect("a program");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&hook, mode).expect("a program");
        (hook, log)
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        end(&mut self.authority);
        drop(self.names.kill());
        drop(self.names.wait());
    }
}

fn end(child: &mut Option<Child>) {
    if let Some(mut child) = child.take() {
        drop(child.kill());
        drop(child.wait());
    }
}

fn reachable(port: u16) {
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(began.elapsed() < Duration::from_secs(20), "nobody listens on {port}");
        std::thread::yield_now();
    }
}

/// A root and below it a certificate for 127.0.0.1.
pub fn make_pair(folder: &Path) {
    let root_key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "A test's own root");
    let root = params.self_signed(&root_key).expect("a root");
    let issuer = Issuer::new(params, root_key);
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).expect("a name");
    params.use_authority_key_identifier_extension = true;
    let leaf = params.signed_by(&key, &issuer).expect("a certificate");
    let write = |name: &str, text: String| fs::write(folder.join(name), text).expect("a file");
    write("root.pem", root.pem());
    write("server.pem", leaf.pem());
    write("server.key", key.serialize_pem());
}
