//! How values stand in the store: a version byte, then `postcard`.
//!
//! The store is a view, so a change of shape needs no migration: it takes a new schema version in
//! `open.rs`, and the store is made anew from the journal. The version byte here is the guard of
//! a single value: bytes of another shape are an error, never a wrong value.

use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

const VERSION: u8 = 1;

/// Why the bytes of a value could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// No byte at all.
    #[error("empty value")]
    Empty,
    /// Written in another shape.
    #[error("value of version {0}")]
    Version(u8),
    /// The body is not what its version promises.
    #[error("value cannot be read: {0}")]
    Body(#[from] postcard::Error),
}

/// The value as it is stored.
pub(super) fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(64);
    bytes.push(VERSION);
    postcard::to_extend(value, bytes).expect("stored types hold only what postcard can write")
}

/// The value back from what was stored.
pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    match bytes.split_first() {
        None => Err(CodecError::Empty),
        Some((&VERSION, body)) => Ok(postcard::from_bytes(body)?),
        Some((&version, _)) => Err(CodecError::Version(version)),
    }
}

/// A time as eight bytes whose order is the order of time; milliseconds.
pub(super) fn time_key(at: Timestamp) -> [u8; 8] {
    let shifted = at.as_millisecond().cast_unsigned() ^ (1 << 63);
    shifted.to_be_bytes()
}

/// The time back from [`time_key`]; `None` if the bytes are no such time.
pub(super) fn time_of_key(key: &[u8]) -> Option<Timestamp> {
    let shifted = u64::from_be_bytes(key.get(..8)?.try_into().ok()?);
    Timestamp::from_millisecond((shifted ^ (1 << 63)).cast_signed()).ok()
}

/// The same with the newest first.
pub(super) fn reverse(key: [u8; 8]) -> [u8; 8] {
    key.map(|byte| !byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_value_of_another_version_is_refused() {
        let mut bytes = encode(&7_u64);
        assert_eq!(decode::<u64>(&bytes), Ok(7));
        bytes[0] = 9;
        assert_eq!(decode::<u64>(&bytes), Err(CodecError::Version(9)));
        assert_eq!(decode::<u64>(&[]), Err(CodecError::Empty));
    }

    proptest! {
        #[test]
        fn keys_of_times_sort_as_times(a in -1_000_000_000_000_i64..4_000_000_000_000, b in -1_000_000_000_000_i64..4_000_000_000_000) {
            let time = |ms| Timestamp::from_millisecond(ms).unwrap();
            prop_assert_eq!(time_key(time(a)).cmp(&time_key(time(b))), a.cmp(&b));
            prop_assert_eq!(reverse(time_key(time(a))).cmp(&reverse(time_key(time(b)))), b.cmp(&a));
            prop_assert_eq!(time_of_key(&time_key(time(a))), Some(time(a)));
        }
    }
}
