//! States of documents never go back, whatever happens to the server.

use crate::api::{Api, Told, document_path};
use crate::wire::Request;
use std::collections::HashMap;
use std::io;

/// Documents looked at.
const WATCHED_MAX: usize = 60;

/// What was last seen.
#[derive(Debug, Default)]
pub(crate) struct States {
    seen: HashMap<(&'static str, String), Told>,
}

impl States {
    /// Watches these documents too, as far as there is room.
    pub(crate) fn watch<'a>(&mut self, documents: impl Iterator<Item = (&'static str, &'a str)>) {
        for (table, id) in documents {
            if self.seen.len() >= WATCHED_MAX {
                // The final ones can go: they were looked at after they became final.
                self.seen.retain(|_, told| rank(told) < 2);
            }
            if self.seen.len() < WATCHED_MAX {
                let first = Told { state: "received".to_owned(), rows: None, rejects: None };
                self.seen.entry((table, id.to_owned())).or_insert(first);
            }
        }
    }

    /// Looks at all of them.
    pub(crate) fn look(&mut self, api: Api) -> io::Result<()> {
        let mut connection = api.connect()?;
        for ((table, id), before) in &mut self.seen {
            let path = document_path(table, id);
            let request = Request { method: "GET", path: &path, headers: &[], body: b"" };
            let now = Told::of(&connection.send(&request)?);
            let forward = rank(before) < rank(&now) || *before == now;
            assert!(forward, "the state of {id} went from {before:?} to {now:?}");
            *before = now;
        }
        Ok(())
    }
}

fn rank(told: &Told) -> u8 {
    match told.state.as_str() {
        "received" => 0,
        "batched" => 1,
        "normalized" | "rejected" | "partly_rejected" => 2,
        other => panic!("{other} is no state"),
    }
}
