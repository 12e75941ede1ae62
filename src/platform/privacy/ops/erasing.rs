//! Erasing, file by file. Each step can be done again: what is gone is not found any more, and a
//! file counts as done only after it was written anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing::info;

use super::{File, LookedFor, told};
use crate::platform::app::{ColumnMarks, Named, Whose};
use crate::platform::audit::Entry;
use crate::platform::audit::ops::personal::{self, ADDRESS};
use crate::platform::audit::reads::write_counted;
use crate::platform::backups::restores::ops::drop_kept_before;
use crate::platform::ctx::{BoxCtx, Ctx, Unit};
use crate::platform::db::integer;
use crate::platform::error::{Error, Result};
use crate::platform::id::ObjectId;
use crate::platform::identity::users::ops::KIND;
use crate::platform::identity::users::rules::email_key;
use crate::platform::identity::{UserId, users};
use crate::platform::jobs::Work;
use crate::platform::notices::outbox;
use crate::platform::privacy::rules::{Counts, ErasureId, Known, Needles};
use crate::platform::privacy::store::{self, Fate, Key, LOOKED_AT_ONCE, Person};
use crate::platform::spool::Spool;
use crate::platform::tasks;
use crate::platform::updates::rehearsal::kept;
use crate::platform::workspaces::WorkspaceId;

/// Rows changed in one transaction.
const AT_ONCE: usize = 500;
/// Addresses of a person that are looked for among entries of strangers.
const ADDRESSES_MAX: usize = 10_000;
/// Bytes of a file read at once.
const PIECE_SIZE_BYTES: usize = 1024 * 1024;
/// The kind of who an entry is by, when nobody was signed in.
const STRANGER: &str = "stranger";
/// People themselves go last: other tables name them.
const PEOPLE: &str = "users";
/// Steps besides the workspaces: files on their way, the box's tables, the box's file.
const OTHER_STEPS: u64 = 3;

/// Erases a person whose erasure was begun. Answers what was taken away.
pub(in crate::platform::privacy) async fn erase(
    work: &Work,
    user: UserId,
) -> Result<serde_json::Value> {
    let ctx = work.on_box();
    let erasure = ctx.read(move |scope| store::of(scope, user)).await?.ok_or(Error::NotFound)?;
    let id = erasure.id;
    if erasure.closed_at.is_none() {
        // What was read shortly before is written under their name, or it would come afterwards.
        write_counted(&ctx.platform).await;
        let known = known(ctx, id).await?;
        let all = ctx.read(move |scope| store::count_files(scope, id)).await?;
        let all = u64::try_from(all).unwrap_or(0) + OTHER_STEPS;
        let left = ctx.read(move |scope| store::files_left(scope, id)).await?;
        let count = u64::try_from(left.len()).unwrap_or(0);
        for (number, (workspace, was_member)) in (1..).zip(left) {
            work.check()?;
            workspace_file(work, (id, user), &known, workspace, was_member).await?;
            work.progress(all - OTHER_STEPS - count + number, all);
        }
        drop_waiting_files(ctx).await?;
        drop_kept_before(ctx, erasure.asked_at).await?;
        let before = Arc::clone(&ctx.platform.before);
        let data = ctx.platform.config.data().to_owned();
        tasks::blocking(move || before.drop_all().and(kept::drop_all(&data))).await?;
        work.progress(all - 2, all);
        box_file(work, (id, user), &known).await?;
        work.progress(all - 1, all);
    }
    work.check()?;
    ctx.platform.system.rewrite().await?;
    let finished = ctx.write(move |scope| {
        store::finish(scope, id)?;
        let erasure = store::of(scope, user)?.ok_or(Error::NotFound)?;
        scope.audit(entry("identity.user.erased", user, erasure.counts))?;
        Ok(erasure)
    });
    let finished = finished.await?;
    info!(erasure.id = %id, "Erasure {id} is done");
    Ok(told(&finished))
}

fn entry(action: &'static str, user: UserId, counts: Counts) -> Entry {
    Entry::new(action, KIND, user)
        .set("rows", counts.rows.to_string())
        .set("texts", counts.texts.to_string())
        .set("entries", counts.entries.to_string())
}

