//! How two judgements on one post differ, and how many posts of a sample they differ on.
//!
//! A post has shifted if its grade or its category is another. Why is told by what was found in it before and
//! is not now, or the other way round, and by the lines of the score that came out otherwise.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::assess::evaluation::Rung;
use crate::assess::{Assessment, FactorName, Hit};
use crate::lexicon::category::Category;

/// Shifted posts that are kept to be shown.
const SHOWN: usize = 20;
/// Characters of a text that are shown.
const EXCERPT: usize = 80;

/// What a change does to a sample of posts.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Tally {
    /// Posts judged.
    pub posts: usize,
    /// Posts whose grade or category is another.
    pub shifted: usize,
    /// Posts that became more urgent.
    pub raised: usize,
    /// Posts that became less urgent.
    pub lowered: usize,
    /// Posts whose category is another.
    pub recategorised: usize,
    /// Posts of each grade before: none, blue, yellow, orange, red.
    pub before: [usize; 5],
    /// Posts of each grade after.
    pub after: [usize; 5],
    /// The first that shifted, at most twenty, in the order of the sample.
    pub first: Vec<Shift>,
}

/// How a post shifted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shift {
    /// The post, as its sender knows it.
    pub id: String,
    /// Its first characters.
    pub text: String,
    /// The judgement before.
    pub before: Outcome,
    /// The judgement after.
    pub after: Outcome,
    /// What was found in it before or is now, and is worth something else: the largest difference first.
    pub hits: Vec<Change<HitName>>,
    /// Lines of the score that came out otherwise: the largest difference first.
    pub lines: Vec<Change<FactorName>>,
}

/// What is compared of a judgement.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// The grade: `none`, `blue`, `yellow`, `orange`, `red`.
    #[serde(serialize_with = "word")]
    pub grade: Rung,
    /// The score, 0 to 100.
    pub sensitivity: f32,
    /// The category.
    pub category: Option<Category>,
}

/// Something that is worth another number of points.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change<T> {
    /// What.
    pub what: T,
    /// Its weight before; `None` if it was not there.
    pub before: Option<f32>,
    /// Its weight after.
    pub after: Option<f32>,
}

/// What tells one hit from another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct HitName {
    /// The row's term.
    pub term: String,
    /// Its kind.
    pub kind: String,
    /// Its category, with its part.
    pub category: String,
}

impl Tally {
    /// Counts one more post with its judgements.
    pub fn add(&mut self, id: &str, text: &str, before: &Assessment, after: &Assessment) {
        let (one, other) = (Outcome::of(before), Outcome::of(after));
        self.posts += 1;
        self.before[one.grade.step()] += 1;
        self.after[other.grade.step()] += 1;
        self.raised += usize::from(other.grade > one.grade);
        self.lowered += usize::from(other.grade < one.grade);
        self.recategorised += usize::from(other.category != one.category);
        if (one.grade, one.category) == (other.grade, other.category) {
            return;
        }
        self.shifted += 1;
        if self.first.len() < SHOWN {
            self.first.push(Shift::between(id, text, before, after));
        }
    }
}

impl Shift {
    /// What differs between two judgements on one post.
    pub fn between(id: &str, text: &str, before: &Assessment, after: &Assessment) -> Self {
        let lines = |of: &Assessment| of.factors.iter().map(|line| (line.name, line.points)).collect();
        let hits = |of: &Assessment| of.hits.iter().map(|hit| (HitName::of(hit), hit.weight)).collect();
        Self {
            id: id.to_owned(),
            text: excerpt(text),
            before: Outcome::of(before),
            after: Outcome::of(after),
            hits: changes(&hits(before), &hits(after)),
            lines: changes(&lines(before), &lines(after)),
        }
    }
}

impl Outcome {
    fn of(assessment: &Assessment) -> Self {
        Self {
            grade: Rung::of(assessment.grade),
            sensitivity: assessment.sensitivity,
            category: assessment.category.as_ref().map(|verdict| verdict.id),
        }
    }
}

impl HitName {
    fn of(hit: &Hit) -> Self {
        Self { term: hit.term.clone(), kind: hit.kind.clone(), category: hit.category.clone() }
    }
}

impl<T> Change<T> {
    /// By how much.
    pub fn moved(&self) -> f32 {
        self.after.unwrap_or(0.0) - self.before.unwrap_or(0.0)
    }
}

fn changes<T: Ord + Clone>(before: &BTreeMap<T, f32>, after: &BTreeMap<T, f32>) -> Vec<Change<T>> {
    let names: std::collections::BTreeSet<&T> = before.keys().chain(after.keys()).collect();
    let change = |what: &T| Change {
        what: what.clone(),
        before: before.get(what).copied(),
        after: after.get(what).copied(),
    };
    let mut changes: Vec<Change<T>> =
        names.into_iter().map(change).filter(|change| change.before != change.after).collect();
    changes.sort_by(|one, other| other.moved().abs().total_cmp(&one.moved().abs()));
    changes
}

fn excerpt(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut excerpt: String = line.chars().take(EXCERPT).collect();
    if excerpt.len() < line.len() {
        excerpt.push('…');
    }
    excerpt
}

/// The word of records.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn word<S: serde::Serializer>(grade: &Rung, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(grade.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::fixture::assess;

    #[test]
    fn a_tally_counts_what_shifts_and_says_why() {
        let (calm, fire) = ("锦华里停水两天了", "锦华里4栋着火了，三楼有人被困");
        let mut tally = Tally::default();
        tally.add("a", calm, &assess(calm), &assess(calm));
        tally.add("b", calm, &assess(calm), &assess(fire));
        tally.add("c", fire, &assess(fire), &assess("今天星期二"));
        assert_eq!((tally.posts, tally.shifted, tally.raised, tally.lowered), (3, 2, 1, 1));
        assert_eq!((tally.before, tally.after), ([0, 0, 2, 0, 1], [1, 0, 1, 0, 1]));
        assert_eq!(tally.recategorised, 2);
        let [raised, lowered] = tally.first.as_slice() else { panic!("{:?}", tally.first) };
        assert_eq!((raised.before.grade, raised.after.grade), (Rung::YELLOW, Rung::RED));
        assert!(raised.hits.iter().any(|hit| hit.what.term == "停水" && hit.after.is_none()), "{raised:?}");
        assert!(lowered.lines.iter().all(|line| line.after.is_none()), "{lowered:?}");
        assert_eq!(lowered.after.category, None);
    }

    #[test]
    fn no_more_than_twenty_are_kept_and_long_texts_are_cut() {
        let (one, other) = (assess("锦华里停水两天了"), assess("今天星期二"));
        let mut tally = Tally::default();
        for _ in 0..25 {
            tally.add("a", &"字".repeat(200), &one, &other);
        }
        assert_eq!((tally.shifted, tally.first.len()), (25, 20));
        assert_eq!(tally.first[0].text.chars().count(), EXCERPT + 1);
    }
}
