//! The town as the crawler sees it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use bytes::Bytes;
use tower::ServiceExt as _;

use super::super::sources::sources;
use super::super::town::Entry;
use super::*;
use crate::crawl::robots::Rules;
use crate::crawl::{RawDocument, Role, Target};
use crate::extract::post::{PostId, PostKind};
use crate::extract::{Extraction, extract, html};
use crate::outward::PRODUCT;
use crate::source::{Source, SourceKind};

/// The town with a clock that the test moves.
struct Visit {
    router: Router,
    town: Arc<Town>,
    schedule: Schedule,
    sources: Vec<Source>,
    time: Arc<Mutex<Timestamp>>,
}

impl Visit {
    fn new(speed: f64) -> Self {
        let start: Timestamp = "2026-11-24T02:00:00Z".parse().unwrap();
        let town = Arc::new(Town::sample());
        let schedule = Schedule::new(start, speed).unwrap();
        let base = Url::parse("http://127.0.0.1:8999/").unwrap();
        let time = Arc::new(Mutex::new(start));
        let clock = Arc::clone(&time);
        let now: Now = Arc::new(move || *clock.lock().unwrap());
        let router = router(Arc::new(Window { town: Arc::clone(&town), schedule, base: base.clone(), now }));
        Self { router, sources: sources(&base, &town), town, schedule, time }
    }

    fn now(&self) -> Timestamp {
        *self.time.lock().unwrap()
    }

    fn wait(&self, seconds: f64) {
        *self.time.lock().unwrap() += Duration::from_secs_f64(seconds);
    }

    async fn get(&self, path: &str, etag: Option<&str>) -> (StatusCode, HeaderMap, Bytes) {
        let mut request = Request::get(path);
        if let Some(etag) = etag {
            request = request.header("if-none-match", etag);
        }
        let response = self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        (status, headers, axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap())
    }

    /// Reads one address as the crawler does.
    async fn read(&self, source: &Source, url: &Url, role: Role) -> Extraction {
        let path = &url[url::Position::BeforePath..];
        let (status, headers, body) = self.get(path, None).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        let headers =
            headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
        let document = RawDocument {
            target: Target { source: source.id.clone(), url: url.clone(), role, thread: None },
            url: url.clone(),
            status: 200,
            headers: headers.collect(),
            body,
            fetched_at: self.now(),
        };
        let extraction = extract(&document, source);
        assert_eq!(extraction.defects, [], "{path}");
        extraction
    }

    /// Crawls all sources and gives each post found with the entry it must be.
    async fn crawl(&self) -> Vec<(&Entry, crate::extract::post::Found)> {
        let mut found = Vec::new();
        for source in &self.sources {
            let mut open = vec![(source.url.clone(), Role::Listing)];
            let mut seen = BTreeSet::new();
            while let Some((url, role)) = open.pop() {
                if !seen.insert(url.clone()) {
                    continue;
                }
                let extraction = self.read(source, &url, role).await;
                open.extend(extraction.follow.into_iter().map(|target| (target.url, target.role)));
                found.extend(extraction.posts);
            }
        }
        let entry = |post: &crate::extract::post::Post| self.town.at_address(post.url.as_ref()?);
        found.into_iter().map(|found| (entry(&found.post).expect("an address of the town"), found)).collect()
    }
}

#[test]
fn the_selectors_of_the_sources_can_be_used() {
    for source in Visit::new(1.0).sources {
        assert_eq!(source.cadence.problems(), Vec::<String>::new());
        if let SourceKind::Html(options) = &source.kind {
            assert_eq!(html::faults(options), Vec::<String>::new(), "{}", source.id);
        }
    }
}

