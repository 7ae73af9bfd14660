//! What the desk decides, and that nothing it decides leads anywhere illegal.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::assess::Grade;
use crate::detect::fixture::{at, signal};
use crate::incident::{Assignment, Clocks, Dismissal, Happening, Outcome, State};
use crate::people::PersonName;

const MINUTE: Duration = Duration::from_mins(1);

fn alert(id: u32, grade: Grade, place: &str, now: Timestamp) -> Alert {
    let mut signal = signal("grave-post", id, grade, now);
    signal.subject.place = Some(place.to_owned());
    Alert {
        rule: "grave-post".to_owned(),
        grade,
        group: GroupKey::of([("category", "utilities"), ("place", place)]),
        reasons: vec![format!("理由{id}")],
        receivers: vec!["duty".to_owned()],
        signal,
    }
}

fn person(name: &str) -> Actor {
    Actor::Person(PersonName::new(name).unwrap())
}

/// Decides and applies; gives the names of the incidents that changed.
fn hear(desk: &mut Desk, alert: &Alert, now: Timestamp) -> Vec<String> {
    let events = desk.on_alert(alert, &Names::default(), now);
    events.iter().map(|event| desk.apply(event).unwrap().id.to_string()).collect()
}

fn act(desk: &mut Desk, id: &str, act: Act, by: &str, now: Timestamp) -> Result<usize, Refusal> {
    let events = desk.on_act(&id.parse().unwrap(), act, person(by), now)?;
    for event in &events {
        assert!(desk.apply(event).is_ok());
    }
    Ok(events.len())
}

#[test]
fn alerts_open_one_incident_a_group_and_join_it() {
    let now = at("2026-11-21T16:30:00Z");
    let mut desk = Desk::default();
    assert_eq!(hear(&mut desk, &alert(1, Grade::Yellow, "望江花园", now), now), ["INC-20261122-01"]);
    assert_eq!(hear(&mut desk, &alert(2, Grade::Yellow, "清荷苑", now), now), ["INC-20261122-02"]);
    assert_eq!(hear(&mut desk, &alert(3, Grade::Red, "望江花园", now), now), ["INC-20261122-01"]);
    assert!(hear(&mut desk, &alert(3, Grade::Red, "望江花园", now), now).is_empty(), "heard before");
    let first = desk.get(&"INC-20261122-01".parse().unwrap()).unwrap();
    assert_eq!(
        (first.grade, first.state, first.title.as_str()),
        (Grade::Red, State::New, "望江花园 · 水电气热 · 停水")
    );
    assert_eq!(
        (first.why.as_slice(), first.evidence.len(), first.transition()),
        (&["理由3".to_owned()][..], 2, 1)
    );
    assert_eq!(
        first.timeline[1].what,
        Happening::Joined { rule: "grave-post".to_owned(), grade: Grade::Red, raised: Some(Grade::Red) }
    );
}

#[test]
fn a_matter_that_returns_opens_a_new_incident_that_names_the_earlier() {
    let now = at("2026-11-22T01:00:00Z");
    let mut desk = Desk::default();
    let first = hear(&mut desk, &alert(1, Grade::Yellow, "望江花园", now), now).remove(0);
    let closed = now + MINUTE * 60;
    assert_eq!(act(&mut desk, &first, Act::Close { outcome: None, note: None }, "li", closed), Ok(1));
    for (name, number, grade, written, known, expected) in [
        ("heard before the end", 1, Grade::Yellow, now, closed, vec![]),
        ("written before the end", 2, Grade::Yellow, now, closed + MINUTE, vec![first.clone()]),
        (
            "written before the end, graver",
            3,
            Grade::Red,
            now,
            closed + MINUTE,
            vec!["INC-20261122-02".to_owned()],
        ),
    ] {
        let mut desk = desk.clone();
        let alert = alert(number, grade, "望江花园", written);
        assert_eq!(hear(&mut desk, &alert, known), expected, "{name}");
    }
    for (days, follows) in [(0, Some(first.clone())), (20, Some(first.clone())), (40, None)] {
        let mut desk = desk.clone();
        let again = closed + MINUTE * (20 + days * 24 * 60);
        let second = hear(&mut desk, &alert(9, Grade::Yellow, "望江花园", again), again).remove(0);
        let second = desk.get(&second.parse().unwrap()).unwrap();
        assert_eq!(second.follows.as_ref().map(ToString::to_string), follows, "after {days} days");
    }
}

