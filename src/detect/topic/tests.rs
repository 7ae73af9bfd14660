//! Streams of made talk through the tracker: what is told of them, and what must not be.

use std::time::{Duration, Instant};

use super::{Kind, Level, Rising, Said, TopicConfig, Topics, Word};

/// Monday 2 March 2026, 00:00 in Beijing.
const BEGIN: u32 = 1_772_380_800;
const DAY: u32 = 86_400;
/// A post of the background comes so often, in seconds: 200 a day.
const OFTEN: u32 = 432;

/// Small tables: tests make many.
fn small() -> TopicConfig {
    TopicConfig {
        max_keys: 8_192,
        baseline_cells: 1 << 15,
        doorkeeper_cells: 1 << 15,
        max_slots: 4_096,
        max_posts: 4_096,
        ..TopicConfig::default()
    }
}

fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// A town that talks, and what was told of it.
struct Town {
    topics: Topics,
    posts: u64,
    told: Vec<Rising>,
}

/// How a wording is to another: its own, or the n-th variant of a shared one.
#[derive(Clone, Copy)]
enum Wording {
    Own,
    Near(u64),
}

impl Town {
    fn new(config: TopicConfig) -> Self {
        Self { topics: Topics::new(config), posts: 0, told: Vec::new() }
    }

    fn says(&mut self, at: u32, voice: u64, words: &[&str], wording: Wording) {
        self.posts += 1;
        let own = mix(self.posts ^ 0x5151_0000);
        let (copy, sketch, root) = match wording {
            Wording::Own => (own, mix(own), own),
            Wording::Near(variant) => (own, 0x0f0f ^ (1 << (variant % 5)), 77),
        };
        let bands: Vec<u64> = (0..8).map(|band| mix(root ^ mix(band + 1))).collect();
        let said = Said {
            at,
            post: self.posts,
            voice: mix(voice + 1),
            named: true,
            copy,
            sketch,
            bands: &bands,
            short: false,
            words: words.iter().map(|text| Word { text, kind: Kind::Word }).collect(),
            grade: 0,
        };
        self.told.extend(self.topics.observe(&said).filter(|rising| rising.news));
    }

    /// Everyday talk: each post of a writer and a wording of its own.
    fn everyday(&mut self, from: u32, until: u32) {
        for at in (from..until).step_by(OFTEN as usize) {
            let words: Vec<String> =
                (0..4).map(|n| format!("闲话{}", mix(u64::from(at) * 4 + n) % 300)).collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            self.says(at, u64::from(at), &words, Wording::Own);
        }
    }

    /// Twelve voices within half an hour, with the everyday talk going on.
    fn burst(&mut self, from: u32, words: &[&str]) {
        for voice in 0..12 {
            let at = from + voice * 150;
            self.says(at, 1_000 + u64::from(voice), words, Wording::Own);
            if voice % 3 == 0 {
                self.everyday(at, at + 1);
            }
        }
    }

    fn alarms(&self) -> Vec<String> {
        let alarms = self.told.iter().filter(|rising| rising.level == Level::Alarm);
        alarms.map(|rising| super::term(&rising.words)).collect()
    }
}

/// A town after three quiet days, at ten in the morning.
fn quiet_town() -> (Town, u32) {
    let mut town = Town::new(small());
    let now = BEGIN + 3 * DAY + 10 * 3_600;
    town.everyday(BEGIN, now);
    assert_eq!(town.told, [], "nothing rose in three quiet days");
    (town, now)
}

#[test]
fn a_burst_of_twelve_voices_is_told_once() {
    let (mut town, now) = quiet_town();
    town.burst(now, &["泰和路", "塌陷"]);
    town.everyday(now + 1_800, now + DAY);
    let alarms = town.alarms();
    assert_eq!(alarms.len(), 1, "{alarms:?}");
    assert!(alarms[0].contains("泰和路") && alarms[0].contains("塌陷"), "{alarms:?}");
    let alarm = town.told.iter().find(|rising| rising.level == Level::Alarm).unwrap();
    assert!((5..=12).contains(&alarm.voices), "{alarm:?}");
    assert!(alarm.expected < 0.5 && alarm.significance > 4.0 && alarm.named, "{alarm:?}");
    assert!(alarm.why.starts_with("过去") && alarm.why.contains(&format!("{}人提到", alarm.voices)));
    assert_eq!(town.topics.active(), 0, "it is over after six quiet hours");
}

#[test]
fn one_writer_and_repeated_texts_raise_nothing() {
    type Of = fn(u32) -> (u64, Wording);
    let cases: [(&str, Of); 3] = [
        ("one writer, forty posts of different words", |_| (1, Wording::Own)),
        ("three writers, near copies", |n| (u64::from(n % 3), Wording::Near(u64::from(n)))),
        ("forty writers, near copies", |n| (u64::from(n), Wording::Near(u64::from(n)))),
    ];
    for (name, of) in cases {
        let (mut town, now) = quiet_town();
        for n in 0..40 {
            let (voice, wording) = of(n);
            town.says(now + n * 30, 5_000 + voice, &["换购", "礼包"], wording);
        }
        assert_eq!(town.told, [], "{name}");
    }
}

