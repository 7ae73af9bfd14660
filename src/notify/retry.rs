//! When a delivery is tried again (promise R4): 5 s, 30 s, 2 min, 10 min, 30 min, then hourly up to 72 h.
//!
//! The jitter of ±20 % comes from the message's key and the number of the try, so that a storm of failures spreads out
//! and yet the same history gives the same times; what was told in one message is tried again in one.

use std::time::Duration;

use jiff::Timestamp;

use super::{Notification, NotificationKey, Outcome};

/// Waits after the first tries.
const FIRST: [u64; 5] = [5, 30, 120, 600, 1800];
/// The wait after each later try.
const LATER: u64 = 3600;
/// A notification this old is not tried again.
const GIVES_UP: Duration = Duration::from_hours(72);
/// The longest `Retry-After` that is kept.
const LONGEST_ASKED: Duration = Duration::from_hours(1);

/// What became of one try, before the schedule is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// Taken by the other side.
    Sent,
    /// Not taken now. `after` is what the other side asked for, or what prudence asks where the message may
    /// have arrived.
    Failed {
        /// The least wait.
        after: Option<Duration>,
    },
    /// The receiver is set up wrong; trying again changes nothing until somebody mends it.
    Broken,
    /// This message will never be taken.
    Rejected,
}

/// The outcome to be recorded of try number `attempt` (1 for the first) that ended at `now`. `message` is the key of the
/// message that was tried: the notification's own, unless it was told with others.
pub fn outcome(
    result: &Attempt,
    notification: &Notification,
    message: &NotificationKey,
    attempt: u32,
    now: Timestamp,
) -> Outcome {
    match result {
        Attempt::Sent => Outcome::Sent,
        Attempt::Broken => Outcome::Broken,
        Attempt::Rejected => Outcome::Rejected,
        Attempt::Failed { after } => {
            let asked = after.unwrap_or_default().min(LONGEST_ASKED);
            let next = now + wait(message, attempt).max(asked);
            if next > notification.created_at + GIVES_UP { Outcome::Rejected } else { Outcome::Retry(next) }
        }
    }
}

/// The wait after try number `attempt`.
fn wait(key: &NotificationKey, attempt: u32) -> Duration {
    let step = FIRST.get(attempt.saturating_sub(1) as usize).copied().unwrap_or(LATER);
    let hash = xxhash_rust::xxh3::xxh3_64(format!("{}:{attempt}", key.as_str()).as_bytes());
    // 0.8 to 1.2, in thousandths.
    Duration::from_millis(step * (800 + hash % 401))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::fixture;

    #[test]
    fn tries_follow_the_schedule_and_end_after_three_days() {
        let notification = fixture::notification();
        let (mut now, mut waits) = (notification.created_at, Vec::new());
        let failed = Attempt::Failed { after: None };
        for attempt in 1.. {
            match outcome(&failed, &notification, &notification.key, attempt, now) {
                Outcome::Retry(next) => {
                    waits.push(next.duration_since(now).as_millis());
                    now = next;
                }
                Outcome::Rejected => break,
                other => panic!("{other:?}"),
            }
        }
        for (nth, step) in FIRST.into_iter().chain([LATER; 3]).enumerate() {
            let (least, most) = (i128::from(step) * 800, i128::from(step) * 1200);
            assert!((least..=most).contains(&waits[nth]), "wait {nth}: {}", waits[nth]);
        }
        let tried = now.duration_since(notification.created_at).as_hours();
        assert!((70..72).contains(&tried), "{tried} h");
        assert_eq!(wait(&notification.key, 1), wait(&notification.key, 1));
    }

    #[test]
    fn what_the_other_side_asks_for_is_kept_up_to_an_hour() {
        let notification = fixture::notification();
        let now = notification.created_at;
        for (asked, least, most) in [(60, 60, 60), (7200, 3600, 3600), (0, 4, 6)] {
            let after = Some(Duration::from_secs(asked));
            let failed = Attempt::Failed { after };
            let Outcome::Retry(next) = outcome(&failed, &notification, &notification.key, 1, now) else {
                panic!("not tried again")
            };
            assert!((least..=most).contains(&next.duration_since(now).as_secs()), "{asked}");
        }
    }
}
