//! How long each stage of an incident's way took: published, fetched, seen, told, taken, given to a department, answered.

use jiff::{SignedDuration, Timestamp};

use super::{Happening, Incident, Substance};

/// When an incident reached each stage; `None` if it did not, or nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stages {
    /// The first of its posts was published.
    pub published: Timestamp,
    /// That post was fetched, or sent to us.
    pub fetched: Option<Timestamp>,
    /// Posts were judged, and the incident was opened.
    pub opened: Timestamp,
    /// The first receiver took the word of it.
    pub told: Option<Timestamp>,
    /// Somebody took it.
    pub taken: Option<Timestamp>,
    /// It was given to a department.
    pub assigned: Option<Timestamp>,
    /// The public was answered: the answer was seen at its source, or else somebody said so.
    pub answered: Option<Timestamp>,
}

/// One stage, as it is shown: its word, when it was reached, and how long after the one before that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// `published`, `fetched`, `opened`, `told`, `taken`, `assigned` or `answered`.
    pub name: &'static str,
    /// When.
    pub at: Option<Timestamp>,
    /// How long after the stage before it, never negative; `None` for the first, and where this one was not reached.
    pub took: Option<SignedDuration>,
}

impl Stages {
    /// Of an incident: `fetched` and `told` are not its own to know.
    pub fn of(incident: &Incident, fetched: Option<Timestamp>, told: Option<Timestamp>) -> Self {
        let first = |wanted: fn(&Happening) -> bool| {
            incident.timeline.iter().find(|entry| wanted(&entry.what)).map(|entry| entry.at)
        };
        let seen = first(
            |what| matches!(what, Happening::ReplySeen(reply) if reply.substance == Substance::Answers),
        );
        let said = first(|what| matches!(what, Happening::Responded { .. }));
        Self {
            published: incident.first_public,
            fetched,
            opened: incident.opened_at,
            told,
            taken: first(|what| matches!(what, Happening::Acknowledged { .. })),
            assigned: first(|what| matches!(what, Happening::Assigned(_))),
            answered: seen.or(said),
        }
    }

    /// All stages in their order.
    pub fn list(&self) -> [Stage; 7] {
        let mut before: Option<Timestamp> = None;
        let stages = [
            ("published", Some(self.published)),
            ("fetched", self.fetched),
            ("opened", Some(self.opened)),
            ("told", self.told),
            ("taken", self.taken),
            ("assigned", self.assigned),
            ("answered", self.answered),
        ];
        stages.map(|(name, at)| {
            let took = at.zip(before).map(|(at, before)| at.duration_since(before).max(SignedDuration::ZERO));
            before = at.or(before);
            Stage { name, at, took }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::fixture::opened;

    #[test]
    fn a_stage_counts_from_the_last_one_that_was_reached() {
        let incident = opened();
        let at = |seconds| incident.opened_at + SignedDuration::from_secs(seconds);
        let stages = Stages { answered: Some(at(600)), ..Stages::of(&incident, Some(at(-5)), Some(at(1))) };
        let took: Vec<_> = stages.list().iter().map(|stage| stage.took.map(|took| took.as_secs())).collect();
        let fetched = at(-5).duration_since(incident.first_public).max(SignedDuration::ZERO).as_secs();
        assert_eq!(took, [None, Some(fetched), Some(5), Some(1), None, None, Some(599)]);
    }
}
