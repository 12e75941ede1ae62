//! What the process knows of notices beside the tables: the kinds, and who listens.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::{OnceCell, broadcast};

use super::roots::Roots;
use super::rules::{NoticeId, NoticeSpec};
use crate::config::Config;
use crate::platform::error::Result;
use crate::platform::identity::UserId;
use crate::platform::tasks;

/// Notices that a slow window may be behind before it is told to fetch anew.
const NEWS_MAX: usize = 256;
const UNKNOWN: i64 = -1;

/// Somebody was told something.
#[derive(Debug, Clone, Copy)]
pub struct News {
    pub id: NoticeId,
    pub user: UserId,
}

/// Notices of this process.
pub struct Notices {
    kinds: Vec<&'static NoticeSpec>,
    news: broadcast::Sender<News>,
    /// Up to where the windows were told.
    told: AtomicI64,
    /// Read when they are needed first.
    roots: OnceCell<Arc<Roots>>,
}

impl Notices {
    pub(in crate::platform) fn new(kinds: Vec<&'static NoticeSpec>) -> Self {
        Self {
            kinds,
            news: broadcast::Sender::new(NEWS_MAX),
            told: AtomicI64::new(UNKNOWN),
            roots: OnceCell::new(),
        }
    }

    pub fn kinds(&self) -> &[&'static NoticeSpec] {
        &self.kinds
    }

    pub fn kind(&self, name: &str) -> Option<&'static NoticeSpec> {
        self.kinds.iter().find(|spec| spec.kind == name).copied()
    }

    /// Whom mail servers, receivers and backup targets are vouched for by.
    pub(in crate::platform) async fn roots(&self, config: &Config) -> Result<Arc<Roots>> {
        let more = config.notices.ca_file.clone();
        let read = || tasks::blocking(move || Roots::read(more.as_deref()).map(Arc::new));
        self.roots.get_or_try_init(read).await.map(Arc::clone)
    }

    /// Hears of every notice from here on.
    pub fn news(&self) -> broadcast::Receiver<News> {
        self.news.subscribe()
    }

    /// None before anybody looked.
    pub(super) fn told(&self) -> Option<i64> {
        Some(self.told.load(Ordering::SeqCst)).filter(|told| *told != UNKNOWN)
    }

    pub(super) fn set_told(&self, seq: i64) {
        self.told.fetch_max(seq, Ordering::SeqCst);
    }

    pub(super) fn tell(&self, news: News) {
        // Without a window nobody misses it.
        drop(self.news.send(news));
    }
}
