//! What somebody's act changes: acts to changes, and why some are refused.
//!
//! Whether a step is legal says the table in `transition`; here stands what a table of states cannot say: that a
//! group has one open incident, that nothing is merged into itself, that reasons are given.

use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use crate::alert::GroupKey;
use crate::assess::Grade;
use crate::detect::Evidence;
use crate::extract::post::PostId;
use crate::incident::{
    Absorbed, Actor, Assignment, Change, Dismissal, Doubt, Happening, IllegalStep, Incident, IncidentEvent,
    IncidentId, Outcome, Reply, ReplyStanding, SplitOff, State, TimelineEntry,
};

use super::Desk;

/// Longest note taken, in characters.
const NOTE: usize = 2000;
/// Longest time an incident may wait for something.
const LONGEST_WAIT: Duration = Duration::from_hours(24 * 90);

/// What someone wants to do to an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Take it.
    Acknowledge {
        /// What they say to it.
        note: Option<String>,
    },
    /// End it.
    Close {
        /// How the matter ended, if they say so.
        outcome: Option<Outcome>,
        /// What they say to it.
        note: Option<String>,
    },
    /// Write something down.
    Note {
        /// What.
        note: String,
    },
    /// Give it to a department, known to the caller.
    Assign(Assignment),
    /// Take it for the department that was asked.
    Accept {
        /// What they say to it.
        note: Option<String>,
    },
    /// Give it back for the department that was asked.
    Bounce {
        /// Why.
        reason: String,
    },
    /// Say that the public was answered.
    Respond {
        /// Where the answer stands.
        url: Option<Url>,
        /// What they say to it.
        note: Option<String>,
    },
    /// End it as no matter for the desk.
    Dismiss {
        /// Why not.
        dismissal: Dismissal,
        /// What they say to it.
        note: Option<String>,
    },
    /// Go on with it.
    Reopen {
        /// Why.
        reason: String,
    },
    /// Go on with it in another incident.
    Merge {
        /// In which.
        into: IncidentId,
        /// What they say to it.
        note: Option<String>,
    },
    /// Let it wait for something.
    Snooze {
        /// Until when at the latest.
        until: Timestamp,
        /// For what.
        reason: String,
    },
    /// Let it wait no more.
    Resume {
        /// What they say to it.
        note: Option<String>,
    },
    /// Go on with some of its posts in a new incident.
    Split {
        /// Which: posts of its evidence, not all of them.
        posts: Vec<PostId>,
        /// What they say to it.
        note: Option<String>,
    },
    /// Check off an item of its checklist, or take that back.
    Check {
        /// Which: known to the caller.
        item: String,
        /// Whether it is done.
        done: bool,
    },
    /// Tell what was seen of an answer.
    SeeReply(Box<Reply>),
    /// Tell that what stands at the address of an answer is none.
    DoubtReply {
        /// Where.
        url: Url,
        /// Why not.
        doubt: Doubt,
    },
    /// Tell that an answer is not there any more.
    LoseReply {
        /// Where it was.
        url: Url,
    },
}

/// Why an act is not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such incident is open or was closed lately; an older one has to be [admitted](Desk::admit) first.
    #[error("incident {0} is not at the desk")]
    Unknown(IncidentId),
    /// Somebody else has taken it.
    #[error("the incident is acknowledged already")]
    Acknowledged {
        /// Who.
        by: Actor,
    },
    /// It is over.
    #[error("the incident is closed already")]
    Closed,
    /// Its state does not allow it.
    #[error(transparent)]
    Illegal(#[from] IllegalStep),
    /// There is nothing in the note, or too much.
    #[error("a note has 1 to {NOTE} characters")]
    Note,
    /// There is no such department.
    #[error("there is no department `{0}`")]
    Department(String),
    /// Merged into itself.
    #[error("an incident cannot be merged into itself")]
    Itself,
    /// What it should be merged into is not open.
    #[error("incident {0} is not open")]
    NotOpen(IncidentId),
    /// Another incident of the same group is open: there is never more than one.
    #[error("incident {0} is open on the same matter; merge or end it first")]
    Beside(IncidentId),
    /// It would wait into the past, or too long.
    #[error("an incident waits until a time to come, at most 90 days ahead")]
    Until,
    /// Posts to split off that are not its evidence, or all of it.
    #[error("split off some of the posts that show the incident, not all of them and no others")]
    Posts,
    /// No such item is on its checklist.
    #[error("the checklist has no item `{0}`")]
    Item(String),
}