/// What to look for, as it was noted when the erasure began.
async fn known(ctx: &BoxCtx, id: ErasureId) -> Result<Known> {
    let text = ctx.read(move |scope| store::looked_for(scope, id)).await?;
    let Some(text) = text else { return Ok(Known::default()) };
    let LookedFor { names, emails } = serde_json::from_str(&text).map_err(Error::internal)?;
    Ok(Known { names, emails })
}

/// Goes through one workspace: in use, archived or deleted, open or closed.
async fn workspace_file(
    work: &Work,
    (id, user): (ErasureId, UserId),
    known: &Known,
    workspace: WorkspaceId,
    was_member: bool,
) -> Result<()> {
    let (ctx, on_box) = (work.inside(workspace)?, work.on_box());
    let counts = match in_workspace(work, &ctx, user, known, was_member).await {
        // Purged since: its file is gone.
        Err(Error::NotFound) if ctx.platform.workspaces.is_removed(workspace) => Counts::default(),
        outcome => outcome?,
    };
    let done = on_box.write(move |scope| {
        store::count(scope, id, counts)?;
        store::file_done(scope, id, workspace)
    });
    done.await
}

async fn in_workspace(
    work: &Work,
    ctx: &Ctx,
    user: UserId,
    known: &Known,
    was_member: bool,
) -> Result<Counts> {
    let file = File::Workspace(ctx.clone());
    let is_in_log = move |unit: &Unit<'_>| personal::knows_in(unit, user.cast());
    let is_known = was_member || file.read(is_in_log).await?;
    let sweep = Sweep::new(work, file.clone(), user, known, is_known);
    let mut counts = sweep.tables().await?;
    counts = counts.plus(sweep.entries(BTreeSet::new()).await?);
    let is_touched = was_member || file.read(is_in_log).await?;
    let path = ctx.platform.workspaces.path(ctx.workspace());
    if is_touched || holds(path, known).await? {
        ctx.file().await?.rewrite().await?;
    }
    Ok(counts)
}

/// Goes through the box's own file. The last transaction takes the person and what was looked for.
async fn box_file(work: &Work, (id, user): (ErasureId, UserId), known: &Known) -> Result<()> {
    let ctx = work.on_box();
    let sweep = Sweep::new(work, File::Box(ctx.clone()), user, known, true);
    // Whoever was not signed in yet has no name in the log, but an address. Found before the
    // entries that tell which addresses those are.
    let addresses = sweep.addresses().await?;
    let mut counts = sweep.entries(addresses).await?;
    let needles = sweep.needles.clone();
    let platform = std::sync::Arc::clone(&ctx.platform);
    counts.rows += integer(
        ctx.write(move |scope| {
            let meant = |text: &str| needles.is_in(text);
            let count = outbox::ops::drop_naming_in(scope, &platform, meant)?;
            note(scope, user, "outbox", count)?;
            Ok(count)
        })
        .await?,
    );
    counts = counts.plus(sweep.tables().await?);
    ctx.write(move |scope| {
        users::ops::remove_in(scope, user)?;
        counts.rows += 1;
        store::count(scope, id, counts)?;
        note(scope, user, PEOPLE, 1)?;
        store::close(scope, id)
    })
    .await
}

/// Says in the log of the file what was taken away, in the transaction that does it.
fn note(unit: &Unit<'_>, user: UserId, table: &'static str, count: usize) -> Result<()> {
    if count > 0 {
        let entry = Entry::new("identity.user.data_erased", KIND, user);
        unit.audit(entry.set("table", table).set("count", count.to_string()))?;
    }
    Ok(())
}

/// One file gone through for one person.
struct Sweep<'a> {
    work: &'a Work,
    file: File,
    user: UserId,
    person: Person,
    needles: Needles,
}

impl<'a> Sweep<'a> {
    fn new(work: &'a Work, file: File, user: UserId, known: &Known, is_known: bool) -> Self {
        let addresses = known.emails.iter().map(|email| email_key(email)).collect();
        let person = Person { user, addresses };
        Self { work, file, user, person, needles: Needles::new(known, user, is_known) }
    }

