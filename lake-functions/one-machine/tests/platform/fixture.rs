//! A platform in a temporary folder, and what a test waits for.

use futures::executor::block_on;
use sluice_normalizer::{DocumentId, Encoding, Form, TableName};
use sluice_one_machine::{Event, EventSink, Platform, PlatformOptions, PutWithin};
use sluice_pipeline::{DocumentHead, DocumentState, Put, SettingsInForce, StoredDocument};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Nothing here takes this long unless it hangs.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// What a test waits for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Committed { documents: u64 },
    Merged { parts: usize },
    Trouble(String),
}

pub(crate) fn open(data: &Path, yaml: &str) -> (Platform, Receiver<Heard>) {
    let (tell, heard) = channel();
    let events = EventSink::new(move |event| {
        let heard = match event {
            Event::Committed { documents, .. } => Heard::Committed { documents: *documents },
            Event::Merged { parts, .. } => Heard::Merged { parts: *parts },
            Event::Conflict { .. } => return,
            trouble => Heard::Trouble(format!("{trouble:?}")),
        };
        // The test may be over.
        let _ = tell.send(heard);
    });
    let settings = SettingsInForce::parse(yaml.to_owned()).expect("settings");
    let linger = Duration::from_millis(1);
    let options =
        PlatformOptions { data: data.to_owned(), settings, settings_file: None, linger, events };
    (Platform::open(options).expect("open"), heard)
}

/// Waits until so many more documents are committed.
#[track_caller]
pub(crate) fn committed(heard: &Receiver<Heard>, documents: u64) {
    let mut left = documents;
    while left > 0 {
        match heard.recv_timeout(DEADLINE).expect("it comes in time") {
            Heard::Committed { documents } => left -= documents,
            Heard::Merged { .. } => {}
            trouble => panic!("{trouble:?}"),
        }
    }
}

pub(crate) fn document(table: &str, id: &str, body: &str) -> StoredDocument {
    StoredDocument {
        head: DocumentHead {
            id: DocumentId::parse(id).expect("an id"),
            table: TableName::parse(table).expect("a table name"),
            received_at_ms: 1_795_132_800_000,
            principal: Some("ada".to_owned()),
            form: Form::Json,
            encoding: Encoding::Identity,
            bytes: body.len() as u64,
            fault: None,
        },
        body: body.as_bytes().to_vec(),
    }
}

pub(crate) fn accept(platform: &Platform, table: &str, id: &str, body: &str) -> Put {
    match block_on(platform.accept(document(table, id, body))).expect("accept") {
        PutWithin::Put(put) => put,
        PutWithin::TooManyTables => panic!("{table} is one too many"),
    }
}

pub(crate) fn state(platform: &Platform, id: &str) -> DocumentState {
    let id = DocumentId::parse(id).expect("an id");
    block_on(platform.document(&id)).expect("look").expect("it is known").state
}

/// Rows that the snapshot's parts of a physical table have, and that their files have.
pub(crate) fn rows(platform: &Platform, table: &str) -> (u64, u64) {
    let snapshot = platform.snapshot();
    let parts: Vec<_> = match table {
        "sluice_rejects" => snapshot.rejects.to_vec(),
        _ => {
            let root = snapshot.tables.values().find(|root| root.parts.contains_key(table));
            root.map_or_else(Vec::new, |root| root.parts[table].to_vec())
        }
    };
    let in_file = |key: &str| -> u64 {
        use parquet::file::reader::{FileReader, SerializedFileReader};
        let file = std::fs::File::open(platform.lake_root().join(key)).expect("the part is there");
        let reader = SerializedFileReader::new(file).expect("a Parquet file");
        u64::try_from(reader.metadata().file_metadata().num_rows()).expect("rows")
    };
    (parts.iter().map(|part| part.rows).sum(), parts.iter().map(|part| in_file(&part.key)).sum())
}
