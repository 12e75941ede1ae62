//! Looking at backups that lie somewhere: whether they are still what was written, and whether a
//! kit that somebody holds opens them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::jobs::{CHECK, DRILL};
use super::proving::{self, Opens, Subject};
use super::round::Round;
use super::rules::{CHECKED_BYTES_MAX, fitting};
use crate::platform::backups::archive::{Identity, Refused};
use crate::platform::backups::bases::rules::{Backup, BackupId, Copy, CopyState, box_folder};
use crate::platform::backups::bases::{self, sending};
use crate::platform::backups::packs;
use crate::platform::backups::targets::{self, rules::Target};
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::{Error, Refusal, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::jobs::ops::{UnderWay, Wanted, ask, ask_in};
use crate::platform::jobs::{Job, JobId, Work};

/// What the jobs are given.
#[derive(Debug, Serialize, Deserialize)]
struct Input {
    backup: String,
}

impl Input {
    fn id(&self) -> Result<BackupId> {
        self.backup.parse().map_err(|_| Error::NotFound)
    }
}

fn wanted(kind: &'static str, backup: BackupId) -> Wanted {
    let input = json!(Input { backup: backup.to_string() });
    Wanted { kind, workspace: None, subject: backup.to_string(), input }
}

fn check_there_in(scope: &BoxScope<'_>, id: BackupId) -> Result<()> {
    let shown = bases::ops::get_in(scope, id)?;
    if shown.copies.iter().any(|copy| copy.state == CopyState::There) {
        return Ok(());
    }
    Err(Error::conflict("backup-nowhere", "No copy of this backup lies at a target."))
}

/// Asks for a look at every copy of a backup.
pub async fn ask_for_check(ctx: &BoxCtx, id: BackupId) -> Result<Created<Job>> {
    ctx.read(move |scope| check_there_in(scope, id)).await?;
    ask(ctx, wanted(CHECK.kind, id), UnderWay::Join).await
}

/// Asks for a drill: `text` is a kit, or its key. It is kept in memory until the job is done.
pub async fn ask_for_drill(ctx: &BoxCtx, id: BackupId, text: &str) -> Result<Created<Job>> {
    let Some(identity) = Identity::read(text) else {
        let detail = "Send the whole kit, or its line that begins with AGE-SECRET-KEY-1.";
        return Err(Error::invalid("identity", "drill-identity", detail));
    };
    let platform = Arc::clone(&ctx.platform);
    let load = |scope: &BoxScope<'_>, id: JobId| crate::platform::jobs::ops::find_in(scope, id);
    let asked = ctx
        .create(load, move |scope| {
            check_there_in(scope, id)?;
            let job = ask_in(scope, &platform.jobs, &wanted(DRILL.kind, id), UnderWay::Refuse)?;
            // Before the commit: the job may begin right after it.
            platform.jobs.hand(job.id, identity);
            Ok((job.id, job))
        })
        .await?;
    ctx.platform.jobs.nudge();
    Ok(asked)
}

/// A copy that lies somewhere.
#[derive(Clone)]
pub(super) struct There {
    pub(super) backup: Backup,
    pub(super) copy: Copy,
    pub(super) target: Target,
    commit_hash: [u8; 32],
    /// Bytes of it without the packs that were made with it.
    pub(super) parts_bytes: u64,
}

/// The copies that lie somewhere, of one backup or of all, the longest unseen first.
async fn there(work: &Work, of: Option<BackupId>) -> Result<Vec<There>> {
    work.on_box()
        .read(move |scope| {
            let known = targets::ops::list_in(scope)?;
            let mut found = Vec::new();
            for (backup, copy, commit_hash) in bases::ops::there_in(scope)? {
                let target = known.iter().find(|target| target.id == copy.target);
                if let Some(target) = target
                    && of.is_none_or(|of| of == backup.id)
                {
                    let (target, folder) = (target.clone(), backup.folder.as_deref());
                    let own = packs::ops::own_bytes_in(scope, backup.id, folder.unwrap_or(""))?;
                    let parts_bytes = backup.size_bytes.unwrap_or(0).saturating_sub(own);
                    found.push(There { backup, copy, target, commit_hash, parts_bytes });
                }
            }
            Ok(found)
        })
        .await
}

pub(super) async fn subject(work: &Work, there: &There, identity: Identity) -> Result<Subject> {
    // A kit opens every pack; the bytes of a check are not opened at all.
    let below = box_folder(work.on_box().platform.audit.box_id());
    let folder = there.backup.folder.as_deref().unwrap_or_default();
    Ok(Subject {
        remote: targets::ops::open(work.on_box(), &there.target).await?,
        folder: format!("{below}/{folder}"),
        commit_hash: there.commit_hash,
        identity,
        opens: Opens::AllPacks,
    })
}

/// Compares copies with what was written, byte by byte: the whole of the job.
pub(super) async fn check(work: &Work) -> Result<Value> {
    let of = work.input::<Option<Input>>()?.map(|input| input.id()).transpose()?;
    let platform = Arc::clone(&work.on_box().platform);
    let _turn = sending::turn(work, &platform).await?;
    let copies = there(work, None).await?;
    let wanted = move |scope: &BoxScope<'_>| packs::ops::to_check_in(scope, of);
    let mut packs = work.on_box().read(wanted).await?;
    let is_wanted = |at: &usize| of.is_none_or(|of| copies[*at].backup.id == of);
    let mut chosen: Vec<usize> = (0..copies.len()).filter(is_wanted).collect();
    if of.is_none() {
        let pack_sizes = packs.iter().map(|(_, pack)| pack.size_bytes);
        let (count, bytes) = fitting(pack_sizes, CHECKED_BYTES_MAX / 2);
        packs.truncate(count);
        let sizes = chosen.iter().map(|at| copies[*at].parts_bytes);
        let (count, _) = fitting(sizes, CHECKED_BYTES_MAX.saturating_sub(bytes));
        chosen.truncate(count);
    }
    let pack_bytes: u64 = packs.iter().map(|(_, pack)| pack.size_bytes).sum();
    let part_bytes: u64 = chosen.iter().map(|at| copies[*at].parts_bytes).sum();
    let mut round = Round::begin(work, copies, pack_bytes.saturating_add(part_bytes));
    for (target, pack) in packs {
        round.look_at_pack(target, pack).await?;
    }
    for at in chosen {
        round.look_at_copy(at).await?;
    }
    round.end()
}

/// Opens a backup with a kit's key: the whole of the job.
pub(super) async fn drill(work: &Work) -> Result<Value> {
    let id = work.input::<Input>()?.id()?;
    let Some(identity) = work.handed::<Identity>() else {
        let detail = "The box restarted before the drill began. Begin it again.";
        return Err(Error::conflict("drill-key-gone", detail));
    };
    drill_with(work, id, (*identity).clone()).await
}

async fn drill_with(work: &Work, id: BackupId, identity: Identity) -> Result<Value> {
    let platform = Arc::clone(&work.on_box().platform);
    let _turn = sending::turn(work, &platform).await?;
    let mut last = Refusal::new("backup-nowhere", "No copy of this backup lies at a target.");
    for one in there(work, Some(id)).await? {
        let total = one.backup.size_bytes.unwrap_or(0);
        let (counted, mut done) = (work.clone(), 0);
        let progress = move |bytes: u64| {
            done += bytes;
            counted.progress(done, total.max(done));
        };
        let subject = subject(work, &one, identity.clone()).await?;
        let opened = proving::open(work, subject, progress).await?;
        let name = one.copy.target_name.clone();
        match opened {
            Ok(manifest) => {
                let copy = one.copy;
                work.on_box().write(move |scope| bases::ops::drilled_in(scope, &copy)).await?;
                let rows: u64 = manifest.files.iter().flat_map(|file| file.rows.values()).sum();
                return Ok(json!({
                    "backup": id.to_string(), "target": name, "taken_at": manifest.taken_at,
                    "files": manifest.files.len(), "rows": rows,
                }));
            }
            Err(Refused::WrongKit) => {
                let detail = "The kit does not open this backup; it was made for other keys.";
                return Err(Error::conflict("drill-wrong-kit", detail));
            }
            Err(refused @ (Refused::Disk(_) | Refused::Target(_))) => {
                last = Refusal::new("backup-not-reached", format!("{name}: {refused}"));
            }
            Err(damage) => {
                note_damaged(work, one.copy, &damage).await?;
                last = Refusal::new("backup-damaged", format!("{name}: {damage}"));
            }
        }
    }
    Err(Error::Conflict(last))
}

/// Notes that a copy is not what was written, and counts it.
pub(super) async fn note_damaged(work: &Work, copy: Copy, damage: &Refused) -> Result<()> {
    proving::count_damaged();
    let detail = damage.to_string();
    let note = move |scope: &BoxScope<'_>| bases::ops::damaged_in(scope, copy, &detail);
    work.on_box().write(note).await
}
