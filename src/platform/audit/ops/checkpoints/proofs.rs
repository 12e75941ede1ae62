//! Reading checkpoints, and proving with them.

use std::sync::Arc;

use super::{SIGNED, Signed, log_in, sign_in};
use crate::platform::audit::Signer;
use crate::platform::audit::ops::tree::{consistency_in, inclusion_in};
use crate::platform::audit::rules::checkpoints::{origin, proof_file};
use crate::platform::audit::rules::{Entry, Hash};
use crate::platform::audit::store::checkpoints::Checkpoints;
use crate::platform::audit::store::tree::Tree;
use crate::platform::ctx::{BoxCtx, Ctx, Unit};
use crate::platform::error::{Error, Result};

fn list_in(unit: &Unit<'_>, key: &Signer, before: u64, limit: usize) -> Result<Vec<Signed>> {
    let tree = Tree(unit.connection());
    let origin = origin(key.on_box(), log_in(tree)?);
    let found = Checkpoints(tree.0).before(before, limit)?.into_iter();
    Ok(found.map(|checkpoint| Signed { origin: origin.clone(), checkpoint }).collect())
}

/// Checkpoints of the caller's workspace of less than `before` entries, newest first.
pub async fn list(ctx: &Ctx, before: u64, limit: usize) -> Result<Vec<Signed>> {
    let key = Arc::clone(&ctx.platform.audit.key);
    ctx.read(move |scope| list_in(scope, &key, before, limit)).await
}

/// The same of the box's own log.
pub async fn list_box(ctx: &BoxCtx, before: u64, limit: usize) -> Result<Vec<Signed>> {
    let key = Arc::clone(&ctx.platform.audit.key);
    ctx.read(move |scope| list_in(scope, &key, before, limit)).await
}

/// Signs how the log stands now. The wish stands in the log itself, so there is always something
/// new to sign.
fn sign_now_in(unit: &Unit<'_>, key: &Signer) -> Result<Signed> {
    unit.audit(Entry::about(SIGNED, "audit"))?;
    let signed = sign_in(Tree(unit.connection()), key, unit.now())?;
    signed.ok_or_else(|| Error::internal("a log that grew was not signed"))
}

/// Signs the log of the caller's workspace now.
pub async fn sign_now(ctx: &Ctx) -> Result<Signed> {
    let key = Arc::clone(&ctx.platform.audit.key);
    let signed = ctx.write(move |scope| sign_now_in(scope, &key)).await?;
    signed.tell();
    Ok(signed)
}

/// Signs the box's own log now.
pub async fn sign_box_now(ctx: &BoxCtx) -> Result<Signed> {
    let key = Arc::clone(&ctx.platform.audit.key);
    let signed = ctx.write(move |scope| sign_now_in(scope, &key)).await?;
    signed.tell();
    Ok(signed)
}

fn prove_in(unit: &Unit<'_>, key: &Signer, seq: u64, size: Option<u64>) -> Result<String> {
    let tree = Tree(unit.connection());
    let Some(index) = seq.checked_sub(1).filter(|_| seq <= tree.log_size().unwrap_or(0)) else {
        return Err(Error::NotFound);
    };
    let checkpoint = match size {
        Some(size) => Checkpoints(tree.0).get(size)?.ok_or_else(|| {
            let detail = format!("There is no checkpoint of {size} entries.");
            Error::invalid("size", "checkpoint-unknown", detail)
        })?,
        None => Checkpoints(tree.0).newest()?.ok_or_else(|| unsigned(seq))?,
    };
    if checkpoint.size < seq {
        return Err(unsigned(seq));
    }
    let hashes = inclusion_in(tree, index, checkpoint.size)?;
    let origin = origin(key.on_box(), log_in(tree)?);
    Ok(proof_file(index, &hashes, &checkpoint.note(&origin)))
}

fn unsigned(seq: u64) -> Error {
    let detail = format!("No checkpoint covers entry {seq} yet. Ask for one, or wait a minute.");
    Error::conflict("audit-not-signed", detail)
}

/// A file that proves an entry of the caller's workspace to be in its log.
pub async fn prove(ctx: &Ctx, seq: u64, size: Option<u64>) -> Result<String> {
    let key = Arc::clone(&ctx.platform.audit.key);
    ctx.read(move |scope| prove_in(scope, &key, seq, size)).await
}

/// The same of the box's own log.
pub async fn prove_box(ctx: &BoxCtx, seq: u64, size: Option<u64>) -> Result<String> {
    let key = Arc::clone(&ctx.platform.audit.key);
    ctx.read(move |scope| prove_in(scope, &key, seq, size)).await
}

fn between_in(unit: &Unit<'_>, from: u64, to: u64) -> Result<Vec<Hash>> {
    let tree = Tree(unit.connection());
    let wrong = |field, detail: String| Err(Error::invalid(field, "audit-range", detail));
    if from == 0 || from > to {
        return wrong("from", format!("Use a size from 1 to {to}."));
    }
    let size = tree.log_size()?;
    if to > size {
        return wrong("to", format!("The log has {size} entries."));
    }
    consistency_in(tree, from, to)
}

/// Proves that the log of the caller's workspace only grew between two sizes.
pub async fn between(ctx: &Ctx, from: u64, to: u64) -> Result<Vec<Hash>> {
    ctx.read(move |scope| between_in(scope, from, to)).await
}

/// The same of the box's own log.
pub async fn between_box(ctx: &BoxCtx, from: u64, to: u64) -> Result<Vec<Hash>> {
    ctx.read(move |scope| between_in(scope, from, to)).await
}
