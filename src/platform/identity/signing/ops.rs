//! Making signing keys when they are due, and holding those in use in memory.

use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use serde::Serialize;
use zeroize::Zeroizing;

use super::jwt;
use super::rules::{KEY_BYTES, Kept, KeyId, TOKEN_LIFE_MAX, is_due};
use super::store;
use crate::platform::audit::Entry;
use crate::platform::clock::Moment;
use crate::platform::ctx::{Actor, BoxCtx, BoxScope, Cause};
use crate::platform::error::{Error, Result};
use crate::platform::secret::{Secret, to_base64};
use crate::platform::secrets::{Place, Purpose, Secrets};
use crate::platform::setup::rules::BoxId;

/// Audit kind.
const KIND: &str = "identity.signing_key";
/// What the key of refresh values is made with. Never changes.
const SUCCESSORS: &[u8] = b"holdfast refresh v1";

/// The key that signs.
pub struct Signer {
    pub id: KeyId,
    created_at: Moment,
    pair: Ed25519KeyPair,
    successors: hmac::Key,
}

impl Signer {
    fn new(id: KeyId, created_at: Moment, seed: &[u8]) -> Result<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(Error::internal)?;
        let root = hmac::Key::new(hmac::HMAC_SHA256, seed);
        let key = hmac::sign(&root, SUCCESSORS);
        let successors = hmac::Key::new(hmac::HMAC_SHA256, key.as_ref());
        Ok(Self { id, created_at, pair, successors })
    }

    /// Writes a token and signs it.
    pub fn sign<T: Serialize>(&self, kind: &str, claims: &T) -> Result<Secret> {
        jwt::sign(&self.pair, &self.id.to_string(), kind, claims).map(Secret::new)
    }

    /// 256 bits that follow from a value and that nobody else can compute: whoever presents the
    /// value again gets the same answer, and the box keeps none of it.
    pub fn successor(&self, value: &str) -> String {
        to_base64(hmac::sign(&self.successors, value.as_bytes()).as_ref())
    }
}

/// The keys in use.
pub struct KeySet {
    /// What tokens of this box name as their issuer.
    pub issuer: String,
    pub signer: Signer,
    /// The newest first.
    believed: Vec<Kept>,
}

impl KeySet {
    /// The public half of a key whose tokens may still be in use.
    pub fn public_key(&self, id: &str, now: Moment) -> Option<&[u8; KEY_BYTES]> {
        let mut believed = self.believed.iter().filter(|one| one.is_believed(now));
        believed.find(|one| one.id.to_string() == id).map(|one| &one.public_key)
    }

    /// Every public half that somebody may need.
    pub fn believed(&self, now: Moment) -> impl Iterator<Item = &Kept> {
        self.believed.iter().filter(move |one| one.is_believed(now))
    }
}

/// The keys of this box, once they were asked for.
#[derive(Default)]
pub struct Keys(RwLock<Option<Arc<KeySet>>>);

impl Keys {
    fn held(&self, now: Moment) -> Option<Arc<KeySet>> {
        let held = self.0.read().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().filter(|set| !is_due(set.signer.created_at, now)).map(Arc::clone)
    }

    fn hold(&self, set: KeySet) -> Arc<KeySet> {
        let set = Arc::new(set);
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *held = Some(Arc::clone(&set));
        set
    }
}

/// The keys in use. Makes the first one, and the next one when it is due.
pub async fn keys(ctx: &BoxCtx) -> Result<Arc<KeySet>> {
    let platform = &ctx.platform;
    if let Some(held) = platform.signing.held(ctx.now()) {
        return Ok(held);
    }
    let secrets = Arc::clone(&platform.secrets);
    let on_box = platform.audit.box_id();
    let on_file = ctx.read(move |scope| key_set(scope, &secrets, on_box)).await?;
    if let Some(set) = on_file.filter(|set| !is_due(set.signer.created_at, ctx.now())) {
        return Ok(platform.signing.hold(set));
    }
    let secrets = Arc::clone(&platform.secrets);
    // Whoever happened to ask did not decide it.
    let own = BoxCtx::new(platform, Cause::of(Actor::System));
    let made = own.write(move |scope| {
        match key_set(scope, &secrets, on_box)? {
            Some(set) if !is_due(set.signer.created_at, scope.now()) => return Ok(Some(set)),
            _ => make_in(scope, &secrets)?,
        }
        key_set(scope, &secrets, on_box)
    });
    let set =
        made.await?.ok_or_else(|| Error::internal("a signing key was made and is not there"))?;
    Ok(platform.signing.hold(set))
}

/// Makes a key that signs from now on; the one before only verifies.
fn make_in(scope: &BoxScope<'_>, secrets: &Secrets) -> Result<()> {
    let seed = Zeroizing::new(scope.random().bytes::<KEY_BYTES>());
    let pair = Ed25519KeyPair::from_seed_unchecked(&*seed).map_err(Error::internal)?;
    let id: KeyId = scope.new_id();
    let sealed = secrets.seal(Purpose::SigningKey, &place(&id), &*seed)?;
    store::drop_retired(scope, scope.now().minus(TOKEN_LIFE_MAX))?;
    store::retire(scope)?;
    store::insert(scope, id, pair.public_key().as_ref(), &sealed)?;
    scope.audit(
        Entry::new("identity.signing_key.made", KIND, id)
            .set("public_key", to_base64(pair.public_key().as_ref())),
    )?;
    Ok(())
}

/// Where a private half stands: nowhere else it opens.
fn place(id: &KeyId) -> Place<'_> {
    Place { table: "signing_keys", column: "sealed_seed", row: id.as_bytes() }
}

/// Seals the private half anew that an older master key sealed; there is one at a time. Gives how
/// many.
pub(in crate::platform) fn seal_anew_in(
    scope: &BoxScope<'_>,
    secrets: &Secrets,
    _most: usize,
) -> Result<usize> {
    let Some((id, sealed)) = store::sealed_otherwise(scope, &secrets.prefix())? else {
        return Ok(0);
    };
    if let Some(anew) = secrets.seal_anew(Purpose::SigningKey, &place(&id), &sealed)? {
        store::put_sealed(scope, id, &anew)?;
    }
    Ok(1)
}

fn key_set(scope: &BoxScope<'_>, secrets: &Secrets, on_box: BoxId) -> Result<Option<KeySet>> {
    let kept = store::list(scope)?;
    let Some(signing) = kept.iter().find(|one| one.retired_at.is_none()) else { return Ok(None) };
    let Some(sealed) = &signing.sealed_seed else { return Ok(None) };
    let seed = secrets.unseal(Purpose::SigningKey, &place(&signing.id), sealed)?;
    let signer = Signer::new(signing.id, signing.created_at, &seed)?;
    let issuer = format!("urn:holdfast:{on_box}");
    Ok(Some(KeySet { issuer, signer, believed: kept }))
}

/// Drops public halves that nobody needs any more, inside the caller's transaction.
pub fn drop_retired_in(scope: &BoxScope<'_>) -> Result<usize> {
    store::drop_retired(scope, scope.now().minus(TOKEN_LIFE_MAX))
}
