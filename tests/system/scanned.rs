//! What other people's scanner finds on the port of the running program: sslyze, with everything it
//! can look for.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::rig::{Home, Manager, handed, listener};
use crate::skip;

const EVERYTHING: &[&str] = &[
    "--certinfo",
    "--sslv2",
    "--sslv3",
    "--tlsv1",
    "--tlsv1_1",
    "--tlsv1_2",
    "--tlsv1_3",
    "--compression",
    "--early_data",
    "--openssl_ccs",
    "--fallback",
    "--heartbleed",
    "--robot",
    "--reneg",
    "--resum",
    "--elliptic_curves",
    "--ems",
    "--http_headers",
];
const LEAF: &str =
    "/certificate_info/result/certificate_deployments/0/received_certificate_chain/0";
const CHAIN: &str = "/certificate_info/result/certificate_deployments/0";
const HSTS: &str = "/http_headers/result/strict_transport_security_header";

/// Where `.ci/python` puts it.
fn sslyze() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    Some(folder.join("target/tools/python/bin/sslyze")).filter(|program| program.is_file())
}

/// Everything that was found, and whether Mozilla's rules for servers that serve more than the
/// newest clients (`intermediate`) are kept.
struct Scan {
    found: Value,
    is_compliant: bool,
    said: String,
}

fn scan(program: &Path, at: SocketAddr, root: &Path) -> Scan {
    let out = root.with_extension("json");
    let mut command = Command::new(program);
    command.args(EVERYTHING).args(["--mozilla_config", "intermediate", "--json_out"]).arg(&out);
    command.arg("--certinfo_ca_file").arg(root).arg(format!("localhost:{}", at.port()));
    let output = command.output().expect("sslyze");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let all: Value = std::fs::read(&out)
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok())
        .unwrap_or_else(|| panic!("{said}\n{}", String::from_utf8_lossy(&output.stderr)));
    let is_compliant = output.status.success() && said.contains("OK - Compliant.");
    Scan { found: all["server_scan_results"][0]["scan_result"].clone(), is_compliant, said }
}

/// What must stand where, and nothing else.
fn wanted() -> Vec<(String, Value)> {
    let supports =
        |version: &str| format!("/{version}_cipher_suites/result/is_tls_version_supported");
    let plain = [
        (supports("ssl_2_0"), json!(false)),
        (supports("ssl_3_0"), json!(false)),
        (supports("tls_1_0"), json!(false)),
        (supports("tls_1_1"), json!(false)),
        (supports("tls_1_2"), json!(true)),
        (supports("tls_1_3"), json!(true)),
    ];
    let results = [
        ("tls_compression/result/supports_compression", json!(false)),
        ("tls_1_3_early_data/result/supports_early_data", json!(false)),
        ("openssl_ccs_injection/result/is_vulnerable_to_ccs_injection", json!(false)),
        ("tls_fallback_scsv/result/supports_fallback_scsv", json!(true)),
        ("heartbleed/result/is_vulnerable_to_heartbleed", json!(false)),
        ("robot/result/robot_result", json!("NOT_VULNERABLE_RSA_NOT_SUPPORTED")),
        ("session_renegotiation/result/supports_secure_renegotiation", json!(true)),
        ("session_renegotiation/result/is_vulnerable_to_client_renegotiation_dos", json!(false)),
        ("tls_extended_master_secret/result/supports_ems_extension", json!(true)),
        ("http_headers/result/http_error_trace", json!(null)),
    ];
    let leaf = [
        ("public_key/algorithm", json!("ECPublicKey")),
        ("public_key/ec_curve_name", json!("secp256r1")),
        ("signature_algorithm_oid/name", json!("ecdsa-with-SHA256")),
        ("signature_hash_algorithm/name", json!("sha256")),
    ];
    let chain = [
        ("received_chain_has_valid_order", json!(true)),
        ("received_chain_contains_anchor_certificate", json!(false)),
        ("verified_chain_has_sha1_signature", json!(false)),
        // No authority of the box's own answers for revoked certificates, and none is promised.
        ("leaf_certificate_has_must_staple_extension", json!(false)),
        ("ocsp_response", json!(null)),
    ];
    let below = |top: &'static str| move |(path, value)| (format!("{top}/{path}"), value);
    plain
        .into_iter()
        .chain(results.map(below("")))
        .chain(leaf.map(below(LEAF)))
        .chain(chain.map(below(CHAIN)))
        .collect()
}

