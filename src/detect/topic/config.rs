//! How sharply topics are looked for, and within which bounds.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How suddenly rising topics are found.
///
/// The tables are bounded by number, and memory follows: the defaults take at most about 160 MiB, and that
/// only in streams of millions of posts a day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TopicConfig {
    /// How many false alarms a day are put up with, above 0 and at most 24; fewer means that a rise has to be
    /// steeper before it is told. The threshold follows from this and from the posts a day. Default: 0.5.
    pub false_alarms_per_day: f32,
    /// Fewest voices within a window that make a topic, 3 to 1000. Default: 5.
    pub min_voices: u32,
    /// A topic that nobody speaks of more than usual for this long is over, 10 minutes to a day. Default: 6h.
    #[serde(with = "humantime_serde")]
    pub quiet: Duration,
    /// Of a post's words, how many of the rarest are looked at in pairs, 0 to 16. Default: 8.
    pub pair_words: usize,
    /// Most words, hashtags, places and pairs followed at once; the rarest and longest silent make room.
    /// Default: 200000.
    pub max_keys: usize,
    /// Cells of the baseline, 16 bytes each: what is usual of every word and pair of the last days. Full
    /// cells hide bursts: [`Fill::baseline`](super::Fill::baseline) tells. Default: 1048576.
    pub baseline_cells: usize,
    /// Cells of each of the two doorkeepers, one bit each: a pair is followed from its second sight on.
    /// Default: 1048576.
    pub doorkeeper_cells: usize,
    /// Most hours of the day or week remembered in which a word is usually frequent. Default: 65536.
    pub max_slots: usize,
    /// Most posts remembered for finding copies and for showing what a topic is made of. Default: 65536.
    pub max_posts: usize,
    /// Most topics followed at once. Default: 256.
    pub max_topics: usize,
}

impl Default for TopicConfig {
    fn default() -> Self {
        Self {
            false_alarms_per_day: 0.5,
            min_voices: 5,
            quiet: Duration::from_hours(6),
            pair_words: 8,
            max_keys: 200_000,
            baseline_cells: 1 << 20,
            doorkeeper_cells: 1 << 20,
            max_slots: 65_536,
            max_posts: 65_536,
            max_topics: 256,
        }
    }
}

impl TopicConfig {
    /// What is wrong with the values: key and reason.
    pub fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let budget = self.false_alarms_per_day;
        let checks = [
            ("false_alarms_per_day", budget > 0.0 && budget <= 24.0, "must be above 0 and at most 24"),
            ("min_voices", (3..=1000).contains(&self.min_voices), "must be 3 to 1000"),
            (
                "quiet",
                self.quiet >= Duration::from_mins(10) && self.quiet <= Duration::from_hours(24),
                "must be 10 minutes to a day",
            ),
            ("pair_words", self.pair_words <= 16, "must be at most 16"),
            ("max_keys", in_bounds(self.max_keys), BOUNDS),
            ("baseline_cells", in_bounds(self.baseline_cells), BOUNDS),
            ("doorkeeper_cells", in_bounds(self.doorkeeper_cells), BOUNDS),
            ("max_slots", in_bounds(self.max_slots), BOUNDS),
            ("max_posts", in_bounds(self.max_posts), BOUNDS),
            ("max_topics", (1..=65_536).contains(&self.max_topics), "must be 1 to 65536"),
        ];
        checks.into_iter().filter(|(_, good, _)| !good).map(|(key, _, reason)| (key, reason)).collect()
    }
}

const BOUNDS: &str = "must be 1024 to 67108864";

fn in_bounds(size: usize) -> bool {
    (1_024..=67_108_864).contains(&size)
}
