//! WebP: chunks in a RIFF container (RFC 9649, 2).

use super::{EXIF_HEAD, take, take_all, turn_alone};

/// What an extended file begins with, which says what else there is.
const EXTENDED_SIZE_BYTES: usize = 10;
/// Its flags.
const HAS_PROFILE: u8 = 0x20;
const HAS_ALPHA: u8 = 0x10;
const HAS_EXIF: u8 = 0x08;
const HAS_FRAMES: u8 = 0x02;
/// What a frame of an animation begins with.
const FRAME_HEAD_SIZE_BYTES: usize = 16;
/// Kind and length of a chunk.
const CHUNK_HEAD_SIZE_BYTES: usize = 8;

/// The picture without what is not needed to show it; none where it cannot be read to its end.
pub(super) fn clean(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut rest = chunks(bytes)?;
    let mut kept = b"RIFF\0\0\0\0WEBP".to_vec();
    kept.reserve(bytes.len());
    // Where the flags stand, and what they say.
    let (mut flags_at, mut flags) = (None, 0);
    let (mut has_picture, mut has_exif) = (false, false);
    while !rest.is_empty() {
        let (kind, body) = next(&mut rest)?;
        match &kind {
            b"VP8X" if flags_at.is_none() => {
                let body = body.get(..EXTENDED_SIZE_BYTES)?;
                flags = body[0] & (HAS_ALPHA | HAS_FRAMES);
                flags_at = Some(kept.len() + CHUNK_HEAD_SIZE_BYTES);
                push(&mut kept, kind, body)?;
            }
            b"EXIF" if flags_at.is_some() && !has_exif => {
                has_exif = true;
                let exif = body.strip_prefix(EXIF_HEAD).unwrap_or(body);
                if let Some(turn) = turn_alone(exif) {
                    flags |= HAS_EXIF;
                    push(&mut kept, kind, &turn)?;
                }
            }
            b"ICCP" => {
                flags |= HAS_PROFILE;
                push(&mut kept, kind, body)?;
            }
            b"ANMF" => {
                has_picture = true;
                push(&mut kept, kind, &frame(body)?)?;
            }
            b"ANIM" | b"ALPH" | b"VP8 " | b"VP8L" => {
                has_picture |= is_coded(kind);
                push(&mut kept, kind, body)?;
            }
            _ => {}
        }
    }
    if let Some(at) = flags_at {
        kept[at] = flags;
    }
    let length = u32::try_from(kept.len() - CHUNK_HEAD_SIZE_BYTES).ok()?;
    kept[4..8].copy_from_slice(&length.to_le_bytes());
    has_picture.then_some(kept)
}

/// What is coded in a file, whatever it says of itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::platform::pictures) struct Coded {
    /// Pixels of the largest picture in it.
    pub(in crate::platform::pictures) pixels_max: u64,
    /// Bytes without loss, which may hold tables for many times as much.
    pub(in crate::platform::pictures) lossless_size_bytes: u64,
}

impl Coded {
    fn add(&mut self, kind: [u8; 4], body: &[u8]) -> Option<()> {
        self.pixels_max = self.pixels_max.max(pixels(kind, body)?);
        if matches!(&kind, b"VP8L" | b"ALPH") {
            self.lossless_size_bytes += u64::try_from(body.len()).ok()?;
        }
        Some(())
    }
}

pub(in crate::platform::pictures) fn coded(bytes: &[u8]) -> Option<Coded> {
    let mut rest = chunks(bytes)?;
    let mut coded = Coded::default();
    while !rest.is_empty() {
        let (kind, body) = next(&mut rest)?;
        let mut inner = if kind == *b"ANMF" { body.get(FRAME_HEAD_SIZE_BYTES..)? } else { &[] };
        coded.add(kind, body)?;
        while !inner.is_empty() {
            let (kind, body) = next(&mut inner)?;
            coded.add(kind, body)?;
        }
    }
    Some(coded)
}

fn pixels(kind: [u8; 4], body: &[u8]) -> Option<u64> {
    let side = |at: usize| {
        let low = body.get(at..at + 2)?;
        Some(u64::from(u16::from_le_bytes([low[0], low[1]]) & 0x3fff))
    };
    match &kind {
        b"VP8 " => Some(side(6)? * side(8)?),
        b"VP8L" => {
            let sides = u32::from_le_bytes(*body.get(1..)?.first_chunk()?);
            let side = |bits: u32| u64::from(bits & 0x3fff) + 1;
            Some(side(sides) * side(sides >> 14))
        }
        _ => Some(0),
    }
}

/// What lies in the container, and nothing after it.
fn chunks(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes.strip_prefix(b"RIFF")?;
    let length = u32::from_le_bytes(take(&mut rest)?);
    // Some writers count a last byte that they leave out.
    let there = u32::try_from(rest.len()).ok()?;
    let length = if length.checked_sub(1) == Some(there) { there } else { length };
    take_all(&mut rest, length)?.strip_prefix(b"WEBP")
}

fn next<'a>(rest: &mut &'a [u8]) -> Option<([u8; 4], &'a [u8])> {
    let kind = take(rest)?;
    let length = u32::from_le_bytes(take(rest)?);
    let body = take_all(rest, length)?;
    // Chunks begin at even places; some writers leave the last byte of all out.
    *rest = rest.get(body.len() % 2..).unwrap_or_default();
    Some((kind, body))
}

/// A frame of an animation, without what is unknown in it.
fn frame(body: &[u8]) -> Option<Vec<u8>> {
    let (head, mut rest) = body.split_at_checked(FRAME_HEAD_SIZE_BYTES)?;
    let mut kept = head.to_vec();
    while !rest.is_empty() {
        let (kind, body) = next(&mut rest)?;
        if kind == *b"ALPH" || is_coded(kind) {
            push(&mut kept, kind, body)?;
        }
    }
    Some(kept)
}

fn is_coded(kind: [u8; 4]) -> bool {
    matches!(&kind, b"VP8 " | b"VP8L")
}

pub(super) fn push(kept: &mut Vec<u8>, kind: [u8; 4], body: &[u8]) -> Option<()> {
    kept.extend(kind);
    kept.extend(u32::try_from(body.len()).ok()?.to_le_bytes());
    kept.extend(body);
    if body.len() % 2 == 1 {
        kept.push(0);
    }
    Some(())
}
