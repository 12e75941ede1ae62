//! A box that serves as the worker of a supervisor: it takes the data over, answers people, hands
//! the data on, and passes on what still comes to it.

use std::os::unix::net::UnixListener as ControlListener;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use tokio::net::UnixListener;
use tokio::sync::watch;
use tracing::{info, warn};

use super::faces::{Face, Sockets as Handed, addresses};
use super::reloading::Reloading;
use super::serving::{Asked, Signals, begin_work, faces_of, limits, offer_set_up, put_in_order};
use crate::http::server::{
    Application, Gate, HoldingBack, Listener, Security, ServerLimits, serve,
};
use crate::platform::error::{Error, Result};
use crate::platform::reach::Addresses;
use crate::platform::systemd::watchdog;
use crate::platform::tasks::Tasks;
use crate::platform::updates::link::Link;
use crate::platform::updates::supervisor::protocol::{Order, Report};
use crate::platform::updates::worker::points::point;
use crate::platform::updates::worker::{Sockets, trial};
use crate::platform::{Platform, control};

/// Connections to the private socket: as many as requests that are held back elsewhere, and those
/// that go on.
const PRIVATE_CONNECTIONS_MAX: usize = 4_096;
/// How long event streams have for their last frame.
const LAST_FRAMES: Duration = Duration::from_secs(1);

/// What is done beside hearing orders. An error ends the worker.
type Work = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// A worker that was told to begin, and may serve.
pub struct Working {
    platform: Arc<Platform>,
    link: Arc<Link>,
    gate: Arc<Gate>,
    faces: Vec<Face>,
    private: UnixListener,
    control: Option<ControlListener>,
    signals: Signals,
}

impl Working {
    /// Prepares everything and tries it out. None when it was asked to stop meanwhile; then the box
    /// is closed.
    pub async fn begin(platform: &Arc<Platform>, sockets: Sockets) -> Result<Option<Self>> {
        let link = platform.updates.clone();
        let link = link.ok_or_else(|| Error::internal("a worker has a supervisor"))?;
        let mut signals = Signals::catch()?;
        let Sockets { shared, private, control } = sockets;
        let prepared = async {
            let faces = faces_of(platform, Handed::Supervisors(shared)).await?;
            put_in_order(platform).await?;
            point("trying-out");
            trial(platform).await?;
            point("tried-out");
            Ok::<_, Error>(faces)
        };
        let faces = tokio::select! {
            faces = prepared => faces?,
            () = signals.asked_to_stop() => {
                info!("Asked to stop before the box answered");
                platform.close().await;
                return Ok(None);
            }
        };
        let gate = Gate::new(platform.random.clone(), HoldingBack::default());
        let (platform, private) = (Arc::clone(platform), UnixListener::from_std(private)?);
        Ok(Some(Self { platform, link, gate, faces, private, control, signals }))
    }

    /// Does what the supervisor says until another worker has answered the last connection, or
    /// until it is asked to stop, or the supervisor is gone; then ends in order. `accepting` is
    /// called when people may come in.
    pub async fn run(self, reloading: Reloading, accepting: impl FnOnce(&Addresses)) {
        let Self { platform, link, gate, faces, private, control, mut signals } = self;
        let addresses = addresses(&faces);
        let listeners = Listeners::new(&platform, &gate);
        let serving = listeners.clone().serve(faces, private);
        let mut serving = pin!(serving);
        watchdog::keep(&platform);
        let status = watchdog::serving(&platform).await.unwrap_or_else(|error| error.to_string());
        tell(&link, &Report::Ready { status }).await;
        let mut hands = Hands { platform, link, gate, listeners, control, is_handed_over: false };
        let mut working = FuturesUnordered::<Work>::new();
        let mut accepting = Some(accepting);
        loop {
            tokio::select! {
                () = serving.as_mut() => break,
                order = hands.link.hear() => match order {
                    Ok(Some(order)) => {
                        let is_accepting = order == Order::Accept;
                        working.extend(hands.follow(order));
                        if let Some(accepting) = accepting.take_if(|_| is_accepting) {
                            accepting(&addresses);
                        }
                    }
                    Ok(None) => return hands.end_alone(serving, &mut working).await,
                    Err(error) => {
                        warn!("The supervisor is not understood: {error}");
                        return hands.end_alone(serving, &mut working).await;
                    }
                },
                asked = signals.next() => match asked {
                    Asked::Reload if hands.is_handed_over => {}
                    Asked::Reload => reloading.reload(&hands.platform).await,
                    Asked::Stop => {
                        return tokio::select! {
                            () = hands.stop(serving, &mut working) => info!("Stopped"),
                            () = asked_again(&mut signals) => {
                                warn!("Asked to stop again, ending at once");
                            }
                        };
                    }
                },
                Some(done) = working.next() => if let Err(error) = done {
                    hands.fail(&error).await;
                    return hands.stop(serving, &mut working).await;
                },
            }
        }
        point("passed-on");
        hands.finish(&mut working).await;
    }
}

async fn asked_again(signals: &mut Signals) {
    while signals.next().await == Asked::Reload {}
}

/// What a worker has in its hands while it serves.
struct Hands {
    platform: Arc<Platform>,
    link: Arc<Link>,
    gate: Arc<Gate>,
    listeners: Listeners,
    control: Option<ControlListener>,
    /// Its files are closed, or will be by work that was begun.
    is_handed_over: bool,
}

