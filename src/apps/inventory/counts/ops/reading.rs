//! Reading counts: what whoever asks may see of them.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{APPROVE, PRICES, hidden_in};
use crate::apps::inventory::amounts::Money;
use crate::apps::inventory::counts::rules::showing::{Shown, Sight, View};
use crate::apps::inventory::counts::rules::{
    CountId, CountState, EntryFilter, Extent, KeptCount, KeptLine, LineFilter, LineState,
    ListedEntry,
};
use crate::apps::inventory::counts::store;
use crate::apps::inventory::locations;
use crate::apps::inventory::movements::rules::{PlaceName, adjustment_value};
use crate::platform::ctx::{Ctx, Scope};
use crate::platform::error::Result;
use crate::platform::identity::UserId;

/// How somebody sees counts. While they count blind, any other count would tell them what is
/// expected, or was lately, so all are shown as blind ones.
struct Eyes {
    is_deciding: bool,
    is_counting_blind: bool,
}

impl Eyes {
    fn of(scope: &Scope<'_>) -> Result<Self> {
        let is_counting_blind = !hidden_in(scope)?.is_nothing();
        Ok(Self { is_deciding: scope.may(APPROVE), is_counting_blind })
    }

    fn on(&self, count: &KeptCount) -> Sight {
        let is_blind = (count.is_blind && !self.is_deciding) || self.is_counting_blind;
        if is_blind { Sight::Blind } else { Sight::Full }
    }
}

/// What the caller sees of a count.
pub(super) fn sight_in(scope: &Scope<'_>, count: &KeptCount) -> Result<Sight> {
    Ok(Eyes::of(scope)?.on(count))
}

/// How the caller sees the lines of a count. Whoever decides what was handed in is told what wants
/// a decision, as approving names it anyway.
fn view_in(scope: &Scope<'_>, count: &KeptCount) -> Result<View> {
    let eyes = Eyes::of(scope)?;
    let is_to_decide = eyes.is_deciding && count.state == CountState::Submitted;
    Ok(View {
        sight: eyes.on(count),
        is_worth_told: is_to_decide || scope.may(PRICES),
        percent: store::settings(scope)?.threshold.percent,
    })
}

/// A count as it is told.
pub struct Detail {
    pub count: KeptCount,
    /// The place of its extent, deleted or not.
    pub place: Option<PlaceName>,
    pub sight: Sight,
    /// The ledger's last entry, which devices send along as what they know.
    pub ledger_seq: i64,
    /// How many lines are shown in which state.
    pub summary: Vec<(Shown, i64)>,
    /// What the differences are worth, or came to; only once it is submitted.
    pub variance_value: Option<Money>,
}

/// Counts behind a row, newest first.
pub async fn list(
    ctx: &Ctx,
    state: Option<CountState>,
    before: Option<i64>,
    limit: usize,
    count_max: Option<u64>,
) -> Result<(Vec<Detail>, Option<u64>)> {
    ctx.read(move |scope| {
        let total = count_max.map(|max| store::number(scope, state, max)).transpose()?;
        let counts = store::list(scope, state, before.unwrap_or(i64::MAX), limit)?;
        let has_places = counts.iter().any(|count| count.extent.place.is_some());
        let places = if has_places { locations::ops::all_in(scope)? } else { Vec::new() };
        let name = |extent: &Extent| {
            let place = places.iter().find(|one| Some(one.id) == extent.place)?;
            let (code, name) = (place.code.clone(), place.name.clone());
            Some(PlaceName { id: place.id, code, name })
        };
        let (ledger_seq, eyes) = (store::ledger_seq(scope)?, Eyes::of(scope)?);
        let detail = |count: KeptCount| Detail {
            place: name(&count.extent),
            sight: eyes.on(&count),
            ledger_seq,
            summary: Vec::new(),
            variance_value: None,
            count,
        };
        Ok((counts.into_iter().map(detail).collect(), total))
    })
    .await
}

pub async fn get(ctx: &Ctx, id: CountId) -> Result<Detail> {
    ctx.read(move |scope| detail_in(scope, id)).await
}

/// A count inside the caller's transaction.
pub(super) fn detail_in(scope: &Scope<'_>, id: CountId) -> Result<Detail> {
    let count = store::get(scope, id)?;
    let view = view_in(scope, &count)?;
    let place = match count.extent.place {
        Some(place) => {
            let place = locations::ops::any_in(scope, place)?;
            Some(PlaceName { id: place.id, code: place.code, name: place.name })
        }
        None => None,
    };
    let summary = summary(scope, &count, view)?;
    let variance_value = match count.state {
        CountState::Submitted | CountState::Applied => variance_value(scope, &count)?,
        CountState::Open | CountState::Canceled => None,
    };
    let ledger_seq = store::ledger_seq(scope)?;
    Ok(Detail { count, place, sight: view.sight, ledger_seq, summary, variance_value })
}

