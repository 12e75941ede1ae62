//! Adding and finding people.

use std::collections::{BTreeSet, HashMap};

use super::rules::{
    Change, ERASED_NAME, Edit, Kept, NewUser, User, UserId, clean_email, email_key, is_meant,
    keep_operator, needle,
};
use super::store;
use crate::platform::access::NamedRole;
use crate::platform::audit::Entry;
use crate::platform::clock::Moment;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::{Error, Result};
use crate::platform::idempotency::rules::Created;
use crate::platform::identity::resets::ops::{Issued, NewLink};
use crate::platform::identity::resets::rules::{FIRST_LIFE, LIFE};
use crate::platform::identity::sessions::rules::Lifetimes;
use crate::platform::identity::{mfa_requests, resets, sessions};
use crate::platform::workspaces::rules::clean_name;
use crate::platform::workspaces::{WorkspaceId, members};

/// People looked at at once while searching.
const BATCH: usize = 200;
/// What is kept of somebody who has not chosen a password yet. No password fits it.
const NO_PASSWORD: &str = "!";

/// The names of some people, for showing who did what.
pub async fn names(ctx: &BoxCtx, users: Vec<UserId>) -> Result<HashMap<UserId, String>> {
    let users: BTreeSet<UserId> = users.into_iter().collect();
    if users.is_empty() {
        return Ok(HashMap::new());
    }
    ctx.read(move |scope| {
        let mut names = HashMap::with_capacity(users.len());
        for user in users {
            if let Some(name) = store::name(scope, user)? {
                names.insert(user, name);
            }
        }
        Ok(names)
    })
    .await
}

/// Somebody's name; none when there is no such person.
pub(in crate::platform) fn name_in(scope: &BoxScope<'_>, user: UserId) -> Result<Option<String>> {
    store::name(scope, user)
}

/// What a person or a program is called that was not erased; none where there is no such.
pub(in crate::platform) fn living_name_in(
    scope: &BoxScope<'_>,
    user: UserId,
) -> Result<Option<String>> {
    Ok(store::name(scope, user)?.filter(|name| name != ERASED_NAME))
}

/// Audit kind.
pub const KIND: &str = "identity.user";

/// Adds a person inside the caller's transaction.
pub fn insert_in(scope: &BoxScope<'_>, new: &NewUser) -> Result<User> {
    insert_as_in(scope, scope.new_id(), new)
}

/// Adds a person whose id is known already: of somebody who comes in by themselves, and does so in
/// their own name.
pub(in crate::platform) fn insert_as_in(
    scope: &BoxScope<'_>,
    id: UserId,
    new: &NewUser,
) -> Result<User> {
    let user = User {
        id,
        name: clean_name("name", &new.name)?,
        email: clean_email("email", &new.email)?,
        language: "en".to_owned(),
        theme: "system".to_owned(),
        is_operator: new.is_operator,
        disabled_at: None,
        version: 1,
        created_at: scope.now(),
    };
    store::insert(scope, &user, &new.password_hash)?;
    scope.audit(
        Entry::new("identity.user.created", KIND, user.id)
            .version(user.version)
            .set("is_operator", user.is_operator.to_string())
            .personal("name", &user.name)
            .personal("email", &user.email),
    )?;
    Ok(user)
}

/// The signed-in person.
pub async fn me(ctx: &BoxCtx) -> Result<User> {
    let user = ctx.principal()?.user;
    ctx.read(move |scope| store::get(scope, user)).await
}

/// Changes the signed-in person, who must have seen `version`.
pub async fn change_me(ctx: &BoxCtx, version: i64, change: Change) -> Result<User> {
    let user = ctx.principal()?.user;
    ctx.write(move |scope| {
        let before = store::get(scope, user)?;
        if before.version != version {
            return Err(Error::Stale { version: before.version });
        }
        let after = change.apply(&before)?;
        store::update(scope, &after)?;
        let mut entry = Entry::new("identity.user.changed", KIND, user)
            .version(after.version)
            .changed("language", Some(before.language), Some(after.language.clone()))
            .changed("theme", Some(before.theme), Some(after.theme.clone()));
        if before.name != after.name {
            entry = entry.personal("name", &after.name);
        }
        scope.audit(entry)?;
        Ok(after)
    })
    .await
}

/// Any person of the box; `Error::NotFound` when there is none.
pub(in crate::platform) fn get_in(scope: &BoxScope<'_>, user: UserId) -> Result<User> {
    store::get(scope, user)
}

