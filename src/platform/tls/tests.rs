use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::authority::Authority;
use super::files::TlsFiles;
use super::rules::{LEAF_LIFETIME, ROOT_LIFETIME, ROOTS_MAX};
use super::*;
use crate::platform::clock::Clock;
use crate::platform::error::Error;
use crate::platform::random::Random;
use crate::platform::secrets::Secrets;
use crate::platform::tasks::Tasks;

const NOW: Moment = Moment(1_790_000_000_000);
const DAY: Duration = Duration::from_hours(24);

/// A box with a directory, a clock and names a test can change.
struct Bench {
    home: tempfile::TempDir,
    clock: Clock,
    wanted: Arc<Mutex<Vec<Name>>>,
}

impl Bench {
    fn new() -> Self {
        let bench = Self {
            home: tempfile::tempdir().unwrap(),
            clock: Clock::fixed(NOW),
            wanted: Arc::default(),
        };
        bench.want(&["box.lan", "box", "192.168.1.20", "fd00::2"]);
        bench
    }

    fn want(&self, names: &[&str]) {
        *self.wanted.lock().unwrap() = parsed(names);
    }

    fn open(&self) -> Arc<Certificates> {
        let wanted = Arc::clone(&self.wanted);
        let names = Box::new(move || wanted.lock().unwrap().clone());
        let directory = self.home.path().join("tls");
        let (label, secrets) = ("box".to_owned(), self.secrets());
        let source = Source::LocalCa { directory, label, names, secrets };
        Certificates::open(source, self.clock.clone()).unwrap()
    }

    fn secrets(&self) -> Arc<Secrets> {
        let random = Random::new(self.clock.clone());
        Arc::new(Secrets::open(self.home.path(), None, &random).unwrap())
    }

    fn file(&self, name: &str) -> Vec<u8> {
        fs::read(self.home.path().join("tls").join(name)).unwrap()
    }

    fn leaf(&self) -> Vec<u8> {
        CertificateDer::from_pem_slice(&self.file("leaf.pem")).unwrap().to_vec()
    }

    /// Writes an own pair for `names` made by a root of its own.
    fn write_pair(&self, names: &[&str]) -> OwnPair {
        let random = Random::new(self.clock.clone());
        let root = Authority::make(&random, self.clock.now(), "own", &parsed(names)).unwrap();
        let leaf = root.make_leaf(&random, self.clock.now(), &parsed(names)).unwrap();
        let pair = self.pair();
        let (certificate, key) = leaf.pem.reveal().split_once("-----BEGIN PRIVATE").unwrap();
        fs::write(&pair.certificate, certificate).unwrap();
        fs::write(&pair.key, format!("-----BEGIN PRIVATE{key}")).unwrap();
        pair
    }

    fn pair(&self) -> OwnPair {
        OwnPair {
            certificate: self.home.path().join("own.pem"),
            key: self.home.path().join("own.key"),
        }
    }

    fn open_own(&self) -> Result<Arc<Certificates>, Error> {
        Certificates::open(Source::Own(self.pair()), self.clock.clone())
    }
}

fn parsed(names: &[&str]) -> Vec<Name> {
    names.iter().map(|name| Name::parse(name).unwrap()).collect()
}

/// Judges a chain as a browser would, at `now`.
fn verify(root: &[u8], leaf: &[u8], name: &str, now: Moment) -> Result<(), String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(root.to_vec())).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
    let now = UnixTime::since_unix_epoch(Duration::from_millis(now.0.unsigned_abs()));
    let leaf = CertificateDer::from(leaf.to_vec());
    verifier
        .verify_server_cert(&leaf, &[], &ServerName::try_from(name).unwrap(), &[], now)
        .map(|_| ())
        .map_err(|error| error.to_string())
}

