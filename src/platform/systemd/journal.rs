//! Log lines as the journal takes them: each with its values as fields of their own, so that
//! `journalctl REQUEST_ID=…` finds them. They are sent by the thread that writes all log lines, so
//! a busy journal holds up nobody.

use std::ffi::OsStr;
use std::fmt::{Debug, Write as _};
use std::io::{self, Write};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Context;

/// Says which stream goes to the journal, as `device:inode`.
const STREAM: &str = "JOURNAL_STREAM";
const SOCKET: &str = "/run/systemd/journal/socket";
/// Longer values are cut: a record has to fit into one datagram.
const VALUE_BYTES_MAX: usize = 48 * 1024;
/// Longer names are refused by the journal.
const NAME_BYTES_MAX: usize = 64;
const LENGTH_BYTES: usize = 4;

/// The way to the journal, if standard error leads there.
pub fn of_process() -> Option<JournalWriter> {
    let stream = std::env::var_os(STREAM)?;
    let about = rustix::fs::fstat(io::stderr()).ok()?;
    is_stream(&stream, about.st_dev, about.st_ino).then(|| JournalWriter::to(Path::new(SOCKET)))?
}

fn is_stream(named: &OsStr, device: u64, inode: u64) -> bool {
    named.to_str() == Some(&format!("{device}:{inode}"))
}

/// Sends what [`JournalLayer`] wrote, one datagram for each record.
pub struct JournalWriter {
    socket: UnixDatagram,
    path: PathBuf,
}

impl JournalWriter {
    /// None when nobody listens there.
    pub fn to(path: &Path) -> Option<Self> {
        let socket = UnixDatagram::unbound().ok()?;
        // An empty one is ignored.
        socket.send_to(&[], path).ok()?;
        Some(Self { socket, path: path.to_owned() })
    }
}

impl Write for JournalWriter {
    /// Takes whole records. One that cannot be sent does not keep the others.
    fn write(&mut self, records: &[u8]) -> io::Result<usize> {
        let (mut rest, mut outcome) = (records, Ok(records.len()));
        while let Some((length, after)) = rest.split_first_chunk::<LENGTH_BYTES>() {
            let length = u32::from_le_bytes(*length) as usize;
            let (record, after) = after.split_at(length.min(after.len()));
            if let Err(error) = self.socket.send_to(record, &self.path) {
                outcome = Err(error);
            }
            rest = after;
        }
        outcome
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Turns events into records.
pub struct JournalLayer<W>(pub W);

impl<S, W> Layer<S> for JournalLayer<W>
where
    S: Subscriber,
    W: for<'writer> MakeWriter<'writer> + 'static,
{
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let about = event.metadata();
        let mut record = Record(vec![0; LENGTH_BYTES]);
        record.put("PRIORITY", priority(*about.level()).as_bytes());
        record.put("SYSLOG_IDENTIFIER", b"holdfast");
        record.put("TARGET", about.target().as_bytes());
        event.record(&mut record);
        let Record(mut bytes) = record;
        let length = u32::try_from(bytes.len() - LENGTH_BYTES).unwrap_or(u32::MAX);
        bytes[..LENGTH_BYTES].copy_from_slice(&length.to_le_bytes());
        // The queue counts what it has no room for.
        self.0.make_writer().write_all(&bytes).unwrap_or_default();
    }
}

/// As syslog counts, whose 5 is what an operator may want to know.
fn priority(level: Level) -> &'static str {
    match level {
        Level::ERROR => "3",
        Level::WARN => "4",
        Level::INFO => "6",
        _ => "7",
    }
}

struct Record(Vec<u8>);

impl Record {
    fn put(&mut self, name: &str, value: &[u8]) {
        let name = name_of(name);
        if name.is_empty() {
            return;
        }
        let value = &value[..value.len().min(VALUE_BYTES_MAX)];
        self.0.extend_from_slice(name.as_bytes());
        self.0.push(b'\n');
        self.0.extend_from_slice(&(value.len() as u64).to_le_bytes());
        self.0.extend_from_slice(value);
        self.0.push(b'\n');
    }
}

