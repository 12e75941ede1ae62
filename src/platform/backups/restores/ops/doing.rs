//! The job: from a backup at a target to a workspace that people work in.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{InHand, Input, ending, places};
use crate::platform::access::Role;
use crate::platform::audit::Entry;
use crate::platform::backups::archive::{Kit, Manifest, SYSTEM};
use crate::platform::backups::contents::ops::Contents;
use crate::platform::backups::kits;
use crate::platform::backups::restores::candidate::{Placed, Switch, counted, put_in_place};
use crate::platform::backups::restores::fetching::{Place, Wanted, fetch, path_of, refused};
use crate::platform::backups::restores::rules::{Mode, Restore, RestoreId};
use crate::platform::backups::restores::{kept, store};
use crate::platform::backups::targets;
use crate::platform::backups::{archive, bases};
use crate::platform::blobs::Blobs;
use crate::platform::ctx::{Actor, BoxCtx, BoxScope, Cause};
use crate::platform::db::{self, Snapshot};
use crate::platform::error::{Error, Result};
use crate::platform::identity::{UserId, users};
use crate::platform::jobs::Work;
use crate::platform::privacy::ops::again::{self, Returned};
use crate::platform::secret::to_hex;
use crate::platform::workspaces::ops::{KIND as WORKSPACE_KIND, add_member_in, get_in, record_in};
use crate::platform::workspaces::{Workspace, WorkspaceId, beside_of, damage, make_another};
use crate::platform::{bring_up_to_date, make_private_folder, tasks};

/// A job's result is shorter than this; what is longer is given out with the restore.
const RESULT_SIZE_BYTES_MAX: usize = 14 * 1024;

/// A restore that is being done.
struct Doing<'a> {
    work: &'a Work,
    /// In the name of whoever asked.
    ctx: BoxCtx,
    restore: Restore,
    input: Input,
    scratch: PathBuf,
}

/// Does a restore and notes how it ended.
pub(in crate::platform::backups::restores) async fn carry_out(work: &Work) -> Result<Value> {
    let input: Input = work.input()?;
    let id: RestoreId = input.restore.parse().map_err(Error::internal)?;
    let on_box = work.on_box();
    let restore = on_box.read(move |scope| store::get(scope, id)?.ok_or(Error::NotFound)).await?;
    let data = on_box.platform.config.data();
    let scratch = kept::scratch_of(data, id);
    let actor = restore.asked_by.map_or(Actor::CommandLine, Actor::Newcomer);
    let ctx = BoxCtx::new(&on_box.platform, Cause::of(actor));
    let doing = Doing { work, ctx, restore: restore.clone(), input, scratch: scratch.clone() };
    let outcome = doing.run().await;
    match &outcome {
        Ok(_) => tasks::blocking(move || kept::drop_folder(&scratch)).await?,
        Err(error) => ending::end(on_box, restore, said(error)).await?,
    }
    outcome
}

/// What a person reads of a failure.
fn said(error: &Error) -> String {
    match error {
        Error::Conflict(refusal) | Error::Rule(refusal) | Error::Unavailable(refusal) => {
            refusal.detail.clone()
        }
        Error::StorageFull => "The disk is full. Nothing was changed.".to_owned(),
        other => other.to_string(),
    }
}