/// People of the box in the order they came; what follows `after`.
pub fn list_in(scope: &BoxScope<'_>, after: Option<UserId>, limit: usize) -> Result<Vec<User>> {
    store::list(scope, after, limit)
}

pub fn count_in(scope: &BoxScope<'_>) -> Result<i64> {
    store::count(scope)
}

/// A person with what operators see beside them.
pub struct Details {
    pub user: User,
    pub last_seen_at: Option<Moment>,
    /// Browsers they are signed in with.
    pub sessions: i64,
    pub workspaces: Vec<(WorkspaceId, String, NamedRole)>,
}

fn details_in(scope: &BoxScope<'_>, user: User, lifetimes: Lifetimes) -> Result<Details> {
    Ok(Details {
        last_seen_at: sessions::ops::last_seen_in(scope, user.id)?,
        sessions: sessions::ops::count_in(scope, user.id, lifetimes)?,
        workspaces: members::ops::list_of_in(scope, user.id)?,
        user,
    })
}

/// People of the box whose name or address holds `text`; what follows `after`.
pub async fn list(
    ctx: &BoxCtx,
    text: Option<&str>,
    after: Option<UserId>,
    limit: usize,
) -> Result<Vec<Details>> {
    let (needle, lifetimes) = (text.and_then(needle), sessions::ops::lifetimes(ctx));
    ctx.read(move |scope| {
        let (mut found, mut after) = (Vec::new(), after);
        loop {
            let batch = store::list(scope, after, BATCH)?;
            let is_last = batch.len() < BATCH;
            after = batch.last().map(|last| last.id);
            let is_looked_for = |user: &User| needle.as_ref().is_none_or(|it| is_meant(user, it));
            for user in batch.into_iter().filter(is_looked_for) {
                found.push(details_in(scope, user, lifetimes)?);
                if found.len() == limit {
                    return Ok(found);
                }
            }
            if is_last {
                return Ok(found);
            }
        }
    })
    .await
}

/// One person of the box.
pub async fn details(ctx: &BoxCtx, user: UserId) -> Result<Details> {
    let lifetimes = sessions::ops::lifetimes(ctx);
    ctx.read(move |scope| details_in(scope, store::get(scope, user)?, lifetimes)).await
}

/// A person who was just added, and the link for the first password.
pub struct Made {
    pub details: Details,
    pub issued: Issued,
}

/// Adds a person without a password. A repeated request gets another link, since the first was
/// lost.
pub async fn create(
    ctx: &BoxCtx,
    name: String,
    email: String,
    is_operator: bool,
) -> Result<Created<Made>> {
    let lifetimes = sessions::ops::lifetimes(ctx);
    let (first, again) = (NewLink::new(ctx), NewLink::new(ctx));
    let made = move |scope: &BoxScope<'_>, user: User, link: NewLink| {
        let (_, issued) = resets::ops::issue_in(scope, &user, FIRST_LIFE, link)?;
        Ok(Made { details: details_in(scope, user, lifetimes)?, issued })
    };
    let load = move |scope: &BoxScope<'_>, id: UserId| made(scope, store::get(scope, id)?, again);
    ctx.create(load, move |scope| {
        let password_hash = NO_PASSWORD.to_owned();
        let user = insert_in(scope, &NewUser { name, email, password_hash, is_operator })?;
        Ok((user.id, made(scope, user, first)?))
    })
    .await
}

/// Changes a person. The caller must have seen `version`.
pub async fn edit(ctx: &BoxCtx, user: UserId, version: i64, edit: Edit) -> Result<Details> {
    let lifetimes = sessions::ops::lifetimes(ctx);
    ctx.write(move |scope| {
        let before = store::get(scope, user)?;
        if before.version != version {
            return Err(Error::Stale { version: before.version });
        }
        details_in(scope, edit_in(scope, &before, edit)?, lifetimes)
    })
    .await
}

/// Changes a person inside the caller's transaction. Whoever is disabled is out at once.
pub(in crate::platform) fn edit_in(
    scope: &BoxScope<'_>,
    before: &User,
    edit: Edit,
) -> Result<User> {
    let after = edit.apply(before, scope.now())?;
    if after == *before {
        return Ok(after);
    }
    keep_operator(before, &after, store::count_other_operators(scope, before.id)?)?;
    if before.disabled_at.is_none() && after.disabled_at.is_some() {
        members::ops::keep_owners_in(scope, before.id)?;
    }
    store::update_account(scope, &after)?;
    let action = match (before.disabled_at, after.disabled_at) {
        (None, Some(_)) => "identity.user.disabled",
        (Some(_), None) => "identity.user.enabled",
        _ => "identity.user.changed",
    };
    let is_operator = |user: &User| Some(user.is_operator.to_string());
    let mut entry = Entry::new(action, KIND, after.id).version(after.version).changed(
        "is_operator",
        is_operator(before),
        is_operator(&after),
    );
    if before.name != after.name {
        entry = entry.personal("name", &after.name);
    }
    scope.audit(entry)?;
    if before.disabled_at.is_none() && after.disabled_at.is_some() {
        sessions::ops::end_everything_in(scope, after.id, "disabled")?;
        resets::ops::withdraw_in(scope, after.id)?;
    }
    Ok(after)
}

