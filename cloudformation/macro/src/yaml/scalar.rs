//! What a text without quotes is.

use serde_json::{Number, Value};

/// The value of a plain scalar.
///
/// # Errors
/// Why it cannot be told for certain.
pub(super) fn plain(text: &str) -> Result<Value, &'static str> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "true" | "True" | "TRUE" => return Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Value::Bool(false)),
        _ => {}
    }
    if is_json_number(text) {
        return Ok(text.parse::<Number>().map_or_else(|_| text.into(), Value::Number));
    }
    if is_truth_to_some(text) {
        return Err(
            "is a truth value to some and a text to others: write true or false, or quote it",
        );
    }
    if is_other_number(&text.to_ascii_lowercase()) {
        return Err("is a number to some and a text to others: write a plain number, or quote it");
    }
    Ok(text.into())
}

/// A truth value in YAML 1.1 only, as some readers of templates have it.
pub(super) fn is_truth_to_some(text: &str) -> bool {
    ["yes", "no", "on", "off"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// A number as JSON has it.
fn is_json_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let canonical = !digits.starts_with('0') || digits.len() == 1 || digits.starts_with("0.");
    canonical
        && digits.starts_with(|first: char| first.is_ascii_digit())
        && serde_json::from_str::<Number>(text).is_ok()
}

/// A number as only YAML 1.1 or 1.2 has it: `+1`, `0x1f`, `0777`, `1_000`, `.5`, `1.`, `.inf`, `1:30`.
fn is_other_number(folded: &str) -> bool {
    let digits = folded.strip_prefix(['-', '+']).unwrap_or(folded);
    if [".inf", ".nan"].contains(&digits) {
        return true;
    }
    let of_radix = |prefix: &str, radix| {
        let rest = digits.strip_prefix(prefix).map(|rest| rest.replace('_', ""));
        rest.is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_digit(radix)))
    };
    if of_radix("0x", 16) || of_radix("0o", 8) || of_radix("0b", 2) {
        return true;
    }
    let mut groups = digits.split(':');
    let first = groups.next().unwrap_or_default().replace('_', "");
    let is_sixties =
        |group: &str| (1..=2).contains(&group.len()) && group.bytes().all(|b| b.is_ascii_digit());
    let sixties = digits.contains(':');
    if sixties && !groups.all(is_sixties) {
        return false;
    }
    let decimal = first.bytes().all(|b| b.is_ascii_digit() || b"+-.e".contains(&b));
    let starts = first.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    // Of an account's id with a zero before it, nobody knows whether a reader takes it for octal.
    let number = first.parse::<f64>().is_ok() || (first.len() > 1 && first.starts_with('0'));
    decimal && starts && number
}

#[cfg(test)]
mod tests {
    use super::plain;
    use serde_json::{Value, json};

    #[test]
    fn plain_texts_are_what_all_readers_take_them_for() {
        for (text, expected) in [
            ("", Value::Null),
            ("true", json!(true)),
            ("False", json!(false)),
            ("0", json!(0)),
            ("-12", json!(-12)),
            ("1.5", json!(1.5)),
            ("arm64", json!("arm64")),
            ("2012-10-17", json!("2012-10-17")),
            ("10.0.0.1", json!("10.0.0.1")),
            ("10.0.0.0/8", json!("10.0.0.0/8")),
            ("arn:aws:s3:::b", json!("arn:aws:s3:::b")),
            ("rate(1 day)", json!("rate(1 day)")),
            ("1d", json!("1d")),
            ("-", json!("-")),
            ("...", json!("...")),
            ("e1", json!("e1")),
            ("1:ab", json!("1:ab")),
        ] {
            assert_eq!(plain(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_readers_differ_on_is_told() {
        let ambiguous = [
            "yes",
            "No",
            "ON",
            "off",
            "+1",
            "0x1F",
            "0o17",
            "0b1",
            "012345678901",
            "007",
            "1_000",
            ".5",
            "1.",
            ".inf",
            "-.INF",
            ".NaN",
            "1:30",
            "22:22",
            "-1:30:00",
            "00",
        ];
        for text in ambiguous {
            assert!(plain(text).is_err(), "{text}");
        }
    }
}
