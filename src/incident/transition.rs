//! The legal steps of an incident: one table, asked before anything is decided and again when it is applied.
//!
//! ```text
//!         join, note          join, note           join, note
//!           ┌──┐               ┌──┐                  ┌──┐
//!           │  ▼               │  ▼                  │  ▼
//!           new ─acknowledge─► acknowledged ─close─► closed
//!            └──────────────── close ─────────────────▲
//! ```
//!
//! A closed incident stays closed: what comes later opens a new one that names it. Alerts still join it
//! if what they tell is older than its end.

use std::fmt;

use super::{Change, State};

/// Something that can be done to an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A further alert joins.
    Join,
    /// Somebody takes it.
    Acknowledge,
    /// Somebody ends it.
    Close,
    /// Somebody writes something down.
    Note,
}

/// A step that the incident's state does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{step} is not possible: the incident is {}", state.as_str())]
pub struct IllegalStep {
    /// What was wanted.
    pub step: Step,
    /// Where the incident stands.
    pub state: State,
}

impl State {
    /// The state after `step`.
    pub fn after(self, step: Step) -> Result<Self, IllegalStep> {
        match (self, step) {
            (state, Step::Join | Step::Note) => Ok(state),
            (Self::New, Step::Acknowledge) => Ok(Self::Acknowledged),
            (Self::New | Self::Acknowledged, Step::Close) => Ok(Self::Closed),
            (Self::Acknowledged, Step::Acknowledge) | (Self::Closed, Step::Acknowledge | Step::Close) => {
                Err(IllegalStep { step, state: self })
            }
        }
    }
}

impl Change {
    /// The step that this change is; `None` for the opening, which has no state before it.
    pub fn step(&self) -> Option<Step> {
        match self {
            Self::Open(_) => None,
            Self::Join(_) => Some(Step::Join),
            Self::Acknowledge { .. } => Some(Step::Acknowledge),
            Self::Close { .. } => Some(Step::Close),
            Self::Note { .. } => Some(Step::Note),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Join => "joining",
            Self::Acknowledge => "acknowledging",
            Self::Close => "closing",
            Self::Note => "noting",
        })
    }
}
