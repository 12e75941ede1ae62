//! Asking every app and the box what fits.

use super::rules::{Hit, Typed, shared};
use super::store;
use crate::platform::app::SearchSpec;
use crate::platform::ctx::Ctx;
use crate::platform::error::Result;

/// The kind of members in an answer.
pub const MEMBER: &str = "workspace.member";
/// Who finds people.
const PEOPLE: &str = "people.read";
/// Members that are looked at.
const MEMBERS_MAX: usize = 2_000;

/// What fits, best first, of all that the caller may see; each with its kind.
pub async fn find(ctx: &Ctx, typed: Typed, limit: usize) -> Result<Vec<(&'static str, Hit)>> {
    // An app that is switched off takes its permissions away.
    let of_apps = ctx.platform.apps.iter().flat_map(|app| app.search);
    let specs: Vec<SearchSpec> = of_apps.filter(|spec| ctx.may(spec.permission)).copied().collect();
    let looked_for = typed.clone();
    let mut lists = ctx
        .read(move |scope| {
            let find = |spec: &SearchSpec| Ok((spec.kind, (spec.find)(scope, &looked_for, limit)?));
            specs.iter().map(find).collect::<Result<Vec<_>>>()
        })
        .await?;
    if ctx.may(PEOPLE) {
        lists.push((MEMBER, members(ctx, typed, limit).await?));
    }
    Ok(shared(lists, limit))
}

async fn members(ctx: &Ctx, typed: Typed, limit: usize) -> Result<Vec<Hit>> {
    let workspace = ctx.workspace();
    let members = (**ctx).read(move |scope| store::members(scope, workspace, MEMBERS_MAX)).await?;
    let found = members.into_iter().filter_map(|(id, name, email)| {
        let fit = typed.fit(&[&name, &email])?;
        Some(Hit { id: id.cast(), title: name, subtitle: email, parent: None, fit })
    });
    let mut hits: Vec<Hit> = found.collect();
    hits.sort_by_key(|hit| hit.fit);
    hits.truncate(limit);
    Ok(hits)
}
