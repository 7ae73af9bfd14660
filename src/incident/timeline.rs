//! What happened to an incident, as its timeline tells it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::assess::Grade;

use super::{Actor, Assignment, Dismissal, Doubt, IncidentId, Outcome, Reply};

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

/// What can happen to an incident.
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
        /// How the matter ended, if they said so.
        outcome: Option<Outcome>,
        /// What they said.
        note: Option<String>,
    },
    /// Somebody wrote something down.
    Noted {
        /// What.
        note: String,
    },
    /// It was given to a department.
    Assigned(Assignment),
    /// The department took it.
    Accepted {
        /// Which.
        department: String,
        /// What was said.
        note: Option<String>,
    },
    /// The department gave it back.
    Bounced {
        /// Which.
        department: String,
        /// Why.
        reason: String,
    },
    /// The public was answered.
    Responded {
        /// Where the answer stands.
        url: Option<Url>,
        /// What was said.
        note: Option<String>,
    },
    /// It was no matter for the desk.
    Dismissed {
        /// Why not.
        dismissal: Dismissal,
        /// What was said.
        note: Option<String>,
    },
    /// The work goes on again.
    Reopened {
        /// Why.
        reason: String,
    },
    /// Its work goes on in another incident.
    Merged {
        /// In which.
        into: IncidentId,
        /// What was said.
        note: Option<String>,
    },
    /// Another incident was merged into it.
    Absorbed {
        /// Which.
        from: IncidentId,
        /// The new grade, if it rose by that.
        raised: Option<Grade>,
    },
    /// It waits for something.
    Snoozed {
        /// Until when at the latest.
        until: Timestamp,
        /// For what.
        reason: String,
    },
    /// It waits no more: somebody said so, or the time was over.
    Resumed {
        /// What was said.
        note: Option<String>,
    },
    /// Much of a clock's time was spent.
    Warned {
        /// The clock's name.
        clock: String,
        /// What people call it.
        title: String,
        /// How much was spent, in percent.
        percent: u8,
        /// When the time is up.
        due: Timestamp,
    },
    /// A clock's time was up.
    Breached {
        /// The clock's name.
        clock: String,
        /// What people call it.
        title: String,
        /// When the time was up.
        due: Timestamp,
    },
    /// Others were called, since nothing had happened for too long.
    Escalated {
        /// The name of the step in `clocks.toml`.
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
    /// It was opened with posts that were taken out of another.
    SplitOff {
        /// Which.
        from: IncidentId,
        /// At which grade.
        grade: Grade,
    },
    /// Posts of it go on in another.
    Split {
        /// In which.
        into: IncidentId,
        /// How many.
        posts: u32,
        /// What was said.
        note: Option<String>,
    },
    /// An item of its checklist was done, or not after all.
    Checked {
        /// Which.
        item: String,
        /// Whether it is done.
        done: bool,
    },
}

impl Happening {
    /// Whether it ended the incident.
    pub(super) fn ends(&self) -> bool {
        matches!(self, Self::Closed { .. } | Self::Dismissed { .. } | Self::Merged { .. })
    }

    /// Whether an incident that waited waits no more: what has ended waits for nothing, and what has become graver
    /// may not.
    pub(super) fn wakes(&self) -> bool {
        matches!(self, Self::Resumed { .. }) || self.ends() || self.new_grade().is_some()
    }

    /// How much of this clock was told by it, in percent.
    pub(super) fn told_of(&self, name: &str) -> Option<u8> {
        if let Self::Warned { clock, percent, .. } = self {
            return (clock == name).then_some(*percent);
        }
        matches!(self, Self::Breached { clock, .. } if clock == name).then_some(100)
    }

    /// The incident's new grade, if that is what happened.
    pub fn new_grade(&self) -> Option<Grade> {
        match self {
            Self::Opened { grade, .. } | Self::SplitOff { grade, .. } => Some(*grade),
            Self::Joined { raised, .. } | Self::Absorbed { raised, .. } => *raised,
            Self::Acknowledged { .. }
            | Self::Closed { .. }
            | Self::Noted { .. }
            | Self::Assigned(_)
            | Self::Accepted { .. }
            | Self::Bounced { .. }
            | Self::Responded { .. }
            | Self::Dismissed { .. }
            | Self::Reopened { .. }
            | Self::Merged { .. }
            | Self::Snoozed { .. }
            | Self::Resumed { .. }
            | Self::Warned { .. }
            | Self::Breached { .. }
            | Self::Escalated { .. }
            | Self::ReplySeen(_)
            | Self::ReplyDoubted { .. }
            | Self::ReplyGone { .. }
            | Self::Split { .. }
            | Self::Checked { .. } => None,
        }
    }
}
