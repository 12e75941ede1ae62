//! Turns what somebody types into queries that mean exactly that: nothing typed is ever read as
//! search syntax.

use crate::apps::inventory::texts::rules as texts;

/// Longer texts are cut; nobody types more to find an item.
pub const QUERY_CHARS_MAX: usize = 200;
const WORDS_MAX: usize = 8;
/// Matches nothing; an empty expression would be an error.
const NOTHING: &str = "\"\"";
/// Beginnings of words up to this length stand in the index of remarks.
const INDEXED_PREFIX_CHARS_MAX: usize = 3;
/// The trigram index knows nothing shorter.
const PART_CHARS_MIN: usize = 3;

/// What to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The text as it would be scanned from a barcode.
    pub code: String,
    /// The text as the key of an item number.
    pub number_key: String,
    /// FTS5: every word is the beginning of a word of the item.
    pub words: String,
    /// FTS5 on trigrams: every long word is a part of the item's text.
    pub parts: String,
}

impl Query {
    /// The same for who may not learn who delivers: suppliers' codes are not looked at, or they
    /// could be found letter by letter.
    #[must_use]
    pub fn without_suppliers(self) -> Self {
        if self.words == NOTHING {
            return self;
        }
        Self { words: format!("{{item_number name category}} : ({})", self.words), ..self }
    }
}

/// Reads the search box. None when there is nothing to look for.
pub fn read(text: &str) -> Option<Query> {
    let cut: String = text.chars().filter(|one| *one != '\0').take(QUERY_CHARS_MAX).collect();
    let code = texts::one_line(&cut.replace(char::is_control, " "), QUERY_CHARS_MAX).ok()?;
    if code.is_empty() {
        return None;
    }
    let words = words_of(&code);
    let parts: Vec<&str> = code
        .split(' ')
        .filter(|part| part.chars().count() >= PART_CHARS_MIN)
        .take(WORDS_MAX)
        .collect();
    Some(Query {
        number_key: texts::identity_key(&code),
        words: join(&words, "*"),
        parts: join(&parts, ""),
        code,
    })
}

/// What to look for in the remarks of movements, as FTS5 expressions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemarkWords {
    /// Every word is a word of the remark.
    pub whole: String,
    /// Every word begins a word of it, cut to what the index knows beginnings of.
    pub short: String,
    /// Every word begins a word of it.
    pub begins: String,
}

/// Reads the search box for remarks. None without a word of two letters: among a million
/// movements a single one says nothing and costs much.
pub fn remark_words(text: &str) -> Option<RemarkWords> {
    let words: Vec<&str> =
        words_of(text).into_iter().filter(|word| word.chars().nth(1).is_some()).collect();
    let cut = |word: &&str| word.chars().take(INDEXED_PREFIX_CHARS_MAX).collect::<String>();
    let short: Vec<String> = words.iter().map(cut).collect();
    let short: Vec<&str> = short.iter().map(String::as_str).collect();
    (!words.is_empty()).then(|| RemarkWords {
        whole: join(&words, ""),
        short: join(&short, "*"),
        begins: join(&words, "*"),
    })
}

fn words_of(text: &str) -> Vec<&str> {
    text.split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(WORDS_MAX)
        .collect()
}

/// Quotes each token, so that no operator of the search language is left in it.
fn join(tokens: &[&str], suffix: &str) -> String {
    if tokens.is_empty() {
        return NOTHING.to_owned();
    }
    let quoted: Vec<String> =
        tokens.iter().map(|token| format!("\"{}\"{suffix}", token.replace('"', "\"\""))).collect();
    quoted.join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_are_quoted_beginnings() {
        let query = read("  smoked  sal ").unwrap();

        assert_eq!(query.words, "\"smoked\"* \"sal\"*");
        assert_eq!(query.parts, "\"smoked\" \"sal\"");
        assert_eq!(query.code, "smoked sal");
    }

    #[test]
    fn words_of_suppliers_are_left_out_and_nothing_stays_nothing() {
        let words = |text| read(text).unwrap().without_suppliers().words;
        assert_eq!(words("a b"), "{item_number name category} : (\"a\"* \"b\"*)");
        assert_eq!(words("*"), NOTHING);
    }

    #[test]
    fn search_syntax_means_nothing() {
        let words = |text| read(text).unwrap().words;
        assert_eq!(words("a OR b"), "\"a\"* \"OR\"* \"b\"*");
        assert_eq!(words("NEAR("), "\"NEAR\"*");
        assert_eq!(words("name:x"), "\"name\"* \"x\"*");
        assert_eq!(words("\""), NOTHING);
        assert_eq!(words("*"), NOTHING);
        assert_eq!(read("a\"b\"").unwrap().parts, "\"a\"\"b\"\"\"");
    }

    #[test]
    fn remarks_are_looked_for_by_whole_words_and_by_beginnings() {
        let words = remark_words("DN-2026 x").unwrap();

        assert_eq!(words.whole, "\"DN\" \"2026\"");
        assert_eq!(words.short, "\"DN\"* \"202\"*");
        assert_eq!(words.begins, "\"DN\"* \"2026\"*");
        assert_eq!(remark_words("x *"), None);
    }

    #[test]
    fn nothing_to_look_for_is_no_query() {
        for text in ["", "   ", "\0", "\u{7}\n"] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }

    #[test]
    fn short_words_are_not_looked_for_as_parts() {
        assert_eq!(read("ab").unwrap().parts, NOTHING);
        assert_eq!(read("abc").unwrap().parts, "\"abc\"");
    }

    proptest! {
        #[test]
        fn every_quote_is_closed(text in ".{0,300}") {
            if let Some(query) = read(&text) {
                for expression in [query.words, query.parts] {
                    prop_assert_eq!(expression.matches('"').count() % 2, 0);
                    prop_assert!(!expression.contains('\0'));
                }
            }
        }
    }
}
