//! How well judgements agree with what people say of the same posts.
//!
//! [`Labelled`] is a row of a file that people labelled, [`evaluate`] holds the assessments of many rows
//! against their labels and gives [`Figure`]s, each with the interval in which it would mostly lie if
//! other posts of the same kind had been drawn, tables of what is taken for what, and the worst misses
//! with the explanation the desk would have read. A row need not carry every label: each figure is taken
//! over the rows that carry its own.
//!
//! Pure: the same rows and assessments give the same figures, the intervals included.

mod agreement;
mod chance;
mod costs;
mod figures;
mod labels;
mod miss;
mod row;
mod rung;
mod threads;

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Asking, Assessment};
use crate::lexicon::category::Category;

pub use agreement::{Confusion, Found};
pub use chance::Figure;
pub use costs::Threshold;
pub use labels::{BadRow, Labelled, Labels, Matter, NOBODY, read_grade, read_matter, read_mood};
pub use miss::Miss;
pub use row::Row;
pub use rung::Rung;
pub use threads::{ThreadEvaluation, ThreadMiss, evaluate_threads};

use chance::measured;
use figures::{MEASURES, Outcome, Target};

/// A labelled row with the judgement on it.
#[derive(Debug, Clone)]
pub struct Judged {
    /// What people say.
    pub row: Labelled,
    /// What we say.
    pub assessment: Assessment,
    /// What we take it to ask for.
    pub asking: Asking,
}

/// What an evaluation needs to know beside the rows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Names<'a> {
    /// Canonical names of the places that labels may name, by every name they go by, normalised. A place
    /// outside the list is neither asked for nor held against us; an empty list leaves places alone.
    pub places: Option<&'a BTreeMap<String, String>>,
    /// Ids of departments by the names people give them.
    pub departments: Option<&'a BTreeMap<String, String>>,
}

/// How well judgements agree with labels.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// Rows held against their labels.
    pub rows: usize,
    /// The figures that the labels allow.
    pub figures: Vec<Figure>,
    /// Rows labelled as nothing for the desk that carry a misleading signal, by signal.
    pub traps: Vec<Trap>,
    /// Where grades should begin by what mistakes cost; empty where too few rows are labelled.
    pub thresholds: Vec<Threshold>,
    /// Which grade is taken for which.
    pub grades: Option<Confusion>,
    /// Which category is taken for which, over all rows.
    pub categories: Option<Confusion>,
    /// Which department is taken for which.
    pub departments: Option<Confusion>,
    /// Which mood is taken for which.
    pub sentiments: Option<Confusion>,
    /// The worst misses, worst first.
    pub misses: Vec<Miss>,
    /// How the questions of threads are followed, where threads were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<ThreadEvaluation>,
}

/// What one misleading signal does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trap {
    /// Its name in the labels.
    pub name: String,
    /// Rows labelled as nothing for the desk that carry it.
    pub rows: usize,
    /// Those given yellow or higher.
    pub alarms: usize,
}

/// Holds judgements against labels; at most `misses` of the misses are kept.
pub fn evaluate(judged: &[Judged], names: Names<'_>, misses: usize) -> Evaluation {
    let target = Target::of(judged, names);
    let outcomes: Vec<Outcome> = judged.iter().map(|one| target.outcome(one)).collect();
    let table = |pairs: &dyn Fn(&Outcome) -> Option<(usize, usize)>, names: Vec<String>| {
        let pairs: Vec<_> = outcomes.iter().filter_map(pairs).collect();
        (!pairs.is_empty()).then(|| Confusion::of(names, pairs))
    };
    let mut categories: Vec<String> = Category::ALL.iter().map(|category| category.id().to_owned()).collect();
    categories.push("none".to_owned());
    let moods = ["negative", "neutral", "positive"].map(str::to_owned).to_vec();
    Evaluation {
        rows: judged.len(),
        figures: measured(&outcomes, MEASURES),
        traps: traps(judged),
        thresholds: costs::thresholds(judged),
        grades: table(
            &|outcome| outcome.grade.map(|(wanted, given)| (wanted.step(), given.step())),
            Rung::ALL.iter().map(|rung| rung.as_str().to_owned()).collect(),
        ),
        categories: table(&|outcome| outcome.category, categories),
        departments: table(&|outcome| outcome.department, target.departments.clone()),
        sentiments: table(&|outcome| outcome.sentiment, moods),
        misses: miss::worst(judged, &outcomes, misses),
        threads: None,
    }
}

