//! What somebody is shown of a line's state, so that it tells nothing they are not to know.

use super::{KeptLine, LineState, Threshold};

/// What somebody sees of a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    Full,
    /// Counts blind: neither what is expected nor what others counted.
    Blind,
}

/// A line's state as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Shown {
    Uncounted,
    /// All that whoever counts blind is told.
    Counted,
    Is(LineState),
}

impl Shown {
    pub fn name(self) -> &'static str {
        match self {
            Self::Uncounted => "uncounted",
            Self::Counted => "counted",
            Self::Is(state) => state.name(),
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "uncounted" => Some(Self::Uncounted),
            "counted" => Some(Self::Counted),
            _ => LineState::from_name(name).map(Self::Is),
        }
    }
}

/// How somebody sees the lines of a count.
#[derive(Debug, Clone, Copy)]
pub struct View {
    pub sight: Sight,
    /// Whether they may learn what a difference is worth.
    pub is_worth_told: bool,
    /// From which share of what was expected on a second person is to count, in percent.
    pub percent: Option<i64>,
}

impl View {
    /// What is shown of a line's state.
    pub fn shown(&self, line: &KeptLine) -> Shown {
        match line.state {
            LineState::Recount => self.shown_recount(line),
            state => self.shown_state(state, line.counted.is_some()),
        }
    }

    /// What is shown of a state that is not `Recount`.
    pub fn shown_state(&self, state: LineState, is_counted: bool) -> Shown {
        match (state, is_counted, self.sight) {
            (LineState::Ok, false, _) => Shown::Uncounted,
            (_, _, Sight::Blind) => Shown::Counted,
            (state, ..) => Shown::Is(state),
        }
    }

    /// Whoever counted a line and saw that it wants a second counter could find by trial from which
    /// quantity on, and so what is expected or what one of it is worth. A line that nobody counted
    /// wants one because a manager said so, which everybody is told.
    fn shown_recount(&self, line: &KeptLine) -> Shown {
        let is_own = line.counted.is_some() && line.is_mine;
        match self.sight {
            Sight::Blind if is_own => Shown::Counted,
            Sight::Full if is_own && self.keeps(line) => Shown::Is(LineState::Variance),
            Sight::Blind | Sight::Full => Shown::Is(LineState::Recount),
        }
    }

    /// Whether only its worth makes a line want a second counter, and that is not to be told.
    fn keeps(&self, line: &KeptLine) -> bool {
        let by_share = Threshold { percent: self.percent, value: None };
        let variance = line.variance().unwrap_or_default();
        !self.is_worth_told && !by_share.is_exceeded(line.expected, variance, None)
    }
}
