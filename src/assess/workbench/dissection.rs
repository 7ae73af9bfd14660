//! One text taken apart: words, hits, what is kept out, how each clause is put, and all that follows.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::assess::features::Seen;
use crate::assess::reading::Cue;
use crate::assess::{
    Asking, AssessedPost, Assessor, Counterfactual, Material, Report, Status, Verdict, subject, together,
};
use crate::extract::post::Post;
use crate::lexicon::row::ToldRow;
use crate::lexicon::scan::{Keeper, KeptOut};
use crate::text::sentence::Span;

/// A text with every step of the judgement on it. Positions are characters of [`text`](Self::text), but for
/// those of the assessment itself, which count the text as received.
#[derive(Debug, Clone, Serialize)]
pub struct Dissection {
    /// Title, line feed and text (text alone if no title), normalised.
    pub text: String,
    /// Its words, marks and blanks included: `[start, end)`.
    pub words: Vec<(u32, u32)>,
    /// Its clauses and how each is put.
    pub clauses: Vec<Part>,
    /// The rows that count, by start.
    pub hits: Vec<FoundRow>,
    /// The rows that were found and do not count, by start.
    pub kept_out: Vec<KeptOutRow>,
    /// The judgement.
    #[serde(rename = "assessment", serialize_with = "outward")]
    pub assessed: AssessedPost,
    /// The departments it could go to, the likeliest first, whether or not one is named: by the model if
    /// there is one that was taught departments, else by the rules.
    pub departments: Vec<Verdict<String>>,
    /// What the writer asks for.
    pub asking: Asking,
    /// What decided.
    pub counterfactual: Counterfactual,
    /// First byte of each character of the text, and of its end.
    #[serde(skip)]
    bytes: Vec<usize>,
}

/// A clause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// First character.
    pub start: u32,
    /// One past the last character.
    pub end: u32,
    /// How it is put.
    pub status: Status,
}

/// A row that counts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FoundRow {
    /// First character.
    pub start: u32,
    /// One past the last character.
    pub end: u32,
    /// Whether it stands under a negation.
    pub negated: bool,
    /// The row.
    pub row: ToldRow,
}

/// A row that was found and does not count.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KeptOutRow {
    /// First character.
    pub start: u32,
    /// One past the last character.
    pub end: u32,
    /// The row.
    pub row: ToldRow,
    /// What keeps it out.
    pub by: Reason,
}

/// Why a row that was found does not count.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// It sleeps on the day of the post.
    Date,
    /// This context of its `unless`.
    Unless(String),
    /// This `~word` of its `unless`, which stands near.
    Near(String),
    /// A longer row of the same category and kind, or the first of equals.
    Row(Box<ToldRow>),
}

/// The record of interfaces 3.2.
fn outward<S: Serializer>(assessed: &AssessedPost, serializer: S) -> Result<S::Ok, S::Error> {
    Report::of(assessed).serialize(serializer)
}

impl Dissection {
    /// The characters `start..end` of the text.
    pub fn slice(&self, start: u32, end: u32) -> &str {
        let at = |char: u32| self.bytes.get(char as usize).copied().unwrap_or(self.text.len());
        &self.text[at(start)..at(end.max(start))]
    }
}

impl Assessor {
    /// Judges a post and takes the judgement apart.
    pub fn dissect(&self, post: Arc<Post>) -> Dissection {
        let assessed = self.assess(post);
        let scan = self.scan(&assessed.post, &assessed.normalized, &assessed.tokens);
        let seen = self.read(Material::of(&assessed, &scan), None, |seen, _| self.parts(seen));
        let date = Self::day_of(&assessed.post);
        let kept_out = self.lexicon.kept_out(assessed.normalized.text(), &assessed.tokens, date);
        let text = assessed.normalized.text().to_owned();
        let mut dissection = Dissection {
            bytes: text.char_indices().map(|(byte, _)| byte).chain([text.len()]).collect(),
            text,
            words: assessed.tokens.words().iter().map(|word| (word.start, word.end)).collect(),
            clauses: seen.clauses,
            hits: seen.hits,
            kept_out: Vec::new(),
            departments: seen.departments,
            asking: seen.asking,
            counterfactual: self.counterfactual(&assessed),
            assessed,
        };
        dissection.kept_out = kept_out.iter().map(|kept| self.told(&dissection, kept)).collect();
        dissection
    }

