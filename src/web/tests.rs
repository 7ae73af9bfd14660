//! The whole console over a real pipeline in a directory of its own: who may do what, what is refused, and
//! that nothing of a writer comes out.

mod facts;
mod rescore;
mod verdict;
mod why;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::door::Stop;
use super::routes::{Access, Surface, Verb, router, table};
use super::{Configured, Inbox, InboxMessage, SetupCode, Web, WebConfig, auth, openapi};
use crate::alert::RuleBook;
use crate::assess::{AssessConfig, Assessor};
use crate::crawl::politeness::PolitenessConfig;
use crate::detect::DetectConfig;
use crate::extract::post::VoiceKey;
use crate::incident::{Checklists, Clocks, DeskConfig, Names};
use crate::journal::JournalConfig;
use crate::lexicon::matcher::Lexicon;
use crate::lexicon::shelf::Shelf;
use crate::notify::Receivers;
use crate::outward::{Outward, OutwardConfig};
use crate::people::{Departments, Password, Person, PersonName, Role, TokenRecord, TokenSecret};
use crate::pipeline::clock::Clock;
use crate::pipeline::crawling::CrawlConfig;
use crate::pipeline::start::{Pipeline, Setup};
use crate::search::SearchConfig;
use crate::store::StoreConfig;
use crate::telemetry::Metrics;

const HOST: &str = "127.0.0.1:8686";
const PASSWORD: &str = "correct horse";

struct Desk {
    pipeline: Pipeline,
    web: Web,
    router: Router,
    tokens: BTreeMap<&'static str, String>,
    dir: tempfile::TempDir,
}

fn now() -> Timestamp {
    "2026-11-22T08:47:00Z".parse().unwrap()
}

/// The shipped dictionaries.
fn shelf() -> Shelf {
    Shelf::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("dictionaries")).unwrap()
}

fn lexicon(shelf: &Shelf) -> Lexicon {
    Lexicon::compile(shelf, now().to_zoned(jiff::tz::TimeZone::UTC).date()).unwrap().0
}

/// A running pipeline without sources, one token a role and one officer with a password.
async fn desk(setup: Option<SetupCode>, inbox: Option<Inbox>) -> Desk {
    desk_in(tempfile::tempdir().unwrap(), lexicon(&shelf()), setup, inbox).await
}

/// The same in a directory that may hold something already, with these dictionaries.
async fn desk_in(
    dir: tempfile::TempDir,
    lexicon: Lexicon,
    setup: Option<SetupCode>,
    inbox: Option<Inbox>,
) -> Desk {
    let departments = Departments::from_toml(include_str!("../../config/departments.toml")).unwrap();
    let names = Names::new(lexicon.categories(), &departments);
    let rules = RuleBook::from_toml(include_str!("../../config/rules.toml")).unwrap();
    let clocks = Clocks::from_toml(include_str!("../../config/clocks.toml")).unwrap();
    let checklists = Checklists::from_toml(include_str!("../../config/checklists.toml")).unwrap();
    let assessor = Arc::new(Assessor::new(Arc::new(lexicon), AssessConfig::default()));
    let parts = Setup {
        data: PathBuf::from(dir.path()),
        journal: JournalConfig::default(),
        store: StoreConfig::default(),
        search: SearchConfig::default(),
        assess: AssessConfig::default(),
        detect: DetectConfig::default(),
        desk: DeskConfig::default(),
        crawl: CrawlConfig { politeness: PolitenessConfig::default(), ..CrawlConfig::default() },
        sources: Vec::new(),
        assessor,
        rules: rules.clone(),
        receivers: Receivers::default(),
        mailer: None,
        names,
        clocks: clocks.clone(),
        checklists: checklists.clone(),
        outward: Outward::new(OutwardConfig::default()).unwrap(),
        console: "http://127.0.0.1:8686/".parse().unwrap(),
        voice_key: VoiceKey::new([7; 32]),
        clock: Clock::of(now),
    };
    let (pipeline, _) = Pipeline::start(parts).await.unwrap();
    let handles = pipeline.handles.clone();
    let mut tokens = BTreeMap::new();
    for role in Role::ALL {
        let (id, secret, secret_hash) = TokenSecret::generate().unwrap();
        let label = role.as_str().to_owned();
        let record =
            TokenRecord { id, label, role, secret_hash, created_at: now(), expires_at: None, revoked: false };
        handles.desk.put_token(record).await.unwrap();
        tokens.insert(role.as_str(), secret.reveal().to_owned());
    }
    let person = Person {
        name: PersonName::new("li").unwrap(),
        role: Role::Officer,
        password_hash: Password::new(PASSWORD).unwrap().hash().unwrap(),
        disabled: false,
        added_at: now(),
    };
    if setup.is_none() {
        handles.desk.put_person(person).await.unwrap();
    }
    let configured = Configured {
        departments,
        rules,
        receivers: Receivers::default(),
        clocks,
        checklists,
        drill_within: DeskConfig::default().drill_within,
    };
    let metrics = Metrics::install().unwrap();
    let web = Web::new(WebConfig::default(), handles, metrics, configured, setup, inbox);
    let router = router(web.clone()).layer(axum::Extension(Stop(CancellationToken::new())));
    Desk { pipeline, web, router, tokens, dir }
}

