//! What stands in front of every route: host, origin, log-in, role, limits, headers.

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::Instant;

use super::Web;
use super::auth::{Door, Visitor, Who};
use super::console;
use super::error::{Kind, Problem};
use super::routes::{Length, Rule, Surface};
use crate::telemetry::metric;

/// Longest time one request may take.
const LONGEST: Duration = Duration::from_secs(30);
/// Largest body but for ingest.
const BODY: usize = 1 << 20;
/// Longest address, with its query.
const ADDRESS: usize = 8 << 10;

/// What may be loaded, from where, and who may frame us (X3).
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                   connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// For every answer, found or not: the host must be ours, and the headers are set.
pub(super) async fn outer(State(web): State<Web>, request: Request, next: Next) -> Response {
    let ours = request.extensions().get::<Door>() == Some(&Door::Socket) || is_ours(&web, &request);
    let mut response = if request.uri().to_string().len() > ADDRESS {
        StatusCode::URI_TOO_LONG.into_response()
    } else if ours {
        next.run(request).await
    } else {
        Problem::new(Kind::WrongHost, "").into_response()
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CSP),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if web.config().is_https() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// For one route: who asks, whether they may, and how long it may take.
pub(super) async fn guard(State((web, rule)): State<(Web, Rule)>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let stranger = Visitor::stranger(request.headers());
    let uri = request.uri().clone();
    let partial = request.headers().contains_key("hx-request");
    let (visitor, response) = match admit(&web, rule, request).await {
        Ok((visitor, request)) => {
            let answer = next.run(request);
            let response = match rule.length {
                Length::Streaming => answer.await,
                Length::Bounded => tokio::time::timeout(LONGEST, answer)
                    .await
                    .unwrap_or_else(|_elapsed| Failed(Problem::new(Kind::Busy, "")).into_response()),
            };
            (visitor, response)
        }
        Err((visitor, problem)) => (visitor.unwrap_or(stranger), Failed(problem).into_response()),
    };
    metrics::histogram!(metric::HTTP_SECONDS, "route" => rule.path).record(began.elapsed().as_secs_f64());
    match rule.surface {
        Surface::Machine => response,
        Surface::Page => for_people(&web, &visitor, &uri, partial, response),
    }
}

/// A problem that a page for people may be made of.
pub(super) struct Failed(pub(super) Problem);

#[derive(Clone)]
struct Told(Kind, String);

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let told = Told(self.0.kind, self.0.detail.clone());
        let mut response = self.0.into_response();
        response.extensions_mut().insert(told);
        response
    }
}

impl<E: Into<Problem>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

type Refused = (Option<Visitor>, Problem);

/// The request with its visitor, if the rule lets them in.
#[allow(clippy::result_large_err, reason = "who was refused is needed for the page that tells it")]
async fn admit(web: &Web, rule: Rule, request: Request) -> Result<(Visitor, Request), Refused> {
    let (parts, body) = request.into_parts();
    let visitor = Visitor::identify(web, &parts).await.map_err(|problem| (None, problem))?;
    let refuse = |kind: Kind, why: &str| Err((Some(visitor.clone()), Problem::new(kind, why)));
    let unsafe_method = !matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
    let by_browser = matches!(visitor.who, Who::Person(..) | Who::Nobody);
    // Before the role: another site must not even learn who is logged in.
    if unsafe_method && by_browser && rule.surface == Surface::Page && !same_origin(&parts.headers) {
        return refuse(Kind::WrongOrigin, "");
    }
    if unsafe_method && matches!(visitor.who, Who::Person(..)) && !same_origin(&parts.headers) {
        return refuse(Kind::WrongOrigin, "");
    }
    if !rule.access.allows(visitor.role) {
        return match visitor.role {
            None => refuse(Kind::NotLoggedIn, ""),
            Some(_) => refuse(Kind::Forbidden, ""),
        };
    }
    let limit = if rule.ingest { web.config().ingest_bytes } else { BODY };
    let mut body = body;
    if unsafe_method && !rule.ingest {
        let whole = to_bytes(body, limit).await;
        let whole = whole.map_err(|_| (Some(visitor.clone()), Problem::new(Kind::TooLarge, "")))?;
        if matches!(visitor.who, Who::Person(..)) && !has_csrf(&visitor, &parts.headers, &whole) {
            return refuse(Kind::WrongOrigin, "the form is out of date: load the page anew");
        }
        body = Body::from(whole);
    } else if unsafe_method
        && matches!(visitor.who, Who::Person(..))
        && !has_csrf(&visitor, &parts.headers, &Bytes::new())
    {
        return refuse(Kind::WrongOrigin, "");
    }
    let mut request = Request::from_parts(parts, body);
    request.extensions_mut().insert(visitor.clone());
    Ok((visitor, request))
}

/// Redirects people to the log-in, and shows them a page instead of a problem.
fn for_people(web: &Web, visitor: &Visitor, uri: &Uri, partial: bool, response: Response) -> Response {
    let Some(Told(kind, detail)) = response.extensions().get::<Told>().cloned() else { return response };
    if kind == Kind::NotLoggedIn {
        let to = match (web.setup().is_some(), partial) {
            (true, _) => "/setup".to_owned(),
            (false, true) => "/login".to_owned(),
            (false, false) => {
                let next = uri.path_and_query().map_or("/", |path| path.as_str());
                format!(
                    "/login?{}",
                    url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish()
                )
            }
        };
        let to = HeaderValue::try_from(to).expect("form-encoded text is ASCII");
        if partial {
            return ([(HeaderName::from_static("hx-redirect"), to)], StatusCode::OK).into_response();
        }
        return ([(header::LOCATION, to)], StatusCode::SEE_OTHER).into_response();
    }
    let mut page = console::error_page(visitor, kind, &detail);
    *page.status_mut() = response.status();
    if let Some(wait) = response.headers().get(header::RETRY_AFTER) {
        page.headers_mut().insert(header::RETRY_AFTER, wait.clone());
    }
    page
}

/// Whether the browser says that one of our own pages sent this. Without a word of the browser: no.
/// Our pages send no referrer, so browsers say `Origin: null` in forms and `Sec-Fetch-Site` beside it.
fn same_origin(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let (origin, host) = (text(header::ORIGIN), text(header::HOST));
    let matches = |origin: &str| {
        let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        authority.is_some_and(|authority| host.is_some_and(|host| authority.eq_ignore_ascii_case(host)))
    };
    match (text(HeaderName::from_static("sec-fetch-site")), origin) {
        (Some("same-origin" | "none"), None | Some("null")) => true,
        (Some("same-origin" | "none") | None, Some(origin)) => matches(origin),
        (Some(_), _) | (None, None) => false,
    }
}

fn has_csrf(visitor: &Visitor, headers: &HeaderMap, body: &Bytes) -> bool {
    if let Some(sent) = headers.get("x-csrf-token").and_then(|value| value.to_str().ok()) {
        return visitor.has_csrf(sent);
    }
    let form = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !form.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
        return false;
    }
    let mut fields = url::form_urlencoded::parse(body);
    fields.any(|(name, value)| name == "csrf" && visitor.has_csrf(&value))
}

fn is_ours(web: &Web, request: &Request) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().is_ok_and(|host| web.config().serves_host(host)),
        (Some(_), Some(_)) | (None, _) => false,
    }
}
