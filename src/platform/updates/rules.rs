//! What an update of the box is, when its plan holds, and what may begin without a person.

use std::time::Duration;

use super::release::Severity;
use crate::config::{UpdatePolicy, UpdateWindow};
use crate::platform::backups::bases::rules::BackupId;
use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, Refusal, Result, code};
use crate::platform::id::{Id, ObjectId};

/// A plan is confirmed within so long after it was looked at.
pub const DIGEST_HOLDS: Duration = Duration::from_mins(10);
/// A plan was rehearsed on data that grows older: after so long it is made anew.
pub const PLAN_HOLDS: Duration = Duration::from_hours(24);
/// The policy tries a release that failed before it was switched to so often, and not sooner again.
pub const TRIES_MAX: usize = 3;
pub const TRIED_AGAIN_AFTER: Duration = Duration::from_hours(12);
/// A critical release that waits longer is told.
pub const CRITICAL_WAITS_MAX: Duration = Duration::from_hours(24);
/// A feed that says nothing new for longer is told.
pub const FEED_SILENT_MAX: Duration = Duration::from_hours(7 * 24);
/// What a release brought is told for so long.
pub const NEWS_FOR: Duration = Duration::from_hours(30 * 24);
/// Updates that are kept; the oldest goes for the next.
pub const KEPT_MAX: usize = 1_000;
/// Characters of what went wrong.
const REASON_LENGTH_MAX: usize = 1_000;

/// The permissions that a service account of the box can have for updates, beside `box.operate`.
pub const CHECK: &str = "updates.check";
pub const APPLY: &str = "updates.apply";
pub const ROLLBACK: &str = "updates.rollback";
pub const UPLOAD: &str = "updates.upload";

pub const CODES: &[Code] = &[
    code(
        "update-unsupervised",
        "The box runs without a supervisor, which alone may change its release.",
        "Start it as the package does, by holdfast supervise, or install the new package.",
    ),
    code(
        "update-no-root",
        "The box knows no root of a feed, so it believes no release.",
        "Set updates.root to the 1.root.json of whoever publishes the releases, and restart.",
    ),
    code(
        "update-no-feed",
        "The box has no feed to ask for releases.",
        "Set updates.feed, or send the release as a file.",
    ),
    code(
        "update-channel-not-allowed",
        "The service account may not serve the channel of this box.",
        "Have an operator add the channel to the account.",
    ),
    code(
        "update-needs-bundle",
        "Metadata past its time is taken from a bundle alone, never from the feed.",
        "Send the bundle, and say from_bundle beside accept_stale.",
    ),
    code(
        "update-under-way",
        "An update is under way already.",
        "Wait until it has ended; see the state of updates.",
    ),
    code(
        "update-none",
        "The box has the newest release that it is offered.",
        "There is nothing to do. Ask the feed again later.",
    ),
    code(
        "update-no-plan",
        "No update is planned.",
        "Ask for a plan first: apply without a digest.",
    ),
    code(
        "update-offer-gone",
        "The release of the plan is not offered to this box any more.",
        "Nothing was changed. Look for updates again, and ask for a plan of what is offered now.",
    ),
    code(
        "update-plan-other",
        "The digest is not one of the plan as it is now, or it was used before.",
        "Look at the plan again and confirm what it says.",
    ),
    code(
        "update-plan-old",
        "The plan was looked at too long ago.",
        "Look at it again and confirm it within ten minutes.",
    ),
    code(
        "update-no-way-back",
        "There is no earlier release that the box could go back to.",
        "Install the package of the version you want, or restore a backup.",
    ),
    code(
        "update-backup-failed",
        "The backup before the update did not come about.",
        "Look at Backups, mend what it says, and ask again. Nothing was changed.",
    ),
    code(
        "update-broken",
        "A fault of the box ended the update before anything was switched.",
        "See its log. Nothing was changed.",
    ),
    code(
        "update-lost",
        "The supervisor knows nothing of the update that this box had begun.",
        "The box runs as before. See its log, and ask for the update again.",
    ),
    code(
        "update-refused",
        "The supervisor did not do what it was asked for.",
        "The detail says why. Nothing was changed.",
    ),
];

/// The refusal of a release that failed here.
pub fn quarantined(version: &str) -> Error {
    let detail = format!("{version} has failed on this box and is not tried again.");
    Error::conflict("update-quarantined", detail)
}

/// Names an update in the history.
pub enum UpdateMark {}
pub type UpdateId = Id<UpdateMark>;

/// One of a few words that are kept in the table.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

words! {
    /// Which way it goes.
    Kind {
        Update = "update",
        /// Back to the release before.
        Rollback = "rollback",
    }
}

words! {
    /// Who wanted it.
    By {
        Person = "person",
        Service = "service",
        /// Somebody at the machine itself.
        Machine = "machine",
        /// Nobody: `updates.policy` did.
        Policy = "policy",
    }
}

