//! The text of a batch's queue message.

use crate::limits::MESSAGE_BYTES_MAX;
use serde::{Deserialize, Serialize};
use sluice_normalizer::{BatchId, BatchIdError, TableName, TableNameError};
use sluice_pipeline::BatchMessage;

/// The text's own version; a higher one is refused.
const FORMAT: u32 = 1;

/// Fields that a later Sluice adds under the same format are passed over.
#[derive(Serialize, Deserialize)]
struct Text<'t> {
    format: u32,
    #[serde(borrow)]
    table: std::borrow::Cow<'t, str>,
    #[serde(borrow)]
    batch: std::borrow::Cow<'t, str>,
    send: u32,
}

/// Why a queue's text is no batch message. It stays in the queue until its receives are used up, and
/// then waits in the dead-letter queue.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// Written by a newer Sluice.
    #[error("message format {found} is newer than {FORMAT}, the newest this build reads")]
    Newer {
        /// The format it has.
        found: u32,
    },
    /// Far larger than any message of a batch.
    #[error("a message of {bytes} bytes is none of a batch")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// Not the JSON of a message.
    #[error("the message is not readable")]
    Json(#[from] serde_json::Error),
    /// It names no table.
    #[error("the message's table is none")]
    Table(#[from] TableNameError),
    /// It names no batch.
    #[error("the message's batch is none")]
    Batch(#[from] BatchIdError),
}

/// Reads the body of a queue message, also one that a Lambda function was given.
///
/// # Errors
/// [`MessageError`].
pub fn parse_message(body: &str) -> Result<BatchMessage, MessageError> {
    #[derive(Deserialize)]
    struct Head {
        format: u32,
    }
    if body.len() > MESSAGE_BYTES_MAX {
        return Err(MessageError::TooLarge { bytes: body.len() });
    }
    let Head { format } = serde_json::from_str(body)?;
    if format > FORMAT {
        return Err(MessageError::Newer { found: format });
    }
    let text: Text<'_> = serde_json::from_str(body)?;
    Ok(BatchMessage {
        table: TableName::from_stored(&text.table)?,
        batch: BatchId::from_stored(&text.batch)?,
        send: text.send,
    })
}

/// The body of a queue message.
pub(crate) fn text(message: &BatchMessage) -> String {
    let text = Text {
        format: FORMAT,
        table: message.table.as_str().into(),
        batch: message.batch.as_str().into(),
        send: message.send,
    };
    serde_json::to_string(&text).expect("texts and numbers are JSON")
}

#[cfg(test)]
mod tests {
    use super::{parse_message, text};
    use sluice_normalizer::{DocumentId, TableName};
    use sluice_pipeline::{Batch, BatchMessage};

    #[test]
    fn messages_go_both_ways() {
        let orders = TableName::parse("orders").expect("a table name");
        for table in [orders, TableName::of_rejects()] {
            let id = DocumentId::parse("a").expect("an id");
            let batch = Batch::new(table, 1, vec![id]);
            let message = BatchMessage { table: batch.table, batch: batch.id, send: 7 };
            assert_eq!(parse_message(&text(&message)).expect("our own"), message);
        }
    }

    /// What format 1 looks like; such messages can wait for 14 days.
    const FIRST: &str =
        r#"{"format":1,"table":"orders","batch":"0123456789abcdef0123456789abcdef","send":2}"#;

    #[test]
    fn what_the_first_build_sent_is_read() {
        let message = parse_message(FIRST).expect("a message");
        assert_eq!(text(&message), FIRST);
        let more = FIRST.replace("\"send\"", "\"later\":[],\"send\"");
        assert_eq!(parse_message(&more).expect("a message"), message);
    }

    #[test]
    fn other_texts_are_refused() {
        let cases = [
            (FIRST.replace(":1,", ":2,"), "message format 2 is newer than 1"),
            (FIRST.replace("orders", "or-ders"), "the message's table is none"),
            (FIRST.replace("0123", "012"), "the message's batch is none"),
            (FIRST.replace('f', "F"), "the message is not readable"),
            (String::new(), "the message is not readable"),
            ("[]".to_owned(), "the message is not readable"),
            (" ".repeat(20_000), "a message of 20000 bytes"),
        ];
        for (body, expected) in cases {
            let error = parse_message(&body).expect_err(&body).to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
