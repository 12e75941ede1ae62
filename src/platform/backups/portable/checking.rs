//! All that has to be right before a workspace from elsewhere becomes one of this box.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::archive::{Opened, PersonAbout, file_path, read_key, unpacked_blobs};
use super::rules::Refused;
use super::schema::{self, damaged};
use super::store::PersonElsewhere;
use crate::platform::audit::ops::verification::{Signers, verify_snapshot};
use crate::platform::backups::archive::MANIFEST;
use crate::platform::backups::contents;
use crate::platform::backups::contents::rules::Depth;
use crate::platform::blobs::{self, BlobHash};
use crate::platform::clock::Moment;
use crate::platform::db::{MigrationSet, Snapshot};
use crate::platform::error::{Error, Result};
use crate::platform::identity::users::rules::clean_email;
use crate::platform::setup::rules::BoxId;
use crate::platform::workspaces::rules::{Draft, clean_name};
use crate::platform::workspaces::{Workspace, WorkspaceId, file_id_of};

/// A larger page is none of SQLite's.
const PAGE_SIZE_BYTES_MAX: u64 = 65_536;
const HEAD: &[u8] = b"SQLite format 3\0";
const PEOPLE_MAX: usize = 100_000;
const ROLE_LENGTH_MAX: usize = 100;
const VERSION_LENGTH_MAX: usize = 50;

/// Looks through the unpacked database. `scratch` is a folder for files that are made to be
/// compared with. Blocks, and reads all of it.
pub(super) fn database(
    opened: &Opened,
    files: &Path,
    scratch: &Path,
    sets: &[MigrationSet],
    now: Moment,
) -> Result<()> {
    let name = file_path(&opened.manifest.workspace);
    let path = files.join(&name);
    head(opened, &path, &name)?;
    schema::check(&path, &scratch.join("blank.db"), sets, &name, now)?;
    let file = schema::open(&path, &name)?;
    if let Some(fault) = damaged(&name, contents::ops::fault(&file, Depth::Indexes))? {
        let fault: String = fault.chars().filter(|one| !one.is_control()).take(200).collect();
        return Err(Refused::inside(&name, format!("is damaged: {fault}")).into());
    }
    let workspace: WorkspaceId = opened.manifest.workspace.parse().map_err(Error::internal)?;
    if damaged(&name, file_id_of(&file))? != Some(workspace) {
        return Err(Refused::inside(&name, "belongs to another workspace").into());
    }
    let found = damaged(&name, contents::ops::of(&file))?;
    let said = opened.file();
    if found.rows != said.rows || found.audit != said.audit {
        return Err(Refused::inside(&name, "does not hold what the manifest says").into());
    }
    blobs_fit(&file, files, &name)?;
    let on_box = opened.manifest.box_id.parse();
    let on_box = on_box.map_err(|_| Refused::inside(MANIFEST, "names no box"))?;
    let keys = opened.manifest.audit_keys.iter().filter_map(|key| read_key(key)).collect();
    let signers = Signers { on_box, keys };
    let verdict = damaged(&name, verify_snapshot(&file, &signers, |_| Vec::new(), |_| {}))?;
    match verdict.bad {
        None => Ok(()),
        Some(bad) => {
            let fault =
                format!("has an audit log that was altered; the first bad entry is {}", bad.seq);
            Err(Refused::inside(&name, fault).into())
        }
    }
}

/// The audit log says nothing of lengths, and backups and downloads rely on them.
fn blobs_fit(file: &Snapshot, files: &Path, name: &str) -> Result<()> {
    let named = damaged(name, blobs::ops::all_of(file))?;
    let mut named: Vec<_> = named.iter().map(|blob| (blob.hash, blob.size_bytes)).collect();
    named.sort_unstable();
    let there = unpacked_blobs(files)?;
    let hashes = |all: &[(BlobHash, u64)]| all.iter().map(|one| one.0).collect::<Vec<_>>();
    if hashes(&there) != hashes(&named) {
        return Err(Refused::inside(name, "names other files than are there").into());
    }
    if there != named {
        return Err(Refused::inside(name, "says of a file that it is longer or shorter").into());
    }
    Ok(())
}

fn head(opened: &Opened, path: &Path, name: &str) -> Result<()> {
    let said = opened.file();
    let mut head = [0; 16];
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    let fits = size == said.page_size_bytes.saturating_mul(said.pages)
        && said.page_size_bytes <= PAGE_SIZE_BYTES_MAX;
    if !fits || file.read_exact(&mut head).is_err() || head != HEAD {
        return Err(Refused::inside(name, "is no database").into());
    }
    Ok(())
}

/// What the archive says of where it is from, fit to be shown: whoever made it wrote that.
pub(super) fn origin(opened: Opened) -> Result<Opened> {
    let Opened { mut manifest, mut about, seal } = opened;
    let unfit = |what: &str| -> Error {
        Refused::inside(MANIFEST, format!("has a {what} that cannot be")).into()
    };
    manifest.box_name = clean_name("box_name", &manifest.box_name).map_err(|_| unfit("name"))?;
    let taken_at: Moment = manifest.taken_at.parse().map_err(|_| unfit("time"))?;
    manifest.taken_at = taken_at.to_string();
    let on_box: BoxId = manifest.box_id.parse().map_err(|_| unfit("box"))?;
    manifest.box_id = on_box.to_string();
    let version = &manifest.version;
    if version.len() > VERSION_LENGTH_MAX || !version.bytes().all(|one| one.is_ascii_graphic()) {
        return Err(unfit("version"));
    }
    about.name = clean_name("name", &about.name).map_err(|_| unlike("a name that cannot be"))?;
    Ok(Opened { manifest, about, seal })
}

/// The workspace that is made of what the archive says of it.
pub(super) fn workspace(
    opened: &Opened,
    id: WorkspaceId,
    apps: &[&str],
    now: Moment,
) -> Result<Workspace> {
    let about = opened.about.clone();
    // An app that this box does not have cannot be switched on.
    let known = |on: Vec<String>| -> Vec<String> {
        on.into_iter().filter(|one| apps.contains(&one.as_str())).collect()
    };
    let draft = Draft {
        name: about.name,
        time_zone: Some(about.time_zone),
        currency: Some(about.currency),
        locale: Some(about.locale),
        week_start: Some(about.week_start),
        apps: about.apps.map(known),
        is_sample: false,
    };
    draft.check(id, "", apps, now).map_err(|_| unlike("a setting that cannot be"))
}

/// The people that the archive names.
pub(super) fn people(opened: &Opened) -> Result<Vec<PersonElsewhere>> {
    let people = &opened.about.people;
    if people.len() > PEOPLE_MAX {
        return Err(unlike("too many people"));
    }
    people.iter().map(|one| person(one).ok_or_else(|| unlike("somebody who cannot be"))).collect()
}

fn person(about: &PersonAbout) -> Option<PersonElsewhere> {
    let role = about.role.clone();
    if role.as_ref().is_some_and(|role| role.is_empty() || role.chars().count() > ROLE_LENGTH_MAX) {
        return None;
    }
    Some(PersonElsewhere {
        id: about.id.parse().ok()?,
        name: clean_name("name", &about.name).ok()?,
        email: about.email.as_deref().map(|email| clean_email("email", email)).transpose().ok()?,
        role,
    })
}

fn unlike(what: &str) -> Error {
    Refused::inside(super::archive::ABOUT, format!("names {what}")).into()
}
