//! What the command line does about workspaces.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::jobs::{check_runs, standing};
use super::ops::to_value;
use super::protocol::{ExportWish, HandedOver, ImportWish, NewWorkspace};
use crate::platform::backups::portable::ops::{
    From, Opener, To, Wish, ask_for_export_of, ask_for_import,
};
use crate::platform::backups::portable::rules::Mode;
use crate::platform::ctx::BoxCtx;
use crate::platform::error::{Error, Result};
use crate::platform::secret::from_base64;
use crate::platform::workspaces::rules::Draft;
use crate::platform::{setup, workspaces};

/// A workspace that was made.
#[derive(Debug, Serialize, Deserialize)]
pub struct Made {
    pub id: String,
    pub name: String,
    pub time_zone: String,
    pub currency: String,
    pub locale: String,
    /// Id of the person who owns it.
    pub owner: String,
}

pub(super) async fn create(ctx: &BoxCtx, new: NewWorkspace) -> Result<Made> {
    setup::ops::need_claimed(ctx).await?;
    let NewWorkspace { name, owner, time_zone, currency, locale } = new;
    let draft = Draft { name, time_zone, currency, locale, ..Draft::default() };
    let (workspace, owner) = workspaces::ops::create_for(ctx, owner, draft).await?;
    Ok(Made {
        id: workspace.id.to_string(),
        name: workspace.name,
        time_zone: workspace.time_zone,
        currency: workspace.currency,
        locale: workspace.locale,
        owner: owner.to_string(),
    })
}

pub(super) async fn begin_export(ctx: &BoxCtx, wish: ExportWish) -> Result<Value> {
    check_runs(ctx)?;
    let workspace = wish.workspace.parse().map_err(|_| Error::NotFound)?;
    let to = match (wish.recipient, wish.passphrase) {
        (Some(text), _) => To::Recipient(text.trim().parse().map_err(|_| {
            let detail = "This is no public key. It begins with age1.";
            Error::invalid("recipient", "export-to", detail)
        })?),
        (None, Some(passphrase)) => To::Passphrase(passphrase.into_secret()),
        (None, None) => To::Kits,
    };
    let job = ask_for_export_of(ctx, workspace, to).await?.value;
    to_value(&standing(ctx, job.id).await?)
}

pub(super) async fn begin_import(ctx: &BoxCtx, wish: ImportWish) -> Result<Value> {
    check_runs(ctx)?;
    let signer = wish.signer.as_deref().map(read_signer).transpose()?;
    let secret = |one: Option<HandedOver>| one.map(HandedOver::into_secret);
    let wish = Wish {
        from: From::File(wish.from),
        opener: Opener::read(secret(wish.kit), secret(wish.passphrase))?.signed_by(signer),
        mode: Mode::named(&wish.mode)?,
        name: wish.name,
    };
    let job = ask_for_import(ctx, wish).await?.value;
    to_value(&standing(ctx, job.id).await?)
}

fn read_signer(text: &str) -> Result<[u8; 32]> {
    let key = from_base64(text).and_then(|key| key.try_into().ok());
    key.ok_or_else(|| Error::invalid("signer", "import-key", "This is no key that signs."))
}
