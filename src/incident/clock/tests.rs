//! The table and its faults; clocks that start, warn, rest and stop; and a year of them, exact to the minute.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::alert::{Alert, GroupKey};
use crate::assess::Grade;
use crate::detect::fixture::{at, signal};
use crate::incident::{
    Act, Actor, Assignment, Change, Desk, FoundBy, IncidentEvent, IncidentId, Names, Reply, Substance,
    desk_time,
};
use crate::people::PersonName;
use url::Url;

const SHIPPED: &str = include_str!("../../../config/clocks.toml");
const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// A desk of which every act and alert is applied at once.
struct Story {
    clocks: Clocks,
    desk: Desk,
    start: Timestamp,
    id: IncidentId,
}

impl Story {
    /// One incident of this grade, opened at eight in the morning; its post is an hour older.
    fn new(clocks: &str, grade: Grade) -> Self {
        let clocks = Clocks::from_toml(clocks).unwrap();
        let start = at("2026-11-22T00:00:00Z");
        let id = "INC-20261122-01".parse().unwrap();
        let mut story = Self { clocks, desk: Desk::default(), start, id };
        story.alert(1, grade, SignedDuration::ZERO);
        story
    }

    fn alert(&mut self, id: u32, grade: Grade, after: SignedDuration) {
        let now = self.start + after;
        let alert = Alert {
            rule: "grave-post".to_owned(),
            grade,
            group: GroupKey::of([("place", "望江花园")]),
            reasons: Vec::new(),
            receivers: vec!["duty".to_owned()],
            signal: signal("grave-post", id, grade, now - HOUR),
        };
        for event in self.desk.on_alert(&alert, &Names::default(), now) {
            self.desk.apply(&event).unwrap();
        }
    }

    fn act(&mut self, act: Act, after: SignedDuration) {
        let by = Actor::Person(PersonName::new("li").unwrap());
        for event in self.desk.on_act(&self.id, act, by, self.start + after).unwrap() {
            self.desk.apply(&event).unwrap();
        }
    }

    fn incident(&self) -> &Incident {
        self.desk.get(&self.id).unwrap()
    }

    /// Wakes whenever something is due until then; gives what was told, and how long after the beginning.
    fn run(&mut self, until: SignedDuration) -> Vec<(i64, String)> {
        let mut told = Vec::new();
        while let Some(next) = self.clocks.next(self.incident()).filter(|next| *next <= self.start + until) {
            let changes = self.clocks.due(self.incident(), next);
            assert!(!changes.is_empty(), "something is due at {next}, and nothing is told");
            for change in changes {
                told.push((next.duration_since(self.start).as_mins(), word(&change)));
                let event = IncidentEvent { incident: self.id.clone(), at: next, by: Actor::System, change };
                self.desk.apply(&event).unwrap();
            }
        }
        told
    }

    /// Each clock with its minutes left and what it does.
    fn stands(&self, after: SignedDuration) -> Vec<(String, i64, Standing)> {
        let now = self.start + after;
        let running = self.clocks.running(self.incident());
        let stands = |running: &Running<'_>| {
            (running.clock.name.clone(), running.left(now).as_mins(), running.standing)
        };
        running.iter().map(stands).collect()
    }
}

fn word(change: &Change) -> String {
    match change {
        Change::Warn { clock, percent, .. } => format!("{clock} {percent}%"),
        Change::Breach { clock, .. } => format!("{clock} breach"),
        Change::Escalate { step, receivers, why } => format!("{step} to {}: {why}", receivers.join(",")),
        Change::Resume { .. } => "resume".to_owned(),
        other => panic!("clocks never decide on {other:?}"),
    }
}

fn told(times: &[(i64, &str)]) -> Vec<(i64, String)> {
    times.iter().map(|(minute, what)| (*minute, (*what).to_owned())).collect()
}

fn respond() -> Act {
    Act::Respond { url: None, note: None }
}

fn take() -> Act {
    Act::Acknowledge { note: None }
}

