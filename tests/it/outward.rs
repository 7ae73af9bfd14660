//! What leaves the program stays within its rules, held against servers that break all of theirs.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_compression::tokio::write::{BrotliEncoder, DeflateEncoder, GzipEncoder, ZlibEncoder};
use bytes::Bytes;
use jiff::Timestamp;
use minsheng::crawl::fetch::{
    Astray, FetchError, Fetched, Journey, MOST_REDIRECTS, Step, Validators, robots,
};
use minsheng::crawl::origin::Origin;
use minsheng::crawl::robots::RobotsAnswer;
use minsheng::crawl::wall::Wall;
use minsheng::crawl::{RawDocument, Role, Target};
use minsheng::outward::{
    Awaited, Limits, Outward, OutwardConfig, OutwardError, Part, Post, Refusal, Resolve, Resolving,
};
use minsheng::source::SourceId;
use tokio::io::AsyncWriteExt;
use url::Url;

use crate::local_server::{LocalServer, Say, answer};

fn short() -> Limits {
    Limits {
        connect: Duration::from_millis(500),
        first_byte: Duration::from_millis(500),
        whole: Duration::from_secs(3),
        grace: Duration::from_millis(300),
        ..Limits::default()
    }
}

fn outward(allow: &[&LocalServer]) -> Outward {
    let allow = allow.iter().map(|server| server.address).collect();
    Outward::new(OutwardConfig { allow, limits: short(), ..OutwardConfig::default() }).unwrap()
}

fn now() -> Timestamp {
    "2026-03-01T08:00:00Z".parse().unwrap()
}

fn target(url: Url) -> Target {
    Target { source: SourceId::new("forum").unwrap(), url, role: Role::Listing, thread: None }
}

/// Goes the whole way, every address admitted; counts the requests.
async fn travel(outward: &Outward, journey: &mut Journey) -> (usize, Result<Fetched, FetchError>) {
    let mut requests = 0;
    let found = journey
        .travel(outward, async |_, _| {
            requests += 1;
            Ok(now())
        })
        .await;
    (requests, found)
}

async fn fetch(outward: &Outward, url: Url) -> Result<Fetched, FetchError> {
    travel(outward, &mut Journey::new(target(url), None)).await.1
}

async fn document(outward: &Outward, url: Url) -> RawDocument {
    match fetch(outward, url).await.unwrap() {
        Fetched::Document(document) => *document,
        Fetched::NotModified => panic!("a first fetch gives a document"),
    }
}

#[tokio::test]
async fn a_redirect_to_another_loopback_port_is_never_connected_to() {
    let inner = LocalServer::start(|_, _| answer("200 OK", "", b"secret")).await;
    let inner_port = inner.address.port();
    for location in [
        format!("http://127.0.0.1:{inner_port}/"),
        format!("http://2130706433:{inner_port}/"),
        format!("http://[::ffff:127.0.0.1]:{inner_port}/"),
        format!("http://localhost:{inner_port}/"),
        format!("//127.1:{inner_port}/"),
        "file:///etc/passwd".to_owned(),
    ] {
        let header = format!("location: {location}\r\n");
        let outer = LocalServer::start(move |_, _| answer("302 Found", &header, b"")).await;
        let error = fetch(&outward(&[&outer]), outer.url("/")).await.unwrap_err();
        assert!(matches!(error, FetchError::Refused(_)), "{location}: {error}");
        assert_eq!(outer.requests(), 1, "{location}");
    }
    assert_eq!(inner.connections(), 0);
    // The same server is reached where it is allowed: the zero above is not for want of a server.
    assert_eq!(&document(&outward(&[&inner]), inner.url("/")).await.body[..], b"secret");
}

/// Public at the first look-up, loopback at every later one.
struct Rebinding {
    lookups: AtomicUsize,
}

impl Resolve for Rebinding {
    fn resolve(&self, _host: &str) -> Resolving {
        let first = self.lookups.fetch_add(1, Ordering::SeqCst) == 0;
        let ip: IpAddr = if first { "192.0.3.1" } else { "127.0.0.1" }.parse().unwrap();
        Box::pin(async move { Ok(vec![ip]) })
    }
}

