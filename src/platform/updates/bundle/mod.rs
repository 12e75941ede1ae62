//! A bundle: one file to carry to a box without the internet. It is a plain tar archive of a part
//! of a feed, and as little trusted: it is unpacked into a folder, and that is read as a feed.

use std::collections::BTreeSet;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use tar::EntryType;

use super::metadata::documents::is_target_name;
use super::metadata::{Reason, Result};
use crate::platform::error::{Code, code};

/// Files in a bundle.
pub const MEMBERS_MAX: usize = 256;
/// Bytes of one file of metadata.
pub const METADATA_SIZE_BYTES_MAX: u64 = 10 * 1024 * 1024;
/// Bytes of all files together.
pub const BUNDLE_SIZE_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;
const BUFFER_BYTES: usize = 128 * 1024;
/// Digits of a version and of a hash.
const VERSION_DIGITS_MAX: usize = 19;
const HASH_DIGITS: usize = 64;

const PUBLISHER: &str = "Nothing was changed. Get the bundle from the place the publisher names.";

/// What can be wrong with a bundle.
pub const CODES: &[Code] = &[
    code("update-bundle-path", "A file of the bundle has a name that no bundle has.", PUBLISHER),
    code("update-bundle-kind", "Something in the bundle is no plain file.", PUBLISHER),
    code("update-bundle-twice", "A file stands twice in the bundle.", PUBLISHER),
    code("update-bundle-too-many", "The bundle holds more files than any may.", PUBLISHER),
    code("update-bundle-too-large", "The bundle is larger than any may be.", PUBLISHER),
    code(
        "update-bundle-broken",
        "The bundle is no archive or is cut off.",
        "Copy it once more, or get it anew.",
    ),
];

/// Unpacks a bundle into a folder that must not be there yet, in the layout of a feed. Nothing of
/// it is trusted by that. What is left of the folder after a refusal is to be removed. Blocks.
pub fn unpack(from: impl Read, into: &Path) -> Result<()> {
    for folder in [into.to_owned(), into.join("metadata"), into.join("targets")] {
        DirBuilder::new().mode(0o700).create(folder)?;
    }
    let mut archive = tar::Archive::new(from);
    let (mut names, mut total_bytes) = (BTreeSet::new(), 0_u64);
    // Raw: an extension is a member like any other here, and none of the kinds that are taken.
    for entry in archive.entries().map_err(|error| broken(&error.to_string()))?.raw(true) {
        let mut entry = entry.map_err(|error| broken(&error.to_string()))?;
        let path = entry.path_bytes();
        let shown = String::from_utf8_lossy(&path).into_owned();
        if names.len() >= MEMBERS_MAX {
            let said = format!("It holds more than {MEMBERS_MAX} files.");
            return Err(Reason::new("update-bundle-too-many", said));
        }
        if entry.header().entry_type() != EntryType::Regular {
            let said = format!("“{shown}” is no plain file.");
            return Err(Reason::new("update-bundle-kind", said));
        }
        let name = std::str::from_utf8(&path).ok().filter(|name| is_member(name));
        let Some(name) = name.map(ToOwned::to_owned) else {
            let said = format!("Nothing in a bundle is called “{shown}”.");
            return Err(Reason::new("update-bundle-path", said));
        };
        drop(path);
        let size_bytes = entry.size();
        total_bytes = total_bytes.saturating_add(size_bytes);
        let is_metadata = name.starts_with("metadata/");
        if total_bytes > BUNDLE_SIZE_BYTES_MAX
            || is_metadata && size_bytes > METADATA_SIZE_BYTES_MAX
        {
            let said = format!("With “{name}” it is larger than any bundle may be.");
            return Err(Reason::new("update-bundle-too-large", said));
        }
        write(&into.join(&name), &mut entry, size_bytes)?;
        if !names.insert(name) {
            return Err(twice(&shown));
        }
    }
    if names.is_empty() {
        return Err(broken("it holds nothing"));
    }
    Ok(())
}

/// `metadata/7.root.json`, `metadata/timestamp.json`, `metadata/7.snapshot.json`,
/// `metadata/7.targets.json`, or `targets/` with a hash, a point and a target's name.
fn is_member(name: &str) -> bool {
    if let Some(file) = name.strip_prefix("metadata/") {
        let is_numbered = file.split_once('.').is_some_and(|(version, role)| {
            let is_number = version.bytes().all(|one| one.is_ascii_digit());
            let is_plain = !version.is_empty() && !version.starts_with('0');
            let is_role = ["root.json", "snapshot.json", "targets.json"].contains(&role);
            is_number && is_plain && version.len() <= VERSION_DIGITS_MAX && is_role
        });
        return is_numbered || file == "timestamp.json";
    }
    let target = name.strip_prefix("targets/").and_then(|file| file.split_once('.'));
    target.is_some_and(|(hash, name)| {
        let is_hex = hash.bytes().all(|one| matches!(one, b'0'..=b'9' | b'a'..=b'f'));
        hash.len() == HASH_DIGITS && is_hex && is_target_name(name)
    })
}

fn write(path: &Path, from: &mut impl Read, size_bytes: u64) -> Result<()> {
    let mut file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(twice(&path.file_name().unwrap_or_default().to_string_lossy()));
        }
        opened => opened?,
    };
    let (mut buffer, mut at) = (vec![0; BUFFER_BYTES], 0);
    loop {
        let read = from.read(&mut buffer).map_err(|error| broken(&error.to_string()))?;
        if read == 0 {
            break;
        }
        at += read as u64;
        file.write_all(&buffer[..read])?;
    }
    if at != size_bytes {
        return Err(broken("it is cut off"));
    }
    Ok(())
}

fn twice(name: &str) -> Reason {
    Reason::new("update-bundle-twice", format!("“{name}” stands twice in it."))
}

fn broken(said: &str) -> Reason {
    Reason::new("update-bundle-broken", format!("The bundle cannot be read: {said}."))
}
