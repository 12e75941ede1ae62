//! Names and addresses in texts, and what an erasure is.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, Result, code};
use crate::platform::id::{Id, ObjectId};
use crate::platform::identity::UserId;
use crate::platform::identity::users::rules::email_key;
use crate::platform::jobs::JobId;

/// Shorter names are not looked for in texts: too many words are spelled like them.
const NAME_LENGTH_MIN: usize = 3;
/// Names of one person that are looked for, the newest ones; as many addresses.
const NAMES_MAX: usize = 50;
/// Digits of the person's id in the place of a name.
const MARK_DIGITS: usize = 6;
/// In the place of a name shorter than the mark: a text never grows.
const SHORT_MARK: char = '…';
/// How often a text is gone through.
const PASSES_MAX: usize = 10;

pub const CODES: &[Code] = &[
    code(
        "erase-yourself",
        "Nobody erases their own data: somebody else has to be there who knows that it was meant.",
        "Ask another operator, or use holdfast user erase on the machine.",
    ),
    code(
        "confirm-differs",
        "What was typed is not the e-mail address of the person to be erased.",
        "Type the address as it stands beside the name.",
    ),
    code(
        "mail-in-their-name",
        "The box sends its mail in the name or with the account of this person.",
        "Give the mail settings another sender and another account first.",
    ),
    code(
        "export-too-large",
        "What is held on the person does not fit into one file.",
        "Tell whoever looks after this software; nothing was lost.",
    ),
];

/// The erasure of what is held on a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    pub id: ErasureId,
    pub user: UserId,
    pub asked_by: Option<UserId>,
    pub asked_at: Moment,
    pub job: JobId,
    pub counts: Counts,
    pub closed_at: Option<Moment>,
    pub finished_at: Option<Moment>,
}
pub type ErasureId = Id<Erasure>;

/// How much an erasure took away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows deleted.
    pub rows: i64,
    /// Texts emptied, or with a name taken out.
    pub texts: i64,
    /// Entries of audit logs that keep no personal values any more.
    pub entries: i64,
}

impl Counts {
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            rows: self.rows + other.rows,
            texts: self.texts + other.texts,
            entries: self.entries + other.entries,
        }
    }
}

/// Refuses what must not be erased by whoever asks.
pub fn check_asker(asker: Option<UserId>, user: UserId) -> Result<()> {
    if asker != Some(user) {
        return Ok(());
    }
    let detail = "You cannot erase your own data. Ask another operator.";
    Err(Error::conflict("erase-yourself", detail))
}

/// Refuses a confirmation that names somebody else.
pub fn check_confirmation(typed: &str, email: &str) -> Result<()> {
    if email_key(typed) == email_key(email) {
        return Ok(());
    }
    let detail = "This is not the person's e-mail address.";
    Err(Error::invalid("confirm", "confirm-differs", detail))
}

/// Refuses to erase somebody in whose name the box sends mail.
pub fn check_sender(is_theirs: bool) -> Result<()> {
    if !is_theirs {
        return Ok(());
    }
    let detail = "The box sends its mail in this person's name. Change the mail settings first.";
    Err(Error::conflict("mail-in-their-name", detail))
}

/// What a person is called and written to, now and before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    pub names: Vec<String>,
    pub emails: Vec<String>,
}

impl Known {
    pub fn add_name(&mut self, name: &str) {
        let is_new = !self.names.iter().any(|known| known == name);
        if is_new && self.names.len() < NAMES_MAX {
            self.names.push(name.to_owned());
        }
    }

    pub fn add_email(&mut self, email: &str) {
        let is_new = !self.emails.iter().any(|known| known == email);
        if is_new && self.emails.len() < NAMES_MAX {
            self.emails.push(email.to_owned());
        }
    }
}

/// Finds a person in texts: by address anywhere, by name where they are known.
#[derive(Debug, Clone)]
pub struct Needles {
    addresses: Vec<Vec<char>>,
    names: Vec<Vec<char>>,
    mark: String,
}

