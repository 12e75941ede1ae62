//! README, the first hour, installation.

use super::{Packages, Page, machine, tell_story};
use crate::life::{HTTPS, Life, READY_WITHIN};
use crate::packing::{VERSION, VERSION_BEFORE};

#[test]
fn the_readme_installs_the_package_that_was_made() {
    tell_story("README.md", |page, packages| {
        let life = machine();
        let folder = life.guest.root().join("root/target/debian");
        std::fs::create_dir_all(&folder).expect("a folder");
        let name = packages.now.file_name().expect("a file");
        std::fs::copy(packages.now, folder.join(name)).expect("a copied package");

        let said = page.types(&life);

        life.is_welcomed(&said);
        life.is_answering();
    });
}

#[test]
fn the_first_hour_begins_with_a_link() {
    tell_story("docs/manual/first-hour.md", |page, packages| {
        let life = packages.machine_with_package();

        let said = page.types(&life);

        life.is_welcomed(&said);
        life.is_claimed();
    });
}

#[test]
fn the_page_on_installation_does_what_it_says() {
    tell_story("docs/manual/install.md", |page, packages| {
        lives_and_goes(page, packages);
        let life = packages.owned();
        lets_in_a_folder(page, &life);
        takes_master_keys(page, &life);
        opens_one_more_port(page, &life);
        // Its master key is its own file again, not systemd's.
        drop(life);
        runs_without_systemd(page, &packages.owned());
    });
}

/// Installed, set, upgraded, removed, purged.
fn lives_and_goes(page: &mut Page, packages: &Packages) {
    let life = machine();
    let version = "dpkg-query --show --showformat='${Version}' holdfast";
    life.is_brought(packages.before);
    let said = page.types(&life);
    life.is_welcomed(&said);
    life.is_claimed();
    assert_eq!(life.guest.sh(version), VERSION_BEFORE);

    life.guest
        .sh("sed -i 's/^#request_burst = .*/request_burst = 77/' /etc/holdfast/holdfast.toml");
    page.types(&life);
    life.is_answering();
    let settings = life.guest.sh("holdfast config show --origin");
    let mut of_key = settings.lines().filter(|line| line.contains("request_burst"));
    assert!(of_key.any(|line| line.contains("77")), "{settings}");

    life.guest.sh("rm /root/holdfast_*.deb");
    life.is_brought(packages.now);
    page.types(&life);
    assert_eq!(life.guest.sh(version), VERSION);
    life.is_answering();
    life.has_its_data();

    let said = page.types(&life);
    assert!(said.contains("Its data stays in /var/lib/holdfast"), "{said}");
    assert_eq!(life.guest.curl(&[&format!("{HTTPS}/readyz")]).0, "000", "somebody still listens");
    life.guest.sh("test -s /var/lib/holdfast/system.db && test ! -e /usr/bin/holdfast");

    let said = page.types(&life);
    assert!(said.contains("Holdfast is purged"), "{said}");
    life.guest.sh("test ! -e /var/lib/holdfast && cat /var/backups/holdfast/purged-*.txt");
}

fn lets_in_a_folder(page: &mut Page, life: &Life) {
    page.types(life);

    life.is_answering();
    life.guest.sh("holdfast backup target add --name Disk --folder /srv/backups
         holdfast backup target test Disk");
}

fn takes_master_keys(page: &mut Page, life: &Life) {
    page.types(life);
    life.is_answering();
    life.guest.sh("test ! -e /var/lib/holdfast/master.key");

    let key = "sha256sum /etc/credstore/holdfast-master-key";
    let first = life.guest.sh(key);
    page.types(life);
    life.is_answering();
    assert_ne!(life.guest.sh(key), first);
    life.is_sealed_anew();
    life.guest.sh("rm /etc/credstore/holdfast-master-key-previous");

    page.types(life);
    life.is_answering();
    life.has_its_data();
    life.guest.sh("test ! -e /etc/credstore/holdfast-master-key");
}

fn opens_one_more_port(page: &mut Page, life: &Life) {
    life.forgives();

    page.types(life);

    life.guest.until(READY_WITHIN, "systemctl --quiet is-active holdfast.service");
    for port in ["443", "8443"] {
        let (status, body) = life.guest.curl(&[&format!("{HTTPS}:{port}/readyz")]);
        assert_eq!(status, "200", "{port}: {body}");
    }
}

/// Nobody else holds the data, and port 8443 is free again.
fn runs_without_systemd(page: &mut Page, life: &Life) {
    life.guest.sh("systemctl stop holdfast.socket holdfast.service");

    page.begins(life);

    life.guest
        .until(READY_WITHIN, "grep -q ':20FB [0-9A-F]*:0000 0A' /proc/net/tcp /proc/net/tcp6");
    let (status, body) = life.guest.curl(&[&format!("{HTTPS}:8443/readyz")]);
    assert_eq!(status, "200", "{body}\n{}", life.guest.sh("journalctl -u typed -o cat"));
    let whose = life.guest.sh("for process in /proc/[0-9]*; do
            [ \"$(readlink $process/exe)\" != /usr/lib/holdfast/holdfast ] || stat -c %U $process
         done");
    assert_eq!(whose.trim(), "holdfast");
    life.guest.sh("systemctl stop typed.service");
}
