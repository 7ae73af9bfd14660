//! How events are put together, and how much of them is remembered.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The `[detect.events]` table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EventConfig {
    /// Without a post for so long an event is over, one of grade yellow or higher after three times as long; where
    /// little is said, longer (see `quiet_posts`). Default: 1day.
    #[serde(with = "humantime_serde")]
    pub quiet: Duration,
    /// An event is not over before so many posts on whatever matter have come: a message board with twenty posts a
    /// day speaks of one matter for weeks. 0: `quiet` alone decides. Default: 2000.
    pub quiet_posts: u32,
    /// Points at which an event is blue, yellow, orange and red, as those of posts under `[assess.weights]`.
    /// Default: 18, 35, 55, 75.
    pub grades: [f32; 4],
    /// Most events followed at once, those of one post too; the longest silent of the smallest makes room.
    /// Default: 16384.
    pub max_events: usize,
}

impl Default for EventConfig {
    fn default() -> Self {
        Self {
            quiet: Duration::from_hours(24),
            quiet_posts: 2_000,
            grades: [18.0, 35.0, 55.0, 75.0],
            max_events: 16_384,
        }
    }
}

impl EventConfig {
    /// What is wrong with the values: key and reason.
    pub fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let quiet = self.quiet >= Duration::from_hours(1) && self.quiet <= Duration::from_hours(7 * 24);
        let rising = self.grades.is_sorted_by(|one, other| one < other) && self.grades[0] > 0.0;
        let checks = [
            ("grades", rising && self.grades[3] <= 100.0, "must rise, from above 0 to at most 100"),
            ("quiet", quiet, "must be an hour to 7 days"),
            ("quiet_posts", self.quiet_posts <= 1_000_000, "must be at most 1000000"),
            ("max_events", (64..=1 << 20).contains(&self.max_events), "must be 64 to 1048576"),
        ];
        checks.into_iter().filter(|(_, good, _)| !good).map(|(key, _, reason)| (key, reason)).collect()
    }
}
