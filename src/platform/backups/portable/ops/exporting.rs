//! The job that writes an archive: pages from the database through tar, zstd and age into one
//! file. Nothing of it lies plainly on the disk, and nothing waits for it.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{ExportInput, free_bytes, too_large};
use crate::platform::Platform;
use crate::platform::audit::Entry;
use crate::platform::audit::ops::checkpoints::signers_in;
use crate::platform::backups::archive::{
    Archive, COMMIT_FILE, FileEntry, HashedFile, Key, Lock, Sum, to_signed,
};
use crate::platform::backups::contents::{self, ops::Contents};
use crate::platform::backups::kits;
use crate::platform::backups::portable::archive::{
    ABOUT, About, FORMAT, KIND, Manifest, PersonAbout, RoleAbout, SIGNED_AS, Seal, blob_path,
    file_path, key_hash,
};
use crate::platform::backups::portable::jobs::EXPORT;
use crate::platform::backups::portable::rules::{
    ARCHIVE_SIZE_BYTES_MAX, check_files, check_room, fingerprint,
};
use crate::platform::backups::portable::store;
use crate::platform::backups::watched::{Logs, Progress, Watched};
use crate::platform::blobs::{self, Blob};
use crate::platform::clock::Moment;
use crate::platform::ctx::{BoxCtx, BoxScope, Ctx, Scope};
use crate::platform::db::{Held, Pages};
use crate::platform::error::{Error, Result};
use crate::platform::identity::{UserId, users};
use crate::platform::jobs::ops::{View, find_in, get};
use crate::platform::jobs::rules::State;
use crate::platform::jobs::{JobId, Work};
use crate::platform::monitoring::ops::VERSION;
use crate::platform::secret::to_hex;
use crate::platform::spool::{KEPT, Kept, Spool};
use crate::platform::tasks;
use crate::platform::workspaces::ops::{KIND as WORKSPACE_KIND, get_in};
use crate::platform::workspaces::{WorkspaceId, damage, members, roles};

/// Read at once while listing.
const PAGE: usize = 500;

/// What is known before the pages are read.
struct Plan {
    kept: Kept,
    taken_at: Moment,
    lock: Lock,
    about: About,
    box_id: String,
    box_name: String,
    signing_key: [u8; 32],
    audit_keys: Vec<[u8; 32]>,
}

/// What was written.
struct Written {
    size_bytes: u64,
    sha256: String,
    source_bytes: u64,
    rows: u64,
    audit_entries: u64,
}

/// The moment that is taken, and what there is in it.
struct Counted {
    held: Held,
    contents: Contents,
    blobs: Vec<Blob>,
    /// Bytes of its pages, and of all that goes into the archive.
    source_bytes: u64,
    plain_bytes: u64,
}

impl Counted {
    /// Blocks.
    fn of(held: Held) -> Result<Self> {
        let (contents, blobs) = (contents::ops::of_held(&held)?, blobs::ops::all_of_held(&held)?);
        let source_bytes = Pages::of(held.connection())?.size_bytes();
        let size = |blob: &Blob| blob.size_bytes;
        let plain_bytes = blobs.iter().map(size).fold(source_bytes, u64::saturating_add);
        Ok(Self { held, contents, blobs, source_bytes, plain_bytes })
    }
}