impl Hands {
    /// Does at once what an order asks for, and gives what takes longer.
    fn follow(&mut self, order: Order) -> Option<Work> {
        match order {
            Order::Accept => {
                point("let-in");
                self.listeners.accept();
                let (platform, control) = (Arc::clone(&self.platform), self.control.take());
                Some(Box::pin(async move {
                    if let Some(control) = control {
                        control::start_on(&platform, control);
                    }
                    begin_work(&platform).await?;
                    offer_set_up(&platform).await;
                    Ok(())
                }))
            }
            Order::Hold { .. } if self.is_handed_over => None,
            Order::Hold { finish_within_ms } => {
                self.is_handed_over = true;
                let (platform, gate) = (Arc::clone(&self.platform), Arc::clone(&self.gate));
                let within = Duration::from_millis(finish_within_ms);
                let link = Arc::clone(&self.link);
                Some(Box::pin(async move {
                    hand_over(&platform, &gate, within).await;
                    tell(&link, &Report::Closed).await;
                    Ok(())
                }))
            }
            Order::Forward { socket } => {
                point("passing-on");
                self.gate.forward(&socket);
                self.listeners.accept();
                None
            }
            Order::Start { .. } | Order::Answer { .. } => {
                warn!("The supervisor said something at the wrong time");
                None
            }
        }
    }

    async fn fail(&self, error: &Error) {
        let code = crate::http::problem::code_of(error).to_owned();
        let detail = error.to_string();
        warn!("The box cannot go on: {detail}");
        tell(&self.link, &Report::Failed { code, detail }).await;
    }

    async fn end_alone(
        &mut self,
        serving: Pin<&mut impl Future<Output = ()>>,
        working: &mut FuturesUnordered<Work>,
    ) {
        warn!("The supervisor is gone; the box stops");
        self.stop(serving, working).await;
    }

    /// Answers what is in flight and closes the files.
    async fn stop(
        &mut self,
        serving: Pin<&mut impl Future<Output = ()>>,
        working: &mut FuturesUnordered<Work>,
    ) {
        info!("Stopping: requests in flight are answered first");
        self.platform.tasks.begin_stop();
        self.listeners.stop();
        serving.await;
        self.finish(working).await;
    }

    /// Finishes what was begun, and closes the files where that is not part of it.
    async fn finish(&self, working: &mut FuturesUnordered<Work>) {
        while let Some(done) = working.next().await {
            if let Err(error) = done {
                warn!("What was begun could not be finished: {error}");
            }
        }
        if !self.is_handed_over {
            self.platform.close().await;
        }
    }
}

/// Lets go of the data: what runs is finished, event streams are ended, the files are closed.
async fn hand_over(platform: &Arc<Platform>, gate: &Gate, within: Duration) {
    if !gate.hold(within).await {
        warn!("Some requests took longer than the box could wait for them");
    }
    point("holding");
    platform.streams.hand_over();
    platform.tasks.begin_stop();
    gate.close(LAST_FRAMES).await;
    platform.close().await;
    point("closed");
    info!("The files are closed and belong to another process now");
}

async fn tell(link: &Link, report: &Report) {
    // Whoever is gone is noticed by hearing nothing more.
    if let Err(error) = link.tell(report).await {
        warn!("The supervisor could not be told anything: {error}");
    }
}

/// The listeners of a worker, and how far they may go.
#[derive(Clone)]
struct Listeners {
    gate: Arc<Gate>,
    limits: ServerLimits,
    accepting: Arc<watch::Sender<bool>>,
    /// Ends the shared ones.
    public: Tasks,
    /// Ends the private one.
    private: Tasks,
}

impl Listeners {
    fn new(platform: &Platform, gate: &Arc<Gate>) -> Self {
        Self {
            gate: Arc::clone(gate),
            limits: limits(&platform.config),
            accepting: Arc::new(watch::Sender::new(false)),
            public: Tasks::default(),
            private: Tasks::default(),
        }
    }

    fn accept(&self) {
        self.accepting.send_replace(true);
    }

    fn stop(&self) {
        self.public.begin_stop();
        self.accept();
    }

    /// Serves the private socket at once and the shared ones when it may; the private one as long
    /// as any of the others.
    async fn serve(self, faces: Vec<Face>, private: UnixListener) {
        let each = faces.iter().map(|face| (face.name, face.router.clone())).collect();
        let served = (Application::Private { faces: each }, Arc::clone(&self.gate));
        let limits =
            ServerLimits { connections_max: PRIVATE_CONNECTIONS_MAX, ..self.limits.clone() };
        let (listener, stop) = (Listener::Unix(private), self.private.stop());
        let privately = serve(listener, Security::Plain, served, stop, limits);
        let publicly = async {
            let mut accepting = self.accepting.subscribe();
            // This holds the sender itself, so it is there.
            drop(accepting.wait_for(|may| *may).await);
            let serving = faces.into_iter().map(|face| {
                let served = (Application::face(face.name, face.router), Arc::clone(&self.gate));
                let (listener, stop) = (Listener::Tcp(face.listener), self.public.stop());
                serve(listener, face.security, served, stop, self.limits.clone())
            });
            join_all(serving).await;
            self.private.begin_stop();
        };
        tokio::join!(privately, publicly);
    }
}
