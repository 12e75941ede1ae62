use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use image::GenericImageView;

use super::*;
use crate::platform::pictures::rules::clean;
use crate::platform::pictures::rules::png::push as png_chunk;
use crate::platform::pictures::rules::tests::samples::{
    gradient, jpeg_of, moving_webp, noise, png_of, profile, segment, told_jpeg, told_png,
    told_webp, webp_of,
};

fn shown(bytes: &[u8]) -> DynamicImage {
    image::load_from_memory(bytes).expect("a picture")
}

fn cleaned(bytes: &[u8]) -> Vec<u8> {
    clean(bytes).expect("it is whole").expect("it is a picture")
}

#[test]
fn a_photo_is_made_small_and_the_right_way_up() {
    let picture = gradient(450, 300);
    for told in [told_jpeg, told_png, told_webp] {
        let flat = of(&cleaned(&told(&picture, 1))).expect("a small picture");
        let upright = of(&cleaned(&told(&picture, 6))).expect("a small picture");

        assert_eq!(media_type(&flat), "image/jpeg");
        assert_eq!(shown(&flat).dimensions(), (320, 213));
        let upright = shown(&upright);
        assert_eq!(upright.dimensions(), (213, 320));
        // What was at the lower left is at the upper left: green, not red.
        let [red, green, ..] = upright.get_pixel(2, 2).0;
        assert!(red < 30 && green > 225, "{red} {green}");
    }
}

#[test]
fn what_is_seen_through_stays_so() {
    let mut picture = noise(400, 400).into_rgba8();
    let opaque = of(&png_of(&picture.clone().into())).expect("a small picture");
    picture.put_pixel(0, 0, image::Rgba([0, 0, 0, 0]));
    picture.put_pixel(1, 0, image::Rgba([0, 0, 0, 0]));
    let transparent = of(&png_of(&picture.into())).expect("a small picture");

    assert_eq!(media_type(&opaque), "image/jpeg");
    assert_eq!(media_type(&transparent), "image/png");
    assert!(shown(&transparent).get_pixel(0, 0).0[3] < u8::MAX);
}

#[test]
fn a_small_picture_is_never_larger_than_the_picture() {
    let small = of(&png_of(&noise(200, 100))).expect("a small picture");
    assert_eq!(shown(&small).dimensions(), (200, 100));

    assert_eq!(of(&png_of(&gradient(1, 1))), None);
    assert_eq!(fitting(320, 320), (320, 320));
    assert_eq!(fitting(321, 1), (320, 1));
    assert_eq!(fitting(1, 60_000), (1, 320));
    assert_eq!(fitting(4_000, 3_000), (320, 240));
}

#[test]
fn colours_of_a_camera_are_kept_and_a_heavy_profile_is_not() {
    let kept = of(&cleaned(&told_jpeg(&gradient(900, 600), 1))).expect("a small picture");

    let mut decoder = super::decoder(&kept).expect("a decoder");
    assert_eq!(decoder.icc_profile().unwrap(), Some(profile()));
    assert!(!is_worth_it(&[0; 140]));
    let mut heavy = profile();
    heavy.resize(PROFILE_SIZE_BYTES_MAX + 1, 0);
    assert!(!is_worth_it(&heavy));
}

#[test]
fn a_picture_that_would_take_too_much_memory_has_no_small_one() {
    let mut png = png_of(&gradient(9, 7));
    png[16..24].copy_from_slice(&[60_000_u32.to_be_bytes(); 2].concat());
    let head = crc32fast::hash(&png[12..29]);
    png[29..33].copy_from_slice(&head.to_be_bytes());
    let mut jpeg = jpeg_of(&gradient(9, 7));
    let frame = jpeg.windows(2).position(|it| it == [0xff, 0xc0]).expect("a frame");
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff, 0xdc, 0xff, 0xdc]);
    let mut webp = webp_of(&gradient(9, 7));
    webp[21..24].copy_from_slice(&[0xff; 3]);

    for bomb in [png, jpeg, webp] {
        assert_eq!(of(&cleaned(&bomb)), None);
    }
    // What the container says of itself counts for nothing.
    let mut hidden = told_webp(&gradient(9, 7), 1);
    let coded = hidden.windows(4).position(|it| it == b"VP8L").expect("coded data");
    hidden[coded + 9..coded + 12].copy_from_slice(&[0xff; 3]);
    assert!(super::decoder(&cleaned(&hidden)).is_none());
}

