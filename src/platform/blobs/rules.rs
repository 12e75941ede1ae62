//! What a blob is: the hash of its bytes, and what they are by their first ones.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::platform::error::{Code, Error, Result, code};
use crate::platform::id::ObjectId;

/// What nothing refers to stays for so long after it was put last. A transaction that is about to
/// refer to it takes far less.
pub const ORPHANS_KEPT: Duration = Duration::from_hours(24);
/// What stays free on the disk for everything else of the box.
pub const FREE_BYTES_MIN: u64 = 1_000_000_000;
/// What lies there, deleted files of the last day included, takes so many times what the files of
/// a workspace may take.
const LYING_TIMES_MAX: u64 = 2;
/// Bytes that decide what a file is.
pub const HEAD_SIZE_BYTES: usize = 16;
/// What every file is that is nothing else.
pub const UNKNOWN_TYPE: &str = "application/octet-stream";
/// Characters of a hash.
const HASH_LENGTH: usize = 64;

pub const CODES: &[Code] = &[
    code(
        "blob-damaged",
        "The bytes of this file on the disk are missing or are not those that were sent.",
        "Send the file again, or have it brought back from a backup (holdfast restore --blob).",
    ),
    code(
        "blobs-full",
        "The files of this workspace would take more room than they may.",
        "Delete files that nobody needs, or ask the operator to raise files.workspace_bytes_max.",
    ),
    code(
        "blobs-no-room",
        "There is too little room on the disk of the box.",
        "Ask the operator to make room and send the file again. Nothing was changed.",
    ),
];

/// SHA-256 of a blob's bytes: its name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobHash(pub [u8; 32]);

impl fmt::Display for BlobHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::platform::secret::to_hex(&self.0))
    }
}

impl fmt::Debug for BlobHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for BlobHash {
    type Err = ();

    /// Reads lower-case hexadecimal only, so that one blob has one name.
    fn from_str(text: &str) -> Result<Self, ()> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Ok(byte - b'0'),
            b'a'..=b'f' => Ok(byte - b'a' + 10),
            _ => Err(()),
        };
        if text.len() != HASH_LENGTH {
            return Err(());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Ok(Self(bytes))
    }
}

/// What is known of a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blob {
    pub hash: BlobHash,
    pub size_bytes: u64,
    pub media_type: &'static str,
}

/// What refers to a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// The object kind of its audit entries, e.g. `inventory.file`.
    pub kind: &'static str,
    pub id: ObjectId,
}

/// What bytes are, by the first of them. Only what a browser can show without running it has a
/// name of its own.
pub fn media_type(head: &[u8]) -> &'static str {
    match head {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => "image/png",
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
        [b'%', b'P', b'D', b'F', b'-', ..] => "application/pdf",
        _ => UNKNOWN_TYPE,
    }
}

/// The same word as `media_type` gives it, for one that was written down.
pub fn known_type(name: &str) -> &'static str {
    let known = ["image/png", "image/jpeg", "image/webp", "application/pdf"];
    known.into_iter().find(|one| *one == name).unwrap_or(UNKNOWN_TYPE)
}

/// Whether a browser may show it in place, without taking it for a page.
pub fn is_shown(media_type: &str) -> bool {
    known_type(media_type) != UNKNOWN_TYPE
}

/// Refuses what makes the blobs of a workspace larger together than they may be.
pub fn check_room(kept_bytes: u64, more_bytes: u64, bytes_max: u64) -> Result<()> {
    if kept_bytes.saturating_add(more_bytes) <= bytes_max {
        return Ok(());
    }
    let detail = format!(
        "The files of this workspace take {kept_bytes} of {bytes_max} bytes; this one has \
         {more_bytes}."
    );
    Err(Error::conflict("blobs-full", detail))
}

/// Refuses what makes the bytes of a workspace on the disk many more than its files may take: what
/// is deleted lies there for another day.
pub fn check_lying(lying_bytes: u64, more_bytes: u64, bytes_max: u64) -> Result<()> {
    let bytes_max = bytes_max.saturating_mul(LYING_TIMES_MAX);
    if lying_bytes.saturating_add(more_bytes) <= bytes_max {
        return Ok(());
    }
    let detail = format!(
        "The files of this workspace take {lying_bytes} of {bytes_max} bytes on the disk, with \
         those that were deleted since yesterday. The night makes room."
    );
    Err(Error::conflict("blobs-full", detail))
}

/// Refuses what fills the disk.
pub fn check_disk(free_bytes: u64, more_bytes: u64) -> Result<()> {
    if free_bytes >= more_bytes.saturating_add(FREE_BYTES_MIN) {
        return Ok(());
    }
    let detail = format!(
        "Only {} MB are free on the disk of the box. No file is taken below {} MB.",
        free_bytes / 1_000_000,
        FREE_BYTES_MIN / 1_000_000
    );
    Err(Error::conflict("blobs-no-room", detail))
}

/// The answer where bytes are not what they were.
pub fn damaged(hash: BlobHash) -> Error {
    let detail = format!("The bytes of file {hash} are missing or damaged on the box's disk.");
    Error::conflict("blob-damaged", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_has_one_spelling() {
        let hash = BlobHash([0xa7; 32]);
        let text = hash.to_string();

        assert_eq!(text, "a7".repeat(32));
        assert_eq!(text.parse(), Ok(hash));
        for wrong in [text.to_uppercase(), text[1..].to_owned(), format!("{text}0"), "é".repeat(32)]
        {
            assert_eq!(wrong.parse::<BlobHash>(), Err(()), "{wrong}");
        }
    }

    #[test]
    fn a_type_is_told_by_the_first_bytes_alone() {
        let of = |head: &[u8]| media_type(head);

        assert_eq!(of(b"\x89PNG\r\n\x1a\n...."), "image/png");
        assert_eq!(of(b"\xff\xd8\xff\xe0"), "image/jpeg");
        assert_eq!(of(b"RIFF\x01\x02\x03\x04WEBPVP8 "), "image/webp");
        assert_eq!(of(b"%PDF-1.7"), "application/pdf");
        for other in [&b""[..], b"<svg>", b"<html>", b"RIFF....WAVE", b"GIF89a", b" %PDF-"] {
            assert_eq!(of(other), UNKNOWN_TYPE);
            assert!(!is_shown(of(other)));
        }
    }

    #[test]
    fn the_room_of_a_workspace_is_used_up_exactly() {
        assert!(check_room(90, 10, 100).is_ok());
        assert!(check_room(90, 11, 100).is_err());
        assert!(check_room(u64::MAX, 1, 100).is_err());
        assert!(check_lying(150, 50, 100).is_ok());
        assert!(check_lying(151, 50, 100).is_err());
        assert!(check_disk(FREE_BYTES_MIN + 7, 7).is_ok());
        assert!(check_disk(FREE_BYTES_MIN + 7, 8).is_err());
    }
}
