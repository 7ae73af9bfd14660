//! The sample town's sites over HTTP, on a free port of the loopback.
//!
//! Decides what is answered at which address. At each request everything is shown that has appeared by then, and
//! nothing else: there is no other state. What stands where is `shown`'s, how it looks `page`'s and
//! `syndication`'s work.
//!
//! Every answer has an `ETag` and a `Last-Modified`; only `If-None-Match` is honoured, since several texts may
//! appear within a second. No answer depends on the `Host` that was asked for.

mod page;
mod shown;
mod syndication;
#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;
use xxhash_rust::xxh3::xxh3_128;

use self::shown::{Shown, Thread};
use super::Now;
use super::schedule::Schedule;
use super::town::{Site, Town};

const HTML: &str = "text/html; charset=utf-8";

/// Crawlers are welcome, but not everywhere: as on any site.
const ROBOTS: &str =
    "User-agent: minsheng\nAllow: /\nDisallow: /admin/\n\nUser-agent: *\nDisallow: /admin/\n";

/// The server of the town, bound and not yet answering.
#[derive(Debug)]
pub struct TownSite {
    listener: TcpListener,
    address: SocketAddr,
    window: Arc<Window>,
}

/// What every request needs.
struct Window {
    town: Arc<Town>,
    schedule: Schedule,
    base: Url,
    now: Now,
}

/// One document, ready to be sent.
struct Document {
    kind: &'static str,
    body: String,
    changed: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Paging {
    page: Option<usize>,
}

impl TownSite {
    /// Takes a free port of 127.0.0.1.
    pub async fn bind(town: Arc<Town>, schedule: Schedule, now: Now) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let base = Url::parse(&format!("http://{address}/")).expect("an address makes a URL");
        Ok(Self { listener, address, window: Arc::new(Window { town, schedule, base, now }) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The root of its addresses.
    pub fn base(&self) -> &Url {
        &self.window.base
    }

    /// Answers until it is asked to stop; requests under way are finished.
    pub async fn run(self, stop: CancellationToken) -> std::io::Result<()> {
        axum::serve(self.listener, router(self.window)).with_graceful_shutdown(stop.cancelled_owned()).await
    }
}

fn router(window: Arc<Window>) -> Router {
    Router::new()
        .route("/", get(|| async { Redirect::to("/news/") }))
        .route("/robots.txt", get(async |headers: HeaderMap| Document::text(ROBOTS).answer(&headers)))
        .route("/news/", list(Site::News))
        .route("/forum/", list(Site::Forum))
        .route("/notices/", list(Site::Feed))
        .route("/hot/", list(Site::Hotlist))
        .route("/news/{key}", thread(Site::News))
        .route("/forum/{key}", thread(Site::Forum))
        .route("/notices/{key}", thread(Site::Feed))
        .route("/hot/{key}", thread(Site::Hotlist))
        .route("/feed.xml", get(feed))
        .route("/hot.json", get(hotlist))
        .route("/admin/", get(|| async { (StatusCode::FORBIDDEN, "编辑部入口") }))
        .fallback(|| async { not_found() })
        .with_state(window)
}

type Route = axum::routing::MethodRouter<Arc<Window>>;

fn list(site: Site) -> Route {
    get(async move |State(window): State<Arc<Window>>, Query(paging): Query<Paging>, headers: HeaderMap| {
        let threads = match site {
            Site::Forum => window.shown().liveliest(site),
            Site::News | Site::Feed | Site::Hotlist => window.shown().newest(site),
        };
        let body = page::list(site, &threads, paging.page.unwrap_or(1), &window.schedule);
        body.map_or_else(not_found, |body| Document::of(HTML, body, &threads).answer(&headers))
    })
}

fn thread(site: Site) -> Route {
    get(async move |State(window): State<Arc<Window>>, Path(key): Path<String>, headers: HeaderMap| {
        let Some(thread) = window.shown().thread(site, &key) else {
            return not_found();
        };
        let body = page::thread(&thread, &window.schedule);
        Document::of(HTML, body, &[thread]).answer(&headers)
    })
}

async fn feed(State(window): State<Arc<Window>>, headers: HeaderMap) -> Response {
    let threads = window.shown().newest(Site::Feed);
    let body = syndication::rss(&threads, &window.base, &window.schedule);
    Document::of("application/rss+xml; charset=utf-8", body, &threads).answer(&headers)
}

async fn hotlist(State(window): State<Arc<Window>>, headers: HeaderMap) -> Response {
    let threads = window.shown().newest(Site::Hotlist);
    let body = syndication::hotlist(&threads, &window.base, &window.schedule);
    Document::of("application/json", body, &threads).answer(&headers)
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "这里什么也没有\n").into_response()
}

impl Window {
    fn shown(&self) -> Shown<'_> {
        Shown { town: &self.town, schedule: &self.schedule, now: (self.now)() }
    }
}

impl std::fmt::Debug for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Window").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

impl Document {
    fn of(kind: &'static str, body: String, threads: &[Thread<'_>]) -> Self {
        Self { kind, body, changed: threads.iter().map(|thread| thread.active).max() }
    }

    fn text(body: &str) -> Self {
        Self { kind: "text/plain; charset=utf-8", body: body.to_owned(), changed: None }
    }

    /// The document, or word that the asker has it already.
    fn answer(self, request: &HeaderMap) -> Response {
        let etag = format!("\"{:032x}\"", xxh3_128(self.body.as_bytes()));
        let changed =
            self.changed.and_then(|at| DateTimePrinter::new().timestamp_to_rfc9110_string(&at).ok());
        let mut headers = vec![(header::ETAG, etag.clone()), (header::CACHE_CONTROL, "no-cache".to_owned())];
        headers.extend(changed.map(|changed| (header::LAST_MODIFIED, changed)));
        let known = request.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        let mut known = known.flat_map(|value| value.split(',')).map(str::trim);
        let mut response = if known.any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            ([(header::CONTENT_TYPE, self.kind)], self.body).into_response()
        };
        for (name, value) in headers {
            response.headers_mut().insert(name, value.parse().expect("tags and dates are ASCII"));
        }
        response
    }
}
