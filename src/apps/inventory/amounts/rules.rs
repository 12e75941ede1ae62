//! Amounts are integers from the request to the table; nothing ever passes through a float.
//! Rounding happens once, half away from zero, where a product or a share is made.

use std::fmt;

use crate::platform::error::{Code, code};

/// A quantity in thousandths, |q| ≤ `QTY_MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Qty(i64);

/// A price, cost or worth in ten-thousandths of the workspace's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(i64);

/// Largest quantity, in thousandths: numeric(14,3).
pub const QTY_MAX: i64 = 99_999_999_999_999;
/// Largest minimum, maximum, step or pack, in thousandths: numeric(12,3).
pub const QTY_LIMIT_MAX: i64 = 999_999_999_999;
/// Largest price or cost, in ten-thousandths: numeric(14,4).
pub const PRICE_MAX: i64 = 99_999_999_999_999;

const QTY_DECIMALS: usize = 3;
const MONEY_DECIMALS: usize = 4;
/// Thousandths in one.
const QTY_SCALE: i128 = 1_000;

/// What can be wrong here, for people.
pub const CODES: &[Code] = &[
    code("amount-empty", "An amount is missing.", "Write a number such as 12.5."),
    code("amount-blank", "An amount has blanks in it.", "Write it without blanks."),
    code(
        "amount-comma",
        "An amount has a comma or a mark for thousands.",
        "Write a point before the decimals and nothing else.",
    ),
    code(
        "amount-point",
        "A file with decimal commas has a point in an amount.",
        "Remove the mark for thousands.",
    ),
    code("amount-exponent", "An amount is written with an exponent.", "Write all of its digits."),
    code(
        "amount-not-a-number",
        "A text stands where an amount is needed.",
        "Write a number such as 12.5.",
    ),
    code(
        "amount-digits",
        "An amount has digits other than 0 to 9.",
        "Write it with the digits 0 to 9.",
    ),
    code("amount-negative-zero", "Zero has a sign.", "Write 0."),
    code(
        "amount-decimals",
        "An amount has more decimals than are kept.",
        "Quantities have three, prices four decimals. Round it yourself.",
    ),
    code("amount-too-large", "An amount is larger than can be kept.", "Use a larger unit."),
    code(
        "amount-negative",
        "An amount is below zero where that means nothing.",
        "Write zero or more.",
    ),
    code("amount-zero", "An amount is zero where that means nothing.", "Write more than zero."),
    code("amount-malformed", "An amount cannot be read.", "Write a number such as 12.5."),
];

/// Why a text is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmountFault {
    Empty,
    Blank,
    Comma,
    Exponent,
    NotANumber,
    ForeignDigits,
    NegativeZero,
    Decimals { max: usize },
    TooLarge,
    Negative,
    Zero,
    Malformed,
}

impl AmountFault {
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "amount-empty",
            Self::Blank => "amount-blank",
            Self::Comma => "amount-comma",
            Self::Exponent => "amount-exponent",
            Self::NotANumber => "amount-not-a-number",
            Self::ForeignDigits => "amount-digits",
            Self::NegativeZero => "amount-negative-zero",
            Self::Decimals { .. } => "amount-decimals",
            Self::TooLarge => "amount-too-large",
            Self::Negative => "amount-negative",
            Self::Zero => "amount-zero",
            Self::Malformed => "amount-malformed",
        }
    }
}

impl fmt::Display for AmountFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("A number is needed here."),
            Self::Blank => f.write_str("Write the number without blanks."),
            Self::Comma => f.write_str("Write a point before the decimals and no other marks."),
            Self::Exponent => f.write_str("Write the number out, without an exponent."),
            Self::NotANumber => f.write_str("This is not a number."),
            Self::ForeignDigits => f.write_str("Write the number with the digits 0 to 9."),
            Self::NegativeZero => f.write_str("Write zero without a sign."),
            Self::Decimals { max } => write!(f, "At most {max} decimals are kept."),
            Self::TooLarge => f.write_str("The number is too large."),
            Self::Negative => f.write_str("The number cannot be below zero."),
            Self::Zero => f.write_str("The number must be above zero."),
            Self::Malformed => f.write_str("Write a number such as 12.5."),
        }
    }
}

impl Qty {
    pub const ZERO: Self = Self(0);
    pub const ONE: Self = Self(1_000);
    /// The finest step: a thousandth.
    pub const FINEST: Self = Self(1);

    /// Reads a quantity with at most three decimals.
    pub fn parse(text: &str) -> Result<Self, AmountFault> {
        parse_scaled(text, QTY_DECIMALS, QTY_MAX).map(Self)
    }

