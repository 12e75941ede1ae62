//! The configurations of reverse proxies in the manual, each tried by the proxy itself in front of
//! a box: signing in, where requests come from, live updates, large files.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::page::{self, Block, repository};
use crate::scene::{EMAIL, PASSWORD, Scene};

const PAGE: &str = "docs/manual/proxy.md";
const HOST: &str = "box.example.com";
/// Where people come from in these tests; the proxy itself asks from 127.0.0.1.
const CLIENT: &str = "127.0.0.5";

/// The proxies that `.ci/proxies` fetched; none, which is said, where it did not.
#[expect(clippy::print_stderr, reason = "a skipped test says why")]
fn proxies() -> Option<(PathBuf, String)> {
    let folder = repository().join("target/tools/proxies");
    let Ok(libraries) = std::fs::read_to_string(folder.join("libraries")) else {
        eprintln!("SKIPPED: no reverse proxy was tried; .ci/proxies fetches them");
        return None;
    };
    Some((folder, libraries.trim().to_owned()))
}

fn block(language: &str) -> Block {
    let mut blocks = page::blocks(&repository().join(PAGE));
    blocks.retain(|block| block.language == language);
    assert_eq!(blocks.len(), 1, "{PAGE} has one block of {language}");
    blocks.remove(0)
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// A box as the page sets it up, and a proxy in front of it.
struct Rig {
    scene: Scene,
    proxy: Child,
    port: u16,
}

impl Drop for Rig {
    fn drop(&mut self) {
        if matches!(self.proxy.try_wait(), Ok(None)) {
            // Told, not killed: Apache ends the processes that it started.
            kill_process(Pid::from_child(&self.proxy), Signal::TERM).expect("a running proxy");
            self.proxy.wait().expect("an end");
        }
    }
}

/// The box as the page sets it up; only its ports are chosen by the system.
fn box_of_the_page() -> Scene {
    let settings = block("toml").text.replace("127.0.0.1:8080", "127.0.0.1:0");
    let settings = settings.replace("https = \"\"", "https = \"127.0.0.1:0\"");
    let scene = Scene::owned_with(&format!("{settings}names = [\"kitchen.local\"]\n"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
        .args(["-nodes", "-days", "2", "-subj", &format!("/CN={HOST}")])
        .args(["-addext", &format!("subjectAltName=DNS:{HOST}")])
        .arg("-keyout")
        .arg(scene.path("privkey.pem"))
        .arg("-out")
        .arg(scene.path("fullchain.pem"))
        .output()
        .expect("openssl");
    assert!(made.status.success(), "{}", crate::printed(&made));
    scene
}

/// The page's text with this machine's ports and files.
fn here(scene: &Scene, text: &str) -> String {
    let folder = format!("{}/", scene.path("").display());
    text.replace("/etc/ssl/box.example.com/", &folder)
        .replace("127.0.0.1:8080", scene.behind_proxy())
}

fn start(scene: Scene, mut command: Command, libraries: &str, port: u16) -> Rig {
    let log = std::fs::File::create(scene.path("proxy.log")).expect("a file");
    let proxy = command
        .env("LD_LIBRARY_PATH", libraries)
        .env("HOME", scene.path("home"))
        .env("XDG_DATA_HOME", scene.path("home"))
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a file"))
        .stderr(log)
        .spawn()
        .expect("a proxy");
    Rig { scene, proxy, port }
}

fn nginx(folder: &Path, libraries: &str) -> Rig {
    let (scene, port, plain) = (box_of_the_page(), free_port(), free_port());
    let text = here(&scene, &block("nginx").text)
        .replace("listen [::]:443 ssl http2;", "")
        .replace("listen [::]:80;", "")
        .replace("listen 443 ssl http2;", &format!("listen 127.0.0.1:{port} ssl http2;"))
        .replace("listen 80;", &format!("listen 127.0.0.1:{plain};"));
    let own = scene.path("proxy");
    std::fs::create_dir(&own).expect("a folder");
    let places: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {0}/{kind};\n", own.display()))
        .concat();
    let whole = format!(
        "daemon off;\nmaster_process off;\npid {0}/pid;\nevents {{}}\nhttp {{\naccess_log off;\n\
         {places}{text}}}\n",
        own.display()
    );
    std::fs::write(scene.path("nginx.conf"), whole).expect("a file");
    let mut command = Command::new(folder.join("usr/sbin/nginx"));
    command.arg("-p").arg(&own).arg("-c").arg(scene.path("nginx.conf"));
    command.args(["-e", "stderr"]);
    start(scene, command, libraries, port)
}

fn caddy(folder: &Path, libraries: &str) -> Rig {
    let (scene, port) = (box_of_the_page(), free_port());
    let text = here(&scene, &block("caddy").text);
    let site = format!("{HOST} {{");
    assert!(text.contains(&site), "{PAGE} names the site");
    let on_this_machine = format!(
        "https://{HOST}:{port} {{\nbind 127.0.0.1\ntls {} {}\n",
        scene.path("fullchain.pem").display(),
        scene.path("privkey.pem").display()
    );
    let text = text.replace(&site, &on_this_machine);
    let whole = format!("{{\nadmin off\nauto_https disable_redirects\n}}\n{text}");
    std::fs::write(scene.path("Caddyfile"), whole).expect("a file");
    let mut command = Command::new(folder.join("usr/bin/caddy"));
    command.args(["run", "--adapter", "caddyfile", "--config"]).arg(scene.path("Caddyfile"));
    start(scene, command, libraries, port)
}

fn apache(folder: &Path, libraries: &str) -> Rig {
    let (scene, port) = (box_of_the_page(), free_port());
    let page = page::text_of(&repository().join(PAGE));
    let enabled = page.lines().find_map(|line| line.trim().strip_prefix("sudo a2enmod "));
    let enabled = enabled.expect("the modules that the page switches on");
    // What Debian's Apache has switched on by itself.
    let modules = ["mpm_event", "authz_core", "socache_shmcb"];
    let modules = modules.into_iter().chain(enabled.split_whitespace());
    let file = |name: &str| folder.join(format!("usr/lib/apache2/modules/mod_{name}.so"));
    let there = modules.filter(|name| file(name).is_file());
    let lines = there.map(|name| format!("LoadModule {name}_module {}\n", file(name).display()));
    let loads = lines.collect::<Vec<_>>().concat();
    let text = here(&scene, &block("apache").text).replace("*:443", &format!("127.0.0.1:{port}"));
    let whole = format!(
        "ServerRoot {0}\nServerName {HOST}\nPidFile {0}/apache.pid\nErrorLog {0}/apache.log\n\
         DefaultRuntimeDir {0}\n{loads}Listen 127.0.0.1:{port}\n{text}",
        scene.path("").display()
    );
    let path = scene.path("apache.conf");
    std::fs::write(&path, whole).expect("a file");
    let mut command = Command::new(folder.join("usr/sbin/apache2"));
    command.args(["-D", "FOREGROUND", "-f"]).arg(&path);
    start(scene, command, libraries, port)
}

impl Rig {
    /// Asks the box through the proxy, as a browser elsewhere would.
    fn curl(&self) -> Command {
        let mut command = Command::new("curl");
        command
            .args(["-q", "-sS", "--max-time", "60", "--interface", CLIENT, "--cacert"])
            .arg(self.scene.path("fullchain.pem"))
            .args(["--connect-to", &format!("{HOST}:443:127.0.0.1:{}", self.port)])
            .arg("--cookie-jar")
            .arg(self.scene.path("cookies"))
            .arg("--cookie")
            .arg(self.scene.path("cookies"));
        command
    }

    fn ask(&self, path: &str, more: &[&str]) -> String {
        let address = format!("https://{HOST}{path}");
        let output = self.curl().args(["-w", " %{http_code}"]).args(more).arg(address).output();
        crate::printed(&output.expect("curl"))
    }

    /// Waits until the proxy listens: it says so to nobody.
    fn is_up(&mut self) {
        let more = ["--retry", "50", "--retry-delay", "1", "--retry-connrefused"];
        let answer = self.ask("/livez", &more);
        let log = std::fs::read_to_string(self.scene.path("proxy.log")).unwrap_or_default();
        assert!(answer.contains("} 200"), "{answer}\n{log}");
    }

    fn works(&mut self) {
        self.is_up();
        let own = format!("Origin: https://{HOST}");
        let json = ["-H", "Content-Type: application/json", "-H"];
        let login = serde_json::json!({ "email": EMAIL, "password": PASSWORD }).to_string();
        let signed_in =
            self.ask("/api/v1/auth/login", &[&json[..], &[&own, "-d", &login]].concat());
        assert!(signed_in.ends_with(" 200"), "{signed_in}");

        let sessions = self.ask("/api/v1/me/sessions", &[]);
        assert!(sessions.contains(CLIENT), "the address of the client is lost: {sessions}");
        let forged = self.ask("/api/v1/me/sessions", &["-H", "X-Forwarded-For: 203.0.113.9"]);
        assert!(!forged.contains("203.0.113.9"), "anybody chooses an address: {forged}");
        let elsewhere =
            self.ask("/api/v1/auth/logout", &["-X", "POST", "-H", "Origin: https://evil.example"]);
        assert!(elsewhere.ends_with(" 403"), "{elsewhere}");
        self.takes_large_files(&own);
        self.tells_at_once(&own);
    }

    /// More than the megabyte that a proxy takes by itself.
    fn takes_large_files(&self, origin: &str) {
        let line = |number| format!("LARGE-{number},{},kg\n", "Salmon".repeat(16));
        let rows: String = (0..15_000).map(line).collect();
        let path = self.scene.path("items.csv");
        std::fs::write(&path, format!("item_number,name,unit\n{rows}")).expect("a file");
        let body = format!("@{}", path.display());
        let address =
            format!("/api/v1/workspaces/{}/inventory/import/preview", self.scene.workspace());
        let more = ["-H", "Content-Type: text/csv", "-H", origin, "--data-binary", &body, "-o"];
        let answer =
            self.ask(&format!("{address}?kind=items"), &[&more[..], &["/dev/null"]].concat());
        assert!(answer.trim().starts_with('2'), "{answer}");
    }

    /// A change is told to an open page while the connection stays open.
    fn tells_at_once(&self, origin: &str) {
        let workspace = self.scene.workspace();
        let address = format!("https://{HOST}/api/v1/workspaces/{workspace}/events");
        let mut listening = self.curl();
        listening.args(["-N", "-i"]).arg(address).stdout(Stdio::piped());
        let mut listening = listening.spawn().expect("curl");
        let mut lines = BufReader::new(listening.stdout.take().expect("a pipe")).lines();
        let mut next = || lines.next().and_then(Result::ok);
        while let Some(line) = next() {
            if line.trim().is_empty() {
                break;
            }
        }
        let item = r#"{"item_number": "PROXY-1", "name": "Behind a proxy", "unit": "kg"}"#;
        let made = self.ask(
            &format!("/api/v1/workspaces/{workspace}/inventory/items"),
            &["-H", "Content-Type: application/json", "-H", origin, "-d", item],
        );
        assert!(made.ends_with(" 201"), "{made}");
        let mut is_told = false;
        while let Some(line) = next() {
            is_told |= line.starts_with("data:") && line.contains("inventory.item");
            if is_told {
                break;
            }
        }
        listening.kill().expect("an end");
        listening.wait().expect("an end");
        assert!(is_told, "no event came through the proxy");
    }
}

#[test]
fn the_page_for_nginx_puts_it_before_a_box() {
    let Some((folder, libraries)) = proxies() else { return };
    nginx(&folder, &libraries).works();
}

#[test]
fn the_page_for_caddy_puts_it_before_a_box() {
    let Some((folder, libraries)) = proxies() else { return };
    caddy(&folder, &libraries).works();
}

#[test]
fn the_page_for_apache_puts_it_before_a_box() {
    let Some((folder, libraries)) = proxies() else { return };
    apache(&folder, &libraries).works();
}
