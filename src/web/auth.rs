//! Who asks: sessions of people, tokens of machines, the machine's own administrator.
//!
//! A session is 128 random bits in a cookie, of which the store keeps a hash; it ends after 30 minutes
//! without a sign of life and after 12 hours in any case. An open desk page counts as a sign of life: the
//! desk must not go dark on the officer who watches it. A person's role is read anew for each request, and
//! whoever is disabled is out at once.
//!
//! The CSRF token of a session is a hash of its id under another name, so that nothing more has to be kept.

use std::net::IpAddr;
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::Web;
use super::door::Peer;
use super::error::Problem;
use super::say::{Lang, Theme};
use crate::incident::Actor;
use crate::journal::record::{AuditEntry, PersonOrToken};
use crate::people::{Person, PersonName, RandomnessError, Role, TokenSecret};
use crate::store::{SessionKey, Store, StoreError};

pub use crate::people::SetupCode;

/// Longest time without a sign of life.
const IDLE: Duration = Duration::from_mins(30);
/// Longest session.
const LONGEST: Duration = Duration::from_hours(12);
/// A session is marked as seen at most this often.
const TOUCH: Duration = Duration::from_mins(1);

/// Why it cannot be told whether this is the first start.
#[derive(Debug, thiserror::Error)]
pub enum FirstStartError {
    /// The store failed.
    #[error("the people could not be read")]
    Store(#[from] StoreError),
    /// No code could be made.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
}

/// A code for making the first administrator at `/setup`, if nobody may log in yet. It is shown once, on
/// the terminal, and holds until it is used or the daemon ends. Blocks on the store.
pub fn first_start(store: &Store) -> Result<Option<SetupCode>, FirstStartError> {
    let nobody = store.people()?.is_empty();
    Ok(if nobody { Some(SetupCode::generate()?) } else { None })
}

/// Through which door a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    Tcp,
    Socket,
}

/// Who asks, and how they wish to be answered.
#[derive(Debug, Clone)]
pub(super) struct Visitor {
    pub(super) who: Who,
    pub(super) role: Option<Role>,
    /// The CSRF token of the session; empty without one.
    pub(super) csrf: String,
    /// The address they come from, if any.
    pub(super) from: Option<IpAddr>,
    pub(super) lang: Lang,
    pub(super) theme: Theme,
}

/// Who asks.
#[derive(Debug, Clone)]
pub(super) enum Who {
    Nobody,
    Person(PersonName, SessionKey),
    Token(String),
    Console,
}

impl Visitor {
    /// Nobody known, as for what no route answers.
    pub(super) fn stranger(headers: &HeaderMap) -> Self {
        let (lang, theme) = (Lang::of(cookie(headers, "lang")), Theme::of(cookie(headers, "theme")));
        Self { who: Who::Nobody, role: None, csrf: String::new(), from: None, lang, theme }
    }

    /// Finds out who sent a request.
    pub(super) async fn identify(web: &Web, parts: &Parts) -> Result<Self, Problem> {
        let mut visitor = Self::stranger(&parts.headers);
        visitor.from = address(web, parts);
        if parts.extensions.get::<Door>() == Some(&Door::Socket) {
            return Ok(Self { who: Who::Console, role: Some(Role::Admin), ..visitor });
        }
        if let Some(sent) = parts.headers.get(header::AUTHORIZATION) {
            // A bad token is never made good by a cookie beside it.
            if let Some((id, role)) = by_token(web, sent).await? {
                return Ok(Self { who: Who::Token(id), role: Some(role), ..visitor });
            }
            return Ok(visitor);
        }
        let Some(id) = cookie(&parts.headers, cookie_name(web)) else { return Ok(visitor) };
        let key = session_key(id);
        let csrf = csrf_of(id);
        if let Some(person) = alive(web, key).await? {
            return Ok(Self { who: Who::Person(person.name, key), role: Some(person.role), csrf, ..visitor });
        }
        Ok(visitor)
    }

    /// As the journal names whoever acts.
    pub(super) fn by(&self) -> Option<PersonOrToken> {
        match &self.who {
            Who::Nobody => None,
            Who::Person(name, _) => Some(PersonOrToken::Person(name.clone())),
            Who::Token(id) => Some(PersonOrToken::Token(id.clone())),
            Who::Console => Some(PersonOrToken::Console),
        }
    }

    /// As an incident's timeline names whoever acts.
    pub(super) fn actor(&self) -> Option<Actor> {
        match &self.who {
            Who::Nobody => None,
            Who::Person(name, _) => Some(Actor::Person(name.clone())),
            Who::Token(id) => Some(Actor::Token(id.clone())),
            Who::Console => Some(Actor::Token("console".to_owned())),
        }
    }

    /// The log-in name, for greeting.
    pub(super) fn name(&self) -> &str {
        match &self.who {
            Who::Nobody => "",
            Who::Person(name, _) => name.as_str(),
            Who::Token(id) => id,
            Who::Console => "console",
        }
    }

