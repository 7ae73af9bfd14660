//! Decides which source is looked at next, and when.
//!
//! The [`Frontier`] orders sources by due time. It never fetches: the pipeline asks for what is due and
//! reports what came of it, so a test can run a week of crawling in a millisecond. Single pages that
//! are revisited have their times from [`CadenceConfig::next_visit`]; how gently a host is asked is
//! `politeness`.
//!
//! A source is out at most once, a failing one is slowed and never dropped, a blocked one is tried once a
//! day. Of two sources due at the same time the one with the smaller id comes first.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::source::{CadenceConfig, SourceId};

/// How long a source that wants no visitors (401, 403, captcha, log-in) is left alone.
const BLOCKED_FOR: Duration = Duration::from_hours(24);

/// What is known of one source's looks. Serialised with the state of the sources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceSchedule {
    /// When it is due.
    pub next_at: Timestamp,
    /// The pace it has at present.
    pub interval: Duration,
    /// Whether the desk has stopped it.
    pub paused: bool,
    /// How the last look ended.
    pub health: Health,
    /// Failed looks since the last one that succeeded.
    pub failures: u32,
    /// When a look last succeeded.
    pub last_success: Option<Timestamp>,
    /// When a look last brought something new.
    pub last_new: Option<Timestamp>,
}

/// How a source stands after its last look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// Never looked at.
    Fresh,
    /// The last look succeeded.
    Well,
    /// The last look failed.
    Failing,
    /// The source does not want us: no evasion, one try a day.
    Blocked,
}

/// How a look ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It brought something new or changed.
    New,
    /// It succeeded and brought nothing.
    Quiet,
    /// It failed.
    Failed,
    /// The source wants to be left alone for a while.
    Throttled {
        /// How long.
        wait: Duration,
    },
    /// 401, 403, a captcha, a log-in page, or robots.txt forbids it.
    Blocked,
}

#[derive(Debug, Clone)]
struct Entry {
    cadence: CadenceConfig,
    schedule: SourceSchedule,
    /// Whether a look is running.
    out: bool,
}

/// The sources in the order in which they are due.
#[derive(Debug, Clone, Default)]
pub struct Frontier {
    entries: BTreeMap<SourceId, Entry>,
}

impl Frontier {
    /// No sources yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a source, or changes the cadence of a known one. `kept` is what was stored of it; without, it
    /// is due at once.
    pub fn restore(
        &mut self,
        source: SourceId,
        cadence: CadenceConfig,
        kept: Option<SourceSchedule>,
        now: Timestamp,
    ) {
        if let Some(entry) = self.entries.get_mut(&source) {
            entry.schedule.interval =
                entry.schedule.interval.clamp(cadence.min, cadence.max.max(cadence.min));
            entry.cadence = cadence;
            return;
        }
        let schedule = kept.unwrap_or(SourceSchedule {
            next_at: now,
            interval: cadence.min,
            paused: false,
            health: Health::Fresh,
            failures: 0,
            last_success: None,
            last_new: None,
        });
        self.entries.insert(source, Entry { cadence, schedule, out: false });
    }

    /// Takes a source out of the configuration.
    pub fn remove(&mut self, source: &SourceId) {
        self.entries.remove(source);
    }

    /// The source that has been due longest; it is out until [`finished`](Self::finished) is told.
    pub fn due(&mut self, now: Timestamp) -> Option<SourceId> {
        let source = self.waiting().filter(|(at, _)| *at <= now).min()?.1.clone();
        if let Some(entry) = self.entries.get_mut(&source) {
            entry.out = true;
        }
        Some(source)
    }

