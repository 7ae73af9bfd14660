//! Signals to alerts, by the operator's rules.
//!
//! A rule says what to watch for, how urgent it is, what belongs together and who is to hear of it; the
//! [`RuleBook`] hands the watching down to `detect` and passes its verdict on the signals that come back.
//! Whether an alert opens an incident or joins one is left to `incident`, who is told to `notify`.
//!
//! A file of rules is taken as a whole or not at all, and all its faults are named at once.

mod condition;
mod fault;
mod grade;
mod group;
mod outage;
mod rule;
mod sheet;
mod written;

use serde::{Deserialize, Serialize};

use crate::assess::Grade;
use crate::detect::Signal;

pub use fault::Fault;
pub use group::{GroupBy, GroupKey};
pub use outage::{Ear, Found, Outage};
pub use rule::{EVERYBODY, Rule, RuleBook};
pub(crate) use sheet::Sheet;
pub(crate) use written::{DayOfWeek, legal_name, plain_name, time_of_day};

/// A named rule's verdict on a signal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// The rule's name in `rules.toml`.
    pub rule: String,
    /// How urgent.
    pub grade: Grade,
    /// Alerts with one key belong to one incident while it is open.
    pub group: GroupKey,
    /// Why it fired, in Chinese, one sentence each.
    pub reasons: Vec<String>,
    /// Who is to hear of it: names from `receivers.toml`, or [`EVERYBODY`].
    pub receivers: Vec<String>,
    /// What was measured.
    pub signal: Signal,
}