#[tokio::test]
async fn a_name_that_changes_its_address_between_check_and_connection_gains_nothing() {
    let inner = LocalServer::start(|_, _| answer("200 OK", "", b"secret")).await;
    let resolver = Arc::new(Rebinding { lookups: AtomicUsize::new(0) });
    let config =
        OutwardConfig { ports: vec![inner.address.port()], limits: short(), ..OutwardConfig::default() };
    let outward = Outward::with_resolver(config, Arc::clone(&resolver) as Arc<dyn Resolve>).unwrap();
    let url = Url::parse(&format!("http://news.example:{}/", inner.address.port())).unwrap();
    assert!(outward.check_url(&url).is_ok(), "the name itself is harmless");
    // The first look-up leads to a public address (that does not answer here), the later ones inside.
    assert!(outward.get(&url, &[]).await.is_err());
    for _ in 0..3 {
        let error = outward.get(&url, &[]).await.unwrap_err();
        assert!(matches!(error, OutwardError::Refused(Refusal::Address { .. })), "{error}");
    }
    assert_eq!(resolver.lookups.load(Ordering::SeqCst), 4, "each request looks up once");
    assert_eq!(inner.connections(), 0);
}

/// Always the same answer.
struct Fixed(Result<Vec<IpAddr>, &'static str>);

impl Resolve for Fixed {
    fn resolve(&self, _host: &str) -> Resolving {
        let answer = self.0.clone().map_err(io::Error::other);
        Box::pin(async move { answer })
    }
}

#[tokio::test]
async fn every_address_of_an_answer_must_be_allowed_for_the_very_port() {
    let server = LocalServer::start(|_, _| answer("200 OK", "", b"x")).await;
    let other = LocalServer::start(|_, _| answer("200 OK", "", b"x")).await;
    let url = |server: &LocalServer| {
        Url::parse(&format!("http://desk.example:{}/", server.address.port())).unwrap()
    };
    let with = |answer: Result<Vec<IpAddr>, &'static str>| {
        let config = OutwardConfig {
            allow: vec![server.address],
            ports: vec![other.address.port()],
            limits: short(),
            ..OutwardConfig::default()
        };
        Outward::with_resolver(config, Arc::new(Fixed(answer))).unwrap()
    };
    let here: IpAddr = [127, 0, 0, 1].into();
    assert_eq!(with(Ok(vec![here])).get(&url(&server), &[]).await.unwrap().status, 200);
    let error = with(Ok(vec![here])).get(&url(&other), &[]).await.unwrap_err();
    assert!(matches!(error, OutwardError::Refused(Refusal::Address { .. })), "another port: {error}");
    let mixed = vec![here, IpAddr::from([10, 0, 0, 1])];
    let error = with(Ok(mixed)).get(&url(&server), &[]).await.unwrap_err();
    assert!(matches!(error, OutwardError::Refused(Refusal::Address { .. })), "one bad: {error}");
    for silent in [Ok(vec![]), Err("server failure")] {
        let error = with(silent).get(&url(&server), &[]).await.unwrap_err();
        assert!(matches!(error, OutwardError::Unresolved { .. }) && error.certainly_unsent(), "{error}");
    }
    assert_eq!((server.requests(), other.connections()), (1, 0));
    let relay = with(Ok(vec![here])).check_host("mail.example", 25).await.unwrap_err();
    assert!(matches!(relay, OutwardError::Refused(_)), "{relay}");
    let port = server.address.port();
    assert_eq!(with(Ok(vec![here])).check_host("mail.example", port).await.unwrap(), [server.address]);
    assert_eq!(with(Ok(vec![])).check_host("127.0.0.1", port).await.unwrap(), [server.address]);
}

