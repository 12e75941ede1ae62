//! Removed, found again, without its socket, purged.

use std::path::Path;

use super::{BOX, HTTPS, Life, READY_WITHIN, manual};

/// What stays after a purge and the notice names.
const LEFT: [&str; 1] = ["/var/backups/holdfast"];

impl Life {
    pub(super) fn is_removed_and_keeps_its_data(&self) {
        let said = self.guest.sh(&manual("Remove", 0));

        assert!(said.contains("Its data stays in /var/lib/holdfast"), "{said}");
        self.guest.sh("test -s /var/lib/holdfast/system.db && test ! -e /usr/bin/holdfast");
        let (status, _) = self.guest.curl(&[&format!("{HTTPS}/readyz")]);
        assert_eq!(status, "000", "somebody still listens");
    }

    /// While another program holds the port, which the installation says with two ways out.
    pub(super) fn is_found_by_an_installation(&self, now: &Path) {
        self.guest.sh("systemd-run --quiet --unit=other --socket-property=ListenStream=443 cat");

        let said = self.apt_install(now);

        assert!(!said.contains("/setup#"), "the box has an owner: {said}");
        assert!(said.contains("the ports 80 and 443 could not be opened"), "{said}");
        self.guest.sh("systemctl stop other.socket");
        let free = "holdfast:     systemctl ";
        let way = said.lines().filter_map(|line| line.strip_prefix(free)).take(2);
        for command in way {
            self.guest.sh(&format!("systemctl {command}"));
        }
        self.is_answering();
        self.has_its_data();
    }

    pub(super) fn listens_by_itself_without_the_socket(&self) {
        self.forgives();
        self.guest.sh("systemctl stop holdfast.socket holdfast.service");
        self.guest.sh("systemctl mask --now holdfast.socket && systemctl start holdfast.service");

        let status = self.guest.sh("holdfast status");
        assert!(status.contains("[::]:8443 (https)"), "{status}");
        let (code, body) = self.guest.curl(&["https://127.0.0.1:8443/readyz"]);
        assert_eq!(code, "200", "{body}");

        self.guest.sh("systemctl stop holdfast.service && systemctl unmask holdfast.socket");
        self.guest.sh("systemctl start holdfast.socket holdfast.service");
        self.is_answering();
    }