    /// Every table by its marks.
    async fn tables(&self) -> Result<Counts> {
        let mut counts = Counts::default();
        for marks in self.file.marks().into_iter().filter(|marks| marks.table != PEOPLE) {
            counts = counts.plus(self.own(marks).await?);
            let needles = self.needles.clone();
            let is_meant = move |text: &str| needles.is_in(text);
            match marks.named {
                Named::Kept => {}
                Named::Masked => {
                    let needles = self.needles.clone();
                    let fate = move |text: &str| {
                        needles.taken_out(text).map_or(Fate::Stays, Fate::Becomes)
                    };
                    counts.texts += self.change(marks, None, is_meant, fate).await?;
                }
                Named::Dropped => {
                    let drop =
                        move |unit: &Unit<'_>, keys: &[Key]| store::delete(unit, &marks, keys);
                    counts.rows += self.walk(marks, None, is_meant, drop).await?;
                }
            }
        }
        Ok(counts)
    }

    /// The person's own rows of a table, or their own texts in it.
    async fn own(&self, marks: ColumnMarks) -> Result<Counts> {
        match marks.whose {
            Whose::Nobodys | Whose::Elsewhere(_) => Ok(Counts::default()),
            Whose::Written(_) => {
                let of = Some(self.person.clone());
                let is_there = |text: &str| !text.is_empty();
                let texts = self.change(marks, of, is_there, |_| Fate::Emptied).await?;
                Ok(Counts { texts, ..Counts::default() })
            }
            Whose::Theirs(_) | Whose::Addressed(_) | Whose::Through { .. } => {
                let mut rows = 0;
                loop {
                    self.work.check()?;
                    let (person, user) = (self.person.clone(), self.user);
                    let deleted = self.file.write(move |unit| {
                        let count = store::delete_some(unit, &marks, &person, AT_ONCE)?;
                        note(unit, user, marks.table, count)?;
                        Ok(count)
                    });
                    let deleted = deleted.await?;
                    rows += integer(deleted);
                    if deleted < AT_ONCE {
                        return Ok(Counts { rows, ..Counts::default() });
                    }
                }
            }
        }
    }

    async fn change(
        &self,
        marks: ColumnMarks,
        of: Option<Person>,
        is_meant: impl Fn(&str) -> bool + Clone + Send + 'static,
        fate: impl Fn(&str) -> Fate + Clone + Send + 'static,
    ) -> Result<i64> {
        let change = move |unit: &Unit<'_>, keys: &[Key]| store::change(unit, &marks, keys, &fate);
        self.walk(marks, of, is_meant, change).await
    }

    /// Reads a table from its beginning and does something about the rows that are meant. Nobody
    /// waits while it is read.
    async fn walk(
        &self,
        marks: ColumnMarks,
        of: Option<Person>,
        is_meant: impl Fn(&str) -> bool + Clone + Send + 'static,
        act: impl Fn(&Unit<'_>, &[Key]) -> Result<usize> + Clone + Send + 'static,
    ) -> Result<i64> {
        let (mut count, mut after) = (0, None);
        loop {
            self.work.check()?;
            let (of, is_meant) = (of.clone(), is_meant.clone());
            let look = move |unit: &Unit<'_>| {
                store::look(unit, &marks, of.as_ref(), after.as_ref(), is_meant)
            };
            let (keys, next) = self.file.read(look).await?;
            for some in keys.chunks(AT_ONCE) {
                let (some, act, user) = (some.to_vec(), act.clone(), self.user);
                let acted = self.file.write(move |unit| {
                    let count = act(unit, &some)?;
                    note(unit, user, marks.table, count)?;
                    Ok(count)
                });
                count += integer(acted.await?);
            }
            match next {
                Some(next) => after = Some(next),
                None => return Ok(count),
            }
        }
    }

    /// Where the person came from.
    async fn addresses(&self) -> Result<BTreeSet<String>> {
        let (mut found, mut after) = (BTreeSet::new(), 0);
        let user: ObjectId = self.user.cast();
        while found.len() < ADDRESSES_MAX {
            let some = self
                .file
                .read(move |unit| personal::of_in(unit, user, after, LOOKED_AT_ONCE))
                .await?;
            let Some(last) = some.last() else { break };
            after = last.record.seq;
            let own = some.iter().filter(|shown| shown.record.actor_id == Some(user));
            for values in own.filter_map(|shown| shown.personal_values.as_deref()) {
                let values: Option<BTreeMap<String, String>> = serde_json::from_str(values).ok();
                found.extend(values.and_then(|mut values| values.remove(ADDRESS)));
            }
        }
        Ok(found)
    }