#[tokio::test]
async fn servers_that_hang_drip_or_never_end_cost_only_their_own_limits() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n".to_vec();
    let drip = Say::Endless { head: head.clone(), piece: vec![b'a'; 10], pause: Duration::from_millis(20) };
    let endless = Say::Endless { head, piece: vec![b'a'; 64 * 1024], pause: Duration::ZERO };
    // Just fast enough for the least rate: only the whole time ends it.
    let steady = Say::Endless {
        head: b"HTTP/1.1 200 OK\r\n\r\n".to_vec(),
        piece: vec![b'a'; 200],
        pause: Duration::from_millis(20),
    };
    let header = Say::Endless {
        head: b"HTTP/1.1 200 OK\r\n".to_vec(),
        piece: [b"x-a: ", &vec![b'a'; 8192][..], b"\r\n"].concat(),
        pause: Duration::ZERO,
    };
    let garbage = Say::Bytes(vec![0xff; 4096]);
    for (name, say, limit) in [
        ("hang", Say::Nothing, 500),
        ("drip", drip, 300),
        ("endless", endless, 3000),
        ("steady", steady, 3000),
        ("header", header, 500),
        ("garbage", garbage, 500),
    ] {
        let server = LocalServer::start(move |_, _| say.clone()).await;
        let began = Instant::now();
        let error = outward(&[&server]).get(&server.url("/"), &[]).await.unwrap_err();
        let took = began.elapsed();
        let right = match name {
            "hang" => matches!(error, OutwardError::Timeout { awaited: Awaited::FirstByte }),
            "drip" => matches!(error, OutwardError::TooSlow { .. }),
            "endless" => matches!(error, OutwardError::TooLarge { part: Part::Body, .. }),
            "steady" => matches!(error, OutwardError::Timeout { awaited: Awaited::End }),
            _ => matches!(error, OutwardError::Network { .. }),
        };
        assert!(right, "{name}: {error:?}");
        assert!(took < Duration::from_millis(limit + 1500), "{name}: {took:?}");
        assert!(!error.certainly_unsent(), "{name}");
    }
}

/// Answers one HTTPS connection after the other with a certificate of its own authority.
fn tls_server() -> (SocketAddr, String) {
    let authority = rcgen::generate_simple_self_signed(["desk.example".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(authority.signing_key.serialize_der()).unwrap();
    let config =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![authority.cert.der().clone()], key)
            .unwrap();
    let config = Arc::new(config);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut tls = rustls::StreamOwned::new(connection, stream);
            // A client that does not trust us breaks off here.
            if io::Read::read(&mut tls, &mut [0; 4096]).is_ok() {
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
                io::Write::write_all(&mut tls, answer).unwrap();
                tls.conn.send_close_notify();
                io::Write::flush(&mut tls).unwrap();
            }
        }
    });
    (address, authority.cert.pem())
}

#[tokio::test]
async fn a_certificate_is_trusted_only_if_its_authority_is_and_for_its_own_name() {
    let (address, authority) = tls_server();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("authority.pem");
    std::fs::write(&file, authority).unwrap();
    let with = |ca_file| {
        let config =
            OutwardConfig { allow: vec![address], ca_file, limits: short(), ..OutwardConfig::default() };
        Outward::with_resolver(config, Arc::new(Fixed(Ok(vec![address.ip()])))).unwrap()
    };
    let url = |host: &str| Url::parse(&format!("https://{host}:{}/", address.port())).unwrap();
    let trusted = with(Some(file.clone()));
    assert_eq!(&trusted.get(&url("desk.example"), &[]).await.unwrap().body[..], b"ok");
    for (outward, host) in [(&trusted, "other.example"), (&with(None), "desk.example")] {
        let error = outward.get(&url(host), &[]).await.unwrap_err();
        assert!(
            matches!(error, OutwardError::Network { .. }) && error.certainly_unsent(),
            "{host}: {error:?}"
        );
    }
    std::fs::write(&file, "nothing").unwrap();
    let broken = OutwardConfig { ca_file: Some(file), ..OutwardConfig::default() };
    assert!(Outward::new(broken).is_err());
}

#[tokio::test]
async fn a_head_larger_than_allowed_is_refused() {
    let header = format!("x-a: {}\r\n", "a".repeat(70_000));
    let server = LocalServer::start(move |_, _| answer("200 OK", &header, b"x")).await;
    let error = outward(&[&server]).get(&server.url("/"), &[]).await.unwrap_err();
    assert!(matches!(error, OutwardError::TooLarge { part: Part::Header, .. }), "{error:?}");
}

