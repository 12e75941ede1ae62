//! A box from the package that exchanges its own release, and packages that come in between. One
//! story, told in order on one machine.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Life, READY_WITHIN, manual, name_of, timed};
use crate::guest::{Guest, impossible};
use crate::packing::{package, packed_again, program_of};
use crate::publisher::{New, Publisher};
use crate::releases::next;
use crate::skip;

pub(crate) const NOW: &str = env!("CARGO_PKG_VERSION");
/// As `src/fixture.rs` says.
pub(crate) const NEXT: &str = "0.1.0-next";
/// The same once more, as long.
pub(crate) const LATER: &str = "0.1.1-next";
/// Until a release that came is kept, with its probation of five seconds.
const KEPT_WITHIN: Duration = Duration::from_mins(1);
/// Says where releases come from.
const SETTINGS: &str = "
    cp /srv/feed/metadata/1.root.json /etc/holdfast/1.root.json
    chmod 0644 /etc/holdfast/1.root.json
    sed -i -e 's|^#feed = .*|feed = \"/srv/feed\"|' \
        -e 's|^#root = .*|root = \"/etc/holdfast/1.root.json\"|' \
        -e 's|^#probation_seconds = .*|probation_seconds = 5|' /etc/holdfast/holdfast.toml
    holdfast config check
    systemctl restart holdfast.service";
/// An update begins with a backup.
const BACKUPS: &str = "
    holdfast backup kit create --out /root/kit.txt
    holdfast backup target add --name Disk --folder /srv/backups
    holdfast backup kit confirm --kit /root/kit.txt
    holdfast backup run";

/// The programs of the story, and the packages that hold them.
pub(crate) struct Cast {
    folder: tempfile::TempDir,
    package: &'static Path,
}

impl Cast {
    pub(crate) fn new(package: &'static Path) -> Self {
        let cast = Self { folder: tempfile::tempdir().expect("a folder"), package };
        program_of(package, &cast.program(NOW));
        let mut strip = Command::new("strip");
        strip.arg("--strip-all").arg("-o").arg(cast.program(NEXT)).arg(next());
        assert!(strip.status().expect("binutils").success(), "the next release is as it was");
        let bytes = std::fs::read(cast.program(NEXT)).expect("a program");
        cast.writes(LATER, &with_version(bytes.clone(), NEXT, LATER));
        cast.writes("ends", &[bytes, b"\nHOLDFAST-FIXTURE:exit\n".to_vec()].concat());
        cast.writes("nothing", b"This is no program.\n");
        cast
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn writes(&self, name: &str, bytes: &[u8]) {
        let path = self.program(name);
        std::fs::write(&path, bytes).expect("room");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("its rights");
    }

    /// Brings a package of one of the programs to a machine, and gives its path here.
    fn brings(&self, life: &Life, version: &str, program: &str) -> PathBuf {
        let package = packed_again(self.package, version, Some(&self.program(program)));
        life.is_brought(&package);
        package
    }

    /// One whose last release is offered to nobody here, and known to everybody.
    fn publisher(&self) -> Publisher {
        let programs = [NOW, NEXT, LATER].map(|name| self.program(name));
        let new = |nth: usize, version, channel| New { program: &programs[nth], version, channel };
        Publisher::of(&[new(0, NOW, "stable"), new(1, NEXT, "stable"), new(2, LATER, "staging")])
    }
}

/// The same program under a version that is as long.
fn with_version(mut bytes: Vec<u8>, before: &str, after: &str) -> Vec<u8> {
    let (before, after) = (before.as_bytes(), after.as_bytes());
    assert_eq!(before.len(), after.len());
    let mut at = 0;
    while let Some(found) = bytes[at..].windows(before.len()).position(|one| one == before) {
        at += found;
        bytes[at..at + after.len()].copy_from_slice(after);
    }
    assert!(at > 0, "the program does not say its version");
    bytes
}

#[test]
fn a_box_from_the_package_exchanges_its_release_and_packages_come_in_between() {
    const WHAT: &str = "no box from the package exchanged its release";
    if let Some(why) = impossible() {
        return skip(WHAT, &why);
    }
    let now = match package() {
        Ok(package) => package,
        Err(why) => return skip(WHAT, &why),
    };
    let life = match timed("boot", Guest::boot) {
        Ok(guest) => Life::on(guest),
        Err(why) => return skip(WHAT, &why),
    };
    let cast = timed("programs", || Cast::new(now));
    life.is_brought(now);
    life.apt_install(now);
    life.is_claimed();
    timed("feed", || life.is_told_of_a_feed(&cast.publisher()));

    timed("update", || life.updates_itself());
    timed("older package", || life.leaves_an_older_package_alone(now));
    timed("newer package", || life.goes_over_to_a_newer_package(&cast));
    timed("package that ends", || life.goes_back_from_a_package_that_ends(&cast));
    timed("no program", || life.does_not_become_what_is_no_program(&cast));
    timed("downgrade", || life.goes_back_with_its_package(now));
    timed("standing still", || life.is_upgraded_while_it_stands_still(&cast));
    timed("purge", || life.leaves_no_release());
}

impl Life {
    pub(crate) fn is_told_of_a_feed(&self, publisher: &Publisher) {
        let to = self.guest.root().join("srv/feed");
        let mut copy = Command::new("cp");
        copy.args(["-a", "-T"]).arg(publisher.feed()).arg(to);
        assert!(copy.status().expect("coreutils").success(), "the feed is not there");
        self.guest.sh("chmod -R a+rX /srv/feed");
        self.guest.sh(&manual("The sandbox", 0));
        self.guest.sh(SETTINGS);
        self.guest.sh(BACKUPS);
    }

