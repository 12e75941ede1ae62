//! Taking a workspace out, bringing one in, and what the box keeps of where it came from.

mod exporting;
mod importing;
mod uploads;

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::jobs::{EXPORT, IMPORT};
use super::rules::{ARCHIVE_SIZE_BYTES_MAX, Mode, UploadId};
use super::store;
use crate::platform::Platform;
use crate::platform::audit::Entry;
use crate::platform::backups::archive::{Identity, Key, Kit, Recipient};
use crate::platform::backups::kits;
use crate::platform::ctx::{Actor, BoxCtx, BoxScope, Cause, Ctx};
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::identity::UserId;
use crate::platform::identity::passwords::rules::strength;
use crate::platform::jobs::ops::{UnderWay, Wanted, ask_in, find_in};
use crate::platform::jobs::{Job, JobId};
use crate::platform::secret::{Secret, to_hex};
use crate::platform::tasks;
use crate::platform::workspaces::ops::{KIND as WORKSPACE_KIND, get_in};
use crate::platform::workspaces::rules::clean_name;
use crate::platform::workspaces::{State, WorkspaceId};

pub(super) use exporting::export;
pub use exporting::{Ready, open_export};
pub(super) use importing::import;
pub(in crate::platform) use importing::sweep;
pub use store::PersonElsewhere;
pub(in crate::platform) use uploads::open_upload;
pub use uploads::{Upload, begin_upload, discard_upload, find_upload, take_piece};

/// Looks after what an earlier process left. Call it before jobs run.
pub async fn resume(platform: &Arc<Platform>) -> Result<()> {
    let ctx = BoxCtx::new(platform, Cause::of(Actor::System));
    exporting::drop_unfinished(&ctx).await?;
    importing::clear_unfinished(&ctx).await
}

/// Whom an archive is encrypted to.
pub enum To {
    /// Whoever has a recovery kit of this box.
    Kits,
    Recipient(Recipient),
    Passphrase(Secret),
}

impl To {
    fn name(&self) -> &'static str {
        match self {
            Self::Kits => "kits",
            Self::Recipient(_) => "recipient",
            Self::Passphrase(_) => "passphrase",
        }
    }
}

/// What the job of an export is given. Never a passphrase.
#[derive(Debug, Serialize, Deserialize)]
struct ExportInput {
    to: String,
    recipient: Option<String>,
}

/// Asks for an archive of the caller's workspace.
pub async fn ask_for_export(ctx: &Ctx, to: To) -> Result<Created<Job>> {
    ask_for_export_of(ctx, ctx.workspace(), to).await
}

/// Asks for an archive of any workspace. For the command line.
pub(in crate::platform) async fn ask_for_export_of(
    ctx: &BoxCtx,
    workspace: WorkspaceId,
    to: To,
) -> Result<Created<Job>> {
    let to = check_passphrase(to).await?;
    let platform = Arc::clone(&ctx.platform);
    let load = |scope: &BoxScope<'_>, id: JobId| find_in(scope, id);
    let asked = ctx.create(load, move |scope| {
        if get_in(scope, workspace)?.state() == State::Deleted {
            return Err(Error::NotFound);
        }
        if matches!(to, To::Kits) && kits::ops::recipients_in(scope)?.is_empty() {
            let detail = "There is no recovery kit. Give a recipient or a passphrase.";
            return Err(Error::conflict("export-no-kit", detail));
        }
        let (name, mut recipient, mut key) = (to.name(), None, None);
        match to {
            To::Kits => {}
            To::Recipient(one) => recipient = Some(one.to_string()),
            To::Passphrase(passphrase) => key = Some(Key::Passphrase(passphrase)),
        }
        let input = ExportInput { to: name.to_owned(), recipient };
        let wanted = Wanted {
            kind: EXPORT.kind,
            workspace: Some(workspace),
            subject: String::new(),
            input: serde_json::to_value(input).map_err(Error::internal)?,
        };
        let job = ask_in(scope, &platform.jobs, &wanted, UnderWay::Refuse)?;
        scope.audit(
            Entry::new("workspace.export_requested", WORKSPACE_KIND, workspace).set("to", name),
        )?;
        if let Some(key) = key {
            // Before the job can begin: it does after this transaction's commit.
            platform.jobs.hand(job.id, key);
        }
        Ok((job.id, job))
    });
    let asked = asked.await?;
    ctx.platform.jobs.tell(&asked.value);
    ctx.platform.jobs.nudge();
    Ok(asked)
}

async fn check_passphrase(to: To) -> Result<To> {
    let To::Passphrase(passphrase) = to else { return Ok(to) };
    tasks::blocking(move || {
        if let Some(fault) = strength(passphrase.reveal(), &[]).fault {
            return Err(Error::invalid("passphrase", "archive-passphrase", fault.detail));
        }
        Ok(To::Passphrase(passphrase))
    })
    .await
}

