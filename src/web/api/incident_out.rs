//! How an incident looks in JSON: where the work stands, which clocks run, and all that happened to it.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::shape::{EvidenceOut, NotificationOut};
use crate::incident::{
    Actor, Checklists, Clocks, Dispatch, Happening, Incident, Item, Outcome, ReplyNow, ReplyStanding,
    Running, Stage, Stages, Standing, TimelineEntry, Waiting,
};
use crate::notify::Delivery;
use crate::store::OutboxEntry;

/// A case people work on.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct IncidentOut {
    id: String,
    grade: &'static str,
    /// `new`, `acknowledged`, `assigned`, `responded`, `closed`, `dismissed` or `merged`.
    state: &'static str,
    title: String,
    matter: String,
    category: &'static str,
    place: Option<String>,
    /// Who answers for it: the department that holds it, else the one that the posts speak of.
    department: Option<String>,
    /// The department it was given to, and how that stands.
    assignment: Option<AssignmentOut>,
    /// Since when and until when it waits for something.
    waiting: Option<WaitingOut>,
    /// How it ended: `adopted`, `solved`, `published`, `explained`, `corrected` or `refuted`.
    outcome: Option<&'static str>,
    /// The incident that its work goes on in.
    merged_into: Option<String>,
    follows: Option<String>,
    why: Vec<String>,
    rules: Vec<String>,
    receivers: Vec<String>,
    voices: u32,
    dictionary: String,
    /// When the first of its posts was published.
    first_public_at: String,
    opened_at: String,
    updated_at: String,
    closed_at: Option<String>,
    /// The limits that are set for it, by `clocks.toml`.
    clocks: Vec<ClockOut>,
    /// Where the public was answered, and what was seen there.
    replies: Vec<ReplyOut>,
    /// What is to be done, by `checklists.toml`.
    checklist: Vec<ItemOut>,
    evidence: Vec<EvidenceOut>,
    timeline: Vec<TimelineOut>,
    /// When it reached each stage of its way, in order.
    #[serde(skip_serializing_if = "Option::is_none")]
    stages: Option<Vec<StageOut>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notifications: Option<Vec<NotificationOut>>,
}

/// To whom it was given.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct AssignmentOut {
    /// The department that was asked last.
    department: String,
    second: Option<String>,
    reason: Option<String>,
    /// Who keeps the matter: the first that was asked, until another takes it.
    holder: String,
    /// Whether the department that was asked last has taken it.
    accepted: bool,
    /// Why it gave it back.
    bounced: Option<String>,
}

/// That it waits for something.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct WaitingOut {
    since: String,
    until: String,
    reason: String,
}

/// One of its clocks.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct ClockOut {
    name: String,
    title: String,
    /// Where the limit comes from.
    source: String,
    started_at: String,
    due_at: String,
    /// `runs`, `rests` (the incident waits), `met`, or `ended` with the incident.
    standing: &'static str,
    /// When it was met or ended, or since when it rests.
    since: Option<String>,
    /// What is left, or was left when it stopped; negative once it is over.
    left_seconds: i64,
    /// How much of it is spent.
    percent: u8,
    /// Whether the time is up, or was before it stopped.
    over: bool,
}

/// Where the public was answered.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct ReplyOut {
    url: String,
    /// `unseen` (not looked at yet), `answers`, `courtesy` (it only notes and promises), `gone`, or why it is none:
    /// `unread`, `hidden`, `missing`, `complaint`, `elsewhere`, `off-matter` or `empty`.
    standing: &'static str,
    /// Since when.
    at: String,
    title: Option<String>,
    /// First 16 hex digits of the BLAKE3 hash of its text, in normal form.
    digest: Option<String>,
    published_at: Option<String>,
    /// `desk` or `crawler`.
    found: Option<&'static str>,
}

/// A stage of its way.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct StageOut {
    /// `published`, `fetched`, `opened`, `told`, `taken`, `assigned` or `answered`.
    stage: &'static str,
    /// When it was reached.
    at: Option<String>,
    /// How long after the stage before it that was reached.
    took_seconds: Option<f64>,
}

/// Something to be done for it.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct ItemOut {
    item: String,
    done: bool,
    by: Option<String>,
    at: Option<String>,
}

/// Something that happened to it.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(in crate::web) struct TimelineOut {
    at: String,
    by: String,
    what: &'static str,
    rule: Option<String>,
    grade: Option<&'static str>,
    /// What was said, or why.
    note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    department: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    second: Option<String>,
    /// How it ended, why it was dismissed, or what was seen of an answer: `answers` or `courtesy`, or why it is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    /// The incident it was merged into, or that was merged into it.
    #[serde(skip_serializing_if = "Option::is_none")]
    incident: Option<String>,
    /// Where the public was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clock: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    percent: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receivers: Option<Vec<String>>,
}

