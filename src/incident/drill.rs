//! Drills (演练): marked posts that go the whole way, to see whether somebody takes them in time. They are in no figure.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{Incident, IncidentId, Stages, desk_time};

/// What stands before the title of a drill.
pub const MARK: &str = "【演练】";

/// How one drill went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrillResult {
    /// Its incident.
    pub incident: IncidentId,
    /// Its title.
    pub title: String,
    /// When it began.
    pub at: Timestamp,
    /// From there to the first receiver that took the word of it.
    pub told: Option<SignedDuration>,
    /// From there to somebody taking it.
    pub taken: Option<SignedDuration>,
    /// Whether it was taken in time; `None` while there still is time.
    pub passed: Option<bool>,
}

/// How the drills of a month went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MonthlyScore {
    /// `2026-11`.
    pub month: String,
    /// Drills that are over.
    pub drills: u32,
    /// Of which somebody took in time.
    pub passed: u32,
}

impl Incident {
    /// Whether it is a drill.
    pub fn is_drill(&self) -> bool {
        self.evidence.first().is_some_and(|post| post.source.is_drill())
    }
}

impl DrillResult {
    /// Of a drill's incident that somebody should take within `limit`.
    pub fn of(incident: &Incident, stages: &Stages, limit: SignedDuration, now: Timestamp) -> Self {
        let since = |at: Timestamp| at.duration_since(stages.opened).max(SignedDuration::ZERO);
        let taken = stages.taken.map(since);
        let passed = match taken {
            Some(taken) => Some(taken <= limit),
            None => (since(now) > limit || !incident.is_open()).then_some(false),
        };
        let told = stages.told.map(since);
        Self {
            incident: incident.id.clone(),
            title: incident.title.clone(),
            at: stages.opened,
            told,
            taken,
            passed,
        }
    }

    /// The scores of the months, the latest first.
    pub fn by_month<'a>(results: impl IntoIterator<Item = &'a Self>) -> Vec<MonthlyScore> {
        let mut months = BTreeMap::<String, MonthlyScore>::new();
        for result in results {
            let Some(passed) = result.passed else { continue };
            let month = desk_time(result.at).strftime("%Y-%m").to_string();
            let score = months.entry(month.clone()).or_default();
            score.month = month;
            score.drills += 1;
            score.passed += u32::from(passed);
        }
        months.into_values().rev().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::fixture::opened;

    #[test]
    fn a_drill_passes_if_somebody_takes_it_in_time() {
        let incident = opened();
        let limit = SignedDuration::from_mins(15);
        let at = |minutes| incident.opened_at + SignedDuration::from_mins(minutes);
        let judged = |taken: Option<i64>, now: i64| {
            let stages = Stages { taken: taken.map(at), ..Stages::of(&incident, None, None) };
            DrillResult::of(&incident, &stages, limit, at(now))
        };
        let cases = [
            (Some(10), 11, Some(true)),
            (Some(16), 20, Some(false)),
            (None, 14, None),
            (None, 16, Some(false)),
        ];
        for (taken, now, passed) in cases {
            assert_eq!(judged(taken, now).passed, passed, "taken {taken:?} now {now}");
        }
        let results: Vec<DrillResult> = cases.iter().map(|(taken, now, _)| judged(*taken, *now)).collect();
        let score = MonthlyScore { month: "2026-11".to_owned(), drills: 3, passed: 1 };
        assert_eq!(DrillResult::by_month(&results), [score]);
    }
}
