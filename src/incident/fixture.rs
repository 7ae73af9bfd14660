//! An incident for tests.

use crate::alert::{Alert, GroupKey};
use crate::assess::Grade;
use crate::detect::fixture::{at, signal};

use super::{Actor, Change, Incident, IncidentEvent, Opening};

/// One of the water supply at 望江花园, just opened.
pub(crate) fn opened() -> Incident {
    let now = at("2026-11-22T08:00:00Z");
    let alert = Alert {
        rule: "grave-post".to_owned(),
        grade: Grade::Orange,
        group: GroupKey::of([("category", "utilities"), ("place", "望江花园")]),
        reasons: vec!["理由".to_owned()],
        receivers: vec!["duty".to_owned()],
        signal: signal("grave-post", 1, Grade::Orange, now),
    };
    let opening = Opening { alert, title: "望江花园 · 停水".to_owned(), follows: None };
    let change = Change::Open(Box::new(opening));
    let incident = "INC-20261122-01".parse().expect("a legal name");
    Incident::open(&IncidentEvent { incident, at: now, by: Actor::System, change }).expect("an opening opens")
}