/// Writes the archive of the job's workspace.
pub(in crate::platform::backups::portable) async fn export(work: &Work) -> Result<Value> {
    let ctx = work.ctx()?;
    let (platform, id) = (Arc::clone(&ctx.platform), ctx.workspace());
    let lock = lock(work, &ctx).await?;
    let entry = Entry::new("workspace.exported", WORKSPACE_KIND, id);
    let note = move |scope: &Scope<'_>| {
        scope.audit(entry)?;
        Ok(Value::Null)
    };
    // Before the moment that is taken: whoever gets the archive reads there that it was made.
    work.step("noted", note).await?;
    // What the moment names stays where it is until it is read.
    let _pin = platform.blobs.pin();
    let held = damage::ops::hold(&ctx, id).await?;
    let taken_at = ctx.now();
    let (counted, actors) = tasks::in_background(move || {
        let actors = store::actors(held.connection())?;
        Ok((Counted::of(held)?, actors))
    })
    .await?;
    if counted.plain_bytes > ARCHIVE_SIZE_BYTES_MAX {
        return Err(too_large());
    }
    check_files(counted.blobs.len())?;
    check_room(counted.plain_bytes, free_bytes(&platform).await?)?;
    let about = (*ctx).read(move |scope| about_in(scope, id, actors)).await?;
    let (box_id, box_name, signing_key) = kits::ops::identity(&ctx).await?;
    let audit_keys = (*ctx).read(|scope| Ok(signers_in(scope)?.keys)).await?;
    let kept = Kept { workspace: id, id: work.id().cast(), until: taken_at.plus(KEPT) };
    let plan = Plan { kept, taken_at, lock, about, box_id, box_name, signing_key, audit_keys };
    let written = write(work, &platform, plan, counted).await?;
    Ok(json!({
        "file": format!("/api/v1/workspaces/{id}/exports/{}", work.id()),
        "workspace_id": id.to_string(), "job_id": work.id().to_string(),
        "size_bytes": written.size_bytes, "sha256": written.sha256,
        "source_bytes": written.source_bytes,
        "rows": written.rows, "audit_entries": written.audit_entries,
        "taken_at": taken_at.to_string(), "kept_until": kept.until.to_string(),
        "fingerprint": fingerprint(&key_hash(&signing_key)),
    }))
}

async fn lock(work: &Work, ctx: &Ctx) -> Result<Lock> {
    let ExportInput { to, recipient } = work.input()?;
    match (to.as_str(), recipient) {
        ("recipient", Some(recipient)) => {
            Ok(Lock::Recipients(vec![recipient.parse().map_err(Error::internal)?]))
        }
        ("kits", _) => {
            let recipients = (**ctx).read(kits::ops::recipients_in).await?;
            if recipients.is_empty() {
                let detail = "There is no recovery kit any more.";
                return Err(Error::conflict("export-no-kit", detail));
            }
            Ok(Lock::Recipients(recipients))
        }
        _ => {
            if let Some(Key::Passphrase(passphrase)) = work.handed::<Key>().as_deref() {
                return Ok(Lock::Passphrase(passphrase.clone()));
            }
            let detail = "The box stopped and keeps no passphrase. Ask again.";
            Err(Error::conflict("archive-key-gone", detail))
        }
    }
}

fn about_in(scope: &BoxScope<'_>, id: WorkspaceId, actors: Vec<UserId>) -> Result<About> {
    let workspace = get_in(scope, id)?;
    let role = |one: roles::rules::CustomRole| RoleAbout {
        name: one.name,
        description: one.description,
        permissions: one.permissions.into_iter().collect(),
    };
    Ok(About {
        name: workspace.name,
        time_zone: workspace.time_zone,
        currency: workspace.currency,
        locale: workspace.locale,
        week_start: workspace.week_start,
        apps: workspace.apps.text().map(|text| text.split(' ').map(str::to_owned).collect()),
        is_sample: workspace.is_sample,
        created_at: workspace.created_at.to_string(),
        roles: roles::ops::list_in(scope, id)?.into_iter().map(role).collect(),
        people: people_in(scope, id, actors)?.into_values().collect(),
    })
}

