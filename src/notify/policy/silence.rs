//! What somebody at the desk does not want to be told for a while: who said so, why, until when.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::assess::Grade;
use crate::incident::{Actor, Incident};

use super::matcher::{Labels, Matcher};

/// Longest reason, in characters.
const REASON: usize = 300;
/// Longest silence.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 30);

/// A silence: incidents go on being opened and their clocks go on, but nobody is told. What is held back is told when it
/// ends, if the incident is still open then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Names it.
    pub id: SilenceId,
    /// What it silences. Red only where grades name it.
    pub matcher: Matcher,
    /// Why.
    pub reason: String,
    /// Who said so.
    pub by: Actor,
    /// From when on.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Who ended it before, and when.
    pub ended: Option<(Actor, Timestamp)>,
}

/// `S-` and 8 hex digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SilenceId(String);

/// Why a silence is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSilence {
    /// It would silence everything.
    #[error(
        "a silence asks for something: grades, categories, places, departments, sources, rules or incidents"
    )]
    Everything,
    /// There is no reason, or too much of it.
    #[error("a reason has 1 to {REASON} characters")]
    Reason,
    /// It ends before it begins, is over, or lasts too long.
    #[error("a silence ends after it begins, in a time to come, and lasts at most 30 days")]
    Until,
    /// There is none of this name that could be ended.
    #[error("no silence {0} is in force or to come")]
    Unknown(String),
}

impl SilenceId {
    /// The name of a silence that somebody makes.
    fn of(by: &Actor, reason: &str, now: Timestamp) -> Self {
        let hash = blake3::hash(format!("{by:?} {now} {reason}").as_bytes());
        Self(format!("S-{}", &hash.to_hex()[..8]))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SilenceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Silence {
    /// A new one.
    pub fn new(
        matcher: Matcher,
        reason: &str,
        by: Actor,
        from: Timestamp,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Self, BadSilence> {
        if matcher.is_empty() {
            return Err(BadSilence::Everything);
        }
        let reason = reason.trim();
        if !(1..=REASON).contains(&reason.chars().count()) || reason.chars().any(char::is_control) {
            return Err(BadSilence::Reason);
        }
        if until <= from || until <= now || until.duration_since(from) > LONGEST {
            return Err(BadSilence::Until);
        }
        let id = SilenceId::of(&by, reason, now);
        Ok(Self { id, matcher, reason: reason.to_owned(), by, from, until, ended: None })
    }

    /// When it ends, or ended.
    pub fn ends(&self) -> Timestamp {
        self.ended.as_ref().map_or(self.until, |(_, at)| (*at).min(self.until))
    }

    /// Whether it is in force.
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.ends()
    }

    /// Whether it concerns an incident.
    pub fn concerns(&self, incident: &Incident) -> bool {
        let named = incident.grade < Grade::Red || self.matcher.grades.contains(&Grade::Red);
        // One named by its own name is meant, whatever its grade.
        let meant = self.matcher.incidents.contains(&incident.id);
        (named || meant) && self.matcher.matches(&Labels::of_incident(incident))
    }
}
