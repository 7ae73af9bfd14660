//! Pages of a forum and of a news site, as found in the wild and damaged.

use proptest::prelude::*;

use super::super::post::{PostId, PostKind};
use super::super::{Extraction, Shows, extract, fixture};
use crate::crawl::Role;
use crate::source::{
    CommentSelectors, DetailSelectors, HtmlOptions, ListSelectors, SelectorSpec, Source, SourceKind,
};

fn spec(text: &str) -> SelectorSpec {
    SelectorSpec(text.into())
}

fn options() -> HtmlOptions {
    HtmlOptions {
        list: ListSelectors { item: spec("li.topic"), link: spec("a@href"), next: None, pages: 3 },
        detail: DetailSelectors {
            title: spec("h1"),
            text: spec(".body"),
            id: None,
            author: Some(spec(".by")),
            published: Some(spec("time")),
            likes: Some(spec(".likes")),
            views: Some(spec(".views")),
            next: Some(spec("a.next@href")),
        },
        comment: Some(CommentSelectors {
            item: spec(".comment"),
            id: spec("@id"),
            parent: Some(spec("a.re@href")),
            text: spec(".body"),
            author: Some(spec(".by")),
            published: Some(spec(".when")),
            likes: None,
        }),
        official: false,
        article: false,
    }
}

fn forum(options: HtmlOptions) -> Source {
    fixture::source("http://town.example/forum", SourceKind::Html(Box::new(options)))
}

fn read(file: &str, url: &str, role: Role, options: HtmlOptions) -> Extraction {
    extract(&fixture::document_as(url, role, &fixture::file(file)), &forum(options))
}

#[test]
fn a_list_leads_to_its_threads_and_its_next_page() {
    let found = read("list.html", "http://town.example/forum", Role::Listing, options());
    let links: Vec<_> = found.follow.iter().map(|target| (target.role, target.url.as_str())).collect();
    assert_eq!(
        links,
        [
            (Role::Detail, "http://town.example/t/1"),
            (Role::Detail, "http://town.example/t/2?a=1&b=2"),
            (Role::Listing, "http://town.example/forum?page=2"),
        ]
    );
    assert_eq!(found.defects.len(), 1, "an item without a link");
    let mut one_page = options();
    one_page.list.pages = 1;
    assert_eq!(read("list.html", "http://town.example/forum", Role::Listing, one_page).follow.len(), 2);
    let moved = read("thread.html", "http://town.example/forum", Role::Listing, options());
    assert_eq!(moved.defects.len(), 1, "a list without items is a fault, not an empty list");
}

#[test]
fn a_thread_gives_its_opener_and_comments_with_parents() {
    for file in ["thread.html", "thread-gb18030.html"] {
        let found = read(file, "http://town.example/t/1?from=list", Role::Detail, options());
        assert_eq!(found.defects, [], "{file}");
        let post = |n: usize| &found.posts[n].post;
        let opener = post(0);
        assert_eq!(opener.kind, PostKind::Post);
        assert_eq!(opener.title, "青云街道又停水了");
        assert_eq!(opener.text, "从早上停到现在，\n热线一直占线。");
        assert_eq!(opener.url.as_ref().unwrap().as_str(), "http://town.example/t/1");
        assert_eq!(opener.published_at.to_string(), "2026-11-22T00:47:00Z");
        assert_eq!((opener.counts.likes, opener.counts.views, opener.thread), (12, 34_000, Some(opener.id)));
        let comments: Vec<_> = found.posts[1..]
            .iter()
            .map(|found| (found.post.text.as_str(), found.post.parent, found.author.is_some()))
            .collect();
        assert_eq!(
            comments,
            [
                ("同问", Some(opener.id), true),
                ("我家也是", Some(post(1).id), true),
                ("三楼也没水", Some(post(2).id), true),
                ("打了热线没人接", Some(opener.id), false),
            ],
            "{file}"
        );
        assert_eq!(post(2).published_at.to_string(), "2026-11-24T01:57:00Z");
        assert_eq!(post(1).url.as_ref().unwrap().fragment(), Some("c1"));
        assert!(found.posts.iter().all(|found| found.post.thread == Some(opener.id)));
        assert_eq!(found.shows, Shows::Thread(opener.id));
        // The further page speaks of the same thread, whatever its own address says.
        let next = &found.follow[0];
        assert_eq!((next.role, next.url.as_str()), (Role::DetailPage, "http://town.example/t/1?page=2"));
        let mut document =
            fixture::document_as(next.url.as_str(), next.role, &fixture::file("thread-page-2.html"));
        document.target = next.clone();
        let page = extract(&document, &forum(options()));
        assert_eq!((page.posts.len(), page.shows), (1, Shows::Thread(opener.id)));
        assert_eq!(page.posts[0].post.parent, Some(post(1).id));
        assert!(!format!("{found:?}{page:?}").contains("路边的风"));
    }
}

