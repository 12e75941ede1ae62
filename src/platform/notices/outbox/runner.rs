//! Sends what is due, a few at a time.

use std::sync::Arc;
use std::time::Duration;

use tracing::{error, warn};

use super::ops;
use super::rules::{Channel, Parcel};
use crate::platform::Platform;
use crate::platform::clock::Moment;
use crate::platform::ctx::{Actor, BoxCtx, Cause};
use crate::platform::error::Result;

/// Parcels of a channel looked at in one round. Those of one busy receiver must not hide others.
const LOOKED_AT: usize = 200;
/// What is on its way when the box stops may take so long; after that it is sent again by the
/// next start.
const LAST_PATIENCE: Duration = Duration::from_secs(3);

fn as_box(platform: &Arc<Platform>) -> BoxCtx {
    BoxCtx::new(platform, Cause::of(Actor::System))
}

/// Begins all that can begin now, each as a task of its own, and says when the next is due.
pub(in crate::platform::notices) async fn begin(
    platform: &Arc<Platform>,
) -> Result<Option<Moment>> {
    let ctx = as_box(platform);
    for channel in Channel::ALL {
        for parcel in ops::due(&ctx, channel, LOOKED_AT).await? {
            if platform.sending.take(&parcel) {
                start(platform, parcel);
            }
        }
    }
    let now = platform.clock.now();
    // What is due and waits for a free hand is begun by whoever frees one.
    Ok(ops::next_at(&ctx).await?.filter(|next| *next > now))
}

fn start(platform: &Arc<Platform>, parcel: Parcel) {
    let platform_of_parcel = Arc::clone(platform);
    platform.tasks.start("outbox", |mut stop| async move {
        let (platform, id) = (platform_of_parcel, parcel.id);
        let ctx = as_box(&platform);
        let patience = async {
            stop.requested().await;
            tokio::time::sleep(LAST_PATIENCE).await;
        };
        tokio::select! {
            () = send(&ctx, parcel) => {}
            () = patience => warn!(outbox.id = %id, "{id} was on its way; it is sent again"),
        }
        platform.sending.done(id);
    });
}

async fn send(ctx: &BoxCtx, parcel: Parcel) {
    let id = parcel.id;
    if !ops::is_due(ctx, &parcel).await.unwrap_or(false) {
        return;
    }
    let outcome = ops::attempt(ctx, &parcel).await;
    if let Err(error) = ops::settle(ctx, parcel, outcome).await {
        error!(outbox.id = %id, "How {id} was sent could not be kept: {error}");
    }
}

/// Sends all that is due, one after the other, and gives how many attempts were made.
pub(in crate::platform::notices) async fn run_due(platform: &Arc<Platform>) -> Result<usize> {
    let ctx = as_box(platform);
    let mut count = 0;
    for channel in Channel::ALL {
        for parcel in ops::due(&ctx, channel, LOOKED_AT).await? {
            let outcome = ops::attempt(&ctx, &parcel).await;
            ops::settle(&ctx, parcel, outcome).await?;
            count += 1;
        }
    }
    Ok(count)
}
