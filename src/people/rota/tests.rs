//! Who is on duty, to the minute; what is refused; holes.

use proptest::prelude::*;

use super::*;

const FILE: &str = "
[[person]]\nname = 'li'\nreceivers = ['li-chat', 'mail']\n
[[person]]\nname = 'wang'\nreceivers = ['wang-chat', 'mail']\n
[[person]]\nname = 'chief'\nreceivers = ['chief-mail']\n
[[layer]]\nname = 'duty'\npeople = ['li', 'wang']\nturn = 'half-day'\nstarts = '2026-11-02'\nhandover = '08:00'\n
[[layer]]\nname = 'leader'\n[[layer.shift]]\ndays = ['mon', 'tue', 'wed', 'thu', 'fri']\nfrom = '18:00'\nuntil = '08:00'\npeople = ['chief']\n
[[override]]\nlayer = 'duty'\nfrom = '2026-11-10 10:00'\nuntil = '2026-11-10 14:30'\nperson = 'chief'\ninstead_of = 'li'\n";

fn rota() -> Rota {
    Rota::from_toml(FILE).unwrap()
}

/// An instant as the desk's clocks show it.
fn at(text: &str) -> Timestamp {
    instant(text.replacen(' ', "T", 1).parse().unwrap())
}

#[test]
fn the_starter_file_is_legal_as_it_is_and_with_its_examples_in_force() {
    let starter = include_str!("../../../config/rota.toml");
    assert_eq!(Rota::from_toml(starter), Ok(Rota::default()));
    let examples: String =
        starter.lines().map(|line| line.strip_prefix("#| ").unwrap_or(line).to_owned() + "\n").collect();
    let rota = Rota::from_toml(&examples).unwrap();
    assert_eq!(rota.names().into_iter().collect::<Vec<_>>(), ["@duty", "@leader"]);
    assert!(rota.holes(at("2026-11-20 00:00"), SignedDuration::from_hours(24 * 90)).is_empty());
}

#[test]
fn turns_change_to_the_minute_and_who_stands_in_is_on_duty() {
    let rota = rota();
    let duty = &rota.layers()[0];
    for (when, people) in [
        ("2026-11-01 12:00", &[][..]),
        ("2026-11-02 07:59", &[]),
        ("2026-11-02 08:00", &["li"]),
        ("2026-11-02 19:59", &["li"]),
        ("2026-11-02 20:00", &["wang"]),
        ("2026-11-03 08:00", &["li"]),
        ("2026-11-10 09:59", &["li"]),
        ("2026-11-10 10:00", &["chief"]),
        ("2026-11-10 14:30", &["li"]),
    ] {
        assert_eq!(rota.on_duty(duty, at(when)), people, "{when}");
    }
    let plan = rota.plan(duty, at("2026-11-10 08:00"), at("2026-11-11 08:00"));
    let spans: Vec<(String, String)> = plan
        .iter()
        .map(|duty| (local(duty.from).strftime("%H:%M").to_string(), duty.people.join("+")))
        .collect();
    let spans: Vec<(&str, &str)> =
        spans.iter().map(|(from, people)| (from.as_str(), people.as_str())).collect();
    assert_eq!(spans, [("08:00", "li"), ("10:00", "chief"), ("14:30", "li"), ("20:00", "wang")]);
}

#[test]
fn a_shift_over_midnight_belongs_to_the_day_on_which_it_begins_and_the_rest_are_holes() {
    let rota = rota();
    let leader = &rota.layers()[1];
    // The 13th is a Friday.
    for (when, on) in [
        ("2026-11-13 17:59", false),
        ("2026-11-13 18:00", true),
        ("2026-11-14 07:59", true),
        ("2026-11-14 08:00", false),
        ("2026-11-14 20:00", false),
        ("2026-11-16 07:00", false),
        ("2026-11-16 18:00", true),
    ] {
        assert_eq!(!rota.on_duty(leader, at(when)).is_empty(), on, "{when}");
    }
    let holes = rota.holes(at("2026-11-13 08:00"), SignedDuration::from_hours(96));
    let spans: Vec<String> = holes
        .iter()
        .map(|(_, layer, hole)| {
            format!(
                "{} {}–{}",
                layer.name,
                local(hole.from).strftime("%a %H:%M"),
                local(hole.until).strftime("%a %H:%M")
            )
        })
        .collect();
    assert_eq!(spans, ["leader Fri 08:00–Fri 18:00", "leader Sat 08:00–Mon 18:00"]);
}

