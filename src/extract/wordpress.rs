//! WordPress through its REST interface: articles, and all comments of the site.
//!
//! Article and comment numbers overlap, so ids are `post:12` and `comment:34`. The fields asked for hold no
//! avatar (a gravatar link is a hash of an e-mail address) and no e-mail. `author_name` is asked for
//! because distinct voices are counted; it goes into [`AuthorName`] only, which nothing can store.
//!
//! Comments come in two ways: [`comments_after`] gives what is new since an instant, with an overlap, since the
//! interface filters by the site's local time and to the second; [`all_comments`] walks over all of
//! them, which alone shows edits and deletions.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::charset::{self, Syntax};
use super::draft::{self, Draft};
use super::post::{AuthorName, PostId, PostKind};
use super::{Defect, Extraction, Shows, plain};
use crate::crawl::canonical::canonical;
use crate::crawl::{RawDocument, Role, Target};
use crate::source::{Source, WordpressOptions};

/// How far back [`comments_after`] reaches beyond what was asked for.
const OVERLAP: Duration = Duration::from_mins(10);
/// Items of a page: the most the interface gives.
const PAGE: usize = 100;
/// Most pages of one look: a site that always promises another is not followed for ever.
const PAGES: u32 = 10_000;

/// The newest articles. `date` is asked for beside `date_gmt`: their difference is the site's offset.
pub fn listing_target(source: &Source) -> Target {
    let fields = "id,date,date_gmt,modified_gmt,link,title,content,comment_status";
    target(source, Role::Listing, "posts", &[("orderby", "date"), ("order", "desc"), ("_fields", fields)])
}

/// The comments published after an instant, less ten minutes, oldest first. `utc_offset` is the site's
/// ([`utc_offset`]), for the interface takes `after` in local time.
pub fn comments_after(source: &Source, after: Timestamp, utc_offset: Offset) -> Target {
    let after = after.saturating_sub(OVERLAP).expect("a duration of minutes fits");
    let after = utc_offset.to_datetime(after).strftime("%Y-%m-%dT%H:%M:%S").to_string();
    comments(source, Role::NewComments, &[("after", &after)])
}

/// A page of all comments, oldest first, counted from 1.
pub fn all_comments(source: &Source, page: u32) -> Target {
    comments(source, Role::AllComments, &[("page", &page.max(1).to_string())])
}

/// The site's offset from UTC, from a listing in which an article tells its time both ways.
pub fn utc_offset(document: &RawDocument) -> Option<Offset> {
    let items: Vec<Item> = serde_json::from_str(&charset::decode(document, Syntax::Json)).ok()?;
    let (local, gmt) =
        items.into_iter().find_map(|item| Some((civil(&item.date?)?, civil(&item.date_gmt?)?)))?;
    let apart = local.duration_since(gmt).as_secs();
    // Offsets are whole quarters of an hour; a second's difference is the database's rounding.
    let quarters = (apart as f64 / 900.0).round() as i32;
    Offset::from_seconds(quarters * 900).ok()
}

fn comments(source: &Source, role: Role, more: &[(&str, &str)]) -> Target {
    let fields = ("_fields", "id,post,parent,date_gmt,content,link,author_name");
    let query: Vec<_> =
        [("orderby", "date_gmt"), ("order", "asc"), fields].into_iter().chain(more.iter().copied()).collect();
    target(source, role, "comments", &query)
}

fn target(source: &Source, role: Role, what: &str, query: &[(&str, &str)]) -> Target {
    let mut url = source.url.clone();
    url.set_fragment(None);
    let root = url.path().trim_end_matches('/');
    url.set_path(&format!("{root}/wp-json/wp/v2/{what}"));
    url.query_pairs_mut().clear().append_pair("per_page", &PAGE.to_string()).extend_pairs(query);
    Target { source: source.id.clone(), url, role, thread: None }
}

