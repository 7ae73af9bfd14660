//! Where alerts are led, and what waits for what.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::alert::GroupKey;
use crate::assess::Grade;
use crate::detect::fixture::{at, signal};
use crate::incident::fixture::opened;
use crate::incident::{Actor, Calendar, Incident};
use crate::notify::fixture;
use crate::notify::{Notification, Reason, Receiver, Receivers, test_of};

const STARTER: &str = include_str!("../../../config/routes.toml");
const CALENDAR: &str = include_str!("../../../config/calendar.toml");

fn calendar() -> Calendar {
    Calendar::from_toml(CALENDAR).unwrap()
}

fn policy(text: &str) -> Policy {
    Policy::from_toml(text).unwrap()
}

fn alert(grade: Grade, department: &str) -> Alert {
    let mut signal = signal("grave-post", 1, grade, at("2026-11-22T08:00:00Z"));
    signal.subject.department = Some(department.to_owned());
    Alert {
        rule: "grave-post".to_owned(),
        grade,
        group: GroupKey::of([("place", "望江花园")]),
        reasons: Vec::new(),
        receivers: vec![EVERYBODY.to_owned()],
        signal,
    }
}

#[test]
fn the_starter_file_is_empty_and_its_examples_are_legal() {
    assert_eq!(policy(STARTER), Policy::default());
    let examples = policy(&STARTER.replace("#| ", ""));
    assert_eq!((examples.windows.len(), examples.routes.len(), examples.inhibitions.len()), (2, 3, 1));
    let known = BTreeSet::from(["duty-mail".to_owned(), "leader-mail".to_owned()]);
    let lost: Vec<String> = examples.unknown_receivers(&known).iter().map(ToString::to_string).collect();
    assert_eq!(lost.len(), 1, "{lost:?}");
    assert!(lost[0].contains("unknown receiver `city-bus`"), "{lost:?}");
}

