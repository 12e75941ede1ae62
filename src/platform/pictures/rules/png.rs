//! PNG: chunks with a checksum each (PNG, third edition, 5.3).

use super::{take, take_all, turn_alone};

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// What shows a picture: itself, its transparency, colours, background, shape of pixels, frames.
const NEEDED: [[u8; 4]; 17] = [
    *b"IHDR", *b"PLTE", *b"IDAT", *b"tRNS", *b"cHRM", *b"gAMA", *b"iCCP", *b"sBIT", *b"sRGB",
    *b"cICP", *b"mDCV", *b"cLLI", *b"bKGD", *b"pHYs", *b"acTL", *b"fcTL", *b"fdAT",
];

/// The picture without what is not needed to show it; none where it cannot be read to its end.
pub(super) fn clean(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut rest = bytes.strip_prefix(SIGNATURE)?;
    let mut kept = Vec::with_capacity(bytes.len());
    kept.extend(SIGNATURE);
    let (mut has_data, mut has_exif) = (false, false);
    loop {
        let (kind, body, is_right) = next(&mut rest)?;
        let is_critical = kind[0].is_ascii_uppercase();
        if !is_right && !is_critical {
            continue;
        }
        if !is_right {
            return None;
        }
        if kept.len() == SIGNATURE.len() && kind != *b"IHDR" {
            return None;
        }
        match &kind {
            b"IEND" => break,
            b"eXIf" if !has_exif => {
                has_exif = true;
                if let Some(turn) = turn_alone(body) {
                    push(&mut kept, kind, &turn)?;
                }
            }
            _ if NEEDED.contains(&kind) => {
                has_data |= kind == *b"IDAT";
                push(&mut kept, kind, body)?;
            }
            // A picture that cannot be shown without something unknown.
            _ if is_critical => return None,
            _ => {}
        }
    }
    push(&mut kept, *b"IEND", &[])?;
    has_data.then_some(kept)
}

/// The next chunk, and whether it is what its checksum says.
fn next<'a>(rest: &mut &'a [u8]) -> Option<([u8; 4], &'a [u8], bool)> {
    let length = u32::from_be_bytes(take(rest)?);
    let kind = take(rest)?;
    let body = take_all(rest, length)?;
    let said = u32::from_be_bytes(take(rest)?);
    Some((kind, body, said == checksum(kind, body)))
}

pub(in crate::platform::pictures) fn push(
    kept: &mut Vec<u8>,
    kind: [u8; 4],
    body: &[u8],
) -> Option<()> {
    kept.extend(u32::try_from(body.len()).ok()?.to_be_bytes());
    kept.extend(kind);
    kept.extend(body);
    kept.extend(checksum(kind, body).to_be_bytes());
    Some(())
}

fn checksum(kind: [u8; 4], body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&kind);
    hasher.update(body);
    hasher.finalize()
}
