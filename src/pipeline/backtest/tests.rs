//! Whole comparisons on small invented streams.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::alert::RuleBook;
use crate::assess::AssessConfig;
use crate::assess::evaluation::{Labels, Rung};
use crate::extract::post::Post;
use crate::extract::pushed::read_line;
use crate::lexicon::matcher::Lexicon;
use crate::lexicon::shelf::Shelf;
use crate::source::SourceId;

/// As shipped, and without the words of danger and harm.
static JUDGES: LazyLock<[Arc<Assessor>; 2]> = LazyLock::new(|| {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("dictionaries");
    let shipped = Shelf::read(&dir).expect("the dictionaries are there");
    let mut blind = shipped.clone();
    for name in ["10-safety.tsv", "30-severity.tsv", "31-urgency.tsv"] {
        blind.put(name, b"# owner: x\nterm\tcategory\towner\n".to_vec());
    }
    [shipped, blind].map(|shelf| {
        let today = "2026-03-01".parse().expect("a day");
        let lexicon = Lexicon::compile(&shelf, today).expect("the dictionaries are sound").0;
        Arc::new(Assessor::new(Arc::new(lexicon), AssessConfig::default()))
    })
});

const RULES: &str = "[[rule]]\nname = \"serious\"\nwhen = { post = \"yellow\" }\n";

fn at(time: &str) -> Timestamp {
    time.parse().expect("a time")
}

fn setting(judge: usize, rules: &str) -> Setting {
    let rules = RuleBook::from_toml(rules).expect("sound rules");
    Setting { assessor: Arc::clone(&JUDGES[judge]), rules, names: Names::default() }
}

fn plan(since: Option<Timestamp>) -> Plan {
    let quiet = Duration::from_hours(24);
    Plan { detect: DetectConfig::default(), desk: DeskConfig::default(), since, quiet }
}

fn post(id: &str, text: &str, known: Timestamp) -> Arc<Post> {
    let source = SourceId::new("town").expect("a legal id");
    let line = serde_json::json!({"id": id, "text": text, "published_at": known}).to_string();
    Arc::new(read_line(line.as_bytes(), Some(&source), known).expect("a post").post)
}

type Row = (&'static str, &'static str, &'static str, Option<&'static str>);

/// Id, text, label, time.
const ROWS: [Row; 6] = [
    ("a", "快来人！锦华里4栋着火了，三楼有两个老人被困", "red", Some("2026-03-01T07:00:00+08:00")),
    ("b", "云锦苑停水三天了，老人没法做饭，没人管", "yellow", Some("2026-03-01T09:00:00+08:00")),
    ("c", "今天星期二", "none", Some("2026-03-01T21:00:00+08:00")),
    ("d", "清荷小学食堂吃完午饭，班里7个孩子呕吐送医院", "orange", Some("2026-03-02T12:00:00+08:00")),
    ("e", "快来人！锦华里4栋又着火了，有人被困", "red", Some("2026-03-04T12:00:00+08:00")),
    ("f", "锅炉房爆炸，死了两个人", "red", None),
];

