//! The store against a plain model, in any cut of batches, and after damage.

use std::collections::BTreeMap;
use std::fs;

use jiff::Timestamp;
use proptest::prelude::*;
use url::Url;

mod batches;
mod damage;
mod judged;

use std::collections::BTreeSet;

use super::*;
use crate::alert::{Alert, GroupKey};
use crate::assess::Grade;
use crate::assess::evaluation::Rung;
use crate::crawl::Role;
use crate::detect::{Measure, Signal, SignalId, Subject};
use crate::extract::post::{Counts, Dated, Post, PostId, PostKind};
use crate::incident::{Actor, Change, IncidentEvent, IncidentId, Opening, State};
use crate::journal::record::{DeskRecord, DeskStep, Look, LookOutcome, PersonOrToken, PostRecord, Visit};
use crate::lexicon::category::Category;
use crate::notify::{Brief, Delivery, Notification, NotificationKey, Outcome, Reason};
use crate::people::{Person, PersonName, Role as Right, TokenRecord};
use crate::source::SourceId;

const DURABLE: Sequence = Sequence(u64::MAX);

fn open(dir: &Path) -> (Store, Opened) {
    Store::open(dir, DURABLE, &StoreConfig::default()).unwrap()
}

fn fresh() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let (store, opened) = open(&dir.path().join("store"));
    assert_eq!(opened, Opened { posts: Sequence(0), desk: Sequence(0), set_aside: None });
    (dir, store)
}

/// `minutes` after 2026-03-01 08:00 in China.
fn at(minutes: i64) -> Timestamp {
    Timestamp::from_second(1_772_323_200 + minutes * 60).unwrap()
}

fn source(name: &str) -> SourceId {
    SourceId::new(name).unwrap()
}

fn id(number: u32) -> PostId {
    PostId::by_external_id(&source("forum"), &number.to_string())
}

fn post(number: u32, thread: Option<u32>, text: &str, from: &str) -> Post {
    Post {
        id: id(number),
        source: source(from),
        external_id: Some(number.to_string()),
        kind: PostKind::Post,
        parent: None,
        thread: thread.map(id),
        url: None,
        title: String::new(),
        text: text.to_owned(),
        voice: None,
        official: false,
        published_at: at(i64::from(number)),
        dated: Dated::Claimed,
        captured_at: at(i64::from(number)),
        place: None,
        counts: Counts { likes: u64::from(number), ..Counts::default() },
    }
}

fn found(number: u32, thread: Option<u32>) -> PostRecord {
    PostRecord::Found(Box::new(post(number, thread, "停水了", "forum")))
}

fn look(began: i64, outcome: LookOutcome) -> Look {
    Look {
        source: source("forum"),
        began_at: at(began),
        ended_at: at(began),
        outcome,
        new_posts: 0,
        seen_posts: 3,
        defects: 0,
        pages: 1,
        next_due: at(began + 2),
        cursor: None,
        swept: false,
        overlapped: true,
    }
}

fn visit(page: u32, read: i64, changed: i64) -> Visit {
    Visit {
        source: source("forum"),
        url: Url::parse(&format!("https://forum.example/t/{page}")).unwrap(),
        role: Role::Detail,
        thread: None,
        at: at(read),
        changed_at: at(changed),
        validators: None,
    }
}

fn incident(number: u32) -> IncidentId {
    format!("INC-20260301-{number:02}").parse().unwrap()
}

fn subject() -> Subject {
    Subject { category: Category::Utilities, place: None, department: Some("water".into()) }
}

fn alert(number: u32, grade: Grade) -> Alert {
    let signal = Signal {
        id: SignalId::of("rule", &subject(), &number.to_string()),
        watch: "rule".into(),
        measure: Measure::Post { sensitivity: 60.0, grade },
        subject: subject(),
        at: at(0),
        evidence: Vec::new(),
        dictionary: "abc".into(),
    };
    Alert {
        rule: "rule".into(),
        grade,
        group: GroupKey::of([("category", "utilities")]),
        reasons: vec!["停水".into()],
        receivers: vec!["desk".into()],
        signal,
    }
}

fn event(incident_number: u32, minutes: i64, change: Change) -> IncidentEvent {
    IncidentEvent { incident: incident(incident_number), at: at(minutes), by: Actor::System, change }
}