#[test]
fn faults_are_named_at_once_with_their_lines() {
    let faults = Policy::from_toml(
        "[[window]]\nname = 'a b'\n\n[[window]]\nname = 'night'\nfrom = '25:00'\n\n[[window]]\nname = 'x'\ndays = ['workday']\n\n\
         [[route]]\nmatch = { grade = ['red'] }\nreceivers = ['a']\n\n[[route]]\nduring = ['nigth']\nreceivers = ['a']\n\n[[route]]\n\n\
         [[inhibit]]\nby = { grades = ['red'] }\nof = { grades = ['blue'] }\nequal = []\n",
    );
    let faults: Vec<String> = faults.unwrap_err().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(faults.join("\n"), @r#"
    line 1: window name "a b" is not 1 to 64 letters, digits, '-', '_', '.'
    line 4: window "night": "25:00" is no time of day such as 08:30
    line 10: unknown word `workday`; did you mean `workdays`?
    line 13: unknown key `grade`; did you mean `grades`?
    line 16: unknown window `nigth`
    line 20: a route without receivers and without routes leads nowhere
    line 22: equal is empty: one incident would silence the whole town
    "#);
}

#[test]
fn routes_lead_as_the_file_says() {
    let routes = policy(
        "[[window]]\nname = 'night'\nfrom = '22:00'\nuntil = '07:00'\n
        [[route]]\nmatch = { grades = ['red'] }\nreceivers = ['leader']\ncontinue = true\n
        [[route]]\nreceivers = ['duty']\n
        [[route.route]]\nmatch = { departments = ['water'] }\nreceivers = ['water']\n
        [[route.route]]\nduring = ['night']\nreceivers = ['night']\n
        [[route.route.route]]\nmatch = { departments = ['gas'] }\n",
    );
    let (noon, midnight) = (at("2026-11-24T04:00:00Z"), at("2026-11-24T16:30:00Z"));
    for (grade, department, now, expected) in [
        (Grade::Yellow, "water", noon, "water"),
        (Grade::Yellow, "power", noon, "duty"),
        (Grade::Yellow, "power", midnight, "night"),
        (Grade::Yellow, "gas", midnight, "night"),
        (Grade::Red, "water", midnight, "leader water"),
    ] {
        let routed = routes.routed(&alert(grade, department), &calendar(), now);
        assert_eq!(routed.receivers.join(" "), expected, "{grade:?} {department} {now}: {:?}", routed.steps);
    }
    let steps = routes.routed(&alert(Grade::Blue, "gas"), &calendar(), noon).steps;
    let said: Vec<String> = steps
        .iter()
        .map(|step| format!("{} {}", step.path, step.missed.as_deref().unwrap_or("takes it")))
        .collect();
    assert_eq!(
        said,
        [
            "1 grades does not hold blue",
            "2 takes it",
            "2.1 departments does not hold gas",
            "2.2 outside of night"
        ]
    );
    let named = Alert { receivers: vec!["boss".to_owned()], ..alert(Grade::Red, "water") };
    assert_eq!(routes.routed(&named, &calendar(), noon).receivers, ["boss"], "a rule's own receivers stand");
    let narrow = policy("[[route]]\nmatch = { grades = ['red'] }\nreceivers = ['leader']\n");
    assert_eq!(narrow.routed(&alert(Grade::Blue, "gas"), &calendar(), noon).receivers, [EVERYBODY]);
}

#[test]
fn windows_follow_the_calendar_and_pass_midnight() {
    let policy = policy(
        "[[window]]\nname = 'office'\ndays = ['workdays']\nfrom = '08:30'\nuntil = '18:00'\n
        [[window]]\nname = 'night'\ndays = ['fri']\nfrom = '22:00'\nuntil = '07:00'\n
        [[window]]\nname = 'all'\n",
    );
    let calendar = calendar();
    for (name, now, open, opens) in [
        ("office", "2026-11-27T02:00:00Z", true, "2026-11-27T02:00:00Z"),
        ("office", "2026-11-27T10:00:00Z", false, "2026-11-30T00:30:00Z"), // Friday at six: closed until Monday
        ("office", "2026-09-30T12:00:00Z", false, "2026-10-08T00:30:00Z"), // over the National Day holiday
        ("night", "2026-11-27T15:00:00Z", true, "2026-11-27T15:00:00Z"),
        ("night", "2026-11-27T22:30:00Z", true, "2026-11-27T22:30:00Z"), // half past six on Saturday
        ("night", "2026-11-27T23:30:00Z", false, "2026-12-04T14:00:00Z"),
        ("all", "2026-11-27T16:00:00Z", true, "2026-11-27T16:00:00Z"),
    ] {
        let now = at(now);
        assert_eq!(policy.is_open(name, &calendar, now), open, "{name} at {now}");
        assert_eq!(policy.opens(&[name.to_owned()], &calendar, now), Some(at(opens)), "{name} at {now}");
    }
}

/// A receiver with these keys, and a word to it on an incident of this grade.
fn word(keys: &str, grade: Grade) -> (Receivers, Notification, Incident) {
    let receivers = fixture::receivers(keys);
    let mut incident = opened();
    incident.grade = grade;
    let receiver = receivers.iter().next().unwrap();
    let mut notification = test_of(receiver, incident.opened_at).remove(0);
    notification.reason = Reason::Opened;
    notification.brief.grade = grade;
    notification.brief.incident = incident.id.clone();
    (receivers, notification, incident)
}

fn holding<'a>(
    receiver: &'a Receiver,
    incident: &'a Incident,
    calendar: &'a Calendar,
    none: &'a dyn Fn() -> Vec<&'a Incident>,
) -> Holding<'a> {
    let spacing = receiver.spacing;
    Holding {
        receiver,
        incident,
        open: none,
        silences: &[],
        calendar,
        spacing,
        heard: None,
        waited: false,
        bundle: None,
    }
}

#[test]
fn hours_hold_back_until_they_come_and_never_what_is_red() {
    let windows = "[[window]]\nname = 'office'\ndays = ['workdays']\nfrom = '08:30'\nuntil = '18:00'\n";
    let (calendar, policy) = (calendar(), policy(windows));
    for (grade, now, until) in [
        (Grade::Orange, "2026-11-22T08:00:00Z", Some("2026-11-23T00:30:00Z")), // Sunday
        (Grade::Orange, "2026-11-23T02:00:00Z", None),
        (Grade::Red, "2026-11-22T08:00:00Z", None),
    ] {
        let (receivers, notification, incident) = word("during = ['office']", grade);
        let none = || Vec::new();
        let of = holding(receivers.iter().next().unwrap(), &incident, &calendar, &none);
        let held = policy.hold(&notification, of, at(now));
        assert_eq!(
            held,
            until.map(|until| Held { until: at(until), why: HoldReason::Hours }),
            "{grade:?} {now}"
        );
    }
}

