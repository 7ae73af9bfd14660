//! A post's keys: its words, and pairs of those of its words that others spoke of lately.
//!
//! A pair can only become frequent where both its words are, so words that nobody else used within six hours
//! are left out before the rarest are chosen: pairs with them would fill the tables and say nothing.

use xxhash_rust::xxh3::xxh3_64;

/// The key of a word, whatever sort of word it is.
pub(super) fn of_word(text: &str) -> u64 {
    xxh3_64(text.as_bytes())
}

/// The key of two words in one post, in either order.
pub(super) fn of_pair(one: u64, other: u64) -> u64 {
    salted(one.min(other), one.max(other))
}

/// A hash of two hashes; salts a voice with a key, so that what is kept of two keys cannot be joined.
pub(super) fn salted(value: u64, salt: u64) -> u64 {
    let mixed = (value ^ salt.rotate_left(29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93) ^ salt;
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) ^ (mixed >> 31)
}

/// A word that can stand in pairs: its key, and its share of all posts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Partner {
    pub(super) word: u64,
    pub(super) share: f32,
}

/// The pairs among the `most` rarest of `partners`, each in both its words.
pub(super) fn pairs(partners: &mut Vec<Partner>, most: usize) -> Vec<(u64, u64)> {
    partners.sort_by(|one, other| one.share.total_cmp(&other.share).then(one.word.cmp(&other.word)));
    partners.truncate(most);
    let mut pairs = Vec::with_capacity(most * most / 2);
    for (at, one) in partners.iter().enumerate() {
        pairs.extend(partners[at + 1..].iter().map(|other| (one.word, other.word)));
    }
    pairs
}
