//! Writing a bundle piece by piece, so that a long log needs no more memory than a short one.

use std::fmt::Write;

use serde_json::json;

use super::bundle::FORMAT;
use super::checkpoints::{Signed, sign_in};
use crate::platform::audit::Signer;
use crate::platform::audit::rules::checkpoints::{Checkpoint, verifier_key};
use crate::platform::audit::rules::{Entry, LogId};
use crate::platform::audit::store::checkpoints::Checkpoints;
use crate::platform::audit::store::tree::Tree;
use crate::platform::audit::store::{self, Whole};
use crate::platform::clock::Moment;
use crate::platform::ctx::{BoxCtx, Ctx, Unit};
use crate::platform::error::{Error, Result};
use crate::platform::secret::to_hex;

/// Entries written at once.
const BATCH: usize = 500;
/// Somebody took the log along.
const EXPORTED: &str = "audit.exported";

/// Whether values about people go along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Personal {
    LeftOut,
    Included,
}

/// Whose log it is.
#[derive(Clone)]
enum Source {
    Workspace(Ctx),
    Box(BoxCtx),
}

/// A bundle on its way out.
#[derive(Clone)]
pub struct Export {
    source: Source,
    personal: Personal,
    log: LogId,
    signed: Signed,
    made_at: Moment,
    /// Entries written; none before the first line.
    written: Option<u64>,
    is_over: bool,
}

/// What a piece is made of.
struct Part {
    entries: Vec<Whole>,
    checkpoints: Vec<Checkpoint>,
}

/// Notes who takes what, and signs the log with that entry in it: so the last line of every
/// bundle that is about entries is a checkpoint of all of them.
fn begin_in(unit: &Unit<'_>, key: &Signer, personal: Personal) -> Result<(LogId, Signed)> {
    let is_included = (personal == Personal::Included).to_string();
    unit.audit(Entry::about(EXPORTED, "audit").set("personal", is_included))?;
    let tree = Tree(unit.connection());
    let signed = sign_in(tree, key, unit.now())?;
    let signed = signed.ok_or_else(|| Error::internal("a log that grew was not signed"))?;
    Ok((store::log_id(tree.0)?, signed))
}

fn part_in(unit: &Unit<'_>, after: u64, size: u64) -> Result<Part> {
    let seq = i64::try_from(after).unwrap_or(i64::MAX);
    let mut entries = store::whole_after(unit.connection(), seq, BATCH)?;
    entries.retain(|(record, _)| u64::try_from(record.seq).is_ok_and(|seq| seq <= size));
    let end = after + u64::try_from(entries.len()).unwrap_or(0);
    Ok(Part { entries, checkpoints: Checkpoints(unit.connection()).between(after, end)? })
}

impl Export {
    /// Begins the bundle of the caller's workspace.
    pub async fn begin(ctx: Ctx, personal: Personal) -> Result<Self> {
        let key = ctx.platform.audit.key();
        let begun = ctx.write(move |scope| begin_in(scope, &key, personal)).await?;
        let made_at = ctx.now();
        Ok(Self::of(Source::Workspace(ctx), personal, begun, made_at))
    }

    /// Begins the bundle of the box's own log.
    pub async fn begin_box(ctx: BoxCtx, personal: Personal) -> Result<Self> {
        let key = ctx.platform.audit.key();
        let begun = ctx.write(move |scope| begin_in(scope, &key, personal)).await?;
        let made_at = ctx.now();
        Ok(Self::of(Source::Box(ctx), personal, begun, made_at))
    }

    fn of(
        source: Source,
        personal: Personal,
        (log, signed): (LogId, Signed),
        made_at: Moment,
    ) -> Self {
        signed.tell();
        Self { source, personal, log, signed, made_at, written: None, is_over: false }
    }

    /// What the file is called.
    pub fn file_name(&self) -> String {
        format!("audit-{}-{}.jsonl", self.log, self.signed.checkpoint.size)
    }

    /// The next piece of the file; none at its end.
    pub async fn next(mut self) -> Result<Option<(String, Self)>> {
        if self.is_over {
            return Ok(None);
        }
        let Some(after) = self.written else {
            self.written = Some(0);
            return Ok(Some((self.header(), self)));
        };
        let size = self.signed.checkpoint.size;
        if after >= size {
            self.is_over = true;
            return Ok(Some((format!("{{\"end\":{after}}}\n"), self)));
        }
        let part = match &self.source {
            Source::Workspace(ctx) => ctx.read(move |scope| part_in(scope, after, size)).await?,
            Source::Box(ctx) => ctx.read(move |scope| part_in(scope, after, size)).await?,
        };
        let text = self.text(&part)?;
        self.written = Some(after + u64::try_from(part.entries.len()).unwrap_or(0));
        Ok(Some((text, self)))
    }

    fn header(&self) -> String {
        let Signed { origin, checkpoint } = &self.signed;
        let header = json!({
            "format": FORMAT, "origin": origin, "log": self.log.to_string(),
            "size": checkpoint.size, "key": verifier_key(origin, &checkpoint.public_key),
            "made_at": self.made_at.to_string(),
            "personal": self.personal == Personal::Included,
        });
        format!("{header}\n")
    }

    fn text(&self, part: &Part) -> Result<String> {
        if part.entries.is_empty() {
            return Err(Error::internal("an audit log lost entries while it was exported"));
        }
        let mut text = String::with_capacity(part.entries.len() * 1_024);
        let mut checkpoints = part.checkpoints.iter().peekable();
        for (record, kept) in &part.entries {
            let (hash, leaf) = (to_hex(&record.hash), record.leaf(self.log));
            write(&mut text, format_args!("{{\"hash\":\"{hash}\",\"leaf\":{leaf}"));
            if let Some((salt, values)) = kept.as_ref().filter(|_| self.is_with_personal()) {
                let salt = to_hex(salt);
                let member =
                    format_args!(",\"personal\":{{\"salt\":\"{salt}\",\"values\":{values}}}");
                write(&mut text, member);
            }
            text.push_str("}\n");
            let is_of_here = |one: &&Checkpoint| i64::try_from(one.size) == Ok(record.seq);
            if let Some(checkpoint) = checkpoints.next_if(is_of_here) {
                let note = checkpoint.note(&self.signed.origin);
                let line = json!({ "checkpoint": note, "at": checkpoint.at.to_string() });
                write(&mut text, format_args!("{line}\n"));
            }
        }
        Ok(text)
    }

    fn is_with_personal(&self) -> bool {
        self.personal == Personal::Included
    }
}

fn write(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("writing to a String cannot fail");
}
