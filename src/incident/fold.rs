//! Events to incidents: the one fold that the desk, the store and a rebuild share.

use crate::alert::Alert;
use crate::assess::Grade;
use crate::detect::{Evidence, Measure};

use super::transition::IllegalStep;
use super::{
    Absorbed, Assignment, Change, Dispatch, Happening, Incident, IncidentEvent, IncidentId, Opening,
    SplitOff, State, TimelineEntry, Waiting,
};

/// Why an event cannot be applied; with a sound journal it never comes to this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// The event does not open an incident, and none of its name is known.
    #[error("incident {0} is not known")]
    Unknown(IncidentId),
    /// The event opens an incident that is there already, or a second one for an open group.
    #[error("incident {0} is open already")]
    Again(IncidentId),
    /// The event is meant for another incident.
    #[error("the event belongs to incident {0}")]
    Other(IncidentId),
    /// The incident's state does not allow it.
    #[error(transparent)]
    Illegal(#[from] IllegalStep),
}

impl Incident {
    /// The incident that an opening event opens.
    pub fn open(event: &IncidentEvent) -> Result<Self, FoldError> {
        let opening = match &event.change {
            Change::Open(opening) => opening,
            Change::OpenSplit(split) => return Ok(Self::split_off(event, split)),
            _ => return Err(FoldError::Unknown(event.incident.clone())),
        };
        let Opening { alert, title, follows } = &**opening;
        let mut incident = Self {
            id: event.incident.clone(),
            group: alert.group.clone(),
            also: Vec::new(),
            grade: alert.grade,
            state: State::New,
            subject: alert.signal.subject.clone(),
            title: title.clone(),
            matter: alert.signal.matter(),
            follows: follows.clone(),
            dispatch: None,
            waiting: None,
            outcome: None,
            merged_into: None,
            why: alert.reasons.clone(),
            rules: Vec::new(),
            receivers: Vec::new(),
            signals: Vec::new(),
            evidence: Vec::new(),
            voices: 0,
            dictionary: alert.signal.dictionary.clone(),
            first_public: event.at,
            opened_at: event.at,
            updated_at: event.at,
            timeline: Vec::new(),
        };
        incident.take_in(alert);
        incident.enter(event, Happening::Opened { rule: alert.rule.clone(), grade: alert.grade });
        Ok(incident)
    }

    /// The incident that posts of another open.
    fn split_off(event: &IncidentEvent, split: &SplitOff) -> Self {
        let matter = split.evidence.first().map(|strongest| strongest.terms.join("、")).unwrap_or_default();
        let mut incident = Self {
            id: event.incident.clone(),
            group: split.group.clone(),
            also: Vec::new(),
            grade: split.grade,
            state: State::New,
            subject: split.subject.clone(),
            title: split.title.clone(),
            matter,
            follows: None,
            dispatch: None,
            waiting: None,
            outcome: None,
            merged_into: None,
            why: split.why.clone(),
            rules: split.rules.clone(),
            receivers: split.receivers.clone(),
            signals: Vec::new(),
            evidence: split.evidence.clone(),
            voices: split.evidence.len() as u32,
            dictionary: split.dictionary.clone(),
            first_public: split.first_public,
            opened_at: split.opened_at,
            updated_at: event.at,
            timeline: Vec::new(),
        };
        incident.enter(event, Happening::SplitOff { from: split.from.clone(), grade: split.grade });
        incident
    }

