//! A query as it was understood, the filters beside it, and what the engine is asked.

use jiff::Timestamp;
use tantivy::Term;
use tantivy::query::{
    AllQuery, BooleanQuery, ConstScoreQuery, EmptyQuery, Occur, PhraseQuery, Query as EngineQuery, TermQuery,
};
use tantivy::schema::IndexRecordOption;

use crate::assess::Grade;
use crate::extract::post::PostKind;
use crate::lexicon::Category;
use crate::source::SourceId;

use super::highlight::Mark;
use super::schema::{Fields, KeyKind, NO_GRADE, Shown};
use super::steady::Steady;

/// What somebody looks for, read by [`Query::parse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    pub(super) root: Node,
    pub(super) since: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
}

/// A part of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    Everything,
    Nothing,
    Word(String),
    /// Words with their distance from the first; at least two.
    Phrase(Vec<(u32, String)>),
    /// Exact keys, any of which will do.
    Keys(Vec<String>),
    Not(Box<Node>),
    All(Vec<Node>),
    Any(Vec<Node>),
}

/// Conditions beside the query; an empty list or `None` does not matter. No writer can be asked for (V4).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filters {
    /// Published at or after.
    pub since: Option<Timestamp>,
    /// Published before.
    pub until: Option<Timestamp>,
    /// Found at any of these.
    pub sources: Vec<SourceId>,
    /// Any of these sorts of text.
    pub kinds: Vec<PostKind>,
    /// About any of these services.
    pub categories: Vec<Category>,
    /// Of any of these grades; `None` in the list is "no grade".
    pub grades: Vec<Option<Grade>>,
    /// Naming any of these places.
    pub places: Vec<String>,
    /// For any of these departments.
    pub departments: Vec<String>,
    /// Only what offices published on their own accounts.
    pub official: Option<Official>,
    /// Only what its source still shows, or shows no more.
    pub shown: Option<Shown>,
}

/// Only what offices published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Official;

impl Query {
    /// The query that finds everything.
    pub fn everything() -> Self {
        Self { root: Node::Everything, since: None, until: None }
    }

    /// What to mark in a text that was found: the words and phrases that are looked for, not those
    /// that are shut out.
    pub fn marks(&self) -> Vec<Mark> {
        let mut marks = Vec::new();
        collect(&self.root, &mut marks);
        marks
    }

    /// The words and conditions as the engine understands them, without the bounds of time.
    pub(super) fn engine_query(&self, filters: &Filters, fields: &Fields) -> Box<dyn EngineQuery> {
        let mut parts = vec![self.root.clone()];
        parts.extend(filters.nodes());
        Node::All(parts).simplified().engine(fields)
    }

    /// Published at or after, and before.
    pub(super) fn bounds(&self, filters: &Filters) -> (Option<Timestamp>, Option<Timestamp>) {
        let later = [self.since, filters.since].into_iter().flatten().max();
        let earlier = [self.until, filters.until].into_iter().flatten().min();
        (later, earlier)
    }
}

fn collect(node: &Node, marks: &mut Vec<Mark>) {
    match node {
        Node::Word(word) => marks.push(Mark { words: vec![(0, word.clone())] }),
        Node::Phrase(words) => marks.push(Mark { words: words.clone() }),
        Node::All(parts) | Node::Any(parts) => parts.iter().for_each(|part| collect(part, marks)),
        Node::Everything | Node::Nothing | Node::Keys(_) | Node::Not(_) => {}
    }
}

impl Filters {
    fn nodes(&self) -> Vec<Node> {
        fn any<T>(kind: KeyKind, values: &[T], text: impl Fn(&T) -> &str) -> Option<Node> {
            let keys: Vec<_> = values.iter().map(|value| kind.key(text(value))).collect();
            (!keys.is_empty()).then_some(Node::Keys(keys))
        }
        let mark = |word: &str| Node::Keys(vec![KeyKind::Mark.key(word)]);
        let nodes = [
            any(KeyKind::Source, &self.sources, SourceId::as_str),
            any(KeyKind::Kind, &self.kinds, |kind| kind.as_str()),
            any(KeyKind::Category, &self.categories, |category| category.as_str()),
            any(KeyKind::Grade, &self.grades, |grade| grade.map_or(NO_GRADE, Grade::as_str)),
            any(KeyKind::Place, &self.places, String::as_str),
            any(KeyKind::Department, &self.departments, String::as_str),
            self.official.map(|Official| mark("official")),
            self.shown.map(|shown| match shown {
                Shown::Missing => mark("missing"),
                Shown::Yes => Node::Not(Box::new(mark("missing"))),
            }),
        ];
        nodes.into_iter().flatten().collect()
    }
}

