//! What the detector concludes, and that it concludes the same again.

use proptest::prelude::*;

use super::*;
use crate::detect::Filter;
use crate::detect::event::Phase;
use crate::detect::fixture::{Draft, at};
use crate::detect::topic::Level;

const MINUTE: Duration = Duration::from_mins(1);

fn three_voices() -> Watch {
    let measure = Watched::Voices { at_least: 3, window: Duration::from_hours(24), floor: Grade::Blue };
    Watch { name: "three-voices".to_owned(), measure, filter: Filter::default() }
}

fn grave() -> Watch {
    let measure = Watched::Post { at_least: Grade::Yellow, at_most: Grade::Red };
    Watch { name: "grave".to_owned(), measure, filter: Filter { placeless: true, ..Filter::default() } }
}

fn rising() -> Watch {
    let filter = Filter { placeless: true, ..Filter::default() };
    Watch { name: "rising".to_owned(), measure: Watched::Topic { at_least: Level::Alarm }, filter }
}

/// Small tables of topics: tests make many detectors.
fn small() -> DetectConfig {
    let topics = TopicConfig {
        max_keys: 8_192,
        baseline_cells: 1 << 15,
        doorkeeper_cells: 1 << 15,
        max_slots: 4_096,
        max_posts: 4_096,
        ..TopicConfig::default()
    };
    DetectConfig { topics, ..DetectConfig::default() }
}

fn detector(watches: Vec<Watch>) -> Detector {
    Detector::new(small(), watches, BTreeMap::new())
}

/// Observes the drafts and tells for each how many voices were signalled, 0 for none.
fn voices(detector: &mut Detector, drafts: &[Draft]) -> Vec<u32> {
    let observe = |(n, draft): (usize, &Draft)| match &*detector.observe(&draft.assessed(), n as u64).signals
    {
        [] => 0,
        [Signal { measure: Measure::Voices { voices, .. }, .. }] => *voices,
        other => panic!("unexpected signals {other:?}"),
    };
    drafts.iter().enumerate().map(observe).collect()
}

#[test]
fn a_post_that_reaches_the_grade_is_a_signal() {
    let now = at("2026-03-01T08:00:00Z");
    let day = Duration::from_hours(24);
    for (name, draft, signals) in [
        ("blue", Draft::new(1, now), 0),
        ("not graded", Draft { grade: None, ..Draft::new(1, now) }, 0),
        ("yellow", Draft { grade: Some(Grade::Yellow), ..Draft::new(1, now) }, 1),
        ("without a place", Draft { grade: Some(Grade::Red), place: None, ..Draft::new(1, now) }, 1),
        (
            "20 hours old",
            Draft { grade: Some(Grade::Red), captured: now + MINUTE * 1200, ..Draft::new(1, now) },
            1,
        ),
        ("two days old", Draft { grade: Some(Grade::Red), captured: now + day * 2, ..Draft::new(1, now) }, 0),
        (
            "dated next week",
            Draft { grade: Some(Grade::Red), captured: now - day * 7, ..Draft::new(1, now) },
            1,
        ),
    ] {
        assert_eq!(detector(vec![grave()]).observe(&draft.assessed(), 1).signals.len(), signals, "{name}");
    }
}

#[test]
fn an_unbelievable_time_becomes_the_time_of_capture() {
    let now = at("2026-03-01T08:00:00Z");
    let mut detector = detector(vec![grave()]);
    let draft = Draft { grade: Some(Grade::Red), captured: now - MINUTE * 10, ..Draft::new(1, now) };
    assert_eq!(detector.observe(&draft.assessed(), 1).signals[0].at, now - MINUTE * 10);
    assert_eq!(detector.counters().skewed, 1);
}

#[test]
fn voices_are_counted_by_writer() {
    let now = at("2026-03-01T08:00:00Z");
    let by = |id, author| Draft { author, ..Draft::new(id, now + MINUTE * id) };
    let copy =
        |id, author| Draft {
            author, copy: Some("又停水了，谁来管管"), ..Draft::new(id, now + MINUTE * id)
        };
    let elsewhere = |id| Draft { place: Some("清荷苑"), ..Draft::new(id, now) };
    for (name, drafts, expected) in [
        ("three writers", vec![by(1, Some("a")), by(2, Some("b")), by(3, Some("c"))], vec![0, 0, 3]),
        ("one writer thrice", vec![by(1, Some("a")), by(2, Some("a")), by(3, Some("a"))], vec![0, 0, 0]),
        ("unnamed writers", vec![by(1, None), by(2, None), by(3, None)], vec![0, 0, 3]),
        ("unnamed copies", vec![copy(1, None), copy(2, None), copy(3, None)], vec![0, 0, 0]),
        ("copies by three", vec![copy(1, Some("a")), copy(2, Some("b")), copy(3, Some("c"))], vec![0, 0, 3]),
        ("the same post again", vec![by(1, None), by(2, None), by(2, None)], vec![0, 0, 0]),
        ("another place", vec![by(1, None), by(2, None), elsewhere(3)], vec![0, 0, 0]),
    ] {
        assert_eq!(voices(&mut detector(vec![three_voices()]), &drafts), expected, "{name}");
    }
}

