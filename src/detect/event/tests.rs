//! Stories of a small town, told post by post.

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::assess::{AssessedPost, Grade, Status};
use crate::detect::fixture::{Draft, at};
use crate::detect::signal::Subject;
use crate::detect::topic::Spoken;
use crate::detect::{Heard, Sorts};
use crate::lexicon::category::Category;

fn morning() -> Timestamp {
    at("2026-03-02T08:00:00+08:00")
}

/// Tells a town's posts to the events; remembers where each went.
struct Town {
    events: Events,
    sorts: Sorts,
    next: u32,
}

impl Town {
    fn new() -> Self {
        Self { events: Events::new(EventConfig::default()), sorts: Sorts::default(), next: 1 }
    }

    /// A graded post; its event.
    fn says(
        &mut self,
        minutes: i64,
        place: Option<&'static str>,
        category: Category,
        text: &'static str,
    ) -> u64 {
        let said = morning() + SignedDuration::from_mins(minutes);
        let draft = Draft { text, category, place, ..Draft::new(self.next, said) };
        self.next += 1;
        self.hears(&draft.assessed()).expect("it is no advert")
    }

    fn hears(&mut self, post: &AssessedPost) -> Option<u64> {
        let judged = &post.assessment;
        let spoken = judged.grade.map(|_| Spoken {
            subject: Subject {
                category: judged.category.as_ref().unwrap().id,
                place: judged.places.first().cloned(),
                department: None,
            },
            evidence: crate::detect::evidence::of(post, 1, "江城论坛"),
        });
        self.events.observe(&Heard::of(post, &mut self.sorts), spoken.as_ref()).event
    }
}

use Category::{Environment, Utilities};

#[test]
fn one_problem_at_one_place_is_one_event_and_another_place_or_problem_is_another() {
    let mut town = Town::new();
    let outage = town.says(0, Some("望江花园"), Utilities, "望江花园停水两天了，老人没法做饭");
    assert_eq!(
        town.says(20, Some("望江花园"), Utilities, "水龙头一滴都没有，望江花园到底什么时候来水"),
        outage
    );
    let elsewhere = town.says(30, Some("翠湖里"), Utilities, "翠湖里停水两天了，老人没法做饭");
    assert_ne!(elsewhere, outage, "the same words about another place");
    let smell = town.says(40, Some("望江花园"), Environment, "望江花园旁边的化工厂半夜排臭气，熏得睡不着");
    assert_ne!(smell, outage, "another problem at the place");
    let event = town.events.event(outage).unwrap();
    assert_eq!((event.posts, event.voices(), event.place()), (2, 2, Some("望江花园")));
    assert_eq!(event.title(), "望江花园 · 停水");
    assert!(event.tie.as_ref().unwrap().starts_with("同一地点“望江花园”，用词相似 0."), "{:?}", event.tie);
}

#[test]
fn an_answer_belongs_to_what_it_answers_and_an_office_s_stops_the_reproach() {
    let mut town = Town::new();
    let opener = Draft::new(1, morning()).assessed();
    let event = town.hears(&opener).unwrap();
    let mut answer =
        Draft { text: "已派人检修", place: None, grade: None, ..Draft::new(2, morning()) }.assessed();
    let post = std::sync::Arc::make_mut(&mut answer.post);
    (post.parent, post.official) = (Some(opener.post.id), true);
    assert_eq!(town.hears(&answer), Some(event));
    let event = town.events.event(event).unwrap();
    assert!(event.answered.is_some());
    assert!(event.score(event.last, &[18.0, 35.0, 55.0, 75.0]).sentence().contains("官方已有回应"));
}

#[test]
fn copies_are_counted_as_copies_and_an_edited_post_once() {
    let mut town = Town::new();
    let same = |id| {
        Draft { copy: Some("望江花园停水两天了，老人没法做饭"), ..Draft::new(id, morning()) }.assessed()
    };
    let event = town.hears(&same(1)).unwrap();
    assert_eq!(town.hears(&same(2)), Some(event));
    assert_eq!(town.hears(&same(2)), Some(event), "seen again");
    let event = town.events.event(event).unwrap();
    assert_eq!((event.posts, event.copies), (2, 1));
}

#[test]
fn an_advert_is_no_event() {
    let mut advert = Draft::new(1, morning()).assessed();
    std::sync::Arc::make_mut(&mut advert.assessment).status = Status::Advert;
    assert_eq!(Town::new().hears(&advert), None);
}

