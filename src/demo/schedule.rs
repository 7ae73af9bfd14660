//! At which instant each text of the town appears.

use jiff::{SignedDuration, Timestamp};

use super::town::{Entry, Town};

/// At which instants the entries appear.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schedule {
    start: Timestamp,
    speed: f64,
}

/// A speed that is no positive number of reasonable size.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("speed {0} is not between 0.01 and 1000")]
pub struct BadSpeed(f64);

impl Schedule {
    /// The demo begins at `start`, and its seconds are `speed` times as short as ours; 0.01 to 1000.
    pub fn new(start: Timestamp, speed: f64) -> Result<Self, BadSpeed> {
        if (0.01..=1000.0).contains(&speed) { Ok(Self { start, speed }) } else { Err(BadSpeed(speed)) }
    }

    /// The instant at which an entry appears, which is also its time of publication. What lies before the start
    /// is not moved by the speed.
    pub fn appears_at(&self, entry: &Entry) -> Timestamp {
        let seconds = if entry.at < 0.0 { entry.offset() } else { entry.at / self.speed };
        self.start
            .saturating_add(SignedDuration::from_secs_f64(seconds))
            .expect("a span of seconds can be added")
    }

    /// Whether an entry is there at `now`.
    pub fn shows(&self, entry: &Entry, now: Timestamp) -> bool {
        self.appears_at(entry) <= now
    }

    /// When the last entry of a town has appeared.
    pub fn ends_at(&self, town: &Town) -> Timestamp {
        town.entries().last().map_or(self.start, |entry| self.appears_at(entry).max(self.start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speed_moves_what_is_to_come_and_not_what_was() {
        let start: Timestamp = "2026-11-24T02:00:00Z".parse().unwrap();
        let town = Town::sample();
        let (gas, cat) = (town.get("gas-smell").unwrap(), town.get("chat-cat").unwrap());
        for (speed, appears) in
            [(1.0, "2026-11-24T02:00:04Z"), (4.0, "2026-11-24T02:00:01Z"), (0.5, "2026-11-24T02:00:08Z")]
        {
            let schedule = Schedule::new(start, speed).unwrap();
            assert_eq!(schedule.appears_at(gas).to_string(), appears);
            assert_eq!(schedule.appears_at(cat).to_string(), "2026-11-23T05:00:00Z");
            assert!(!schedule.shows(gas, start) && schedule.shows(cat, start));
            assert!(town.entries().iter().all(|entry| schedule.shows(entry, schedule.ends_at(&town))));
        }
        for speed in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Schedule::new(start, speed).is_err(), "{speed}");
        }
    }
}
