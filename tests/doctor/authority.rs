//! Faults of the certificate that a public authority signs.

use std::fs;
use std::net::TcpListener;

use holdfast::platform::clock::{Clock, Moment};
use holdfast::platform::tls::acme::rules::said;
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::scene::Scene;

const DAY: i64 = 86_400_000;
const DIRECTORY: &str = "https://ca.example.com/dir";

/// A box with two public names that asks this authority.
fn asks(scene: &Scene, directory: &str, more: &str) {
    scene.config(&format!(
        "[server]\nhttps = \"127.0.0.1:0\"\nnames = [\"a.example.com\", \"b.example.com\"]\n\
         [tls]\nmode = \"acme\"\nacme_directory = \"{directory}\"\n{more}"
    ));
}

const AGREED: &str = "acme_terms_agreed = true\n";

/// What the box keeps of an authority, with times in days from now.
fn keeps(scene: &Scene, names: &[&str], ends: i64, renewal: i64, more: &Value) {
    let now = Clock::System.now();
    let at = |days: i64| now.0 + days * DAY;
    let mut params =
        CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap();
    let time = |days| OffsetDateTime::from_unix_timestamp(at(days) / 1_000).unwrap();
    (params.not_before, params.not_after) = (time(-70), time(ends));
    let signed = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
    let folder = scene.path("data/tls/acme");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("certificate.pem"), signed.pem()).unwrap();
    let mut state = json!({
        "directory": DIRECTORY, "signed_by": DIRECTORY, "renewal_at": at(renewal),
        "terms": "https://ca.example.com/terms",
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        state[name] = value.clone();
    }
    fs::write(folder.join("state.json"), state.to_string()).unwrap();
}

fn refusal(kind: &str) -> String {
    said(&format!("urn:ietf:params:acme:error:{kind}"), "planted reason")
}

/// A day as it is written.
fn day(days: i64) -> String {
    Moment(Clock::System.now().0 + days * DAY).to_string().chars().take(10).collect()
}

#[test]
fn a_box_that_waits_for_its_first_certificate() {
    let scene = Scene::new();
    // It takes connections and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let directory = format!("https://{}/dir", silent.local_addr().unwrap());
    asks(&scene, &directory, AGREED);
    let at_rest = "It is asked to sign for a.example.com, b.example.com once the box runs.";
    scene.finds("certificate-authority", "hint", at_rest, "systemctl start holdfast.service");

    let served = scene.serve();

    let cause = "It is being asked to sign for a.example.com, b.example.com; until then";
    let fix = "journalctl -u holdfast --grep='[Cc]ertificate' -n 20";
    scene.finds("certificate-authority", "hint", cause, fix);
    for code in ["certificate-ended", "certificate-names", "certificate-chain"] {
        scene.is_well(code);
    }
    drop(served);
    scene.config("");
    scene.is_well("certificate-authority");
}

#[test]
fn an_authority_that_cannot_be_reached_and_one_whose_terms_nobody_agreed_to() {
    let scene = Scene::new();
    let gone = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = gone.local_addr().unwrap();
    drop(gone);
    let directory = format!("https://{address}/dir");
    asks(&scene, &directory, AGREED);
    let served = scene.serve();
    served.says("There is no new public certificate");
    let cause = "The authority cannot be reached. No connection to 127.0.0.1";
    let fix = format!("curl -sSI {directory}");
    scene.finds("certificate-authority", "failed", cause, &fix);
    drop(served);

    asks(&scene, DIRECTORY, "");
    keeps(&scene, &["a.example.com"], 20, 10, &Value::Null);
    let cause = "It signs for whoever agrees to its terms: https://ca.example.com/terms.";
    let file = scene.text("holdfast.toml");
    let fix = format!("editor {file}  # [tls] acme_terms_agreed = true");
    scene.finds("certificate-authority", "warning", cause, &fix);
    asks(&scene, DIRECTORY, AGREED);
    scene.is_well("certificate-authority");
    scene.config("[tls]\nmode = \"acme\"\n");
    let fix = format!("editor {file}  # [server] names = [");
    scene.finds("certificate-authority", "warning", "None of the box's names can have", &fix);
}

#[test]
fn an_order_that_was_refused_is_told_with_the_authoritys_reason() {
    let scene = Scene::new();
    asks(&scene, DIRECTORY, AGREED);
    let trouble = format!("a.example.com: http-01: {}", refusal("connection"));
    keeps(&scene, &["a.example.com"], -1, -30, &json!({ "trouble": trouble }));
    let fix = "ss -ltn '( sport = :80 or sport = :443 )'";
    let cause = "The authority could not reach the box under this name.";
    scene.finds("certificate-authority", "failed", cause, fix);
    scene.finds(
        "certificate-authority",
        "failed",
        "It says: planted reason.",
        "curl -sSI http://a.",
    );
    let cause = format!("It ended on {}, and the box shows the one of its own root.", day(-1));
    scene.finds("certificate-ended", "failed", &cause, fix);

    // As long as the certificate holds it harms nobody yet.
    keeps(&scene, &["a.example.com", "b.example.com"], 60, 30, &json!({ "trouble": trouble }));
    scene.finds("certificate-authority", "hint", "It says: planted reason.", fix);
    scene.is_well("certificate-ended");
}

#[test]
fn a_certificate_that_is_due_and_was_not_renewed() {
    let scene = Scene::new();
    asks(&scene, DIRECTORY, AGREED);
    let trouble = format!("b.example.com: {}", refusal("dns"));
    let names = ["a.example.com", "b.example.com"];
    keeps(&scene, &names, 20, -3, &json!({ "trouble": trouble }));
    let cause = format!("It was due to be renewed on {} and was not; it ends on", day(-3));
    scene.finds("certificate-ended", "warning", &cause, "getent ahosts a.example.com");
    keeps(&scene, &names, 20, -1, &Value::Null);
    scene.is_well("certificate-ended");
    scene.is_well("certificate-names");
}

#[test]
fn a_name_that_the_authority_left_out() {
    let scene = Scene::new();
    asks(&scene, DIRECTORY, AGREED);
    let refused =
        json!([{ "name": "b.example.com", "reason": refusal("caa"), "at": 1, "count": 1 }]);
    keeps(&scene, &["a.example.com"], 60, 30, &json!({ "refused": refused }));
    let cause = "It does not name b.example.com. b.example.com: A CAA record of the domain";
    scene.finds("certificate-names", "warning", cause, "dig +short CAA b.example.com");
    scene.is_well("certificate-authority");
}
