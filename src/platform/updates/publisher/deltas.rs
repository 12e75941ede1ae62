//! Deltas: what turns an earlier binary into a later one, as zstd writes it with the earlier one as
//! its prefix. Nobody trusts one: what comes out is compared with the target's length and hash.

use std::fs;
use std::io::{Read, Write};

use super::folder::{Folder, Sum, copy};
use super::releases::{Listed, of_version, opened, put, releases};
use super::rules::{delta_name, lead};
use super::signing::unsigned;
use crate::platform::clock::Moment;
use crate::platform::error::{Result, refuse};
use crate::platform::updates::metadata::fetch::delta_window_log;
use crate::platform::updates::release::Delta;

/// What zstd spends; more asks for another kind of window.
const LEVEL: i32 = 19;

/// A delta that was made.
#[derive(Debug, Clone)]
pub struct Made {
    /// The release that it leads to.
    pub to: Listed,
    pub delta: Delta,
}

/// Makes a delta from an earlier version to the newest release, for each machine that has both.
/// Blocks for as long as compressing takes.
///
/// # Errors
/// `release-delta`: no machine has both, or it would be no smaller than the binary.
/// `release-unknown`: the version is not listed. `release-feed`: a binary is missing or changed.
pub fn make(feed: &Folder, from: &str, now: Moment) -> Result<Vec<Made>> {
    let mut list = opened(feed, now)?;
    let bases = of_version(&list, from)?;
    let all = releases(&list);
    let mut made = Vec::new();
    for mut to in lead(all, |one| &one.release) {
        let release = &to.release;
        let leads = |base: &&Listed| {
            let base = &base.release;
            base.seq < release.seq && base.os == release.os && base.arch == release.arch
        };
        let Some(base) = bases.iter().find(leads) else { continue };
        let name = delta_name(&base.sum.sha256, &to.sum.sha256);
        let sum = write(feed, &name, base, &to)?;
        let delta = Delta {
            from_sha256: base.sum.sha256.clone(),
            target: name.clone(),
            size_bytes: sum.size_bytes,
        };
        to.release.deltas.retain(|one| one.from_sha256 != delta.from_sha256);
        to.release.deltas.push(delta.clone());
        put(&mut list, &name, &sum, None)?;
        put(&mut list, &to.name, &to.sum, Some(&to.release))?;
        made.push(Made { to, delta });
    }
    if made.is_empty() {
        let detail = format!("Nothing newer than {from} is for the same machine.");
        return refuse("release-delta", detail);
    }
    feed.stage(&unsigned(list))?;
    Ok(made)
}

/// Makes one, proves that it leads to the release, and puts it into the feed.
fn write(feed: &Folder, name: &str, base: &Listed, to: &Listed) -> Result<Sum> {
    let [base, target] = [binary(feed, base)?, binary(feed, to)?];
    let difference = difference(&base, &target)?;
    if difference.len() >= target.len() {
        return refuse("release-delta", "A delta would be no smaller than the release.");
    }
    let window = delta_window_log(base.len() as u64, target.len() as u64);
    let mut decoder = zstd::Decoder::with_ref_prefix(&difference[..], &base)?.single_frame();
    decoder.window_log_max(window)?;
    let proof = copy(&mut decoder.take(to.sum.size_bytes + 1), &mut std::io::sink())?;
    if proof != to.sum {
        return refuse("release-delta", "The delta does not lead to the release.");
    }
    feed.add(name, &mut &difference[..])
}

fn binary(feed: &Folder, one: &Listed) -> Result<Vec<u8>> {
    feed.check(&one.name, &one.sum)?;
    Ok(fs::read(feed.target(&one.sum.sha256, &one.name))?)
}

fn difference(base: &[u8], target: &[u8]) -> Result<Vec<u8>> {
    let (base_bytes, target_bytes) = (base.len() as u64, target.len() as u64);
    let mut encoder = zstd::Encoder::with_ref_prefix(Vec::new(), LEVEL, base)?;
    encoder.window_log(delta_window_log(base_bytes, target_bytes))?;
    encoder.long_distance_matching(true)?;
    encoder.set_pledged_src_size(Some(target_bytes))?;
    encoder.write_all(target)?;
    Ok(encoder.finish()?)
}
