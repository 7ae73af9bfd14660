//! Alerts to incidents: the one state machine.
//!
//! An [`Incident`] changes only by [`IncidentEvent`]s, in order; folding the same events gives the
//! same incident, which is how a rebuild works. The [`Desk`] decides on events; whom they are told to is
//! `notify`'s affair. How much time is left for what is told by its [`Clocks`].
//!
//! What always holds: at most one incident is open for a group key; only legal steps are ever decided or
//! applied; the timeline only grows, and an entry's index is its transition number.

mod change;
mod checklist;
mod clock;
mod desk;
mod drill;
mod ending;
mod fact;
#[cfg(test)]
pub(crate) mod fixture;
mod fold;
mod handover;
mod id;
mod names;
mod reply;
mod stages;
mod supervision;
mod timeline;
mod transition;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::alert::GroupKey;
use crate::assess::Grade;
use crate::detect::{Evidence, SignalId, Subject};

pub use change::{Absorbed, Actor, Assignment, Change, IncidentEvent, Opening, SplitOff};
pub use checklist::{Checklists, Item};
pub use clock::{
    Agenda, Calendar, Clock, Clocks, Escalation, Limit, Running, Standing, Start, Trigger, Until, span,
};
pub use desk::{Act, Desk, DeskConfig, Refusal, optional as optional_note};
pub use drill::{DrillResult, MARK as DRILL_MARK, MonthlyScore};
pub use ending::{Dismissal, Outcome};
pub use fact::{BadFact, FactCard, FactStatus};
pub use fold::FoldError;
pub use handover::{Accepted, Carried, Handover, HandoverId, Pack, Quiet, Sick};
pub use id::{BadIncidentId, IncidentId, desk_time};
pub use names::Names;
pub use reply::{Doubt, FoundBy, Page, Reply, ReplyNow, ReplyStanding, Substance, answers};
pub use stages::{Stage, Stages};
pub use supervision::{By, Figures, Spread, Supervision};
pub use timeline::{Happening, TimelineEntry};
pub use transition::{IllegalStep, Step};

/// The case people work on; one open per group key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// `INC-20261122-07`: the day it was opened and a count.
    pub id: IncidentId,
    /// What belongs to it.
    pub group: GroupKey,
    /// What belongs to it too, since incidents of these groups were merged into it.
    pub also: Vec<GroupKey>,
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
    /// The department it was given to, and how that stands.
    pub dispatch: Option<Dispatch>,
    /// Since when and until when it waits for something, if it does.
    pub waiting: Option<Waiting>,
    /// How it ended, if somebody said so.
    pub outcome: Option<Outcome>,
    /// The incident it was merged into.
    pub merged_into: Option<IncidentId>,
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
    /// When the first of its posts was published; never after it was opened.
    pub first_public: Timestamp,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// Everything that happened to it, in order; the index of an entry is its transition number.
    pub timeline: Vec<TimelineEntry>,
}

/// Where the work on an incident stands. Stored by number: new states go last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// 待签收: nobody has taken it yet.
    New,
    /// 已签收: somebody at the desk has.
    Acknowledged,
    /// 已办结.
    Closed,
    /// 已派单: a department has it.
    Assigned,
    /// 已回应: the public has an answer; the work may go on.
    Responded,
    /// 误报: it was no matter for the desk.
    Dismissed,
    /// 已并入: its work goes on in another incident.
    Merged,
}

/// How the giving of an incident to a department stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispatch {
    /// The department that was asked last: an id of `departments.toml`.
    pub department: String,
    /// Who comes next if that is not right.
    pub second: Option<String>,
    /// Why it was chosen.
    pub reason: Option<String>,
    /// Who keeps the matter: the first department that was asked, until another takes it.
    pub holder: String,
    /// Whether the department asked last has taken it.
    pub accepted: bool,
    /// Why the department asked last gave it back, if it did.
    pub bounced: Option<String>,
}

/// An incident that waits for something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Since when.
    pub since: Timestamp,
    /// Until when at the latest.
    pub until: Timestamp,
    /// For what.
    pub reason: String,
}

impl Incident {
    /// Most posts kept as evidence.
    pub const EVIDENCE: usize = 50;

    /// Whether it still needs someone.
    pub fn is_open(&self) -> bool {
        self.state.is_open()
    }

    /// When it ended; `None` while it is open.
    pub fn closed_at(&self) -> Option<Timestamp> {
        self.end().map(|end| end.at)
    }

    /// The entry that ended it; `None` while it is open.
    pub fn end(&self) -> Option<&TimelineEntry> {
        if self.is_open() { None } else { self.timeline.iter().rfind(|entry| entry.what.ends()) }
    }

    /// Who took it, and when.
    pub fn acknowledged(&self) -> Option<(&Actor, Timestamp)> {
        let taken = |entry: &&TimelineEntry| {
            matches!(entry.what, Happening::Acknowledged { .. } | Happening::Reopened { .. })
        };
        self.timeline.iter().rfind(taken).map(|entry| (&entry.by, entry.at))
    }

    /// Who answers for it: the department that holds it, else the one that the posts speak of.
    pub fn department(&self) -> Option<&str> {
        let holder = self.dispatch.as_ref().map(|dispatch| dispatch.holder.as_str());
        holder.or(self.subject.department.as_deref())
    }

    /// Whether a department is concerned with it: it holds it, was asked last, or the posts speak of it.
    pub fn concerns(&self, department: &str) -> bool {
        match &self.dispatch {
            Some(dispatch) => dispatch.holder == department || dispatch.department == department,
            None => self.subject.department.as_deref() == Some(department),
        }
    }

    /// All groups that belong to it.
    pub fn groups(&self) -> impl Iterator<Item = &GroupKey> {
        std::iter::once(&self.group).chain(&self.also)
    }

    /// The number of its latest transition: the index of the latest entry of the timeline.
    pub fn transition(&self) -> u32 {
        self.timeline.len().saturating_sub(1) as u32
    }
}

impl State {
    /// All, in the order of the work.
    pub const ALL: [Self; 7] = [
        Self::New,
        Self::Acknowledged,
        Self::Assigned,
        Self::Responded,
        Self::Closed,
        Self::Dismissed,
        Self::Merged,
    ];

    /// The word used in records and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Acknowledged => "acknowledged",
            Self::Assigned => "assigned",
            Self::Responded => "responded",
            Self::Closed => "closed",
            Self::Dismissed => "dismissed",
            Self::Merged => "merged",
        }
    }

    /// The state of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// What the duty officer reads.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::New => "待签收",
            Self::Acknowledged => "已签收",
            Self::Assigned => "已派单",
            Self::Responded => "已回应",
            Self::Closed => "已办结",
            Self::Dismissed => "误报",
            Self::Merged => "已并入",
        }
    }

    /// Its place in [`State::ALL`]: what comes first needs someone first.
    pub fn rank(self) -> u8 {
        match self {
            Self::New => 0,
            Self::Acknowledged => 1,
            Self::Assigned => 2,
            Self::Responded => 3,
            Self::Closed => 4,
            Self::Dismissed => 5,
            Self::Merged => 6,
        }
    }

    /// Whether the work goes on.
    pub fn is_open(self) -> bool {
        match self {
            Self::New | Self::Acknowledged | Self::Assigned | Self::Responded => true,
            Self::Closed | Self::Dismissed | Self::Merged => false,
        }
    }
}
