//! What an incident or alert is told by, and what is asked of it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::alert::Alert;
use crate::assess::Grade;
use crate::incident::{Incident, IncidentId};
use crate::lexicon::category::Category;

/// What routes, silences and inhibitions can ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels<'a> {
    /// How grave it is.
    pub grade: Grade,
    /// The service.
    pub category: Category,
    /// The deepest place named.
    pub place: Option<&'a str>,
    /// Who answers for it, or should.
    pub department: Option<&'a str>,
    /// The sources of the posts that show it.
    pub sources: BTreeSet<&'a str>,
    /// The rules that fired.
    pub rules: BTreeSet<&'a str>,
    /// The incident, once there is one.
    pub incident: Option<&'a IncidentId>,
}

/// What is asked for; an empty set lets everything pass.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Matcher {
    /// Grades.
    pub grades: BTreeSet<Grade>,
    /// Services.
    pub categories: BTreeSet<Category>,
    /// Places, canonical.
    pub places: BTreeSet<String>,
    /// Departments.
    pub departments: BTreeSet<String>,
    /// Sources, any of them.
    pub sources: BTreeSet<String>,
    /// Rules, any of them.
    pub rules: BTreeSet<String>,
    /// Incidents.
    pub incidents: BTreeSet<IncidentId>,
}

impl<'a> Labels<'a> {
    /// Of an incident.
    pub fn of_incident(incident: &'a Incident) -> Self {
        Self {
            grade: incident.grade,
            category: incident.subject.category,
            place: incident.subject.place.as_deref(),
            department: incident.department(),
            sources: incident.evidence.iter().map(|post| post.source.as_str()).collect(),
            rules: incident.rules.iter().map(String::as_str).collect(),
            incident: Some(&incident.id),
        }
    }

    /// Of an alert, before it is an incident's.
    pub fn of_alert(alert: &'a Alert) -> Self {
        Self {
            grade: alert.grade,
            category: alert.signal.subject.category,
            place: alert.signal.subject.place.as_deref(),
            department: alert.signal.subject.department.as_deref(),
            sources: alert.signal.evidence.iter().map(|post| post.source.as_str()).collect(),
            rules: BTreeSet::from([alert.rule.as_str()]),
            incident: None,
        }
    }
}

impl Matcher {
    /// Whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether all that is asked for is so.
    pub fn matches(&self, labels: &Labels<'_>) -> bool {
        self.misses(labels).is_none()
    }

    /// The first thing asked for that is not so: the key, and what is found in its place.
    pub fn misses(&self, labels: &Labels<'_>) -> Option<(&'static str, String)> {
        let one = |wanted: &BTreeSet<String>, found: Option<&str>| {
            wanted.is_empty() || found.is_some_and(|found| wanted.contains(found))
        };
        let any = |wanted: &BTreeSet<String>, found: &BTreeSet<&str>| {
            wanted.is_empty() || found.iter().any(|found| wanted.contains(*found))
        };
        let said = |found: Option<&str>| found.unwrap_or("none").to_owned();
        let joined = |found: &BTreeSet<&str>| found.iter().copied().collect::<Vec<_>>().join(", ");
        if !(self.grades.is_empty() || self.grades.contains(&labels.grade)) {
            return Some(("grades", labels.grade.as_str().to_owned()));
        }
        if !(self.categories.is_empty() || self.categories.contains(&labels.category)) {
            return Some(("categories", labels.category.id().to_owned()));
        }
        if !one(&self.places, labels.place) {
            return Some(("places", said(labels.place)));
        }
        if !one(&self.departments, labels.department) {
            return Some(("departments", said(labels.department)));
        }
        if !any(&self.sources, &labels.sources) {
            return Some(("sources", joined(&labels.sources)));
        }
        if !any(&self.rules, &labels.rules) {
            return Some(("rules", joined(&labels.rules)));
        }
        let incident = labels.incident;
        if !(self.incidents.is_empty() || incident.is_some_and(|id| self.incidents.contains(id))) {
            return Some(("incidents", said(incident.map(IncidentId::as_str))));
        }
        None
    }
}
