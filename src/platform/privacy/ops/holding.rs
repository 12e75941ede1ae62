//! Handing out what is held on a person, piece by piece, so that much needs no more memory than
//! little. What it consists of follows from the marks of the columns.

use std::collections::{BTreeMap, VecDeque};
use std::io::Write;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Value, json};

use super::File;
use crate::platform::Platform;
use crate::platform::access::Role;
use crate::platform::app::{ColumnMarks, Whose};
use crate::platform::audit::Entry;
use crate::platform::audit::ops::personal::{self, ADDRESS, USER_AGENT};
use crate::platform::clock::Moment;
use crate::platform::ctx::{Actor, BoxCtx, Cause, Ctx, Membership};
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::identity::users::ops::KIND;
use crate::platform::identity::users::rules::email_key;
use crate::platform::identity::{User, UserId, users};
use crate::platform::jobs::ops::{UnderWay, View, Wanted};
use crate::platform::jobs::{self, Job, JobId, Work};
use crate::platform::privacy::archive::Archive;
use crate::platform::privacy::jobs::{EXPORT, Input};
use crate::platform::privacy::store::{self, Cursor, Person};
use crate::platform::spool::{FILE_SIZE_BYTES_MAX, Kept, Spool};
use crate::platform::tasks;
use crate::platform::workspaces::WorkspaceId;

/// Rows read at once.
const AT_ONCE: usize = 200;
/// What the first file says of the format.
const FORMAT: &str = "holdfast-personal-data/1";
/// Files of the box's own have no workspace.
const NO_WORKSPACE: [u8; 16] = [0; 16];

const README: &str = "\
This archive holds what this box keeps about one person.

about.json         who it is, when this was made, which workspaces are in here
box/               the account: sessions, tokens, memberships, notices and so on
workspaces/ID/     what the person wrote in the workspace of that id
audit.json         in each folder: what they did and what was done about them

Each file is a list of JSON objects; times are UTC. Left out are secrets (what is kept of
passwords, codes and keys) and what other people wrote.
";

/// An archive on its way out.
pub struct Export {
    person: Person,
    about: String,
    parts: VecDeque<Part>,
    open: Option<Open>,
    archive: Archive,
    state: State,
}

#[derive(PartialEq, Eq)]
enum State {
    New,
    Going,
    Over,
}

/// A file of the archive.
struct Part {
    file: File,
    name: String,
    what: What,
}

enum What {
    Rows(ColumnMarks),
    Entries,
}

/// The file that is being written.
struct Open {
    part: Part,
    cursor: Cursor,
    after: i64,
    has_rows: bool,
}

/// What the signed-in person gets.
pub async fn export_mine(ctx: &BoxCtx) -> Result<Export> {
    ctx.principal()?.need_whole()?;
    let user = users::ops::me(ctx).await?;
    Export::of(&ctx.platform, user).await
}

impl Export {
    async fn of(platform: &std::sync::Arc<Platform>, user: User) -> Result<Self> {
        let on_box = BoxCtx::new(platform, Cause::of(Actor::System));
        let id = user.id;
        let workspaces = on_box.read(move |scope| store::workspaces_of(scope, id)).await?;
        let mut parts = VecDeque::new();
        add_parts(&mut parts, &File::Box(on_box.clone()), "box");
        for (workspace, _) in &workspaces {
            let grant = platform.roles.grant(Role::Owner);
            let membership = Membership::new(*workspace, Role::Owner, grant);
            let file = File::Workspace(Ctx::new(on_box.clone(), membership));
            add_parts(&mut parts, &file, &format!("workspaces/{workspace}"));
        }
        let told =
            workspaces.iter().map(|(id, name)| json!({ "id": id.to_string(), "name": name }));
        let about = json!({
            "format": FORMAT,
            "made_at": on_box.now().to_string(),
            "person": { "id": id.to_string(), "name": user.name, "email": user.email },
            "workspaces": told.collect::<Vec<_>>(),
        });
        Ok(Self {
            person: Person { user: id, addresses: vec![email_key(&user.email)] },
            about: format!("{about:#}\n"),
            parts,
            open: None,
            archive: Archive::new(),
            state: State::New,
        })
    }

