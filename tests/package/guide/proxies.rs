//! Behind a proxy. `tests/manual/proxies.rs` looks at what passes through; here it is Debian's own
//! services that are set up.

use super::{Page, tell_story};
use crate::life::{HTTPS, Life, READY_WITHIN};

const NAME: &str = "box.example.com";
/// A certificate where the page has one, which the proxy of a person would get from an authority.
const CERTIFICATE: &str = "
    mkdir -p /etc/ssl/box.example.com && cd /etc/ssl/box.example.com
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
        -subj /CN=box.example.com -addext subjectAltName=DNS:box.example.com \
        -keyout privkey.pem -out fullchain.pem 2>/dev/null";

fn writes(life: &Life, path: &str, text: &str) {
    std::fs::write(life.guest.root().join(path), text).expect("a written file");
}

/// What somebody gets who asks for the name.
fn asks(life: &Life, address: &str) -> String {
    let resolve = |port| format!("{NAME}:{port}:127.0.0.1");
    let (https, http) = (resolve(443), resolve(80));
    let said = life.guest.curl(&["-i", "--resolve", &https, "--resolve", &http, address]);
    format!("{}\n{}", said.0, said.1)
}

fn is_behind(life: &Life, proxy: &str) {
    let said = asks(life, &format!("https://{NAME}/readyz"));
    assert!(said.starts_with("200"), "{proxy}: {said}");
    life.guest.sh(&format!("systemctl stop {proxy}"));
}

#[test]
fn the_page_on_proxies_does_what_it_says() {
    tell_story("docs/manual/proxy.md", |page, packages| {
        let life = packages.owned();
        writes(&life, "etc/holdfast/holdfast.toml", &page.text("toml"));

        page.types(&life);

        life.guest.until(READY_WITHIN, "systemctl --quiet is-active holdfast.service");
        let (status, _) = life.guest.curl(&[&format!("{HTTPS}/readyz")]);
        assert_eq!(status, "000", "the box keeps the port");
        life.guest.sh(CERTIFICATE);
        nginx(page, &life);
        caddy(page, &life);
        apache(page, &life);
    });
}

fn nginx(page: &mut Page, life: &Life) {
    life.guest.sh("apt-get install -q nginx");
    writes(life, "etc/nginx/sites-available/box", &page.text("nginx"));

    page.types(life);

    is_behind(life, "nginx");
}

/// It gets its certificate from an authority, which no guest reaches.
fn caddy(page: &mut Page, life: &Life) {
    life.guest.sh("apt-get install -q caddy");
    writes(life, "etc/caddy/Caddyfile", &page.text("caddy"));

    page.types(life);

    let said = asks(life, &format!("http://{NAME}/readyz"));
    assert!(said.starts_with("308"), "{said}");
    assert!(said.contains(&format!("Location: https://{NAME}/readyz")), "{said}");
    life.guest.sh("systemctl stop caddy");
}

fn apache(page: &mut Page, life: &Life) {
    life.guest.sh("apt-get install -q apache2");
    writes(life, "etc/apache2/sites-available/box.conf", &page.text("apache"));

    page.types(life);

    is_behind(life, "apache2");
}
