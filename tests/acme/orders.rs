//! Orders that pebble signs.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use crate::boxes::{Ports, Served, Settings, now};
use crate::pebble::{Pebble, is_there};

/// Each order has a chance of its own, so that so many in a row do not all fail.
const TRIES_MAX: usize = 12;

fn settings(folder: &Path, ports: Ports, pebble: &Pebble, names: &str) -> Settings {
    Settings::new(&folder.join("data"), ports)
        .with("HOLDFAST_SERVER__NAMES", names)
        .with("HOLDFAST_TLS__ACME_DIRECTORY", pebble.directory())
        .with("HOLDFAST_TLS__ACME_ROOT", pebble.server_root())
}

/// Whether a name has its certificate, and the box has looked that all is well.
fn is_public(served: &Served, name: &str) -> bool {
    served.states()[name] == "public" && served.status().trouble.is_none()
}

#[tokio::test(flavor = "multi_thread")]
async fn several_names_are_signed_for_over_port_80_and_local_ones_stay_with_the_box() {
    if !is_there("an order over port 80") {
        return;
    }
    let (folder, ports) = (tempfile::tempdir().unwrap(), Ports::free());
    let pebble = Pebble::start(folder.path(), ports);
    let names = "a.example.com,b.example.com,box.lan,192.168.1.9";
    let settings = settings(folder.path(), ports, &pebble, names);
    let settings = settings
        .with("HOLDFAST_TLS__ACME_CHALLENGE", "http-01")
        .with("HOLDFAST_TLS__ACME_CONTACT", "ops@example.com");
    let served = Served::start(&settings, now()).await;
    assert!(served.shown("a.example.com").await.is_of_the_box(), "before the first order");
    assert_eq!(served.status().kind.as_str(), "acme");
    assert!(served.status().trouble.is_some());

    served.until("signed", |it| is_public(it, "a.example.com")).await;

    let (states, root) = (served.states(), pebble.root());
    assert_eq!(states["b.example.com"], "public");
    assert_eq!((states["box.lan"], states["192.168.1.9"]), ("local", "local"));
    for name in ["a.example.com", "b.example.com"] {
        assert!(served.is_trusted(name, &root).await, "{name}");
    }
    assert!(served.shown("box.lan").await.is_of_the_box());
    assert!(!served.is_trusted("box.lan", &root).await);
    assert_eq!(served.status().trouble, None);
    let authority = served.authority();
    assert!(authority.issuer.unwrap().starts_with("Pebble"));
    assert!(authority.account.unwrap().starts_with(&pebble.directory()[..20]));
    assert!(authority.terms.is_some());
    let actions = served.actions().await;
    let of_tls: Vec<_> = actions.iter().filter(|one| one.starts_with("tls.")).collect();
    assert_eq!(of_tls, ["tls.account.created", "tls.certificate.obtained"]);
    keeps_no_key_in_clear(&settings.data.join("tls/acme"));
    served.stop().await;
}