#[test]
fn doing_again_what_one_did_oneself_changes_nothing_and_others_are_refused() {
    let now = at("2026-11-22T01:00:00Z");
    let mut desk = Desk::default();
    let id = hear(&mut desk, &alert(1, Grade::Yellow, "望江花园", now), now).remove(0);
    let acknowledge = || Act::Acknowledge { note: Some(" 已联系水务局 ".to_owned()) };
    let close = || Act::Close { outcome: None, note: None };
    assert_eq!(act(&mut desk, &id, acknowledge(), "li", now), Ok(1));
    assert_eq!(act(&mut desk, &id, acknowledge(), "li", now), Ok(0));
    assert_eq!(
        act(&mut desk, &id, acknowledge(), "wang", now),
        Err(Refusal::Acknowledged { by: person("li") })
    );
    assert_eq!(act(&mut desk, &id, close(), "wang", now), Ok(1));
    assert_eq!(act(&mut desk, &id, close(), "wang", now), Ok(0));
    assert_eq!(act(&mut desk, &id, close(), "li", now), Err(Refusal::Closed));
    assert_eq!(act(&mut desk, &id, acknowledge(), "li", now), Err(Refusal::Closed));
    assert_eq!(act(&mut desk, &id, Act::Note { note: "  ".to_owned() }, "li", now), Err(Refusal::Note));
    assert_eq!(act(&mut desk, &id, Act::Note { note: "水已恢复".to_owned() }, "li", now), Ok(1));
    let nobodys = "INC-20261122-09".parse().unwrap();
    assert_eq!(desk.on_act(&nobodys, close(), person("li"), now), Err(Refusal::Unknown(nobodys.clone())));
    let incident = desk.get(&id.parse().unwrap()).unwrap();
    assert_eq!(incident.timeline[1].what, Happening::Acknowledged { note: Some("已联系水务局".to_owned()) });
}

#[test]
fn a_thousand_posts_are_one_incident_with_a_bounded_timeline() {
    let now = at("2026-11-22T01:00:00Z");
    let mut desk = Desk::default();
    for n in 0..1000 {
        hear(&mut desk, &alert(n, Grade::Yellow, "望江花园", now), now);
    }
    let incident = desk.open_incidents().next().unwrap();
    assert_eq!((incident.evidence.len(), incident.timeline.len()), (Incident::EVIDENCE, Incident::EVIDENCE));
    assert_eq!(
        hear(&mut desk, &alert(2000, Grade::Orange, "望江花园", now), now).len(),
        1,
        "a higher grade is news"
    );
}

#[test]
fn counts_are_not_given_out_twice_after_a_restart_or_when_memory_is_short() {
    let now = at("2026-11-22T01:00:00Z");
    let config = DeskConfig { max_closed: 1, ..DeskConfig::default() };
    let mut desk = Desk { config: config.clone(), ..Desk::default() };
    for n in 1..=3 {
        let later = now + MINUTE * n;
        let id = hear(&mut desk, &alert(n, Grade::Yellow, &format!("{n}号院"), later), later).remove(0);
        assert_eq!(act(&mut desk, &id, Act::Close { outcome: None, note: None }, "li", later), Ok(1));
    }
    let kept: Vec<Incident> = desk.incidents.values().cloned().collect();
    let later = now + MINUTE * 60;
    for mut desk in [desk, Desk::restore(config, kept)] {
        assert_eq!(hear(&mut desk, &alert(9, Grade::Yellow, "新街", later), later), ["INC-20261122-04"]);
    }
}

/// One thing that may happen at the desk.
#[derive(Debug, Clone)]
enum Command {
    Alert { id: u32, grade: Grade, place: usize },
    Act { incident: u32, by: usize, act: Act },
    Hours(u32),
}

const OUTCOMES: [Option<Outcome>; 3] = [None, Some(Outcome::Solved), Some(Outcome::Refuted)];

/// The name of an incident of the day on which the commands begin.
fn number(count: u32) -> IncidentId {
    IncidentId::new(desk_time(at("2026-11-22T01:00:00Z")).date(), count)
}

fn commands() -> impl Strategy<Value = Vec<Command>> {
    let grade = (0usize..4).prop_map(|n| Grade::ALL[n]);
    let note = prop_oneof![Just(None), Just(Some("好".to_owned()))];
    let act = prop_oneof![
        note.clone().prop_map(|note| Act::Acknowledge { note }),
        (prop::sample::select(OUTCOMES.to_vec()), note.clone())
            .prop_map(|(outcome, note)| Act::Close { outcome, note }),
        Just(Act::Note { note: "记".to_owned() }),
        (prop::sample::select(vec!["water", "drainage"]), note.clone()).prop_map(|(department, note)| {
            let department = department.to_owned();
            Act::Assign(Assignment { department, second: Some("water".to_owned()), reason: None, note })
        }),
        note.clone().prop_map(|note| Act::Accept { note }),
        Just(Act::Bounce { reason: "不归我管".to_owned() }),
        note.clone().prop_map(|note| Act::Respond { url: None, note }),
        note.clone().prop_map(|note| Act::Dismiss { dismissal: Dismissal::Unmeant, note }),
        Just(Act::Reopen { reason: "又停了".to_owned() }),
        (1u32..8, note.clone()).prop_map(|(into, note)| Act::Merge { into: number(into), note }),
        (0i64..200).prop_map(|hours| Act::Snooze {
            until: at("2026-11-22T01:00:00Z") + SignedDuration::from_hours(hours),
            reason: "等检测结果".to_owned(),
        }),
        note.prop_map(|note| Act::Resume { note }),
    ];
    let command = prop_oneof![
        4 => (0u32..40, grade, 0usize..3).prop_map(|(id, grade, place)| Command::Alert { id, grade, place }),
        8 => (1u32..8, 0usize..2, act).prop_map(|(incident, by, act)| Command::Act { incident, by, act }),
        1 => (1u32..60).prop_map(Command::Hours),
    ];
    prop::collection::vec(command, 1..80)
}