impl Doing<'_> {
    async fn run(&self) -> Result<Value> {
        let folder = self.scratch.clone();
        tasks::blocking(move || {
            kept::drop_folder(&folder)?;
            make_private_folder(&folder)
        })
        .await?;
        if self.restore.mode == Mode::Undo {
            return self.undo().await;
        }
        let workspace = self.input.workspace.as_deref().map(str::parse::<WorkspaceId>);
        let workspace = workspace.transpose().map_err(Error::internal)?;
        let wanted = match (self.restore.mode, workspace) {
            (Mode::InPlace | Mode::AsNew, Some(id)) => Wanted::Workspace(id),
            _ => Wanted::Everything,
        };
        let manifest = self.fetch(wanted).await?;
        let Wanted::Workspace(workspace) = wanted else {
            return self.look(&manifest, workspace).await;
        };
        if !manifest.files.iter().any(|file| file.path == path_of(workspace)) {
            let detail = "The workspace is not in this backup. Nothing was changed.";
            return Err(Error::conflict("restore-workspace", detail));
        }
        let system = self.files().join(SYSTEM);
        let now = self.ctx.now();
        let path = system.clone();
        tasks::blocking(move || bring_up_to_date(&path, now)).await?;
        match self.restore.mode {
            Mode::AsNew => self.as_new(&manifest, workspace, system).await,
            _ => self.in_place(&manifest, workspace, system).await,
        }
    }

    fn files(&self) -> PathBuf {
        self.scratch.join("files")
    }

    async fn kit(&self) -> Result<Kit> {
        let (box_id, box_name, signing_key) = kits::ops::identity(&self.ctx).await?;
        let Some(in_hand) = self.work.handed::<InHand>() else {
            let detail = "The box stopped and keeps no keys. Ask again. Nothing was changed.";
            return Err(Error::conflict("restore-key-gone", detail));
        };
        let (identity, created_at) = (in_hand.identity.clone(), self.ctx.now());
        Ok(Kit { identity, box_id, box_name, signing_key, created_at })
    }

    /// Takes the backup from the first target that gives it.
    async fn fetch(&self, wanted: Wanted) -> Result<Manifest> {
        let kit = self.kit().await?;
        if let Some(folder) = &self.input.folder {
            let place = Place::Folder(folder.clone());
            return fetch(self.work, place, &kit, wanted, &self.scratch).await;
        }
        let in_hand = self.work.handed::<InHand>();
        if let Some((remote, folder)) = in_hand.and_then(|it| it.elsewhere.clone()) {
            let place = Place::Target(remote, folder);
            return fetch(self.work, place, &kit, wanted, &self.scratch).await;
        }
        let none = || Error::conflict("restore-backup", "The backup lies at no target any more.");
        let backup = self.restore.backup.ok_or_else(none)?;
        let target = self.input.target.as_deref().and_then(|id| id.parse().ok());
        let (backup, copies) = places(&self.ctx, backup, target).await?;
        let known = targets::ops::list(&self.ctx).await?;
        let below = bases::rules::box_folder(self.ctx.platform.audit.box_id());
        let mut failure = none();
        for target in known.iter().filter(|one| copies.contains(&one.id)) {
            let folder = backup.folder.as_deref().unwrap_or_default();
            let remote = targets::ops::open(&self.ctx, target).await?;
            let place = Place::Target(remote, format!("{below}/{folder}"));
            match fetch(self.work, place, &kit, wanted, &self.scratch).await {
                Ok(manifest) if Some(manifest.sequence) == backup.sequence => return Ok(manifest),
                Ok(_) => {
                    failure = refused(&archive::Refused::Inside {
                        path: archive::MANIFEST.to_owned(),
                        fault: "is that of another backup than the box made there",
                    });
                }
                Err(Error::Conflict(refusal)) if refusal.code == "job-cancelled" => {
                    return Err(Error::Conflict(refusal));
                }
                Err(error) => failure = error,
            }
            let scratch = self.scratch.clone();
            tasks::blocking(move || {
                kept::drop_folder(&scratch)?;
                make_private_folder(&scratch)
            })
            .await?;
        }
        Err(failure)
    }

    /// Who is in the older file and was erased since.
    async fn returned(&self, system: PathBuf, workspace: WorkspaceId) -> Result<Vec<Returned>> {
        let erased = self.ctx.read(again::erased_in).await?;
        let clock = self.ctx.platform.clock.clone();
        tasks::blocking(move || {
            again::returned(&Snapshot::open(&system)?, &clock, &erased, workspace)
        })
        .await
    }

    async fn in_place(
        &self,
        manifest: &Manifest,
        workspace: WorkspaceId,
        system: PathBuf,
    ) -> Result<Value> {
        let returned = self.returned(system, workspace).await?;
        self.ctx.write(move |scope| again::note_in(scope, &returned, workspace)).await?;
        let entry = Entry::new("workspace.brought_back", WORKSPACE_KIND, workspace)
            .set("backup", manifest.sequence.to_string())
            .set("taken_at", manifest.taken_at.clone());
        let candidate = self.files().join(path_of(workspace));
        self.keep_blobs(workspace, workspace).await?;
        self.switch(workspace, candidate, entry, &manifest.taken_at).await
    }

    /// Puts the blobs that came along where the workspace looks for them, before it does.
    async fn keep_blobs(&self, source: WorkspaceId, of: WorkspaceId) -> Result<()> {
        let (platform, files) = (Arc::clone(&self.ctx.platform), self.files());
        let work = self.work.clone();
        tasks::blocking(move || {
            let brought = Blobs::open(&files)?;
            for hash in brought.list(source)? {
                work.check()?;
                // Its bytes were compared with its name when it was unpacked.
                let received = platform.blobs.take(brought.path(source, hash), hash)?;
                platform.blobs.keep(of, &received, platform.clock.now())?;
            }
            Ok(())
        })
        .await
    }

    async fn switch(
        &self,
        workspace: WorkspaceId,
        candidate: PathBuf,
        entry: Entry,
        taken_at: &str,
    ) -> Result<Value> {
        let id = self.restore.id;
        let keep = kept::kept_at(self.ctx.platform.config.data(), id);
        let said = entry.clone();
        let switch = Switch { workspace, candidate, keep, entry };
        let Placed { contents, recorded } = put_in_place(self.work, &self.ctx, switch).await?;
        let (platform, asked_by) = (Arc::clone(&self.ctx.platform), self.restore.asked_by);
        let taken_at = taken_at.to_owned();
        let done = self.work.done_on_box(move |scope| {
            by(scope, asked_by, |scope| {
                scope.audit(said)?;
                if let Some(recorded) = recorded {
                    scope.audit(recorded)?;
                }
                let restore = store::get(scope, id)?.ok_or(Error::NotFound)?;
                let done = ending::done_in(scope, &platform, restore)?;
                let name = get_in(scope, workspace)?.name;
                let told = told(id, workspace, &name, &taken_at, &contents);
                Ok(with(told, "kept_until", done.kept_until.map(|at| at.to_string())))
            })
        });
        let done = done.await?;
        damage::ops::released(&self.ctx, workspace).await;
        self.ctx.platform.jobs.nudge();
        Ok(done)
    }

    async fn undo(&self) -> Result<Value> {
        let workspace = self.restore.workspace.ok_or(Error::NotFound)?;
        let of = self.restore.of.ok_or(Error::NotFound)?;
        let kept = kept::kept_at(self.ctx.platform.config.data(), of);
        let candidate = self.files().join("before.db");
        let to = candidate.clone();
        tasks::blocking(move || {
            make_private_folder(to.parent().unwrap_or(Path::new(".")))?;
            std::fs::copy(&kept, &to)?;
            let log = beside_of(&kept, "-wal");
            if log.is_file() {
                std::fs::copy(log, beside_of(&to, "-wal"))?;
            }
            db::fold(&to)
        })
        .await?;
        let before = self.ctx.read(move |scope| store::get(scope, of)?.ok_or(Error::NotFound));
        let replaced_at = before.await?.finished_at.unwrap_or_default().to_string();
        let entry = Entry::new("workspace.restore_undone", WORKSPACE_KIND, workspace)
            .set("restore", of.to_string());
        self.switch(workspace, candidate, entry, &replaced_at).await
    }

    async fn as_new(
        &self,
        manifest: &Manifest,
        source: WorkspaceId,
        system: PathBuf,
    ) -> Result<Value> {
        let platform = Arc::clone(&self.ctx.platform);
        let (id, new, now) = (self.restore.id, platform.random.id(), self.ctx.now());
        let old = old_settings(&self.ctx, system.clone(), source).await?;
        let name = self.input.name.clone();
        let name = name.unwrap_or_else(|| format!("{} (restored)", shortened(&old.name)));
        let workspace = Workspace {
            id: new,
            name,
            is_sample: false,
            archived_at: None,
            deleted_at: None,
            version: 1,
            created_at: now,
            updated_at: now,
            ..old
        };
        let returned = self.returned(system, source).await?;
        self.ctx
            .write(move |scope| {
                let restore = store::get(scope, id)?.ok_or(Error::NotFound)?;
                store::update(scope, &Restore { workspace: Some(new), ..restore })?;
                again::note_in(scope, &returned, new)
            })
            .await?;
        let candidate = self.files().join(path_of(source));
        let contents = self.make_another(&candidate, source, new, manifest).await?;
        self.keep_blobs(source, new).await?;
        self.work.check()?;
        platform.workspaces.adopt(new, candidate).await?;
        let (asked_by, taken_at) = (self.restore.asked_by, manifest.taken_at.clone());
        let done = self.work.done_on_box(move |scope| {
            by(scope, asked_by, |scope| {
                record_in(scope, &workspace)?;
                let owner = match asked_by {
                    Some(user) => user,
                    None => users::ops::first_operator_in(scope)?,
                };
                add_member_in(scope, new, owner, Role::Owner)?;
                let restore = store::get(scope, id)?.ok_or(Error::NotFound)?;
                ending::done_in(scope, &platform, restore)?;
                let told = told(id, new, &workspace.name, &taken_at, &contents);
                Ok(with(told, "kept_until", Value::Null))
            })
        });
        let done = done.await?;
        self.ctx.platform.jobs.nudge();
        Ok(done)
    }

    /// Makes the unpacked file that of another workspace, whose log begins with where it is from.
    async fn make_another(
        &self,
        candidate: &Path,
        source: WorkspaceId,
        new: WorkspaceId,
        manifest: &Manifest,
    ) -> Result<Contents> {
        let platform = &self.ctx.platform;
        let (path, log, now) = (candidate.to_owned(), platform.random.id(), self.ctx.now());
        let from = tasks::blocking(move || make_another(&path, new, log, now)).await?;
        let file = platform.workspaces.open_apart(new, candidate.to_owned()).await?;
        let entry = Entry::new("workspace.copied", WORKSPACE_KIND, new)
            .set("source_workspace", source.to_string())
            .set("source_log", from.log.to_string())
            .set("source_entries", from.entries.to_string())
            .set("source_head", to_hex(&from.head))
            .set("backup", manifest.sequence.to_string())
            .set("taken_at", manifest.taken_at.clone());
        let written = self.ctx.write_apart(&file, move |unit| unit.audit(entry)).await;
        let path = candidate.to_owned();
        tasks::blocking(move || {
            file.close();
            db::fold(&path)
        })
        .await?;
        written?;
        counted(candidate).await
    }

    /// Says what is in the backup and what there is now, and changes nothing.
    async fn look(&self, manifest: &Manifest, only: Option<WorkspaceId>) -> Result<Value> {
        let system = self.files().join(SYSTEM);
        let (path, now) = (system.clone(), self.ctx.now());
        tasks::blocking(move || bring_up_to_date(&path, now)).await?;
        let mut files = Vec::new();
        for (number, file) in (1..).zip(&manifest.files) {
            self.work.check()?;
            let id = bases::rules::workspace_of(&file.path);
            if only.is_some() && id != only {
                continue;
            }
            let (live, name) = match id {
                None => (self.ctx.platform.config.data().join(SYSTEM), None),
                Some(id) => {
                    let name = old_settings(&self.ctx, system.clone(), id).await.ok();
                    (self.ctx.platform.workspaces.path(id), name.map(|old| old.name))
                }
            };
            let there = counted(&live).await.ok();
            files.push(json!({
                "path": file.path,
                "workspace_id": id.map(|id| id.to_string()),
                "name": name,
                "bytes": file.page_size_bytes * file.pages,
                "rows": file.rows,
                "rows_now": there.as_ref().map(|there| &there.rows),
                "audit_entries": file.audit.entries,
                "audit_entries_now": there.map(|there| there.audit.entries),
            }));
            self.work.progress(number, number.max(manifest.files.len() as u64));
        }
        let found = json!({
            "restore_id": self.restore.id.to_string(), "taken_at": manifest.taken_at,
            "version": manifest.version, "files": files, "missing": manifest.missing,
        });
        let (id, platform) = (self.restore.id, Arc::clone(&self.ctx.platform));
        let asked_by = self.restore.asked_by;
        self.work
            .done_on_box(move |scope| {
                by(scope, asked_by, |scope| {
                    store::set_found(scope, id, &found.to_string())?;
                    let restore = store::get(scope, id)?.ok_or(Error::NotFound)?;
                    ending::done_in(scope, &platform, restore)?;
                    Ok(short(found))
                })
            })
            .await
    }
}