/// The names in a list, in order.
fn names(found: &Value, list: &str, name: &str) -> Vec<String> {
    let list = found.pointer(list).and_then(Value::as_array).cloned().unwrap_or_default();
    let name = |one: &Value| one.pointer(name).and_then(Value::as_str).map(str::to_owned);
    let mut names: Vec<String> = list.iter().filter_map(name).collect();
    names.sort();
    names
}

/// Everything that is otherwise than it should be.
fn faults(scan: &Scan) -> Vec<String> {
    let Scan { found, is_compliant, said } = scan;
    let mut faults = Vec::new();
    if !is_compliant {
        let verdict = said.split("COMPLIANCE AGAINST").nth(1).unwrap_or(said);
        faults.push(format!("Mozilla's rules: {verdict}"));
    }
    for (command, tried) in found.as_object().expect("results") {
        if tried["status"] != "COMPLETED" {
            faults.push(format!("{command}: {}", tried["status"]));
        }
    }
    for (path, value) in wanted() {
        let here = found.pointer(&path);
        if here != Some(&value) {
            faults.push(format!("{path}: {here:?}, wanted {value}"));
        }
    }
    let suites = |version: &str| {
        let list = format!("/{version}_cipher_suites/result/accepted_cipher_suites");
        names(found, &list, "/cipher_suite/name")
    };
    let curves = names(found, "/elliptic_curves/result/supported_curves", "/name");
    let lists = [
        (suites("tls_1_2"), &SUITES_1_2[..]),
        (suites("tls_1_3"), &SUITES_1_3[..]),
        (curves, &["X25519", "secp256r1", "secp384r1"][..]),
    ];
    for (here, wanted) in lists {
        if here != wanted {
            faults.push(format!("{here:?}, wanted {wanted:?}"));
        }
    }
    faults
}

const SUITES_1_2: [&str; 3] = [
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
];
const SUITES_1_3: [&str; 3] =
    ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"];

/// The stores of roots in which the certificate is found good.
fn trusted_by(scan: &Scan) -> Vec<String> {
    let results = scan.found.pointer(&format!("{CHAIN}/path_validation_results"));
    let results = results.and_then(Value::as_array).expect("stores").iter();
    assert!(results.len() > 4, "the stores of browsers are asked as well");
    let good = results.filter(|one| one["was_validation_successful"] == true);
    good.map(|one| one["trust_store"]["name"].as_str().expect("a name").to_owned()).collect()
}

const NOT_HERE: &str = "sslyze is not here; .ci/python installs it";

#[test]
fn a_scanner_finds_nothing_but_that_the_root_is_private() {
    let Some(program) = sslyze() else { return skip("no scanner looked at the port", NOT_HERE) };
    let home = Home::new();
    let (https, at) = listener();
    let running = Manager::new(&home).serve(vec![handed(&https)], "https");
    let root = home.data().join("tls/root-1.pem");

    let scan = scan(&program, at, &copied(&home, &root));

    assert_eq!(faults(&scan), [""; 0]);
    assert_eq!(trusted_by(&scan), ["Supplied CA file"]);
    let known = scan.found.pointer(&format!("{LEAF}/subject_alternative_name/dns_names"));
    assert!(known.and_then(Value::as_array).expect("names").contains(&json!("localhost")));
    // A browser that was told so could not be let in any more once its root is taken away.
    assert_eq!(scan.found.pointer(HSTS), Some(&Value::Null));
    running.stop();
}

