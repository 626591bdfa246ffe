//! What a JSON number is, decided by its text alone (DESIGN.md 2.3).

/// A number and the column kind that carries it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Number {
    /// An integer that fits i64.
    Bigint(i64),
    /// A number with `.` or `e` (or `-0`) that f64 carries.
    Double(f64),
    /// An integer outside i64 that f64 carries: text beside bigints, a double beside doubles.
    Wide(f64),
    /// Neither carries it.
    Text,
}

/// Digits that a double always carries, within the exponent range.
const SAFE_DIGITS: usize = 15;

/// An exact f64 never has more significant digits than this.
const EXACT_DIGITS_MAX: usize = 767;

impl Number {
    /// `text`: a valid JSON number.
    pub(crate) fn parse(text: &[u8]) -> Self {
        let negative = text.first() == Some(&b'-');
        let digits = &text[usize::from(negative)..];
        // Up to 18 digits cannot overflow.
        if digits.len() <= 18 && digits.iter().all(u8::is_ascii_digit) {
            let value = digits.iter().fold(0_i64, |sum, b| sum * 10 + i64::from(b - b'0'));
            return match (negative, value) {
                (true, 0) => Number::Double(-0.0),
                (true, value) => Number::Bigint(-value),
                (false, value) => Number::Bigint(value),
            };
        }
        if let Some(value) = short_double(negative, digits) {
            return Number::Double(value);
        }
        Self::parse_long(std::str::from_utf8(text).expect("a JSON number is ASCII"))
    }

    fn parse_long(text: &str) -> Self {
        let integer = !text.contains(['.', 'e', 'E']);
        if integer && let Ok(value) = text.parse::<i64>() {
            return Number::Bigint(value);
        }
        let value: f64 = text.parse().expect("a JSON number is a float literal");
        match (carries(text, value), integer) {
            (false, _) => Number::Text,
            (true, true) => Number::Wide(value),
            (true, false) => Number::Double(value),
        }
    }
}

/// A number of the form `12.34` with at most 15 digits: digits and power of ten are both exact in
/// f64, so one division rounds once, which is the correctly rounded value.
#[inline]
fn short_double(negative: bool, text: &[u8]) -> Option<f64> {
    const POWERS: [f64; SAFE_DIGITS + 1] =
        [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
    if text.len() > SAFE_DIGITS + 1 {
        return None;
    }
    let mut digits = 0_u64;
    let mut point = None;
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            b'0'..=b'9' => digits = digits * 10 + u64::from(byte - b'0'),
            b'.' => point = Some(at),
            _ => return None,
        }
    }
    let value = digits as f64 / POWERS[text.len() - 1 - point?];
    Some(if negative { -value } else { value })
}

/// Whether `value`, printed with as many significant digits as `text` has, is the same number.
fn carries(text: &str, value: f64) -> bool {
    if value.is_infinite() {
        return false;
    }
    // The shortest text of a double is what most programs write.
    if zmij::Buffer::new().format_finite(value) == text {
        return true;
    }
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let mantissa = mantissa.trim_start_matches('-');
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let written = || whole.bytes().chain(fraction.bytes());
    let leading_zeros = written().take_while(|&b| b == b'0').count();
    let significant = whole.len() + fraction.len() - leading_zeros;
    if significant == 0 {
        return true; // zero in any spelling
    }
    if value == 0.0 {
        return false; // underflow
    }
    // The power of ten of the first significant digit; an exponent outside i32 is 0 or infinite.
    let Ok(exponent) = exponent.parse::<i32>() else {
        return false;
    };
    let Some(power) = i32::try_from(whole.len())
        .ok()
        .zip(i32::try_from(leading_zeros).ok())
        .and_then(|(whole, zeros)| exponent.checked_add(whole - 1 - zeros))
    else {
        return false;
    };
    if significant <= SAFE_DIGITS && (-290..=290).contains(&power) {
        return true;
    }
    // Digits past the last that any f64 has are printed as zeros.
    let printed = significant.min(EXACT_DIGITS_MAX);
    let mut digits = written().skip(leading_zeros);
    let text = format!("{:.*e}", printed - 1, value.abs());
    let (printed_digits, printed_power) = text.split_once('e').expect("e is always printed");
    printed_power.parse() == Ok(power)
        && printed_digits.bytes().filter(|&b| b != b'.').eq(digits.by_ref().take(printed))
        && digits.all(|b| b == b'0')
}

/// Whether f64 holds this integer exactly.
#[inline]
pub(crate) fn exact_in_f64(value: i64) -> bool {
    const SAFE: i64 = 1 << 53;
    (-SAFE..=SAFE).contains(&value) || (value as f64) as i128 == i128::from(value)
}

#[cfg(test)]
mod tests {
    use super::{Number, exact_in_f64};

    #[test]
    fn the_text_decides() {
        let cases = [
            ("0", "bigint 0"),
            ("-0", "double -0.0"),
            ("-1", "bigint -1"),
            ("9223372036854775807", "bigint 9223372036854775807"),
            ("-9223372036854775808", "bigint -9223372036854775808"),
            ("9223372036854775808", "wide 9.223372036854776e18"),
            ("18446744073709551615", "number"),
            ("18446744073709551616", "wide 1.8446744073709552e19"),
            ("100000000000000000000", "wide 1e20"),
            ("1.0", "double 1.0"),
            ("0.1", "double 0.1"),
            ("1e5", "double 100000.0"),
            ("1E+2", "double 100.0"),
            ("-0.0", "double -0.0"),
            ("0e9999999999", "double 0.0"),
            ("1e400", "number"),
            ("1e-400", "number"),
            ("1e99999999999", "number"),
            ("5e-324", "double 5e-324"),
            ("1.7976931348623157e308", "double 1.7976931348623157e308"),
            ("1.7976931348623158e308", "number"),
            ("0.30000000000000004", "double 0.30000000000000004"),
            ("0.1000000000000000055511151231257827", "double 0.1"),
            ("0.1000000000000000055511151231257828", "number"),
            ("3.141592653589793238462643383279", "number"),
            ("12345678901234567.5", "number"),
        ];
        for (text, expected) in cases {
            let got = match Number::parse(text.as_bytes()) {
                Number::Bigint(value) => format!("bigint {value}"),
                Number::Double(value) => format!("double {value:?}"),
                Number::Wide(value) => format!("wide {value:?}"),
                Number::Text => "number".to_owned(),
            };
            assert_eq!(got, expected, "{text}");
        }
    }

    #[test]
    fn short_doubles_are_correctly_rounded() {
        for text in
            ["0.1", "-0.3", "123456.789012345", "99999999999999.9", "0.00000000000001", "-0.0"]
        {
            let expected: f64 = text.parse().expect("a float literal");
            let Number::Double(value) = Number::parse(text.as_bytes()) else {
                panic!("{text} is a double");
            };
            assert_eq!(value.to_bits(), expected.to_bits(), "{text}");
        }
    }

    #[test]
    fn exact_integers() {
        for (value, expected) in [
            (0, true),
            (1 << 53, true),
            ((1 << 53) + 1, false),
            (1 << 62, true),
            (i64::MAX, false),
            (i64::MIN, true),
        ] {
            assert_eq!(exact_in_f64(value), expected, "{value}");
        }
    }
}
