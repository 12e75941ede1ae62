//! Installed, claimed, restarted, killed, hung, reloaded, rebooted, backed up.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{BOX, EMAIL, HTTPS, ITEMS, Life, PASSWORD, READY_WITHIN, manual};
use crate::skip;

/// The first kernel with all that is asked of Landlock.
const KEPT_WHOLLY_SINCE: (u32, u32) = (6, 12);

/// Of this machine, which the guest shares.
fn kernel() -> (u32, u32) {
    let text = std::fs::read_to_string("/proc/sys/kernel/osrelease").expect("a kernel");
    let mut numbers = text.split('.').map(|part| part.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

impl Life {
    pub(super) fn installs(&mut self, package: &Path) {
        let said = self.apt_install(package);

        self.is_welcomed(&said);
        for unit in ["holdfast.service", "holdfast.socket"] {
            self.guest.sh(&format!(
                "systemctl --quiet is-active {unit} && systemctl --quiet is-enabled {unit}"
            ));
        }
        let micros = |name| self.property(name).parse::<u64>().expect("a time");
        let took =
            micros("ActiveEnterTimestampMonotonic") - micros("InactiveExitTimestampMonotonic");
        assert!(Duration::from_micros(took) < READY_WITHIN, "READY after {took} µs");
        self.is_answering();
        let (status, _) = self.guest.curl(&["http://127.0.0.1/"]);
        assert_eq!(status, "308", "port 80 leads to HTTPS");
        self.is_as_dpkg_left_it();
        let owners =
            self.guest.sh("stat -c '%n %a %U %G' /var/lib/holdfast /etc/holdfast/holdfast.toml \
             /var/backups/holdfast");
        let wanted = "/var/lib/holdfast 700 holdfast holdfast\n\
                      /etc/holdfast/holdfast.toml 640 root holdfast\n\
                      /var/backups/holdfast 700 root root\n";
        assert_eq!(owners, wanted);
    }

    /// An installation showed the link, its code and the fingerprint of a box that nobody owns.
    pub(crate) fn is_welcomed(&self, said: &str) {
        let token =
            said.split("/setup#token=").nth(1).map(|rest| rest.lines().next().unwrap_or(""));
        assert!(token.is_some_and(|token| token.trim().len() == 22), "no link: {said}");
        assert!(said.contains('█') || said.contains('▀'), "no QR code: {said}");
        let root = self.guest.sh("holdfast ca show --json");
        let root: serde_json::Value = serde_json::from_str(&root).expect("JSON");
        let fingerprint = root["items"][0]["fingerprint"].as_str().expect("a fingerprint");
        assert!(said.contains(fingerprint), "no fingerprint: {said}");
    }

    /// Somebody who changes what the package brought is found out.
    pub(super) fn knows_what_dpkg_left(&self) {
        let file = "/usr/share/doc/holdfast/copyright";
        self.guest.sh(&format!("cp -p {file} /run/kept && echo changed >>{file}"));

        let changed = self.guest.try_sh("dpkg -V holdfast");

        assert_eq!(String::from_utf8_lossy(&changed.stdout), format!("??5??????   {file}\n"));
        self.guest.sh(&format!("mv /run/kept {file}"));
    }

    /// Nothing that the package brought was changed by using it.
    pub(crate) fn is_as_dpkg_left_it(&self) {
        assert_eq!(self.guest.sh("dpkg -V holdfast"), "");
    }

    pub(super) fn is_in_its_sandbox(&self) {
        for process in [self.property("MainPID"), self.worker()] {
            let status = self.guest.sh(&format!("cat /proc/{process}/status"));
            let value = |name: &str| {
                let mut lines = status.lines();
                let line = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
                line.unwrap_or_else(|| panic!("{status}")).trim().to_owned()
            };
            for none in ["CapEff", "CapPrm", "CapBnd", "CapAmb"] {
                assert_eq!(value(none), "0000000000000000", "{none}");
            }
            assert_eq!(value("NoNewPrivs"), "1");
            assert_eq!(value("Seccomp"), "2");
        }
        assert_eq!(self.property("LimitNOFILE"), "65536");
        // The socket of the command line answers root from outside the sandbox's user namespace.
        assert!(self.guest.sh("holdfast status").contains("running for"));
        let refused = self.guest.try_sh("runuser -u nobody -- holdfast status");
        assert!(!refused.status.success(), "anybody may ask the box");
    }

    pub(crate) fn is_claimed(&self) {
        let said = self.guest.sh("holdfast setup-link");
        let token = said.split("#token=").nth(1).and_then(|rest| rest.lines().next());
        let body = json!({
            "token": token.expect("a link").trim(),
            "box_name": BOX,
            "operator": { "name": "Ana", "email": EMAIL, "password": PASSWORD },
            "workspace": { "name": "Kitchen", "currency": "EUR", "time_zone": "Europe/Zagreb" },
        });
        let (status, body) = self.ask("POST", "/setup", Some(&body));
        assert_eq!(status, "201", "{body}");
        let workspace = body["workspace"]["id"].as_str().expect("a workspace").to_owned();
        for number in 0..ITEMS {
            let item =
                json!({ "item_number": format!("I-{number}"), "name": "Rice", "unit": "kg" });
            let path = format!("/workspaces/{workspace}/inventory/items");
            let (status, body) = self.ask("POST", &path, Some(&item));
            assert_eq!(status, "201", "{body}");
        }
    }

    pub(super) fn restarts(&self) {
        let before = self.property("MainPID");

        self.guest.sh("systemctl restart holdfast");

        assert_ne!(self.property("MainPID"), before);
        self.is_answering();
        self.has_its_data();
    }

    pub(super) fn comes_back_after_a_kill(&self) {
        self.forgives();
        let before = self.property("MainPID");

        self.guest.sh("systemctl kill -s KILL holdfast");
        let (status, body) = self.guest.curl(&[&format!("{HTTPS}/readyz")]);

        // The connection waited in the socket that systemd holds.
        assert_eq!(status, "200", "{body}");
        assert_ne!(self.property("MainPID"), before);
        assert_eq!(self.property("NRestarts"), "1");
        self.has_its_data();
    }

    /// The supervisor stays, and the service manager has nothing to do.
    pub(super) fn is_started_anew_by_its_supervisor(&self) {
        let standing = || (self.property("MainPID"), self.property("NRestarts"));
        let (before, worker) = (standing(), self.worker());

        self.guest.sh(&format!("kill -KILL {worker}"));
        let (status, body) = self.guest.curl(&[&format!("{HTTPS}/readyz")]);

        assert_eq!(status, "200", "{body}");
        assert_eq!(standing(), before);
        assert_ne!(self.worker(), worker);
        self.has_its_data();
    }

    /// Its supervisor, which could start, does not try on in silence while somebody waits.
    pub(super) fn says_at_once_that_it_cannot_start(&self) {
        self.forgives();
        self.guest.sh("systemctl stop holdfast.socket holdfast.service
             cp -p /etc/holdfast/holdfast.toml /run/kept
             sed -i -e '/^\\[tls\\]/,/^\\[storage\\]/ {
                 s|^#mode = .*|mode = \"own\"|
                 s|^#certificate = .*|certificate = \"/etc/holdfast/none.pem\"|
                 s|^#key = .*|key = \"/etc/holdfast/none.key\"| }' /etc/holdfast/holdfast.toml");

        let started = self.guest.try_sh("systemctl start holdfast.service");

        assert!(!started.status.success(), "{}", self.guest.journal());
        assert_eq!(self.property("ExecMainStatus"), "1");
        assert!(self.guest.journal().contains("/etc/holdfast/none.pem"), "it does not say why");
        self.guest.sh("systemctl stop holdfast.service
             mv /run/kept /etc/holdfast/holdfast.toml
             systemctl start holdfast.socket holdfast.service");
        self.is_answering();
    }

    /// As far as this machine's kernel can keep it from that.
    pub(super) fn cannot_write_what_is_started_next(&self) {
        let owner = self.guest.sh("stat -c '%a %U %G' /var/lib/holdfast-supervisor");
        assert_eq!(owner, "700 holdfast holdfast\n");
        let updates = self.updates();
        let supervision = &updates["supervision"];
        assert_eq!(supervision["is_supervised"], true, "{updates}");
        let detail = supervision["protection_detail"].as_str().expect("a detail");
        if detail.contains("not in this kernel") || detail.contains("switched off") {
            return skip("nothing kept the box from its releases", "this kernel has no Landlock");
        }
        let wanted = if kernel() < KEPT_WHOLLY_SINCE { "partial" } else { "full" };
        assert_eq!(supervision["protection"], wanted, "{detail}");
        assert!(
            detail.starts_with("The box cannot write /var/lib/holdfast-supervisor"),
            "{detail}"
        );
    }

    pub(super) fn comes_back_when_it_hangs(&self) {
        self.forgives();
        self.guest.sh("mkdir -p /run/systemd/system/holdfast.service.d
             printf '[Service]\\nWatchdogSec=3\\n' >/run/systemd/system/holdfast.service.d/test.conf
             systemctl daemon-reload && systemctl restart holdfast");
        let before = self.property("MainPID");
        // It is fed: a box that is well outlives its watchdog.
        self.guest.until(
            Duration::from_secs(20),
            "micros() { systemctl show --value -p $1 holdfast.service; }
             fed=$(micros WatchdogTimestampMonotonic) since=$(micros ActiveEnterTimestampMonotonic)
             [ $((fed - since)) -gt 4000000 ]",
        );
        assert_eq!(self.property("MainPID"), before);

        self.guest.sh("systemctl kill -s STOP holdfast");
        let script = format!("[ \"$(systemctl show --value -p MainPID holdfast)\" -ne {before} ]");
        self.guest.until(Duration::from_secs(30), &script);

        self.is_answering();
        assert!(self.guest.journal().contains("Watchdog timeout"), "{}", self.guest.journal());
        self.guest.sh("rm -r /run/systemd/system/holdfast.service.d && systemctl daemon-reload");
        self.guest.sh("systemctl restart holdfast");
    }

    pub(super) fn reloads(&self) {
        self.forgives();
        let before = self.property("MainPID");

        self.guest.sh("systemctl reload holdfast");

        self.is_answering();
        assert_eq!(self.property("MainPID"), before);
    }

    pub(super) fn comes_back_after_a_reboot(&mut self) {
        let id = "cat /proc/sys/kernel/random/boot_id
             systemctl show --value -p UserspaceTimestampMonotonic";
        let before = self.guest.sh(id);

        self.guest.reboot();

        assert_ne!(self.guest.sh(id), before, "the machine did not start again");
        self.is_answering();
        self.has_its_data();
    }

    /// The sandbox lets the box write nowhere else; the manual says how it is let in.
    pub(super) fn backs_up_to_a_folder_that_is_let_in(&self) {
        self.forgives();
        self.guest.sh("install -d -o holdfast -g holdfast -m 0700 /srv/backups");
        self.guest.sh("holdfast backup kit create --out /root/kit.txt");
        self.guest.sh("holdfast backup target add --name Disk --folder /srv/backups");
        let refused = self.guest.try_sh("holdfast backup target test Disk");
        assert_eq!(refused.status.code(), Some(5), "the sandbox let it write outside its folder");

        self.guest.sh(&manual("The sandbox", 0));
        self.guest.sh("holdfast backup target test Disk
             holdfast backup kit confirm --kit /root/kit.txt
             holdfast backup run");

        let list = self.guest.sh("holdfast backup list --json");
        assert!(list.contains("verified"), "{list}");
        // The system call filter lets a backup lower its own priority.
        let journal = self.guest.sh("journalctl -u holdfast --no-pager -o cat");
        assert!(!journal.contains("cannot step back"), "{journal}");
        assert_eq!(self.guest.sh("find /srv/backups ! -user holdfast"), "");
        self.is_as_dpkg_left_it();
    }

    /// The key comes from systemd's store, plain and encrypted, and lies in the data no more.
    pub(super) fn takes_its_master_key_from_systemd(&self) {
        self.forgives();
        let own = "test -e /var/lib/holdfast/master.key";
        self.guest.sh(own);

        self.guest.sh(&manual("The master key outside the data folder", 0));
        self.is_answering();
        assert!(!self.guest.try_sh(own).status.success(), "its own key is still there");

        let sum = "sha256sum /etc/credstore/holdfast-master-key";
        let key = self.guest.sh(sum);
        let again = self.guest.sh(&manual("The master key outside the data folder", 0));
        assert!(again.contains("There is a key already"), "{again}");
        assert_eq!(self.guest.sh(sum), key, "the key is gone");

        self.guest.sh(&manual("The master key outside the data folder", 1));
        self.is_answering();
        assert_ne!(self.guest.sh(sum), key);
        self.is_sealed_anew();
        self.guest.sh("rm /etc/credstore/holdfast-master-key-previous");

        self.guest.sh(&manual("The master key outside the data folder", 2));
        self.is_answering();
        self.has_its_data();
        self.guest.sh("test ! -e /etc/credstore/holdfast-master-key");
    }

    /// Waits until nothing needs the previous key any more.
    pub(crate) fn is_sealed_anew(&self) {
        let began = Instant::now();
        while self.ask("GET", "/keys", None).1["is_rotating"] != false {
            assert!(began.elapsed() < READY_WITHIN, "{}", self.guest.journal());
        }
    }

    pub(super) fn listens_on_one_more_port(&self) {
        self.forgives();

        self.guest.sh(&manual("One more port", 0));

        for port in ["443", "8443"] {
            let (status, body) = self.guest.curl(&[&format!("{HTTPS}:{port}/readyz")]);
            assert_eq!(status, "200", "{port}: {body}");
        }
        let (status, _) = self.guest.curl(&["http://127.0.0.1/"]);
        assert_eq!(status, "308", "port 80 leads to HTTPS");
        self.guest.sh("rm -r /etc/systemd/system/holdfast.socket.d && systemctl daemon-reload");
        self.guest.sh("systemctl stop holdfast.service && systemctl restart holdfast.socket");
        self.guest.sh("systemctl start holdfast.service");
    }
}
