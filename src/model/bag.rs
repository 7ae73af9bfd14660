//! What a text is to a model: counted features in blocks, and the vector that a vocabulary makes of them.

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::Vocabulary;

/// Where a feature of a text comes from. Each block is brought to a length of its own, so that a long text does
/// not drown what the rules saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Block {
    /// Short runs of characters.
    Characters,
    /// Words and pairs of words.
    Words,
}

/// The counted features of a text, in any order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bag {
    /// One entry for each time a run of characters is met.
    characters: Vec<u32>,
    /// One entry for each time a word or a pair is met.
    words: Vec<u32>,
    /// Different ones, with their values.
    rules: Vec<(u32, f32)>,
}

/// What the rules' features weigh beside a block of unit length.
const RULES: f32 = 0.1;

impl Bag {
    /// Counts a feature of a block of the text once more.
    pub fn count(&mut self, block: Block, hash: u32) {
        match block {
            Block::Characters => self.characters.push(hash),
            Block::Words => self.words.push(hash),
        }
    }

    /// The value of a feature of the rules, nought until it is set.
    pub fn rule(&mut self, name: &str) -> &mut f32 {
        let hash = hash(&["rule", name]);
        // A post has some forty of them: looking through all is the quickest.
        let at = self.rules.iter().position(|(known, _)| *known == hash).unwrap_or_else(|| {
            self.rules.push((hash, 0.0));
            self.rules.len() - 1
        });
        &mut self.rules[at].1
    }

    /// The different features, whatever their counts.
    pub(super) fn hashes(&self) -> Vec<u32> {
        let text = self.characters.iter().chain(&self.words).copied();
        let mut hashes: Vec<u32> = text.chain(self.rules.iter().map(|(hash, _)| *hash)).collect();
        hashes.sort_unstable();
        hashes.dedup();
        hashes
    }
}

/// Bytes of a name, marks between its parts included, that are hashed in one go.
const SHORT: usize = 64;

/// The hash of a feature's name, given in parts.
pub fn hash(parts: &[&str]) -> u32 {
    let mut name = [0; SHORT];
    let mut end = 0;
    for part in parts {
        let from = end;
        end += part.len() + 1;
        let Some(room) = name.get_mut(from..end) else { return hash_in_parts(parts) };
        room[..part.len()].copy_from_slice(part.as_bytes());
        room[part.len()] = END;
    }
    xxh3_64(&name[..end]) as u32
}

/// Ends a part. No text holds it: ("ab", "c") and ("a", "bc") stay apart.
const END: u8 = 0xff;

/// The same for a name of any length, at ten times the cost.
fn hash_in_parts(parts: &[&str]) -> u32 {
    let mut hasher = Xxh3::new();
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update(&[END]);
    }
    hasher.digest() as u32
}

/// A text as a vocabulary knows it: places in it with their values, block by block.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Vector(Vec<(u32, f32)>);

impl Vector {
    /// The places and values.
    pub(super) fn entries(&self) -> &[(u32, f32)] {
        &self.0
    }
}

impl Vocabulary {
    /// Of features met in at least `least` of these bags.
    pub(super) fn of<'a>(bags: impl Iterator<Item = &'a Bag>, least: u32) -> Self {
        let mut met = std::collections::BTreeMap::<u32, u32>::new();
        let mut rows = 0_u32;
        for bag in bags {
            rows += 1;
            for hash in bag.hashes() {
                *met.entry(hash).or_default() += 1;
            }
        }
        met.retain(|_, times| *times >= least);
        // Smoothed as if every feature stood in one more text.
        let rarity = |times: u32| ((1.0 + rows as f32) / (1.0 + times as f32)).ln() + 1.0;
        Self::new(met.keys().copied().collect(), met.values().map(|&times| rarity(times)).collect())
    }

    /// From sorted hashes and the rarity of each.
    pub(super) fn new(hashes: Vec<u32>, rarity: Vec<f32>) -> Self {
        let size = (hashes.len() * 2).next_power_of_two().max(2);
        let mut slots = vec![0; size];
        for (place, &hash) in hashes.iter().enumerate() {
            let mut slot = hash as usize & (size - 1);
            while slots[slot] != 0 {
                slot = (slot + 1) & (size - 1);
            }
            slots[slot] = place as u32 + 1;
        }
        Self { hashes, rarity, slots }
    }

    fn place(&self, hash: u32) -> Option<u32> {
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        loop {
            match *self.slots.get(slot)? {
                0 => return None,
                place if self.hashes[place as usize - 1] == hash => return Some(place - 1),
                _ => slot = (slot + 1) & mask,
            }
        }
    }

    /// Sublinear counts times rarity, each block of text of unit length; the rules' values as they are.
    pub(super) fn vector(&self, bag: &Bag) -> Vector {
        let mut entries = Vec::with_capacity(bag.characters.len() + bag.words.len() + bag.rules.len());
        for block in [&bag.characters, &bag.words] {
            let mut places: Vec<u32> = block.iter().filter_map(|&hash| self.place(hash)).collect();
            places.sort_unstable();
            let begin = entries.len();
            for same in places.chunk_by(|one, other| one == other) {
                let value = (1.0 + (same.len() as f32).ln()) * self.rarity[same[0] as usize];
                entries.push((same[0], value));
            }
            let length = entries[begin..].iter().map(|(_, value)| value * value).sum::<f32>().sqrt();
            entries[begin..].iter_mut().for_each(|(_, value)| *value /= length);
        }
        let rule = |&(hash, value): &(u32, f32)| Some((self.place(hash)?, RULES * value));
        entries.extend(bag.rules.iter().filter_map(rule));
        Vector(entries)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_name_has_one_hash_however_long_it_is(parts in prop::collection::vec("\\PC{0,30}", 0..5)) {
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            prop_assert_eq!(hash(&parts), hash_in_parts(&parts));
        }
    }

    #[test]
    fn parts_are_not_glued() {
        assert_ne!(hash(&["ab", "c"]), hash(&["a", "bc"]));
    }
}
