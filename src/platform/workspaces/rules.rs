//! What a workspace is called, how it counts days and money, and how it lives.

use std::time::Duration;

use crate::platform::access::Grant;
use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, FieldError, Result, code};
use crate::platform::id::Id;

/// Characters in a name.
pub const NAME_LENGTH_MAX: usize = 100;
/// A deleted workspace can be restored for so long.
pub const DELETED_KEPT: Duration = Duration::from_hours(30 * 24);

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
    code("week-start-bad", "A week starts on day 1 to 7.", "Send 1 for Monday, 7 for Sunday."),
    code(
        "app-unknown",
        "The box has no app of that name.",
        "Send the ids that the workspace's settings list, such as inventory.",
    ),
    code(
        "workspace-archived",
        "The workspace is archived: it can be read and not changed.",
        "Restore it first, or ask one of its owners or admins to.",
    ),
    code(
        "not-a-sample",
        "Only a sample workspace can be wiped without a grace.",
        "Delete the workspace instead; it can be restored for 30 days.",
    ),
    code(
        "currency-in-use",
        "There are movements with prices, and their amounts would mean something else in another \
         currency.",
        "Make a workspace with the other currency for what is to come.",
    ),
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
    pub apps: Apps,
    /// Made to be played with; wiped without grace.
    pub is_sample: bool,
    pub archived_at: Option<Moment>,
    pub deleted_at: Option<Moment>,
    pub version: i64,
    pub created_at: Moment,
    pub updated_at: Moment,
}
pub type WorkspaceId = Id<Workspace>;

impl Workspace {
    pub fn state(&self) -> State {
        State::of(self.archived_at.is_some(), self.deleted_at.is_some())
    }

    pub fn standing(&self) -> Standing {
        Standing { state: self.state(), apps: self.apps.clone(), version: self.version }
    }

    /// When a deleted workspace is gone for good.
    pub fn purge_at(&self) -> Option<Moment> {
        self.deleted_at.map(|deleted_at| deleted_at.plus(DELETED_KEPT))
    }
}

/// What can be done in a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    #[default]
    Active,
    /// Read only.
    Archived,
    /// Nobody gets in; it can be restored until it is purged.
    Deleted,
}

impl State {
    /// A workspace that is archived and then deleted counts as deleted.
    pub fn of(is_archived: bool, is_deleted: bool) -> Self {
        match (is_archived, is_deleted) {
            (_, true) => Self::Deleted,
            (true, false) => Self::Archived,
            (false, false) => Self::Active,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Archived => "archived",
            Self::Deleted => "deleted",
        }
    }
}

/// Only samples are wiped: what people work with is deleted, with a grace.
pub fn check_sample(workspace: &Workspace) -> Result<()> {
    if workspace.is_sample {
        return Ok(());
    }
    let detail =
        "This is not a sample workspace. Delete it instead; it can be restored for 30 days.";
    Err(Error::conflict("not-a-sample", detail))
}

/// Which workspaces a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum States {
    /// Active and archived ones.
    Usable,
    Only(State),
    All,
}

impl States {
    pub fn has(self, state: State) -> bool {
        match self {
            Self::Usable => state != State::Deleted,
            Self::Only(only) => state == only,
            Self::All => true,
        }
    }
}

/// The apps a workspace works with. Where nobody chose, all that the box has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Apps(Option<Vec<String>>);

impl Apps {
    /// Checks a choice against the apps the box has, and puts it in their order.
    pub fn choose(wished: &[String], known: &[&str], field: &str) -> Result<Self, Vec<FieldError>> {
        let wrong = wished.iter().enumerate().filter(|(_, one)| !known.contains(&one.as_str()));
        let wrong: Vec<_> = wrong
            .map(|(number, _)| {
                let detail = format!("The apps of this box are: {}.", known.join(", "));
                FieldError::new(format!("{field}[{number}]"), "app-unknown", detail)
            })
            .take(WRONG_APPS_SHOWN_MAX)
            .collect();
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let chosen = known.iter().filter(|app| wished.iter().any(|one| one == *app));
        Ok(Self(Some(chosen.map(|app| (*app).to_owned()).collect())))
    }

