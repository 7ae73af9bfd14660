//! Feeds: RSS of every version, RDF, CDF, Atom, JSON Feed.
//!
//! The readers of the two syntaxes ([`xml`], [`json`]) give [`Entry`]s; here an entry becomes a post. Identity
//! is the feed's own id (`guid`, `id`), else the link. An entry of a comment feed answers the entry it names
//! (`thr:in-reply-to`, or WordPress's sentence `In reply to <a href=…#comment-N>`, which names a person and
//! is therefore cut from the text, as is the title "Comment on … by …").
//!
//! A feed cut off or ill-formed gives its whole items and one defect.

mod json;
mod xml;

use jiff::Timestamp;
use url::Url;

use super::charset::{self, Syntax};
use super::draft::{self, Draft};
use super::post::{AuthorName, Found, PostId, PostKind};
use super::{Defect, Extraction, plain, published};
use crate::crawl::RawDocument;
use crate::crawl::canonical::canonical;
use crate::source::{FeedOptions, Source};

/// Most items of a document (promise P1).
const ITEMS: usize = 5000;

/// One item as the feed writes it.
#[derive(Debug, Clone, Default, PartialEq)]
struct Entry {
    id: Option<String>,
    link: Option<Url>,
    title: Words,
    /// A title by another vocabulary (Dublin Core, Media RSS), for want of the feed's own.
    second_title: Words,
    content: Words,
    summary: Words,
    published: Option<String>,
    updated: Option<String>,
    author: Option<String>,
    /// The id of what it answers.
    answers: Option<String>,
    comments: u64,
}

/// Words in the form in which they stand in the feed.
#[derive(Debug, Clone, PartialEq)]
enum Words {
    Plain(String),
    Html(String),
}

/// What a reader found.
#[derive(Debug, Default)]
struct Reading {
    entries: Vec<Entry>,
    /// Why it is not all that the feed holds.
    broken: Option<String>,
}

/// The posts of a feed.
pub(super) fn extract(document: &RawDocument, source: &Source, options: &FeedOptions) -> Extraction {
    let is_json = document.body.iter().find(|b| !b.is_ascii_whitespace() && !matches!(b, 0xef | 0xbb | 0xbf))
        == Some(&b'{');
    let reading = if is_json {
        json::read(&charset::decode(document, Syntax::Json), &document.url)
    } else {
        xml::read(&charset::decode(document, Syntax::Xml), &document.url)
    };
    let mut extraction = Extraction::default();
    for (item, entry) in reading.entries.into_iter().enumerate() {
        match post(entry, source, options, document.fetched_at) {
            Ok(found) => extraction.posts.push(found),
            Err(unfit) => extraction.defects.push(Defect { item: Some(item), what: unfit.to_string() }),
        }
    }
    extraction.defects.extend(reading.broken.map(|what| Defect { item: None, what }));
    extraction
}

fn post(entry: Entry, source: &Source, options: &FeedOptions, now: Timestamp) -> Result<Found, draft::Unfit> {
    let mut draft = Draft::new(if options.comments { PostKind::Comment } else { PostKind::Article });
    draft.external_id = entry.id;
    draft.url = entry.link.as_ref().map(|link| canonical(link, &source.ignored_parameters));
    draft.text = entry.content.text();
    if draft.text.is_empty() {
        draft.text = entry.summary.text();
    }
    draft.author = entry.author.as_deref().and_then(AuthorName::new);
    draft.official = options.official;
    draft.counts.comments = entry.comments;
    let zone = published::china();
    let read = |text: &Option<String>| published::published(text.as_deref()?, &zone, now);
    draft.published = read(&entry.published).or_else(|| read(&entry.updated));
    draft.parent = entry.answers.as_deref().map(|id| PostId::by_external_id(&source.id, id));
    if options.comments {
        let words = if entry.content.is_empty() { entry.summary } else { entry.content };
        answer(&mut draft, &words, entry.link.as_ref(), source);
    } else {
        let title = if entry.title.is_empty() { entry.second_title } else { entry.title };
        draft.title = plain::one_line(&title.text());
    }
    draft.finish(source, now)
}

