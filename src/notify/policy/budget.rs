//! How many alerts somebody is told one by one in a shift. What comes above that and is not grave waits, and is told in one
//! message with all else that waits; orange, red and what calls somebody are never bundled.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::assess::Grade;
use crate::notify::{Notification, Reason};

/// Most notifications told in one bundle: as many as the smallest message can name.
pub const BUNDLE: usize = 30;
/// Most alerts that a budget may allow.
const MOST: u32 = 1_000;
const LONGEST: Duration = Duration::from_hours(12);
const HOURLY: Duration = Duration::from_hours(1);

/// What a receiver is told one by one, and when the rest follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Alerts in a shift that are told each in a message of its own.
    pub alerts: u32,
    /// How often what comes above that is told together.
    pub every: SignedDuration,
}

impl Budget {
    /// The keys `budget` and `bundle` of a receiver; `None` where there is no budget.
    pub(in crate::notify) fn checked(
        alerts: Option<u32>,
        every: Option<Duration>,
    ) -> Result<Option<Self>, String> {
        let Some(alerts) = alerts else {
            return if every.is_some() { Err("bundle needs budget".to_owned()) } else { Ok(None) };
        };
        if !(1..=MOST).contains(&alerts) {
            return Err(format!("budget is 1 to {MOST} alerts a shift"));
        }
        let every = every.unwrap_or(HOURLY);
        let length = SignedDuration::try_from(every).ok();
        let length = length.filter(|_| (Duration::from_secs(1)..=LONGEST).contains(&every));
        let every = length.ok_or("bundle is 1s to 12h")?;
        Ok(Some(Self { alerts, every }))
    }

    /// When the next bundle goes out: at the full hour, where it is hourly.
    pub fn next_bundle(self, now: Timestamp) -> Timestamp {
        let every = self.every.as_secs().max(1);
        let next = now.as_second().div_euclid(every).saturating_add(1).saturating_mul(every);
        Timestamp::from_second(next).unwrap_or(Timestamp::MAX)
    }
}

/// Whether a budget counts it: that something is new, or graver than it was.
pub fn is_alert(notification: &Notification) -> bool {
    matches!(notification.reason, Reason::Opened | Reason::Raised)
}

/// Whether it may be bundled: what is yellow or blue and calls nobody.
pub fn may_be_bundled(notification: &Notification) -> bool {
    let calls = matches!(
        notification.reason,
        Reason::ClockWarning | Reason::Breach | Reason::Escalated | Reason::Resumed
    );
    notification.brief.grade <= Grade::Yellow && !calls && !notification.reason.is_outside()
}
