//! `holdfast doctor --security`: the review of the box's security.

use std::fmt::Write;

use serde_json::json;

use super::Common;
use super::output::{self, Answer, Failure};
use super::running::read;
use crate::platform::control::{SecurityLook, Verb};

/// Goes through it, and keeps it with a note where there is one.
pub(super) fn review(common: &Common, note: Option<String>) -> Answer {
    let answer: SecurityLook = read(common.perform(Verb::SecurityReview { note })?)?;
    if common.json {
        output::print_json(&json!(answer))?;
    } else {
        output::print(&text(&answer))?;
    }
    if answer.found.bad > 0 { Err(Failure::CheckFailed) } else { Ok(()) }
}

fn text(answer: &SecurityLook) -> String {
    let SecurityLook { found: look, kept } = answer;
    let mut text = String::new();
    let mut points: Vec<_> = look.points.iter().collect();
    points.sort_by_key(|point| match point.verdict.as_str() {
        "bad" => 0,
        "look" => 1,
        _ => 2,
    });
    for point in points {
        // Writing to a text cannot fail.
        writeln!(text, "{:<5} {}  {}", point.verdict, point.code, point.said).unwrap_or_default();
        if !point.people.is_empty() {
            writeln!(text, "      {}", point.people.join(", ")).unwrap_or_default();
        }
        if let Some(remedy) = &point.remedy {
            writeln!(text, "      → {remedy}").unwrap_or_default();
        }
    }
    let (good, worth, bad) = (look.good, look.look, look.bad);
    let last = look.last_reviewed_at.as_deref().unwrap_or("never");
    writeln!(text, "\n{bad} bad, {worth} to look at, {good} good. Last kept review: {last}.")
        .unwrap_or_default();
    if let Some(kept) = kept {
        writeln!(text, "Kept as {kept}.").unwrap_or_default();
    }
    text
}
