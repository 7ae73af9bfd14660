//! The legal steps of an incident: one table, asked before anything is decided and again when it is applied.
//!
//! ```text
//!   new ─acknowledge─► acknowledged ─assign─► assigned ─respond─► responded
//!                            │  ▲                 ▲ ▲                 │  ▲
//!                            │  │      accept, ───┘ └──── assign ─────┘  │
//!                            │  │      bounce,                           │
//!                            │  │      assign                            │
//!                            └──│────────────── respond ─────────────────┘ (again: respond)
//!   any open one ─close──► closed    ─┐
//!   any open one ─dismiss► dismissed ─┼─reopen─► acknowledged
//!   any open one ─merge──► merged    ─┘
//! ```
//!
//! Alerts, notes and what is seen of answers come at any time: alerts join what has ended if what they tell is older than
//! its end; an answer that is seen makes of one in work one that is responded to. While it is open, another incident may
//! be merged into it, posts be split off, items of its checklist be done, and its clocks tell what they have to tell;
//! once somebody has taken it, it may wait for something.

use std::fmt;

use super::{Change, State, Substance};

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
    /// It is given to a department.
    Assign,
    /// The department takes it.
    Accept,
    /// The department gives it back.
    Bounce,
    /// The public is answered.
    Respond,
    /// Somebody ends it as no matter for the desk.
    Dismiss,
    /// The work goes on again.
    Reopen,
    /// Its work goes on in another incident.
    Merge,
    /// Another incident is merged into it.
    Absorb,
    /// It waits for something.
    Snooze,
    /// It waits no more.
    Resume,
    /// Its clocks tell something, or call others.
    Tick,
    /// An answer to the public was seen that answers.
    SeeReply,
    /// Something else became known of an answer.
    DoubtReply,
    /// Posts of it go on in a new incident.
    Split,
    /// An item of its checklist is done, or not after all.
    Check,
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

impl Step {
    /// All.
    pub const ALL: [Self; 19] = [
        Self::Join,
        Self::Acknowledge,
        Self::Close,
        Self::Note,
        Self::Assign,
        Self::Accept,
        Self::Bounce,
        Self::Respond,
        Self::Dismiss,
        Self::Reopen,
        Self::Merge,
        Self::Absorb,
        Self::Snooze,
        Self::Resume,
        Self::Tick,
        Self::SeeReply,
        Self::DoubtReply,
        Self::Split,
        Self::Check,
    ];
}

impl State {
    /// The state after `step`.
    pub fn after(self, step: Step) -> Result<Self, IllegalStep> {
        let next = match (step, self) {
            // What is in work and whose office has answered is answered; what nobody has taken still wants somebody.
            (Step::SeeReply, Self::Acknowledged | Self::Assigned)
            | (Step::Respond, Self::Acknowledged | Self::Assigned | Self::Responded) => Some(Self::Responded),
            (Step::Join | Step::Note | Step::DoubtReply | Step::SeeReply, state) => Some(state),
            (Step::Acknowledge, Self::New)
            | (Step::Reopen, Self::Closed | Self::Dismissed | Self::Merged) => Some(Self::Acknowledged),
            (Step::Assign, Self::Acknowledged | Self::Assigned | Self::Responded)
            | (Step::Accept | Step::Bounce, Self::Assigned) => Some(Self::Assigned),
            (Step::Snooze | Step::Resume, Self::Acknowledged | Self::Assigned | Self::Responded) => {
                Some(self)
            }
            (Step::Absorb | Step::Tick | Step::Split | Step::Check, state) if state.is_open() => Some(state),
            (Step::Close, state) if state.is_open() => Some(Self::Closed),
            (Step::Dismiss, state) if state.is_open() => Some(Self::Dismissed),
            (Step::Merge, state) if state.is_open() => Some(Self::Merged),
            (
                Step::Acknowledge
                | Step::Assign
                | Step::Accept
                | Step::Bounce
                | Step::Respond
                | Step::Snooze
                | Step::Resume
                | Step::Absorb
                | Step::Tick
                | Step::Split
                | Step::Check
                | Step::Close
                | Step::Dismiss
                | Step::Merge
                | Step::Reopen,
                Self::New
                | Self::Acknowledged
                | Self::Assigned
                | Self::Responded
                | Self::Closed
                | Self::Dismissed
                | Self::Merged,
            ) => None,
        };
        next.ok_or(IllegalStep { step, state: self })
    }

