//! What may be written of a target.

use std::path::Path;

use super::super::rules::Place;
use super::super::settings::{Kept, Settings, check};
use crate::platform::error::Error;
use crate::platform::secret::Secret;

fn faults(kind: &str, settings: &Settings) -> Vec<(String, &'static str)> {
    match check("Away", kind, settings, Path::new("/var/lib/holdfast"), None) {
        Ok(_) => Vec::new(),
        Err(Error::Invalid(fields)) => {
            fields.into_iter().map(|field| (field.field, field.code)).collect()
        }
        Err(other) => panic!("{other}"),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "settings may be left out")]
fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn dav(url: &str) -> Settings {
    let password = Some(Secret::new("word"));
    Settings { url: text(url), user: text("box"), password, ..Settings::default() }
}

fn sftp() -> Settings {
    Settings {
        host: text("backup.example.com"),
        user: text("box"),
        password: Some(Secret::new("word")),
        path: text("/srv/box"),
        ..Settings::default()
    }
}

#[test]
fn an_address_is_https_or_on_this_machine() {
    let is_fine = |url| faults("webdav", &dav(url)).is_empty();
    let good = [
        "https://cloud.example.com/dav",
        "https://[2001:db8::1]:8443/dav/",
        "http://127.0.0.1:8080",
        "http://localhost/dav",
        "http://[::1]:80/dav",
    ];
    let bad = [
        "cloud.example.com",
        "ftp://cloud.example.com",
        "http://cloud.example.com",
        "http://192.168.1.9/dav",
        "https://box:word@cloud.example.com",
        "https://cloud.example.com/dav?token=1",
        "https://cloud.example.com:0",
        "https://cloud.example.com:99999",
        "https://",
        "https://a b",
    ];

    assert!(good.into_iter().all(is_fine));
    for url in bad {
        assert_eq!(
            faults("webdav", &dav(url)),
            [("settings.url".to_owned(), "target-url")],
            "{url}"
        );
    }
}

#[test]
fn a_bucket_may_be_in_the_own_network_and_not_where_clouds_hand_out_keys() {
    let bucket = |endpoint: &str| Settings {
        endpoint: text(endpoint),
        bucket: text("b"),
        access_key: text("a"),
        secret_key: Some(Secret::new("word")),
        ..Settings::default()
    };
    let refused = [("settings.endpoint".to_owned(), "target-url")];

    assert_eq!(faults("s3", &bucket("http://192.168.1.9:9000")), []);
    assert_eq!(faults("s3", &bucket("http://[fd00::9]:9000")), []);
    assert_eq!(faults("s3", &bucket("http://169.254.169.254/latest")), refused);
    assert_eq!(faults("s3", &bucket("http://[fe80::1]:9000")), refused);
}

#[test]
fn what_is_missing_wrong_or_of_another_kind_is_named() {
    let named = |kind, settings| faults(kind, &settings);
    let of = |field: &str, code| vec![(format!("settings.{field}"), code)];

    assert_eq!(named("sftp", sftp()), []);
    let port = Settings { port: Some(70_000), ..sftp() };
    assert_eq!(named("sftp", port), of("port", "target-port"));
    let key = Settings { host_key: text("my key"), ..sftp() };
    assert_eq!(named("sftp", key), of("host_key", "target-host-key"));
    let steps = Settings { path: text("/srv/../etc"), ..sftp() };
    assert_eq!(named("sftp", steps), of("path", "target-path"));
    let host = Settings { host: text("back up"), ..sftp() };
    assert_eq!(named("sftp", host), of("host", "target-host"));
    let both = Settings { private_key: Some(Secret::new("x")), ..sftp() };
    assert_eq!(named("sftp", both), of("password", "target-secret"));
    let key = Settings { private_key: Some(Secret::new("x")), password: None, ..sftp() };
    assert_eq!(named("sftp", key), of("private_key", "target-secret"));
    let stranger = Settings { bucket: text("b"), ..sftp() };
    assert_eq!(named("sftp", stranger), of("bucket", "target-setting"));
    let nothing = named("s3", Settings::default());
    let fields: Vec<_> = nothing.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["settings.bucket", "settings.access_key", "settings.secret_key"]);
    assert_eq!(named("ftp", Settings::default()), [("kind".to_owned(), "target-kind")]);
    let inside = Settings { path: text("/var/lib/holdfast/x"), ..Settings::default() };
    assert_eq!(named("folder", inside), of("path", "target-path"));
    let broken = Settings { path: text("/mnt/stick\n"), ..Settings::default() };
    assert_eq!(named("folder", broken), of("path", "target-path"));
}

#[test]
fn a_secret_stays_with_its_server_and_user() {
    let data = Path::new("/var/lib/holdfast");
    let place = Place::WebDav {
        url: "https://cloud.example.com/dav".to_owned(),
        user: text("box"),
        path: "kept".to_owned(),
    };
    let kept = Some(Kept { place: &place, has_secret: true });
    let change = |settings: Settings| {
        check("Away", "webdav", &settings.over(Settings::of(&place)), data, kept)
    };

    let moved = Settings { path: text("elsewhere"), ..Settings::default() };
    assert!(change(moved).expect("another folder").credential.is_none());
    for settings in [
        Settings { url: text("https://evil.example.com/dav"), ..Settings::default() },
        Settings { user: text("root"), ..Settings::default() },
    ] {
        let Err(Error::Invalid(fields)) = change(settings) else { panic!("it is taken along") };
        assert_eq!(
            (fields[0].field.as_str(), fields[0].code),
            ("settings.password", "target-secret")
        );
    }
}
