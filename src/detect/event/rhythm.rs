//! How loud the hours of a day are: what is said at midnight goes on in the morning.

use serde::{Deserialize, Serialize};

const HOUR: u32 = 3_600;
const OF_DAY: usize = 24;
/// Least part that a new day has in the mean of an hour.
const LATEST: f32 = 0.1;
/// Days after which the hours are told apart.
const KNOWN: u32 = 2;
/// The loudness of an hour in which nobody speaks: something may be said in it all the same.
const SILENT: f32 = 0.05;

/// Posts by hour of the day, in the mean of the latest days.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Rhythm {
    /// The hour that is counted, in hours since 1970; 0 before the first post.
    hour: u32,
    counted: u32,
    /// Hours that have been counted.
    hours: u32,
    mean: [f32; OF_DAY],
}

impl Rhythm {
    pub(super) fn new() -> Self {
        Self { hour: 0, counted: 0, hours: 0, mean: [0.0; OF_DAY] }
    }

    /// Counts a post; one of an hour that has passed comes too late.
    pub(super) fn add(&mut self, at: u32) {
        let hour = at / HOUR;
        if self.hour == 0 {
            self.hour = hour;
        }
        // Hours without a post are counted too, a day of them at most: then nobody listened.
        let silent = hour.saturating_sub(self.hour).min(OF_DAY as u32);
        for _ in 0..silent {
            self.close();
        }
        self.hour = self.hour.max(hour);
        self.counted += u32::from(hour == self.hour);
    }

    fn close(&mut self) {
        let mean = &mut self.mean[self.hour as usize % OF_DAY];
        let days = self.hours / OF_DAY as u32 + 1;
        *mean += (1.0 / days as f32).max(LATEST) * (self.counted as f32 - *mean);
        self.counted = 0;
        self.hour += 1;
        self.hours += 1;
    }

    /// How loud it is at a moment beside the whole day; 1 until the hours are told apart.
    pub(super) fn loudness(&self, at: u32) -> f32 {
        let day: f32 = self.mean.iter().sum::<f32>() / OF_DAY as f32;
        if self.hours < KNOWN * OF_DAY as u32 || day <= 0.0 {
            return 1.0;
        }
        // From the middle of one hour to that of the next.
        let since = at.saturating_sub(HOUR / 2);
        let (hour, within) = ((since / HOUR) as usize, (since % HOUR) as f32 / HOUR as f32);
        let [before, after] = [hour, hour + 1].map(|hour| self.mean[hour % OF_DAY]);
        ((before + within * (after - before)) / day).max(SILENT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four days in which each hour has as many posts as its number says.
    fn days() -> Rhythm {
        let mut rhythm = Rhythm::new();
        for hour in 24 * 10..24 * 14 {
            for post in 0..hour % 24 {
                rhythm.add(hour * HOUR + post);
            }
        }
        rhythm
    }

    #[test]
    fn hours_are_as_loud_as_they_were() {
        let rhythm = days();
        let at = |hour: f32| rhythm.loudness((24.0 * 20.0 * 3_600.0 + hour * 3_600.0) as u32);
        assert!((at(12.5) - 12.0 / 11.5).abs() < 0.01, "{}", at(12.5));
        assert!((at(13.0) - 12.5 / 11.5).abs() < 0.01, "between two hours: {}", at(13.0));
        assert!((at(0.5) - SILENT).abs() < 1e-6);
    }

    #[test]
    fn until_two_days_are_known_all_hours_are_alike() {
        let mut rhythm = Rhythm::new();
        for hour in 240..280 {
            rhythm.add(hour * HOUR);
            assert!((rhythm.loudness(hour * HOUR) - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn a_long_silence_is_a_day_of_it_at_most_and_late_posts_count_for_nothing() {
        let mut rhythm = days();
        let before = rhythm.clone();
        rhythm.add(3 * HOUR);
        assert_eq!(rhythm, before);
        rhythm.add(24 * 1_000 * HOUR);
        assert!(rhythm.hours <= before.hours + 24);
    }
}
