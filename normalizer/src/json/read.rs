//! Fills a [`Tape`] from JSON text by jiter's events: no recursion, so that no nesting can
//! overflow the stack.

use super::tape::{Tag, Tape};
use crate::limits::NESTING_LEVELS_MAX;
use jiter::{Jiter, JiterError, JiterErrorType, JsonErrorType, Peek};

/// The text is no JSON from `offset` on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// A stable code of a reject.
    pub(crate) code: &'static str,
    /// What is wrong there, without content.
    pub(crate) what: String,
    /// Bytes from the start of the text.
    pub(crate) offset: usize,
}

impl From<JiterError> for Fault {
    fn from(error: JiterError) -> Self {
        let (code, what) = match &error.error_type {
            JiterErrorType::JsonError(JsonErrorType::InvalidUnicodeCodePoint) => {
                ("invalid_utf8", "invalid UTF-8 or unicode code point".to_owned())
            }
            JiterErrorType::JsonError(kind) => ("malformed_json", kind.to_string()),
            JiterErrorType::WrongType { .. } => ("malformed_json", "expected value".to_owned()),
        };
        Fault { code, what, offset: error.index }
    }
}

/// Reads values off one JSON text.
pub(crate) struct Reader<'s> {
    source: &'s [u8],
    jiter: Jiter<'s>,
    /// Where in the source `jiter` started.
    base: usize,
    /// Open containers: node position, objects with the high bit set.
    open: Vec<u32>,
}

const OBJECT: u32 = 1 << 31;

impl<'s> Reader<'s> {
    /// `source`: at most 2 GiB. `scratch`: a buffer to decode strings in, given back by
    /// [`Reader::into_scratch`].
    pub(crate) fn new(source: &'s [u8], scratch: Vec<u8>) -> Self {
        Reader { source, jiter: Jiter::with_tape(source, scratch), base: 0, open: Vec::new() }
    }

    pub(crate) fn into_scratch(self) -> Vec<u8> {
        self.jiter.into_tape()
    }

    /// Bytes consumed so far.
    pub(crate) fn offset(&self) -> usize {
        self.base + self.jiter.current_index()
    }

    pub(crate) fn peek(&mut self) -> Result<Peek, Fault> {
        let peek = self.jiter.peek();
        self.placed(peek.map_err(Fault::from))
    }

    /// Enters an array after a `peek` that showed one; answers the first element's peek.
    pub(crate) fn enter_array(&mut self) -> Result<Option<Peek>, Fault> {
        let first = self.jiter.known_array();
        self.placed(first.map_err(Fault::from))
    }

    /// Steps to the next element of the array entered.
    pub(crate) fn next_element(&mut self) -> Result<Option<Peek>, Fault> {
        let next = self.jiter.array_step();
        self.placed(next.map_err(Fault::from))
    }

    /// Nothing but white space may follow.
    pub(crate) fn finish(&mut self) -> Result<(), Fault> {
        let end = self.jiter.finish();
        self.placed(end.map_err(Fault::from))
    }

    /// Reads one value, whose first byte `peek` showed, onto the empty `tape`. Answers whether the
    /// value stays within the nesting limit; past it the tape is incomplete, the text still checked.
    pub(crate) fn value(&mut self, peek: Peek, tape: &mut Tape) -> Result<bool, Fault> {
        let read = self.walk(peek, tape);
        self.placed(read)
    }

    /// A fault's offset from the start of the source.
    fn placed<T>(&self, read: Result<T, Fault>) -> Result<T, Fault> {
        read.map_err(|fault| Fault { offset: self.base + fault.offset, ..fault })
    }

