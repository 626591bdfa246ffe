//! A value on a tape back to compact JSON text; numbers keep their text.

use super::tape::{Tag, Tape};

/// Appends the value at `at` as JSON text.
pub(crate) fn render(tape: &Tape, source: &[u8], at: u32, out: &mut Vec<u8>) {
    let node = tape.node(at);
    match node.tag {
        Tag::Null => out.extend_from_slice(b"null"),
        Tag::True => out.extend_from_slice(b"true"),
        Tag::False => out.extend_from_slice(b"false"),
        Tag::Number => out.extend_from_slice(tape.bytes(source, node)),
        Tag::String | Tag::Key => push_json_string(tape.bytes(source, node), out),
        Tag::Array => {
            out.push(b'[');
            for (i, element) in tape.children(at).enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                render(tape, source, element, out);
            }
            out.push(b']');
        }
        Tag::Object => {
            out.push(b'{');
            for (i, key) in tape.children(at).enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                render(tape, source, key, out);
                out.push(b':');
                render(tape, source, key + 1, out);
            }
            out.push(b'}');
        }
    }
}

/// Appends UTF-8 text as a JSON string, escaping only what JSON demands.
pub(crate) fn push_json_string(text: &[u8], out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    for &byte in text {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0..0x20 => {
                let hex = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&hex);
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}
