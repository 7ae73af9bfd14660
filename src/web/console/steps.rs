//! The steps of the work as forms send them; which of them an incident's page offers.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use jiff::SignedDuration;

use super::incident::act;
use super::{Form, Page};
use crate::incident::{Act, Assignment, Dismissal, Incident, Outcome, Step};
use crate::web::Web;
use crate::web::api::steps::{address, dismissal_of, outcome_of, post_id, target};
use crate::web::auth::Visitor;
use crate::web::say::Lang;

/// How long an incident may be told to wait, in hours.
const WAITS: [(u32, &str, &str); 6] = [
    (1, "1 小时", "1 hour"),
    (4, "4 小时", "4 hours"),
    (12, "12 小时", "12 hours"),
    (24, "1 天", "1 day"),
    (72, "3 天", "3 days"),
    (168, "7 天", "7 days"),
];
/// Most incidents offered to merge into.
const OFFERED: usize = 100;

/// What an incident's page offers.
#[allow(clippy::struct_excessive_bools, reason = "a form each, which the template shows or not")]
pub(super) struct Offer {
    pub(super) take: bool,
    pub(super) assign: bool,
    /// The department that was asked has neither taken it nor given it back.
    pub(super) answer: bool,
    pub(super) respond: bool,
    pub(super) snooze: bool,
    pub(super) resume: bool,
    /// Whether it is open: it can be closed, dismissed and merged.
    pub(super) end: bool,
    pub(super) reopen: bool,
    /// Some of its posts can be split off.
    pub(super) split: bool,
    pub(super) check: bool,
    pub(super) departments: Vec<Choice>,
    pub(super) outcomes: Vec<Choice>,
    pub(super) dismissals: Vec<Choice>,
    pub(super) waits: Vec<Choice>,
    pub(super) others: Vec<Choice>,
}

/// One thing that can be chosen.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) on: bool,
}

impl Choice {
    fn new(value: &str, label: &str) -> Self {
        Self { value: value.to_owned(), label: label.to_owned(), on: false }
    }
}

impl Offer {
    /// What `visitor` may do to `incident`; `open` are the incidents it could be merged into.
    pub(super) fn of(web: &Web, visitor: &Visitor, incident: &Incident, open: &[Incident]) -> Self {
        let officer = visitor.may(crate::people::Role::Officer);
        let may = |step| officer && incident.state.allows(step);
        let l = visitor.lang;
        let configured = web.configured();
        let department = |(id, department): (&str, &crate::people::Department)| Choice {
            value: id.to_owned(),
            label: l.t(&department.name, &department.name_en).to_owned(),
            on: incident.department() == Some(id),
        };
        let asked = incident.dispatch.as_ref();
        let answered = asked.is_some_and(|asked| asked.accepted || asked.bounced.is_some());
        let other =
            |other: &Incident| Choice::new(other.id.as_str(), &format!("{} {}", other.id, other.title));
        Self {
            take: may(Step::Acknowledge),
            assign: may(Step::Assign),
            answer: may(Step::Accept) && !answered,
            respond: may(Step::Respond),
            snooze: may(Step::Snooze),
            resume: may(Step::Resume) && incident.waiting.is_some(),
            end: may(Step::Close),
            reopen: may(Step::Reopen),
            split: may(Step::Split) && incident.evidence.len() > 1,
            check: may(Step::Check),
            departments: configured.departments.iter().map(department).collect(),
            outcomes: Outcome::ALL.map(|outcome| Choice::new(outcome.as_str(), l.outcome(outcome))).into(),
            dismissals: Dismissal::ALL
                .map(|dismissal| Choice::new(dismissal.as_str(), l.dismissal(dismissal)))
                .into(),
            waits: WAITS.map(|(hours, zh, en)| Choice::new(&hours.to_string(), l.t(zh, en))).into(),
            others: open.iter().filter(|open| open.id != incident.id).take(OFFERED).map(other).collect(),
        }
    }
}

/// What an officer calls a department.
pub(super) fn department(web: &Web, l: Lang, id: &str) -> String {
    let configured = web.configured();
    let known = configured.departments.get(id);
    known.map_or(id, |department| l.t(&department.name, &department.name_en)).to_owned()
}

pub(in crate::web) async fn assign(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Page {
    let form = Form::read(&body);
    let assignment = Assignment {
        department: form.text("department").unwrap_or_default(),
        second: form.text("second"),
        reason: form.text("reason"),
        note: form.text("note"),
    };
    act(&web, &visitor, &id, &form, Act::Assign(assignment)).await
}

pub(in crate::web) async fn accept(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Page {
    let form = Form::read(&body);
    act(&web, &visitor, &id, &form, Act::Accept { note: form.text("note") }).await
}

pub(in crate::web) async fn bounce(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Page {
    let form = Form::read(&body);
    act(&web, &visitor, &id, &form, Act::Bounce { reason: form.text("note").unwrap_or_default() }).await
}

pub(in crate::web) async fn respond(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Page {
    let form = Form::read(&body);
    let url = form.text("url").as_deref().map(address).transpose()?;
    act(&web, &visitor, &id, &form, Act::Respond { url, note: form.text("note") }).await
}

pub(in crate::web) async fn close(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Page {
    let form = Form::read(&body);
    let outcome = form.text("outcome").as_deref().map(outcome_of).transpose()?;
    act(&web, &visitor, &id, &form, Act::Close { outcome, note: form.text("note") }).await
}

pub(in crate::web) async fn dismiss(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Page {
    let form = Form::read(&body);
    let dismissal = dismissal_of(form.one("reason").unwrap_or_default())?;
    act(&web, &visitor, &id, &form, Act::Dismiss { dismissal, note: form.text("note") }).await
}

pub(in crate::web) async fn reopen(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Page {
    let form = Form::read(&body);
    act(&web, &visitor, &id, &form, Act::Reopen { reason: form.text("note").unwrap_or_default() }).await
}

pub(in crate::web) async fn merge(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Page {
    let form = Form::read(&body);
    let into = target(form.one("into").unwrap_or_default())?;
    act(&web, &visitor, &id, &form, Act::Merge { into, note: form.text("note") }).await
}

pub(in crate::web) async fn snooze(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Page {
    let form = Form::read(&body);
    let hours = WAITS.iter().map(|(hours, _, _)| *hours);
    let wanted = hours.into_iter().find(|hours| form.one("hours") == Some(&hours.to_string()));
    // Nothing chosen waits not at all, which is refused by name.
    let until = web.now() + SignedDuration::from_hours(i64::from(wanted.unwrap_or(0)));
    let reason = form.text("note").unwrap_or_default();
    act(&web, &visitor, &id, &form, Act::Snooze { until, reason }).await
}

pub(in crate::web) async fn resume(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Page {
    let form = Form::read(&body);
    act(&web, &visitor, &id, &form, Act::Resume { note: form.text("note") }).await
}

pub(in crate::web) async fn split(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Page {
    let form = Form::read(&body);
    let posts = form.all("post").map(post_id).collect::<Result<_, _>>()?;
    act(&web, &visitor, &id, &form, Act::Split { posts, note: form.text("note") }).await
}

pub(in crate::web) async fn check(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Page {
    let form = Form::read(&body);
    let (item, done) = (form.text("item").unwrap_or_default(), form.one("done") != Some("no"));
    act(&web, &visitor, &id, &form, Act::Check { item, done }).await
}