    /// Applies a later event. On error nothing has changed.
    pub fn apply(&mut self, event: &IncidentEvent) -> Result<(), FoldError> {
        if event.incident != self.id {
            return Err(FoldError::Other(event.incident.clone()));
        }
        let step = event.change.step().ok_or_else(|| FoldError::Again(self.id.clone()))?;
        self.state = self.state.after(step)?;
        let happening = match &event.change {
            Change::Open(opening) => {
                Happening::Opened { rule: opening.alert.rule.clone(), grade: opening.alert.grade }
            }
            Change::Join(alert) => {
                let raised = self.raise(alert.grade, &alert.reasons, &alert.signal.dictionary);
                self.take_in(alert);
                Happening::Joined { rule: alert.rule.clone(), grade: alert.grade, raised }
            }
            Change::Acknowledge { note } => Happening::Acknowledged { note: note.clone() },
            Change::Close { note } => Happening::Closed { outcome: None, note: note.clone() },
            Change::CloseAs { outcome, note } => {
                self.outcome = Some(*outcome);
                Happening::Closed { outcome: Some(*outcome), note: note.clone() }
            }
            Change::Note { note } => Happening::Noted { note: note.clone() },
            Change::Assign(assignment) => {
                self.assign(assignment);
                Happening::Assigned(assignment.clone())
            }
            Change::Accept { note } => {
                let department = self.asked(|dispatch| {
                    dispatch.holder.clone_from(&dispatch.department);
                    dispatch.accepted = true;
                    dispatch.bounced = None;
                });
                Happening::Accepted { department, note: note.clone() }
            }
            Change::Bounce { reason } => {
                let department = self.asked(|dispatch| {
                    dispatch.accepted = false;
                    dispatch.bounced = Some(reason.clone());
                });
                Happening::Bounced { department, reason: reason.clone() }
            }
            Change::Respond { url, note } => Happening::Responded { url: url.clone(), note: note.clone() },
            Change::Dismiss { dismissal, note } => {
                Happening::Dismissed { dismissal: *dismissal, note: note.clone() }
            }
            Change::Reopen { reason } => {
                self.outcome = None;
                self.merged_into = None;
                // Who answers now is decided anew; the timeline keeps who did.
                self.dispatch = None;
                Happening::Reopened { reason: reason.clone() }
            }
            Change::Merge { into, note } => {
                self.merged_into = Some(into.clone());
                Happening::Merged { into: into.clone(), note: note.clone() }
            }
            Change::Absorb(absorbed) => {
                let raised = self.absorb(absorbed);
                Happening::Absorbed { from: absorbed.from.clone(), raised }
            }
            Change::Snooze { until, reason } => {
                let since = self.waiting.as_ref().map_or(event.at, |waiting| waiting.since);
                self.waiting = Some(Waiting { since, until: *until, reason: reason.clone() });
                Happening::Snoozed { until: *until, reason: reason.clone() }
            }
            Change::Resume { note } => Happening::Resumed { note: note.clone() },
            Change::Warn { clock, title, percent, due } => {
                Happening::Warned { clock: clock.clone(), title: title.clone(), percent: *percent, due: *due }
            }
            Change::Breach { clock, title, due } => {
                Happening::Breached { clock: clock.clone(), title: title.clone(), due: *due }
            }
            Change::Escalate { step, why, receivers } => {
                Happening::Escalated { step: step.clone(), why: why.clone(), receivers: receivers.clone() }
            }
            Change::ReplySeen(reply) => Happening::ReplySeen(reply.clone()),
            Change::ReplyDoubted { url, doubt } => {
                Happening::ReplyDoubted { url: url.clone(), doubt: doubt.clone() }
            }
            Change::ReplyGone { url } => Happening::ReplyGone { url: url.clone() },
            Change::OpenSplit(split) => Happening::SplitOff { from: split.from.clone(), grade: split.grade },
            Change::Split { into, posts, note } => {
                self.evidence.retain(|post| !posts.contains(&post.post));
                Happening::Split { into: into.clone(), posts: posts.len() as u32, note: note.clone() }
            }
            Change::Check { item, done } => Happening::Checked { item: item.clone(), done: *done },
        };
        if happening.wakes() {
            self.waiting = None;
        }
        self.enter(event, happening);
        Ok(())
    }

    /// The new grade, if it rises.
    fn raise(&mut self, grade: Grade, why: &[String], dictionary: &str) -> Option<Grade> {
        if grade <= self.grade {
            return None;
        }
        self.grade = grade;
        self.why = why.to_vec();
        dictionary.clone_into(&mut self.dictionary);
        Some(grade)
    }

    fn take_in(&mut self, alert: &Alert) {
        let voices = match alert.signal.measure {
            Measure::Post { .. } => 1,
            Measure::Voices { voices, .. }
            | Measure::Topic { voices, .. }
            | Measure::Event { voices, .. } => voices,
        };
        self.gather(std::slice::from_ref(&alert.rule), &alert.receivers, &alert.signal.evidence, voices);
        self.signals.push(alert.signal.id);
        let published = alert.signal.evidence.iter().map(|post| post.published_at).min();
        self.first_public = published.map_or(self.first_public, |first| self.first_public.min(first));
    }

    fn absorb(&mut self, absorbed: &Absorbed) -> Option<Grade> {
        let raised = self.raise(absorbed.grade, &absorbed.why, &absorbed.dictionary);
        self.gather(&absorbed.rules, &absorbed.receivers, &absorbed.evidence, absorbed.voices);
        self.signals.extend(&absorbed.signals);
        for group in &absorbed.groups {
            if !self.groups().any(|known| known == group) {
                self.also.push(group.clone());
            }
        }
        self.first_public = self.first_public.min(absorbed.first_public);
        raised
    }

    fn gather(&mut self, rules: &[String], receivers: &[String], posts: &[Evidence], voices: u32) {
        let add = |list: &mut Vec<String>, names: &[String]| {
            for name in names {
                if !list.contains(name) {
                    list.push(name.clone());
                }
            }
        };
        add(&mut self.rules, rules);
        add(&mut self.receivers, receivers);
        self.voices = self.voices.max(voices);
        for post in posts {
            // An edited post shows itself as it is now.
            self.evidence.retain(|known| known.post != post.post);
            self.evidence.push(post.clone());
        }
        self.evidence.sort_by(Evidence::by_strength);
        self.evidence.truncate(Self::EVIDENCE);
    }

    /// The first department that was asked keeps the matter until another takes it.
    fn assign(&mut self, assignment: &Assignment) {
        let Assignment { department, second, reason, note: _ } = assignment.clone();
        let held = self.dispatch.take().map(|before| before.holder);
        let accepted = held.as_ref() == Some(&department);
        let holder = held.unwrap_or_else(|| department.clone());
        self.dispatch = Some(Dispatch { department, second, reason, holder, accepted, bounced: None });
    }

    /// Changes what is known of the department that was asked last; gives its id.
    fn asked(&mut self, change: impl FnOnce(&mut Dispatch)) -> String {
        // Without a department the state would not be assigned, and neither step be legal.
        let Some(dispatch) = &mut self.dispatch else { return String::new() };
        change(dispatch);
        dispatch.department.clone()
    }

    fn enter(&mut self, event: &IncidentEvent, what: Happening) {
        // A wall clock set back must not make the incident younger.
        self.updated_at = self.updated_at.max(event.at);
        self.timeline.push(TimelineEntry { at: event.at, by: event.by.clone(), what });
    }
}
