//! What a binary says of itself without being run: a marked text inside it, found by reading the
//! file. `holdfast --version` reads the same text, so that no build leaves it out. The format is
//! described in `docs/formats/release.md`.

use std::fs::File;
use std::hint::black_box;
use std::io::Read;
use std::path::Path;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::release::{SUPERVISOR_PROTO, Schema};
use crate::platform::db::{FORMAT, FORMAT_READ_MAX};
use crate::platform::error::{Result, refuse};
use crate::platform::monitoring::ops::VERSION;

/// A larger file is no binary of this product.
pub const BINARY_SIZE_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// What a binary is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    pub version: String,
    /// As `std::env::consts::OS` says it.
    pub os: String,
    /// As `std::env::consts::ARCH` says it.
    pub arch: String,
    pub schema: Schema,
    pub supervisor_proto: u32,
}

/// What this program is.
pub fn own() -> &'static Facts {
    static OWN: OnceLock<Facts> = OnceLock::new();
    OWN.get_or_init(|| {
        // Read from the text in the file: a compiler that knew the answer would leave it out.
        let text = black_box(&TEXT);
        facts_at(text).expect("the text is written below")
    })
}

/// The version of this program.
pub fn version() -> &'static str {
    &own().version
}

/// Reads the facts out of a binary.
///
/// # Errors
/// `release-binary`: it is too large, says nothing, contradicts itself, or is for another machine
/// than it says.
pub fn read_facts(path: &Path) -> Result<Facts> {
    let mut bytes = Vec::new();
    File::open(path)?.take(BINARY_SIZE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > BINARY_SIZE_BYTES_MAX {
        return refuse("release-binary", format!("{} is too large.", path.display()));
    }
    facts_of(&bytes).or_else(|why| refuse("release-binary", format!("{} {why}", path.display())))
}

/// The facts in the bytes of a binary, or what is wrong with it.
fn facts_of(bytes: &[u8]) -> Result<Facts, &'static str> {
    let mut found: Option<Facts> = None;
    let mut from = 0;
    while let Some(at) = find(bytes, from) {
        from = at + MARK.len();
        // The program that looks for the mark holds it, too, without facts behind it.
        let Some(facts) = facts_at(&bytes[at..]) else { continue };
        if found.as_ref().is_some_and(|before| *before != facts) {
            return Err("says two things of itself.");
        }
        found = Some(facts);
    }
    let facts = found.ok_or("is no release: it does not say what it is.")?;
    match machine_of(bytes) {
        Some(arch) if arch == facts.arch => Ok(facts),
        Some(_) => Err("is for another machine than it says."),
        None => Err("is no program for Linux."),
    }
}

/// The architecture in the head of an ELF file. None: it is none, or of a machine nobody knows.
fn machine_of(bytes: &[u8]) -> Option<&'static str> {
    const KNOWN: [(u16, &str); 5] =
        [(62, "x86_64"), (183, "aarch64"), (40, "arm"), (243, "riscv64"), (3, "x86")];
    let (magic, rest) = bytes.split_at_checked(4)?;
    let machine = u16::from_le_bytes(rest.get(14..16)?.try_into().ok()?);
    let known = KNOWN.iter().find(|(number, _)| *number == machine).map(|(_, name)| *name);
    known.filter(|_| magic == b"\x7fELF")
}

/// Where the mark stands next. Jumps by what cannot be part of it (Horspool).
fn find(bytes: &[u8], from: usize) -> Option<usize> {
    let last = MARK.len() - 1;
    let mut skip = [MARK.len(); 256];
    for (at, byte) in MARK[..last].iter().enumerate() {
        skip[usize::from(*byte)] = last - at;
    }
    let mut at = from;
    while let Some(window) = bytes.get(at..at + MARK.len()) {
        if window == MARK {
            return Some(at);
        }
        at += skip[usize::from(window[last])];
    }
    None
}

/// Reads the text that begins with the mark.
fn facts_at(text: &[u8]) -> Option<Facts> {
    let body = text.get(..TEXT_LENGTH)?.strip_prefix(MARK)?;
    let end = body.iter().position(|byte| *byte == b'\n')?;
    serde_json::from_slice(&body[..end]).ok()
}

/// What the text begins with. Behind it stands one JSON object, filled up with spaces, and a line
/// feed.
const MARK: &[u8] = b"\n# holdfast release facts 1: ";
/// Always this long, mark and line feed included, so that a reader knows how much to look at.
const TEXT_LENGTH: usize = 384;

