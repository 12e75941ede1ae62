//! The format of a base backup, version 1: how it is written and how it is read. What stands here
//! is described for strangers in `docs/formats/backup.md`.
//!
//! A base is a folder of parts and a `COMMIT.json`. The parts, one after the other, are one age
//! file; in it is a zstd stream, in that a tar with the files of the box, their hashes
//! (`SHA256SUMS`) and what they hold (`MANIFEST.json`). `COMMIT.json` names the parts with their
//! hashes, is signed by the box and written last: a folder without it is no backup.

mod commit;
mod hashed;
pub mod kit;
mod lock;
mod manifest;
mod packs;
mod parts;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

pub use commit::{COMMIT_FILE, Commit, CommitHead, PartEntry, SIGNED_AS, from_signed, to_signed};
pub use hashed::{HashedFile, Sum};
pub use kit::{Identity, Kit, NoKit, Recipient};
pub use lock::{Key, Lock, Locked, unlock};
pub use manifest::{AuditHead, BlobEntry, FileEntry, Manifest};
pub use packs::{
    PACKS, Packing, blob_path, check_pack, hash_in, pack_path, pack_place, pack_prefix, take_blobs,
    unpack_blobs,
};
pub use parts::{Part, Parts};
pub use reader::{
    COMMIT_SIZE_BYTES_MAX, Member, Refused, Unpacked, check_commit, decrypt, hash_of, read_commit,
    unpack, unpack_only, walk, write_file,
};
pub use writer::{Archive, encrypt, seal};

/// The version of the format. A reader refuses a higher one.
pub const FORMAT: u32 = 1;
/// Bytes of one part: some stores end a transfer after a day or a token's life.
pub const PART_SIZE_BYTES: u64 = 256 * 1024 * 1024;
/// The members of the tar that speak of the others. They come last.
pub const MANIFEST: &str = "MANIFEST.json";
pub const SUMS: &str = "SHA256SUMS";
/// The box's own file, and where those of workspaces lie.
pub const SYSTEM: &str = "system.db";
pub const WORKSPACES: &str = "workspaces";