/// Refuses to take away the last operator, inside the caller's transaction.
pub(in crate::platform) fn keep_operator_in(scope: &BoxScope<'_>, person: &User) -> Result<()> {
    let without = User { is_operator: false, ..person.clone() };
    keep_operator(person, &without, store::count_other_operators(scope, person.id)?)
}

/// Takes name, address and password off a person who is being erased. The caller writes the entry.
pub(in crate::platform) fn unname_in(scope: &BoxScope<'_>, person: &User) -> Result<()> {
    store::unname(scope, person.id, ERASED_NAME, &format!("{}@erased.invalid", person.id))
}

/// Removes a person of whom nothing else is left. The caller writes the entry.
pub(in crate::platform) fn remove_in(scope: &BoxScope<'_>, user: UserId) -> Result<()> {
    store::remove(scope, user)
}

/// The operator who was here first, of those who can sign in.
pub(in crate::platform) fn first_operator_in(scope: &BoxScope<'_>) -> Result<UserId> {
    store::first_operator(scope)?.ok_or(Error::NotFound)
}

/// A person as the command line names them: by id or by e-mail address.
pub(in crate::platform) fn named_in(scope: &BoxScope<'_>, who: &str) -> Result<User> {
    if let Ok(id) = who.parse() {
        return store::get(scope, id);
    }
    let found = store::find(scope, &email_key(who))?;
    found.map(|kept| kept.user).ok_or(Error::NotFound)
}

/// Lets a person sign in or not, by name.
pub(in crate::platform) async fn set_disabled(
    ctx: &BoxCtx,
    who: String,
    is_disabled: bool,
) -> Result<User> {
    ctx.write(move |scope| {
        let user = named_in(scope, &who)?;
        edit_in(scope, &user, Edit { is_disabled: Some(is_disabled), ..Edit::default() })
    })
    .await
}

/// Makes a person an operator who can sign in, and gives a link for a new password; within a day
/// they sign in without their second factor. The way back for whoever owns the machine.
pub(in crate::platform) async fn recover(ctx: &BoxCtx, who: String) -> Result<(User, Issued)> {
    let link = NewLink::new(ctx);
    ctx.write(move |scope| {
        let user = named_in(scope, &who)?;
        let edit = Edit { is_disabled: Some(false), is_operator: Some(true), name: None };
        let user = edit_in(scope, &user, edit)?;
        mfa_requests::ops::approve_for_in(scope, user.id)?;
        let (_, issued) = resets::ops::issue_in(scope, &user, LIFE, link)?;
        Ok((user, issued))
    })
    .await
}

/// Signs a person out of every browser.
pub async fn sign_out(ctx: &BoxCtx, user: UserId) -> Result<()> {
    ctx.write(move |scope| {
        store::get(scope, user)?;
        sessions::ops::end_all_in(scope, user, "ended-by-operator")
    })
    .await
}

/// A person by e-mail key, for signing in.
pub(in crate::platform) fn find_in(scope: &BoxScope<'_>, email_key: &str) -> Result<Option<Kept>> {
    store::find(scope, email_key)
}

/// A person with what is kept of the password.
pub(in crate::platform) fn kept_in(scope: &BoxScope<'_>, user: UserId) -> Result<Kept> {
    store::kept_of(scope, user)
}

/// Keeps the same password hashed with the parameters in use now.
pub(in crate::platform) fn keep_rehashed_in(
    scope: &BoxScope<'_>,
    user: UserId,
    password_hash: &str,
) -> Result<()> {
    store::keep_rehashed(scope, user, password_hash)
}

/// Gives a person another password.
pub(in crate::platform) fn set_password_in(
    scope: &BoxScope<'_>,
    user: UserId,
    password_hash: &str,
) -> Result<()> {
    store::set_password(scope, user, password_hash)?;
    scope.audit(Entry::new("identity.user.password_changed", KIND, user))?;
    Ok(())
}