    /// A number of any length. jiter refuses more than 4,300 digits before the point, though JSON
    /// has no such bound: such a number is read here, and jiter starts again after it.
    fn number(&mut self, peek: Peek) -> Result<&'s [u8], Fault> {
        let start = self.offset();
        let error = match self.jiter.known_number_bytes(peek) {
            Ok(text) => return Ok(&self.source[start..start + text.len()]),
            Err(error) => error,
        };
        let too_long = JiterErrorType::JsonError(JsonErrorType::NumberOutOfRange);
        let end = number_bytes(&self.source[start..]).filter(|_| error.error_type == too_long);
        let end = start + end.ok_or_else(|| Fault::from(error))?;
        let rest = &self.source[end..];
        let scratch = std::mem::replace(&mut self.jiter, Jiter::new(rest)).into_tape();
        self.jiter = Jiter::with_tape(rest, scratch);
        self.base = end;
        Ok(&self.source[start..end])
    }

    fn walk(&mut self, peek: Peek, tape: &mut Tape) -> Result<bool, Fault> {
        self.open.clear();
        let mut shallow = true;
        let mut peek = peek;
        'value: loop {
            if matches!(peek, Peek::Object | Peek::Array) {
                shallow = shallow && self.open.len() < NESTING_LEVELS_MAX;
            }
            if let Some(first_child) = self.start(peek, tape, shallow)? {
                peek = first_child;
                continue;
            }
            loop {
                let Some(&top) = self.open.last() else {
                    self.open.shrink_to(1 << 12);
                    return Ok(shallow);
                };
                if top & OBJECT == 0 {
                    if let Some(next) = self.jiter.array_step()? {
                        peek = next;
                        continue 'value;
                    }
                } else if let Some(key) = self.jiter.next_key()? {
                    if shallow {
                        tape.push_text(Tag::Key, self.source, key.as_bytes());
                    }
                    peek = self.jiter.peek()?;
                    continue 'value;
                }
                self.open.pop();
                if shallow {
                    tape.close(top & !OBJECT);
                }
            }
        }
    }

    /// Starts a value: a scalar or an empty container is done at once, another container answers
    /// its first child.
    fn start(&mut self, peek: Peek, tape: &mut Tape, keep: bool) -> Result<Option<Peek>, Fault> {
        match peek {
            Peek::Object => {
                let at = if keep { tape.open(Tag::Object) } else { 0 };
                if let Some(key) = self.jiter.known_object()? {
                    if keep {
                        tape.push_text(Tag::Key, self.source, key.as_bytes());
                    }
                    self.open.push(at | OBJECT);
                    return Ok(Some(self.jiter.peek()?));
                }
            }
            Peek::Array => {
                let at = if keep { tape.open(Tag::Array) } else { 0 };
                if let Some(first) = self.jiter.known_array()? {
                    self.open.push(at);
                    return Ok(Some(first));
                }
            }
            Peek::String => {
                let text = self.jiter.known_str()?;
                if keep {
                    tape.push_text(Tag::String, self.source, text.as_bytes());
                }
            }
            Peek::Null => {
                self.jiter.known_null()?;
                if keep {
                    tape.push_leaf(Tag::Null);
                }
            }
            Peek::True | Peek::False => {
                let tag = if self.jiter.known_bool(peek)? { Tag::True } else { Tag::False };
                if keep {
                    tape.push_leaf(tag);
                }
            }
            _ => {
                let text = self.number(peek)?;
                if keep {
                    tape.push_text(Tag::Number, self.source, text);
                }
            }
        }
        Ok(None)
    }
}

/// Bytes of the JSON number that `text` starts with; none when it starts with none.
fn number_bytes(text: &[u8]) -> Option<usize> {
    let digits = |from: usize| {
        let count = text[from..].iter().take_while(|b| b.is_ascii_digit()).count();
        (count > 0).then_some(from + count)
    };
    let mut end = digits(usize::from(text.first() == Some(&b'-')))?;
    if text.get(end) == Some(&b'.') {
        end = digits(end + 1)?;
    }
    if matches!(text.get(end), Some(b'e' | b'E')) {
        end = digits(end + 1 + usize::from(matches!(text.get(end + 1), Some(b'+' | b'-'))))?;
    }
    Some(end)
}
