//! How much time is left: the limits that rules and offices set, side by side with their source.
//!
//! [`Clocks`] is what `clocks.toml` says. Which clocks run for an incident, until when, and what is to be told of
//! them is computed from the incident's own records and nothing else: its timeline says when a clock began, rested
//! and stopped, and what was told already. So there is no timer to be lost: after a crash the same computation
//! gives what was missed, once. The [`Agenda`] only remembers when to compute again.

mod agenda;
mod calendar;
mod due;
mod escalation;
mod hours;
mod running;
mod table;
#[cfg(test)]
mod tests;

use jiff::SignedDuration;

pub use agenda::Agenda;
pub use calendar::Calendar;
pub use escalation::{Escalation, Trigger};
pub use running::{Running, Standing};
pub use table::{Clock, Clocks, Limit, Start, Until};

use super::{Happening, Incident, TimelineEntry};

/// A length of time as an officer says it: `3 小时 25 分钟`; its sign does not matter.
pub fn span(length: SignedDuration) -> String {
    let minutes = length.as_secs().unsigned_abs() / 60;
    match (minutes / 1440, minutes / 60 % 24, minutes % 60) {
        (0, 0, 0) => "不到 1 分钟".to_owned(),
        (0, 0, minutes) => format!("{minutes} 分钟"),
        (0, hours, 0) => format!("{hours} 小时"),
        (0, hours, minutes) => format!("{hours} 小时 {minutes} 分钟"),
        (days, 0, _) => format!("{days} 天"),
        (days, hours, _) => format!("{days} 天 {hours} 小时"),
    }
}

/// What happened since the work began, or began again: clocks of a reopened incident begin anew.
fn round(incident: &Incident) -> &[TimelineEntry] {
    let reopened =
        incident.timeline.iter().rposition(|entry| matches!(entry.what, Happening::Reopened { .. }));
    &incident.timeline[reopened.unwrap_or(0)..]
}
