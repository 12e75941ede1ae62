//! The box on a network of its own: another machine there finds it by its name.

use std::io::{BufRead, BufReader, Lines, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

use holdfast::platform::clock::Clock;
use holdfast::platform::tls::kept_roots;
use mdns_sd::{HostnameResolutionEvent, Receiver, ScopedIp, ServiceDaemon, ServiceEvent};
use rustix::process::{Pid, Signal, kill_process};

use crate::client::{self, Tls};
use crate::rig::BINARY;
use crate::{is_root, skip};

/// Set where the test goes on as the other machine.
const INSIDE: &str = "HOLDFAST_TEST_NETWORK";
const THIS: &str = "local_name::another_machine_finds_the_box_by_its_name_until_it_stops";
const PATIENCE: Duration = Duration::from_mins(1);
const BOX: Ipv4Addr = Ipv4Addr::new(192, 168, 77, 2);
const PORT: u16 = 8443;
const SERVICE: &str = "_https._tcp.local.";

/// The box's machine: its name, and its end of the cable once that is plugged in.
const MACHINE: &str = r#"
echo kitchen > /proc/sys/kernel/hostname
echo there
read -r plugged
ip link set lo up
ip address add 192.168.77.2/24 dev box
ip link set box up
exec "$@""#;

/// The other machine's end.
const CABLE: &str = "
ip link set lo up
ip link add box type veth peer name here
ip address add 192.168.77.3/24 dev here
ip link set here up";

/// Runs something on a machine with a network and a name of its own.
fn machine() -> Command {
    let mut command = Command::new("unshare");
    command.args(if is_root() { "-nu" } else { "-rnu" }.split(' '));
    command
}

fn cable() -> Option<Output> {
    machine().args(["sh", "-ec", CABLE]).stdin(Stdio::null()).output().ok()
}

#[test]
fn another_machine_finds_the_box_by_its_name_until_it_stops() {
    if std::env::var_os(INSIDE).is_some() {
        return look_for_the_box();
    }
    if !cable().is_some_and(|laid| laid.status.success()) {
        return skip("nobody looked for the box by its name", "no network may be made here");
    }
    let mut inside = machine();
    inside.arg(std::env::current_exe().expect("this test")).args(["--exact", THIS, "--nocapture"]);

    let output = inside.env(INSIDE, "1").output().expect("unshare");

    let said = String::from_utf8_lossy(&output.stdout);
    let said = format!("{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

/// The box on its machine.
struct Running {
    child: Child,
    /// Kept so that somebody reads what it logs.
    said: Lines<BufReader<ChildStdout>>,
}

/// Looks a name up as every other program does.
fn addresses_of(asking: &ServiceDaemon, name: &str) -> Vec<IpAddr> {
    let patience = u64::try_from(PATIENCE.as_millis()).expect("a minute");
    let answers = asking.resolve_hostname(name, Some(patience)).expect("a search");
    heard(&answers, |event| match event {
        HostnameResolutionEvent::AddressesFound(_, found) => {
            Some(found.iter().map(ScopedIp::to_ip_addr).collect())
        }
        _ => None,
    })
}

/// The first of what comes that is wanted.
fn heard<T, W>(events: &Receiver<T>, wanted: impl Fn(T) -> Option<W>) -> W {
    let until = Instant::now() + PATIENCE;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let event = events.recv_timeout(left).expect("it is told in time");
        if let Some(wanted) = wanted(event) {
            return wanted;
        }
    }
}

fn look_for_the_box() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let laid = Command::new("sh").args(["-ec", CABLE]).status().expect("a shell");
    assert!(laid.success());
    let running = Running::start(&data);
    let asking = ServiceDaemon::new().expect("multicast");
    let found = addresses_of(&asking, "kitchen.local.");
    assert!(found.contains(&IpAddr::V4(BOX)), "{found:?}");
    assert!(!found.iter().any(IpAddr::is_loopback), "{found:?}");
    let services = asking.browse(SERVICE).expect("a search");
    let service = heard(&services, |event| match event {
        ServiceEvent::ServiceResolved(service) => Some(service),
        _ => None,
    });
    assert_eq!((service.get_hostname(), service.get_port()), ("kitchen.local.", PORT));

    // Under the name the box proves who it is, and answers.
    let roots = kept_roots(&data.join("tls"), &Clock::System).expect("readable roots");
    let trust = client::trust(&roots[0].pem);
    let at = SocketAddr::from((BOX, PORT));
    let mut connection = Tls::open_as("kitchen.local", at, &trust).expect("a connection");
    let request = format!("GET /livez HTTP/1.1\r\nHost: kitchen.local:{PORT}\r\n\r\n");
    assert_eq!(connection.ask(&request).expect("an answer").status, 200);
    drop(connection);

    running.stop();
    // It says goodbye; a name that is merely not refreshed stays for two minutes.
    let gone = heard(&services, |event| match event {
        ServiceEvent::ServiceRemoved(_, name) => Some(name),
        _ => None,
    });
    assert!(gone.contains("Holdfast on kitchen"), "{gone}");
    drop(asking.shutdown());
}

impl Running {
    /// Starts the box, plugs the cable in and waits until it answers.
    fn start(data: &Path) -> Self {
        let mut command = Command::new("unshare");
        command.args(["-nu", "sh", "-ec", MACHINE, "sh", BINARY, "serve", "--https"]);
        command.arg(format!("0.0.0.0:{PORT}")).arg("--data").arg(data);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("unshare");
        let mut input = child.stdin.take().expect("a pipe");
        let said = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut running = Self { child, said };
        running.hear("there");
        let id = running.child.id().to_string();
        let moved = Command::new("ip").args(["link", "set", "box", "netns", &id]).status();
        assert!(moved.expect("ip").success());
        writeln!(input, "plugged").expect("a reader");
        running.hear(" ready");
        running
    }

    fn hear(&mut self, what: &str) {
        let mut lines = self.said.by_ref().map_while(Result::ok);
        assert!(lines.any(|line| line.contains(what)), "it never said {what:?}");
    }

    fn stop(mut self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).expect("a running process");
        assert!(self.child.wait().expect("an end").success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) && self.child.kill().is_ok() {
            drop(self.child.wait());
        }
    }
}
