//! Where `holdfast recover` and `holdfast restore` bring backups from.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::output::{self, Answer, Failure};
use crate::platform::backups::archive::Kit;
use crate::platform::backups::recovery::finding::{Looked, PassedOver, Picked, look};
use crate::platform::backups::targets::Remote;
use crate::platform::backups::targets::source::{Credentials, Source};

const FROM: &str = "\
Where the backups lie: a folder of backups, of one box or of one backup, or an address: \
s3://bucket/prefix, sftp://user@host:port/path, webdav+https://host/path";
const CREDENTIALS: &str = "\
File of TOML with what opens the address, e.g. access_key and secret_key. What is not in it is \
taken from the environment, e.g. HOLDFAST_TARGET_SECRET_KEY";

#[derive(Debug, Clone, Args)]
pub(super) struct Place {
    #[arg(long, value_name = "URL|DIR", help = FROM)]
    pub(super) from: String,
    #[arg(long, value_name = "FILE", help = CREDENTIALS)]
    credentials: Option<PathBuf>,
    /// Number of the backup; the newest when left out.
    #[arg(long, value_name = "N")]
    backup: Option<u64>,
}

impl Place {
    /// What opens the address.
    pub(super) fn credentials(&self) -> Answer<Credentials> {
        let around = Credentials::of_environment(|name| std::env::var(name).ok());
        let Some(path) = &self.credentials else { return Ok(around) };
        Ok(Credentials::of_file(path).map_err(Failure::Failed)?.or(around))
    }

    pub(super) fn open(&self) -> Answer<Remote> {
        Source::read(&self.from, self.credentials()?).map_err(Failure::Failed)
    }

    /// All that lies there.
    pub(super) async fn look(&self, remote: &Remote, kit: &Kit) -> Answer<Looked> {
        look(remote, kit).await.map_err(|why| Failure::Failed(why.to_string()))
    }

    /// The backup that is wanted; says what seems to be newer and is not taken.
    pub(super) async fn find(&self, remote: &Remote, kit: &Kit) -> Answer<Picked> {
        let looked = self.look(remote, kit).await?;
        let picked = looked.pick(self.backup).map_err(Failure::Failed)?;
        picked.passed_over.iter().for_each(|one| output::note(&not_taken(one)));
        Ok(picked)
    }
}

/// That a backup is not taken, and why.
pub(super) fn not_taken(PassedOver { folder, why }: &PassedOver) -> String {
    format!("{folder} is not taken: {why}")
}

/// The same for programs.
pub(super) fn passed_over_json(all: &[PassedOver]) -> Value {
    let one = |one: &PassedOver| json!({ "folder": one.folder, "detail": one.why.to_string() });
    all.iter().map(one).collect()
}
