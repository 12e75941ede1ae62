//! How good a password must be: long, not a common one, and hard to guess for somebody who
//! knows the person. No rule about kinds of characters, and no change by the calendar.

use unicode_normalization::UnicodeNormalization;
use zxcvbn::feedback::Warning;
use zxcvbn::{Score, zxcvbn};

use super::phrases::is_common;
use crate::platform::error::{Code, Refusal, code};

/// Characters.
pub const LENGTH_MIN: usize = 12;
/// Characters.
pub const LENGTH_MAX: usize = 256;
/// Texts about the person and the place taken into account.
pub const CONTEXT_TEXTS_MAX: usize = 20;
/// Characters of such a text taken into account.
const CONTEXT_LENGTH_MAX: usize = 300;
/// Characters a piece of such a text has at least.
const CONTEXT_PIECE_LENGTH_MIN: usize = 3;
/// Characters that must be left when words about the person and the place are taken out. The
/// estimator rates three such words in a row as good as three unrelated ones.
const LENGTH_BEYOND_CONTEXT_MIN: usize = 8;
/// The estimate that is good enough: over 10^8 guesses.
const SCORE_MIN: Score = Score::Three;

const PASSWORD_TOO_SHORT: &str = "password-too-short";
const PASSWORD_TOO_LONG: &str = "password-too-long";
const PASSWORD_COMMON: &str = "password-common";
const PASSWORD_WEAK: &str = "password-weak";
pub const PASSWORD_WRONG: &str = "password-wrong";

pub const CODES: &[Code] = &[
    code(
        PASSWORD_TOO_SHORT,
        "A password has fewer than 12 characters.",
        "Take a longer one; a few words that have nothing to do with each other do well.",
    ),
    code(PASSWORD_TOO_LONG, "A password has more than 256 characters.", "Take a shorter one."),
    code(
        PASSWORD_COMMON,
        "The password is one that many people use, so it is guessed first.",
        "Take one that nobody else would think of.",
    ),
    code(
        PASSWORD_WEAK,
        "The password is easy to guess: names, dates, rows of keys, or words about the person \
         or the place.",
        "Add words that have nothing to do with each other.",
    ),
    code(
        "context-too-long",
        "More than 20 texts were sent along with a password.",
        "Send the name, the e-mail address and what the place is called.",
    ),
    code(
        PASSWORD_WRONG,
        "This is not the person's present password.",
        "Type the password you signed in with.",
    ),
    code(
        "password-changed",
        "The password was changed by somebody else at the same time.",
        "Sign in again with the password that holds now.",
    ),
];

/// How hard a password is to guess, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strength {
    /// 0 (guessed at once) to 4.
    pub score: u8,
    /// What is wrong; none when it is good enough.
    pub fault: Option<Refusal>,
}

/// The one form of a password: however a keyboard composes letters, it is the same password.
pub fn normal(password: &str) -> String {
    password.nfc().collect()
}

/// Estimates a password. `context` are texts about the person and the place, such as name and
/// e-mail address. Takes some milliseconds of computing.
pub fn strength(password: &str, context: &[String]) -> Strength {
    let password = normal(password);
    let length = password.chars().count();
    let pieces = pieces(context);
    let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
    let estimate = zxcvbn(&password, &pieces);
    let score = estimate.score();
    let warning = estimate.feedback().and_then(zxcvbn::feedback::Feedback::warning);
    let fault = if length < LENGTH_MIN {
        let detail = format!("A password has at least {LENGTH_MIN} characters.");
        Some(Refusal::new(PASSWORD_TOO_SHORT, detail))
    } else if length > LENGTH_MAX {
        let detail = format!("A password has at most {LENGTH_MAX} characters.");
        Some(Refusal::new(PASSWORD_TOO_LONG, detail))
    } else if is_common(&password) || (score < SCORE_MIN && says_common(warning)) {
        let detail = "Many people use this password. Take one of your own.";
        Some(Refusal::new(PASSWORD_COMMON, detail))
    } else if score < SCORE_MIN {
        Some(Refusal::new(PASSWORD_WEAK, weakness(warning)))
    } else if length_beyond(&password, &pieces) < LENGTH_BEYOND_CONTEXT_MIN {
        let detail = "It is made of names that somebody who knows you would try first.";
        Some(Refusal::new(PASSWORD_WEAK, detail))
    } else {
        None
    };
    let score_max = match fault.as_ref().map(|fault| fault.code) {
        Some(PASSWORD_COMMON) => 1,
        Some(PASSWORD_WEAK) => 2,
        _ => 4,
    };
    Strength { score: u8::from(score).min(score_max), fault }
}

