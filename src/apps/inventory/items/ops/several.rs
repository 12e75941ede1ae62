//! Changing several items at once: all of them or none.

use super::update_in;
use crate::apps::inventory::items::rules::several::{self, ChangeInput, Objections};
use crate::apps::inventory::items::rules::{ItemDraft, KeptItem};
use crate::apps::inventory::items::store;
use crate::platform::ctx::Ctx;
use crate::platform::error::{Error, Result};

/// Makes every change or none, and gives the items as they are now, in the order of the changes.
/// An item that already is as it is to be stays as it is, so that a change can be repeated.
pub async fn change_several(ctx: &Ctx, inputs: Vec<ChangeInput>) -> Result<Vec<KeptItem>> {
    let changes = several::check(&inputs)?;
    ctx.write(move |scope| {
        let mut objections = Objections::default();
        let mut drafts: Vec<(KeptItem, ItemDraft)> = Vec::with_capacity(changes.len());
        for (place, change) in changes.iter().enumerate() {
            let kept = match store::get(scope, change.id) {
                Ok(kept) if kept.deleted_at.is_none() => kept,
                Ok(_) | Err(Error::NotFound) => {
                    objections.gone(place);
                    continue;
                }
                Err(error) => return Err(error),
            };
            let draft = change.over(&kept);
            objections.look(place, change, &kept, &draft);
            drafts.push((kept, draft));
        }
        objections.none_or_refuse()?;
        let mut items = Vec::with_capacity(drafts.len());
        for (kept, draft) in drafts {
            let item =
                if update_in(scope, &kept, &draft)? { store::get(scope, kept.id)? } else { kept };
            items.push(item);
        }
        Ok(items)
    })
    .await
}
