//! Reads what people type: our own small grammar (W8).
//!
//! ```text
//! 停水 望江花园          both words
//! 停水 OR 停电            either; `|` and 或 too
//! -广告                   without; NOT and 非 too
//! "没有热水"              these words in a row
//! (停水 | 停电) 花园       grouped
//! category:food grade:red,orange source:forum kind:comment place:望江花园 department:water
//! since:2026-03-01 until:2026-03-07    days in China, the last included; or a time, or 7d, 24h, 30m ago
//! ```
//!
//! Full-width marks count as their narrow forms. There are no wildcards, no regular expressions and
//! no way to ask for a writer. A query has at most 1 KiB, 32 terms and 8 levels.

use std::str::FromStr;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{Timestamp, Unit};

use crate::assess::Grade;
use crate::lexicon::Category;
use crate::source::SourceId;

use super::query::{Node, Query};
use super::schema::{KeyKind, NO_GRADE};

const MOST_BYTES: usize = 1024;
const MOST_TERMS: usize = 32;
const MOST_LEVELS: usize = 8;
const LONGEST_VALUE: usize = 64;

/// One word of a query, as the segmenter cut it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryWord {
    /// The word, normalised.
    pub text: String,
    /// Its place for phrases, counted as in texts.
    pub position: u32,
}

/// Why a text is no query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// Too many bytes.
    #[error("a query has at most {MOST_BYTES} bytes")]
    TooLong,
    /// Too many terms.
    #[error("a query has at most {MOST_TERMS} terms")]
    TooManyTerms,
    /// Too many levels of brackets and negations.
    #[error("a query has at most {MOST_LEVELS} levels")]
    TooDeep,
    /// A quotation mark or bracket has no partner.
    #[error("{0:?} has no partner")]
    Unpaired(char),
    /// Nothing stands where a term must.
    #[error("a term is missing after {0:?}")]
    Missing(String),
    /// No field has this name.
    #[error("no field is named {name:?}{}", nearest.map_or(String::new(), |near| format!("; {near:?} is near")))]
    UnknownField {
        /// What was written.
        name: String,
        /// The nearest that exists.
        nearest: Option<&'static str>,
    },
    /// The field does not know this value.
    #[error("{value:?} is no {field}; {expected}")]
    BadValue {
        /// The field.
        field: &'static str,
        /// What was written.
        value: String,
        /// What could stand there.
        expected: String,
    },
    /// A bound of time stands where it would not bound the whole.
    #[error("since and until cannot be negated or stand beside OR")]
    TimeInside,
}

/// The fields, in the order in which they are told.
const FIELDS: [(&str, Field); 16] = [
    ("source", Field::Source),
    ("category", Field::Category),
    ("grade", Field::Grade),
    ("place", Field::Place),
    ("kind", Field::Kind),
    ("department", Field::Department),
    ("since", Field::Since),
    ("until", Field::Until),
    ("信源", Field::Source),
    ("类别", Field::Category),
    ("等级", Field::Grade),
    ("地点", Field::Place),
    ("类型", Field::Kind),
    ("部门", Field::Department),
    ("起", Field::Since),
    ("止", Field::Until),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Source,
    Category,
    Grade,
    Place,
    Kind,
    Department,
    Since,
    Until,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Lexeme {
    Open,
    Close,
    Or,
    Not,
    Word(String),
    Phrase(String),
    Field(Field, String),
}

impl Query {
    /// Reads a query. `cut` normalises and cuts a text into words, as it was done for the index;
    /// times that are told as an age count from `now`.
    pub fn parse(
        text: &str,
        cut: impl Fn(&str) -> Vec<QueryWord>,
        now: Timestamp,
    ) -> Result<Self, QueryError> {
        if text.len() > MOST_BYTES {
            return Err(QueryError::TooLong);
        }
        let lexemes = lex(text)?;
        let terms = lexemes
            .iter()
            .filter(|lexeme| !matches!(lexeme, Lexeme::Open | Lexeme::Close | Lexeme::Or | Lexeme::Not));
        if terms.count() > MOST_TERMS {
            return Err(QueryError::TooManyTerms);
        }
        let mut parser = Parser { lexemes: &lexemes, at: 0, cut, now, since: None, until: None };
        let root = if lexemes.is_empty() { Node::Everything } else { parser.either(0, Place::Top)? };
        if parser.at < lexemes.len() {
            return Err(QueryError::Unpaired(')'));
        }
        Ok(Self { root, since: parser.since, until: parser.until })
    }
}

/// Whether a bound of time would bound the whole query here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Top,
    Inside,
}

