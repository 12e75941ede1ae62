//! How a workspace goes from box to box.

use crate::platform::error::{Code, Error, Refusal, Result, code};
use crate::platform::id::Id;

pub const CODES: &[Code] = &[
    code(
        "export-to",
        "It is not said who may open the archive.",
        "Send `kits`, or a `recipient` that begins with age1, or a `passphrase`; one of them.",
    ),
    code(
        "export-no-kit",
        "The box has no recovery kit that the archive could be encrypted to.",
        "Make a kit first, or give a recipient or a passphrase.",
    ),
    code(
        "archive-passphrase",
        "The passphrase is too easy to guess.",
        "Take several words that do not belong together: whoever has the file can try for ever.",
    ),
    code(
        "archive-key-gone",
        "The box stopped before the job was done, and keeps no keys.",
        "Ask for it again. Nothing was changed.",
    ),
    code(
        "archive-no-room",
        "There is not enough room on the disk.",
        "Make as much room as the detail says and ask again. Nothing was changed.",
    ),
    code(
        "archive-too-many-files",
        "The workspace has more pictures and documents than one archive takes.",
        "Remove those that nobody needs and ask again.",
    ),
    code(
        "archive-log-too-long",
        "So much was written meanwhile that the export was given up.",
        "Ask for it when fewer people write.",
    ),
    code(
        "import-key",
        "What was given opens no archive, or not this one.",
        "Give the kit, the key or the passphrase that it was encrypted to.",
    ),
    code("import-mode", "There is no such way to read an archive.", "Say `look` or `import`."),
    code(
        "import-offset",
        "The piece does not begin where what is there ends.",
        "Ask how much is there and send what follows.",
    ),
    code(
        "import-signer",
        "The box of the kit did not sign the archive.",
        "Ask whoever sent it which box it is from. Nothing was changed.",
    ),
    code(
        "import-newer",
        "The archive was made by a newer release.",
        "Update this box and ask again. Nothing was changed.",
    ),
    code(
        "import-refused",
        "The archive is not taken.",
        "The detail says what is wrong with it. Have it made anew. Nothing was changed.",
    ),
];

/// What arrives in pieces, before it is read.
pub enum UploadMark {}
pub type UploadId = Id<UploadMark>;

/// Bytes that are sent at once.
pub const PIECE_SIZE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Bytes of one archive.
pub const ARCHIVE_SIZE_BYTES_MAX: u64 = 64 * 1024 * 1024 * 1024;
/// Files of one archive. The list of all their hashes is read into memory.
pub const MEMBERS_MAX: usize = 200_000;
/// Of these what describes the archive, beside the workspace's files.
const MEMBERS_OF_OURS: usize = 5;
/// What stays free on a disk for the rest of the box.
pub const ROOM_LEFT_BYTES: u64 = 500_000_000;
/// Packed data of ours is never so many times smaller than what is in it, but for a few pages.
const RATIO_MAX: u64 = 500;
const SMALL_BYTES: u64 = 64 * 1024 * 1024;
/// Characters of a path in an archive that people read.
const PATH_LENGTH_SHOWN_MAX: usize = 150;

/// What is done with an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// All checks, and what is in it.
    Look,
    Import,
}

impl Mode {
    pub fn name(self) -> &'static str {
        match self {
            Self::Look => "look",
            Self::Import => "import",
        }
    }

    pub fn named(name: &str) -> Result<Self> {
        let known = [Self::Look, Self::Import].into_iter().find(|one| one.name() == name);
        known.ok_or_else(|| Error::invalid("mode", "import-mode", "Say look or import."))
    }
}

/// What may be unpacked of an archive of this size: bounded by the disk, and by what can be in it.
pub fn unpacked_bytes_max(archive_bytes: u64, free_bytes: u64) -> u64 {
    let plausible = archive_bytes.saturating_mul(RATIO_MAX).saturating_add(SMALL_BYTES);
    plausible.min(free_bytes.saturating_sub(ROOM_LEFT_BYTES))
}

/// Refuses to write an archive that no box would read.
pub fn check_files(count: usize) -> Result<()> {
    let most = MEMBERS_MAX - MEMBERS_OF_OURS;
    if count <= most {
        return Ok(());
    }
    let detail = format!(
        "The workspace has {count} pictures and documents; an archive takes {most}. Remove \
         those that nobody needs."
    );
    Err(Error::conflict("archive-too-many-files", detail))
}

/// Refuses when a disk would fill up.
pub fn check_room(needed_bytes: u64, free_bytes: u64) -> Result<()> {
    let needed = needed_bytes.saturating_add(ROOM_LEFT_BYTES);
    if free_bytes >= needed {
        return Ok(());
    }
    let megabytes = |bytes: u64| bytes.div_ceil(1_000_000);
    let detail = format!(
        "It needs {} MB on the disk of the box and there are {} MB. Nothing was changed.",
        megabytes(needed),
        megabytes(free_bytes)
    );
    Err(Error::conflict("archive-no-room", detail))
}

