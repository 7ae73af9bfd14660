//! Hot lists in the shape of newsnow: `{status,id,updatedTime,items[]}`.
//!
//! An item is a headline, known by its title and link, for ids of such lists change with each update. Its rank
//! is its place in [`Extraction::posts`]; the heat that a list shows beside it counts as views.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::charset::{self, Syntax};
use super::draft::{self, Draft};
use super::post::{Found, PostId, PostKind};
use super::{Defect, Extraction, plain, published};
use crate::crawl::RawDocument;
use crate::source::Source;

/// Most items of a list that are read (promise P1).
const ITEMS: usize = 5000;

#[derive(Deserialize)]
struct List {
    items: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    title: String,
    url: Option<String>,
    mobile_url: Option<String>,
    pub_date: Option<Value>,
    #[serde(default)]
    extra: Extra,
}

#[derive(Default, Deserialize)]
struct Extra {
    info: Option<Value>,
    hover: Option<String>,
    date: Option<Value>,
}

/// The headlines of a list.
pub(super) fn extract(document: &RawDocument, source: &Source) -> Extraction {
    let list: List = match serde_json::from_str(&charset::decode(document, Syntax::Json)) {
        Ok(list) => list,
        Err(error) => return Extraction::of_defect(format!("this is no hot list: {error}")),
    };
    let mut extraction = Extraction::default();
    for (at, value) in list.items.into_iter().take(ITEMS).enumerate() {
        let item = serde_json::from_value::<Item>(value).map_err(|error| error.to_string());
        match item.and_then(|item| headline(item, document, source)) {
            Ok(found) => extraction.posts.push(found),
            Err(what) => extraction.defects.push(Defect { item: Some(at), what }),
        }
    }
    extraction
}

fn headline(item: Item, document: &RawDocument, source: &Source) -> Result<Found, String> {
    let mut draft = Draft::new(PostKind::Post);
    draft.title = plain::one_line(&item.title);
    if draft.title.is_empty() {
        return Err("the item has no title".into());
    }
    let link = item.url.or(item.mobile_url).unwrap_or_default();
    draft.url = draft::address(&link, &document.url, source);
    let address = draft.url.as_ref().map_or("", |url| url.as_str());
    draft.identity = Some(PostId::of(&source.id, None, None, &draft.title, address));
    draft.text = item.extra.hover.as_deref().map(plain::tidy).unwrap_or_default();
    draft.counts.views = match &item.extra.info {
        Some(Value::String(info)) => draft::count(info),
        Some(Value::Number(info)) => info.as_u64().unwrap_or_default(),
        _ => 0,
    };
    let dates = [item.pub_date, item.extra.date];
    draft.published = dates.iter().flatten().find_map(|date| instant(date, document.fetched_at));
    draft.finish(source, document.fetched_at).map_err(|unfit| unfit.to_string())
}

/// A date as text, or in milliseconds since 1970.
fn instant(value: &Value, now: Timestamp) -> Option<Timestamp> {
    match value {
        Value::String(text) => published::published(text, &published::china(), now),
        Value::Number(millis) => Timestamp::from_millisecond(millis.as_i64()?).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::extract::fixture;
    use crate::source::{HotlistOptions, SourceKind};

    #[test]
    fn a_list_keeps_its_order_and_knows_its_items_again() {
        let source =
            fixture::source("http://town.example/api/s?id=town", SourceKind::Hotlist(HotlistOptions {}));
        let read = |body: &[u8]| {
            super::super::extract(&fixture::document("http://town.example/api/s", body), &source)
        };
        let first = read(&fixture::file("hotlist.json"));
        let titles: Vec<_> = first.posts.iter().map(|found| &found.post.title[..]).collect();
        assert_eq!(titles, ["禾川今晚停水", "12路公交改线", "图书馆延长开放"]);
        assert_eq!(first.defects.len(), 1);
        assert_eq!(first.posts[0].post.counts.views, 3_530_000);
        assert_eq!(first.posts[1].post.published_at.to_string(), "2026-11-22T00:47:00Z");
        // The list moves, its ids change: the items are the same.
        let moved =
            String::from_utf8(fixture::file("hotlist.json")).unwrap().replace("\"id\": \"", "\"id\": \"x");
        assert_eq!(read(moved.as_bytes()).posts[0].post.id, first.posts[0].post.id);
    }
}
