//! The keys spoken of lately: who used each when.
//!
//! A key's voices are counted within sliding windows, each once. Where there are more than fit, only those
//! whose hash ends in so many zeros are kept and stand for the others: the count is then right to about a
//! tenth, which is enough for a key that is that frequent.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use serde::{Deserialize, Serialize};

use super::said::Kind;
use super::volume::{DAY, WINDOWS};

/// Most voices kept of one key.
const VOICES: usize = 96;
/// A voice heard again within this time is not counted anew into what is usual, in seconds.
const AGAIN: u32 = 3_600;

/// Keys are hashes already.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }
    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

pub(super) type ByKey<T> = HashMap<u64, T, BuildHasherDefault<AsIs>>;

/// All keys spoken of lately.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Table {
    keys: ByKey<Key>,
    max: usize,
    pushed_out: u64,
}

/// One key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Key {
    pub(super) name: Name,
    seen: Vec<Seen>,
    /// Voices are kept whose hash ends in so many zeros.
    level: u8,
    /// When it was seen last.
    pub(super) last: u32,
    /// The topic it belongs to; 0 for none.
    pub(super) topic: u64,
}

/// What a key stands for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Name {
    /// A word as people read it.
    Word(Kind, Box<str>),
    /// Two words, by their keys.
    Pair(u64, u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Seen {
    voice: u32,
    at: u32,
    post: u32,
}

impl Name {
    /// How long a key of this sort is remembered, in seconds.
    fn memory(&self) -> u32 {
        match self {
            Self::Word(..) => DAY,
            Self::Pair(..) => WINDOWS[2],
        }
    }

    /// The windows such a key is looked at in.
    pub(super) fn windows(&self) -> usize {
        match self {
            Self::Word(..) => WINDOWS.len(),
            Self::Pair(..) => 3,
        }
    }
}

impl Table {
    pub(super) fn new(max: usize) -> Self {
        Self { keys: ByKey::default(), max, pushed_out: 0 }
    }

    pub(super) fn get(&self, key: u64) -> Option<&Key> {
        self.keys.get(&key)
    }

    pub(super) fn get_mut(&mut self, key: u64) -> Option<&mut Key> {
        self.keys.get_mut(&key)
    }

    /// The entry of `key`, new if it must be.
    pub(super) fn entry(&mut self, key: u64, name: impl FnOnce() -> Name) -> &mut Key {
        self.keys.entry(key).or_insert_with(|| Key {
            name: name(),
            seen: Vec::new(),
            level: 0,
            last: 0,
            topic: 0,
        })
    }

    /// All keys, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &Key)> {
        self.keys.iter().map(|(key, entry)| (*key, entry))
    }

    /// Forgets what nobody has spoken of for as long as it is remembered; then, if there is too little room,
    /// what the fewest did.
    pub(super) fn tidy(&mut self, now: u32) {
        self.keys.retain(|_, key| now.saturating_sub(key.last) < key.name.memory());
    }

    /// Makes room if the table is full.
    pub(super) fn make_room(&mut self, now: u32) {
        if self.keys.len() < self.max {
            return;
        }
        self.tidy(now);
        let surplus = self.keys.len().saturating_sub(self.max - self.max / 8);
        let mut least: Vec<_> =
            self.keys.iter().map(|(key, entry)| (entry.seen.len(), entry.last, *key)).collect();
        least.sort_unstable();
        for (_, _, key) in least.into_iter().take(surplus) {
            self.keys.remove(&key);
            self.pushed_out += 1;
        }
    }

    /// Share of the room in use, 0 to 1.
    pub(super) fn fill(&self) -> f32 {
        self.keys.len() as f32 / self.max as f32
    }

    /// Keys forgotten because there was no room.
    pub(super) fn pushed_out(&self) -> u64 {
        self.pushed_out
    }
}

impl Key {
    /// Notes that `voice`, salted with the key, used it; how much more there is of it than was counted before.
    pub(super) fn hear(&mut self, voice: u64, at: u32, post: u32, now: u32) -> f32 {
        self.last = self.last.max(at);
        let short = (voice >> 32) as u32;
        if short.trailing_zeros() < u32::from(self.level) {
            return 0.0;
        }
        let stands_for = (1_u64 << self.level) as f32;
        if let Some(known) = self.seen.iter_mut().find(|seen| seen.voice == short) {
            let again = known.at.abs_diff(at) < AGAIN;
            if at >= known.at {
                *known = Seen { voice: short, at, post };
            }
            return if again { 0.0 } else { stands_for };
        }
        if self.seen.len() >= VOICES {
            let memory = self.name.memory();
            self.seen.retain(|seen| now.saturating_sub(seen.at) < memory);
        }
        if self.seen.len() >= VOICES {
            self.level += 1;
            let level = u32::from(self.level);
            self.seen.retain(|seen| seen.voice.trailing_zeros() >= level);
        }
        self.seen.push(Seen { voice: short, at, post });
        stands_for
    }

    /// Voices within each of the windows that end at `now`.
    pub(super) fn voices(&self, now: u32) -> [f32; WINDOWS.len()] {
        let mut counts = [0_u32; WINDOWS.len()];
        for seen in &self.seen {
            let age = now.saturating_sub(seen.at);
            for (count, window) in counts.iter_mut().zip(WINDOWS) {
                *count += u32::from(age < window);
            }
        }
        counts.map(|count| (u64::from(count) << self.level) as f32)
    }

    /// For how many voices each that is kept stands.
    pub(super) fn each(&self) -> f32 {
        (1_u64 << self.level) as f32
    }

    /// Voices from `from` on and before `until`.
    pub(super) fn voices_between(&self, from: u32, until: u32) -> f32 {
        let count = self.seen.iter().filter(|seen| (from..until).contains(&seen.at)).count();
        ((count as u64) << self.level) as f32
    }

    /// Those of the posts of the last `within` seconds that are kept.
    pub(super) fn posts(&self, now: u32, within: u32) -> Vec<u32> {
        let recent = self.seen.iter().filter(|seen| now.saturating_sub(seen.at) < within);
        recent.map(|seen| seen.post).collect()
    }
}
