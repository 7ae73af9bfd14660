//! The three pages of the workbench, as people read them.

use super::{backtest, stats, suggest};
use crate::assess::Grade;
use crate::assess::evaluation::{Confusion, Rung};
use crate::assess::workbench::Share;
use crate::assess::workbench::stats::{DictionaryStats, RowStats};
use crate::assess::workbench::suggest::{Cohesion, Form, PointsTo, Suggestion, Suggestions};
use crate::lexicon::categories::Categories;
use crate::lexicon::category::Category;
use crate::lexicon::kind::{Kind, Mode};
use crate::pipeline::backtest::{
    Against, ChangedIncident, Comparison, DayLoad, GradeLoad, IncidentTold, Level, MovedPost, Shift,
};
use crate::report::table::Ink;

fn at(time: &str) -> jiff::Timestamp {
    time.parse().expect("a time")
}

fn share(right: u64, of: u64) -> Share {
    Share { right, of }
}

fn row(term: &str, line: u32, kind: Kind, hits: (u64, u64), right: Share) -> RowStats {
    RowStats {
        dictionary: if kind == Kind::Topic { "16-utilities" } else { "44-negator" }.to_owned(),
        line,
        term: term.to_owned(),
        category: if kind == Kind::Topic { "utilities" } else { "-" }.to_owned(),
        kind,
        mode: Mode::Sub,
        weight: 14.0,
        hits: hits.0,
        asserted: hits.1,
        posts: hits.0,
        right,
        instead: Vec::new(),
        adds_nothing_beside: None,
        asleep: false,
    }
}

fn statistics() -> DictionaryStats {
    let wrong = RowStats {
        instead: vec![("housing".to_owned(), 9), ("none".to_owned(), 7)],
        ..row("下水", 5, Kind::Topic, (22, 20), share(3, 20))
    };
    let beside = RowStats {
        adds_nothing_beside: Some("16-utilities.tsv:9 停水".to_owned()),
        ..row("没水压", 7, Kind::Topic, (4, 4), share(4, 4))
    };
    let asleep = RowStats { asleep: true, ..row("暖气+不热", 8, Kind::Topic, (0, 0), Share::default()) };
    let rows = vec![
        wrong,
        beside,
        asleep,
        row("停水", 9, Kind::Topic, (31, 28), share(24, 28)),
        row("水表+倒转", 10, Kind::Topic, (0, 0), Share::default()),
        row("没有", 3, Kind::Negator, (40, 40), Share::default()),
    ];
    DictionaryStats { posts: 90, labelled: 60, rows }
}

#[test]
fn statistics_tell_first_what_to_look_at() {
    let (counted, categories) = (statistics(), Categories::default());
    let shown = stats::Shown {
        stats: &counted,
        posts: "labels.jsonl".into(),
        dictionary: "c946c99617b5".into(),
        categories: &categories,
        all_of: None,
        worst: 20,
    };
    insta::assert_snapshot!(shown.text(Ink::Plain));
    let cut = stats::Shown { worst: 0, ..shown }.text(Ink::Plain);
    assert!(cut.contains("另有 1 行（--worst）"), "{cut}");
}

#[test]
fn statistics_of_one_dictionary_list_every_row() {
    let (mut counted, categories) = (statistics(), Categories::default());
    counted.rows.retain(|row| row.dictionary == "16-utilities");
    let shown = stats::Shown {
        stats: &counted,
        posts: "labels.jsonl".into(),
        dictionary: "c946c99617b5".into(),
        categories: &categories,
        all_of: Some("16-utilities".into()),
        worst: 20,
    };
    insta::assert_snapshot!(shown.text(Ink::Plain));
}

#[test]
fn suggestions_show_examples_and_rows_to_paste() {
    let word = |term: &str, form, points_to, posts, told| Suggestion {
        term: term.to_owned(),
        form,
        points_to,
        posts,
        lean: 2.8,
        cohesion: (form == Form::New).then_some(Cohesion { within: 7.0, left: 2.0, right: 2.5 }),
        told,
        examples: vec![format!("…路口{term}\u{1b}[31m排队"), format!("又见{term}…")],
        row: format!("{term}\ttraffic\t\t\t\t\t\t\t\t\t待定\t候选：9帖中8帖"),
    };
    let matter = PointsTo::Matter(Category::Traffic);
    let found = Suggestions {
        posts: 480,
        copies: 20,
        labelled: 90,
        names_left_out: 12,
        institutions_left_out: 3,
        pointless: 7,
        words: vec![
            word("集卡", Form::New, matter, share(8, 9), false),
            word("匝道+排队", Form::Pair, matter, share(6, 6), true),
            word("菜刀", Form::Word, PointsTo::Grave, share(7, 8), true),
        ],
    };
    let categories = Categories::default();
    let shown = suggest::Shown { found: &found, posts: "labels.jsonl".into(), categories: &categories };
    let text = shown.text(Ink::Plain);
    assert!(!text.contains('\u{1b}'), "what the public wrote says nothing to the terminal");
    insta::assert_snapshot!(text);
    let none = Suggestions { words: Vec::new(), labelled: 0, pointless: 0, ..found };
    let shown = suggest::Shown { found: &none, posts: "labels.jsonl".into(), categories: &categories };
    insta::assert_snapshot!(shown.text(Ink::Plain));
}

