//! Which figures are taken, and over which rows each.

use std::collections::{BTreeMap, BTreeSet};

use super::agreement::{area_under_curve, f1, macro_f1, weighted_kappa};
use super::chance::Measure;
use super::labels::{Matter, NOBODY};
use super::{Judged, Names, Rung};
use crate::assess::{Asking, Mood};
use crate::lexicon::category::Category;
use crate::text::normalize::normalized_text;

/// The class that stands for no service and no department: the last.
const CATEGORIES: usize = Category::ALL.len();

/// One row as wanted and given, in the forms the measures count.
#[derive(Debug, Clone, Default)]
pub(super) struct Outcome {
    /// Grade wanted and given.
    pub(super) grade: Option<(Rung, Rung)>,
    /// Whether the row is a trap.
    pub(super) trap: bool,
    /// Category wanted and given; the last class is none.
    pub(super) category: Option<(usize, usize)>,
    /// Department wanted and given, as classes of [`Target::departments`].
    pub(super) department: Option<(usize, usize)>,
    /// The class of departments that stands for none.
    pub(super) nobody: usize,
    /// Mood wanted and given: negative, neutral, positive.
    pub(super) sentiment: Option<(usize, usize)>,
    /// Whether information is wanted and taken to be asked for.
    pub(super) question: Option<(bool, bool)>,
    /// Places right, wanted and given.
    pub(super) places: Option<(u32, u32, u32)>,
    /// Urgency wanted and the score given.
    pub(super) urgency: Option<(u8, f32)>,
}

/// What the rows of a file are held against as a whole.
pub(super) struct Target<'a> {
    /// Departments that the labels name, and those given, sorted; then `none`.
    pub(super) departments: Vec<String>,
    names: Names<'a>,
    /// Whether any row is labelled neutral. If none is, the labels ask for one of two moods.
    three_moods: bool,
}

impl<'a> Target<'a> {
    pub(super) fn of(judged: &[Judged], names: Names<'a>) -> Self {
        let mut target = Self { departments: Vec::new(), names, three_moods: false };
        let mut departments = BTreeSet::new();
        for one in judged {
            target.three_moods |= one.row.labels.sentiment == Some(Mood::Neutral);
            if let Some(wanted) = &one.row.labels.department {
                departments.insert(target.department(wanted).to_owned());
                departments.extend(one.assessment.department.as_ref().map(|given| given.id.clone()));
            }
        }
        departments.remove(NOBODY);
        target.departments = departments.into_iter().collect();
        target.departments.push(NOBODY.to_owned());
        target
    }

    pub(super) fn outcome(&self, judged: &Judged) -> Outcome {
        let Judged { row, assessment, asking } = judged;
        let labels = &row.labels;
        let given = |id: Option<&str>| {
            self.departments
                .iter()
                .position(|one| Some(one.as_str()) == id)
                .unwrap_or(self.departments.len() - 1)
        };
        Outcome {
            grade: labels.grade.map(|wanted| (wanted, Rung::of(assessment.grade))),
            trap: labels.is_trap(),
            category: labels.category.map(|wanted| {
                let given = assessment.category.as_ref().map_or(Matter::Nobodys, |one| Matter::Of(one.id));
                (class(wanted), class(given))
            }),
            department: labels.department.as_ref().map(|wanted| {
                let chosen = assessment.department.as_ref().map(|one| one.id.as_str());
                (given(Some(self.department(wanted))), given(chosen))
            }),
            nobody: self.departments.len() - 1,
            sentiment: labels.sentiment.map(|wanted| (mood(wanted), mood(self.mood_of(judged)))),
            question: labels.question.map(|wanted| (wanted, *asking == Asking::Information)),
            places: labels.places.as_ref().and_then(|wanted| self.places(wanted, &assessment.places)),
            urgency: labels.urgency.map(|wanted| (wanted, assessment.sensitivity)),
        }
    }

    /// The mood given: where only glad and angry are asked for, the side of nought the score lies on.
    pub(super) fn mood_of(&self, judged: &Judged) -> Mood {
        let given = judged.assessment.sentiment;
        match (self.three_moods, given.score) {
            (true, _) => given.label,
            (false, score) if score < 0.0 => Mood::Negative,
            (false, score) if score > 0.0 => Mood::Positive,
            (false, _) => Mood::Neutral,
        }
    }

    fn department<'b>(&'b self, name: &'b str) -> &'b str {
        self.names.departments.and_then(|ids| ids.get(name)).map_or(name, String::as_str)
    }

    fn places(&self, wanted: &[String], given: &[String]) -> Option<(u32, u32, u32)> {
        let known: &BTreeMap<String, String> = self.names.places?;
        let canonical = |names: &[String]| -> BTreeSet<&str> {
            names.iter().filter_map(|name| known.get(&normalized_text(name))).map(String::as_str).collect()
        };
        let (wanted, given) = (canonical(wanted), canonical(given));
        Some((wanted.intersection(&given).count() as u32, wanted.len() as u32, given.len() as u32))
    }
}

fn class(matter: Matter) -> usize {
    match matter {
        Matter::Of(category) => {
            Category::ALL.iter().position(|&one| one == category).expect("ALL lists every variant")
        }
        Matter::Nobodys => CATEGORIES,
    }
}

fn mood(mood: Mood) -> usize {
    match mood {
        Mood::Negative => 0,
        Mood::Neutral => 1,
        Mood::Positive => 2,
    }
}

type Taken = Option<(f64, usize)>;

