//! What a workspace is called and how it counts days and money.

use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, FieldError, Result, code};
use crate::platform::id::Id;

/// Characters in a name.
pub const NAME_LENGTH_MAX: usize = 100;

pub const CODES: &[Code] = &[
    code(
        "name-empty",
        "A name is missing or consists of blanks.",
        "Give it a name with at least one visible character.",
    ),
    code("name-too-long", "A name is longer than 100 characters.", "Shorten it."),
    code(
        "name-characters",
        "A name contains control characters, or marks that turn the direction of what follows.",
        "Type it anew, or paste it as plain text.",
    ),
    code("time-zone-unknown", "There is no such time zone.", "Use one like Europe/Berlin."),
    code("currency-bad", "A currency is three capital letters.", "Use one like EUR or USD."),
    code("locale-bad", "The locale could not be read.", "Use one like en-GB or de-DE."),
];

/// A client or a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    pub id: WorkspaceId,
    pub name: String,
    /// IANA name.
    pub time_zone: String,
    /// ISO 4217.
    pub currency: String,
    /// BCP 47.
    pub locale: String,
    /// 1 is Monday.
    pub week_start: i64,
    pub version: i64,
    pub created_at: Moment,
}
pub type WorkspaceId = Id<Workspace>;

/// What a new workspace is made of; what is left out gets a default.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    pub name: String,
    pub time_zone: Option<String>,
    pub currency: Option<String>,
    pub locale: Option<String>,
}

/// Trims a name, folds runs of blanks and refuses what cannot be shown.
pub fn clean_name(field: &str, text: &str) -> Result<String> {
    use unicode_normalization::UnicodeNormalization;
    let misleads = |one: char| one.is_control() && !one.is_whitespace() || turns_direction(one);
    if text.chars().any(misleads) {
        let detail = "The name contains invisible control characters. Remove them.";
        return Err(Error::invalid(field, "name-characters", detail));
    }
    let normal: String = text.nfc().collect();
    let folded = normal.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_visible = folded.chars().any(|one| !is_invisible(one));
    if !is_visible {
        return Err(Error::invalid(field, "name-empty", "Give a name."));
    }
    if folded.chars().count() > NAME_LENGTH_MAX {
        let detail = format!("A name has at most {NAME_LENGTH_MAX} characters.");
        return Err(Error::invalid(field, "name-too-long", detail));
    }
    Ok(folded)
}

/// Marks that let a text read otherwise than it is written.
fn turns_direction(one: char) -> bool {
    matches!(one, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Characters that take no room: a name of only these looks empty.
fn is_invisible(one: char) -> bool {
    let zero_width = ['\u{200b}'..='\u{200f}', '\u{2028}'..='\u{202e}', '\u{2060}'..='\u{2064}'];
    one.is_whitespace()
        || matches!(one, '\u{feff}' | '\u{ad}')
        || zero_width.iter().any(|range| range.contains(&one))
}

impl Draft {
    /// Makes a workspace of it.
    pub fn check(self, id: WorkspaceId, field: &str, now: Moment) -> Result<Workspace> {
        let name = clean_name(&format!("{field}name"), &self.name)?;
        let time_zone = self.time_zone.unwrap_or_else(|| "UTC".to_owned());
        let currency = self.currency.unwrap_or_else(|| "EUR".to_owned());
        let locale = self.locale.unwrap_or_else(|| "en-GB".to_owned());
        let mut wrong = Vec::new();
        if jiff::tz::TimeZone::get(&time_zone).is_err() {
            let detail = format!("There is no time zone called {time_zone}.");
            wrong.push(FieldError::new(format!("{field}time_zone"), "time-zone-unknown", detail));
        }
        if currency.len() != 3 || !currency.bytes().all(|one| one.is_ascii_uppercase()) {
            let detail = "A currency is three capital letters, like EUR.";
            wrong.push(FieldError::new(format!("{field}currency"), "currency-bad", detail));
        }
        if !is_locale(&locale) {
            let detail = "A locale looks like en-GB.";
            wrong.push(FieldError::new(format!("{field}locale"), "locale-bad", detail));
        }
        if !wrong.is_empty() {
            return Err(Error::Invalid(wrong));
        }
        let week_start = 1;
        Ok(Workspace {
            id,
            name,
            time_zone,
            currency,
            locale,
            week_start,
            version: 1,
            created_at: now,
        })
    }
}

/// Whether a text looks like a language tag (BCP 47), such as `en-GB`.
pub fn is_locale(text: &str) -> bool {
    text.len() <= 35
        && text.split('-').all(|part| {
            (2..=8).contains(&part.len()) && part.bytes().all(|one| one.is_ascii_alphanumeric())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(name: &str) -> Draft {
        Draft { name: name.to_owned(), ..Draft::default() }
    }

    #[test]
    fn a_name_is_trimmed_and_blanks_are_folded() {
        assert_eq!(clean_name("name", "  Harbour \t Kitchen ").unwrap(), "Harbour Kitchen");
    }

    #[test]
    fn a_name_that_looks_empty_is_refused() {
        for name in ["", "   ", "\u{200b}\u{200e}", "\u{feff}"] {
            assert!(clean_name("name", name).is_err(), "{name:?}");
        }
        assert!(clean_name("name", "a\0b").is_err());
        assert!(clean_name("name", "Anna \u{202e}nimda").is_err());
        assert!(clean_name("name", &"x".repeat(101)).is_err());
    }

    #[test]
    fn a_right_to_left_name_is_kept() {
        assert_eq!(clean_name("name", "مطبخ الميناء").unwrap(), "مطبخ الميناء");
    }

    #[test]
    fn every_wrong_setting_is_named() {
        let wrong = Draft {
            time_zone: Some("Mars/Base".to_owned()),
            currency: Some("eur".to_owned()),
            locale: Some("?".to_owned()),
            ..draft("Kitchen")
        };

        let Err(Error::Invalid(fields)) = wrong.check(Id::from_bytes([1; 16]), "", Moment(0))
        else {
            panic!("wrong settings were accepted")
        };

        let names: Vec<_> = fields.iter().map(|one| one.field.as_str()).collect();
        assert_eq!(names, ["time_zone", "currency", "locale"]);
    }
}
