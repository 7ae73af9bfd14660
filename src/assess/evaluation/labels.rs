//! Reads one labelled row: a post as it is sent to us (interfaces 3.1) with what people say of it.
//!
//! Every label may be missing, but not all of them. A label that is none of its list refuses the row,
//! for a misspelt label would otherwise look like a label that is not there.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Rung;
use crate::assess::Mood;
use crate::extract::post::Post;
use crate::extract::pushed::{PushedPost, Rejection, read};
use crate::lexicon::category::Category;
use crate::source::SourceId;

/// A post with its labels.
#[derive(Debug, Clone)]
pub struct Labelled {
    /// The row's own id; empty if it has none.
    pub id: String,
    /// The post.
    pub post: Post,
    /// What people say of it.
    pub labels: Labels,
}

/// What people say of a post. `None`: they do not say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Labels {
    /// How urgent.
    pub grade: Option<Rung>,
    /// Whose matter.
    pub category: Option<Matter>,
    /// Who should answer: an id or a name of a department; `none` if nobody.
    pub department: Option<String>,
    /// The writer's mood.
    pub sentiment: Option<Mood>,
    /// Whether information is asked for.
    pub question: Option<bool>,
    /// Places, as written in the text.
    pub places: Option<Vec<String>>,
    /// Signals that mislead.
    pub traps: Vec<String>,
    /// Urgency of a title alone: 0 nothing, 1 watch, 2 an office should answer, 3 danger to life.
    pub urgency: Option<u8>,
}

/// Whose matter a post is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Matter {
    /// That of a service.
    Of(Category),
    /// Of none.
    Nobodys,
}

impl Matter {
    /// The word used in records: the service's id, or `none`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Of(category) => category.id(),
            Self::Nobodys => NOBODY,
        }
    }
}

impl From<Option<Category>> for Matter {
    fn from(category: Option<Category>) -> Self {
        category.map_or(Self::Nobodys, Self::Of)
    }
}

/// What a label says for no service and for no department; an assessment that leaves the choice of a department
/// to a person counts as the same.
pub const NOBODY: &str = "none";

/// Why a row cannot be used; its text is shown to whoever labelled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRow {
    /// No JSON object, or a key of another type.
    #[error("{0}")]
    NotARow(String),
    /// The post itself cannot be.
    #[error(transparent)]
    Post(#[from] Rejection),
    /// A label outside its list.
    #[error("{key} is `{value}`; it must be one of {allowed}")]
    Unknown {
        /// The label.
        key: &'static str,
        /// What it holds.
        value: String,
        /// What it may hold.
        allowed: &'static str,
    },
    /// Nothing to hold a judgement against.
    #[error("the row has no label: give grade, category, department, sentiment, question, places or urgency")]
    NoLabel,
}

#[derive(Deserialize)]
struct Line {
    /// Some files call the time of publication so.
    ts: Option<String>,
    grade: Option<String>,
    category: Option<String>,
    department: Option<String>,
    sentiment: Option<String>,
    /// Short form of `sentiment` in files that label nothing else.
    label: Option<String>,
    question: Option<bool>,
    places: Option<Vec<String>>,
    #[serde(default)]
    traps: Vec<String>,
    urgency: Option<u8>,
}

impl Labels {
    /// Reads the labels of a row, which may be none.
    pub fn read(line: &str) -> Result<Self, BadRow> {
        Line::read(line)?.labels()
    }

    /// Whether the post is nothing for the desk although a signal in it says otherwise.
    pub fn is_trap(&self) -> bool {
        self.grade == Some(Rung::NONE) && self.traps.iter().any(|trap| trap != "none")
    }

    /// Whether there is no label at all.
    pub fn is_empty(&self) -> bool {
        let unlabelled = Self { traps: self.traps.clone(), ..Self::default() };
        *self == unlabelled
    }
}

impl Labelled {
    /// Reads a row; `now` stands for the time of publication where it states none.
    pub fn read(line: &str, now: Timestamp) -> Result<Self, BadRow> {
        let (mut pushed, labels) = Self::parts(line)?;
        let id = pushed.id.clone().unwrap_or_default();
        // Whatever its source is called, the post is judged as one of the public's.
        pushed.source = None;
        let source = SourceId::new("labels").expect("the name is a legal id");
        if labels.is_empty() {
            return Err(BadRow::NoLabel);
        }
        Ok(Self { id, post: read(pushed, Some(&source), now)?.post, labels })
    }

    /// The post of a row as it was sent, and its labels, which may be none.
    pub fn parts(line: &str) -> Result<(PushedPost, Labels), BadRow> {
        let found = Line::read(line)?;
        let mut pushed: PushedPost = serde_json::from_str(line).map_err(|error| not_a_row(&error))?;
        if pushed.published_at.is_none() {
            pushed.published_at.clone_from(&found.ts);
        }
        Ok((pushed, found.labels()?))
    }
}

impl Line {
    fn read(line: &str) -> Result<Self, BadRow> {
        if !line.starts_with('{') {
            return Err(BadRow::NotARow("the row is no JSON object".to_owned()));
        }
        serde_json::from_str(line).map_err(|error| not_a_row(&error))
    }

