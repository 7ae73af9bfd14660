//! One side of a comparison: the stages over the posts, and what they led to.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use super::{Plan, Setting};
use crate::alert::Alert;
use crate::assess::{AssessedPost, Grade};
use crate::detect::{Detector, Evidence};
use crate::extract::post::PostId;
use crate::incident::{Act, Actor, Change, Checklists, Clocks, Desk, Incident, IncidentEvent, IncidentId};
use crate::notify::Receivers;
use crate::pipeline::flow::{Clerk, Concluded, Flow};

/// How often incidents without news are looked for.
const ROUND: Duration = Duration::from_hours(1);

/// The stages of one setting with what they led to.
pub(super) struct Side {
    flow: Flow,
    quiet: Duration,
    next_round: Option<Timestamp>,
    /// In the order in which they came.
    pub(super) alerts: Vec<AlertTold>,
    pub(super) incidents: BTreeMap<IncidentId, Told>,
}

/// Somebody would have been told: an incident was opened or rose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AlertTold {
    pub(super) at: Timestamp,
    pub(super) grade: Grade,
}

/// An incident as it stood last.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Told {
    pub(super) title: String,
    pub(super) grade: Grade,
    pub(super) opened_at: Timestamp,
    /// Every post that its alerts named.
    pub(super) posts: BTreeSet<PostId>,
    /// The strongest post of the alert that opened it.
    pub(super) first: Option<Shown>,
}

/// A post as evidence shows it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shown {
    pub(super) post: PostId,
    pub(super) url: Option<Url>,
    pub(super) excerpt: String,
}

impl Side {
    pub(super) fn new(setting: Setting, plan: &Plan) -> Self {
        let Setting { assessor, rules, names } = setting;
        let detector = Detector::new(plan.detect.clone(), rules.watches(), BTreeMap::new());
        let desk = Desk::restore(plan.desk.clone(), []);
        let (receivers, clocks, checklists) =
            (Receivers::default(), Clocks::default(), Checklists::default());
        let clerk = Clerk { rules, receivers, names, desk, clocks, checklists };
        let flow = Flow::new(assessor, detector, clerk);
        Self { flow, quiet: plan.quiet, next_round: None, alerts: Vec::new(), incidents: BTreeMap::new() }
    }

    /// Takes the next post, known at `at`.
    pub(super) fn take(&mut self, assessed: AssessedPost, at: Timestamp) {
        self.close_quiet(at);
        for Concluded { step, incidents } in self.flow.assessed(assessed, at).concluded {
            for (event, incident) in step.events.iter().zip(&incidents) {
                self.note(event, incident);
            }
        }
    }

    fn note(&mut self, event: &IncidentEvent, incident: &Incident) {
        let alert = match &event.change {
            Change::Open(opening) => &opening.alert,
            Change::Join(alert) => alert,
            // Nobody works here but who closes what is quiet.
            Change::Acknowledge { .. }
            | Change::Close { .. }
            | Change::Note { .. }
            | Change::CloseAs { .. }
            | Change::Assign(_)
            | Change::Accept { .. }
            | Change::Bounce { .. }
            | Change::Respond { .. }
            | Change::Dismiss { .. }
            | Change::Reopen { .. }
            | Change::Merge { .. }
            | Change::Absorb(_)
            | Change::Snooze { .. }
            | Change::Resume { .. }
            | Change::Warn { .. }
            | Change::Breach { .. }
            | Change::Escalate { .. }
            | Change::ReplySeen(_)
            | Change::ReplyDoubted { .. }
            | Change::ReplyGone { .. }
            | Change::OpenSplit(_)
            | Change::Split { .. }
            | Change::Check { .. } => return,
        };
        if let Some(grade) = told(incident) {
            self.alerts.push(AlertTold { at: event.at, grade });
        }
        let known = self.incidents.entry(incident.id.clone()).or_insert_with(|| Told::of(incident, alert));
        known.grade = incident.grade;
        known.title.clone_from(&incident.title);
        known.posts.extend(alert.signal.evidence.iter().map(|evidence| evidence.post));
    }

    /// Ends incidents that had no news for long.
    fn close_quiet(&mut self, now: Timestamp) {
        if self.next_round.is_some_and(|next| now < next) {
            return;
        }
        self.next_round = Some(now + ROUND);
        let quiet = |incident: &&Incident| incident.updated_at + self.quiet <= now;
        let ended: Vec<IncidentId> =
            self.flow.desk().open_incidents().filter(quiet).map(|incident| incident.id.clone()).collect();
        for id in ended {
            if let Err(refusal) =
                self.flow.act(&id, Act::Close { outcome: None, note: None }, Actor::System, now)
            {
                // It was open a moment ago, and nobody else works here.
                tracing::error!(incident = %id, %refusal, "an incident could not be closed");
            }
        }
    }
}

impl Told {
    fn of(incident: &Incident, alert: &Alert) -> Self {
        let shown = |evidence: &Evidence| Shown {
            post: evidence.post,
            url: evidence.url.clone(),
            excerpt: evidence.excerpt.clone(),
        };
        Self {
            title: incident.title.clone(),
            grade: incident.grade,
            opened_at: incident.opened_at,
            posts: BTreeSet::new(),
            first: alert.signal.evidence.first().map(shown),
        }
    }
}

/// The grade at which people are told of the latest happening; `None` if it tells nobody.
fn told(incident: &Incident) -> Option<Grade> {
    incident.timeline.last()?.what.new_grade()
}