#[test]
fn voices_are_told_on_crossing_at_each_doubling_and_anew_after_it_was_quiet() {
    let now = at("2026-03-01T08:00:00Z");
    let mut detector = detector(vec![three_voices()]);
    let burst: Vec<Draft> = (1..=13).map(|n| Draft::new(n, now + MINUTE * n)).collect();
    assert_eq!(voices(&mut detector, &burst), [0, 0, 3, 0, 0, 6, 0, 0, 0, 0, 0, 12, 0]);
    let later: Vec<Draft> = (21..=24).map(|n| Draft::new(n, now + MINUTE * (3000 + n))).collect();
    assert_eq!(voices(&mut detector, &later), [0, 0, 3, 0]);
}

#[test]
fn a_window_is_of_event_time_and_takes_posts_in_any_order() {
    let now = at("2026-03-01T08:00:00Z");
    let captured = now + MINUTE * 60;
    let listed = |id, minutes| Draft { captured, ..Draft::new(id, now + MINUTE * minutes) };
    let newest_first = [listed(1, 50), listed(2, 30), listed(3, 10)];
    assert_eq!(voices(&mut detector(vec![three_voices()]), &newest_first), [0, 0, 3]);
    let hour = Watched::Voices { at_least: 3, window: MINUTE * 30, floor: Grade::Blue };
    let narrow = Watch { measure: hour, ..three_voices() };
    assert_eq!(voices(&mut detector(vec![narrow]), &newest_first), [0, 0, 0]);
}

#[test]
fn filters_and_floors_decide_what_counts() {
    let now = at("2026-03-01T08:00:00Z");
    let news = SourceId::new("news").unwrap();
    let filter = |filter| Watch { filter, ..three_voices() };
    let floor = Watched::Voices { at_least: 3, window: MINUTE * 60, floor: Grade::Yellow };
    let here = Some("望江花园");
    for (name, watch, place, fires) in [
        ("source", filter(Filter { sources: [news].into(), ..Filter::default() }), here, false),
        (
            "category",
            filter(Filter { categories: [Category::Food].into(), ..Filter::default() }),
            here,
            false,
        ),
        ("place", filter(Filter { places: ["望江花园".to_owned()].into(), ..Filter::default() }), here, true),
        (
            "other place",
            filter(Filter { places: ["清荷苑".to_owned()].into(), ..Filter::default() }),
            here,
            false,
        ),
        (
            "department",
            filter(Filter { departments: ["water".to_owned()].into(), ..Filter::default() }),
            here,
            true,
        ),
        ("floor", Watch { measure: floor, ..three_voices() }, here, false),
        ("no place", three_voices(), None, false),
        ("no place wanted", filter(Filter { placeless: true, ..Filter::default() }), None, true),
    ] {
        let drafts: Vec<Draft> = (1..=3).map(|n| Draft { place, ..Draft::new(n, now) }).collect();
        let fired = voices(&mut detector(vec![watch]), &drafts) == [0, 0, 3];
        assert_eq!(fired, fires, "{name}");
    }
}

#[test]
fn what_is_remembered_is_bounded_and_the_loss_is_counted() {
    let now = at("2026-03-01T08:00:00Z");
    let config = DetectConfig { max_matters: 4, max_posts_per_matter: 5, ..small() };
    let mut detector = Detector::new(config, vec![three_voices()], BTreeMap::new());
    for n in 0..8 {
        detector.observe(&Draft::new(n, now).assessed(), 0);
    }
    for (n, place) in ["甲村", "乙村", "丙村", "丁村", "戊村"].into_iter().enumerate() {
        let published = now + MINUTE * (n as u32 + 1);
        detector.observe(&Draft { place: Some(place), ..Draft::new(50 + n as u32, published) }.assessed(), 0);
    }
    let counters = detector.counters();
    assert_eq!((counters.posts_pushed_out, counters.matters_pushed_out), (3, 2));
    assert_eq!(detector.state().matters.len(), 4);
}