#[tokio::test]
async fn the_crawler_reads_every_text_once_with_its_parent() {
    let visit = Visit::new(1.0);
    visit.wait(121.0);
    let found = visit.crawl().await;
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    let ids: BTreeMap<&str, PostId> =
        found.iter().map(|(entry, found)| (&entry.key[..], found.post.id)).collect();
    for (entry, found) in &found {
        let post = &found.post;
        let name = &entry.key;
        *times.entry(name).or_default() += 1;
        assert_eq!(post.title, entry.title, "{name}");
        assert_eq!(post.text, entry.text, "{name}");
        assert_eq!(post.counts.likes, if entry.site == Site::Feed { 0 } else { entry.likes }, "{name}");
        assert_eq!(post.official, entry.official || entry.site == Site::Feed, "{name}");
        assert_eq!(found.author.is_some(), entry.author.is_some(), "{name}");
        assert_eq!(post.published_at.as_second(), visit.schedule.appears_at(entry).as_second(), "{name}");
        assert_eq!(post.parent, entry.reply_to.as_deref().map(|key| ids[key]), "{name}");
        let kind = match (entry.site, &entry.reply_to) {
            (_, Some(_)) => PostKind::Comment,
            (Site::News | Site::Feed, None) => PostKind::Article,
            (Site::Forum | Site::Hotlist, None) => PostKind::Post,
        };
        assert_eq!(post.kind, kind, "{name}");
        if matches!(entry.site, Site::News | Site::Forum) {
            assert_eq!(post.external_id.as_ref(), Some(name));
            assert_eq!(post.thread, Some(ids[&visit.town.opener(entry).key[..]]), "{name}");
        }
    }
    let once: BTreeMap<&str, usize> = visit.town.entries().iter().map(|entry| (&entry.key[..], 1)).collect();
    assert_eq!(times, once);
}

#[tokio::test]
async fn a_page_shows_what_has_appeared_and_nothing_else() {
    for (speed, waits) in [(1.0, [0.0, 4.0, 0.5, 30.0, 60.0]), (10.0, [0.0, 0.4, 0.05, 3.0, 6.0])] {
        let visit = Visit::new(speed);
        for wait in waits {
            visit.wait(wait);
            let now = visit.now();
            let found: BTreeSet<_> = visit.crawl().await.iter().map(|(entry, _)| entry.key.clone()).collect();
            let there = visit.town.entries().iter().filter(|entry| visit.schedule.appears_at(entry) <= now);
            assert_eq!(found, there.map(|entry| entry.key.clone()).collect(), "speed {speed} at {now}");
        }
    }
}