#[test]
fn a_matter_that_comes_back_is_told_as_such_and_not_put_to_the_old() {
    let config = EventConfig { quiet_posts: 0, ..EventConfig::default() };
    let mut town = Town { events: Events::new(config), ..Town::new() };
    let first = town.says(0, Some("望江花园"), Utilities, "望江花园停水两天了，老人没法做饭");
    let week = 7 * 24 * 60;
    let again = town.says(week, Some("望江花园"), Utilities, "望江花园停水两天了，老人没法做饭");
    assert_ne!(again, first);
    assert_eq!(town.events.event(again).unwrap().again, Some(first));
}

#[test]
fn events_that_grew_alike_are_merged_into_the_older() {
    let mut town = Town::new();
    // Told without the place at first, in words of its own.
    let first = town.says(0, None, Utilities, "停水了，六号楼水管爆裂，没水做饭");
    let other = town.says(5, Some("望江花园"), Utilities, "今早没水洗脸，望江花园的自来水怎么回事啊");
    assert_ne!(first, other);
    let member = Draft {
        text: "望江花园停水了，六号楼水管爆裂，没水做饭洗脸",
        ..Draft::new(99, morning() + SignedDuration::from_mins(8))
    };
    let joined = town.hears(&member.assessed()).unwrap();
    assert!(joined == first || joined == other);
    let merged = (20..60).step_by(15).any(|minute| {
        let said = morning() + SignedDuration::from_mins(minute);
        let post = Draft {
            text: "望江花园停水，六号楼水管爆裂，没水做饭洗脸",
            ..Draft::new(minute as u32 + 100, said)
        };
        let post = post.assessed();
        let placed = town.events.observe(&Heard::of(&post, &mut town.sorts), None);
        placed.merged.iter().all(|(from, into)| *from == other && *into == first) && !placed.merged.is_empty()
    });
    assert_eq!(town.events.event(other).is_none(), merged, "what is merged is gone");
}

const CHAT: [&str; 6] =
    ["晚霞真好看", "做了红烧肉", "鲫鱼汤很鲜", "旧唱机修好了", "橘子熟透了", "灰围巾织完了"];

#[test]
fn memory_is_bounded_and_single_ungraded_posts_go_first() {
    let config = EventConfig { max_events: 64, ..EventConfig::default() };
    let mut town = Town { events: Events::new(config), ..Town::new() };
    let event = town.says(0, Some("望江花园"), Utilities, "望江花园停水两天了，老人没法做饭");
    town.says(1, Some("望江花园"), Utilities, "望江花园停水两天了，没人管");
    for id in 0..600_u32 {
        let text = CHAT[id as usize % CHAT.len()];
        let said = morning() + SignedDuration::from_mins(2);
        let chat = Draft { text, place: None, grade: None, copy: None, ..Draft::new(1_000 + id, said) };
        town.hears(&chat.assessed());
        assert!(town.events.current().count() <= 64);
    }
    assert!(town.events.event(event).is_some());
}

#[test]
fn a_snapshot_goes_on_as_if_nothing_had_been() {
    let tell = |town: &mut Town, from: i64| {
        (from..from + 12)
            .map(|minute| {
                town.says(minute * 7, Some("望江花园"), Utilities, "望江花园停水两天了，老人没法做饭")
            })
            .collect::<Vec<_>>()
    };
    let mut whole = Town::new();
    tell(&mut whole, 0);
    let bytes = postcard::to_stdvec(&whole.events).unwrap();
    let events: Events = postcard::from_bytes(&bytes).unwrap();
    assert_eq!(events, whole.events);
    let mut restored = Town { events, sorts: Sorts::default(), next: whole.next };
    assert_eq!(tell(&mut restored, 20), tell(&mut whole, 20));
    assert_eq!(restored.events, whole.events);
}

