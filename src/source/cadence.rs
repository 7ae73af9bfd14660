//! How often a source is looked at.
//!
//! A source that brings something new is looked at more often, down to `min`; a quiet one less often,
//! up to `max`. Pages already read are looked at again while they are young.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The `[source.cadence]` table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CadenceConfig {
    /// Shortest time between two looks. Default: 1m.
    #[serde(with = "humantime_serde")]
    pub min: Duration,
    /// Longest time between two looks. Default: 30m.
    #[serde(with = "humantime_serde")]
    pub max: Duration,
    /// How long a thread or article is looked at again for new comments, edits and deletions. Default: 7days.
    #[serde(with = "humantime_serde")]
    pub revisit_for: Duration,
    /// Longest time between two looks at everything that is still revisited. Default: 1h.
    #[serde(with = "humantime_serde")]
    pub sweep: Duration,
}

impl Default for CadenceConfig {
    fn default() -> Self {
        Self {
            min: Duration::from_mins(1),
            max: Duration::from_mins(30),
            revisit_for: Duration::from_hours(168),
            sweep: Duration::from_hours(1),
        }
    }
}

impl CadenceConfig {
    /// The time until the next look after one that brought something new: half of it, at least `min`.
    pub fn sooner(&self, interval: Duration) -> Duration {
        (interval / 2).clamp(self.min, self.longest())
    }

    /// The time until the next look after one that brought nothing: half as much again, at most `max`.
    pub fn later(&self, interval: Duration) -> Duration {
        interval.saturating_mul(3).div_f64(2.0).clamp(self.min, self.longest())
    }

    /// The time until the next look after `failures` failed ones in a row: doubled each time, at most `max`.
    pub fn slowed(&self, failures: u32) -> Duration {
        let doubled = 1_u32.checked_shl(failures.min(16)).unwrap_or(u32::MAX);
        self.min.saturating_mul(doubled).clamp(self.min, self.longest())
    }

    /// When a thread or article is looked at again, or `None` when it has rested for `revisit_for` since it
    /// last changed (its first sight is its first change). The longer it rested, the longer the pause: a
    /// quarter of the rest, at least `min`, at most `sweep`.
    pub fn next_visit(
        &self,
        last_changed: Timestamp,
        last_fetched: Timestamp,
        now: Timestamp,
    ) -> Option<Timestamp> {
        if between(last_changed, now) >= self.revisit_for {
            return None;
        }
        let rested = between(last_changed, last_fetched);
        let pause = (rested / 4).clamp(self.min, self.sweep.max(self.min));
        last_fetched.checked_add(pause).ok()
    }

    /// What is wrong in this table, in words for its author; empty if nothing is.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.min.is_zero() {
            problems.push("cadence.min must be longer than 0s".to_owned());
        }
        if self.max < self.min {
            problems.push("cadence.max must not be shorter than cadence.min".to_owned());
        }
        if self.sweep < self.min {
            problems.push("cadence.sweep must not be shorter than cadence.min".to_owned());
        }
        problems
    }

    fn longest(&self) -> Duration {
        self.max.max(self.min)
    }
}

fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_follows_what_is_found_within_its_bounds() {
        let cadence = CadenceConfig::default();
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        assert_eq!(cadence.sooner(minutes(10)), minutes(5));
        assert_eq!(cadence.sooner(minutes(1)), cadence.min);
        assert_eq!(cadence.later(minutes(10)), minutes(15));
        assert_eq!(cadence.later(minutes(29)), cadence.max);
        let slowed: Vec<u64> = (0..7).map(|failures| cadence.slowed(failures).as_secs() / 60).collect();
        assert_eq!(slowed, [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(cadence.slowed(u32::MAX), cadence.max);
    }

    #[test]
    fn a_page_is_revisited_less_the_longer_it_rests_and_never_beyond_its_time() {
        let cadence = CadenceConfig::default();
        let start: Timestamp = "2026-03-01T08:00:00Z".parse().unwrap();
        let (mut fetched, mut visits, mut longest) = (start, 0, Duration::ZERO);
        while let Some(next) = cadence.next_visit(start, fetched, fetched) {
            let pause = between(fetched, next);
            assert!(pause >= cadence.min && pause <= cadence.sweep, "{pause:?}");
            assert!(pause >= longest, "the pause only grows while nothing changes");
            (fetched, visits, longest) = (next, visits + 1, pause);
        }
        assert_eq!(longest, cadence.sweep);
        assert!((160..220).contains(&visits), "{visits} visits in a week");
        let again = cadence.next_visit(fetched, fetched, fetched).unwrap();
        assert_eq!(between(fetched, again), cadence.min, "a change brings it back");
    }

    #[test]
    fn impossible_bounds_are_named() {
        assert_eq!(CadenceConfig::default().problems(), Vec::<String>::new());
        let minute = Duration::from_mins(1);
        let cadence = CadenceConfig { min: minute, max: minute / 2, sweep: minute / 2, ..Default::default() };
        assert_eq!(cadence.problems().len(), 2);
    }
}
