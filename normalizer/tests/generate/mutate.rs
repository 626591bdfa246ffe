//! Bytes that are almost right.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// One change to a text.
#[derive(Debug, Clone)]
enum Change {
    Flip(Index, u8),
    Remove(Index, Index),
    Insert(Index, Vec<u8>),
    /// A piece of the text once more, somewhere else.
    Repeat(Index, Index, Index),
}

/// What parsers trip over.
const TOKENS: &[&[u8]] = &[
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\"",
    b"\\",
    b"\\u",
    b"\\ud83d",
    b"\\udc00",
    b"null",
    b"-",
    b".",
    b"e",
    b"E+",
    b"0",
    b"00",
    b"1e999",
    b"-0",
    b"\n",
    b"\r",
    b"\0",
    b"\xff",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b" ",
    b"/",
    b"~",
    b"NaN",
    b"Infinity",
    b"\xf0\x9f\x98\x80",
    b"9999999999999999999",
    b"[[[[[[[[[[",
    b"]]]]]]]]]]",
    b"{\"a\":",
    b"*",
    b"#",
    b"&a",
    b"- ",
];

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Change::Flip(at, byte)),
        (at(), at()).prop_map(|(from, to)| Change::Remove(from, to)),
        (at(), select(TOKENS.to_vec())).prop_map(|(at, t)| Change::Insert(at, t.to_vec())),
        (at(), vec(any::<u8>(), 0..4)).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        (at(), at(), at()).prop_map(|(from, to, at)| Change::Repeat(from, to, at)),
    ]
}

/// `text` with a few changes, now and then none.
pub fn mutated(text: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    (text, vec(change(), 0..6)).prop_map(|(mut text, changes)| {
        for change in changes {
            apply(&mut text, change);
        }
        text
    })
}

fn apply(text: &mut Vec<u8>, change: Change) {
    let place = |at: Index, text: &[u8]| at.index(text.len() + 1);
    match change {
        Change::Flip(..) if text.is_empty() => {}
        Change::Flip(at, byte) => {
            let at = at.index(text.len());
            text[at] = byte;
        }
        Change::Remove(from, to) => {
            let (from, to) = (place(from, text), place(to, text));
            text.drain(from.min(to)..from.max(to));
        }
        Change::Insert(at, bytes) => {
            let at = place(at, text);
            text.splice(at..at, bytes);
        }
        Change::Repeat(from, to, at) => {
            let (from, to, at) = (place(from, text), place(to, text), place(at, text));
            let piece = text[from.min(to)..from.max(to)].to_vec();
            text.splice(at..at, piece);
        }
    }
}
