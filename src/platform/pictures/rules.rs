//! What is kept of a picture: what shows it, and nothing else.
//!
//! Everything is read in one pass within the bytes that were sent; what is not known to be needed
//! goes. Cleaned once more, a picture stays as it is.

pub(super) mod jpeg;
pub(super) mod png;
pub(super) mod webp;

#[cfg(test)]
pub(super) mod tests;

use image::metadata::Orientation;

use crate::platform::blobs::rules::media_type;
use crate::platform::error::{Code, Result, code, refuse};

pub const CODES: &[Code] = &[
    code(
        "picture-damaged",
        "The file begins like a picture and is none that can be read to its end.",
        "Open it in a picture program, save it anew as JPEG or PNG, and send that.",
    ),
    code(
        "picture-kind",
        "What a picture of this kind says of places, devices and people cannot be taken out.",
        "Send it as JPEG or PNG.",
    ),
];

/// Kinds of ISO media files that are pictures (ISO/IEC 23008-12, 10; AVIF 1.1, 8): HEIC and AVIF.
const STILL_BRANDS: [&[u8; 4]; 10] =
    [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis"];
/// How a TIFF begins, and with it the raw files of most cameras (TIFF 6.0, section 2).
const TIFF_HEADS: [&[u8; 4]; 2] = [b"II*\0", b"MM\0*"];

/// Begins the Exif data of a JPEG, and in some files that of a WebP.
const EXIF_HEAD: &[u8] = b"Exif\0\0";
/// Bytes of Exif data that say nothing but how the picture is turned.
const TURN_SIZE_BYTES: usize = 26;
/// Where the number that says it stands in them.
const TURN_AT: usize = 18;

/// Whether bytes are a picture by the first of them.
pub fn is_picture(bytes: &[u8]) -> bool {
    media_type(bytes).starts_with("image/")
}

/// Refuses with `picture-kind` a picture that says where and by what it was made, and of which that
/// cannot be taken out here: HEIC, AVIF, TIFF and what cameras make of it.
pub fn check_kind(bytes: &[u8]) -> Result<()> {
    let is_still = bytes.get(4..8) == Some(b"ftyp")
        && STILL_BRANDS.iter().any(|brand| bytes.get(8..12) == Some(&brand[..]));
    if is_still || TIFF_HEADS.iter().any(|head| bytes.starts_with(*head)) {
        let detail = "This kind of picture says where and by what it was taken. Send it as JPEG.";
        return refuse("picture-kind", detail);
    }
    Ok(())
}

/// A JPEG, PNG or WebP without what is not needed to show it: no Exif, XMP, IPTC, comments, times,
/// embedded previews, second pictures, films, nor anything after its end. Its pixels, colours and
/// frames are those that were sent, bit by bit, and a picture that Exif said was turned still is.
/// Other bytes are given back as none. Refuses with `picture-damaged` what cannot be read.
pub fn clean(bytes: &[u8]) -> Result<Option<Vec<u8>>> {
    let cleaned = match media_type(bytes) {
        "image/jpeg" => jpeg::clean(bytes),
        "image/png" => png::clean(bytes),
        "image/webp" => webp::clean(bytes),
        _ => return Ok(None),
    };
    if cleaned.is_none() {
        let detail = "The picture is damaged or was cut off. Save it anew and send that.";
        return refuse("picture-damaged", detail);
    }
    Ok(cleaned)
}

/// Exif data with nothing but the orientation of other Exif data; none where that says nothing of
/// it, or that the picture is not turned.
///
/// It is the head of a TIFF file in little-endian order (TIFF 6.0, section 2) and one directory
/// with one field: tag 0x0112, one SHORT, 1 to 8 (Exif 2.32, 4.6.5 A).
fn turn_alone(exif: &[u8]) -> Option<[u8; TURN_SIZE_BYTES]> {
    let orientation = Orientation::from_exif_chunk(exif)?;
    if orientation == Orientation::NoTransforms {
        return None;
    }
    let mut turn = *b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\0\0\0\0\0\0\0\0";
    turn[TURN_AT] = orientation.to_exif();
    Some(turn)
}

/// Takes so many bytes off the front.
fn take<const COUNT: usize>(rest: &mut &[u8]) -> Option<[u8; COUNT]> {
    let (taken, left) = rest.split_first_chunk()?;
    *rest = left;
    Some(*taken)
}

/// Takes as many bytes off the front as were read from the file.
fn take_all<'a>(rest: &mut &'a [u8], count: u32) -> Option<&'a [u8]> {
    rest.split_off(..usize::try_from(count).ok()?)
}