    /// When the next source is due, whether or not that has passed; `None` if all are out or paused.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.waiting().min().map(|(at, _)| at)
    }

    /// Learns how a look ended and decides when the next one is due. Sources that are not known (any
    /// more) are passed over.
    pub fn finished(&mut self, source: &SourceId, outcome: Outcome, now: Timestamp) {
        let Some(entry) = self.entries.get_mut(source) else { return };
        let Entry { cadence, schedule, out } = entry;
        *out = false;
        let wait = match outcome {
            Outcome::New | Outcome::Quiet => {
                schedule.interval = if outcome == Outcome::New {
                    schedule.last_new = Some(now);
                    cadence.sooner(schedule.interval)
                } else {
                    cadence.later(schedule.interval)
                };
                schedule.health = Health::Well;
                schedule.failures = 0;
                schedule.last_success = Some(now);
                schedule.interval
            }
            Outcome::Failed | Outcome::Throttled { .. } => {
                schedule.health = Health::Failing;
                schedule.failures = schedule.failures.saturating_add(1);
                let demanded = match outcome {
                    Outcome::Throttled { wait } => wait,
                    Outcome::New | Outcome::Quiet | Outcome::Failed | Outcome::Blocked => Duration::ZERO,
                };
                cadence.slowed(schedule.failures).max(demanded)
            }
            Outcome::Blocked => {
                schedule.health = Health::Blocked;
                schedule.failures = schedule.failures.saturating_add(1);
                BLOCKED_FOR
            }
        };
        schedule.next_at = now.saturating_add(wait).unwrap_or(Timestamp::MAX);
    }

    /// Puts a look off that could not begin (its host is busy or wants a pause): it is due again at `until`,
    /// and nothing is learned of the source.
    pub fn put_off(&mut self, source: &SourceId, until: Timestamp) {
        if let Some(entry) = self.entries.get_mut(source) {
            entry.out = false;
            entry.schedule.next_at = until;
        }
    }

    /// Stops looking at a source; false if there is no such source.
    pub fn pause(&mut self, source: &SourceId) -> bool {
        self.change(source, |schedule| schedule.paused = true)
    }

    /// Looks at a source again, when it would have been due; false if there is no such source.
    pub fn resume(&mut self, source: &SourceId) -> bool {
        self.change(source, |schedule| schedule.paused = false)
    }

    /// Makes a source due at once, paused or not; false if there is no such source. The host's pace still
    /// holds.
    pub fn fetch_now(&mut self, source: &SourceId, now: Timestamp) -> bool {
        self.change(source, |schedule| {
            schedule.paused = false;
            schedule.next_at = now;
        })
    }

    /// What is known of a source.
    pub fn schedule(&self, source: &SourceId) -> Option<&SourceSchedule> {
        self.entries.get(source).map(|entry| &entry.schedule)
    }

    /// All sources with what is known of them, in the order of their ids.
    pub fn schedules(&self) -> impl Iterator<Item = (&SourceId, &SourceSchedule)> {
        self.entries.iter().map(|(source, entry)| (source, &entry.schedule))
    }

    fn waiting(&self) -> impl Iterator<Item = (Timestamp, &SourceId)> {
        let waiting = self.entries.iter().filter(|(_, entry)| !entry.out && !entry.schedule.paused);
        waiting.map(|(source, entry)| (entry.schedule.next_at, source))
    }

    fn change(&mut self, source: &SourceId, change: impl FnOnce(&mut SourceSchedule)) -> bool {
        self.entries.get_mut(source).is_some_and(|entry| {
            change(&mut entry.schedule);
            true
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> SourceId {
        SourceId::new(name).unwrap()
    }

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_772_352_000 + minute * 60).unwrap()
    }

    fn frontier(sources: &[&str]) -> Frontier {
        let mut frontier = Frontier::new();
        for source in sources {
            frontier.restore(id(source), CadenceConfig::default(), None, at(0));
        }
        frontier
    }

    #[test]
    fn a_week_of_crawling() {
        let mut frontier = frontier(&["busy", "dead", "quiet", "walled"]);
        let mut looks = BTreeMap::<SourceId, u32>::new();
        let mut order = Vec::new();
        let end = at(7 * 24 * 60);
        let mut now = at(0);
        while let Some(next) = frontier.next_due().filter(|next| *next < end) {
            now = now.max(next);
            let source = frontier.due(now).unwrap();
            let outcome = match source.as_str() {
                "busy" => Outcome::New,
                "dead" => Outcome::Failed,
                "quiet" => Outcome::Quiet,
                _ => Outcome::Blocked,
            };
            frontier.finished(&source, outcome, now);
            *looks.entry(source.clone()).or_default() += 1;
            order.push(source);
        }
        let looks: Vec<_> = looks.iter().map(|(source, looks)| (source.as_str(), *looks)).collect();
        // Every minute; never dropped; every half hour; once a day.
        assert_eq!(looks, [("busy", 10080), ("dead", 339), ("quiet", 342), ("walled", 7)]);
        assert_eq!(order[..4], [id("busy"), id("dead"), id("quiet"), id("walled")], "ties by id");
    }

    #[test]
    fn a_source_is_out_at_most_once_and_the_desk_can_stop_and_hurry_it() {
        let mut frontier = frontier(&["forum"]);
        let forum = id("forum");
        assert_eq!(frontier.due(at(0)), Some(forum.clone()));
        assert_eq!((frontier.due(at(0)), frontier.next_due()), (None, None));
        frontier.finished(&forum, Outcome::Quiet, at(0));
        assert_eq!(frontier.due(at(1)), None);
        assert!(frontier.pause(&forum));
        assert_eq!(frontier.due(at(99)), None);
        assert!(frontier.resume(&forum));
        assert_eq!(frontier.next_due().unwrap(), at(1) + Duration::from_secs(30));
        assert!(frontier.fetch_now(&forum, at(1)));
        assert_eq!(frontier.due(at(1)), Some(forum.clone()));
        frontier.put_off(&forum, at(5));
        assert_eq!(frontier.next_due(), Some(at(5)));
        assert!(!frontier.pause(&id("unknown")));
    }

    #[test]
    fn a_demanded_wait_is_kept_and_restored() {
        let mut before = frontier(&["forum"]);
        let forum = before.due(at(0)).unwrap();
        let wait = Duration::from_hours(3);
        before.finished(&forum, Outcome::Throttled { wait }, at(0));
        let kept = postcard::to_stdvec(before.schedule(&forum).unwrap()).unwrap();
        let mut after = Frontier::new();
        let kept: SourceSchedule = postcard::from_bytes(&kept).unwrap();
        assert_eq!((kept.health, kept.failures), (Health::Failing, 1));
        after.restore(forum.clone(), CadenceConfig::default(), Some(kept), at(1));
        assert_eq!(after.next_due(), Some(at(180)));
        after.remove(&forum);
        assert_eq!(after.next_due(), None);
        after.finished(&forum, Outcome::New, at(2));
        assert_eq!(after.schedules().count(), 0);
    }

    #[test]
    fn success_ends_the_slowness() {
        let mut frontier = frontier(&["forum"]);
        let forum = id("forum");
        for failure in 0..5 {
            let now = frontier.next_due().unwrap();
            assert_eq!(frontier.due(now), Some(forum.clone()), "{failure}");
            frontier.finished(&forum, Outcome::Failed, now);
        }
        let now = frontier.next_due().unwrap();
        assert_eq!(frontier.due(now), Some(forum.clone()));
        frontier.finished(&forum, Outcome::New, now);
        let schedule = frontier.schedule(&forum).unwrap();
        assert_eq!((schedule.failures, schedule.health, schedule.last_success), (0, Health::Well, Some(now)));
        assert_eq!(schedule.next_at, now + CadenceConfig::default().min);
    }
}