#[test]
fn the_shipped_clocks_are_the_laws_and_the_examples_in_them_are_legal() {
    let clocks = Clocks::from_toml(SHIPPED).unwrap();
    let limits: Vec<(&str, i64)> = clocks
        .clocks()
        .iter()
        .map(|clock| (clock.name.as_str(), clock.limit.length(&Calendar::default()).as_hours()))
        .collect();
    assert_eq!(limits, [("authoritative", 5), ("briefing", 24), ("response", 48)]);
    assert!(clocks.clocks().iter().all(|clock| clock.source.contains("国办发")));
    assert_eq!(clocks.escalations(), []);
    let examples = SHIPPED.replace("#| ", "");
    let all = Clocks::from_toml(&examples).unwrap();
    assert_eq!((all.clocks().len(), all.escalations().len()), (7, 3));
    let nobody = all.unknown_receivers(&BTreeSet::from(["leader-mai".to_owned()]));
    assert_eq!(nobody.len(), 3);
    assert!(nobody[0].to_string().contains("unknown receiver `leader-mail`; did you mean `leader-mai`?"));
}

#[test]
fn all_faults_of_the_file_are_named_by_line() {
    let text = "[[clock]]\nname = 'a b'\nlimit = '5h'\nuntil = 'responded'\n\
                [[clock]]\nname = 'x'\nlimit = '0s'\nuntil = 'closed'\n\
                [[clock]]\nname = 'y'\nlimit = '5h'\nuntil = 'respond'\n\
                [[clock]]\nname = 'z'\nlimit = '5h'\nuntil = 'closed'\nwarn = [0, 120]\n\
                [[clock]]\nname = 'w'\nlimit = '5h'\nuntil = 'closed'\nform = 'seen'\n\
                [[clock]]\nname = 'w'\nlimit = '5h'\nuntil = 'closed'\n\
                [[escalation]]\nname = 'e'\nwhen = 'breach'\nclock = 'v'\nreceivers = ['duty']\n\
                [[escalation]]\nname = 'f'\nwhen = 'unacknowledged'\nreceivers = ['duty']\n\
                [[escalation]]\nname = 'g'\nwhen = 'breach'\nrepeat = '5s'\nreceivers = ['duty']\n\
                [[escalation]]\nname = 'h'\nwhen = 'breach'\nreceivers = []\n";
    let faults: Vec<String> = Clocks::from_toml(text).unwrap_err().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(faults.join("\n"));
}

#[test]
fn a_grave_matter_warns_and_breaches_on_both_clocks_of_the_law() {
    let mut story = Story::new(SHIPPED, Grade::Red);
    assert_eq!(
        story.run(HOUR * 100),
        told(&[
            (150, "authoritative 50%"),
            (225, "authoritative 75%"),
            (270, "authoritative 90%"),
            (300, "authoritative breach"),
            (720, "briefing 50%"),
            (1080, "briefing 75%"),
            (1296, "briefing 90%"),
            (1440, "briefing breach"),
        ])
    );
    let mut story = Story::new(SHIPPED, Grade::Red);
    story.act(take(), MINUTE * 10);
    story.act(reply(Substance::Answers), HOUR * 2);
    assert_eq!(story.run(HOUR * 6), []);
}

#[test]
fn what_was_missed_is_told_once_and_only_the_last_of_it() {
    let mut story = Story::new(SHIPPED, Grade::Yellow);
    for (hours, expected) in
        [(23, vec![]), (44, vec!["response 90%"]), (44, vec![]), (60, vec!["response breach"]), (900, vec![])]
    {
        let now = story.start + HOUR * hours;
        let changes = story.clocks.due(story.incident(), now);
        assert_eq!(changes.iter().map(word).collect::<Vec<_>>(), expected, "after {hours} hours");
        for change in changes {
            let event = IncidentEvent { incident: story.id.clone(), at: now, by: Actor::System, change };
            story.desk.apply(&event).unwrap();
        }
    }
}

