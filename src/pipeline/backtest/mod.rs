//! What a change of dictionaries, weights or rules would have done: the same posts through the stages twice, once
//! as they are in force and once as changed.
//!
//! Rules, detector and desk are those of the daemon ([`flow`](super::flow)), without anybody being told. Nobody
//! works at these desks: an incident without news counts as closed after a while ([`Plan::quiet`]), or the first
//! matter of a place would hide every later one. A post without a time is judged and takes no part in the load.
//!
//! Pure but for what it is given: the same judged posts in the same order give the same comparison.

mod grades;
mod incidents;
mod load;
mod side;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use self::grades::Grades;
use self::side::Side;
use crate::alert::RuleBook;
use crate::assess::evaluation::Labels;
use crate::assess::{AssessedPost, Assessor};
use crate::detect::DetectConfig;
use crate::incident::{DeskConfig, Names};

pub use grades::{Against, Level, MovedPost};
pub use incidents::{ChangedIncident, IncidentTold};
pub use load::{DayLoad, GradeLoad, Shift};

/// One side of the comparison.
pub struct Setting {
    /// What judges.
    pub assessor: Arc<Assessor>,
    /// The rules.
    pub rules: RuleBook,
    /// What people call things.
    pub names: Names,
}

/// What both sides have in common.
#[derive(Debug, Clone)]
pub struct Plan {
    /// `[detect]`.
    pub detect: DetectConfig,
    /// `[incident]`.
    pub desk: DeskConfig,
    /// Posts known before are observed, so that windows are full, and not counted.
    pub since: Option<Timestamp>,
    /// An incident without news for so long counts as closed.
    pub quiet: Duration,
}

/// A post under both settings.
pub struct Trial<'a> {
    /// What people call the post.
    pub id: &'a str,
    /// What people say of it.
    pub labels: &'a Labels,
    /// When it was known; `None` if nobody tells.
    pub at: Option<Timestamp>,
    /// Judged as in force.
    pub before: AssessedPost,
    /// Judged as changed.
    pub after: AssessedPost,
}

/// Runs the stages twice.
pub struct Backtest {
    plan: Plan,
    before: Side,
    after: Side,
    grades: Grades,
    posts: u64,
    untimed: u64,
    span: Option<(Timestamp, Timestamp)>,
}

/// What the change would have done.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Posts compared.
    pub posts: u64,
    /// Of them without a time, and so without part in the load.
    pub untimed: u64,
    /// First and last time of the others.
    pub span: Option<(Timestamp, Timestamp)>,
    /// Days, by the desk's clock, that the posts span.
    pub days: u32,
    /// Posts labelled red that would be judged lower than they are: a change that loses one is not to be made
    /// without a second look.
    pub lost_reds: Vec<MovedPost>,
    /// Alerts by grade, the highest first: incidents opened, and raised to the grade.
    pub alerts: Vec<GradeLoad>,
    /// Alerts by day and shift, in order.
    pub load: Vec<DayLoad>,
    /// Incidents that would be opened and are not.
    pub gained: Vec<IncidentTold>,
    /// Incidents that are opened and would not be.
    pub lost: Vec<IncidentTold>,
    /// Incidents of another grade.
    pub changed: Vec<ChangedIncident>,
    /// Posts of another grade: the deepest falls first, then the highest rises.
    pub moved: Vec<MovedPost>,
    /// Posts of the same grade and another service.
    pub recategorised: u64,
    /// Both sides held against labels, where there are any.
    pub labelled: Option<Against>,
}

impl Backtest {
    /// With nothing seen yet.
    pub fn new(before: Setting, after: Setting, plan: Plan) -> Self {
        let [before, after] = [before, after].map(|setting| Side::new(setting, &plan));
        let grades = Grades::default();
        Self { plan, before, after, grades, posts: 0, untimed: 0, span: None }
    }

    /// Takes the next post, in the order in which posts became known.
    pub fn take(&mut self, trial: Trial<'_>) {
        let counts = trial.at.is_none_or(|at| self.plan.since.is_none_or(|since| at >= since));
        if counts {
            self.posts += 1;
            self.grades.take(&trial);
        }
        let Some(at) = trial.at else {
            self.untimed += 1;
            return;
        };
        if counts {
            self.span = Some(self.span.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
        }
        self.before.take(trial.before, at);
        self.after.take(trial.after, at);
    }

    /// What came of it.
    pub fn finish(self) -> Comparison {
        let since = self.plan.since;
        let counts = |at: Timestamp| since.is_none_or(|since| at >= since);
        let (load, alerts, days) = load::compare(&self.before.alerts, &self.after.alerts, self.span, counts);
        let incidents = incidents::compare(&self.before.incidents, &self.after.incidents, counts);
        let grades = self.grades.finish();
        Comparison {
            posts: self.posts,
            untimed: self.untimed,
            span: self.span,
            days,
            lost_reds: grades.lost_reds,
            alerts,
            load,
            gained: incidents.gained,
            lost: incidents.lost,
            changed: incidents.changed,
            moved: grades.moved,
            recategorised: grades.recategorised,
            labelled: grades.against,
        }
    }
}

#[cfg(test)]
mod tests;
