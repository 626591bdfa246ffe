//! Whether text goes on as JSON, judged by its structure alone.

use memchr::memchr3;

use super::scan::blank_bytes;

/// Deeper than this no document is read anyway.
const LEVELS_MAX: usize = 1_000;

/// What a beginning of JSON text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Structure {
    /// Whole values, one after the other.
    Whole,
    /// The last value has not ended.
    Open,
    /// No text behind it makes it JSON.
    Broken,
}

/// What may come next inside an object or array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Key,
    KeyOrEnd,
    Colon,
    Value,
    ValueOrEnd,
    CommaOrEnd,
}

/// Looks at brackets, commas, colons and where strings end; what a scalar says does not matter.
pub(super) fn structure(text: &[u8]) -> Structure {
    // The closing bracket of everything open.
    let mut open: Vec<u8> = Vec::new();
    let mut next = Next::Value;
    let mut at = 0;
    loop {
        at += blank_bytes(&text[at..]);
        let Some(byte) = text.get(at).copied() else {
            return if open.is_empty() { Structure::Whole } else { Structure::Open };
        };
        let in_array = open.last() == Some(&b']');
        let is_value = matches!(next, Next::Value | Next::ValueOrEnd);
        next = match byte {
            b'{' | b'[' if (is_value || open.is_empty()) && open.len() < LEVELS_MAX => {
                at += 1;
                open.push(if byte == b'{' { b'}' } else { b']' });
                if byte == b'{' { Next::KeyOrEnd } else { Next::ValueOrEnd }
            }
            _ if open.is_empty() => return Structure::Broken,
            b'}' | b']' => {
                let may_end = matches!(next, Next::KeyOrEnd | Next::ValueOrEnd | Next::CommaOrEnd);
                if !may_end || open.pop() != Some(byte) {
                    return Structure::Broken;
                }
                at += 1;
                Next::CommaOrEnd
            }
            b',' if next == Next::CommaOrEnd => {
                at += 1;
                if in_array { Next::Value } else { Next::Key }
            }
            b':' if next == Next::Colon => {
                at += 1;
                Next::Value
            }
            b'"' if is_value || matches!(next, Next::Key | Next::KeyOrEnd) => {
                match string_bytes(&text[at..]) {
                    Some(bytes) => at += bytes,
                    None if text[at..].contains(&b'\n') => return Structure::Broken,
                    None => return Structure::Open,
                }
                if is_value { Next::CommaOrEnd } else { Next::Colon }
            }
            b',' | b':' | b'"' | b'{' | b'[' => return Structure::Broken,
            _ if is_value => {
                at += text[at..].iter().take_while(|byte| !ends_scalar(**byte)).count();
                Next::CommaOrEnd
            }
            _ => return Structure::Broken,
        };
    }
}

/// The bytes of the string that begins `text`, if it ends in its line.
fn string_bytes(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr3(b'"', b'\\', b'\n', text.get(at..)?)?;
        match text[at] {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => return None,
        }
    }
}

fn ends_scalar(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'{' | b'}' | b'[' | b']' | b',' | b':' | b'"')
}