fn notification(number: u32, receiver: &str) -> Notification {
    Notification {
        key: NotificationKey::of(&incident(number), 0, receiver),
        transition: 0,
        receiver: receiver.to_owned(),
        to: None,
        thread: None,
        reason: Reason::Opened,
        created_at: at(i64::from(number)),
        brief: Brief {
            incident: incident(number),
            grade: Grade::Red,
            was: None,
            state: State::New,
            title: "停水".into(),
            matter: "停水".into(),
            follows: None,
            category: "utilities".into(),
            category_name: "公用事业".into(),
            place: None,
            department: None,
            department_name: None,
            rule: "rule".into(),
            why: Vec::new(),
            action: None,
            voices: 1,
            evidence: Vec::new(),
            posts: 0,
            opened_at: at(0),
            closed_at: None,
            dictionary: "abc".into(),
        },
    }
}

fn opened(number: u32, grade: Grade) -> DeskRecord {
    let alert = alert(number, grade);
    DeskRecord::Desk(Box::new(DeskStep {
        signal: Some(alert.signal.id),
        events: vec![event(
            number,
            i64::from(number),
            Change::Open(Box::new(Opening { alert, title: "停水".into(), follows: None })),
        )],
        notifications: vec![notification(number, "desk"), notification(number, "chief")],
        idempotency_key: None,
    }))
}

fn acted(number: u32, minutes: i64, change: Change) -> DeskRecord {
    DeskRecord::Desk(Box::new(DeskStep {
        signal: None,
        events: vec![event(number, minutes, change)],
        notifications: Vec::new(),
        idempotency_key: Some(format!("key {number} {minutes}")),
    }))
}

fn delivered(number: u32, receiver: &str, attempt: u32, outcome: Outcome) -> DeskRecord {
    DeskRecord::Delivered(Delivery {
        key: NotificationKey::of(&incident(number), 0, receiver),
        attempt,
        at: at(100),
        took_ms: 5,
        outcome,
        answer: "250 ok".into(),
    })
}

fn numbered<R>(records: impl IntoIterator<Item = R>) -> Vec<(Sequence, R)> {
    (1..).map(Sequence).zip(records).collect()
}

