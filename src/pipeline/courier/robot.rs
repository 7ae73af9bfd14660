//! What a group's robot is sent next, and what waits: its pace, one message a minute and incident, and digests where
//! more waits (promise R16). Plain decisions over what waits and the time.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::assess::Grade;
use crate::incident::IncidentId;
use crate::notify::pace::{Bucket, Pace};
use crate::store::OutboxEntry;

/// An incident is told no more often than this, unless it is red.
const SAME_INCIDENT: SignedDuration = SignedDuration::from_mins(1);
/// More than so many that wait are told together.
const FEW: usize = 5;
/// Most told together: as many as the smallest message can name.
pub(super) const DIGEST: usize = 36;

/// A robot as the courier knows it. Receivers with the same address share it.
#[derive(Debug)]
pub(super) struct Robot {
    bucket: Bucket,
    /// The service asked for silence until then.
    silent_until: Option<Timestamp>,
    /// When which incident was told last.
    told: BTreeMap<IncidentId, Timestamp>,
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// These of what waits are sent as one message.
    Send(Vec<usize>),
    /// Nothing may be sent before.
    Wait(Timestamp),
    /// Nothing waits.
    Nothing,
}

impl Robot {
    pub(super) fn new(pace: Pace, now: Timestamp) -> Self {
        Self { bucket: Bucket::new(pace, now), silent_until: None, told: BTreeMap::new() }
    }

    /// What is sent next of what is due, given in the order in which it fell due. Red goes first and alone; the rest
    /// goes one by one while little waits, and together where more does or where it was bundled.
    pub(super) fn next(&mut self, due: &[OutboxEntry], now: Timestamp) -> Next {
        if due.is_empty() {
            return Next::Nothing;
        }
        if let Some(until) = self.silent_until.filter(|until| *until > now) {
            return Next::Wait(until);
        }
        let free = self.bucket.when(1, now);
        if free > now {
            return Next::Wait(free);
        }
        self.told.retain(|_, told| *told + SAME_INCIDENT > now);
        let red = |entry: &OutboxEntry| entry.notification.brief.grade == Grade::Red;
        if let Some(first) = due.iter().position(red) {
            return Next::Send(vec![first]);
        }
        let may = |entry: &OutboxEntry| !self.told.contains_key(&entry.notification.brief.incident);
        let ready: Vec<usize> = (0..due.len()).filter(|&at| may(&due[at])).collect();
        let Some(&first) = ready.first() else {
            let last = due.iter().filter_map(|entry| self.told.get(&entry.notification.brief.incident)).min();
            return last.map_or(Next::Nothing, |told| Next::Wait(*told + SAME_INCIDENT));
        };
        if ready.len() > FEW {
            return Next::Send(ready.into_iter().take(DIGEST).collect());
        }
        let (incident, bundle) = (&due[first].notification.brief.incident, due[first].bundle());
        let same = ready.into_iter().filter(|&at| match bundle {
            Some(bundle) => due[at].bundle() == Some(bundle),
            None => due[at].notification.brief.incident == *incident,
        });
        Next::Send(same.collect())
    }

    /// Notes that a message goes out that takes `cost` of the robot's.
    pub(super) fn begun(&mut self, cost: u32, now: Timestamp) {
        self.bucket.take(cost, now);
    }

    /// Notes that these incidents were told: what was tried in vain is no word to anybody.
    pub(super) fn told(&mut self, incidents: impl IntoIterator<Item = IncidentId>, now: Timestamp) {
        self.told.extend(incidents.into_iter().map(|incident| (incident, now)));
    }