impl Node {
    /// The same without needless levels, so that the engine sees plain words beside each other.
    fn simplified(self) -> Self {
        match self {
            Self::All(parts) => {
                let mut flat = Vec::new();
                for part in parts.into_iter().map(Self::simplified) {
                    match part {
                        Self::All(inner) => flat.extend(inner),
                        Self::Everything => {}
                        Self::Nothing => return Self::Nothing,
                        part => flat.push(part),
                    }
                }
                match flat.len() {
                    0 => Self::Everything,
                    1 => flat.remove(0),
                    _ => Self::All(flat),
                }
            }
            Self::Any(parts) => {
                let mut flat = Vec::new();
                for part in parts.into_iter().map(Self::simplified) {
                    match part {
                        Self::Any(inner) => flat.extend(inner),
                        Self::Everything => return Self::Everything,
                        Self::Nothing => {}
                        part => flat.push(part),
                    }
                }
                match flat.len() {
                    0 => Self::Nothing,
                    1 => flat.remove(0),
                    _ => Self::Any(flat),
                }
            }
            Self::Not(inner) => match inner.simplified() {
                Self::Everything => Self::Nothing,
                Self::Nothing => Self::Everything,
                Self::Not(inner) => *inner,
                inner => Self::Not(Box::new(inner)),
            },
            leaf @ (Self::Everything | Self::Nothing | Self::Word(_) | Self::Phrase(_) | Self::Keys(_)) => {
                leaf
            }
        }
    }

    /// What is shut out is asked in ways that not every scorer allows.
    fn excluded(&self, fields: &Fields) -> Box<dyn EngineQuery> {
        match self {
            Self::Word(_) => self.engine(fields),
            Self::Everything
            | Self::Nothing
            | Self::Phrase(_)
            | Self::Keys(_)
            | Self::Not(_)
            | Self::All(_)
            | Self::Any(_) => Box::new(Steady(self.engine(fields))),
        }
    }

    fn engine(&self, fields: &Fields) -> Box<dyn EngineQuery> {
        match self {
            Self::Everything => Box::new(AllQuery),
            Self::Nothing => Box::new(EmptyQuery),
            Self::Word(word) => {
                let term = Term::from_field_text(fields.words, word);
                Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs))
            }
            Self::Phrase(words) => {
                let terms = words.iter();
                let terms = terms.map(|(at, word)| (*at as usize, Term::from_field_text(fields.words, word)));
                Box::new(PhraseQuery::new_with_offset(terms.collect()))
            }
            Self::Keys(keys) => {
                let key = |key: &String| -> Box<dyn EngineQuery> {
                    let term = Term::from_field_text(fields.keys, key);
                    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
                };
                match keys.as_slice() {
                    [one] => key(one),
                    // Which of them it was says nothing about how well a post fits.
                    keys => Box::new(ConstScoreQuery::new(
                        Box::new(BooleanQuery::union(keys.iter().map(key).collect())),
                        0.0,
                    )),
                }
            }
            Self::Not(inner) => {
                let all: Box<dyn EngineQuery> = Box::new(AllQuery);
                Box::new(BooleanQuery::new(vec![
                    (Occur::Must, all),
                    (Occur::MustNot, inner.excluded(fields)),
                ]))
            }
            Self::All(parts) => {
                let mut clauses: Vec<(Occur, Box<dyn EngineQuery>)> = Vec::new();
                for part in parts {
                    clauses.push(match part {
                        Self::Not(inner) => (Occur::MustNot, inner.excluded(fields)),
                        part => (Occur::Must, part.engine(fields)),
                    });
                }
                if clauses.iter().all(|(occur, _)| *occur == Occur::MustNot) {
                    clauses.push((Occur::Must, Box::new(AllQuery)));
                }
                Box::new(BooleanQuery::new(clauses))
            }
            Self::Any(parts) => {
                Box::new(BooleanQuery::union(parts.iter().map(|part| part.engine(fields)).collect()))
            }
        }
    }
}
