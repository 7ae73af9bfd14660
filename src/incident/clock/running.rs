//! One clock of one incident: since when it runs, until when, whether it rests or has stopped.

use jiff::{SignedDuration, Timestamp};

use crate::incident::{Happening, Incident, Reply, Substance, TimelineEntry, desk_time};

use super::calendar::Calendar;
use super::hours::{reached, spent};
use super::round;
use super::table::{Clock, Clocks, Limit, Start, Until};

/// A clock of an incident as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Running<'a> {
    /// What was set.
    pub clock: &'a Clock,
    /// Since when it counts.
    pub started_at: Timestamp,
    /// When the time is up, with all that it rested so far.
    pub due_at: Timestamp,
    /// Whether it counts now.
    pub standing: Standing,
    /// How much of it was told, in percent; 100 once its breach was told.
    pub told: u8,
    calendar: &'a Calendar,
    /// From when on its time counts.
    counted_from: Timestamp,
    /// How long it rested, of the time that counts.
    rested: SignedDuration,
}

/// Whether a clock counts now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It counts.
    Runs,
    /// It rests, since the incident waits for something.
    Rests {
        /// Since when.
        since: Timestamp,
    },
    /// What it asks for was done.
    Met {
        /// When.
        at: Timestamp,
    },
    /// The incident ended without it.
    Ended {
        /// When.
        at: Timestamp,
    },
}

impl Clocks {
    /// The clocks of an incident, in the order of the file: those that run, and those that have stopped.
    pub fn running(&self, incident: &Incident) -> Vec<Running<'_>> {
        self.limits.iter().filter_map(|clock| Running::of(clock, &self.calendar, incident)).collect()
    }

    /// The limits of an incident that still count, for a message: `首次回应 48 小时，11-24 08:47 前`.
    pub fn limits(&self, incident: &Incident) -> Option<String> {
        let running = self.running(incident);
        let count = running.iter().filter(|running| running.standing == Standing::Runs);
        let told = count.map(|running| {
            let limit = running.clock.limit.chinese();
            format!(
                "{} {limit}，{} 前",
                running.clock.title,
                desk_time(running.due_at).strftime("%m-%d %H:%M")
            )
        });
        let told: Vec<String> = told.collect();
        (!told.is_empty()).then(|| told.join("；"))
    }
}

impl<'a> Running<'a> {
    fn of(clock: &'a Clock, calendar: &'a Calendar, incident: &Incident) -> Option<Self> {
        if !clock.concerns(incident) {
            return None;
        }
        let entries = round(incident);
        let began = entries.first()?;
        let started_at = match (&began.what, clock.from) {
            (Happening::Reopened { .. }, _) => began.at,
            (_, Start::Published) => incident.first_public,
            (_, Start::Seen) => incident.opened_at,
            (_, Start::Graded) => graded_at(incident, clock)?,
        };
        let met = clock.until.met_by(entries);
        let counted = met.map_or(entries, |met| &entries[..=met]);
        let counting = Counting { clock, calendar };
        let (rested, resting) = rests(counted, counting);
        let (rested, resting) = if clock.pauses { (rested, resting) } else { (SignedDuration::ZERO, None) };
        let standing = match (met, incident.closed_at(), resting) {
            (Some(met), _, _) => Standing::Met { at: entries[met].at },
            (None, Some(at), _) => Standing::Ended { at },
            (None, None, Some(since)) => Standing::Rests { since },
            (None, None, None) => Standing::Runs,
        };
        let told = entries.iter().filter_map(|entry| entry.what.told_of(&clock.name)).max().unwrap_or(0);
        // The day on which something happens is no working day of those that are left for it.
        let counted_from = match clock.limit {
            Limit::Workdays(_) => calendar.day_after(started_at),
            Limit::Hours(_) | Limit::WorkingHours(_) => started_at,
        };
        let due_at = counting.reached(counted_from, clock.limit.length(calendar).saturating_add(rested));
        Some(Self { clock, started_at, due_at, standing, told, calendar, counted_from, rested })
    }

    /// What is left of its time, or was left when it stopped; negative once it is over. Where working time alone counts,
    /// it is working time.
    pub fn left(&self, now: Timestamp) -> SignedDuration {
        let (to, counting) = (self.counted_to(now), self.counting());
        if to <= self.due_at { counting.spent(to, self.due_at) } else { -counting.spent(self.due_at, to) }
    }

