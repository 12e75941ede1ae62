//! Counting for the platform.

use super::store;
use crate::apps::inventory::{items, locations, movements};
use crate::platform::app::{Count, UsageSpec};
use crate::platform::ctx::Scope;
use crate::platform::error::Result;

/// What the platform asks of this app.
pub const SPEC: UsageSpec = UsageSpec { count, has_amounts: store::has_amounts };

fn count(scope: &Scope<'_>) -> Result<Vec<Count>> {
    let of = |kind, title, count| Count { kind, title, count };
    Ok(vec![
        of(items::ops::KIND, "Items", store::items(scope)?),
        of(locations::ops::KIND, "Places", store::locations(scope)?),
        of(movements::ops::KIND, "Movements", store::movements(scope)?),
    ])
}
