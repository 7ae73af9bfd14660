//! What holds a notification back, and what becomes of it then.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::assess::Grade;
use crate::incident::{Calendar, Incident, IncidentId};
use crate::notify::{Notification, NotificationKey, Reason, Receiver};

use super::silence::{Silence, SilenceId};
use super::{Policy, Spacing, budget};

/// Why a notification waits. Stored by number: new ones go last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum HoldReason {
    /// Its receiver's hours have not come.
    Hours,
    /// Somebody asked for silence.
    Silence(SilenceId),
    /// A graver incident is open that explains it.
    Inhibited(IncidentId),
    /// More may come that is told with it.
    Wait,
    /// The receiver heard of the incident a moment ago.
    Interval,
    /// Its receiver was told as much in this shift as it is to be told one by one.
    Budget,
}

/// What becomes of a notification. Stored by number: new ones go last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fate {
    /// It waits.
    Held {
        /// Until when at the latest it is looked at again.
        until: Timestamp,
        /// For what.
        why: HoldReason,
    },
    /// It waits no more.
    Released,
    /// A later one tells what it would have told.
    Folded {
        /// Which.
        into: NotificationKey,
    },
    /// The incident ended while it waited, and its receiver never heard of it.
    Dropped {
        /// For what it waited.
        why: HoldReason,
    },
    /// It waits no more, and is told in one message with all that have the same bundle.
    Bundled {
        /// Named by the key of the first of them.
        bundle: NotificationKey,
    },
}

/// That something becomes of a notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// Of which.
    pub key: NotificationKey,
    /// What.
    pub fate: Fate,
    /// When that was decided.
    pub at: Timestamp,
}

/// A notification that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Until when at the latest it is looked at again.
    pub until: Timestamp,
    /// For what.
    pub why: HoldReason,
}

/// What a decision is made from, beside the notification.
#[derive(Clone, Copy)]
pub struct Holding<'a> {
    /// To whom it goes.
    pub receiver: &'a Receiver,
    /// The incident as it stands.
    pub incident: &'a Incident,
    /// The incidents that are open.
    pub open: &'a dyn Fn() -> Vec<&'a Incident>,
    /// The silences.
    pub silences: &'a [Silence],
    /// Which days are worked.
    pub calendar: &'a Calendar,
    /// How its words on the incident are spaced out.
    pub spacing: Spacing,
    /// When the receiver heard of the incident last, if it did.
    pub heard: Option<Timestamp>,
    /// Whether it has waited for more to come.
    pub waited: bool,
    /// When the receiver's next bundle goes out, if its budget for this shift is spent.
    pub bundle: Option<Timestamp>,
}

impl HoldReason {
    /// The word used in the API.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Hours => "hours",
            Self::Silence(_) => "silence",
            Self::Inhibited(_) => "inhibited",
            Self::Wait => "wait",
            Self::Interval => "interval",
            Self::Budget => "budget",
        }
    }

    /// What an officer reads.
    pub fn chinese(&self) -> String {
        match self {
            Self::Hours => "不在接收时段".to_owned(),
            Self::Silence(id) => format!("静默 {id}"),
            Self::Inhibited(by) => format!("{by} 已通知同一情况"),
            Self::Wait => "等待合并".to_owned(),
            Self::Interval => "同一处置单刚通知过".to_owned(),
            Self::Budget => "本班提醒已达上限，等待合并发送".to_owned(),
        }
    }
}

impl Policy {
    /// For what a notification has to wait, and until when; `None` if it may go at once.
    ///
    /// The word on what is red waits for no hours, no interval and nothing more to come; silences and inhibitions hold it
    /// only where they name red.
    pub fn hold(&self, notification: &Notification, of: Holding<'_>, now: Timestamp) -> Option<Held> {
        if notification.reason.is_outside() {
            return None;
        }
        let red = notification.brief.grade == Grade::Red;
        if let Some(silence) =
            of.silences.iter().find(|silence| silence.is_active(now) && silence.concerns(of.incident))
        {
            return Some(Held { until: silence.ends(), why: HoldReason::Silence(silence.id.clone()) });
        }
        let mut explained = self.inhibitions.iter();
        if !self.inhibitions.is_empty()
            && let Some(by) = {
                let open = (of.open)();
                explained.find_map(|inhibition| inhibition.explains(of.incident, open.iter().copied()))
            }
        {
            // Told when the other ends; looked at again once a day even so.
            let until = now + jiff::SignedDuration::from_hours(24);
            return Some(Held { until, why: HoldReason::Inhibited(by.clone()) });
        }
        if red {
            return None;
        }
        if !of.receiver.during.is_empty() {
            let opens = self.opens(&of.receiver.during, of.calendar, now);
            // A window that never opens would lose the word: it goes at once.
            if let Some(until) = opens.filter(|opens| *opens > now) {
                return Some(Held { until, why: HoldReason::Hours });
            }
        }
        let wait = notification.created_at + of.spacing.wait;
        if !of.waited && of.heard.is_none() && notification.reason == Reason::Opened && wait > now {
            return Some(Held { until: wait, why: HoldReason::Wait });
        }
        let next = of.heard.map(|heard| heard + of.spacing.interval);
        if let Some(until) = next.filter(|next| *next > now) {
            return Some(Held { until, why: HoldReason::Interval });
        }
        let bundled = !of.waited && budget::is_alert(notification) && budget::may_be_bundled(notification);
        of.bundle.filter(|_| bundled).map(|until| Held { until, why: HoldReason::Budget })
    }
}