words! {
    /// How it ended.
    Outcome {
        /// The new release is kept.
        Committed = "committed",
        /// The box is back on the release before, or stayed on it though the switch had begun.
        RolledBack = "rolled-back",
        /// It ended before anything was switched.
        Failed = "failed",
        /// Its plan was confirmed by nobody, or its release was offered no more.
        Discarded = "discarded",
    }
}

words! {
    /// How far a change of the release is, for those who only use the box.
    Turn {
        /// It begins at a time that is known.
        Coming = "coming",
        /// Requests wait, or will at any moment.
        UnderWay = "under-way",
        /// People reach the other release, which is not kept yet.
        Watched = "watched",
    }
}

impl Turn {
    /// None while a plan waits for an operator, which concerns nobody else.
    pub fn of(
        confirmed_at: Option<Moment>,
        begins_at: Option<Moment>,
        watched_until: Option<Moment>,
    ) -> Option<Self> {
        match (confirmed_at, watched_until) {
            (Some(_), Some(_)) => Some(Self::Watched),
            (Some(_), None) => Some(Self::UnderWay),
            (None, _) => begins_at.map(|_| Self::Coming),
        }
    }
}

/// Whether what a release brought is still news when it is kept since then.
pub fn is_news(since: Moment, now: Moment) -> bool {
    now.since(since) < NEWS_FOR
}

impl Severity {
    pub fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Security => "security",
            Self::Critical => "critical",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        let all = [Self::Normal, Self::Security, Self::Critical];
        all.into_iter().find(|one| one.name() == name)
    }
}

/// A release by its number and by what people call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// 0 where no metadata names it.
    pub seq: u64,
    pub version: String,
}

/// Who wanted or confirmed something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Who {
    pub by: By,
    /// A person or a service account.
    pub id: Option<ObjectId>,
}

/// One update, from the wish to the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    pub id: UpdateId,
    pub kind: Kind,
    pub requested: Who,
    pub requested_at: Moment,
    pub from: Version,
    pub to: Version,
    pub channel: String,
    pub severity: Severity,
    /// Ids of keys.
    pub signers: Vec<String>,
    /// JSON.
    pub plan: Option<String>,
    pub planned_at: Option<Moment>,
    pub salt: Option<[u8; 32]>,
    pub confirmed: Option<Who>,
    pub confirmed_at: Option<Moment>,
    pub digest: Option<String>,
    pub backup: Option<BackupId>,
    /// Who went back from it while it was still watched.
    pub taken_back: Option<Who>,
    pub outcome: Option<Outcome>,
    pub reason: Option<Reason>,
    pub finished_at: Option<Moment>,
}

/// Why something did not go as it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    pub code: String,
    pub detail: String,
}

impl Reason {
    pub fn new(code: impl Into<String>, detail: &str) -> Self {
        Self { code: code.into(), detail: detail.chars().take(REASON_LENGTH_MAX).collect() }
    }
}

/// A part of an update and when it began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    pub state: String,
    pub began_at: Moment,
}

/// How long each part took; the last one until the update's end, or until now.
pub fn durations(stages: &[Stage], until: Moment) -> Vec<(Stage, Duration)> {
    let ends = stages.iter().skip(1).map(|stage| stage.began_at).chain([until]);
    let lasted = |(stage, end): (&Stage, Moment)| (stage.clone(), end.since(stage.began_at));
    stages.iter().zip(ends).map(lasted).collect()
}

/// The parts that count for how long an update kept people waiting: where it went back, those from
/// the decision to do so.
pub fn counted<'a>(update: &Update, stages: &'a [Stage]) -> &'a [Stage] {
    if update.outcome != Some(Outcome::RolledBack) {
        return stages;
    }
    let is_back = |stage: &Stage| ["restore", "rolled-back"].contains(&stage.state.as_str());
    let decided = match update.taken_back {
        // Somebody did so while it was watched: a way back begins like any switch.
        Some(_) => stages.iter().rposition(|stage| stage.state == "armed"),
        None => stages.iter().position(is_back),
    };
    stages.get(decided.unwrap_or(0)..).unwrap_or_default()
}

/// Whether the policy may have a release prepared, by what became of it here. One that was switched
/// to and left is not tried again; one that failed before that was may have met a full disk.
pub fn may_be_tried(tried: &[Update], seq: u64, now: Moment) -> bool {
    let to_it = || tried.iter().filter(|one| one.to.seq == seq);
    let failed = || to_it().filter(|one| one.outcome == Some(Outcome::Failed));
    let rests = |one: &Update| one.finished_at.is_some_and(|at| now.since(at) < TRIED_AGAIN_AFTER);
    let was_left = to_it().any(|one| one.outcome == Some(Outcome::RolledBack));
    !was_left && failed().count() < TRIES_MAX && !failed().any(rests)
}