/// Every figure, in the order of the report.
#[rustfmt::skip]
pub(super) const MEASURES: &[Measure<Outcome>] = &[
    Measure { id: "grade_exact", name: "等级一致", lower_is_better: false, take: |rows| share(grades(rows), |(wanted, given)| wanted == given) },
    Measure { id: "grade_within_one", name: "等级相差不超过一级", lower_is_better: false, take: |rows| share(grades(rows), |(wanted, given)| wanted.distance(given) <= 1) },
    Measure { id: "grade_kappa", name: "等级二次加权 κ", lower_is_better: false, take: kappa },
    Measure { id: "red_as_red", name: "红色帖判为红", lower_is_better: false, take: |rows| share(reds(rows), |given| given == Rung::RED) },
    Measure { id: "red_as_orange_or_red", name: "红色帖判为橙或红", lower_is_better: false, take: |rows| share(reds(rows), |given| given >= Rung::ORANGE) },
    Measure { id: "trap_alarms", name: "陷阱误报（判为黄及以上）", lower_is_better: true, take: trap_alarms },
    Measure { id: "category_f1", name: "事项类别 F1（应处理的帖）", lower_is_better: false, take: |rows| classes(rows, |row| row.category.filter(|_| row.is_matter()), CATEGORIES) },
    Measure { id: "category_f1_all", name: "事项类别 F1（全部，含“无”）", lower_is_better: false, take: |rows| classes(rows, |row| row.category, CATEGORIES + 1) },
    Measure { id: "department_f1", name: "责任部门 F1", lower_is_better: false, take: departments },
    Measure { id: "sentiment_accuracy", name: "情绪一致", lower_is_better: false, take: |rows| share(rows.iter().filter_map(|row| row.sentiment), |(wanted, given)| wanted == given) },
    Measure { id: "sentiment_f1", name: "情绪 F1", lower_is_better: false, take: |rows| classes(rows, |row| row.sentiment, 3) },
    Measure { id: "question_f1", name: "提问 F1", lower_is_better: false, take: |rows| yes(rows.iter().filter_map(|row| row.question)) },
    Measure { id: "places_f1", name: "地点 F1", lower_is_better: false, take: places },
    Measure { id: "urgency_auc_2", name: "紧急程度 AUC（2 及以上）", lower_is_better: false, take: |rows| curve(rows, 2) },
    Measure { id: "urgency_auc_1", name: "紧急程度 AUC（1 及以上）", lower_is_better: false, take: |rows| curve(rows, 1) },
];

impl Outcome {
    /// Whether the row is a matter for the desk; rows without a grade are, by their category.
    fn is_matter(&self) -> bool {
        match (self.grade, self.category) {
            (Some((wanted, _)), _) => wanted > Rung::NONE,
            (None, Some((wanted, _))) => wanted < CATEGORIES,
            (None, None) => false,
        }
    }
}

fn grades(rows: &[&Outcome]) -> impl Iterator<Item = (Rung, Rung)> {
    rows.iter().filter_map(|row| row.grade)
}

fn reds(rows: &[&Outcome]) -> impl Iterator<Item = Rung> {
    grades(rows).filter(|(wanted, _)| *wanted == Rung::RED).map(|(_, given)| given)
}

fn share<T>(items: impl Iterator<Item = T>, right: impl Fn(T) -> bool) -> Taken {
    let (mut all, mut good) = (0_usize, 0_usize);
    for item in items {
        all += 1;
        good += usize::from(right(item));
    }
    (all > 0).then(|| (good as f64 / all as f64, all))
}

fn kappa(rows: &[&Outcome]) -> Taken {
    let pairs: Vec<_> = grades(rows).map(|(wanted, given)| (wanted.step(), given.step())).collect();
    Some((weighted_kappa(&pairs, Rung::ALL.len())?, pairs.len()))
}

fn trap_alarms(rows: &[&Outcome]) -> Taken {
    let traps = rows.iter().filter(|row| row.trap).filter_map(|row| row.grade);
    share(traps, |(_, given)| given >= Rung::YELLOW)
}

fn classes(rows: &[&Outcome], pair: impl Fn(&Outcome) -> Option<(usize, usize)>, classes: usize) -> Taken {
    let pairs: Vec<_> = rows.iter().filter_map(|row| pair(row)).collect();
    Some((macro_f1(&pairs, classes)?, pairs.len()))
}

/// Over the departments wanted; an abstention where one is wanted is a miss of that department.
fn departments(rows: &[&Outcome]) -> Taken {
    let pairs: Vec<_> = rows.iter().filter_map(|row| row.department).collect();
    let nobody = rows.first()?.nobody;
    let wanted = pairs.iter().filter(|(wanted, _)| *wanted != nobody).count();
    Some((macro_f1(&pairs, nobody)?, wanted))
}

fn yes(pairs: impl Iterator<Item = (bool, bool)>) -> Taken {
    let pairs: Vec<_> = pairs.collect();
    Some((f1(pairs.iter().copied())?, pairs.len()))
}

fn places(rows: &[&Outcome]) -> Taken {
    let (mut right, mut both, mut of) = (0, 0, 0);
    for (found, wanted, given) in rows.iter().filter_map(|row| row.places) {
        right += found;
        both += wanted + given;
        of += 1;
    }
    (both > 0).then(|| (2.0 * f64::from(right) / f64::from(both), of))
}

fn curve(rows: &[&Outcome], least: u8) -> Taken {
    let scores: Vec<_> =
        rows.iter().filter_map(|row| row.urgency).map(|(wanted, score)| (wanted >= least, score)).collect();
    Some((area_under_curve(&scores)?, scores.len()))
}
