//! How updates stand, as programs read it: the same over HTTP and on the command line.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::rules::{FeedState, Offer, Reason, Stage, Update, Version, durations};
use super::scorecard::{ROLLBACK_MAX, SUCCESS_PERCENT_MIN, Scorecard, UPDATE_MAX};
use crate::platform::clock::Moment;

/// A release by its number and its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpdateVersion {
    /// The only order of releases; 0 where no metadata names it.
    pub seq: u64,
    pub version: String,
}

impl From<&Version> for UpdateVersion {
    fn from(version: &Version) -> Self {
        Self { seq: version.seq, version: version.version.clone() }
    }
}

/// Why something is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpdateReason {
    /// Explained at `/problems/{code}`.
    pub code: String,
    pub detail: String,
}

impl From<&Reason> for UpdateReason {
    fn from(reason: &Reason) -> Self {
        Self { code: reason.code.clone(), detail: reason.detail.clone() }
    }
}

/// A part of an update.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpdateStage {
    /// E.g. `rehearsing`, `hold` or `probation`.
    pub state: String,
    pub began_at: String,
    pub duration_ms: u64,
}

fn stages(stages: &[Stage], until: Moment) -> Vec<UpdateStage> {
    let shown = |(stage, took): (Stage, Duration)| UpdateStage {
        state: stage.state,
        began_at: stage.began_at.to_string(),
        duration_ms: ms(took),
    };
    durations(stages, until).into_iter().map(shown).collect()
}

pub(super) fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// How far a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpdateProgress {
    pub done: u64,
    pub total: u64,
}

/// An update that was tried.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UpdateEntry {
    pub id: String,
    /// `update` or `rollback`.
    pub kind: String,
    pub from: UpdateVersion,
    pub to: UpdateVersion,
    pub channel: String,
    /// `normal`, `security` or `critical`.
    pub severity: String,
    /// Ids of the keys that signed it.
    pub signers: Vec<String>,
    /// `person`, `service`, `machine` or `policy`.
    pub requested_as: String,
    pub requested_by: Option<String>,
    /// Their name now.
    pub requested_by_name: Option<String>,
    pub requested_at: String,
    /// The same of whoever confirmed the plan.
    pub confirmed_as: Option<String>,
    pub confirmed_by: Option<String>,
    pub confirmed_by_name: Option<String>,
    pub confirmed_at: Option<String>,
    /// SHA-256 of the plan that was confirmed.
    pub plan_digest: Option<String>,
    pub backup_id: Option<String>,
    /// The same of whoever went back from it while it was still watched.
    pub taken_back_as: Option<String>,
    pub taken_back_by: Option<String>,
    pub taken_back_by_name: Option<String>,
    /// `committed`, `rolled-back`, `failed` or `discarded`; null while it goes on.
    pub outcome: Option<String>,
    pub reason: Option<UpdateReason>,
    pub finished_at: Option<String>,
    pub states: Vec<UpdateStage>,
}

/// Names of people and service accounts by their ids.
pub type Names<'a> = &'a dyn Fn(crate::platform::id::ObjectId) -> Option<String>;

impl UpdateEntry {
    pub fn new(update: &Update, parts: &[Stage], names: Names<'_>, now: Moment) -> Self {
        let (requested, confirmed) = (update.requested, update.confirmed);
        let by_whom = confirmed.and_then(|who| who.id);
        let taken_back_by = update.taken_back.and_then(|who| who.id);
        Self {
            id: update.id.to_string(),
            kind: update.kind.name().to_owned(),
            from: (&update.from).into(),
            to: (&update.to).into(),
            channel: update.channel.clone(),
            severity: update.severity.name().to_owned(),
            signers: update.signers.clone(),
            requested_as: requested.by.name().to_owned(),
            requested_by: requested.id.map(|id| id.to_string()),
            requested_by_name: requested.id.and_then(names),
            requested_at: update.requested_at.to_string(),
            confirmed_as: confirmed.map(|who| who.by.name().to_owned()),
            confirmed_by: by_whom.map(|id| id.to_string()),
            confirmed_by_name: by_whom.and_then(names),
            confirmed_at: update.confirmed_at.map(|at| at.to_string()),
            plan_digest: update.digest.clone(),
            backup_id: update.backup.map(|id| id.to_string()),
            taken_back_as: update.taken_back.map(|who| who.by.name().to_owned()),
            taken_back_by: taken_back_by.map(|id| id.to_string()),
            taken_back_by_name: taken_back_by.and_then(names),
            outcome: update.outcome.map(|one| one.name().to_owned()),
            reason: update.reason.as_ref().map(Into::into),
            finished_at: update.finished_at.map(|at| at.to_string()),
            states: stages(parts, update.finished_at.unwrap_or(now)),
        }
    }
}