/// What the feed said last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedState {
    pub checked_at: Moment,
    pub answered_at: Option<Moment>,
    pub failing_since: Option<Moment>,
    pub problem: Option<Reason>,
    pub offer: Option<Offer>,
    /// When the first file of what was believed last runs out.
    pub expires_at: Option<Moment>,
    /// When its root does.
    pub root_expires_at: Option<Moment>,
}

/// A release that the box may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub to: Version,
    /// The highest on the way there: a later release mends what those before it do.
    pub severity: Severity,
    pub size_bytes: u64,
    pub released_at: String,
    /// Markdown, from somebody else.
    pub notes: String,
    /// Since when this box is offered it, or one before it that matters as much.
    pub offered_at: Moment,
    /// Whether it lies in the bundle that was sent, not at the feed.
    pub is_bundled: bool,
    /// Whether its metadata was past its time when somebody took it all the same.
    pub is_stale: bool,
}

impl FeedState {
    /// What is kept after a look at the feed that could be believed, on a box that runs the
    /// release `from_seq`.
    #[must_use]
    pub fn answered(mut self, offer: Option<Offer>, from_seq: u64, now: Moment) -> Self {
        let before = self.offer.take().filter(|one| one.to.seq > from_seq);
        let offer = offer.map(|offer| {
            let is_as_bad = |one: &Offer| {
                let goes_on = one.to.seq == offer.to.seq || offer.severity > Severity::Normal;
                goes_on && one.severity >= offer.severity
            };
            let offered_at = before.filter(is_as_bad).map_or(now, |one| one.offered_at);
            Offer { offered_at, ..offer }
        });
        let answered_at = Some(now);
        let (failing_since, problem) = (None, None);
        Self { checked_at: now, answered_at, failing_since, problem, offer, ..self }
    }

    /// What is kept after one that could not. What was offered stays offered.
    #[must_use]
    pub fn failed(self, problem: Reason, now: Moment) -> Self {
        let failing_since = self.failing_since.or(Some(now));
        Self { checked_at: now, failing_since, problem: Some(problem), ..self }
    }

    /// Since when a critical release waits longer than it should.
    pub fn critical_since(&self, now: Moment) -> Option<Moment> {
        let offer = self.offer.as_ref().filter(|one| one.severity == Severity::Critical)?;
        (now.since(offer.offered_at) >= CRITICAL_WAITS_MAX).then_some(offer.offered_at)
    }

    /// Since when the feed says nothing that can be believed, where that is too long.
    pub fn stale_since(&self, now: Moment) -> Option<Moment> {
        let since = self.failing_since?;
        let is_freeze =
            self.problem.as_ref().is_some_and(|one| one.code == "update-metadata-expired");
        (is_freeze || now.since(since) >= FEED_SILENT_MAX).then_some(since)
    }
}

/// What is known of a release when it is to be decided whether it is taken by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    pub severity: Severity,
    pub migrates: bool,
    pub needs_restore: bool,
}

/// Whether an update begins without a person. Which one has to be restored to be undone never
/// does.
pub fn is_automatic(policy: UpdatePolicy, candidate: Candidate) -> bool {
    let is_harmless = !candidate.migrates && !candidate.needs_restore;
    match policy {
        UpdatePolicy::Manual => false,
        UpdatePolicy::AutoPatch => is_harmless,
        UpdatePolicy::SecurityOnly => is_harmless && candidate.severity >= Severity::Security,
    }
}

/// Whether it may begin now, at this time of the box's zone.
pub fn is_open(window: Option<UpdateWindow>, day: u8, minute: u16) -> bool {
    window.is_none_or(|window| window.holds(day, minute))
}

/// Whether a plan is too old to be confirmed at all.
pub fn is_over(planned_at: Moment, now: Moment) -> bool {
    now < planned_at || now.since(planned_at) > PLAN_HOLDS
}

/// Checks when the plan was looked at whose digest is confirmed.
pub fn check_digest_age(issued_at: Moment, now: Moment) -> Result<()> {
    if now >= issued_at && now.since(issued_at) <= DIGEST_HOLDS {
        return Ok(());
    }
    let detail = "The plan was looked at more than ten minutes ago. Look at it again.";
    Err(Error::conflict("update-plan-old", detail))
}

/// The refusal of a second update at once.
pub fn under_way() -> Error {
    let detail = "An update is under way already. Wait until it has ended.";
    Error::Conflict(Refusal::new("update-under-way", detail))
}

/// The refusal of a box that runs alone.
pub fn unsupervised() -> Error {
    let detail = "This box runs without a supervisor, so it cannot change its own release. Start \
                  it by holdfast supervise, as the package does, or install the new package.";
    Error::conflict("update-unsupervised", detail)
}

#[cfg(test)]
pub(super) mod tests;
