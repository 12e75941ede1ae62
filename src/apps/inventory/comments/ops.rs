//! What people do with comments, and who is told of them.

use serde::{Deserialize, Serialize};

use super::jobs::{MENTIONS, MENTIONS_AFTER};
use super::rules::{
    self, CommentDraft, CommentId, KeptComment, check_author, check_mentions, is_own, mentions,
};
use super::store;
use crate::apps::inventory::items::rules::{ItemId, check_version};
use crate::apps::inventory::subjects::ops::Subject;
use crate::apps::inventory::subjects::rules::About;
use crate::apps::inventory::{items, subjects};
use crate::platform::audit::Entry;
use crate::platform::ctx::{Ctx, Scope};
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::identity::UserId;
use crate::platform::workspaces::members;
use crate::platform::workspaces::members::rules::Member;

/// Audit and event kind of comments on items.
pub const ITEM_KIND: &str = "inventory.item-comment";
/// The same for those on orders, which not everybody hears of.
pub const ORDER_KIND: &str = "inventory.order-comment";
/// People whose telling is prepared at once. What a job keeps of it has a bound.
const TOLD_AT_ONCE_MAX: usize = 50;

const COMMENT: &str = "inventory.comment";
const MODERATE: &str = "inventory.moderate";

/// What was done with a comment.
#[derive(Debug, Clone, Copy)]
enum Done {
    Added,
    Changed,
    Deleted,
}

/// In the order of `Done`. What a comment says is in no entry.
const ITEM_ACTIONS: [&str; 3] = [
    "inventory.item-comment.added",
    "inventory.item-comment.changed",
    "inventory.item-comment.deleted",
];
const ORDER_ACTIONS: [&str; 3] = [
    "inventory.order-comment.added",
    "inventory.order-comment.changed",
    "inventory.order-comment.deleted",
];

fn entry(subject: &Subject, done: Done, comment: &KeptComment) -> Entry {
    let (kind, actions) = match subject.about {
        About::Item(_) => (ITEM_KIND, ITEM_ACTIONS),
        About::Order(_) => (ORDER_KIND, ORDER_ACTIONS),
    };
    let entry = Entry::new(actions[done as usize], kind, comment.id).version(comment.version);
    subject.named_in(entry)
}

/// What is spoken of, for those who may read it.
fn subject(scope: &Scope<'_>, about: About) -> Result<Subject> {
    scope.need(about.permission())?;
    subjects::ops::get_in(scope, about)
}

/// A page of comments.
pub struct Listed {
    /// One more than was asked for when there is another page.
    pub comments: Vec<KeptComment>,
    pub total: u64,
}

/// The comments on something that were written before a row, newest first.
pub async fn list(ctx: &Ctx, about: About, before: i64, limit: usize) -> Result<Listed> {
    ctx.read(move |scope| {
        let place = subject(scope, about)?.place;
        let comments = store::list(scope, place, before, limit)?;
        Ok(Listed { comments, total: store::count(scope, place)? as u64 })
    })
    .await
}

pub async fn get(ctx: &Ctx, about: About, id: CommentId) -> Result<KeptComment> {
    ctx.read(move |scope| get_in(scope, about, id)).await
}

fn get_in(scope: &Scope<'_>, about: About, id: CommentId) -> Result<KeptComment> {
    store::get(scope, subject(scope, about)?.place, id)
}

/// Members who may read what is spoken of, by name; nobody for those who may not see who belongs
/// to the workspace.
pub async fn people(
    ctx: &Ctx,
    about: About,
    named: Option<String>,
    limit: usize,
) -> Result<Vec<Member>> {
    ctx.read(move |scope| {
        scope.need(COMMENT)?;
        subject(scope, about).map(drop)
    })
    .await?;
    members::ops::who_may(ctx, about.permission(), named, limit).await
}

pub async fn create(ctx: &Ctx, about: About, text: &str) -> Result<Created<KeptComment>> {
    let draft = rules::check(text)?;
    let unreachable = unreachable(ctx, about, &draft).await?;
    let load = move |scope: &Scope<'_>, id| get_in(scope, about, id);
    ctx.create(load, move |scope| {
        scope.need(COMMENT)?;
        let subject = subject(scope, about)?;
        check_mentions(&draft.mentions, &[], &unreachable)?;
        rules::check_count(store::count(scope, subject.place)?)?;
        let id = scope.new_id();
        let rid = store::insert(scope, subject.place, id, &draft.text)?;
        mention(scope, rid, &draft.mentions)?;
        let comment = store::get(scope, subject.place, id)?;
        scope.audit(entry(&subject, Done::Added, &comment))?;
        Ok((id, comment))
    })
    .await
}

/// Changes one's own comment. Whoever it mentions for the first time is told.
pub async fn update(
    ctx: &Ctx,
    about: About,
    id: CommentId,
    version: i64,
    text: &str,
) -> Result<KeptComment> {
    let draft = rules::check(text)?;
    let unreachable = unreachable(ctx, about, &draft).await?;
    ctx.write(move |scope| {
        scope.need(COMMENT)?;
        let subject = subject(scope, about)?;
        let kept = store::get(scope, subject.place, id)?;
        check_author(kept.author, scope.user())?;
        check_version(kept.version, version)?;
        if kept.text == draft.text {
            return Ok(kept);
        }
        let before = mentions(&kept.text);
        check_mentions(&draft.mentions, &before, &unreachable)?;
        store::update(scope, kept.rid, &draft.text)?;
        for person in before.iter().filter(|person| !draft.mentions.contains(person)) {
            store::unmention(scope, kept.rid, *person)?;
        }
        let new = draft.mentions.iter().filter(|person| !before.contains(person));
        mention(scope, kept.rid, &new.copied().collect::<Vec<_>>())?;
        let comment = store::get(scope, subject.place, id)?;
        scope.audit(entry(&subject, Done::Changed, &comment))?;
        Ok(comment)
    })
    .await
}

