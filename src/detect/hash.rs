//! Numbers that stand for words in tables.

use xxhash_rust::xxh3::xxh3_64;

/// The number that stands for a word; never 0, which stands for nothing.
pub(super) fn hash(word: &str) -> u32 {
    (xxh3_64(word.as_bytes()) >> 32) as u32 | 1
}
