//! Who is called when nothing happens: nobody takes an incident, or a clock's time was up.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::assess::Grade;
use crate::incident::{Actor, Change, Happening, Incident, State, TimelineEntry};

use super::hours::{reached, spent};
use super::{Running, round, span};

/// A step is repeated at most so often; who has not come by then does not read these messages.
const MOST: usize = 50;

/// One step: who hears of what after how long.
#[derive(Debug, Clone, PartialEq)]
pub struct Escalation {
    /// Its name in `clocks.toml`.
    pub name: String,
    /// What it waits for.
    pub trigger: Trigger,
    /// How long after that it calls.
    pub after: SignedDuration,
    /// How long until it calls again, as long as nothing has happened.
    pub repeat: Option<SignedDuration>,
    /// Of incidents of these grades.
    pub grades: BTreeSet<Grade>,
    /// Who is called: names of `receivers.toml`.
    pub receivers: Vec<String>,
    pub(super) line: usize,
}

/// What a step waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// Nobody has taken the incident.
    Unacknowledged,
    /// A clock's time was up, and what it asks for is not done.
    Breach {
        /// Which clock; `None` for any.
        clock: Option<String>,
    },
    /// Somebody has taken the incident, and nobody has done anything to it since; while it waits for something that is
    /// as it should be.
    Idle,
    /// The incident is still open.
    Open,
}

/// A call that is to be made.
pub(super) struct Call {
    pub(super) at: Timestamp,
    pub(super) change: Change,
}

impl Escalation {
    /// The next call of this step for an incident, if nothing happens before.
    pub(super) fn call(&self, incident: &Incident, running: &[Running<'_>]) -> Option<Call> {
        if !self.grades.contains(&incident.grade) {
            return None;
        }
        let since = match &self.trigger {
            Trigger::Unacknowledged => self.untaken_since(incident)?,
            Trigger::Breach { clock } => breached_at(incident, clock.as_deref(), running)?.0,
            Trigger::Idle => idle_since(incident)?,
            Trigger::Open if incident.waiting.is_some() => return None,
            Trigger::Open => round(incident).first()?.at,
        };
        // Whoever did something since then has answered the calls before.
        let after = if self.trigger == Trigger::Idle { since } else { Timestamp::MIN };
        let called = round(incident).iter().filter(|entry| {
            entry.at >= after
                && matches!(&entry.what, Happening::Escalated { step, .. } if *step == self.name)
        });
        let called: Vec<&TimelineEntry> = called.collect();
        let at = match called.last() {
            None => reached(since, self.after),
            Some(_) if called.len() >= MOST => return None,
            Some(last) => reached(last.at, self.repeat?),
        };
        // What fell due while it waited is told when it waits no more.
        let at = at.max(woken_at(incident).unwrap_or(at));
        let why = match &self.trigger {
            Trigger::Unacknowledged => format!("{}已无人签收", span(spent(since, at))),
            Trigger::Breach { clock } => {
                let (_, title) = breached_at(incident, clock.as_deref(), running)?;
                format!("“{title}”时限已过，仍未完成")
            }
            Trigger::Idle => format!("签收后已有 {} 没有处置记录", span(spent(since, at))),
            Trigger::Open => format!("已开单 {}，仍未办结", span(spent(since, at))),
        };
        let change = Change::Escalate { step: self.name.clone(), why, receivers: self.receivers.clone() };
        Some(Call { at, change })
    }

    /// Since when an incident of these grades lies untaken.
    fn untaken_since(&self, incident: &Incident) -> Option<Timestamp> {
        let graded =
            |entry: &&TimelineEntry| entry.what.new_grade().is_some_and(|grade| self.grades.contains(&grade));
        let since = incident.timeline.iter().find(graded)?.at;
        (incident.state == State::New).then_some(since)
    }
}

/// Since when nobody has done anything to an incident that somebody took and that waits for nothing. What the program
/// writes down by itself is nobody's doing.
fn idle_since(incident: &Incident) -> Option<Timestamp> {
    if incident.state == State::New || incident.waiting.is_some() {
        return None;
    }
    let done =
        |entry: &&TimelineEntry| entry.by != Actor::System || matches!(entry.what, Happening::Resumed { .. });
    incident.timeline.iter().rfind(done).map(|entry| entry.at)
}

/// When it waited no more last.
fn woken_at(incident: &Incident) -> Option<Timestamp> {
    let woken = |entry: &&TimelineEntry| matches!(entry.what, Happening::Resumed { .. });
    incident.timeline.iter().rfind(woken).map(|entry| entry.at)
}

/// When the breach of such a clock was told, and its title, as long as what it asks for is not done.
fn breached_at<'a>(
    incident: &'a Incident,
    wanted: Option<&str>,
    running: &[Running<'_>],
) -> Option<(Timestamp, &'a str)> {
    let waits =
        |clock: &str| running.iter().any(|running| running.clock.name == clock && !running.has_stopped());
    round(incident).iter().find_map(|entry| {
        let Happening::Breached { clock, title, .. } = &entry.what else { return None };
        let meant = wanted.is_none_or(|wanted| wanted == clock) && waits(clock);
        meant.then_some((entry.at, title.as_str()))
    })
}
