//! What a kept line is, which ones somebody asked for, and what is left out of them.

use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, Result, code};

/// Answers why somebody else may not wait for lines.
pub const FOLLOWED: &str = "logs-followed";

pub const CODES: &[Code] = &[
    code(
        "log-filter-bad",
        "The log cannot be searched like that.",
        "Use a level, a kind or a time as the description of the API has it.",
    ),
    code(
        FOLLOWED,
        "As many terminals follow the log as may at once.",
        "End one of them, or call holdfast logs without --follow.",
    ),
];

/// A line is kept up to here; a backtrace may be longer.
pub const LINE_BYTES_MAX: usize = 8 * 1024;
/// What a kept line takes besides its texts.
const LINE_BYTES_OWN: usize = 96;
/// Whatever follows one of these up to the next white space opens something, or opened it once.
const OPENERS: [&str; 3] = ["token=", "hfp_", "Bearer "];
const LEFT_OUT: &str = "…";

/// How much a line matters, from most to least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl Level {
    const ALL: [Self; 5] = [Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace];

    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }

    pub fn read(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|level| level.name() == name);
        found.ok_or_else(|| bad("level", "Use error, warn, info, debug or trace."))
    }
}

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One request.
    Request,
    /// The box itself.
    Box,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Box => "box",
        }
    }

    pub fn read(name: &str) -> Result<Self> {
        [Self::Request, Self::Box]
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| bad("kind", "Use request or box."))
    }
}

pub fn bad(field: &'static str, detail: &str) -> Error {
    Error::invalid(field, "log-filter-bad", detail)
}

/// A line that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Counts from the start of the process on.
    pub number: u64,
    pub at: Moment,
    pub level: Level,
    pub kind: Kind,
    pub request_id: Option<Box<str>>,
    pub message: Box<str>,
    /// The values beside the message, as a JSON object.
    pub fields: Box<str>,
}

impl Line {
    pub fn size_bytes(&self) -> usize {
        let id = self.request_id.as_ref().map_or(0, |id| id.len());
        LINE_BYTES_OWN + id + self.message.len() + self.fields.len()
    }
}

/// Which lines somebody wants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wish {
    /// Each of these words stands in the line, whatever its case.
    pub words: Vec<String>,
    /// What matters less is left out.
    pub level: Option<Level>,
    pub kind: Option<Kind>,
    pub request_id: Option<String>,
    pub from: Option<Moment>,
    pub to: Option<Moment>,
    /// Older than this line.
    pub before: Option<u64>,
    /// Newer than this line.
    pub after: Option<u64>,
}

impl Wish {
    pub fn words_of(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_lowercase).collect()
    }

    pub fn wants(&self, line: &Line) -> bool {
        let is_in_time = self.from.is_none_or(|from| line.at >= from)
            && self.to.is_none_or(|to| line.at <= to)
            && self.before.is_none_or(|before| line.number < before)
            && self.after.is_none_or(|after| line.number > after);
        let is_of_request =
            self.request_id.as_deref().is_none_or(|id| line.request_id.as_deref() == Some(id));
        is_in_time
            && is_of_request
            && self.level.is_none_or(|level| line.level <= level)
            && self.kind.is_none_or(|kind| line.kind == kind)
            && self.has_words(line)
    }

    fn has_words(&self, line: &Line) -> bool {
        if self.words.is_empty() {
            return true;
        }
        let (message, fields) = (line.message.to_lowercase(), line.fields.to_lowercase());
        self.words.iter().all(|word| message.contains(word) || fields.contains(word))
    }
}

/// A text without what opens something, cut to its bound.
pub fn masked(text: &str) -> String {
    let mut clean = String::with_capacity(text.len().min(LINE_BYTES_MAX));
    let mut rest = text;
    while let Some((at, opener)) = first_opener(rest) {
        let (before, behind) = rest.split_at(at + opener.len());
        clean.push_str(before);
        clean.push_str(LEFT_OUT);
        let is_end = |one: char| one.is_whitespace() || matches!(one, '"' | '\\' | '\'' | ')');
        rest = behind.find(is_end).map_or("", |end| &behind[end..]);
    }
    clean.push_str(rest);
    let end = (0..=LINE_BYTES_MAX.min(clean.len())).rev().find(|end| clean.is_char_boundary(*end));
    clean.truncate(end.unwrap_or(0));
    clean
}

fn first_opener(text: &str) -> Option<(usize, &'static str)> {
    let found = OPENERS.into_iter().filter_map(|opener| Some((text.find(opener)?, opener)));
    found.min_by_key(|(at, _)| *at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(number: u64, level: Level, message: &str) -> Line {
        Line {
            number,
            at: Moment(1_000).plus(std::time::Duration::from_secs(number)),
            level,
            kind: Kind::Box,
            request_id: (number == 2).then(|| "0193-abc".into()),
            message: message.into(),
            fields: r#"{"db.ms":120}"#.into(),
        }
    }

    #[test]
    fn a_wish_leaves_out_what_it_does_not_ask_for() {
        let lines = [line(1, Level::Info, "Ready"), line(2, Level::Warn, "Slow Statement")];
        let wanted = |wish: Wish| -> Vec<u64> {
            lines.iter().filter(|line| wish.wants(line)).map(|line| line.number).collect()
        };
        let any = Wish::default;

        assert_eq!(wanted(any()), [1, 2]);
        assert_eq!(wanted(Wish { words: Wish::words_of("slow 120"), ..any() }), [2]);
        assert_eq!(wanted(Wish { words: Wish::words_of("slow ready"), ..any() }), [0; 0]);
        assert_eq!(wanted(Wish { level: Some(Level::Warn), ..any() }), [2]);
        assert_eq!(wanted(Wish { kind: Some(Kind::Request), ..any() }), [0; 0]);
        assert_eq!(wanted(Wish { request_id: Some("0193-abc".to_owned()), ..any() }), [2]);
        assert_eq!(wanted(Wish { from: Some(Moment(3_000)), ..any() }), [2]);
        assert_eq!(wanted(Wish { to: Some(Moment(2_999)), ..any() }), [1]);
        assert_eq!(wanted(Wish { before: Some(2), ..any() }), [1]);
        assert_eq!(wanted(Wish { after: Some(1), ..any() }), [2]);
    }

    #[test]
    fn what_opens_something_is_left_out() {
        for (raw, kept) in [
            ("Open https://box/setup#token=abc123 once", "Open https://box/setup#token=… once"),
            (r#"{"a":"Bearer xyz","b":1}"#, r#"{"a":"Bearer …","b":1}"#),
            ("hfp_aaa and hfp_bbb", "hfp_… and hfp_…"),
            ("nothing of it", "nothing of it"),
        ] {
            assert_eq!(masked(raw), kept);
        }
    }

    proptest! {
        #[test]
        fn a_kept_text_is_bounded_and_holds_no_opened_word(text in "\\PC{0,200}") {
            let long = format!("{text} token=secret-of-a-box {}", text.repeat(100));
            let kept = masked(&long);
            prop_assert!(kept.len() <= LINE_BYTES_MAX);
            prop_assert!(!kept.contains("secret-of-a-box"));
        }
    }
}
