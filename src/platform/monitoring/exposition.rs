//! The text form of Prometheus for numbers that are looked up when somebody asks, and for those
//! that the recorder cannot hold: counters with a fraction, and times that are counted in steps of
//! our own.

use std::fmt::{Display, Write};

use super::families::named;
use crate::platform::tally::{BOUNDS_US, Counted, Seconds};

/// A scrape being written.
#[derive(Debug, Default)]
pub(super) struct Exposition(String);

impl Exposition {
    pub(super) fn begin(text: String) -> Self {
        Self(text)
    }

    pub(super) fn text(self) -> String {
        self.0
    }

    /// Writes a family with its description. Labels are written as they stand in braces.
    pub(super) fn family<V: Display>(&mut self, name: &str, samples: &[(String, V)]) {
        if samples.is_empty() {
            return;
        }
        self.describe(name);
        for (labels, value) in samples {
            self.sample(name, labels, value);
        }
    }

    /// Writes one number that is known.
    pub(super) fn one<V: Display>(&mut self, name: &str, value: Option<V>) {
        if let Some(value) = value {
            self.family(name, &[(String::new(), value)]);
        }
    }

    /// Writes a family of times.
    pub(super) fn times(&mut self, name: &str, samples: &[(String, Counted)]) {
        self.describe(name);
        for (labels, counted) in samples {
            let mut so_far = 0;
            for (count, bound) in counted.counts.iter().zip(BOUNDS_US) {
                so_far += count;
                let labels = format!("{labels},le=\"{}\"", Seconds(bound));
                self.sample(&format!("{name}_bucket"), &labels, &so_far);
            }
            let total = counted.total();
            self.sample(&format!("{name}_bucket"), &format!("{labels},le=\"+Inf\""), &total);
            self.sample(&format!("{name}_sum"), labels, &Seconds(counted.sum_us));
            self.sample(&format!("{name}_count"), labels, &total);
        }
    }

    fn describe(&mut self, name: &str) {
        let Some(family) = named(name) else { return };
        // Writing to a text cannot fail.
        let kind = family.kind.name();
        writeln!(self.0, "# HELP {name} {}\n# TYPE {name} {kind}", family.help).unwrap_or_default();
    }

    fn sample(&mut self, name: &str, labels: &str, value: &impl Display) {
        let line = match labels {
            "" => writeln!(self.0, "{name} {value}"),
            labels => writeln!(self.0, "{name}{{{labels}}} {value}"),
        };
        line.unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::platform::tally::Tally;

    #[test]
    fn times_are_written_as_prometheus_adds_them_up() {
        let tally = Tally::default();
        for ms in [1, 1, 400, 60_000] {
            tally.add(Duration::from_millis(ms));
        }
        let mut text = Exposition::default();
        let name = "holdfast_database_commit_duration_seconds";
        text.times(name, &[("kind=\"system\"".to_owned(), tally.counted())]);

        let text = text.text();
        for line in [
            &format!("# TYPE {name} histogram"),
            &format!("{name}_bucket{{kind=\"system\",le=\"0.0005\"}} 0"),
            &format!("{name}_bucket{{kind=\"system\",le=\"0.001\"}} 2"),
            &format!("{name}_bucket{{kind=\"system\",le=\"0.5\"}} 3"),
            &format!("{name}_bucket{{kind=\"system\",le=\"+Inf\"}} 4"),
            &format!("{name}_sum{{kind=\"system\"}} 60.402"),
            &format!("{name}_count{{kind=\"system\"}} 4"),
        ] {
            assert!(text.lines().any(|one| one == line), "{line} is missing in {text}");
        }
    }
}