    /// Reads what the database keeps: ids with blanks between them, or nothing.
    pub fn read(text: Option<&str>) -> Self {
        Self(text.map(|text| text.split_ascii_whitespace().map(str::to_owned).collect()))
    }

    /// Writes what `read` reads.
    pub fn text(&self) -> Option<String> {
        self.0.as_ref().map(|chosen| chosen.join(" "))
    }

    pub fn has(&self, app: &str) -> bool {
        self.0.as_ref().is_none_or(|chosen| chosen.iter().any(|one| one == app))
    }

    /// Those of the box's apps that are switched on.
    pub fn of_known(&self, known: &[&str]) -> Vec<String> {
        known.iter().filter(|app| self.has(app)).map(|app| (*app).to_owned()).collect()
    }
}

/// More wrong names of apps are not told one by one.
const WRONG_APPS_SHOWN_MAX: usize = 20;

/// How a workspace stands, as far as who wants in must know.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    pub state: State,
    pub apps: Apps,
    /// Of the workspace's settings.
    pub version: i64,
}

impl Standing {
    /// Refuses a change where only reading is possible.
    pub fn check_change(&self) -> Result<()> {
        if self.state == State::Active {
            return Ok(());
        }
        let detail = "This workspace is archived and can only be read. Restore it to change \
                      something.";
        Err(Error::conflict("workspace-archived", detail))
    }

    /// What a grant lets somebody do here: nothing in the apps switched off.
    pub fn narrow(&self, grant: Grant, known: &[&str]) -> Grant {
        known.iter().filter(|app| !self.apps.has(app)).fold(grant, |left, app| left.without(app))
    }

    /// Whether the workspace works with the app that a route belongs to. `segment` is the first
    /// part of its path in the workspace.
    pub fn serves(&self, segment: &str, known: &[&str]) -> bool {
        !known.contains(&segment) || self.apps.has(segment)
    }
}

/// What a new workspace is made of; what is left out gets a default.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    pub name: String,
    pub time_zone: Option<String>,
    pub currency: Option<String>,
    pub locale: Option<String>,
    pub week_start: Option<i64>,
    pub apps: Option<Vec<String>>,
    pub is_sample: bool,
}

/// What to change; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub name: Option<String>,
    pub time_zone: Option<String>,
    pub currency: Option<String>,
    pub locale: Option<String>,
    pub week_start: Option<i64>,
    pub apps: Option<Vec<String>>,
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
    /// Makes a workspace of it. `field` is what the sender's fields stand in, such as
    /// `workspace.`; `known` are the apps the box has.
    pub fn check(
        self,
        id: WorkspaceId,
        field: &str,
        known: &[&str],
        now: Moment,
    ) -> Result<Workspace> {
        let plain = Workspace {
            id,
            name: String::new(),
            time_zone: "UTC".to_owned(),
            currency: "EUR".to_owned(),
            locale: "en-GB".to_owned(),
            week_start: 1,
            apps: Apps::default(),
            is_sample: self.is_sample,
            archived_at: None,
            deleted_at: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let change = Change {
            name: Some(self.name),
            time_zone: self.time_zone,
            currency: self.currency,
            locale: self.locale,
            week_start: self.week_start,
            apps: self.apps,
        };
        change.check(&plain, field, known)
    }
}

