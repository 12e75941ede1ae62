//! What a backup says of its contents. It lies inside, so only who can open it reads it.

use serde::{Deserialize, Serialize};

/// `MANIFEST.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    /// Of the program that wrote it.
    pub version: String,
    pub sqlite_version: String,
    pub box_id: String,
    /// Counts recoveries of the box: of two boxes with one id the higher is the living one.
    pub box_epoch: u64,
    /// Counts the bases of a box, from 1.
    pub sequence: u64,
    /// The moment of the cut, RFC 3339 in UTC.
    pub taken_at: String,
    pub files: Vec<FileEntry>,
    /// Workspaces the box knows whose files were not there.
    pub missing: Vec<String>,
    /// Files beside the databases, in the order of their paths within a workspace.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blobs: Vec<BlobEntry>,
    /// Paths of those whose bytes were missing or damaged on the box's disk.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing_blobs: Vec<String>,
}

/// A file beside the databases, and where it lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobEntry {
    /// `blobs/<workspace>/<ab>/<sha256>`: below a data folder, and within the pack.
    pub path: String,
    pub size_bytes: u64,
    /// One of the packs that `COMMIT.json` names.
    pub pack: String,
}

/// One database file as it was at the moment of the cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Within the archive, e.g. `workspaces/<id>.db`.
    pub path: String,
    pub page_size_bytes: u64,
    pub pages: u64,
    /// 64 hexadecimal digits.
    pub sha256: String,
    /// Rows by table, in the order of their names.
    pub rows: std::collections::BTreeMap<String, u64>,
    pub audit: AuditHead,
}

/// How far the file's audit log goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditHead {
    pub entries: u64,
    /// The hash of the newest entry, 64 hexadecimal digits; empty without one.
    pub head: String,
}
