//! What a log that lies beside a file says of itself. SQLite ends reading it at the first frame
//! that is not whole, since the last commit may have been cut off; what was synced after that would
//! be lost without a word.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::Path;

use rusqlite::ErrorCode;

use super::held::Held;
use crate::platform::error::{Error, Result, is_of_the_file};

const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
/// The first four bytes; the last bit says in which order sums are made.
const MAGIC: u32 = 0x377f_0682;
const PAGE_BYTES_MIN: usize = 512;
const PAGE_BYTES_MAX: usize = 65_536;
const READ_AT_ONCE_BYTES: usize = 1024 * 1024;

/// What is wrong with the log beside a file; none where there is none or it is whole. Blocks.
pub(super) fn fault_beside(path: &Path) -> Result<Option<String>> {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    let file = match File::open(&name) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let size_bytes = file.metadata()?.len();
    Ok(fault(&mut BufReader::new(file), size_bytes)?)
}

/// What is wrong with a file that could not be read or counted, as far as it is to blame and not
/// the box around it, which would be to blame for every other file as well. Reads and looks through
/// all of it. Blocks for long.
pub(in crate::platform) fn fault_behind(path: &Path, failure: &Error) -> Option<String> {
    match failure {
        Error::Damaged(found) => return Some(found.clone()),
        Error::StorageFailed(_) | Error::Internal(_) => {}
        _ => return None,
    }
    match unreadable(path) {
        Ok(None) => {}
        Ok(found) => return found,
        Err(_) => return None,
    }
    let look = |held: Held| {
        held.hold()?;
        held.check_quickly()
    };
    match Held::ready(path).and_then(look) {
        Err(Error::Damaged(found)) => Some(found),
        Err(error) if is_not_understood(&error) => Some(error.to_string()),
        Ok(()) | Err(_) => None,
    }
}

/// Reads a file and its log to their ends. What keeps it from that is the error where it says
/// nothing of them.
fn unreadable(path: &Path) -> io::Result<Option<String>> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let read = |path: &Path| -> io::Result<u64> {
        let mut file = BufReader::with_capacity(READ_AT_ONCE_BYTES, File::open(path)?);
        io::copy(&mut file, &mut io::sink())
    };
    let said = |error: io::Error| {
        let is_of_it = is_of_the_file(&error);
        if is_of_it { Ok(Some(format!("it cannot be read: {error}"))) } else { Err(error) }
    };
    let gone = || Ok(Some("its file is gone or empty".to_owned()));
    match read(path) {
        Ok(0) => return gone(),
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return gone(),
        Err(error) => return said(error),
    }
    match read(Path::new(&log)) {
        Err(error) if error.kind() != ErrorKind::NotFound => said(error),
        Ok(_) | Err(_) => Ok(None),
    }
}

/// Whether SQLite itself does not know what to do with the file: its head names a format that there
/// is not.
fn is_not_understood(error: &Error) -> bool {
    let Error::Internal(cause) = error else { return false };
    let code = cause.downcast_ref::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error_code);
    code == Some(ErrorCode::Unknown)
}

fn fault(log: &mut impl Read, size_bytes: u64) -> io::Result<Option<String>> {
    let mut header = [0; HEADER_BYTES];
    // Every commit syncs, and the head is synced before the first frame. So one that has frames
    // behind it was whole.
    if size_bytes < (HEADER_BYTES + FRAME_HEADER_BYTES + PAGE_BYTES_MIN) as u64 {
        return Ok(None);
    }
    log.read_exact(&mut header)?;
    let Some(mut sums) = Sums::of_header(&header) else {
        return Ok(Some("the log beside it has no head".to_owned()));
    };
    let mut frame = vec![0; FRAME_HEADER_BYTES + sums.page_bytes];
    let (mut number, mut first_bad, mut commits_after) = (0_u64, None, 0);
    while read_whole(log, &mut frame)? {
        number += 1;
        let is_of_this_log = frame[8..16] == header[16..24];
        if first_bad.is_none() && !(is_of_this_log && sums.agree(&frame)) {
            first_bad = Some(number);
        }
        let is_commit = word(&frame, 4) != 0;
        if first_bad.is_some() && is_of_this_log && is_commit {
            commits_after += 1;
        }
    }
    // The last commit may have been cut off by a stop. Of two, the first was synced before the
    // second began.
    let bad = first_bad.filter(|_| commits_after > 1);
    Ok(bad.map(|number| format!("frame {number} of the log beside it is damaged")))
}

/// False at the end; half a frame is none.
fn read_whole(log: &mut impl Read, frame: &mut [u8]) -> io::Result<bool> {
    match log.read_exact(frame) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        read => read.map(|()| true),
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes[at..at + 4].iter().fold(0, |word, byte| word << 8 | u32::from(*byte))
}

/// The running sums of a log.
struct Sums {
    so_far: (u32, u32),
    is_big_endian: bool,
    page_bytes: usize,
}