/// Words somebody who knows the person would try: the texts themselves and their parts.
fn pieces(context: &[String]) -> Vec<String> {
    let mut pieces = vec!["holdfast".to_owned()];
    for text in context.iter().take(CONTEXT_TEXTS_MAX) {
        let text: String = text.chars().take(CONTEXT_LENGTH_MAX).collect();
        let parts = text.split(|one: char| !one.is_alphanumeric());
        let long = |part: &&str| part.chars().count() >= CONTEXT_PIECE_LENGTH_MIN;
        pieces.extend(parts.filter(long).map(str::to_lowercase));
        pieces.push(text.to_lowercase());
    }
    pieces
}

/// Letters and digits of a password that belong to no such word.
fn length_beyond(password: &str, pieces: &[&str]) -> usize {
    let mut longest_first = pieces.to_vec();
    longest_first.sort_by_key(|piece| std::cmp::Reverse(piece.len()));
    let rest = longest_first.iter().fold(password.to_lowercase(), |rest, piece| {
        // A blank keeps the ends apart, so that they do not make another word.
        rest.replace(piece, " ")
    });
    rest.chars().filter(|one| one.is_alphanumeric()).count()
}

fn says_common(warning: Option<Warning>) -> bool {
    matches!(
        warning,
        Some(
            Warning::ThisIsATop10Password
                | Warning::ThisIsATop100Password
                | Warning::ThisIsACommonPassword
                | Warning::ThisIsSimilarToACommonlyUsedPassword
        )
    )
}

fn weakness(warning: Option<Warning>) -> String {
    let advice = "Add words that have nothing to do with each other.";
    match warning {
        Some(warning) => format!("{warning} {advice}"),
        None => format!("This password is easy to guess. {advice}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(password: &str) -> &'static str {
        let context = ["Ana Kovač", "ana.kovac@harbour-kitchen.example", "Harbour Kitchen"];
        let context = context.map(str::to_owned);
        strength(password, &context).fault.map_or("", |fault| fault.code)
    }

    #[test]
    fn a_password_of_unrelated_words_is_good() {
        for good in ["lantern otter mosaic drizzle", "vZ8#qLw2!pRt9", "тихий фонарь у причала"]
        {
            assert_eq!(fault(good), "", "{good}");
        }
    }

    #[test]
    fn length_counts_characters_and_not_bytes() {
        assert_eq!(fault("kR7!pQ2zW9x"), PASSWORD_TOO_SHORT);
        assert_eq!(fault("причалпри"), PASSWORD_TOO_SHORT, "18 bytes, 9 characters");
        assert_eq!(fault(&"lantern otter ".repeat(19)), PASSWORD_TOO_LONG);
    }

    #[test]
    fn what_everybody_uses_is_refused() {
        for common in [
            "passwordpassword",
            "Correct Horse Battery Staple!",
            "May-the-force-be-with-you 2024",
            "password1234",
            "123456789012",
            "qwertyuiop12",
        ] {
            assert!(
                [PASSWORD_COMMON, PASSWORD_WEAK].contains(&fault(common)),
                "{common} gave {}",
                fault(common)
            );
        }
        assert_eq!(fault("Correct Horse Battery Staple!"), PASSWORD_COMMON);
    }

    #[test]
    fn what_is_known_of_the_person_and_the_place_does_not_help() {
        for known in ["harbourkitchen", "AnaKovac2026", "holdfastholdfast", "kitchenharbour1984"] {
            assert!(
                [PASSWORD_COMMON, PASSWORD_WEAK].contains(&fault(known)),
                "{known} gave {:?}",
                fault(known)
            );
        }
    }

    #[test]
    fn a_name_inside_a_good_password_does_no_harm() {
        assert_eq!(fault("kitchen lantern otter mosaic"), "");
    }

    #[test]
    fn composed_and_decomposed_letters_are_one_password() {
        assert_eq!(normal("cafe\u{301} lantern"), normal("caf\u{e9} lantern"));
    }

    #[test]
    fn every_common_phrase_is_found_as_it_stands_in_the_list() {
        assert!(is_common("to be, or not to be"));
        assert!(is_common("ToBeOrNotToBe99"));
        assert!(!is_common("lantern otter mosaic drizzle"));
    }
}
