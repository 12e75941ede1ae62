//! What a file beside an item or an order may be, and what it is called when it is handed out.

use std::fmt::Write;

use crate::apps::inventory::texts::rules as texts;
use crate::platform::blobs::Blob;
use crate::platform::blobs::rules::is_shown;
use crate::platform::clock::Moment;
use crate::platform::error::{Code, Error, Result, code, refuse};
use crate::platform::id::Id;

/// What can be wrong here, for people.
pub const CODES: &[Code] = &[
    code("file-empty", "A file of no bytes.", "Choose the file again; it may have been moved."),
    code(
        "files-too-many",
        "There are as many files here as there may be.",
        "Remove one that nobody needs first.",
    ),
];

/// Bytes of one file, whatever the configuration says; the configuration may say less.
pub const FILE_SIZE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Files beside one item or order.
pub const FILES_MAX: usize = 50;
pub const NAME_CHARS_MAX: usize = 200;

/// A file beside an item or an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFile {
    pub id: FileId,
    pub name: String,
    pub blob: Blob,
    /// A small picture of it; none where it is no picture, or was sent to an earlier release.
    pub thumbnail: Option<Blob>,
    pub created_at: Moment,
}
pub type FileId = Id<KeptFile>;

/// The name of a file as it is kept: one line, without the folders that some senders put before.
pub fn clean_name(sent: &str) -> Result<String> {
    let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let last = if last.trim().chars().all(|one| one == '.') { "" } else { last };
    texts::needed_line(last, NAME_CHARS_MAX)
        .map_err(|fault| Error::invalid("name", fault.code(), fault.to_string()))
}

pub fn check_size(size_bytes: u64, size_bytes_max: u64) -> Result<()> {
    if size_bytes == 0 {
        return refuse("file-empty", "The file is empty.");
    }
    if size_bytes > size_bytes_max {
        return Err(Error::TooLarge { limit_bytes: size_bytes_max });
    }
    Ok(())
}

pub fn check_count(there: usize) -> Result<()> {
    if there < FILES_MAX {
        return Ok(());
    }
    let detail = format!("There are {FILES_MAX} files already.");
    Err(Error::conflict("files-too-many", detail))
}

/// Whether a file is shown in place or only saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handing {
    Shown,
    Saved,
}

impl Handing {
    /// Only what a browser shows without running it is shown in place.
    pub fn of(file: &KeptFile, is_wanted_saved: Option<bool>) -> Self {
        match is_wanted_saved {
            Some(true) => Self::Saved,
            _ if is_shown(file.blob.media_type) => Self::Shown,
            _ => Self::Saved,
        }
    }

    /// `Content-Disposition`: plain characters for old clients, all of the name for the others.
    pub fn header(self, name: &str) -> String {
        let kind = match self {
            Self::Shown => "inline",
            Self::Saved => "attachment",
        };
        let is_plain =
            |one: char| one.is_ascii_alphanumeric() || matches!(one, '.' | '-' | '_' | ' ');
        let plain: String = name.chars().map(|one| if is_plain(one) { one } else { '_' }).collect();
        let mut all = String::with_capacity(name.len());
        for byte in name.bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') {
                all.push(char::from(byte));
            } else {
                // Writing into a text does not fail.
                write!(all, "%{byte:02X}").unwrap_or_default();
            }
        }
        format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{all}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_without_folders() {
        let clean = |name: &str| clean_name(name).unwrap();

        assert_eq!(clean("photo.jpg"), "photo.jpg");
        assert_eq!(clean("../../etc/passwd"), "passwd");
        assert_eq!(clean("C:\\Users\\me\\Lieferschein 12.pdf"), "Lieferschein 12.pdf");
        assert_eq!(clean("  a \t b.png "), "a b.png");
        for wrong in ["", "  ", "/", "..", "a/..", "\u{202e}gpj.exe", "a\u{0}b", &"x".repeat(201)] {
            assert!(clean_name(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn no_name_breaks_out_of_the_header() {
        let header = Handing::Saved.header("a\"; filename=\"b\r\nSet-Cookie: x=ü.png");

        assert_eq!(
            header,
            "attachment; filename=\"a__ filename__b__Set-Cookie_ x__.png\"; \
             filename*=UTF-8''a%22%3B%20filename%3D%22b%0D%0ASet-Cookie%3A%20x%3D%C3%BC.png"
        );
    }

    #[test]
    fn nothing_is_refused_at_its_bound_and_all_beyond() {
        assert!(check_size(1, 10).is_ok() && check_size(10, 10).is_ok());
        assert!(check_size(0, 10).is_err() && check_size(11, 10).is_err());
        assert!(check_count(FILES_MAX - 1).is_ok());
        assert!(check_count(FILES_MAX).is_err());
    }
}