#[test]
fn clocks_start_where_they_are_told_to_and_stop_at_what_they_ask_for() {
    let clock = |name, from, until| {
        format!(
            "[[clock]]\nname = '{name}'\nlimit = '10h'\nfrom = '{from}'\nuntil = '{until}'\ngrades = ['red']\n"
        )
    };
    let text = [
        clock("published", "published", "acknowledged"),
        clock("seen", "seen", "assigned"),
        clock("graded", "graded", "accepted"),
        clock("first", "seen", "responded"),
        clock("again", "seen", "responded-again"),
        clock("closed", "seen", "closed"),
    ]
    .concat();
    let mut story = Story::new(&text, Grade::Yellow);
    assert_eq!(story.stands(HOUR), [], "none of them is for yellow");
    story.alert(2, Grade::Red, HOUR * 2);
    let left = |story: &Story, hours| {
        story.stands(HOUR * hours).into_iter().map(|(_, left, _)| left / 60).collect::<Vec<_>>()
    };
    assert_eq!(left(&story, 3), [6, 7, 9, 7, 7, 7]);
    story.act(take(), HOUR * 3);
    story.act(
        Act::Assign(Assignment { department: "water".to_owned(), second: None, reason: None, note: None }),
        HOUR * 4,
    );
    story.act(Act::Accept { note: None }, HOUR * 5);
    story.act(respond(), HOUR * 6);
    story.act(respond(), HOUR * 7);
    let stopped: Vec<Option<i64>> = story
        .stands(HOUR * 8)
        .iter()
        .map(|(_, _, standing)| match standing {
            Standing::Met { at } => Some(at.duration_since(story.start).as_hours()),
            _ => None,
        })
        .collect();
    assert_eq!(stopped, [Some(3), Some(4), Some(5), Some(6), Some(7), None]);
    assert_eq!(left(&story, 9), [6, 6, 7, 4, 3, 1], "what was left stays as it was");
    story.act(Act::Dismiss { dismissal: crate::incident::Dismissal::Unfounded, note: None }, HOUR * 9);
    assert!(matches!(story.stands(HOUR * 50)[5].2, Standing::Ended { .. }));
    assert_eq!(story.run(HOUR * 500), []);
}

#[test]
fn a_clock_that_may_rests_while_the_incident_waits_and_others_go_on() {
    let text = "[[clock]]\nname = 'rests'\nlimit = '10h'\nuntil = 'closed'\npauses = true\nwarn = [50]\n\
                [[clock]]\nname = 'goes-on'\nlimit = '10h'\nuntil = 'closed'\nwarn = []\n";
    let mut story = Story::new(text, Grade::Red);
    story.act(take(), MINUTE);
    let until = story.start + HOUR * 6;
    story.act(Act::Snooze { until, reason: "等检测结果".to_owned() }, HOUR * 4);
    assert_eq!(story.stands(HOUR * 5)[0].1, 360, "six hours are left, whatever the time");
    assert!(matches!(story.stands(HOUR * 5)[0].2, Standing::Rests { .. }));
    assert_eq!(
        story.run(HOUR * 100),
        told(&[(360, "resume"), (420, "rests 50%"), (600, "goes-on breach"), (720, "rests breach")])
    );
}

#[test]
fn a_wait_ends_by_a_word_by_a_higher_grade_and_when_the_daemon_was_away() {
    let text = "[[clock]]\nname = 'c'\nlimit = '10h'\nuntil = 'closed'\npauses = true\nwarn = []\n";
    let left = |story: &Story| story.stands(HOUR * 8)[0].1 / 60;
    let waiting = || {
        let mut story = Story::new(text, Grade::Yellow);
        story.act(take(), MINUTE);
        let until = story.start + HOUR * 6;
        story.act(Act::Snooze { until, reason: "等检测结果".to_owned() }, HOUR * 2);
        story
    };
    let mut story = waiting();
    story.act(Act::Resume { note: None }, HOUR * 5);
    assert_eq!(left(&story), 5, "rested for three hours");
    let mut story = waiting();
    story.alert(2, Grade::Red, HOUR * 3);
    assert_eq!((left(&story), story.incident().waiting.as_ref()), (3, None), "rested for one hour");
    let mut story = waiting();
    let event = IncidentEvent {
        incident: story.id.clone(),
        at: story.start + HOUR * 8,
        by: Actor::System,
        change: story.clocks.due(story.incident(), story.start + HOUR * 8).remove(0),
    };
    story.desk.apply(&event).unwrap();
    assert_eq!(left(&story), 6, "rested for four hours, though it was told late");
}