    /// Waits until the box says so of its updates; while it changes hands it says nothing.
    fn says_of_its_updates(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let output = self.guest.try_sh("holdfast update status --json");
            let said = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
            if is_so(&said) {
                return said;
            }
            let waited = began.elapsed();
            assert!(waited < KEPT_WITHIN, "not {what}: {said}\n{}", self.guest.journal());
        }
    }

    /// Waits until a release runs and is kept, with a way back to the one before.
    fn keeps(&self, version: &str, before: &str) {
        let what = format!("{version} instead of {before}");
        self.says_of_its_updates(&what, |said| {
            let back = &said["supervision"]["fallback"]["version"];
            said["current"]["version"] == version && *back == before
        });
        self.has_its_data();
        // The settings of the story, and nothing else.
        let changed = self.guest.sh("dpkg -V holdfast");
        assert_eq!(changed, "??5?????? c /etc/holdfast/holdfast.toml\n");
    }

    fn is_alerted(&self, code: &str) {
        self.says_of_its_updates(code, |said| has_alert(said, code));
    }

    fn updates_itself(&self) {
        let program = "sha256sum /usr/lib/holdfast/holdfast";
        let (main, before) = (self.property("MainPID"), self.guest.sh(program));
        let said = self.guest.sh("holdfast update check");
        assert!(said.contains(&format!("offered: {NEXT} ")), "{said}");

        self.while_people_call(|| {
            let said = self.guest.sh("holdfast update apply --yes");
            assert!(said.contains(&format!("This box runs {NEXT} now.")), "{said}");
        });

        assert_eq!(self.property("MainPID"), main, "the supervisor was restarted");
        self.keeps(NEXT, NOW);
        let own = self.guest.sh(&format!("readlink /proc/{}/exe", self.worker()));
        assert!(own.starts_with("/var/lib/holdfast-supervisor/releases/2-"), "{own}");
        assert_eq!(self.guest.sh(program), before);
    }

    fn leaves_an_older_package_alone(&self, now: &Path) {
        let worker = self.worker();

        self.guest.sh(&format!("apt-get install -q -y --reinstall {}", name_of(now)));
        self.is_taken_over();

        self.is_alerted("update-package-older");
        assert_eq!(self.worker(), worker, "the box was restarted");
        assert_eq!(self.updates()["current"]["version"], NEXT);
    }

    fn goes_over_to_a_newer_package(&self, cast: &Cast) {
        let (main, newer) = (self.property("MainPID"), cast.brings(self, "0.2.0-1", LATER));

        self.while_people_call(|| {
            self.apt_install(&newer);
            self.keeps(LATER, NEXT);
        });

        assert_eq!(self.property("MainPID"), main, "the supervisor was restarted");
        assert!(!has_alert(&self.updates(), "update-package-older"));
    }

    fn goes_back_from_a_package_that_ends(&self, cast: &Cast) {
        let broken = cast.brings(self, "0.3.0-1", "ends");

        self.while_people_call(|| {
            self.apt_install(&broken);
            self.is_alerted("update-crashed");
        });

        self.is_answering();
        self.has_its_data();
        assert_eq!(self.updates()["current"]["version"], LATER);
    }

    /// It cannot even be asked for its version, so the supervisor stays what it is.
    fn does_not_become_what_is_no_program(&self, cast: &Cast) {
        let (main, worker) = (self.property("MainPID"), self.worker());
        let none = cast.brings(self, "0.4.0-1", "nothing");

        self.apt_install(&none);

        self.guest.until(READY_WITHIN, "journalctl -u holdfast -o cat | grep -q 'not taken over'");
        assert_eq!((self.property("MainPID"), self.worker()), (main, worker));
        self.is_answering();
        self.has_its_data();
        let (_, said) = self.ask("GET", "/platform/updates/status", None);
        assert!(has_alert(&said, "update-release-unusable"), "{said}");
        assert_eq!(said["current"]["version"], LATER);
    }

    fn goes_back_with_its_package(&self, now: &Path) {
        let said = self.apt_install(now);

        assert!(said.contains("holdfast: going back from"), "{said}");
        self.keeps(NOW, LATER);
    }

    /// Nothing but a copy is left of the program before; with it the start begins.
    fn is_upgraded_while_it_stands_still(&self, cast: &Cast) {
        self.forgives();
        self.guest.sh("systemctl stop holdfast.socket holdfast.service");

        self.apt_install(&cast.brings(self, "0.2.0-1", LATER));

        self.keeps(LATER, NOW);
    }

    fn leaves_no_release(&self) {
        let said = self.guest.sh("apt-get purge -q -y holdfast");

        assert!(said.contains("Holdfast is purged"), "{said}");
        self.guest.sh("test ! -e /var/lib/holdfast-supervisor && test ! -e /var/lib/holdfast");
        assert_eq!(self.guest.sh("find /proc -maxdepth 1 -user holdfast 2>/dev/null || true"), "");
    }
}

fn has_alert(said: &Value, code: &str) -> bool {
    let alerts = said["supervision"]["alerts"].as_array();
    alerts.is_some_and(|alerts| alerts.iter().any(|alert| alert["code"] == code))
}
