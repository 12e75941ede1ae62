//! The side of the box: hears who may ask, one request to a connection.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::OwnedReadHalf;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::{error, info, warn};
use zeroize::Zeroizing;

use super::ops;
use super::protocol::{Answer, Fault, PATIENCE, REQUEST_SIZE_BYTES_MAX, Verb};
use super::socket::Socket;
use crate::platform::Platform;
use crate::platform::error::Error;
use crate::platform::tasks::Stop;

/// Connections answered at once; more wait to be accepted.
pub(super) const CONNECTIONS_MAX: usize = 8;
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the loop rests when the system has no room for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
const ROOT: u32 = 0;

/// Who is heard, and for how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    pub(super) users: [u32; 2],
    /// Until the request was read, and then until the answer was; what the box takes between them
    /// is the verb's.
    pub(super) timeout: Duration,
}

/// Listens below the data folder until the process stops. A box whose disk has no room for
/// sockets serves all the same; then the command line cannot reach it.
pub fn start(platform: &Arc<Platform>) {
    let socket = match Socket::bind(platform.config.data()) {
        Ok(socket) => socket,
        Err(cause) => {
            warn!("The command line cannot reach this box, its control socket failed: {cause}");
            return;
        }
    };
    answer_on(platform, socket);
}

/// The same at a socket that the supervisor keeps.
pub fn start_on(platform: &Arc<Platform>, listener: std::os::unix::net::UnixListener) {
    match Socket::handed(listener) {
        Ok(socket) => answer_on(platform, socket),
        Err(cause) => warn!("The command line cannot reach this box: {cause}"),
    }
}

fn answer_on(platform: &Arc<Platform>, socket: Socket) {
    let own_user = rustix::process::geteuid().as_raw();
    let terms = Terms { users: [ROOT, own_user], timeout: EXCHANGE_TIMEOUT };
    let answering = Arc::clone(platform);
    let answer = move |verb| {
        let platform = Arc::clone(&answering);
        async move {
            let outcome = ops::perform(&platform, verb).await;
            if let Err(cause @ (Error::Internal(_) | Error::StorageFailed(_) | Error::Damaged(_))) =
                &outcome
            {
                error!("A request over the control socket failed: {cause}");
            }
            outcome.into()
        }
    };
    platform.tasks.start("control", move |stop| serve(socket, terms, stop, answer));
}

/// Answers until `stop`; requests that were read by then are answered.
pub(super) async fn serve<H, F>(socket: Socket, terms: Terms, mut stop: Stop, answer: H)
where
    H: Fn(Verb) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = stop.requested() => break,
            Some(ended) = open.join_next() => report(ended),
            accepted = socket.listener.accept(), if open.len() < CONNECTIONS_MAX => match accepted {
                Ok((stream, _)) => {
                    open.spawn(converse(stream, terms, stop.clone(), answer.clone()));
                }
                Err(cause) => {
                    warn!("The control socket cannot accept at the moment: {cause}");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(socket);
    while let Some(ended) = open.join_next().await {
        report(ended);
    }
}

/// What the other side does wrong is its own affair.
fn report(ended: Result<io::Result<()>, tokio::task::JoinError>) {
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(cause)) => info!("A request over the control socket was not finished: {cause}"),
        Err(panic) => error!("Answering over the control socket failed: {panic}"),
    }
}

async fn converse<H, F>(stream: UnixStream, terms: Terms, stop: Stop, answer: H) -> io::Result<()>
where
    H: Fn(Verb) -> F,
    F: Future<Output = Answer>,
{
    let user = stream.peer_cred()?.uid();
    let (read, mut write) = stream.into_split();
    let reply = if terms.users.contains(&user) {
        match timeout(terms.timeout, request(read, stop.clone())).await?? {
            Ok(verb) => patiently(verb.patience(), answer(verb), stop).await,
            Err(fault) => Answer::Error(fault),
        }
    } else {
        warn!(peer.uid = user, "User {user} was refused at the control socket");
        let detail = "Only root and the user the box runs as may do this.";
        Answer::Error(Fault::new("forbidden", detail))
    };
    let line = reply.to_line().map_err(io::Error::other)?;
    let told = async {
        write.write_all(&line).await?;
        write.shutdown().await
    };
    timeout(terms.timeout, told).await?
}

/// Waits for an answer. Where the process stops, what waits for others is given up.
async fn patiently(
    patience: Duration,
    answer: impl Future<Output = Answer>,
    mut stop: Stop,
) -> Answer {
    let is_of_others = patience > PATIENCE;
    let busy = |detail: &str| Answer::Error(Fault::new("busy", detail));
    tokio::select! {
        reply = timeout(patience, answer) => reply.unwrap_or_else(|_| {
            busy("It takes the box too long to answer. What was asked for may still come about.")
        }),
        () = stop.requested(), if is_of_others => busy("The box is stopping."),
    }
}

/// Reads the request. Who has not sent it when the process stops is not waited for.
async fn request(mut stream: OwnedReadHalf, mut stop: Stop) -> io::Result<Result<Verb, Fault>> {
    // There may be the key of a kit in it, so it stands in one place, which is wiped.
    let mut line = Zeroizing::new(vec![0; REQUEST_SIZE_BYTES_MAX]);
    let read = async {
        let mut length = 0;
        loop {
            let read = stream.read(&mut line[length..]).await?;
            let end = line[length..length + read].iter().position(|byte| *byte == b'\n');
            if let Some(end) = end {
                return Ok::<_, io::Error>(Some(length + end + 1));
            }
            length += read;
            if length == REQUEST_SIZE_BYTES_MAX {
                return Ok(None);
            }
            if read == 0 {
                return Ok(Some(length));
            }
        }
    };
    let length = tokio::select! {
        biased;
        read = read => read?,
        () = stop.requested() => return Ok(Err(Fault::new("busy", "The box is stopping."))),
    };
    let Some(length) = length else {
        let detail = format!("A request has at most {REQUEST_SIZE_BYTES_MAX} bytes.");
        return Ok(Err(Fault::new("too-large", detail)));
    };
    Ok(Verb::read(&line[..length]))
}