struct Parser<'a, F> {
    lexemes: &'a [Lexeme],
    at: usize,
    cut: F,
    now: Timestamp,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl<F: Fn(&str) -> Vec<QueryWord>> Parser<'_, F> {
    fn either(&mut self, level: usize, place: Place) -> Result<Node, QueryError> {
        let begin = self.at;
        // Whether an OR stands on this level decides what a bound of time would mean.
        let place = if self.or_ahead() { Place::Inside } else { place };
        let mut branches = vec![self.all(level, place)?];
        while self.lexemes.get(self.at) == Some(&Lexeme::Or) {
            self.at += 1;
            if self.at >= self.lexemes.len() || self.lexemes[self.at] == Lexeme::Close {
                return Err(QueryError::Missing("OR".into()));
            }
            branches.push(self.all(level, place)?);
        }
        if self.at == begin {
            return Err(QueryError::Missing("(".into()));
        }
        Ok(if branches.len() == 1 { branches.remove(0) } else { Node::Any(branches) })
    }

    fn or_ahead(&self) -> bool {
        let mut depth = 0_usize;
        for lexeme in &self.lexemes[self.at..] {
            match lexeme {
                Lexeme::Open => depth += 1,
                Lexeme::Close if depth == 0 => return false,
                Lexeme::Close => depth -= 1,
                Lexeme::Or if depth == 0 => return true,
                Lexeme::Or | Lexeme::Not | Lexeme::Word(_) | Lexeme::Phrase(_) | Lexeme::Field(..) => {}
            }
        }
        false
    }

    fn all(&mut self, level: usize, place: Place) -> Result<Node, QueryError> {
        let mut parts = Vec::new();
        while let Some(lexeme) = self.lexemes.get(self.at) {
            if matches!(lexeme, Lexeme::Or | Lexeme::Close) {
                break;
            }
            parts.push(self.one(level, place)?);
        }
        match parts.len() {
            0 => Err(QueryError::Missing(if self.at == 0 { String::new() } else { "OR".into() })),
            1 => Ok(parts.remove(0)),
            _ => Ok(Node::All(parts)),
        }
    }

    fn one(&mut self, level: usize, place: Place) -> Result<Node, QueryError> {
        let lexeme = self.lexemes[self.at].clone();
        self.at += 1;
        match lexeme {
            Lexeme::Not => {
                if level + 1 > MOST_LEVELS {
                    return Err(QueryError::TooDeep);
                }
                match self.lexemes.get(self.at) {
                    None | Some(Lexeme::Or | Lexeme::Close) => Err(QueryError::Missing("-".into())),
                    Some(_) => Ok(Node::Not(Box::new(self.one(level + 1, Place::Inside)?))),
                }
            }
            Lexeme::Open => {
                if level + 1 > MOST_LEVELS {
                    return Err(QueryError::TooDeep);
                }
                if self.lexemes.get(self.at) == Some(&Lexeme::Close) {
                    return Err(QueryError::Missing("(".into()));
                }
                let inner = self.either(level + 1, place)?;
                if self.lexemes.get(self.at) != Some(&Lexeme::Close) {
                    return Err(QueryError::Unpaired('('));
                }
                self.at += 1;
                Ok(inner)
            }
            Lexeme::Word(text) => Ok(words(&(self.cut)(&text))),
            Lexeme::Phrase(text) => Ok(phrase((self.cut)(&text))),
            Lexeme::Field(Field::Since, value) => {
                let since = time("since", &value, self.now, Edge::Begin)?;
                self.since = Some(self.since.map_or(since, |known| known.max(since)));
                bound(place)
            }
            Lexeme::Field(Field::Until, value) => {
                let until = time("until", &value, self.now, Edge::End)?;
                self.until = Some(self.until.map_or(until, |known| known.min(until)));
                bound(place)
            }
            Lexeme::Field(field, value) => keys(field, &value),
            // `all` stops before these.
            Lexeme::Or | Lexeme::Close => Err(QueryError::Missing("OR".into())),
        }
    }
}

