//! What each row of the dictionaries does in many posts: hits, how many of them in earnest, how many right.
//!
//! Right is, for a row of a service, a post that people labelled with that service; for a row of severity or
//! urgency, a post labelled yellow or higher. A post counts once however often it is hit, and only where it says
//! the row's matter in earnest: a drill that is recognised as one is no fault of the word. Rows of other kinds
//! serve the grammar and are neither right nor wrong.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use super::{RowHit, Share};
use crate::assess::Assessor;
use crate::assess::evaluation::{Labelled, Labels, Matter, Rung};
use crate::lexicon::kind::{Kind, Mode};
use crate::lexicon::matcher::Lexicon;
use crate::lexicon::row::Row;

/// Posts in which a row must stand beside another before it is said to add nothing.
const BESIDE: u64 = 3;

/// Points of a level of severity, about (algorithms §4: 6, 12, 20).
const LEVEL: f64 = 6.0;

/// Counts while posts are read.
#[derive(Debug)]
pub struct Tally<'a> {
    lexicon: &'a Lexicon,
    rows: Vec<RowTally>,
    posts: u64,
    labelled: u64,
    days: Option<(Date, Date)>,
}

#[derive(Debug, Clone, Default)]
struct RowTally {
    hits: u64,
    asserted: u64,
    posts: u64,
    in_earnest: u64,
    right: Share,
    /// What people say of the posts in which it was wrong.
    instead: BTreeMap<String, u64>,
    /// Rows that stood in each of the posts so far that said this one in earnest; `None` before the first.
    beside: Option<Vec<u32>>,
}

/// What the dictionaries did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DictionaryStats {
    /// Posts read.
    pub posts: u64,
    /// Of them with a label that rows can be held against.
    pub labelled: u64,
    /// Every row in force, in the order of files and lines.
    pub rows: Vec<RowStats>,
}

/// What one row did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RowStats {
    /// Its file without `.tsv`.
    pub dictionary: String,
    /// Its line, from 1.
    pub line: u32,
    /// The term.
    pub term: String,
    /// The category as it stands in the file: `health.fee`, `-`.
    pub category: String,
    /// What a hit says.
    pub kind: Kind,
    /// How it is matched.
    pub mode: Mode,
    /// Its weight, as its kind has it: points, level, factor.
    pub weight: f64,
    /// Hits in all posts.
    pub hits: u64,
    /// Hits said in earnest: not denied, no trap.
    pub asserted: u64,
    /// Posts with at least one hit.
    pub posts: u64,
    /// Labelled posts that say it in earnest, and how many of them it was right in.
    pub right: Share,
    /// What the others are labelled as, the most frequent first.
    pub instead: Vec<(String, u64)>,
    /// Another row, `FILE:LINE 词`, of the same service and kind that weighs at least as much and stood in every
    /// post that said this one in earnest: this one changed nothing.
    pub adds_nothing_beside: Option<String>,
    /// Whether its dates kept it asleep on all days of the posts.
    pub asleep: bool,
}

impl<'a> Tally<'a> {
    /// Nothing counted yet.
    pub fn new(lexicon: &'a Lexicon) -> Self {
        let rows = vec![RowTally::default(); lexicon.rows().len()];
        Self { lexicon, rows, posts: 0, labelled: 0, days: None }
    }

    /// Counts a post with its hits.
    pub fn take(&mut self, post: &Labelled, hits: &[RowHit]) {
        let day = Assessor::day_of(&post.post);
        self.days = Some(self.days.map_or((day, day), |(first, last)| (first.min(day), last.max(day))));
        self.posts += 1;
        self.labelled += u64::from(post.labels.grade.is_some() || post.labels.category.is_some());
        let mut numbers: Vec<u32> = hits.iter().map(|hit| hit.row).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let mut earnest: Vec<u32> = hits.iter().filter(|hit| hit.asserted).map(|hit| hit.row).collect();
        earnest.sort_unstable();
        earnest.dedup();
        for hit in hits {
            let tally = &mut self.rows[hit.row as usize];
            tally.hits += 1;
            tally.asserted += u64::from(hit.asserted);
        }
        for number in numbers {
            self.rows[number as usize].posts += 1;
        }
        for &number in &earnest {
            let row = self.lexicon.row(number);
            let beside = earnest.iter().copied().filter(|&other| covers(self.lexicon.row(other), row));
            self.rows[number as usize].take(row, &post.labels, beside.filter(|&other| other != number));
        }
    }

    /// What all posts come to.
    pub fn finish(self) -> DictionaryStats {
        let lexicon = self.lexicon;
        let asleep = |row: &Row| {
            self.days.is_some_and(|(first, last)| {
                row.from.is_some_and(|from| from > last) || row.until.is_some_and(|until| until < first)
            })
        };
        let mut rows: Vec<RowStats> = (0_u32..)
            .zip(lexicon.rows())
            .map(|(number, row)| RowStats { asleep: asleep(row), ..self.row(number, row) })
            .collect();
        rows.sort_by(|one, other| (&one.dictionary, one.line).cmp(&(&other.dictionary, other.line)));
        DictionaryStats { posts: self.posts, labelled: self.labelled, rows }
    }