#[test]
fn a_reopened_incident_has_its_time_anew() {
    let mut story = Story::new(SHIPPED, Grade::Yellow);
    story.act(Act::Close { outcome: None, note: None }, HOUR * 30);
    assert_eq!(story.run(HOUR * 300), []);
    story.act(Act::Reopen { reason: "又停了".to_owned() }, HOUR * 300);
    assert_eq!(story.stands(HOUR * 301), [("response".to_owned(), 47 * 60, Standing::Runs)]);
    assert_eq!(story.run(HOUR * 400).last(), told(&[(348 * 60, "response breach")]).last());
}

#[test]
fn nobody_comes_and_others_are_called_until_somebody_does() {
    let text = "[[clock]]\nname = 'word'\ntitle = '回应'\nlimit = '2h'\nuntil = 'responded'\nwarn = []\n\
                [[escalation]]\nname = 'untaken'\nwhen = 'unacknowledged'\nafter = '15m'\nrepeat = '30m'\n\
                grades = ['red']\nreceivers = ['chief']\n\
                [[escalation]]\nname = 'late'\nwhen = 'breach'\nclock = 'word'\nafter = '10m'\n\
                receivers = ['mayor', 'chief']\n";
    let mut story = Story::new(text, Grade::Yellow);
    story.alert(2, Grade::Red, MINUTE * 5);
    assert_eq!(
        story.run(MINUTE * 60),
        told(&[(20, "untaken to chief: 15 分钟已无人签收"), (50, "untaken to chief: 45 分钟已无人签收")])
    );
    story.act(take(), MINUTE * 70);
    assert_eq!(
        story.run(HOUR * 50),
        told(&[(120, "word breach"), (130, "late to mayor,chief: “回应”时限已过，仍未完成")])
    );
    let mut story = Story::new(text, Grade::Red);
    story.act(take(), MINUTE);
    story.act(respond(), HOUR);
    assert_eq!(story.run(HOUR * 50), [], "all was done in time");
}

#[test]
fn a_forgotten_incident_calls_a_bounded_number_of_times() {
    let text = "[[escalation]]\nname = 'e'\nwhen = 'unacknowledged'\nafter = '1m'\nrepeat = '1m'\nreceivers = ['chief']\n";
    assert_eq!(Story::new(text, Grade::Blue).run(HOUR * 1000).len(), 50);
}

#[test]
fn lengths_are_said_as_people_say_them() {
    for (minutes, said) in [
        (0, "不到 1 分钟"),
        (25, "25 分钟"),
        (60, "1 小时"),
        (-205, "3 小时 25 分钟"),
        (1440, "1 天"),
        (3000, "2 天 2 小时"),
    ] {
        assert_eq!(span(MINUTE * minutes), said);
    }
}