#[test]
fn posts_are_known_counted_once_and_found_by_thread() {
    let (_dir, store) = fresh();
    let counts = Counts { views: 9, ..Counts::default() };
    let records = numbered([
        found(1, Some(1)),
        found(2, Some(1)),
        found(2, Some(1)),
        found(3, None),
        PostRecord::Counted { post: id(1), counts, at: at(5) },
        PostRecord::Revised {
            post: id(2), title: String::new(), text: "来水了".into(), counts, at: at(6)
        },
        PostRecord::Counted { post: id(77), counts, at: at(7) },
    ]);
    let applied = store.apply_posts(&records).unwrap();
    assert_eq!(applied, Applied { folded: 7, known: 0, orphans: 1 });
    let again = store.apply_posts(&records).unwrap();
    assert_eq!(again, Applied { folded: 0, known: 7, orphans: 0 });

    assert_eq!((store.post_count().unwrap(), store.post_count_of(&source("forum")).unwrap()), (3, 3));
    assert_eq!(store.posts_per_day(&source("forum"), 2, at(60)).unwrap(), [0, 3]);
    let thread: Vec<_> = store.thread(id(1)).unwrap().into_iter().map(|(id, _)| id).collect();
    assert_eq!(thread, [id(1), id(2)]);
    let many = (100..150).map(|number| (Sequence(u64::from(number)), found(number, Some(1))));
    store.apply_posts(&many.collect::<Vec<_>>()).unwrap();
    let thread: Vec<_> = store.thread(id(1)).unwrap().into_iter().map(|(id, _)| id).collect();
    assert_eq!(thread, [1, 2].into_iter().chain(100..150).map(id).collect::<Vec<_>>());
    let revised = store.post(id(2)).unwrap().unwrap();
    assert_eq!((revised.found, revised.text_at()), (Sequence(2), Sequence(6)));
    assert_eq!((revised.text_hash, revised.counts), (text_hash("", "来水了"), counts));
    let known = store.posts(&[id(77), id(3)]).unwrap();
    assert_eq!(known.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn a_missing_post_keeps_the_time_it_was_first_missed() {
    let (_dir, store) = fresh();
    let missing = |minutes| PostRecord::Missing { post: id(1), at: at(minutes) };
    let records =
        numbered([found(1, None), missing(5), missing(70), PostRecord::Returned { post: id(1), at: at(80) }]);
    store.apply_posts(&records[..3]).unwrap();
    let state = store.post(id(1)).unwrap().unwrap();
    assert_eq!((state.missing_since, state.missing_times), (Some(at(5)), 2));
    store.apply_posts(&records).unwrap();
    let state = store.post(id(1)).unwrap().unwrap();
    assert_eq!((state.missing_since, state.missing_times), (None, 0));
}

#[test]
fn looks_become_spans_that_tell_blocked_from_quiet() {
    let (_dir, store) = fresh();
    let failed = || LookOutcome::Failed("timeout".into());
    let mut looks = vec![
        look(0, LookOutcome::Observed),
        look(2, LookOutcome::Observed),
        look(4, failed()),
        Look { overlapped: false, ..look(6, failed()) },
        look(8, LookOutcome::Observed),
        // Far later than planned: nothing was scheduled in between.
        look(60, LookOutcome::Observed),
        // Answered, but without showing that nothing was overlooked.
        Look { overlapped: false, ..look(62, LookOutcome::Observed) },
    ];
    looks[1].cursor = Some(at(1));
    let records = numbered(looks.into_iter().map(|look| PostRecord::Looked(Box::new(look))));
    store.apply_posts(&records).unwrap();
    let spans = store.coverage(&source("forum"), at(0), at(100)).unwrap();
    let told: Vec<_> = spans.iter().map(|s| (s.from, s.until, s.looks, s.joined)).collect();
    let expected = [(0, 2, 2, true), (4, 6, 2, true), (8, 8, 1, true), (60, 60, 1, true), (62, 62, 1, false)];
    assert_eq!(told, expected.map(|(from, until, looks, joined)| (at(from), at(until), looks, joined)));
    assert_eq!(spans[1].outcome, failed());
    assert_eq!(store.coverage(&source("forum"), at(5), at(7)).unwrap().len(), 1);

    let state = store.source(&source("forum")).unwrap().unwrap();
    assert_eq!((state.failures, state.cursor, state.answered_at), (0, Some(at(1)), Some(at(62))));

    let week = PostRecord::Looked(Box::new(look(62 + 8 * 24 * 60, LookOutcome::Observed)));
    store.apply_posts(&[(Sequence(8), week)]).unwrap();
    assert_eq!(store.coverage(&source("forum"), at(0), at(100_000)).unwrap().len(), 1);
}

#[test]
fn pages_due_for_a_revisit_come_by_the_time_they_were_read() {
    let (_dir, store) = fresh();
    let visits = [visit(1, 10, 0), visit(2, 5, 5), visit(3, 20, 20), visit(4, 1, -500), visit(2, 12, 5)];
    let records = numbered(visits.into_iter().map(|visit| PostRecord::Visited(Box::new(visit))));
    store.apply_posts(&records).unwrap();
    let due = |since, before, limit| {
        let found = store.revisits(&source("forum"), at(since), at(before), limit).unwrap();
        found.iter().map(|visit| visit.url.path().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(due(-60, 100, 9), ["/t/1", "/t/2", "/t/3"]);
    assert_eq!(due(-60, 13, 9), ["/t/1", "/t/2"]);
    assert_eq!(due(-600, 100, 1), ["/t/4"]);
    assert_eq!(store.visit(&source("forum"), &visit(2, 0, 0).url).unwrap(), Some(visit(2, 12, 5)));

    let later = 100 * 24 * 60;
    store.apply_posts(&[(Sequence(9), PostRecord::Visited(Box::new(visit(3, later, 20))))]).unwrap();
    assert_eq!(store.visit(&source("forum"), &visit(1, 0, 0).url).unwrap(), None, "nobody reads it any more");
    assert!(store.visit(&source("forum"), &visit(3, 0, 0).url).unwrap().is_some(), "still read");
}

#[test]
fn the_work_list_is_ordered_filtered_and_paged() {
    let (_dir, store) = fresh();
    let mut records = vec![
        opened(1, Grade::Yellow),
        opened(2, Grade::Red),
        opened(3, Grade::Red),
        opened(4, Grade::Red),
        acted(2, 50, Change::Acknowledge { note: None }),
        acted(4, 60, Change::Close { note: None }),
        acted(1, 70, Change::Join(Box::new(alert(9, Grade::Orange)))),
    ];
    // The same signal concluded again, as after a crash, changes nothing.
    records.push(opened(3, Grade::Red));
    store.apply_desk(&numbered(records)).unwrap();
    let ids = |page: &Page<crate::incident::Incident>| {
        page.items.iter().map(|incident| incident.id.to_string()[13..].to_owned()).collect::<Vec<_>>()
    };
    let all = IncidentFilter::default();
    assert_eq!(ids(&store.incidents(&all, None, 9).unwrap()), ["03", "01", "02", "04"]);
    let first = store.incidents(&all, None, 2).unwrap();
    let next = first.next.clone().unwrap().to_string().parse().unwrap();
    let second = store.incidents(&all, Some(&next), 2).unwrap();
    assert_eq!(
        (ids(&first), ids(&second), second.next),
        (vec!["03".into(), "01".into()], vec!["02".into(), "04".into()], None)
    );
    let red = IncidentFilter { grade: Some(Grade::Red), ..IncidentFilter::default() };
    assert_eq!(ids(&store.incidents(&red, None, 9).unwrap()), ["03", "02", "04"]);
    let new = IncidentFilter { state: Some(State::New), ..IncidentFilter::default() };
    assert_eq!(ids(&store.incidents(&new, None, 9).unwrap()), ["03", "01"]);
    let roads = IncidentFilter { department: Some("roads".into()), ..IncidentFilter::default() };
    assert_eq!(ids(&store.incidents(&roads, None, 9).unwrap()), [""; 0]);
    assert!(matches!(store.incidents(&new, Some(&Cursor(vec![b'J', 1])), 9), Err(StoreError::Cursor(_))));

    let mind = |since| store.incidents_in_mind(at(since)).unwrap().len();
    assert_eq!((mind(0), mind(60), mind(61)), (4, 4, 3));
    assert_eq!(store.incident(&incident(3)).unwrap().unwrap().timeline.len(), 1);
    let repeated = store.repeated("key 2 50").unwrap().unwrap();
    assert_eq!((repeated.sequence, repeated.incidents), (Sequence(5), vec![incident(2)]));
    assert_eq!(store.signal(&alert(2, Grade::Red).signal.id).unwrap(), Some(Sequence(2)));
}

#[test]
fn the_outbox_keeps_what_is_due_broken_and_done_apart() {
    let (_dir, store) = fresh();
    let mut records = numbered([
        opened(1, Grade::Red),
        opened(2, Grade::Red),
        delivered(1, "desk", 1, Outcome::Retry(at(200))),
        delivered(1, "chief", 1, Outcome::Sent),
        delivered(2, "chief", 1, Outcome::Broken),
    ]);
    store.apply_desk(&records).unwrap();
    let due = |now| {
        let due = store.outbox_due("desk", 9, at(now), &BTreeSet::new()).unwrap();
        due.iter().map(|e| (e.notification.brief.incident.clone(), e.attempts)).collect::<Vec<_>>()
    };
    assert_eq!(due(1), []);
    assert_eq!(due(100), [(incident(2), 0)]);
    assert_eq!(due(200), [(incident(2), 0), (incident(1), 1)]);
    assert_eq!(store.outbox_receivers().unwrap(), ["desk"]);
    assert_eq!(store.outbox_next("desk", at(2)).unwrap(), Some(at(200)));
    assert_eq!(store.outbox_broken("chief").unwrap().len(), 1);
    assert_eq!(store.outbox_broken("desk").unwrap().len(), 0);
    assert_eq!(
        store.outbox_counts().unwrap(),
        OutboxCounts { waiting: 2, sent: 1, broken: 1, ..OutboxCounts::default() }
    );

    records = vec![
        (Sequence(6), delivered(2, "chief", 2, Outcome::Sent)),
        (Sequence(7), delivered(2, "desk", 1, Outcome::Rejected)),
        (Sequence(8), delivered(1, "desk", 2, Outcome::Sent)),
        (Sequence(9), delivered(1, "desk", 3, Outcome::Retry(at(500)))),
    ];
    store.apply_desk(&records).unwrap();
    assert_eq!(store.outbox_counts().unwrap(), OutboxCounts { sent: 3, dead: 1, ..OutboxCounts::default() });
    assert_eq!(store.outbox_receivers().unwrap(), Vec::<String>::new());
    assert_eq!(
        (store.outbox_next("desk", at(0)).unwrap(), store.outbox_broken("chief").unwrap().len()),
        (None, 0)
    );
    let key = NotificationKey::of(&incident(1), 0, "desk");
    assert_eq!(store.attempts(&key).unwrap().iter().map(|d| d.attempt).collect::<Vec<_>>(), [1, 2, 3]);

    let sent = OutboxFilter { state: Some(OutboxState::Sent), receiver: Some("chief".into()) };
    let list = store.notifications(&sent, None, 1).unwrap();
    assert_eq!(list.items[0].notification.brief.incident, incident(2), "newest first");
    let list = store.notifications(&sent, list.next.as_ref(), 1).unwrap();
    assert_eq!((list.items[0].notification.brief.incident.clone(), list.next), (incident(1), None));
}

#[test]
fn people_tokens_pauses_and_versions_are_found() {
    let (_dir, store) = fresh();
    let name = PersonName::new("wang").unwrap();
    let person = Person {
        name: name.clone(),
        role: Right::Officer,
        password_hash: "x".into(),
        disabled: false,
        added_at: at(0),
    };
    let token = TokenRecord {
        id: "feed".into(),
        label: String::new(),
        role: Right::Ingest,
        secret_hash: [1; 32],
        created_at: at(0),
        expires_at: None,
        revoked: false,
    };
    let lexicon = |version: &str| DeskRecord::Lexicon { version: version.into(), at: at(0) };
    let pause = |paused| DeskRecord::SourcePaused {
        source: source("forum"),
        paused,
        by: PersonOrToken::Console,
        at: at(3),
    };
    store
        .apply_desk(&[
            (Sequence(2), lexicon("old")),
            (Sequence(5), DeskRecord::Person(Box::new(person.clone()))),
            (Sequence(6), DeskRecord::Token(Box::new(token.clone()))),
            (Sequence(7), pause(true)),
            (Sequence(8), lexicon("new")),
        ])
        .unwrap();
    assert_eq!((store.person(&name).unwrap(), store.people().unwrap().len()), (Some(person), 1));
    assert_eq!(store.token_by_secret(&[1; 32]).unwrap(), Some(token.clone()));
    let renewed = TokenRecord { secret_hash: [2; 32], ..token };
    store
        .apply_desk(&[
            (Sequence(9), DeskRecord::Token(Box::new(renewed.clone()))),
            (Sequence(10), pause(false)),
        ])
        .unwrap();
    assert_eq!(store.token_by_secret(&[1; 32]).unwrap(), None);
    assert_eq!((store.token_by_secret(&[2; 32]).unwrap(), store.tokens().unwrap().len()), (Some(renewed), 1));
    assert_eq!(store.paused(&source("forum")).unwrap(), None);
    let at_sequence = |n| store.lexicon_at(Sequence(n)).unwrap().map(|v| v.version);
    assert_eq!(at_sequence(1), None);
    assert_eq!(at_sequence(2).as_deref(), Some("old"));
    assert_eq!(at_sequence(7).as_deref(), Some("old"));
    assert_eq!(at_sequence(99).as_deref(), Some("new"));
    assert_eq!(store.rules_at(Sequence(99)).unwrap(), None);
}

#[test]
fn sessions_end_for_one_for_age_and_for_all_of_someone() {
    let (_dir, store) = fresh();
    let name = |name| PersonName::new(name).unwrap();
    for (key, person, minutes) in [(1, "wang", 0), (2, "wang", 10), (3, "li", 20)] {
        store.open_session(SessionKey([key; 32]), name(person), at(minutes)).unwrap();
    }
    let there = |key| store.session(SessionKey([key; 32])).unwrap().is_some();
    store.touch_session(SessionKey([1; 32]), at(25)).unwrap();
    store.sweep_sessions(at(-1), at(15)).unwrap();
    assert_eq!([1, 2, 3].map(there), [true, false, true]);
    store.end_sessions_of(&name("wang")).unwrap();
    assert_eq!([1, 2, 3].map(there), [false, false, true]);
    store.end_session(SessionKey([3; 32])).unwrap();
    store.touch_session(SessionKey([3; 32]), at(30)).unwrap();
    assert!(!there(3), "a touch brings nothing back");
}

#[test]
fn records_out_of_order_are_refused() {
    let (_dir, store) = fresh();
    let wrong = [(Sequence(2), found(1, None)), (Sequence(2), found(2, None))];
    assert!(matches!(store.apply_posts(&wrong), Err(StoreError::Unordered { .. })));
    assert_eq!(store.post_count().unwrap(), 0);
}