fn moved(post: &str, before: Rung, after: Rung, label: Option<Rung>) -> MovedPost {
    MovedPost {
        post: post.to_owned(),
        at: Some(at("2026-03-01T08:00:00+08:00")),
        before,
        after,
        label,
        text: "三号楼着火了，有两个老人被困".to_owned(),
        why: "蓝：公共安全类".to_owned(),
        why_before: "红：公共安全类；被困".to_owned(),
    }
}

fn incident(title: &str, grade: Grade) -> IncidentTold {
    IncidentTold {
        title: title.to_owned(),
        grade,
        opened_at: at("2026-03-01T08:00:00+08:00"),
        posts: 3,
        post: "https://forum.example/t/1".to_owned(),
        excerpt: "三号楼着火了，有两个老人被困".to_owned(),
    }
}

fn comparison() -> Comparison {
    let lost = moved("https://forum.example/t/1", Rung::RED, Rung::of(Some(Grade::Blue)), Some(Rung::RED));
    let day = "2026-03-01".parse().expect("a day");
    let load = |shift, before, after| DayLoad { day, shift, before, after };
    let alerts = |grade, before, after| GradeLoad { grade, before, after };
    let table = |red: u32, blue: u32| Confusion {
        names: Rung::ALL.map(|rung| rung.as_str().to_owned()).to_vec(),
        cells: vec![
            vec![30, 2, 1, 0, 0],
            vec![0; 5],
            vec![0, 0, 4, 0, 0],
            vec![0; 5],
            vec![0, blue, 0, 0, red],
        ],
    };
    let level = |at_least, precision, recall| Level { at_least, precision, recall };
    Comparison {
        posts: 39,
        untimed: 1,
        span: Some((at("2026-03-01T07:00:00+08:00"), at("2026-03-01T22:00:00+08:00"))),
        days: 1,
        lost_reds: vec![lost.clone()],
        alerts: vec![
            alerts(Grade::Red, 2, 1),
            alerts(Grade::Orange, 0, 0),
            alerts(Grade::Yellow, 3, 4),
            alerts(Grade::Blue, 0, 0),
        ],
        load: vec![
            load(Shift::Day, [0, 2, 0, 2], [0, 3, 0, 1]),
            load(Shift::Night, [0, 1, 0, 0], [0, 1, 0, 0]),
        ],
        gained: vec![incident("锦华里 · 公用事业 · 停水", Grade::Yellow)],
        lost: vec![incident("锦华里 · 公共安全 · 着火", Grade::Red)],
        changed: vec![ChangedIncident {
            before: Grade::Yellow,
            incident: incident("云锦苑 · 住房 · 漏水", Grade::Orange),
        }],
        moved: vec![lost, moved("p-7", Rung::NONE, Rung::YELLOW, None)],
        recategorised: 2,
        labelled: Some(Against {
            rows: 39,
            before: table(2, 0),
            after: table(1, 1),
            levels: vec![
                level(Rung::YELLOW, [share(6, 7), share(5, 6)], [share(6, 6), share(5, 6)]),
                level(Rung::RED, [share(2, 2), share(1, 1)], [share(2, 2), share(1, 2)]),
            ],
        }),
    }
}

fn versions() -> [backtest::Version; 2] {
    ["c946c99617b5", "0a1b2c3d4e5f"]
        .map(|dictionary| backtest::Version { dictionary: dictionary.to_owned(), rules: "aaa".to_owned() })
}

#[test]
fn a_comparison_tells_first_what_would_be_lost() {
    let compared = comparison();
    let shown = backtest::Shown {
        compared: &compared,
        posts: "已存帖文 2026-02-01 至2026-03-02".into(),
        versions: versions(),
        weights: Some("weights.toml".into()),
        most: 50,
    };
    insta::assert_snapshot!(shown.text(Ink::Plain));
    let record = serde_json::to_value(shown.record()).expect("a record");
    assert_eq!(record["lost_reds"][0]["after"], "blue");
    assert_eq!((&record["before"]["dictionary"], &record["days"]), (&"c946c99617b5".into(), &1.into()));
    let short = backtest::Shown { most: 0, ..shown }.text(Ink::Plain);
    assert!(short.contains("另有 1 条（--all）"), "{short}");
}

#[test]
fn a_comparison_without_times_or_labels_says_so() {
    let compared = Comparison {
        untimed: 39,
        span: None,
        days: 0,
        lost_reds: Vec::new(),
        moved: Vec::new(),
        labelled: None,
        recategorised: 0,
        ..comparison()
    };
    let shown = backtest::Shown {
        compared: &compared,
        posts: "labels.jsonl".into(),
        versions: versions(),
        weights: None,
        most: 50,
    };
    insta::assert_snapshot!(shown.text(Ink::Plain));
}
