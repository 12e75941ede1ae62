//! Numbers, times and lists as people read them.

use std::time::Duration;

use crate::platform::clock::Moment;

/// Entries of a list that are named; of the rest only the number is.
const NAMED_MAX: usize = 6;

/// Bytes in the unit that says something.
pub fn bytes(count: u64) -> String {
    const UNITS: [(u64, &str); 4] =
        [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match UNITS.iter().find(|(unit, _)| count >= *unit) {
        Some((unit, name)) => format!("{}.{} {name}", count / unit, count % unit * 10 / unit),
        None => format!("{count} B"),
    }
}

/// How many of a hundred.
pub fn percent(part: u64, whole: u64) -> u64 {
    part.saturating_mul(100).checked_div(whole).unwrap_or(0)
}

/// A time in the largest unit that says something.
pub fn span(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{} ms", time.as_millis()),
        seconds @ 1..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

/// The day of a moment.
pub fn day(moment: Moment) -> String {
    moment.to_string().chars().take(10).collect()
}

/// The first few of a list, and how many more there are.
pub fn listed<T: AsRef<str>>(all: &[T]) -> String {
    let named: Vec<&str> = all.iter().take(NAMED_MAX).map(AsRef::as_ref).collect();
    match all.len().checked_sub(NAMED_MAX) {
        Some(more @ 1..) => format!("{} and {more} more", named.join(", ")),
        _ => named.join(", "),
    }
}

/// A path or value as a shell takes it.
pub fn quoted(text: &str) -> String {
    let is_plain = |one: char| one.is_ascii_alphanumeric() || "/._-:@%+,=".contains(one);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A sentence that somebody else began, with an end.
pub fn sentence(text: &str) -> String {
    let text = text.trim_end();
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_in_a_unit_that_says_something() {
        assert_eq!([0, 999, 1_500, 2_340_000_000].map(bytes), ["0 B", "999 B", "1.5 kB", "2.3 GB"]);
        let span = |seconds| span(Duration::from_secs(seconds));
        assert_eq!([1, 120, 7_200, 200_000].map(span), ["1 s", "2 min", "2 h", "2 days"]);
        assert_eq!((percent(1, 4), percent(1, 0)), (25, 0));
    }

    #[test]
    fn a_long_list_is_cut_and_a_path_is_quoted() {
        let all: Vec<String> = (1..=8).map(|number| number.to_string()).collect();
        assert_eq!(listed(&all), "1, 2, 3, 4, 5, 6 and 2 more");
        assert_eq!(listed(&all[..6]), "1, 2, 3, 4, 5, 6");
        assert_eq!(quoted("/var/lib/holdfast"), "/var/lib/holdfast");
        assert_eq!(quoted("/a b/c'd"), r"'/a b/c'\''d'");
    }
}
