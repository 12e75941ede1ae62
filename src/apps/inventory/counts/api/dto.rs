//! What travels.

use std::collections::{BTreeMap, HashMap};

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::apps::inventory::counts::ops::{
    Approval, Detail, EntryInput, ListedLine, Outcome, Taken, worth,
};
use crate::apps::inventory::counts::rules::settling::Decision;
use crate::apps::inventory::counts::rules::showing::Sight;
use crate::apps::inventory::counts::rules::{
    CountInput, Deed, Extent, ListedEntry, Mode, Settings,
};
use crate::apps::inventory::items::api::Prices;
use crate::apps::inventory::movements::api::PersonResponse;
use crate::apps::inventory::movements::rules::place_unknown;
use crate::http::extract::DecimalText;
use crate::platform::ctx::Ctx;
use crate::platform::error::{Error, Result};
use crate::platform::identity::{UserId, users};

/// What a count is about: all that everything named here allows.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CountScopeRequest {
    /// Only at this place and below it.
    pub location_id: Option<String>,
    pub category: Option<String>,
    /// 1 to 10,000 items.
    pub item_ids: Option<Vec<String>>,
}

/// A new count.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CountRequest {
    pub name: String,
    /// Everything when left out.
    pub scope: Option<CountScopeRequest>,
    /// True to hide what is expected from those who count.
    pub blind: Option<bool>,
}

impl CountRequest {
    pub(super) fn read(self) -> Result<CountInput> {
        let scope = self.scope.unwrap_or_default();
        let place = scope.location_id.filter(|id| !id.is_empty());
        let place = place.map(|id| id.parse().map_err(|_| place_unknown("scope.location_id")));
        let item = |(position, id): (usize, String)| {
            id.parse().map_err(|_| {
                let field = format!("scope.item_ids[{position}]");
                Error::invalid(&field, "unknown-item", "Use an id as it is shown.")
            })
        };
        let items = scope.item_ids.map(|ids| ids.into_iter().enumerate().map(item).collect());
        Ok(CountInput {
            name: self.name,
            extent: Extent {
                place: place.transpose()?,
                category: scope.category,
                items: items.transpose()?,
            },
            is_blind: self.blind.unwrap_or_default(),
        })
    }
}

/// What a count is about.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountScopeResponse {
    pub location_id: Option<String>,
    pub location_code: Option<String>,
    pub location_name: Option<String>,
    pub category: Option<String>,
    /// How many items are listed; null when all are meant.
    pub items: Option<usize>,
}

/// When something was done and by whom.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountDeedResponse {
    pub at: String,
    pub by: Option<PersonResponse>,
}

/// A count.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountResponse {
    pub id: String,
    pub version: i64,
    pub name: String,
    pub scope: CountScopeResponse,
    pub blind: bool,
    /// `open`, `submitted`, `applied` or `canceled`.
    pub state: String,
    /// What is to be counted, and how much of it is.
    pub lines: i64,
    pub counted_lines: i64,
    pub entries: i64,
    /// The ledger's last entry: send it as `seen_seq` with what is counted from now on.
    pub ledger_seq: i64,
    /// How many lines are in which state; empty in lists.
    pub summary: BTreeMap<String, i64>,
    /// What all differences are worth, or came to, once it is submitted. Absent for those who may
    /// not see prices or count blind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variance_value: Option<String>,
    pub created_at: String,
    pub created_by: Option<PersonResponse>,
    pub updated_at: String,
    pub submitted: Option<CountDeedResponse>,
    pub approved: Option<CountDeedResponse>,
    /// The last time it was given back, and why.
    pub rejected: Option<CountDeedResponse>,
    pub reject_reason: Option<String>,
}

