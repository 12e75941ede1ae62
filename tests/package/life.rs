//! The life of the package on a machine with systemd, from the first installation to the last
//! notice. One story, told in order on one machine: what a step leaves is what the next one finds.

mod ending;
mod everyday;
mod scripts;
pub(crate) mod updating;
mod upgrading;

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::guest::{Guest, impossible};
use crate::packing::{package, package_before};
use crate::{skip, tell};

const EMAIL: &str = "ana@example.com";
const PASSWORD: &str = "lantern otter mosaic drizzle";
const BOX: &str = "Harbour Kitchen";
/// From the start of the unit to READY, and from a fault to an answer.
pub(crate) const READY_WITHIN: Duration = Duration::from_secs(15);
pub(crate) const HTTPS: &str = "https://127.0.0.1";
const ITEMS: usize = 3;

/// A machine that has the package, and what is known of the box on it.
pub(crate) struct Life {
    pub(crate) guest: Guest,
    cookies: tempfile::TempDir,
    /// Every path of the machine before anything was installed.
    paths_before: Vec<String>,
}

#[test]
fn the_package_lives_as_debian_promises() {
    const WHAT: &str = "the package was not installed on a machine with systemd";
    if let Some(why) = impossible() {
        return skip(WHAT, &why);
    }
    let (before, now) = match package_before().and_then(|before| Ok((before, package()?))) {
        Ok(packages) => packages,
        Err(why) => return skip(WHAT, &why),
    };
    let mut life = match timed("boot", Guest::boot) {
        Ok(guest) => Life::on(guest),
        Err(why) => return skip(WHAT, &why),
    };
    life.is_brought(before);
    life.is_brought(now);
    life.paths_before = life.paths();

    timed("install", || life.installs(before));
    timed("changed", || life.knows_what_dpkg_left());
    timed("sandbox", || life.is_in_its_sandbox());
    timed("protection", || life.cannot_write_what_is_started_next());
    timed("claim", || life.is_claimed());
    timed("restart", || life.restarts());
    timed("kill", || life.comes_back_after_a_kill());
    timed("kill of the worker", || life.is_started_anew_by_its_supervisor());
    timed("no start", || life.says_at_once_that_it_cannot_start());
    timed("watchdog", || life.comes_back_when_it_hangs());
    timed("reload", || life.reloads());
    timed("reboot", || life.comes_back_after_a_reboot());
    timed("backup", || life.backs_up_to_a_folder_that_is_let_in());
    timed("master key", || life.takes_its_master_key_from_systemd());
    timed("port", || life.listens_on_one_more_port());
    timed("upgrade", || life.upgrades(now));
    timed("under load", || life.refuses_nobody_while_it_is_upgraded(now));
    timed("scripts", || life.runs_its_scripts_twice());
    timed("going back", || life.is_warned_before_going_back(before, now));
    timed("newer data", || life.refuses_data_that_it_does_not_know(now));
    timed("remove", || life.is_removed_and_keeps_its_data());
    timed("again", || life.is_found_by_an_installation(now));
    timed("masked", || life.listens_by_itself_without_the_socket());
    timed("purge", || life.is_purged_while_it_runs());
    timed("back", || life.comes_back_as_its_last_notice_says(now));
    timed("full disk", || life.is_purged_from_behind_a_link_without_room_for_a_notice());
    timed("nothing left", || life.leaves_what_it_said());
}

/// Prints how long a step took.
fn timed<T>(step: &str, work: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let outcome = work();
    tell(&format!("package, {step}: {:.1} s", began.elapsed().as_secs_f32()));
    outcome
}

/// A block of commands of the manual, as somebody would type it.
fn manual(section: &str, block: usize) -> String {
    const PAGE: &str = include_str!("../../docs/manual/install.md");
    let mut sections = PAGE.split("\n## ");
    let text = sections.find(|text| text.lines().next() == Some(section));
    let text = text.unwrap_or_else(|| panic!("the manual has no section {section}"));
    let mut blocks = text.split("```sh\n").skip(1);
    let found = blocks.nth(block).and_then(|rest| rest.split("```").next());
    found.unwrap_or_else(|| panic!("{section} has no block {block}")).to_owned()
}

fn name_of(package: &Path) -> String {
    format!("/root/{}", package.file_name().expect("a file").to_string_lossy())
}

