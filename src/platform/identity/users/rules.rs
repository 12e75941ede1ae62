//! What a person is.

use unicode_normalization::UnicodeNormalization;

use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, Result, code};
use crate::platform::id::Id;
use crate::platform::workspaces::rules::{clean_name, is_locale};

/// Characters in an e-mail address (RFC 5321 allows 254 bytes).
pub const EMAIL_LENGTH_MAX: usize = 254;

pub const CODES: &[Code] = &[
    code("email-bad", "This is no e-mail address.", "Write it like ana@example.com."),
    code(
        "email-taken",
        "Somebody on this box has this e-mail address already.",
        "Use another address, or let them sign in.",
    ),
    code("language-bad", "The language could not be read.", "Use one like en or de."),
    code(
        "last-operator",
        "The box has at least one operator who can sign in, and this is the last one.",
        "Make somebody else an operator first.",
    ),
    code("theme-unknown", "There is no such theme.", "Use system, light or dark."),
];

/// What is told of somebody who was erased.
pub const ERASED_NAME: &str = "Erased person";

/// A person who can sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub name: String,
    pub email: String,
    /// BCP 47, e.g. `en`.
    pub language: String,
    /// `system`, `light` or `dark`.
    pub theme: String,
    pub is_operator: bool,
    pub disabled_at: Option<Moment>,
    pub version: i64,
    pub created_at: Moment,
}
pub type UserId = Id<User>;

/// A person and what is kept of the password, for signing in.
#[derive(Debug, Clone)]
pub struct Kept {
    pub user: User,
    /// PHC string.
    pub password_hash: String,
}

/// What a person changes of themselves; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub name: Option<String>,
    pub language: Option<String>,
    pub theme: Option<String>,
}

/// What the screens can look like.
pub const THEMES: &[&str] = &["system", "light", "dark"];

impl Change {
    /// Gives the person as they are after the change.
    pub fn apply(self, user: &User) -> Result<User> {
        let mut changed = user.clone();
        if let Some(name) = self.name {
            changed.name = clean_name("name", &name)?;
        }
        if let Some(language) = self.language {
            if !is_locale(&language) {
                let detail = "A language looks like en or de.";
                return Err(Error::invalid("language", "language-bad", detail));
            }
            changed.language = language;
        }
        if let Some(theme) = self.theme {
            if !THEMES.contains(&theme.as_str()) {
                let detail = "A theme is system, light or dark.";
                return Err(Error::invalid("theme", "theme-unknown", detail));
            }
            changed.theme = theme;
        }
        changed.version += 1;
        Ok(changed)
    }
}

/// What an operator changes of a person; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct Edit {
    pub name: Option<String>,
    pub is_operator: Option<bool>,
    pub is_disabled: Option<bool>,
}

impl Edit {
    /// Gives the person as they are after the change; the same when nothing changes.
    pub fn apply(self, user: &User, now: Moment) -> Result<User> {
        let mut changed = user.clone();
        if let Some(name) = self.name {
            changed.name = clean_name("name", &name)?;
        }
        if let Some(is_operator) = self.is_operator {
            changed.is_operator = is_operator;
        }
        changed.disabled_at = match self.is_disabled {
            None => user.disabled_at,
            Some(true) => user.disabled_at.or(Some(now)),
            Some(false) => None,
        };
        if changed != *user {
            changed.version += 1;
        }
        Ok(changed)
    }
}

/// Keeps the last operator. `others` counts the other operators who can sign in.
pub fn keep_operator(before: &User, after: &User, others: i64) -> Result<()> {
    let runs_the_box = |user: &User| user.is_operator && user.disabled_at.is_none();
    if !runs_the_box(before) || runs_the_box(after) || others > 0 {
        return Ok(());
    }
    let detail = "This is the box's last operator. Make somebody else an operator first.";
    Err(Error::conflict("last-operator", detail))
}

/// What a search for people looks for; none when there is nothing to look for.
pub fn needle(text: &str) -> Option<String> {
    let text: String = text.chars().take(EMAIL_LENGTH_MAX).collect();
    Some(email_key(&text)).filter(|needle| !needle.is_empty())
}