/// What fits into the result of a job: all of it, or without the counts by table.
fn short(mut found: Value) -> Value {
    if found.to_string().len() <= RESULT_SIZE_BYTES_MAX {
        return found;
    }
    if let Some(files) = found["files"].as_array_mut() {
        for file in files {
            file["rows"] = json!({});
            file["rows_now"] = Value::Null;
        }
    }
    if found.to_string().len() > RESULT_SIZE_BYTES_MAX {
        found["files"] = json!([]);
    }
    with(found, "is_shortened", true)
}

/// A name that leaves room for what is put behind it.
fn shortened(name: &str) -> String {
    name.chars().take(80).collect()
}

/// In the name of whoever asked.
fn by<T>(
    scope: &BoxScope<'_>,
    user: Option<UserId>,
    work: impl FnOnce(&BoxScope<'_>) -> Result<T>,
) -> Result<T> {
    match user {
        Some(user) => work(&scope.by(user)),
        None => work(scope),
    }
}

/// How a workspace was set up at the moment of the backup.
async fn old_settings(ctx: &BoxCtx, system: PathBuf, id: WorkspaceId) -> Result<Workspace> {
    let clock = ctx.platform.clock.clone();
    tasks::blocking(move || {
        let before = Snapshot::open(&system)?;
        get_in(&BoxScope::looking_at(&before, &clock), id)
    })
    .await
}

fn told(
    id: RestoreId,
    workspace: WorkspaceId,
    name: &str,
    taken_at: &str,
    contents: &Contents,
) -> Value {
    json!({
        "restore_id": id.to_string(), "workspace_id": workspace.to_string(), "name": name,
        "taken_at": taken_at, "rows": contents.rows, "audit_entries": contents.audit.entries,
    })
}

fn with(value: Value, name: &str, more: impl Into<Value>) -> Value {
    let mut members = match value {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    members.insert(name.to_owned(), more.into());
    Value::Object(members)
}
