//! The server under load: the release binary as a process of its own.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::Problem;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_holdfast");
/// What is not as it comes: one token stands for a whole team, and its limits with it.
pub(crate) const SETTINGS: [(&str, &str); 5] = [
    ("HOLDFAST_LIMITS__REQUESTS_PER_MIN", "10000000"),
    ("HOLDFAST_LIMITS__REQUEST_BURST", "1000000"),
    ("HOLDFAST_LIMITS__HEAVY_PER_MIN", "100000"),
    ("HOLDFAST_LIMITS__UNAUTHENTICATED_PER_MIN", "10000000"),
    ("HOLDFAST_LIMITS__UNAUTHENTICATED_BURST", "1000000"),
];
const START_PATIENCE: Duration = Duration::from_secs(20);
const STOP_PATIENCE: Duration = Duration::from_secs(20);
/// `USER_HZ` of Linux: the unit of times in `/proc`.
const MICROS_PER_TICK: u64 = 10_000;

pub(crate) struct Server {
    child: Child,
    started: Instant,
    pub(crate) plain: SocketAddr,
    pub(crate) tls: SocketAddr,
    /// The box's root certificate.
    pub(crate) root: PathBuf,
}

impl Server {
    /// Starts the binary over a data folder and waits until it says that it is ready. Its log,
    /// with a line for every request, goes to the file `log`.
    pub(crate) fn start(data: &Path, log: &Path) -> Result<Self, Problem> {
        let mut command = Command::new(BINARY);
        command.env_clear();
        Self::start_by(command, data, log)
    }

    /// The same by a command that becomes the binary.
    pub(crate) fn start_by(mut command: Command, data: &Path, log: &Path) -> Result<Self, Problem> {
        let file = File::create(log)?;
        let started = Instant::now();
        let child = command
            .arg("serve")
            .args(["--behind-proxy", "127.0.0.1:0", "--https", "127.0.0.1:0"])
            .arg("--data")
            .arg(data)
            .envs(SETTINGS)
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()?;
        let unknown = SocketAddr::from(([0, 0, 0, 0], 0));
        let root = data.join("tls/root-1.pem");
        let mut server = Self { child, started, plain: unknown, tls: unknown, root };
        server.wait_until_ready(log)?;
        Ok(server)
    }

    fn wait_until_ready(&mut self, log: &Path) -> Result<(), Problem> {
        while self.started.elapsed() < START_PATIENCE {
            let lines = std::fs::read_to_string(log)?;
            if let Some(line) = lines.lines().find(|line| line.contains(" ready")) {
                self.plain = address(line, "behind_proxy=")?;
                self.tls = address(line, "https=")?;
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("the server ended with {status}:\n{lines}").into());
            }
            sleep(Duration::from_micros(200));
        }
        Err("the server was not ready in time".into())
    }

    /// Sends one request and gives how long after its start the server had answered it.
    pub(crate) fn first_answer(&self, request: &str, status: &str) -> Result<Duration, Problem> {
        let answer = ask_once(self.plain, request)?;
        let took = self.started.elapsed();
        if answer.starts_with(format!("HTTP/1.1 {status}").as_bytes()) {
            return Ok(took);
        }
        Err(format!("the first answer was {}", String::from_utf8_lossy(&answer)).into())
    }

    /// What the process has used of the processors so far, in all its threads, in the system
    /// and outside, microseconds.
    pub(crate) fn cpu_us(&self) -> Result<u64, Problem> {
        cpu_us_of(&self.child.id().to_string())
    }

    /// Resident memory, KiB.
    pub(crate) fn rss_kib(&self) -> Result<u64, Problem> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.split_whitespace().nth(1).ok_or("no size")?.parse()?)
    }

    /// How many files and sockets it holds.
    pub(crate) fn open_files(&self) -> Result<usize, Problem> {
        Ok(std::fs::read_dir(format!("/proc/{}/fd", self.child.id()))?.count())
    }

    /// Asks the server to stop and waits for it.
    pub(crate) fn stop(mut self) -> Result<(), Problem> {
        Command::new("kill").arg(self.child.id().to_string()).status()?;
        let asked = Instant::now();
        while asked.elapsed() < STOP_PATIENCE {
            match self.child.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(format!("the server ended with {status}").into()),
                None => sleep(Duration::from_millis(5)),
            }
        }
        Err("the server did not stop in time".into())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // After an orderly stop there is nothing left to end.
        if matches!(self.child.try_wait(), Ok(None)) && self.child.kill().is_ok() {
            drop(self.child.wait());
        }
    }
}

/// What a process has used of the processors; `self` is this one.
pub(crate) fn cpu_us_of(process: &str) -> Result<u64, Problem> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name in brackets may hold blanks; times are fields 14 and 15.
    let rest = stat.rsplit_once(')').ok_or("no name in stat")?.1;
    let mut fields = rest.split_whitespace().skip(11);
    let mut ticks = || fields.next().unwrap_or_default().parse::<u64>();
    Ok((ticks()? + ticks()?) * MICROS_PER_TICK)
}

fn address(line: &str, name: &str) -> Result<SocketAddr, Problem> {
    let (_, rest) = line.split_once(name).ok_or_else(|| format!("no {name} in: {line}"))?;
    Ok(rest.split_whitespace().next().unwrap_or_default().parse()?)
}

/// Sends a whole request that asks to close the connection, gives the whole answer.
pub(crate) fn ask_once(address: SocketAddr, request: &str) -> Result<Vec<u8>, Problem> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(START_PATIENCE))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}