    fn row(&self, number: u32, row: &Row) -> RowStats {
        let tally = &self.rows[number as usize];
        let mut instead: Vec<(String, u64)> = tally.instead.clone().into_iter().collect();
        instead.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        RowStats {
            dictionary: row.dictionary.clone(),
            line: row.line,
            term: row.term.clone(),
            category: row.subject(),
            kind: row.kind,
            mode: row.mode,
            weight: row.weight,
            hits: tally.hits,
            asserted: tally.asserted,
            posts: tally.posts,
            right: tally.right,
            instead,
            adds_nothing_beside: self.beside(number).map(|other| {
                let other = self.lexicon.row(other);
                format!("{}.tsv:{} {}", other.dictionary, other.line, other.term)
            }),
            asleep: false,
        }
    }

    /// The row beside which this one adds nothing. Of two that always stand together the later is told.
    fn beside(&self, number: u32) -> Option<u32> {
        let tally = &self.rows[number as usize];
        let always = tally.beside.as_deref().filter(|_| tally.in_earnest >= BESIDE)?;
        let back = |other: u32| {
            let theirs = &self.rows[other as usize];
            theirs.in_earnest >= BESIDE
                && theirs.beside.as_ref().is_some_and(|rows| rows.binary_search(&number).is_ok())
        };
        always.iter().copied().find(|&other| other < number || !back(other))
    }
}

impl RowTally {
    /// Counts a post that says the row in earnest.
    fn take(&mut self, row: &Row, labels: &Labels, beside: impl Iterator<Item = u32>) {
        self.in_earnest += 1;
        if let Some((right, label)) = verdict(row, labels) {
            self.right.count(right);
            if !right {
                *self.instead.entry(label.to_owned()).or_default() += 1;
            }
        }
        let here: Vec<u32> = beside.collect();
        match &mut self.beside {
            None => self.beside = Some(here),
            Some(always) => always.retain(|other| here.binary_search(other).is_ok()),
        }
    }
}

impl RowStats {
    /// Whether the row counts for something by itself: the score, not the grammar.
    pub fn weighs(&self) -> bool {
        weighs(self.kind)
    }

    /// Points that it gave to posts in which it was wrong: what it costs.
    pub fn cost(&self) -> f64 {
        let wrong = (self.right.of - self.right.right) as f64;
        match self.kind {
            Kind::Severity => wrong * LEVEL * self.weight,
            _ => wrong * self.weight,
        }
    }

    /// Whether it is wrong more often than right, beyond what chance explains.
    pub fn is_doubtful(&self) -> bool {
        self.right.interval().is_some_and(|(_, high)| high < 0.5)
    }
}

/// Whether a hit of the kind gives points.
fn weighs(kind: Kind) -> bool {
    matches!(kind, Kind::Topic | Kind::Severity | Kind::Urgency | Kind::Scale | Kind::Vulnerable)
}

/// Whether `other` gives at least what `row` gives, wherever both stand: of a kind, the highest counts.
fn covers(other: &Row, row: &Row) -> bool {
    matches!(row.kind, Kind::Topic | Kind::Severity)
        && other.kind == row.kind
        && (other.category, &other.sub) == (row.category, &row.sub)
        && other.weight >= row.weight
}

