//! What is kept of a failure, and what makes two the same. Nothing that looks like a value is
//! kept: no names, addresses, numbers or bodies.

use sha2::{Digest, Sha256};

use crate::platform::clock::Moment;
use crate::platform::id::Id;

/// Different failures kept at most; the ones that were not seen for longest go first.
pub const GROUPS_MAX: usize = 500;
pub const MESSAGE_CHARS_MAX: usize = 500;
pub const ROUTE_CHARS_MAX: usize = 300;
pub const SAMPLE_BYTES_MAX: usize = 8 * 1024;
pub const REQUEST_ID_CHARS_MAX: usize = 64;
/// Reports a browser sends in a minute.
pub const BROWSER_REPORTS_PER_MIN: u64 = 10;
/// Longer words without a vowel of language in them are values: tokens, hashes, numbers.
const WORD_CHARS_MAX: usize = 40;

/// A kind of failure that was seen at least once.
pub enum ErrorGroup {}
pub type ErrorGroupId = Id<ErrorGroup>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The box answered a request with a fault.
    Server,
    Panic,
    Browser,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Server, Self::Panic, Self::Browser];

    pub fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Panic => "panic",
            Self::Browser => "browser",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One failure, within its bounds and without values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub kind: Kind,
    pub message: String,
    pub route: Option<String>,
    pub request_id: Option<String>,
    pub sample: Option<String>,
    pub at: Moment,
}

impl Report {
    /// Takes texts as they came.
    pub fn new(kind: Kind, message: &str, at: Moment) -> Self {
        let message = cut(&scrubbed(message.lines().next().unwrap_or_default()), MESSAGE_CHARS_MAX);
        let message = if message.is_empty() { "No message".to_owned() } else { message };
        Self { kind, message, route: None, request_id: None, sample: None, at }
    }

    /// Says where: a template of the API, or a path of the web UI without its ids.
    #[must_use]
    pub fn route(mut self, route: &str) -> Self {
        let path = route.split(['?', '#']).next().unwrap_or_default();
        let steps: Vec<&str> =
            path.split('/').map(|step| if is_value(step) { "{id}" } else { step }).collect();
        self.route = Some(cut(&steps.join("/"), ROUTE_CHARS_MAX)).filter(|route| !route.is_empty());
        self
    }

    #[must_use]
    pub fn request(mut self, id: &str) -> Self {
        let is_plain = |one: char| one.is_ascii_alphanumeric() || one == '-';
        let is_good =
            !id.is_empty() && id.len() <= REQUEST_ID_CHARS_MAX && id.chars().all(is_plain);
        self.request_id = is_good.then(|| id.to_owned());
        self
    }

    /// Adds a backtrace, a stack or a cause.
    #[must_use]
    pub fn sample(mut self, text: &str) -> Self {
        let text = cut_bytes(&scrubbed(text), SAMPLE_BYTES_MAX);
        self.sample = Some(text).filter(|text| !text.is_empty());
        self
    }

    /// What makes two reports the same failure: its kind, where it was, and what it says when
    /// numbers do not count.
    pub fn fingerprint(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        let without_numbers: String =
            self.message.chars().filter(|one| !one.is_ascii_digit()).collect();
        for part in [self.kind.name(), self.route.as_deref().unwrap_or(""), &without_numbers] {
            hasher.update(part.as_bytes());
            hasher.update([0]);
        }
        hasher.finalize().into()
    }
}

/// Reports of the same failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    pub newest: Report,
    pub first_at: Moment,
    pub count: i64,
}

/// Joins the same failures, in the order they were seen first.
pub fn joined(reports: Vec<Report>) -> Vec<Joined> {
    let mut all: Vec<Joined> = Vec::new();
    for report in reports {
        match all.iter_mut().find(|one| one.newest.fingerprint() == report.fingerprint()) {
            Some(one) => {
                one.count += 1;
                one.newest = report;
            }
            None => all.push(Joined { first_at: report.at, newest: report, count: 1 }),
        }
    }
    all
}

/// A text without what stands in quotes and without words that look like values: those may be
/// about people, or secrets. Cut after some 8 KiB.
pub fn scrubbed(text: &str) -> String {
    let mut clean = String::with_capacity(text.len().min(SAMPLE_BYTES_MAX));
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        // An apostrophe behind a letter is none that opens.
        let is_behind_letter = clean.chars().next_back().is_some_and(char::is_alphanumeric);
        let is_quote = matches!(first, '"' | '`' | '“' | '‘') || first == '\'' && !is_behind_letter;
        if let Some(end) = is_quote.then(|| end_of_quote(rest, first)).flatten() {
            clean.push('…');
            rest = &rest[end..];
        } else if is_of_a_word(first) {
            let end = rest.find(|one: char| !is_of_a_word(one)).unwrap_or(rest.len());
            clean.push_str(if is_value(&rest[..end]) { "…" } else { &rest[..end] });
            rest = &rest[end..];
        } else {
            let is_shown = first == '\n' || first == '\t' || !first.is_control();
            clean.push(if is_shown { first } else { ' ' });
            rest = &rest[first.len_utf8()..];
        }
        if clean.len() > SAMPLE_BYTES_MAX {
            break;
        }
    }
    clean.trim().to_owned()
}