/// A year at the desk, waking by the agenda alone: every hour an incident, some answered in time, some late, some
/// never. Each warning and breach is told at its very minute and once, and a restart in between changes nothing.
#[test]
fn a_year_of_clocks_is_exact_to_the_minute() {
    let clocks = Clocks::from_toml(SHIPPED).unwrap();
    let start = at("2026-01-01T00:00:00Z");
    let (mut desk, names) = (Desk::default(), Names::default());
    let mut agenda = Agenda::default();
    let mut opened: BTreeMap<IncidentId, (Timestamp, Grade)> = BTreeMap::new();
    let mut told: BTreeMap<(IncidentId, String), Vec<Timestamp>> = BTreeMap::new();
    let mut todo: BTreeMap<(Timestamp, IncidentId), Act> = BTreeMap::new();
    let li = || Actor::Person(PersonName::new("li").unwrap());
    for hour in 0..365 * 24_u32 {
        let now = start + Duration::from_hours(1) * hour;
        // All that falls due before this hour, in order: clocks, and what people do.
        loop {
            let act = todo.first_key_value().map(|((at, _), _)| *at);
            let (Some(next), acts) = (match (agenda.first(), act) {
                (Some(due), Some(act)) => (Some(due.min(act)), act < due),
                (due, act) => (due.or(act), due.is_none()),
            }) else {
                break;
            };
            if next > now {
                break;
            }
            let events = if acts {
                let ((at, id), act) = todo.pop_first().unwrap();
                desk.on_act(&id, act, li(), at).unwrap()
            } else {
                let due = |id: &IncidentId| {
                    let event =
                        |change| IncidentEvent { incident: id.clone(), at: next, by: Actor::System, change };
                    clocks.due(desk.get(id).unwrap(), next).into_iter().map(event).collect::<Vec<_>>()
                };
                agenda.due(next).iter().flat_map(due).collect()
            };
            assert!(acts || !events.is_empty(), "woken at {next} for nothing");
            for event in events {
                if event.by == Actor::System {
                    told.entry((event.incident.clone(), word(&event.change))).or_default().push(event.at);
                }
                let incident = desk.apply(&event).unwrap();
                agenda.look(&clocks, incident);
            }
        }
        let grade = Grade::ALL[hour as usize % 4];
        let alert = Alert {
            rule: "grave-post".to_owned(),
            grade,
            group: GroupKey::of([("place", hour.to_string().as_str())]),
            reasons: Vec::new(),
            receivers: Vec::new(),
            signal: signal("grave-post", hour, grade, now),
        };
        for event in desk.on_alert(&alert, &names, now) {
            let incident = desk.apply(&event).unwrap();
            agenda.look(&clocks, incident);
            opened.insert(incident.id.clone(), (now, grade));
            let answered = now + HOUR * [1, 4, 30, 60][(hour / 4) as usize % 4];
            todo.insert((now + MINUTE * 7, incident.id.clone()), take());
            todo.insert((answered, incident.id.clone()), reply(Substance::Answers));
            todo.insert((answered + HOUR, incident.id.clone()), Act::Close { outcome: None, note: None });
        }
        if hour % 1000 == 999 {
            // A restart: the agenda is made anew from the incidents.
            let again = Agenda::of(&clocks, desk.open_incidents());
            assert_eq!(
                (again.first(), again.due(Timestamp::MAX)),
                (agenda.first(), agenda.due(Timestamp::MAX))
            );
            agenda = again;
        }
    }
    assert_eq!(opened.len(), 365 * 24);
    let breaches = told.keys().filter(|(_, what)| what.ends_with("breach")).count();
    assert!(breaches > 4000, "{breaches} breaches");
    for ((id, what), times) in &told {
        let (opened, _) = opened[id];
        let minutes = match what.as_str() {
            "authoritative 50%" => 150,
            "authoritative 75%" => 225,
            "authoritative 90%" => 270,
            "authoritative breach" => 300,
            "briefing 50%" => 720,
            "briefing 75%" => 1080,
            "briefing 90%" => 1296,
            "briefing breach" | "response 50%" => 1440,
            "response 75%" => 2160,
            "response 90%" => 2592,
            "response breach" => 2880,
            other => panic!("{other}"),
        };
        assert_eq!(times, &[opened + MINUTE * minutes], "{id} {what}");
    }
    // None is missing: of those not answered in time, each was told that its time was up.
    for (number, (id, (opened, grade))) in opened.iter().enumerate() {
        let answered = [1, 4, 30, 60][number / 4 % 4];
        let (clock, limit) = if *grade >= Grade::Orange { ("authoritative", 5) } else { ("response", 48) };
        let over = answered > limit && *opened + HOUR * limit < start + HOUR * (365 * 24 - 1);
        assert_eq!(told.contains_key(&(id.clone(), format!("{clock} breach"))), over, "{id}");
    }
}