    fn labels(self) -> Result<Labels, BadRow> {
        Ok(Labels {
            grade: self.grade.map(|word| read_grade(&word)).transpose()?,
            category: self.category.map(|word| read_matter(&word)).transpose()?,
            department: self.department.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()),
            sentiment: match (self.sentiment, self.label.as_deref().and_then(mood)) {
                (Some(word), _) => Some(read_mood(&word)?),
                (None, label) => label,
            },
            question: self.question,
            places: self.places,
            traps: self.traps,
            urgency: self.urgency,
        })
    }
}

fn not_a_row(error: &serde_json::Error) -> BadRow {
    BadRow::NotARow(error.to_string().split(" at line ").next().unwrap_or_default().to_owned())
}

/// Reads a grade by its word.
pub fn read_grade(word: &str) -> Result<Rung, BadRow> {
    let unknown = || BadRow::Unknown {
        key: "grade",
        value: word.to_owned(),
        allowed: "none, blue, yellow, orange, red",
    };
    Rung::from_word(word).ok_or_else(unknown)
}

/// Reads a service by its id; `none` is nobody's matter.
pub fn read_matter(word: &str) -> Result<Matter, BadRow> {
    if word == NOBODY {
        return Ok(Matter::Nobodys);
    }
    let unknown = || BadRow::Unknown {
        key: "category",
        value: word.to_owned(),
        allowed: "safety, food, health, environment, education, labour, utilities, housing, traffic, consumer, conduct, rumour, none",
    };
    Category::ALL.into_iter().find(|category| category.id() == word).map(Matter::Of).ok_or_else(unknown)
}

/// Reads a mood by its word.
pub fn read_mood(word: &str) -> Result<Mood, BadRow> {
    mood(word).ok_or_else(|| BadRow::Unknown {
        key: "sentiment",
        value: word.to_owned(),
        allowed: "negative, neutral, positive (or neg, neu, pos)",
    })
}

fn mood(word: &str) -> Option<Mood> {
    match word {
        "negative" | "neg" => Some(Mood::Negative),
        "neutral" | "neu" => Some(Mood::Neutral),
        "positive" | "pos" => Some(Mood::Positive),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Labelled, BadRow> {
        Labelled::read(line, "2026-03-01T00:00:00Z".parse().expect("a time"))
    }

    #[test]
    fn rows_of_every_kind_are_read() {
        let row = read(
            r#"{"id":"a","kind":"comment","title":"求助","text":"停水了","category":"utilities","grade":"yellow",
                "sentiment":"negative","question":false,"places":["锦华里"],"traps":["none"],"note":"x"}"#,
        )
        .expect("a row");
        assert_eq!((row.id.as_str(), row.post.title.as_str()), ("a", "求助"));
        assert_eq!(row.labels.grade, Some(Rung::YELLOW));
        assert_eq!(row.labels.category, Some(Matter::Of(Category::Utilities)));
        assert!(!row.labels.is_trap());
        let short = read(r#"{"text":"好用","label":"pos"}"#).expect("a row");
        assert_eq!(short.labels.sentiment, Some(Mood::Positive));
        let title = read(r#"{"ts":"2022-08-14T13:16:11+08:00","text":"桥塌了","label":"交通","urgency":3}"#);
        let title = title.expect("a row");
        assert_eq!((title.labels.urgency, title.labels.sentiment), (Some(3), None));
        assert_eq!(title.post.published_at.to_string(), "2022-08-14T05:16:11Z");
    }

    #[test]
    fn a_row_that_cannot_be_used_says_why() {
        let told: Vec<String> = [
            "停水",
            r#"{"text":"停水"}"#,
            r#"{"text":"停水","label":"其他"}"#,
            r#"{"text":"停水","grade":"purple"}"#,
            r#"{"text":"停水","category":"water"}"#,
            r#"{"text":"停水","sentiment":"angry"}"#,
            r#"{"text":" ","grade":"red"}"#,
            r#"{"grade":"red"}"#,
            r#"{"text":"停水","question":"yes"}"#,
        ]
        .iter()
        .map(|line| read(line).expect_err(line).to_string())
        .collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        the row is no JSON object
        the row has no label: give grade, category, department, sentiment, question, places or urgency
        the row has no label: give grade, category, department, sentiment, question, places or urgency
        grade is `purple`; it must be one of none, blue, yellow, orange, red
        category is `water`; it must be one of safety, food, health, environment, education, labour, utilities, housing, traffic, consumer, conduct, rumour, none
        sentiment is `angry`; it must be one of negative, neutral, positive (or neg, neu, pos)
        text is missing or blank
        text is missing or blank
        invalid type: string "yes", expected a boolean
        "#);
    }

    #[test]
    fn a_trap_is_a_row_of_nothing_that_misleads() {
        for (grade, traps, expected) in [
            ("none", r#"["idiom"]"#, true),
            ("none", r#"["none"]"#, false),
            ("none", "[]", false),
            ("red", r#"["drill"]"#, false),
        ] {
            let row =
                read(&format!(r#"{{"text":"笑死","grade":"{grade}","traps":{traps}}}"#)).expect("a row");
            assert_eq!(row.labels.is_trap(), expected, "{grade} {traps}");
        }
    }
}