/// Where a quoted text ends, if it does on the same line.
fn end_of_quote(text: &str, opening: char) -> Option<usize> {
    let closing = match opening {
        '“' => '”',
        '‘' => '’',
        other => other,
    };
    let inside = text[opening.len_utf8()..].lines().next().unwrap_or_default();
    let length = inside.find(closing)?;
    Some(opening.len_utf8() + length + closing.len_utf8())
}

fn is_of_a_word(one: char) -> bool {
    one.is_alphanumeric() || matches!(one, '-' | '_' | '@' | '+' | '.' | '%' | '=')
}

/// Mail addresses, ids, long numbers, tokens.
fn is_value(word: &str) -> bool {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let is_hex = |one: char| one.is_ascii_hexdigit() || one == '-';
    word.contains('@')
        || word.chars().count() > WORD_CHARS_MAX && !word.contains('_') && !word.contains('.')
        || digits >= 6
        || word.len() >= 16 && digits > 0 && word.chars().all(is_hex)
}

fn cut(text: &str, chars_max: usize) -> String {
    text.chars().take(chars_max).collect()
}

fn cut_bytes(text: &str, bytes_max: usize) -> String {
    let end = (0..=bytes_max.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text[..end.unwrap_or(0)].to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn report(message: &str) -> Report {
        Report::new(Kind::Browser, message, Moment(1))
    }

    #[test]
    fn what_looks_like_a_value_is_left_out() {
        for (raw, kept) in [
            ("no user \"Mira Novak\" here", "no user … here"),
            ("mail mira@example.com failed", "mail … failed"),
            ("token hfp_0123456789 is bad", "token … is bad"),
            ("id 0193a5c4-1111-7abc-8def-0123456789ab gone", "id … gone"),
            ("can't read 'stack' of it", "can't read … of it"),
            ("at src/http/front.rs:71:9", "at src/http/front.rs:71:9"),
            ("x is not a function", "x is not a function"),
        ] {
            assert_eq!(report(raw).message, kept);
        }
    }

    #[test]
    fn routes_carry_no_ids_and_no_query() {
        let route = |path: &str| report("x").route(path).route.unwrap_or_default();
        let id = "0193a5c4-1111-7abc-8def-0123456789ab";
        assert_eq!(route(&format!("/w/{id}/items?q=secret#top")), "/w/{id}/items");
        assert_eq!(route("GET /api/v1/users/{id}"), "GET /api/v1/users/{id}");
        assert_eq!(route("?"), "");
    }

    #[test]
    fn the_same_failure_is_the_same_whatever_its_numbers() {
        let first = report("Row 12 of 40 broke").route("/items");
        assert_eq!(first.fingerprint(), report("Row 3 of 9 broke").route("/items").fingerprint());
        assert_ne!(first.fingerprint(), report("Row 12 of 40 broke").route("/").fingerprint());
        let other = Report { kind: Kind::Panic, ..first.clone() };
        assert_ne!(first.fingerprint(), other.fingerprint());
    }

    #[test]
    fn reports_of_one_failure_are_joined_and_the_newest_stands_for_them() {
        let newer = Report { at: Moment(2), ..report("A 2") };

        let all = joined(vec![report("A 1"), report("B"), newer.clone()]);

        assert_eq!(all.len(), 2);
        assert_eq!((all[0].count, all[0].first_at), (2, Moment(1)));
        assert_eq!(all[0].newest, newer);
    }

    #[test]
    fn a_request_id_is_kept_only_when_it_can_be_one() {
        assert_eq!(report("x").request("0193-abc").request_id.as_deref(), Some("0193-abc"));
        for bad in ["", "a b", "ä", &"x".repeat(65)] {
            assert_eq!(report("x").request(bad).request_id, None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn everything_is_bounded(text in "\\PC{0,3000}", path in "\\PC{0,600}") {
            let report = report(&text).route(&path).sample(&text.repeat(9));
            prop_assert!((1..=MESSAGE_CHARS_MAX).contains(&report.message.chars().count()));
            prop_assert!(report.route.is_none_or(|one| one.chars().count() <= ROUTE_CHARS_MAX));
            prop_assert!(report.sample.is_none_or(|one| one.len() <= SAMPLE_BYTES_MAX));
        }
    }
}