impl IncidentOut {
    pub(in crate::web) fn of(
        incident: &Incident,
        clocks: &Clocks,
        checklists: &Checklists,
        sent: Option<&[(OutboxEntry, Vec<Delivery>)]>,
        now: Timestamp,
    ) -> Self {
        Self {
            id: incident.id.to_string(),
            grade: incident.grade.as_str(),
            state: incident.state.as_str(),
            title: incident.title.clone(),
            matter: incident.matter.clone(),
            category: incident.subject.category.id(),
            place: incident.subject.place.clone(),
            department: incident.department().map(str::to_owned),
            assignment: incident.dispatch.as_ref().map(AssignmentOut::of),
            waiting: incident.waiting.as_ref().map(WaitingOut::of),
            outcome: incident.outcome.map(Outcome::as_str),
            merged_into: incident.merged_into.as_ref().map(ToString::to_string),
            follows: incident.follows.as_ref().map(ToString::to_string),
            why: incident.why.clone(),
            rules: incident.rules.clone(),
            receivers: incident.receivers.clone(),
            voices: incident.voices,
            dictionary: incident.dictionary.clone(),
            first_public_at: incident.first_public.to_string(),
            opened_at: incident.opened_at.to_string(),
            updated_at: incident.updated_at.to_string(),
            closed_at: incident.closed_at().map(|at| at.to_string()),
            clocks: clocks.running(incident).iter().map(|running| ClockOut::of(running, now)).collect(),
            replies: incident.replies().into_iter().map(ReplyOut::of).collect(),
            checklist: checklists.items(incident).into_iter().map(ItemOut::of).collect(),
            evidence: incident.evidence.iter().map(EvidenceOut::of).collect(),
            timeline: incident.timeline.iter().map(TimelineOut::of).collect(),
            stages: None,
            notifications: sent
                .map(|sent| sent.iter().map(|(entry, tries)| NotificationOut::of(entry, tries)).collect()),
        }
    }
}

impl IncidentOut {
    /// The same with the stages of its way.
    pub(in crate::web) fn with_stages(self, stages: &Stages) -> Self {
        let stage = |stage: &Stage| StageOut {
            stage: stage.name,
            at: stage.at.map(|at| at.to_string()),
            took_seconds: stage.took.map(|took| took.as_millis() as f64 / 1000.0),
        };
        Self { stages: Some(stages.list().iter().map(stage).collect()), ..self }
    }
}

impl AssignmentOut {
    fn of(dispatch: &Dispatch) -> Self {
        let Dispatch { department, second, reason, holder, accepted, bounced } = dispatch.clone();
        Self { department, second, reason, holder, accepted, bounced }
    }
}

impl WaitingOut {
    fn of(waiting: &Waiting) -> Self {
        let Waiting { since, until, reason } = waiting;
        Self { since: since.to_string(), until: until.to_string(), reason: reason.clone() }
    }
}

impl ClockOut {
    fn of(running: &Running<'_>, now: Timestamp) -> Self {
        let (standing, since) = match running.standing {
            Standing::Runs => ("runs", None),
            Standing::Rests { since } => ("rests", Some(since)),
            Standing::Met { at } => ("met", Some(at)),
            Standing::Ended { at } => ("ended", Some(at)),
        };
        Self {
            name: running.clock.name.clone(),
            title: running.clock.title.clone(),
            source: running.clock.source.clone(),
            started_at: running.started_at.to_string(),
            due_at: running.due_at.to_string(),
            standing,
            since: since.map(|at| at.to_string()),
            left_seconds: running.left(now).as_secs(),
            percent: running.percent(now),
            over: running.is_over(now),
        }
    }
}

impl ReplyOut {
    fn of(reply: ReplyNow) -> Self {
        let ReplyNow { url, standing, at } = reply;
        let word = match &standing {
            ReplyStanding::Unseen => "unseen",
            ReplyStanding::Seen(reply) => reply.substance.as_str(),
            ReplyStanding::Doubted(doubt) => doubt.as_str(),
            ReplyStanding::Gone => "gone",
        };
        let seen = if let ReplyStanding::Seen(seen) = standing { Some(seen) } else { None };
        Self {
            url: url.to_string(),
            standing: word,
            at: at.to_string(),
            digest: seen.as_ref().map(|seen| seen.digest.clone()),
            published_at: seen.as_ref().and_then(|seen| seen.published_at).map(|at| at.to_string()),
            found: seen.as_ref().map(|seen| seen.found.as_str()),
            title: seen.map(|seen| seen.title),
        }
    }
}

