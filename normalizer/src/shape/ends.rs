//! The first and last bytes of a short text as numbers: most texts differ there, so most comparisons
//! end in a register.

const WORD: usize = size_of::<u64>();

/// Both ends of a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Ends {
    bytes: usize,
    head: u64,
    tail: u64,
}

impl Ends {
    #[inline]
    pub(super) fn of(text: &[u8]) -> Self {
        let (head, tail) = match (text.first_chunk::<WORD>(), text.last_chunk::<WORD>()) {
            (Some(head), Some(tail)) => (u64::from_le_bytes(*head), u64::from_le_bytes(*tail)),
            _ => (text.iter().fold(0, |word, &byte| word << 8 | u64::from(byte)), 0),
        };
        Ends { bytes: text.len(), head, tail }
    }

    /// Whether texts with these ends are equal wherever their ends are.
    #[inline]
    pub(super) fn cover_all(self) -> bool {
        self.bytes <= 2 * WORD
    }
}

#[cfg(test)]
mod tests {
    use super::Ends;

    #[test]
    fn short_texts_are_told_apart_by_their_ends() {
        let texts =
            ["", "\0", "\0\0", "a", "ab", "abcdefg", "abcdefgh", "abcdefghi", "abcdefgh_abcdefgh"];
        for a in texts {
            for b in texts {
                assert_eq!(Ends::of(a.as_bytes()) == Ends::of(b.as_bytes()), a == b, "{a:?} {b:?}");
            }
        }
        assert!(Ends::of(b"0123456789abcdef").cover_all());
        assert_eq!(Ends::of(b"01234567_89abcdef"), Ends::of(b"01234567-89abcdef"));
        assert!(!Ends::of(b"01234567_89abcdef").cover_all());
    }
}