    /// Whether the time is up, or was before it stopped.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.left(now) <= SignedDuration::ZERO
    }

    /// Whether nothing stops it any more.
    pub fn has_stopped(&self) -> bool {
        match self.standing {
            Standing::Runs | Standing::Rests { .. } => false,
            Standing::Met { .. } | Standing::Ended { .. } => true,
        }
    }

    /// How much of it is spent, in percent, at most 100.
    pub fn percent(&self, now: Timestamp) -> u8 {
        let limit = self.clock.limit.length(self.calendar).as_secs().max(1);
        let spent = limit - self.left(now).as_secs().clamp(0, limit);
        u8::try_from(spent * 100 / limit).unwrap_or(100)
    }

    /// When so much of it is spent, as things stand.
    pub(super) fn mark(&self, percent: u8) -> Timestamp {
        let part = self.clock.limit.length(self.calendar).as_millis() * i128::from(percent) / 100;
        let part = SignedDuration::from_millis(i64::try_from(part).unwrap_or(i64::MAX));
        self.counting().reached(self.counted_from, part.saturating_add(self.rested))
    }

    fn counting(&self) -> Counting<'_> {
        Counting { clock: self.clock, calendar: self.calendar }
    }

    fn counted_to(&self, now: Timestamp) -> Timestamp {
        match self.standing {
            Standing::Runs => now,
            Standing::Rests { since } => since,
            Standing::Met { at } | Standing::Ended { at } => at,
        }
    }
}

/// How the time of a clock is counted: all of it, or what is worked.
#[derive(Clone, Copy)]
struct Counting<'a> {
    clock: &'a Clock,
    calendar: &'a Calendar,
}

impl Counting<'_> {
    fn spent(self, from: Timestamp, until: Timestamp) -> SignedDuration {
        if self.clock.limit.is_working() { self.calendar.spent(from, until) } else { spent(from, until) }
    }

    fn reached(self, from: Timestamp, time: SignedDuration) -> Timestamp {
        if self.clock.limit.is_working() { self.calendar.reached(from, time) } else { reached(from, time) }
    }
}

/// When the incident first had a grade that the clock is for.
fn graded_at(incident: &Incident, clock: &Clock) -> Option<Timestamp> {
    let graded =
        |entry: &&TimelineEntry| entry.what.new_grade().is_some_and(|grade| clock.grades.contains(&grade));
    incident.timeline.iter().find(graded).map(|entry| entry.at)
}

/// How long an incident waited in all, and since when it waits now.
fn rests(entries: &[TimelineEntry], counting: Counting<'_>) -> (SignedDuration, Option<Timestamp>) {
    let (mut total, mut resting) = (SignedDuration::ZERO, None);
    for entry in entries {
        if let Happening::Snoozed { until, .. } = &entry.what {
            let since = resting.map_or(entry.at, |(since, _)| since);
            resting = Some((since, *until));
        } else if entry.what.wakes()
            && let Some((since, until)) = resting.take()
        {
            // The daemon may have been away when the time to wait was over.
            total += counting.spent(since, entry.at.min(until));
        }
    }
    (total, resting.map(|(since, _)| since))
}

impl Until {
    /// The entry that stops such a clock.
    fn met_by(self, entries: &[TimelineEntry]) -> Option<usize> {
        let nth = match self {
            Self::RespondedAgain => 1,
            Self::Acknowledged
            | Self::Assigned
            | Self::Accepted
            | Self::Responded
            | Self::Answered
            | Self::Closed => 0,
        };
        let stops = |place: usize, entry: &TimelineEntry| {
            match self {
            // Who reopens an incident has taken it.
            Self::Acknowledged => {
                matches!(entry.what, Happening::Acknowledged { .. } | Happening::Reopened { .. })
            }
            Self::Assigned => matches!(entry.what, Happening::Assigned(_)),
            Self::Accepted => matches!(entry.what, Happening::Accepted { .. }),
            Self::Responded | Self::RespondedAgain => matches!(entry.what, Happening::Responded { .. }),
            // An answer that was taken away later never was; one that was put back has been there since then.
            Self::Answered => answer_in(entry).is_some_and(|reply| {
                let gone = |later: &TimelineEntry| {
                    matches!(&later.what, Happening::ReplyGone { url } if *url == reply.url)
                };
                !entries[place..].iter().any(gone)
            }),
            Self::Closed => matches!(entry.what, Happening::Closed { .. }),
        }
        };
        entries
            .iter()
            .enumerate()
            .filter(|(place, entry)| stops(*place, entry))
            .map(|(place, _)| place)
            .nth(nth)
    }
}

/// The answer that an entry tells was seen, if it answers.
fn answer_in(entry: &TimelineEntry) -> Option<&Reply> {
    let Happening::ReplySeen(reply) = &entry.what else { return None };
    (reply.substance == Substance::Answers).then_some(reply)
}
