//! Hardening, an incident, the runbook, trust.

use super::tell_story;
use crate::life::HTTPS;

/// Whether the machine's own authorities vouch for the box.
const IS_TRUSTED: &str = "openssl s_client -connect 127.0.0.1:443 -servername localhost \
     -CApath /etc/ssl/certs -verify_return_error </dev/null";

#[test]
fn the_page_on_hardening_does_what_it_says() {
    tell_story("docs/manual/hardening.md", |page, packages| {
        let life = packages.owned();

        page.types(&life);
        let set = life.guest.sh("apt-config dump APT::Periodic");
        for wanted in ["Update-Package-Lists \"1\"", "Unattended-Upgrade \"1\""] {
            assert!(set.contains(wanted), "{wanted}: {set}");
        }
        life.guest.sh("systemctl is-active apt-daily.timer apt-daily-upgrade.timer");

        let said = page.types(&life);
        assert!(said.contains("Firewall is active and enabled on system startup"), "{said}");
        let rules = life.guest.sh("ufw status; grep INPUT_POLICY /etc/default/ufw");
        assert!(rules.contains("22,80,443/tcp              ALLOW"), "{rules}");
        assert!(rules.contains("DEFAULT_INPUT_POLICY=\"DROP\""), "{rules}");
        life.is_answering();
        life.has_its_data();
    });
}

#[test]
fn the_page_on_incidents_does_what_it_says() {
    tell_story("docs/manual/incident.md", |page, packages| {
        let life = packages.owned();
        let (_, answer) = life.guest.curl(&["-i", &format!("{HTTPS}/api/v1/me")]);
        let request = answer.lines().find_map(|line| line.strip_prefix("x-request-id: "));
        let request = request.expect("an id").trim().to_owned();

        page.types(&life);
        let (status, _) = life.guest.curl(&[&format!("{HTTPS}/readyz")]);
        assert_eq!(status, "000", "somebody still listens");

        page.types(&life);
        let journal = life.guest.sh("cat /root/journal.json");
        let entries = journal.lines().map(serde_json::from_str::<serde_json::Value>);
        let mut entries = entries.map(|entry| entry.expect("JSON"));
        assert!(entries.any(|entry| entry["REQUEST_ID"] == *request), "{request} is not in it");

        // Nothing is lost by it.
        life.guest.sh("systemctl start holdfast.socket holdfast.service");
        life.is_answering();
        life.has_its_data();
    });
}

#[test]
fn the_page_on_putting_into_service_does_what_it_says() {
    tell_story("docs/manual/runbook.md", |page, packages| {
        let life = packages.owned();

        assert_eq!(page.types(&life), "enabled\nenabled\nactive\n");

        let said = page.types(&life);
        assert!(said.contains("0 failed, 0 warnings"), "{said}");
    });
}

#[test]
fn the_page_on_trust_does_what_it_says() {
    tell_story("docs/manual/trust.md", |page, packages| {
        let life = packages.owned();
        // What the page fetches and compares before.
        life.guest.sh("holdfast ca show --pem >/root/root.pem");
        assert!(!life.guest.try_sh(IS_TRUSTED).status.success(), "it is trusted before");

        let said = page.types(&life);
        assert!(said.contains("1 added"), "{said}");
        life.guest.sh(IS_TRUSTED);

        page.types(&life);
        assert!(!life.guest.try_sh(IS_TRUSTED).status.success(), "it is trusted still");
    });
}
