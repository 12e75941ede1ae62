//! What is held on a person: handed out, and erased.

mod erasing;
mod exporting;
mod marks;
pub mod planting;
mod refusals;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use flate2::read::DeflateDecoder;
use serde_json::Value;

/// The files of an archive by their names, as its table of contents lists them.
fn unzipped(bytes: &[u8]) -> BTreeMap<String, String> {
    let number = |at: usize, size: usize| {
        bytes[at..at + size].iter().rev().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte))
    };
    let end = bytes.len() - 22;
    assert_eq!(number(end, 4), 0x0605_4b50, "no end of an archive");
    let (count, mut at) = (number(end + 10, 2), number(end + 16, 4));
    let mut files = BTreeMap::new();
    for _ in 0..count {
        assert_eq!(number(at, 4), 0x0201_4b50, "no entry of the table of contents");
        let (packed, plain) = (number(at + 20, 4), number(at + 24, 4));
        let (length, offset) = (number(at + 28, 2), number(at + 42, 4));
        let name = String::from_utf8(bytes[at + 46..at + 46 + length].to_vec()).expect("a name");
        assert_eq!(number(offset, 4), 0x0403_4b50, "no file at its place");
        let start = offset + 30 + number(offset + 26, 2) + number(offset + 28, 2);
        let mut text = String::new();
        let mut decoder = DeflateDecoder::new(&bytes[start..start + packed]);
        decoder.read_to_string(&mut text).expect("a text");
        assert_eq!(text.len(), plain, "{name}");
        assert!(files.insert(name, text).is_none());
        at += 46 + length;
    }
    files
}

/// The rows of a file of an archive.
fn rows(files: &BTreeMap<String, String>, name: &str) -> Vec<Value> {
    let Some(text) = files.get(name) else { return Vec::new() };
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}: {text}"))
}

/// Files below a folder that hold a word anywhere, in any case.
pub fn holders(folder: &Path, word: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(holders(&path, word));
        } else if let Ok(bytes) = std::fs::read(&path)
            && bytes.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
        {
            found.push(path.display().to_string());
        }
    }
    found
}