/// What is to be counted of an item at a place, and what was.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountLineResponse {
    pub id: String,
    pub item_id: String,
    pub item_number: String,
    pub item_name: String,
    pub unit: String,
    /// Quantities are multiples of this.
    pub qty_step: String,
    pub location_id: String,
    pub location_code: String,
    pub location_name: String,
    /// `uncounted`, `ok`, `variance`, `conflict`, `recount`, `approved` or `rejected`; for those
    /// who count blind `uncounted`, `counted` or `recount`. That a line wants a second counter is
    /// not told to who counted it, as far as that would tell what is expected or what it is worth.
    pub state: String,
    /// What the ledger said to who counted. Absent for those who count blind, as is all that
    /// follows from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// Null while nobody counted. Those who count blind see only what they counted themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub counted: Option<Option<String>>,
    /// Counted minus expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub variance: Option<Option<String>>,
    /// What the difference is worth now, or came to. Absent for those who may not see prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub variance_value: Option<Option<String>>,
    /// Why it is a conflict: `moved` (something was posted while it was counted), `disputed` (two
    /// people set different quantities).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conflicts: Option<Vec<String>>,
    /// How many people counted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counters: Option<i64>,
    /// Who was the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<PersonResponse>)]
    pub counted_by: Option<Option<PersonResponse>>,
    pub counted_at: Option<String>,
    /// `keep_delta`, `count_now`, `recount` or `reject`.
    pub decision: Option<String>,
    /// What approving it posted; null when nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub posted: Option<Option<String>>,
}

/// Something that somebody entered.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountEntryResponse {
    pub client_op: String,
    pub item_id: String,
    pub item_number: String,
    pub item_name: String,
    pub unit: String,
    pub location_id: String,
    pub location_code: String,
    pub location_name: String,
    /// `set` or `add`.
    pub mode: String,
    pub qty: String,
    pub seen_seq: Option<i64>,
    pub counted_at: String,
    pub received_at: String,
    pub counted_by: Option<PersonResponse>,
    /// The entry that this one takes back.
    pub undoes: Option<String>,
    /// True when it was taken back.
    pub undone: bool,
}

/// How an entry counts.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CountModeName {
    /// Replaces what the same person counted.
    Set,
    /// Is more of it, or less when below zero.
    Add,
}

/// What somebody counted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CountEntryRequest {
    /// A fresh UUID; sent again with the same content, the entry counts once.
    pub client_op: String,
    pub item_id: String,
    pub location_id: String,
    /// Zero or more; signed to add. One that cannot be read is refused by itself, like all that is
    /// wrong with an entry.
    #[schema(value_type = String)]
    pub qty: DecimalText,
    pub mode: CountModeName,
    /// The `ledger_seq` that was known when it was counted; the newest when left out.
    pub seen_seq: Option<i64>,
    /// When it was counted; now when left out.
    pub counted_at: Option<String>,
    /// The `client_op` of one's own entry that this one takes back; everything else as in it.
    pub undoes: Option<String>,
}

/// A batch of entries.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CountEntriesRequest {
    /// 1 to 500.
    pub entries: Vec<CountEntryRequest>,
}

impl CountEntriesRequest {
    pub(super) fn read(self) -> (Vec<String>, Vec<EntryInput>) {
        let ops = self.entries.iter().map(|entry| entry.client_op.clone()).collect();
        let input = |entry: CountEntryRequest| EntryInput {
            client_op: entry.client_op,
            item: entry.item_id,
            place: entry.location_id,
            qty: entry.qty.0,
            mode: match entry.mode {
                CountModeName::Set => Mode::Set,
                CountModeName::Add => Mode::Add,
            },
            seen_seq: entry.seen_seq,
            counted_at: entry.counted_at,
            undoes: entry.undoes.filter(|op| !op.is_empty()),
        };
        (ops, self.entries.into_iter().map(input).collect())
    }
}

/// What became of an entry.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountEntryOutcome {
    pub client_op: String,
    /// `accepted`, `replayed` or `refused`.
    pub outcome: String,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The field that is wrong, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// The answers to a batch, in its order.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountEntriesResponse {
    pub entries: Vec<CountEntryOutcome>,
    pub ledger_seq: i64,
}

impl CountEntriesResponse {
    pub(super) fn of(ops: Vec<String>, taken: Taken) -> Self {
        let answer = |(client_op, outcome): (String, Outcome)| {
            let (outcome, refusal) = match outcome {
                Outcome::Accepted => ("accepted", None),
                Outcome::Replayed => ("replayed", None),
                Outcome::Refused(refusal) => ("refused", Some(refusal)),
            };
            let field = refusal.as_ref().and_then(|refusal| refusal.fields.first());
            CountEntryOutcome {
                client_op,
                outcome: outcome.to_owned(),
                field: field.map(|field| field.field.clone()),
                code: refusal.as_ref().map(|refusal| refusal.code.to_owned()),
                detail: refusal.map(|refusal| refusal.detail),
            }
        };
        let entries = ops.into_iter().zip(taken.outcomes).map(answer).collect();
        Self { entries, ledger_seq: taken.ledger_seq }
    }
}