impl Sums {
    /// None where the head is not whole.
    fn of_header(header: &[u8; HEADER_BYTES]) -> Option<Self> {
        let magic = word(header, 0);
        let page_bytes = usize::try_from(word(header, 8)).ok()?;
        let is_size =
            page_bytes.is_power_of_two() && (PAGE_BYTES_MIN..=PAGE_BYTES_MAX).contains(&page_bytes);
        if magic & !1 != MAGIC || !is_size {
            return None;
        }
        let mut sums = Self { so_far: (0, 0), is_big_endian: magic & 1 == 1, page_bytes };
        sums.add(&header[..24]);
        (sums.so_far == (word(header, 24), word(header, 28))).then_some(sums)
    }

    /// Whether a frame follows on what was read before.
    fn agree(&mut self, frame: &[u8]) -> bool {
        self.add(&frame[..8]);
        self.add(&frame[FRAME_HEADER_BYTES..]);
        self.so_far == (word(frame, 16), word(frame, 20))
    }

    fn add(&mut self, bytes: &[u8]) {
        for pair in bytes.chunks_exact(8) {
            let (mut first, mut second) = (word(pair, 0), word(pair, 4));
            if !self.is_big_endian {
                (first, second) = (first.swap_bytes(), second.swap_bytes());
            }
            self.so_far.0 = self.so_far.0.wrapping_add(first).wrapping_add(self.so_far.1);
            self.so_far.1 = self.so_far.1.wrapping_add(second).wrapping_add(self.so_far.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use rusqlite::Connection;

    use super::*;
    use crate::platform::db::meters::Timing;
    use crate::platform::db::open::{self, Synchronous};

    const PAGE: usize = 4096;

    /// A log with a commit for each of ten rows, as a killed process leaves it.
    fn log() -> (tempfile::TempDir, PathBuf, Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.db");
        let write = |connection: &Connection, sql: &str| connection.execute_batch(sql).unwrap();
        let file = open::writing(&path, Synchronous::Full, Timing::none()).unwrap();
        write(&file, "CREATE TABLE notes (body TEXT)");
        for number in 0..10 {
            write(&file, &format!("INSERT INTO notes VALUES ('note {number}')"));
        }
        let bytes = std::fs::read(folder.path().join("file.db-wal")).unwrap();
        assert!(bytes.len() > 11 * PAGE);
        (folder, path, bytes)
    }

    fn found(bytes: &[u8]) -> Option<String> {
        fault(&mut &*bytes, bytes.len() as u64).unwrap()
    }

    #[test]
    fn a_whole_log_and_one_whose_end_was_cut_off_are_right() {
        let (_folder, path, bytes) = log();

        assert_eq!(fault_beside(&path).unwrap(), None);
        for cut in [1, 100, PAGE, PAGE + 24, 3 * PAGE, bytes.len() - 40, bytes.len()] {
            assert_eq!(found(&bytes[..bytes.len() - cut]), None, "{cut} bytes less");
        }
        let mut torn = bytes.clone();
        let last = torn.len() - PAGE;
        torn[last..].fill(0);
        assert_eq!(found(&torn), None, "the last commit never reached the disk");
    }

    #[test]
    fn a_file_is_blamed_for_what_it_is_and_not_for_what_befell_the_box() {
        let (_folder, path, _) = log();
        let failed = || Error::StorageFailed("unable to open database file".to_owned());
        let not_found = || Error::internal("no such table: audit_entries");

        for failure in [failed(), not_found(), Error::StorageFull, Error::NotFound] {
            assert_eq!(fault_behind(&path, &failure), None, "{failure}");
        }
        std::fs::write(&path, []).unwrap();
        assert!(fault_behind(&path, &not_found()).unwrap().contains("empty"));
        std::fs::remove_file(&path).unwrap();
        assert!(fault_behind(&path, &failed()).unwrap().contains("gone"));
        std::fs::create_dir(&path).unwrap();
        assert!(fault_behind(&path, &failed()).unwrap().contains("cannot be read"));
        let (eio, emfile) = (5, 24);
        assert!(is_of_the_file(&io::Error::from_raw_os_error(eio)));
        assert!(!is_of_the_file(&io::Error::from_raw_os_error(emfile)));
    }

    #[test]
    fn what_is_damaged_before_the_end_is_named() {
        let (_folder, path, bytes) = log();
        let frame = |number: usize| HEADER_BYTES + number * (FRAME_HEADER_BYTES + PAGE);
        for at in [frame(0), frame(0) + 17, frame(1) + 100, frame(3) + PAGE] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let said = found(&changed).unwrap_or_else(|| panic!("byte {at}"));
            assert!(said.contains("of the log beside it is damaged"), "{said}");
        }
        for filled in [0, 0xa5] {
            assert!(found(&vec![filled; bytes.len()]).unwrap().contains("no head"));
        }
        let mut name = path.into_os_string();
        name.push("-wal");
        let mut changed = bytes;
        changed[5] ^= 1;
        std::fs::write(&name, changed).unwrap();
        let path = PathBuf::from(name).with_file_name("file.db");
        assert!(fault_beside(&path).unwrap().unwrap().contains("no head"));
    }
}