#[test]
fn the_first_word_waits_for_more_and_the_next_for_its_interval() {
    let calendar = calendar();
    let red = word("wait = '30s'\ninterval = '5m'", Grade::Red);
    let (receivers, notification, incident) = word("wait = '30s'\ninterval = '5m'", Grade::Orange);
    let none = || Vec::new();
    let of = holding(receivers.iter().next().unwrap(), &incident, &calendar, &none);
    let (policy, now) = (Policy::default(), notification.created_at);
    let soon = now + SignedDuration::from_secs(30);
    assert_eq!(policy.hold(&notification, of, now), Some(Held { until: soon, why: HoldReason::Wait }));
    assert_eq!(policy.hold(&notification, Holding { waited: true, ..of }, soon), None);
    let heard = Holding { heard: Some(now), ..of };
    let next = now + SignedDuration::from_mins(5);
    assert_eq!(
        policy.hold(&notification, heard, soon),
        Some(Held { until: next, why: HoldReason::Interval })
    );
    assert_eq!(policy.hold(&notification, heard, next), None);
    let of = Holding { heard: Some(now), ..holding(red.0.iter().next().unwrap(), &red.2, &calendar, &none) };
    assert_eq!(policy.hold(&red.1, of, now), None);
}

#[test]
fn a_route_spaces_words_out_for_those_it_leads_to() {
    let policy = policy(
        "[[route]]\nmatch = { grades = ['orange'] }\nwait = '1m'\n
        [[route.route]]\nreceivers = ['@duty']\ninterval = '10m'\n
        [[route]]\nreceivers = ['bus']\n",
    );
    let calendar = Calendar::default();
    let minutes = SignedDuration::from_mins;
    for (grade, on_duty, wait, interval) in [
        (Grade::Orange, "bus", 1, 10),
        (Grade::Orange, "other", 5, 5), // the route leads to somebody else
        (Grade::Blue, "bus", 5, 5),     // and this one says nothing
    ] {
        let (receivers, _, incident) = word("name = 'bus'\nwait = '5m'\ninterval = '5m'", grade);
        let called = |names: &[String]| {
            let mean = |name: &String| if name == "@duty" { on_duty.to_owned() } else { name.clone() };
            names.iter().map(mean).collect()
        };
        let receiver = receivers.iter().next().unwrap();
        let spacing = policy.spacing(receiver, &incident, &calendar, &called, incident.opened_at);
        assert_eq!(
            spacing,
            Spacing { wait: minutes(wait), interval: minutes(interval) },
            "{grade:?} {on_duty}"
        );
    }
}

#[test]
fn silence_holds_what_it_names_and_red_only_by_name() {
    let calendar = calendar();
    let by = Actor::Token("desk".to_owned());
    let now = opened().opened_at;
    let until = now + SignedDuration::from_hours(2);
    let place = Matcher { places: BTreeSet::from(["望江花园".to_owned()]), ..Matcher::default() };
    let red = Matcher { grades: BTreeSet::from([Grade::Red]), ..place.clone() };
    let other = Matcher { places: BTreeSet::from(["清荷苑".to_owned()]), ..Matcher::default() };
    for (matcher, grade, silent) in [
        (&place, Grade::Orange, true),
        (&place, Grade::Red, false),
        (&red, Grade::Red, true),
        (&red, Grade::Orange, false),
        (&other, Grade::Orange, false),
    ] {
        let (receivers, notification, incident) = word("", grade);
        let silence = Silence::new(matcher.clone(), "停水已公告", by.clone(), now, until, now).unwrap();
        let (silences, none) = ([silence], || Vec::new());
        let of = Holding {
            silences: &silences,
            ..holding(receivers.iter().next().unwrap(), &incident, &calendar, &none)
        };
        let held = Policy::default().hold(&notification, of, now);
        assert_eq!(held.is_some(), silent, "{matcher:?} {grade:?}");
        assert_eq!(Policy::default().hold(&notification, of, until), None, "it is over");
    }
    let refused = |matcher: &Matcher, reason: &str, until| {
        Silence::new(matcher.clone(), reason, by.clone(), now, until, now).unwrap_err()
    };
    assert_eq!(refused(&Matcher::default(), "x", until), BadSilence::Everything);
    assert_eq!(refused(&place, " ", until), BadSilence::Reason);
    assert_eq!(refused(&place, "x", now), BadSilence::Until);
    assert_eq!(refused(&place, "x", now + SignedDuration::from_hours(24 * 31)), BadSilence::Until);
}

