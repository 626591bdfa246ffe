//! `{"success":true,"data":…}` to what is in `data`, as it streams.

use std::io::{self, Read};

const HEAD: &[u8] = br#"{"success":true,"data":"#;
/// What closes the envelope, and blanks around it.
const TAIL_BYTES: usize = 16;

/// Reads an answer without its envelope. An answer that begins otherwise stays as it is.
pub(crate) struct UnwrapData<R> {
    inner: R,
    /// Read and not handed out: the last bytes seen so far.
    kept: Vec<u8>,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Start,
    Inside,
    /// No envelope.
    Plain,
    /// What is kept is all there is.
    Ended,
}

impl<R: Read> UnwrapData<R> {
    pub(crate) fn new(inner: R) -> Self {
        UnwrapData { inner, kept: Vec::new(), stage: Stage::Start }
    }

    fn start(&mut self) -> io::Result<()> {
        self.inner.by_ref().take(HEAD.len() as u64).read_to_end(&mut self.kept)?;
        self.stage = Stage::Plain;
        if self.kept == HEAD {
            self.kept.clear();
            self.stage = Stage::Inside;
        }
        Ok(())
    }

    /// Bytes of `kept` that may be handed out now.
    fn ready(&self) -> usize {
        match self.stage {
            Stage::Start | Stage::Inside => self.kept.len().saturating_sub(TAIL_BYTES),
            Stage::Plain | Stage::Ended => self.kept.len(),
        }
    }
}

impl<R: Read> Read for UnwrapData<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.stage == Stage::Start {
            self.start()?;
        }
        while self.ready() == 0 && self.stage != Stage::Ended {
            let mut piece = [0; 64 * 1024];
            let count = self.inner.read(&mut piece)?;
            self.kept.extend_from_slice(&piece[..count]);
            if count == 0 {
                if self.stage == Stage::Inside {
                    if let Some(end) = self.kept.iter().rposition(|byte| *byte == b'}') {
                        self.kept.truncate(end);
                    }
                    self.kept.push(b'\n');
                }
                self.stage = Stage::Ended;
            }
        }
        let count = self.ready().min(buffer.len());
        buffer[..count].copy_from_slice(&self.kept[..count]);
        self.kept.drain(..count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::UnwrapData;
    use std::io::Read;

    #[test]
    fn the_envelope_goes_whatever_the_pieces() {
        let long = "x".repeat(100_000);
        let cases = [
            (
                "{\"success\":true,\"data\":{\"rows\":[]}}\n".to_owned(),
                "{\"rows\":[]}\n".to_owned(),
            ),
            (format!("{{\"success\":true,\"data\":\"{long}\"}}"), format!("\"{long}\"\n")),
            ("{\"other\":1}".to_owned(), "{\"other\":1}".to_owned()),
            ("{".to_owned(), "{".to_owned()),
            (String::new(), String::new()),
        ];
        for (answer, expected) in cases {
            for first in [1, 7, 40] {
                let (one, two) = answer.as_bytes().split_at(first.min(answer.len()));
                let mut text = String::new();
                UnwrapData::new(one.chain(two)).read_to_string(&mut text).expect("text");
                assert_eq!(text, expected);
            }
        }
    }
}
