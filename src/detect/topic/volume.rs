//! How many posts there were within each window: what every count is held against.
//!
//! Taking the posts of the same window removes the rhythm of day and week, and backlogs, at once.

use serde::{Deserialize, Serialize};

/// The windows, in seconds, shortest first.
pub(super) const WINDOWS: [u32; 4] = [600, 3_600, 6 * 3_600, DAY];
/// Seconds of a day: the longest window.
pub(super) const DAY: u32 = 86_400;
const MINUTES: usize = (DAY / 60) as usize;

/// Posts by the minute, for a day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Volume {
    /// Ring of the minutes of a day.
    minutes: Vec<u32>,
    /// Sums of the last minutes of each window.
    sums: [u32; WINDOWS.len()],
    minute: u32,
}

impl Volume {
    pub(super) fn new() -> Self {
        Self { minutes: vec![0; MINUTES], sums: [0; WINDOWS.len()], minute: 0 }
    }

    /// Lets time go on.
    pub(super) fn advance(&mut self, now: u32) {
        let minute = now / 60;
        if minute.saturating_sub(self.minute) as usize >= MINUTES {
            self.minutes.fill(0);
            self.sums = [0; WINDOWS.len()];
            self.minute = minute;
        }
        while self.minute < minute {
            self.minute += 1;
            for (sum, window) in self.sums.iter_mut().zip(WINDOWS) {
                let left = self.minute.wrapping_sub(window / 60) as usize % MINUTES;
                *sum -= self.minutes[left];
            }
            self.minutes[self.minute as usize % MINUTES] = 0;
        }
    }

    /// Counts a post of the last day.
    pub(super) fn add(&mut self, at: u32) {
        let minute = at / 60;
        if minute + MINUTES as u32 <= self.minute {
            // Its place in the ring is that of a later minute by now.
            return;
        }
        self.minutes[minute as usize % MINUTES] += 1;
        for (sum, window) in self.sums.iter_mut().zip(WINDOWS) {
            if minute + window / 60 > self.minute {
                *sum += 1;
            }
        }
    }

    /// Posts within each of the [`WINDOWS`].
    pub(super) fn within(&self) -> [f32; WINDOWS.len()] {
        self.sums.map(|sum| sum as f32)
    }

    /// Posts of the half hour that ended at `end`.
    pub(super) fn half_hour(&self, end: u32) -> f32 {
        let end = end / 60;
        let minutes = (1..=30).map(|back| self.minutes[end.wrapping_sub(back) as usize % MINUTES]);
        minutes.sum::<u32>() as f32
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn sums_are_what_was_counted(posts in prop::collection::vec((0_u32..30_000, 0_u32..DAY), 1..60)) {
            let (mut volume, mut now, mut minutes) = (Volume::new(), 1_772_380_800_u32, Vec::new());
            for (passed, age) in posts {
                now += passed;
                volume.advance(now);
                volume.add(now - age);
                minutes.push((now - age) / 60);
                let within = WINDOWS.map(|window| {
                    minutes.iter().filter(|minute| **minute + window / 60 > now / 60).count() as f32
                });
                // Whole numbers: they are equal, or wrong by one at least.
                prop_assert!(volume.within().iter().zip(within).all(|(one, other)| (one - other).abs() < 0.5));
            }
        }
    }
}
