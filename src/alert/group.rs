//! Which alerts belong together.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::detect::Signal;

/// The labels a rule groups by, with their values, in a fixed order: `category=safety,place=望江花园`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GroupKey(String);

/// One label that alerts can be grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GroupBy {
    /// The service.
    Category,
    /// The place; where none is known, the matter's leading term, since "somewhere in town" is no place
    /// two matters could share.
    Place,
    /// Who should answer.
    Department,
    /// The source of the strongest post.
    Source,
    /// The rule.
    Rule,
}

impl GroupBy {
    /// All, in the order in which they stand in a key.
    pub const ALL: [Self; 5] = [Self::Category, Self::Place, Self::Department, Self::Source, Self::Rule];

    fn label(self, rule: &str, signal: &Signal) -> (&'static str, String) {
        let subject = &signal.subject;
        let strongest = signal.evidence.first();
        match self {
            Self::Category => ("category", subject.category.id().to_owned()),
            Self::Place => {
                if let Some(place) = &subject.place {
                    ("place", place.clone())
                } else {
                    let term = strongest.and_then(|post| post.terms.first()).cloned();
                    ("matter", term.unwrap_or_default())
                }
            }
            Self::Department => ("department", subject.department.clone().unwrap_or_default()),
            Self::Source => {
                let source = strongest.map(|post| post.source.as_str().to_owned());
                ("source", source.unwrap_or_default())
            }
            Self::Rule => ("rule", rule.to_owned()),
        }
    }
}

impl GroupKey {
    /// The key of these labels. A comma or equals sign within a value becomes `_`.
    pub fn of<'a>(labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let plain = |value: &str| value.replace([',', '='], "_");
        let labels = labels.into_iter().map(|(name, value)| format!("{name}={}", plain(value)));
        Self(labels.collect::<Vec<_>>().join(","))
    }

    /// The key of a signal that `rule` speaks to.
    pub(super) fn for_signal(by: &[GroupBy], rule: &str, signal: &Signal) -> Self {
        let wanted = GroupBy::ALL.into_iter().filter(|label| by.contains(label));
        let mut labels: Vec<(&str, String)> = wanted.map(|label| label.label(rule, signal)).collect();
        // A drill never belongs to what is real, nor to another drill.
        let drill = signal.evidence.first().filter(|post| post.source.is_drill());
        labels.extend(drill.map(|post| ("drill", post.post.to_string())));
        Self::of(labels.iter().map(|(name, value)| (*name, value.as_str())))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GroupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