/// One article or comment.
#[derive(Deserialize)]
struct Item {
    id: u64,
    date: Option<String>,
    date_gmt: Option<String>,
    link: Option<String>,
    title: Option<Rendered>,
    content: Option<Rendered>,
    post: Option<u64>,
    parent: Option<u64>,
    author_name: Option<String>,
}

#[derive(Deserialize)]
struct Rendered {
    #[serde(default)]
    rendered: String,
}

/// The posts of a page of the interface.
pub(super) fn extract(document: &RawDocument, source: &Source, options: &WordpressOptions) -> Extraction {
    let role = document.target.role;
    let items: Vec<Value> = match serde_json::from_str(&charset::decode(document, Syntax::Json)) {
        Ok(items) => items,
        Err(error) => {
            return Extraction::of_defect(format!("this is no list of WordPress's REST interface: {error}"));
        }
    };
    let mut extraction = Extraction::default();
    if role == Role::AllComments {
        extraction.shows = Shows::Site;
    }
    for (at, value) in items.into_iter().take(PAGE).enumerate() {
        let found =
            serde_json::from_value::<Item>(value).map_err(|error| error.to_string()).and_then(|item| {
                let draft = match role {
                    Role::NewComments | Role::AllComments => comment(&item, document, source)?,
                    Role::Listing | Role::Detail | Role::DetailPage => {
                        article(item, document, source, options)
                    }
                };
                draft.finish(source, document.fetched_at).map_err(|unfit| unfit.to_string())
            });
        match found {
            Ok(found) => extraction.posts.push(found),
            Err(what) => extraction.defects.push(Defect { item: Some(at), what }),
        }
    }
    extraction.follow.extend(next(document, source));
    extraction
}

fn article(item: Item, document: &RawDocument, source: &Source, options: &WordpressOptions) -> Draft {
    let mut draft = filled(PostKind::Article, &item, document, source);
    draft.external_id = Some(format!("post:{}", item.id));
    draft.thread = Some(draft.id(&source.id));
    draft.title =
        item.title.map(|title| plain::one_line(&plain::html_to_text(&title.rendered))).unwrap_or_default();
    draft.official = options.official;
    draft
}

fn comment(item: &Item, document: &RawDocument, source: &Source) -> Result<Draft, String> {
    let mut draft = filled(PostKind::Comment, item, document, source);
    draft.external_id = Some(format!("comment:{}", item.id));
    let article = item.post.ok_or("the comment names no article")?;
    let thread = PostId::by_external_id(&source.id, &format!("post:{article}"));
    draft.thread = Some(thread);
    draft.parent = Some(match item.parent {
        None | Some(0) => thread,
        Some(parent) => PostId::by_external_id(&source.id, &format!("comment:{parent}")),
    });
    draft.author = item.author_name.as_deref().and_then(AuthorName::new);
    Ok(draft)
}

fn filled(kind: PostKind, item: &Item, document: &RawDocument, source: &Source) -> Draft {
    let mut draft = Draft::new(kind);
    let link = item.link.as_deref().and_then(|link| draft::resolve(link, &document.url));
    draft.url = link.map(|link| {
        let mut url = canonical(&link, &source.ignored_parameters);
        if kind == PostKind::Comment {
            url.set_fragment(link.fragment());
        }
        url
    });
    draft.text =
        item.content.as_ref().map(|content| plain::html_to_text(&content.rendered)).unwrap_or_default();
    // The interface writes UTC without saying so.
    let gmt = item.date_gmt.as_deref().and_then(civil);
    draft.published = gmt.and_then(|gmt| TimeZone::UTC.to_timestamp(gmt).ok());
    draft
}

fn civil(text: &str) -> Option<DateTime> {
    text.trim_end_matches('Z').parse().ok()
}

