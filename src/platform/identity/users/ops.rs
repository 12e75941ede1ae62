//! Adding and finding people.

use std::collections::{BTreeSet, HashMap};

use super::rules::{NewUser, User, UserId, clean_email};
use super::store;
use crate::platform::audit::Entry;
use crate::platform::ctx::{BoxCtx, BoxScope};
use crate::platform::error::Result;
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
