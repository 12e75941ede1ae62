//! One look at a worker over its private socket: a request as small as can be, and the first line
//! of the answer.

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use super::sockets::address_of;

/// Where the state of the whole box is told.
pub(super) const HEALTH: &str = "/health";
/// Where a box tells whether it takes requests, for one whose health was bad before.
pub(super) const READINESS: &str = "/readyz";
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// Enough for the line with the status.
const HEAD_SIZE_BYTES: usize = 64;

/// The status of the answer, or why there is none.
pub(super) async fn ask(socket: &Path, path: &str) -> io::Result<u16> {
    match tokio::time::timeout(PATIENCE, exchange(socket, path)).await {
        Ok(answered) => answered,
        Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut)),
    }
}

/// Whether the answer says that all is well.
pub(super) async fn is_well(socket: &Path, path: &str) -> bool {
    ask(socket, path).await.is_ok_and(|status| (200..300).contains(&status))
}

async fn exchange(socket: &Path, path: &str) -> io::Result<u16> {
    let (address, _folder) = address_of(socket)?;
    let mut stream = UnixStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let (mut head, mut length) = ([0; HEAD_SIZE_BYTES], 0);
    while length < head.len() && !head[..length].contains(&b'\n') {
        let read = stream.read(&mut head[length..]).await?;
        if read == 0 {
            break;
        }
        length += read;
    }
    status(&head[..length]).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
}

fn status(head: &[u8]) -> Option<u16> {
    let line = std::str::from_utf8(head).ok()?.lines().next()?;
    let (version, rest) = line.split_once(' ')?;
    let status = rest.split(' ').next()?;
    if version.starts_with("HTTP/1.") { status.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::status;

    #[test]
    fn only_an_answer_in_http_has_a_status() {
        let cases = [
            ("HTTP/1.1 200 OK\r\nDate", Some(200)),
            ("HTTP/1.0 503 Service Unavailable\r\n", Some(503)),
            ("HTTP/1.1 200", Some(200)),
            ("HTTP/2 200", None),
            ("SSH-2.0-x 200", None),
            ("", None),
        ];
        for (head, found) in cases {
            assert_eq!(status(head.as_bytes()), found, "{head}");
        }
    }
}
