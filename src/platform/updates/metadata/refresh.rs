//! What a feed says anew: fetched and verified beside what is trusted, which changes only when it
//! is taken over.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::Duration;

use tokio::time::timeout;
use tough::schema::{RoleType, Root};

use super::chain::{self, Below};
use super::documents::Document;
use super::feed::Feed;
use super::folder::{Floors, TIMESTAMP, Trusted, create};
use super::targets::{Target, listed, numbers_are_kept};
use super::web::too_slow;
use super::{Reason, Result, judge};
use crate::platform::clock::Moment;

/// Bytes of each file of metadata.
pub(super) const ROOT_SIZE_BYTES_MAX: u64 = 1024 * 1024;
pub(super) const TIMESTAMP_SIZE_BYTES_MAX: u64 = 1024 * 1024;
pub(super) const SNAPSHOT_SIZE_BYTES_MAX: u64 = 1024 * 1024;
pub(super) const TARGETS_SIZE_BYTES_MAX: u64 = 10 * 1024 * 1024;
/// New roots that are followed at once: five years of one each month.
pub(super) const ROOT_UPDATES_MAX: u64 = 64;
/// So far the clocks of a publisher and a box may be apart.
const CLOCKS_APART_MAX: Duration = Duration::from_hours(1);

/// How a feed is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Check<'a> {
    pub now: Moment,
    /// When the program that looks was built: the clock cannot rightly show an earlier time.
    pub built_at: Moment,
    pub staleness: Staleness,
    /// A folder that is made anew, used, and removed. Nobody else uses it meanwhile.
    pub scratch: &'a Path,
}

/// What becomes of metadata that has run out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Staleness {
    Refused,
    /// A person said that it is to be taken. Never below what this box has seen.
    Accepted,
}

/// What a feed says, verified.
#[derive(Debug, Clone)]
pub struct Fresh {
    pub(super) root: Document<Root>,
    /// The roots between the trusted one and that, with that one.
    roots: Vec<Document<Root>>,
    pub(super) below: Below,
    pub(super) floors: Floors,
}

impl Fresh {
    pub fn targets(&self) -> Vec<Target> {
        listed(&self.below.targets)
    }

    /// When the first of its files runs out.
    pub fn expires_at(&self) -> Moment {
        self.below.expires_at().min(self.root.expires_at())
    }

    /// When its root runs out: without another one nothing is believed any more.
    pub fn root_expires_at(&self) -> Moment {
        self.root.expires_at()
    }

    /// When the newest of it was published, as far as it says so.
    pub fn published_at(&self) -> Option<Moment> {
        self.below.published_at()
    }

    /// The ids of the keys that vouch for the targets, in hexadecimal.
    pub fn signers(&self) -> &[String] {
        &self.below.signers
    }

    /// Whether a feed's timestamp is another than the trusted one.
    pub fn is_news(&self, trusted: &Trusted) -> bool {
        let before = trusted.below.as_ref().map(|below| &below.timestamp.bytes);
        !self.roots.is_empty() || before != Some(&self.below.timestamp.bytes)
    }

    /// Writes its files as a feed has them, into the folder `metadata` of this one, which must not
    /// be there: [`Trusted::refresh`] finds the same in it. Blocks.
    pub fn write_feed(&self, feed: &Path) -> Result<()> {
        let folder = feed.join("metadata");
        DirBuilder::new().recursive(true).mode(0o755).create(feed)?;
        DirBuilder::new().mode(0o755).create(&folder)?;
        for (name, bytes) in self.files()? {
            create(&folder.join(name), bytes)?;
        }
        Ok(())
    }

    fn files(&self) -> Result<Vec<(String, &Vec<u8>)>> {
        let roots = self.roots.iter();
        let mut files: Vec<_> =
            roots.map(|root| (format!("{}.root.json", root.version()), &root.bytes)).collect();
        let below = &self.below;
        files.push((TIMESTAMP.to_owned(), &below.timestamp.bytes));
        files.push((chain::snapshot_name(&below.timestamp)?, &below.snapshot.bytes));
        files.push((chain::targets_name(&below.snapshot)?, &below.targets.bytes));
        Ok(files)
    }
}

impl Trusted {
    /// Fetches what a feed says and verifies it against what is trusted. Nothing of that changes.
    /// Needs a tokio runtime.
    pub async fn refresh(&self, feed: &Feed, check: &Check<'_>) -> Result<Fresh> {
        let floor = self.floors.published_ms.max(check.built_at.0);
        if check.now.plus(CLOCKS_APART_MAX).0 < floor {
            return Err(clock_behind(check.now, Moment(floor)));
        }
        let gathering = self.gather(feed, check);
        let (roots, below) = match feed.time_for_metadata() {
            None => gathering.await?,
            Some(time) => match timeout(time, gathering).await {
                Ok(gathered) => gathered?,
                Err(_) => return Err(too_slow("All metadata together")),
            },
        };
        let fresh = self.admitted(roots, below, check)?;
        let files = fresh.files()?;
        judge::agrees(self, &files, check.scratch).await?;
        Ok(fresh)
    }

