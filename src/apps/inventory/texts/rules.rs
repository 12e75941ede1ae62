//! What is done to a text before it is kept, and the keys it is compared and sorted by.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::platform::error::{Code, code};

/// What can be wrong here, for people.
pub const CODES: &[Code] = &[
    code("text-empty", "A text that is needed is empty.", "Fill it in."),
    code("text-too-long", "A text has more characters than are kept.", "Shorten it."),
    code(
        "text-hidden-characters",
        "A text has invisible control characters, or marks that turn its direction.",
        "Type it anew, or paste it as plain text.",
    ),
];

/// Why a text is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextFault {
    Empty,
    TooLong {
        chars_max: usize,
    },
    /// Control characters, and marks that turn the direction of what follows.
    Hidden,
}

impl TextFault {
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "text-empty",
            Self::TooLong { .. } => "text-too-long",
            Self::Hidden => "text-hidden-characters",
        }
    }
}

impl fmt::Display for TextFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("This cannot be empty."),
            Self::TooLong { chars_max } => write!(f, "At most {chars_max} characters are kept."),
            Self::Hidden => f.write_str("Remove the invisible control characters."),
        }
    }
}

/// A text of one line: NFC, trimmed, runs of blanks made one. It may be empty.
pub fn one_line(text: &str, chars_max: usize) -> Result<String, TextFault> {
    let mut line = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word.nfc());
    }
    bounded(line, chars_max)
}

/// As `one_line`, and not empty.
pub fn needed_line(text: &str, chars_max: usize) -> Result<String, TextFault> {
    let line = one_line(text, chars_max)?;
    if line.is_empty() { Err(TextFault::Empty) } else { Ok(line) }
}

/// A text of many lines: NFC, line ends as `\n`, trimmed at both ends. It may be empty.
pub fn many_lines(text: &str, chars_max: usize) -> Result<String, TextFault> {
    let unified = text.replace("\r\n", "\n").replace('\r', "\n");
    bounded(unified.trim().nfc().collect(), chars_max)
}

/// What makes two texts the same code or number: width, case and spelling ignored.
pub fn identity_key(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).nfc().collect()
}

/// What texts are sorted by: case and accents ignored.
pub fn sort_key(text: &str) -> String {
    let key: String = text
        .nfkd()
        .filter(|character| !is_combining_mark(*character))
        .flat_map(char::to_lowercase)
        .collect();
    // A text of nothing but marks still sorts somewhere.
    if key.is_empty() { text.to_owned() } else { key }
}

fn bounded(text: String, chars_max: usize) -> Result<String, TextFault> {
    if text.chars().any(is_hidden) {
        return Err(TextFault::Hidden);
    }
    if text.chars().count() > chars_max {
        return Err(TextFault::TooLong { chars_max });
    }
    Ok(text)
}

/// Characters that show nothing and mislead: controls (line ends and tabs of long texts apart),
/// direction overrides, zero-width blanks. Joiners stay, because scripts and emoji need them.
fn is_hidden(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        '\u{200b}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{feff}'
        | '\u{2060}'..='\u{206f}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e001f}' => true,
        other => other.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_has_one_spelling() {
        assert_eq!(one_line("  Cre\u{300}me \t fraiche\n", 50).unwrap(), "Crème fraiche");
        assert_eq!(one_line("   ", 50).unwrap(), "");
        assert_eq!(needed_line(" \u{a0} ", 50), Err(TextFault::Empty));
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        assert_eq!(one_line("ééé", 3).unwrap(), "ééé");
        assert_eq!(one_line("éééé", 3), Err(TextFault::TooLong { chars_max: 3 }));
    }

    #[test]
    fn names_in_other_scripts_and_emoji_are_kept() {
        for name in ["سلمون مدخن", "三文鱼", "👩‍🍳 apron", "Ünïcödé"] {
            assert_eq!(one_line(name, 50).unwrap(), name.nfc().collect::<String>());
        }
    }

    #[test]
    fn hidden_characters_are_refused() {
        let hidden = ["a\0b", "a\u{202e}b", "a\u{2066}b", "a\u{200b}b", "\u{7}", "a\u{feff}"];
        for text in hidden {
            assert_eq!(one_line(text, 50), Err(TextFault::Hidden), "{text:?}");
        }
        assert_eq!(many_lines("one\r\ntwo\rthree\n", 50).unwrap(), "one\ntwo\nthree");
    }

    #[test]
    fn look_alikes_by_width_case_and_spelling_are_the_same_number() {
        assert_eq!(identity_key("ABC-１２"), identity_key("abc-12"));
        assert_eq!(identity_key("Cre\u{300}me"), identity_key("CRÈME"));
        assert_ne!(identity_key("O1"), identity_key("01"));
    }

    #[test]
    fn names_sort_without_case_and_accents() {
        assert_eq!(sort_key("Äpfel"), "apfel");
        assert_eq!(sort_key("\u{300}"), "\u{300}");
    }

    proptest! {
        #[test]
        fn keeping_a_text_twice_changes_nothing(text in "\\PC{0,60}") {
            if let Ok(once) = one_line(&text, 400) {
                prop_assert_eq!(one_line(&once, 400), Ok(once.clone()));
                prop_assert_eq!(identity_key(&identity_key(&once)), identity_key(&once));
            }
            if let Ok(once) = many_lines(&text, 400) {
                prop_assert_eq!(many_lines(&once, 400), Ok(once.clone()));
            }
        }
    }
}
