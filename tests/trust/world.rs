//! A box that trusts a publisher and has taken a first feed over.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use holdfast::platform::clock::Moment;
use holdfast::platform::updates::metadata::{
    Check, Feed, Fresh, Reason, Result, Staleness, Trusted,
};

use crate::forge::{self, Files, Forge};

/// The releases of the first feed.
pub(crate) const SEEN: u64 = 3;

pub(crate) struct World {
    folder: tempfile::TempDir,
    pub(crate) now: Moment,
    pub(crate) staleness: Staleness,
}

impl World {
    /// A box that has the root of the package, and nothing else.
    pub(crate) fn begun() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now = "2026-11-22T10:00:00Z".parse().unwrap();
        let world = Self { folder, now, staleness: Staleness::Refused };
        Trusted::begin(&world.trust(), &forge::first_root()).unwrap();
        world
    }

    /// A box that has taken the first feed over.
    pub(crate) async fn settled() -> Self {
        let world = Self::begun();
        world.take(&Forge::good(0, SEEN).build()).await.unwrap();
        world
    }

    pub(crate) fn at(&mut self, time: &str) {
        self.now = time.parse().unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn trust(&self) -> PathBuf {
        self.path("trust")
    }

    pub(crate) fn trusted(&self) -> Trusted {
        Trusted::open(&self.trust()).unwrap().expect("a root")
    }

    /// Looks at a feed that lies in a folder.
    pub(crate) async fn look(&self, files: &Files) -> Result<Fresh> {
        let folder = self.path("feed");
        forge::write(files, &folder);
        self.look_at(&Feed::Folder(folder)).await
    }

    pub(crate) async fn look_at(&self, feed: &Feed) -> Result<Fresh> {
        self.look_with(&self.trusted(), feed).await
    }

    pub(crate) async fn look_with(&self, trusted: &Trusted, feed: &Feed) -> Result<Fresh> {
        let scratch = self.path("scratch");
        let check = Check {
            now: self.now,
            built_at: "2026-11-01T00:00:00Z".parse().unwrap(),
            staleness: self.staleness,
            scratch: &scratch,
        };
        let outcome = trusted.refresh(feed, &check).await;
        assert!(!scratch.exists(), "the scratch folder is left over");
        outcome
    }

    pub(crate) async fn take(&self, files: &Files) -> Result<Trusted> {
        let fresh = self.look(files).await?;
        self.trusted().promote(fresh)
    }

    /// What is wrong with how a feed is refused: nothing, where it is with this code and without a
    /// trace.
    pub(crate) async fn not_refused(
        &self,
        name: &str,
        code: &str,
        files: &Files,
    ) -> Option<String> {
        let before = self.snapshot();
        let said = match self.take(files).await {
            Ok(_) => "it was taken".to_owned(),
            Err(reason) if reason.code != code => reason.to_string(),
            Err(_) if self.snapshot() != before => "what is trusted has changed".to_owned(),
            Err(_) => return None,
        };
        Some(format!("{name}, {code}: {said}"))
    }

    /// Looks at a feed that has to be refused, without a trace in what is trusted.
    pub(crate) async fn refused(&self, files: &Files) -> Reason {
        let before = self.snapshot();
        let Err(reason) = self.take(files).await else { panic!("it was taken") };
        assert_eq!(self.snapshot(), before, "what is trusted has changed");
        reason
    }

    /// All that is trusted, byte for byte.
    pub(crate) fn snapshot(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        contents(&self.trust())
    }
}

fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}