#[test]
fn a_flood_is_counted() {
    let (mut town, now) = quiet_town();
    for n in 0..40 {
        town.says(now + n * 10, u64::from(n % 3), &["换购"], Wording::Near(u64::from(n)));
    }
    let counters = town.topics.counters();
    assert_eq!((counters.copies, counters.floods), (39, 1));
}

#[test]
fn nothing_is_told_of_the_first_day() {
    let mut town = Town::new(small());
    town.everyday(BEGIN, BEGIN + 5 * 3_600);
    town.burst(BEGIN + 5 * 3_600, &["泰和路", "塌陷"]);
    town.everyday(BEGIN + 5 * 3_600 + 1_800, BEGIN + 2 * DAY);
    assert_eq!(town.told, []);
}

#[test]
fn a_restored_state_goes_on_as_if_it_had_never_stopped() {
    let (mut unbroken, now) = quiet_town();
    let (mut restored, _) = quiet_town();
    for town in [&mut unbroken, &mut restored] {
        for voice in 0..3 {
            town.says(now + voice, u64::from(voice), &["泰和路", "塌陷"], Wording::Own);
        }
    }
    let state = postcard::to_stdvec(&restored.topics).unwrap();
    restored.topics = postcard::from_bytes(&state).unwrap();
    assert_eq!(restored.topics, unbroken.topics);
    for town in [&mut unbroken, &mut restored] {
        town.burst(now + 60, &["泰和路", "塌陷"]);
        town.everyday(now + 2_000, now + DAY);
        town.burst(now + DAY, &["停水", "望江花园"]);
    }
    assert_eq!(unbroken.alarms().len(), 2, "{:?}", unbroken.alarms());
    assert_eq!(restored.told, unbroken.told);
    assert_eq!(restored.topics, unbroken.topics);
}

#[test]
fn tables_stay_within_their_bounds() {
    let config =
        TopicConfig { max_keys: 1_024, max_slots: 1_024, max_posts: 1_024, max_topics: 2, ..small() };
    let mut town = Town::new(config);
    for n in 0..2_000_u32 {
        let words: Vec<String> = (0..8).map(|word| format!("词{}", n * 8 + word)).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        town.says(BEGIN + n * 120, u64::from(n), &words, Wording::Own);
    }
    let now = BEGIN + 2_000 * 120;
    for words in [["泰和路", "塌陷"], ["停水", "望江花园"], ["食堂", "腹泻"], ["欠薪", "工地"]]
    {
        town.burst(now, &words);
        assert!(town.topics.active() <= 2);
    }
    // The keys of one post may come on top: room is made before they are counted.
    let most = (1_024.0 + 8.0 + 28.0) / 1_024.0;
    let fill = town.topics.fill();
    assert!(
        fill.keys <= most && fill.slots <= 1.0 && fill.baseline <= 1.0 && fill.doorkeeper <= 1.0,
        "{fill:?}"
    );
    let counters = town.topics.counters();
    assert!(counters.keys_pushed_out > 0 && counters.topics_pushed_out > 0, "{counters:?}");
}

#[test]
fn late_and_silent_times_are_borne() {
    let (mut town, now) = quiet_town();
    town.says(now, 1, &["现在"], Wording::Own);
    for age in [DAY - 1, DAY - 59, DAY - 60, DAY, 9 * DAY] {
        town.says(now - age, u64::from(age), &["迟到"], Wording::Own);
    }
    assert_eq!(town.topics.counters().late, 2);
    let began = Instant::now();
    town.says(now + 3_650 * DAY, 1, &["隔年"], Wording::Own);
    assert!(began.elapsed() < Duration::from_secs(1), "silence is jumped over");
}

#[test]
fn wrong_settings_are_told() {
    assert_eq!(TopicConfig::default().faults(), []);
    let keys = |config: TopicConfig| config.faults().into_iter().map(|(key, _)| key).collect::<Vec<_>>();
    for (config, key) in [
        (TopicConfig { false_alarms_per_day: 0.0, ..small() }, "false_alarms_per_day"),
        (TopicConfig { min_voices: 2, ..small() }, "min_voices"),
        (TopicConfig { quiet: Duration::from_mins(9), ..small() }, "quiet"),
        (TopicConfig { max_keys: 7, ..small() }, "max_keys"),
        (TopicConfig { max_topics: 0, ..small() }, "max_topics"),
    ] {
        assert_eq!(keys(config), [key]);
    }
}
