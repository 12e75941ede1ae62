//! Typed codes, and the codes on paper.

use unicode_normalization::UnicodeNormalization;

use super::totp::base32;
use crate::platform::random::Random;
use crate::platform::secret::Secret;

/// Codes in a set.
pub(super) const CODES: i64 = 10;
/// 80 bits: nobody guesses or searches them, so SHA-256 is enough of a hash.
const RANDOM_BYTES: usize = 10;
const RANDOM_CHARS: usize = 16;
/// Digits of an authenticator app's code.
const TOTP_DIGITS: usize = 6;
/// A typed code is looked at to here.
const TYPED_LENGTH_MAX: usize = 64;

/// A code somebody typed or pasted, without blanks, dashes and case.
#[derive(Debug, Clone)]
pub(super) enum Typed {
    Totp(Secret),
    /// Its number, and all of it.
    Backup(i64, Secret),
    Neither,
}

impl Typed {
    pub(super) fn read(text: &Secret) -> Self {
        let kept: String = text
            .reveal()
            .chars()
            .take(TYPED_LENGTH_MAX)
            .nfkc()
            .filter(char::is_ascii_alphanumeric)
            .map(|one| one.to_ascii_uppercase())
            .collect();
        if kept.len() == TOTP_DIGITS && kept.bytes().all(|one| one.is_ascii_digit()) {
            return Self::Totp(Secret::new(kept));
        }
        let number = kept.chars().next().and_then(|one| one.to_digit(10));
        match number {
            Some(number) if kept.len() == 1 + RANDOM_CHARS => {
                Self::Backup(i64::from(number), Secret::new(as_written(&kept)))
            }
            _ => Self::Neither,
        }
    }
}

/// Puts right what is misread on paper: the codes have no 0, 1 and 8 behind their number.
fn as_written(kept: &str) -> String {
    let (number, rest) = kept.split_at(1);
    let rest = rest.chars().map(|one| match one {
        '0' => 'O',
        '1' => 'I',
        '8' => 'B',
        other => other,
    });
    number.chars().chain(rest).collect()
}

/// Makes a code as it is shown, `3-ABCD-EFGH-IJKL-MNOP`, and as it is compared.
pub(super) fn make(number: i64, random: &Random) -> (String, Secret) {
    let text = base32(&random.bytes::<RANDOM_BYTES>());
    let groups: Vec<&str> = [0, 4, 8, 12].into_iter().map(|at| &text[at..at + 4]).collect();
    (format!("{number}-{}", groups.join("-")), Secret::new(format!("{number}{}", *text)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::clock::Clock;

    #[test]
    fn codes_are_read_as_people_type_and_paste_them() {
        for text in ["123456", " 123 456 ", "123-456", "１２３４５６", "123\u{a0}456\n"] {
            let Typed::Totp(code) = Typed::read(&Secret::new(text)) else { panic!("{text:?}") };
            assert_eq!(code.reveal(), "123456");
        }
        for text in ["", "12345", "1234567", "12345x", "ABCDEFGHIJKLMNOPQ"] {
            assert!(matches!(Typed::read(&Secret::new(text)), Typed::Neither), "{text:?}");
        }
    }

    #[test]
    fn a_code_on_paper_reads_back_however_it_is_typed() {
        let random = Random::new(Clock::System);

        for number in 0..CODES {
            let (shown, kept) = make(number, &random);

            assert_eq!(shown.len(), "N-XXXX-XXXX-XXXX-XXXX".len());
            let typed = shown.to_lowercase().replace('-', " ");
            let misread = shown[..2].to_owned() + &shown[2..].replace('O', "0").replace('I', "1");
            for text in [&shown, &typed, &misread] {
                let Typed::Backup(read, code) = Typed::read(&Secret::new(text.as_str())) else {
                    panic!("{text:?}")
                };
                assert_eq!((read, code.reveal()), (number, kept.reveal()));
            }
        }
    }
}