/// The next page: what the `Link` header names, else the next number while there are pages left.
fn next(document: &RawDocument, source: &Source) -> Option<Target> {
    let current: u32 = document
        .target
        .url
        .query_pairs()
        .find(|(name, _)| name == "page")
        .map_or(Some(1), |(_, number)| number.parse().ok())?;
    let pages: u32 =
        document.headers.get("x-wp-totalpages").and_then(|pages| pages.trim().parse().ok()).unwrap_or(0);
    let linked = document.headers.get("link").is_some_and(|link| link.contains("rel=\"next\""));
    if current >= PAGES || (current >= pages && !linked) {
        return None;
    }
    // Our own address with the next number, rather than the header's: the same page of the same question.
    let mut url: Url = document.target.url.clone();
    let others: Vec<(String, String)> =
        url.query_pairs().filter(|(name, _)| name != "page").map(|(k, v)| (k.into(), v.into())).collect();
    url.query_pairs_mut().clear().extend_pairs(others).append_pair("page", &(current + 1).to_string());
    Some(Target { source: source.id.clone(), url, role: document.target.role, thread: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::fixture;
    use crate::source::SourceKind;

    fn site() -> Source {
        fixture::source("http://town.example/blog/", SourceKind::Wordpress(WordpressOptions::default()))
    }

    fn page(target: &Target, file: &str, pages: &str) -> RawDocument {
        let mut document = fixture::document_as(target.url.as_str(), target.role, &fixture::file(file));
        document.headers.insert("x-wp-totalpages".into(), pages.into());
        document
    }

    #[test]
    fn addresses_ask_for_what_is_needed_and_no_more() {
        let after = "2026-11-24T02:00:00Z".parse().unwrap();
        insta::assert_snapshot!(
            [listing_target(&site()), comments_after(&site(), after, Offset::constant(8)), all_comments(&site(), 3)]
                .map(|target| target.url.to_string())
                .join("\n"),
            @r"
        http://town.example/blog/wp-json/wp/v2/posts?per_page=100&orderby=date&order=desc&_fields=id%2Cdate%2Cdate_gmt%2Cmodified_gmt%2Clink%2Ctitle%2Ccontent%2Ccomment_status
        http://town.example/blog/wp-json/wp/v2/comments?per_page=100&orderby=date_gmt&order=asc&_fields=id%2Cpost%2Cparent%2Cdate_gmt%2Ccontent%2Clink%2Cauthor_name&after=2026-11-24T09%3A50%3A00
        http://town.example/blog/wp-json/wp/v2/comments?per_page=100&orderby=date_gmt&order=asc&_fields=id%2Cpost%2Cparent%2Cdate_gmt%2Ccontent%2Clink%2Cauthor_name&page=3
        "
        );
    }

    #[test]
    fn articles_and_comments_know_each_other() {
        let document = page(&listing_target(&site()), "wordpress-posts.json", "1");
        let listing = super::super::extract(&document, &site());
        assert_eq!(
            (listing.posts.len(), listing.defects.len(), listing.follow.len()),
            (2, 0, 0),
            "{listing:?}"
        );
        let article = &listing.posts[0].post;
        assert_eq!(article.title, "青云街道停水“通知”");
        assert_eq!(article.published_at.to_string(), "2026-11-22T00:47:00Z");
        assert_eq!(utc_offset(&document), Some(Offset::constant(8)));

        let document = page(&all_comments(&site(), 1), "wordpress-comments.json", "2");
        let walk = super::super::extract(&document, &site());
        assert_eq!((walk.posts.len(), walk.defects.len(), walk.shows), (3, 1, Shows::Site), "{walk:?}");
        assert_eq!(walk.follow[0].url, all_comments(&site(), 2).url);
        let comment = |n: usize| &walk.posts[n].post;
        assert_eq!((comment(0).parent, comment(0).thread), (Some(article.id), Some(article.id)));
        assert_eq!((comment(1).parent, comment(1).thread), (Some(comment(0).id), Some(article.id)));
        assert_eq!(comment(1).url.as_ref().unwrap().fragment(), Some("comment-2"));
        assert!(walk.posts[0].author.is_some() && walk.posts[2].post.official);
        assert!(!format!("{walk:?}").contains("路边的风"));
    }
}