/// Deletes one's own comment for good; who moderates, anybody's.
pub async fn delete(ctx: &Ctx, about: About, id: CommentId, version: i64) -> Result<()> {
    ctx.write(move |scope| {
        scope.need(COMMENT)?;
        let subject = subject(scope, about)?;
        let kept = store::get(scope, subject.place, id)?;
        if !is_own(kept.author, scope.user()) {
            scope.need(MODERATE)?;
        }
        check_version(kept.version, version)?;
        remove(scope, &subject, &kept)
    })
    .await
}

fn remove(scope: &Scope<'_>, subject: &Subject, comment: &KeptComment) -> Result<()> {
    store::remove(scope, comment.rid)?;
    scope.audit(entry(subject, Done::Deleted, comment))?;
    Ok(())
}

/// Takes all comments away from an item that is about to be forgotten.
pub fn remove_all_in(scope: &Scope<'_>, item: ItemId) -> Result<()> {
    let subject = Subject::of_item(items::ops::get_in(scope, item)?);
    let all = store::list(scope, subject.place, i64::MAX, rules::COMMENTS_MAX)?;
    all.iter().try_for_each(|comment| remove(scope, &subject, comment))
}

/// Those of whom a draft mentions who may not be told. They are looked up in the box's file,
/// before the transaction.
async fn unreachable(ctx: &Ctx, about: About, draft: &CommentDraft) -> Result<Vec<UserId>> {
    members::ops::who_may_not(ctx, about.permission(), draft.mentions.clone()).await
}

/// Has people told who were not before. Nobody is told of their own words.
fn mention(scope: &Scope<'_>, rid: i64, people: &[UserId]) -> Result<()> {
    let mut is_anybody_new = false;
    for person in people.iter().filter(|person| scope.user() != Some(**person)) {
        is_anybody_new |= store::mention(scope, rid, *person)?;
    }
    if is_anybody_new {
        scope.wish_job(MENTIONS.kind, MENTIONS_AFTER);
    }
    Ok(())
}

/// A comment and those who are to be told of it, as a job keeps it: by ids alone.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Mentioned {
    comment: i64,
    item: Option<String>,
    order: Option<String>,
    by: Option<String>,
    people: Vec<String>,
}

impl Mentioned {
    fn new(untold: &store::Untold) -> Self {
        let (item, order) = match untold.about {
            About::Item(id) => (Some(id.to_string()), None),
            About::Order(id) => (None, Some(id.to_string())),
        };
        let by = untold.author.map(|user| user.to_string());
        Self { comment: untold.comment, item, order, by, people: Vec::new() }
    }
}

/// Notes that those who were not told yet are told now, as many as are told at once, and gives
/// them. When more are left, another job is asked for.
pub(super) fn take_untold_in(scope: &Scope<'_>) -> Result<Vec<Mentioned>> {
    let untold = store::untold(scope, TOLD_AT_ONCE_MAX)?;
    if untold.len() == TOLD_AT_ONCE_MAX {
        scope.wish_job(MENTIONS.kind, MENTIONS_AFTER);
    }
    let mut taken: Vec<Mentioned> = Vec::new();
    for one in &untold {
        store::told(scope, one.comment, one.person)?;
        if taken.last().is_none_or(|last| last.comment != one.comment) {
            taken.push(Mentioned::new(one));
        }
        if let Some(last) = taken.last_mut() {
            last.people.push(one.person.to_string());
        }
    }
    Ok(taken)
}

/// What is to be told to whom.
pub(super) struct ToTell {
    pub(super) about: About,
    /// What it is called by now.
    pub(super) title: String,
    pub(super) by: Option<UserId>,
    pub(super) people: Vec<UserId>,
}

/// What is spoken of by its name. What was deleted meanwhile is told to nobody.
pub(super) fn to_tell_in(scope: &Scope<'_>, taken: &[Mentioned]) -> Result<Vec<ToTell>> {
    let mut all = Vec::with_capacity(taken.len());
    for one in taken {
        let about = match (&one.item, &one.order) {
            (Some(item), _) => About::Item(id(item)?),
            (None, Some(order)) => About::Order(id(order)?),
            (None, None) => continue,
        };
        let title = match subject(scope, about) {
            Ok(subject) => subject.title,
            Err(Error::NotFound) => continue,
            Err(error) => return Err(error),
        };
        let by = one.by.as_deref().map(id).transpose()?;
        let people = one.people.iter().map(|person| id(person)).collect::<Result<_>>()?;
        all.push(ToTell { about, title, by, people });
    }
    Ok(all)
}

fn id<T>(text: &str) -> Result<crate::platform::id::Id<T>> {
    text.parse().map_err(Error::internal)
}
