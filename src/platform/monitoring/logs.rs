//! Where log lines go: to standard output, or to the journal of the machine when the service
//! manager started the box with it. They are written by a thread of their own. A reader that stalls
//! (a full pipe, a stopped terminal, a busy journal) must not stop anybody's request, so lines that
//! find no room are dropped and counted.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::time::{Duration, Instant};

use tracing::level_filters::LevelFilter;
use tracing::{Subscriber, warn};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{Layer, Registry, fmt, reload};

use super::lines::Keep;
use super::panics;
use crate::config::{LogFormat, LogLevel, Logs};
use crate::platform::error::Result;
use crate::platform::systemd::journal::{self, JournalLayer};

/// What every line of a request is marked with, so that it can be told from the rest.
pub const ACCESS: &str = "access";
/// Lines that wait for their reader; at some 200 bytes each.
const LINES_WAITING_MAX: usize = 8_192;
/// Lines are written together up to here.
const CHUNK_BYTES_MAX: usize = 64 * 1024;
/// How long the end of the process waits for its last lines.
const FLUSH_PATIENCE: Duration = Duration::from_secs(2);

/// Writes log lines from here on, and panics among them. Keep what it gives until the process ends.
pub fn start(config: &Logs) -> Result<(Flusher, Chosen)> {
    let (flusher, chosen) = if let Some(journal) = journal::of_process() {
        let (lines, flusher) = Lines::start(journal, LINES_WAITING_MAX)?;
        (flusher, install(recording(config, JournalLayer(lines))))
    } else {
        let is_terminal = config.format == LogFormat::Text && io::stdout().is_terminal();
        let (lines, flusher) = Lines::start(io::stdout(), LINES_WAITING_MAX)?;
        (flusher, install(recording(config, written(config, is_terminal, lines))))
    };
    panics::install();
    Ok((flusher, chosen))
}

fn install((subscriber, chosen): (impl Subscriber + Send + Sync, Chosen)) -> Chosen {
    // An error only says that the process writes logs already.
    tracing::subscriber::set_global_default(subscriber).unwrap_or_default();
    chosen
}

/// What turns events into lines.
pub fn subscriber<W>(config: &Logs, has_colours: bool, to: W) -> impl Subscriber + Send + Sync
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    recording(config, written(config, has_colours, to)).0
}

/// Text for people, or JSON for programs.
fn written<W>(config: &Logs, has_colours: bool, to: W) -> Box<dyn Layer<Registry> + Send + Sync>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    match config.format {
        LogFormat::Text => {
            fmt::layer().with_target(false).with_ansi(has_colours).with_writer(to).boxed()
        }
        LogFormat::Json => fmt::layer().json().flatten_event(true).with_writer(to).boxed(),
    }
}

/// What takes the events that are chosen, and the choice.
pub fn recording(
    config: &Logs,
    layer: impl Layer<Registry> + Send + Sync,
) -> (impl Subscriber + Send + Sync, Chosen) {
    let (filter, handle) = reload::Layer::new(chosen(config.level));
    let layer = layer.and_then(Keep::new(config));
    (tracing_subscriber::registry().with(layer.with_filter(filter)), Chosen(handle))
}

fn chosen(level: LogLevel) -> Targets {
    let level: LevelFilter = level.as_str().parse().unwrap_or(LevelFilter::INFO);
    // Other crates tell us their inner life at info; only their warnings matter to an operator.
    let others = level.min(LevelFilter::WARN);
    Targets::new().with_target("holdfast", level).with_target(ACCESS, level).with_default(others)
}

/// Which events are written; another level can be chosen while the box runs.
#[derive(Clone)]
pub struct Chosen(reload::Handle<Targets, Registry>);

impl Chosen {
    pub fn set_level(&self, level: LogLevel) {
        // An error only says that nobody writes logs any more.
        self.0.reload(chosen(level)).unwrap_or_default();
    }
}

enum Message {
    Line(Vec<u8>),
    /// Says when everything before it was written.
    Flush(SyncSender<()>),
}

/// The queue in front of the writing thread.
#[derive(Clone)]
pub struct Lines {
    queue: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
}

