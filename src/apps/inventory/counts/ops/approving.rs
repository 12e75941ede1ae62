//! Making stock of a count: one transaction, once.

use std::collections::HashMap;

use super::{APPROVE, Detail, changed, reading};
use crate::apps::inventory::amounts::Qty;
use crate::apps::inventory::counts::rules::settling::{self, Decision};
use crate::apps::inventory::counts::rules::{
    self, CountId, CountState, KeptCount, KeptLine, LineFilter, LineId, LineState,
};
use crate::apps::inventory::counts::store;
use crate::apps::inventory::items::rules::check_version;
use crate::apps::inventory::movements;
use crate::apps::inventory::movements::ops::CountedChange;
use crate::apps::inventory::stocks;
use crate::platform::ctx::{Ctx, Scope};
use crate::platform::error::Result;
use crate::platform::workspaces::roles;

/// What a manager decides.
#[derive(Debug, Clone)]
pub struct Approval {
    /// The version that was looked at; none takes whatever is there.
    pub version: Option<i64>,
    pub decisions: Vec<(LineId, Decision)>,
}

/// Posts what was found. Lines to be counted again open the count anew; without any it is applied.
/// Approving again what one has approved changes nothing.
pub async fn approve(ctx: &Ctx, id: CountId, approval: Approval) -> Result<Detail> {
    let roles = roles::ops::list(ctx).await?;
    let approvers =
        roles.iter().filter(|role| role.grant.allows(APPROVE)).map(|role| role.members).sum();
    ctx.write(move |scope| {
        let count = store::get(scope, id)?;
        let is_mine = count.approved.is_some_and(|deed| deed.by == scope.user());
        if count.state == CountState::Applied && is_mine {
            return reading::detail_in(scope, id);
        }
        rules::check_submitted(count.state)?;
        if let Some(version) = approval.version {
            check_version(count.version, version)?;
        }
        let is_sole_counter = store::is_sole_counter(scope, count.rid, scope.user())?;
        rules::check_approver(is_sole_counter, approvers)?;
        approve_in(scope, &count, &approval.decisions)?;
        reading::detail_in(scope, id)
    })
    .await
}

fn approve_in(
    scope: &Scope<'_>,
    count: &KeptCount,
    decisions: &[(LineId, Decision)],
) -> Result<()> {
    let lines = store::lines(scope, count.rid, LineFilter::default())?;
    let open = lines.into_iter().filter(|line| !line.state.is_settled()).collect();
    let decided = settling::decide(open, decisions)?;
    let mut tally: HashMap<Decision, usize> = HashMap::new();
    let mut posted = 0;
    for (line, decision) in &decided {
        let is_as_expected = line.state == LineState::Ok && *decision == Decision::KeepDelta;
        if is_as_expected {
            store::keep_book_value(scope, line.rid, settling::book_value(line, Qty::ZERO))?;
        } else if settle(scope, count, line, *decision)? {
            posted += 1;
        }
        *tally.entry(*decision).or_default() += 1;
    }
    store::approve_as_expected(scope, count.rid)?;
    let told = |decision| tally.get(&decision).copied().unwrap_or_default().to_string();
    let is_over = !tally.contains_key(&Decision::Recount);
    store::enter(scope, count.rid, if is_over { CountState::Applied } else { CountState::Open })?;
    store::touch(scope, count.rid, 0)?;
    let entry = changed("inventory.count.approved", count)
        .version(count.version + 2)
        .set("posted", posted.to_string())
        .set("recounted", told(Decision::Recount))
        .set("rejected", told(Decision::Reject));
    scope.audit(entry)?;
    Ok(())
}

/// Does what was decided with a line; true when something was posted.
fn settle(
    scope: &Scope<'_>,
    count: &KeptCount,
    line: &KeptLine,
    decision: Decision,
) -> Result<bool> {
    if decision == Decision::Recount {
        let on_hand = on_hand(scope, line)?;
        let (after, seq) = (store::last_entry(scope)?, store::ledger_seq(scope)?);
        store::recount(scope, line.rid, after, on_hand, seq)?;
        return Ok(false);
    }
    let on_hand = if decision == Decision::CountNow { on_hand(scope, line)? } else { Qty::ZERO };
    let qty = settling::posting(line, decision, on_hand);
    if !qty.is_zero() {
        let change = CountedChange {
            item: line.item.id,
            place: line.place.id,
            qty,
            reference: count.name.clone(),
            line_rid: line.rid,
        };
        movements::ops::record_counted_in(scope, change)
            .map_err(|error| settling::refused(line, error))?;
    }
    let is_rejected = decision == Decision::Reject;
    let state = if is_rejected { LineState::Rejected } else { LineState::Approved };
    if !is_rejected {
        store::keep_book_value(scope, line.rid, settling::book_value(line, qty))?;
    }
    store::settle(scope, line.rid, state, decision)?;
    Ok(!qty.is_zero())
}

fn on_hand(scope: &Scope<'_>, line: &KeptLine) -> Result<Qty> {
    Ok(stocks::ops::at_in(scope, line.item_rid, line.place_rid)?.unwrap_or_default())
}
