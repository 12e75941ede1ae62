//! What a notice is, what it says in whose language, and how people choose what reaches them.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, FieldError, Result, code};
use crate::platform::id::Id;
use crate::platform::identity::UserId;
use crate::platform::workspaces::WorkspaceId;

/// A notice is kept for so long, read or not,
pub const KEPT: Duration = Duration::from_hours(90 * 24);
/// and a person has no more of them than this.
pub const NOTICES_MAX: usize = 1_000;
/// Characters of one value in a sentence.
const PARAM_LENGTH_MAX: usize = 200;
/// Values in the sentences of one notice.
const PARAMS_MAX: usize = 8;
/// The language of people whose own is not spoken here.
const LANGUAGE_DEFAULT: &str = "en";
const MINUTES_PER_HOUR: u16 = 60;
const HOURS_PER_DAY: u16 = 24;

pub const CODES: &[Code] = &[
    code("notice-kind", "There is no such kind of notice.", "Use a kind that the settings list."),
    code("digest-time", "This is no time of day.", "Write it like 07:30."),
];

/// A kind of notice: plain data of the platform or of an app.
#[derive(Debug, Clone, Copy)]
pub struct NoticeSpec {
    /// `area.what`.
    pub kind: &'static str,
    /// Whether somebody may have to act before the next digest: then it is mailed by itself.
    pub is_urgent: bool,
    /// Whether it is mailed to people who did not choose.
    pub is_mailed: bool,
    /// English first.
    pub texts: &'static [NoticeText],
}

/// What a kind says in one language. `{name}` is a gap for the value of that name.
#[derive(Debug, Clone, Copy)]
pub struct NoticeText {
    pub language: &'static str,
    /// What the kind is called where people choose.
    pub label: &'static str,
    pub title: &'static str,
    pub detail: &'static str,
}

impl NoticeSpec {
    /// The texts for a language such as `de-AT`.
    pub fn text(&self, language: &str) -> &'static NoticeText {
        let spoken = language.split(['-', '_']).next().unwrap_or_default();
        let of = |wanted: &str| self.texts.iter().find(|text| text.language == wanted);
        of(spoken).or_else(|| of(LANGUAGE_DEFAULT)).unwrap_or(&UNKNOWN)
    }
}

/// For a kind that this release does not know.
const UNKNOWN: NoticeText =
    NoticeText { language: LANGUAGE_DEFAULT, label: "", title: "", detail: "" };

pub type Params = BTreeMap<String, String>;

/// Among the values of a notice: the permission in its workspace without which it is not shown. No
/// sentence has a gap of this name.
pub(super) const NEEDS: &str = "needs";

/// Something to be told.
#[derive(Debug, Clone)]
pub struct Telling {
    pub spec: &'static NoticeSpec,
    pub workspace: Option<WorkspaceId>,
    pub params: Params,
    /// A page of the web UI.
    pub link: Option<String>,
}

impl Telling {
    pub fn new(spec: &'static NoticeSpec) -> Self {
        Self { spec, workspace: None, params: Params::new(), link: None }
    }

    #[must_use]
    pub fn about(mut self, workspace: WorkspaceId) -> Self {
        self.workspace = Some(workspace);
        self
    }

    /// Fills a gap. Values are shortened and put on one line: they may be anybody's words.
    #[must_use]
    pub fn with(mut self, gap: &'static str, value: impl AsRef<str>) -> Self {
        if self.params.len() < PARAMS_MAX {
            self.params.insert(gap.to_owned(), one_line(value.as_ref()));
        }
        self
    }

    /// Shows it only as long as somebody may do this in the workspace that it is about.
    #[must_use]
    pub fn needing(mut self, permission: &'static str) -> Self {
        self.params.insert(NEEDS.to_owned(), permission.to_owned());
        self
    }

    #[must_use]
    pub fn link(mut self, page: impl Into<String>) -> Self {
        self.link = Some(page.into());
        self
    }
}

/// One line of bounded length.
fn one_line(text: &str) -> String {
    let plain = text.chars().map(|one| if one.is_control() { ' ' } else { one });
    plain.take(PARAM_LENGTH_MAX).collect()
}

/// Puts the values into the gaps of a sentence, once: what looks like a gap in a value stays.
pub fn fill(sentence: &str, params: &Params) -> String {
    let mut filled = String::with_capacity(sentence.len());
    let mut rest = sentence;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((gap, after)) = after.split_once('}') else {
            rest = after;
            break;
        };
        filled.push_str(params.get(gap).map_or("", String::as_str));
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// What one person was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub seq: i64,
    pub id: NoticeId,
    pub user: UserId,
    pub workspace: Option<WorkspaceId>,
    pub kind: String,
    pub params: Params,
    pub link: Option<String>,
    pub created_at: Moment,
    pub read_at: Option<Moment>,
}
pub type NoticeId = Id<Notice>;

/// A notice in somebody's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worded {
    pub title: String,
    pub detail: String,
}

impl Notice {
    /// What it says in a language; its kind where this release does not know the kind.
    pub fn worded(&self, spec: Option<&NoticeSpec>, language: &str) -> Worded {
        let Some(spec) = spec else {
            return Worded { title: self.kind.clone(), detail: String::new() };
        };
        let text = spec.text(language);
        Worded { title: fill(text.title, &self.params), detail: fill(text.detail, &self.params) }
    }
}

/// How notices reach a person besides the bell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Email {
    Off,
    Each,
    Digest,
}

