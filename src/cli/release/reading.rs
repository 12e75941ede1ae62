//! `holdfast release verify` and `mirror`: a feed as a box reads it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::cli::Common;
use crate::cli::output::{self, Answer, Failure};
use crate::platform::clock::Clock;
use crate::platform::random::Random;
use crate::platform::updates::metadata::web::{Bounds, Web};
use crate::platform::updates::metadata::{self, Feed, Reason};
use crate::platform::updates::publisher::checking::{self, Offer, Verified};

/// A larger file is no root.
const ROOT_SIZE_BYTES_MAX: u64 = 1024 * 1024;

/// A folder, or an address on the web.
fn feed(named: &str) -> Answer<Feed> {
    if named.contains("://") {
        return Ok(Feed::Web(taken(Web::new(named, Bounds::USUAL))?));
    }
    let folder = PathBuf::from(named);
    if !folder.join("metadata").is_dir() {
        return Err(Failure::NotFound(format!("{named} is no feed.")));
    }
    Ok(Feed::Folder(folder))
}

fn root(path: &Path) -> Answer<Vec<u8>> {
    let mut bytes = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(ROOT_SIZE_BYTES_MAX).read_to_end(&mut bytes));
    match read {
        Ok(_) => Ok(bytes),
        Err(error) => {
            Err(Failure::NotFound(format!("{} cannot be read: {error}.", path.display())))
        }
    }
}

/// A reason for which a box would refuse it fails the check.
fn taken<T>(outcome: metadata::Result<T>) -> Answer<T> {
    outcome.map_err(|reason| {
        output::complain(&reason.to_string());
        Failure::CheckFailed
    })
}

fn waited<T>(work: impl Future<Output = metadata::Result<T>>) -> Answer<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    taken(runtime.block_on(work))
}

pub(super) fn verify(common: &Common, named: &str, trusted: &Path) -> Answer {
    let (feed, root) = (feed(named)?, root(trusted)?);
    let random = Random::new(Clock::System);
    let verified = waited(checking::verify(&feed, &root, Clock::System.now(), &random))?;
    if common.json {
        output::print_json(&verified_json(&verified))?;
    } else {
        output::print(&verified_told(&verified))?;
    }
    if verified.broken.is_empty() { Ok(()) } else { Err(Failure::CheckFailed) }
}

fn verified_json(verified: &Verified) -> Value {
    let offer = |one: &Offer| {
        json!({
            "channel": one.channel.name(), "os": one.os, "arch": one.arch,
            "release": one.release,
        })
    };
    let broken = |one: &Reason| json!({ "code": one.code, "detail": one.detail });
    json!({
        "expires_at": verified.expires_at.to_string(), "signers": verified.signers,
        "targets": verified.targets,
        "offers": verified.offers.iter().map(offer).collect::<Vec<_>>(),
        "broken": verified.broken.iter().map(broken).collect::<Vec<_>>(),
    })
}

fn verified_told(verified: &Verified) -> String {
    let Verified { expires_at, signers, targets, offers, broken } = verified;
    let mut lines = vec![
        format!("Fresh until {expires_at}, {targets} files listed, signed by:"),
        format!("  {}", signers.join(" ")),
    ];
    lines.extend(offers.iter().map(|one| {
        let Offer { channel, os, arch, release } = one;
        let what = match release {
            Some(release) if release.rollout.percent < 100 => format!(
                "{} (number {}) for {} % of them",
                release.version, release.seq, release.rollout.percent
            ),
            Some(release) => format!("{} (number {})", release.version, release.seq),
            None => "nothing".to_owned(),
        };
        format!("{} boxes on {os} {arch} get {what}.", channel.name())
    }));
    lines.extend(broken.iter().map(|one| format!("Broken: {}", one.detail)));
    lines.join("\n") + "\n"
}

pub(super) fn mirror(common: &Common, from: &str, to: &Path, trusted: &Path) -> Answer {
    let (feed, root) = (feed(from)?, root(trusted)?);
    let random = Random::new(Clock::System);
    let mirrored = waited(checking::mirror(&feed, &root, to, Clock::System.now(), &random))?;
    let until = mirrored.expires_at.to_string();
    if common.json {
        return output::print_json(&json!({
            "metadata": mirrored.metadata, "fetched": mirrored.fetched, "fresh_until": until,
        }));
    }
    output::print(&format!(
        "{} holds {} files of metadata; {} others were fetched. It is fresh until {until}.\n",
        to.display(),
        mirrored.metadata.len(),
        mirrored.fetched.len()
    ))
}