    pub(super) fn session(&self) -> Option<SessionKey> {
        match &self.who {
            Who::Person(_, key) => Some(*key),
            Who::Nobody | Who::Token(_) | Who::Console => None,
        }
    }

    pub(super) fn may(&self, least: Role) -> bool {
        self.role.is_some_and(|role| role != Role::Ingest && role >= least)
    }

    /// Whether `sent` is the token of this visitor's session.
    pub(super) fn has_csrf(&self, sent: &str) -> bool {
        !self.csrf.is_empty() && self.csrf.as_bytes().ct_eq(sent.as_bytes()).into()
    }

    /// Writes into the audit log what this visitor did.
    pub(super) async fn audit(&self, web: &Web, what: &'static str, detail: String) -> Result<(), Problem> {
        let entry = AuditEntry {
            at: web.now(),
            by: self.by(),
            right: self.role,
            what: what.to_owned(),
            detail,
            from: self.from.map(|from| from.to_string()),
        };
        Ok(web.handles().desk.audit(entry).await?)
    }
}

/// The person behind a session that is alive, which is marked as seen. Ends one that is too old.
pub(super) async fn alive(web: &Web, key: SessionKey) -> Result<Option<Person>, Problem> {
    let now = web.now();
    let reading = &web.handles().reading;
    let person = reading.blocking(move |reading| {
        let store = reading.store();
        let Some(session) = store.session(key)? else { return Ok(None) };
        let over = |since: Timestamp, limit: Duration| {
            now.duration_since(since) > jiff::SignedDuration::try_from(limit).expect("hours fit")
        };
        if over(session.opened_at, LONGEST) || over(session.seen_at, IDLE) {
            store.end_session(key)?;
            return Ok(None);
        }
        if over(session.seen_at, TOUCH) {
            store.touch_session(key, now)?;
        }
        Ok(store.person(&session.person)?.filter(|person| !person.disabled))
    });
    Ok(person.await?)
}

/// Begins a session: gives the cookie to set.
pub(super) async fn open_session(web: &Web, person: &PersonName) -> Result<HeaderValue, Problem> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Problem::internal(&std::io::Error::other(error.to_string())))?;
    let id = bytes.iter().fold(String::new(), |id, byte| id + &format!("{byte:02x}"));
    let (key, person, now) = (session_key(&id), person.clone(), web.now());
    web.handles()
        .reading
        .blocking(move |reading| Ok(reading.store().open_session(key, person, now)?))
        .await?;
    Ok(set_cookie(web, &id, LONGEST))
}

/// The cookie that takes the session's away.
pub(super) fn no_cookie(web: &Web) -> HeaderValue {
    set_cookie(web, "", Duration::ZERO)
}

fn set_cookie(web: &Web, value: &str, age: Duration) -> HeaderValue {
    let secure = if web.config().is_https() { "; Secure" } else { "" };
    let name = cookie_name(web);
    let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{secure}", age.as_secs());
    HeaderValue::try_from(cookie).expect("hex digits and constants")
}

fn cookie_name(web: &Web) -> &'static str {
    if web.config().is_https() { "__Host-minsheng" } else { "minsheng" }
}

/// The value of a cookie; `None` if it is missing or sent twice, as an injected one would be.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let sent = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = sent.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(found, _)| *found == name).map(|(_, value)| value);
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

fn session_key(id: &str) -> SessionKey {
    SessionKey(Sha256::digest(id.as_bytes()).into())
}

fn csrf_of(id: &str) -> String {
    let hash: [u8; 32] = Sha256::new().chain_update(b"csrf\0").chain_update(id.as_bytes()).finalize().into();
    hash[..16].iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

async fn by_token(web: &Web, sent: &HeaderValue) -> Result<Option<(String, Role)>, Problem> {
    let bearer = sent.to_str().ok().and_then(|sent| sent.split_once(' '));
    let Some(("Bearer" | "bearer", secret)) = bearer else { return Ok(None) };
    let Some(secret) = TokenSecret::presented(secret.trim()) else { return Ok(None) };
    let id = secret.id().to_owned();
    let now = web.now();
    let record = web.handles().reading.blocking(move |reading| Ok(reading.store().token(&id)?)).await?;
    Ok(record.filter(|record| secret.opens(record, now)).map(|record| (record.id, record.role)))
}

/// The address a request comes from: the connection's, or what a declared proxy says.
fn address(web: &Web, parts: &Parts) -> Option<IpAddr> {
    let peer = parts.extensions.get::<ConnectInfo<Peer>>()?.0.0.ip().to_canonical();
    let proxies = &web.config().proxies;
    if !proxies.contains(&peer) {
        return Some(peer);
    }
    // Each proxy adds the address it saw at the end: the last that is none of ours is the client's.
    let forwarded = parts.headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let mut hops: Vec<&str> = forwarded.flat_map(|line| line.split(',')).map(str::trim).collect();
    while let Some(hop) = hops.pop() {
        match hop.parse::<IpAddr>() {
            Ok(ip) if proxies.contains(&ip.to_canonical()) => {}
            Ok(ip) => return Some(ip.to_canonical()),
            Err(_) => break,
        }
    }
    Some(peer)
}