/// What hangs together in an incident does.
fn stands_well(incident: &Incident) -> bool {
    let assigned = incident.state != State::Assigned || incident.dispatch.is_some();
    let waits = incident.waiting.is_none() || incident.state != State::New;
    assigned && waits && incident.merged_into.is_none() && incident.outcome.is_none()
}

proptest! {
    /// Whatever happens in whatever order: what is decided can be applied, folding the events gives the same
    /// incidents, a group has one open incident, names are not given out twice, and deciding anew from a
    /// restored desk gives the same.
    #[test]
    fn no_sequence_of_commands_reaches_an_illegal_state(commands in commands()) {
        let mut now = at("2026-11-22T01:00:00Z");
        let names = Names::default();
        let clocks = Clocks::from_toml(include_str!("../../config/clocks.toml")).unwrap();
        let mut desk = Desk::default();
        let mut folded: BTreeMap<IncidentId, Incident> = BTreeMap::new();
        for command in commands {
            let events = match command {
                Command::Hours(hours) => {
                    now += MINUTE * 60 * hours;
                    let due = |incident: &Incident| {
                        let event = |change| IncidentEvent { incident: incident.id.clone(), at: now, by: Actor::System, change };
                        clocks.due(incident, now).into_iter().map(event).collect::<Vec<_>>()
                    };
                    desk.open_incidents().flat_map(due).collect()
                }
                Command::Alert { id, grade, place } => {
                    let alert = alert(id, grade, ["甲村", "乙村", "丙村"][place], now);
                    let events = desk.on_alert(&alert, &names, now);
                    let restored = Desk::restore(DeskConfig::default(), folded.values().cloned());
                    prop_assert_eq!(&events, &restored.on_alert(&alert, &names, now));
                    events
                }
                Command::Act { incident, by, act } => {
                    desk.on_act(&number(incident), act, person(["li", "wang"][by]), now).unwrap_or_default()
                }
            };
            for event in &events {
                let stands = desk.apply(event);
                prop_assert!(stands.is_ok(), "{:?}", stands);
                let stands = stands.unwrap().clone();
                match folded.get_mut(&event.incident) {
                    None => {
                        folded.insert(event.incident.clone(), Incident::open(event).unwrap());
                    }
                    Some(incident) => incident.apply(event).unwrap(),
                }
                prop_assert_eq!(&folded[&event.incident], &stands);
                let bytes = postcard::to_stdvec(event).unwrap();
                prop_assert_eq!(&postcard::from_bytes::<IncidentEvent>(&bytes).unwrap(), event);
            }
            let mut groups: Vec<&GroupKey> = desk.open_incidents().flat_map(Incident::groups).collect();
            groups.sort();
            let held = groups.len();
            groups.dedup();
            prop_assert_eq!(groups.len(), held, "a group belongs to one open incident");
            prop_assert!(desk.open_incidents().all(stands_well));
            let open = desk.open_incidents().count();
            prop_assert_eq!(open, folded.values().filter(|incident| incident.is_open()).count());
        }
    }
}

#[test]
fn posts_are_split_off_into_an_incident_of_their_own_whose_time_counts_from_the_first() {
    let now = at("2026-11-22T08:00:00Z");
    let mut desk = Desk::default();
    hear(&mut desk, &alert(1, Grade::Yellow, "望江花园", now), now);
    hear(&mut desk, &alert(2, Grade::Red, "望江花园", now + MINUTE), now + MINUTE);
    let first: IncidentId = "INC-20261122-01".parse().unwrap();
    let posts: Vec<_> = desk.get(&first).unwrap().evidence.iter().map(|post| post.post).collect();
    let split = |posts: &[_]| Act::Split { posts: posts.to_vec(), note: None };
    assert_eq!(
        act(&mut desk, first.as_str(), split(&posts), "li", now),
        Err(Refusal::Posts),
        "not all of them"
    );
    assert_eq!(act(&mut desk, first.as_str(), split(&[]), "li", now), Err(Refusal::Posts));
    assert_eq!(act(&mut desk, first.as_str(), split(&posts[..1]), "li", now + MINUTE * 30), Ok(2));
    let other = desk.get(&"INC-20261122-02".parse().unwrap()).unwrap();
    assert_eq!((other.grade, other.state, other.opened_at), (Grade::Red, State::New, now));
    assert_eq!(other.title, "望江花园 · 停水");
    assert_eq!(other.evidence.iter().map(|post| post.post).collect::<Vec<_>>(), posts[..1]);
    assert_eq!(desk.get(&first).unwrap().evidence.len(), 1);
    // What comes later of the matter joins the one it was split from.
    let later = now + MINUTE * 40;
    assert_eq!(hear(&mut desk, &alert(3, Grade::Red, "望江花园", later), later), [first.to_string()]);
}
