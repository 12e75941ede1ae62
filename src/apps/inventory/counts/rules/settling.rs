//! What a manager makes of a submitted count.

use std::collections::HashMap;

use super::{KeptLine, LineId, LineState};
use crate::apps::inventory::amounts::{Money, Qty};
use crate::platform::error::{Error, FieldError, Refusal, Result};

/// Undecided lines that a refusal names.
const NAMED_MAX: usize = 20;

/// What is done with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decision {
    /// Post the difference that was found, on top of what was posted since.
    KeepDelta,
    /// Make the stock what was counted, whatever was posted since.
    CountNow,
    /// Let it be counted again.
    Recount,
    /// Leave the stock as it is.
    Reject,
}

impl Decision {
    pub const ALL: [Self; 4] = [Self::KeepDelta, Self::CountNow, Self::Recount, Self::Reject];

    pub fn name(self) -> &'static str {
        match self {
            Self::KeepDelta => "keep_delta",
            Self::CountNow => "count_now",
            Self::Recount => "recount",
            Self::Reject => "reject",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|decision| decision.name() == name)
    }
}

/// Decides every line that is counted or named. `lines` are those that are not settled yet; lines
/// that nobody counted and nobody names are left as they are.
pub fn decide(
    lines: Vec<KeptLine>,
    decisions: &[(LineId, Decision)],
) -> Result<Vec<(KeptLine, Decision)>> {
    let mut named: HashMap<LineId, Decision> = HashMap::with_capacity(decisions.len());
    let known: HashMap<LineId, &KeptLine> = lines.iter().map(|line| (line.id, line)).collect();
    for (position, (id, decision)) in decisions.iter().enumerate() {
        let wrong = |code, detail: &str| {
            let field = format!("decisions[{position}]");
            Error::Invalid(vec![FieldError::new(field, code, detail)])
        };
        let Some(line) = known.get(id) else {
            return Err(wrong("unknown-line", "The count has no such line to decide."));
        };
        let posts = matches!(decision, Decision::KeepDelta | Decision::CountNow);
        if posts && line.counted.is_none() {
            return Err(wrong("count-decision", "Nobody counted this line."));
        }
        if named.insert(*id, *decision).is_some_and(|earlier| earlier != *decision) {
            return Err(wrong("count-decision", "This line is decided twice."));
        }
    }
    let mut decided = Vec::with_capacity(lines.len());
    let mut undecided = Vec::new();
    for line in lines {
        match (named.remove(&line.id), line.state) {
            (Some(decision), _) => decided.push((line, decision)),
            (None, _) if line.counted.is_none() => {}
            (None, LineState::Conflict | LineState::Recount) => undecided.push(line),
            (None, _) => decided.push((line, Decision::KeepDelta)),
        }
    }
    if undecided.is_empty() { Ok(decided) } else { Err(undecided_lines(&undecided)) }
}

fn undecided_lines(lines: &[KeptLine]) -> Error {
    let detail = format!("{} lines still want a decision.", lines.len());
    let refusal = Refusal::new("count-undecided", detail);
    let named = lines.iter().take(NAMED_MAX).fold(refusal, |refusal, line| {
        let what = format!("{} at {}", line.item.item_number, line.place.code);
        refusal.field(&format!("lines.{}", line.id), "count-undecided", what)
    });
    named.into()
}

/// What a decided line posts; zero posts nothing.
pub fn posting(line: &KeptLine, decision: Decision, on_hand: Qty) -> Qty {
    let change = match decision {
        Decision::KeepDelta => line.variance(),
        Decision::CountNow => line.counted.and_then(|counted| counted.minus(on_hand)),
        Decision::Recount | Decision::Reject => None,
    };
    change.unwrap_or_default()
}

/// What the books said a counted line was worth before `posted` corrected them, at the average of
/// now. None beyond the range of money, and when nobody counted it.
pub fn book_value(line: &KeptLine, posted: Qty) -> Option<Money> {
    let book = line.counted?.minus(posted)?;
    let share = line.totals.value.share(book, line.totals.qty);
    share.or_else(|| book.times(line.cost.price.unwrap_or_default()))
}

/// A posting that the ledger refused, with the line it belongs to.
pub fn refused(line: &KeptLine, error: Error) -> Error {
    let place = format!("{} at {}", line.item.item_number, line.place.code);
    let (code, detail, extra) = match error {
        Error::Rule(refusal) => (refusal.code, refusal.detail, refusal.extra),
        Error::Invalid(mut fields) if !fields.is_empty() => {
            let field = fields.remove(0);
            (field.code, field.detail, Vec::new())
        }
        other => return other,
    };
    let detail = format!("{place}: {detail}");
    let refusal = Refusal::new(code, &detail).field(&format!("lines.{}", line.id), code, &detail);
    extra.into_iter().fold(refusal, |refusal, (name, value)| refusal.with(name, value)).into()
}