impl Change {
    /// What the workspace is after the change, or every wrong field.
    pub fn check(self, before: &Workspace, field: &str, known: &[&str]) -> Result<Workspace> {
        let mut after = before.clone();
        let mut wrong = Vec::new();
        if let Some(name) = self.name {
            match clean_name(&format!("{field}name"), &name) {
                Ok(name) => after.name = name,
                Err(Error::Invalid(fields)) => wrong.extend(fields),
                Err(other) => return Err(other),
            }
        }
        if let Some(apps) = self.apps {
            match Apps::choose(&apps, known, &format!("{field}apps")) {
                Ok(apps) => after.apps = apps,
                Err(fields) => wrong.extend(fields),
            }
        }
        after.time_zone = self.time_zone.unwrap_or(after.time_zone);
        after.currency = self.currency.unwrap_or(after.currency);
        after.locale = self.locale.unwrap_or(after.locale);
        after.week_start = self.week_start.unwrap_or(after.week_start);
        wrong.extend(wrong_settings(&after, field));
        if wrong.is_empty() { Ok(after) } else { Err(Error::Invalid(wrong)) }
    }
}

fn wrong_settings(workspace: &Workspace, field: &str) -> Vec<FieldError> {
    let Workspace { time_zone, currency, locale, .. } = workspace;
    let mut wrong = Vec::new();
    if time_zone.len() > TIME_ZONE_LENGTH_MAX || jiff::tz::TimeZone::get(time_zone).is_err() {
        let shown: String = time_zone.chars().take(TIME_ZONE_LENGTH_MAX).collect();
        let detail = format!("There is no time zone called {shown}.");
        wrong.push(FieldError::new(format!("{field}time_zone"), "time-zone-unknown", detail));
    }
    if currency.len() != 3 || !currency.bytes().all(|one| one.is_ascii_uppercase()) {
        let detail = "A currency is three capital letters, like EUR.";
        wrong.push(FieldError::new(format!("{field}currency"), "currency-bad", detail));
    }
    if !is_locale(locale) {
        let detail = "A locale looks like en-GB.";
        wrong.push(FieldError::new(format!("{field}locale"), "locale-bad", detail));
    }
    if !(1..=7).contains(&workspace.week_start) {
        let detail = "1 is Monday, 7 is Sunday.";
        wrong.push(FieldError::new(format!("{field}week_start"), "week-start-bad", detail));
    }
    wrong
}

/// No time zone has a longer name.
const TIME_ZONE_LENGTH_MAX: usize = 60;

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

    const KNOWN: &[&str] = &["inventory", "flows"];

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
            week_start: Some(8),
            apps: Some(vec!["inventory".to_owned(), "games".to_owned()]),
            ..draft(" ")
        };

        let Err(Error::Invalid(fields)) =
            wrong.check(Id::from_bytes([1; 16]), "", KNOWN, Moment(0))
        else {
            panic!("wrong settings were accepted")
        };

        let names: Vec<_> = fields.iter().map(|one| one.field.as_str()).collect();
        assert_eq!(names, ["name", "apps[1]", "time_zone", "currency", "locale", "week_start"]);
    }

    #[test]
    fn a_change_keeps_what_it_does_not_name() {
        let id = Id::from_bytes([1; 16]);
        let before = draft("Kitchen").check(id, "", KNOWN, Moment(7)).unwrap();
        let change = Change { week_start: Some(7), ..Change::default() };

        let after = change.check(&before, "", KNOWN).unwrap();

        assert_eq!(after, Workspace { week_start: 7, ..before });
    }

    #[test]
    fn who_chose_no_apps_has_all_and_a_choice_is_kept_in_order() {
        let nobody_chose = Apps::read(Apps::default().text().as_deref());
        assert_eq!(nobody_chose.of_known(KNOWN), ["inventory", "flows"]);

        let wished = ["flows", "inventory", "flows"].map(str::to_owned);
        let both = Apps::choose(&wished, KNOWN, "apps").unwrap();
        assert_eq!(both.text().as_deref(), Some("inventory flows"));

        let none = Apps::read(Apps::choose(&[], KNOWN, "apps").unwrap().text().as_deref());
        assert!(none.of_known(KNOWN).is_empty() && !none.has("inventory"));
    }

    #[test]
    fn what_was_archived_and_deleted_is_deleted() {
        assert_eq!(State::of(true, true), State::Deleted);
        assert_eq!(State::of(true, false), State::Archived);
        assert_eq!(State::of(false, false), State::Active);
    }
}
