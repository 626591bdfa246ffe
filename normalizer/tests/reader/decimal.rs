//! JSON numbers as exact decimals.

/// A number in normal form: equal exactly when two texts mean the same number. Zero keeps its sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    /// Significant digits without zeros at either end; empty for zero.
    digits: String,
    /// The power of ten of the first digit; 0 for zero.
    power: i128,
}

impl Decimal {
    /// `text`: a JSON number, or what Rust's formatter prints.
    pub fn parse(text: &str) -> Self {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let written = format!("{whole}{fraction}");
        let stripped = written.trim_start_matches('0');
        let zeros = written.len() - stripped.len();
        let digits = stripped.trim_end_matches('0').to_owned();
        if digits.is_empty() {
            return Decimal { negative, digits, power: 0 };
        }
        let Ok(exponent) = exponent.parse::<i128>() else {
            // Equal only to the same text; serde_json writes `e5` as `e+5`.
            let digits = text.replace('E', "e").replace("e+", "e");
            return Decimal { negative, digits, power: 0 };
        };
        let power = exponent + whole.len() as i128 - 1 - zeros as i128;
        Decimal { negative, digits, power }
    }
}

/// Digits of a JSON number from the first that is not zero on, zeros at the end included.
fn significant_digits(text: &str) -> usize {
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    digits.trim_start_matches('0').len()
}

/// DESIGN.md 2.3: whether `value`, printed with as many digits as `text`, is the same number.
pub fn double_carries(text: &str, value: f64) -> bool {
    // No f64 has more digits that are not zero than this.
    let digits = significant_digits(text).clamp(1, 800);
    Decimal::parse(&format!("{value:.*e}", digits - 1)) == Decimal::parse(text)
}

#[test]
fn decimals_are_exact() {
    for (a, b, same) in [
        ("1", "1.0", true),
        ("100", "1e2", true),
        ("0.001", "1E-3", true),
        ("-0", "0", false),
        ("-0", "-0.0e7", true),
        ("1e400", "10e399", true),
        ("9007199254740993", "9007199254740992", false),
    ] {
        assert_eq!(Decimal::parse(a) == Decimal::parse(b), same, "{a} {b}");
    }
    assert!(double_carries("0.1", 0.1));
    assert!(double_carries("1.10", 1.1));
    assert!(!double_carries("-0", 0.0));
    assert!(!double_carries("18446744073709551615", 18_446_744_073_709_551_615.0));
}
