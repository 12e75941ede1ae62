//! Looking at what a person has of a second factor.

use super::rules::Standing;
use super::store;
use crate::platform::ctx::BoxScope;
use crate::platform::error::Result;
use crate::platform::identity::UserId;

/// What a person has of a second factor, and since when they need one.
pub(in crate::platform) fn standing_in(scope: &BoxScope<'_>, user: UserId) -> Result<Standing> {
    store::standing(scope, user)
}
