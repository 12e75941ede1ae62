//! What a review looks at, and what it says of it.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, Result, code};
use crate::platform::id::Id;
use crate::platform::identity::UserId;

mod points;

pub(super) use points::IDLE;
pub use points::points;

/// Somebody goes through it as often.
pub const REVIEWED_WITHIN: Duration = Duration::from_hours(31 * 24);
/// Reviews that are kept; the oldest goes for the next.
pub const KEPT_MAX: usize = 120;
/// Characters of a note.
const NOTE_LENGTH_MAX: usize = 2_000;
/// Names in one point; more are counted.
pub const NAMES_MAX: usize = 20;

pub const CODES: &[Code] = &[code(
    "review-note-too-long",
    "The note on the review is too long.",
    "Keep it within 2,000 characters.",
)];

/// Names a kept review.
pub enum ReviewMark {}
pub type ReviewId = Id<ReviewMark>;

/// What a review says of one point, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    Good,
    /// It may be meant so; somebody should have looked.
    Look,
    /// It should be changed.
    Bad,
}

impl Verdict {
    pub const ALL: [Self; 3] = [Self::Good, Self::Look, Self::Bad];

    pub fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Look => "look",
            Self::Bad => "bad",
        }
    }
}

/// One thing a review looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// What it is about, for programs.
    pub code: &'static str,
    pub verdict: Verdict,
    /// What was found, in a sentence or two without names of people.
    pub said: String,
    /// What to do about it; none when it is good.
    pub remedy: Option<&'static str>,
    /// Whom it is about. Shown, never kept.
    pub people: Vec<String>,
}

impl Point {
    fn good(code: &'static str, said: impl Into<String>) -> Self {
        let said = said.into();
        Self { code, verdict: Verdict::Good, said, remedy: None, people: Vec::new() }
    }

    fn look(code: &'static str, said: impl Into<String>, remedy: &'static str) -> Self {
        let point = Self::good(code, said);
        Self { verdict: Verdict::Look, remedy: Some(remedy), ..point }
    }

    fn bad(code: &'static str, said: impl Into<String>, remedy: &'static str) -> Self {
        Self { verdict: Verdict::Bad, ..Self::look(code, said, remedy) }
    }

    fn about(self, people: Vec<String>) -> Self {
        Self { people, ..self }
    }
}

/// How many points have each verdict: good, look, bad.
pub fn tally(points: &[Point]) -> [u32; 3] {
    Verdict::ALL.map(|verdict| {
        let those = points.iter().filter(|point| point.verdict == verdict);
        u32::try_from(those.count()).unwrap_or(u32::MAX)
    })
}

/// A person as a review sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub name: String,
    pub is_operator: bool,
    /// Whether one of their roles needs a second factor.
    pub needs_factor: bool,
    pub has_factor: bool,
    /// Their last request, or when they came.
    pub seen_at: Moment,
}

/// What people made for programs to sign in with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Programs {
    /// Personal tokens and sign-ins of programs that work.
    pub tokens: u32,
    /// Of those, not used for the time of [`points`].
    pub tokens_idle: u32,
    /// Service accounts that work.
    pub services: u32,
    pub services_idle: u32,
    /// That may come from any address.
    pub services_from_anywhere: u32,
}

/// A setting that is a secret, and what is unsafe about where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretPlace {
    pub key: String,
    pub place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Of everybody on the machine.
    ReadableFile(String),
    Environment,
    CommandLine,
    Safe,
}

/// The settings that open or close something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    pub secrets: Vec<SecretPlace>,
    pub cors_origins: Vec<String>,
    pub session_idle_min: u64,
    pub session_life_days: u64,
    /// Limits that were raised, as `limits.x = 5 (1)`.
    pub limits_raised: Vec<String>,
    /// Networks whose word about addresses is taken and that are more than a few machines.
    pub proxies_wide: Vec<String>,
    /// Networks beside this machine that see metrics without a sign-in.
    pub monitoring_networks: Vec<String>,
}

/// How people reach the box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Face {
    Https {
        /// Whether the box signs for itself.
        is_local: bool,
        not_after: Moment,
        trouble: Option<String>,
    },
    /// A reverse proxy on this machine speaks TLS.
    Proxy,
    /// The box does not run.
    Unknown,
}

/// The keys that hold everything together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// Since when the master key is in use.
    pub master_since: Moment,
    /// Whether systemd gives it, so that it lies on no disk in clear.
    pub is_credential: bool,
    pub is_rotating: bool,
    /// Since when the key is in use that signs access tokens; none was needed yet.
    pub signing_since: Option<Moment>,
}

/// How it stands with backups.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Copies {
    pub is_set_up: bool,
    pub verified_at: Option<Moment>,
    pub drilled_at: Option<Moment>,
    pub is_drill_due: bool,
    pub is_kit_confirmed: bool,
}

/// Everything a review looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub now: Moment,
    /// Those who may sign in.
    pub people: Vec<Person>,
    /// People who lost their second factor and ask to be let in.
    pub help_asked: u32,
    /// Domains whose people may register; none: nobody may.
    pub registration_open: Option<String>,
    pub programs: Programs,
    pub settings: Settings,
    pub face: Face,
    pub keys: Keys,
    pub copies: Copies,
    /// Who may call which route, a line each.
    pub routes: BTreeSet<String>,
    /// The same at the last review.
    pub routes_before: Option<BTreeSet<String>>,
}

/// A review that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    pub id: ReviewId,
    pub reviewed_by: Option<UserId>,
    pub reviewed_at: Moment,
    pub note: String,
    /// JSON list.
    pub points: String,
    pub good: u32,
    pub look: u32,
    pub bad: u32,
}

/// Takes a note as it was typed.
pub fn clean_note(note: &str) -> Result<String> {
    let note = note.trim();
    if note.chars().count() > NOTE_LENGTH_MAX {
        let detail = "Keep the note within 2,000 characters.";
        return Err(Error::invalid("note", "review-note-too-long", detail));
    }
    Ok(note.to_owned())
}

/// Whether it is time to go through it again. A box is reviewed for the first time when it is a
/// month old.
pub fn is_due(reviewed_at: Option<Moment>, box_since: Moment, now: Moment) -> bool {
    now.since(reviewed_at.unwrap_or(box_since)) > REVIEWED_WITHIN
}
