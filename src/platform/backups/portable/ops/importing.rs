//! The job that reads an archive from elsewhere: unpacked into scratch, checked there, and only
//! then a workspace of this box, with an id and a log of its own.

use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use tracing::warn;

use super::{ImportInput, free_bytes, uploads};
use crate::platform::Platform;
use crate::platform::access::Role;
use crate::platform::audit::Entry;
use crate::platform::backups::archive::Key;
use crate::platform::backups::contents::ops::Contents;
use crate::platform::backups::kits;
use crate::platform::backups::portable::archive::{
    ABOUT, Bounds, Opened, RoleAbout, blob_path, file_path, key_hash, unpack, unpacked_blobs,
};
use crate::platform::backups::portable::jobs::IMPORT;
use crate::platform::backups::portable::rules::{
    Mode, Refused, UploadId, check_room, fingerprint, unpacked_bytes_max,
};
use crate::platform::backups::portable::store::PersonElsewhere;
use crate::platform::backups::portable::{checking, store};
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::db::{self, Snapshot};
use crate::platform::error::{Error, Result};
use crate::platform::identity::{UserId, users};
use crate::platform::jobs::Work;
use crate::platform::jobs::ops::inputs_under_way_in;
use crate::platform::privacy::ops::again;
use crate::platform::secret::to_hex;
use crate::platform::workspaces::ops::{KIND as WORKSPACE_KIND, add_member_in, get_in, record_in};
use crate::platform::workspaces::roles::rules::Wish as RoleWish;
use crate::platform::workspaces::rules::clean_name;
use crate::platform::workspaces::{Workspace, WorkspaceId, make_another, roles};
use crate::platform::{make_private_folder, tasks};

/// Below the data folder: what is unpacked, by the id that the workspace is to have. What is left
/// of an import that was cut off is told by these names alone.
const SCRATCH: &str = "spool/imports";

/// An import that is being done.
struct Doing<'a> {
    work: &'a Work,
    /// In the name of whoever asked.
    ctx: &'a BoxCtx,
    input: ImportInput,
    mode: Mode,
    /// The id that the workspace will have here.
    new: WorkspaceId,
    scratch: PathBuf,
}

/// Reads an archive and does what was asked with it.
pub(in crate::platform::backups::portable) async fn import(work: &Work) -> Result<Value> {
    let input: ImportInput = work.input()?;
    let ctx = work.on_box();
    let new: WorkspaceId = input.workspace.parse().map_err(Error::internal)?;
    let mode = Mode::named(&input.mode)?;
    let scratch = scratch_of(ctx.platform.config.data(), new);
    let doing = Doing { work, ctx, input, mode, new, scratch };
    let outcome = doing.run().await;
    // What the job did stands, whatever is left in scratch: the start and the night clear that.
    if let Err(error) = clear(ctx, new).await {
        warn!("What an import left could not be removed: {error}");
    }
    let result = outcome?;
    if mode == Mode::Import
        && let Some(upload) = doing.upload()?
    {
        // It is here now. Whoever looks for the upload finds nothing, which is what they expect.
        if let Err(error) = uploads::discard_upload(ctx, upload).await {
            warn!("An archive that was read could not be removed: {error}");
        }
    }
    Ok(result)
}

fn scratch_of(data: &Path, id: WorkspaceId) -> PathBuf {
    data.join(SCRATCH).join(id.to_string())
}

/// Takes away what an import leaves that did not come to its end, and its scratch.
async fn clear(ctx: &BoxCtx, id: WorkspaceId) -> Result<()> {
    let known = ctx.read(move |scope| get_in(scope, id)).await;
    let is_unknown = matches!(known, Err(Error::NotFound));
    if is_unknown && ctx.platform.workspaces.path(id).exists() {
        ctx.platform.workspaces.remove(id).await?;
    }
    if is_unknown {
        let blobs = ctx.platform.blobs.clone();
        tasks::blocking(move || blobs.remove_all(id)).await?;
    }
    let scratch = scratch_of(ctx.platform.config.data(), id);
    tasks::blocking(move || match std::fs::remove_dir_all(scratch) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        Ok(()) | Err(_) => Ok(()),
    })
    .await
}

