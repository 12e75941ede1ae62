//! What `holdfast release` says.

use std::path::Path;

use serde_json::{Value, json};

use crate::cli::Common;
use crate::cli::output::{self, Answer};
use crate::platform::secret::to_hex;
use crate::platform::updates::publisher::bundles::Bundled;
use crate::platform::updates::publisher::deltas::Made;
use crate::platform::updates::publisher::keys::KeyId;
use crate::platform::updates::publisher::{Listed, Need, Outcome, Stamped, Waiting};
use crate::platform::updates::release::Channel;

/// What became of a signature or a change.
pub(super) fn outcome(common: &Common, outcome: &Outcome) -> Answer {
    let Outcome { signed, published, waiting } = outcome;
    if common.json {
        return output::print_json(&json!({
            "signed": signed, "published": published, "waiting": waiting_json(waiting),
        }));
    }
    let mut lines: Vec<String> = Vec::new();
    lines.extend(signed.iter().map(|file| format!("Signed: {file}")));
    lines.extend(published.iter().map(|file| format!("Published: {file}")));
    if !published.is_empty() {
        lines.push("Boxes see it after `holdfast release timestamp`.".to_owned());
    }
    lines.extend(waiting_lines(waiting));
    output::print(&(lines.join("\n") + "\n"))
}

/// What waits for signatures.
pub(super) fn waiting(common: &Common, waiting: &[Waiting]) -> Answer {
    if common.json {
        return output::print_json(&json!({ "waiting": waiting_json(waiting) }));
    }
    if waiting.is_empty() {
        return output::print("Nothing waits for signatures.\n");
    }
    output::print(&(waiting_lines(waiting).join("\n") + "\n"))
}

fn waiting_lines(waiting: &[Waiting]) -> Vec<String> {
    let mut lines = Vec::new();
    for one in waiting {
        lines.push(format!("Waiting: {}", one.file));
        lines.extend(one.changes.iter().map(|change| format!("  {change}")));
        lines.extend(one.needs.iter().map(|need| format!("  {}", need.told())));
    }
    lines
}

fn waiting_json(waiting: &[Waiting]) -> Value {
    let need = |need: &Need| {
        json!({
            "role": need.role.name(), "root_version": need.root, "threshold": need.threshold,
            "signed": ids(&need.signed), "missing": ids(&need.missing),
        })
    };
    let one = |one: &Waiting| {
        let needs: Vec<Value> = one.needs.iter().map(need).collect();
        json!({ "file": one.file, "changes": one.changes, "needs": needs })
    };
    waiting.iter().map(one).collect()
}

fn ids(ids: &[KeyId]) -> Vec<String> {
    ids.iter().map(|id| to_hex(id)).collect()
}

/// Releases that were added or changed, and what waits now.
pub(super) fn releases(common: &Common, releases: &[Listed], waiting: &[Waiting]) -> Answer {
    if common.json {
        let releases: Vec<Value> = releases.iter().map(release_json).collect();
        return output::print_json(
            &json!({ "releases": releases, "waiting": waiting_json(waiting) }),
        );
    }
    let mut lines: Vec<String> = releases.iter().map(release_line).collect();
    lines.extend(waiting_lines(waiting));
    output::print(&(lines.join("\n") + "\n"))
}

pub(super) fn release_line(one: &Listed) -> String {
    let release = &one.release;
    let channels: Vec<&str> = release.channels.iter().map(|one| Channel::name(*one)).collect();
    format!(
        "{}: number {}, {} {}, {}, {}, {} %, {}",
        release.version,
        release.seq,
        release.os,
        release.arch,
        channels.join(" "),
        release.status.name(),
        release.rollout.percent,
        output::megabytes(one.sum.size_bytes),
    )
}

pub(super) fn release_json(one: &Listed) -> Value {
    json!({
        "target": one.name, "sha256": one.sum.sha256, "size_bytes": one.sum.size_bytes,
        "release": json!(one.release),
    })
}

/// What `holdfast release timestamp` did.
pub(super) fn stamped(common: &Common, stamped: &Stamped) -> Answer {
    let until = stamped.until.to_string();
    let snapshot_ends = stamped.snapshot_ends.map(|ends| ends.to_string());
    if common.json {
        return output::print_json(&json!({
            "published": stamped.published, "fresh_until": until, "snapshot_ends": snapshot_ends,
        }));
    }
    let mut lines: Vec<String> =
        stamped.published.iter().map(|file| format!("Published: {file}")).collect();
    lines.push(format!("The feed is fresh until {until}."));
    if let Some(ends) = snapshot_ends {
        lines.push(format!("The snapshot ends at {ends}: name its key with --snapshot-key soon."));
    }
    output::print(&(lines.join("\n") + "\n"))
}

/// Deltas that were made, and what waits now.
pub(super) fn deltas(common: &Common, made: &[Made], waiting: &[Waiting]) -> Answer {
    if common.json {
        let one = |one: &Made| {
            json!({
                "to": one.to.name, "size_bytes": one.delta.size_bytes,
                "from_sha256": one.delta.from_sha256, "target": one.delta.target,
                "full_size_bytes": one.to.sum.size_bytes,
            })
        };
        let deltas: Vec<Value> = made.iter().map(one).collect();
        let waiting = waiting_json(waiting);
        return output::print_json(&json!({ "deltas": deltas, "waiting": waiting }));
    }
    let line = |one: &Made| {
        let (delta, full) = (one.delta.size_bytes, one.to.sum.size_bytes.max(1));
        let permille = delta.saturating_mul(1_000) / full;
        format!(
            "{}: {delta} of {full} bytes, {}.{} %",
            one.delta.target,
            permille / 10,
            permille % 10
        )
    };
    let mut lines: Vec<String> = made.iter().map(line).collect();
    lines.extend(waiting_lines(waiting));
    output::print(&(lines.join("\n") + "\n"))
}

/// What went into a bundle.
pub(super) fn bundled(common: &Common, out: &Path, bundled: &Bundled) -> Answer {
    let Bundled { sum, members, releases } = bundled;
    if common.json {
        let releases: Vec<Value> = releases.iter().map(release_json).collect();
        return output::print_json(&json!({
            "bundle": out, "size_bytes": sum.size_bytes, "sha256": sum.sha256,
            "members": members, "releases": releases,
        }));
    }
    let mut lines: Vec<String> = releases.iter().map(release_line).collect();
    let size = output::megabytes(sum.size_bytes);
    lines.push(format!("{}: {} files, {size}", out.display(), members.len()));
    lines.push(format!("SHA-256 {}", sum.sha256));
    output::print(&(lines.join("\n") + "\n"))
}
