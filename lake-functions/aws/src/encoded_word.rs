//! Text beyond ASCII in the values of user metadata.
//!
//! S3 takes and gives such values as encoded words (RFC 2047): `=?UTF-8?B?…?=` or `=?UTF-8?Q?…?=`,
//! several of them with blanks between for a long text.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html>

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::BASE64_STANDARD;
use std::borrow::Cow;

/// Bytes of text in one encoded word: RFC 2047 bounds a word to 75 characters.
const WORD_BYTES_MAX: usize = 45;

const PADDED_OR_NOT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A value as a header can carry it.
pub(crate) fn encode(text: &str) -> Cow<'_, str> {
    let plain = text.bytes().all(|b| (b' '..=b'~').contains(&b));
    if plain && text.trim_matches(' ') == text && !text.contains("=?") {
        return Cow::Borrowed(text);
    }
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (word, after) = rest.split_at(rest.floor_char_boundary(WORD_BYTES_MAX));
        words.push(format!("=?UTF-8?B?{}?=", BASE64_STANDARD.encode(word)));
        rest = after;
    }
    Cow::Owned(words.join(" "))
}

/// A value as it was meant. What is no encoded word stays as it is.
pub(crate) fn decode(value: &str) -> Cow<'_, str> {
    if !value.contains("=?") {
        return Cow::Borrowed(value);
    }
    let mut text: Vec<u8> = Vec::new();
    let mut after_word = false;
    for piece in value.split_inclusive(' ') {
        let bare = piece.trim_end_matches(' ');
        match word(bare) {
            Some(bytes) => {
                // The blank between two words is none of the text.
                if after_word && text.last() == Some(&b' ') {
                    text.pop();
                }
                text.extend(bytes);
                text.extend_from_slice(&piece.as_bytes()[bare.len()..]);
                after_word = true;
            }
            None => {
                text.extend_from_slice(piece.as_bytes());
                after_word = false;
            }
        }
    }
    // A character may be cut in two by the end of a word: the whole is text, or none of it is.
    String::from_utf8(text).map_or(Cow::Borrowed(value), Cow::Owned)
}

/// The UTF-8 bytes of one encoded word.
fn word(text: &str) -> Option<Vec<u8>> {
    let mut fields = text.strip_prefix("=?")?.strip_suffix("?=")?.splitn(3, '?');
    let (charset, encoding, content) = (fields.next()?, fields.next()?, fields.next()?);
    let bytes = match encoding {
        "B" | "b" => PADDED_OR_NOT.decode(content).ok()?,
        "Q" | "q" => unquote(content)?,
        _ => return None,
    };
    match charset.to_ascii_lowercase().as_str() {
        "utf-8" | "us-ascii" => Some(bytes),
        "iso-8859-1" => Some(bytes.into_iter().map(char::from).collect::<String>().into_bytes()),
        _ => None,
    }
}

fn unquote(content: &str) -> Option<Vec<u8>> {
    let mut bytes = content.bytes();
    let mut text = Vec::with_capacity(content.len());
    while let Some(byte) = bytes.next() {
        text.push(match byte {
            b'_' => b' ',
            b'=' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                u8::try_from(16 * digit()? + digit()?).ok()?
            }
            other => other,
        });
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn what_is_written_can_be_read_back() {
        let long = "größe ".repeat(40);
        for text in ["", "arn:aws:iam::1:user/a", "grün & co", " a", "=?x", "a\nb", "日本", &long]
        {
            let value = encode(text);
            assert!(value.bytes().all(|b| (b' '..=b'~').contains(&b)), "{value}");
            assert!(value.split(' ').all(|word| word.len() <= 75), "{value}");
            assert_eq!(decode(&value), text);
        }
        assert_eq!(encode("plain text"), "plain text");
    }

    #[test]
    fn what_others_write_is_read() {
        let cases = [
            ("=?UTF-8?Q?gr=C3=BCn_=26_co?=", "grün & co"),
            ("=?utf-8?b?Z3LDvG4?=", "grün"),
            ("=?UTF-8?B?Z3LD?= =?UTF-8?B?vG4=?=", "grün"),
            ("=?ISO-8859-1?Q?gr=FCn?=", "grün"),
            ("a =?UTF-8?B?w7w=?= b", "a ü b"),
            // None of these is an encoded word.
            ("=?UTF-8?B?!?=", "=?UTF-8?B?!?="),
            ("=?UTF-8?Q?=zz?=", "=?UTF-8?Q?=zz?="),
            ("=?UTF-8?Q?=ff?=", "=?UTF-8?Q?=ff?="),
            ("=?x?B?Zg==?=", "=?x?B?Zg==?="),
            ("=?UTF-8?B?Zg==", "=?UTF-8?B?Zg=="),
            ("grün", "grün"),
        ];
        for (value, text) in cases {
            assert_eq!(decode(value), text, "{value}");
        }
    }
}
