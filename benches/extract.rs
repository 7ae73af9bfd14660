//! What extraction costs: a page of 50 posts, a feed of 50 items, one pushed record.

use std::collections::BTreeMap;
use std::fmt::Write;

use divan::Bencher;
use divan::counter::ItemsCount;
use minsheng::crawl::{RawDocument, Role, Target};
use minsheng::extract::{extract, pushed};
use minsheng::source::{
    CadenceConfig, CommentSelectors, DetailSelectors, FeedOptions, HtmlOptions, ListSelectors, SelectorSpec,
    Source, SourceId, SourceKind,
};
use url::Url;

const POSTS: usize = 50;
const TEXT: &str = "青云街道从早上开始停水，热线一直打不通，物业说是管道抢修，什么时候能恢复？家里有老人和孩子，请尽快给个说法。";

fn main() {
    divan::main();
}

fn source(kind: SourceKind) -> Source {
    Source {
        id: SourceId::new("town").expect("a legal id"),
        name: "town".into(),
        url: Url::parse("http://town.example/").expect("a legal address"),
        kind,
        place: None,
        official_accounts: Vec::new(),
        cadence: CadenceConfig::default(),
        ignored_parameters: Vec::new(),
        enabled: true,
    }
}

fn document(role: Role, body: String) -> RawDocument {
    let url = Url::parse("http://town.example/t/1").expect("a legal address");
    RawDocument {
        target: Target {
            source: SourceId::new("town").expect("a legal id"),
            url: url.clone(),
            role,
            thread: None,
        },
        url,
        status: 200,
        headers: BTreeMap::from([("content-type".into(), "text/html; charset=utf-8".into())]),
        body: body.into(),
        fetched_at: "2026-11-24T02:00:00Z".parse().expect("a legal date"),
    }
}

#[divan::bench]
fn page_of_50_posts(bencher: Bencher) {
    let spec = |text: &str| SelectorSpec(text.into());
    let source = source(SourceKind::Html(Box::new(HtmlOptions {
        list: ListSelectors { item: spec("li"), link: spec("a@href"), next: None, pages: 1 },
        detail: DetailSelectors {
            title: spec("h1"),
            text: spec(".body"),
            id: None,
            author: None,
            published: None,
            likes: None,
            views: None,
            next: None,
        },
        comment: Some(CommentSelectors {
            item: spec(".comment"),
            id: spec("@id"),
            parent: Some(spec("a.re@href")),
            text: spec(".body"),
            author: Some(spec(".by")),
            published: Some(spec("time@datetime")),
            likes: Some(spec(".likes")),
        }),
        official: false,
        article: false,
    })));
    let mut page = String::from("<!DOCTYPE html><html><head><title>论坛</title></head><body><h1>停水</h1>");
    for n in 0..POSTS {
        write!(
            page,
            "<div class='comment' id='c{n}'><div class='head'><img src='/a/{n}.png'><a class='by' href='/u/{n}'>居民{n}</a>\
             <time datetime='2026-11-22T08:{:02}:00+08:00'>前天</time><a class='re' href='#c{}'>回复</a></div>\
             <div class='body'><p>{TEXT}</p></div><div class='foot'><span class='likes'>{n}</span><a href='#'>举报</a></div></div>",
            n % 60,
            n / 2,
        )
        .expect("writing to a string cannot fail");
    }
    let document = document(Role::Detail, page + "</body></html>");
    assert_eq!(extract(&document, &source).posts.len(), POSTS + 1);
    bencher.counter(ItemsCount::new(POSTS)).bench(|| extract(&document, &source));
}

#[divan::bench]
fn feed_of_50_items(bencher: Bencher) {
    let source = source(SourceKind::Feed(FeedOptions::default()));
    let mut feed =
        String::from("<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>禾川</title>");
    for n in 0..POSTS {
        write!(
            feed,
            "<item><title>停水通知 {n}</title><link>http://town.example/n/{n}</link><guid>n{n}</guid>\
             <pubDate>Sun, 22 Nov 2026 08:{:02}:00 +0800</pubDate><description>&lt;p&gt;{TEXT}&lt;/p&gt;</description></item>",
            n % 60,
        )
        .expect("writing to a string cannot fail");
    }
    let document = document(Role::Listing, feed + "</channel></rss>");
    assert_eq!(extract(&document, &source).posts.len(), POSTS);
    bencher.counter(ItemsCount::new(POSTS)).bench(|| extract(&document, &source));
}

#[divan::bench]
fn pushed_record(bencher: Bencher) {
    let line = format!(
        "{{\"id\":\"7\",\"source\":\"town\",\"parent\":\"3\",\"url\":\"https://town.example/t/1\",\"text\":\"{TEXT}\",\
         \"author\":\"居民\",\"published_at\":\"2026-11-22T08:47:00+08:00\",\"likes\":3}}"
    );
    let now = "2026-11-24T02:00:00Z".parse().expect("a legal date");
    bencher.counter(ItemsCount::new(1usize)).bench(|| pushed::read_line(line.as_bytes(), None, now));
}
