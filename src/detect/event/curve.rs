//! How many spoke of an event when, and whether they become more.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Length of a step of the fine curve, in seconds, and how long it is kept.
const STEP: u32 = 600;
const FINE: u32 = 86_400;
/// Hours kept of the coarse curve.
const HOURS: usize = 24 * 30;
/// The trend is told from this time.
const TREND: u32 = 3_600;
/// A rise or fall of less than this an hour (of the logarithm) is none.
const SLOPE: f32 = 0.1;
/// One-sided 5 % of the normal distribution.
const SURE: f32 = 1.645;

/// Posts over time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Curve {
    /// Posts by ten minutes, of a day; a step as its number since 1970.
    fine: BTreeMap<u32, u32>,
    /// New voices by hour; an hour as its number since 1970.
    hours: BTreeMap<u32, Hour>,
}

/// What one hour brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hour {
    /// Posts.
    pub posts: u32,
    /// Voices that were not heard before.
    pub voices: u32,
}

/// Whether more and more speak of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// More than before.
    Rising,
    /// About as many.
    Level,
    /// Fewer.
    Falling,
}

impl Curve {
    /// Counts a post, `new` voices being heard for the first time with it.
    pub(super) fn add(&mut self, at: u32, new: u32) {
        *self.fine.entry(at / STEP).or_default() += 1;
        let hour = self.hours.entry(at / 3_600).or_default();
        hour.posts += 1;
        hour.voices += new;
        let latest = self.fine.last_key_value().map_or(0, |(step, _)| *step);
        self.fine.retain(|step, _| *step + FINE / STEP > latest);
        while self.hours.len() > HOURS {
            self.hours.pop_first();
        }
    }

    /// Takes in the curve of another event.
    pub(super) fn merge(&mut self, other: &Self) {
        for (step, posts) in &other.fine {
            *self.fine.entry(*step).or_default() += posts;
        }
        for (hour, more) in &other.hours {
            let known = self.hours.entry(*hour).or_default();
            known.posts += more.posts;
            known.voices += more.voices;
        }
    }

    /// By hour, as the hour's first second since 1970; hours without a post are left out.
    pub(super) fn hours(&self) -> impl DoubleEndedIterator<Item = (u32, Hour)> {
        self.hours.iter().map(|(hour, what)| (hour * 3_600, *what))
    }

    /// Posts from `from` until before `until`, told by steps of ten minutes.
    pub(super) fn posts(&self, from: u32, until: u32) -> u32 {
        self.fine.range(from / STEP..until.div_ceil(STEP)).map(|(_, posts)| *posts).sum()
    }

    /// How the last hour went: the slope of the logarithm an hour, and what that means.
    ///
    /// The score test for a trend of Poisson counts: no slope is believed that chance gives in one of twenty hours.
    pub(super) fn trend(&self, now: u32) -> (f32, Phase) {
        let last = now / STEP;
        let first = (last + 1).saturating_sub(TREND / STEP);
        let steps = last + 1 - first;
        let middle = (steps as f32 - 1.0) / 2.0;
        let spread: f32 = (0..steps).map(|step| (step as f32 - middle).powi(2)).sum::<f32>() / steps as f32;
        let (mut posts, mut leaning) = (0.0_f32, 0.0_f32);
        for (step, count) in self.fine.range(first..=last) {
            posts += *count as f32;
            leaning += *count as f32 * ((*step - first) as f32 - middle);
        }
        if posts == 0.0 {
            return (0.0, if self.hours.is_empty() { Phase::Level } else { Phase::Falling });
        }
        let slope = leaning / (posts * spread) * (3_600.0 / STEP as f32);
        let sure = leaning.abs() / (posts * spread).sqrt() > SURE;
        let phase = match (sure, slope) {
            (true, slope) if slope > SLOPE => Phase::Rising,
            (true, slope) if slope < -SLOPE => Phase::Falling,
            _ => Phase::Level,
        };
        (slope, phase)
    }
}

impl Phase {
    /// The word used in records and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rising => "rising",
            Self::Level => "level",
            Self::Falling => "falling",
        }
    }

    /// The words people read.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::Rising => "正在升温",
            Self::Level => "平稳",
            Self::Falling => "正在降温",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(by_step: &[u32]) -> Curve {
        let mut curve = Curve::default();
        for (step, posts) in by_step.iter().enumerate() {
            (0..*posts).for_each(|_| curve.add(86_400 + step as u32 * STEP, 1));
        }
        curve
    }

    #[test]
    fn a_trend_is_told_where_chance_does_not_explain_it() {
        for (by_step, phase) in [
            (&[1, 2, 4, 7, 12, 20][..], Phase::Rising),
            (&[20, 12, 7, 4, 2, 1], Phase::Falling),
            (&[5, 6, 4, 5, 6, 5], Phase::Level),
            (&[0, 1, 0, 1, 1, 0], Phase::Level),
        ] {
            let now = 86_400 + 5 * STEP;
            assert_eq!(curve(by_step).trend(now).1, phase, "{by_step:?}");
        }
        assert_eq!(curve(&[9]).trend(86_400 * 2).1, Phase::Falling, "nobody speaks of it any more");
    }

    #[test]
    fn hours_and_windows_add_up() {
        let curve = curve(&[1, 2, 4, 7, 12, 20, 3]);
        assert_eq!(curve.hours().map(|(_, hour)| hour.posts).collect::<Vec<_>>(), [46, 3]);
        assert_eq!(curve.posts(86_400 + STEP, 86_400 + 3 * STEP), 6);
    }
}