/// What is particular to an entry of a comment feed.
fn answer(draft: &mut Draft, words: &Words, link: Option<&Url>, source: &Source) {
    // All comments of an article share its address: only the fragment tells them apart.
    if draft.external_id.is_none() {
        draft.external_id = link.filter(|link| link.fragment().is_some()).map(Url::to_string);
    }
    draft.thread = draft.url.as_ref().map(|article| PostId::by_url(&source.id, article));
    if let (Some(url), Some(link)) = (&mut draft.url, link) {
        url.set_fragment(link.fragment());
    }
    if let Words::Html(html) = words
        && let Some((parent, rest)) = in_reply_to(html)
    {
        draft.text = plain::html_to_text(rest);
        let sibling =
            draft.external_id.as_deref().and_then(|id| Some((id.rsplit_once("#comment-")?.0, parent)));
        let sibling = sibling.map(|(post, number)| format!("{post}#comment-{number}"));
        draft.parent = draft.parent.or_else(|| Some(PostId::by_external_id(&source.id, &sibling?)));
    }
    draft.parent = draft.parent.or(draft.thread);
}

/// The number of the comment that WordPress says is answered, and the text after that sentence.
fn in_reply_to(html: &str) -> Option<(&str, &str)> {
    let link = html.find("<a ").filter(|at| *at < 80)?;
    let end = link + html[link..].find("</a>")?;
    let (_, number) = html[link..end].split_once("#comment-")?;
    let digits = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    let lead =
        html[..link].trim_start_matches(|c: char| c.is_whitespace() || c == '<' || c == 'p' || c == '>');
    let known = ["In reply to", "回复给", "回复", "回應"].iter().any(|words| lead.starts_with(words));
    let rest = html[end + "</a>".len()..].trim_start_matches(['.', '。', '：', ':', ' ']);
    (known && digits > 0).then_some((&number[..digits], rest))
}

impl Words {
    fn text(&self) -> String {
        match self {
            Self::Plain(text) => plain::tidy(text),
            Self::Html(html) => plain::html_to_text(html),
        }
    }

    fn is_empty(&self) -> bool {
        let (Self::Plain(text) | Self::Html(text)) = self;
        text.trim().is_empty()
    }
}