impl Visit for Record {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), value.as_bytes());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = String::new();
        // Writing to a text cannot fail.
        write!(text, "{value:?}").unwrap_or_default();
        self.put(field.name(), text.as_bytes());
    }
}

/// `request.id` is `REQUEST_ID`. What begins with an underline is the journal's own.
fn name_of(field: &str) -> String {
    let known = field.chars().map(|one| if one == '.' { '_' } else { one });
    let plain = known.filter(|one| *one == '_' || one.is_ascii_alphanumeric());
    let upper: String = plain.map(|one| one.to_ascii_uppercase()).collect();
    let begins = |one: char| one == '_' || one.is_ascii_digit();
    upper.trim_start_matches(begins).chars().take(NAME_BYTES_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{LogFormat, LogLevel, Logs};
    use crate::platform::monitoring::logs::{Lines, recording};

    const LONG: usize = VALUE_BYTES_MAX + 1;

    /// The fields of a record, as the journal reads them.
    fn fields(mut record: &[u8]) -> Vec<(String, String)> {
        let mut fields = Vec::new();
        while !record.is_empty() {
            let end = record.iter().position(|byte| *byte == b'\n').unwrap();
            let name = String::from_utf8(record[..end].to_vec()).unwrap();
            let (length, rest) = record[end + 1..].split_first_chunk::<8>().unwrap();
            let length = usize::try_from(u64::from_le_bytes(*length)).unwrap();
            assert_eq!(rest[length], b'\n', "{name} does not end");
            fields.push((name, String::from_utf8(rest[..length].to_vec()).unwrap()));
            record = &rest[length + 1..];
        }
        fields
    }

    #[test]
    fn lines_reach_the_journal_once_each_with_their_values_as_fields() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let journal = UnixDatagram::bind(&path).unwrap();
        let (lines, flusher) = Lines::start(JournalWriter::to(&path).unwrap(), 100).unwrap();
        let logs = Logs {
            level: LogLevel::Info,
            format: LogFormat::Json,
            access: true,
            slow_statement_ms: 100,
            kept_bytes: 0,
        };

        tracing::subscriber::with_default(recording(&logs, JournalLayer(lines)).0, || {
            tracing::warn!(request.id = %"r-1", status = 503, "two\nlines");
            tracing::info!(target: "access", request_id = "r-2", "{}", "x".repeat(LONG));
            tracing::info!(target: "hyper::proto", "inner life");
        });
        assert!(flusher.flush());

        let mut bytes = vec![0; 256 * 1024];
        journal.set_nonblocking(true).unwrap();
        let mut next = || journal.recv(&mut bytes).ok().map(|length| fields(&bytes[..length]));
        assert_eq!(next().unwrap(), [], "the question whether anybody is there");
        let first = next().unwrap();
        let of = |name: &str| first.iter().find(|(one, _)| one == name).unwrap().1.clone();
        assert_eq!((of("PRIORITY"), of("REQUEST_ID")), ("4".to_owned(), "r-1".to_owned()));
        assert_eq!((of("STATUS"), of("MESSAGE")), ("503".to_owned(), "two\nlines".to_owned()));
        assert_eq!(of("SYSLOG_IDENTIFIER"), "holdfast");
        let second = next().unwrap();
        let message = second.iter().find(|(name, _)| name == "MESSAGE").unwrap();
        assert_eq!(message.1.len(), VALUE_BYTES_MAX);
        assert!(second.contains(&("PRIORITY".to_owned(), "6".to_owned())));
        assert!(next().is_none(), "a line came twice, or one of another crate");
    }

    #[test]
    fn only_the_stream_that_is_named_is_the_journals() {
        assert!(is_stream(OsStr::new("8:4711"), 8, 4711));
        for other in ["8:4712", "9:4711", "8", "", ":", "8:4711 "] {
            assert!(!is_stream(OsStr::new(other), 8, 4711), "{other:?}");
        }
    }

    #[test]
    fn fields_are_named_as_the_journal_wants_it() {
        let names = ["request.id", "db.ms", "_PID", "9lives", "späte", "message"].map(name_of);
        assert_eq!(names, ["REQUEST_ID", "DB_MS", "PID", "LIVES", "SPTE", "MESSAGE"]);
    }
}