    /// The next piece of the archive; none at its end.
    pub async fn next(mut self) -> Result<Option<(Vec<u8>, Self)>> {
        loop {
            match self.state {
                State::Over => return Ok(None),
                State::New => {
                    for (name, text) in [("README.txt", README), ("about.json", &self.about)] {
                        self.archive.begin(name)?;
                        self.archive.add(text.as_bytes())?;
                    }
                    self.state = State::Going;
                }
                State::Going => self = self.step().await?,
            }
            let piece = self.archive.take()?;
            if !piece.is_empty() {
                return Ok(Some((piece, self)));
            }
        }
    }

    /// Writes some rows, or begins what comes next.
    async fn step(mut self) -> Result<Self> {
        let Some(mut open) = self.open.take() else {
            if let Some(part) = self.parts.pop_front() {
                let cursor = Cursor::default();
                self.open = Some(Open { part, cursor, after: 0, has_rows: false });
            } else {
                self.archive.finish()?;
                self.state = State::Over;
            }
            return Ok(self);
        };
        let (rows, has_more) = open.rows(&self.person).await?;
        let archive = self.archive;
        let written = tasks::blocking(move || open.write(archive, &rows, has_more));
        let (archive, open) = written.await?;
        self.archive = archive;
        self.open = open;
        Ok(self)
    }
}

impl Open {
    /// The next rows, and whether there may be more.
    async fn rows(&mut self, person: &Person) -> Result<(Vec<Value>, bool)> {
        match self.part.what {
            What::Rows(marks) => {
                let (person, cursor) = (person.clone(), std::mem::take(&mut self.cursor));
                let page = self
                    .part
                    .file
                    .read(move |unit| store::page_of(unit, &marks, &person, &cursor, AT_ONCE));
                let (rows, next) = match page.await {
                    // The workspace was removed on the way.
                    Err(Error::NotFound) => (Vec::new(), None),
                    page => page?,
                };
                let has_more = next.is_some();
                self.cursor = next.unwrap_or_default();
                Ok((rows.into_iter().map(Value::Object).collect(), has_more))
            }
            What::Entries => {
                let (user, after) = (person.user, self.after);
                let page = self
                    .part
                    .file
                    .read(move |unit| personal::of_in(unit, user.cast(), after, AT_ONCE));
                let shown = match page.await {
                    Err(Error::NotFound) => Vec::new(),
                    page => page?,
                };
                self.after = shown.last().map_or(after, |last| last.record.seq);
                let has_more = shown.len() == AT_ONCE;
                Ok((shown.into_iter().map(|one| as_entry(&one, user)).collect(), has_more))
            }
        }
    }

    /// Adds rows to the archive; a file without any is left out.
    fn write(
        mut self,
        mut archive: Archive,
        rows: &[Value],
        has_more: bool,
    ) -> Result<(Archive, Option<Self>)> {
        let mut text = Vec::new();
        for row in rows {
            if self.has_rows {
                text.extend_from_slice(b",\n");
            } else {
                archive.begin(&self.part.name)?;
                text.extend_from_slice(b"[\n");
                self.has_rows = true;
            }
            write!(text, "{row}")?;
        }
        if self.has_rows && !has_more {
            text.extend_from_slice(b"\n]\n");
        }
        if !text.is_empty() {
            archive.add(&text)?;
        }
        Ok((archive, has_more.then_some(self)))
    }
}

fn add_parts(parts: &mut VecDeque<Part>, file: &File, folder: &str) {
    for marks in file.marks() {
        if !matches!(marks.whose, Whose::Nobodys | Whose::Elsewhere(_)) {
            let name = format!("{folder}/{}.json", marks.table);
            parts.push_back(Part { file: file.clone(), name, what: What::Rows(marks) });
        }
    }
    let name = format!("{folder}/audit.json");
    parts.push_back(Part { file: file.clone(), name, what: What::Entries });
}

/// An entry by or about the person. Of one by somebody else, where that came from is theirs.
fn as_entry(shown: &crate::platform::audit::ops::Shown, user: UserId) -> Value {
    let record = &shown.record;
    let values = shown.personal_values.as_deref();
    let values: Option<BTreeMap<String, Value>> =
        values.and_then(|values| serde_json::from_str(values).ok());
    let mut values = values.unwrap_or_default();
    if record.actor_id != Some(user.cast()) {
        values.remove(ADDRESS);
        values.remove(USER_AGENT);
    }
    json!({
        "seq": record.seq,
        "at": record.at.to_string(),
        "is_own": record.actor_id == Some(user.cast()),
        "action": record.action,
        "object_kind": record.object_kind,
        "object_id": record.object_id.map(|id| id.to_string()),
        "outcome": record.outcome,
        "changes": serde_json::from_str::<Value>(&record.changes).unwrap_or_default(),
        "values": values,
    })
}

