//! How fast posts come, and so how long silence lasts until a matter is over.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// Longest time without a post.
const LONGEST: u32 = 30 * 86_400;
/// Times remembered of the posts that are reckoned with.
const MARKS: u32 = 64;

/// When the latest posts came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Pace {
    /// When every so many-th post came, oldest first.
    marks: VecDeque<u32>,
    since: u32,
    posts: u32,
}

impl Pace {
    /// Reckons with the latest `posts`.
    pub(super) fn new(posts: u32) -> Self {
        Self { marks: VecDeque::new(), since: 0, posts }
    }

    /// Counts a post.
    pub(super) fn add(&mut self, now: u32) {
        if self.marks.is_empty() || self.since >= self.each() {
            self.marks.push_back(now);
            self.since = 0;
            if self.marks.len() as u32 > MARKS {
                self.marks.pop_front();
            }
        }
        self.since += 1;
    }

    /// The time in which so many posts come, at least `least` and at most 30 days. Before so many came it is told
    /// by the pace so far.
    pub(super) fn quiet(&self, now: u32, least: u32) -> u32 {
        self.long(now).min(LONGEST).max(least)
    }

    /// A short silence: the 24th part of that time, however long, and of `least`.
    pub(super) fn short(&self, now: u32, least: u32) -> u32 {
        (self.long(now).max(least) / 24).max(1)
    }

    fn long(&self, now: u32) -> u32 {
        let Some(&from) = self.marks.front() else { return 0 };
        let counted = ((self.marks.len() as u32 - 1) * self.each() + self.since).max(1);
        let time = now.saturating_sub(from);
        u32::try_from(u64::from(time) * u64::from(self.posts) / u64::from(counted)).unwrap_or(u32::MAX)
    }

    fn each(&self) -> u32 {
        self.posts.div_ceil(MARKS).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_little_is_said_a_matter_lasts_longer() {
        let day = 86_400;
        for (a_day, days) in [(10_000, 1.0), (200, 10.0), (20, 30.0)] {
            let mut pace = Pace::new(2_000);
            let mut now = day;
            for _ in 0..3_000 {
                pace.add(now);
                now += day / a_day;
            }
            let quiet = pace.quiet(now, day) as f32 / day as f32;
            assert!((quiet / days - 1.0).abs() < 0.05, "{a_day} posts a day: {quiet} days");
        }
        assert_eq!(Pace::new(0).quiet(5, day), day);
    }
}