/// What is done with a line.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CountDecisionName {
    /// Post the difference on top of what was posted since.
    KeepDelta,
    /// Make the stock what was counted.
    CountNow,
    /// Let it be counted again.
    Recount,
    /// Leave the stock as it is.
    Reject,
}

/// A decision about a line.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CountDecisionRequest {
    pub line_id: String,
    pub decision: CountDecisionName,
}

/// What a manager decides.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveCountRequest {
    /// The version of the count that was looked at; another one is refused.
    pub version: Option<i64>,
    #[serde(default)]
    pub decisions: Vec<CountDecisionRequest>,
}

impl ApproveCountRequest {
    pub(super) fn read(self) -> Result<Approval> {
        let decision = |(position, one): (usize, CountDecisionRequest)| {
            let line = one.line_id.parse().map_err(|_| {
                let field = format!("decisions[{position}]");
                Error::invalid(&field, "unknown-line", "Use an id as it is shown.")
            })?;
            let decision = match one.decision {
                CountDecisionName::KeepDelta => Decision::KeepDelta,
                CountDecisionName::CountNow => Decision::CountNow,
                CountDecisionName::Recount => Decision::Recount,
                CountDecisionName::Reject => Decision::Reject,
            };
            Ok((line, decision))
        };
        let decisions = self.decisions.into_iter().enumerate().map(decision);
        Ok(Approval { version: self.version, decisions: decisions.collect::<Result<_>>()? })
    }
}

/// Why a count is given back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RejectCountRequest {
    pub reason: String,
}

/// From which difference on a second person is to count.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountSettingsResponse {
    pub version: i64,
    /// Percent of what was expected; null asks for nobody.
    pub second_count_percent: Option<i64>,
    /// What the difference is worth; null asks for nobody. Absent for those who may not see
    /// prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub second_count_value: Option<Option<String>>,
}

impl CountSettingsResponse {
    pub(super) fn of(settings: Settings, prices: Prices) -> Self {
        let value = settings.threshold.value.map(|value| value.to_string());
        Self {
            version: settings.version,
            second_count_percent: settings.threshold.percent,
            second_count_value: prices.show(value),
        }
    }
}

/// The same as it is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "fields that only answers have are taken and ignored")]
pub struct CountSettingsRequest {
    /// 1 to 1,000; none when left out.
    pub second_count_percent: Option<i64>,
    pub second_count_value: Option<DecimalText>,
    #[schema(ignore)]
    version: Option<IgnoredAny>,
}

/// Writes with what the caller may see and with people's names.
pub(super) struct Writer {
    names: HashMap<UserId, String>,
    caller: UserId,
    prices: Prices,
}

impl Writer {
    pub(super) async fn of_counts(ctx: &Ctx, counts: &[Detail]) -> Result<Self> {
        let people = counts.iter().flat_map(|detail| {
            let count = &detail.count;
            let deeds = [count.submitted, count.approved, count.rejected];
            deeds.into_iter().flatten().map(|deed| deed.by).chain([count.created_by])
        });
        Self::naming(ctx, people).await
    }

    pub(super) async fn of_lines(ctx: &Ctx, lines: &[ListedLine]) -> Result<Self> {
        Self::naming(ctx, lines.iter().map(|one| one.line.counted_by)).await
    }

    pub(super) async fn of_entries(ctx: &Ctx, entries: &[ListedEntry]) -> Result<Self> {
        Self::naming(ctx, entries.iter().map(|entry| entry.by)).await
    }

    /// Looks up people's names. One's own needs no look-up.
    async fn naming(ctx: &Ctx, people: impl Iterator<Item = Option<UserId>>) -> Result<Self> {
        let caller = ctx.principal()?;
        let mut others: Vec<UserId> =
            people.flatten().filter(|user| *user != caller.user).collect();
        others.sort_unstable();
        others.dedup();
        let mut names = users::ops::names(ctx, others).await?;
        names.insert(caller.user, caller.name.to_string());
        Ok(Self { names, caller: caller.user, prices: Prices::of(ctx) })
    }

    fn person(&self, user: UserId) -> PersonResponse {
        let name = self.names.get(&user).cloned().unwrap_or_default();
        PersonResponse { id: user.to_string(), name }
    }