impl Email {
    pub const ALL: [Self; 3] = [Self::Off, Self::Each, Self::Digest];

    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Each => "each",
            Self::Digest => "digest",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// A time of day, in minutes after midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    pub fn from_minutes(minutes: u16) -> Option<Self> {
        (minutes < MINUTES_PER_HOUR * HOURS_PER_DAY).then_some(Self(minutes))
    }

    pub fn minutes(self) -> u16 {
        self.0
    }

    pub fn hour(self) -> u16 {
        self.0 / MINUTES_PER_HOUR
    }

    pub fn minute(self) -> u16 {
        self.0 % MINUTES_PER_HOUR
    }

    /// Reads `07:30`.
    pub fn read(text: &str) -> Option<Self> {
        let digits = |text: &str| {
            let is_plain = text.len() == 2 && text.bytes().all(|one| one.is_ascii_digit());
            if is_plain { text.parse::<u16>().ok() } else { None }
        };
        let (hour, minute) = text.split_once(':')?;
        let (hour, minute) = (digits(hour)?, digits(minute)?);
        let fits = hour < HOURS_PER_DAY && minute < MINUTES_PER_HOUR;
        if fits { Self::from_minutes(hour * MINUTES_PER_HOUR + minute) } else { None }
    }
}

impl std::fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}", self.hour(), self.minute())
    }
}

/// What a person chose. Kinds they said nothing about come as the kind says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub email: Email,
    pub digest_at: TimeOfDay,
    /// What came later stands in the next digest.
    pub digested_at: Moment,
    pub choices: BTreeMap<String, bool>,
}

impl Default for Settings {
    fn default() -> Self {
        const HALF_PAST_SEVEN: TimeOfDay = TimeOfDay(7 * MINUTES_PER_HOUR + 30);
        Self {
            email: Email::Each,
            digest_at: HALF_PAST_SEVEN,
            digested_at: Moment(0),
            choices: BTreeMap::new(),
        }
    }
}

impl Settings {
    /// Whether a kind leaves the box for this person. The bell has everything.
    pub fn wants(&self, spec: &NoticeSpec) -> bool {
        self.choices.get(spec.kind).copied().unwrap_or(spec.is_mailed)
    }

    /// Whether a kind is mailed by itself, and not with others once a day.
    pub fn mails_at_once(&self, spec: &NoticeSpec) -> bool {
        let is_due = match self.email {
            Email::Off => false,
            Email::Each => true,
            Email::Digest => spec.is_urgent,
        };
        is_due && self.wants(spec)
    }
}

/// What a person changes of their choice; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub email: Option<Email>,
    pub digest_at: Option<String>,
    pub kinds: BTreeMap<String, bool>,
}

impl Change {
    pub fn apply(
        self,
        before: &Settings,
        kinds: &[&'static NoticeSpec],
        now: Moment,
    ) -> Result<Settings> {
        let mut wrong = Vec::new();
        let mut after = before.clone();
        if let Some(email) = self.email {
            if email == Email::Digest && before.email != Email::Digest {
                // What came before was mailed or not wanted.
                after.digested_at = now;
            }
            after.email = email;
        }
        if let Some(text) = self.digest_at {
            match TimeOfDay::read(&text) {
                Some(time) => after.digest_at = time,
                None => wrong.push(FieldError::new(
                    "digest_at",
                    "digest-time",
                    "Write a time of day like 07:30.",
                )),
            }
        }
        for (kind, is_wanted) in self.kinds {
            if !kinds.iter().any(|spec| spec.kind == kind) {
                let field = format!("kinds.{}", one_line(&kind));
                wrong.push(FieldError::new(field, "notice-kind", "There is no such kind."));
                continue;
            }
            after.choices.insert(kind, is_wanted);
        }
        if wrong.is_empty() { Ok(after) } else { Err(Error::Invalid(wrong)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: NoticeSpec = NoticeSpec {
        kind: "test.kind",
        is_urgent: false,
        is_mailed: true,
        texts: &[
            NoticeText { language: "en", label: "A", title: "Hello {name}", detail: "" },
            NoticeText { language: "de", label: "B", title: "Hallo {name}", detail: "" },
        ],
    };

    #[test]
    fn a_value_cannot_open_a_gap_or_a_line_of_its_own() {
        let telling = Telling::new(&SPEC).with("name", "{other}\r\nBcc: x").with("other", "no");

        assert_eq!(fill("Hello {name}!", &telling.params), "Hello {other}  Bcc: x!");
        assert_eq!(fill("{nothing}{", &telling.params), "");
    }

    #[test]
    fn everybody_is_spoken_to_in_a_language_that_there_is() {
        assert_eq!(SPEC.text("de-AT").title, "Hallo {name}");
        assert_eq!(SPEC.text("cs").title, "Hello {name}");
    }

    #[test]
    fn a_time_of_day_has_two_digits_and_two() {
        for (text, minutes) in [("00:00", 0), ("07:30", 450), ("23:59", 1_439)] {
            let time = TimeOfDay::read(text).unwrap();
            assert_eq!((time.minutes(), time.to_string().as_str()), (minutes, text));
        }
        for bad in ["24:00", "7:30", "07:60", "0730", "", "+1:30", "07:30:00", "٠٧:٣٠"] {
            assert!(TimeOfDay::read(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn urgent_kinds_do_not_wait_for_the_digest() {
        let urgent = NoticeSpec { is_urgent: true, ..SPEC };
        let digest = Settings { email: Email::Digest, ..Settings::default() };

        assert!(!digest.mails_at_once(&SPEC) && digest.mails_at_once(&urgent));
        assert!(!Settings { email: Email::Off, ..digest }.mails_at_once(&urgent));
    }
}