fn bound(place: Place) -> Result<Node, QueryError> {
    match place {
        Place::Top => Ok(Node::Everything),
        Place::Inside => Err(QueryError::TimeInside),
    }
}

/// A text of which nothing is left once it is cut, as a lone mark, is found nowhere.
fn words(words: &[QueryWord]) -> Node {
    let mut nodes: Vec<_> = words.iter().map(|word| Node::Word(word.text.clone())).collect();
    nodes.dedup();
    match nodes.len() {
        0 => Node::Nothing,
        1 => nodes.remove(0),
        _ => Node::All(nodes),
    }
}

fn phrase(mut cut: Vec<QueryWord>) -> Node {
    cut.sort_by_key(|word| word.position);
    match cut.as_slice() {
        [] => Node::Nothing,
        [word] => Node::Word(word.text.clone()),
        [first, ..] => {
            let first = first.position;
            Node::Phrase(cut.into_iter().map(|word| (word.position - first, word.text)).collect())
        }
    }
}

/// The keys of a field's values, any of which will do.
fn keys(field: Field, values: &str) -> Result<Node, QueryError> {
    let mut keys = Vec::new();
    for value in values.split([',', '，']).filter(|value| !value.is_empty()) {
        keys.push(key(field, value)?);
    }
    keys.sort();
    keys.dedup();
    if keys.is_empty() { Err(QueryError::Missing(format!("{}:", name(field)))) } else { Ok(Node::Keys(keys)) }
}

fn key(field: Field, value: &str) -> Result<String, QueryError> {
    let bad = |expected: String| QueryError::BadValue {
        field: name(field),
        value: value.chars().take(80).collect(),
        expected,
    };
    let one_of = |words: Vec<&str>| format!("known are {}", words.join(", "));
    let free = |kind: KeyKind| {
        if value.chars().count() <= LONGEST_VALUE {
            Ok(kind.key(value))
        } else {
            Err(bad("it is too long".into()))
        }
    };
    match field {
        Field::Source => match SourceId::new(value) {
            Ok(source) => Ok(KeyKind::Source.key(source.as_str())),
            Err(_) => Err(bad("a source has letters a-z, digits, '-', '_' and '.'".into())),
        },
        Field::Category => value
            .parse::<Category>()
            .ok()
            .map(|category| KeyKind::Category.key(category.as_str()))
            .ok_or_else(|| bad(one_of(Category::ALL.iter().map(|category| category.as_str()).collect()))),
        Field::Grade => {
            let chinese = || Grade::ALL.into_iter().find(|grade| grade.chinese() == value);
            match Grade::from_word(value).or_else(chinese) {
                Some(grade) => Ok(KeyKind::Grade.key(grade.as_str())),
                None if matches!(value, NO_GRADE | "无") => Ok(KeyKind::Grade.key(NO_GRADE)),
                None => Err(bad("known are red, orange, yellow, blue, none".into())),
            }
        }
        Field::Kind => match value {
            "post" | "comment" | "article" => Ok(KeyKind::Kind.key(value)),
            "帖子" => Ok(KeyKind::Kind.key("post")),
            "评论" => Ok(KeyKind::Kind.key("comment")),
            "文章" => Ok(KeyKind::Kind.key("article")),
            _ => Err(bad("known are post, comment, article".into())),
        },
        Field::Place => free(KeyKind::Place),
        Field::Department => free(KeyKind::Department),
        // Times are bounds, not keys: `one` takes them before they come here.
        Field::Since | Field::Until => Err(QueryError::TimeInside),
    }
}

fn name(field: Field) -> &'static str {
    FIELDS.iter().find(|(_, known)| *known == field).map_or("field", |(name, _)| name)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edge {
    Begin,
    End,
}