    pub(super) fn is_purged_while_it_runs(&self) {
        self.guest.until(READY_WITHIN, "systemctl --quiet is-active holdfast.service");
        let id = self.guest.sh("holdfast status | sed -n 's/^id  *//p'");
        self.guest.sh(
            "rm -rf /etc/systemd/system/holdfast.service.d /etc/credstore /etc/credstore.encrypted \
             /var/lib/systemd/credential.secret",
        );
        // One that somebody started by hand, and in a container somebody with the same number.
        self.guest.sh("serve='/usr/lib/holdfast/holdfast serve --https 127.0.0.1:0 --data'
             systemd-run --quiet --unit=hand --uid=holdfast $serve /tmp/hand
             systemd-run --quiet --unit=contained unshare --pid --fork \
                 setpriv --reuid=holdfast --regid=holdfast --clear-groups $serve /tmp/contained
             systemd-run --quiet --unit=stranger --uid=holdfast tail -f /dev/null");
        for own in ["/tmp/hand", "/tmp/contained"] {
            self.guest.until(READY_WITHIN, &format!("test -e {own}/control.sock"));
        }

        let script = "/run/holdfast.postrm";
        self.guest.sh(&format!("cp /var/lib/dpkg/info/holdfast.postrm {script}"));

        let said = self.guest.sh(&manual("Purge", 0));

        let notice = said.split("/var/backups/holdfast/purged-").nth(1).expect("a last notice");
        let notice = notice.split_whitespace().next().expect("the name of a file");
        let notice = self.guest.sh(&format!("cat /var/backups/holdfast/purged-{notice}"));
        for told in [BOX, id.trim(), " at Disk (folder): /srv/backups", "holdfast recover"] {
            assert!(notice.contains(told), "{told} is not in it: {notice}");
        }
        assert!(notice.contains("verified 20"), "{notice}");
        let (status, _) = self.guest.curl(&[&format!("{HTTPS}/readyz")]);
        assert_eq!(status, "000", "somebody still listens");
        assert!(!self.guest.try_sh("systemctl --quiet is-active hand").status.success());
        self.guest.sh("systemctl is-active contained stranger");
        self.guest.sh("systemctl stop contained stranger; rm -r /tmp/hand /tmp/contained");
        assert_eq!(self.guest.sh("find /proc -maxdepth 1 -user holdfast 2>/dev/null || true"), "");
        // As after a purge that was interrupted.
        let again = self.guest.sh(&format!("{script} purge && rm {script}"));
        assert!(!again.contains("Holdfast is purged"), "{again}");
        // The kit opens what the notice names; the backups are still there.
        self.guest.sh("test -n \"$(find /srv/backups -name COMMIT.json)\"");
    }

    pub(super) fn comes_back_as_its_last_notice_says(&self, now: &Path) {
        self.apt_install(now);
        self.finds_a_folder_without_systemd();
        let notice = self.guest.sh("cat /var/backups/holdfast/purged-*.txt");
        let notice = notice.split("To bring it back").nth(1).expect("a way back");
        let script: Vec<_> = notice.lines().filter_map(|line| line.strip_prefix("    ")).collect();
        let script = script.join("\n").replace("WHERE", "/srv/backups");

        let said = self.guest.sh(&script.replace("KIT", "/root/kit.txt"));

        assert!(said.contains("is back in /var/lib/holdfast"), "{said}");
        self.is_answering();
        self.has_its_data();
        assert_eq!(self.guest.sh("find /var/lib/holdfast ! -user holdfast"), "");
        self.guest.sh("rm -r /var/lib/holdfast.fresh");
    }

    /// Somebody else is the first process: nobody but the package makes the box's folder.
    fn finds_a_folder_without_systemd(&self) {
        self.guest.sh("systemctl stop holdfast.socket holdfast.service; rm -r /var/lib/holdfast");

        let said = self.guest.sh("unshare --mount sh -euc 'mount -t tmpfs tmpfs /run/systemd
             /var/lib/dpkg/info/holdfast.postinst configure'");

        assert!(said.contains("runuser -u holdfast -- holdfast serve"), "{said}");
        let owner = self.guest.sh("stat -c '%a %U %G' /var/lib/holdfast");
        assert_eq!(owner, "700 holdfast holdfast\n");
    }

    pub(super) fn is_purged_from_behind_a_link_without_room_for_a_notice(&self) {
        self.guest.sh("systemctl stop holdfast.socket holdfast.service
             mv /var/lib/holdfast /srv/box && ln -s /srv/box /var/lib/holdfast
             mount -t tmpfs -o ro tmpfs /var/backups");

        let said = self.guest.sh("dpkg --purge holdfast");

        assert!(said.contains("could not be noted in /var/backups/holdfast"), "{said}");
        assert!(said.contains("the last notice could not be written"), "{said}");
        assert!(said.contains("holdfast recover --from"), "{said}");
        self.guest.sh("test ! -e /srv/box && umount /var/backups");
    }

    pub(super) fn leaves_what_it_said(&self) {
        self.guest.sh("rm -r /srv/backups");

        let again = self.guest.sh("dpkg --purge holdfast");

        assert!(!again.contains("Holdfast is purged"), "{again}");
        let notices = self.guest.sh("ls /var/backups/holdfast");
        assert_eq!(notices.lines().count(), 1, "a second notice: {notices}");
        let is_new = |path: &&String| self.paths_before.binary_search(path).is_err();
        let now = self.paths();
        let left: Vec<&String> = now.iter().filter(is_new).collect();
        let is_announced = |path: &&&String| LEFT.iter().any(|known| path.starts_with(known));
        let others: Vec<_> = left.iter().filter(|path| !is_announced(path)).collect();
        assert!(others.is_empty(), "{others:?}");
        assert!(self.guest.sh("id holdfast").contains("(holdfast)"), "the notice says it stays");
    }
}
