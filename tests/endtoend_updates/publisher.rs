//! Two people who publish releases, and the web server that hands their feed out.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use holdfast::platform::tasks::beside;

use crate::releases;
use crate::scene::Scene;

/// What the next release says it is. A build that leaves the house has a version of its own, so the
/// text that publishers read is exchanged for one of the same length.
pub(crate) const NEXT: &str = concat!(env!("CARGO_PKG_VERSION"), "-next");

/// A feed that two of two people sign, at an address.
pub(crate) struct Publisher {
    scene: Scene,
    address: SocketAddr,
}

impl Publisher {
    pub(crate) fn new() -> Self {
        let scene = Scene::published();
        let address = serve(scene.path("feed"));
        Self { scene, address }
    }

    /// Where boxes read the feed.
    pub(crate) fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What boxes trust.
    pub(crate) fn root(&self) -> PathBuf {
        self.scene.path("feed/metadata/1.root.json")
    }

    /// Publishes a next release that does what `conduct` says; gives its version.
    pub(crate) fn publish(&self, number: u32, conduct: &str) -> String {
        let version = format!("{}-r{number:03}", env!("CARGO_PKG_VERSION"));
        self.add(&version, &next_release(&version, conduct));
        self.scene.publish();
        version
    }

    fn add(&self, version: &str, binary: &[u8]) {
        self.scene.write("binary", binary);
        self.scene.write("notes.md", format!("# {version}\n\nIt is better.\n").as_bytes());
        let binary = ["--binary", "binary", "--version", version, "--notes", "notes.md"];
        let arguments = ["add", "--feed", "feed", "--channel", "stable"];
        self.scene.ok(&[&arguments[..], &binary].concat());
    }

    /// Puts this release and the next one into the feed, and a delta from one to the other; gives
    /// the size of the next release and that of the delta, bytes.
    pub(crate) fn delta_bytes(&self) -> (u64, u64) {
        let this = env!("CARGO_PKG_VERSION");
        self.add(this, this_release());
        self.scene.publish();
        let next = next_release(NEXT, "good");
        self.add(NEXT, &next);
        let made = self.scene.ok(&["delta", "--feed", "feed", "--from", this]);
        let delta_bytes = made["deltas"][0]["size_bytes"].as_u64().expect("a size");
        (next.len() as u64, delta_bytes)
    }

    /// Where the file lies whose name has this in it.
    pub(crate) fn file_of(&self, name: &str) -> PathBuf {
        let entries = fs::read_dir(self.scene.path("feed/targets")).expect("a folder");
        let mut paths = entries.map(|entry| entry.expect("an entry").path());
        let found = paths.find(|path| path.to_string_lossy().contains(name));
        found.unwrap_or_else(|| panic!("no file is called {name}"))
    }

    /// Takes a release back.
    pub(crate) fn revoke(&self, version: &str) {
        self.scene.ok(&["revoke", "--feed", "feed", "--version", version]);
        self.scene.publish();
    }

    /// The newest release and all that proves it, in one file.
    pub(crate) fn bundle(&self) -> PathBuf {
        self.scene.ok(&["bundle", "--feed", "feed", "--out", "holdfast.bundle"]);
        self.scene.path("holdfast.bundle")
    }
}

/// The next release under this version, with what it does wrong as its last line.
pub(crate) fn next_release(version: &str, conduct: &str) -> Vec<u8> {
    static NEXT_BYTES: LazyLock<(Vec<u8>, usize)> = LazyLock::new(|| {
        let bytes = stripped(releases::next());
        let at = version_at(&bytes);
        (bytes, at)
    });
    assert_eq!(version.len(), NEXT.len(), "a text of the same length takes its place");
    let (mut bytes, at) = NEXT_BYTES.clone();
    bytes[at..at + version.len()].copy_from_slice(version.as_bytes());
    bytes.extend_from_slice(format!("\nHOLDFAST-FIXTURE:{conduct}\n").as_bytes());
    bytes
}

/// Where a release says its version.
fn version_at(bytes: &[u8]) -> usize {
    let mark = b"# holdfast release facts 1: {\"version\":\"";
    let said = [&mark[..], NEXT.as_bytes()].concat();
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| *byte == b'#') {
        if bytes[from + at..].starts_with(&said) {
            return from + at + mark.len();
        }
        from += at + 1;
    }
    panic!("the release does not say what it is");
}

/// The release of this source, as a package would bring it.
pub(crate) fn this_release() -> &'static [u8] {
    static THIS: LazyLock<Vec<u8>> = LazyLock::new(|| stripped(&releases::this()));
    &THIS
}

/// A program without what only debuggers need, where there is a tool that takes it away: all that
/// looks at a release looks at each byte.
fn stripped(program: &Path) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let into = folder.path().join("program");
    let mut strip = Command::new("strip");
    let status = strip.arg("--strip-all").arg("-o").arg(&into).arg(program).status();
    let is_done = status.is_ok_and(|status| status.success());
    fs::read(if is_done { &into } else { program }).expect("a program")
}

/// Hands out the files below a folder, as they are when they are asked for.
fn serve(folder: PathBuf) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let accept = move || {
        for stream in listener.incoming().flatten() {
            let folder = folder.clone();
            // Whoever hangs up before the end misses it alone.
            beside("feed", move || hand_out(&stream, &folder).unwrap_or_default()).expect("one");
        }
    };
    beside("feed", accept).expect("a thread");
    address
}

fn hand_out(stream: &TcpStream, folder: &Path) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut out = stream;
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head)? == 0 {
                return Ok(());
            }
        }
        let path = head.strip_prefix("GET /").and_then(|rest| rest.split(' ').next());
        let path = path.filter(|path| !path.contains(".."));
        match path.and_then(|path| fs::read(folder.join(path)).ok()) {
            Some(bytes) => {
                write!(out, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", bytes.len())?;
                out.write_all(&bytes)?;
            }
            None => write!(out, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")?,
        }
    }
}
