//! Codes are those that other people's programs compute.

use std::process::Command;

use serde_json::json;

use super::{App, CONFIRM, EMAIL, TOTP};
use crate::support::TestServer;
use crate::support::python::python_with;

/// The code of a secret at a moment as oathtool and pyotp compute it; none without either.
fn computed(secret: &str, unix_s: i64) -> Option<String> {
    let oathtool = Command::new("oathtool")
        .args(["--totp=sha1", "--base32", "--digits=6", "--now", &format!("@{unix_s}"), secret])
        .output();
    let python = format!("import pyotp; print(pyotp.TOTP('{secret}').at({unix_s}))");
    let pyotp =
        python_with("pyotp").map(|pyotp| Command::new(pyotp).args(["-c", &python]).output());
    let answers = [Some(oathtool), pyotp].into_iter().flatten().flatten();
    let good = answers.filter(|one| one.status.success());
    let codes = good.map(|one| String::from_utf8(one.stdout).expect("a text").trim().to_owned());
    let codes: Vec<String> = codes.collect();
    assert!(codes.windows(2).all(|pair| pair[0] == pair[1]), "{codes:?}");
    codes.into_iter().next()
}

#[expect(clippy::print_stdout, reason = "a skipped test says why")]
#[tokio::test]
async fn the_code_of_another_program_is_taken() {
    let server = TestServer::start().await;
    let browser = server.signed_in(EMAIL, "manager").await;
    let begun = browser.post(TOTP, &serde_json::Value::Null).await.is(201);
    let secret = begun["secret"].as_str().expect("a secret");
    let now = server.clock.now();

    match computed(secret, now.0 / 1_000) {
        Some(code) => {
            browser.post(CONFIRM, &json!({ "code": code })).await.is(200);
            for minutes in [1, 17, 1_000_003] {
                let later = now.plus(std::time::Duration::from_mins(minutes));
                let code = computed(secret, later.0 / 1_000).expect("a code");
                assert_eq!(App::of(secret).code(later), code);
            }
        }
        None => println!("SKIPPED: neither oathtool nor pyotp is here: apt install oathtool"),
    }
    server.finish().await;
}