/// How a key of a box is shown to people who compare it.
pub fn fingerprint(hash: &[u8; 32]) -> String {
    let pairs = hash[..16].chunks(2).map(|pair| format!("{:02x}{:02x}", pair[0], pair[1]));
    pairs.collect::<Vec<_>>().join(" ")
}

/// Why an archive is not taken, each with a sentence for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// It is no age file, or its beginning is damaged.
    NotAge,
    WrongKey,
    /// The passphrase was made to cost more memory than there is.
    TooMuchWork,
    /// A layer of it is damaged, or it ends too early.
    Damaged,
    Newer {
        what: String,
    },
    /// What is inside does not fit what it says of itself.
    Inside {
        path: String,
        fault: String,
    },
    /// Nobody signed it, or not what is in it.
    Unsigned,
    /// It is signed by another box than the kit's.
    Signer,
    TooLarge {
        bytes: u64,
    },
    /// Its pictures and documents take more than a workspace's may on this box.
    BlobsTooLarge {
        bytes: u64,
    },
}

impl Refused {
    pub fn inside(path: &str, fault: impl Into<String>) -> Self {
        // A stranger wrote the path; a terminal is to show it as it is.
        let is_shown = |one: &char| one.is_ascii_graphic() || *one == ' ';
        let path = path.chars().filter(is_shown).take(PATH_LENGTH_SHOWN_MAX).collect();
        Self::Inside { path, fault: fault.into() }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::WrongKey => "import-key",
            Self::Newer { .. } => "import-newer",
            Self::Signer => "import-signer",
            Self::TooLarge { .. } => "archive-no-room",
            Self::BlobsTooLarge { .. } => "blobs-full",
            Self::NotAge
            | Self::TooMuchWork
            | Self::Damaged
            | Self::Inside { .. }
            | Self::Unsigned => "import-refused",
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::NotAge => "The file is no archive, or its beginning is damaged.".to_owned(),
            Self::WrongKey => "The key or the passphrase does not open it.".to_owned(),
            Self::TooMuchWork => {
                "Its passphrase was made to cost more memory than a box gives for it.".to_owned()
            }
            Self::Damaged => "The file is damaged, or it is not all of it.".to_owned(),
            Self::Newer { what } => format!("It was made by a newer release: {what}."),
            Self::Inside { path, fault } => format!("{path} in the archive {fault}."),
            Self::Unsigned => {
                "The signature in the archive is not one of what is in it.".to_owned()
            }
            Self::Signer => "The box of this kit did not sign the archive.".to_owned(),
            Self::TooLarge { bytes } => format!(
                "More than {} MB are in it, which is more than such a file holds or the disk has \
                 room for.",
                bytes / 1_000_000
            ),
            Self::BlobsTooLarge { bytes } => format!(
                "The files in it take more than the {bytes} bytes that those of one workspace may \
                 take on this box; files.workspace_bytes_max says how many."
            ),
        }
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        let detail = refused.detail() + " Nothing was changed.";
        Self::Conflict(Refusal::new(refused.code(), detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unpacked_is_bounded_by_the_file_and_by_the_disk() {
        let free = 10_000_000_000;

        assert_eq!(unpacked_bytes_max(1_000, free), 64 * 1024 * 1024 + 500_000);
        assert_eq!(unpacked_bytes_max(1_000_000_000, free), free - ROOM_LEFT_BYTES);
        assert_eq!(unpacked_bytes_max(1_000_000_000, 1), 0);
        assert!(check_room(free - ROOM_LEFT_BYTES, free).is_ok());
        assert!(check_room(free, free).is_err());
    }

    #[test]
    fn no_more_files_are_written_than_are_read() {
        assert!(check_files(MEMBERS_MAX - MEMBERS_OF_OURS).is_ok());
        assert!(check_files(MEMBERS_MAX - MEMBERS_OF_OURS + 1).is_err());
    }

    #[test]
    fn a_fingerprint_is_short_enough_to_be_compared() {
        let mut hash = [0; 32];
        hash[0] = 0xab;
        hash[15] = 1;

        assert_eq!(fingerprint(&hash), "ab00 0000 0000 0000 0000 0000 0000 0001");
    }

    #[test]
    fn what_a_refusal_names_is_shown_as_it_is() {
        let refused = Refused::inside("a\u{1b}[8m\u{202e}b\nc", "is missing");
        assert_eq!(refused.detail(), "a[8mbc in the archive is missing.");
        assert!(Refused::inside(&"x".repeat(10_000), "").detail().len() < 200);
    }
}
