//! The same for every kind.

use std::fs;

use super::super::faults::Why;
use super::super::remote::Remote;
use super::super::rules::{Credential, Place};
use super::{QUICK, file, password, remote, s3, s3_secret, servers, webdav};
use crate::platform::secret::Secret;

/// More than one piece of S3, more than one packet of SFTP.
const LARGE: usize = 20 * 1024 * 1024 + 77;

pub(super) async fn check(remote: &Remote) {
    let folder = tempfile::tempdir().expect("a folder");
    let base = "box-01/base/0001 of a box's día";
    let part = format!("{base}/part-0000.tar.zst.age");
    let (one, other) = (file(folder.path(), 1, LARGE), file(folder.path(), 2, LARGE));

    // Nothing is there, and asking for it is no fault.
    assert_eq!(remote.list("").await.expect("a list"), []);
    assert_eq!(remote.list("box-01/none").await.expect("a list"), []);
    assert_eq!(remote.size(&part).await.expect("an answer"), None);
    assert_eq!(remote.read(&part, 10).await.expect("an answer"), None);
    remote.delete(&part).await.expect("nothing is lost");
    let missing = remote.fetch(&part, folder.path().join("none"), u64::MAX).await;
    assert_eq!(missing.expect_err("nothing").why, Why::Missing);

    // What is put is there whole, again or not, and nothing takes its place.
    remote.put_new(&part, &one).await.expect("put");
    remote.put_new(&part, &one).await.expect("it lies there already");
    let refused = remote.put_new(&part, &other).await.expect_err("another file");
    assert_eq!(refused.why, Why::Exists, "{refused}");
    let shorter = file(folder.path(), 1, LARGE - 5);
    assert_eq!(remote.put_new(&part, &shorter).await.expect_err("a part").why, Why::Exists);
    let fetched = folder.path().join("fetched");
    let whole = remote.fetch(&part, fetched.clone(), LARGE as u64 + 1).await;
    assert_eq!(whole.expect("fetched"), LARGE as u64);
    assert!(fs::read(&fetched).unwrap() == fs::read(&one).unwrap(), "another file came back");
    let beginning = folder.path().join("beginning");
    assert_eq!(remote.fetch(&part, beginning.clone(), 1000).await.expect("fetched"), 1000);
    assert!(fs::read(&beginning).unwrap() == fs::read(&one).unwrap()[..1000], "another part of it");
    let head = remote.read(&part, 1000).await.expect("read").expect("it is there");
    assert!(head == fs::read(&one).unwrap()[..1000], "it begins with something else");

    // A small one is written over.
    let note = "box-01/RECOVERY.md";
    remote.put_over(note, b"the first".to_vec()).await.expect("put");
    remote.put_over(note, b"the second, longer".to_vec()).await.expect("put");
    let read = remote.read(note, 100).await.expect("read");
    assert_eq!(read.as_deref(), Some(&b"the second, longer"[..]));

    // A list has every file below a folder, in order, and no other.
    let small = file(folder.path(), 3, 3);
    let names: Vec<String> = (0..30).map(|at| format!("{base}/small-{at:04}")).collect();
    for name in &names {
        remote.put_new(name, &small).await.expect("put");
    }
    let listed = remote.list(base).await.expect("a list");
    let mut wanted = vec![part.clone()];
    wanted.extend(names.iter().cloned());
    let found: Vec<&str> = listed.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(found, wanted.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!((listed[0].size_bytes, listed[1].size_bytes), (LARGE as u64, 3));
    assert_eq!(remote.list("").await.expect("a list").len(), wanted.len() + 1);

    // What is deleted is gone, and the rest is not.
    remote.delete(&part).await.expect("deleted");
    remote.delete(&part).await.expect("it is gone already");
    assert_eq!(remote.size(&part).await.expect("an answer"), None);
    assert_eq!(remote.list(base).await.expect("a list").len(), names.len());

    let test = remote.test("holdfast-test").await;
    assert_eq!(test.fault(), None, "{test:?}");
    let steps: Vec<_> = test.steps.iter().map(|step| step.name).collect();
    assert_eq!((steps, test.can_delete), (vec!["write", "read", "list", "delete"], Some(true)));
    assert_eq!(remote.size("holdfast-test").await.expect("an answer"), None);
}

#[tokio::test]
async fn a_folder_is_a_target() {
    let folder = tempfile::tempdir().expect("a folder");

    check(&Remote::folder(folder.path())).await;
}

#[tokio::test]
async fn a_bucket_that_honours_conditions_is_a_target() {
    let Some(server) = servers::seaweed() else { return };
    let endpoint = format!("http://127.0.0.1:{}", server.port);
    let patient = super::Limits { stall: std::time::Duration::from_secs(30), ..QUICK };
    let remote = remote(&s3(&endpoint, "in here"), Some(s3_secret()), patient);
    // It listens before it has made the bucket.
    let patience = std::time::Instant::now();
    while remote.list("").await.is_err() && patience.elapsed().as_secs() < 60 {
        tokio::task::yield_now().await;
    }

    check(&remote).await;
}

#[tokio::test]
async fn a_bucket_that_knows_no_conditions_is_a_target() {
    let Some(server) = servers::plain_s3() else { return };
    let endpoint = format!("http://127.0.0.1:{}", server.port);

    check(&remote(&s3(&endpoint, ""), Some(s3_secret()), QUICK)).await;
}

#[tokio::test]
async fn a_wrong_key_of_a_bucket_is_said_without_saying_it() {
    let Some(server) = servers::plain_s3() else { return };
    let endpoint = format!("http://127.0.0.1:{}", server.port);
    let secret = Some(Credential::SecretKey(Secret::new("not the secret")));
    let remote = remote(&s3(&endpoint, ""), secret, QUICK);

    let fault = remote.list("").await.expect_err("nobody gets in");

    assert_eq!(fault.why, Why::Denied, "{fault}");
    assert!(fault.detail.contains("403") && !fault.detail.contains("not the secret"), "{fault}");
}

#[tokio::test]
async fn a_webdav_server_is_a_target() {
    let Some(server) = servers::webdav() else { return };
    let url = format!("http://127.0.0.1:{}/box", server.port);

    check(&remote(&webdav(&url), Some(password()), QUICK)).await;
}

#[tokio::test]
async fn a_wrong_password_of_webdav_is_said_without_saying_it() {
    let Some(server) = servers::webdav() else { return };
    let url = format!("http://127.0.0.1:{}/box", server.port);
    let wrong = Some(Credential::Password(Secret::new("another word")));
    let remote = remote(&webdav(&url), wrong, QUICK);

    let test = remote.test("holdfast-test").await;

    let said = test.fault().expect("nobody gets in");
    assert!(said.contains("401") && !said.contains("another word"), "{said}");
    assert_eq!((test.steps.len(), test.can_delete), (1, None));
}

fn sftp(ssh: &servers::Ssh, host_key: Option<String>) -> Remote {
    let place = Place::Sftp {
        host: "127.0.0.1".to_owned(),
        port: ssh.server.port,
        user: ssh.user.clone(),
        host_key,
        path: ssh.path().to_string_lossy().into_owned(),
    };
    let key = Credential::PrivateKey(Secret::new(ssh.private_key.clone()));
    remote(&place, Some(key), QUICK)
}

#[tokio::test]
async fn an_ssh_server_is_a_target() {
    let Some(ssh) = servers::openssh("") else { return };

    check(&sftp(&ssh, Some(ssh.host_key.clone()))).await;
}

#[tokio::test]
async fn an_ssh_server_that_deletes_nothing_is_a_target() {
    let Some(ssh) = servers::openssh("-P remove,rmdir,posix-rename") else { return };
    let remote = sftp(&ssh, Some(ssh.host_key.clone()));
    let folder = tempfile::tempdir().expect("a folder");

    let test = remote.test("holdfast-test").await;
    let put = remote.put_new("base/part", &file(folder.path(), 1, 5_000_000)).await;
    let deleted = remote.delete("base/part").await;

    assert_eq!((test.fault(), test.can_delete), (None, Some(false)), "{test:?}");
    put.expect("it may be added to");
    assert_eq!(deleted.expect_err("nothing is deleted").why, Why::Denied);
    assert_eq!(remote.size("base/part").await.expect("an answer"), Some(5_000_000));
}

#[tokio::test]
async fn nothing_is_sent_to_an_ssh_server_whose_key_nobody_named() {
    let Some(ssh) = servers::openssh("") else { return };
    let other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";

    let unnamed = sftp(&ssh, None);
    let refused = unnamed.list("").await.expect_err("no key");
    let another = sftp(&ssh, Some(other.to_owned())).list("").await.expect_err("another key");

    assert_eq!(refused.why, Why::Denied);
    assert!(refused.detail.contains(&ssh.host_key), "{refused}");
    assert_eq!(unnamed.shown_host_key().await.as_deref(), Some(ssh.host_key.as_str()));
    assert_eq!(another.why, Why::Denied);
    assert!(another.detail.contains("is not the server it was"), "{another}");
    let print = russh::keys::PublicKey::from_openssh(&ssh.host_key).unwrap();
    let print = print.fingerprint(russh::keys::HashAlg::Sha256).to_string();
    sftp(&ssh, Some(print)).list("").await.expect("its fingerprint is as good");
}

#[tokio::test]
async fn an_ssh_server_that_takes_a_password_is_a_target() {
    let Some(server) = servers::plain_sftp() else { return };
    let place = |host_key| Place::Sftp {
        host: "127.0.0.1".to_owned(),
        port: server.port,
        user: "box".to_owned(),
        host_key,
        path: "/box".to_owned(),
    };
    // Its folder has one in it already, which a list of files does not show.
    let shown = remote(&place(None), Some(password()), QUICK).shown_host_key().await;

    check(&remote(&place(shown.clone()), Some(password()), QUICK)).await;

    let wrong = Some(Credential::Password(Secret::new("another word")));
    let fault = remote(&place(shown), wrong, QUICK).list("").await.expect_err("nobody gets in");
    assert_eq!(fault.why, Why::Denied);
    assert!(!fault.detail.contains("another word"), "{fault}");
}
