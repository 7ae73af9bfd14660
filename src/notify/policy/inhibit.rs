//! What needs no word of its own while a graver incident is open that explains it.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::incident::{Incident, IncidentId};

use super::matcher::{Labels, Matcher};

/// While an incident is open that `by` matches, nothing is told of those that `of` matches and that are alike in
/// `equal`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Inhibition {
    by: Matcher,
    of: Matcher,
    equal: BTreeSet<Equal>,
}

/// In what two incidents have to be alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Equal {
    Category,
    Place,
    Department,
}

/// `[[inhibit]]` as written; `config/routes.toml` explains each key.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InhibitTable {
    by: Matcher,
    of: Matcher,
    equal: BTreeSet<Equal>,
}

pub(super) const KEYS: &[&str] = &["by", "of", "equal"];

impl Inhibition {
    pub(super) fn checked(table: InhibitTable) -> Result<Self, String> {
        let InhibitTable { by, of, equal } = table;
        if equal.is_empty() {
            return Err("equal is empty: one incident would silence the whole town".to_owned());
        }
        if by.is_empty() || of.is_empty() {
            return Err("by and of both ask for something: which incidents silence which".to_owned());
        }
        Ok(Self { by, of, equal })
    }

    /// The incident that explains this one, if one is open.
    pub(super) fn explains<'a>(
        &self,
        incident: &Incident,
        open: impl IntoIterator<Item = &'a Incident>,
    ) -> Option<&'a IncidentId> {
        let labels = Labels::of_incident(incident);
        if !self.of.matches(&labels) {
            return None;
        }
        let explains = |other: &&Incident| {
            let others = Labels::of_incident(other);
            let alike = self.equal.iter().all(|equal| match equal {
                Equal::Category => others.category == labels.category,
                Equal::Place => labels.place.is_some() && others.place == labels.place,
                Equal::Department => labels.department.is_some() && others.department == labels.department,
            });
            // The graver and older explains the other, never the other way round, and none explains itself.
            let order = |one: &Incident| (std::cmp::Reverse(one.grade), one.opened_at, one.id.clone());
            other.is_open() && alike && order(other) < order(incident) && self.by.matches(&others)
        };
        open.into_iter().find(explains).map(|other| &other.id)
    }
}
