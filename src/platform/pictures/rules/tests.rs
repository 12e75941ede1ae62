pub(in crate::platform::pictures) mod samples;

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageReader};

use self::samples::{
    SECRET, gradient, jpeg_of, moving_webp, png_of, profile, segment, told_jpeg, told_png,
    told_webp, webp_of,
};
use super::*;
use crate::platform::error::Error;

/// A maker of pictures with secrets, by how they are turned.
type Told = fn(&DynamicImage, u8) -> Vec<u8>;

const TOLD: [(&str, Told); 3] = [("jpeg", told_jpeg), ("png", told_png), ("webp", told_webp)];

fn cleaned(bytes: &[u8]) -> Vec<u8> {
    clean(bytes).expect("it is whole").expect("it is a picture")
}

fn has(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|part| part == word)
}

fn decoder(bytes: &[u8]) -> impl ImageDecoder {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().unwrap();
    reader.into_decoder().unwrap()
}

fn pixels(bytes: &[u8]) -> DynamicImage {
    DynamicImage::from_decoder(decoder(bytes)).unwrap()
}

#[test]
fn nothing_is_left_of_what_was_said_and_all_of_what_is_seen() {
    let picture = gradient(40, 30);
    let mut all: Vec<_> = TOLD.iter().map(|(name, told)| (*name, told(&picture, 6))).collect();
    all.push(("moving webp", moving_webp(&picture)));

    for (name, sent) in all {
        assert!(has(&sent, SECRET), "{name}");
        let kept = cleaned(&sent);

        assert!(!has(&kept, SECRET), "{name}");
        assert_eq!(pixels(&kept), pixels(&sent), "{name}");
        assert_eq!(cleaned(&kept), kept, "{name}");
        let (mut kept, mut sent) = (decoder(&kept), decoder(&sent));
        assert_eq!(kept.icc_profile().unwrap(), sent.icc_profile().unwrap(), "{name}");
        assert_eq!(kept.orientation().unwrap(), sent.orientation().unwrap(), "{name}");
        assert!(kept.xmp_metadata().unwrap().is_none(), "{name}");
    }
}

#[test]
fn a_picture_stays_turned_and_one_that_is_not_says_nothing() {
    let picture = gradient(40, 30);
    for (name, told) in TOLD {
        for turned in 2..=8 {
            let kept = cleaned(&told(&picture, turned));
            assert_eq!(decoder(&kept).orientation().unwrap().to_exif(), turned, "{name}");
        }
        for none in [0, 1, 9] {
            let kept = cleaned(&told(&picture, none));
            assert!(decoder(&kept).exif_metadata().unwrap().is_none(), "{name}");
            assert!(!["Exif", "eXIf", "EXIF"].iter().any(|it| has(&kept, it.as_bytes())));
        }
    }
}

#[test]
fn a_picture_of_which_nothing_is_said_stays_as_it_is() {
    let picture = gradient(40, 30);
    for plain in [jpeg_of(&picture), png_of(&picture), webp_of(&picture)] {
        assert_eq!(cleaned(&plain), plain);
    }
}

#[test]
fn files_that_are_no_pictures_are_left_alone() {
    for other in [&b""[..], b"a note", b"%PDF-1.7 /GPS", b"GIF89a", b"RIFF\0\0\0\0WAVE"] {
        assert_eq!(clean(other).unwrap(), None);
        assert!(!is_picture(other));
    }
}

#[test]
fn pictures_that_cannot_be_cleaned_are_told_from_films_and_notes() {
    for kept_out in [&b"\0\0\0\x18ftypheic"[..], b"\0\0\0\x1cftypavif", b"II*\0\x08", b"MM\0*\0"] {
        let refused = check_kind(kept_out).expect_err("it cannot be cleaned");
        assert!(matches!(refused, Error::Rule(it) if it.code == "picture-kind"));
    }
    for kept in [&b""[..], b"\0\0\0\x18ftypisom", b"ftypheic", b"II, a note", b"%PDF-1.7"] {
        assert!(check_kind(kept).is_ok());
    }
}

#[test]
fn colours_and_profiles_are_kept() {
    let picture = gradient(40, 30);

    assert!(has(&cleaned(&told_jpeg(&picture, 6)), &profile()));
    assert!(has(&cleaned(&told_webp(&picture, 6)), &profile()));
    let png = cleaned(&told_png(&picture, 6));
    assert!(has(&png, b"gAMA") && !has(&png, b"tIME"));
}

