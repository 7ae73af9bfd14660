//! Tells what decided: the single things without which a post would have another grade.
//!
//! The post is judged again and again, each time without one thing: a row found in it with all its places,
//! a number, the word of the model. Often a word stands in several rows at once (塌陷 is a matter and a harm,
//! and a part of 路面+塌陷); where none of them decides alone, the word is tried with all of them. The post is
//! cut and scanned once; each judgement after that reads and weighs anew. Asked for on demand, never on a
//! post's way: it costs as many judgements as things are tried.
//!
//! What is taken away is the hit, not the row from its dictionary: a shorter row that was kept out by it does
//! not step in, and the words stay in the text for what else reads them. So each answer is about the hits
//! that the judgement shows. What another dictionary would make of the post is for `minsheng dict diff`.

mod trying;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use self::trying::Tried;
use super::evaluation::Rung;
use super::sensitivity::Score;
use super::{AssessedPost, Assessor, Grade, Material};
use crate::lexicon::kind::Kind;

/// Most things that are named.
const MOST: usize = 5;
/// Most things that are tried.
const MOST_TRIED: usize = 64;
/// Characters that may be read again in all: of a very long text, fewer things are tried.
const MOST_READ: usize = 200_000;
/// So many things are tried of the longest text.
const LEAST_TRIED: usize = 8;

/// What decided the grade of a post.
#[derive(Debug, Clone, PartialEq)]
pub struct Counterfactual {
    /// The things without each of which the grade would be another: the strongest first, at most five. Empty
    /// where no single thing decides.
    pub decisive: Vec<Without>,
    /// How many things were tried, each by itself.
    pub tried: usize,
    /// How many more there are, which were too many to try; those that weigh least.
    pub untried: usize,
}

/// What a post would be without one thing.
#[derive(Debug, Clone, PartialEq)]
pub struct Without {
    /// The thing.
    pub what: Absent,
    /// The grade without it.
    pub grade: Option<Grade>,
    /// The score without it, 0 to 100.
    pub sensitivity: f32,
}

/// One thing that a judgement rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Absent {
    /// A row of the dictionaries, wherever it was found.
    Row {
        /// Its term.
        term: String,
        /// What it says.
        kind: Kind,
        /// The words that were found.
        found: String,
        /// Whether these very words are those of another row, too.
        shared: Shared,
    },
    /// A word with all rows that rest on it, none of which decides alone.
    Word {
        /// The word as found.
        found: String,
    },
    /// A number with what it counts, wherever it is told.
    Number {
        /// The words that tell it.
        found: String,
    },
    /// The word of the model.
    Model,
}

/// Whether the words of a row are those of other rows too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shared {
    /// No other row was found by them.
    No,
    /// One was: of another kind, or of another category.
    Yes,
}

impl Counterfactual {
    /// The answer in plain Chinese, a line for each thing: `去掉“塌陷”，则为黄色（41分）`. Nothing where there is
    /// nothing to take away.
    pub fn chinese(&self) -> Vec<String> {
        if self.tried == 0 {
            return Vec::new();
        }
        if self.decisive.is_empty() {
            let all = if self.untried == 0 { "" } else { "主要的" };
            return vec![format!("没有哪一处单独决定等级：{all}词语和数字逐一去掉，等级都不变")];
        }
        self.decisive.iter().map(Without::chinese).collect()
    }
}

impl Without {
    fn chinese(&self) -> String {
        let what = match &self.what {
            Absent::Row { found, kind, shared: Shared::Yes, .. } => {
                format!("“{found}”（{}）", kind.chinese())
            }
            Absent::Row { found, shared: Shared::No, .. }
            | Absent::Word { found }
            | Absent::Number { found } => format!("“{found}”"),
            Absent::Model => "模型的判断".to_owned(),
        };
        let grade = self.grade.map_or("不预警".to_owned(), |grade| format!("为{}色", grade.chinese()));
        // To one decimal, and none where there is none.
        let points = (f64::from(self.sensitivity) * 10.0).round() / 10.0;
        format!("去掉{what}，则{grade}（{points}分）")
    }
}

impl Absent {
    /// The term of a row; else the words found; nothing for the model.
    pub fn term(&self) -> &str {
        match self {
            Self::Row { term, .. } => term,
            Self::Word { .. } | Self::Number { .. } | Self::Model => self.found(),
        }
    }

    /// The words in the text; nothing for the model.
    pub fn found(&self) -> &str {
        match self {
            Self::Row { found, .. } | Self::Word { found } | Self::Number { found } => found,
            Self::Model => "",
        }
    }

    /// What it is: the kind of a row, or `word`, `number`, `model`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Row { kind, .. } => kind.id(),
            Self::Word { .. } => "word",
            Self::Number { .. } => "number",
            Self::Model => "model",
        }
    }
}

/// The outward form: `{"term","kind","found","grade","sensitivity"}`.
impl Serialize for Without {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut told = serializer.serialize_struct("Without", 5)?;
        told.serialize_field("term", self.what.term())?;
        told.serialize_field("kind", self.what.kind())?;
        told.serialize_field("found", self.what.found())?;
        told.serialize_field("grade", Rung::of(self.grade).as_str())?;
        told.serialize_field("sensitivity", &self.sensitivity)?;
        told.end()
    }
}

/// The outward form: the list of what decides.
impl Serialize for Counterfactual {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.decisive.serialize(serializer)
    }
}

impl Assessor {
    /// Tells which single things decided the grade of a post that this assessor judged.
    pub fn counterfactual(&self, assessed: &AssessedPost) -> Counterfactual {
        let scan = self.scan(&assessed.post, &assessed.normalized, &assessed.tokens);
        let material = Material::of(assessed, &scan);
        let most = (MOST_READ / assessed.normalized.chars().max(1) as usize).clamp(LEAST_TRIED, MOST_TRIED);
        let (base, tried, untried) = self.tried(material, most);
        let mut decisive: Vec<&Tried> = tried.iter().filter(|tried| tried.decides(&base)).collect();
        let steps = |score: &Score| Rung::of(score.grade).distance(Rung::of(base.grade));
        let moved = |score: &Score| (score.sensitivity - base.sensitivity).abs();
        // The sort keeps the order of what is equally strong.
        decisive.sort_by(|one, other| {
            let (one, other) = (&one.score, &other.score);
            steps(other).cmp(&steps(one)).then(moved(other).total_cmp(&moved(one)))
        });
        let without = |tried: &Tried| Without {
            what: tried.what.clone(),
            grade: tried.score.grade,
            sensitivity: tried.score.sensitivity,
        };
        Counterfactual {
            decisive: decisive.into_iter().take(MOST).map(without).collect(),
            tried: tried.len(),
            untried,
        }
    }
}

#[cfg(test)]
mod tests;
