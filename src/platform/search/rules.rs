//! What was typed, how well something fits it, and how kinds share one list.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::platform::id::ObjectId;

/// Longer texts are cut; nobody types more to find something.
pub const TYPED_CHARS_MAX: usize = 200;
/// Further words are left out.
pub const WORDS_MAX: usize = 8;
/// Parts of words are looked for from here on.
pub const PART_CHARS_MIN: usize = 3;
/// Hits in one answer when nobody says otherwise.
pub const HITS_DEFAULT: usize = 20;

/// How well something fits what was typed, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fit {
    /// Its number, its code or its whole name.
    Exact,
    /// Every word typed is a word of it, or the beginning of one.
    Word,
    /// What was typed stands inside its words.
    Part,
}

impl Fit {
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Word => "word",
            Self::Part => "part",
        }
    }
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub id: ObjectId,
    /// What people call it.
    pub title: String,
    /// What tells it from others of that name.
    pub subtitle: String,
    /// What it belongs to, where it has no page of its own.
    pub parent: Option<ObjectId>,
    pub fit: Fit,
}

/// What somebody typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    /// On one line, without control characters.
    text: String,
    /// Its words without case and accents.
    words: Vec<String>,
}

impl Typed {
    /// None when there is nothing to look for.
    pub fn read(text: &str) -> Option<Self> {
        let cut: String = text.chars().take(TYPED_CHARS_MAX).collect();
        let shown = cut.replace(char::is_control, " ");
        let text = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() {
            return None;
        }
        let folded = folded(&text);
        Some(Self { words: words_of(&folded).take(WORDS_MAX).map(str::to_owned).collect(), text })
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// How well something fits that is called by these texts; the first is its number or code.
    pub fn fit(&self, texts: &[&str]) -> Option<Fit> {
        let typed = folded(&self.text);
        let texts: Vec<String> = texts.iter().map(|text| folded(text)).collect();
        if texts.contains(&typed) {
            return Some(Fit::Exact);
        }
        let begins = |wanted: &String| {
            texts.iter().any(|text| words_of(text).any(|word| word.starts_with(wanted.as_str())))
        };
        if !self.words.is_empty() && self.words.iter().all(begins) {
            return Some(Fit::Word);
        }
        let is_long = typed.chars().count() >= PART_CHARS_MIN;
        (is_long && texts.iter().any(|text| text.contains(&typed))).then_some(Fit::Part)
    }
}

/// A text without case and accents.
fn folded(text: &str) -> String {
    let plain = text.nfkd().filter(|character| !is_combining_mark(*character));
    plain.flat_map(char::to_lowercase).collect()
}

fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|one: char| !one.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// Makes one list of several, each best first: what fits exactly, then a fair share of each kind,
/// so that many of one kind do not hide the only one of another.
pub fn shared<K: Copy>(lists: Vec<(K, Vec<Hit>)>, limit: usize) -> Vec<(K, Hit)> {
    let mut chosen: Vec<(usize, K, Hit)> = Vec::new();
    let mut rest = Vec::new();
    for (place, (kind, hits)) in lists.into_iter().enumerate() {
        let (exact, others): (Vec<_>, Vec<_>) =
            hits.into_iter().partition(|hit| hit.fit == Fit::Exact);
        chosen.extend(exact.into_iter().map(|hit| (place, kind, hit)));
        rest.push((place, kind, others.into_iter()));
    }
    chosen.truncate(limit);
    while chosen.len() < limit {
        let before = chosen.len();
        for (place, kind, hits) in &mut rest {
            chosen.extend(hits.next().map(|hit| (*place, *kind, hit)));
        }
        if chosen.len() == before {
            break;
        }
    }
    chosen.truncate(limit);
    // Stable: the order inside a kind stays.
    chosen.sort_by_key(|(place, _, hit)| (hit.fit, *place));
    chosen.into_iter().map(|(_, kind, hit)| (kind, hit)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::platform::id::Id;

    fn typed(text: &str) -> Typed {
        Typed::read(text).unwrap()
    }

    fn hit(fit: Fit) -> Hit {
        Hit {
            id: Id::from_bytes([0; 16]),
            title: String::new(),
            subtitle: String::new(),
            parent: None,
            fit,
        }
    }

    #[test]
    fn nothing_typed_is_no_search() {
        for text in ["", "   ", "\0", "\u{7}\n"] {
            assert_eq!(Typed::read(text), None, "{text:?}");
        }
        assert!(typed("*").words().is_empty());
        assert_eq!(typed("  Crème  Fraîche ").words(), ["creme", "fraiche"]);
        assert_eq!(typed(&"x".repeat(999)).text().len(), TYPED_CHARS_MAX);
    }

    #[test]
    fn exact_is_better_than_a_word_and_a_word_than_a_part() {
        let place = ["FRZ-1", "Big freezer"];
        assert_eq!(typed("frz-1").fit(&place), Some(Fit::Exact));
        assert_eq!(typed("big freezer").fit(&place), Some(Fit::Exact));
        assert_eq!(typed("free big").fit(&place), Some(Fit::Word));
        assert_eq!(typed("frz").fit(&place), Some(Fit::Word));
        assert_eq!(typed("eezer").fit(&place), Some(Fit::Part));
        assert_eq!(typed("ee").fit(&place), None);
        assert_eq!(typed("shelf").fit(&place), None);
        assert_eq!(typed("*").fit(&place), None);
    }

    #[test]
    fn what_fits_exactly_comes_first_and_no_kind_hides_another() {
        let items = vec![hit(Fit::Word); 30];
        let places = vec![hit(Fit::Exact), hit(Fit::Part)];

        let list = shared(vec![("item", items), ("place", places)], 10);

        assert_eq!((list[0].0, list[0].1.fit), ("place", Fit::Exact));
        assert_eq!((list[9].0, list[9].1.fit), ("place", Fit::Part));
        assert_eq!(list.iter().filter(|(kind, _)| *kind == "item").count(), 8);
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_read_and_compared(text in ".{0,300}", other in ".{0,40}") {
            if let Some(typed) = Typed::read(&text) {
                typed.fit(&[&other]);
                prop_assert!(typed.words().len() <= WORDS_MAX);
            }
        }

        #[test]
        fn a_list_is_as_long_as_it_may_be(counts in prop::collection::vec(0..20_usize, 0..5),
            limit in 0..50_usize)
        {
            let lists = counts.iter().map(|count| ((), vec![hit(Fit::Part); *count])).collect();
            prop_assert_eq!(shared(lists, limit).len(), limit.min(counts.iter().sum()));
        }
    }
}
