//! Codes of authenticator apps (RFC 6238): HMAC-SHA-1, six digits, a new one every thirty seconds.
//!
//! SHA-1 because that is what every app computes; its weakness, collisions, does not touch HMAC.

use aws_lc_rs::hmac;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::platform::clock::Moment;

/// As long as the hash, as RFC 4226 advises.
pub const SECRET_BYTES: usize = 20;
const STEP_MS: i64 = 30_000;
/// Steps before and after the present one that are taken: clocks of phones differ.
const DRIFT_STEPS: i64 = 1;
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What a typed code is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// Good; the step it is of.
    Fresh(i64),
    /// It was good once, or a newer one was used since.
    Used,
    Wrong,
}

/// Compares a code with those of the steps around now. No step up to `last_step` counts again.
pub fn check(secret: &[u8], code: &str, now: Moment, last_step: i64) -> Match {
    let present = step_at(now);
    let mut found = Match::Wrong;
    for step in present - DRIFT_STEPS..=present + DRIFT_STEPS {
        if bool::from(code_of(secret, step).as_bytes().ct_eq(code.as_bytes())) {
            found = if step > last_step { Match::Fresh(step) } else { Match::Used };
        }
    }
    found
}

/// The step of a moment.
pub fn step_at(now: Moment) -> i64 {
    now.0.div_euclid(STEP_MS)
}

/// The code of a step.
pub fn code_of(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let hash = tag.as_ref();
    let offset = usize::from(hash.last().copied().unwrap_or_default() & 15);
    let four = hash.iter().skip(offset).take(4).fold(0_u32, |sum, one| sum << 8 | u32::from(*one));
    format!("{:06}", (four & 0x7fff_ffff) % 1_000_000)
}

/// What an app reads from the QR code.
pub fn uri(issuer: &str, account: &str, secret: &[u8]) -> String {
    let (issuer, account) = (encoded(issuer), encoded(account));
    format!(
        "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits=6&\
         period=30",
        *base32(secret)
    )
}

/// Everything but letters, digits and `-._~` as `%XX`.
fn encoded(text: &str) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("a String takes all");
        }
    }
    out
}

/// RFC 4648 without padding: no digit of it looks like a letter of it.
pub fn base32(bytes: &[u8]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(bytes.len().div_ceil(5) * 8));
    let (mut held, mut bits) = (0_u32, 0);
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(digit(held >> bits));
        }
    }
    if bits > 0 {
        text.push(digit(held << (5 - bits)));
    }
    text
}

fn digit(value: u32) -> char {
    char::from(ALPHABET[(value & 31) as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238, appendix B.
    const SECRET: &[u8] = b"12345678901234567890";

    #[test]
    fn codes_are_those_of_the_standard() {
        let at = |seconds: i64| code_of(SECRET, step_at(Moment(seconds * 1_000)));

        // The last six of the eight digits in RFC 6238, appendix B.
        assert_eq!(at(59), "287082");
        assert_eq!(at(1_111_111_109), "081804");
        assert_eq!(at(1_111_111_111), "050471");
        assert_eq!(at(1_234_567_890), "005924");
        assert_eq!(at(2_000_000_000), "279037");
        assert_eq!(at(20_000_000_000), "353130");
    }

    #[test]
    fn a_code_is_taken_one_step_early_or_late_and_no_further() {
        let now = Moment(1_234_567_890_000);
        let present = step_at(now);

        for (drift, expected) in [
            (-2, Match::Wrong),
            (-1, Match::Fresh(present - 1)),
            (0, Match::Fresh(present)),
            (1, Match::Fresh(present + 1)),
            (2, Match::Wrong),
        ] {
            let code = code_of(SECRET, present + drift);
            assert_eq!(check(SECRET, &code, now, 0), expected, "{drift}");
        }
    }

    #[test]
    fn a_step_counts_once_and_none_before_it_again() {
        let now = Moment(1_234_567_890_000);
        let present = step_at(now);

        for drift in [-1, 0] {
            let code = code_of(SECRET, present + drift);
            assert_eq!(check(SECRET, &code, now, present), Match::Used, "{drift}");
        }
        let next = code_of(SECRET, present + 1);
        assert_eq!(check(SECRET, &next, now, present), Match::Fresh(present + 1));
    }

    #[test]
    fn what_is_no_code_is_wrong() {
        for code in ["", "5924", "05924", "0005924", "005924 ", "٠٠٥٩٢٤", "00592x"] {
            let now = Moment(1_234_567_890_000);
            assert_eq!(check(SECRET, code, now, 0), Match::Wrong, "{code:?}");
        }
    }

    #[test]
    fn base32_is_that_of_the_standard() {
        for (plain, text) in [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foobar", "MZXW6YTBOI")] {
            assert_eq!(*base32(plain.as_bytes()), text);
        }
    }

    #[test]
    fn the_address_holds_any_name() {
        let uri = uri("Café & Söhne", "ana@example.com", b"foobar");

        assert_eq!(
            uri,
            "otpauth://totp/Caf%C3%A9%20%26%20S%C3%B6hne:ana%40example.com?secret=MZXW6YTBOI&\
             issuer=Caf%C3%A9%20%26%20S%C3%B6hne&algorithm=SHA1&digits=6&period=30"
        );
    }
}
