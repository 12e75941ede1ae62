//! When something is sent again, and when it is given up.

use std::time::Duration;

use crate::platform::clock::Moment;
use crate::platform::error::{Code, code};
use crate::platform::id::Id;
use crate::platform::identity::UserId;
use crate::platform::notices::rules::NoticeId;
use crate::platform::notices::webhooks::rules::WebhookId;

/// The pause after the first failure; each further one is twice as long.
const PAUSE_FIRST: Duration = Duration::from_secs(30);
const PAUSE_MAX: Duration = Duration::from_hours(6);
/// Something is tried for so long.
pub const TRIED_FOR: Duration = Duration::from_hours(3 * 24);
/// What was sent is shown for so long,
pub const SENT_KEPT: Duration = Duration::from_hours(7 * 24);
/// and what failed for so long.
pub const FAILED_KEPT: Duration = Duration::from_hours(30 * 24);
/// What may wait on the whole box; more is not taken and said in the log.
pub const WAITING_MAX: i64 = 10_000;
/// Bytes of a content.
pub const CONTENT_BYTES_MAX: usize = 32 * 1024;
/// Characters of what the other side said.
pub const ERROR_LENGTH_MAX: usize = 500;
/// A pause is shortened or drawn out by up to a fifth, so that not all come at once.
const JITTER_PARTS: u32 = 5;

pub const CODES: &[Code] = &[
    code("outbox-state", "The outbox has no such state.", "Use waiting, sent or failed."),
    code("outbox-sent", "It was sent already.", "Look at when it was sent."),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    Mail,
    Webhook,
}

impl Channel {
    pub const ALL: [Self; 2] = [Self::Mail, Self::Webhook];

    pub fn name(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Webhook => "webhook",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Waiting,
    Sent,
    Failed,
}

impl State {
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Sent, Self::Failed];

    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// Something that has to leave the box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    pub id: ParcelId,
    pub channel: Channel,
    /// Of the notice, or what else it is.
    pub kind: String,
    /// An address, or the receiver's name.
    pub recipient: String,
    pub user: Option<UserId>,
    pub webhook: Option<WebhookId>,
    pub notice: Option<NoticeId>,
    /// Sealed.
    pub content: Option<Vec<u8>>,
    pub state: State,
    pub tries: u32,
    pub created_at: Moment,
    pub next_at: Moment,
    pub give_up_at: Moment,
    pub last_error: Option<String>,
}
pub type ParcelId = Id<Parcel>;

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Sent,
    /// Trying again may help.
    Failed(String),
    /// Nobody waits for it any more.
    Pointless(String),
}

impl Outcome {
    pub fn is_sent(&self) -> bool {
        matches!(self, Self::Sent)
    }

    /// What to show of it.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Sent => None,
            Self::Failed(why) | Self::Pointless(why) => {
                let plain = why.chars().map(|one| if one.is_control() { ' ' } else { one });
                Some(plain.take(ERROR_LENGTH_MAX).collect())
            }
        }
    }
}

/// The parcel after an attempt. `chance` is any number.
pub fn after(parcel: &Parcel, outcome: &Outcome, now: Moment, chance: u8) -> Parcel {
    let tries = parcel.tries.saturating_add(1);
    let last_error = outcome.detail();
    let base = Parcel { tries, last_error, ..parcel.clone() };
    match outcome {
        Outcome::Sent => Parcel { state: State::Sent, content: None, ..base },
        Outcome::Pointless(_) => Parcel { state: State::Failed, ..base },
        Outcome::Failed(_) => {
            let next_at = now.plus(pause(tries, chance));
            let is_over = next_at >= parcel.give_up_at;
            let state = if is_over { State::Failed } else { State::Waiting };
            Parcel { state, next_at, ..base }
        }
    }
}

/// The pause after so many tries.
fn pause(tries: u32, chance: u8) -> Duration {
    let doubled = 2_u32.saturating_pow(tries.saturating_sub(1));
    let pause = PAUSE_FIRST.saturating_mul(doubled).min(PAUSE_MAX);
    let fifth = pause / JITTER_PARTS;
    let shortest = fifth * (JITTER_PARTS - 1);
    shortest + fifth * 2 * u32::from(chance) / u32::from(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parcel() -> Parcel {
        Parcel {
            id: Id::from_bytes([1; 16]),
            channel: Channel::Mail,
            kind: "test".to_owned(),
            recipient: "mira@example.com".to_owned(),
            user: None,
            webhook: None,
            notice: None,
            content: Some(vec![1]),
            state: State::Waiting,
            tries: 0,
            created_at: Moment(0),
            next_at: Moment(0),
            give_up_at: Moment(0).plus(TRIED_FOR),
            last_error: None,
        }
    }

    #[test]
    fn pauses_double_from_half_a_minute_to_six_hours_and_differ_a_little() {
        assert_eq!(pause(1, 0), Duration::from_secs(24));
        assert_eq!(pause(1, u8::MAX), Duration::from_secs(36));
        assert!((Duration::from_secs(96)..Duration::from_secs(144)).contains(&pause(3, 128)));
        assert_eq!(pause(200, 0), PAUSE_MAX.saturating_sub(PAUSE_MAX / JITTER_PARTS));
    }

    #[test]
    fn what_nobody_takes_is_given_up_after_three_days_and_not_before() {
        let (mut one, mut now) = (parcel(), Moment(0));
        while one.state == State::Waiting {
            one = after(&one, &Outcome::Failed("refused\r\nagain".to_owned()), now, 128);
            now = one.next_at;
        }

        assert_eq!(one.state, State::Failed);
        assert_eq!(one.last_error.as_deref(), Some("refused  again"));
        assert!(now >= one.give_up_at, "{now}");
        assert!((15..40).contains(&one.tries), "{}", one.tries);
    }

    #[test]
    fn what_was_sent_leaves_nothing_of_its_content() {
        let sent = after(&parcel(), &Outcome::Sent, Moment(5), 0);

        assert_eq!((sent.state, sent.content, sent.tries), (State::Sent, None, 1));
    }
}