/// One of the things that a release was tried with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpdateCheck {
    pub name: String,
    pub is_ok: bool,
    /// Where, and what was found.
    pub detail: Option<String>,
}

/// What the rehearsal on a copy of the data found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpdateRehearsal {
    pub took_ms: u64,
    /// Databases that were tried.
    pub files: u64,
    pub rows: u64,
    /// Changes of the schema that the new release makes, over all files.
    pub migrations: u64,
    /// With the new release, on the copy it migrated.
    pub with_new: Vec<UpdateCheck>,
    /// With the release that runs now, on the same copy.
    pub with_old: Vec<UpdateCheck>,
    /// What did not come through, by workspace or file.
    pub failed: Vec<UpdateCheck>,
    /// Workspaces that were left out, and why.
    pub skipped: Vec<UpdateCheck>,
}

/// What will be done, and how it can be undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpdatePlan {
    /// The update in the history.
    pub id: String,
    pub kind: String,
    pub from: UpdateVersion,
    pub to: UpdateVersion,
    pub channel: String,
    pub severity: String,
    pub released_at: Option<String>,
    /// Markdown of the publisher.
    pub notes: String,
    /// Ids of the keys that signed it.
    pub signers: Vec<String>,
    /// Null for a rollback, which goes to a release that ran here.
    pub rehearsal: Option<UpdateRehearsal>,
    /// `proven-without-restore`: going back keeps everything. `needs-restore`: going back while
    /// the release is watched takes the data back to before the update, and later there is no way
    /// back but a backup.
    pub rollback: String,
    /// Why, in sentences.
    pub rollback_reasons: Vec<String>,
    /// Whether databases change, so that requests wait while that happens.
    pub migrates: bool,
    /// How long requests are expected to wait.
    pub predicted_hold_ms: u64,
    /// What changing the databases may take before it is given up; 0 where none change.
    pub migration_ms_max: u64,
    /// How long the release is watched that is gone to; 0 where an update that is still watched is
    /// taken back, since that release ran a moment ago.
    pub probation_s: u64,
    /// Rows and audit entries that would go: none, unless something is restored.
    pub rows_lost: u64,
    pub audit_entries_lost: u64,
    pub backup_id: Option<String>,
    pub planned_at: String,
    /// To be sent to `apply`, or to `rollback`, within ten minutes.
    #[serde(default)]
    #[schema(required)]
    pub digest: String,
    /// Until when the digest is taken.
    #[serde(default)]
    #[schema(required)]
    pub expires_at: String,
}

/// What the feed said last.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UpdateFeed {
    /// An address or a folder; null: the box asks nobody.
    pub place: Option<String>,
    pub checked_at: Option<String>,
    /// When it last said something that could be believed.
    pub answered_at: Option<String>,
    /// Since when it says nothing that can be believed, where that is too long.
    pub stale_since: Option<String>,
    pub problem: Option<UpdateReason>,
}

impl UpdateFeed {
    pub fn new(place: Option<String>, state: Option<&FeedState>, now: Moment) -> Self {
        Self {
            place,
            checked_at: state.map(|one| one.checked_at.to_string()),
            answered_at: state.and_then(|one| one.answered_at).map(|at| at.to_string()),
            stale_since: state.and_then(|one| one.stale_since(now)).map(|at| at.to_string()),
            problem: state.and_then(|one| one.problem.as_ref()).map(Into::into),
        }
    }
}

/// A release that the box may take.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UpdateOffer {
    pub seq: u64,
    pub version: String,
    /// `normal`, `security` or `critical`.
    pub severity: String,
    pub size_bytes: u64,
    pub released_at: String,
    /// Markdown of the publisher.
    pub notes: String,
    pub offered_at: String,
    /// Since when it waits, where it is critical and that is more than a day.
    pub critical_since: Option<String>,
    /// Whether it lies in the bundle that was sent: `apply` wants `from_bundle` then.
    pub is_bundled: bool,
    /// Whether somebody took it past its time: `apply` wants `accept_stale` then.
    pub is_stale: bool,
}

/// A release that failed here and is not tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpdateQuarantined {
    pub seq: u64,
    /// Null where the history does not know it any more.
    pub version: Option<String>,
    /// Why, explained at `/problems/{code}`.
    pub code: String,
}

impl UpdateOffer {
    pub fn new(offer: &Offer, critical_since: Option<Moment>) -> Self {
        Self {
            seq: offer.to.seq,
            version: offer.to.version.clone(),
            severity: offer.severity.name().to_owned(),
            size_bytes: offer.size_bytes,
            released_at: offer.released_at.clone(),
            notes: offer.notes.clone(),
            offered_at: offer.offered_at.to_string(),
            critical_since: critical_since.map(|at| at.to_string()),
            is_bundled: offer.is_bundled,
            is_stale: offer.is_stale,
        }
    }
}