/// What `openssl verify` says of a chain at `now`.
fn openssl_verify(root_pem: &str, leaf_pem: &str, now: Moment) -> String {
    let home = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = home.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let output = Command::new("openssl")
        .args(["verify", "-x509_strict", "-attime", &(now.0 / 1000).to_string(), "-CAfile"])
        .args([write("root.pem", root_pem), write("leaf.pem", leaf_pem)])
        .output()
        .expect("openssl is there: the build needs a C tool chain and the tests need openssl");
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

#[test]
fn a_root_is_bound_to_ten_years_no_intermediates_and_local_names() {
    let bench = Bench::new();
    let root = bench.open().roots()[0].clone();

    let (_, certificate) = X509Certificate::from_der(&root.der).unwrap();
    let basic = certificate.basic_constraints().unwrap().unwrap();
    let constraints = certificate.name_constraints().unwrap().unwrap();
    let usage = certificate.key_usage().unwrap().unwrap().value;

    assert!(basic.critical && basic.value.ca);
    assert_eq!(basic.value.path_len_constraint, Some(0));
    assert!(constraints.critical);
    assert!(constraints.value.excluded_subtrees.is_none());
    assert!(usage.key_cert_sign() && !usage.digital_signature());
    let facts = reading::root_facts(&root.der).unwrap();
    let expected = rules::Constraints::for_names(&parsed(&["box.lan", "box"]));
    assert_eq!(facts.constraints, expected);
    assert_eq!(facts.validity.not_after, NOW.plus(ROOT_LIFETIME));
    assert_eq!(root.not_after, NOW.plus(ROOT_LIFETIME));
    assert!(certificate.subject().to_string().contains("Holdfast box "));
}

#[test]
fn a_leaf_holds_thirty_days_for_all_names_and_its_chain_is_good() {
    let bench = Bench::new();
    let certificates = bench.open();
    let root = certificates.roots()[0].clone();
    let leaf = bench.leaf();

    let (_, parsed) = X509Certificate::from_der(&leaf).unwrap();
    let status = certificates.status();

    assert_eq!(status.kind.as_str(), "local-ca");
    assert_eq!(status.names, ["box", "box.lan", "192.168.1.20", "fd00::2"]);
    assert_eq!(status.not_after, NOW.plus(LEAF_LIFETIME));
    assert_eq!(status.root_fingerprint.as_deref(), Some(root.fingerprint.as_str()));
    assert_eq!(status.trouble, None);
    assert!(!parsed.basic_constraints().unwrap().unwrap().value.ca);
    assert!(parsed.extended_key_usage().unwrap().unwrap().value.server_auth);
    for name in ["box", "box.lan", "192.168.1.20", "fd00::2"] {
        assert_eq!(verify(&root.der, &leaf, name, NOW), Ok(()), "{name}");
    }
    assert!(verify(&root.der, &leaf, "other.lan", NOW).is_err());
    assert!(verify(&root.der, &leaf, "box", NOW.plus(31 * DAY)).is_err());
    let verdict =
        openssl_verify(&root.pem, &String::from_utf8(bench.file("leaf.pem")).unwrap(), NOW);
    assert!(verdict.contains("leaf.pem: OK"), "{verdict}");
}

#[test]
fn a_stolen_root_key_cannot_vouch_for_names_outside() {
    let random = Random::new(Clock::fixed(NOW));
    let root = Authority::make(&random, NOW, "box", &parsed(&["ops.example.com"])).unwrap();
    for (name, is_inside) in [
        ("a.ops.example.com", true),
        ("x.internal", true),
        ("100.64.1.1", true),
        ("bank.example", false),
        ("8.8.8.8", false),
        ("2001:db8::1", false),
    ] {
        let leaf = root.make_leaf(&random, NOW, &parsed(&[name])).unwrap();

        let verdict = openssl_verify(&root.pem, leaf.pem.reveal(), NOW);

        assert_eq!(verify(&root.der, &leaf.der, name, NOW).is_ok(), is_inside, "{name}");
        assert_eq!(verdict.contains("leaf.pem: OK"), is_inside, "{name}: {verdict}");
        assert_eq!(verdict.contains("permitted subtree violation"), !is_inside, "{name}");
    }
}

#[test]
fn a_restart_keeps_root_and_leaf() {
    let bench = Bench::new();
    let directory = bench.home.path().join("tls");
    assert!(kept_roots(&directory, &bench.clock).unwrap().is_empty());
    assert!(!directory.exists(), "reading makes nothing");
    let before = bench.open();

    let after = bench.open();

    assert_eq!(before.status(), after.status());
    assert_eq!(kept_roots(&directory, &bench.clock).unwrap(), *before.roots());
}

#[test]
fn a_root_key_of_an_earlier_version_is_sealed_and_goes_on_signing() {
    let bench = Bench::new();
    let before = bench.open().status();
    let path = bench.home.path().join("tls").join("root-1.key");
    let sealed = bench.file("root-1.key");
    let read = TlsFiles::open(path.parent().unwrap(), Some(bench.secrets())).unwrap().read_roots();
    let plain = read.unwrap().remove(0).key.unwrap();
    assert!(plain.reveal().contains("PRIVATE KEY") && sealed.starts_with(b"holdfast-sealed:"));
    fs::write(&path, plain.reveal()).unwrap();

    let after = bench.open().status();

    assert_eq!(after.fingerprint, before.fingerprint);
    assert!(bench.file("root-1.key").starts_with(b"holdfast-sealed:"));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    bench.want(&["box.lan", "other.lan"]);
    let renewed = bench.open().status();
    assert_eq!(renewed.root_fingerprint, before.root_fingerprint);
    assert_ne!(renewed.fingerprint, before.fingerprint);
    fs::remove_file(bench.home.path().join("master.key")).unwrap();
    let directory = bench.home.path().join("tls");
    assert_eq!(kept_roots(&directory, &bench.clock).unwrap().len(), 1);
}

#[test]
fn a_leaf_is_renewed_with_ten_days_left_by_the_same_root_with_a_new_key() {
    let bench = Bench::new();
    let certificates = bench.open();
    let first = certificates.status();
    let first_key = public_key(&bench.leaf());

    bench.clock.advance(19 * DAY);
    certificates.check();
    assert_eq!(certificates.status(), first);
    bench.clock.advance(DAY);
    certificates.check();

    let second = certificates.status();
    assert_ne!(second.fingerprint, first.fingerprint);
    assert_ne!(public_key(&bench.leaf()), first_key);
    assert_eq!(second.root_fingerprint, first.root_fingerprint);
    assert_eq!(second.not_after, NOW.plus(20 * DAY).plus(LEAF_LIFETIME));
    assert_eq!(certificates.roots().len(), 1);
}

fn public_key(der: &[u8]) -> Vec<u8> {
    X509Certificate::from_der(der).unwrap().1.public_key().raw.to_vec()
}

#[test]
fn serial_numbers_are_random_and_positive() {
    let random = Random::new(Clock::fixed(NOW));
    let root = Authority::make(&random, NOW, "box", &[]).unwrap();
    let serial = || {
        let leaf = root.make_leaf(&random, NOW, &parsed(&["box.lan"])).unwrap();
        X509Certificate::from_der(&leaf.der).unwrap().1.raw_serial().to_vec()
    };
    let (one, other) = (serial(), serial());

    assert_ne!(one, other);
    assert!(one.len() == 16 && one[0] & 0x80 == 0);
}

#[test]
fn a_new_name_inside_makes_a_leaf_and_one_outside_a_second_root() {
    let bench = Bench::new();
    let certificates = bench.open();
    let first_root = certificates.roots()[0].clone();

    bench.want(&["box.lan", "10.9.8.7"]);
    certificates.check();
    assert_eq!(certificates.status().names, ["box.lan", "10.9.8.7"]);
    assert_eq!(*certificates.roots(), vec![first_root.clone()]);
    bench.want(&["box.lan", "ops.example.com"]);
    certificates.check();

    let roots = certificates.roots();
    assert_eq!(roots.len(), 2);
    assert_eq!(roots[1], first_root);
    assert_eq!(certificates.status().root_fingerprint.as_ref(), Some(&roots[0].fingerprint));
    assert_eq!(verify(&roots[0].der, &bench.leaf(), "ops.example.com", NOW), Ok(()));
    assert!(verify(&first_root.der, &bench.leaf(), "ops.example.com", NOW).is_err());
    let reopened = bench.open();
    assert_eq!(*reopened.roots(), *roots);

    bench.want(&["box.lan"]);
    certificates.check();
    let back = certificates.status().root_fingerprint.clone();
    assert_eq!(back, Some(first_root.fingerprint), "most devices know the oldest root");
}

#[test]
fn when_no_more_roots_may_be_made_the_names_they_cover_stay_and_the_status_says_so() {
    let bench = Bench::new();
    let certificates = bench.open();
    for number in 1..=ROOTS_MAX {
        bench.want(&["box.lan", &format!("n{number}.example")]);
        certificates.check();
    }

    let status = certificates.status();

    assert_eq!(certificates.roots().len(), ROOTS_MAX);
    assert_eq!(status.names, ["box.lan"]);
    let trouble = status.trouble.clone().unwrap();
    assert!(trouble.starts_with("The certificate does not cover n8.example:"), "{trouble}");
}

#[test]
fn a_box_whose_clock_starts_in_1970_keeps_its_root_and_leaf() {
    let bench = Bench::new();
    let before = bench.open().status();
    let early = Bench {
        clock: Clock::fixed(Moment(0)),
        wanted: Arc::clone(&bench.wanted),
        home: bench.home,
    };

    let certificates = early.open();

    assert_eq!(certificates.status(), before);
    assert_eq!(certificates.roots().len(), 1);
}

#[test]
fn a_renewal_that_cannot_be_written_keeps_the_leaf_and_says_so() {
    let bench = Bench::new();
    let certificates = bench.open();
    let before = certificates.status();
    // A directory in place of the temporary file stops the writing, for root as well.
    fs::create_dir(bench.home.path().join("tls/leaf.new")).unwrap();

    bench.clock.advance(21 * DAY);
    certificates.check();

    let after = certificates.status();
    assert_eq!(after.fingerprint, before.fingerprint);
    let trouble = after.trouble.clone().unwrap();
    assert!(trouble.starts_with("The certificate could not be renewed: "), "{trouble}");
    assert_eq!(bench.open().status().trouble, after.trouble, "a restart is no worse");

    fs::remove_dir(bench.home.path().join("tls/leaf.new")).unwrap();
    certificates.check();
    assert_eq!(certificates.status().trouble, None);
    assert_ne!(certificates.status().fingerprint, before.fingerprint);
}

#[test]
fn a_damaged_leaf_is_made_again_and_a_damaged_root_stops_the_start() {
    let bench = Bench::new();
    let before = bench.open().status();
    let directory = bench.home.path().join("tls");

    fs::write(directory.join("leaf.pem"), "damaged").unwrap();
    let after = bench.open().status();
    assert_ne!(after.fingerprint, before.fingerprint);
    assert_eq!(after.root_fingerprint, before.root_fingerprint);

    fs::write(directory.join("root-1.pem"), "damaged").unwrap();
    let wanted = Box::new(|| parsed(&["box.lan"]));
    let (label, secrets) = (String::new(), bench.secrets());
    let source = Source::LocalCa { directory, label, names: wanted, secrets };
    assert!(Certificates::open(source, bench.clock.clone()).is_err());
}

#[test]
fn keys_on_disk_are_for_the_owner_alone() {
    let bench = Bench::new();
    bench.open();

    for name in ["root-1.key", "leaf.pem"] {
        let path = bench.home.path().join("tls").join(name);
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
}

#[test]
fn an_own_pair_is_served_and_read_again_when_it_changes() {
    let bench = Bench::new();
    bench.write_pair(&["ops.example.com"]);
    let certificates = bench.open_own().unwrap();
    let first = certificates.status();
    assert_eq!((first.kind, first.trouble.clone()), (CertificateKind::Own, None));
    assert_eq!(
        (first.names.as_slice(), first.not_after),
        (["ops.example.com".to_owned()].as_slice(), NOW.plus(LEAF_LIFETIME))
    );
    assert!(certificates.roots().is_empty());

    certificates.check();
    assert_eq!(certificates.status(), first);
    bench.write_pair(&["ops2.example.com"]);
    certificates.check();

    assert_eq!(certificates.status().names, ["ops2.example.com"]);
}

#[test]
fn a_bad_new_pair_keeps_the_old_certificate_and_says_why() {
    let bench = Bench::new();
    let pair = bench.write_pair(&["ops.example.com"]);
    let certificates = bench.open_own().unwrap();
    let before = certificates.status().fingerprint.clone();
    let (good, good_key) = (fs::read(&pair.certificate).unwrap(), fs::read(&pair.key).unwrap());
    bench.write_pair(&["ops2.example.com"]);

    fs::write(&pair.certificate, &good).unwrap();
    certificates.check();

    let status = certificates.status();
    assert_eq!(status.fingerprint, before);
    let trouble = status.trouble.clone().unwrap();
    let start = "The new certificate was not taken, the old one stays in use. The key in ";
    assert!(trouble.starts_with(start), "{trouble}");
    assert!(trouble.contains("does not belong to the certificate in"), "{trouble}");

    fs::write(&pair.key, &good_key).unwrap();
    certificates.check();
    assert_eq!(certificates.status().trouble, None);
}

#[test]
fn an_own_certificate_warns_two_weeks_before_its_end() {
    let bench = Bench::new();
    bench.write_pair(&["ops.example.com"]);
    let certificates = bench.open_own().unwrap();
    let trouble_after = |days: u32| {
        bench.clock.advance(days * DAY);
        certificates.check();
        certificates.status().trouble.clone()
    };

    assert_eq!(trouble_after(15), None);
    assert!(trouble_after(1).unwrap().starts_with("The certificate ends on "));
    assert!(trouble_after(15).unwrap().starts_with("The certificate ended on "));
}

#[test]
fn an_unusable_pair_stops_the_start_with_a_clear_sentence() {
    let bench = Bench::new();
    let pair = bench.write_pair(&["ops.example.com"]);
    let refusal = || match bench.open_own() {
        Err(Error::Rule(refusal)) => (refusal.code, refusal.detail),
        other => panic!("{other:?}"),
    };
    let says = |sentence: &str| {
        let (code, detail) = refusal();
        assert_eq!(code, "tls-pair-unusable");
        assert!(detail.contains(sentence), "{detail}");
    };
    let key = fs::read_to_string(&pair.key).unwrap();
    let certificate = fs::read_to_string(&pair.certificate).unwrap();
    let rewrite = |path: &Path, text: &str| fs::write(path, text).unwrap();

    rewrite(&pair.key, &key.replace("BEGIN PRIVATE", "BEGIN ENCRYPTED PRIVATE"));
    says("has a passphrase");
    rewrite(&pair.key, "nothing");
    says("holds no private key in PEM form");
    fs::remove_file(&pair.key).unwrap();
    says("own.key cannot be read");
    rewrite(&pair.key, &key);
    rewrite(&pair.certificate, "");
    says("own.pem holds no certificate.");
    rewrite(&pair.certificate, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    says("is damaged");
    rewrite(&pair.certificate, &certificate.repeat(11));
    says("more than 10 certificates");
    rewrite(&pair.certificate, &certificate);
    bench.clock.advance(31 * DAY);
    says("ended on 2026-10-2");
    assert!(CODES.iter().copied().flatten().any(|code| code.id == "tls-pair-unusable"));
}

#[tokio::test]
async fn the_task_picks_up_changes_by_itself_and_stops() {
    let bench = Bench::new();
    let certificates = bench.open();
    let tasks = Tasks::default();
    certificates.keep(&tasks, Duration::from_millis(1));

    bench.want(&["new.lan"]);
    let changed = async {
        while certificates.status().names != ["new.lan"] {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), changed).await.unwrap();

    tasks.stop_all(Duration::from_secs(20)).await;
}