impl Desk {
    /// What somebody's act changes. Doing again what one has done oneself changes nothing and is no error.
    pub fn on_act(
        &self,
        id: &IncidentId,
        act: Act,
        by: Actor,
        now: Timestamp,
    ) -> Result<Vec<IncidentEvent>, Refusal> {
        let incident = self.get(id).ok_or_else(|| Refusal::Unknown(id.clone()))?;
        if is_done(incident, &act, &by) {
            return Ok(Vec::new());
        }
        let (mut absorbed, mut opens) = (None, None);
        let change = match act {
            Act::Acknowledge { note } => {
                let taken = incident.is_open() && incident.state != State::New;
                if let Some((who, _)) = incident.acknowledged().filter(|_| taken) {
                    return Err(Refusal::Acknowledged { by: who.clone() });
                }
                Change::Acknowledge { note: optional(note)? }
            }
            Act::Close { outcome: None, note } => Change::Close { note: optional(note)? },
            Act::Close { outcome: Some(outcome), note } => Change::CloseAs { outcome, note: optional(note)? },
            Act::Note { note } => Change::Note { note: checked(&note)? },
            Act::Assign(Assignment { department, second, reason, note }) => Change::Assign(Assignment {
                second: second.filter(|second| *second != department),
                department,
                reason: optional(reason)?,
                note: optional(note)?,
            }),
            Act::Accept { note } => Change::Accept { note: optional(note)? },
            Act::Bounce { reason } => Change::Bounce { reason: checked(&reason)? },
            Act::Respond { url, note } => Change::Respond { url, note: optional(note)? },
            Act::Dismiss { dismissal, note } => Change::Dismiss { dismissal, note: optional(note)? },
            Act::Reopen { reason } => {
                let reason = checked(&reason)?;
                if let Some(other) = self.beside(incident).filter(|_| !incident.is_open()) {
                    return Err(Refusal::Beside(other.clone()));
                }
                Change::Reopen { reason }
            }
            Act::Merge { into, note } => {
                if into == *id {
                    return Err(Refusal::Itself);
                }
                if !self.get(&into).is_some_and(Incident::is_open) {
                    return Err(Refusal::NotOpen(into));
                }
                let brought = Change::Absorb(Box::new(Absorbed::of(incident)));
                absorbed =
                    Some(IncidentEvent { incident: into.clone(), at: now, by: by.clone(), change: brought });
                Change::Merge { into, note: optional(note)? }
            }
            Act::Snooze { until, reason } => {
                if until <= now || until > now + LONGEST_WAIT {
                    return Err(Refusal::Until);
                }
                Change::Snooze { until, reason: checked(&reason)? }
            }
            Act::Resume { note } => Change::Resume { note: optional(note)? },
            Act::Split { posts, note } => {
                let (into, split) = self.split_off(incident, &posts, now)?;
                opens = Some(IncidentEvent {
                    incident: into.clone(),
                    at: now,
                    by: by.clone(),
                    change: Change::OpenSplit(Box::new(split)),
                });
                Change::Split { into, posts, note: optional(note)? }
            }
            Act::Check { item, done } => Change::Check { item, done },
            Act::SeeReply(reply) => Change::ReplySeen(reply),
            Act::DoubtReply { url, doubt } => Change::ReplyDoubted { url, doubt },
            Act::LoseReply { url } => Change::ReplyGone { url },
        };
        if let Some(step) = change.step() {
            let possible = incident.state.after(step);
            possible.map_err(
                |illegal| {
                    if incident.is_open() { Refusal::Illegal(illegal) } else { Refusal::Closed }
                },
            )?;
        }
        let first = IncidentEvent { incident: id.clone(), at: now, by, change };
        Ok(std::iter::once(first).chain(absorbed).chain(opens).collect())
    }