impl Default for Words {
    fn default() -> Self {
        Self::Plain(String::new())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::extract::fixture;
    use crate::extract::post::Dated;

    fn read(name: &str, options: &FeedOptions) -> Extraction {
        extract(
            &fixture::document("http://town.example/feed", &fixture::file(name)),
            &fixture::feed(),
            options,
        )
    }

    #[test]
    fn feeds_give_posts_and_name_their_defects() {
        for (name, posts, defects, dated) in [
            ("rss-gb18030.xml", 3, 0, 3),
            ("atom-undated.xml", 2, 0, 0),
            ("cut-off.xml", 2, 1, 2),
            ("jsonfeed.json", 2, 1, 1),
            ("page.html", 0, 1, 0),
        ] {
            let found = read(name, &FeedOptions::default());
            let claimed = found.posts.iter().filter(|found| found.post.dated == Dated::Claimed).count();
            assert_eq!(
                (found.posts.len(), found.defects.len(), claimed),
                (posts, defects, dated),
                "{name}: {found:?}"
            );
        }
    }

    #[test]
    fn an_item_becomes_a_clean_post() {
        let found = read("rss-gb18030.xml", &FeedOptions::default());
        let Found { post, author } = &found.posts[0];
        assert_eq!(post.title, "青云街道今晚停水 & 通知");
        assert_eq!(post.text, "因管道抢修，今晚八点起停水。\n请提前储水：约六小时。");
        assert_eq!(post.url.as_ref().unwrap().as_str(), "http://town.example/news/1?id=1&page=2");
        assert_eq!(post.external_id.as_deref(), Some("news-1"));
        assert_eq!(post.published_at.to_string(), "2026-11-22T00:47:00Z");
        assert_eq!(post.counts.comments, 12);
        assert!(author.is_some());
        assert!(!format!("{found:?}").contains("陈编辑"));
    }

    #[test]
    fn comments_know_their_parents_and_name_nobody() {
        let found = read("comments.xml", &FeedOptions { comments: true, official: false });
        let source = fixture::feed().id;
        let post = |n: usize| &found.posts[n].post;
        let article = PostId::by_url(&source, &Url::parse("http://town.example/archives/12").unwrap());
        assert_eq!(
            (post(0).kind, post(0).parent, post(0).thread),
            (PostKind::Comment, Some(article), Some(article))
        );
        assert_eq!(post(1).parent, Some(post(0).id));
        assert_eq!(post(1).text, "我家也停了。");
        assert_eq!(post(1).url.as_ref().unwrap().fragment(), Some("comment-4"));
        assert_eq!(post(2).parent, Some(post(1).id), "thr:in-reply-to");
        assert!(!format!("{found:?}").contains("路边的风"));
    }

    #[test]
    fn entities_declared_by_the_document_are_refused() {
        let lol = "<!DOCTYPE r [<!ENTITY a 'x'><!ENTITY b '&a;&a;'>]>";
        for (name, dtd, title, posts) in [
            ("used", lol, "&b;", 0),
            ("unused", lol, "停水", 1),
            ("external", "<!DOCTYPE r [<!ENTITY a SYSTEM 'file:///etc/hostname'>]>", "停水", 0),
            ("parameter", "<!DOCTYPE r [<!ENTITY % p SYSTEM 'file:///etc/hostname'> %p;]>", "停水", 0),
        ] {
            let body = format!("{dtd}<rss><channel><item><title>{title}</title></item></channel></rss>");
            let document = fixture::document("http://town.example/feed", body.as_bytes());
            let found = extract(&document, &fixture::feed(), &FeedOptions::default());
            assert_eq!((found.posts.len(), found.defects.len()), (posts, 1 - posts), "{name}: {found:?}");
        }
    }

    #[test]
    fn bombs_are_cut_at_their_bounds() {
        let items = "<item><guid>1</guid><title>t</title></item>".repeat(ITEMS + 1);
        let attributes: String = (0..100_000).map(|n| format!("a{n}='1' ")).collect::<Vec<_>>().concat();
        for (name, body, posts) in [
            ("deep", format!("<rss><channel>{}", "<a>".repeat(200_000)), 0),
            ("deep in a title", format!("<rss><item><title>{}", "<b>".repeat(200_000)), 0),
            ("attributes", format!("<rss {attributes}><channel/></rss>"), 0),
            ("long name", format!("<{}/>", "a".repeat(4 << 20)), 0),
            ("items", format!("<rss><channel>{items}</channel></rss>"), ITEMS),
            ("deep json", "{\"items\":".to_owned() + &"[".repeat(100_000), 0),
            ("unclosed", "<![CDATA[".repeat(100_000), 0),
        ] {
            let document = fixture::document("http://town.example/feed", body.as_bytes());
            let began = std::time::Instant::now();
            let found = extract(&document, &fixture::feed(), &FeedOptions::default());
            assert!(began.elapsed().as_secs() < 2, "{name} took {:?}", began.elapsed());
            assert_eq!(found.posts.len(), posts, "{name}");
            assert_eq!(found.defects.is_empty(), name == "attributes", "{name}: {:?}", found.defects);
        }
    }

    proptest! {
        #[test]
        fn a_damaged_feed_never_panics(at in 0usize..4000, with in any::<[u8; 3]>(), cut in 0usize..4000) {
            for name in ["rss-gb18030.xml", "comments.xml", "jsonfeed.json"] {
                let mut bytes = fixture::file(name);
                let at = at % bytes.len();
                bytes.splice(at..(at + 2).min(bytes.len()), with);
                bytes.truncate(bytes.len() - cut % bytes.len());
                let document = fixture::document("http://town.example/feed", &bytes);
                let found = extract(&document, &fixture::feed(), &FeedOptions::default());
                prop_assert!(found.posts.len() <= 3);
            }
        }
    }
}
