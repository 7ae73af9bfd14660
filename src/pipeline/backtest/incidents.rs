//! Which incidents a change adds, loses or grades otherwise.
//!
//! Two incidents are the same if they share a post: what a change renames or moves to another service is not
//! lost. Of several the one that shares most posts is meant, then the earliest.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::side::Told;
use crate::assess::Grade;
use crate::extract::post::PostId;
use crate::incident::IncidentId;

/// An incident, for people to read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IncidentTold {
    /// Its title.
    pub title: String,
    /// The highest grade it had.
    pub grade: Grade,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Posts that its alerts named.
    pub posts: usize,
    /// Where its first post can be read; else its id.
    pub post: String,
    /// What that post says, at most 120 characters, without names.
    pub excerpt: String,
}

/// An incident of another grade.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChangedIncident {
    /// Its grade as it is.
    pub before: Grade,
    /// As it would be.
    pub incident: IncidentTold,
}

/// What differs.
pub(super) struct Incidents {
    pub(super) gained: Vec<IncidentTold>,
    pub(super) lost: Vec<IncidentTold>,
    pub(super) changed: Vec<ChangedIncident>,
}

type Desk = BTreeMap<IncidentId, Told>;

/// Holds the incidents of two desks against each other; those opened at a time that does not count are known and
/// not told.
pub(super) fn compare(before: &Desk, after: &Desk, counts: impl Fn(Timestamp) -> bool) -> Incidents {
    let alone = |own: &Desk, other: &Desk| {
        let theirs = by_post(other);
        let alone = own.values().filter(|told| counts(told.opened_at) && partner(told, &theirs).is_none());
        let mut alone: Vec<IncidentTold> = alone.map(IncidentTold::of).collect();
        alone.sort_by(|one, other| other.grade.cmp(&one.grade).then(one.opened_at.cmp(&other.opened_at)));
        alone
    };
    let theirs = by_post(before);
    let changed = |told: &Told| {
        let was = before[partner(told, &theirs)?].grade;
        (was != told.grade).then(|| ChangedIncident { before: was, incident: IncidentTold::of(told) })
    };
    let mut changed: Vec<ChangedIncident> =
        after.values().filter(|told| counts(told.opened_at)).filter_map(changed).collect();
    changed.sort_by(|one, other| {
        let steps = |one: &ChangedIncident| one.incident.grade as i8 - one.before as i8;
        steps(one).cmp(&steps(other)).then(one.incident.opened_at.cmp(&other.incident.opened_at))
    });
    Incidents { gained: alone(after, before), lost: alone(before, after), changed }
}

fn by_post(desk: &Desk) -> BTreeMap<PostId, BTreeSet<&IncidentId>> {
    let mut by_post: BTreeMap<PostId, BTreeSet<&IncidentId>> = BTreeMap::new();
    for (id, told) in desk {
        for post in &told.posts {
            by_post.entry(*post).or_default().insert(id);
        }
    }
    by_post
}

/// The incident of the other desk that is the same.
fn partner<'a>(told: &Told, theirs: &BTreeMap<PostId, BTreeSet<&'a IncidentId>>) -> Option<&'a IncidentId> {
    let mut shared: BTreeMap<&IncidentId, usize> = BTreeMap::new();
    for id in told.posts.iter().filter_map(|post| theirs.get(post)).flatten() {
        *shared.entry(id).or_default() += 1;
    }
    // The names of incidents rise with time: of equals the first is the earliest.
    shared.into_iter().rev().max_by_key(|(_, posts)| *posts).map(|(id, _)| id)
}

impl IncidentTold {
    fn of(told: &Told) -> Self {
        let first = told.first.as_ref();
        Self {
            title: told.title.clone(),
            grade: told.grade,
            opened_at: told.opened_at,
            posts: told.posts.len(),
            post: first.map_or_else(String::new, |first| {
                first.url.as_ref().map_or_else(|| first.post.to_string(), ToString::to_string)
            }),
            excerpt: first.map_or_else(String::new, |first| first.excerpt.clone()),
        }
    }
}
