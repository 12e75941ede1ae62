//! The units, looked at without starting them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::packing::is_here;
use crate::skip;

const UNITS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/systemd");
/// Tenths. `systemd-analyze security` says 1.2; of it 0.5 is having a network at all.
const EXPOSURE_MAX: u32 = 13;

/// A machine's root with nothing but the units and what they start.
fn root_with_units() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a folder");
    let units = root.path().join("units");
    std::fs::create_dir(&units).expect("a folder");
    for name in ["holdfast.service", "holdfast.socket"] {
        let text = std::fs::read_to_string(Path::new(UNITS).join(name)).expect("a unit");
        // The program and its manual are not installed on the machine that tests.
        let text = text.replace("/usr/lib/holdfast/holdfast", "/bin/true");
        let text = text.replace("Documentation=man:holdfast(1) ", "Documentation=");
        std::fs::write(units.join(name), text).expect("a unit");
    }
    root
}

fn analyze(arguments: &[&str], units: &[PathBuf]) -> (bool, String) {
    let output = Command::new("timeout")
        .args(["60", "systemd-analyze"])
        .args(arguments)
        .args(units)
        .env("SYSTEMD_COLORS", "0")
        .output()
        .expect("coreutils");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn systemd_finds_nothing_wrong_with_the_units() {
    if !is_here("systemd-analyze") {
        return skip("the units were not verified", "there is no systemd-analyze");
    }
    let root = root_with_units();
    let units =
        ["holdfast.service", "holdfast.socket"].map(|name| root.path().join("units").join(name));

    let (is_well, said) = analyze(&["verify", "--man=no"], &units);

    assert!(is_well && said.trim().is_empty(), "{said}");
}

#[test]
fn the_sandbox_leaves_little_open() {
    if !is_here("systemd-analyze") {
        return skip("the sandbox was not rated", "there is no systemd-analyze");
    }
    let root = root_with_units();
    let service = [root.path().join("units/holdfast.service")];

    let (_, said) = analyze(&["security", "--offline=true", "--no-pager"], &service);

    let line = said.lines().find(|line| line.contains("Overall exposure level"));
    let rated = line.and_then(|line| line.split(": ").nth(1)?.split(' ').next()?.split_once('.'));
    let (whole, tenths) = rated.unwrap_or_else(|| panic!("no rating: {said}"));
    let rated = whole.parse::<u32>().unwrap() * 10 + tenths.parse::<u32>().unwrap();
    assert!(rated <= EXPOSURE_MAX, "exposure is {rated} tenths:\n{said}");
}

/// What the product needs and a stricter sandbox would take away.
#[test]
fn what_the_product_needs_stays_open() {
    let service = std::fs::read_to_string(Path::new(UNITS).join("holdfast.service")).unwrap();

    for needed in [
        "SystemCallErrorNumber=EPERM",
        "SystemCallFilter=setpriority ioprio_set landlock_create_ruleset landlock_add_rule \
         landlock_restrict_self",
        "ProcSubset=all",
        "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK",
        "CapabilityBoundingSet=",
        "RestartPreventExitStatus=2 4 5",
        "LimitCORE=0",
    ] {
        assert!(service.lines().any(|line| line == needed), "{needed} is missing");
    }
}

/// What is started next lies where the box itself cannot write it: not below its data.
#[test]
fn the_unit_runs_a_supervisor_with_a_folder_of_its_own() {
    let service = std::fs::read_to_string(Path::new(UNITS).join("holdfast.service")).unwrap();

    for needed in [
        "ExecStart=/usr/lib/holdfast/holdfast supervise --state /var/lib/holdfast-supervisor",
        "StateDirectory=holdfast holdfast-supervisor",
        "NotifyAccess=main",
        "KillMode=mixed",
    ] {
        assert!(service.lines().any(|line| line == needed), "{needed} is missing");
    }
}

/// A box that is told to stop may take as long as the settings allow.
#[test]
fn systemd_waits_longer_than_the_box_may_take_to_stop() {
    let service = std::fs::read_to_string(Path::new(UNITS).join("holdfast.service")).unwrap();
    let waits = service.lines().find_map(|line| line.strip_prefix("TimeoutStopSec="));
    let waits: i64 = waits.expect("a time").parse().expect("seconds");

    let sections = holdfast::config::SECTIONS.iter().flat_map(|section| section.keys);
    let mut keys = sections.filter(|key| key.path() == "server.stop_timeout_s");

    assert!(waits > keys.next().expect("the setting").range.max);
}

/// A full disk passes: trying again every so often never reaches the limit of starts.
#[test]
fn systemd_never_gives_up_a_box_that_may_be_tried_again() {
    let service = std::fs::read_to_string(Path::new(UNITS).join("holdfast.service")).unwrap();
    let value = |name: &str| -> u32 {
        let line = service.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.unwrap_or_else(|| panic!("{name} is missing")).parse().expect("a number")
    };

    let starts = value("StartLimitIntervalSec").div_ceil(value("RestartSec")) + 1;

    assert!(starts <= value("StartLimitBurst"), "{starts} starts within the limit's time");
}
