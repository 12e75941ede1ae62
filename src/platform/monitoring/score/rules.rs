//! One number for how the box does: 100 is as good as it gets. Each part is graded from 0 to 100
//! between a value that costs nothing and one that costs all, and counts with its weight; what is
//! not known counts for nothing.

use std::time::Duration;

/// Below this somebody should look.
pub const SCORE_WANTED: u64 = 85;

/// What the grades come from. A part that is none is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts {
    /// Of a hundred thousand parts of the last day, those in which the box took requests.
    pub up_of_100_000: Option<u64>,
    /// Of a hundred thousand requests of the last hour, those that ended with a fault of the box.
    pub faults_of_100_000: Option<u64>,
    /// What 95 of 100 requests of the last five minutes kept within.
    pub p95: Option<Duration>,
    /// How full the fullest queue in front of a file is.
    pub queue_percent: Option<u64>,
    pub disk_percent: Option<u64>,
    pub memory_percent: Option<u64>,
    /// Since a backup was proved; none where nobody set up backups.
    pub backup_age: Option<Duration>,
    /// Scheduled jobs that failed within a week and were not done since.
    pub jobs_failed: Option<u64>,
}

/// A part of the score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub name: &'static str,
    pub weight: u64,
    /// 0 to 100; none where it is not known.
    pub grade: Option<u64>,
    /// What was measured, for people.
    pub measured: Option<String>,
}

/// The score with what it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Score {
    pub score: u64,
    pub parts: Vec<Part>,
}

/// The score of what is known, rounded down.
pub fn score(facts: &Facts) -> Score {
    let parts = parts(facts);
    let known = || parts.iter().filter_map(|part| Some((part.weight, part.grade?)));
    let weights: u64 = known().map(|(weight, _)| weight).sum();
    let points: u64 = known().map(|(weight, grade)| weight * grade).sum();
    let score = points.checked_div(weights).unwrap_or(100);
    Score { score, parts }
}

fn parts(facts: &Facts) -> Vec<Part> {
    let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let hours = |time: Duration| time.as_secs() / 3_600;
    let percent = |value: u64| format!("{value} %");
    let of_100_000 = |value: u64| format!("{}.{:03} %", value / 1_000, value % 1_000);
    vec![
        part("availability", 20, facts.up_of_100_000, (99_900, 99_000), of_100_000),
        part("errors", 20, facts.faults_of_100_000, (100, 1_000), of_100_000),
        part("speed", 15, facts.p95.map(ms), (500, 2_000), |ms| format!("{ms} ms")),
        part("queue", 10, facts.queue_percent, (50, 100), percent),
        part("disk", 10, facts.disk_percent, (80, 95), percent),
        part("memory", 10, facts.memory_percent, (80, 95), percent),
        part("backups", 10, facts.backup_age.map(hours), (26, 72), |hours| format!("{hours} h")),
        part("jobs", 5, facts.jobs_failed, (0, 4), |count| count.to_string()),
    ]
}

fn part(
    name: &'static str,
    weight: u64,
    value: Option<u64>,
    (best, worst): (u64, u64),
    say: impl Fn(u64) -> String,
) -> Part {
    let grade = value.map(|value| grade(value, best, worst));
    Part { name, weight, grade, measured: value.map(say) }
}

/// 100 at the best value and beyond, 0 at the worst and beyond, a straight line between.
fn grade(value: u64, best: u64, worst: u64) -> u64 {
    let (kept, span) = if best < worst {
        (worst.saturating_sub(value), worst - best)
    } else {
        (value.saturating_sub(worst), best - worst)
    };
    (kept * 100 / span).min(100)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    /// As the manual reckons it.
    #[test]
    fn the_worked_example_of_the_manual_comes_to_what_it_says() {
        let facts = Facts {
            up_of_100_000: Some(99_950),
            faults_of_100_000: Some(280),
            p95: Some(Duration::from_millis(800)),
            queue_percent: Some(3),
            disk_percent: Some(86),
            memory_percent: Some(62),
            backup_age: Some(HOUR * 49),
            jobs_failed: Some(1),
        };

        let score = score(&facts);

        let grades: Vec<_> = score.parts.iter().map(|part| part.grade.unwrap()).collect();
        assert_eq!(grades, [100, 80, 80, 100, 60, 100, 50, 75]);
        assert_eq!(score.score, 82);
        let manual = include_str!("../../../../docs/manual/watching.md");
        for part in &score.parts {
            let (name, weight) = (part.name, part.weight);
            let (measured, grade) = (part.measured.as_deref().unwrap(), part.grade.unwrap());
            let points = weight * grade;
            let row = format!("| {name} | {measured} | {grade} | {weight} | {points} |");
            assert!(manual.contains(&row), "the manual lacks the row\n{row}");
        }
        assert!(manual.contains("8275 / 100 = 82"), "the sum of the example");
    }

    #[test]
    fn a_box_of_which_nothing_is_known_and_one_that_is_well_have_all_points() {
        assert_eq!(score(&Facts::default()).score, 100);
        let well = Facts {
            up_of_100_000: Some(100_000),
            faults_of_100_000: Some(0),
            p95: Some(Duration::ZERO),
            queue_percent: Some(0),
            disk_percent: Some(0),
            memory_percent: Some(0),
            backup_age: Some(Duration::ZERO),
            jobs_failed: Some(0),
        };
        assert_eq!(score(&well).score, 100);
    }

    #[test]
    fn what_is_not_known_leaves_its_weight_to_the_others() {
        let facts = Facts { disk_percent: Some(95), queue_percent: Some(0), ..Facts::default() };
        assert_eq!(score(&facts).score, 50);
    }

    proptest! {
        #[test]
        fn a_score_is_between_0_and_100_whatever_is_measured(
            values in proptest::array::uniform8(proptest::option::of(any::<u64>())),
        ) {
            let [a, b, c, d, e, f, g, h] = values.map(|one| one.map(|one| one >> 16));
            let facts = Facts {
                up_of_100_000: a,
                faults_of_100_000: b,
                p95: c.map(Duration::from_millis),
                queue_percent: d,
                disk_percent: e,
                memory_percent: f,
                backup_age: g.map(Duration::from_secs),
                jobs_failed: h,
            };
            let score = score(&facts);
            prop_assert!(score.score <= 100);
            prop_assert_eq!(score.parts.iter().map(|part| part.weight).sum::<u64>(), 100);
        }
    }
}