    /// What the incident of these posts begins with, and its name.
    fn split_off(
        &self,
        incident: &Incident,
        posts: &[PostId],
        now: Timestamp,
    ) -> Result<(IncidentId, SplitOff), Refusal> {
        let (evidence, left): (Vec<Evidence>, Vec<Evidence>) =
            incident.evidence.iter().cloned().partition(|post| posts.contains(&post.post));
        let strongest = evidence.first().filter(|_| !left.is_empty() && evidence.len() == posts.len());
        let strongest = strongest.ok_or(Refusal::Posts)?;
        let into = self.next_id(now);
        let grade = evidence.iter().filter_map(|post| post.grade).max().unwrap_or(Grade::Blue);
        let terms = strongest.terms.join("、");
        let parts = [incident.subject.place.as_deref().unwrap_or_default(), &terms];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let title = if parts.is_empty() { incident.title.clone() } else { parts.join(" · ") };
        let split = SplitOff {
            from: incident.id.clone(),
            group: GroupKey::of([("split", into.as_str())]),
            grade,
            subject: incident.subject.clone(),
            title,
            why: vec![strongest.why.clone()],
            rules: incident.rules.clone(),
            receivers: incident.receivers.clone(),
            dictionary: incident.dictionary.clone(),
            first_public: evidence
                .iter()
                .map(|post| post.published_at)
                .min()
                .unwrap_or(incident.first_public),
            opened_at: incident.opened_at,
            evidence,
        };
        Ok((into, split))
    }

    /// Another open incident that holds one of its groups.
    fn beside(&self, incident: &Incident) -> Option<&IncidentId> {
        incident.groups().filter_map(|group| self.open.get(group)).find(|open| **open != incident.id)
    }
}

/// Whether an act would only do again what the same one has done, or what stands already.
fn is_done(incident: &Incident, act: &Act, by: &Actor) -> bool {
    let ended_so = |wanted: State| {
        incident.state == wanted && incident.end().is_some_and(|end: &TimelineEntry| end.by == *by)
    };
    let dispatch = incident.dispatch.as_ref();
    match act {
        Act::Acknowledge { .. } => {
            let taken = incident.acknowledged().is_some_and(|(who, _)| who == by);
            incident.is_open() && incident.state != State::New && taken
        }
        Act::Close { .. } => ended_so(State::Closed),
        Act::Dismiss { .. } => ended_so(State::Dismissed),
        Act::Merge { into, .. } => ended_so(State::Merged) && incident.merged_into.as_ref() == Some(into),
        Act::Assign(assignment) => {
            incident.state == State::Assigned
                && dispatch.is_some_and(|dispatch| {
                    dispatch.department == assignment.department && dispatch.bounced.is_none()
                })
        }
        Act::Accept { .. } => {
            incident.state == State::Assigned && dispatch.is_some_and(|dispatch| dispatch.accepted)
        }
        Act::Bounce { .. } => {
            incident.state == State::Assigned && dispatch.is_some_and(|dispatch| dispatch.bounced.is_some())
        }
        Act::Reopen { .. } => {
            let last = incident.timeline.last();
            last.is_some_and(|last| matches!(last.what, Happening::Reopened { .. }) && last.by == *by)
        }
        Act::Resume { .. } => incident.is_open() && incident.waiting.is_none(),
        Act::Check { item, done } => {
            let said = |entry: &TimelineEntry| match &entry.what {
                Happening::Checked { item: known, done } if known == item => Some(*done),
                _ => None,
            };
            incident.timeline.iter().rev().find_map(said).unwrap_or(false) == *done
        }
        Act::SeeReply(reply) => incident.replies().iter().any(|known| {
            matches!(&known.standing, ReplyStanding::Seen(seen) if seen.url == reply.url && seen.digest == reply.digest && seen.substance == reply.substance)
        }),
        Act::DoubtReply { url, doubt } => incident.replies().iter().any(|known| {
            matches!(&known.standing, ReplyStanding::Doubted(before) if known.url == *url && before.as_str() == doubt.as_str())
        }),
        Act::LoseReply { url } => !incident.replies().iter().any(|known| {
            known.url == *url && matches!(known.standing, ReplyStanding::Seen(_))
        }),
        Act::Note { .. } | Act::Respond { .. } | Act::Snooze { .. } | Act::Split { .. } => false,
    }
}

fn checked(note: &str) -> Result<String, Refusal> {
    let note = note.trim();
    if (1..=NOTE).contains(&note.chars().count()) { Ok(note.to_owned()) } else { Err(Refusal::Note) }
}

/// A note that need not be given, without the white space around it.
pub fn optional(note: Option<String>) -> Result<Option<String>, Refusal> {
    note.filter(|note| !note.trim().is_empty()).map(|note| checked(&note)).transpose()
}