fn keeps_no_key_in_clear(folder: &Path) {
    let mode = |path: &Path| fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode(folder), 0o700);
    let mut count = 0;
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("text");
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        assert!(!text.contains("PRIVATE KEY") && !text.contains("key_pkcs8"), "{text}");
        count += 1;
    }
    assert_eq!(count, 3, "an account, a certificate and how it stands");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_signed_for_over_port_443_alone() {
    if !is_there("an order over port 443") {
        return;
    }
    let (folder, ports) = (tempfile::tempdir().unwrap(), Ports::free());
    let pebble = Pebble::start(folder.path(), ports);
    let settings = settings(folder.path(), ports, &pebble, "a.example.com");
    let served = Served::start(&settings.with("HOLDFAST_SERVER__HTTP", ""), now()).await;

    served.until("signed", |it| it.states()["a.example.com"] == "public").await;

    assert!(served.is_trusted("a.example.com", &pebble.root()).await);
    // Nothing is being asked any more, so nobody is answered in that protocol.
    let asked = served.shown_over("a.example.com", &[b"acme-tls/1"]).await;
    assert!(asked.is_err(), "{asked:?}");
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_that_nobody_outside_reaches_proves_its_name_by_a_record() {
    if !is_there("an order by records") {
        return;
    }
    let (folder, ports) = (tempfile::tempdir().unwrap(), Ports::free());
    let pebble = Pebble::start(folder.path(), ports);
    let (hook, log) = pebble.hook();
    for name in ["a.example.com", "b.example.com"] {
        pebble.lead_astray(name);
    }
    let settings = settings(folder.path(), ports, &pebble, "a.example.com,b.example.com")
        .with("HOLDFAST_TLS__ACME_CHALLENGE", "dns-01")
        .with("HOLDFAST_TLS__ACME_DNS_HOOK", hook.to_str().unwrap());
    let served = Served::start(&settings, now()).await;

    served.until("signed", |it| it.states()["b.example.com"] == "public").await;

    assert!(served.is_trusted("a.example.com", &pebble.root()).await);
    let told = fs::read_to_string(log).unwrap();
    for name in ["a.example.com", "b.example.com"] {
        let of = |step: &str| told.matches(&format!("{step} _acme-challenge.{name}\n")).count();
        assert!(of("add") >= 1, "{told}");
        assert_eq!(of("add"), of("remove"), "{told}");
    }
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_leads_elsewhere_stays_with_the_box_and_the_others_come() {
    if !is_there("an order with a wrong name") {
        return;
    }
    let (folder, ports) = (tempfile::tempdir().unwrap(), Ports::free());
    let pebble = Pebble::start(folder.path(), ports);
    pebble.lead_astray("astray.example.com");
    let settings = settings(folder.path(), ports, &pebble, "a.example.com,astray.example.com");
    let served = Served::start(&settings, now()).await;

    let is_told = |it: &Served| {
        it.status().trouble.as_ref().is_some_and(|said| said.contains("tls-alpn-01: "))
    };
    let is_signed = |it: &Served| it.states()["a.example.com"] == "public" && is_told(it);
    served.until("signed", is_signed).await;

    let root = pebble.root();
    assert_eq!(served.states()["astray.example.com"], "refused");
    assert!(served.shown("astray.example.com").await.is_of_the_box());
    assert!(served.is_trusted("a.example.com", &root).await);
    let trouble = served.status().trouble.clone().unwrap();
    // Both ways were tried, and each says why it failed.
    for part in ["astray.example.com", "http-01: ", "tls-alpn-01: "] {
        assert!(trouble.contains(part), "{trouble}");
    }
    assert_eq!(served.authority().failures, 0);

    // Once it leads here, the next look takes it in.
    pebble.lead_back("astray.example.com");
    served.clock.advance(Duration::from_hours(2));
    served.until("whole", |it| is_public(it, "astray.example.com")).await;
    assert!(served.is_trusted("astray.example.com", &root).await);
    assert_eq!(served.status().trouble, None);
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_asked_before_somebody_agreed_to_the_terms() {
    if !is_there("the terms") {
        return;
    }
    let (folder, ports) = (tempfile::tempdir().unwrap(), Ports::free());
    let pebble = Pebble::start(folder.path(), ports);
    let settings = settings(folder.path(), ports, &pebble, "a.example.com");
    let not_agreed = settings.clone().with("HOLDFAST_TLS__ACME_TERMS_AGREED", "false");
    let served = Served::start(&not_agreed, now()).await;

    served
        .until("told", |it| {
            it.status().trouble.as_ref().is_some_and(|said| said.contains("tls.acme_terms_agreed"))
        })
        .await;

    let terms = served.authority().terms.expect("an address");
    assert!(served.status().trouble.as_ref().unwrap().contains(&terms));
    assert!(served.shown("a.example.com").await.is_of_the_box());
    assert_eq!(served.authority().account, None);
    assert!(!served.actions().await.iter().any(|one| one.starts_with("tls.")));
    served.stop().await;

    // Agreeing takes a restart, and no waiting.
    let served = Served::start(&settings, now()).await;
    served.until("signed", |it| it.states()["a.example.com"] == "public").await;
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_that_rejects_good_nonces_is_served_all_the_same() {
    if !is_there("wrong nonces") {
        return;
    }
    let (folder, ports) = (tempfile::tempdir().unwrap(), Ports::free());
    let pebble = Pebble::rejecting(folder.path(), ports, 15);
    let settings = settings(folder.path(), ports, &pebble, "a.example.com");
    let served = Served::start(&settings, now()).await;

    // It rejects by chance, so a try may fail; the next one has chances of its own.
    let is_signed = |it: &Served| it.states()["a.example.com"] == "public";
    for _ in 0..TRIES_MAX {
        if is_signed(&served) {
            break;
        }
        let next_at = served.authority().next_at.unwrap_or(served.clock.now());
        served.clock.advance(next_at.since(served.clock.now()) + Duration::from_mins(10));
        served.renew().await;
        let waits = |it: &Served| it.authority().next_at.is_some_and(|at| at > it.clock.now());
        served.until("tried", |it| is_signed(it) || waits(it)).await;
    }
    assert!(is_signed(&served), "{:?}", served.authority().last_error);
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_being_asked_is_answered_below_well_known() {
    let (folder, ports) = (tempfile::tempdir().unwrap(), Ports::free());
    let settings = Settings::new(&folder.path().join("data"), ports)
        .with("HOLDFAST_SERVER__NAMES", "a.example.com")
        .with("HOLDFAST_TLS__ACME_DIRECTORY", "https://127.0.0.1:9/dir");
    let served = Served::start(&settings, now()).await;

    for path in ["token", "../../trust", "%2e%2e", "a/b"] {
        let answer = served.over_http(&format!("/.well-known/acme-challenge/{path}")).await;
        assert!(!answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
    }
    let none = served.over_http("/.well-known/acme-challenge/token").await;
    assert!(none.starts_with("HTTP/1.1 404"), "{none}");
    served.stop().await;
}
