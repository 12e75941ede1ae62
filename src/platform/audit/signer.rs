//! The key that signs checkpoints. It lies sealed in the box's file.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use zeroize::Zeroizing;

use super::rules::checkpoints::{PublicKey, Signature};
use super::store::checkpoints::{self as store, Keys};
use crate::platform::clock::Moment;
use crate::platform::error::{Error, Result};
use crate::platform::random::Random;
use crate::platform::secrets::{Place, Purpose, Secrets};
use crate::platform::setup::rules::BoxId;

const SEED_BYTES: usize = 32;

/// Signs in the name of the box.
pub(in crate::platform) struct Signer {
    pair: Ed25519KeyPair,
    public_key: PublicKey,
    on_box: BoxId,
}

impl Signer {
    /// Takes the newest key out of the box's file, or makes the first one.
    pub(in crate::platform) fn open_in(
        keys: Keys<'_>,
        secrets: &Secrets,
        random: &Random,
        now: Moment,
    ) -> Result<Self> {
        match keys.newest()? {
            Some(kept) => Self::unseal(&kept, secrets),
            None => Self::make_in(keys, secrets, random, now),
        }
    }

    fn unseal(kept: &store::Kept, secrets: &Secrets) -> Result<Self> {
        let place = place(&kept.public_key);
        let seed = secrets.unseal(Purpose::AuditSigning, &place, &kept.sealed_seed)?;
        Self::of(&seed, kept.on_box)
    }

    fn make_in(keys: Keys<'_>, secrets: &Secrets, random: &Random, now: Moment) -> Result<Self> {
        let seed = Zeroizing::new(random.bytes::<SEED_BYTES>());
        let on_box = keys.box_id()?.unwrap_or_else(|| random.id());
        let signer = Self::of(&*seed, on_box)?;
        let place = place(&signer.public_key);
        let sealed_seed = secrets.seal(Purpose::AuditSigning, &place, &*seed)?;
        let public_key = signer.public_key;
        keys.insert(&store::Kept { public_key, on_box, sealed_seed }, now)?;
        Ok(signer)
    }

    fn of(seed: &[u8], on_box: BoxId) -> Result<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(Error::internal)?;
        let public_key = PublicKey::try_from(pair.public_key().as_ref());
        let public_key = public_key.map_err(Error::internal)?;
        Ok(Self { pair, public_key, on_box })
    }

    pub(in crate::platform) fn on_box(&self) -> BoxId {
        self.on_box
    }

    pub(in crate::platform) fn public_key(&self) -> PublicKey {
        self.public_key
    }

    pub(in crate::platform) fn sign(&self, text: &str) -> Result<Signature> {
        Signature::try_from(self.pair.sign(text.as_bytes()).as_ref()).map_err(Error::internal)
    }
}

/// Seals keys anew that an older master key sealed, at most so many; gives how many.
pub(in crate::platform::audit) fn seal_anew_in(
    keys: Keys<'_>,
    secrets: &Secrets,
    most: usize,
) -> Result<usize> {
    let sealed = keys.sealed_otherwise(&secrets.prefix(), most)?;
    for (public_key, sealed_seed) in &sealed {
        let place = place(public_key);
        let seed = secrets.unseal(Purpose::AuditSigning, &place, sealed_seed)?;
        keys.seal(public_key, &secrets.seal(Purpose::AuditSigning, &place, &seed)?)?;
    }
    Ok(sealed.len())
}

fn place(public_key: &PublicKey) -> Place<'_> {
    Place { table: "audit_keys", column: "sealed_seed", row: public_key }
}