/// A day in China, a time with offset, or an age.
fn time(field: &'static str, value: &str, now: Timestamp, edge: Edge) -> Result<Timestamp, QueryError> {
    const CHINA: Offset = Offset::constant(8);
    let bad = || QueryError::BadValue {
        field,
        value: value.chars().take(80).collect(),
        expected: "write 2026-03-01, 2026-03-01T08:00:00+08:00, or 7d, 24h, 30m".into(),
    };
    if let Ok(day) = Date::from_str(value)
        && value.len() == 10
    {
        let day = match edge {
            Edge::Begin => day,
            Edge::End => day.tomorrow().map_err(|_| bad())?,
        };
        return CHINA.to_timestamp(day.at(0, 0, 0, 0)).map_err(|_| bad());
    }
    if let Ok(at) = Timestamp::from_str(value) {
        return Ok(at);
    }
    let unit = match value.chars().next_back() {
        Some('d' | '天') => 24 * 3600,
        Some('h') => 3600,
        Some('m') => 60,
        _ => return Err(bad()),
    };
    let number: u64 = value.trim_end_matches(['d', 'h', 'm', '天']).parse().map_err(|_| bad())?;
    let age = Duration::from_secs(number.checked_mul(unit).ok_or_else(bad)?);
    let at = now.checked_sub(age).map_err(|_| bad())?;
    at.round(Unit::Millisecond).map_err(|_| bad())
}

fn lex(text: &str) -> Result<Vec<Lexeme>, QueryError> {
    let mut lexemes = Vec::new();
    let mut chars = text.chars().map(narrow).peekable();
    while let Some(&next) = chars.peek() {
        match next {
            ' ' => {
                chars.next();
            }
            '(' | ')' | '|' => {
                chars.next();
                lexemes.push(match next {
                    '(' => Lexeme::Open,
                    ')' => Lexeme::Close,
                    _ => Lexeme::Or,
                });
            }
            '"' => {
                chars.next();
                lexemes.push(Lexeme::Phrase(quoted(&mut chars)?));
            }
            '-' => {
                chars.next();
                lexemes.push(Lexeme::Not);
            }
            _ => {
                let mut word = String::new();
                while let Some(c) = chars.next_if(|c| !matches!(c, ' ' | '(' | ')' | '|' | '"')) {
                    word.push(c);
                }
                let value = match (word.ends_with(':'), chars.next_if_eq(&'"')) {
                    (true, Some(_)) => Some(quoted(&mut chars)?),
                    (false, Some(_)) => {
                        // A quotation mark within a word begins a phrase after it.
                        lexemes.push(lexeme(&word, None)?);
                        lexemes.push(Lexeme::Phrase(quoted(&mut chars)?));
                        continue;
                    }
                    (_, None) => None,
                };
                lexemes.push(lexeme(&word, value)?);
            }
        }
    }
    Ok(lexemes)
}

fn quoted(chars: &mut impl Iterator<Item = char>) -> Result<String, QueryError> {
    let mut text = String::new();
    for c in chars {
        if c == '"' {
            return Ok(text);
        }
        text.push(c);
    }
    Err(QueryError::Unpaired('"'))
}

fn lexeme(word: &str, quoted: Option<String>) -> Result<Lexeme, QueryError> {
    match word {
        "OR" | "或" => return Ok(Lexeme::Or),
        "NOT" | "非" => return Ok(Lexeme::Not),
        _ => {}
    }
    let Some((name, value)) = word.split_once(':') else { return Ok(Lexeme::Word(word.to_owned())) };
    // An address or a time of day is a word.
    let named = !name.is_empty() && name.chars().all(|c| c.is_alphabetic() || c == '_');
    if !named || value.starts_with("//") {
        return Ok(Lexeme::Word(word.to_owned()));
    }
    let lower = name.to_lowercase();
    if let Some((_, field)) = FIELDS.iter().find(|(known, _)| *known == lower) {
        return Ok(Lexeme::Field(*field, quoted.unwrap_or_else(|| value.to_owned())));
    }
    let nearest = FIELDS
        .iter()
        .map(|(known, _)| (*known, strsim::jaro_winkler(known, &lower)))
        .filter(|(_, likeness)| *likeness > 0.75)
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(known, _)| known);
    Err(QueryError::UnknownField { name: name.chars().take(80).collect(), nearest })
}

/// The narrow form of marks that people type in Chinese.
fn narrow(c: char) -> char {
    match c {
        '（' => '(',
        '）' => ')',
        '｜' => '|',
        '：' => ':',
        '－' => '-',
        '“' | '”' | '„' | '＂' | '「' | '」' | '『' | '』' => '"',
        c if c.is_whitespace() || c.is_control() => ' ',
        c => c,
    }
}
