//! Other people's servers on this machine, and the reason where one is not here.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use russh::keys::ssh_key::LineEnding;
use russh::keys::{Algorithm, PrivateKey};
use tempfile::TempDir;

/// A server that ends with the test.
pub(super) struct Server {
    child: Child,
    pub(super) port: u16,
    pub(super) folder: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A program that `.ci/python` or `.ci/sshd` puts into `target/tools`.
#[expect(clippy::print_stdout, reason = "a skipped test says why")]
fn tool(path: &str, by: &str) -> Option<PathBuf> {
    let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools").join(path);
    if found.is_file() {
        return Some(found);
    }
    println!("SKIPPED: target/tools/{path} is not here; {by} installs it");
    None
}

/// Ports that nobody has at the moment, below those that connections come from.
fn ports<const N: usize>() -> [u16; N] {
    let held: Vec<_> = (0..N).map(|_| TcpListener::bind("127.0.0.1:0").expect("a port")).collect();
    std::array::from_fn(|at| held[at].local_addr().expect("an address").port())
}

fn start(mut command: Command, port: u16, folder: TempDir) -> Server {
    let log = fs::File::create(folder.path().join("log")).expect("a log");
    command.stdin(Stdio::null()).stdout(log.try_clone().expect("a log")).stderr(log);
    let child = command.spawn().expect("a server");
    let mut server = Server { child, port, folder };
    let begun = Instant::now();
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    while TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_err() {
        assert!(begun.elapsed() < Duration::from_mins(1), "no server: {}", server.log());
        let has_ended = server.child.try_wait().expect("a child").is_some();
        assert!(!has_ended, "no server: {}", server.log());
        std::thread::yield_now();
    }
    server
}

impl Server {
    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

fn rclone(kind: &str, options: &[&str]) -> Option<Server> {
    let program = tool("python/bin/rclone", ".ci/python")?;
    let folder = tempfile::tempdir().expect("a folder");
    let [port] = ports();
    fs::create_dir_all(folder.path().join("data/box/kept")).expect("a folder");
    let mut command = Command::new(program);
    command.args(["serve", kind, "--addr", &format!("127.0.0.1:{port}")]).args(options);
    command.args(["--vfs-cache-mode", "writes", "--cache-dir"]).arg(folder.path().join("cache"));
    command.arg("--config").arg(folder.path().join("none")).arg(folder.path().join("data"));
    Some(start(command, port, folder))
}

pub(super) fn webdav() -> Option<Server> {
    rclone("webdav", &["--user", "box", "--pass", "a word of it"])
}

/// A store that speaks as S3 does and knows no condition.
pub(super) fn plain_s3() -> Option<Server> {
    rclone("s3", &["--auth-key", "boxkey,boxsecret"])
}

/// A store that speaks as S3 does and honours conditions.
pub(super) fn seaweed() -> Option<Server> {
    let program = tool("python/bin/weed", ".ci/python")?;
    let folder = tempfile::tempdir().expect("a folder");
    let [s3, s3_grpc, master, master_grpc, volume, volume_grpc, filer, filer_grpc, admin, metrics] =
        ports();
    let mut command = Command::new(program);
    command.env("AWS_ACCESS_KEY_ID", "boxkey").env("AWS_SECRET_ACCESS_KEY", "boxsecret");
    command.args(["mini", "-bucket=box", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"]);
    command.args(["-admin.ui=false", "-webdav=false", "-s3.port.iceberg=0"]);
    for (name, port) in [
        ("s3.port", s3),
        ("s3.port.grpc", s3_grpc),
        ("master.port", master),
        ("master.port.grpc", master_grpc),
        ("volume.port", volume),
        ("volume.port.grpc", volume_grpc),
        ("filer.port", filer),
        ("filer.port.grpc", filer_grpc),
        ("admin.port", admin),
        ("s3.metricsPort", metrics),
    ] {
        command.arg(format!("-{name}={port}"));
    }
    command.arg(format!("-dir={}", folder.path().display())).current_dir(folder.path());
    command.env("HOME", folder.path());
    Some(start(command, s3, folder))
}

/// A server of SSH, and what is needed to get in.
pub(super) struct Ssh {
    pub(super) server: Server,
    pub(super) host_key: String,
    pub(super) user: String,
    pub(super) private_key: String,
}

impl Ssh {
    /// The folder that it serves.
    pub(super) fn path(&self) -> PathBuf {
        self.server.folder.path().join("data")
    }
}

fn key(at: &Path) -> PrivateKey {
    let key = PrivateKey::random(&mut russh::keys::key::safe_rng(), Algorithm::Ed25519);
    let key = key.expect("a key");
    let text = key.to_openssh(LineEnding::LF).expect("a text");
    fs::write(at, text.as_bytes()).expect("a file");
    fs::set_permissions(at, fs::Permissions::from_mode(0o600)).expect("its mode");
    key
}

/// OpenSSH as a user's own process. `more` is written behind its SFTP server.
pub(super) fn openssh(more: &str) -> Option<Ssh> {
    let program = tool("sshd/usr/sbin/sshd", ".ci/sshd")?;
    let libraries = tool("sshd/libraries", ".ci/sshd")?;
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("data")).expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let host = key(&path("host"));
    let user = key(&path("user"));
    let line = user.public_key().to_openssh().expect("a line");
    fs::write(path("authorized"), format!("{line}\n")).expect("a file");
    let [port] = ports();
    let config = format!(
        "ListenAddress 127.0.0.1\nPort {port}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\n\
         StrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
         Subsystem sftp internal-sftp {more}\n",
        path("host").display(),
        path("authorized").display(),
    );
    fs::write(path("config"), config).expect("a file");
    let name = Command::new("id").arg("-un").output().expect("a name").stdout;
    let mut name = String::from_utf8_lossy(&name).trim().to_owned();
    let private_key = fs::read_to_string(path("user")).expect("a key");
    let mut command = Command::new("setpriv");
    if name == "root" {
        // For root it wants an account and a folder of the machine's own.
        "daemon".clone_into(&mut name);
        command.args(["--reuid=1", "--regid=1", "--clear-groups"]);
        for file in ["", "data", "host", "user", "authorized", "config"] {
            chown(path(file), Some(1), Some(1)).expect("another owner");
        }
    }
    command.arg("--").arg(program).arg("-D").arg("-e").arg("-f").arg(path("config"));
    command.env("LD_LIBRARY_PATH", fs::read_to_string(libraries).expect("a list").trim());
    let mut host_key = host.public_key().clone();
    host_key.set_comment("");
    Some(Ssh {
        server: start(command, port, folder),
        host_key: host_key.to_openssh().expect("a line").trim().to_owned(),
        user: name,
        private_key,
    })
}

/// Another server of SFTP, which takes a password.
pub(super) fn plain_sftp() -> Option<Server> {
    rclone("sftp", &["--user", "box", "--pass", "a word of it"])
}
