//! The same report over HTTP, for operators alone.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::scene::Scene;

/// Sends a request with a token; gives the status, the head and the body.
pub(crate) fn ask(
    to: &str,
    what: &str,
    token: Option<&str>,
    body: &Value,
) -> (u16, String, Vec<u8>) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let token = token.map(|token| format!("Authorization: Bearer {token}\r\n"));
    let mut stream = TcpStream::connect(to).unwrap();
    let head = format!(
        "{what} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{}\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        token.unwrap_or_default(),
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head[9..12].parse().expect("a status");
    (status, head, answer[end + 4..].to_vec())
}

#[test]
fn operators_look_mend_and_take_a_bundle_over_http() {
    let scene = Scene::new();
    scene.behind_proxy("\"127.0.0.1/32\"");
    let served = scene.serve();
    let token = &scene.token();
    let to = served.plain.as_str();
    let read = |what: &str| -> Value {
        let (status, _, body) = ask(to, what, Some(token), &Value::Null);
        assert_eq!(status, 200, "{what}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap()
    };
    scene.mode("data/tls", 0o755);

    let all = read("GET /api/v1/doctor");
    let one = read("GET /api/v1/doctor?only=modes-open");
    let (refused, _, _) = ask(to, "GET /api/v1/doctor", None, &Value::Null);
    let codes = json!({ "codes": ["modes-open"] });
    let (mended, _, done) = ask(to, "POST /api/v1/doctor/fix", Some(token), &codes);
    let after = read("GET /api/v1/doctor?only=modes-open");

    assert_eq!(refused, 401);
    assert!(all["findings"].as_array().unwrap().len() >= 30);
    assert_eq!((&all["ok"], &all["findings"][0]["code"]), (&json!(false), &json!("modes-open")));
    assert_eq!(one["findings"][0]["status"], "warning");
    let done: Value = serde_json::from_slice(&done).unwrap();
    assert_eq!((mended, &done["done"]["modes-open"][0]), (200, &json!("Set tls from 755 to 700.")));
    assert_eq!(after["findings"][0]["status"], "ok");
    for (what, codes, field) in
        [("owner-wrong", "check-not-fixable", "codes"), ("nonsense", "check-unknown", "codes")]
    {
        let body = json!({ "codes": [what] });
        let (status, _, said) = ask(to, "POST /api/v1/doctor/fix", Some(token), &body);
        let said: Value = serde_json::from_slice(&said).unwrap();
        assert_eq!((status, &said["errors"][0]["code"]), (422, &json!(codes)), "{said}");
        assert_eq!(said["errors"][0]["field"], field);
    }
    let (status, head, body) = ask(to, "GET /api/v1/doctor/bundle", Some(token), &Value::Null);
    assert_eq!(status, 200, "{head}");
    assert!(head.to_lowercase().contains("filename=\"holdfast-support.tar.zst\""), "{head}");
    assert!(zstd::decode_all(body.as_slice()).unwrap().len() > 1_000);
}
