//! When a word is usually frequent: by the half hour of the day and of the week.
//!
//! Only what stood out is remembered: half hours in which three voices or more spoke of a word, and 1.7 times
//! as many as its share of the posts explains. A slot is learned twelve hours after it passed, so that
//! today's burst cannot excuse itself, and fades when the word stays away. Pairs have no slots of their own:
//! they go by their words.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::volume::DAY;

/// Length of a slot in seconds.
pub(super) const SLOT: u32 = 1_800;
/// Slots of a day.
const OF_DAY: u32 = DAY / SLOT;
/// Slots of a week.
const OF_WEEK: u32 = 7 * OF_DAY;
/// How long after its end a slot is learned.
const DELAY: u32 = 12 * 3_600;
/// How much of a new count goes into the mean: of the day, of the week.
const LEARNED: [f32; 2] = [0.3, 0.35];
/// A mean below this is forgotten.
const FORGOTTEN: f32 = 0.5;
/// Fewest voices in a slot that are remembered.
pub(super) const LEAST: f32 = 3.0;
/// How far above its share of the posts a word must lie to be remembered.
pub(super) const EXCESS: f32 = 1.7;

/// The slots of all words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Season {
    /// By word, then by slot: half hours of the day from 0, of the week from `OF_DAY`.
    slots: BTreeMap<(u64, u16), Mean>,
    pending: VecDeque<Pending>,
    max: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Mean {
    voices: f32,
    /// Day, or week, since 1970 when it was last learned.
    learned: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Pending {
    word: u64,
    /// Half hours since 1970.
    slot: u32,
    voices: f32,
}

impl Season {
    pub(super) fn new(max: usize) -> Self {
        Self { slots: BTreeMap::new(), pending: VecDeque::new(), max }
    }

    /// Notes that `voices` spoke of `word` in the slot that begins at `from`, to be learned later.
    pub(super) fn note(&mut self, word: u64, from: u32, voices: f32) {
        if self.pending.len() >= self.max {
            self.pending.pop_front();
        }
        self.pending.push_back(Pending { word, slot: from / SLOT, voices });
    }

    /// Learns what has become old enough.
    pub(super) fn learn(&mut self, now: u32) {
        while self.pending.front().is_some_and(|next| (next.slot + 1) * SLOT + DELAY <= now) {
            let Some(Pending { word, slot, voices }) = self.pending.pop_front() else { return };
            for (key, cycle, rate) in cycles(slot) {
                let mean = self.slots.entry((word, key)).or_insert(Mean { voices: 0.0, learned: cycle });
                let missed = cycle.saturating_sub(mean.learned);
                mean.voices =
                    mean.voices * (1.0 - rate).powi(missed.clamp(1, 1_000).cast_signed()) + rate * voices;
                mean.learned = cycle;
            }
            if self.slots.len() > self.max {
                self.make_room(slot);
            }
        }
    }

    /// Voices usual for `word` within the slots that the time from `from` to `until` touches.
    pub(super) fn usual(&self, word: u64, from: u32, until: u32) -> f32 {
        if self.slots.range((word, 0)..=(word, u16::MAX)).next().is_none() {
            return 0.0;
        }
        (from / SLOT..=until / SLOT).map(|slot| self.mean(word, slot)).sum()
    }

    /// Share of the room in use, 0 to 1.
    pub(super) fn fill(&self) -> f32 {
        self.slots.len() as f32 / self.max as f32
    }

    fn mean(&self, word: u64, slot: u32) -> f32 {
        let means = cycles(slot).map(|(key, cycle, rate)| {
            let mean = self.slots.get(&(word, key))?;
            // The last time round is not yet over, or not yet learned: it is no absence.
            let missed = cycle.saturating_sub(mean.learned + 1);
            Some(mean.voices * (1.0 - rate).powi(missed.min(1_000).cast_signed()))
        });
        means.into_iter().flatten().fold(0.0, f32::max)
    }

    /// Forgets what has faded, then the smallest.
    fn make_room(&mut self, slot: u32) {
        let now = |key: u16| cycles(slot)[usize::from(u32::from(key) >= OF_DAY)];
        let faded = |(key, mean): (u16, &Mean)| {
            let (_, cycle, rate) = now(key);
            mean.voices * (1.0 - rate).powi(cycle.saturating_sub(mean.learned).min(1_000).cast_signed())
        };
        self.slots.retain(|(_, key), mean| faded((*key, mean)) >= FORGOTTEN);
        let surplus = self.slots.len().saturating_sub(self.max - self.max / 8);
        if surplus > 0 {
            let mut least: Vec<_> = self.slots.iter().map(|(at, mean)| (faded((at.1, mean)), *at)).collect();
            least.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
            for (_, at) in least.into_iter().take(surplus) {
                self.slots.remove(&at);
            }
        }
    }
}

/// A slot as half hour of its day and of its week: key, which day or week, rate of learning.
fn cycles(slot: u32) -> [(u16, u32, f32); 2] {
    [
        ((slot % OF_DAY) as u16, slot / OF_DAY, LEARNED[0]),
        ((OF_DAY + slot % OF_WEEK) as u16, slot / OF_WEEK, LEARNED[1]),
    ]
}
