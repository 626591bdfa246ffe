//! Lists of documents, small: their numbers are close to one another.
//!
//! Each number is the difference to the one before (the first: to 0), zigzag, seven bits a byte, low
//! bits first, the top bit set on all bytes but the last.

use super::fault::{Damage, Fault};
use super::keys::{DocumentKey, Seq};
use rusqlite::{Connection, OptionalExtension};
use sluice_normalizer::DocumentId;

/// The stored form.
pub(super) fn pack(documents: &[Seq]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(2 * documents.len());
    let mut before = 0;
    for Seq(number) in documents {
        let step = number.wrapping_sub(before);
        before = *number;
        let mut rest = ((step << 1) ^ (step >> 63)).cast_unsigned();
        while rest >= 0x80 {
            bytes.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        bytes.push(rest as u8);
    }
    bytes
}

/// Reads the stored form. `column`: where it stood.
pub(super) fn unpack(column: &'static str, bytes: &[u8]) -> Result<Vec<Seq>, Fault> {
    let mut documents = Vec::new();
    let (mut before, mut rest, mut shift) = (0_i64, 0_u64, 0_u32);
    for byte in bytes {
        let low = u64::from(byte & 0x7f);
        if shift > 63 || low << shift >> shift != low {
            return Err(Damage::Value { column }.into());
        }
        rest |= low << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            let step = (rest >> 1).cast_signed() ^ -(rest & 1).cast_signed();
            before = before.wrapping_add(step);
            documents.push(Seq(before));
            (rest, shift) = (0, 0);
        }
    }
    if shift != 0 {
        return Err(Damage::Value { column }.into());
    }
    Ok(documents)
}

/// The document of an id, and when it was received.
pub(super) fn find(
    connection: &Connection,
    id: &DocumentId,
) -> Result<Option<(Seq, i64)>, rusqlite::Error> {
    connection
        .prepare_cached("SELECT seq, received_at_ms FROM documents WHERE id = ?1")?
        .query_row([DocumentKey::of(id)], |row| Ok((Seq(row.get(0)?), row.get(1)?)))
        .optional()
}

/// The ids of documents, in their order.
pub(super) fn ids(connection: &Connection, documents: &[Seq]) -> Result<Vec<DocumentId>, Fault> {
    let mut statement = connection.prepare_cached("SELECT id FROM documents WHERE seq = ?1")?;
    let id = |seq: &Seq| -> Result<DocumentId, Fault> {
        let key: Option<DocumentKey> = statement.query_row([seq.0], |row| row.get(0)).optional()?;
        key.ok_or(Damage::Value { column: "batches.members" })?.id()
    };
    documents.iter().map(id).collect()
}

#[cfg(test)]
mod tests {
    use super::{pack, unpack};
    use crate::store::keys::Seq;

    #[test]
    fn lists_go_both_ways() {
        let cases: [&[i64]; 5] =
            [&[], &[1, 2, 3, 4], &[5, 3, 3, 1_000_000], &[i64::MAX, 1, i64::MIN, 0], &[63, 127]];
        for numbers in cases {
            let list: Vec<Seq> = numbers.iter().copied().map(Seq).collect();
            assert_eq!(unpack("list", &pack(&list)).expect("a list"), list);
        }
        let neighbours: Vec<Seq> = (1_000_000..1_000_100).map(Seq).collect();
        assert!(pack(&neighbours).len() < 103);
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for bytes in [
            &[0x80][..],
            &[1, 0xff],
            &[0xff; 11],
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2],
        ] {
            assert!(unpack("list", bytes).is_err(), "{bytes:?}");
        }
    }
}
