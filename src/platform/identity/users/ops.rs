//! Adding and finding people.

use std::collections::{BTreeSet, HashMap};

use super::rules::{Change, Kept, NewUser, User, UserId, clean_email};
use super::store;
use crate::platform::audit::Entry;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::{Error, Result};
use crate::platform::workspaces::rules::clean_name;

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

/// Audit kind.
pub const KIND: &str = "identity.user";

/// Adds a person inside the caller's transaction.
pub fn insert_in(scope: &BoxScope<'_>, new: &NewUser) -> Result<User> {
    let user = User {
        id: scope.new_id(),
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
