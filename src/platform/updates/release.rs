//! What a release says of itself. It is the `custom` part of a target in the signed metadata, so
//! whatever stands here is vouched for by the keys of the role `targets`. The format is described
//! in `docs/formats/release.md`.

use serde::{Deserialize, Serialize};

/// The product that releases of this feed are of; a release of another one is refused.
pub const PRODUCT: &str = "holdfast";
/// The version of what the supervisor and its workers say to each other. A release that needs a
/// higher one needs a newer package first.
pub const SUPERVISOR_PROTO: u32 = 1;

/// One release for one kind of machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Always [`PRODUCT`].
    pub product: String,
    /// The only order of releases: a higher number is newer. The publisher counts them up; both
    /// architectures of one release have the same number.
    pub seq: u64,
    /// What people call it, like `1.4.2`.
    pub version: String,
    pub channels: Vec<Channel>,
    /// As `std::env::consts::OS` says it.
    pub os: String,
    /// As `std::env::consts::ARCH` says it.
    pub arch: String,
    /// Boxes on a release below this number take another one in between.
    pub min_from_seq: u64,
    pub schema: Schema,
    pub supervisor_proto: u32,
    pub status: Status,
    pub rollout: Rollout,
    pub severity: Severity,
    /// The target that holds the release notes, as Markdown.
    pub notes: String,
    /// When it was added, RFC 3339 in UTC.
    pub released_at: String,
    /// Shorter ways from earlier binaries. They are not trusted: what comes out is compared with
    /// the target's own length and hash.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deltas: Vec<Delta>,
}

/// What its files are like. See `platform/db/migrations.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// The format of the files that it writes.
    pub format: i64,
    /// The highest format whose files it can follow.
    pub reads_max: i64,
}

/// A target that turns one earlier binary into this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delta {
    /// SHA-256 of the earlier binary, in hexadecimal.
    pub from_sha256: String,
    /// The name of the target.
    pub target: String,
    pub size_bytes: u64,
}

/// Who is to get a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    Staging,
    Beta,
    Stable,
}

impl Channel {
    pub const ALL: [Self; 3] = [Self::Staging, Self::Beta, Self::Stable];

    pub fn name(self) -> &'static str {
        match self {
            Self::Staging => "staging",
            Self::Beta => "beta",
            Self::Stable => "stable",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name() == name)
    }
}

/// Whether a release may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Active,
    /// Offered to nobody any more; a box that has it may go on with it.
    Withdrawn,
    /// Never started again, unless there is nothing else left to start.
    Revoked,
}

impl Status {
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Withdrawn => "withdrawn",
            Self::Revoked => "revoked",
        }
    }
}

/// How much an update matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Normal,
    /// It mends a weakness.
    Security,
    /// It mends one that is being used, or a loss of data.
    Critical,
}

/// Which part of all boxes is offered a release: those whose number, taken from the SHA-256 of the
/// box's id followed by `salt`, modulo 100 is below `percent`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rollout {
    /// From 0 to 100.
    pub percent: u8,
    pub salt: String,
}

/// How a release is called in boot state and folders: `<seq>-<version>-<first 12 of its hash>`.
pub fn folder_name(seq: u64, version: &str, sha256: &str) -> String {
    let short: String = sha256.chars().take(12).collect();
    format!("{seq}-{version}-{short}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_reads_what_it_wrote_and_nothing_more() {
        let release = Release {
            product: PRODUCT.to_owned(),
            seq: 7,
            version: "1.4.2".to_owned(),
            channels: vec![Channel::Staging, Channel::Stable],
            os: "linux".to_owned(),
            arch: "x86_64".to_owned(),
            min_from_seq: 3,
            schema: Schema { format: 2, reads_max: 3 },
            supervisor_proto: 1,
            status: Status::Active,
            rollout: Rollout { percent: 100, salt: "7".to_owned() },
            severity: Severity::Security,
            notes: "notes-7.md".to_owned(),
            released_at: "2026-11-22T10:00:00Z".to_owned(),
            deltas: Vec::new(),
        };

        let text = serde_json::to_string(&release).unwrap();
        let read: Release = serde_json::from_str(&text).unwrap();

        assert_eq!(read, release);
        let more = text.replacen('{', r#"{"surprise":1,"#, 1);
        assert!(serde_json::from_str::<Release>(&more).is_err());
    }

    #[test]
    fn folders_sort_by_nothing_but_say_everything() {
        let name = folder_name(12, "1.4.2", "0123456789abcdef0123");

        assert_eq!(name, "12-1.4.2-0123456789ab");
    }
}