/// Packs `body` and says how.
async fn packed(name: &str, body: &[u8]) -> Vec<u8> {
    macro_rules! pack {
        ($encoder:ident) => {{
            let mut packer = $encoder::new(Vec::new());
            packer.write_all(body).await.unwrap();
            packer.shutdown().await.unwrap();
            packer.into_inner()
        }};
    }
    match name {
        "gzip" => pack!(GzipEncoder),
        "br" => pack!(BrotliEncoder),
        "deflate" => pack!(ZlibEncoder),
        _ => pack!(DeflateEncoder),
    }
}

#[tokio::test]
async fn packed_bodies_are_unpacked_once_and_bombs_are_not() {
    let text = "青云街道停水通知。".repeat(3000);
    let blank = vec![b' '; 64 * 1024 * 1024];
    for (name, header) in [("gzip", "gzip"), ("br", "br"), ("deflate", "deflate"), ("raw", "deflate")] {
        let encoding = format!("content-encoding: {header}\r\n");
        let body = packed(name, text.as_bytes()).await;
        let bomb = packed(name, &blank).await;
        let server = LocalServer::start(move |path, _| match path {
            "/empty" => answer("200 OK", &encoding, b""),
            "/bomb" => answer("200 OK", &encoding, &bomb),
            "/cut" => answer("200 OK", &encoding, &body[..body.len() / 2]),
            "/twice" => answer("200 OK", "content-encoding: gzip\r\ncontent-encoding: br\r\n", &body),
            "/unknown" => answer("200 OK", "content-encoding: x-rot13\r\n", &body),
            _ => answer("200 OK", &encoding, &body),
        })
        .await;
        let outward = outward(&[&server]);
        assert_eq!(outward.get(&server.url("/"), &[]).await.unwrap().body, text.as_bytes(), "{name}");
        assert_eq!(outward.get(&server.url("/empty"), &[]).await.unwrap().body, Bytes::new(), "{name}");
        let began = Instant::now();
        let error = outward.get(&server.url("/bomb"), &[]).await.unwrap_err();
        assert!(matches!(error, OutwardError::Inflation { .. }), "{name}: {error:?}");
        assert!(began.elapsed() < Duration::from_secs(2), "{name}: {:?}", began.elapsed());
        for path in ["/cut", "/twice", "/unknown"] {
            let error = outward.get(&server.url(path), &[]).await.unwrap_err();
            assert!(matches!(error, OutwardError::Encoding(_)), "{name} {path}: {error:?}");
        }
    }
}

#[tokio::test]
async fn redirects_are_followed_step_by_step_five_times_and_never_in_circles() {
    let server = LocalServer::start(|path, _| {
        let to = |status: &str, location: &str| answer(status, &format!("location: {location}\r\n"), b"");
        match path {
            "/a" => to("302 Found", "/b"),
            "/b" => to("302 Found", "/a"),
            "/self" => to("301 Moved Permanently", "/self#x"),
            "/nowhere" => answer("302 Found", "", b""),
            "/moved" => to("301 Moved Permanently", "/there"),
            "/there" => to("302 Found", "/end"),
            "/end" => answer("200 OK", "content-type: text/html\r\nset-cookie: a=b\r\n", b"end"),
            "/wall" => to("302 Found", "/login?next=x"),
            "/later" => answer("307 Temporary Redirect", "location: /end\r\nretry-after: 7\r\n", b""),
            counted => match counted[1..].parse::<usize>() {
                Ok(0) => answer("200 OK", "", b"0"),
                Ok(left) => to("302 Found", &format!("/{}", left - 1)),
                Err(_) => answer("404 Not Found", "", b""),
            },
        }
    })
    .await;
    let outward = outward(&[&server]);
    let five = document(&outward, server.url(&format!("/{MOST_REDIRECTS}"))).await;
    assert_eq!((five.url, five.target.url), (server.url("/0"), server.url("/5")));
    for (path, astray, requests) in [
        ("/6", Astray::TooOften, 6),
        ("/a", Astray::InACircle, 2),
        ("/self", Astray::InACircle, 1),
        ("/nowhere", Astray::Nowhere, 1),
    ] {
        let before = server.requests();
        let error = fetch(&outward, server.url(path)).await.unwrap_err();
        assert!(matches!(error, FetchError::Redirects(found) if found == astray), "{path}: {error}");
        assert_eq!(server.requests() - before, requests, "{path}");
    }
    let mut journey = Journey::new(target(server.url("/moved")), None);
    assert_eq!(journey.step(&outward, now()).await.unwrap(), Step::Redirect { wait: None });
    assert_eq!((journey.url(), journey.moved()), (&server.url("/there"), Some(&server.url("/there"))));
    assert_eq!(travel(&outward, &mut journey).await.0, 2);
    assert_eq!(journey.moved(), Some(&server.url("/there")), "what is only for now is not proposed");
    let mut journey = Journey::new(target(server.url("/later")), None);
    let wait = Some(Duration::from_secs(7));
    assert_eq!(journey.step(&outward, now()).await.unwrap(), Step::Redirect { wait });
    assert_eq!(journey.moved(), None);
    let mut journey = Journey::new(target(server.url("/later")), None);
    let before = server.requests();
    let refused = journey
        .travel(&outward, async |url, demanded| match demanded {
            None => Ok(now()),
            Some(_) => Err(FetchError::Disallowed { url: url.clone() }),
        })
        .await;
    assert!(matches!(refused, Err(FetchError::Disallowed { url }) if url == server.url("/end")));
    assert_eq!(server.requests() - before, 1, "what robots.txt forbids on the way is not asked");
    let error = fetch(&outward, server.url("/wall")).await.unwrap_err();
    assert!(matches!(error, FetchError::Blocked { wall: Wall::LogIn }), "{error}");
}