    /// Whether `step` is possible.
    pub fn allows(self, step: Step) -> bool {
        self.after(step).is_ok()
    }
}

impl Change {
    /// The step that this change is; `None` for the opening, which has no state before it.
    pub fn step(&self) -> Option<Step> {
        match self {
            Self::Open(_) | Self::OpenSplit(_) => None,
            Self::Join(_) => Some(Step::Join),
            Self::Acknowledge { .. } => Some(Step::Acknowledge),
            Self::Close { .. } | Self::CloseAs { .. } => Some(Step::Close),
            Self::Note { .. } => Some(Step::Note),
            Self::Assign(_) => Some(Step::Assign),
            Self::Accept { .. } => Some(Step::Accept),
            Self::Bounce { .. } => Some(Step::Bounce),
            Self::Respond { .. } => Some(Step::Respond),
            Self::Dismiss { .. } => Some(Step::Dismiss),
            Self::Reopen { .. } => Some(Step::Reopen),
            Self::Merge { .. } => Some(Step::Merge),
            Self::Absorb(_) => Some(Step::Absorb),
            Self::Snooze { .. } => Some(Step::Snooze),
            Self::Resume { .. } => Some(Step::Resume),
            Self::Warn { .. } | Self::Breach { .. } | Self::Escalate { .. } => Some(Step::Tick),
            Self::ReplySeen(reply) if reply.substance == Substance::Answers => Some(Step::SeeReply),
            Self::ReplySeen(_) | Self::ReplyDoubted { .. } | Self::ReplyGone { .. } => Some(Step::DoubtReply),
            Self::Split { .. } => Some(Step::Split),
            Self::Check { .. } => Some(Step::Check),
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
            Self::Assign => "assigning",
            Self::Accept => "accepting",
            Self::Bounce => "giving back",
            Self::Respond => "responding",
            Self::Dismiss => "dismissing",
            Self::Reopen => "reopening",
            Self::Merge => "merging",
            Self::Absorb => "taking in another",
            Self::Snooze => "waiting",
            Self::Resume => "going on",
            Self::Tick => "telling of a clock",
            Self::SeeReply | Self::DoubtReply => "telling of an answer",
            Self::Split => "splitting",
            Self::Check => "checking off",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_allows_these_steps_and_no_others() {
        use Step as S;
        let always = [S::Join, S::Note, S::SeeReply, S::DoubtReply];
        let open = [S::Close, S::Dismiss, S::Merge, S::Absorb, S::Tick, S::Split, S::Check];
        let taken = [S::Assign, S::Respond, S::Snooze, S::Resume];
        for (state, own) in [
            (State::New, [&open[..], &[S::Acknowledge]].concat()),
            (State::Acknowledged, [&open[..], &taken].concat()),
            (State::Assigned, [&open[..], &taken, &[S::Accept, S::Bounce]].concat()),
            (State::Responded, [&open[..], &taken].concat()),
            (State::Closed, vec![S::Reopen]),
            (State::Dismissed, vec![S::Reopen]),
            (State::Merged, vec![S::Reopen]),
        ] {
            for step in S::ALL {
                let legal = always.contains(&step) || own.contains(&step);
                assert_eq!(state.allows(step), legal, "{} {step}", state.as_str());
            }
        }
    }

    #[test]
    fn an_illegal_step_says_what_and_where() {
        let refused = State::New.after(Step::Assign).unwrap_err();
        assert_eq!(refused.to_string(), "assigning is not possible: the incident is new");
    }
}
