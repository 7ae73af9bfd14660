//! Names of incidents: the day on which they were opened at the desk, and a count.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Serialize};

/// Name of an incident: `INC-20261122-07`. The hundredth of a day is `INC-20261122-100`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IncidentId(String);

/// A text is no name of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an incident's name looks like INC-20261122-07")]
pub struct BadIncidentId;

/// The same instant as the desk's clocks show it. China has one zone and no summer time, so no database
/// of zones has to be installed.
pub fn desk_time(at: Timestamp) -> Zoned {
    at.to_zoned(TimeZone::fixed(Offset::constant(8)))
}

impl IncidentId {
    /// The `count`th incident of a day.
    pub(super) fn new(day: Date, count: u32) -> Self {
        Self(format!("INC-{}-{count:02}", day.strftime("%Y%m%d")))
    }

    /// What stands in place of a name in a test of a receiver.
    pub fn of_test() -> Self {
        Self("TEST".to_owned())
    }

    /// What stands in place of a name where the watch over a daemon speaks.
    pub fn of_watch() -> Self {
        Self("WATCH".to_owned())
    }

    /// What stands in place of a name where the change of a shift is told.
    pub fn of_shift() -> Self {
        Self("SHIFT".to_owned())
    }

    /// What stands in place of a name where it is told that something cannot be heard: the same from its beginning to its
    /// end, and another for what else cannot be heard.
    pub fn of_outage(of: &str) -> Self {
        Self(format!("OUTAGE-{}", &blake3::hash(of.as_bytes()).to_hex()[..8]))
    }

    /// Whether it names an incident of the desk, and neither a test nor the watch.
    pub fn is_of_desk(&self) -> bool {
        self.parts().is_some()
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The day and the count; `None` for a test's or the watch's.
    pub(super) fn parts(&self) -> Option<(Date, u32)> {
        let (day, count) = self.0.strip_prefix("INC-")?.split_once('-')?;
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if day.len() != 8 || !digits(day) || count.len() < 2 || !digits(count) {
            return None;
        }
        Some((Date::strptime("%Y%m%d", day).ok()?, count.parse().ok()?))
    }
}

impl FromStr for IncidentId {
    type Err = BadIncidentId;
    fn from_str(text: &str) -> Result<Self, BadIncidentId> {
        let id = Self(text.to_owned());
        // Only the one spelling that is ever made: names are keys.
        match id.parts() {
            Some((day, count)) if count > 0 && Self::new(day, count) == id => Ok(id),
            _ => Err(BadIncidentId),
        }
    }
}

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_the_desks_day_and_read_back() {
        let late: Timestamp = "2026-11-21T16:30:00Z".parse().unwrap();
        let id = IncidentId::new(desk_time(late).date(), 7);
        assert_eq!(id.to_string(), "INC-20261122-07");
        assert_eq!(id.as_str().parse(), Ok(id));
        assert_eq!("INC-20261122-100".parse::<IncidentId>().map(|id| id.parts().unwrap().1), Ok(100));
        for bad in [
            "",
            "TEST",
            "INC-20261322-07",
            "INC-20261122-7",
            "INC-20261122-007",
            "INC-20261122-00",
            "inc-20261122-07",
        ] {
            assert_eq!(bad.parse::<IncidentId>(), Err(BadIncidentId), "{bad}");
        }
    }
}