impl Needles {
    pub fn new(known: &Known, user: UserId, is_known_there: bool) -> Self {
        let folded = |text: &String| folded(text.trim()).map(|one| one.character).collect();
        let long = |name: &Vec<char>| name.len() >= NAME_LENGTH_MIN;
        let names = if is_known_there { known.names.as_slice() } else { &[] };
        let id = ObjectId::to_string(&user.cast());
        let digits = &id[id.len() - MARK_DIGITS..];
        Self {
            addresses: known.emails.iter().map(folded).collect(),
            names: names.iter().map(folded).filter(long).collect(),
            mark: format!("[erased {digits}]"),
        }
    }

    pub fn is_in(&self, text: &str) -> bool {
        !text.is_empty() && !self.places(text).is_empty()
    }

    /// The text without the person; none when they are not in it. It has no more characters than
    /// before.
    pub fn taken_out(&self, text: &str) -> Option<String> {
        let mut left = self.marked(text)?;
        for _ in 1..PASSES_MAX {
            // What was part of a longer word stands beside a mark now, and may be a name.
            match self.marked(&left) {
                Some(next) if next != left => left = next,
                _ => break,
            }
        }
        Some(left)
    }

    fn marked(&self, text: &str) -> Option<String> {
        let places = self.places(text);
        let mut left = String::with_capacity(text.len());
        let mut end = 0;
        for place in &places {
            left.push_str(&text[end..place.start]);
            if text[place.clone()].chars().count() >= self.mark.chars().count() {
                left.push_str(&self.mark);
            } else {
                left.push(SHORT_MARK);
            }
            end = place.end;
        }
        left.push_str(&text[end..]);
        (!places.is_empty()).then_some(left)
    }

    /// Where the person stands in a text, in order and apart from each other.
    fn places(&self, text: &str) -> Vec<std::ops::Range<usize>> {
        let text: Vec<Folded> = folded(text).collect();
        let mut places = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let of_addresses = self.addresses.iter().map(|one| (one, is_in_address as Inside));
            let of_names = self.names.iter().map(|one| (one, is_in_word as Inside));
            let found = of_addresses.chain(of_names).find(|(needle, inside)| {
                let end = at + needle.len();
                let is_there = !needle.is_empty()
                    && end <= text.len()
                    && needle.iter().zip(&text[at..]).all(|(one, two)| *one == two.character);
                let before = at.checked_sub(1).map(|before| text[before].character);
                let after = text.get(end).map(|after| after.character);
                is_there && !before.is_some_and(inside) && !after.is_some_and(is_in_word)
            });
            let Some((needle, _)) = found else {
                at += 1;
                continue;
            };
            let place = text[at].start..text[at + needle.len() - 1].end;
            // A character that folds to several is taken out with the place it stands in: no
            // other place begins in the rest of it.
            at = text.partition_point(|one| one.start < place.end);
            places.push(place);
        }
        places
    }
}

type Inside = fn(char) -> bool;

/// Whether a character beside a name makes it part of a longer word.
fn is_in_word(character: char) -> bool {
    character.is_alphanumeric()
}

/// The same in front of an address.
fn is_in_address(character: char) -> bool {
    character.is_alphanumeric() || ['.', '_', '+', '-'].contains(&character)
}

/// A character without case, accent and form, and the bytes it stands for.
struct Folded {
    character: char,
    start: usize,
    end: usize,
}