#[test]
fn a_graver_incident_that_explains_it_is_enough_and_two_never_silence_each_other() {
    let rules = "[[inhibit]]\nby = { grades = ['red', 'orange'] }\nof = { grades = ['orange', 'yellow', 'blue'] }\nequal = ['place']\n";
    let (calendar, policy) = (calendar(), policy(rules));
    let (receivers, notification, incident) = word("", Grade::Orange);
    let receiver = receivers.iter().next().unwrap();
    let mut graver = opened();
    graver.id = "INC-20261122-02".parse().unwrap();
    graver.grade = Grade::Red;
    let mut elsewhere = graver.clone();
    elsewhere.subject.place = Some("清荷苑".to_owned());
    let held = |other: &Incident| {
        let open = || vec![other, &incident];
        let of = holding(receiver, &incident, &calendar, &open);
        policy.hold(&notification, of, incident.opened_at).map(|held| held.why)
    };
    assert_eq!(held(&graver), Some(HoldReason::Inhibited(graver.id.clone())));
    assert_eq!(held(&elsewhere), None);
    assert_eq!(held(&incident), None, "none silences itself");
    let twin = Incident { grade: Grade::Orange, ..graver.clone() };
    let forth = held(&twin);
    let open = || vec![&twin, &incident];
    let back = policy.hold(&notification, holding(receiver, &twin, &calendar, &open), incident.opened_at);
    assert!(forth.is_some() != back.is_some(), "one of two alike is told: {forth:?} {back:?}");
}

proptest! {
    /// Wherever a window lies: it opens when it says, and was closed until then.
    #[test]
    fn a_window_opens_when_it_says(
        from in 0_u8..24, until in 0_u8..24, days in prop::sample::subsequence(vec!["mon", "wed", "sat", "workdays", "restdays"], 1..3),
        minutes in 0_i64..(60 * 24 * 400),
    ) {
        let days: Vec<String> = days.iter().map(|day| format!("'{day}'")).collect();
        let text = format!("[[window]]\nname = 'w'\ndays = [{}]\nfrom = '{from:02}:00'\nuntil = '{until:02}:00'\n", days.join(", "));
        let (policy, calendar) = (policy(&text), calendar());
        let now = at("2026-01-01T00:00:00Z") + SignedDuration::from_mins(minutes);
        let opens = policy.opens(&["w".to_owned()], &calendar, now).unwrap();
        prop_assert!(policy.is_open("w", &calendar, opens));
        prop_assert!(opens >= now);
        if opens > now {
            prop_assert!(!policy.is_open("w", &calendar, now));
            prop_assert!(!policy.is_open("w", &calendar, opens - SignedDuration::from_secs(1)));
        }
    }
}

#[test]
fn above_its_budget_a_receiver_is_told_together_what_is_not_grave_and_calls_nobody() {
    let calendar = calendar();
    let until = at("2026-11-22T09:00:00Z");
    for (grade, reason, waits) in [
        (Grade::Blue, Reason::Opened, true),
        (Grade::Yellow, Reason::Raised, true),
        (Grade::Orange, Reason::Opened, false),
        (Grade::Red, Reason::Raised, false),
        (Grade::Yellow, Reason::Breach, false),
        // It is no alert, and goes unless the alert on its incident waits.
        (Grade::Yellow, Reason::Acknowledged, false),
    ] {
        let (receivers, mut notification, incident) = word("", grade);
        notification.reason = reason;
        let none = || Vec::new();
        let of = holding(receivers.iter().next().unwrap(), &incident, &calendar, &none);
        let spent = Holding { bundle: Some(until), ..of };
        let held = Policy::default().hold(&notification, spent, notification.created_at);
        assert_eq!(held, waits.then_some(Held { until, why: HoldReason::Budget }), "{grade:?} {reason:?}");
        assert_eq!(Policy::default().hold(&notification, of, notification.created_at), None);
    }
}

#[test]
fn bundles_go_out_at_even_times() {
    let budget = |bundle| Budget::checked(Some(30), bundle).unwrap().unwrap();
    let now = at("2026-11-22T08:10:20Z");
    for (bundle, next) in [
        (None, "2026-11-22T09:00:00Z"),
        (Some(Duration::from_mins(15)), "2026-11-22T08:15:00Z"),
        (Some(Duration::from_secs(20)), "2026-11-22T08:10:40Z"),
    ] {
        assert_eq!(budget(bundle).next_bundle(now), at(next), "{bundle:?}");
    }
    for (alerts, bundle) in [
        (Some(0), None),
        (Some(1_001), None),
        (None, Some(Duration::from_mins(1))),
        (Some(1), Some(Duration::ZERO)),
    ] {
        assert!(Budget::checked(alerts, bundle).is_err(), "{alerts:?} {bundle:?}");
    }
}