/// Who watches over the release of the box.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UpdateSupervision {
    /// Without one the box cannot change its own release.
    pub is_supervised: bool,
    /// What a rollback leads to.
    pub fallback: Option<UpdateVersion>,
    /// The program of the package.
    pub packaged: Option<UpdateVersion>,
    /// Releases that failed here and are not tried again.
    pub quarantine: Vec<UpdateQuarantined>,
    /// `full`, `partial`, `missing` or `shared_folder`: whether the kernel keeps the serving
    /// process from what decides what is started.
    pub protection: Option<String>,
    pub protection_detail: Option<String>,
    /// What somebody has to look at.
    pub alerts: Vec<UpdateReason>,
}

/// What is set about updates.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UpdateSettings {
    pub channel: String,
    /// `manual`, `auto-patch` or `security-only`.
    pub policy: String,
    /// When updates begin by themselves, in `time_zone`; null: at any time.
    pub window: Option<String>,
    pub time_zone: String,
    pub probation_s: u64,
    /// Whether the box knows whose signatures to believe.
    pub has_root: bool,
    pub bundle_size_bytes_max: u64,
}

/// An update that has not ended.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UpdateUnderWay {
    pub update: UpdateEntry,
    /// The part that runs, as the last of the states.
    pub state: String,
    pub progress: Option<UpdateProgress>,
    /// Whether its plan waits to be confirmed.
    pub is_planned: bool,
    /// When it begins by itself; null: somebody has to confirm it.
    pub begins_at: Option<String>,
    /// When the new release is kept if nothing goes wrong.
    pub probation_ends_at: Option<String>,
}

/// How well updates went within a year, against what is promised.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UpdateScorecard {
    pub updates: u32,
    pub succeeded: u32,
    pub rolled_back: u32,
    pub rollbacks: u32,
    pub success_percent: Option<u8>,
    pub success_percent_wanted: u8,
    pub is_success_met: bool,
    pub longest_update_ms: Option<u64>,
    pub update_ms_max: u64,
    pub is_update_met: bool,
    pub longest_rollback_ms: Option<u64>,
    pub rollback_ms_max: u64,
    pub is_rollback_met: bool,
    /// Updates that came through in the last 30 days.
    pub last_month: u32,
    pub last_at: Option<String>,
}

impl From<&Scorecard> for UpdateScorecard {
    fn from(card: &Scorecard) -> Self {
        Self {
            updates: card.updates,
            succeeded: card.succeeded,
            rolled_back: card.rolled_back,
            rollbacks: card.rollbacks,
            success_percent: card.success_percent,
            success_percent_wanted: SUCCESS_PERCENT_MIN,
            is_success_met: card.is_success_met(),
            longest_update_ms: card.longest_update.map(ms),
            update_ms_max: ms(UPDATE_MAX),
            is_update_met: card.is_update_met(),
            longest_rollback_ms: card.longest_rollback.map(ms),
            rollback_ms_max: ms(ROLLBACK_MAX),
            is_rollback_met: card.is_rollback_met(),
            last_month: card.last_month,
            last_at: card.last_at.map(|at| at.to_string()),
        }
    }
}

/// How updates of the box stand.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UpdatesStatusResponse {
    pub current: UpdateVersion,
    /// Since when this release is kept; null: since the box began.
    pub since: Option<String>,
    pub supervision: UpdateSupervision,
    pub settings: UpdateSettings,
    pub feed: UpdateFeed,
    pub offer: Option<UpdateOffer>,
    pub under_way: Option<UpdateUnderWay>,
    /// The last one that ended.
    pub last: Option<UpdateEntry>,
    pub scorecard: UpdateScorecard,
}

/// What everybody who is signed in is told of updates.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpdateNewsResponse {
    /// A change of the release that comes or goes on; null: none does.
    pub change: Option<UpdateChange>,
    /// What the release that runs brought; null where it came with the box or long ago.
    pub whats_new: Option<UpdateWhatsNew>,
}

/// A change of the release, as far as it concerns everybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpdateChange {
    /// `update` or `rollback`.
    pub kind: String,
    pub from: UpdateVersion,
    pub to: UpdateVersion,
    /// `coming`, `under-way`, or `watched`: people reach the other release, which is not kept yet.
    pub state: String,
    /// When it begins; null once it has.
    pub begins_at: Option<String>,
    /// How long requests are expected to wait.
    pub expected_pause_ms: u64,
    /// When the release is kept if nothing goes wrong; null before it is watched.
    pub watched_until: Option<String>,
}

/// What a release brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpdateWhatsNew {
    pub seq: u64,
    pub version: String,
    /// Since when the box keeps it.
    pub since: String,
    /// Markdown of the publisher.
    pub notes: String,
}
