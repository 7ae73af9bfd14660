//! JSON Feed 1.0 and 1.1.

use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::super::draft;
use super::{Entry, ITEMS, Reading, Words};

#[derive(Deserialize)]
struct Feed {
    #[serde(default)]
    items: Vec<Value>,
}

/// One item; an id that is a number is taken too, as the format asks of readers.
#[derive(Deserialize)]
struct Item {
    id: Option<Value>,
    url: Option<String>,
    external_url: Option<String>,
    title: Option<String>,
    content_text: Option<String>,
    content_html: Option<String>,
    summary: Option<String>,
    date_published: Option<String>,
    date_modified: Option<String>,
    #[serde(default)]
    authors: Vec<Author>,
    author: Option<Author>,
}

#[derive(Deserialize)]
struct Author {
    name: Option<String>,
}

pub(super) fn read(text: &str, base: &Url) -> Reading {
    let feed: Feed = match serde_json::from_str(text.trim_start_matches('\u{feff}')) {
        Ok(feed) => feed,
        Err(error) => {
            return Reading { entries: Vec::new(), broken: Some(format!("this is no JSON Feed: {error}")) };
        }
    };
    let mut reading = Reading::default();
    if feed.items.len() > ITEMS {
        reading.broken = Some(format!("only the first {ITEMS} of {} items are read", feed.items.len()));
    }
    for (at, value) in feed.items.into_iter().take(ITEMS).enumerate() {
        match serde_json::from_value::<Item>(value) {
            Ok(item) => reading.entries.push(entry(item, base)),
            Err(error) => reading.broken = Some(format!("item {at} is not as JSON Feed says: {error}")),
        }
    }
    reading
}

fn entry(item: Item, base: &Url) -> Entry {
    let plain = |text: Option<String>| Words::Plain(text.unwrap_or_default());
    Entry {
        id: match item.id {
            Some(Value::String(id)) => Some(id),
            Some(Value::Number(id)) => Some(id.to_string()),
            _ => None,
        },
        link: item.url.or(item.external_url).and_then(|link| draft::resolve(&link, base)),
        title: plain(item.title),
        content: item.content_html.map_or_else(|| plain(item.content_text), Words::Html),
        summary: plain(item.summary),
        published: item.date_published,
        updated: item.date_modified,
        author: item.authors.into_iter().next().or(item.author).and_then(|author| author.name),
        ..Entry::default()
    }
}
