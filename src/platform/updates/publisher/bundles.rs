//! A bundle: what a box without the internet needs of a feed, in one file that a browser uploads.
//! The same feed gives the same bytes.

use std::fs::{self, File};
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use tough::schema::{Root, Signed, Snapshot, Targets, Timestamp};

use super::folder::{Folder, Sum, copy};
use super::releases::{Listed, releases};
use super::rules::lead;
use crate::platform::error::{Error, Result, refuse};
use crate::platform::secret::to_hex;
use crate::platform::updates::release::{Channel, Status};
use crate::platform::whole_file;

const FILE_MODE: u32 = 0o644;

/// What went into a bundle.
#[derive(Debug, Clone)]
pub struct Bundled {
    pub sum: Sum,
    pub members: Vec<String>,
    pub releases: Vec<Listed>,
}

/// Writes a bundle with the newest release of a channel, for every machine that has it, its notes
/// and its deltas, and all roots and the metadata that boxes see now.
///
/// # Errors
/// `release-feed`: something is missing in the feed. `release-unknown`: the channel is empty.
pub fn write(feed: &Folder, out: &Path, channel: Channel) -> Result<Bundled> {
    let mut members = roots(feed)?;
    let timestamp = there(feed, feed.unnumbered::<Timestamp>()?, "timestamp")?;
    let named = |meta: Option<&tough::schema::Metafile>| meta.map_or(0, |meta| meta.version.get());
    let number = named(timestamp.signed.meta.get("snapshot.json"));
    let snapshot = there(feed, feed.version::<Snapshot>(number)?, "snapshot")?;
    let list_number = named(snapshot.signed.meta.get("targets.json"));
    let list = there(feed, feed.version::<Targets>(list_number)?, "list of releases")?;
    for name in [
        "timestamp.json".to_owned(),
        format!("{number}.snapshot.json"),
        format!("{list_number}.targets.json"),
    ] {
        members.push((format!("metadata/{name}"), feed.metadata().join(name)));
    }
    let offered = |one: &Listed| {
        one.release.status == Status::Active && one.release.channels.contains(&channel)
    };
    let all = releases(&list.signed).into_iter().filter(offered).collect();
    let chosen = lead(all, |one| &one.release);
    if chosen.is_empty() {
        return refuse("release-unknown", format!("{} has no release.", channel.name()));
    }
    for (name, sum) in contents(&list.signed, &chosen) {
        feed.check(&name, &sum)?;
        let file = format!("{}.{name}", sum.sha256);
        members.push((format!("targets/{file}"), feed.targets().join(file)));
    }
    let sum = pack(&members, out)?;
    let members = members.into_iter().map(|(name, _)| name).collect();
    Ok(Bundled { sum, members, releases: chosen })
}

fn there<T>(feed: &Folder, found: Option<Signed<T>>, what: &str) -> Result<Signed<T>> {
    match found {
        Some(found) => Ok(found),
        None => refuse("release-feed", format!("{} has no {what}.", feed.path().display())),
    }
}

/// All roots: a box may know none but the first.
fn roots(feed: &Folder) -> Result<Vec<(String, PathBuf)>> {
    let versions = feed.versions::<Root>()?;
    let wanted = (1..=versions.last().copied().unwrap_or_default()).collect::<Vec<u64>>();
    if versions.is_empty() || versions != wanted {
        let detail = format!("{} does not have all roots.", feed.path().display());
        return refuse("release-feed", detail);
    }
    let names = versions.into_iter().map(|version| format!("{version}.root.json"));
    Ok(names.map(|name| (format!("metadata/{name}"), feed.metadata().join(name))).collect())
}

/// The targets that belong to releases, by name.
fn contents(list: &Targets, chosen: &[Listed]) -> Vec<(String, Sum)> {
    let mut names: Vec<&str> = Vec::new();
    for one in chosen {
        names.extend([one.name.as_str(), one.release.notes.as_str()]);
        names.extend(one.release.deltas.iter().map(|delta| delta.target.as_str()));
    }
    let listed = list.targets.iter().filter(|(name, _)| names.contains(&name.raw()));
    let mut found: Vec<(String, Sum)> = listed
        .map(|(name, target)| {
            let sha256 = to_hex(&target.hashes.sha256);
            (name.raw().to_owned(), Sum { size_bytes: target.length, sha256 })
        })
        .collect();
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found
}

/// Writes plain files one after the other, without anything that differs from day to day.
fn pack(members: &[(String, PathBuf)], out: &Path) -> Result<Sum> {
    let mut name = out.as_os_str().to_owned();
    name.push(".new");
    let temporary = PathBuf::from(name);
    let mut tar = tar::Builder::new(BufWriter::new(File::create(&temporary)?));
    for (name, path) in members {
        let file = File::open(path)?;
        let mut header = tar::Header::new_ustar();
        header.set_path(name).map_err(Error::internal)?;
        header.set_size(file.metadata()?.len());
        header.set_mode(FILE_MODE);
        header.set_mtime(0);
        header.set_entry_type(tar::EntryType::Regular);
        header.set_cksum();
        let size_bytes = header.size()?;
        tar.append(&header, file.take(size_bytes))?;
    }
    let mut file = tar.into_inner()?;
    file.flush()?;
    file.get_ref().sync_all()?;
    drop(file);
    fs::rename(&temporary, out)?;
    whole_file::sync_folder_of(&std::path::absolute(out)?)?;
    Ok(copy(&mut File::open(out)?, &mut std::io::sink())?)
}