impl Life {
    pub(crate) fn on(guest: Guest) -> Self {
        // Nobody is there to be asked.
        let yes = guest.root().join("etc/apt/apt.conf.d/yes");
        std::fs::write(yes, "APT::Get::Assume-Yes \"true\";\n").expect("a written file");
        let cookies = tempfile::tempdir().expect("a folder");
        Self { guest, cookies, paths_before: Vec::new() }
    }

    /// Puts a package into root's folder.
    pub(crate) fn is_brought(&self, package: &Path) {
        let to = self.guest.root().join(name_of(package).trim_start_matches('/'));
        std::fs::copy(package, to).expect("a copied package");
    }

    /// What lies on the machine and stays over a restart, without logs and what apt keeps of all
    /// packages.
    fn paths(&self) -> Vec<String> {
        let left_out =
            "proc sys dev run tmp root var/log var/cache var/tmp var/lib/dpkg var/lib/apt";
        let prune: Vec<String> = left_out.split(' ').map(|path| format!("-path /{path}")).collect();
        let all =
            self.guest.sh(&format!("find / -xdev \\( {} \\) -prune -o -print", prune.join(" -o ")));
        let mut paths: Vec<String> = all.lines().map(ToOwned::to_owned).collect();
        paths.sort();
        paths
    }

    /// Installs a package as a person would and gives what was printed.
    pub(crate) fn apt_install(&self, package: &Path) -> String {
        self.guest.sh(&format!("apt-get install -q -y --allow-downgrades {}", name_of(package)))
    }

    fn property(&self, name: &str) -> String {
        let said = self.guest.sh(&format!("systemctl show --value -p {name} holdfast.service"));
        said.trim().to_owned()
    }

    /// The process that answers people, as the guest numbers it: the only child of the supervisor.
    pub(crate) fn worker(&self) -> String {
        let main = self.property("MainPID");
        let children = self.guest.sh(&format!("cat /proc/{main}/task/{main}/children"));
        let mut children = children.split_whitespace();
        let (worker, more) = (children.next(), children.next());
        assert_eq!(more, None, "the supervisor has more than one child");
        worker.expect("a worker").to_owned()
    }

    /// What the box says of its updates.
    fn updates(&self) -> Value {
        let said = self.guest.sh("holdfast update status --json");
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"))
    }

    pub(crate) fn is_answering(&self) {
        self.guest.until(READY_WITHIN, "systemctl --quiet is-active holdfast.service");
        let (status, body) = self.guest.curl(&[&format!("{HTTPS}/readyz")]);
        assert_eq!(status, "200", "{body}\n{}", self.guest.journal());
    }

    /// The counter of a failed unit would end the story after a few restarts.
    pub(crate) fn forgives(&self) {
        self.guest
            .sh("systemctl reset-failed holdfast.service holdfast.socket 2>/dev/null || true");
    }

    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> (String, Value) {
        let jar = self.cookies.path().join("jar");
        let jar = jar.to_str().expect("a plain path");
        let url = format!("{HTTPS}/api/v1{path}");
        let text = body.map(ToString::to_string);
        let origin = format!("Origin: {HTTPS}");
        let mut arguments = vec!["--cookie", jar, "--cookie-jar", jar, "-X", method, "-H", &origin];
        if let Some(text) = &text {
            arguments.extend(["-H", "Content-Type: application/json", "--data", text]);
        }
        arguments.push(&url);
        let (status, body) = self.guest.curl(&arguments);
        (status, serde_json::from_str(&body).unwrap_or(Value::String(body)))
    }

    /// Signs in and counts what was entered: the data is the one that was there.
    pub(crate) fn has_its_data(&self) {
        let items = self.items();
        assert_eq!(items.as_array().map(Vec::len), Some(ITEMS), "{items}");
    }

    /// What somebody who signs in sees of what was entered.
    fn items(&self) -> Value {
        let (status, body) =
            self.ask("POST", "/auth/login", Some(&json!({ "email": EMAIL, "password": PASSWORD })));
        assert_eq!(status, "200", "{body}");
        let (_, me) = self.ask("GET", "/me", None);
        let workspace = me["workspaces"][0]["id"].as_str().expect("a workspace").to_owned();
        let (_, items) = self.ask("GET", &format!("/workspaces/{workspace}/inventory/items"), None);
        items["items"].clone()
    }
}
