//! What was sent and what was answered.

use crate::documents::Document;
use crate::wire::Answer;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

/// What the client knows of a document that it sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answered {
    /// 200: it must be there, under this id.
    Accepted(String),
    /// 503 with this code.
    Refused(String),
    /// No answer came.
    Nothing,
}

#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) number: u64,
    pub(crate) document: Document,
    pub(crate) answered: Answered,
}

/// Everything sent to one folder, by number.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    sent: BTreeMap<u64, Sent>,
}

impl Ledger {
    /// A 200 is never taken back by a later answer to the same document.
    pub(crate) fn add(&mut self, sent: Sent) {
        let known = self.sent.get(&sent.number).map(|known| &known.answered);
        if let (Some(Answered::Accepted(id)), Answered::Accepted(again)) = (known, &sent.answered) {
            assert_eq!(id, again, "a repetition is answered like the first");
        }
        if !matches!(known, Some(Answered::Accepted(_))) {
            self.sent.insert(sent.number, sent);
        }
    }

    pub(crate) fn get(&self, number: u64) -> Option<&Sent> {
        self.sent.get(&number)
    }

    pub(crate) fn all(&self) -> impl DoubleEndedIterator<Item = &Sent> {
        self.sent.values()
    }

    /// Accepted documents, the newest last: table and id.
    pub(crate) fn accepted(&self) -> impl DoubleEndedIterator<Item = (&'static str, &str)> {
        self.all().filter_map(|sent| match &sent.answered {
            Answered::Accepted(id) => Some((sent.document.table, id.as_str())),
            _ => None,
        })
    }

    /// PUTs that nobody knows the outcome of.
    pub(crate) fn open_puts(&self) -> Vec<Sent> {
        let is_open =
            |sent: &&Sent| sent.document.id.is_some() && sent.answered == Answered::Nothing;
        self.all().filter(is_open).cloned().collect()
    }

    /// How many got which answer.
    pub(crate) fn counts(&self) -> HashMap<String, usize> {
        let mut counts = HashMap::new();
        for sent in self.all() {
            let answer = match &sent.answered {
                Answered::Accepted(_) => "accepted".to_owned(),
                Answered::Refused(code) => code.clone(),
                Answered::Nothing => "no answer".to_owned(),
            };
            *counts.entry(answer).or_default() += 1;
        }
        counts
    }
}

impl Answered {
    /// What an answer to a good document says; anything but 200 and 503 breaks the contract.
    pub(crate) fn of(answer: &Answer, document: &Document) -> Self {
        let text = String::from_utf8_lossy(&answer.body);
        let value: Value = serde_json::from_slice(&answer.body)
            .unwrap_or_else(|_| panic!("{}: {text}", answer.status));
        if answer.status == 200 {
            assert_eq!(value["success"], true, "{text}");
            let id = value["data"]["id"].as_str().expect("an id").to_owned();
            assert!(document.id.as_ref().is_none_or(|chosen| *chosen == id), "{text}");
            return Answered::Accepted(id);
        }
        assert_eq!(answer.status, 503, "a good document was answered with {text}");
        assert_eq!(value["success"], false, "{text}");
        let code = value["error"]["code"].as_str().expect("a code").to_owned();
        assert!(["busy", "unavailable", "storage_full"].contains(&code.as_str()), "{text}");
        let message = value["error"]["message"].as_str().unwrap_or_default();
        assert!(!message.is_empty(), "{text}");
        assert!(answer.header("retry-after").is_some(), "{:?}", answer.headers);
        Answered::Refused(code)
    }
}
