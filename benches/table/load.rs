//! The load generator: keep-alive HTTP/1.1 written by hand, because a client library would cost
//! more than the server it measures. One thread, so that it leaves the machine to the server.

use std::io::{BufRead, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

use crate::plan::{Expected, Outcome, Plan, Request};

/// Written when every connection has warmed up.
pub(crate) const WARM: &str = "warm";
/// Wrong answers that are told of in full.
const WRONG_MAX: usize = 5;
const ANSWER_SIZE_BYTES_MAX: usize = 16 * 1024 * 1024;

type Problem = Box<dyn std::error::Error + Send + Sync>;

/// Reads a plan, warms up, waits for a line on standard input, measures, prints the outcome.
pub(crate) fn run(plan: &Path) -> Result<(), Problem> {
    let plan: Plan = serde_json::from_slice(&std::fs::read(plan)?)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(measure(Arc::new(plan)))?;
    say(&serde_json::to_string(&outcome)?)
}

fn say(line: &str) -> Result<(), Problem> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

/// Where all connections are.
#[derive(Debug, Clone, Copy)]
enum Phase {
    WarmingUp,
    Waiting,
    Measuring { until: Instant },
}

async fn measure(plan: Arc<Plan>) -> Result<Outcome, Problem> {
    let connector = plan.root.as_deref().map(connector).transpose()?;
    let (phase, seen) = watch::channel(Phase::WarmingUp);
    let mut connections = JoinSet::new();
    for number in 0..plan.connections {
        let stream = TcpStream::connect(plan.address).await?;
        stream.set_nodelay(true)?;
        let (plan, seen) = (Arc::clone(&plan), seen.clone());
        match &connector {
            None => connections.spawn(keep_asking(stream, number, plan, seen)),
            Some(connector) => {
                let name = ServerName::try_from("localhost")?;
                let stream = connector.connect(name, stream).await?;
                connections.spawn(keep_asking(stream, number, plan, seen))
            }
        };
    }
    tokio::time::sleep(Duration::from_millis(plan.warm_up_ms)).await;
    phase.send_replace(Phase::Waiting);
    // Answers that are on their way come in before the clock is read.
    tokio::time::sleep(Duration::from_millis(100)).await;
    say(WARM)?;
    tokio::task::spawn_blocking(|| std::io::stdin().lock().read_line(&mut String::new())).await??;
    let started = Instant::now();
    let until = started + Duration::from_millis(plan.measured_ms);
    phase.send_replace(Phase::Measuring { until });
    let mut all = Answers::default();
    while let Some(ended) = connections.join_next().await {
        all.take_in(ended??);
    }
    Ok(all.outcome(started.elapsed()))
}

/// What one connection got.
#[derive(Default)]
struct Answers {
    latencies_us: Vec<u64>,
    warm_up: u64,
    wrong: Vec<String>,
}

impl Answers {
    fn take_in(&mut self, mut other: Self) {
        self.latencies_us.append(&mut other.latencies_us);
        self.warm_up += other.warm_up;
        self.wrong.append(&mut other.wrong);
    }

    fn outcome(mut self, elapsed: Duration) -> Outcome {
        self.latencies_us.sort_unstable();
        self.wrong.truncate(WRONG_MAX);
        let requests = self.latencies_us.len();
        let at = |percent: usize| {
            let place = (requests * percent / 100).min(requests.saturating_sub(1));
            self.latencies_us.get(place).copied().unwrap_or_default()
        };
        Outcome {
            requests: requests as u64,
            requests_in_all: requests as u64 + self.warm_up,
            elapsed_us: micros(elapsed),
            p50_us: at(50),
            p99_us: at(99),
            wrong: self.wrong,
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn connector(root: &Path) -> Result<TlsConnector, Problem> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(root)?)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// One connection: the next request goes out when the answer of the last was checked.
async fn keep_asking<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    number: usize,
    plan: Arc<Plan>,
    mut phase: watch::Receiver<Phase>,
) -> Result<Answers, Problem> {
    let slice = plan.requests.len() / plan.connections;
    let requests = plan.requests.iter().skip(number * slice).take(slice.max(1)).cycle();
    let requests_max = plan.requests_max / plan.connections as u64;
    let mut line = Line { stream, received: Vec::with_capacity(64 * 1024), sending: Vec::new() };
    let mut answers = Answers::default();
    for (nth, request) in requests.enumerate() {
        let mut now = *phase.borrow_and_update();
        if matches!(now, Phase::Waiting) {
            phase.changed().await?;
            now = *phase.borrow_and_update();
        }
        let started = Instant::now();
        if let Phase::Measuring { until } = now
            && (started >= until || answers.latencies_us.len() as u64 >= requests_max)
        {
            break;
        }
        let key = plan.has_keys.then(|| format!("bench-{number}-{nth}"));
        if let Some(wrong) = line.ask(request, key.as_deref()).await? {
            answers.wrong.push(wrong);
            if answers.wrong.len() >= WRONG_MAX {
                break;
            }
        }
        match now {
            Phase::Measuring { .. } => answers.latencies_us.push(micros(started.elapsed())),
            Phase::WarmingUp | Phase::Waiting => answers.warm_up += 1,
        }
    }
    Ok(answers)
}

struct Line<S> {
    stream: S,
    received: Vec<u8>,
    sending: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Line<S> {
    /// Sends a request and checks its answer; gives what was wrong with it.
    async fn ask(
        &mut self,
        request: &Request,
        key: Option<&str>,
    ) -> Result<Option<String>, Problem> {
        self.sending.clear();
        write!(
            self.sending,
            "{} {} HTTP/1.1\r\n{}",
            request.method, request.path, request.headers
        )?;
        if let Some(key) = key {
            write!(self.sending, "Idempotency-Key: {key}\r\n")?;
        }
        if !request.body.is_empty() {
            write!(self.sending, "Content-Length: {}\r\n", request.body.len())?;
        }
        write!(self.sending, "\r\n{}", request.body)?;
        self.stream.write_all(&self.sending).await?;
        self.stream.flush().await?;
        self.received.clear();
        let head_end = loop {
            self.receive().await?;
            if let Some(end) = self.received.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let head = std::str::from_utf8(&self.received[..head_end])?;
        let (status, length) = (status(head)?, length(head)?);
        while self.received.len() < head_end + length {
            self.receive().await?;
        }
        let body = &self.received[head_end..];
        Ok(wrong(&request.expected, status, body).map(|wrong| {
            let shown = String::from_utf8_lossy(&body[..body.len().min(400)]).into_owned();
            format!("{} {}: {wrong}: {shown}", request.method, request.path)
        }))
    }

    async fn receive(&mut self) -> Result<(), Problem> {
        let count = self.stream.read_buf(&mut self.received).await?;
        if count == 0 || self.received.len() > ANSWER_SIZE_BYTES_MAX {
            return Err("the server ended the connection".into());
        }
        Ok(())
    }
}

fn status(head: &str) -> Result<u16, Problem> {
    Ok(head.split(' ').nth(1).ok_or("no status")?.parse()?)
}

fn length(head: &str) -> Result<usize, Problem> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    let length = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    Ok(length.map_or(Ok(0), |(_, value)| value.trim().parse())?)
}

fn wrong(expected: &Expected, status: u16, body: &[u8]) -> Option<String> {
    if status != expected.status {
        return Some(format!("status {status} instead of {}", expected.status));
    }
    if let Some((beginning, length)) = &expected.beginning
        && (!body.starts_with(beginning) || body.len() != *length)
    {
        return Some(format!("another body, {} bytes instead of {length}", body.len()));
    }
    if let Some((part, times)) = &expected.part {
        let text = std::str::from_utf8(body).unwrap_or_default();
        let found = text.matches(part.as_str()).count();
        if found != *times {
            return Some(format!("{part} stands there {found} times instead of {times}"));
        }
    }
    None
}