    /// The service asks for silence.
    pub(super) fn silence(&mut self, until: Timestamp) {
        self.silent_until = self.silent_until.max(Some(until));
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::journal::Sequence;
    use crate::notify::chat::Service;
    use crate::notify::{Receivers, test_of};
    use crate::store::OutboxState;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).unwrap()
    }

    pub(in crate::pipeline::courier) fn entry(incident: u32, grade: Grade, due: i64) -> OutboxEntry {
        let text =
            "[[receiver]]\nname = 'r'\nkind = 'slack'\n[receiver.slack]\nurl = 'https://hooks.slack.com/x'\n";
        let receivers = Receivers::from_toml(text, &|place| place.read()).unwrap();
        let mut notification = test_of(receivers.get("r").unwrap(), at(due)).remove(0);
        notification.brief.incident = format!("INC-20261122-{incident:02}").parse().unwrap();
        notification.brief.grade = grade;
        let state = OutboxState::Waiting { next_try: at(due) };
        OutboxEntry { notification, attempts: 0, last: None, state, sequence: Sequence(1), fate: None }
    }

    fn sent(robot: &mut Robot, told: &[OutboxEntry], now: Timestamp) {
        robot.begun(1, now);
        robot.told(told.iter().map(|entry| entry.notification.brief.incident.clone()), now);
    }

    fn robot() -> Robot {
        Robot::new(Pace { burst: 2, every: Duration::from_secs(5) }, at(0))
    }

    #[test]
    fn red_goes_first_and_alone_and_pace_is_kept() {
        let mut robot = robot();
        let due = vec![entry(1, Grade::Blue, 0), entry(2, Grade::Red, 0), entry(3, Grade::Blue, 0)];
        assert_eq!(robot.next(&due, at(0)), Next::Send(vec![1]));
        sent(&mut robot, &due[1..2], at(0));
        assert_eq!(robot.next(&due[..1], at(0)), Next::Send(vec![0]));
        sent(&mut robot, &due[..1], at(0));
        let Next::Wait(until) = robot.next(&due[2..], at(0)) else { panic!("the bucket is empty") };
        assert!(until > at(4) && until < at(6));
        assert_eq!(robot.next(&due[2..], until), Next::Send(vec![0]));
        assert_eq!(robot.next(&[], until), Next::Nothing);
    }

    #[test]
    fn an_incident_is_told_once_a_minute_and_then_all_of_it_unless_it_is_red() {
        let mut robot = robot();
        let first = vec![entry(1, Grade::Yellow, 0)];
        sent(&mut robot, &first, at(0));
        let later = vec![entry(1, Grade::Yellow, 9), entry(1, Grade::Yellow, 12)];
        assert_eq!(robot.next(&later, at(20)), Next::Wait(at(60)));
        assert_eq!(robot.next(&later, at(60)), Next::Send(vec![0, 1]));
        assert_eq!(robot.next(&[entry(1, Grade::Red, 20)], at(20)), Next::Send(vec![0]));
    }

    #[test]
    fn many_are_told_together_and_a_service_that_asks_for_silence_has_it() {
        let mut robot = robot();
        let due: Vec<OutboxEntry> = (1..=40).map(|nth| entry(nth, Grade::Blue, 0)).collect();
        assert_eq!(robot.next(&due, at(0)), Next::Send((0..DIGEST).collect()));
        robot.silence(at(600));
        assert_eq!(robot.next(&due, at(30)), Next::Wait(at(600)));
    }

    #[test]
    fn a_bundle_is_one_message_however_few_it_holds() {
        let mut robot = robot();
        let mut due: Vec<OutboxEntry> = (1..=4).map(|nth| entry(nth, Grade::Yellow, 0)).collect();
        let bundle = due[1].notification.key.clone();
        for at in [1, 3] {
            due[at].fate = Some(crate::notify::policy::Fate::Bundled { bundle: bundle.clone() });
        }
        assert_eq!(robot.next(&due, at(0)), Next::Send(vec![0]));
        assert_eq!(robot.next(&due[1..], at(0)), Next::Send(vec![0, 2]));
    }

    /// Lets a robot be told of a storm until nothing waits; each message with its time. `storm` is incident, second, grade.
    fn weather(service: Service, storm: &[(u32, i64, Grade)]) -> Vec<(Timestamp, Vec<OutboxEntry>)> {
        let mut robot = Robot::new(service.pace(), at(0));
        let mut waiting: Vec<OutboxEntry> =
            storm.iter().map(|&(incident, due, grade)| entry(incident, grade, due)).collect();
        waiting.sort_by_key(|entry| entry.notification.created_at);
        let (mut now, mut messages) = (at(0), Vec::new());
        while !waiting.is_empty() {
            let due = waiting.iter().take_while(|entry| entry.notification.created_at <= now).count();
            match robot.next(&waiting[..due], now) {
                Next::Nothing => now = waiting[0].notification.created_at,
                Next::Wait(until) => {
                    assert!(until > now);
                    let next = waiting.get(due).map_or(until, |entry| entry.notification.created_at);
                    now = until.min(next.max(now + SignedDuration::from_millis(1)));
                }
                Next::Send(which) => {
                    let told: Vec<OutboxEntry> = which.iter().map(|&at| waiting[at].clone()).collect();
                    sent(&mut robot, &told, now);
                    messages.push((now, told));
                    for at in which.into_iter().rev() {
                        waiting.remove(at);
                    }
                }
            }
        }
        messages
    }

    /// Everything was told, red alone, no incident twice a minute.
    fn is_told_whole(messages: &[(Timestamp, Vec<OutboxEntry>)], told: usize) {
        assert_eq!(messages.iter().map(|(_, told)| told.len()).sum::<usize>(), told);
        for (nth, (now, told)) in messages.iter().enumerate() {
            let red = told.iter().any(|entry| entry.notification.brief.grade == Grade::Red);
            assert!(!red || told.len() == 1, "red is never folded");
            let minute = messages[..nth].iter().filter(|(before, _)| *before + SAME_INCIDENT > *now);
            let again = |entry: &OutboxEntry| {
                let same = |other: &OutboxEntry| {
                    other.notification.brief.incident == entry.notification.brief.incident
                };
                minute.clone().any(|(_, before)| before.iter().any(same))
            };
            assert!(red || !told.iter().any(again), "an incident twice a minute");
        }
    }

    #[test]
    fn a_thousand_incidents_in_a_minute_are_all_named() {
        for service in Service::ALL {
            let storm: Vec<(u32, i64, Grade)> = (0..1_000_u32)
                .map(|nth| {
                    (
                        nth + 1,
                        i64::from(nth) * 60 / 1_000,
                        if nth % 100 == 7 { Grade::Red } else { Grade::Yellow },
                    )
                })
                .collect();
            let messages = weather(service, &storm);
            is_told_whole(&messages, storm.len());
            let took = messages.last().map(|(at, _)| at.duration_since(self::at(0)));
            assert!(
                messages.len() < 200 && took < Some(SignedDuration::from_mins(10)),
                "{service:?} {took:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_storm_is_told_whole(
            storm in proptest::collection::vec((1_u32..60, 0_i64..60, 0_u8..20), 1..200),
            service in prop::sample::select(Service::ALL.to_vec()),
        ) {
            let grade = |of: u8| if of == 0 { Grade::Red } else { Grade::Yellow };
            let storm: Vec<_> = storm.into_iter().map(|(incident, due, of)| (incident, due, grade(of))).collect();
            is_told_whole(&weather(service, &storm), storm.len());
        }
    }
}