/// Takes back imports that a stop of the box cut off. No job may run yet.
pub(super) async fn clear_unfinished(ctx: &BoxCtx) -> Result<()> {
    for id in in_scratch(ctx).await? {
        clear(ctx, id).await?;
    }
    Ok(())
}

/// Removes what is left of imports that took too long or broke. Gives of how many.
pub(in crate::platform) async fn sweep(ctx: &BoxCtx) -> Result<usize> {
    let mut left = in_scratch(ctx).await?;
    // Read after the folders: a job is older than what it unpacks.
    let inputs = ctx.read(|scope| inputs_under_way_in(scope, IMPORT.kind)).await?;
    let id = |input: &String| serde_json::from_str(input).map(|it: ImportInput| it.workspace);
    let still: HashSet<String> = inputs.iter().filter_map(|input| id(input).ok()).collect();
    left.retain(|id| !still.contains(&id.to_string()));
    for id in &left {
        clear(ctx, *id).await?;
    }
    Ok(left.len())
}

async fn in_scratch(ctx: &BoxCtx) -> Result<Vec<WorkspaceId>> {
    let folder = ctx.platform.config.data().join(SCRATCH);
    tasks::blocking(move || match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error.into()),
        Ok(entries) => {
            let id = |name: std::ffi::OsString| name.to_str()?.parse().ok();
            Ok(entries.flatten().filter_map(|entry| id(entry.file_name())).collect())
        }
    })
    .await
}