#[test]
fn it_is_told_again_for_a_higher_grade_and_when_it_has_doubled_but_not_at_once() {
    let mut town = Town::new();
    let id = town.says(0, Some("望江花园"), Utilities, "望江花园停水两天了，老人没法做饭");
    let hour = 3_600;
    let told = |town: &mut Town, grade, after: u32| {
        let event = town.events.event_mut(id).unwrap();
        let now = event.first + after;
        event.has_news_for(1, Some(grade), now)
    };
    assert!(told(&mut town, Grade::Yellow, 0));
    assert!(!told(&mut town, Grade::Yellow, 2 * hour), "nothing new");
    assert!(told(&mut town, Grade::Orange, 10), "a higher grade waits for nothing");
    for minute in 0..12 {
        town.says(minute, Some("望江花园"), Utilities, "望江花园停水两天了，老人没法做饭");
    }
    assert!(!told(&mut town, Grade::Orange, 20), "it was told just now");
    assert!(told(&mut town, Grade::Orange, 2 * hour), "twice as many speak of it");
}

/// A story of six posts at one place, two of which tell of something else; the posts, and the event they were put into.
fn mixed(town: &mut Town) -> (Vec<AssessedPost>, u64) {
    let texts = [
        "望江花园停水两天了，老人没法做饭",
        "望江花园又停水，水龙头一滴都没有",
        "望江花园的水管爆了，地库全是水",
        "望江花园停水，到底什么时候来水",
        "望江花园水管爆裂，地库的车都泡了",
        "望江花园停水没人管，饭都做不了",
    ];
    let posts: Vec<AssessedPost> = (1_u32..)
        .zip(texts)
        .map(|(n, text)| {
            let said = morning() + SignedDuration::from_mins(i64::from(n) * 5);
            Draft { text, category: Utilities, place: Some("望江花园"), ..Draft::new(n, said) }.assessed()
        })
        .collect();
    let events: Vec<u64> = posts.iter().map(|post| town.hears(post).unwrap()).collect();
    assert!(events.iter().all(|event| *event == events[0]), "put together: {events:?}");
    (posts, events[0])
}

#[test]
fn what_a_person_takes_apart_stays_apart_and_what_comes_later_finds_its_own() {
    let mut town = Town::new();
    let (posts, event) = mixed(&mut town);
    let id = |nth: usize| posts[nth].post.id;
    let change = Regrouping::Split { event, go: vec![id(2), id(4)], stay: vec![id(0), id(1), id(3), id(5)] };
    let new = change.leads_to();
    let told: Vec<Told<'_>> = posts.iter().map(|post| (Heard::of(post, &mut town.sorts), None)).collect();
    let go = [id(2), id(4)].into();
    town.events.split(event, new, &told, &go);
    let of = |town: &Town, event| town.events.event(event).map(|event| (event.posts, event.voices()));
    assert_eq!((of(&town, event), of(&town, new)), (Some((4, 4)), Some((2, 2))));
    // Each is found by its own words from here on, also after the events that grew alike were merged.
    let pipe = "望江花园水管爆裂，地库进水，车被泡了";
    let later = morning() + SignedDuration::from_hours(2);
    let says = |town: &mut Town, n: u32, text| {
        let post = Draft { text, category: Utilities, place: Some("望江花园"), ..Draft::new(n, later) };
        town.hears(&post.assessed())
    };
    assert_eq!(says(&mut town, 50, pipe), Some(new));
    assert_eq!(says(&mut town, 51, "望江花园停水，没法做饭，水龙头没水"), Some(event));
    assert_eq!(town.events.counters().merged, 0);
    // Nothing happens where the event is over, or nothing would stay.
    town.events.split(99, 98, &told, &go);
    let all = posts.iter().map(|post| post.post.id).collect();
    town.events.split(event, 97, &told, &all);
    assert_eq!(of(&town, 97), None);
    assert_eq!(of(&town, event), Some((5, 5)));
}

#[test]
fn what_a_person_merges_goes_on_as_one() {
    let mut town = Town::new();
    let here = town.says(0, Some("望江花园"), Utilities, "望江花园停水两天了，老人没法做饭");
    let smell = town.says(10, Some("望江花园"), Environment, "望江花园旁边的化工厂半夜排臭气，熏得睡不着");
    assert_ne!(here, smell);
    assert_eq!(town.events.merge(here, here), None);
    assert_eq!(town.events.merge(smell, 99), None);
    assert_eq!(town.events.merge(smell, here), Some((smell, here)));
    assert_eq!(town.events.event(here).map(|event| event.posts), Some(2));
    assert!(town.events.event(smell).is_none());
    let again = town.says(20, Some("望江花园"), Environment, "望江花园的化工厂又排臭气，熏得头疼睡不着");
    assert_eq!(again, here, "what comes later goes on in it");
}
