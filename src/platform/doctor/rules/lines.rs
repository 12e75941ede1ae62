//! Lines of the log for somebody elsewhere: without what the box knows to be about people or
//! places, and without what looks as if it were.

use std::net::IpAddr;

use crate::platform::errors::rules::scrubbed;

const LEFT_OUT: &str = "…";
/// A shorter word says too little to be looked for.
const KNOWN_CHARS_MIN: usize = 2;
/// Of a name, words from here on are looked for by themselves.
const PART_CHARS_MIN: usize = 3;
/// Paths of the program itself: its addresses and its sources.
const OWN_PATHS: [&str; 2] = ["/api/", "src/"];

/// What the box knows to be about people or places.
#[derive(Debug, Default)]
pub struct Known {
    /// The longest first, so that none is cut by a shorter one.
    values: Vec<String>,
}

impl Known {
    /// `people` are names of which each word counts as well.
    pub fn new(people: &[String], others: impl IntoIterator<Item = String>) -> Self {
        let parts = people.iter().flat_map(|name| name.split_whitespace());
        let parts = parts.filter(|part| part.chars().count() >= PART_CHARS_MIN).map(str::to_owned);
        let all = people.iter().cloned().chain(parts).chain(others);
        let mut values: Vec<String> = all.map(|value| value.trim().to_owned()).collect();
        values.retain(|value| value.chars().count() >= KNOWN_CHARS_MIN);
        values.sort_unstable_by(|one, other| (other.len(), one).cmp(&(one.len(), other)));
        values.dedup();
        Self { values }
    }

    /// The text without any of it.
    pub fn without(&self, text: String) -> String {
        self.values.iter().fold(text, |text, value| without(text, value))
    }
}

/// A text without a value, where it stands as a word or as several.
fn without(text: String, value: &str) -> String {
    let mut clean = String::new();
    let mut from = 0;
    for (at, _) in text.match_indices(value) {
        let end = at + value.len();
        let is_of_word = |one: Option<char>| one.is_some_and(char::is_alphanumeric);
        let is_inside = is_of_word(text[..at].chars().next_back());
        if !is_inside && !is_of_word(text[end..].chars().next()) {
            clean.push_str(&text[from..at]);
            clean.push_str(LEFT_OUT);
            from = end;
        }
    }
    if from == 0 {
        return text;
    }
    clean.push_str(&text[from..]);
    clean
}

/// A text without addresses, paths, ids, quoted words and what opens something; in one line.
pub fn clean(text: &str) -> String {
    let text = scrubbed(text);
    let words = text.split_whitespace().map(|word| if is_place(word) { LEFT_OUT } else { word });
    words.collect::<Vec<_>>().join(" ")
}

/// Whether a word says where something is: a path, a name of a host, an address.
fn is_place(word: &str) -> bool {
    let is_around = |one: char| !one.is_alphanumeric() && one != '/' && one != ':';
    let bare = word.trim_matches(is_around);
    if OWN_PATHS.iter().any(|own| bare.starts_with(own)) {
        return false;
    }
    if bare.contains('/') && bare.len() > 1 || bare.matches(':').count() > 1 {
        return true;
    }
    let host = bare.trim_end_matches(':').split(':').next().unwrap_or_default();
    let is_label = |label: &str| {
        !label.is_empty() && label.chars().all(|one| one.is_alphanumeric() || one == '-')
    };
    let has_letters = host.chars().any(char::is_alphabetic);
    host.parse::<IpAddr>().is_ok()
        || has_letters && host.contains('.') && host.split('.').all(is_label)
        || word.contains('=') && word.split('=').skip(1).any(is_place)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn known() -> Known {
        let others = ["The kitchen", "a target"].map(str::to_owned);
        Known::new(&["Mira Novak".to_owned()], others)
    }

    #[test]
    fn what_says_who_or_where_is_left_out_and_the_rest_is_readable() {
        for (raw, kept) in [
            ("Backup is done in 12 s, 3.5 MB", "Backup is done in 12 s, 3.5 MB"),
            (
                "No connection to ca.example.com: refused (os error 111).",
                "No connection to … refused (os error 111).",
            ),
            ("peer 10.0.0.5 and 192.0.2.7:443, or fe80::1.", "peer … and …:443, or …"),
            ("cannot open /home/mira/data/system.db: denied", "cannot open … denied"),
            ("see https://box.lan/setup#token=abc", "see …"),
            ("mail mira@example.com, token hfp_0123456789", "mail …, token …"),
            ("no item \"Salmon of Ana\" there", "no item … there"),
            (
                "GET /api/v1/me failed at src/http/front.rs:71",
                "GET /api/v1/me failed at src/http/front.rs:71",
            ),
            ("host=box.lan is away", "… is away"),
        ] {
            assert_eq!(clean(raw), kept);
        }
    }

    #[test]
    fn what_the_box_knows_by_name_is_left_out_as_a_word() {
        let known = known();
        let said = |text: &str| known.without(text.to_owned());
        assert_eq!(said("Mira Novak and Novak's file"), "… and …'s file");
        assert_eq!(said("The kitchen, a target"), "…, …");
        assert_eq!(said("Novaks and a targets"), "Novaks and a targets");
        assert_eq!(said("nothing of it"), "nothing of it");
    }

    proptest! {
        #[test]
        fn no_address_of_mail_or_machine_passes(before in "[a-z .:=]{0,20}", end in "[ .,:;)]?") {
            for value in ["mira@example.com", "192.0.2.7", "box.example.org"] {
                let text = format!("{before} {value}{end}");
                prop_assert!(!clean(&text).contains(value), "{}", clean(&text));
            }
        }
    }
}
