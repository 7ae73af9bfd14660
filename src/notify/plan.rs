//! Who must hear of an incident's change, and why.
//!
//! Told are: that an incident is new, that its grade rose, that somebody took it, that it is over. A further
//! alert of no higher grade tells nobody: the console shows it. Silences, inhibitions and digests will
//! withhold here what is planned, and say so.

use jiff::Timestamp;

use crate::assess::Grade;
use crate::incident::{Actor, Happening, Incident, IncidentEvent, IncidentId, Names, State, TimelineEntry};

use super::receiver::{Receiver, Receivers};
use super::{Brief, Notification, NotificationKey, Reason, Thread};

/// The notifications that `event` causes. `incident` is as it stands after the event; the event's entry is
/// the latest of its timeline. Ordered by the receivers' file.
pub fn plan(
    incident: &Incident,
    event: &IncidentEvent,
    receivers: &Receivers,
    names: &Names,
) -> Vec<Notification> {
    let words = words(incident);
    let Some((Word { reason: Some(reason), grade, was }, before)) = words.split_last() else {
        return Vec::new();
    };
    let transition = incident.transition();
    let brief = brief(incident, *was, names);
    let mut notifications = Vec::new();
    for receiver in receivers.meant_by(&incident.receivers).filter(|receiver| receiver.hears(*reason, *grade))
    {
        for mailbox in receiver.mailboxes() {
            let to = mailbox.map(|mailbox| mailbox.email().to_owned());
            let key = |transition| key(&incident.id, transition, &receiver.name, to.as_deref());
            let heard = |(_, word): &(u32, &Word)| {
                word.reason.is_some_and(|reason| receiver.hears(reason, word.grade))
            };
            let mut earlier =
                (0..).zip(before).filter(heard).map(|(transition, _)| (transition, key(transition)));
            let first = earlier.next();
            let thread = first
                .map(|first| Thread { previous: earlier.last().unwrap_or_else(|| first.clone()), first });
            notifications.push(Notification {
                key: key(transition),
                transition,
                receiver: receiver.name.clone(),
                thread,
                reason: *reason,
                created_at: event.at,
                brief: brief.clone(),
                to,
            });
        }
    }
    notifications
}

/// Marked tests of one receiver, one a mailbox; two made at different times have different keys.
pub fn test_of(receiver: &Receiver, now: Timestamp) -> Vec<Notification> {
    let incident = IncidentId::of_test();
    let test = |to: Option<String>| Notification {
        key: key(&incident, 0, &format!("{} {now}", receiver.name), to.as_deref()),
        transition: 0,
        receiver: receiver.name.clone(),
        to,
        thread: None,
        reason: Reason::Test,
        created_at: now,
        brief: Brief {
            incident: incident.clone(),
            grade: Grade::Blue,
            was: None,
            state: State::New,
            title: "测试通知".to_owned(),
            matter: "测试通知".to_owned(),
            follows: None,
            category: "test".to_owned(),
            category_name: "测试".to_owned(),
            place: None,
            department: None,
            department_name: None,
            rule: "test".to_owned(),
            why: Vec::new(),
            action: None,
            voices: 0,
            evidence: Vec::new(),
            posts: 0,
            opened_at: now,
            closed_at: None,
            dictionary: String::new(),
        },
    };
    receiver
        .mailboxes()
        .into_iter()
        .map(|mailbox| test(mailbox.map(|mailbox| mailbox.email().to_owned())))
        .collect()
}

fn key(incident: &IncidentId, transition: u32, receiver: &str, to: Option<&str>) -> NotificationKey {
    match to {
        None => NotificationKey::of(incident, transition, receiver),
        Some(to) => NotificationKey::of(incident, transition, &format!("{receiver}:{to}")),
    }
}

impl Receiver {
    /// Whether this receiver wants to hear for this reason of an incident that has this grade.
    fn hears(&self, reason: Reason, grade: Grade) -> bool {
        self.reasons.contains(&reason) && grade >= self.min_grade
    }
}

/// What one entry of the timeline would tell.
struct Word {
    /// `None`: nothing.
    reason: Option<Reason>,
    /// The incident's grade after it.
    grade: Grade,
    /// Its grade before, if it rose.
    was: Option<Grade>,
}

fn words(incident: &Incident) -> Vec<Word> {
    let mut grade = Grade::Blue;
    let word = |entry: &TimelineEntry| {
        let before = grade;
        let (reason, was) = match &entry.what {
            Happening::Opened { grade: opened, .. } => {
                grade = *opened;
                (Some(Reason::Opened), None)
            }
            Happening::Joined { raised: Some(raised), .. } => {
                grade = *raised;
                (Some(Reason::Raised), Some(before))
            }
            Happening::Joined { raised: None, .. } | Happening::Noted { .. } => (None, None),
            Happening::Acknowledged { .. } => (Some(Reason::Acknowledged), None),
            Happening::Closed { .. } => (Some(Reason::Closed), None),
        };
        Word { reason, grade, was }
    };
    incident.timeline.iter().map(word).collect()
}

