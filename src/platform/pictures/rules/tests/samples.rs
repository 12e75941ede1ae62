//! Pictures with a secret in every place where programs put one.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, Rgb, RgbImage};

use crate::platform::pictures::rules::{png, webp};

/// Five pixels of a preview.
pub(in crate::platform::pictures) const SECRET: &[u8; 15] = b"52.5163N-secret";

/// Red grows to the right and green downwards; blue is what no encoder makes small.
pub(in crate::platform::pictures) fn gradient(width: u32, height: u32) -> DynamicImage {
    let share = |at: u32, of: u32| u8::try_from(at * 255 / of).unwrap();
    RgbImage::from_fn(width, height, |x, y| {
        Rgb([share(x, width), share(y, height), hashed(x, y)[0]])
    })
    .into()
}

pub(in crate::platform::pictures) fn noise(width: u32, height: u32) -> DynamicImage {
    RgbImage::from_fn(width, height, |x, y| {
        let [red, green, blue, _] = hashed(x, y);
        Rgb([red, green, blue])
    })
    .into()
}

fn hashed(x: u32, y: u32) -> [u8; 4] {
    (x.wrapping_mul(2_654_435_761) ^ y).wrapping_mul(0x85eb_ca6b).to_be_bytes()
}

pub(in crate::platform::pictures) fn jpeg_of(picture: &DynamicImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, 90)).unwrap();
    bytes
}

pub(in crate::platform::pictures) fn png_of(picture: &DynamicImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    picture.write_with_encoder(PngEncoder::new(&mut bytes)).unwrap();
    bytes
}

pub(in crate::platform::pictures) fn webp_of(picture: &DynamicImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    picture.write_with_encoder(WebPEncoder::new_lossless(&mut bytes)).unwrap();
    bytes
}

/// Exif data as a phone writes it: the maker, the orientation, where it was.
pub(in crate::platform::pictures) fn exif(orientation: u8) -> Vec<u8> {
    const WHERE_AT: u32 = 50;
    const SECRET_AT: u32 = 68;
    let length = u32::try_from(SECRET.len()).unwrap();
    let mut bytes = b"MM\0\x2a\0\0\0\x08\0\x03".to_vec();
    field(&mut bytes, 0x010f, 2, [length, SECRET_AT]);
    field(&mut bytes, 0x0112, 3, [1, u32::from(orientation) << 16]);
    field(&mut bytes, 0x8825, 4, [1, WHERE_AT]);
    bytes.extend([0, 0, 0, 0, 0, 1]);
    field(&mut bytes, 0x001d, 2, [length, SECRET_AT]);
    bytes.extend([0; 4]);
    bytes.extend(SECRET);
    bytes
}

fn field(bytes: &mut Vec<u8>, tag: u16, kind: u16, [count, value]: [u32; 2]) {
    bytes.extend(tag.to_be_bytes());
    bytes.extend(kind.to_be_bytes());
    bytes.extend(count.to_be_bytes());
    bytes.extend(value.to_be_bytes());
}

/// A colour profile as far as anybody here reads it.
pub(in crate::platform::pictures) fn profile() -> Vec<u8> {
    let mut bytes = vec![0; 140];
    bytes[16..20].copy_from_slice(b"RGB ");
    bytes
}

pub(in crate::platform::pictures) fn segment(marker: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
    [&[0xff, marker], &length[..], &body].concat()
}

/// A photo with a preview, a film behind it, and all that is said of it.
pub(in crate::platform::pictures) fn told_jpeg(picture: &DynamicImage, turned: u8) -> Vec<u8> {
    let plain = jpeg_of(picture);
    let jfif_end = 20;
    assert_eq!(&plain[2..11], b"\xff\xe0\0\x10JFIF\0");
    let told = [
        segment(0xe0, &[&plain[6..18], &[5, 1], SECRET]),
        segment(0xe0, &[b"JFXX\0\x13", SECRET]),
        segment(0xe1, &[b"Exif\0\0", &exif(turned)]),
        segment(0xe1, &[b"http://ns.adobe.com/xap/1.0/\0", SECRET]),
        segment(0xe2, &[b"MPF\0", SECRET]),
        segment(0xe2, &[b"ICC_PROFILE\0\x01\x01", &profile()]),
        segment(0xed, &[b"Photoshop 3.0\0", SECRET]),
        segment(0xfe, &[SECRET]),
        // What nobody reads.
        SECRET.to_vec(),
    ]
    .concat();
    let film = [b"\0\0\0\x18ftypmp42", &SECRET[..]].concat();
    [&plain[..2], &told, &plain[jfif_end..], &film].concat()
}

pub(in crate::platform::pictures) fn told_png(picture: &DynamicImage, turned: u8) -> Vec<u8> {
    let plain = png_of(picture);
    let header_end = 8 + 25;
    let mut told = Vec::new();
    for (kind, body) in [
        (b"tEXt", [b"Comment\0", &SECRET[..]].concat()),
        (b"iTXt", [b"XML:com.adobe.xmp\0\0\0\0\0", &SECRET[..]].concat()),
        (b"eXIf", exif(turned)),
        (b"tIME", b"\x07\xea\x0b\x17\x04\x38\x00".to_vec()),
        (b"gAMA", 45_455_u32.to_be_bytes().to_vec()),
        (b"prVt", SECRET.to_vec()),
    ] {
        png::push(&mut told, *kind, &body).unwrap();
    }
    [&plain[..header_end], &told, &plain[header_end..], SECRET].concat()
}

/// The coded picture of a WebP that is nothing else.
fn coded(picture: &DynamicImage) -> Vec<u8> {
    let plain = webp_of(picture);
    assert_eq!(&plain[8..16], b"WEBPVP8L");
    let length = u32::from_le_bytes(plain[16..20].try_into().unwrap());
    plain[20..20 + usize::try_from(length).unwrap()].to_vec()
}

fn contained(chunks: &[([u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut body = b"WEBP".to_vec();
    for (kind, chunk) in chunks {
        webp::push(&mut body, *kind, chunk).unwrap();
    }
    let length = u32::try_from(body.len()).unwrap().to_le_bytes();
    [b"RIFF", &length[..], &body, SECRET].concat()
}

fn extended(flags: u8, picture: &DynamicImage) -> Vec<u8> {
    let side = |side: u32| (side - 1).to_le_bytes()[..3].to_vec();
    let (width, height) = (side(picture.width()), side(picture.height()));
    [&[flags, 0, 0, 0][..], &width, &height].concat()
}

pub(in crate::platform::pictures) fn told_webp(picture: &DynamicImage, turned: u8) -> Vec<u8> {
    contained(&[
        (*b"VP8X", extended(0x2c, picture)),
        (*b"ICCP", profile()),
        (*b"VP8L", coded(picture)),
        (*b"EXIF", exif(turned)),
        (*b"XMP ", SECRET.to_vec()),
        (*b"secr", SECRET.to_vec()),
    ])
}

/// An animation of one frame.
pub(in crate::platform::pictures) fn moving_webp(picture: &DynamicImage) -> Vec<u8> {
    let said = extended(0x06, picture);
    let mut frame = [&[0; 6], &said[4..10], &[100, 0, 0, 0]].concat();
    webp::push(&mut frame, *b"VP8L", &coded(picture)).unwrap();
    webp::push(&mut frame, *b"secr", SECRET).unwrap();
    contained(&[
        (*b"VP8X", said),
        (*b"ANIM", vec![0; 6]),
        (*b"ANMF", frame),
        (*b"XMP ", SECRET.to_vec()),
    ])
}