impl Doing<'_> {
    async fn run(&self) -> Result<Value> {
        let (scratch, files) = (self.scratch.clone(), self.files());
        tasks::blocking(move || {
            if scratch.exists() {
                std::fs::remove_dir_all(&scratch)?;
            }
            make_private_folder(&files)
        })
        .await?;
        let opened = Arc::new(checking::origin(self.open().await?)?);
        self.check_signer(&opened)?;
        self.work.check()?;
        self.check_database(&opened).await?;
        self.work.check()?;
        let people = checking::people(&opened)?;
        let mut workspace =
            checking::workspace(&opened, self.new, &self.ctx.platform.app_ids(), self.ctx.now())?;
        workspace.name = self.name(workspace.name).await?;
        match self.mode {
            Mode::Look => self.look(&opened, &workspace, &people).await,
            Mode::Import => self.bring_in(opened, workspace, people).await,
        }
    }

    fn files(&self) -> PathBuf {
        self.scratch.join("files")
    }

    fn upload(&self) -> Result<Option<UploadId>> {
        self.input.upload.as_deref().map(|id| id.parse().map_err(Error::internal)).transpose()
    }

    /// Unpacks the archive and checks it against what it says of itself.
    async fn open(&self) -> Result<Opened> {
        let Some(key) = self.work.handed::<Key>() else {
            let detail = "The box stopped and keeps no keys. Ask again. Nothing was changed.";
            return Err(Error::conflict("archive-key-gone", detail));
        };
        let file = self.file().await?;
        let free = free_bytes(&self.ctx.platform).await?;
        let (into, work) = (self.files(), self.work.clone());
        let blobs = self.ctx.platform.config.files.workspace_bytes_max;
        tasks::in_background(move || {
            let total = file.metadata()?.len();
            // Rarely less than this is in it.
            check_room(total, free)?;
            let mut done = 0;
            let watch = |bytes| {
                done += bytes;
                work.progress(done, total.max(done));
                work.check()
            };
            let bounds = Bounds { all: unpacked_bytes_max(total, free), blobs };
            unpack(file, &key, &into, bounds, watch)
        })
        .await
    }

    async fn file(&self) -> Result<File> {
        if let Some(upload) = self.upload()? {
            return uploads::open_upload(self.ctx, upload).await;
        }
        let path = self.input.file.clone().ok_or(Error::NotFound)?;
        tasks::blocking(move || {
            let unreadable = |why: String| {
                let detail = format!("The box cannot read {}: {why}.", path.display());
                Error::conflict("import-refused", detail)
            };
            let file = File::open(&path).map_err(|error| unreadable(error.to_string()))?;
            if !file.metadata()?.is_file() {
                return Err(unreadable("it is no file".to_owned()));
            }
            Ok(file)
        })
        .await
    }

    /// Whose box the kit is of has to have signed it.
    fn check_signer(&self, opened: &Opened) -> Result<()> {
        let Some(wanted) = &self.input.signer else { return Ok(()) };
        let key = opened.seal.key().ok_or(Refused::Unsigned)?;
        if to_hex(&key) == *wanted { Ok(()) } else { Err(Refused::Signer.into()) }
    }

    async fn check_database(&self, opened: &Arc<Opened>) -> Result<()> {
        let platform = Arc::clone(&self.ctx.platform);
        let (opened, files, scratch, now) =
            (Arc::clone(opened), self.files(), self.scratch.clone(), self.ctx.now());
        tasks::in_background(move || {
            let sets = platform.workspaces.sets();
            checking::database(&opened, &files, &scratch, sets, now)
        })
        .await
    }

    /// What it is called here: two of one name are hard to tell apart.
    async fn name(&self, theirs: String) -> Result<String> {
        if let Some(name) = self.input.name.clone() {
            return Ok(name);
        }
        self.ctx
            .read(move |scope| {
                if !store::has_name(scope, &theirs)? {
                    return Ok(theirs);
                }
                let short: String = theirs.chars().take(80).collect();
                clean_name("name", &format!("{short} (imported)"))
            })
            .await
    }

    /// Says what is in the archive, all of which was checked. Nothing of it stays.
    async fn look(
        &self,
        opened: &Opened,
        workspace: &Workspace,
        people: &[PersonElsewhere],
    ) -> Result<Value> {
        let file = opened.file();
        let contents = Contents { rows: file.rows.clone(), audit: file.audit.clone() };
        let told = told(opened, workspace, people.len(), &contents);
        let is_own = kits::ops::identity(self.ctx).await?.0 == opened.manifest.box_id;
        self.work.done_on_box(move |_| Ok(with(with(told, "mode", "look"), "is_own", is_own))).await
    }

    async fn bring_in(
        &self,
        opened: Arc<Opened>,
        workspace: Workspace,
        people: Vec<PersonElsewhere>,
    ) -> Result<Value> {
        let platform = Arc::clone(&self.ctx.platform);
        let (new, owner) = (self.new, self.ctx.cause.user());
        let entry = self.entry(&opened);
        let said = entry.clone();
        let contents = self.make_another(&opened, entry).await?;
        let (returned, people) = self.returned(people).await?;
        self.work.check()?;
        self.keep_blobs().await?;
        let candidate = self.files().join(file_path(&opened.manifest.workspace));
        platform.workspaces.adopt(new, candidate).await?;
        let done = self.work.done_on_box(move |scope| {
            record_in(scope, &workspace)?;
            scope.audit(said)?;
            let owner = match owner {
                Some(user) => user,
                None => users::ops::first_operator_in(scope)?,
            };
            add_member_in(scope, new, owner, Role::Owner)?;
            bring_roles(scope, &platform, new, &opened.about.roles)?;
            for person in &people {
                store::insert_person(scope, new, person)?;
            }
            again::note_in(scope, &returned, new)?;
            again::resume_in(scope, &platform)?;
            let told = told(&opened, &workspace, people.len(), &contents);
            let told = with(told, "workspace_id", new.to_string());
            Ok(with(told, "mode", "import"))
        });
        let done = done.await?;
        self.ctx.platform.jobs.nudge();
        Ok(done)
    }

    /// Puts the files of the workspace where they belong here, before anything refers to them.
    async fn keep_blobs(&self) -> Result<()> {
        let (platform, work) = (Arc::clone(&self.ctx.platform), self.work.clone());
        let (from, new, now) = (self.files(), self.new, self.ctx.now());
        tasks::in_background(move || {
            let _pin = platform.blobs.pin();
            for (hash, _) in unpacked_blobs(&from)? {
                work.check()?;
                let received = platform.blobs.take(from.join(blob_path(hash)), hash)?;
                platform.blobs.keep(new, &received, now)?;
            }
            Ok(())
        })
        .await
    }

    /// What both logs say of it: from which log of which box.
    fn entry(&self, opened: &Opened) -> Entry {
        let (manifest, file) = (&opened.manifest, opened.file());
        let key = opened.seal.key().map(|key| fingerprint(&key_hash(&key)));
        Entry::new("workspace.imported", WORKSPACE_KIND, self.new)
            .set("source_box", manifest.box_id.clone())
            .set("signed_by", key.unwrap_or_default())
            .set("source_workspace", manifest.workspace.clone())
            .set("source_entries", file.audit.entries.to_string())
            .set("source_head", file.audit.head.clone())
            .set("taken_at", manifest.taken_at.clone())
    }

    /// Makes the unpacked file that of a workspace of this box, whose log begins with where it is
    /// from, and brings its schema up to date.
    async fn make_another(&self, opened: &Opened, entry: Entry) -> Result<Contents> {
        let platform = &self.ctx.platform;
        let candidate = self.files().join(file_path(&opened.manifest.workspace));
        let (path, new, log, now) =
            (candidate.clone(), self.new, platform.random.id(), self.ctx.now());
        let from = tasks::blocking(move || make_another(&path, new, log, now)).await?;
        let entry = entry.set("source_log", from.log.to_string());
        let file = platform.workspaces.open_apart(new, candidate.clone()).await?;
        let written = self.ctx.write_apart(&file, move |unit| unit.audit(entry)).await;
        let path = candidate.clone();
        tasks::blocking(move || {
            file.close();
            db::fold(&path)
        })
        .await?;
        written?;
        tasks::blocking(move || {
            crate::platform::backups::contents::ops::of(&Snapshot::open(&candidate)?)
        })
        .await
    }

    /// Parts people who were erased from this box from the others.
    async fn returned(
        &self,
        people: Vec<PersonElsewhere>,
    ) -> Result<(Vec<again::Returned>, Vec<PersonElsewhere>)> {
        let erased: HashSet<UserId> = self.ctx.read(again::erased_in).await?.into_iter().collect();
        let (gone, others): (Vec<_>, Vec<_>) =
            people.into_iter().partition(|one| erased.contains(&one.id));
        let named = |one: &PersonElsewhere| {
            again::named_elsewhere(one.id, &one.name, one.email.as_deref(), one.role.is_some())
        };
        Ok((gone.iter().map(named).collect(), others))
    }
}