/// Working time and working days, of an incident opened on Sunday 22 November 2026 at eight in the morning.
#[test]
fn working_time_and_working_days_count_by_the_calendar() {
    let clocks = "
        [[clock]]\nname = 'first'\nlimit = '4h'\nhours = 'working'\nuntil = 'acknowledged'\n
        [[clock]]\nname = 'answer'\nlimit = '3workdays'\nuntil = 'responded'\npauses = true\n";
    let mut story = Story::new(clocks, Grade::Yellow);
    let calendar = Calendar::from_toml(include_str!("../../../config/calendar.toml")).unwrap();
    story.clocks = std::mem::take(&mut story.clocks).with_calendar(calendar);
    let due = |story: &Story| -> Vec<String> {
        let running = story.clocks.running(story.incident());
        running.iter().map(|running| desk_time(running.due_at).strftime("%m-%d %H:%M").to_string()).collect()
    };
    // Four hours from Monday nine are Monday three, as noon is free; three working days are over on Wednesday evening.
    assert_eq!(due(&story), ["11-23 15:00", "11-25 18:00"]);
    let told = story.run(HOUR * 24 * 5);
    let of = |clock: &str| -> Vec<i64> {
        told.iter().filter(|(_, word)| word.contains(clock)).map(|(minutes, _)| *minutes).collect()
    };
    let monday = 25 * 60;
    assert_eq!(
        of("first"),
        [monday + 120, monday + 180, monday + 336, monday + 360],
        "50, 75, 90 %, and over"
    );
    assert_eq!(of("answer").len(), 4);
    assert_eq!(of("answer").last(), Some(&(82 * 60)), "Wednesday at six");

    // One that rests over Tuesday rests a working day, whatever the nights in between.
    let mut story = Story::new(clocks, Grade::Yellow);
    story.act(Act::Acknowledge { note: None }, HOUR);
    story.act(
        Act::Snooze { until: story.start + HOUR * 72, reason: "等材料".to_owned() },
        HOUR * 34, // Monday at six in the evening
    );
    story.act(Act::Resume { note: None }, HOUR * 58); // Tuesday at six
    let due: Vec<i64> = story
        .clocks
        .running(story.incident())
        .iter()
        .map(|r| r.due_at.duration_since(story.start).as_hours())
        .collect();
    assert_eq!(due[1], 106, "Thursday at six, by the default hours");
}

#[test]
fn limits_of_working_time_are_read_and_said() {
    let text = |limit: &str, hours: &str| {
        format!("[[clock]]\nname = 'a'\nlimit = '{limit}'\nhours = '{hours}'\nuntil = 'closed'\n")
    };
    for (limit, hours, said) in [
        ("48h", "all", "2 天"),
        ("4h", "working", "4 小时（工作时间）"),
        ("1workday", "all", "1 个工作日"),
        ("15workdays", "working", "15 个工作日"),
    ] {
        assert_eq!(Clocks::from_toml(&text(limit, hours)).unwrap().clocks()[0].limit.chinese(), said);
    }
    for (limit, named) in [
        ("0workdays", "limit is 1 to 250 workdays"),
        ("soon", "is no length of time such as 48h or 3workdays"),
        ("0s", "limit is longer than 0s"),
    ] {
        let told = Clocks::from_toml(&text(limit, "all")).unwrap_err()[0].to_string();
        assert!(told.contains(named), "{told}");
    }
    let clocks = Clocks::from_toml(&text("15workdays", "all")).unwrap();
    let years: Vec<i16> = clocks.unknown_years("2026-12-20".parse().unwrap()).into_iter().collect();
    assert_eq!(years, [2026, 2027]);
}

#[test]
fn a_step_that_names_a_layer_calls_who_is_on_duty_when_it_is_told() {
    let clocks = "[[escalation]]\nname = 'nobody'\nwhen = 'unacknowledged'\nafter = '1h'\nrepeat = '12h'\nreceivers = ['@duty', 'chief']\n";
    let rota = "
        [[person]]\nname = 'li'\nreceivers = ['li-chat']\n
        [[person]]\nname = 'wang'\nreceivers = ['wang-chat', 'chief']\n
        [[layer]]\nname = 'duty'\npeople = ['li', 'wang']\nturn = 'half-day'\nstarts = '2026-11-22'\nhandover = '08:00'\n";
    let mut story = Story::new(clocks, Grade::Red);
    story.clocks = std::mem::take(&mut story.clocks).with_rota(crate::people::Rota::from_toml(rota).unwrap());
    story.run(HOUR * 14);
    let called = story.incident().timeline.iter().filter_map(|entry| match &entry.what {
        Happening::Escalated { receivers, .. } => Some(receivers.join("+")),
        _ => None,
    });
    assert_eq!(
        called.collect::<Vec<_>>(),
        ["li-chat+chief", "wang-chat+chief"],
        "at nine, and at nine in the evening"
    );
}