/// A town after three days of everyday talk that nobody need answer, at eight in the morning; 200 posts a day.
fn quiet_town(watches: Vec<Watch>) -> (Detector, Timestamp) {
    const TALK: [&str; 8] = [
        "晚霞真好看",
        "公园里人不多",
        "包子铺搬到街角去了",
        "理发店换了师傅",
        "猫又胖了",
        "桂花开了",
        "球赛赢了",
        "电影还行",
    ];
    let begin = at("2026-03-01T00:00:00Z");
    let mut detector = detector(watches);
    for n in 0..640_u32 {
        let text = TALK[n as usize % TALK.len()];
        let draft =
            Draft { text, grade: None, place: None, ..Draft::new(10_000 + n, begin + MINUTE * 7 * n) };
        assert_eq!(detector.observe(&draft.assessed(), u64::from(n)).signals, [], "nothing rose before");
    }
    (detector, begin + MINUTE * 7 * 640)
}

/// So many people speak of a road that caved in, within twenty minutes.
fn burst(from: Timestamp, people: u32, grade: Option<Grade>) -> Vec<AssessedPost> {
    let said = |n: u32| Draft {
        text: "泰和路塌陷了，车都绕着走",
        category: Category::Traffic,
        place: Some("泰和路"),
        grade,
        ..Draft::new(n, from + MINUTE * 20 * n / people)
    };
    (0..people).map(|n| said(n).assessed()).collect()
}

#[test]
fn a_topic_that_concerns_the_desk_is_a_signal_once_and_again_when_twice_as_many_speak_of_it() {
    let (mut detector, now) = quiet_town(vec![rising()]);
    let signals: Vec<Signal> =
        burst(now, 60, Some(Grade::Blue)).iter().flat_map(|post| detector.observe(post, 7).signals).collect();
    let told: Vec<u32> = signals
        .iter()
        .map(|signal| match &signal.measure {
            Measure::Topic { voices, .. } => *voices,
            other => panic!("unexpected {other:?}"),
        })
        .collect();
    assert!(told[0] <= 9, "it is told early: {told:?}");
    assert!(told.windows(2).all(|pair| pair[1] >= (pair[0] * 2).max(pair[0] + 10)), "{told:?}");
    assert!((2..=4).contains(&told.len()), "{told:?}");
    let first = &signals[0];
    assert_eq!((first.subject.category, first.subject.place.as_deref()), (Category::Traffic, Some("泰和路")));
    assert!((3..=Signal::EVIDENCE).contains(&first.evidence.len()), "{first:?}");
    let Measure::Topic { words, highest, why, .. } = &first.measure else { panic!("{first:?}") };
    assert!(words.iter().any(|word| word.contains("泰和路")), "{words:?}");
    assert_eq!(*highest, Some(Grade::Blue));
    assert!(why.contains("人提到") || why.contains("条帖文提到"), "{why}");
    let topic = detector.topics().current().next().unwrap();
    let counted = topic.rising.posts.len() as u32;
    assert!(counted >= 20, "copies left out: {counted}");
    assert_eq!(topic.hours.values().sum::<u32>(), counted, "each post stands in the curve once");
}

#[test]
fn a_rule_on_events_may_ask_for_size_phase_speed_and_doubt() {
    let filter = Filter { placeless: true, ..Filter::default() };
    let watch = |name: &str, only| {
        let measure = Watched::Event { at_least: Grade::Blue, only };
        Watch { name: name.to_owned(), measure, filter: filter.clone() }
    };
    let any = EventOnly::default();
    let watches = vec![
        watch("any", any),
        watch("large", EventOnly { voices: Some(20), ..any }),
        watch("rising", EventOnly { phase: Some(Phase::Rising), ..any }),
        watch("falling", EventOnly { phase: Some(Phase::Falling), ..any }),
        watch("fast", EventOnly { doubles_within: Some(MINUTE * 60), ..any }),
        watch("doubtful", EventOnly { verify: Some(true), ..any }),
        watch("sure", EventOnly { verify: Some(false), ..any }),
    ];
    let mut detector = detector(watches);
    let now = at("2026-03-01T08:00:00Z");
    let mut told: BTreeMap<String, u32> = BTreeMap::new();
    // Three hours in which more and more speak of it, and twelve in which few still do.
    let rises = |n: u32| now + MINUTE * 3 * (3_600.0 * f64::from(n) / 64.0).sqrt() as u32;
    let posts =
        (0..64).map(|n| (n, rises(n))).chain((0..24).map(|n| (100 + n, now + MINUTE * (200 + 30 * n))));
    let posts = posts.map(|(n, at)| {
        let text = "泰和路塌陷了，车都绕着走";
        let said = Draft { text, category: Category::Traffic, place: Some("泰和路"), ..Draft::new(n, at) };
        Draft { grade: Some(Grade::Blue), ..said }.assessed()
    });
    for (post, sequence) in posts.zip(1..) {
        for signal in detector.observe(&post, sequence).signals {
            let Measure::Event { voices, .. } = signal.measure else { panic!("{signal:?}") };
            told.entry(signal.watch).or_insert(voices);
        }
    }
    assert_eq!(told.get("any"), Some(&1), "{told:?}");
    assert_eq!(told.get("large"), Some(&20), "{told:?}");
    assert!(told["rising"] < 20 && told["falling"] > 20, "{told:?}");
    assert!(told["fast"] > 3, "a young one tells no time: {told:?}");
    assert_eq!(told.contains_key("doubtful"), !told.contains_key("sure"), "{told:?}");
}