fn folded(text: &str) -> impl Iterator<Item = Folded> {
    text.char_indices().flat_map(|(start, character)| {
        let end = start + character.len_utf8();
        let plain = character.to_lowercase().nfkd().filter(|one| !is_combining_mark(*one));
        plain.flat_map(char::to_lowercase).map(move |one| Folded {
            character: if one.is_whitespace() { ' ' } else { one },
            start,
            end,
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn needles(name: &str) -> Needles {
        let known =
            Known { names: vec![name.to_owned()], emails: vec!["Mira@Example.com".to_owned()] };
        Needles::new(&known, Id::from_bytes([0x7f; 16]), true)
    }

    #[test]
    fn a_name_is_found_in_any_case_and_form_and_only_as_whole_words() {
        let needles = needles("Mira Nováková");
        for text in [
            "Mira Nováková",
            "ask MIRA\u{a0}NOVAKOVA.",
            "mira nova\u{301}kova\u{301}, or Ana",
            "<mira@example.com>",
            "MIRA@EXAMPLE.COM.",
        ] {
            assert!(needles.is_in(text), "{text}");
        }
        for text in ["", "Mira", "Miramira Novakova", "Mira Novakovas", "elmira@example.com"] {
            assert!(!needles.is_in(text), "{text}");
        }
    }

    #[test]
    fn what_stands_around_a_name_stays_and_no_text_grows() {
        let needles = needles("Mira Nováková");

        let text = "Two boxes for Mira Nováková (mira@example.com), keep cold";
        let left = needles.taken_out(text).unwrap();
        assert_eq!(left, "Two boxes for … ([erased 7f7f7f]), keep cold");
        assert_eq!(needles.taken_out("Two boxes"), None);
        assert_eq!(needles.taken_out("Žofie"), None);

        let short = super::tests::needles("Ana");
        for text in ["Ana Ana", "ana", "a Ana\u{301} b"] {
            let left = short.taken_out(text).unwrap();
            assert!(left.chars().count() <= text.chars().count(), "{text}: {left}");
            assert!(!short.is_in(&left), "{left}");
        }
    }

    #[test]
    fn a_character_that_ends_one_name_and_begins_the_next_goes_with_the_first() {
        for (name, text, left) in [
            ("Sara", "Sar\u{2101}ara", "…ara"),
            ("Clara", "clar\u{2100}lara", "…lara"),
            ("Sam", "sa\u{33a7}am", "…am"),
            ("Sara", "Sara\u{2101}ara Sara", "…… …"),
        ] {
            assert_eq!(
                super::tests::needles(name).taken_out(text).as_deref(),
                Some(left),
                "{name}"
            );
        }
    }

    proptest! {
        #[test]
        fn nothing_of_a_name_is_left_in_any_text(
            names in prop::collection::vec("[aclmrs\u{e1}\u{130}\u{df}\u{fb03}]{3,5}", 1..4),
            text in "([aclmrsAS ./,]|\u{2100}|\u{2101}|\u{33a7}|\u{fb03}|\u{130}|\u{df}|\u{301}\
                |\u{ac00}|\u{1100}\u{1161}|…|\\PC){0,40}",
            at in 0..4_usize,
        ) {
            let known = Known { names: names.clone(), emails: vec!["c@s.a".to_owned()] };
            let needles = Needles::new(&known, Id::from_bytes([0x7f; 16]), true);
            let text = format!("{text}{}{text}", names.get(at).map_or("c@s.a", String::as_str));

            let left = needles.taken_out(&text).unwrap_or_else(|| text.clone());

            prop_assert!(!needles.is_in(&left), "{names:?}: {text:?}: {left:?}");
            prop_assert!(left.chars().count() <= text.chars().count());
        }
    }

    #[test]
    fn a_name_is_looked_for_only_where_the_person_is_known() {
        let known = Known { names: vec!["Salmon".to_owned()], emails: vec!["a@b.c".to_owned()] };
        let stranger = Needles::new(&known, Id::from_bytes([1; 16]), false);

        assert!(!stranger.is_in("Salmon fillet"));
        assert!(stranger.is_in("write to a@b.c"));
        assert!(!needles("Al").is_in("Al dente"), "too short to mean somebody");
    }

    #[test]
    fn who_was_called_a_thousand_names_can_be_erased() {
        let mut known = Known::default();
        for number in 0..1_000 {
            known.add_name(&format!("Mira {number}"));
            known.add_name("Mira 0");
        }

        assert_eq!(known.names.len(), NAMES_MAX);
        assert_eq!(known.names[1], "Mira 1");
    }

    #[test]
    fn only_the_address_confirms_and_nobody_erases_themselves() {
        let (one, other) = (Id::from_bytes([1; 16]), Id::from_bytes([2; 16]));

        assert!(check_asker(Some(one), one).is_err());
        assert!(check_asker(Some(other), one).is_ok());
        assert!(check_asker(None, one).is_ok());
        assert!(check_confirmation(" MIRA@example.com ", "mira@Example.com").is_ok());
        assert!(check_confirmation("yes", "mira@example.com").is_err());
    }
}
