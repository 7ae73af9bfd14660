//! The query part of an address: known names only, so that a typing error is no silent "everything".

use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use jiff::Timestamp;

use crate::assess::Grade;
use crate::extract::post::PostKind;
use crate::lexicon::category::Category;
use crate::search::{Filters, Sort};
use crate::source::SourceId;
use crate::web::error::Problem;

/// Most names in one query.
const MOST: usize = 64;
/// Page size unless asked otherwise.
const PAGE: usize = 50;
/// Largest page size.
const LARGEST_PAGE: usize = 500;

/// The names that select posts. None of them selects by writer (V4).
pub(in crate::web) const OF_POSTS: [&str; 8] =
    ["q", "since", "until", "source", "kind", "category", "grade", "place"];

/// The pairs of a query, in order. Empty values count as not given, as forms send them.
#[derive(Debug, Clone)]
pub(in crate::web) struct Params(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes())
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .take(MOST + 1)
            .collect();
        if pairs.len() > MOST { Err(Problem::bad("too many parameters")) } else { Ok(Self(pairs)) }
    }
}

impl Params {
    /// Refuses a query with other names.
    pub(in crate::web) fn only(&self, known: &[&[&str]]) -> Result<(), Problem> {
        match self.0.iter().find(|(name, _)| !known.iter().any(|names| names.contains(&name.as_str()))) {
            Some(_) => Err(Problem::bad(format!("known parameters are {}", known.concat().join(", ")))),
            None => Ok(()),
        }
    }

    pub(in crate::web) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first value of a name.
    pub(in crate::web) fn one(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// All values of a name.
    pub(in crate::web) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// A value that has to be read.
    pub(in crate::web) fn read<T: FromStr>(&self, name: &str) -> Result<Option<T>, Problem> {
        let read = |value: &str| value.parse().map_err(|_| Problem::bad(format!("{name} cannot be read")));
        self.one(name).map(read).transpose()
    }

    /// Page size.
    pub(in crate::web) fn limit(&self) -> Result<usize, Problem> {
        match self.read("limit")?.unwrap_or(PAGE) {
            limit @ 1..=LARGEST_PAGE => Ok(limit),
            _ => Err(Problem::bad(format!("limit is 1 to {LARGEST_PAGE}"))),
        }
    }

    pub(in crate::web) fn cursor(&self) -> Option<String> {
        self.one("cursor").map(str::to_owned)
    }

    pub(in crate::web) fn sort(&self) -> Result<Sort, Problem> {
        match self.one("sort") {
            None | Some("newest") => Ok(Sort::Newest),
            Some("relevance") => Ok(Sort::Relevance),
            Some(_) => Err(Problem::bad("sort is newest or relevance")),
        }
    }

    pub(in crate::web) fn grade(&self) -> Result<Option<Grade>, Problem> {
        self.one("grade").map(|word| Grade::from_word(word).ok_or_else(bad_grade)).transpose()
    }

    /// The conditions on posts.
    pub(in crate::web) fn filters(&self) -> Result<Filters, Problem> {
        let source = |id| SourceId::new(id).map_err(|error| Problem::bad(error.to_string()));
        let kind = |word| match word {
            "post" => Ok(PostKind::Post),
            "comment" => Ok(PostKind::Comment),
            "article" => Ok(PostKind::Article),
            _ => Err(Problem::bad("kind is post, comment or article")),
        };
        let category = |word: &str| word.parse::<Category>().map_err(|error| Problem::bad(error.to_string()));
        let grade = |word| match word {
            "none" => Ok(None),
            word => Grade::from_word(word).map(Some).ok_or_else(bad_grade),
        };
        Ok(Filters {
            since: self.read::<Timestamp>("since")?,
            until: self.read::<Timestamp>("until")?,
            sources: self.all("source").map(source).collect::<Result<_, _>>()?,
            kinds: self.all("kind").map(kind).collect::<Result<_, _>>()?,
            categories: self.all("category").map(category).collect::<Result<_, _>>()?,
            grades: self.all("grade").map(grade).collect::<Result<_, _>>()?,
            places: self.all("place").map(str::to_owned).collect(),
            departments: self.all("department").map(str::to_owned).collect(),
            official: None,
            shown: None,
        })
    }

    /// The same query with one name set otherwise, as the query part of an address; `None` takes it away.
    pub(in crate::web) fn with(&self, name: &str, value: Option<&str>) -> String {
        let mut pairs = url::form_urlencoded::Serializer::new(String::new());
        // A cursor belongs to the query it came from.
        let kept = self.0.iter().filter(|(found, _)| found != name && found != "cursor");
        pairs.extend_pairs(kept);
        pairs.extend_pairs(value.map(|value| (name, value)));
        pairs.finish()
    }
}

fn bad_grade() -> Problem {
    Problem::bad("grade is red, orange, yellow or blue; for posts also none")
}