impl Desk {
    async fn ask(&self, request: axum::http::request::Builder, body: impl Into<Body>) -> Response {
        let request = request.header(header::HOST, HOST).body(body.into()).unwrap();
        self.router.clone().oneshot(request).await.unwrap()
    }

    async fn get(&self, path: &str, role: &str) -> Response {
        self.ask(Request::get(path).header(header::AUTHORIZATION, self.bearer(role)), Body::empty()).await
    }

    fn bearer(&self, role: &str) -> String {
        format!("Bearer {}", self.tokens[role])
    }

    async fn push(&self, body: &str) -> Value {
        let request = Request::post("/api/v1/posts")
            .header(header::AUTHORIZATION, self.bearer("ingest"))
            .header(header::CONTENT_TYPE, "application/x-ndjson");
        let response = self.ask(request, body.to_owned()).await;
        assert_eq!(response.status(), StatusCode::OK);
        read_json(response).await
    }

    /// Logs the officer in: the cookie and the CSRF token of a page.
    async fn log_in(&self) -> (String, String) {
        let form = format!("name=li&password={}", PASSWORD.replace(' ', "+"));
        let response = self.ask(post_form("/login"), form).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let page = self.ask(Request::get("/settings").header(header::COOKIE, &cookie), Body::empty()).await;
        let page = text(page).await;
        let csrf = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        (cookie, csrf.to_owned())
    }

    /// Waits for what the pipeline brings about, as a browser would see it.
    async fn incident(&self) -> String {
        let mut live = std::pin::pin!(self.web.handles().live.listen(None));
        loop {
            let list = read_json(self.get("/api/v1/incidents", "viewer").await).await;
            if let Some(id) = list["items"][0]["id"].as_str() {
                return id.to_owned();
            }
            let told =
                tokio::time::timeout(Duration::from_secs(30), tokio_stream::StreamExt::next(&mut live));
            told.await.expect("an incident is told of in time");
        }
    }

    async fn post(&self, path: &str, role: &str, body: &Value) -> Response {
        let request = Request::post(path)
            .header(header::AUTHORIZATION, self.bearer(role))
            .header(header::CONTENT_TYPE, "application/json");
        self.ask(request, body.to_string()).await
    }

    /// Stops everything, and gives what is kept.
    async fn stop(self) -> tempfile::TempDir {
        let Self { pipeline, web, router, dir, .. } = self;
        drop((web, router));
        assert_eq!(pipeline.stop(Duration::from_secs(30)).await, Vec::<&str>::new());
        dir
    }
}

fn post_form(path: &str) -> axum::http::request::Builder {
    Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
}

