//! The stages composed without tasks: for the daemon, `replay` and tests alike.
//!
//! The daemon runs the parts in tasks of their own, with the journal between them; `replay` runs them in
//! one loop under a virtual clock. What they conclude from the same posts is the same.

use std::sync::Arc;

use jiff::Timestamp;

use crate::alert::RuleBook;
use crate::assess::{AssessedPost, Assessor};
use crate::detect::event::{Events, Placed};
use crate::detect::topic::Rising;
use crate::detect::{Detector, Observed, Signal};
use crate::extract::post::Post;
use crate::incident::{
    Act, Actor, Checklists, Clocks, Desk, Incident, IncidentEvent, IncidentId, Names, Refusal,
};
use crate::journal::record::DeskStep;
use crate::notify::{Notification, Receivers, plan};

/// Rounds in which what was told may make more due.
const ROUNDS: usize = 4;

/// Signals and people's acts to incidents and notifications: rules, desk and plan together.
pub struct Clerk {
    /// The operator's rules.
    pub rules: RuleBook,
    /// Who can be told.
    pub receivers: Receivers,
    /// What people call things.
    pub names: Names,
    /// The incidents.
    pub desk: Desk,
    /// How much time there is.
    pub clocks: Clocks,
    /// What is to be checked off.
    pub checklists: Checklists,
}

/// A step and the incidents as they stand after it.
pub struct Concluded {
    /// To be written down.
    pub step: DeskStep,
    /// To be shown.
    pub incidents: Vec<Incident>,
}

impl Clerk {
    /// What a signal changes; `None` if nothing.
    pub fn conclude(&mut self, signal: &Signal, now: Timestamp) -> Option<Concluded> {
        let mut events = Vec::new();
        let (mut notifications, mut incidents) = (Vec::new(), Vec::new());
        for mut alert in self.rules.judge(signal) {
            let routed = self.receivers.policy.routed(&alert, self.clocks.calendar(), now);
            alert.receivers = self.clocks.rota().called(&routed.receivers, now);
            let decided = self.desk.on_alert(&alert, &self.names, now);
            self.take_effect(&decided, &mut notifications, &mut incidents);
            events.extend(decided);
        }
        if events.is_empty() {
            return None;
        }
        let step = DeskStep { signal: Some(signal.id), events, notifications, idempotency_key: None };
        Some(Concluded { step, incidents })
    }

    /// What somebody's act changes; an act that changes nothing gives a step without events.
    pub fn act(
        &mut self,
        id: &IncidentId,
        act: Act,
        by: Actor,
        idempotency_key: Option<String>,
        now: Timestamp,
    ) -> Result<Concluded, Refusal> {
        if let Act::Assign(assignment) = &act {
            let asked = std::iter::once(&assignment.department).chain(&assignment.second);
            if let Some(unknown) = asked.into_iter().find(|id| !self.names.has_department(id)) {
                return Err(Refusal::Department(unknown.clone()));
            }
        }
        if let (Act::Check { item, .. }, Some(incident)) = (&act, self.desk.get(id))
            && !self.checklists.items(incident).iter().any(|known| known.text == *item)
        {
            return Err(Refusal::Item(item.clone()));
        }
        let events = self.desk.on_act(id, act, by, now)?;
        let (mut notifications, mut incidents) = (Vec::new(), Vec::new());
        self.take_effect(&events, &mut notifications, &mut incidents);
        let step = DeskStep { signal: None, events, notifications, idempotency_key };
        Ok(Concluded { step, incidents })
    }

    /// What an incident's clocks have to tell by `now`; `None` if nothing. What is told once is not told again.
    pub fn tick(&mut self, id: &IncidentId, now: Timestamp) -> Option<Concluded> {
        let mut events = Vec::new();
        let (mut notifications, mut incidents) = (Vec::new(), Vec::new());
        // What is told may make more due: the end of a wait lets clocks run, a breach calls others.
        for _ in 0..ROUNDS {
            let incident = self.desk.get(id)?;
            let event = |change| IncidentEvent { incident: id.clone(), at: now, by: Actor::System, change };
            let due: Vec<_> = self.clocks.due(incident, now).into_iter().map(event).collect();
            if due.is_empty() {
                break;
            }
            self.take_effect(&due, &mut notifications, &mut incidents);
            events.extend(due);
        }
        if events.is_empty() {
            return None;
        }
        let step = DeskStep { signal: None, events, notifications, idempotency_key: None };
        Some(Concluded { step, incidents })
    }

    /// Applies what was decided, so that the next decision knows of it, and plans who hears of it.
    fn take_effect(
        &mut self,
        events: &[IncidentEvent],
        notifications: &mut Vec<Notification>,
        incidents: &mut Vec<Incident>,
    ) {
        for event in events {
            match self.desk.apply(event) {
                Ok(incident) => {
                    let mut planned = plan(incident, event, &self.receivers, &self.names);
                    if let Some(limits) = self.clocks.limits(incident) {
                        for notification in &mut planned {
                            notification.tell_limits(&limits);
                        }
                    }
                    notifications.extend(planned);
                    incidents.push(incident.clone());
                }
                // The desk decided it from this very state.
                Err(error) => {
                    tracing::error!(incident = %event.incident, %error, "decided event does not apply");
                }
            }
        }
    }
}

/// All stages in one loop, for a stream of posts in order.
pub struct Flow {
    assessor: Arc<Assessor>,
    detector: Detector,
    clerk: Clerk,
    next: u64,
}

/// What one post led to.
pub struct Outcome {
    /// The post with its judgement.
    pub assessed: AssessedPost,
    /// What was measured.
    pub signals: Vec<Signal>,
    /// The topic that became an alarm by it, whether it concerns the desk or not.
    pub topic: Option<Rising>,
    /// The event that it belongs to.
    pub placed: Placed,
    /// What the rules made of it.
    pub concluded: Vec<Concluded>,
}

impl Flow {
    /// With nothing seen yet.
    pub fn new(assessor: Arc<Assessor>, detector: Detector, clerk: Clerk) -> Self {
        Self { assessor, detector, clerk, next: 1 }
    }

    /// Takes the next post; `now` is when it is known.
    pub fn post(&mut self, post: Arc<Post>, now: Timestamp) -> Outcome {
        let assessed = self.assessor.assess(post);
        self.assessed(assessed, now)
    }

    /// Takes the next post, already assessed (so that assessing can run in parallel).
    pub fn assessed(&mut self, assessed: AssessedPost, now: Timestamp) -> Outcome {
        let Observed { signals, topic, placed } = self.detector.observe(&assessed, self.next);
        self.next += 1;
        let topic = topic.and_then(|id| self.detector.topics().topic(id));
        let topic = topic.map(|topic| &topic.rising).filter(|rising| rising.is_new_alarm()).cloned();
        let concluded = signals.iter().filter_map(|signal| self.clerk.conclude(signal, now)).collect();
        Outcome { assessed, signals, topic, placed, concluded }
    }

    /// Does to an incident what somebody at the desk would do.
    pub fn act(
        &mut self,
        id: &IncidentId,
        act: Act,
        by: Actor,
        now: Timestamp,
    ) -> Result<Concluded, Refusal> {
        self.clerk.act(id, act, by, None, now)
    }

    /// What happened, as many posts tell of it.
    pub fn events(&self) -> &Events {
        self.detector.events()
    }

    /// The incidents as they stand.
    pub fn desk(&self) -> &Desk {
        &self.clerk.desk
    }
}