fn people_in(
    scope: &BoxScope<'_>,
    id: WorkspaceId,
    actors: Vec<UserId>,
) -> Result<BTreeMap<UserId, PersonAbout>> {
    let mut people = BTreeMap::new();
    let mut after = None;
    loop {
        let some = members::ops::list_in(scope, id, after, PAGE)?;
        after = some.last().map(|last| last.user);
        let is_last = some.len() < PAGE;
        for one in some {
            let person = about_one(one.user, one.name, Some(one.email), Some(one.role_name));
            people.insert(one.user, person);
        }
        if is_last {
            break;
        }
    }
    add_elsewhere(scope, id, &mut people)?;
    for user in actors {
        if people.contains_key(&user) {
            continue;
        }
        let (name, email) = match users::ops::get_in(scope, user) {
            Ok(person) => (Some(person.name), Some(person.email)),
            // A service account; nobody who was erased.
            Err(Error::NotFound) => (users::ops::living_name_in(scope, user)?, None),
            Err(error) => return Err(error),
        };
        if let Some(name) = name {
            people.insert(user, about_one(user, name, email, None));
        }
    }
    Ok(people)
}

fn about_one(id: UserId, name: String, email: Option<String>, role: Option<String>) -> PersonAbout {
    PersonAbout { id: id.to_string(), name, email, role }
}

/// Those of a box before this one.
fn add_elsewhere(
    scope: &BoxScope<'_>,
    id: WorkspaceId,
    people: &mut BTreeMap<UserId, PersonAbout>,
) -> Result<()> {
    let mut after = None;
    loop {
        let some = store::people(scope, id, after, PAGE)?;
        after = some.last().map(|last| last.id);
        let is_last = some.len() < PAGE;
        for one in some {
            let person = || about_one(one.id, one.name, one.email, None);
            people.entry(one.id).or_insert_with(person);
        }
        if is_last {
            return Ok(());
        }
    }
}

async fn write(
    work: &Work,
    platform: &Arc<Platform>,
    plan: Plan,
    counted: Counted,
) -> Result<Written> {
    let spool = Spool::of_archives(platform.config.data());
    let (place, kept, now) = (spool.clone(), plan.kept, plan.taken_at);
    let file = tasks::blocking(move || {
        // One archive of a workspace waits at a time.
        let old = place.list()?.into_iter().filter(|one| one.workspace == kept.workspace);
        old.for_each(|one| place.remove(one));
        place.create(kept, now)
    })
    .await?;
    let (doing, platform) = (work.clone(), Arc::clone(platform));
    let written = tasks::in_background(move || {
        write_to(&doing, &platform, &plan, counted, HashedFile::new(file))
    })
    .await;
    spool.kept_if_done(kept, written).await
}

/// Writes all of it. The moment is held only until its pages are read: of files that lie beside
/// the database it needs no more than their names.
fn write_to(
    work: &Work,
    platform: &Platform,
    plan: &Plan,
    Counted { held, contents, blobs, source_bytes, plain_bytes }: Counted,
    out: HashedFile,
) -> Result<Written> {
    let mut archive = Archive::begin_locked(out, &plan.lock, plan.taken_at)?;
    let about = serde_json::to_string_pretty(&plan.about).map_err(Error::internal)?;
    archive.add_bytes(ABOUT, about.as_bytes())?;
    let pages = Pages::of(held.connection())?;
    let (page_size_bytes, count) = (pages.page_size_bytes(), pages.page_count());
    let path = file_path(&plan.kept.workspace.to_string());
    let log_bytes_max = platform.config.storage.backup_log_bytes_max;
    let logs = Logs::of_export(&platform.workspaces.path(plan.kept.workspace), log_bytes_max);
    let mut progress = Progress { done_bytes: 0, total_bytes: plain_bytes };
    let sha256 = Watched::new(pages, progress, &logs, work).add_to(&mut archive, &path)?;
    drop(held);
    progress.done_bytes = source_bytes;
    for blob in blobs {
        work.check()?;
        let file = platform.blobs.fetch(plan.kept.workspace, blob.hash)?;
        archive.add(&blob_path(blob.hash), blob.size_bytes, file)?;
        progress.done_bytes += blob.size_bytes;
        work.progress(progress.done_bytes, progress.total_bytes);
    }
    let Contents { rows, audit } = contents;
    let (count_of_rows, audit_entries) = (rows.values().sum::<u64>(), audit.entries);
    let file = FileEntry { path, page_size_bytes, pages: count, sha256, rows, audit };
    add_seal(&mut archive, platform, plan, file)?;
    let Sum { size_bytes, sha256 } = archive.into_inner()?.finish()?;
    if size_bytes > ARCHIVE_SIZE_BYTES_MAX {
        return Err(too_large());
    }
    work.check()?;
    Ok(Written { size_bytes, sha256, source_bytes, rows: count_of_rows, audit_entries })
}

