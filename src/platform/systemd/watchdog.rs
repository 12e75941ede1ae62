//! The life sign. It comes from the same threads that answer requests, after a read of the box's
//! own file, so a box that hangs gives none and is started anew. One that merely has too much to do
//! is alive: starting it anew would turn a crowd away and help nobody.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::MissedTickBehavior;
use tracing::warn;

use super::notify;
use crate::platform::ctx::{Actor, BoxCtx, Cause};
use crate::platform::error::{Error, Result};
use crate::platform::updates::link::Link;
use crate::platform::updates::supervisor::protocol::Report;
use crate::platform::{Platform, tasks, workspaces};

/// How often the status is looked at where no life sign is wanted.
const LOOKED_EVERY: Duration = Duration::from_secs(30);
/// How often a supervisor hears that its worker is alive.
const TOLD_EVERY: Duration = Duration::from_secs(2);
const OVERLOADED: &str = "The box has more to do than it can: its own file was not read in time";

/// Gives life signs to whoever wants them, and keeps the status right, until the box stops.
pub fn keep(platform: &Arc<Platform>) {
    let Some((hearer, every)) = Hearer::of(platform) else { return };
    let watched = Arc::clone(platform);
    platform.tasks.start("service-manager", move |mut stop| async move {
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told = None;
        loop {
            tokio::select! {
                () = stop.requested() => return,
                _ = ticks.tick() => {}
            }
            let proof = tokio::select! {
                () = stop.requested() => return,
                proof = prove(&watched, every) => proof,
            };
            match proof {
                Ok(Proof::Overloaded) => {
                    warn!("{OVERLOADED}");
                    hearer.tell(None, &watched).await;
                }
                Ok(Proof::Read(status)) => {
                    let news = (told.as_ref() != Some(&status)).then(|| status.clone());
                    told = Some(status);
                    hearer.tell(news, &watched).await;
                }
                Err(error) => warn!("The box gives no sign of life: {error}"),
            }
        }
    });
}

/// How the box showed that it is alive.
#[derive(Debug, PartialEq, Eq)]
enum Proof {
    /// What it does, in a sentence.
    Read(String),
    /// It answers, but has more to read than it can.
    Overloaded,
}

/// Has a new task run and the box's file read, which may take as long as `patience`.
async fn prove(platform: &Arc<Platform>, patience: Duration) -> Result<Proof> {
    let (turn, turned) = oneshot::channel();
    platform.tasks.start("turn", move |_| async move {
        // Nobody waits any more when the box stops.
        turn.send(()).unwrap_or_default();
    });
    turned.await.map_err(Error::internal)?;
    let before = reads(platform);
    let read = tokio::time::timeout(patience, serving(platform)).await.ok();
    judge(read, reads(platform) != before)
}

/// How many reads of the box's own file have ended.
fn reads(platform: &Platform) -> u64 {
    let statements = platform.watching.on_system.statements();
    statements.iter().filter(|(kind, _)| *kind == "read").map(|(_, counted)| counted.total()).sum()
}

/// A read that is refused or late because of the others says that the file is read; one that does
/// not end while nobody else's does either says that it hangs.
fn judge(read: Option<Result<String>>, others_were_read: bool) -> Result<Proof> {
    match read {
        Some(Ok(status)) => Ok(Proof::Read(status)),
        Some(Err(Error::Busy { .. })) => Ok(Proof::Overloaded),
        Some(Err(error)) => Err(error),
        None if others_were_read => Ok(Proof::Overloaded),
        None => Err(Error::internal("its own file is not read any more")),
    }
}

/// Who hears that the box is alive.
enum Hearer {
    ServiceManager {
        /// It ends a box that gives no life sign.
        expects_signs: bool,
    },
    Supervisor(Arc<Link>),
}

impl Hearer {
    /// Who hears it, and how often: a service manager at half the time in which it expects a sign.
    fn of(platform: &Platform) -> Option<(Self, Duration)> {
        if let Some(link) = &platform.updates {
            return Some((Self::Supervisor(Arc::clone(link)), TOLD_EVERY));
        }
        let expected = sd_notify::watchdog_enabled();
        let every = expected.map_or(LOOKED_EVERY, |limit| limit / 2).max(Duration::from_millis(1));
        let hearer = Self::ServiceManager { expects_signs: expected.is_some() };
        notify::is_heard().then_some((hearer, every))
    }

    /// Says that the box is alive, and what it does where that changed.
    async fn tell(&self, status: Option<String>, platform: &Platform) {
        match self {
            Self::ServiceManager { expects_signs } => tell_manager(status, *expects_signs).await,
            Self::Supervisor(link) => {
                if let Err(error) = tell_supervisor(link, status, platform).await {
                    warn!("The supervisor could not be told anything: {error}");
                }
            }
        }
    }
}

async fn tell_supervisor(link: &Link, status: Option<String>, platform: &Platform) -> Result<()> {
    let counted = platform.watching.traffic.counted();
    let (answers, faults) = (counted.times.total(), counted.faults);
    link.tell(&Report::Alive { answers, faults }).await?;
    if let Some(status) = status {
        link.tell(&Report::Status(status)).await?;
    }
    Ok(())
}

async fn tell_manager(status: Option<String>, is_alive: bool) {
    let told = tasks::blocking(move || {
        if is_alive {
            notify::alive();
        }
        if let Some(status) = status {
            notify::status(&status);
        }
        Ok(())
    });
    if let Err(error) = told.await {
        warn!("The service manager could not be told anything: {error}");
    }
}

/// `Serving 12 workspaces on [::]:443`.
pub async fn serving(platform: &Arc<Platform>) -> Result<String> {
    let ctx = BoxCtx::new(platform, Cause::of(Actor::System));
    let count = ctx.read(workspaces::ops::count_in).await?;
    let reach = platform.reach.get();
    let address = reach.and_then(|reach| reach.addresses.first());
    Ok(said(count, address.map(|(_, address)| address.to_string()).as_deref()))
}

fn said(workspaces: i64, address: Option<&str>) -> String {
    let workspaces = match workspaces {
        0 => "no workspace yet".to_owned(),
        1 => "1 workspace".to_owned(),
        more => format!("{more} workspaces"),
    };
    match address {
        Some(address) => format!("Serving {workspaces} on {address}"),
        None => format!("Serving {workspaces}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Proof, judge, said};
    use crate::platform::error::Error;

    #[test]
    fn an_overloaded_box_is_alive_and_only_one_that_hangs_or_fails_is_not() {
        let busy = || Some(Err(Error::Busy { retry_after_s: 1 }));
        let alive = |read, others| judge(read, others).ok();

        let read = Some(Proof::Read("Serving".to_owned()));
        assert_eq!(alive(Some(Ok("Serving".to_owned())), false), read);
        for others_were_read in [true, false] {
            assert_eq!(alive(busy(), others_were_read), Some(Proof::Overloaded));
            let failed = Some(Err(Error::StorageFailed("gone".to_owned())));
            assert_eq!(alive(failed, others_were_read), None);
        }
        assert_eq!(alive(None, true), Some(Proof::Overloaded));
        assert_eq!(alive(None, false), None);
    }

    #[test]
    fn the_status_is_a_sentence() {
        assert_eq!(said(12, Some("[::]:443")), "Serving 12 workspaces on [::]:443");
        assert_eq!(said(1, None), "Serving 1 workspace");
        assert_eq!(said(0, Some("[::]:443")), "Serving no workspace yet on [::]:443");
    }
}