#[test]
fn a_page_that_describes_itself_is_believed() {
    let mut news = options();
    news.comment = None;
    news.article = true;
    let found = read("news-jsonld.html", "http://town.example/news/9.html", Role::Detail, news);
    assert_eq!(found.defects, []);
    let post = |n: usize| &found.posts[n].post;
    assert_eq!((post(0).kind, post(0).title.as_str()), (PostKind::Article, "今晚八点起停水"));
    assert_eq!(post(0).text, "第一段。\n第二段。");
    assert_eq!(post(0).published_at.to_string(), "2026-11-22T00:47:00Z");
    assert!(post(0).official, "its author is an office's account");
    assert_eq!(post(1).parent, Some(post(0).id));
    assert_eq!(post(2).parent, Some(PostId::by_external_id(&post(0).source, "c1")));
    assert_eq!(post(2).parent, Some(post(1).id));
}

#[test]
fn a_canonical_link_is_followed_with_care() {
    let source = forum(options());
    for (link, url) in [
        ("/t/1", "http://town.example/t/1"),
        ("http://other.example/t/1", "http://town.example/t/9"),
        ("http://town.example/", "http://town.example/t/9"),
        ("javascript:0", "http://town.example/t/9"),
    ] {
        let body = format!("<link rel=canonical href='{link}'><h1>停水</h1>");
        let document = fixture::document_as("http://town.example/t/9", Role::Detail, body.as_bytes());
        let found = extract(&document, &source);
        assert_eq!(found.posts[0].post.url.as_ref().unwrap().as_str(), url, "{link}");
    }
}

#[test]
fn every_bad_selector_is_named() {
    let mut bad = options();
    bad.detail.text = spec("div[");
    bad.list.link = spec("");
    let faults = super::faults(&bad);
    assert_eq!(faults.len(), 2);
    assert!(faults[0].starts_with("list.link: ") && faults[1].starts_with("detail.text: "), "{faults:?}");
    assert_eq!(super::faults(&options()), [""; 0]);
}

proptest! {
    #[test]
    fn a_damaged_page_never_panics(at in 0usize..4000, with in any::<[u8; 3]>(), cut in 0usize..4000) {
        for file in ["thread.html", "thread-gb18030.html", "news-jsonld.html", "list.html"] {
            let mut bytes = fixture::file(file);
            let at = at % bytes.len();
            bytes.splice(at..(at + 2).min(bytes.len()), with);
            bytes.truncate(bytes.len() - cut % bytes.len());
            for role in [Role::Listing, Role::Detail, Role::DetailPage] {
                let document = fixture::document_as("http://town.example/t/1", role, &bytes);
                let found = extract(&document, &forum(options()));
                prop_assert!(found.posts.len() <= 6);
                prop_assert!(found.defects.iter().all(|defect| !defect.what.contains("failed")));
            }
        }
    }
}
