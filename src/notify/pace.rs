//! How many messages a robot is sent: below what its service allows, by ourselves and never by its complaint
//! (integrations §2).

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::chat::Service;

/// A token bucket's measures: so many messages at once, and one more each time so long has gone by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Messages at once.
    pub burst: u32,
    /// Until one more may be sent.
    pub every: Duration,
}

impl Service {
    /// A pace at which in no minute, and no second, more is sent than the service takes.
    pub fn pace(self) -> Pace {
        match self {
            // 20 a minute: 8 at once, and 12 in the minute after.
            Self::WeCom | Self::DingTalk => Pace { burst: 8, every: Duration::from_secs(5) },
            // 100 a minute and 5 a second.
            Self::Feishu => Pace { burst: 4, every: Duration::from_secs(1) },
            Self::Slack => Pace { burst: 1, every: Duration::from_secs(1) },
        }
    }
}

/// A token bucket. It begins full: before a start nothing was sent for longer than a bucket takes to fill, or so little
/// that the service's own limit, which is higher than ours, is not reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Bucket {
    pace: Pace,
    /// Messages that may be sent at `at`.
    tokens: f64,
    at: Timestamp,
}

impl Bucket {
    /// A full one.
    pub fn new(pace: Pace, now: Timestamp) -> Self {
        Self { pace, tokens: f64::from(pace.burst), at: now }
    }

    /// When `cost` messages may be sent; `now` or earlier if at once. More than fit at once are sent as soon as it is
    /// full.
    pub fn when(&mut self, cost: u32, now: Timestamp) -> Timestamp {
        self.fill(now);
        let missing = f64::from(cost.min(self.pace.burst)) - self.tokens;
        if missing <= 0.0 {
            return now;
        }
        let wait = SignedDuration::from_secs_f64(missing * self.pace.every.as_secs_f64());
        // A moment later than reckoned rather than earlier: the rounding must not leave a token that is not quite one.
        now + wait + SignedDuration::from_millis(1)
    }

    /// Takes what was sent.
    pub fn take(&mut self, cost: u32, now: Timestamp) {
        self.fill(now);
        self.tokens -= f64::from(cost);
    }

    /// A wall clock that was set back fills nothing, and loses nothing (R9).
    fn fill(&mut self, now: Timestamp) {
        let gone = now.duration_since(self.at).as_secs_f64().max(0.0);
        self.tokens = (self.tokens + gone / self.pace.every.as_secs_f64()).min(f64::from(self.pace.burst));
        self.at = now;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(1_700_000_000_000 + milliseconds).unwrap()
    }

    #[test]
    fn a_clock_set_back_or_forth_opens_no_floodgate() {
        let mut bucket = Bucket::new(Pace { burst: 2, every: Duration::from_secs(5) }, at(0));
        bucket.take(2, at(0));
        assert_eq!(bucket.when(1, at(0)), at(5_001));
        assert_eq!(bucket.when(1, at(-3_600_000)), at(-3_600_000 + 5_001));
        assert_eq!(bucket.when(2, at(3_600_000)), at(3_600_000), "full, and no more than full");
        bucket.take(2, at(3_600_000));
        assert!(bucket.when(1, at(3_600_000)) > at(3_600_000));
    }

    proptest! {
        /// Whoever asks when, in no minute and no second more is sent than the services take.
        #[test]
        fn no_window_holds_more_than_its_service_takes(
            waits in proptest::collection::vec(0_i64..4_000, 1..300),
            service in prop::sample::select(Service::ALL.to_vec()),
        ) {
            let mut bucket = Bucket::new(service.pace(), at(0));
            let (mut now, mut sent) = (at(0), Vec::new());
            for wait in waits {
                now = (now + SignedDuration::from_millis(wait)).max(bucket.when(1, now));
                bucket.take(1, now);
                sent.push(now);
            }
            let most = |window: i64| {
                let within = |from: &Timestamp| {
                    let until = *from + SignedDuration::from_secs(window);
                    sent.iter().filter(|&one| one >= from && *one < until).count()
                };
                sent.iter().map(within).max().unwrap_or(0)
            };
            let (minute, second) = match service {
                Service::WeCom | Service::DingTalk => (20, 20),
                Service::Feishu => (100, 5),
                Service::Slack => (61, 2),
            };
            prop_assert!(most(60) <= minute && most(1) <= second, "{service:?}: {} {}", most(60), most(1));
        }
    }
}