/// Asks for a job that writes the archive of somebody else.
pub async fn ask_for_export(ctx: &BoxCtx, user: UserId) -> Result<Created<Job>> {
    ctx.read(move |scope| users::ops::get_in(scope, user)).await?;
    let input = serde_json::to_value(Input { user: user.to_string() });
    let wanted = Wanted {
        kind: EXPORT.kind,
        workspace: None,
        subject: user.to_string(),
        input: input.map_err(Error::internal)?,
    };
    jobs::ops::ask(ctx, wanted, UnderWay::Join).await
}

/// As `ask_for_export`, for somebody at the machine: by id or address.
pub async fn ask_for_export_of(ctx: &BoxCtx, who: String) -> Result<Job> {
    let user = ctx.read(move |scope| users::ops::named_in(scope, &who)).await?;
    Ok(ask_for_export(ctx, user.id).await?.value)
}

/// Where the archive that a job wrote lies on this machine.
pub fn exported_file(ctx: &BoxCtx, job: &Job) -> Option<PathBuf> {
    let answer = job.result.as_deref().filter(|_| job.kind == EXPORT.kind)?;
    let answer: Answer = serde_json::from_str(answer).ok()?;
    let until = answer.kept_until.parse().ok()?;
    Some(Spool::of(&ctx.platform).path(kept(job.id, until)))
}

fn kept(job: JobId, until: Moment) -> Kept {
    Kept { workspace: WorkspaceId::from_bytes(NO_WORKSPACE), id: job.cast(), until }
}

/// Writes the archive for whoever asked for the job; gives its size in bytes.
pub(in crate::platform::privacy) async fn write_export(
    work: &Work,
    user: UserId,
    until: Moment,
) -> Result<u64> {
    let ctx = work.on_box().clone();
    let person = ctx.write(move |scope| {
        let person = users::ops::get_in(scope, user)?;
        scope.audit(Entry::new("identity.user.exported", KIND, user))?;
        Ok(person)
    });
    let mut export = Export::of(&ctx.platform, person.await?).await?;
    let (spool, kept, now) = (Spool::of(&ctx.platform), kept(work.id(), until), ctx.now());
    let place = spool.clone();
    let mut file = tasks::blocking(move || place.create(kept, now)).await?;
    let mut size_bytes = 0;
    loop {
        work.check()?;
        let Some((piece, rest)) = export.next().await? else { return Ok(size_bytes) };
        export = rest;
        size_bytes += u64::try_from(piece.len()).unwrap_or(u64::MAX);
        if size_bytes > FILE_SIZE_BYTES_MAX {
            tasks::blocking(move || {
                spool.remove(kept);
                Ok(())
            })
            .await?;
            let detail = "The file would be larger than 1 GiB.";
            return Err(Error::conflict("file-too-large", detail));
        }
        let written = tasks::blocking(move || {
            file.write_all(&piece)?;
            Ok(file)
        });
        file = written.await?;
    }
}

/// An archive to be fetched.
pub struct Ready {
    pub file: std::fs::File,
    pub size_bytes: u64,
}

/// What a job answers that wrote an archive.
#[derive(Deserialize)]
struct Answer {
    kept_until: String,
}

/// Opens the archive that a job wrote about a person, as long as it is kept.
pub async fn open_export(ctx: &BoxCtx, user: UserId, id: JobId) -> Result<Ready> {
    let job = jobs::ops::get(ctx, View::Box, id).await?;
    let input: Option<Input> = serde_json::from_str(&job.input).ok();
    let is_about = input.is_some_and(|input| input.user == user.to_string());
    let answer = job.result.filter(|_| job.kind == EXPORT.kind && is_about);
    let answer: Answer =
        serde_json::from_str(&answer.ok_or(Error::NotFound)?).map_err(Error::internal)?;
    let until = answer.kept_until.parse().map_err(Error::internal)?;
    let (spool, kept, now) = (Spool::of(&ctx.platform), kept(id, until), ctx.now());
    tasks::blocking(move || {
        let file = spool.open(kept, now)?;
        let size_bytes = file.metadata()?.len();
        Ok(Ready { file, size_bytes })
    })
    .await
}
