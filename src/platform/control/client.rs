//! The side of the command line: asks and waits.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use super::protocol::{Answer, Verb};
use super::socket::Address;
use crate::platform::error::{Error, Refusal, Result};

/// The way there and back, beside the time that the box may take: so its own word on a late answer
/// arrives.
const WAY: Duration = Duration::from_secs(5);
/// A longer answer is not ours.
const ANSWER_SIZE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// What came of asking.
pub enum Asked {
    Answered(Answer),
    /// Somebody was there and went without an answer.
    Closed(Error),
    /// No box runs on this data folder.
    Nobody,
}

/// Asks the box that runs on this data folder. `None` when none does. Blocks.
pub fn ask(data: &Path, verb: &Verb) -> Result<Option<Answer>> {
    match try_to_ask(data, verb)? {
        Asked::Answered(answer) => Ok(Some(answer)),
        Asked::Closed(error) => Err(error),
        Asked::Nobody => Ok(None),
    }
}

/// The same for somebody who expects the box to go. Blocks.
pub fn try_to_ask(data: &Path, verb: &Verb) -> Result<Asked> {
    let connected = Address::below(data).and_then(|address| UnixStream::connect(address.path()));
    let stream = match connected {
        Ok(stream) => stream,
        Err(error) => return not_connected(error, data).map(|()| Asked::Nobody),
    };
    let patience = verb.patience() + WAY;
    match exchange(stream, &verb.to_line()?, patience) {
        Ok(line) => Answer::read(&line).map(Asked::Answered),
        Err(error) if is_late(&error) => Err(unanswered(&error, patience)),
        Err(error) => Ok(Asked::Closed(unanswered(&error, patience))),
    }
}

fn exchange(mut stream: UnixStream, request: &[u8], patience: Duration) -> io::Result<Vec<u8>> {
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    let written = stream.write_all(request);
    let mut line = Vec::new();
    let read = BufReader::new(stream).take(ANSWER_SIZE_BYTES_MAX).read_until(b'\n', &mut line);
    // A box that refuses does not read the request, but says why.
    if read.is_ok() && line.ends_with(b"\n") {
        return Ok(line);
    }
    written?;
    read?;
    Err(io::ErrorKind::UnexpectedEof.into())
}

/// Nothing when that only says that no box runs.
fn not_connected(error: io::Error, data: &Path) -> Result<()> {
    match error.kind() {
        // Without the file, or with the file of a dead process.
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Ok(()),
        io::ErrorKind::PermissionDenied => {
            let detail = format!(
                "Only root and the user the box runs as may do this to {}.",
                data.display()
            );
            Err(Error::Denied(Refusal::new("forbidden", detail)))
        }
        _ => Err(error.into()),
    }
}

fn is_late(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

fn unanswered(error: &io::Error, patience: Duration) -> Error {
    if is_late(error) {
        let seconds = patience.as_secs();
        return Error::internal(format!("The running box did not answer within {seconds} s."));
    }
    Error::internal(format!("The running box closed without an answer: {error}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_not_reach_the_socket_is_denied_and_not_told_that_no_box_runs() {
        let outcome = |kind: io::ErrorKind| not_connected(kind.into(), Path::new("/data"));

        assert!(matches!(outcome(io::ErrorKind::PermissionDenied), Err(Error::Denied(_))));
        assert!(matches!(outcome(io::ErrorKind::NotFound), Ok(())));
        assert!(matches!(outcome(io::ErrorKind::ConnectionRefused), Ok(())));
        assert!(matches!(outcome(io::ErrorKind::BrokenPipe), Err(Error::Internal(_))));
    }
}