async fn text(response: Response) -> String {
    let body = to_bytes(response.into_body(), 8 << 20).await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

async fn read_json(response: Response) -> Value {
    serde_json::from_str(&text(response).await).unwrap()
}

const FIRE: &str = r#"{"id":"f1","source":"forum","url":"https://forum.example/t/1","title":"锦华里燃气爆炸","text":"锦华里小区刚刚发生燃气爆炸，多人受伤，有人被困，快来救人！","author":"路边的风","published_at":"2026-11-22T16:40:00+08:00"}"#;

/// Whether the guard let a request through. What the handler made of it does not matter here.
fn refused(response: &Response) -> bool {
    let to_log_in = response
        .headers()
        .get(header::LOCATION)
        .is_some_and(|to| to.to_str().unwrap().starts_with("/login?next="));
    matches!(response.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) || to_log_in
}

#[tokio::test(flavor = "multi_thread")]
async fn each_route_lets_in_whom_the_table_names_and_nobody_else() {
    let desk = desk(None, None).await;
    let mut walked = 0;
    for route in table() {
        let path = route.rule.path.replace("{id}", "none").replace("{name}", "none");
        for role in std::iter::once(None).chain(Role::ALL.map(Some)) {
            let mut request = match route.verb {
                Verb::Get => Request::get(&path),
                Verb::Post => post_form(&path),
                Verb::Delete => Request::delete(&path),
            };
            if let Some(role) = role {
                request = request.header(header::AUTHORIZATION, desk.bearer(role.as_str()));
            }
            let response = desk.ask(request, "").await;
            // The log-in refuses an empty name by its own word, and metrics are not for strangers.
            let own_word = path == "/login"
                || (path == "/metrics" && !matches!(role, Some(role) if role > Role::Ingest))
                || (path == "/settings/password" && role.is_some());
            let expected = !route.rule.access.allows(role);
            assert!(
                own_word || refused(&response) == expected,
                "{:?} {path} {role:?}: {}",
                route.verb,
                response.status()
            );
            assert!(response.status().as_u16() < 500, "{path} {role:?}");
            walked += 1;
        }
    }
    assert!(walked > 250, "{walked}");
    desk.stop().await;
}

#[test]
fn the_table_grants_no_more_than_the_roles_allow() {
    for route in table() {
        let rule = route.rule;
        let open = matches!(rule.access, Access::Everyone);
        if rule.path.starts_with("/api/") {
            assert!(!open, "{}", rule.path);
        }
        if route.verb == Verb::Post && !open {
            assert!(
                !rule.access.allows(Some(Role::Viewer))
                    || matches!(rule.path, "/logout" | "/settings/password"),
                "{}",
                rule.path
            );
        }
        assert_eq!(
            rule.access.allows(Some(Role::Ingest)),
            open || rule.path == "/api/v1/posts" && route.verb == Verb::Post,
            "{}",
            rule.path
        );
        assert!(rule.surface == Surface::Machine || !rule.path.starts_with("/api/"), "{}", rule.path);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_goes_in_is_found_and_becomes_an_incident_without_its_writer() {
    let desk = desk(None, None).await;
    let body = format!("{FIRE}\n\nno json\n{{\"source\":\"forum\"}}\n{FIRE}\n");
    let answer = desk.push(&body).await;
    assert_eq!((&answer["accepted"], &answer["duplicates"]), (&json!(1), &json!(1)));
    let lines: Vec<_> =
        answer["rejected"].as_array().unwrap().iter().map(|line| line["line"].clone()).collect();
    assert_eq!(lines, [json!(3), json!(4)]);
    let count = read_json(desk.get("/api/v1/posts/count", "viewer").await).await;
    assert_eq!(count, json!({ "count": 1 }));
    let named = read_json(desk.get("/api/v1/posts?source=forum&external_id=f1", "viewer").await).await;
    let post = named["items"][0]["id"].as_str().unwrap().to_owned();

    let id = desk.incident().await;
    let (cookie, csrf) = desk.log_in().await;
    let mut told = Vec::new();
    for path in [
        "/api/v1/posts?source=forum&external_id=f1".to_owned(),
        format!("/api/v1/posts/{post}"),
        "/api/v1/incidents".to_owned(),
        format!("/api/v1/incidents/{id}"),
        "/api/v1/sources".to_owned(),
        "/api/v1/notifications".to_owned(),
        "/api/v1/rules".to_owned(),
        "/api/v1/receivers".to_owned(),
    ] {
        let response = desk.get(&path, "viewer").await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        told.push(text(response).await);
    }
    for path in [
        "/".to_owned(),
        format!("/incidents/{id}"),
        format!("/posts/{post}"),
        "/search?q=%E7%87%83%E6%B0%94".to_owned(),
        "/sources".to_owned(),
        "/outbox".to_owned(),
        "/settings".to_owned(),
        "/docs".to_owned(),
    ] {
        let response = desk.ask(Request::get(&path).header(header::COOKIE, &cookie), Body::empty()).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let page = text(response).await;
        assert!(page.contains("lang=\"zh-CN\""), "{path}");
        assert!(!page.contains("<style") && !page.contains(" style=") && !page.contains("onclick"), "{path}");
        told.push(page);
    }
    for answer in &told {
        for trace in ["路边的风", "\"author\"", "\"voice\"", "\"author_token\""] {
            assert!(!answer.contains(trace), "{trace} in {answer}");
        }
    }

    // Taken by a plain form, once; a second time is refused with a reason.
    let form = format!("csrf={csrf}&note=%E5%B7%B2%E6%B4%BE%E8%BD%A6");
    let take = format!("/incidents/{id}/acknowledge");
    let response = desk.ask(post_form(&take).header(header::COOKIE, &cookie), form.clone()).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let incident = read_json(desk.get(&format!("/api/v1/incidents/{id}"), "viewer").await).await;
    assert_eq!(incident["state"], "acknowledged");
    assert_eq!(incident["timeline"].as_array().unwrap().last().unwrap()["note"], "已派车");

    // The same key twice is one act.
    let close = |key: &'static str| {
        let request = Request::post(format!("/api/v1/incidents/{id}/close"))
            .header(header::AUTHORIZATION, desk.bearer("officer"))
            .header("idempotency-key", key);
        desk.ask(request, "{\"note\":\"done\"}")
    };
    assert_eq!(close("k1").await.status(), StatusCode::OK);
    assert_eq!(close("k1").await.status(), StatusCode::OK);
    let again = Request::post(format!("/api/v1/incidents/{id}/acknowledge"))
        .header(header::AUTHORIZATION, desk.bearer("admin"));
    let again = desk.ask(again, "").await;
    assert_eq!(again.status(), StatusCode::CONFLICT);
    assert_eq!(read_json(again).await["type"], "urn:minsheng:problem:conflict");
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_sites_other_names_and_old_sessions_are_refused() {
    let desk = desk(None, None).await;
    let (cookie, csrf) = desk.log_in().await;
    let preferences = |request: axum::http::request::Builder| {
        desk.ask(request.header(header::COOKIE, &cookie), format!("csrf={csrf}&lang=en"))
    };
    assert_eq!(preferences(post_form("/preferences")).await.status(), StatusCode::SEE_OTHER);
    let bare =
        || Request::post("/preferences").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    for (name, request) in [
        ("no word of the browser", bare()),
        ("another site", bare().header("sec-fetch-site", "cross-site")),
        ("a sister site", bare().header("sec-fetch-site", "same-site").header(header::ORIGIN, "null")),
        ("another origin", bare().header(header::ORIGIN, "http://evil.example")),
        ("no origin at all", bare().header(header::ORIGIN, "null")),
    ] {
        assert_eq!(preferences(request).await.status(), StatusCode::FORBIDDEN, "{name}");
    }
    let own = bare().header(header::ORIGIN, format!("http://{HOST}"));
    assert_eq!(preferences(own).await.status(), StatusCode::SEE_OTHER);
    let forged = desk.ask(post_form("/preferences").header(header::COOKIE, &cookie), "csrf=00&lang=en").await;
    assert_eq!(forged.status(), StatusCode::FORBIDDEN);

    let request = Request::get("/healthz").header(header::HOST, "evil.example").body(Body::empty()).unwrap();
    let response = desk.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::MISDIRECTED_REQUEST);

    let response =
        desk.ask(post_form("/logout").header(header::COOKIE, &cookie), format!("csrf={csrf}")).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let after = desk.ask(Request::get("/settings").header(header::COOKIE, &cookie), Body::empty()).await;
    assert_eq!(after.status(), StatusCode::SEE_OTHER, "a session that was ended stays ended");
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_the_policy_and_problems_are_typed() {
    let desk = desk(None, None).await;
    for path in ["/", "/login", "/api/v1/nothing", "/nothing", "/healthz", "/assets/none.js"] {
        let response = desk.ask(Request::get(path), Body::empty()).await;
        let headers = response.headers();
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self';") && !policy.contains("unsafe"),
            "{path}"
        );
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["referrer-policy"], "no-referrer");
    }
    let response = desk.get("/api/v1/posts?author=x", "admin").await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST, "no query selects by writer");
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
    assert_eq!(read_json(response).await["type"], "urn:minsheng:problem:bad-request");
    let response = desk.ask(Request::get("/api/v1/posts").header("host", HOST), Body::empty()).await;
    assert_eq!(response.status(), StatusCode::MISDIRECTED_REQUEST, "two hosts are no host");
    let big = "x".repeat((1 << 20) + 1);
    let note = Request::post("/api/v1/incidents/INC-20261122-01/note")
        .header(header::AUTHORIZATION, desk.bearer("officer"));
    assert_eq!(desk.ask(note, big).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn naughty_texts_are_shown_as_text_and_break_nothing() {
    let desk = desk(None, None).await;
    let naughty = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "'; DROP TABLE posts; --",
        "\u{202e}\u{200b}\u{feff}",
        "{{7*7}}",
        "%00%0d%0a",
        "\u{1f469}\u{200d}\u{1f469}",
        "((((((((((",
        "\"",
        "grade:",
        "author:x",
        "../../etc/passwd",
        "-",
        "*",
    ];
    for (number, text) in naughty.iter().enumerate() {
        let line = json!({ "id": number.to_string(), "source": "forum", "title": text, "text": text, "url": "https://x.example/?q=\"><script>" });
        desk.push(&line.to_string()).await;
    }
    let (cookie, _) = desk.log_in().await;
    for text_in in naughty {
        let q: String = url::form_urlencoded::byte_serialize(text_in.as_bytes()).collect();
        for path in [
            format!("/search?q={q}"),
            format!("/posts/{q}"),
            format!("/incidents/{q}"),
            format!("/?state={q}"),
            format!("/outbox?cursor={q}"),
            format!("/api/v1/posts?q={q}"),
            format!("/api/v1/posts?cursor={q}"),
            format!("/api/v1/coverage?source={q}"),
            format!("/login?next={q}"),
        ] {
            let response = desk.ask(Request::get(&path).header(header::COOKIE, &cookie), Body::empty()).await;
            assert!(response.status().as_u16() < 500, "{path}: {}", response.status());
            let json = response
                .headers()
                .get(header::CONTENT_TYPE)
                .is_some_and(|kind| kind.to_str().unwrap().contains("json"));
            let page = text(response).await;
            assert!(json || !page.contains("<script>alert") && !page.contains("<img src=x"), "{path}");
        }
    }
    for number in 0..naughty.len() {
        let named =
            read_json(desk.get(&format!("/api/v1/posts?source=forum&external_id={number}"), "viewer").await)
                .await;
        let Some(id) = named["items"][0]["id"].as_str() else { continue };
        let page = text(desk.get(&format!("/posts/{id}"), "viewer").await).await;
        assert!(!page.contains("<script>alert") && !page.contains("<img src=x"), "{number}");
    }
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_administrator_needs_the_code_and_the_code_is_good_once() {
    let code = SetupCode::generate().unwrap();
    let shown = code.reveal();
    let inbox: Inbox = Arc::new(|| {
        vec![InboxMessage {
            at: now(),
            channel: "email".into(),
            to: "duty@example".into(),
            subject: "<b>红</b>".into(),
            text: "正文".into(),
            html: "<script>alert(1)</script>".into(),
            headers: vec![("Subject".into(), "x".into())],
            body: "raw".into(),
        }]
    });
    let desk = desk(Some(code), Some(inbox)).await;
    let store = desk.web.handles().store.clone();
    assert!(auth::first_start(&store).unwrap().is_some());
    let home = desk.ask(Request::get("/"), Body::empty()).await;
    assert_eq!(home.headers()[header::LOCATION], "/setup");
    let form = |code: &str| format!("code={code}&name=chief&password=long+enough+1");
    let wrong = desk.ask(post_form("/setup"), form("WRONG")).await;
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    let right = desk.ask(post_form("/setup"), form(&shown)).await;
    assert_eq!(right.status(), StatusCode::SEE_OTHER);
    let cookie = right.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let again = desk.ask(post_form("/setup"), form(&shown)).await;
    assert_eq!(again.headers()[header::LOCATION], "/login");
    assert!(auth::first_start(&store).unwrap().is_none());
    let inbox = desk.ask(Request::get("/inbox").header(header::COOKIE, &cookie), Body::empty()).await;
    let inbox = text(inbox).await;
    assert!(inbox.contains("正文") && !inbox.contains("<script>alert"));

    // Five failures are free, then there is a wait.
    let mut statuses = Vec::new();
    for _ in 0..7 {
        statuses.push(desk.ask(post_form("/login"), "name=chief&password=wrong").await.status());
    }
    assert_eq!(statuses.last(), Some(&StatusCode::TOO_MANY_REQUESTS));
    drop(store);
    desk.stop().await;
}

#[test]
fn the_description_names_every_operation_and_each_reference_leads_somewhere() {
    let described = openapi();
    assert_eq!(described["openapi"], "3.1.0");
    for route in table() {
        if route.rule.surface == Surface::Machine && !route.summary.is_empty() {
            let verb = match route.verb {
                Verb::Get => "get",
                Verb::Post => "post",
                Verb::Delete => "delete",
            };
            assert!(described["paths"][route.rule.path][verb].is_object(), "{}", route.rule.path);
        }
    }
    let text = described.to_string();
    for reference in text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(described["components"]["schemas"][name].is_object(), "{name}");
    }
    assert!(!text.contains("voice\""), "a voice never leaves the daemon");
}