#[tokio::test]
async fn a_topic_to_come_cannot_be_guessed() {
    let visit = Visit::new(1.0);
    assert_eq!(visit.get("/forum/gas-smell", None).await.0, StatusCode::NOT_FOUND);
    visit.wait(4.0);
    assert_eq!(visit.get("/forum/gas-smell", None).await.0, StatusCode::OK);
    for path in ["/news/gas-smell", "/forum/gas-smell-2", "/forum/?page=99", "/forum/?page=0", "/nothing"] {
        assert_eq!(visit.get(path, None).await.0, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn what_is_known_is_not_sent_again_until_it_changes() {
    let visit = Visit::new(1.0);
    visit.wait(4.0);
    let paths =
        ["/news/", "/forum/", "/feed.xml", "/hot.json", "/robots.txt", "/forum/gas-smell", "/forum/?page=2"];
    for path in paths {
        let (_, headers, body) = visit.get(path, None).await;
        let etag = headers["etag"].to_str().unwrap();
        let known = format!("\"other\", W/{etag}");
        let (status, again, empty) = visit.get(path, Some(&known)).await;
        assert_eq!((status, empty.len()), (StatusCode::NOT_MODIFIED, 0), "{path}");
        assert_eq!(again["etag"], headers["etag"], "{path}");
        assert_eq!(headers.contains_key("last-modified"), path != "/robots.txt", "{path}");
        assert!(!body.is_empty());
    }
    let (_, headers, _) = visit.get("/forum/gas-smell", None).await;
    assert_eq!(headers["last-modified"], "Tue, 24 Nov 2026 02:00:04 GMT");
    visit.wait(1.0);
    let (status, _, body) = visit.get("/forum/gas-smell", headers["etag"].to_str().ok()).await;
    assert_eq!(status, StatusCode::OK);
    assert!(String::from_utf8_lossy(&body).contains("data-parent=\"gas-smell\""));
}

#[tokio::test]
async fn the_forum_lists_the_latest_word_first() {
    let visit = Visit::new(1.0);
    visit.wait(4.0);
    let first = |body: &[u8]| {
        let page = String::from_utf8_lossy(body);
        page.split("<li data-id=\"").nth(1).and_then(|item| item.split('"').next()).map(str::to_owned)
    };
    assert_eq!(first(&visit.get("/forum/", None).await.2).as_deref(), Some("gas-smell"));
    let reply =
        visit.town.entries().iter().rfind(|entry| entry.site == Site::Forum && entry.reply_to.is_some());
    let reply = reply.unwrap();
    visit.wait(reply.at - 4.0);
    let expected = visit.town.opener(reply).key.clone();
    assert_eq!(first(&visit.get("/forum/", None).await.2), Some(expected));
}

#[tokio::test]
async fn texts_are_escaped_and_offices_are_marked() {
    let text = "[[post]]\nkey = \"a\"\nsite = \"forum\"\nat = -1.0\nstory = \"chatter\"\nauthor = \"<b>\"\nofficial = true\ntitle = \"1 < 2\"\ntext = \"<script>\"\n";
    let town = Town::parse(&[
        ("x.toml", text),
        ("y.toml", &text.replace("forum", "feed").replace("\"a\"", "\"b\"")),
    ]);
    let mut visit = Visit::new(1.0);
    visit.town = Arc::new(town.unwrap());
    let base = Url::parse("http://127.0.0.1:8999/").unwrap();
    let start = visit.now();
    let window = Window {
        town: Arc::clone(&visit.town),
        schedule: visit.schedule,
        base,
        now: Arc::new(move || start),
    };
    visit.router = router(Arc::new(window));
    for path in ["/forum/", "/forum/a", "/notices/b"] {
        let page = String::from_utf8(visit.get(path, None).await.2.to_vec()).unwrap();
        assert!(page.contains("<span class=\"mark\">官方</span>"), "{path}");
        assert!(!page.contains("<script>") && !page.contains("1 < 2") && !page.contains("<b></"), "{path}");
    }
    let feed = String::from_utf8(visit.get("/feed.xml", None).await.2.to_vec()).unwrap();
    assert!(
        !feed.contains("<script>") && !feed.contains("&lt;script>"),
        "escaped as HTML within XML: {feed}"
    );
}

#[tokio::test]
async fn robots_are_told_where_to_stay_away() {
    let visit = Visit::new(1.0);
    let robots = Rules::parse(&visit.get("/robots.txt", None).await.2, PRODUCT);

    assert!(robots.allows("/forum/gas-smell") && robots.allows("/"));
    assert!(!robots.allows("/admin/"));
}

#[tokio::test]
async fn it_answers_over_http_and_stops_when_asked() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let start: Timestamp = "2026-11-24T02:00:00Z".parse().unwrap();
    let schedule = Schedule::new(start, 1.0).unwrap();
    let site = TownSite::bind(Arc::new(Town::sample()), schedule, Arc::new(move || start)).await.unwrap();
    let (address, stop) = (site.address(), CancellationToken::new());
    assert_eq!(site.base().as_str(), format!("http://{address}/"));
    let asking = async {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream
            .write_all(b"GET /feed.xml HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n")
            .await
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
        assert!(!answer.contains("evil.example"));
        stop.cancel();
    };
    let (served, ()) = tokio::join!(site.run(stop.clone()), asking);
    served.unwrap();
}
