//! The second opinion: what this product has found good goes through the workflow of The Update
//! Framework as `tough` has it, on a copy of what is trusted.
//!
//! `tough` keeps the time itself, writes without syncing, and takes what is expired or not at all.
//! So it gets files that are fetched already, a folder that is thrown away afterwards, and does
//! not look at expiry, which [`super::refresh`] has done.

use std::collections::BTreeMap;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use tough::error::Error;
use tough::{
    ExpirationEnforcement, Limits, RepositoryLoader, Transport, TransportError, TransportErrorKind,
    TransportStream, async_trait,
};
use url::Url;

use super::folder::{SNAPSHOT, TARGETS, TIMESTAMP, Trusted, create, remove_folder_if_there};
use super::refresh::{
    ROOT_SIZE_BYTES_MAX, ROOT_UPDATES_MAX, SNAPSHOT_SIZE_BYTES_MAX, TARGETS_SIZE_BYTES_MAX,
    TIMESTAMP_SIZE_BYTES_MAX,
};
use super::{Reason, Result};

const LIMITS: Limits = Limits {
    max_root_size: ROOT_SIZE_BYTES_MAX,
    max_targets_size: TARGETS_SIZE_BYTES_MAX,
    max_timestamp_size: TIMESTAMP_SIZE_BYTES_MAX,
    max_snapshot_size: SNAPSHOT_SIZE_BYTES_MAX,
    // It counts the try to find one more.
    max_root_updates: ROOT_UPDATES_MAX + 1,
};
/// Where the files are said to lie. Nothing is fetched from there.
const PLACE: &str = "memory:///";

/// Whether `tough` takes these files of a feed as well.
pub(super) async fn agrees(
    trusted: &Trusted,
    files: &[(String, &Vec<u8>)],
    scratch: &Path,
) -> Result<()> {
    remove_folder_if_there(scratch)?;
    DirBuilder::new().recursive(true).mode(0o700).create(scratch)?;
    if let Some(below) = &trusted.below {
        create(&scratch.join(TIMESTAMP), &below.timestamp.bytes)?;
        create(&scratch.join(SNAPSHOT), &below.snapshot.bytes)?;
        create(&scratch.join(TARGETS), &below.targets.bytes)?;
    }
    let outcome = judged(trusted, files, scratch).await;
    remove_folder_if_there(scratch)?;
    outcome
}

async fn judged(trusted: &Trusted, files: &[(String, &Vec<u8>)], scratch: &Path) -> Result<()> {
    let files = files.iter().map(|(name, bytes)| (name.clone(), Bytes::from((*bytes).clone())));
    let place = Url::parse(PLACE).map_err(std::io::Error::other)?;
    let loaded = RepositoryLoader::new(&trusted.root.bytes, place.clone(), place)
        .transport(Gathered(Arc::new(files.collect())))
        .limits(LIMITS)
        .datastore(scratch)
        .expiration_enforcement(ExpirationEnforcement::Unsafe)
        .load();
    match Box::pin(loaded).await {
        Ok(_) => Ok(()),
        Err(
            Error::DatastoreCreate { source, .. }
            | Error::DatastoreOpen { source, .. }
            | Error::DatastoreRemove { source, .. },
        ) => Err(source.into()),
        Err(error) => {
            let said = format!("The Update Framework refuses it: {error}.");
            Err(Reason::new("update-metadata-refused", said))
        }
    }
}

/// Files that are here already.
#[derive(Debug, Clone)]
struct Gathered(Arc<BTreeMap<String, Bytes>>);

#[async_trait]
impl Transport for Gathered {
    async fn fetch(&self, url: Url) -> Result<TransportStream, TransportError> {
        let name = url.path().trim_start_matches('/');
        match self.0.get(name) {
            Some(bytes) => Ok(Box::pin(stream::iter([Ok(bytes.clone())]))),
            None => Err(TransportError::new(TransportErrorKind::FileNotFound, url)),
        }
    }
}