#[test]
fn a_layer_means_who_is_on_duty_and_all_of_it_where_nobody_is() {
    let rota = rota();
    let named = ["@duty".to_owned(), "desk".to_owned(), "@leader".to_owned(), "@gone".to_owned()];
    assert_eq!(rota.called(&named, at("2026-11-13 20:00")), ["wang-chat", "mail", "desk", "chief-mail"]);
    assert_eq!(
        rota.called(&named[..1], at("2026-11-01 12:00")),
        ["li-chat", "mail", "wang-chat"],
        "nobody is on duty"
    );
}

#[test]
fn all_faults_are_named_at_once() {
    let text = "
[[person]]\nname = 'li'\nreceivers = []\n
[[layer]]\nname = 'a'\npeople = ['lee']\nstarts = '2026-11-02'\n
[[layer]]\nname = 'b'\npeople = ['li']\n
[[layer]]\nname = 'c'\npeople = ['li']\nstarts = 'soon'\n
[[layer]]\nname = 'd'\n[[layer.shift]]\ndays = ['mon']\nfrom = '9'\nuntil = '18:00'\npeople = ['li']\n
[[override]]\nlayer = 'x'\nfrom = '2026-11-10 10:00'\nuntil = '2026-11-10 14:30'\nperson = 'li'\n
[[override]]\nlayer = 'a'\nfrom = '2026-11-10'\nuntil = '2026-11-09 14:30'\nperson = 'li'\n
[[override]]\nlayer = 'a'\nfrom = '2026-10-10 10:00'\nuntil = '2026-10-11 14:30'\nperson = 'li'\ninstead_of = 'li'\n";
    let faults: Vec<String> = Rota::from_toml(text).unwrap_err().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(faults.join("\n"), @r#"
    line 2: person "li" has no receivers: nobody could reach them; name receivers of receivers.toml
    line 6: unknown person `lee`; did you mean `li`?
    line 11: layer "b" has either people who take turns (people, starts, turn, handover) or tables [[layer.shift]] (days, from, until, people)
    line 15: layer "c": starts "soon" is no day
    line 20: "9" is not written 09:00
    line 28: unknown layer `x`; did you mean `a`?
    line 34: an override ends after it begins
    line 40: "li" is not on duty in "a" then, so the override never holds
    "#);
}

/// A year of shifts, with half days, nights and overrides: every minute has who it should have.
#[test]
fn a_year_is_exact_to_the_minute() {
    let rota = rota();
    let (from, until) = (at("2026-11-02 08:00"), at("2027-11-02 08:00"));
    for layer in rota.layers() {
        let plan = rota.plan(layer, from, until);
        assert_eq!((plan[0].from, plan.last().unwrap().until), (from, until));
        assert!(
            plan.windows(2).all(|pair| pair[0].until == pair[1].from && pair[0].people != pair[1].people)
        );
        let mut spans = plan.iter().peekable();
        let mut minute = from;
        while minute < until {
            while spans.peek().is_some_and(|span| span.until <= minute) {
                spans.next();
            }
            assert_eq!(rota.on_duty(layer, minute), spans.peek().unwrap().people, "{} {minute}", layer.name);
            minute += SignedDuration::from_mins(1);
        }
    }
}

proptest! {
    #[test]
    fn turns_are_shared_evenly(people in 1_usize..7, turns in 1_i64..400, each in 0_usize..3) {
        let word = ["half-day", "day", "week"][each];
        let names: Vec<String> = (0..people).map(|nth| format!("'p{nth}'")).collect();
        let person = |nth| format!("[[person]]\nname = 'p{nth}'\nreceivers = ['x']\n");
        let persons = (0..people).map(person).collect::<Vec<_>>().concat();
        let text = format!("{persons}[[layer]]\nname = 'a'\npeople = [{}]\nturn = '{word}'\nstarts = '2026-01-01'\n", names.join(", "));
        let rota = Rota::from_toml(&text).unwrap();
        let layer = &rota.layers()[0];
        let length = [12, 24, 168][each];
        let begin = at("2026-01-01 09:00") + SignedDuration::from_hours(length * turns);
        let nth = usize::try_from(turns).unwrap() % people;
        let expected = format!("p{nth}");
        prop_assert_eq!(rota.on_duty(layer, begin), [expected.as_str()]);
        let before = begin + SignedDuration::from_hours(length) - SignedDuration::from_secs(1);
        prop_assert_eq!(rota.on_duty(layer, before), [expected.as_str()]);
    }
}