    /// The values beside the log: first those that name the person or came from their address
    /// before they had signed in, then those of entries by and about them.
    async fn entries(&self, addresses: BTreeSet<String>) -> Result<Counts> {
        let (mut entries, mut after) = (0, 0);
        loop {
            self.work.check()?;
            let (needles, addresses) = (self.needles.clone(), addresses.clone());
            let is_meant = move |actor_kind: &str, values: &BTreeMap<String, String>| {
                let is_theirs = values.get(ADDRESS).is_some_and(|one| addresses.contains(one));
                (actor_kind == STRANGER && is_theirs)
                    || values.values().any(|value| needles.is_in(value))
            };
            let look =
                move |unit: &Unit<'_>| personal::look_in(unit, after, LOOKED_AT_ONCE, is_meant);
            let (meant, next) = self.file.read(look).await?;
            entries += self.erase_beside(meant).await?;
            match next {
                Some(next) => after = next,
                None => break,
            }
        }
        let (user, mut after): (ObjectId, _) = (self.user.cast(), 0);
        let end = self.file.read(personal::last_in).await?;
        while after < end {
            self.work.check()?;
            let some = self
                .file
                .read(move |unit| personal::of_in(unit, user, after, LOOKED_AT_ONCE))
                .await?;
            let Some(last) = some.last() else { break };
            after = last.record.seq;
            entries += self.erase_beside(some.iter().map(|one| one.record.seq).collect()).await?;
        }
        Ok(Counts { entries, ..Counts::default() })
    }

    async fn erase_beside(&self, seqs: Vec<i64>) -> Result<i64> {
        let mut count = 0;
        for some in seqs.chunks(AT_ONCE) {
            let (some, user) = (some.to_vec(), self.user);
            let erased = self.file.write(move |unit| {
                let count = personal::erase_in(unit, &some)?;
                note(unit, user, "audit_personal", count)?;
                Ok(count)
            });
            count += integer(erased.await?);
        }
        Ok(count)
    }
}

/// Removes all files that wait to be fetched: what was exported before holds what is erased now,
/// and whoever waits for one can ask again.
async fn drop_waiting_files(ctx: &BoxCtx) -> Result<()> {
    let data = ctx.platform.config.data();
    let spools = [Spool::of(&ctx.platform), Spool::of_archives(data), Spool::of_uploads(data)];
    tasks::blocking(move || {
        for spool in spools {
            for kept in spool.list()? {
                spool.remove(kept);
            }
        }
        Ok(())
    })
    .await
}

/// Whether a database or its log holds a name or an address anywhere, deleted or not.
async fn holds(path: PathBuf, known: &Known) -> Result<bool> {
    let needles = known.names.iter().chain(&known.emails);
    let needles: Vec<Vec<u8>> = needles.map(|text| text.as_bytes().to_vec()).collect();
    tasks::blocking(move || {
        let mut log = path.clone().into_os_string();
        log.push("-wal");
        Ok(has_any(&path, &needles)? || has_any(Path::new(&log), &needles)?)
    })
    .await
}

fn has_any(path: &Path, needles: &[Vec<u8>]) -> Result<bool> {
    let mut file = match fs::File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        file => file?,
    };
    let overlap = needles.iter().map(Vec::len).max().unwrap_or(0);
    let mut bytes: Vec<u8> = Vec::new();
    loop {
        let kept = bytes.len().saturating_sub(overlap);
        bytes.drain(..kept);
        let start = bytes.len();
        bytes.resize(start + PIECE_SIZE_BYTES, 0);
        let read = file.read(&mut bytes[start..])?;
        bytes.truncate(start + read);
        if needles.iter().any(|needle| is_within(&bytes, needle)) {
            return Ok(true);
        }
        if read == 0 {
            return Ok(false);
        }
    }
}

fn is_within(bytes: &[u8], needle: &[u8]) -> bool {
    let Some(first) = needle.first() else { return false };
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        if rest[at..].starts_with(needle) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}
