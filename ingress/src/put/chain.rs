//! Which lines of a file the server holds already.
//!
//! A file of lines is sent as a chain of documents: each has an id made of its offset and its first
//! line, and the server says how many bytes it holds under that id, which is where the next one
//! begins. So a log that grew is sent from where it ended last time, however long its documents
//! were: nothing is lost and nothing comes twice.

use super::courier::{Courier, Held};
use super::ids::{Named, document_id};
use super::outgoing::gzip;
use crate::client::ClientError;
use sluice_normalizer::TableName;
use uuid::Uuid;

/// A file's chain, from its beginning to where it has been followed.
#[derive(Debug)]
pub(super) struct Chain<'a> {
    courier: &'a Courier<'a>,
    table: &'a TableName,
    source: &'a str,
    /// New documents are sent compressed.
    gzip: bool,
    /// Where in the file the documents that are there end, bytes.
    there_until: u64,
}

/// What is to be done about a run of lines.
#[derive(Debug, Default)]
pub(super) struct Followed {
    /// Documents that are there.
    pub(super) there: Vec<Uuid>,
    /// Bytes of the run that are there.
    pub(super) there_bytes: u64,
    /// The rest of the run is new: where it begins in the run, and the id it gets.
    pub(super) new: Option<(usize, Uuid)>,
}

/// Why a chain cannot be followed.
#[derive(Debug)]
pub(super) enum ChainError {
    Client(ClientError),
    /// The file is not the one that was sent under its name, nor that one with lines added.
    Changed {
        offset: u64,
        message: String,
    },
}

impl From<ClientError> for ChainError {
    fn from(error: ClientError) -> Self {
        ChainError::Client(error)
    }
}

impl<'a> Chain<'a> {
    pub(super) fn new(
        courier: &'a Courier<'a>,
        table: &'a TableName,
        source: &'a str,
        gzip: bool,
    ) -> Self {
        Chain { courier, table, source, gzip, there_until: 0 }
    }

    /// Follows the chain through `lines`, which begin at `offset` of the file.
    pub(super) fn follow(&mut self, offset: u64, lines: &[u8]) -> Result<Followed, ChainError> {
        let mut followed = Followed::default();
        let mut at = 0;
        loop {
            if self.there_until > offset + at as u64 {
                let from = at;
                at = usize::try_from(self.there_until - offset).unwrap_or(usize::MAX);
                at = at.min(lines.len());
                followed.there_bytes += (at - from) as u64;
                self.check_end(offset, lines)?;
            }
            at += lines[at..].iter().take_while(|byte| is_blank(**byte)).count();
            if at == lines.len() {
                return Ok(followed);
            }
            let begins = offset + at as u64;
            let (stored, held, plain_id) = self.look_up(begins, &lines[at..])?;
            match (stored, held) {
                (_, Held::Nothing) => {
                    followed.new = Some((at, plain_id));
                    return Ok(followed);
                }
                (id, Held::Bytes(bytes)) => {
                    followed.there.push(id);
                    // A body has at least one byte, so the walk ends.
                    self.there_until = begins + bytes.max(1);
                }
            }
        }
    }

    /// The file ends at `end`: no document that is there may go on.
    pub(super) fn finish(&self, end: u64) -> Result<(), ChainError> {
        if self.there_until <= end {
            return Ok(());
        }
        Err(self.changed(end, "it is shorter than what was sent of it"))
    }

    /// The document that begins with `rest`: its id and size there, and the id it gets if new.
    fn look_up(&self, begins: u64, rest: &[u8]) -> Result<(Uuid, Held, Uuid), ChainError> {
        let line = first_line(rest);
        let id = |named| document_id(self.table, self.source, begins, named, line);
        let (plain, zipped) = (id(Named::Lines), id(Named::GzipLines));
        let new = if self.gzip { zipped } else { plain };
        if let held @ Held::Bytes(_) = self.courier.held(plain)? {
            return Ok((plain, held, new));
        }
        if let Held::Bytes(bytes) = self.courier.held(zipped)? {
            // How much of the file is in it can only be told by compressing the same again.
            let same = gzip(rest).is_ok_and(|body| body.len() as u64 == bytes);
            if !same {
                return Err(self.changed(
                    begins,
                    "it was sent with --gzip and has grown or changed since, or --body-size is \
                     another",
                ));
            }
            return Ok((zipped, Held::Bytes(rest.len() as u64), new));
        }
        Ok((new, Held::Nothing, new))
    }

    /// What is there ends where a line ends.
    fn check_end(&self, offset: u64, lines: &[u8]) -> Result<(), ChainError> {
        let Some(end) =
            usize::try_from(self.there_until - offset).ok().filter(|end| *end < lines.len())
        else {
            return Ok(());
        };
        // A line's indentation may have been there before the line.
        let before = lines[..end].iter().rev().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r'));
        let after_line = before == Some(&b'\n');
        let rest_of_line = first_line(&lines[end..]);
        if after_line || rest_of_line.is_empty() {
            return Ok(());
        }
        Err(self.changed(self.there_until, "what was sent of it ended here, inside a line of now"))
    }

    fn changed(&self, offset: u64, message: &str) -> ChainError {
        ChainError::Changed { offset, message: message.to_owned() }
    }
}

/// Up to its line end, without blanks at its end.
fn first_line(text: &[u8]) -> &[u8] {
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let blanks = line.iter().rev().take_while(|byte| is_blank(**byte)).count();
    &line[..line.len() - blanks]
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}
