//! Finding people.

use std::collections::{BTreeSet, HashMap};

use super::rules::UserId;
use super::store;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::Result;

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