    fn deed(&self, deed: Deed) -> CountDeedResponse {
        CountDeedResponse { at: deed.at.to_string(), by: deed.by.map(|user| self.person(user)) }
    }

    pub(super) fn count(&self, detail: Detail) -> CountResponse {
        let Detail { count, place, .. } = detail;
        let value = detail.variance_value.map(|value| value.to_string());
        let is_full = detail.sight == Sight::Full;
        let summary = detail.summary.into_iter();
        let (code, name) = place.map(|place| (place.code, place.name)).unzip();
        CountResponse {
            id: count.id.to_string(),
            version: count.version,
            name: count.name,
            scope: CountScopeResponse {
                location_id: count.extent.place.map(|place| place.to_string()),
                location_code: code,
                location_name: name,
                category: count.extent.category,
                items: count.extent.items.map(|items| items.len()),
            },
            blind: count.is_blind,
            state: count.state.name().to_owned(),
            lines: count.lines,
            counted_lines: count.counted_lines,
            entries: count.entries,
            ledger_seq: detail.ledger_seq,
            summary: summary.map(|(shown, lines)| (shown.name().to_owned(), lines)).collect(),
            variance_value: self.prices.show(value).flatten().filter(|_| is_full),
            created_at: count.created_at.to_string(),
            created_by: count.created_by.map(|user| self.person(user)),
            updated_at: count.updated_at.to_string(),
            submitted: count.submitted.map(|deed| self.deed(deed)),
            approved: count.approved.map(|deed| self.deed(deed)),
            rejected: count.rejected.map(|deed| self.deed(deed)),
            reject_reason: count.rejected.map(|_| count.reject_reason),
        }
    }

    pub(super) fn line(
        &self,
        listed: ListedLine,
        sight: Sight,
        prices: Prices,
    ) -> CountLineResponse {
        let ListedLine { shown, line, .. } = listed;
        let is_full = sight == Sight::Full;
        let is_own = line.counters == 1 && line.counted_by == Some(self.caller);
        let counted = line.counted.map(|qty| qty.to_string());
        let is_told = is_full || is_own || counted.is_none();
        let value = worth(&line).map(|value| value.to_string());
        let reasons = [("moved", line.is_moved), ("disputed", line.is_disputed)];
        let reasons = reasons.into_iter().filter(|(_, is_it)| *is_it);
        CountLineResponse {
            id: line.id.to_string(),
            qty_step: line.qty_step.to_string(),
            state: shown.name().to_owned(),
            expected: is_full.then(|| line.expected.to_string()),
            counted: is_told.then_some(counted),
            variance: is_full.then(|| line.variance().map(|qty| qty.to_string())),
            variance_value: prices.show(value).filter(|_| is_full),
            conflicts: is_full.then(|| reasons.map(|(name, _)| name.to_owned()).collect()),
            counters: is_full.then_some(line.counters),
            counted_by: is_told.then(|| line.counted_by.map(|user| self.person(user))),
            counted_at: line.counted_at.filter(|_| is_told).map(|at| at.to_string()),
            decision: line.decision.map(|decision| decision.name().to_owned()),
            posted: is_full.then(|| line.posted.map(|(qty, _)| qty.to_string())),
            item_id: line.item.id.to_string(),
            item_number: line.item.item_number,
            item_name: line.item.name,
            unit: line.item.unit,
            location_id: line.place.id.to_string(),
            location_code: line.place.code,
            location_name: line.place.name,
        }
    }

    pub(super) fn entry(&self, entry: ListedEntry) -> CountEntryResponse {
        CountEntryResponse {
            client_op: entry.op.to_string(),
            item_id: entry.item.id.to_string(),
            item_number: entry.item.item_number,
            item_name: entry.item.name,
            unit: entry.item.unit,
            location_id: entry.place.id.to_string(),
            location_code: entry.place.code,
            location_name: entry.place.name,
            mode: entry.mode.name().to_owned(),
            qty: entry.qty.to_string(),
            seen_seq: entry.seen_seq,
            counted_at: entry.counted_at.to_string(),
            received_at: entry.received_at.to_string(),
            counted_by: entry.by.map(|user| self.person(user)),
            undoes: entry.undoes.map(|op| op.to_string()),
            undone: entry.is_undone,
        }
    }
}
