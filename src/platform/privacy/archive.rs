//! A zip file, written piece by piece while what is in it is read.

use std::io::Write;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

use crate::platform::error::{Error, Result};

/// Sizes are numbers of 32 bits; beyond them other readers may stumble.
const SIZE_BYTES_MAX: u64 = 4_000_000_000;
const ENTRIES_MAX: usize = 60_000;
/// Needed to read it: deflate.
const VERSION: u16 = 20;
/// Sizes follow the data; names are UTF-8.
const FLAGS: u16 = 1 << 3 | 1 << 11;
const DEFLATED: u16 = 8;
/// 1980-01-01, the first day there is: files are as old as the whole, which says its time inside.
const DATE: u16 = 1 << 5 | 1;

/// An archive on its way out.
pub(super) struct Archive {
    entries: Vec<Entry>,
    open: Option<Open>,
    /// Bytes given so far.
    written: u64,
    out: Vec<u8>,
}

struct Open {
    entry: Entry,
    crc: Crc,
    encoder: DeflateEncoder<Vec<u8>>,
}

struct Entry {
    name: String,
    offset: u64,
    crc: u32,
    packed: u64,
    plain: u64,
}

impl Archive {
    pub(super) fn new() -> Self {
        Self { entries: Vec::new(), open: None, written: 0, out: Vec::new() }
    }

    /// Begins a file, after ending the one before.
    pub(super) fn begin(&mut self, name: &str) -> Result<()> {
        self.end()?;
        let offset = self.written + length(&self.out);
        put(&mut self.out, &[0x0403_4b50], &[VERSION, FLAGS, DEFLATED, 0, DATE], &[0, 0, 0]);
        put(&mut self.out, &[], &[short(name.len())?, 0], &[]);
        self.out.extend_from_slice(name.as_bytes());
        let entry = Entry { name: name.to_owned(), offset, crc: 0, packed: 0, plain: 0 };
        let encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        self.open = Some(Open { entry, crc: Crc::new(), encoder });
        if self.entries.len() >= ENTRIES_MAX { Err(too_large()) } else { Ok(()) }
    }

    /// Adds to the file that was begun.
    pub(super) fn add(&mut self, bytes: &[u8]) -> Result<()> {
        let Some(open) = &mut self.open else {
            return Err(Error::internal("no file of the archive is open"));
        };
        open.crc.update(bytes);
        open.entry.plain += length(bytes);
        open.encoder.write_all(bytes)?;
        let packed = std::mem::take(open.encoder.get_mut());
        open.entry.packed += length(&packed);
        self.out.extend_from_slice(&packed);
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        let Some(Open { mut entry, crc, encoder }) = self.open.take() else { return Ok(()) };
        let packed = encoder.finish()?;
        entry.packed += length(&packed);
        entry.crc = crc.sum();
        self.out.extend_from_slice(&packed);
        let sizes = [entry.crc, wide(entry.packed)?, wide(entry.plain)?];
        put(&mut self.out, &[0x0807_4b50], &[], &sizes);
        self.entries.push(entry);
        Ok(())
    }

    /// Ends the archive with its table of contents.
    pub(super) fn finish(&mut self) -> Result<()> {
        self.end()?;
        let start = self.written + length(&self.out);
        let mut contents = Vec::new();
        for entry in &self.entries {
            let first = [VERSION, VERSION, FLAGS, DEFLATED, 0, DATE];
            let sizes = [entry.crc, wide(entry.packed)?, wide(entry.plain)?];
            put(&mut contents, &[0x0201_4b50], &first, &sizes);
            put(&mut contents, &[], &[short(entry.name.len())?, 0, 0, 0, 0], &[]);
            put(&mut contents, &[0, wide(entry.offset)?], &[], &[]);
            contents.extend_from_slice(entry.name.as_bytes());
        }
        let count = short(self.entries.len())?;
        let place = [wide(length(&contents))?, wide(start)?];
        put(&mut contents, &[0x0605_4b50], &[0, 0, count, count], &place);
        put(&mut contents, &[], &[0], &[]);
        self.out.append(&mut contents);
        Ok(())
    }

    /// What was written since the last time.
    pub(super) fn take(&mut self) -> Result<Vec<u8>> {
        let piece = std::mem::take(&mut self.out);
        self.written += length(&piece);
        if self.written > SIZE_BYTES_MAX { Err(too_large()) } else { Ok(piece) }
    }
}

fn too_large() -> Error {
    Error::conflict("export-too-large", "What is held on the person does not fit into one file.")
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

fn wide(number: u64) -> Result<u32> {
    u32::try_from(number).map_err(|_| too_large())
}

fn short(number: usize) -> Result<u16> {
    u16::try_from(number).map_err(|_| too_large())
}

/// Little-endian numbers, in the order of the arguments.
fn put(out: &mut Vec<u8>, first: &[u32], middle: &[u16], last: &[u32]) {
    out.extend(first.iter().flat_map(|number| number.to_le_bytes()));
    out.extend(middle.iter().flat_map(|number| number.to_le_bytes()));
    out.extend(last.iter().flat_map(|number| number.to_le_bytes()));
}