#[test]
fn what_need_not_be_answered_and_what_is_long_past_raises_no_topic() {
    let (mut detector, now) = quiet_town(vec![rising()]);
    for post in burst(now, 30, None) {
        assert_eq!(detector.observe(&post, 7).signals, [], "half the town is glad");
    }
    let (mut detector, now) = quiet_town(vec![rising()]);
    for mut post in burst(now, 30, Some(Grade::Yellow)) {
        let mut said = (*post.post).clone();
        said.captured_at += MINUTE * 60 * 30;
        post.post = said.into();
        assert_eq!(detector.observe(&post, 7).signals, [], "captured a day later");
    }
}

#[test]
fn a_restart_in_the_middle_of_a_burst_tells_it_once_and_under_the_same_name() {
    let (mut whole, now) = quiet_town(vec![rising()]);
    let posts = burst(now, 40, Some(Grade::Orange));
    let all: Vec<Signal> = posts.iter().flat_map(|post| whole.observe(post, 7).signals).collect();
    assert!(!all.is_empty());
    for cut in [0, 2, 5, 9, 20] {
        let (mut first, _) = quiet_town(vec![rising()]);
        let before = posts[..cut].iter().flat_map(|post| first.observe(post, 7).signals);
        let before: Vec<Signal> = before.collect();
        let bytes = postcard::to_stdvec(first.state()).unwrap();
        let state: DetectorState = postcard::from_bytes(&bytes).unwrap();
        assert!(state.fits(&small()) && !state.fits(&DetectConfig::default()));
        let mut second = Detector::restore(small(), vec![rising()], BTreeMap::new(), state);
        let after = posts[cut..].iter().flat_map(|post| second.observe(post, 7).signals);
        assert_eq!(before.into_iter().chain(after).collect::<Vec<_>>(), all, "cut after {cut}");
    }
}

proptest! {
    /// From a snapshot taken anywhere, the rest of the posts gives the same signals as without the break.
    #[test]
    fn a_snapshot_goes_on_as_if_nothing_had_happened(
        minutes in prop::collection::vec((0u32..4000, 0usize..6), 1..60), cut in 0usize..60,
    ) {
        let start = at("2026-03-01T08:00:00Z");
        let captured = start + MINUTE * 1500;
        let authors = ["a", "b", "c", "d", "e", "f"];
        let posts: Vec<AssessedPost> = minutes.iter().enumerate().map(|(n, &(minute, author))| {
            let published = start + MINUTE * minute;
            let grade = Some(Grade::ALL[n % 4]);
            let captured = captured.max(published);
            Draft { author: Some(authors[author]), grade, captured, ..Draft::new(n as u32, published) }.assessed()
        }).collect();
        let cut = cut.min(posts.len());
        let watches = vec![grave(), three_voices()];
        let mut whole = detector(watches.clone());
        let all: Vec<Signal> = posts.iter().flat_map(|post| whole.observe(post, 0).signals).collect();
        let mut first = detector(watches.clone());
        let mut parts: Vec<Signal> = posts[..cut].iter().flat_map(|post| first.observe(post, 0).signals).collect();
        let bytes = postcard::to_stdvec(first.state()).unwrap();
        let state = postcard::from_bytes(&bytes).unwrap();
        let mut second = Detector::restore(small(), watches, BTreeMap::new(), state);
        parts.extend(posts[cut..].iter().flat_map(|post| second.observe(post, 0).signals));
        prop_assert_eq!(&all, &parts);
        let mut ids: Vec<SignalId> = all.iter().map(|signal| signal.id).collect();
        ids.sort();
        ids.dedup();
        prop_assert_eq!(ids.len(), all.len());
        prop_assert!(all.iter().all(|signal| signal.evidence.len() <= Signal::EVIDENCE));
    }
}
