//! Moving the box, and bringing it back.

use std::process::Command;

use super::{Packages, Page, tell_story};
use crate::life::{HTTPS, Life};

/// Lets the box write to `/mnt/backup`, and has it make a kit and a backup there.
const BACK_UP: &str = "
    install -d -o holdfast -g holdfast -m 0700 /mnt/backup
    mkdir -p /etc/systemd/system/holdfast.service.d
    printf '[Service]\\nReadWritePaths=-/mnt/backup\\n' \
        >/etc/systemd/system/holdfast.service.d/backups.conf
    systemctl daemon-reload && systemctl restart holdfast
    cd /root
    holdfast backup kit create --out kit.txt
    holdfast backup kit confirm --kit kit.txt
    holdfast backup target add --name Disk --folder /mnt/backup
    holdfast backup run";

/// Takes something from a machine to a place on another, as a disk that is carried over does.
fn carry(from: &Life, path: &str, to: &Life, place: &str) {
    let mut copy = Command::new("cp");
    copy.args(["-a", "-T"]).arg(from.guest.root().join(path)).arg(to.guest.root().join(place));
    assert!(copy.status().expect("coreutils").success(), "{path} was not carried over");
}

fn backed_up(packages: &Packages) -> Life {
    let life = packages.owned();
    life.guest.sh(BACK_UP);
    life
}

fn belongs_to_its_user(life: &Life, folder: &str) {
    assert_eq!(life.guest.sh(&format!("find {folder} ! -user holdfast -o ! -group holdfast")), "");
}

#[test]
fn the_page_on_moving_does_what_it_says() {
    tell_story("docs/manual/migration.md", |page, packages| {
        let old = backed_up(packages);
        let root = old.guest.sh("holdfast ca show");
        page.types(&old);
        let (status, _) = old.guest.curl(&[&format!("{HTTPS}/readyz")]);
        assert_eq!(status, "000", "the old machine still answers");
        let is_enabled = old.guest.try_sh("systemctl is-enabled holdfast.socket holdfast.service");
        assert_eq!(String::from_utf8_lossy(&is_enabled.stdout), "disabled\ndisabled\n");

        let new = packages.machine_with_package();
        for path in ["mnt/backup", "root/kit.txt"] {
            carry(&old, path, &new, path);
        }
        page.types(&new);
        let said = page.types(&new);
        assert!(said.contains("rows") && said.contains("audit entries"), "{said}");
        belongs_to_its_user(&new, "/var/lib/holdfast");
        page.types(&new);
        new.is_answering();
        new.has_its_data();
        assert_eq!(new.guest.sh("holdfast ca show"), root, "devices trust another root");

        takes_over_a_folder(page, packages, &new);
        changes_disks(page, &new);
    });
}

/// What root ran by hand, here with the data of another box.
fn takes_over_a_folder(page: &mut Page, packages: &Packages, new: &Life) {
    let by_hand = packages.machine_with_package();
    new.guest.sh("systemctl stop holdfast.socket holdfast.service");
    carry(new, "var/lib/holdfast", &by_hand, "srv/holdfast");
    by_hand.guest.sh("chown -R root:root /srv/holdfast");
    new.guest.sh("systemctl start holdfast.socket holdfast.service");
    page.types(&by_hand);
    let said = page.types(&by_hand);
    assert!(said.contains("running for"), "{said}");
    by_hand.is_answering();
    by_hand.has_its_data();
    by_hand.guest.sh("test -s /srv/holdfast/system.db");
}

fn changes_disks(page: &mut Page, new: &Life) {
    page.types(new);
    let settings = page.text("toml");
    std::fs::write(new.guest.root().join("etc/holdfast/holdfast.toml"), settings)
        .expect("a written file");
    page.types(new);
    let said = page.types(new);
    assert!(said.contains("running for"), "{said}");
    new.is_answering();
    new.has_its_data();
    let open = new.guest.sh(&format!("ls -l /proc/{}/fd", new.worker()));
    assert!(open.contains("/srv/holdfast/system.db"), "{open}");
    assert!(!open.contains("/var/lib/holdfast/system.db"), "{open}");
}

#[test]
fn the_page_on_restoring_does_what_it_says() {
    tell_story("docs/manual/restore.md", |page, packages| {
        let life = backed_up(packages);

        let said = page.types(&life);

        assert!(said.contains("is back in /var/lib/holdfast"), "{said}");
        life.is_answering();
        life.has_its_data();
        belongs_to_its_user(&life, "/var/lib/holdfast");
        for made_before in ["true", "mkdir -m 0700 /var/lib/holdfast"] {
            life.guest.sh("systemctl stop holdfast.socket holdfast.service
                 rm -r /var/lib/holdfast");
            life.guest.sh(made_before);

            life.guest.sh("holdfast recover --from /mnt/backup --kit /root/kit.txt");

            belongs_to_its_user(&life, "/var/lib/holdfast");
            life.guest.sh("systemctl start holdfast.socket holdfast.service");
            life.is_answering();
            life.has_its_data();
        }
    });
}