/// Adds what speaks of the rest, and the signature over that.
fn add_seal(
    archive: &mut Archive<HashedFile>,
    platform: &Platform,
    plan: &Plan,
    file: FileEntry,
) -> Result<()> {
    let manifest = Manifest {
        format: FORMAT,
        kind: KIND.to_owned(),
        version: VERSION.to_owned(),
        sqlite_version: contents::ops::sqlite_version(),
        box_id: plan.box_id.clone(),
        box_name: plan.box_name.clone(),
        audit_keys: plan.audit_keys.iter().map(|key| STANDARD.encode(key)).collect(),
        taken_at: plan.taken_at.to_string(),
        workspace: plan.kept.workspace.to_string(),
        files: vec![file],
    };
    let sums = archive.add_summary(&manifest)?;
    let seal = Seal {
        format: FORMAT,
        kind: KIND.to_owned(),
        box_id: plan.box_id.clone(),
        taken_at: plan.taken_at.to_string(),
        sums_sha256: to_hex(&Sha256::digest(sums.as_bytes())),
        signing_key: STANDARD.encode(plan.signing_key),
    };
    let sign = |text: &str| platform.audit.signer().sign(text).map(|it| it.as_ref().to_vec());
    archive.add_bytes(COMMIT_FILE, to_signed(&seal, SIGNED_AS, sign)?.as_bytes())?;
    Ok(())
}

/// Removes archives that a stop of the box cut off. No job may run yet.
pub(super) async fn drop_unfinished(ctx: &BoxCtx) -> Result<()> {
    let spool = Spool::of_archives(ctx.platform.config.data());
    let place = spool.clone();
    let files = tasks::blocking(move || place.list()).await?;
    if files.is_empty() {
        return Ok(());
    }
    let unfinished = ctx.read(move |scope| {
        let is_done =
            |kept: &Kept| find_in(scope, kept.id.cast()).is_ok_and(|job| job.state == State::Done);
        Ok(files.into_iter().filter(|kept| !is_done(kept)).collect::<Vec<_>>())
    });
    let unfinished = unfinished.await?;
    tasks::blocking(move || {
        for kept in unfinished {
            spool.remove(kept);
        }
        Ok(())
    })
    .await
}

/// An archive to be fetched.
pub struct Ready {
    pub file: File,
    pub size_bytes: u64,
    pub taken_at: String,
}

/// What a job answers that wrote an archive.
#[derive(Deserialize)]
struct Answer {
    taken_at: String,
    kept_until: String,
}

/// Opens the archive that a job of the caller's workspace wrote, as long as it is kept.
pub async fn open_export(ctx: &Ctx, id: JobId) -> Result<Ready> {
    let job = get(ctx, View::of(ctx)?, id).await?;
    let answer = job.result.filter(|_| job.kind == EXPORT.kind).ok_or(Error::NotFound)?;
    let Answer { taken_at, kept_until } = serde_json::from_str(&answer).map_err(Error::internal)?;
    let until = kept_until.parse().map_err(Error::internal)?;
    let kept = Kept { workspace: ctx.workspace(), id: id.cast(), until };
    let (spool, now) = (Spool::of_archives(ctx.platform.config.data()), ctx.now());
    let ready = tasks::blocking(move || {
        let file = spool.open(kept, now)?;
        let size_bytes = file.metadata()?.len();
        Ok(Ready { file, size_bytes, taken_at })
    });
    let ready = ready.await?;
    let entry = Entry::new("workspace.export_fetched", WORKSPACE_KIND, ctx.workspace());
    ctx.write(move |scope| scope.audit(entry.set("job", id.to_string()))).await?;
    Ok(ready)
}
