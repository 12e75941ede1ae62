//! Certificates: a program that makes records, with Debian's own name server.

use super::tell_story;
use crate::life::READY_WITHIN;

const HOOK: &str = "/usr/local/lib/holdfast/dns-hook";
const RECORD: &str = "_acme-challenge.ops.example.com";
/// A server of the names below `example.com` that takes changes from whoever has the key.
const NAME_SERVER: &str = r#"
    apt-get install -q bind9 bind9-dnsutils
    echo '127.0.0.1 ns.example.com' >>/etc/hosts
    tsig-keygen dns >/etc/holdfast/dns.key
    install -g bind -m 640 /etc/holdfast/dns.key /etc/bind/dns.key
    cat >/var/lib/bind/example.com.zone <<'ZONE'
$TTL 60
@ SOA ns.example.com. root.example.com. (1 3600 600 86400 60)
@ NS ns.example.com.
ns A 127.0.0.1
ZONE
    chown bind /var/lib/bind/example.com.zone
    cat >/etc/bind/named.conf.local <<'CONFIGURATION'
include "/etc/bind/dns.key";
zone "example.com" {
    type primary;
    file "/var/lib/bind/example.com.zone";
    allow-update { key dns; };
};
CONFIGURATION
    systemctl restart named.service"#;

#[test]
fn the_program_of_the_page_on_certificates_makes_a_record_and_removes_it() {
    tell_story("docs/manual/certificates.md", |page, packages| {
        let life = packages.owned();
        life.guest.sh(NAME_SERVER);
        life.guest.until(READY_WITHIN, "dig +short @ns.example.com SOA example.com | grep -q root");
        let hook = life.guest.root().join(HOOK.trim_start_matches('/'));
        std::fs::create_dir_all(hook.parent().expect("a folder")).expect("a folder");
        std::fs::write(&hook, page.program()).expect("a written file");

        page.types(&life);

        for (step, seen) in [("add", "\"a-proof\""), ("remove", "")] {
            life.guest.sh(&format!("runuser -u holdfast -- env -i {HOOK} {step} {RECORD} a-proof"));
            let records = life.guest.sh(&format!("dig +short @ns.example.com TXT {RECORD}"));
            assert_eq!(records.trim(), seen, "after {step}");
        }
    });
}