fn traps(judged: &[Judged]) -> Vec<Trap> {
    let mut found: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for one in judged.iter().filter(|one| one.row.labels.is_trap()) {
        let alarm = Rung::of(one.assessment.grade) >= Rung::YELLOW;
        for name in &one.row.labels.traps {
            let counts = found.entry(name).or_default();
            counts.0 += 1;
            counts.1 += usize::from(alarm);
        }
    }
    let mut traps: Vec<Trap> = found
        .into_iter()
        .map(|(name, (rows, alarms))| Trap { name: name.to_owned(), rows, alarms })
        .collect();
    traps.sort_by_key(|trap| std::cmp::Reverse((trap.alarms, trap.rows)));
    traps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::fixture::assessor;
    use std::sync::Arc;

    fn judged(rows: &[&str]) -> Vec<Judged> {
        let now = "2026-03-01T00:00:00Z".parse().expect("a time");
        let judge = |line: &&str| {
            let row = Labelled::read(line, now).expect("a row");
            let assessed = assessor().assess(Arc::new(row.post.clone()));
            let asking = assessor().asking(&assessed);
            Judged { row, assessment: assessed.assessment.as_ref().clone(), asking }
        };
        rows.iter().map(judge).collect()
    }

    #[test]
    fn every_figure_is_taken_over_the_rows_that_carry_its_label() {
        let judged = judged(&[
            r#"{"text":"禾川市云锦苑停水两天了，老人没法做饭","grade":"yellow","category":"utilities","department":"水务局","places":["云锦苑"],"sentiment":"negative"}"#,
            r#"{"text":"快来人！锦华里4栋着火了，三楼有两个老人被困","grade":"red","category":"safety","sentiment":"negative"}"#,
            r#"{"text":"今天星期二","grade":"none","category":"none","traps":["idiom"],"sentiment":"neutral"}"#,
            r#"{"text":"快来人！锦华里5栋着火了，三楼有两个老人被困","grade":"none","category":"safety","traps":["drill"]}"#,
            r#"{"text":"天桥突然塌了压住一辆车","urgency":3}"#,
            r#"{"text":"今天星期三","urgency":0}"#,
        ]);
        let places = BTreeMap::from([("云锦苑".to_owned(), "云锦苑".to_owned())]);
        let departments = BTreeMap::from([("水务局".to_owned(), "water".to_owned())]);
        let names = Names { places: Some(&places), departments: Some(&departments) };
        let found = evaluate(&judged, names, 5);
        let of: Vec<String> =
            found.figures.iter().map(|one| format!("{} {:.2} of {}", one.id, one.value, one.of)).collect();
        insta::assert_snapshot!(of.join("\n"), @r"
        grade_exact 0.75 of 4
        grade_within_one 0.75 of 4
        grade_kappa 0.38 of 4
        red_as_red 1.00 of 1
        red_as_orange_or_red 1.00 of 1
        trap_alarms 0.50 of 2
        category_f1 1.00 of 2
        category_f1_all 1.00 of 4
        department_f1 1.00 of 1
        sentiment_accuracy 1.00 of 3
        sentiment_f1 1.00 of 3
        places_f1 1.00 of 1
        urgency_auc_2 1.00 of 2
        urgency_auc_1 1.00 of 2
        ");
        assert_eq!(found.traps[0], Trap { name: "drill".into(), rows: 1, alarms: 1 });
        assert_eq!((found.misses.len(), found.misses[0].steps), (1, 4));
        assert_eq!(evaluate(&judged, names, 5), found, "the same rows give the same figures");
    }

    #[test]
    fn labels_of_two_moods_ask_for_one_of_two() {
        let two = judged(&[r#"{"text":"今天星期二","label":"neg"}"#, r#"{"text":"服务很好","label":"pos"}"#]);
        let three =
            judged(&[r#"{"text":"有点失望","label":"neg"}"#, r#"{"text":"今天星期二","label":"neu"}"#]);
        let accuracy = |rows: &[Judged]| {
            let found = evaluate(rows, Names::default(), 0).figures;
            found.iter().find(|one| one.id == "sentiment_accuracy").map(|one| one.value)
        };
        assert_eq!((accuracy(&two), accuracy(&three)), (Some(0.5), Some(1.0)));
    }

    #[test]
    fn misses_come_worst_first_and_mask_private_data() {
        let judged = judged(&[
            r#"{"id":"a","text":"今天星期二","grade":"blue"}"#,
            r#"{"id":"b","text":"今天星期二，电话13800138000","grade":"red"}"#,
            r#"{"id":"c","text":"快来人！着火了，有两个老人被困","grade":"none"}"#,
        ]);
        let found = evaluate(&judged, Names::default(), 2);
        let told: Vec<_> = found.misses.iter().map(|miss| (miss.id.as_str(), miss.steps)).collect();
        assert_eq!(told, [("b", -4), ("c", 4)]);
        assert!(!found.misses[0].text.contains("13800138000"), "{}", found.misses[0].text);
    }

    #[test]
    fn no_rows_are_no_evaluation_but_no_fault() {
        let found = evaluate(&[], Names::default(), 5);
        assert_eq!((found.rows, found.figures.len(), found.grades), (0, 0, None));
    }
}
