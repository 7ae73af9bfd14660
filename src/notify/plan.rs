//! Who must hear of an incident's change, and why.
//!
//! Told are: that an incident is new, that its grade rose, each step of the work that others must know of, and what
//! its clocks tell. A further alert of no higher grade tells nobody, nor does a note: the console shows them. Who is
//! called by an escalation hears of the incident from then on. Silences, inhibitions and digests will withhold
//! here what is planned, and say so.

use jiff::Timestamp;

use crate::alert::Outage;
use crate::assess::Grade;
use crate::incident::{
    Actor, DRILL_MARK, Doubt, Handover, Happening, Incident, IncidentEvent, IncidentId, Names, State,
    Substance, TimelineEntry, desk_time, span,
};

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
    let Some((Word { reason: Some(reason), grade, was, only }, before)) = words.split_last() else {
        return Vec::new();
    };
    let transition = incident.transition();
    let brief = brief(incident, *was, names);
    let mut notifications = Vec::new();
    for receiver in receivers.iter().filter(|receiver| receiver.hears(*reason, *grade)) {
        let Some(since) = heard_since(incident, receiver, receivers) else { continue };
        if only.is_some_and(|only| !only.contains(&receiver.name)) {
            continue;
        }
        for mailbox in receiver.mailboxes() {
            let to = mailbox.map(|mailbox| mailbox.email().to_owned());
            let key = |transition| key(&incident.id, transition, &receiver.name, to.as_deref());
            let heard = |(transition, word): &(u32, &Word<'_>)| {
                let told = word.only.is_none_or(|only| only.contains(&receiver.name));
                let heard = word.reason.is_some_and(|reason| receiver.hears(reason, word.grade));
                *transition >= since && told && heard
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
    let word = Outside {
        incident: IncidentId::of_test(),
        grade: Grade::Blue,
        title: "测试通知".to_owned(),
        why: Vec::new(),
    };
    outside(receiver, Reason::Test, &word, now)
}

/// Word to one receiver that a daemon has fallen silent, or is back, one a mailbox. `since` is when it fell silent:
/// all that is told of one silence belongs together.
pub fn silence_of(
    receiver: &Receiver,
    silent: bool,
    why: Vec<String>,
    since: Timestamp,
    now: Timestamp,
) -> Vec<Notification> {
    let (reason, title) = if silent {
        (Reason::Silent, "民声值班台无应答")
    } else {
        (Reason::Restored, "民声值班台已恢复")
    };
    let word = Outside { incident: IncidentId::of_watch(), grade: Grade::Red, title: title.to_owned(), why };
    let mut told = outside(receiver, reason, &word, now);
    for notification in &mut told {
        notification.brief.opened_at = since;
        if !silent {
            notification.brief.state = State::Closed;
            notification.brief.closed_at = Some(now);
        }
    }
    told
}

/// Word to one receiver that a shift begins and its pack waits to be accepted, or that nobody has accepted it; one a
/// mailbox.
pub fn handover_of(
    receiver: &Receiver,
    handover: &Handover,
    reason: Reason,
    now: Timestamp,
) -> Vec<Notification> {
    let due = desk_time(handover.due).strftime("%m-%d %H:%M");
    let (grade, title, first) = match reason {
        Reason::Unaccepted => (
            Grade::Orange,
            "交接班无人确认",
            format!("{}的交接班到 {due} 仍无人确认，应接班：{}", handover.title, handover.coming.join("、")),
        ),
        _ => (
            Grade::Blue,
            "交接班",
            format!(
                "{}接班：{}，请在 {due} 前到“交接班”页面确认",
                handover.title,
                handover.coming.join("、")
            ),
        ),
    };
    let why = std::iter::once(first).chain(handover.pack.lines()).collect();
    let word = Outside { incident: IncidentId::of_shift(), grade, title: title.to_owned(), why };
    outside(receiver, reason, &word, now)
}

/// Word to the receivers of a rule that sources cannot be read, or can be read again, one a mailbox. `called` are those
/// whom the rule means.
pub fn outage_of(
    outage: &Outage,
    called: &[String],
    receivers: &Receivers,
    now: Timestamp,
) -> Vec<Notification> {
    let (reason, why) = match outage.over_at {
        None => (Reason::Outage, vec![outage.why.clone()]),
        Some(over) => {
            let from = desk_time(outage.since).strftime("%m-%d %H:%M");
            let lasted = span(over.duration_since(outage.since));
            (Reason::Recovered, vec![format!("{from} 起读不到，历时{lasted}"), outage.why.clone()])
        }
    };
    let source = outage.source.as_ref().map(ToString::to_string).unwrap_or_default();
    let incident = IncidentId::of_outage(&format!("{} {source} {}", outage.rule, outage.told_at));
    let word = Outside { incident, grade: outage.grade, title: outage.title.clone(), why };
    let hearing = receivers.meant_by(called).filter(|receiver| receiver.hears(reason, outage.grade));
    let mut told: Vec<Notification> =
        hearing.flat_map(|receiver| outside(receiver, reason, &word, now)).collect();
    for notification in &mut told {
        notification.brief.opened_at = outage.since;
        notification.brief.rule.clone_from(&outage.rule);
        if outage.over_at.is_some() {
            notification.brief.state = State::Closed;
            notification.brief.closed_at = outage.over_at;
        }
    }
    told
}

/// The same for the second channel of its receiver, with a line on why; nothing where there is none. Its key is made of
/// the receiver's, so that it is copied once.
pub fn copy_for(
    notification: &Notification,
    receivers: &Receivers,
    failed: &str,
    now: Timestamp,
) -> Vec<Notification> {
    let name = &notification.receiver;
    let fallback = receivers.get(name).and_then(|receiver| receivers.get(receiver.fallback.as_deref()?));
    let Some(fallback) = fallback else { return Vec::new() };
    let mut brief = notification.brief.clone();
    brief.why.insert(0, format!("原接收人“{name}”未能收到（{failed}），改由本渠道通知"));
    let copy = |to: Option<String>| Notification {
        key: key(
            &brief.incident,
            notification.transition,
            &format!("{name} for {}", fallback.name),
            to.as_deref(),
        ),
        transition: notification.transition,
        receiver: fallback.name.clone(),
        thread: None,
        reason: notification.reason,
        created_at: now,
        brief: brief.clone(),
        to,
    };
    fallback
        .mailboxes()
        .into_iter()
        .map(|mailbox| copy(mailbox.map(|mailbox| mailbox.email().to_owned())))
        .collect()
}

/// What is told and is of no incident.
struct Outside {
    incident: IncidentId,
    grade: Grade,
    title: String,
    why: Vec<String>,
}

fn outside(receiver: &Receiver, reason: Reason, word: &Outside, now: Timestamp) -> Vec<Notification> {
    let Outside { incident, grade, title, why } = word;
    let told = |to: Option<String>| Notification {
        key: key(incident, 0, &format!("{} {now}", receiver.name), to.as_deref()),
        transition: 0,
        receiver: receiver.name.clone(),
        to,
        thread: None,
        reason,
        created_at: now,
        brief: Brief {
            incident: incident.clone(),
            grade: *grade,
            was: None,
            state: State::New,
            title: title.clone(),
            matter: title.clone(),
            follows: None,
            category: "system".to_owned(),
            category_name: "系统".to_owned(),
            place: None,
            department: None,
            department_name: None,
            rule: reason.as_str().to_owned(),
            why: why.clone(),
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
        .map(|mailbox| told(mailbox.map(|mailbox| mailbox.email().to_owned())))
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

/// From which transition on a receiver hears of an incident: from the first if an alert named it, else from the one
/// that called it.
fn heard_since(incident: &Incident, receiver: &Receiver, receivers: &Receivers) -> Option<u32> {
    if receivers.meant_by(&incident.receivers).any(|meant| meant.name == receiver.name) {
        return Some(0);
    }
    let calls = |entry: &TimelineEntry| matches!(&entry.what, Happening::Escalated { receivers, .. } if receivers.contains(&receiver.name));
    incident.timeline.iter().position(calls).map(|transition| transition as u32)
}

/// What one entry of the timeline would tell.
struct Word<'a> {
    /// `None`: nothing.
    reason: Option<Reason>,
    /// The incident's grade after it.
    grade: Grade,
    /// Its grade before, if it rose.
    was: Option<Grade>,
    /// The only receivers that hear of it.
    only: Option<&'a [String]>,
}

fn words(incident: &Incident) -> Vec<Word<'_>> {
    let (mut grade, mut words) = (Grade::Blue, Vec::with_capacity(incident.timeline.len()));
    for entry in &incident.timeline {
        let before = grade;
        grade = entry.what.new_grade().unwrap_or(grade);
        let reason = reason(entry);
        let was = (reason == Some(Reason::Raised)).then_some(before);
        let only = if let Happening::Escalated { receivers, .. } = &entry.what {
            Some(&receivers[..])
        } else {
            None
        };
        words.push(Word { reason, grade, was, only });
    }
    words
}

/// Why others must know of an entry.
fn reason(entry: &TimelineEntry) -> Option<Reason> {
    match &entry.what {
        Happening::Opened { .. } | Happening::SplitOff { .. } => Some(Reason::Opened),
        Happening::Joined { raised: Some(_), .. } | Happening::Absorbed { raised: Some(_), .. } => {
            Some(Reason::Raised)
        }
        Happening::Joined { raised: None, .. }
        | Happening::Absorbed { raised: None, .. }
        | Happening::Noted { .. }
        | Happening::Accepted { .. }
        | Happening::Split { .. }
        | Happening::Checked { .. }
        | Happening::Snoozed { .. } => None,
        Happening::ReplySeen(_) => Some(Reason::Verified),
        // What may be there a moment later is looked at again before anybody is told.
        Happening::ReplyDoubted { doubt, .. } => {
            (!matches!(doubt, Doubt::Unread(_))).then_some(Reason::Doubted)
        }
        Happening::ReplyGone { .. } => Some(Reason::Vanished),
        Happening::Acknowledged { .. } => Some(Reason::Acknowledged),
        Happening::Closed { .. } => Some(Reason::Closed),
        Happening::Assigned(_) => Some(Reason::Assigned),
        Happening::Bounced { .. } => Some(Reason::Bounced),
        Happening::Responded { .. } => Some(Reason::Responded),
        Happening::Dismissed { .. } => Some(Reason::Dismissed),
        Happening::Reopened { .. } => Some(Reason::Reopened),
        Happening::Merged { .. } => Some(Reason::Merged),
        // Who goes on by themselves need not be told.
        Happening::Resumed { .. } => (entry.by == Actor::System).then_some(Reason::Resumed),
        Happening::Warned { .. } => Some(Reason::ClockWarning),
        Happening::Breached { .. } => Some(Reason::Breach),
        Happening::Escalated { .. } => Some(Reason::Escalated),
    }
}

fn brief(incident: &Incident, was: Option<Grade>, names: &Names) -> Brief {
    let department = incident.department().map(str::to_owned);
    let drill = incident.is_drill();
    let mark = if drill { DRILL_MARK } else { "" };
    let marked = drill.then(|| "这是演练，请照常签收、处置；不计入统计".to_owned());
    Brief {
        incident: incident.id.clone(),
        grade: incident.grade,
        was,
        state: incident.state,
        title: incident.title.clone(),
        matter: format!("{mark}{}", incident.matter),
        follows: incident.follows.clone(),
        category: incident.subject.category.id().to_owned(),
        category_name: names.category(incident.subject.category).to_owned(),
        place: incident.subject.place.clone(),
        department_name: department.as_deref().map(|id| names.department(id).to_owned()),
        department,
        rule: incident.rules.first().cloned().unwrap_or_default(),
        why: marked.into_iter().chain(incident.why.iter().cloned()).collect(),
        action: incident.timeline.last().and_then(|entry| action(entry, names)),
        voices: incident.voices,
        evidence: incident.evidence.iter().take(Brief::EVIDENCE).cloned().collect(),
        posts: incident.evidence.len() as u32,
        opened_at: incident.opened_at,
        closed_at: incident.closed_at(),
        dictionary: incident.dictionary.clone(),
    }
}

/// What happened, in one sentence: `li 已签收：已联系水务局`.
fn action(entry: &TimelineEntry, names: &Names) -> Option<String> {
    let who = match &entry.by {
        Actor::System => "系统",
        Actor::Person(name) => name.as_str(),
        Actor::Token(name) => name,
    };
    let said = |note: &Option<String>| note.as_deref().map(|note| format!("：{note}")).unwrap_or_default();
    let at = |at| desk_time(at).strftime("%m-%d %H:%M");
    Some(match &entry.what {
        Happening::Acknowledged { note } => format!("{who} 已签收{}", said(note)),
        Happening::Closed { outcome: None, note } => format!("{who} 已办结{}", said(note)),
        Happening::Closed { outcome: Some(outcome), note } => {
            format!("{who} 已办结（{}）{}", outcome.chinese(), said(note))
        }
        Happening::Assigned(assignment) => {
            let second = assignment.second.as_deref().map(|id| format!("，备选{}", names.department(id)));
            let reason = assignment.reason.as_deref().map(|reason| format!("，理由：{reason}"));
            let to = names.department(&assignment.department);
            let more = [second, reason].into_iter().flatten().collect::<String>();
            format!("{who} 派单给{to}{more}{}", said(&assignment.note))
        }
        Happening::Bounced { department, reason } => {
            format!("{}退回：{reason}（{who} 登记），请改派", names.department(department))
        }
        Happening::Responded { url, note } => {
            let at = url.as_ref().map(|url| format!("，见 {url}")).unwrap_or_default();
            format!("{who} 已回应公众{}{at}", said(note))
        }
        Happening::Dismissed { dismissal, note } => {
            format!("{who} 判为误报（{}）{}", dismissal.chinese(), said(note))
        }
        Happening::Reopened { reason } => format!("{who} 重新开办：{reason}"),
        Happening::Merged { into, note } => format!("{who} 并入 {into}{}", said(note)),
        Happening::Resumed { .. } => "挂起时间已到，请继续处置".to_owned(),
        Happening::Warned { title, percent, due, .. } => {
            let left = span(due.duration_since(entry.at));
            format!("“{title}”时限已用 {percent}%，{} 到期，还剩 {left}", at(*due))
        }
        Happening::Breached { title, due, .. } => {
            format!("“{title}”时限已于 {} 届满，仍未完成", at(*due))
        }
        Happening::Escalated { why, .. } => format!("催办：{why}"),
        Happening::ReplySeen(reply) if reply.substance == Substance::Courtesy => {
            format!("已见到公开答复，但只是致谢、登记一类的套话，不算实质回应：{}", reply.url)
        }
        Happening::ReplySeen(reply) => format!("已核验公开答复：{}", reply.url),
        Happening::ReplyDoubted { url, doubt } => format!("答复核验未通过：{}。{url}", doubt.chinese()),
        Happening::ReplyGone { url } => format!("公开答复已看不到，时限恢复计时：{url}"),
        Happening::SplitOff { from, .. } => format!("由 {from} 拆出"),
        Happening::Opened { .. }
        | Happening::Split { .. }
        | Happening::Checked { .. }
        | Happening::Joined { .. }
        | Happening::Absorbed { .. }
        | Happening::Noted { .. }
        | Happening::Accepted { .. }
        | Happening::Snoozed { .. } => return None,
    })
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
