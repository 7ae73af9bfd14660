//! Alerts to incidents: the one state machine.
//!
//! An [`Incident`] changes only by [`IncidentEvent`]s, in order; folding the same events gives the
//! same incident, which is how a rebuild works. The [`Desk`] decides on events; whom they are told to is
//! `notify`'s affair.
//!
//! What always holds: at most one incident is open for a group key; only legal steps are ever decided or
//! applied; the timeline only grows, and an entry's index is its transition number.

mod desk;
mod fold;
mod id;
mod names;
mod transition;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::alert::{Alert, GroupKey};
use crate::assess::Grade;
use crate::detect::{Evidence, SignalId, Subject};
use crate::people::PersonName;

pub use desk::{Act, Desk, DeskConfig, Refusal, optional as optional_note};
pub use fold::FoldError;
pub use id::{BadIncidentId, IncidentId, desk_time};
pub use names::Names;
pub use transition::{IllegalStep, Step};

/// The case people work on; one open per group key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// `INC-20261122-07`: the day it was opened and a count.
    pub id: IncidentId,
    /// What belongs to it.
    pub group: GroupKey,
    /// The highest grade of its alerts.
    pub grade: Grade,
    /// Where the work stands.
    pub state: State,
    /// What it is about.
    pub subject: Subject,
    /// One line for lists: `望江花园 · 公用事业 · 停水`.
    pub title: String,
    /// What it is about in the dictionaries' terms: `停水`; may be empty.
    pub matter: String,
    /// The incident of the same group that was closed before, if this is a recurrence (复发).
    pub follows: Option<IncidentId>,
    /// The reasons of the alert that gave its grade.
    pub why: Vec<String>,
    /// Rules that fired for it, in order of their first alert.
    pub rules: Vec<String>,
    /// Receivers its alerts named.
    pub receivers: Vec<String>,
    /// Signals whose alerts opened or joined it, in order.
    pub signals: Vec<SignalId>,
    /// Posts that show it: the strongest first, at most [`Incident::EVIDENCE`].
    pub evidence: Vec<Evidence>,
    /// Most distinct voices measured.
    pub voices: u32,
    /// The dictionary version behind the alert that gave its grade.
    pub dictionary: String,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// Everything that happened to it, in order; the index of an entry is its transition number.
    pub timeline: Vec<TimelineEntry>,
}

/// Where the work on an incident stands. Assigned, responded and dismissed will join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// 待签收: nobody has taken it yet.
    New,
    /// 已签收: somebody at the desk has.
    Acknowledged,
    /// 已办结.
    Closed,
}

/// One entry of the timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
    /// What.
    pub what: Happening,
}

/// What can happen to an incident, as the timeline tells it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Happening {
    /// An alert opened it.
    Opened {
        /// The rule that fired.
        rule: String,
        /// At which grade.
        grade: Grade,
    },
    /// A further alert joined it.
    Joined {
        /// The rule that fired.
        rule: String,
        /// The alert's grade.
        grade: Grade,
        /// The incident's new grade, if it rose.
        raised: Option<Grade>,
    },
    /// Somebody took it.
    Acknowledged {
        /// What they said.
        note: Option<String>,
    },
    /// Somebody ended it.
    Closed {
        /// What they said.
        note: Option<String>,
    },
    /// Somebody wrote something down.
    Noted {
        /// What.
        note: String,
    },
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Actor {
    /// The program, by a rule.
    System,
    /// Someone at the desk.
    Person(PersonName),
    /// A machine, by its token's name.
    Token(String),
}

/// A decided change, as it stands in the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IncidentEvent {
    /// Which incident.
    pub incident: IncidentId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
    /// What.
    pub change: Change,
}

/// What changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Change {
    /// A new incident.
    Open(Box<Opening>),
    /// This alert joins.
    Join(Box<Alert>),
    /// Taken; escalation stops.
    Acknowledge {
        /// What was said.
        note: Option<String>,
    },
    /// Ended.
    Close {
        /// What was said.
        note: Option<String>,
    },
    /// Something written down.
    Note {
        /// What.
        note: String,
    },
}

/// What an incident begins with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opening {
    /// The alert.
    pub alert: Alert,
    /// Its title, with the names in use at that time.
    pub title: String,
    /// The incident of the same group that was closed before.
    pub follows: Option<IncidentId>,
}

impl Incident {
    /// Most posts kept as evidence.
    pub const EVIDENCE: usize = 50;

    /// Whether it still needs someone.
    pub fn is_open(&self) -> bool {
        match self.state {
            State::New | State::Acknowledged => true,
            State::Closed => false,
        }
    }

    /// When it ended.
    pub fn closed_at(&self) -> Option<Timestamp> {
        let end = self.timeline.iter().rfind(|entry| matches!(entry.what, Happening::Closed { .. }));
        end.map(|entry| entry.at)
    }

    /// Who took it, and when.
    pub fn acknowledged(&self) -> Option<(&Actor, Timestamp)> {
        let taken = self.timeline.iter().rfind(|entry| matches!(entry.what, Happening::Acknowledged { .. }));
        taken.map(|entry| (&entry.by, entry.at))
    }

    /// The number of its latest transition: the index of the latest entry of the timeline.
    pub fn transition(&self) -> u32 {
        self.timeline.len().saturating_sub(1) as u32
    }
}

impl State {
    /// The word used in records and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Acknowledged => "acknowledged",
            Self::Closed => "closed",
        }
    }
}
