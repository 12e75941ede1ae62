//! The worker's side of its supervisor: what it is started with, and its own trial before anybody
//! is let in.

pub mod points;
mod sockets;

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;

pub use self::sockets::{Shared, Sockets};
use super::link::Link;
use super::rehearsal::smoke;
use super::supervisor::channel::Channel;
use super::supervisor::protocol::Order;
use crate::platform::Platform;
use crate::platform::ctx::{Actor, BoxCtx, Cause};
use crate::platform::error::{Error, Result};
use crate::platform::monitoring::ops::{Readiness, readiness};
use crate::platform::systemd::watchdog;

/// What a worker is started with.
#[derive(Debug)]
pub struct Beginning {
    pub link: Arc<Link>,
    pub sockets: Sockets,
}

/// Takes standard input as the way to the supervisor, and what it says first. None: it is gone.
/// An error: there is none. Needs a tokio runtime.
pub async fn begin() -> Result<Option<Beginning>> {
    let end = io::stdin().as_fd().try_clone_to_owned()?;
    let channel = Channel::of(end).map_err(|error| without_supervisor(&error))?;
    let first = channel.receive::<Order>().await.map_err(|error| without_supervisor(&error))?;
    let Some((order, descriptors)) = first else { return Ok(None) };
    let Order::Start { seq, sockets, .. } = order else {
        return Err(Error::internal("the supervisor did not say first what there is to serve"));
    };
    let sockets = Sockets::of(&sockets, descriptors)?;
    Ok(Some(Beginning { link: Arc::new(Link::new(Arc::new(channel), seq)), sockets }))
}

fn without_supervisor(error: &io::Error) -> Error {
    Error::internal(format!(
        "A worker is started by `holdfast supervise`, which speaks over its standard input: {error}"
    ))
}

/// Tries out whether this release works on this box: its file is read and takes a change, and every
/// check of the platform and the apps goes well on the data itself. What others may be the cause of
/// (a full disk, a damaged file, a target that does not answer) is no reason to fail.
pub async fn trial(platform: &Arc<Platform>) -> Result<()> {
    let ctx = BoxCtx::new(platform, Cause::of(Actor::System));
    watchdog::serving(platform).await?;
    ctx.write(|_| Ok(())).await?;
    smoke::trial(platform).await?;
    match readiness(&ctx).await {
        Readiness::Ready => Ok(()),
        other => Err(Error::internal(format!("the box is not ready: {other:?}"))),
    }
}