impl ItemOut {
    fn of(item: Item) -> Self {
        let (by, at) = item.done.unzip();
        Self {
            done: by.is_some(),
            item: item.text,
            by: by.as_ref().map(Actor::label),
            at: at.map(|at| at.to_string()),
        }
    }
}

impl TimelineOut {
    fn of(entry: &TimelineEntry) -> Self {
        Self { at: entry.at.to_string(), by: entry.by.label(), ..Self::told(&entry.what) }
    }

    fn told(what: &Happening) -> Self {
        let said = |what, note: &Option<String>| Self { what, note: note.clone(), ..Self::default() };
        let why = |what, reason: &String| Self { what, note: Some(reason.clone()), ..Self::default() };
        match what {
            Happening::Opened { rule, grade } => Self::alert("opened", rule, grade.as_str()),
            Happening::Joined { rule, raised: Some(grade), .. } => {
                Self::alert("raised", rule, grade.as_str())
            }
            Happening::Joined { rule, grade, raised: None } => Self::alert("joined", rule, grade.as_str()),
            Happening::Acknowledged { note } => said("acknowledged", note),
            Happening::Closed { outcome, note } => {
                Self { outcome: outcome.map(Outcome::as_str), ..said("closed", note) }
            }
            Happening::Noted { note } => why("noted", note),
            Happening::Assigned(assignment) => {
                let parts = [assignment.reason.as_deref(), assignment.note.as_deref()];
                let note: Vec<&str> = parts.into_iter().flatten().collect();
                Self {
                    what: "assigned",
                    department: Some(assignment.department.clone()),
                    second: assignment.second.clone(),
                    note: (!note.is_empty()).then(|| note.join("；")),
                    ..Self::default()
                }
            }
            Happening::Accepted { department, note } => {
                Self { department: Some(department.clone()), ..said("accepted", note) }
            }
            Happening::Bounced { department, reason } => {
                Self { department: Some(department.clone()), ..why("bounced", reason) }
            }
            Happening::Responded { url, note } => {
                Self { url: url.as_ref().map(ToString::to_string), ..said("responded", note) }
            }
            Happening::Dismissed { dismissal, note } => {
                Self { outcome: Some(dismissal.as_str()), ..said("dismissed", note) }
            }
            Happening::Reopened { reason } => why("reopened", reason),
            Happening::Merged { into, note } => {
                Self { incident: Some(into.to_string()), ..said("merged", note) }
            }
            Happening::Absorbed { from, raised } => Self {
                what: "absorbed",
                incident: Some(from.to_string()),
                grade: raised.map(crate::assess::Grade::as_str),
                ..Self::default()
            },
            Happening::Snoozed { until, reason } => {
                Self { until: Some(until.to_string()), ..why("snoozed", reason) }
            }
            Happening::Resumed { note } => said("resumed", note),
            Happening::Warned { clock, percent, due, .. } => Self {
                what: "clock-warning",
                clock: Some(clock.clone()),
                percent: Some(*percent),
                due_at: Some(due.to_string()),
                ..Self::default()
            },
            Happening::Breached { clock, due, .. } => Self {
                what: "breach",
                clock: Some(clock.clone()),
                due_at: Some(due.to_string()),
                ..Self::default()
            },
            Happening::Escalated { step, why: reason, receivers } => Self {
                rule: Some(step.clone()),
                receivers: Some(receivers.clone()),
                ..why("escalated", reason)
            },
            Happening::ReplySeen(reply) => Self {
                what: "verified",
                url: Some(reply.url.to_string()),
                outcome: Some(reply.substance.as_str()),
                ..Self::default()
            },
            Happening::ReplyDoubted { url, doubt } => Self {
                what: "doubted",
                url: Some(url.to_string()),
                outcome: Some(doubt.as_str()),
                note: Some(doubt.chinese()),
                ..Self::default()
            },
            Happening::ReplyGone { url } => {
                Self { what: "vanished", url: Some(url.to_string()), ..Self::default() }
            }
            Happening::SplitOff { from, grade } => Self {
                what: "split-off",
                incident: Some(from.to_string()),
                grade: Some(grade.as_str()),
                ..Self::default()
            },
            Happening::Split { into, note, .. } => {
                Self { incident: Some(into.to_string()), ..said("split", note) }
            }
            Happening::Checked { item, done } => why(if *done { "checked" } else { "unchecked" }, item),
        }
    }

    fn alert(what: &'static str, rule: &str, grade: &'static str) -> Self {
        Self { what, rule: Some(rule.to_owned()), grade: Some(grade), ..Self::default() }
    }
}
