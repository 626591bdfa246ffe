//! Follows strings and brackets, and nothing else of JSON: the core judges the rest.

use memchr::memchr2;

/// Whether the bytes so far are inside a string or brackets. Pairs of brackets are counted, not
/// matched.
#[derive(Debug, Default)]
pub(super) struct Scan {
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Scan {
    /// Whether something opened is not closed yet.
    pub(super) fn is_open(&self) -> bool {
        self.depth > 0 || self.in_string
    }

    /// Takes `"`, `{` or `[` where nothing is open.
    pub(super) fn open(&mut self, byte: u8) {
        debug_assert!(!self.is_open(), "the caller looks at every byte outside");
        if byte == b'"' {
            self.in_string = true;
        } else {
            self.depth = 1;
        }
    }

    /// How many of `bytes` belong to what is open: up to and including its end, if that is there.
    pub(super) fn within(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        while at < bytes.len() && self.is_open() {
            at += if self.in_string {
                self.string(&bytes[at..])
            } else {
                self.brackets(&bytes[at..])
            };
        }
        at
    }

    /// The bytes of the open string, up to and including its closing quote.
    fn string(&mut self, bytes: &[u8]) -> usize {
        let mut at = usize::from(self.escaped);
        self.escaped = false;
        while let Some(found) = bytes.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
            at += found + 1;
            if bytes[at - 1] == b'"' {
                self.in_string = false;
                return at;
            }
            self.escaped = at == bytes.len();
            at += usize::from(!self.escaped);
        }
        bytes.len()
    }

    /// The bytes inside brackets, up to and including a quote that opens a string or the last
    /// closing bracket.
    fn brackets(&mut self, bytes: &[u8]) -> usize {
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                b'"' => {
                    self.in_string = true;
                    return at + 1;
                }
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return at + 1;
                    }
                }
                _ => {}
            }
        }
        bytes.len()
    }
}

/// Bytes of whitespace at the start.
pub(super) fn blank_bytes(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| !is_blank(*byte)).unwrap_or(bytes.len())
}

/// Bytes up to the whitespace at the end.
pub(super) fn unblank_bytes(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| !is_blank(*byte)).map_or(0, |last| last + 1)
}

/// JSON's whitespace.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}
