//! Values that may be larger than an item.
//!
//! A small one stands in the item it belongs to. A large one is packed by zstd (ids of hex digits
//! become about as small as if they were packed one by one) and, if need be, cut into items of its
//! own, which are written *before* the item that names them by their hash: that item is the one
//! conditional write that makes the value exist, and writers of different values never touch each
//! other's pieces. Pieces that no item names expire like all others.

use super::DynamoLedger;
use super::fault::{Damage, Fault};
use super::item::{Item, Key, number, number_of, text, text_of};
use super::limits::{CHUNK_BYTES_MAX, INLINE_BYTES_MAX, LARGE_BYTES_MAX};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use sluice_pipeline::ContentHash;
use std::collections::HashMap;

const ZSTD_LEVEL: i32 = 3;

/// In what form a value stands in its item: one attribute of these, in a map.
const TEXT: &str = "text";
const ZSTD: &str = "zstd";
const SHA256: &str = "sha256";
const CHUNKS: &str = "chunks";
/// The piece in an item of its own.
const BYTES: &str = "bytes";

impl DynamoLedger {
    /// Keeps a value of a batch; answers the attribute that names it.
    ///
    /// `name`: its item's sort key; pieces are beside it.
    pub(super) async fn keep_large(
        &self,
        batch: &str,
        name: &str,
        value: &str,
        expires_at: &AttributeValue,
    ) -> Result<AttributeValue, Fault> {
        if value.len() <= INLINE_BYTES_MAX {
            return Ok(one(TEXT, text(value)));
        }
        if value.len() > LARGE_BYTES_MAX {
            return Err(Damage::TooLarge { found: value.len(), max: LARGE_BYTES_MAX }.into());
        }
        let packed = zstd::bulk::compress(value.as_bytes(), ZSTD_LEVEL)
            .map_err(|_| Damage::Attribute { attribute: ZSTD })?;
        if packed.len() <= INLINE_BYTES_MAX {
            return Ok(one(ZSTD, AttributeValue::B(Blob::new(packed))));
        }
        let hash = ContentHash::sha256(&packed).to_string();
        let mut chunks = 0_u32;
        for piece in packed.chunks(CHUNK_BYTES_MAX) {
            let mut item = Key::of_batch(batch, &piece_name(name, &hash, chunks)).item();
            item.insert(BYTES.to_owned(), AttributeValue::B(Blob::new(piece)));
            item.insert("expires_at".to_owned(), expires_at.clone());
            let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
            put.send().await?;
            chunks += 1;
        }
        let value = [(SHA256.to_owned(), text(hash)), (CHUNKS.to_owned(), number(chunks))];
        Ok(AttributeValue::M(HashMap::from(value)))
    }

    /// The value that `item`'s attribute `name` names.
    pub(super) async fn read_large(
        &self,
        batch: &str,
        name: &'static str,
        item: &Item,
    ) -> Result<String, Fault> {
        let damage = || Damage::Attribute { attribute: name };
        let Some(AttributeValue::M(value)) = item.get(name) else {
            return Err(damage().into());
        };
        let packed = match (value.get(TEXT), value.get(ZSTD)) {
            (Some(AttributeValue::S(text)), _) => return Ok(text.clone()),
            (_, Some(AttributeValue::B(packed))) => packed.as_ref().to_vec(),
            _ => self.read_pieces(batch, name, value).await?,
        };
        let bytes = zstd::bulk::decompress(&packed, LARGE_BYTES_MAX).map_err(|_| damage())?;
        Ok(String::from_utf8(bytes).map_err(|_| damage())?)
    }

    async fn read_pieces(&self, batch: &str, name: &str, value: &Item) -> Result<Vec<u8>, Fault> {
        let (hash, chunks) = (text_of(value, SHA256)?, number_of::<u32>(value, CHUNKS)?);
        let mut packed = Vec::new();
        for chunk in 0..chunks {
            // Consistent: the piece may have been written a moment ago by somebody else.
            let found = self.read(Key::of_batch(batch, &piece_name(name, hash, chunk))).await?;
            let Some(AttributeValue::B(piece)) = found.as_ref().and_then(|item| item.get(BYTES))
            else {
                return Err(Damage::Chunks.into());
            };
            packed.extend_from_slice(piece.as_ref());
            if packed.len() > LARGE_BYTES_MAX {
                return Err(Damage::Chunks.into());
            }
        }
        if ContentHash::sha256(&packed).to_string() != hash {
            return Err(Damage::Chunks.into());
        }
        Ok(packed)
    }
}

fn one(form: &str, value: AttributeValue) -> AttributeValue {
    AttributeValue::M(HashMap::from([(form.to_owned(), value)]))
}

fn piece_name(name: &str, hash: &str, chunk: u32) -> String {
    format!("{name}#{hash}#{chunk:05}")
}