impl Lines {
    /// Starts the thread that writes to `out`. It ends with the process.
    pub fn start(
        out: impl Write + Send + 'static,
        lines_waiting_max: usize,
    ) -> io::Result<(Self, Flusher)> {
        let (queue, messages) = sync_channel(lines_waiting_max);
        let dropped = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&dropped);
        #[expect(clippy::disallowed_methods, reason = "the one thread that writes log lines")]
        std::thread::Builder::new()
            .name("holdfast-log".to_owned())
            .spawn(move || write_all(out, &messages, &counted))?;
        let flusher = Flusher { queue: queue.clone() };
        Ok((Self { queue, dropped }, flusher))
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// Takes whole lines: the layer writes each at once.
impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.queue.try_send(Message::Line(line.to_vec())).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes what is left when the process ends.
pub struct Flusher {
    queue: SyncSender<Message>,
}

impl Flusher {
    /// Waits until all lines so far are written, for a while. False when they are not.
    pub fn flush(&self) -> bool {
        let until = Instant::now() + FLUSH_PATIENCE;
        let (done, is_done) = sync_channel(1);
        let mut message = Message::Flush(done);
        while let Err(refused) = self.queue.try_send(message) {
            use std::sync::mpsc::TrySendError::{Disconnected, Full};
            message = match refused {
                Full(message) if Instant::now() < until => message,
                Full(_) | Disconnected(_) => return false,
            };
            std::thread::yield_now();
        }
        is_done.recv_timeout(until.saturating_duration_since(Instant::now())).is_ok()
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.flush();
    }
}

/// Writes lines together as they come. An output that fails takes nothing any more, and the box
/// goes on without a log.
fn write_all(mut out: impl Write, messages: &Receiver<Message>, dropped: &AtomicU64) {
    let mut chunk = Vec::with_capacity(CHUNK_BYTES_MAX);
    while let Ok(first) = messages.recv() {
        let mut flushes = Vec::new();
        let mut next = Ok(first);
        while let Ok(message) = next {
            match message {
                Message::Line(line) => chunk.extend_from_slice(&line),
                Message::Flush(done) => flushes.push(done),
            }
            if chunk.len() >= CHUNK_BYTES_MAX {
                break;
            }
            next = messages.try_recv().or(Err(TryRecvError::Empty));
        }
        let written = out.write_all(&chunk).and_then(|()| out.flush());
        chunk.clear();
        if written.is_err() {
            metrics::counter!("holdfast_log_write_failures_total").increment(1);
        }
        report(dropped.swap(0, Ordering::Relaxed));
        for done in flushes {
            // Whoever waited may have given up.
            done.try_send(()).unwrap_or_default();
        }
    }
}

/// Says in the log how much of it is missing.
fn report(dropped: u64) {
    if dropped > 0 {
        metrics::counter!("holdfast_log_lines_dropped_total").increment(dropped);
        warn!(log.dropped = dropped, "{dropped} log lines were dropped: nobody took them in time");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};
    use std::sync::{Mutex, PoisonError};

    use super::*;
    use crate::config::LogLevel;

    /// Keeps what is written and waits before each write until it is let through.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Kept {
        fn text(&self) -> String {
            let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            String::from_utf8(bytes.clone()).unwrap()
        }
    }

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Says that it is asked to write, and waits until it is let through.
    struct Stalled {
        asked: Sender<()>,
        through: Receiver<()>,
        kept: Kept,
    }

    impl Write for Stalled {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.asked.send(()).unwrap_or_default();
            self.through.recv().map_err(|_| io::ErrorKind::BrokenPipe)?;
            self.kept.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logs(format: LogFormat) -> Logs {
        Logs { level: LogLevel::Info, format, access: true, slow_statement_ms: 100, kept_bytes: 0 }
    }

    #[test]
    fn lines_are_whole_and_in_order_and_written_before_the_end() {
        let kept = Kept::default();
        let (lines, flusher) = Lines::start(kept.clone(), 100).unwrap();

        for number in 0..100 {
            lines.clone().write_all(format!("line {number}\n").as_bytes()).unwrap();
        }
        assert!(flusher.flush());

        let expected: Vec<String> = (0..100).map(|number| format!("line {number}")).collect();
        assert_eq!(kept.text().lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_stalled_reader_holds_up_nobody_and_what_is_missing_is_said() {
        let ((let_through, through), (asked, is_asked)) = (channel(), channel());
        let kept = Kept::default();
        let stalled = Stalled { asked, through, kept: kept.clone() };
        let (lines, flusher) = Lines::start(stalled, 4).unwrap();
        let config = logs(LogFormat::Text);
        let subscriber = subscriber(&config, false, lines.clone());

        tracing::subscriber::with_default(subscriber, || {
            tracing::info!("line 0");
            is_asked.recv().unwrap();
            for number in 1..20 {
                tracing::info!("line {number}");
            }
        });

        // One is in the hands of the thread, four wait, the rest found no room.
        assert_eq!(lines.dropped.load(Ordering::Relaxed), 15);
        for _ in 0..20 {
            let_through.send(()).unwrap();
        }
        assert!(flusher.flush());
        assert!(kept.text().ends_with("line 4\n"), "{}", kept.text());
        assert_eq!(lines.dropped.load(Ordering::Relaxed), 0, "they were told");
    }

    #[test]
    fn requests_are_logged_at_info_and_other_crates_only_warn() {
        let kept = Kept::default();
        let (lines, flusher) = Lines::start(kept.clone(), 100).unwrap();

        tracing::subscriber::with_default(subscriber(&logs(LogFormat::Json), false, lines), || {
            tracing::info!(target: "access", status = 200, "GET / 200");
            tracing::info!(target: "hyper::proto", "inner life");
            tracing::warn!(target: "hyper::proto", "trouble");
            tracing::debug!("too much");
        });
        assert!(flusher.flush());

        let text = kept.text();
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let messages: Vec<_> = lines.iter().map(|line| line["message"].as_str().unwrap()).collect();
        assert_eq!(messages, ["GET / 200", "trouble"]);
        assert_eq!(lines[0]["target"], "access");
        assert_eq!(lines[0]["status"], 200);
    }

    #[test]
    fn an_output_that_fails_ends_nothing() {
        let ((let_through, through), (asked, _)) = (channel(), channel());
        drop(let_through);
        let stalled = Stalled { asked, through, kept: Kept::default() };
        let (lines, flusher) = Lines::start(stalled, 4).unwrap();

        lines.clone().write_all(b"lost").unwrap();
        assert!(flusher.flush());
        lines.clone().write_all(b"lost as well").unwrap();
        assert!(flusher.flush());
    }
}
