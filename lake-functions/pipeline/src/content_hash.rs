//! What some bytes are, told by a hash: 64 hex digits in files.

use serde::{Deserialize, Serialize, de};
use sha2::{Digest, Sha256};
use std::fmt;

/// A cryptographic hash of some bytes, of 256 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentHash([u8; 32]);

impl ContentHash {
    /// SHA-256, which everybody can check (`sha256sum`): for what is written.
    #[must_use]
    pub fn sha256(bytes: &[u8]) -> Self {
        ContentHash(Sha256::digest(bytes).into())
    }

    /// BLAKE3: for what is read. All input is hashed, and SHA-256 would take a tenth of the time
    /// that shaping and encoding take.
    #[must_use]
    pub fn blake3(bytes: &[u8]) -> Self {
        ContentHash(blake3::hash(bytes).into())
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        let digits = text.as_bytes();
        if digits.len() != 2 * bytes.len() {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let high = char::from(pair[0]).to_digit(16)?;
            let low = char::from(pair[1]).to_digit(16)?;
            *byte = u8::try_from(16 * high + low).ok()?;
        }
        Some(ContentHash(bytes))
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl Serialize for ContentHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ContentHash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        ContentHash::from_hex(&text)
            .ok_or_else(|| de::Error::invalid_value(de::Unexpected::Str(&text), &"64 hex digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::ContentHash;

    #[test]
    fn hex_goes_both_ways() {
        let hash = ContentHash::sha256(b"sluice");
        assert_eq!(ContentHash::from_hex(&hash.to_string()), Some(hash));
        for no_hash in ["", "abc", &"g".repeat(64), &"ä".repeat(32)] {
            assert_eq!(ContentHash::from_hex(no_hash), None, "{no_hash}");
        }
    }
}