/// Roles that the workspace made, as far as there are such permissions here.
fn bring_roles(
    scope: &BoxScope<'_>,
    platform: &Platform,
    workspace: WorkspaceId,
    wanted: &[RoleAbout],
) -> Result<()> {
    for role in wanted {
        let wish = RoleWish {
            name: Some(role.name.clone()),
            description: Some(role.description.clone()),
            permissions: Some(role.permissions.clone()),
        };
        roles::ops::bring_in(scope, &platform.roles, workspace, wish).map_err(
            |error| match error {
                Error::Invalid(_) | Error::Rule(_) | Error::Conflict(_) => {
                    Refused::inside(ABOUT, "names a role that cannot be").into()
                }
                other => other,
            },
        )?;
    }
    Ok(())
}

fn told(opened: &Opened, workspace: &Workspace, people: usize, contents: &Contents) -> Value {
    let (manifest, file) = (&opened.manifest, opened.file());
    let key = opened.seal.key().map(|key| fingerprint(&key_hash(&key)));
    json!({
        "name": workspace.name, "source_name": opened.about.name,
        "source_workspace_id": manifest.workspace,
        "box_id": manifest.box_id, "box_name": manifest.box_name, "fingerprint": key,
        "version": manifest.version, "taken_at": manifest.taken_at,
        "source_bytes": file.page_size_bytes * file.pages,
        "rows": contents.rows.values().sum::<u64>(),
        "audit_entries": file.audit.entries, "audit_head": file.audit.head,
        "people": people, "roles": opened.about.roles.len(),
    })
}

fn with(mut value: Value, name: &str, more: impl Into<Value>) -> Value {
    if let Some(members) = value.as_object_mut() {
        members.insert(name.to_owned(), more.into());
    }
    value
}