/// Whether the row is right of a post so labelled, and the label in a word; `None` if it cannot be told.
fn verdict(row: &Row, labels: &Labels) -> Option<(bool, &'static str)> {
    match row.kind {
        Kind::Topic => {
            let wanted = match labels.category? {
                Matter::Of(category) => Some(category),
                Matter::Nobodys => None,
            };
            Some((wanted == row.category, wanted.map_or("none", |category| category.id())))
        }
        Kind::Severity | Kind::Urgency => labels.grade.map(|grade| (grade >= Rung::YELLOW, grade.as_str())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::fixture::{assessor, post};
    use super::*;
    use crate::lexicon::shelf::Shelf;

    fn labelled(text: &str, category: &str, grade: &str) -> Labelled {
        let labels = Labels::read(&format!(r#"{{"category":"{category}","grade":"{grade}"}}"#));
        Labelled { id: String::new(), post: post("", text), labels: labels.expect("labels") }
    }

    fn counted(posts: &[Labelled]) -> DictionaryStats {
        let mut tally = Tally::new(assessor().lexicon());
        for post in posts {
            tally.take(post, &assessor().rows_in(&post.post));
        }
        tally.finish()
    }

    fn row<'a>(stats: &'a DictionaryStats, term: &str, kind: Kind) -> &'a RowStats {
        stats.rows.iter().find(|row| row.term == term && row.kind == kind).expect("the row is there")
    }

    #[test]
    fn a_row_is_held_against_what_people_say() {
        let stats = counted(&[
            labelled("停水两天了，又停水", "utilities", "yellow"),
            labelled("小区停水了", "utilities", "blue"),
            labelled("停水了", "housing", "blue"),
            labelled("没有停水", "none", "none"),
        ]);
        assert_eq!((stats.posts, stats.labelled), (4, 4));
        let found = row(&stats, "停水", Kind::Topic);
        assert_eq!((found.hits, found.posts, found.asserted), (5, 4, 4));
        assert_eq!(found.right, Share { right: 2, of: 3 });
        assert_eq!(found.instead, [("housing".to_owned(), 1)]);
        assert!(found.weighs() && !found.is_doubtful());
        let silent = stats.rows.iter().filter(|row| row.posts == 0).count();
        assert!(silent > stats.rows.len() / 2 && silent < stats.rows.len());
    }

    #[test]
    fn a_row_of_harm_is_right_where_people_say_yellow_or_more() {
        let stats = counted(&[
            labelled("锅炉爆炸了", "safety", "red"),
            labelled("爆炸了", "none", "none"),
            labelled("爆炸了", "safety", "blue"),
        ]);
        let found = row(&stats, "爆炸", Kind::Severity);
        assert_eq!(found.right, Share { right: 1, of: 3 });
        assert_eq!(found.instead, [("blue".to_owned(), 1), ("none".to_owned(), 1)]);
    }

    fn small(rows: &str) -> Lexicon {
        let mut shelf = Shelf::default();
        let head = "term\tcategory\tkind\tweight\tmode\twindow\tvariants\tunless\tfrom\tuntil\towner\tnote\n";
        shelf.put("10-x.tsv", format!("# owner: 甲\n{head}{rows}").into_bytes());
        Lexicon::compile(&shelf, "2026-03-01".parse().expect("a day")).expect("sound rows").0
    }

    fn by_rows(lexicon: &Lexicon, posts: &[&[u32]]) -> DictionaryStats {
        let mut tally = Tally::new(lexicon);
        for rows in posts {
            let hits: Vec<RowHit> = rows.iter().map(|&row| RowHit { row, asserted: true }).collect();
            tally.take(&labelled("停水", "utilities", "blue"), &hits);
        }
        tally.finish()
    }

    #[test]
    fn what_always_stands_beside_as_much_adds_nothing() {
        // Sorted by term: 断水 0, 没水 1, 水压 2, 爆管 3.
        let lexicon = small(
            "爆管\tutilities\t\t20\t\t\t\t\t\t\t甲\t\n没水\tutilities\t\t\t\t\t\t\t\t\t甲\t\n\
            断水\tutilities\t\t\t\t\t\t\t\t\t甲\t\n水压\tutilities\t\t\t\t\t\t\t\t2020-01-01\t甲\t\n",
        );
        let number = |term: &str| {
            let at = lexicon.rows().iter().position(|row| row.term == term).expect("a row");
            u32::try_from(at).expect("few rows")
        };
        let (none, cut, burst) = (number("没水"), number("断水"), number("爆管"));
        let together = by_rows(&lexicon, &[&[none, burst], &[none, burst], &[none, burst], &[burst]]);
        let of =
            |stats: &DictionaryStats, term: &str| row(stats, term, Kind::Topic).adds_nothing_beside.clone();
        assert_eq!(of(&together, "没水").as_deref(), Some("10-x.tsv:3 爆管"));
        assert_eq!(of(&together, "爆管"), None, "it weighs more");
        let both = by_rows(&lexicon, &[&[none, cut], &[none, cut], &[none, cut]]);
        let told = [of(&both, "没水"), of(&both, "断水")];
        assert_eq!(told.iter().flatten().count(), 1, "of two only one is too many: {told:?}");
        let seldom = by_rows(&lexicon, &[&[none, burst], &[none, burst]]);
        assert_eq!(of(&seldom, "没水"), None);
        assert!(row(&both, "水压", Kind::Topic).asleep && !row(&both, "没水", Kind::Topic).asleep);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

        #[test]
        fn the_order_of_posts_does_not_matter(order in Just((0..8).collect::<Vec<usize>>()).prop_shuffle()) {
            let posts = [
                labelled("停水两天了", "utilities", "yellow"),
                labelled("停水，断水，没水", "utilities", "blue"),
                labelled("锅炉爆炸，有人受伤", "safety", "red"),
                labelled("信息爆炸的时代", "none", "none"),
                labelled("路灯不亮，停水", "traffic", "blue"),
                labelled("模拟演练：食堂着火了", "safety", "none"),
                labelled("停电又停水", "utilities", "yellow"),
                labelled("今天星期二", "none", "none"),
            ];
            let shuffled: Vec<Labelled> = order.iter().map(|&at| posts[at].clone()).collect();
            prop_assert_eq!(counted(&shuffled), counted(&posts));
        }
    }
}