    /// Reads a minimum or maximum: zero or more, numeric(12,3).
    pub fn parse_limit(text: &str) -> Result<Self, AmountFault> {
        let qty = parse_scaled(text, QTY_DECIMALS, QTY_LIMIT_MAX).map(Self)?;
        if qty.0 < 0 { Err(AmountFault::Negative) } else { Ok(qty) }
    }

    /// Reads a step or a pack size: above zero, numeric(12,3).
    pub fn parse_step(text: &str) -> Result<Self, AmountFault> {
        match Self::parse_limit(text)? {
            Self::ZERO => Err(AmountFault::Zero),
            step => Ok(step),
        }
    }

    /// From thousandths, if within range.
    pub const fn from_thousandths(thousandths: i64) -> Option<Self> {
        if thousandths > QTY_MAX || thousandths < -QTY_MAX { None } else { Some(Self(thousandths)) }
    }

    pub const fn thousandths(self) -> i64 {
        self.0
    }

    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    #[must_use]
    pub const fn negated(self) -> Self {
        Self(-self.0)
    }

    /// The sum, if it stays within range.
    pub const fn plus(self, other: Self) -> Option<Self> {
        Self::from_thousandths(self.0 + other.0)
    }

    /// The difference, if it stays within range.
    pub const fn minus(self, other: Self) -> Option<Self> {
        Self::from_thousandths(self.0 - other.0)
    }

    /// True if this is a whole number of `step`s.
    pub const fn is_multiple_of(self, step: Self) -> bool {
        step.0 > 0 && self.0 % step.0 == 0
    }

    /// Quantity × price, rounded once. None beyond the range of money.
    pub fn times(self, price: Money) -> Option<Money> {
        let product = i128::from(self.0) * i128::from(price.0);
        Money::from_wide(divide_rounded(product, QTY_SCALE))
    }
}

impl Money {
    pub const ZERO: Self = Self(0);

    /// Reads a price or cost: zero or more, at most four decimals.
    pub fn parse_price(text: &str) -> Result<Self, AmountFault> {
        let money = parse_scaled(text, MONEY_DECIMALS, PRICE_MAX).map(Self)?;
        if money.0 < 0 { Err(AmountFault::Negative) } else { Ok(money) }
    }

    pub const fn from_ten_thousandths(ten_thousandths: i64) -> Self {
        Self(ten_thousandths)
    }

    pub const fn ten_thousandths(self) -> i64 {
        self.0
    }

    pub const fn negated(self) -> Option<Self> {
        match self.0.checked_neg() {
            Some(value) => Some(Self(value)),
            None => None,
        }
    }

    pub const fn plus(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(value) => Some(Self(value)),
            None => None,
        }
    }

    /// The share `part / whole` of this worth, rounded once. None when `whole` is zero or the
    /// share leaves the range of money.
    pub fn share(self, part: Qty, whole: Qty) -> Option<Self> {
        if whole.is_zero() {
            return None;
        }
        let product = i128::from(self.0) * i128::from(part.0);
        Self::from_wide(divide_rounded(product, i128::from(whole.0)))
    }

    /// What one costs when `qty` is worth this, rounded once. None when nothing is there, the
    /// signs differ or the price leaves its range.
    pub fn per_unit(self, qty: Qty) -> Option<Self> {
        if qty.is_zero() {
            return None;
        }
        let price =
            Self::from_wide(divide_rounded(i128::from(self.0) * QTY_SCALE, i128::from(qty.0)))?;
        (0..=PRICE_MAX).contains(&price.0).then_some(price)
    }

    fn from_wide(value: i128) -> Option<Self> {
        i64::try_from(value).ok().map(Self)
    }
}

/// `12.500`, with all three decimals.
impl fmt::Display for Qty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, size) = (sign(self.0), self.0.unsigned_abs());
        write!(f, "{sign}{}.{:03}", size / 1_000, size % 1_000)
    }
}

/// `3.2500`, with all four decimals.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, size) = (sign(self.0), self.0.unsigned_abs());
        write!(f, "{sign}{}.{:04}", size / 10_000, size % 10_000)
    }
}

fn sign(value: i64) -> &'static str {
    if value < 0 { "-" } else { "" }
}

/// Divides, rounding half away from zero, as numeric types of databases do. `divisor` is not zero.
pub fn divide_rounded(dividend: i128, divisor: i128) -> i128 {
    let (quotient, rest) = (dividend / divisor, dividend % divisor);
    if rest.unsigned_abs() * 2 < divisor.unsigned_abs() {
        return quotient;
    }
    if (dividend < 0) == (divisor < 0) { quotient + 1 } else { quotient - 1 }
}

