//! JPEG: marked segments and coded data up to the end of the image (ITU-T T.81, annex B). The rest
//! lies in application segments, by what they begin with (JFIF 1.02; Exif 2.32, 4.7.2; ICC.1 B.4;
//! Adobe's marker as ITU-T T.872, 6.5.3 has it).

use super::{EXIF_HEAD, take, take_all, turn_alone};

/// Begins each marker.
const MARK: u8 = 0xff;
const RESTARTS: std::ops::RangeInclusive<u8> = 0xd0..=0xd7;
const START: u8 = 0xd8;
const END: u8 = 0xd9;
const SCAN: u8 = 0xda;
/// `APP0`, `APP1`, `APP2` and `APP14`.
const OF_JFIF: u8 = 0xe0;
const OF_EXIF: u8 = 0xe1;
const OF_ICC: u8 = 0xe2;
const OF_ADOBE: u8 = 0xee;

/// From this frame on a picture is built up in steps: each scan tells more of all of it.
const FRAME_IN_STEPS: u8 = 0xc2;
/// Steps that are gone through for a small picture; encoders make some ten.
const STEPS_MAX: u32 = 32;

/// What a JFIF segment holds before the size of its preview, and with it.
const JFIF_UNTIL_PREVIEW: usize = 12;
const JFIF_SIZE_BYTES: usize = 14;
const ADOBE_SIZE_BYTES: usize = 12;

/// The picture without what is not needed to show it; none where it cannot be read to its end.
pub(super) fn clean(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut rest = bytes.strip_prefix(&[MARK, START])?;
    let mut kept = Vec::with_capacity(bytes.len());
    kept.extend([MARK, START]);
    let (mut has_frame, mut has_scan, mut has_exif) = (false, false, false);
    loop {
        let (marker, body) = next(&mut rest)?;
        match marker {
            END => break,
            SCAN => {
                push(&mut kept, marker, &[body])?;
                kept.extend(coded(&mut rest)?);
                has_scan = has_frame;
            }
            OF_EXIF => {
                // Of several, programs that show it ask the first.
                let exif = body.strip_prefix(EXIF_HEAD).filter(|_| !has_exif);
                has_exif |= exif.is_some();
                if let Some(turn) = exif.and_then(turn_alone) {
                    push(&mut kept, marker, &[EXIF_HEAD, &turn])?;
                }
            }
            _ => {
                has_frame |= is_frame(marker);
                push_needed(&mut kept, marker, body)?;
            }
        }
    }
    kept.extend([MARK, END]);
    has_scan.then_some(kept)
}

/// Bytes that a decoder holds for each pixel: what it gives out, and the coefficients of all
/// components where the first scan does not bring the picture whole. None without a scan, and where
/// there are so many that going through the picture for each would take longer than it may.
pub(in crate::platform::pictures) fn decoded_pixel_bytes(bytes: &[u8]) -> Option<u64> {
    const GIVEN: u64 = 3;
    const COEFFICIENT: u64 = 2;
    let mut rest = bytes.strip_prefix(&[MARK, START])?;
    let (mut frame, mut held, mut scans) = (None, None, 0);
    loop {
        let (marker, body) = next(&mut rest)?;
        if marker == END {
            return Some(GIVEN + held?);
        }
        if is_frame(marker) {
            frame = Some((marker, *body.get(5)?));
        }
        if marker == SCAN {
            let (frame, components) = frame?;
            scans += 1;
            // A scan brings a component whole, unless the picture is built up in steps.
            let is_whole = frame < FRAME_IN_STEPS;
            let scans_max = if is_whole { u32::from(components) } else { STEPS_MAX };
            if scans > scans_max {
                return None;
            }
            let is_at_once = is_whole && *body.first()? == components;
            let coefficients = COEFFICIENT * u64::from(components);
            held = held.or(Some(if is_at_once { 0 } else { coefficients }));
            coded(&mut rest)?;
        }
    }
}

/// The next marker with what belongs to it. Stray bytes and markers that hold nothing are left out,
/// as whoever shows pictures leaves them out.
fn next<'a>(rest: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    loop {
        let at = rest.iter().position(|byte| *byte == MARK)?;
        *rest = rest.get(at..)?;
        let at = rest.iter().position(|byte| *byte != MARK)?;
        *rest = rest.get(at..)?;
        match take::<1>(rest)? {
            // Nothing, and TEM.
            [0x00 | 0x01] => {}
            [marker] if RESTARTS.contains(&marker) => {}
            // Reserved: nothing says how far it goes.
            [0x02..=0xbf | START] => return None,
            [END] => return Some((END, &[])),
            [marker] => {
                let length = u16::from_be_bytes(take(rest)?).checked_sub(2)?;
                return Some((marker, take_all(rest, length.into())?));
            }
        }
    }
}

/// What is coded after the head of a scan: all until a marker that begins something else.
fn coded<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let mut at = 0;
    loop {
        at += rest.get(at..)?.iter().position(|byte| *byte == MARK)?;
        match *rest.get(at + 1)? {
            MARK => at += 1,
            0x00 => at += 2,
            byte if RESTARTS.contains(&byte) => at += 2,
            _ => return rest.split_off(..at),
        }
    }
}

/// Heads of frames, whatever they are coded by.
fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc)
}

/// Keeps a segment as far as it helps to show the picture.
fn push_needed(kept: &mut Vec<u8>, marker: u8, body: &[u8]) -> Option<()> {
    match marker {
        // Frames, and tables for coding, quantizing, lines and restarts.
        0xc0..=0xcf | 0xdb..=0xdf => push(kept, marker, &[body]),
        OF_JFIF if body.starts_with(b"JFIF\0") && body.len() >= JFIF_SIZE_BYTES => {
            push(kept, marker, &[&body[..JFIF_UNTIL_PREVIEW], &[0, 0]])
        }
        OF_ICC if body.starts_with(b"ICC_PROFILE\0") => push(kept, marker, &[body]),
        OF_ADOBE if body.starts_with(b"Adobe") && body.len() >= ADOBE_SIZE_BYTES => {
            push(kept, marker, &[&body[..ADOBE_SIZE_BYTES]])
        }
        _ => Some(()),
    }
}

fn push(kept: &mut Vec<u8>, marker: u8, parts: &[&[u8]]) -> Option<()> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    kept.extend([MARK, marker]);
    kept.extend(u16::try_from(length + 2).ok()?.to_be_bytes());
    for part in parts {
        kept.extend(*part);
    }
    Some(())
}