    fn parts(&self, seen: &Seen<'_>) -> Parts {
        let clause = |span: &Span| Part {
            start: span.start,
            end: span.end,
            status: seen.standing.at(seen.reading, span.start),
        };
        let hit = |(index, cue): (usize, &Cue<'_>)| FoundRow {
            start: cue.start,
            end: cue.end,
            negated: seen.standing.is_negated(index),
            row: self.lexicon.row(cue.row).told(),
        };
        let learned = self.model.as_ref().and_then(|model| together::departments(seen, model));
        let ruled = || subject::departments(seen.evidence, seen.score.status, self.lexicon.categories());
        Parts {
            clauses: seen.reading.clauses.iter().map(clause).collect(),
            hits: seen.reading.cues.iter().enumerate().map(hit).collect(),
            departments: learned.unwrap_or_else(ruled),
            asking: seen.evidence.asking,
        }
    }

    fn told(&self, dissection: &Dissection, kept: &KeptOut) -> KeptOutRow {
        let words = |start, end| dissection.slice(start, end).to_owned();
        let by = match kept.by {
            Keeper::Date => Reason::Date,
            Keeper::Context { start, end } => Reason::Unless(words(start, end)),
            Keeper::Near { start, end } => Reason::Near(words(start, end)),
            Keeper::Match { row, .. } => Reason::Row(Box::new(self.lexicon.row(row).told())),
        };
        KeptOutRow { start: kept.start, end: kept.end, row: self.lexicon.row(kept.row).told(), by }
    }
}

/// What one reading gives of a dissection.
struct Parts {
    clauses: Vec<Part>,
    hits: Vec<FoundRow>,
    departments: Vec<Verdict<String>>,
    asking: Asking,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::fixture::{assessor, post};

    #[test]
    fn a_text_is_taken_apart_into_what_the_judgement_rests_on() {
        let taken = assessor().dissect(Arc::new(post("", "锦华里停水兩天了，没有通知！信息爆炸的时代")));
        let words: Vec<&str> = taken.words.iter().map(|&(start, end)| taken.slice(start, end)).collect();
        assert_eq!(words.concat(), taken.text);
        assert!(words.contains(&"停水"), "{words:?}");
        let clauses: Vec<&str> = taken.clauses.iter().map(|part| taken.slice(part.start, part.end)).collect();
        assert_eq!(clauses, ["锦华里停水两天了", "没有通知", "信息爆炸的时代"]);
        let hit = taken.hits.iter().find(|hit| hit.row.term == "停水").expect("停水 is a term");
        assert!(hit.row.line > 0 && hit.row.place().starts_with("16-utilities.tsv:"), "{hit:?}");
        assert_eq!(taken.hits.len(), taken.assessed.assessment.hits.len());
        let out = taken.kept_out.iter().find(|kept| kept.row.term == "爆炸").expect("爆炸 is a term");
        assert_eq!(taken.slice(out.start, out.end), "爆炸");
        assert!(matches!(&out.by, Reason::Unless(context) if context.contains("爆炸")), "{out:?}");
        assert_eq!(taken.departments.first().map(|first| first.id.as_str()), Some("water"));
        let told = serde_json::to_value(&taken).expect("it is plain data");
        assert_eq!(told["assessment"]["grade"], "yellow");
        assert!(told["counterfactual"].is_array() && told["asking"].is_string(), "{told}");
    }

    #[test]
    fn an_empty_text_comes_to_nothing() {
        let taken = assessor().dissect(Arc::new(post("", "")));
        assert_eq!((taken.slice(0, 5), taken.hits.len(), taken.kept_out.len()), ("", 0, 0));
        assert_eq!(taken.counterfactual.chinese(), Vec::<String>::new());
    }
}