/// Reads `-?digits(.digits)?` into an integer of `10^-decimals`.
fn parse_scaled(text: &str, decimals: usize, max: i64) -> Result<i64, AmountFault> {
    look_for_foreign_marks(text)?;
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = match unsigned.split_once('.') {
        Some((_, "")) => return Err(AmountFault::Malformed),
        Some((whole, fraction)) => (whole, fraction),
        None => (unsigned, ""),
    };
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return Err(AmountFault::Malformed);
    }
    if fraction.len() > decimals {
        return Err(AmountFault::Decimals { max: decimals });
    }
    let mut value: i64 = 0;
    let padding = std::iter::repeat_n(b'0', decimals - fraction.len());
    for digit in whole.bytes().chain(fraction.bytes()).chain(padding) {
        // Stopping at the first digit too many keeps this exact and bounded for any length.
        value = value * 10 + i64::from(digit - b'0');
        if value > max {
            return Err(AmountFault::TooLarge);
        }
    }
    match (negative, value) {
        (true, 0) => Err(AmountFault::NegativeZero),
        (true, value) => Ok(-value),
        (false, value) => Ok(value),
    }
}

/// Names the usual mistakes, so that the answer can say what to write instead.
fn look_for_foreign_marks(text: &str) -> Result<(), AmountFault> {
    if text.is_empty() {
        return Err(AmountFault::Empty);
    }
    if text.chars().any(char::is_whitespace) {
        return Err(AmountFault::Blank);
    }
    if text.chars().any(|character| !character.is_ascii() && character.is_numeric()) {
        return Err(AmountFault::ForeignDigits);
    }
    if text.contains([',', '\'', '’', '٫', '٬']) {
        return Err(AmountFault::Comma);
    }
    let bare = text.trim_start_matches(['-', '+']).to_ascii_lowercase();
    if matches!(bare.as_str(), "nan" | "inf" | "infinity" | "∞") {
        return Err(AmountFault::NotANumber);
    }
    let is_exponent = bare.split_once('e').is_some_and(|(before, after)| {
        let after = after.trim_start_matches(['-', '+']);
        before.starts_with(|first: char| first.is_ascii_digit() || first == '.')
            && !after.is_empty()
            && after.bytes().all(|byte| byte.is_ascii_digit())
    });
    if is_exponent { Err(AmountFault::Exponent) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_shown_with_all_their_decimals() {
        assert_eq!(Qty::parse("12.5").unwrap().to_string(), "12.500");
        assert_eq!(Qty::parse("-0.5").unwrap().to_string(), "-0.500");
        assert_eq!(Money::parse_price("3.25").unwrap().to_string(), "3.2500");
        assert_eq!(Qty::parse("007").unwrap().to_string(), "7.000");
        assert_eq!(Money::from_ten_thousandths(i64::MIN).to_string(), "-922337203685477.5808");
    }

    #[test]
    fn every_kind_of_bad_number_has_its_own_code() {
        let cases = [
            ("", "amount-empty"),
            (" ", "amount-blank"),
            (" 1", "amount-blank"),
            ("1 000", "amount-blank"),
            ("1\u{a0}000", "amount-blank"),
            ("1,5", "amount-comma"),
            ("1,000.5", "amount-comma"),
            ("1'000", "amount-comma"),
            ("1e3", "amount-exponent"),
            ("1E-3", "amount-exponent"),
            ("-2.5e+3", "amount-exponent"),
            ("NaN", "amount-not-a-number"),
            ("+Infinity", "amount-not-a-number"),
            ("-inf", "amount-not-a-number"),
            ("١٢", "amount-digits"),
            ("１２", "amount-digits"),
            ("²", "amount-digits"),
            ("-0", "amount-negative-zero"),
            ("-0.000", "amount-negative-zero"),
            ("0.0005", "amount-decimals"),
            ("1.5000", "amount-decimals"),
            ("100000000000", "amount-too-large"),
            ("100000000000000", "amount-too-large"),
            ("999999999999999999999999999999999999999999", "amount-too-large"),
            ("-100000000000", "amount-too-large"),
            ("abc", "amount-malformed"),
            ("+5", "amount-malformed"),
            (".5", "amount-malformed"),
            ("5.", "amount-malformed"),
            ("-", "amount-malformed"),
            ("--5", "amount-malformed"),
            ("1.2.3", "amount-malformed"),
            ("0x10", "amount-malformed"),
            ("e5", "amount-malformed"),
            ("5\0", "amount-malformed"),
        ];
        for (text, code) in cases {
            assert_eq!(Qty::parse(text).map_err(AmountFault::code), Err(code), "{text:?}");
        }
    }

    #[test]
    fn the_largest_amounts_are_kept_exactly() {
        assert_eq!(Qty::parse("99999999999.999").unwrap().thousandths(), QTY_MAX);
        assert_eq!(Qty::parse("-99999999999.999").unwrap().thousandths(), -QTY_MAX);
        assert_eq!(Money::parse_price("9999999999.9999").unwrap().ten_thousandths(), PRICE_MAX);
        assert_eq!(Qty::parse_limit("999999999.999").unwrap().thousandths(), QTY_LIMIT_MAX);
        assert_eq!(Qty::parse_limit("1000000000"), Err(AmountFault::TooLarge));
    }

    #[test]
    fn prices_and_limits_are_not_below_zero_and_steps_are_above_it() {
        assert_eq!(Money::parse_price("-1"), Err(AmountFault::Negative));
        assert_eq!(Money::parse_price("0"), Ok(Money::ZERO));
        assert_eq!(Qty::parse_limit("-1"), Err(AmountFault::Negative));
        assert_eq!(Qty::parse_step("0"), Err(AmountFault::Zero));
        assert_eq!(Qty::parse_step("0.001"), Ok(Qty::FINEST));
    }

    #[test]
    fn products_round_half_away_from_zero() {
        let qty = |text| Qty::parse(text).unwrap();
        let price = |text| Money::parse_price(text).unwrap();
        assert_eq!(qty("0.5").times(price("0.0001")).unwrap().ten_thousandths(), 1);
        assert_eq!(qty("-0.5").times(price("0.0001")).unwrap().ten_thousandths(), -1);
        assert_eq!(qty("0.499").times(price("0.0001")).unwrap().ten_thousandths(), 0);
        assert_eq!(qty("3").times(price("0.3333")).unwrap().to_string(), "0.9999");
    }

    #[test]
    fn a_product_beyond_the_range_of_money_is_refused_and_not_wrapped() {
        let (most, dearest) = (Qty(QTY_MAX), Money(PRICE_MAX));
        assert_eq!(most.times(dearest), None);
        assert_eq!(Money(i64::MAX).plus(Money(1)), None);
        assert_eq!(Money(i64::MIN).negated(), None);
        assert_eq!(Qty(QTY_MAX).plus(Qty(1)), None);
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(thousandths in -QTY_MAX..=QTY_MAX) {
            let qty = Qty(thousandths);
            prop_assert_eq!(Qty::parse(&qty.to_string()), Ok(qty));
        }

        #[test]
        fn prices_are_read_back(ten_thousandths in 0..=PRICE_MAX) {
            let money = Money(ten_thousandths);
            prop_assert_eq!(Money::parse_price(&money.to_string()), Ok(money));
        }

        #[test]
        fn any_text_is_refused_or_means_what_is_shown(text in "\\PC{0,20}|[-+0-9.,eE ]{0,20}") {
            if let Ok(qty) = Qty::parse(&text) {
                prop_assert_eq!(Qty::parse(&qty.to_string()), Ok(qty));
            }
            if let Ok(price) = Money::parse_price(&text) {
                prop_assert_eq!(Money::parse_price(&price.to_string()), Ok(price));
            }
        }

        #[test]
        fn number_like_texts_are_read_exactly_or_refused(text in "-?[0-9]{0,16}(\\.[0-9]{0,5})?") {
            if let Ok(qty) = Qty::parse(&text) {
                let (whole, fraction) = text.trim_start_matches('-').split_once('.')
                    .unwrap_or((text.trim_start_matches('-'), ""));
                let size: i128 = format!("{whole}{fraction:0<3}").parse().unwrap();
                let expected = if text.starts_with('-') { -size } else { size };
                prop_assert_eq!(i128::from(qty.thousandths()), expected);
            }
        }

        #[test]
        fn division_is_off_by_at_most_a_half(dividend in any::<i64>(), divisor in any::<i64>()) {
            prop_assume!(divisor != 0);
            let (dividend, divisor) = (i128::from(dividend), i128::from(divisor));
            let error = divide_rounded(dividend, divisor) * divisor - dividend;
            prop_assert!(error.unsigned_abs() * 2 <= divisor.unsigned_abs());
        }
    }
}
