//! Incident changes to notifications to deliveries.
//!
//! [`plan`] decides who must hear of a change and why; the result stands in the same journal record as
//! the change. The courier (in `pipeline`) hands each notification to a [`Mailer`] or makes a
//! [`webhook`] request of it; both say what became of the one try as an [`Attempt`], and [`retry`] says
//! when the next one is due.
//!
//! What always holds: a notification holds all that its message needs; its key is the same in every try and
//! after restarts; secrets stand in no notification, answer or log.

mod address;
pub mod alertmanager;
mod batch;
pub mod chat;
mod email;
#[cfg(test)]
mod fixture;
pub mod heartbeat;
pub mod hook;
pub mod pace;
pub mod pagerduty;
mod plan;
pub mod policy;
mod receiver;
mod render;
pub mod retry;
mod secret;
mod services;
mod signature;
pub mod webhook;
mod wording;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::assess::Grade;
use crate::detect::Evidence;
use crate::incident::{IncidentId, State};

pub use address::{BadMailAddress, MailAddress};
pub use batch::Batch;
pub use email::{Mailer, MailerError};
pub use plan::{copy_for, handover_of, outage_of, plan, silence_of, test_of};
pub use receiver::{Channel, Receiver, Receivers, Smtp, SmtpTls, Webhook};
pub use render::{Mail, mail};
pub use retry::Attempt;
pub use secret::{Secret, SecretError, SecretPlace};
pub use signature::{BadWebhookSecret, WebhookSecret};
pub use wording::{Part, Wording};

/// One recipient, channel and reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notification {
    /// Hash of incident, transition and receiver: the same in every try and after restarts (promise R3).
    pub key: NotificationKey,
    /// The incident's transition number.
    pub transition: u32,
    /// Who hears of it: a name from `receivers.toml`.
    pub receiver: String,
    /// Which mailbox of the receiver, where it has any: one notification, one mailbox.
    pub to: Option<String>,
    /// What this mailbox or receiver heard of the incident before.
    pub thread: Option<Thread>,
    /// Why.
    pub reason: Reason,
    /// When it was decided.
    pub created_at: Timestamp,
    /// All that a message needs, as it stood at the transition: sending looks nothing up.
    pub brief: Brief,
}

/// What somebody heard of an incident before, so that mails stand together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// The first notification, with its transition number.
    pub first: (u32, NotificationKey),
    /// The one before this.
    pub previous: (u32, NotificationKey),
}

/// 32 hex digits; no `.` occurs in it, since webhook ids may hold none.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NotificationKey(pub(crate) String);

impl std::borrow::Borrow<str> for NotificationKey {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// Why somebody hears of an incident. Stored by number: new reasons go last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// It is new.
    Opened,
    /// Its grade rose.
    Raised,
    /// Somebody took it.
    Acknowledged,
    /// It is over.
    Closed,
    /// A marked test of the receiver.
    Test,
    /// It was given to a department.
    Assigned,
    /// A department gave it back.
    Bounced,
    /// The public was answered.
    Responded,
    /// It was no matter for the desk.
    Dismissed,
    /// The work goes on again.
    Reopened,
    /// Its work goes on in another incident.
    Merged,
    /// The time it should wait is over.
    Resumed,
    /// Much of a clock's time is spent.
    #[serde(rename = "clock-warning")]
    ClockWarning,
    /// A clock's time is up.
    Breach,
    /// Called, since nothing had happened for too long.
    Escalated,
    /// The daemon itself does not answer, or hears too little: the word of `minsheng watch`.
    Silent,
    /// It answers again.
    Restored,
    /// An answer to the public was seen at its source.
    Verified,
    /// What was said to be an answer is none.
    Doubted,
    /// An answer that was seen is not there any more.
    Vanished,
    /// A shift begins, and what is under way is to be accepted.
    Handover,
    /// Nobody has accepted what is under way.
    Unaccepted,
    /// Sources cannot be read.
    Outage,
    /// They can be read again.
    Recovered,
}

