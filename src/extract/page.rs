//! A page of any site as a reader sees it: title, text and date, without menus, forms and what stands at the edges.
//!
//! For pages that belong to no source: what is there, not what its parts are. Where the address names a part of the
//! page (`#comment-12`), that part alone counts.

use jiff::Timestamp;
use scraper::{ElementRef, Html};

use super::charset::{self, Syntax};
use super::html::select::constant;
use super::plain::{bounded, element_text, one_line};
use super::published;
use crate::crawl::RawDocument;

/// Where pages say their own text stands, in the order in which it is looked for.
const MAIN: [&str; 7] = [
    "[itemprop=articleBody]",
    "article",
    "main",
    "[role=main]",
    "#content",
    "#UCAP-CONTENT",
    ".entry-content",
];
/// What stands around a page's own text.
const AROUND: [&str; 7] = ["nav", "header", "footer", "aside", "form", "button", "select"];

/// What a page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageText {
    /// Its title; may be empty.
    pub title: String,
    /// What a reader sees of its own text, paragraphs parted by line feeds; may be empty.
    pub text: String,
    /// When it was published, as it says.
    pub published_at: Option<Timestamp>,
    /// Whether the address names a part of the page, and it is there: then the text is that part's.
    pub part: bool,
}

/// Reads a page.
pub fn page(document: &RawDocument) -> PageText {
    let text = charset::decode(document, Syntax::Html);
    let html = Html::parse_document(&bounded(&text));
    let root = html.root_element();
    let meta = |path: &'static str| constant(path).value(root);
    let title = meta("meta[property='og:title']@content").unwrap_or_else(|| {
        let title = constant("title").first(root);
        title.map(|title| title.text().collect()).unwrap_or_default()
    });
    let named = document.target.url.fragment().and_then(|id| element(&html, id));
    let own = named.or_else(|| MAIN.iter().find_map(|path| constant(path).first(root)));
    let own = own.or_else(|| constant("body").first(root)).unwrap_or(root);
    let around = |element: ElementRef<'_>| AROUND.contains(&element.value().name());
    let published: [&'static str; 3] =
        ["meta[property='article:published_time']@content", "meta[name=PubDate]@content", "time@datetime"];
    let published = published.iter().find_map(|path| meta(path));
    let published_at =
        published.and_then(|text| published::published(&text, &published::china(), document.fetched_at));
    PageText {
        title: one_line(&title),
        text: element_text(own, &around),
        published_at: published_at.filter(|at| *at <= document.fetched_at),
        part: named.is_some(),
    }
}

/// The element that a fragment names.
fn element<'a>(html: &'a Html, id: &str) -> Option<ElementRef<'a>> {
    let id = percent_encoding::percent_decode_str(id).decode_utf8().ok()?;
    html.root_element()
        .descendants()
        .filter_map(ElementRef::wrap)
        .find(|element| element.value().id() == Some(&id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::fixture::document;

    const PAGE: &str = "<html><head><title>关于停水的通报 - 禾川市水务局</title>\
        <meta property='article:published_time' content='2026-03-01T08:15:00+08:00'></head><body>\
        <nav>首页 政务公开</nav><article><h1>关于停水的通报</h1><p>望江花园今晚八点恢复供水。</p>\
        <form>发表评论</form></article><div id='c7'><p>已抢修。</p></div><footer>网站地图</footer></body></html>";

    #[test]
    fn a_page_is_its_own_text_and_not_what_stands_around() {
        let page = page(&document("https://water.example/a", PAGE.as_bytes()));
        assert_eq!(page.title, "关于停水的通报 - 禾川市水务局");
        assert_eq!(page.text, "关于停水的通报\n望江花园今晚八点恢复供水。");
        assert_eq!(page.published_at.map(|at| at.to_string()).as_deref(), Some("2026-03-01T00:15:00Z"));
        assert!(!page.part);
    }

    #[test]
    fn the_part_that_an_address_names_counts_alone() {
        let part = page(&document("https://water.example/a#c7", PAGE.as_bytes()));
        assert_eq!((part.text.as_str(), part.part), ("已抢修。", true));
        let lost = page(&document("https://water.example/a#c8", PAGE.as_bytes()));
        assert!(!lost.part && lost.text.starts_with("关于停水的通报"));
    }

    #[test]
    fn pages_without_anything_are_empty_and_break_nothing() {
        for body in [&b""[..], b"<html>", b"\xff\xfe\x00", b"<body><script>x</script></body>"] {
            let page = page(&document("https://water.example/a", body));
            assert!(page.text.chars().count() <= 2, "{page:?}");
        }
    }
}
