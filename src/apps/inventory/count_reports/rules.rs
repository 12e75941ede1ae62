//! How exact the books were. The formulas stand in the manual, and here:
//!
//! - A line agreed when approving it posted nothing.
//! - line accuracy = lines that agreed ÷ lines that were counted and approved.
//! - value accuracy = 1 − Σ|value of what was posted| ÷ Σ of what the books said was there, at the
//!   average of the moment of approval. Below zero where more was off than the books said.
//!
//! Without a line there is no line accuracy; where the books said that nothing of worth was there,
//! no value accuracy. All sums are integers of 128 bits; each figure is rounded once, half away
//! from zero.

use std::fmt;

use crate::apps::inventory::amounts::Money;
use crate::apps::inventory::amounts::rules::divide_rounded;
use crate::apps::inventory::counts::rules::CountId;
use crate::apps::inventory::valuations::rules::{Place, narrow_worth};
use crate::platform::clock::Moment;
use crate::platform::error::{Error, Result};

/// What a row of the report stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Count,
    Category,
    Location,
}

impl Group {
    const ALL: [(&'static str, Self); 3] =
        [("count", Self::Count), ("category", Self::Category), ("location", Self::Location)];

    pub fn from_name(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|(one, _)| *one == name).map(|(_, group)| group);
        let detail = "Use count, category or location.";
        found.ok_or_else(|| Error::invalid("group", "report-group", detail))
    }

    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, group)| *group == self).map_or("", |(name, _)| name)
    }
}

/// A line that was counted and approved, in ten-thousandths.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    /// What approving it posted; none when it agreed.
    pub posted: Option<i64>,
    /// What the books said it was worth; none where that was not kept.
    pub book_value: Option<i64>,
}

/// Sums over lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sums {
    pub lines: u64,
    pub agreed: u64,
    pub expected: i128,
    /// What was found too much and too little, without its sign.
    pub off: i128,
    /// The same with its sign: below zero was missing.
    pub net: i128,
}

impl Sums {
    pub fn add(&mut self, line: Line) {
        self.lines += 1;
        self.agreed += u64::from(line.posted.is_none());
        let Some(book_value) = line.book_value else { return };
        let posted = i128::from(line.posted.unwrap_or_default());
        self.expected += i128::from(book_value);
        self.off += posted.abs();
        self.net += posted;
    }

    pub fn figures(&self) -> Result<Figures> {
        let ratio = |part: i128, whole: i128| {
            (whole > 0).then(|| Share(divide_rounded(part * Share::SCALE, whole)))
        };
        Ok(Figures {
            lines: self.lines,
            agreed: self.agreed,
            line_accuracy: ratio(i128::from(self.agreed), i128::from(self.lines)),
            expected: narrow_worth(self.expected)?,
            off: narrow_worth(self.off)?,
            net: narrow_worth(self.net)?,
            value_accuracy: ratio(self.expected - self.off, self.expected),
        })
    }
}

/// What a row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    pub lines: u64,
    pub agreed: u64,
    pub line_accuracy: Option<Share>,
    pub expected: Money,
    pub off: Money,
    pub net: Money,
    pub value_accuracy: Option<Share>,
}

/// A share of one, in ten-thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(i128);

impl Share {
    const SCALE: i128 = 10_000;
}

/// `0.9750`, with all four decimals.
impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, size) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        write!(f, "{sign}{}.{:04}", size / 10_000, size % 10_000)
    }
}

/// A count that was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedCount {
    pub rid: i64,
    pub id: CountId,
    pub name: String,
    pub approved_at: Moment,
}

/// What a row is about. None: what has no category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    Count(AppliedCount),
    Category(Option<String>),
    Place(Place),
}

/// A row of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub subject: Subject,
    pub figures: Figures,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(book_value: i64, posted: Option<i64>) -> Line {
        Line { posted, book_value: Some(book_value) }
    }

    fn figures(lines: &[Line]) -> Figures {
        let mut sums = Sums::default();
        for one in lines {
            sums.add(*one);
        }
        sums.figures().unwrap()
    }

    fn told(share: Option<Share>) -> String {
        share.map_or("-".to_owned(), |share| share.to_string())
    }

    #[test]
    fn accuracy_is_what_agreed_by_lines_and_by_worth() {
        // Books say 100.00, 50.00 and 50.00; 5.00 are missing of the first, 3.00 too much of the
        // second: one line of three agrees, 8.00 of 200.00 are off, 2.00 are missing in all.
        let found = figures(&[
            line(1_000_000, Some(-50_000)),
            line(500_000, Some(30_000)),
            line(500_000, None),
        ]);
        assert_eq!((found.lines, found.agreed), (3, 1));
        assert_eq!(told(found.line_accuracy), "0.3333");
        assert_eq!(found.expected.to_string(), "200.0000");
        assert_eq!(found.off.to_string(), "8.0000");
        assert_eq!(found.net.to_string(), "-2.0000");
        assert_eq!(told(found.value_accuracy), "0.9600");
    }

    #[test]
    fn without_lines_or_worth_there_is_no_accuracy() {
        let none = figures(&[]);
        assert_eq!((told(none.line_accuracy), told(none.value_accuracy)), ("-".into(), "-".into()));
        // Found where the books had nothing: every line was wrong, and nothing was expected.
        let found = figures(&[line(0, Some(70_000))]);
        assert_eq!(told(found.line_accuracy), "0.0000");
        assert_eq!(told(found.value_accuracy), "-");
        let free = figures(&[line(0, None)]);
        assert_eq!(told(free.line_accuracy), "1.0000");
        assert_eq!(told(free.value_accuracy), "-");
        let owed = figures(&[line(-10_000, Some(10_000))]);
        assert_eq!(told(owed.value_accuracy), "-");
    }

    #[test]
    fn more_off_than_the_books_said_is_below_zero() {
        assert_eq!(told(figures(&[line(10_000, Some(25_000))]).value_accuracy), "-1.5000");
    }

    #[test]
    fn a_line_without_a_kept_worth_counts_as_a_line_only() {
        let unknown = Line { posted: Some(-10_000), book_value: None };
        let found = figures(&[unknown, line(40_000, None)]);
        assert_eq!(told(found.line_accuracy), "0.5000");
        assert_eq!(told(found.value_accuracy), "1.0000");
        assert_eq!(found.off.to_string(), "0.0000");
    }
}
