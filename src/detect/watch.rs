//! What the detector is asked to watch for. Rules make these; the detector knows nothing of rules.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::assess::Grade;
use crate::lexicon::category::Category;
use crate::source::SourceId;

use super::event::Phase;
use super::signal::Subject;
use super::topic::Level;

/// One thing to watch for.
#[derive(Debug, Clone, PartialEq)]
pub struct Watch {
    /// The name of the rule that asks; signals carry it, and it is part of their ids.
    pub name: String,
    /// What is measured.
    pub measure: Watched,
    /// Which posts are looked at.
    pub filter: Filter,
}

/// What is measured.
#[derive(Debug, Clone, PartialEq)]
pub enum Watched {
    /// Each post whose own grade lies within these bounds.
    Post {
        /// The least grade.
        at_least: Grade,
        /// The highest grade.
        at_most: Grade,
    },
    /// Distinct voices on one category at one place; on crossing, and again at each doubling.
    Voices {
        /// How many; at least 2.
        at_least: u32,
        /// Within which time.
        window: Duration,
        /// Posts below this grade do not count.
        floor: Grade,
    },
    /// A topic that suddenly rises and concerns the desk; first as soon as it does, again when twice as many
    /// speak of it.
    Topic {
        /// How sure it must be.
        at_least: Level,
    },
    /// An event of so high a grade; first as soon as it has it, again when its grade rises, when twice as many speak
    /// of it, or when a further place is named.
    Event {
        /// The least grade.
        at_least: Grade,
        /// Further conditions.
        only: EventOnly,
    },
}

/// What more an event has to be; what is `None` does not matter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EventOnly {
    /// So many different people speak of it.
    pub voices: Option<u32>,
    /// Where it stands.
    pub phase: Option<Phase>,
    /// It rises, and doubles at least as fast. A young event tells no such time.
    pub doubles_within: Option<Duration>,
    /// Whether it needs verifying.
    pub verify: Option<bool>,
}

/// Which posts are looked at. An empty set lets everything pass.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// Services.
    pub categories: BTreeSet<Category>,
    /// Places, canonical.
    pub places: BTreeSet<String>,
    /// Sources.
    pub sources: BTreeSet<SourceId>,
    /// Departments.
    pub departments: BTreeSet<String>,
    /// Whether a post that names no place is looked at.
    pub placeless: bool,
}

impl Filter {
    /// Whether posts of this source count.
    pub fn admits_source(&self, source: &SourceId) -> bool {
        self.sources.is_empty() || self.sources.contains(source)
    }

    /// Whether this subject is looked at, `also_named` being further places of the same post.
    pub fn admits_subject(&self, subject: &Subject, also_named: &[String]) -> bool {
        let category = self.categories.is_empty() || self.categories.contains(&subject.category);
        let place = match &subject.place {
            None => self.placeless && self.places.is_empty(),
            Some(place) => {
                self.places.is_empty()
                    || self.places.contains(place)
                    || also_named.iter().any(|place| self.places.contains(place))
            }
        };
        let department = self.departments.is_empty()
            || subject.department.as_ref().is_some_and(|department| self.departments.contains(department));
        category && place && department
    }
}
