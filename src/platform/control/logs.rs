//! The newest lines of the log for the command line.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::protocol::LogWish;
use crate::platform::clock::Moment;
use crate::platform::error::{Error, Result};
use crate::platform::monitoring::lines::{last, newer, newest, rules, shown};
use crate::platform::tasks::Stop;

/// Lines at once at most.
const LINES_MAX: usize = 1_000;
/// An answer waits for a line for so long; it has to be there before the exchange is given up.
const WAIT_MAX: Duration = Duration::from_secs(8);
/// Terminals that wait at once. The other places of the socket stay free.
const FOLLOWING_MAX: usize = 4;

static FOLLOWING: Semaphore = Semaphore::const_new(FOLLOWING_MAX);

/// The newest last, as a terminal shows them, with the number up to which it was looked. Somebody
/// who waits is answered at the first line, after [`WAIT_MAX`], or when the box stops. `started_at`
/// tells that lines are counted anew.
pub(super) async fn perform(wish: &LogWish, started_at: Moment, stop: Stop) -> Result<Value> {
    perform_at(&FOLLOWING, wish, started_at, stop).await
}

async fn perform_at(
    places: &Semaphore,
    wish: &LogWish,
    started_at: Moment,
    mut stop: Stop,
) -> Result<Value> {
    let mut wanted = rules::Wish {
        words: rules::Wish::words_of(wish.words.as_deref().unwrap_or_default()),
        level: wish.level.as_deref().map(rules::Level::read).transpose()?,
        request_id: wish.request.clone(),
        after: wish.after,
        ..rules::Wish::default()
    };
    let lines_max = wish.lines.min(LINES_MAX);
    let (mut looked, mut found) = look(&wanted, lines_max);
    if wish.waits && found.is_empty() {
        let _place = places.try_acquire().map_err(|_| followed())?;
        let waiting = async {
            while found.is_empty() {
                wanted.after = Some(looked);
                newer(looked).await;
                (looked, found) = look(&wanted, lines_max);
            }
        };
        tokio::select! {
            () = stop.requested() => {}
            // Nothing came: whoever asked asks again.
            _ = timeout(WAIT_MAX, waiting) => {}
        }
    }
    found.reverse();
    let items: Vec<Value> = found.iter().map(shown::line).collect();
    Ok(json!({ "items": items, "looked": looked, "started_at": started_at.to_string() }))
}

/// Lines that are wanted, and the number up to which there are no others.
fn look(wanted: &rules::Wish, lines_max: usize) -> (u64, Vec<rules::Line>) {
    let looked = last();
    (looked, newest(wanted, lines_max))
}

fn followed() -> Error {
    let detail = format!("{FOLLOWING_MAX} terminals follow the log already. End one of them.");
    Error::conflict(rules::FOLLOWED, detail)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tracing_subscriber::prelude::*;

    use super::*;
    use crate::config::Config;
    use crate::platform::monitoring::lines::Keep;
    use crate::platform::tasks::Tasks;

    fn of_request(id: &str) -> LogWish {
        LogWish {
            lines: 10,
            level: None,
            request: Some(id.to_owned()),
            words: None,
            after: None,
            waits: true,
        }
    }

    #[tokio::test]
    async fn whoever_waits_is_answered_by_the_line_itself() {
        let tasks = Tasks::default();
        let wish = of_request("0193-waits");
        let places = Semaphore::new(1);
        let mut waiting = Box::pin(perform_at(&places, &wish, Moment(1), tasks.stop()));
        assert!(waiting.as_mut().now_or_never().is_none());

        let keep = Keep::new(&Config::of_text("").logs);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(keep), || {
            tracing::info!(request_id = "0193-other", "not this one");
            tracing::info!(request_id = "0193-waits", "this one");
        });

        // Without being woken it would end after its time, with nothing.
        let told = waiting.await.unwrap();
        assert_eq!(told["items"][0]["message"], "this one", "{told}");
    }

    #[tokio::test]
    async fn the_log_takes_some_places_of_the_socket_and_leaves_the_others() {
        let tasks = Tasks::default();
        let nothing = of_request("nobody's");
        let places = Semaphore::new(FOLLOWING_MAX);
        let follow = || perform_at(&places, &nothing, Moment(1), tasks.stop());
        let mut waiting: Vec<_> = (0..FOLLOWING_MAX).map(|_| Box::pin(follow())).collect();
        for one in &mut waiting {
            assert!(one.as_mut().now_or_never().is_none());
        }

        let refused = follow().await;
        tasks.begin_stop();

        let is_refused = |error| matches!(error, Error::Conflict(it) if it.code == rules::FOLLOWED);
        assert!(refused.is_err_and(is_refused));
        for one in waiting {
            assert_eq!(one.await.unwrap()["items"], json!([]), "the box stops");
        }
    }
}