#[test]
fn a_jpeg_of_several_scans_is_known_to_take_more() {
    let mut jpeg = jpeg_of(&gradient(9, 7));
    let frame = jpeg.windows(2).position(|it| it == [0xff, 0xc0]).expect("a frame");

    assert_eq!(super::jpeg::decoded_pixel_bytes(&jpeg), Some(3));
    jpeg[frame + 1] = 0xc2;
    assert_eq!(super::jpeg::decoded_pixel_bytes(&jpeg), Some(9));
}

#[test]
fn a_jpeg_that_is_gone_through_too_often_has_no_small_one() {
    let of_scans = |frame: u8, components: u8, count: usize| {
        let frame = segment(frame, &[&[8, 0, 8, 0, 8, components]]);
        let scan = [&segment(0xda, &[&[1, 1, 0, 0, 63, 0]]), &[1, 2, 3][..]].concat();
        [&b"\xff\xd8"[..], &frame, &scan.repeat(count), b"\xff\xd9"].concat()
    };
    let bytes = |frame, components, count| {
        super::jpeg::decoded_pixel_bytes(&of_scans(frame, components, count))
    };

    assert_eq!([bytes(0xc0, 1, 1), bytes(0xc0, 3, 3)], [Some(3), Some(9)]);
    assert_eq!([bytes(0xc0, 1, 2), bytes(0xc1, 3, 4)], [None, None]);
    assert_eq!([bytes(0xc2, 3, 32), bytes(0xc2, 3, 33)], [Some(9), None]);
}

#[test]
fn a_webp_without_loss_may_hold_more_than_it_says() {
    let mut webp = webp_of(&gradient(9, 7));
    assert!(super::decoder(&webp).is_some());
    let at = webp.windows(4).position(|it| it == b"VP8L").expect("coded data");
    // Tables of so many bytes could stand for more memory than there may be.
    let many = u32::try_from(DECODED_BYTES_MAX / LOSSLESS_BYTE_BYTES).expect("few") & !1;
    webp.resize(at + 8 + many as usize, 0);
    webp[at + 4..at + 8].copy_from_slice(&many.to_le_bytes());
    let length = u32::try_from(webp.len() - 8).expect("few");
    webp[4..8].copy_from_slice(&length.to_le_bytes());

    assert_eq!(super::webp::coded(&webp).expect("chunks").lossless_size_bytes, u64::from(many));
    assert!(super::decoder(&webp).is_none());
}

#[test]
fn a_profile_that_unpacks_to_much_is_left_out() {
    let plain = png_of(&noise(400, 400));
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&vec![0; 20_000_000]).expect("room");
    let packed = packed.finish().expect("room");
    let mut bomb = Vec::new();
    png_chunk(&mut bomb, *b"iCCP", &[b"a\0\0", &packed[..]].concat()).expect("room");
    let bomb = [&plain[..33], &bomb, &plain[33..]].concat();

    let mut decoder = super::decoder(&bomb).expect("a decoder");
    assert_eq!(decoder.icc_profile().unwrap(), None);
    assert!(of(&bomb).is_some());
}

#[test]
fn no_flipped_bit_makes_a_decoder_panic() {
    let picture = gradient(24, 16);
    for sent in [jpeg_of(&picture), png_of(&picture), webp_of(&picture), moving_webp(&picture)] {
        for at in 0..sent.len() {
            let mut flipped = sent.clone();
            flipped[at] ^= 1 << (at % 8);
            if let Ok(Some(kept)) = clean(&flipped) {
                of(&kept);
            }
        }
    }
}