#[tokio::test]
async fn what_has_not_changed_is_not_read_again_and_validators_go_back_as_they_came() {
    let server = LocalServer::start(|path, head| {
        let head = head.to_lowercase();
        let known = head.contains("if-none-match: w/\"7-é\"") || head.contains("if-none-match: w/\"7\"");
        match path {
            "/tagged" if known && head.contains("if-modified-since: sun, 1 mar 2026 8:00 gmt") => {
                answer("304 Not Modified", "", b"")
            }
            "/tagged" => {
                answer("200 OK", "etag: W/\"7\"\r\nlast-modified: Sun, 1 Mar 2026 8:00 GMT\r\n", b"one")
            }
            "/moved" if head.contains("if-none-match") => answer("500 It Leaked", "", b""),
            "/moved" => answer("302 Found", "location: /tagged\r\n", b""),
            "/odd" => answer("304 Not Modified", "", b""),
            _ => answer("200 OK", "", b"plain"),
        }
    })
    .await;
    let outward = outward(&[&server]);
    for path in ["/tagged", "/moved", "/plain"] {
        let first = document(&outward, server.url(path)).await;
        assert!(first.fetched_at >= now(), "{path}");
        let known = Validators::of(&first);
        let mut again = Journey::new(target(server.url(path)), Some(known.clone()));
        assert_eq!(travel(&outward, &mut again).await.1.unwrap(), Fetched::NotModified, "{path}");
        let other = Validators { digest: [0; 16], etag: None, ..known };
        let mut changed = Journey::new(target(server.url(path)), Some(other));
        assert!(matches!(travel(&outward, &mut changed).await.1, Ok(Fetched::Document(_))), "{path}");
    }
    let error = fetch(&outward, server.url("/odd")).await.unwrap_err();
    assert!(matches!(error, FetchError::Status { status: 304 }), "304 to an unconditional request: {error}");
}

#[tokio::test]
async fn statuses_mean_what_the_source_must_learn() {
    let server = LocalServer::start(|path, _| {
        let status = path.trim_start_matches('/');
        answer(&format!("{status} X"), "retry-after: Sun, 01 Mar 2026 08:02:00 GMT\r\n", b"")
    })
    .await;
    let outward = outward(&[&server]);
    for status in [400, 401, 403, 404, 410, 418, 429, 500, 502, 503] {
        let error = fetch(&outward, server.url(&format!("/{status}"))).await.unwrap_err();
        let right = match status {
            401 | 403 => matches!(error, FetchError::Blocked { wall: Wall::Status(_) }),
            404 | 410 => matches!(error, FetchError::Gone { .. }),
            429 | 503 => {
                matches!(error, FetchError::Throttled { wait: Some(wait), .. } if wait.as_secs() == 120)
            }
            _ => matches!(error, FetchError::Status { status: found } if found == status),
        };
        assert!(right, "{status}: {error:?}");
    }
}

