//! How the crawler reads the sample town: four sources, one of each reading that a real town would need.
//!
//! Always holds: the selectors here and the pages of [`site`](super::site) fit each other; a test reads every page
//! through `extract`.

use std::time::Duration;

use url::Url;

use super::town::{Site, Town};
use crate::source::{
    CadenceConfig, CommentSelectors, DetailSelectors, FeedOptions, HotlistOptions, HtmlOptions,
    ListSelectors, SelectorSpec, Source, SourceId, SourceKind,
};

/// Most pages of a list: more than the town ever has.
const PAGES: u32 = 20;

/// The sources `town-news`, `town-forum`, `town-notices` and `town-hotlist` of the town shown at `base`.
pub fn sources(base: &Url, town: &Town) -> Vec<Source> {
    let source = |id: &str, name: &str, path: &str, site: Site, kind: SourceKind| Source {
        id: SourceId::new(id).expect("our own names are legal"),
        name: name.to_owned(),
        url: base.join(path).expect("our own paths are legal"),
        kind,
        place: None,
        official_accounts: town.offices(site),
        cadence: cadence(),
        ignored_parameters: Vec::new(),
        enabled: true,
    };
    vec![
        source("town-news", "禾川新闻网", "/news/", Site::News, SourceKind::Html(Box::new(pages("article")))),
        source("town-forum", "禾川论坛", "/forum/", Site::Forum, SourceKind::Html(Box::new(pages("topic")))),
        source(
            "town-notices",
            "市政服务公告",
            "/feed.xml",
            Site::Feed,
            SourceKind::Feed(FeedOptions { comments: false, official: true }),
        ),
        source(
            "town-hotlist",
            "禾川热榜",
            "/hot.json",
            Site::Hotlist,
            SourceKind::Hotlist(HotlistOptions {}),
        ),
    ]
}

/// Two minutes are the life of the town: a look each second where something happens.
fn cadence() -> CadenceConfig {
    CadenceConfig {
        min: Duration::from_secs(1),
        max: Duration::from_secs(5),
        revisit_for: Duration::from_mins(5),
        sweep: Duration::from_secs(10),
    }
}

/// The selectors of the news site and the forum; `what` is the class of the text that the comments answer.
fn pages(what: &str) -> HtmlOptions {
    let spec = |text: &str| SelectorSpec(text.to_owned());
    let head = |css: &str| SelectorSpec(format!("article.{what} > header {css}"));
    HtmlOptions {
        list: ListSelectors {
            item: spec("ol.list > li"),
            link: spec("h2 a@href"),
            next: Some(spec("nav.pages a[rel=next]@href")),
            pages: PAGES,
        },
        detail: DetailSelectors {
            title: head("h1"),
            text: SelectorSpec(format!("article.{what} > .body")),
            id: Some(SelectorSpec(format!("article.{what}@data-id"))),
            author: Some(head(".author")),
            published: Some(head("time")),
            likes: Some(SelectorSpec(format!("article.{what} > footer .likes"))),
            views: None,
            next: None,
        },
        comment: Some(CommentSelectors {
            item: spec("article.comment"),
            id: spec("@data-id"),
            parent: Some(spec("@data-parent")),
            text: spec(".body"),
            author: Some(spec(".author")),
            published: Some(spec("time")),
            likes: Some(spec(".likes")),
        }),
        official: false,
        article: what == "article",
    }
}