fn run(before: Setting, after: Setting, since: Option<Timestamp>, rows: &[Row]) -> Comparison {
    let judges = [Arc::clone(&before.assessor), Arc::clone(&after.assessor)];
    let mut running = Backtest::new(before, after, plan(since));
    for (id, text, label, time) in rows {
        let labels = Labels::read(&format!(r#"{{"grade":"{label}"}}"#)).expect("labels");
        let known = time.map(at);
        let post = post(id, text, known.unwrap_or_else(|| at("2026-03-01T00:00:00+08:00")));
        let [before, after] = judges.clone().map(|judge| judge.assess(Arc::clone(&post)));
        running.take(Trial { id, labels: &labels, at: known, before, after });
    }
    running.finish()
}

#[test]
fn a_change_that_loses_red_posts_says_so_first() {
    let found = run(setting(0, RULES), setting(1, RULES), None, &ROWS);
    let told = |posts: &[MovedPost]| -> Vec<String> {
        posts
            .iter()
            .map(|one| format!("{} {}→{} {}", one.post, one.before.as_str(), one.after.as_str(), one.text))
            .collect()
    };
    insta::assert_snapshot!(told(&found.lost_reds).join("\n"));
    assert!(found.lost_reds.iter().all(|one| one.label == Some(Rung::RED)));
    assert_eq!(told(&found.moved)[..found.lost_reds.len()], told(&found.lost_reds));
    assert_eq!((found.posts, found.untimed, found.days), (6, 1, 4));
    let against = found.labelled.expect("there are labels");
    assert_eq!(against.rows, 6);
    let yellow = against.levels[0];
    assert_eq!((yellow.at_least, yellow.recall[0].of), (Rung::YELLOW, 5));
    assert!(yellow.recall[1].right < yellow.recall[0].right, "{yellow:?}");
}

#[test]
fn incidents_that_would_be_lost_or_gained_are_named() {
    let found = run(setting(0, RULES), setting(1, RULES), None, &ROWS);
    let back = run(setting(1, RULES), setting(0, RULES), None, &ROWS);
    let titles = |told: &[IncidentTold]| told.iter().map(|one| one.title.clone()).collect::<Vec<_>>();
    assert!(!found.lost.is_empty() && found.gained.is_empty(), "{found:?}");
    assert_eq!(titles(&found.lost), titles(&back.gained), "turning the sides turns the comparison");
    assert_eq!(found.changed.len(), back.changed.len());
    let sum = |side: fn(&GradeLoad) -> u64, one: &Comparison| one.alerts.iter().map(side).sum::<u64>();
    assert_eq!(sum(|load| load.before, &found), sum(|load| load.after, &back));
    assert!(sum(|load| load.after, &found) < sum(|load| load.before, &found));
}

#[test]
fn what_is_quiet_for_a_day_counts_as_closed() {
    let found = run(setting(0, RULES), setting(0, RULES), None, &ROWS);
    let fires: u64 = found.alerts.iter().map(|load| load.before).sum();
    // Two fires at one place, three days apart: the second is a matter of its own.
    let once = run(setting(0, RULES), setting(0, RULES), None, &[ROWS[0], ROWS[1], ROWS[3]]);
    assert_eq!(fires, once.alerts.iter().map(|load| load.before).sum::<u64>() + 1);
    assert!(found.gained.is_empty() && found.lost.is_empty() && found.moved.is_empty());
    let nights: Vec<_> = found
        .load
        .iter()
        .filter(|load| load.before.iter().sum::<u64>() > 0)
        .map(|load| (load.day.to_string(), load.shift))
        .collect();
    assert_eq!(
        nights[0],
        ("2026-02-28".to_owned(), Shift::Night),
        "seven in the morning is of the night before"
    );
}

#[test]
fn rules_alone_change_the_load_and_no_grade() {
    let few = "[[rule]]\nname = \"grave\"\nwhen = { post = \"red\" }\n";
    let found = run(setting(0, RULES), setting(0, few), None, &ROWS);
    assert!(found.moved.is_empty() && !found.lost.is_empty(), "{found:?}");
    assert!(found.lost.iter().all(|one| one.excerpt.chars().count() <= 120));
}

#[test]
fn what_was_known_before_is_observed_and_not_counted() {
    let since = at("2026-03-02T00:00:00+08:00");
    let found = run(setting(0, RULES), setting(1, RULES), Some(since), &ROWS);
    assert_eq!((found.posts, found.untimed), (3, 1));
    assert!(found.moved.iter().all(|one| one.at.is_none_or(|at| at >= since)));
    assert!(found.lost.iter().all(|one| one.opened_at >= since));
    assert!(found.load.iter().all(|load| load.day >= jiff::civil::date(2026, 3, 2)));
}

#[test]
fn the_last_text_of_a_post_counts() {
    let rows = [ROWS[0], ("a", "谢谢，火已经扑灭了，没有人受伤", "none", Some("2026-03-01T08:00:00+08:00"))];
    let found = run(setting(0, RULES), setting(1, RULES), None, &rows);
    assert_eq!(found.labelled.map(|against| against.rows), Some(1));
    assert!(found.lost_reds.is_empty());
}

#[test]
fn the_same_posts_give_the_same_comparison() {
    let once = run(setting(0, RULES), setting(1, RULES), None, &ROWS);
    assert_eq!(once, run(setting(0, RULES), setting(1, RULES), None, &ROWS));
    let span = (at("2026-03-01T07:00:00+08:00"), at("2026-03-04T12:00:00+08:00"));
    assert_eq!(once.span, Some(span));
}