/// Beside the data folder, where the scanner may write as well.
fn copied(home: &Home, root: &Path) -> PathBuf {
    let copy = home.path("root.pem");
    std::fs::copy(root, &copy).expect("a root");
    copy
}

/// A pair for localhost, below a root, as somebody brings it.
fn own_pair(home: &Home) -> PathBuf {
    let root_key = KeyPair::generate().expect("a key");
    let now = OffsetDateTime::now_utc();
    let mut root = CertificateParams::default();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    root.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    root.distinguished_name.push(DnType::CommonName, "A test's own root");
    (root.not_before, root.not_after) = (now - Duration::DAY, now + Duration::days(300));
    let signed = root.self_signed(&root_key).expect("a root");
    let issuer = Issuer::new(root, root_key);
    let key = KeyPair::generate().expect("a key");
    let mut leaf = CertificateParams::new(["localhost".to_owned()]).expect("a name");
    leaf.use_authority_key_identifier_extension = true;
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    (leaf.not_before, leaf.not_after) = (now - Duration::DAY, now + Duration::days(80));
    let chain = leaf.signed_by(&key, &issuer).expect("a certificate").pem();
    std::fs::write(home.path("box.pem"), chain).expect("a file");
    std::fs::write(home.path("box.key"), key.serialize_pem()).expect("a file");
    let root = home.path("own-root.pem");
    std::fs::write(&root, signed.pem()).expect("a file");
    root
}

#[test]
fn with_a_certificate_of_ones_own_browsers_are_told_to_insist_on_https() {
    let Some(program) = sslyze() else { return skip("no scanner looked at the port", NOT_HERE) };
    let home = Home::new();
    let root = own_pair(&home);
    let (https, at) = listener();
    let manager = Manager::new(&home)
        .with("HOLDFAST_TLS__MODE", "own")
        .with("HOLDFAST_TLS__CERTIFICATE", home.path("box.pem").to_str().expect("a path"))
        .with("HOLDFAST_TLS__KEY", home.path("box.key").to_str().expect("a path"));
    let running = manager.serve(vec![handed(&https)], "https");

    let scan = scan(&program, at, &root);

    assert_eq!(faults(&scan), [""; 0]);
    let year = 365 * 24 * 60 * 60;
    let insists = json!({ "max_age": year, "preload": false, "include_subdomains": false });
    assert_eq!(scan.found.pointer(HSTS), Some(&insists));
    running.stop();
}

/// A server as nobody should run one.
struct Poor(Child);

impl Drop for Poor {
    fn drop(&mut self) {
        if self.0.kill().is_ok() {
            drop(self.0.wait());
        }
    }
}

#[test]
fn the_scanner_names_what_is_poor_where_it_is() {
    let Some(program) = sslyze() else { return skip("no scanner was tried out", NOT_HERE) };
    let home = Home::new();
    let root = own_pair(&home);
    let server = Command::new("openssl")
        .args(["s_server", "-accept", "127.0.0.1:0", "-www", "-min_protocol", "TLSv1"])
        .args(["-cipher", "ALL:@SECLEVEL=0", "-legacy_renegotiation", "-cert"])
        .arg(home.path("box.pem"))
        .arg("-key")
        .arg(home.path("box.key"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(server) = server else { return skip("no scanner was tried out", "there is no openssl") };
    let mut poor = Poor(server);
    let said = BufReader::new(poor.0.stdout.take().expect("a pipe")).lines();
    let mut said = said.map_while(Result::ok);
    let at = said.find_map(|line| line.strip_prefix("ACCEPT ")?.parse::<SocketAddr>().ok());

    let faults = faults(&scan(&program, at.expect("an address"), &root)).join("\n");

    for part in ["/tls_1_0_cipher", "/tls_1_1_cipher", "_CBC_SHA", "Mozilla's rules"] {
        assert!(faults.contains(part), "{part}: {faults}");
    }
    drop(poor);
}
