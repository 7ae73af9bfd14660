//! The lint of the labelled posts: every row of its form, with labels that exist, and no row written twice.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use minsheng::lexicon::category::Category;
use serde::Deserialize;

const TRAPS: [&str; 14] = [
    "none",
    "advert",
    "denial",
    "drill",
    "fiction",
    "foreign",
    "hearsay",
    "hypothetical",
    "idiom",
    "negated",
    "old-news",
    "resolved",
    "sarcasm",
    "thanks",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    kind: String,
    title: String,
    text: String,
    category: String,
    department: String,
    grade: String,
    sentiment: String,
    /// Plain chat carries none.
    #[serde(default, rename = "question")]
    _question: Option<bool>,
    places: Vec<String>,
    traps: Vec<String>,
}

/// What is wrong with a row.
fn faults(row: &Row, departments: &BTreeSet<String>) -> Vec<String> {
    let mut faults = Vec::new();
    let mut known = |what: &str, value: &str, holds: bool| {
        if !holds {
            faults.push(format!("{what} `{value}`"));
        }
    };
    known("kind", &row.kind, ["post", "comment", "article"].contains(&row.kind.as_str()));
    let civic = row.category.parse::<Category>().is_ok();
    known("category", &row.category, civic || row.category == "none");
    known("department", &row.department, departments.contains(&row.department) || row.department == "none");
    known("grade", &row.grade, ["none", "blue", "yellow", "orange", "red"].contains(&row.grade.as_str()));
    known("grade without a category", &row.grade, civic || row.grade == "none");
    known("sentiment", &row.sentiment, ["negative", "neutral", "positive"].contains(&row.sentiment.as_str()));
    known("text", &row.text, (4..=500).contains(&row.text.chars().count()));
    known("traps", &row.traps.join(","), !row.traps.is_empty());
    for trap in &row.traps {
        known("trap", trap, TRAPS.contains(&trap.as_str()));
    }
    for place in &row.places {
        known("place", place, row.text.contains(place) || row.title.contains(place));
    }
    faults
}

/// Pairs of characters: two texts that share more than half of them are one text written twice.
fn pairs(text: &str) -> BTreeSet<(char, char)> {
    text.chars().zip(text.chars().skip(1)).collect()
}

#[test]
fn every_labelled_post_keeps_its_form() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sheet = fs::read_to_string(root.join("config/departments.toml")).expect("the departments");
    let departments: BTreeMap<String, toml::Value> = toml::from_str(&sheet).expect("a table");
    let departments: BTreeSet<String> = departments.into_keys().collect();
    let (mut wrong, mut rows) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(root.join("tests/labelled")).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|ending| ending != "jsonl") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("UTF-8");
        for (number, line) in text.lines().enumerate() {
            let place = format!("{}:{}", path.display(), number + 1);
            match serde_json::from_str::<Row>(line) {
                Ok(row) => {
                    wrong.extend(
                        faults(&row, &departments).into_iter().map(|fault| format!("{place}: {fault}")),
                    );
                    rows.push((place, pairs(&row.text)));
                }
                Err(error) => wrong.push(format!("{place}: {error}")),
            }
        }
    }
    assert!(rows.len() >= 3_000, "{} rows are too few", rows.len());
    // A pair of texts that is alike shares most of its rarer pairs: look only at rows that share one.
    let mut holders: BTreeMap<(char, char), Vec<usize>> = BTreeMap::new();
    for (at, (_, pairs)) in rows.iter().enumerate() {
        for pair in pairs {
            holders.entry(*pair).or_default().push(at);
        }
    }
    let rare = holders.values().filter(|holders| (2..=20).contains(&holders.len()));
    let mut near = BTreeSet::new();
    for holders in rare {
        for (place, &one) in holders.iter().enumerate() {
            near.extend(holders[place + 1..].iter().map(|&other| (one, other)));
        }
    }
    for (one, other) in near {
        let shared = rows[one].1.intersection(&rows[other].1).count();
        if 2 * shared > rows[one].1.union(&rows[other].1).count() {
            wrong.push(format!("{} is nearly {}", rows[other].0, rows[one].0));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
