//! What a text is to a model: counted features in blocks, and the vector that a vocabulary makes of them.

use super::Vocabulary;

/// Where a feature comes from. Each block is brought to a length of its own, so that a long text does not
/// drown what the rules saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Block {
    /// Short runs of characters.
    Characters,
    /// Words and pairs of words.
    Words,
    /// What the rules saw; taken at its value.
    Rules,
}

/// The counted features of a text, in any order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bag(Vec<(Block, u32, f32)>);

/// What the rules' features weigh beside a block of unit length.
const RULES: f32 = 0.1;

impl Bag {
    /// Counts a feature once more.
    pub fn count(&mut self, block: Block, hash: u32) {
        self.0.push((block, hash, 1.0));
    }

    /// Adds to a feature of the rules.
    pub fn rule(&mut self, name: &str, value: f32) {
        self.0.push((Block::Rules, hash(&["rule", name]), value));
    }

    /// The different features, whatever their counts.
    pub(super) fn hashes(&self) -> Vec<u32> {
        let mut hashes: Vec<u32> = self.0.iter().map(|(_, hash, _)| *hash).collect();
        hashes.sort_unstable();
        hashes.dedup();
        hashes
    }
}

/// The hash of a feature's name, given in parts.
pub fn hash(parts: &[&str]) -> u32 {
    let mut hasher = xxhash_rust::xxh3::Xxh3::new();
    for part in parts {
        hasher.update(part.as_bytes());
        // No text holds it: ("ab", "c") and ("a", "bc") stay apart.
        hasher.update(&[0xff]);
    }
    hasher.digest() as u32
}

/// A text as a vocabulary knows it: places in it with their values, ascending.
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
        let mut found: Vec<(Block, u32, f32)> = bag
            .0
            .iter()
            .filter_map(|&(block, hash, value)| Some((block, self.place(hash)?, value)))
            .collect();
        found.sort_unstable_by_key(|&(block, place, _)| (block, place));
        let mut entries: Vec<(u32, f32)> = Vec::with_capacity(found.len());
        for block in found.chunk_by(|one, other| one.0 == other.0) {
            let begin = entries.len();
            for same in block.chunk_by(|one, other| one.1 == other.1) {
                let (_, place, _) = same[0];
                let sum: f32 = same.iter().map(|(_, _, value)| value).sum();
                entries.push((
                    place,
                    match block[0].0 {
                        Block::Rules => RULES * sum,
                        Block::Characters | Block::Words => (1.0 + sum.ln()) * self.rarity[place as usize],
                    },
                ));
            }
            if block[0].0 != Block::Rules {
                let length = entries[begin..].iter().map(|(_, value)| value * value).sum::<f32>().sqrt();
                entries[begin..].iter_mut().for_each(|(_, value)| *value /= length);
            }
        }
        entries.sort_unstable_by_key(|&(place, _)| place);
        Vector(entries)
    }
}
