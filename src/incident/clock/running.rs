//! One clock of one incident: since when it runs, until when, whether it rests or has stopped.

use jiff::{SignedDuration, Timestamp};

use crate::incident::{Happening, Incident, TimelineEntry, desk_time};

use super::hours::{reached, spent};
use super::table::{Clock, Clocks, Start, Until};
use super::{round, span};

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
        self.clocks.iter().filter_map(|clock| Running::of(clock, incident)).collect()
    }

    /// The limits of an incident that still count, for a message: `首次回应 48 小时，11-24 08:47 前`.
    pub fn limits(&self, incident: &Incident) -> Option<String> {
        let running = self.running(incident);
        let count = running.iter().filter(|running| running.standing == Standing::Runs);
        let told = count.map(|running| {
            let limit = span(running.clock.limit);
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
    fn of(clock: &'a Clock, incident: &Incident) -> Option<Self> {
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
        let (rested, resting) = rests(counted);
        let (rested, resting) = if clock.pauses { (rested, resting) } else { (SignedDuration::ZERO, None) };
        let standing = match (met, incident.closed_at(), resting) {
            (Some(met), _, _) => Standing::Met { at: entries[met].at },
            (None, Some(at), _) => Standing::Ended { at },
            (None, None, Some(since)) => Standing::Rests { since },
            (None, None, None) => Standing::Runs,
        };
        let told = entries.iter().filter_map(|entry| entry.what.told_of(&clock.name)).max().unwrap_or(0);
        let due_at = reached(started_at, clock.limit.saturating_add(rested));
        Some(Self { clock, started_at, due_at, standing, told })
    }

    /// What is left of its time, or was left when it stopped; negative once it is over.
    pub fn left(&self, now: Timestamp) -> SignedDuration {
        self.due_at.duration_since(self.counted_to(now))
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
        let limit = self.clock.limit.as_secs().max(1);
        let spent = limit - self.left(now).as_secs().clamp(0, limit);
        u8::try_from(spent * 100 / limit).unwrap_or(100)
    }

    /// When so much of it is spent, as things stand.
    pub(super) fn mark(&self, percent: u8) -> Timestamp {
        let rest = self.clock.limit.as_millis() * (100 - i128::from(percent)) / 100;
        let rest = SignedDuration::from_millis(i64::try_from(rest).unwrap_or(i64::MAX));
        self.due_at.saturating_sub(rest).unwrap_or(self.due_at)
    }

    fn counted_to(&self, now: Timestamp) -> Timestamp {
        match self.standing {
            Standing::Runs => now,
            Standing::Rests { since } => since,
            Standing::Met { at } | Standing::Ended { at } => at,
        }
    }
}

/// When the incident first had a grade that the clock is for.
fn graded_at(incident: &Incident, clock: &Clock) -> Option<Timestamp> {
    let graded =
        |entry: &&TimelineEntry| entry.what.new_grade().is_some_and(|grade| clock.grades.contains(&grade));
    incident.timeline.iter().find(graded).map(|entry| entry.at)
}

/// How long an incident waited in all, and since when it waits now.
fn rests(entries: &[TimelineEntry]) -> (SignedDuration, Option<Timestamp>) {
    let (mut total, mut resting) = (SignedDuration::ZERO, None);
    for entry in entries {
        if let Happening::Snoozed { until, .. } = &entry.what {
            let since = resting.map_or(entry.at, |(since, _)| since);
            resting = Some((since, *until));
        } else if entry.what.wakes()
            && let Some((since, until)) = resting.take()
        {
            // The daemon may have been away when the time to wait was over.
            total += spent(since, entry.at.min(until));
        }
    }
    (total, resting.map(|(since, _)| since))
}

impl Until {
    /// The entry that stops such a clock.
    fn met_by(self, entries: &[TimelineEntry]) -> Option<usize> {
        let nth = match self {
            Self::RespondedAgain => 1,
            Self::Acknowledged | Self::Assigned | Self::Accepted | Self::Responded | Self::Closed => 0,
        };
        let stops = |entry: &TimelineEntry| match self {
            // Who reopens an incident has taken it.
            Self::Acknowledged => {
                matches!(entry.what, Happening::Acknowledged { .. } | Happening::Reopened { .. })
            }
            Self::Assigned => matches!(entry.what, Happening::Assigned(_)),
            Self::Accepted => matches!(entry.what, Happening::Accepted { .. }),
            Self::Responded | Self::RespondedAgain => matches!(entry.what, Happening::Responded { .. }),
            Self::Closed => matches!(entry.what, Happening::Closed { .. }),
        };
        entries.iter().enumerate().filter(|(_, entry)| stops(entry)).map(|(place, _)| place).nth(nth)
    }
}