/// Whether name or address hold what is looked for, whatever the case.
pub fn is_meant(user: &User, needle: &str) -> bool {
    email_key(&user.name).contains(needle) || email_key(&user.email).contains(needle)
}

/// A person to be added. Name and e-mail are as they were typed.
#[derive(Debug, Clone)]
pub struct NewUser {
    pub name: String,
    pub email: String,
    /// PHC string.
    pub password_hash: String,
    pub is_operator: bool,
}

/// Trims an address and refuses what cannot be one. `field` is its path in the request.
pub fn clean_email(field: &str, text: &str) -> Result<String> {
    let email: String = text.trim().nfc().collect();
    let looks_right = email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && !domain.is_empty()
            && !domain.contains('@')
            && !domain.starts_with('.')
            && !domain.ends_with('.')
    });
    let has_blanks = email.chars().any(|one| one.is_whitespace() || one.is_control());
    if !looks_right || has_blanks || email.len() > EMAIL_LENGTH_MAX {
        return Err(Error::invalid(field, "email-bad", "This is no e-mail address."));
    }
    Ok(email)
}

/// What makes two addresses the same: compatibility form, lower case.
pub fn email_key(email: &str) -> String {
    email.trim().nfkc().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_trimmed_and_nonsense_is_refused() {
        assert_eq!(clean_email("email", " Ana@Example.com ").unwrap(), "Ana@Example.com");
        for bad in ["", "ana", "@example.com", "ana@", "a@b@c", "a b@c.d", "a@.b", "a@b.", "a\0@b"]
        {
            assert!(clean_email("email", bad).is_err(), "{bad:?}");
        }
    }

    fn operator() -> User {
        User {
            id: Id::from_bytes([1; 16]),
            name: "Žofie Nováková".to_owned(),
            email: "Zofie@Example.com".to_owned(),
            language: "en".to_owned(),
            theme: "system".to_owned(),
            is_operator: true,
            disabled_at: None,
            version: 1,
            created_at: Moment(0),
        }
    }

    #[test]
    fn the_last_operator_who_can_sign_in_stays_one() {
        let before = operator();
        let demoted = User { is_operator: false, ..operator() };
        let disabled = User { disabled_at: Some(Moment(1)), ..operator() };

        assert!(keep_operator(&before, &demoted, 0).is_err());
        assert!(keep_operator(&before, &disabled, 0).is_err());
        assert!(keep_operator(&before, &demoted, 1).is_ok());
        assert!(keep_operator(&disabled, &demoted, 0).is_ok(), "was none any more");
        assert!(keep_operator(&before, &before, 0).is_ok());
    }

    #[test]
    fn an_edit_that_changes_nothing_makes_no_version() {
        let edit = Edit { is_operator: Some(true), is_disabled: Some(false), name: None };
        assert_eq!(edit.apply(&operator(), Moment(9)).unwrap(), operator());

        let edit = Edit { is_disabled: Some(true), ..Edit::default() };
        let disabled = edit.clone().apply(&operator(), Moment(9)).unwrap();
        assert_eq!((disabled.disabled_at, disabled.version), (Some(Moment(9)), 2));
        assert_eq!(edit.apply(&disabled, Moment(10)).unwrap(), disabled, "the first time counts");
    }

    #[test]
    fn people_are_found_by_any_case_of_name_and_address() {
        for text in ["žofie", "NOVÁK", "zofie@example", " example.COM "] {
            assert!(is_meant(&operator(), &needle(text).unwrap()), "{text}");
        }
        assert!(!is_meant(&operator(), &needle("mira").unwrap()));
        assert_eq!(needle("  "), None);
    }

    #[test]
    fn case_and_form_do_not_make_another_address() {
        assert_eq!(email_key("ANA@Example.com"), email_key("ana@example.COM"));
        assert_eq!(email_key("\u{ff41}na@example.com"), email_key("ana@example.com"));
    }
}
