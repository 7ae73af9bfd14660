//! What a page says of itself in JSON-LD (schema.org): the article or thread, and its comments.
//!
//! Read as data that may be wrong: a value of another type than expected is absent, and a script that is no
//! JSON is ignored, as search engines do.

use scraper::Html;
use serde_json::{Map, Value};

use super::super::plain;
use super::select;

/// Most comments read, and deepest nesting of answers to answers (promise P1).
const COMMENTS: usize = super::ITEMS;
const DEPTH: usize = 64;

/// Types that are the page's own post.
const OPENERS: [&str; 9] = [
    "NewsArticle",
    "Article",
    "ReportageNewsArticle",
    "BlogPosting",
    "DiscussionForumPosting",
    "SocialMediaPosting",
    "Question",
    "QAPage",
    "Report",
];

/// The page's post as it describes itself.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Opener {
    pub(super) title: String,
    pub(super) text: String,
    pub(super) author: Option<String>,
    pub(super) published: Option<String>,
    pub(super) comments: Vec<Comment>,
}

/// One comment as the page describes it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Comment {
    pub(super) id: Option<String>,
    /// The id of what it answers; `None` for the opener.
    pub(super) parent: Option<String>,
    pub(super) text: String,
    pub(super) author: Option<String>,
    pub(super) published: Option<String>,
    pub(super) likes: u64,
}

/// The first description of a post on the page.
pub(super) fn read(html: &Html) -> Option<Opener> {
    let scripts = select::constant("script[type='application/ld+json']");
    scripts.all(html.root_element()).find_map(|script| {
        let text: String = script.text().collect();
        let value: Value = serde_json::from_str(text.trim().trim_end_matches(';')).ok()?;
        opener(find(&value)?)
    })
}

/// The description of the page's post, possibly among others or within a page's.
fn find(value: &Value) -> Option<&Map<String, Value>> {
    let candidates: &[Value] = match value {
        Value::Array(all) => all,
        Value::Object(one) => match one.get("@graph") {
            Some(Value::Array(all)) => all,
            _ => std::slice::from_ref(value),
        },
        _ => &[],
    };
    let objects = || candidates.iter().filter_map(Value::as_object);
    objects().find(|object| is_one_of(object, &OPENERS)).or_else(|| {
        objects()
            .filter_map(|object| object.get("mainEntity")?.as_object())
            .find(|object| is_one_of(object, &OPENERS))
    })
}

fn opener(object: &Map<String, Value>) -> Option<Opener> {
    // A page of questions and answers holds its post one level deeper.
    if is_one_of(object, &["QAPage"]) {
        return object.get("mainEntity")?.as_object().and_then(opener);
    }
    let mut comments = Vec::new();
    gather(object, None, 0, &mut comments);
    Some(Opener {
        title: plain::one_line(&plain::html_to_text(&words(object, &["headline", "name"]))),
        text: plain::html_to_text(&words(object, &["articleBody", "text"])),
        author: author(object),
        published: string(object, &["datePublished", "dateCreated"]),
        comments,
    })
}

fn gather(object: &Map<String, Value>, parent: Option<&str>, depth: usize, into: &mut Vec<Comment>) {
    let lists = ["comment", "suggestedAnswer", "acceptedAnswer"].iter().filter_map(|key| object.get(*key));
    let items = lists.flat_map(|list| match list {
        Value::Array(all) => &all[..],
        one => std::slice::from_ref(one),
    });
    for item in items.filter_map(Value::as_object) {
        if into.len() >= COMMENTS || depth >= DEPTH {
            return;
        }
        let id = identity(item);
        let stated = item.get("parentItem").and_then(Value::as_object);
        let stated =
            stated.filter(|above| is_one_of(above, &["Comment", "Answer"]) || above.get("@type").is_none());
        into.push(Comment {
            parent: stated.and_then(identity).or_else(|| parent.map(str::to_owned)),
            text: plain::html_to_text(&words(item, &["text"])),
            author: author(item),
            published: string(item, &["datePublished", "dateCreated"]),
            likes: item.get("upvoteCount").and_then(Value::as_u64).unwrap_or_default(),
            id: id.clone(),
        });
        gather(item, id.as_deref(), depth + 1, into);
    }
}

/// A comment's id; of an address that leads to it only the fragment, as it stands on the page too.
fn identity(object: &Map<String, Value>) -> Option<String> {
    let id = string(object, &["identifier", "@id", "url"])?;
    Some(id.rsplit_once('#').map_or(id.clone(), |(_, fragment)| fragment.to_owned()))
}

fn is_one_of(object: &Map<String, Value>, types: &[&str]) -> bool {
    match object.get("@type") {
        Some(Value::String(kind)) => types.contains(&kind.as_str()),
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).any(|kind| types.contains(&kind)),
        _ => false,
    }
}

fn string(object: &Map<String, Value>, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| match object.get(*key)? {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

fn words(object: &Map<String, Value>, keys: &[&str]) -> String {
    string(object, keys).unwrap_or_default()
}

fn author(object: &Map<String, Value>) -> Option<String> {
    let mut author = object.get("author")?;
    if let Value::Array(all) = author {
        author = all.first()?;
    }
    match author {
        Value::String(name) => Some(name.clone()),
        Value::Object(person) => string(person, &["name", "alternateName"]),
        _ => None,
    }
}