fn reply(substance: Substance) -> Act {
    let page = crate::incident::Page { title: "通报", text: "今晚8点恢复供水" };
    Act::SeeReply(Box::new(Reply::new(url(), page, None, substance, FoundBy::Desk)))
}

fn url() -> Url {
    "https://water.example/a".parse().unwrap()
}

#[test]
fn an_answer_that_was_seen_stops_its_clock_until_it_is_gone() {
    let clocks = "[[clock]]\nname = 'answer'\nlimit = '10h'\nuntil = 'answered'\nwarn = []\n";
    let mut story = Story::new(clocks, Grade::Yellow);
    let standing = |story: &Story| story.clocks.running(story.incident())[0].standing;
    story.act(Act::Acknowledge { note: None }, HOUR);
    story.act(Act::Respond { url: Some(url()), note: None }, HOUR * 2);
    assert_eq!(standing(&story), Standing::Runs, "that somebody says so is not enough");
    story.act(reply(Substance::Courtesy), HOUR * 3);
    assert_eq!(standing(&story), Standing::Runs, "thanks are no answer");
    story.act(reply(Substance::Answers), HOUR * 4);
    assert_eq!(standing(&story), Standing::Met { at: story.start + HOUR * 4 });
    assert!(story.run(HOUR * 20).is_empty());
    story.act(Act::LoseReply { url: url() }, HOUR * 20);
    assert_eq!(standing(&story), Standing::Runs);
    let told = story.run(HOUR * 30);
    assert_eq!(told.len(), 1, "the time was over already: {told:?}");
    story.act(reply(Substance::Answers), HOUR * 31);
    assert_eq!(standing(&story), Standing::Met { at: story.start + HOUR * 31 }, "since it is there again");
}

#[test]
fn what_somebody_took_and_forgot_is_called_for_until_somebody_does_something() {
    let steps =
        "[[escalation]]\nname = 'idle'\nwhen = 'idle'\nafter = '4h'\nrepeat = '2h'\nreceivers = ['duty']\n
        [[escalation]]\nname = 'open'\nwhen = 'open'\nafter = '24h'\nrepeat = '24h'\nreceivers = ['chief']\n";
    let mut story = Story::new(steps, Grade::Yellow);
    let called =
        |told: Vec<(i64, String)>| told.into_iter().map(|(minutes, _)| minutes / 60).collect::<Vec<_>>();
    assert_eq!(called(story.run(HOUR * 5)), Vec::<i64>::new(), "nobody has taken it");
    story.act(Act::Acknowledge { note: None }, HOUR * 5);
    assert_eq!(called(story.run(HOUR * 12)), [9, 11]);
    story.act(Act::Note { note: "已联系".to_owned() }, HOUR * 12);
    assert_eq!(called(story.run(HOUR * 17)), [16], "it counts from what was done last");
    story.act(Act::Snooze { until: story.start + HOUR * 30, reason: "等材料".to_owned() }, HOUR * 17);
    assert_eq!(called(story.run(HOUR * 29)), Vec::<i64>::new(), "it waits, as it was told");
    assert_eq!(
        called(story.run(HOUR * 35)),
        [30, 30, 34],
        "waiting is over, it is open for a day, and idle again"
    );
}

#[test]
fn words_of_the_new_steps_are_checked() {
    for (text, named) in [
        ("when = 'idle'\n", "after is wanted"),
        ("when = 'open'\nafter = '1h'\nclock = 'a'\n", "unknown clock `a`"),
        ("when = 'asleep'\nafter = '1h'\n", "unknown word `asleep`"),
    ] {
        let text = format!("[[escalation]]\nname = 'x'\n{text}receivers = ['duty']\n");
        let told = Clocks::from_toml(&text).unwrap_err()[0].to_string();
        assert!(told.contains(named), "{told}");
    }
}
