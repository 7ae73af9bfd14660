//! Lets a key in at its second sight: most pairs of words are never seen again.
//!
//! Two sketches of small cells; the younger one is filled, both are asked, and in turn the older one is
//! emptied. What was seen is remembered for three to six hours, or for shorter where a sketch fills up
//! before: then sights have to follow closer on each other, as they do in a stream that large.

use serde::{Deserialize, Serialize};

/// After so many seconds the older sketch is emptied, unless the younger one fills up before.
const TURN: u32 = 3 * 3600;

/// The doorkeeper.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Doorkeeper {
    younger: Sketch,
    older: Sketch,
    turned: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Sketch {
    #[serde(with = "crate::detect::sparse")]
    bits: Vec<u64>,
    set: usize,
}

impl Doorkeeper {
    /// Of so many cells, rounded up to a power of two.
    pub(super) fn new(cells: usize) -> Self {
        let sketch = Sketch { bits: vec![0; (cells.next_power_of_two() / 64).max(1)], set: 0 };
        Self { younger: sketch.clone(), older: sketch, turned: 0 }
    }

    /// Whether `key` was seen lately; it is from now on.
    pub(super) fn knows(&mut self, key: u64, now: u32) -> bool {
        if now.saturating_sub(self.turned) >= TURN || self.younger.fill() > 0.5 {
            std::mem::swap(&mut self.younger, &mut self.older);
            self.younger.clear();
            self.turned = now;
        }
        let known = self.older.holds(key);
        self.younger.put(key) || known
    }

    /// Share of cells in use, 0 to 1.
    pub(super) fn fill(&self) -> f32 {
        self.younger.fill().max(self.older.fill())
    }
}

impl Sketch {
    fn places(&self, key: u64) -> [(usize, u64); 2] {
        let place = |bit: u64| ((bit >> 6) as usize & (self.bits.len() - 1), 1 << (bit & 63));
        [place(key), place(key.rotate_left(32) ^ key >> 7)]
    }

    fn holds(&self, key: u64) -> bool {
        self.places(key).into_iter().all(|(word, bit)| self.bits[word] & bit != 0)
    }

    /// Puts the key in; whether it was there.
    fn put(&mut self, key: u64) -> bool {
        let mut there = true;
        for (word, bit) in self.places(key) {
            if self.bits[word] & bit == 0 {
                self.bits[word] |= bit;
                self.set += 1;
                there = false;
            }
        }
        there
    }

    fn fill(&self) -> f32 {
        self.set as f32 / (self.bits.len() * 64) as f32
    }

    fn clear(&mut self) {
        self.bits.fill(0);
        self.set = 0;
    }
}
