//! A decided change of an incident, as it stands in the journal: variants and fields are only ever added at the end
//! of the enum, never moved.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::alert::{Alert, GroupKey};
use crate::assess::Grade;
use crate::detect::{Evidence, SignalId, Subject};
use crate::extract::post::PostId;
use crate::people::PersonName;

use super::{Dismissal, Doubt, Incident, IncidentId, Outcome, Reply};

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

impl Actor {
    /// As records and the API name them: `system`, `person:li`, `token:…`.
    pub fn label(&self) -> String {
        match self {
            Self::System => "system".to_owned(),
            Self::Person(name) => format!("person:{}", name.as_str()),
            Self::Token(id) => format!("token:{id}"),
        }
    }
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
    /// Ended, without a word on how.
    Close {
        /// What was said.
        note: Option<String>,
    },
    /// Something written down.
    Note {
        /// What.
        note: String,
    },
    /// Ended, and how.
    CloseAs {
        /// How the matter ended.
        outcome: Outcome,
        /// What was said.
        note: Option<String>,
    },
    /// Given to a department.
    Assign(Assignment),
    /// The department asked last takes it.
    Accept {
        /// What was said.
        note: Option<String>,
    },
    /// The department asked last gives it back.
    Bounce {
        /// Why.
        reason: String,
    },
    /// The public is answered.
    Respond {
        /// Where the answer stands.
        url: Option<Url>,
        /// What was said.
        note: Option<String>,
    },
    /// Ended as no matter for the desk.
    Dismiss {
        /// Why not.
        dismissal: Dismissal,
        /// What was said.
        note: Option<String>,
    },
    /// The work goes on again.
    Reopen {
        /// Why.
        reason: String,
    },
    /// Ended, since the work goes on in another incident.
    Merge {
        /// In which.
        into: IncidentId,
        /// What was said.
        note: Option<String>,
    },
    /// Another incident is merged into this one.
    Absorb(Box<Absorbed>),
    /// It waits for something.
    Snooze {
        /// Until when at the latest.
        until: Timestamp,
        /// For what.
        reason: String,
    },
    /// It waits no more.
    Resume {
        /// What was said.
        note: Option<String>,
    },
    /// Much of a clock's time is spent.
    Warn {
        /// The clock's name.
        clock: String,
        /// What people call it.
        title: String,
        /// How much is spent, in percent.
        percent: u8,
        /// When the time is up.
        due: Timestamp,
    },
    /// A clock's time is up.
    Breach {
        /// The clock's name.
        clock: String,
        /// What people call it.
        title: String,
        /// When the time was up.
        due: Timestamp,
    },
    /// Others are called.
    Escalate {
        /// The name of the step.
        step: String,
        /// Why, in one sentence.
        why: String,
        /// Who: names of `receivers.toml`.
        receivers: Vec<String>,
    },
    /// An answer to the public was seen at its source.
    ReplySeen(Box<Reply>),
    /// What stands at the address of an answer is none.
    ReplyDoubted {
        /// Where.
        url: Url,
        /// Why not.
        doubt: Doubt,
    },
    /// An answer that was seen is not there any more.
    ReplyGone {
        /// Where it was.
        url: Url,
    },
    /// A new incident, of posts that were taken out of another.
    OpenSplit(Box<SplitOff>),
    /// Posts of it go on in a new incident.
    Split {
        /// In which.
        into: IncidentId,
        /// Which posts.
        posts: Vec<PostId>,
        /// What was said.
        note: Option<String>,
    },
    /// An item of its checklist was done, or not after all.
    Check {
        /// Which.
        item: String,
        /// Whether it is done.
        done: bool,
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

/// What an incident begins with that was split off another. What the posts tell of is one matter less there, and the
/// time that has gone is not given back: it counts from the beginning of the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SplitOff {
    /// The other.
    pub from: IncidentId,
    /// What belongs to it: nothing that comes of itself, since alerts go on joining the other.
    pub group: GroupKey,
    /// The highest grade of its posts.
    pub grade: Grade,
    /// What it is about.
    pub subject: Subject,
    /// One line for lists.
    pub title: String,
    /// The reasons of its gravest post.
    pub why: Vec<String>,
    /// Rules that fired for the other.
    pub rules: Vec<String>,
    /// Receivers that the other's alerts named.
    pub receivers: Vec<String>,
    /// Its posts, the strongest first.
    pub evidence: Vec<Evidence>,
    /// The dictionary version behind the other's grade.
    pub dictionary: String,
    /// When the first of its posts was published.
    pub first_public: Timestamp,
    /// When the other was opened.
    pub opened_at: Timestamp,
}

/// To whom an incident is given, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// The department: an id of `departments.toml`.
    pub department: String,
    /// Who comes next if that is not right.
    pub second: Option<String>,
    /// Why this one.
    pub reason: Option<String>,
    /// What was said.
    pub note: Option<String>,
}

/// What an incident brings into the one it is merged into; its own timeline stays with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Absorbed {
    /// The incident.
    pub from: IncidentId,
    /// What belongs to it.
    pub groups: Vec<GroupKey>,
    /// Its grade.
    pub grade: Grade,
    /// The reasons for the grade.
    pub why: Vec<String>,
    /// The dictionary version behind them.
    pub dictionary: String,
    /// Rules that fired for it.
    pub rules: Vec<String>,
    /// Receivers its alerts named.
    pub receivers: Vec<String>,
    /// Signals it heard.
    pub signals: Vec<SignalId>,
    /// Posts that show it.
    pub evidence: Vec<Evidence>,
    /// Most distinct voices measured.
    pub voices: u32,
    /// When the first of its posts was published.
    pub first_public: Timestamp,
}

impl Absorbed {
    /// What `incident` brings along.
    pub(super) fn of(incident: &Incident) -> Self {
        Self {
            from: incident.id.clone(),
            groups: incident.groups().cloned().collect(),
            grade: incident.grade,
            why: incident.why.clone(),
            dictionary: incident.dictionary.clone(),
            rules: incident.rules.clone(),
            receivers: incident.receivers.clone(),
            signals: incident.signals.clone(),
            evidence: incident.evidence.clone(),
            voices: incident.voices,
            first_public: incident.first_public,
        }
    }
}