/// What somebody gave to open an archive with.
pub struct Opener {
    key: Key,
    /// Who has to have signed it, where a whole kit says so.
    signer: Option<[u8; 32]>,
}

impl Opener {
    /// The same with the box named that has to have signed it.
    #[must_use]
    pub fn signed_by(self, signer: Option<[u8; 32]>) -> Self {
        Self { signer: signer.or(self.signer), ..self }
    }

    /// Reads a kit, or the line of its key, or takes a passphrase; one of them.
    pub fn read(identity: Option<Secret>, passphrase: Option<Secret>) -> Result<Self> {
        let wrong = |field: &str, detail: &str| Err(Error::invalid(field, "import-key", detail));
        match (identity, passphrase) {
            (Some(text), None) => {
                let Some(identity) = Identity::read(text.reveal()) else {
                    return wrong("identity", "It has no line that begins with AGE-SECRET-KEY-1.");
                };
                match Kit::signer_in(text.reveal()) {
                    Ok(signer) => Ok(Self { key: Key::Identity(identity), signer }),
                    Err(why) => wrong("identity", &format!("The kit is damaged: {why}.")),
                }
            }
            (None, Some(passphrase)) if !passphrase.is_empty() => {
                Ok(Self { key: Key::Passphrase(passphrase), signer: None })
            }
            (None, Some(_)) => wrong("passphrase", "The passphrase is empty."),
            _ => wrong("identity", "Give a kit, a key or a passphrase; one of them."),
        }
    }
}

/// What somebody wants of an archive from elsewhere.
pub struct Wish {
    pub from: From,
    pub opener: Opener,
    pub mode: Mode,
    /// What the workspace is called here; as it was there when left out.
    pub name: Option<String>,
}

/// Where the archive is.
#[derive(Debug, Clone)]
pub enum From {
    Upload(UploadId),
    /// A file that the box can read.
    File(PathBuf),
}

/// What the job of an import is given. Never a key.
#[derive(Debug, Serialize, Deserialize)]
struct ImportInput {
    /// The id that the workspace will have here.
    workspace: String,
    upload: Option<String>,
    file: Option<PathBuf>,
    mode: String,
    name: Option<String>,
    signer: Option<String>,
}

/// Asks for an archive to be looked into or brought in.
pub async fn ask_for_import(ctx: &BoxCtx, wish: Wish) -> Result<Created<Job>> {
    let Wish { from, opener, mode, name } = wish;
    let name = name.as_deref().map(|name| clean_name("name", name)).transpose()?;
    let (upload, file, subject) = match from {
        From::Upload(id) => {
            find_upload(ctx, id).await?;
            (Some(id.to_string()), None, id.to_string())
        }
        From::File(path) => (None, Some(path), String::new()),
    };
    let platform = Arc::clone(&ctx.platform);
    let load = |scope: &BoxScope<'_>, id: JobId| find_in(scope, id);
    let asked = ctx.create(load, move |scope| {
        let workspace: WorkspaceId = scope.new_id();
        let input = ImportInput {
            workspace: workspace.to_string(),
            upload,
            file,
            mode: mode.name().to_owned(),
            name,
            signer: opener.signer.map(|key| to_hex(&key)),
        };
        let wanted = Wanted {
            kind: IMPORT.kind,
            workspace: None,
            subject,
            input: serde_json::to_value(input).map_err(Error::internal)?,
        };
        let job = ask_in(scope, &platform.jobs, &wanted, UnderWay::Refuse)?;
        let entry = Entry::about("workspace.import_requested", WORKSPACE_KIND);
        scope.audit(entry.set("mode", mode.name()))?;
        platform.jobs.hand(job.id, opener.key);
        Ok((job.id, job))
    });
    let asked = asked.await?;
    ctx.platform.jobs.tell(&asked.value);
    ctx.platform.jobs.nudge();
    Ok(asked)
}

/// People of the box that the caller's workspace was brought from; what follows `after`.
pub async fn people_elsewhere(
    ctx: &Ctx,
    after: Option<UserId>,
    limit: usize,
) -> Result<Vec<PersonElsewhere>> {
    let workspace = ctx.workspace();
    (**ctx).read(move |scope| store::people(scope, workspace, after, limit)).await
}

/// What is free on the disk of the data.
async fn free_bytes(platform: &Arc<Platform>) -> Result<u64> {
    let platform = Arc::clone(platform);
    tasks::blocking(move || Ok(platform.room.of(platform.config.data())?.free_bytes)).await
}

fn too_large() -> Error {
    Error::TooLarge { limit_bytes: ARCHIVE_SIZE_BYTES_MAX }
}