/// How many lines are shown in which state.
fn summary(scope: &Scope<'_>, count: &KeptCount, view: View) -> Result<Vec<(Shown, i64)>> {
    let mut sums: BTreeMap<Shown, i64> = BTreeMap::new();
    let groups = store::summary(scope, count.rid)?;
    let (recounts, others): (Vec<_>, Vec<_>) =
        groups.into_iter().partition(|(state, ..)| *state == LineState::Recount);
    for (state, is_counted, lines) in others {
        *sums.entry(view.shown_state(state, is_counted)).or_default() += lines;
    }
    if !recounts.is_empty() {
        let filter = LineFilter { state: Some(LineState::Recount), ..LineFilter::default() };
        for line in store::lines(scope, count.rid, filter)? {
            *sums.entry(view.shown(&line)).or_default() += 1;
        }
    }
    Ok(sums.into_iter().collect())
}

fn variance_value(scope: &Scope<'_>, count: &KeptCount) -> Result<Option<Money>> {
    let lines = store::lines(scope, count.rid, LineFilter::default())?;
    let mut values = lines.iter().filter_map(worth);
    Ok(values.try_fold(Money::ZERO, Money::plus))
}

/// What a line's difference came to, or would come to as things are now.
pub fn worth(line: &KeptLine) -> Option<Money> {
    if line.state.is_settled() {
        return line.posted.map(|(_, value)| value);
    }
    let variance = line.variance().filter(|variance| !variance.is_zero())?;
    adjustment_value(line.totals, line.cost, variance)
}

/// How lines are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineOrder {
    /// By place and item number.
    Place,
    /// Conflicts first, then what wants a second counter, then the largest differences.
    Variance,
}

/// Where a line stands in a list: how much it wants a decision, then by place and item.
type LinePosition = (Urgency, (String, i64, String, i64));
type Urgency = (u8, Reverse<u64>);

/// A line with the state that is shown of it.
pub struct ListedLine {
    pub position: LinePosition,
    pub shown: Shown,
    pub line: KeptLine,
}

/// Lines and how they may be shown.
pub struct ListedLines {
    pub lines: Vec<ListedLine>,
    pub sight: Sight,
}

/// All lines of a count that are shown in a state, in an order. A count has at most `LINES_MAX`.
pub async fn lines(
    ctx: &Ctx,
    id: CountId,
    filter: LineFilter,
    state: Option<Shown>,
    order: LineOrder,
) -> Result<ListedLines> {
    ctx.read(move |scope| {
        let count = store::get(scope, id)?;
        let view = view_in(scope, &count)?;
        let is_by_urgency = order == LineOrder::Variance && view.sight == Sight::Full;
        let is_by_worth = scope.may(PRICES);
        let listed = |line: KeptLine| {
            let shown = view.shown(&line);
            let urgency = if is_by_urgency { urgency(shown, &line, is_by_worth) } else { CALM };
            let (place, item) = (line.place_key.clone(), line.item_key.clone());
            let position = (urgency, (place, line.place_rid, item, line.item_rid));
            ListedLine { position, shown, line }
        };
        let lines = store::lines(scope, count.rid, filter)?.into_iter().map(listed);
        let is_asked = |one: &ListedLine| state.is_none_or(|state| one.shown == state);
        let mut lines: Vec<_> = lines.filter(is_asked).collect();
        lines.sort_unstable_by(|one, other| one.position.cmp(&other.position));
        Ok(ListedLines { lines, sight: view.sight })
    })
    .await
}

/// What no order by urgency tells apart.
const CALM: Urgency = (0, Reverse(0));

/// What wants a decision first comes first. The order must not tell a worth to those who may not
/// see it.
fn urgency(shown: Shown, line: &KeptLine, is_by_worth: bool) -> Urgency {
    let rank = match shown {
        Shown::Is(LineState::Conflict) => 0,
        Shown::Is(LineState::Recount) => 1,
        Shown::Is(LineState::Variance) => 2,
        Shown::Is(LineState::Approved | LineState::Rejected) => 3,
        Shown::Uncounted => 4,
        Shown::Counted | Shown::Is(LineState::Ok) => 5,
    };
    let size = if is_by_worth {
        worth(line).map(|worth| worth.ten_thousandths().unsigned_abs())
    } else {
        line.variance().map(|variance| variance.thousandths().unsigned_abs())
    };
    (rank, Reverse(size.unwrap_or_default()))
}

/// What people entered, newest first. Whoever counts blind sees only their own.
pub async fn entries(
    ctx: &Ctx,
    id: CountId,
    filter: EntryFilter,
    before: Option<i64>,
    limit: usize,
) -> Result<Vec<ListedEntry>> {
    ctx.read(move |scope| {
        let count = store::get(scope, id)?;
        let by: Option<UserId> = match Eyes::of(scope)?.on(&count) {
            Sight::Full => filter.by,
            Sight::Blind => Some(scope.user().unwrap_or_else(|| scope.new_id())),
        };
        let filter = EntryFilter { by, ..filter };
        store::list_entries(scope, count.rid, filter, before.unwrap_or(i64::MAX), limit)
    })
    .await
}
