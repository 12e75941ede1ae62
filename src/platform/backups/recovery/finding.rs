//! Which bases lie at a place, and which of them the box of a kit has signed.

use sha2::{Digest, Sha256};

use crate::platform::backups::archive::{
    COMMIT_FILE, COMMIT_SIZE_BYTES_MAX, Commit, Kit, Refused, check_commit,
};
use crate::platform::backups::bases::rules::base_folder;
use crate::platform::backups::targets::Remote;
use crate::platform::backups::targets::source::{BaseAt, list_bases};

/// Bases whose `COMMIT.json` is read.
const BASES_MAX: usize = 10_000;

/// A base that the kit's box signed.
#[derive(Debug, Clone)]
pub struct Found {
    pub base: BaseAt,
    pub commit: Commit,
    /// SHA-256 of its `COMMIT.json`.
    pub commit_hash: [u8; 32],
}

impl Found {
    /// Bytes of its parts.
    pub fn size_bytes(&self) -> u64 {
        self.commit.parts.iter().map(|part| part.size_bytes).sum()
    }

    /// What orders the bases of a box: a recovered one counts from where it came from.
    fn order(&self) -> (u64, u64) {
        (self.commit.box_epoch, self.commit.sequence)
    }
}

/// What calls itself a base and is not taken.
#[derive(Debug)]
pub struct PassedOver {
    pub folder: String,
    pub why: Refused,
}

/// The base that is taken, and what calls itself newer and is not.
#[derive(Debug)]
pub struct Picked {
    pub found: Found,
    pub passed_over: Vec<PassedOver>,
}

impl PassedOver {
    /// The number in the name that a box gave it.
    fn number(&self) -> Option<u64> {
        let name = self.folder.rsplit('/').next().unwrap_or_default();
        let said = name.split('-').next().and_then(|said| said.parse().ok());
        said.filter(|_| is_name_of_base(name))
    }
}

/// All that lies at a place.
#[derive(Debug)]
pub struct Looked {
    /// The oldest first.
    pub bases: Vec<Found>,
    pub passed_over: Vec<PassedOver>,
}

/// Reads what every base says of itself.
pub async fn look(remote: &Remote, kit: &Kit) -> Result<Looked, Refused> {
    let said = |detail: String| Refused::Target(detail);
    let listed = list_bases(remote).await.map_err(|fault| said(fault.detail))?;
    let mut looked = Looked { bases: Vec::new(), passed_over: Vec::new() };
    for base in listed.into_iter().take(BASES_MAX) {
        if !base.is_finished() {
            let why = Refused::Unfinished;
            looked.passed_over.push(PassedOver { folder: base.folder, why });
            continue;
        }
        let read = remote.read(&base.place(COMMIT_FILE), COMMIT_SIZE_BYTES_MAX).await;
        let Some(bytes) = read.map_err(|fault| said(fault.detail))? else { continue };
        match taken(&base, &bytes, kit) {
            Ok(commit) => {
                let commit_hash = Sha256::digest(&bytes).into();
                looked.bases.push(Found { base, commit, commit_hash });
            }
            Err(why) => looked.passed_over.push(PassedOver { folder: base.folder, why }),
        }
    }
    looked.bases.sort_by_key(Found::order);
    Ok(looked)
}

/// The commit of a base that the kit's box signed for this very place.
fn taken(base: &BaseAt, bytes: &[u8], kit: &Kit) -> Result<Commit, Refused> {
    let text = String::from_utf8_lossy(bytes);
    let commit = check_commit(&text, kit).map_err(|why| match why {
        // Only for the words: nothing of what is not signed is believed.
        Refused::NotSigned if box_said_in(&text).is_some_and(|id| id != kit.box_id) => {
            Refused::AnotherBox
        }
        other => other,
    })?;
    let name = base.folder.rsplit('/').next().unwrap_or_default();
    if is_name_of_base(name) && name != name_of(&commit)? {
        let fault = "is that of another backup than its folder says";
        return Err(Refused::Part { name: COMMIT_FILE.to_owned(), fault });
    }
    Ok(commit)
}

fn box_said_in(text: &str) -> Option<String> {
    let said: serde_json::Value = serde_json::from_str(text).ok()?;
    Some(said["commit"]["box_id"].as_str()?.to_owned())
}

/// How a box calls the folder of a base.
fn name_of(commit: &Commit) -> Result<String, Refused> {
    let taken_at = commit.taken_at.parse().map_err(|_| Refused::NotSigned)?;
    let folder = base_folder(commit.sequence, taken_at);
    Ok(folder.rsplit('/').next().unwrap_or_default().to_owned())
}

/// Whether it looks like `000003-20261121T140307Z`; people may call a copy as they like.
fn is_name_of_base(name: &str) -> bool {
    let Some((number, time)) = name.split_once('-') else { return false };
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    let time = time.strip_suffix('Z').and_then(|time| time.split_once('T'));
    are_digits(number) && time.is_some_and(|(day, hour)| are_digits(day) && are_digits(hour))
}

impl Looked {
    /// The newest base, or the newest of a number. The error is a sentence.
    pub fn pick(self, number: Option<u64>) -> Result<Picked, String> {
        let is_wanted = |one: &Found| number.is_none_or(|number| one.commit.sequence == number);
        let Self { bases, mut passed_over } = self;
        if let Some(found) = bases.into_iter().rfind(is_wanted) {
            // Whoever names a number knows what they leave.
            let least = number.map_or(found.commit.sequence, |_| u64::MAX);
            passed_over.retain(|one| one.number().is_some_and(|said| said >= least));
            return Ok(Picked { found, passed_over });
        }
        // What was never finished is rarely what somebody looks for.
        let is_finished = |one: &&PassedOver| one.why != Refused::Unfinished;
        let Some(PassedOver { folder, why }) = passed_over.iter().rfind(is_finished) else {
            return Err(match number {
                Some(number) => format!("There is no backup {number} of this kit's box."),
                None => "There is no backup: nothing there has a COMMIT.json, so whatever lies \
                         there was never finished."
                    .to_owned(),
            });
        };
        Err(match number {
            Some(number) => {
                format!("There is no backup {number} of this kit's box. {folder}: {why}")
            }
            None if folder.is_empty() => why.to_string(),
            None => format!("{folder}: {why}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_box_would_call_a_base_has_to_bear_its_number() {
        for name in ["000003-20261121T140307Z", "1000000-20261121T140307Z"] {
            assert!(is_name_of_base(name), "{name}");
        }
        for name in ["", "base", "our-copy", "000003", "000003-2026", "x-20261121T140307Z"] {
            assert!(!is_name_of_base(name), "{name}");
        }
    }
}