#[test]
fn frames_of_an_animation_are_kept() {
    let picture = gradient(40, 30);
    let plain = png_of(&picture);
    let mut moving = Vec::new();
    png::push(&mut moving, *b"acTL", &[0, 0, 0, 1, 0, 0, 0, 0]).unwrap();
    png::push(&mut moving, *b"fdAT", b"a frame").unwrap();
    let apng = [&plain[..33], &moving, &plain[33..]].concat();
    let webp = cleaned(&moving_webp(&picture));

    assert_eq!(cleaned(&apng), apng);
    assert!(has(&webp, b"ANIM") && has(&webp, b"ANMF"));
    assert_eq!(webp[20], 0x02, "it moves, and says nothing else");
}

#[test]
fn the_flags_of_a_webp_say_what_is_in_it() {
    let picture = gradient(40, 30);

    assert_eq!(cleaned(&told_webp(&picture, 6))[20], 0x28);
    assert_eq!(cleaned(&told_webp(&picture, 1))[20], 0x20);
}

#[test]
fn what_stands_between_the_scans_of_a_jpeg_goes_and_coded_data_stays() {
    let coded = [1, 0xff, 0, 2, 0xff, 0xd0, 3, 0xff];
    let scan = segment(0xda, &[&[1, 1, 0, 0, 63, 0]]);
    let frame = segment(0xc2, &[&[8, 0, 8, 0, 8, 3, 1, 0x11, 0]]);
    let table = segment(0xc4, &[&[0; 17]]);
    let comment = segment(0xfe, &[SECRET]);
    let whole = |between: &[u8], after: &[u8]| {
        let parts: [&[u8]; 9] =
            [b"\xff\xd8", &frame, &scan, &coded, between, &table, &scan, &coded, b"\xff\xd9"];
        [&parts.concat(), after].concat()
    };

    let kept = cleaned(&whole(&comment, b"\xff\xd8 a second picture"));

    assert_eq!(kept, whole(&[], &[]));
}

#[test]
fn what_is_cut_off_or_no_container_is_refused() {
    let picture = gradient(9, 7);
    for (name, told) in TOLD {
        let whole = cleaned(&told(&picture, 6));
        // Shorter ones do not begin like a picture.
        for length in 12..whole.len() {
            let refused = clean(&whole[..length]).expect_err(name);
            assert!(matches!(refused, Error::Rule(it) if it.code == "picture-damaged"));
        }
    }
    let empty: [&[u8]; 6] = [
        // A reserved marker within coded data: nothing says how far it goes.
        b"\xff\xd8\xff\xc0\0\x02\xff\xda\0\x02\x01\xff\x3a\0\x02\xff\xd9",
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8\xff\xe0\0\x01JFIF",
        b"\x89PNG\r\n\x1a\n\0\0\0\0IEND\xae\x42\x60\x82",
        b"RIFF\x04\0\0\0WEBP",
        b"RIFF\xff\xff\xff\xffWEBPVP8 \xff\xff\xff\xff",
    ];
    assert!(empty.iter().all(|bytes| clean(bytes).is_err()));
}

#[test]
fn a_wrong_checksum_counts_only_where_the_picture_needs_the_chunk() {
    let plain = png_of(&gradient(9, 7));
    let mut note = Vec::new();
    png::push(&mut note, *b"tEXt", b"Title\0").unwrap();
    *note.last_mut().unwrap() ^= 1;
    assert_eq!(cleaned(&[&plain[..33], &note, &plain[33..]].concat()), plain);

    let mut damaged = plain;
    damaged[29] ^= 1;
    assert!(clean(&damaged).is_err());
}

#[test]
fn a_webp_may_leave_out_a_last_byte_that_it_counts() {
    let plain = webp_of(&gradient(9, 7));
    let mut counted = plain.clone();
    counted[4] += 1;
    assert_eq!(cleaned(&counted), plain);
    counted[4] += 1;
    assert!(clean(&counted).is_err());
}

#[test]
fn a_png_that_needs_something_unknown_is_refused() {
    let plain = png_of(&gradient(9, 7));
    let mut unknown = Vec::new();
    png::push(&mut unknown, *b"CgBI", &[0; 4]).unwrap();

    assert!(clean(&[&plain[..33], &unknown, &plain[33..]].concat()).is_err());
    assert!(clean(&[&plain[..8], &unknown, &plain[8..]].concat()).is_err());
}

#[test]
fn no_flipped_bit_makes_it_panic_or_grow() {
    let picture = gradient(24, 16);
    let all = TOLD.map(|(_, told)| told(&picture, 6));
    for sent in all.into_iter().chain([moving_webp(&picture)]) {
        for at in 0..sent.len() {
            let mut flipped = sent.clone();
            flipped[at] ^= 1 << (at % 8);
            if let Ok(Some(kept)) = clean(&flipped) {
                assert!(kept.len() <= flipped.len());
                assert_eq!(cleaned(&kept), kept, "byte {at}");
            }
        }
    }
}