fn brief(incident: &Incident, was: Option<Grade>, names: &Names) -> Brief {
    let department = incident.subject.department.clone();
    Brief {
        incident: incident.id.clone(),
        grade: incident.grade,
        was,
        state: incident.state,
        title: incident.title.clone(),
        matter: incident.matter.clone(),
        follows: incident.follows.clone(),
        category: incident.subject.category.id().to_owned(),
        category_name: names.category(incident.subject.category).to_owned(),
        place: incident.subject.place.clone(),
        department_name: department.as_deref().map(|id| names.department(id).to_owned()),
        department,
        rule: incident.rules.first().cloned().unwrap_or_default(),
        why: incident.why.clone(),
        action: incident.timeline.last().and_then(action),
        voices: incident.voices,
        evidence: incident.evidence.iter().take(Brief::EVIDENCE).cloned().collect(),
        posts: incident.evidence.len() as u32,
        opened_at: incident.opened_at,
        closed_at: incident.closed_at(),
        dictionary: incident.dictionary.clone(),
    }
}

/// Who did what and said what: `li 已签收：已联系水务局`.
fn action(entry: &TimelineEntry) -> Option<String> {
    let (did, note) = match &entry.what {
        Happening::Acknowledged { note } => ("已签收", note),
        Happening::Closed { note } => ("已办结", note),
        Happening::Opened { .. } | Happening::Joined { .. } | Happening::Noted { .. } => return None,
    };
    let who = match &entry.by {
        Actor::System => "系统",
        Actor::Person(name) => name.as_str(),
        Actor::Token(name) => name,
    };
    let said = note.as_deref().map(|note| format!("：{note}")).unwrap_or_default();
    Some(format!("{who} {did}{said}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::fixture::{self, Story};

    #[test]
    fn who_hears_what_and_why() {
        for (name, receivers, heard) in [
            ("all", "", ["opened", "", "raised", "acknowledged", "", "closed"]),
            ("red only", "min_grade = 'red'", ["", "", "raised", "acknowledged", "", "closed"]),
            ("beginnings", "reasons = ['opened', 'raised']", ["opened", "", "raised", "", "", ""]),
            ("not named by a rule", "name = 'other'", ["", "", "", "", "", ""]),
        ] {
            let receivers = fixture::receivers(receivers);
            let told: Vec<String> = fixture::story()
                .into_iter()
                .map(|Story { incident, event }| plan(&incident, &event, &receivers, &Names::default()))
                .map(|planned| planned.iter().map(|notification| notification.reason.as_str()).collect())
                .collect();
            assert_eq!(told, heard, "{name}");
        }
    }

    #[test]
    fn a_thread_names_what_the_same_mailbox_heard_before() {
        let receivers = fixture::mailboxes();
        let planned: Vec<Notification> = fixture::story()
            .into_iter()
            .flat_map(|Story { incident, event }| plan(&incident, &event, &receivers, &Names::default()))
            .filter(|notification| notification.to.as_deref() == Some("b@example.com"))
            .collect();
        let threads: Vec<_> = planned
            .iter()
            .map(|notification| {
                notification.thread.as_ref().map(|thread| (thread.first.0, thread.previous.0))
            })
            .collect();
        assert_eq!(threads, [None, Some((0, 0)), Some((0, 2)), Some((0, 3))]);
        assert_eq!(planned[3].thread.as_ref().unwrap().previous.1, planned[2].key);
    }

    #[test]
    fn keys_differ_by_transition_receiver_and_mailbox_and_hold_no_dot() {
        let receivers = fixture::mailboxes();
        let mut keys: Vec<String> = fixture::story()
            .into_iter()
            .flat_map(|Story { incident, event }| plan(&incident, &event, &receivers, &Names::default()))
            .map(|notification| notification.key.as_str().to_owned())
            .collect();
        let all = keys.len();
        keys.sort();
        keys.dedup();
        assert_eq!((keys.len(), all), (8, 8));
        assert!(keys.iter().all(|key| key.len() == 32 && key.bytes().all(|byte| byte.is_ascii_hexdigit())));
    }

    #[test]
    fn a_plan_survives_the_journal() {
        let receivers = fixture::mailboxes();
        for Story { incident, event } in fixture::story() {
            let planned = plan(&incident, &event, &receivers, &Names::default());
            let bytes = postcard::to_stdvec(&planned).unwrap();
            assert_eq!(postcard::from_bytes::<Vec<Notification>>(&bytes).unwrap(), planned);
        }
    }
}