    async fn gather(&self, feed: &Feed, check: &Check<'_>) -> Result<(Vec<Document<Root>>, Below)> {
        let roots = self.newer_roots(feed).await?;
        let root = roots.last().unwrap_or(&self.root);
        is_current("update-root-expired", "root", root.expires_at(), check)?;
        let below = self.below_of(root, feed, check).await?;
        Ok((roots, below))
    }

    async fn newer_roots(&self, feed: &Feed) -> Result<Vec<Document<Root>>> {
        let mut roots: Vec<Document<Root>> = Vec::new();
        loop {
            let last = roots.last().unwrap_or(&self.root);
            let name = format!("{}.root.json", last.version() + 1);
            let Some(bytes) = feed.metadata(&name, ROOT_SIZE_BYTES_MAX).await? else {
                return Ok(roots);
            };
            if roots.len() as u64 >= ROOT_UPDATES_MAX {
                let said = format!("There are more than {ROOT_UPDATES_MAX} newer roots.");
                return Err(Reason::new("update-root-chain-too-long", said));
            }
            let next = chain::next_root(last, bytes).map_err(|reason| reason.about(&name))?;
            roots.push(next);
        }
    }

    async fn below_of(
        &self,
        root: &Document<Root>,
        feed: &Feed,
        check: &Check<'_>,
    ) -> Result<Below> {
        let keys = &root.file.signed;
        // Who stole the keys that are online may have counted up as far as numbers go. New keys
        // begin anew; what the offline keys signed is compared in any case.
        let is_same = |role| chain::has_same_keys(&self.root, root, role);
        let counts = is_same(RoleType::Timestamp) && is_same(RoleType::Snapshot);
        let before = self.below.as_ref().filter(|_| counts);

        let bytes = needed(feed, TIMESTAMP, TIMESTAMP_SIZE_BYTES_MAX).await?;
        let timestamp = chain::timestamp(keys, before, bytes)?;
        is_current("update-metadata-expired", "timestamp", timestamp.expires_at(), check)?;

        let name = chain::snapshot_name(&timestamp)?;
        let bytes = needed(feed, &name, SNAPSHOT_SIZE_BYTES_MAX).await?;
        let snapshot = chain::snapshot(keys, &timestamp, before, bytes)?;
        is_current("update-metadata-expired", "snapshot", snapshot.expires_at(), check)?;

        let name = chain::targets_name(&snapshot)?;
        let bytes = needed(feed, &name, TARGETS_SIZE_BYTES_MAX).await?;
        let before = self.below.as_ref().map(|below| &below.targets);
        let (targets, signers) = chain::targets(keys, &snapshot, before, bytes)?;
        is_current("update-metadata-expired", "targets", targets.expires_at(), check)?;
        Ok(Below { timestamp, snapshot, targets, signers })
    }

    /// Looks at the floors, which no key moves.
    fn admitted(
        &self,
        roots: Vec<Document<Root>>,
        below: Below,
        check: &Check<'_>,
    ) -> Result<Fresh> {
        let root = roots.last().unwrap_or(&self.root).clone();
        let published_at = below.published_at();
        if published_at.is_some_and(|at| at > check.now.plus(CLOCKS_APART_MAX)) {
            return Err(clock_behind(check.now, published_at.unwrap_or_default()));
        }
        let targets = listed(&below.targets);
        // With new keys for the targets nothing that the old ones signed counts any more, and what
        // a thief signed with them is no measure.
        let is_anew = chain::targets_keys_are_new(&self.root, &root);
        let (floors, before) = if is_anew {
            let published_ms = self.floors.published_ms;
            (Floors { published_ms, ..Floors::default() }, Vec::new())
        } else {
            (self.floors.clone(), self.targets())
        };
        numbers_are_kept(&before, &targets)?;
        floors.admit(&targets)?;
        if published_at.is_some_and(|at| at.0 < floors.published_ms) {
            let said = format!(
                "It was published at {}; this box has seen what was published at {}.",
                published_at.unwrap_or_default(),
                Moment(floors.published_ms)
            );
            return Err(Reason::new("update-below-floor", said));
        }
        let floors = floors.raised(published_at, &targets);
        Ok(Fresh { root, roots, below, floors })
    }
}

async fn needed(feed: &Feed, name: &str, size_bytes_max: u64) -> Result<Vec<u8>> {
    let found = feed.metadata(name, size_bytes_max).await?;
    found.ok_or_else(|| {
        Reason::new("update-feed-missing", format!("The feed has no metadata/{name}."))
    })
}

fn is_current(code: &'static str, role: &str, expires_at: Moment, check: &Check<'_>) -> Result<()> {
    if check.staleness == Staleness::Accepted || check.now <= expires_at {
        return Ok(());
    }
    let said = format!(
        "{role}.json has run out at {expires_at}, and the clock of this box shows {}.",
        check.now
    );
    Err(Reason::new(code, said))
}

fn clock_behind(now: Moment, floor: Moment) -> Reason {
    let said = format!("The clock of this box shows {now}, and it is {floor} at least.");
    Reason::new("update-clock-behind", said)
}