#[tokio::test]
async fn robots_txt_is_fetched_over_redirects_and_read_up_to_its_limit() {
    let server = LocalServer::start(|path, head| match path {
        "/robots.txt" if head.contains("minsheng/") => answer("301 Moved", "location: /r\r\n", b""),
        "/r" => answer("200 OK", "", b"User-agent: minsheng\nDisallow: /x\n"),
        _ => answer("404 Not Found", "", b""),
    })
    .await;
    let origin = Origin::of(&server.url("/"));
    let (found, wait) = robots(&outward(&[&server]), &origin, now()).await;
    let RobotsAnswer::Rules(rules) = found else { panic!("{found:?}") };
    assert_eq!((rules.allows("/x"), rules.allows("/y"), wait), (false, true, None));

    let large = [b"User-agent: *\nDisallow: /x\n".to_vec(), vec![b'#'; 1024 * 1024]].concat();
    let server = LocalServer::start(move |_, _| answer("200 OK", "", &large)).await;
    let (found, _) = robots(&outward(&[&server]), &Origin::of(&server.url("/")), now()).await;
    assert!(matches!(&found, RobotsAnswer::Rules(rules) if !rules.allows("/x")), "{found:?}");

    for (status, expected) in [("404 X", RobotsAnswer::Absent), ("503 X", RobotsAnswer::Unreachable)] {
        let server = LocalServer::start(move |_, _| answer(status, "retry-after: 9\r\n", b"")).await;
        let found = robots(&outward(&[&server]), &Origin::of(&server.url("/")), now()).await;
        assert_eq!(found, (expected, Some(Duration::from_secs(9))), "{status}");
    }
    let server = LocalServer::start(|_, _| Say::Nothing).await;
    let (found, _) = robots(&outward(&[&server]), &Origin::of(&server.url("/")), now()).await;
    assert_eq!(found, RobotsAnswer::Unreachable);
}

#[tokio::test]
async fn a_post_follows_nothing_reads_little_and_tells_no_secret() {
    let server = LocalServer::start(|path, head| match path {
        "/moved" => answer("302 Found", "location: /hook\r\n", b""),
        "/long" => answer("500 X", "retry-after: 3\r\n", &vec![b'x'; 1024 * 1024]),
        _ if head.contains("webhook-id: 7") => answer("200 OK", "", b"{\"errcode\":0}"),
        _ => answer("400 Bad Request", "", b""),
    })
    .await;
    let outward = outward(&[&server]);
    let ask = async |url: Url, headers: &[(&str, &str)]| {
        let body = Bytes::from_static(b"{}");
        outward.post(Post { url: &url, headers, body, timeout: Duration::from_secs(1) }).await
    };
    let sent = ask(server.url("/hook"), &[("webhook-id", "7")]).await.unwrap();
    assert_eq!((sent.status, &sent.body[..]), (200, &b"{\"errcode\":0}"[..]));
    assert_eq!(ask(server.url("/moved"), &[]).await.unwrap().status, 302);
    let long = ask(server.url("/long"), &[]).await.unwrap();
    assert_eq!((long.status, long.body.len(), long.headers["retry-after"].as_str()), (500, 64 * 1024, "3"));
    let error = ask(server.url("/hook"), &[("x", "a\r\nb: c")]).await.unwrap_err();
    assert!(matches!(error, OutwardError::Refused(Refusal::Header(_))), "{error}");
    assert_eq!(server.requests(), 3);

    let silent = LocalServer::start(|_, _| Say::Nothing).await;
    let url = silent.url("/hook?key=SECRET");
    let post = Post { url: &url, headers: &[], body: Bytes::new(), timeout: Duration::from_millis(200) };
    let outward = self::outward(&[&silent]);
    let error = outward.post(post.clone()).await.unwrap_err();
    assert!(matches!(error, OutwardError::Timeout { .. }) && !error.certainly_unsent(), "{error:?}");
    let closed: SocketAddr = silent.address;
    drop(silent);
    let error = outward.post(post).await.unwrap_err();
    assert!(error.certainly_unsent(), "{error:?} to {closed}");
    assert!(!format!("{error} {error:?}").contains("SECRET"), "{error:?}");
}
