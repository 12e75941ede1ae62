//! Who says which programs may be started, and what may be taken over from a feed.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use super::reasons;
use super::rules::Vouched;
use super::standing::Alert;
use crate::platform::clock::{Clock, Moment};
use crate::platform::updates::metadata::{Check, Feed, Reason, Staleness, Target, Trusted};

/// Work that ends later.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The signed metadata that the supervisor trusts.
pub trait Vouches: Send + Sync {
    /// The programs that the trusted metadata names, however old it is.
    fn vouched(&self) -> Result<Vec<Vouched>, Alert>;

    /// Verifies the metadata of a feed in a folder, and trusts it from here on. Stale metadata is
    /// taken where a person said so.
    fn take<'a>(&'a self, feed: &'a Path, accept_stale: bool) -> Later<'a, Result<(), Alert>>;
}

/// The folder of trusted metadata below the supervisor's own.
pub const FOLDER: &str = "trust";
/// Made anew and removed whenever a feed is looked at.
const SCRATCH: &str = "trust.scratch";

/// The trusted metadata of this box.
pub struct Trust {
    folder: PathBuf,
    scratch: PathBuf,
    clock: Clock,
    built_at: Moment,
}

impl Trust {
    /// The metadata below the supervisor's folder. `built_at` is when this program was built.
    pub fn below(state: &Path, clock: Clock, built_at: Moment) -> Self {
        Self { folder: state.join(FOLDER), scratch: state.join(SCRATCH), clock, built_at }
    }

    /// Trusts a root that came with the package, unless there is one. Where the root alone was
    /// lost, what was seen by it is kept. Blocks.
    pub fn begin(&self, first_root: &Path) -> Result<(), Alert> {
        let is_lost = match Trusted::open(&self.folder) {
            Ok(Some(_)) => return Ok(()),
            Ok(None) => false,
            Err(reason) if reason.code == "update-trust-root-lost" => true,
            Err(reason) => return Err(alert(reason)),
        };
        let root = std::fs::read(first_root).map_err(|error| alert(error.into()))?;
        let begun = if is_lost {
            Trusted::begin_again(&self.folder, &root)
        } else {
            Trusted::begin(&self.folder, &root)
        };
        begun.map(|_| ()).map_err(alert)
    }
}

impl Vouches for Trust {
    fn vouched(&self) -> Result<Vec<Vouched>, Alert> {
        let Some(trusted) = Trusted::open(&self.folder).map_err(alert)? else {
            return Ok(Vec::new());
        };
        Ok(trusted.targets().into_iter().filter_map(vouched).collect())
    }

    fn take<'a>(&'a self, feed: &'a Path, accept_stale: bool) -> Later<'a, Result<(), Alert>> {
        Box::pin(async move {
            let Some(trusted) = Trusted::open(&self.folder).map_err(alert)? else {
                let detail = "This box trusts no root, so nothing can be verified";
                return Err(Alert::new(reasons::RELEASE_UNVOUCHED, detail));
            };
            let check = Check {
                now: self.clock.now(),
                built_at: self.built_at,
                staleness: if accept_stale { Staleness::Accepted } else { Staleness::Refused },
                scratch: &self.scratch,
            };
            let feed = Feed::Folder(feed.to_owned());
            let fresh = trusted.refresh(&feed, &check).await.map_err(alert)?;
            trusted.promote(fresh).map(|_| ()).map_err(alert)
        })
    }
}

fn alert(reason: Reason) -> Alert {
    Alert::new(reason.code, reason.detail)
}

/// What a target says of a program; none where it is none.
fn vouched(target: Target) -> Option<Vouched> {
    let release = target.release?;
    Some(Vouched {
        seq: release.seq,
        version: release.version,
        sha256: target.sha256,
        size_bytes: target.size_bytes,
        status: release.status,
        os: release.os,
        arch: release.arch,
        target: target.name,
        supervisor_proto: release.supervisor_proto,
    })
}