#[used]
static TEXT: [u8; TEXT_LENGTH] = written();

const fn written() -> [u8; TEXT_LENGTH] {
    let mut text = ([b' '; TEXT_LENGTH], 0);
    text = and(text, MARK);
    text = and(text, b"{\"version\":\"");
    text = and(text, VERSION.as_bytes());
    text = and(text, b"\",\"os\":\"");
    text = and(text, std::env::consts::OS.as_bytes());
    text = and(text, b"\",\"arch\":\"");
    text = and(text, std::env::consts::ARCH.as_bytes());
    text = and(text, b"\",\"schema\":{\"format\":");
    text = and_number(text, FORMAT.unsigned_abs());
    text = and(text, b",\"reads_max\":");
    text = and_number(text, FORMAT_READ_MAX.unsigned_abs());
    text = and(text, b"},\"supervisor_proto\":");
    text = and_number(text, SUPERVISOR_PROTO as u64);
    text = and(text, b"}");
    text.0[TEXT_LENGTH - 1] = b'\n';
    text.0
}

/// The text so far, and how long it is.
type Text = ([u8; TEXT_LENGTH], usize);

const fn and(mut text: Text, part: &[u8]) -> Text {
    let mut at = 0;
    while at < part.len() {
        text.0[text.1] = part[at];
        text.1 += 1;
        at += 1;
    }
    text
}

const fn and_number(mut text: Text, number: u64) -> Text {
    let mut unit = 1;
    while number / unit >= 10 {
        unit *= 10;
    }
    while unit > 0 {
        text = and(text, &[DIGITS[(number / unit % 10) as usize]]);
        unit /= 10;
    }
    text
}

const DIGITS: &[u8; 10] = b"0123456789";

#[cfg(test)]
mod tests {
    use super::*;

    /// The head of a program for this machine, and these texts in it.
    fn program(texts: &[&[u8]]) -> Vec<u8> {
        let machine: u16 = if std::env::consts::ARCH == "x86_64" { 62 } else { 183 };
        let mut bytes = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0".to_vec();
        bytes.extend(machine.to_le_bytes());
        for text in texts {
            bytes.extend([0; 33]);
            bytes.extend_from_slice(text);
        }
        bytes.extend([0; TEXT_LENGTH]);
        bytes
    }

    fn of_version(version: &str) -> Vec<u8> {
        let own = format!("\"version\":\"{VERSION}\"");
        let other = format!("\"version\":\"{version}\"");
        let text = String::from_utf8(TEXT.to_vec()).unwrap().replace(&own, &other);
        let body = text.trim_end();
        format!("{body:<width$}\n", width = TEXT_LENGTH - 1).into_bytes()
    }

    #[test]
    fn a_program_says_what_it_is() {
        let facts = facts_of(&program(&[&TEXT])).unwrap();

        assert_eq!(facts, *own());
        assert_eq!(facts.version, VERSION);
        assert_eq!(facts.schema.format, FORMAT);
    }

    #[test]
    fn the_mark_alone_says_nothing_and_the_same_twice_says_one_thing() {
        let facts = facts_of(&program(&[MARK, &TEXT, MARK, &TEXT])).unwrap();

        assert_eq!(facts, *own());
        assert!(facts_of(&program(&[MARK])).is_err());
    }

    #[test]
    fn a_program_that_says_two_things_is_none() {
        let refused = facts_of(&program(&[&TEXT, &of_version("9.9.9")]));

        assert_eq!(refused, Err("says two things of itself."));
    }

    #[test]
    fn a_program_for_another_machine_is_none() {
        let mut bytes = program(&[&of_version("9.9.9")]);
        assert_eq!(facts_of(&bytes).unwrap().version, "9.9.9");
        bytes[18] ^= 1;

        assert!(facts_of(&bytes).is_err());
        bytes[0] = 0;
        assert_eq!(facts_of(&bytes), Err("is no program for Linux."));
    }

    #[test]
    fn a_text_that_is_cut_short_says_nothing() {
        let whole = program(&[&TEXT]);
        let at = find(&whole, 0).unwrap();

        assert!(facts_of(&whole[..at + TEXT_LENGTH]).is_ok());
        assert!(facts_of(&whole[..at + TEXT_LENGTH - 1]).is_err());
    }
}
