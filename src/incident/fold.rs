//! Events to incidents: the one fold that the desk, the store and a rebuild share.

use crate::alert::Alert;
use crate::detect::{Evidence, Measure};

use super::transition::IllegalStep;
use super::{Change, Happening, Incident, IncidentEvent, IncidentId, Opening, State, TimelineEntry};

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
        let Change::Open(opening) = &event.change else {
            return Err(FoldError::Unknown(event.incident.clone()));
        };
        let Opening { alert, title, follows } = &**opening;
        let mut incident = Self {
            id: event.incident.clone(),
            group: alert.group.clone(),
            grade: alert.grade,
            state: State::New,
            subject: alert.signal.subject.clone(),
            title: title.clone(),
            matter: alert.signal.matter(),
            follows: follows.clone(),
            why: alert.reasons.clone(),
            rules: Vec::new(),
            receivers: Vec::new(),
            signals: Vec::new(),
            evidence: Vec::new(),
            voices: 0,
            dictionary: alert.signal.dictionary.clone(),
            opened_at: event.at,
            updated_at: event.at,
            timeline: Vec::new(),
        };
        incident.take_in(alert);
        incident.enter(event, Happening::Opened { rule: alert.rule.clone(), grade: alert.grade });
        Ok(incident)
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
                let raised = (alert.grade > self.grade).then_some(alert.grade);
                if let Some(grade) = raised {
                    self.grade = grade;
                    self.why.clone_from(&alert.reasons);
                    self.dictionary.clone_from(&alert.signal.dictionary);
                }
                self.take_in(alert);
                Happening::Joined { rule: alert.rule.clone(), grade: alert.grade, raised }
            }
            Change::Acknowledge { note } => Happening::Acknowledged { note: note.clone() },
            Change::Close { note } => Happening::Closed { note: note.clone() },
            Change::Note { note } => Happening::Noted { note: note.clone() },
        };
        self.enter(event, happening);
        Ok(())
    }

    fn take_in(&mut self, alert: &Alert) {
        let add = |list: &mut Vec<String>, name: &String| {
            if !list.contains(name) {
                list.push(name.clone());
            }
        };
        add(&mut self.rules, &alert.rule);
        alert.receivers.iter().for_each(|receiver| add(&mut self.receivers, receiver));
        self.signals.push(alert.signal.id);
        let voices = match alert.signal.measure {
            Measure::Post { .. } => 1,
            Measure::Voices { voices, .. }
            | Measure::Topic { voices, .. }
            | Measure::Event { voices, .. } => voices,
        };
        self.voices = self.voices.max(voices);
        for post in &alert.signal.evidence {
            // An edited post shows itself as it is now.
            self.evidence.retain(|known| known.post != post.post);
            self.evidence.push(post.clone());
        }
        self.evidence.sort_by(Evidence::by_strength);
        self.evidence.truncate(Self::EVIDENCE);
    }

    fn enter(&mut self, event: &IncidentEvent, what: Happening) {
        // A wall clock set back must not make the incident younger.
        self.updated_at = self.updated_at.max(event.at);
        self.timeline.push(TimelineEntry { at: event.at, by: event.by.clone(), what });
    }
}
