//! Servers that refuse, are busy, break off or say nothing.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::super::faults::Why;
use super::super::http::Limits;
use super::super::rules::{Credential, Place};
use super::{QUICK, Shared, file, password, remote, s3, s3_secret, webdav};
use crate::platform::secret::Secret;

/// What a server does with whoever comes.
#[derive(Clone)]
enum Manner {
    Answers(&'static str),
    /// Reads a little, then hangs up.
    Breaks,
    /// Says how long its answer is, and stops in the middle.
    Stops,
    Says,
}

/// Every connection is treated the same; gives the port and what was asked in their first lines.
async fn server(manner: Manner) -> (u16, Shared<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let asked: Shared<Vec<String>> = Arc::default();
    let log = Arc::clone(&asked);
    #[expect(clippy::disallowed_methods, reason = "ends with the test")]
    drop(tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (manner, log) = (manner.clone(), Arc::clone(&log));
            #[expect(clippy::disallowed_methods, reason = "ends with the test")]
            drop(tokio::spawn(treat(stream, manner, log)));
        }
    }));
    (port, asked)
}

async fn treat(mut stream: TcpStream, manner: Manner, log: Shared<Vec<String>>) {
    let mut bytes = vec![0; 4096];
    let read = stream.read(&mut bytes).await.unwrap_or(0);
    let head = String::from_utf8_lossy(&bytes[..read]).into_owned();
    log.lock().unwrap().push(head.lines().next().unwrap_or_default().to_owned());
    match manner {
        Manner::Answers(head) => {
            let body = "<Error><Message>Go away, boxsecret, a word of it.</Message></Error>";
            let answer = format!(
                "HTTP/1.1 {head}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            drop(stream.write_all(answer.as_bytes()).await);
            // What is still on its way is taken, or the other side would see a reset.
            while stream.read(&mut bytes).await.is_ok_and(|read| read > 0) {}
        }
        Manner::Breaks => {}
        Manner::Stops => {
            let answer = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nETag: \"1\"\r\n\r\nhalf";
            drop(stream.write_all(answer.as_bytes()).await);
        }
        Manner::Says => {
            // It is silent until the other side gives up.
            while stream.read(&mut bytes).await.is_ok_and(|read| read > 0) {}
        }
    }
}

/// Tries a target of each kind that speaks HTTP; both have to see the same.
async fn tried(manner: Manner) -> Vec<(Why, String)> {
    let (port, _) = server(manner).await;
    let limits = Limits { stall: Duration::from_millis(300), ..QUICK };
    let address = format!("http://127.0.0.1:{port}");
    let folder = tempfile::tempdir().expect("a folder");
    let sent = file(folder.path(), 1, 100_000);
    let mut seen = Vec::new();
    for (secret, remote) in [
        ("boxsecret", remote(&s3(&address, "in"), Some(s3_secret()), limits)),
        ("a word of it", remote(&webdav(&address), Some(password()), limits)),
    ] {
        let faults = [
            remote.put_new("base/part", &sent).await.expect_err("it is put"),
            remote.put_over("note", b"a note".to_vec()).await.expect_err("it is put over"),
            remote.list("").await.expect_err("it is listed"),
            remote.read("note", 10).await.expect_err("it is read"),
            remote.delete("note").await.expect_err("it is deleted"),
        ];
        for fault in faults {
            assert!(!fault.detail.contains(secret), "a secret is said: {fault}");
            seen.push((fault.why, fault.detail));
        }
    }
    seen
}

async fn ends_in(manner: Manner, why: Why, word: &str) {
    for (seen, detail) in tried(manner).await {
        assert_eq!(seen, why, "{detail}");
        assert!(detail.contains(word), "{detail}");
    }
}

#[tokio::test]
async fn who_is_not_let_in_is_told_so() {
    ends_in(Manner::Answers("401 Unauthorized"), Why::Denied, "401").await;
    ends_in(Manner::Answers("403 Forbidden"), Why::Denied, "403").await;
    // An answer to HEAD has no body; all others pass on what the server says.
    let said = tried(Manner::Answers("403 Forbidden")).await;
    assert!(said.iter().filter(|(_, detail)| detail.contains("Go away")).count() >= 6, "{said:?}");
}

#[tokio::test]
async fn a_busy_server_can_be_tried_again() {
    let busy = "429 Too Many Requests\r\nRetry-After: 7";
    ends_in(Manner::Answers(busy), Why::Unreachable, "wait 7 seconds").await;
    ends_in(Manner::Answers("500 Internal Server Error"), Why::Unreachable, "500").await;
    ends_in(Manner::Answers("503 Service Unavailable"), Why::Unreachable, "503").await;
}

#[tokio::test]
async fn a_full_server_is_called_full() {
    ends_in(Manner::Answers("507 Insufficient Storage"), Why::Full, "507").await;
}

#[tokio::test]
async fn a_line_that_breaks_can_be_tried_again() {
    ends_in(Manner::Breaks, Why::Unreachable, "").await;
}

#[tokio::test]
async fn a_server_that_says_nothing_is_not_waited_for() {
    ends_in(Manner::Says, Why::Unreachable, "").await;
}

#[tokio::test]
async fn nobody_is_followed_elsewhere() {
    let (elsewhere, asked) = server(Manner::Answers("200 OK")).await;
    let head = format!("301 Moved Permanently\r\nLocation: http://127.0.0.1:{elsewhere}/");

    ends_in(Manner::Answers(head.leak()), Why::Other, "redirects are not followed").await;

    assert!(asked.lock().unwrap().is_empty(), "somebody came");
}

#[tokio::test]
async fn an_answer_that_stops_in_the_middle_is_no_file() {
    let (port, _) = server(Manner::Stops).await;
    let place = s3(&format!("http://127.0.0.1:{port}"), "");
    let limits = Limits { stall: Duration::from_millis(300), ..QUICK };
    let folder = tempfile::tempdir().expect("a folder");

    let fetched = remote(&place, Some(s3_secret()), limits)
        .fetch("part", folder.path().join("a"), 1_000)
        .await;

    assert_eq!(fetched.expect_err("half of it").why, Why::Unreachable);
}

#[tokio::test]
async fn where_nobody_listens_is_said() {
    let port = {
        let held = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        held.local_addr().expect("an address").port()
    };
    let address = format!("http://127.0.0.1:{port}");
    let host_key = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";
    let ssh = Place::Sftp {
        host: "127.0.0.1".to_owned(),
        port,
        user: "box".to_owned(),
        host_key: Some(host_key.to_owned()),
        path: "/srv".to_owned(),
    };
    let word = || Some(Credential::Password(Secret::new("a word of it")));

    for remote in [
        remote(&s3(&address, ""), Some(s3_secret()), QUICK),
        remote(&webdav(&address), word(), QUICK),
        remote(&ssh, word(), QUICK),
    ] {
        let fault = remote.list("").await.expect_err("nobody is there");
        assert_eq!(fault.why, Why::Unreachable);
        assert!(fault.detail.contains("cannot be reached"), "{fault}");
    }
}

#[tokio::test]
async fn an_ssh_server_that_says_nothing_is_not_waited_for() {
    let (port, _) = server(Manner::Says).await;
    let ssh = Place::Sftp {
        host: "127.0.0.1".to_owned(),
        port,
        user: "box".to_owned(),
        host_key: Some("SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU".to_owned()),
        path: "/srv".to_owned(),
    };
    let limits = Limits { connect: Duration::from_millis(300), ..QUICK };

    let fault = remote(&ssh, Some(password()), limits).list("").await.expect_err("silence");

    assert_eq!(fault.why, Why::Unreachable, "{fault}");
}