/// What a message tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Brief {
    /// The incident; for a test `TEST`.
    pub incident: IncidentId,
    /// Its grade.
    pub grade: Grade,
    /// Its grade before this change, if it rose.
    pub was: Option<Grade>,
    /// Its state.
    pub state: State,
    /// One line: place, matter.
    pub title: String,
    /// The matter in the dictionaries' terms: `停水`; may be empty.
    pub matter: String,
    /// The incident that this one is a recurrence of.
    pub follows: Option<IncidentId>,
    /// The category's id.
    pub category: String,
    /// The category's name for people.
    pub category_name: String,
    /// The deepest place, if one is known.
    pub place: Option<String>,
    /// The department's id, if one is known.
    pub department: Option<String>,
    /// The department's name for people.
    pub department_name: Option<String>,
    /// The rule that opened it.
    pub rule: String,
    /// Why, one sentence each.
    pub why: Vec<String>,
    /// What happened, in one sentence: who acted and what they said (`li 已签收：已联系水务局`), or what a clock
    /// tells. Of an incident that is new or whose grade rose: the limits that count from then on.
    pub action: Option<String>,
    /// Distinct voices so far.
    pub voices: u32,
    /// Posts, at most [`Brief::EVIDENCE`].
    pub evidence: Vec<Evidence>,
    /// Posts known in all.
    pub posts: u32,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it ended.
    pub closed_at: Option<Timestamp>,
    /// The dictionary version that judged.
    pub dictionary: String,
}

/// What became of one try.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// Which notification.
    pub key: NotificationKey,
    /// 1 for the first try.
    pub attempt: u32,
    /// When it was made.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub took_ms: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// What the other side said, in a line of at most 200 characters, never secrets.
    pub answer: String,
}

/// How one try ended (integrations §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Taken by the other side.
    Sent,
    /// To be tried again, at this time.
    Retry(Timestamp),
    /// The receiver is set up wrong; its queue waits.
    Broken,
    /// This message will never be taken: a dead letter, shown.
    Rejected,
}

impl Brief {
    /// Most posts shown in one message.
    pub const EVIDENCE: usize = 3;
}

impl Notification {
    /// Tells the limits that count, where the message is of an incident that is new or whose grade rose.
    pub fn tell_limits(&mut self, limits: &str) {
        if matches!(self.reason, Reason::Opened | Reason::Raised) {
            self.brief.action = Some(limits.to_owned());
        }
    }
}

impl NotificationKey {
    /// The key of one receiver's (or one of its mailboxes') word on one transition of one incident.
    pub fn of(incident: &IncidentId, transition: u32, receiver: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(format!("{incident}:{transition}:{receiver}").as_bytes());
        Self(hasher.finalize().to_hex()[..32].to_owned())
    }

    /// The key from its text; `None` if it is none.
    pub fn read(text: &str) -> Option<Self> {
        let legal = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        legal.then(|| Self(text.to_owned()))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Reason {
    /// All, in the order of an incident's life.
    pub const ALL: [Self; 24] = [
        Self::Opened,
        Self::Raised,
        Self::Acknowledged,
        Self::Assigned,
        Self::Bounced,
        Self::Responded,
        Self::Verified,
        Self::Doubted,
        Self::Vanished,
        Self::Resumed,
        Self::ClockWarning,
        Self::Breach,
        Self::Escalated,
        Self::Closed,
        Self::Dismissed,
        Self::Merged,
        Self::Reopened,
        Self::Handover,
        Self::Unaccepted,
        Self::Outage,
        Self::Recovered,
        Self::Silent,
        Self::Restored,
        Self::Test,
    ];

    /// Whether it speaks of no incident: a test, the word of the watch over the daemon, the change of a shift.
    pub fn is_outside(self) -> bool {
        matches!(
            self,
            Self::Test
                | Self::Silent
                | Self::Restored
                | Self::Handover
                | Self::Unaccepted
                | Self::Outage
                | Self::Recovered
        )
    }

    /// The word used in records and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Raised => "raised",
            Self::Acknowledged => "acknowledged",
            Self::Closed => "closed",
            Self::Test => "test",
            Self::Assigned => "assigned",
            Self::Bounced => "bounced",
            Self::Responded => "responded",
            Self::Dismissed => "dismissed",
            Self::Reopened => "reopened",
            Self::Merged => "merged",
            Self::Resumed => "resumed",
            Self::ClockWarning => "clock-warning",
            Self::Breach => "breach",
            Self::Escalated => "escalated",
            Self::Silent => "silent",
            Self::Restored => "restored",
            Self::Verified => "verified",
            Self::Doubted => "doubted",
            Self::Vanished => "vanished",
            Self::Handover => "handover",
            Self::Unaccepted => "unaccepted",
            Self::Outage => "outage",
            Self::Recovered => "recovered",
        }
    }
}
