//! A small picture of a picture, made within a bound of memory.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageEncoder, ImageFormat, ImageReader, Limits};

use super::rules::{jpeg, webp};
use crate::platform::blobs::rules::media_type;

/// The longest side of a small picture.
pub const SIDE_PIXELS_MAX: u32 = 320;
/// Bytes that decoding a picture may take. It is enough for 66 megapixels of a camera's JPEG, 22
/// of one that comes in several scans, 50 of a PNG with transparency and 12 of a WebP.
pub const DECODED_BYTES_MAX: u64 = 200_000_000;
/// Of what a PNG says beside its pixels, unpacked: a colour profile of some hundred bytes may say
/// that it is a thousand times as long.
const SAID_BYTES_MAX: u64 = 8_000_000;
/// Of a WebP's pixel while it is decoded: its planes, its transparency, its frame, the frames
/// before it, and what comes out.
const WEBP_PIXEL_BYTES: u64 = 16;
/// Of a byte of a WebP without loss: a few may stand for a table of 50,000 (RFC 9649, 3.7.2).
const LOSSLESS_BYTE_BYTES: u64 = 512;
/// Of 100.
const JPEG_QUALITY: u8 = 80;
/// A colour profile that is larger would outweigh the small picture.
const PROFILE_SIZE_BYTES_MAX: usize = 4096;

/// A small picture of a cleaned one, the right way up: a JPEG, or a PNG where it has transparency.
/// None of what cannot be decoded, would take too much memory, or is as small already. Takes long.
pub fn of(picture: &[u8]) -> Option<Vec<u8>> {
    let mut decoder = decoder(picture)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let profile = decoder.icc_profile().ok().flatten().filter(|profile| is_worth_it(profile));
    let whole = DynamicImage::from_decoder(decoder).ok()?;
    let (width, height) = fitting(whole.width(), whole.height());
    let is_smaller = (width, height) != (whole.width(), whole.height());
    let mut small = if is_smaller { whole.thumbnail_exact(width, height) } else { whole };
    small.apply_orientation(orientation);
    encoded(small, profile).filter(|bytes| bytes.len() < picture.len())
}

/// What decodes a picture, if that takes no more memory than it may.
fn decoder(picture: &[u8]) -> Option<impl ImageDecoder> {
    let format = ImageFormat::from_mime_type(media_type(picture))?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(SAID_BYTES_MAX);
    let mut reader = ImageReader::with_format(Cursor::new(picture), format);
    reader.limits(limits);
    let decoder = reader.into_decoder().ok()?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    let needed = match format {
        ImageFormat::Jpeg => pixels.saturating_mul(jpeg::decoded_pixel_bytes(picture)?),
        ImageFormat::WebP => {
            let coded = webp::coded(picture)?;
            let lossless = coded.lossless_size_bytes * LOSSLESS_BYTE_BYTES;
            pixels.max(coded.pixels_max) * WEBP_PIXEL_BYTES + lossless
        }
        _ => decoder.total_bytes(),
    };
    (needed <= DECODED_BYTES_MAX).then_some(decoder)
}

/// Cameras say with a few hundred bytes that their colours are richer. What is said of other
/// colours than red, green and blue is not true of the small picture.
fn is_worth_it(profile: &[u8]) -> bool {
    profile.len() <= PROFILE_SIZE_BYTES_MAX && profile.get(16..20) == Some(b"RGB ")
}

/// The size of a small picture of one of this size, in pixels; never larger.
fn fitting(width: u32, height: u32) -> (u32, u32) {
    let longest = u64::from(width.max(height));
    if longest <= SIDE_PIXELS_MAX.into() {
        return (width, height);
    }
    let scaled = |side: u32| {
        let rounded = (u64::from(side) * u64::from(SIDE_PIXELS_MAX) + longest / 2) / longest;
        u32::try_from(rounded).unwrap_or(SIDE_PIXELS_MAX).max(1)
    };
    (scaled(width), scaled(height))
}

fn encoded(small: DynamicImage, profile: Option<Vec<u8>>) -> Option<Vec<u8>> {
    let profile = profile.unwrap_or_default();
    let mut bytes = Vec::new();
    if is_transparent(&small) {
        let mut encoder = PngEncoder::new(&mut bytes);
        encoder.set_icc_profile(profile).ok()?;
        small.into_rgba8().write_with_encoder(encoder).ok()?;
    } else {
        let mut encoder = JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY);
        encoder.set_icc_profile(profile).ok()?;
        small.into_rgb8().write_with_encoder(encoder).ok()?;
    }
    Some(bytes)
}

fn is_transparent(picture: &DynamicImage) -> bool {
    picture.has_alpha() && picture.to_rgba8().pixels().any(|pixel| pixel.0[3] < u8::MAX)
}

#[cfg(test)]
mod tests;
