//! What is usual: how often each key was seen in the last days, in a table that never grows.
//!
//! A count-min sketch of two hashes with conservative update, whose counts halve in three days. What was seen
//! in this and in the last six hours is kept apart and not yet usual, so that a burst cannot excuse itself
//! while it lasts.

use serde::{Deserialize, Serialize};

/// Length of an epoch in seconds.
const EPOCH: u32 = 6 * 3600;
const EPOCHS_A_DAY: f32 = 4.0;
/// What is left of a count after an epoch: half after three days.
const KEPT: f32 = 0.943_874_3;

/// The baseline of all keys, and of the posts as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Baseline {
    #[serde(with = "crate::detect::sparse")]
    cells: Vec<Cell>,
    posts: Cell,
}

/// A decaying count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Cell {
    /// What was counted before the last epoch, decayed.
    settled: f32,
    /// What was counted in the last epoch.
    last: f32,
    /// What was counted in this epoch.
    fresh: f32,
    epoch: u32,
}

/// A key's share of all posts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Usual {
    /// Share of posts that hold the key.
    pub(super) share: f32,
    /// Sightings it rests on, decayed.
    pub(super) known: f32,
}

impl Baseline {
    /// Of so many cells, rounded up to a power of two.
    pub(super) fn new(cells: usize) -> Self {
        Self { cells: vec![Cell::default(); cells.next_power_of_two()], posts: Cell::default() }
    }

    /// Counts a post.
    pub(super) fn add_post(&mut self, now: u32) {
        self.posts.turn(now / EPOCH);
        self.posts.fresh += 1.0;
    }

    /// What is usual of a key.
    pub(super) fn usual(&mut self, key: u64, now: u32) -> Usual {
        self.add(key, 0.0, now)
    }

    /// Counts a key `times` more, which may be 0; what is usual of it.
    pub(super) fn add(&mut self, key: u64, times: f32, now: u32) -> Usual {
        let epoch = now / EPOCH;
        let places = self.places(key);
        for place in places {
            self.cells[place].turn(epoch);
        }
        self.posts.turn(epoch);
        let [one, other] = places.map(|place| self.cells[place].total());
        let raised = one.min(other) + times;
        for place in places {
            let cell = &mut self.cells[place];
            cell.fresh += (raised - cell.total()).max(0.0);
        }
        let settled = places.map(|place| self.cells[place].settled);
        let known = settled[0].min(settled[1]);
        Usual { share: (known + 0.5) / (self.posts.settled + 1.0), known }
    }

    /// Posts on a usual day; of the beginning, those so far.
    pub(super) fn posts_a_day(&self) -> f32 {
        // Of a steady stream 4.33 days add up in a count that halves in three days.
        self.posts.total() / (1.0 / (1.0 - KEPT) / EPOCHS_A_DAY)
    }

    /// Share of cells in use, 0 to 1; from a sample of them.
    pub(super) fn fill(&self) -> f32 {
        const SAMPLE: usize = 4_096;
        let step = (self.cells.len() / SAMPLE).max(1);
        let sample = self.cells.iter().step_by(step);
        let (mut used, mut all) = (0, 0);
        for cell in sample {
            all += 1;
            used += usize::from(cell.total() > 0.25);
        }
        used as f32 / all as f32
    }

    fn places(&self, key: u64) -> [usize; 2] {
        let mask = self.cells.len() - 1;
        [key as usize & mask, (key >> 32) as usize & mask]
    }
}

impl Cell {
    fn total(&self) -> f32 {
        self.settled + self.last + self.fresh
    }

    /// Goes on to `epoch`; an earlier one, of a late post, counts as this.
    fn turn(&mut self, epoch: u32) {
        let passed = epoch.saturating_sub(self.epoch);
        if passed == 0 {
            return;
        }
        let decay = |count: f32, epochs: u32| count * KEPT.powi(epochs.min(1_000).cast_signed());
        self.settled = decay(self.settled, passed) + decay(self.last, passed - 1);
        if passed == 1 {
            self.last = self.fresh;
        } else {
            self.settled += decay(self.fresh, passed - 2);
            self.last = 0.0;
        }
        self.fresh = 0.0;
        self.epoch = epoch;
    }
}
