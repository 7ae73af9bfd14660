//! One document, fetched once, capped; redirects step by step.
//!
//! A [`Journey`] goes to one target. Each [`step`](Journey::step) is one request to
//! [`url`](Journey::url); after a redirect the caller asks politeness and robots of the new address before it
//! steps again, since every hop is a request to somebody. What an answer means for the source is decided
//! here; when to come again is `frontier` and `politeness`, understanding the bytes is `extract`.
//!
//! At most five redirects, none in a circle; validators go only to the address they came from; a wall (log-in,
//! captcha, 401, 403) ends the journey and is never climbed.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use super::origin::Origin;
use super::robots::{RobotsAnswer, SIZE_LIMIT};
use super::{RawDocument, Target, frontier, politeness, wall};
use crate::outward::{Answer, Limits, Outward, OutwardError, Refusal, retry_after};

/// Most redirects followed to one document.
pub const MOST_REDIRECTS: usize = 5;

/// Headers that extraction or the next request needs; the others are dropped.
const KEPT_HEADERS: [&str; 8] =
    ["content-type", "etag", "last-modified", "link", "retry-after", "x-wp-total", "x-wp-totalpages", "date"];

const ACCEPT: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,application/json;q=0.9,*/*;q=0.8";

/// What lets the next request ask "only if it has changed", as the server wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validators {
    /// The address they belong to; they are sent nowhere else.
    pub url: Url,
    /// `ETag`, verbatim.
    pub etag: Option<String>,
    /// `Last-Modified`, verbatim.
    pub last_modified: Option<String>,
    /// Hash of the body, for servers that have neither.
    pub digest: [u8; 16],
}

impl Validators {
    /// What a document offers for the next time.
    pub fn of(document: &RawDocument) -> Self {
        let header = |name: &str| document.headers.get(name).cloned();
        let url = document.url.clone();
        Self {
            url,
            etag: header("etag"),
            last_modified: header("last-modified"),
            digest: digest(&document.body),
        }
    }
}

/// What a journey found at its end.
#[derive(Debug, Clone, PartialEq)]
pub enum Fetched {
    /// A document.
    Document(Box<RawDocument>),
    /// What was known is still so: a success that covers the time. The server said it, or the body is
    /// the same byte for byte.
    NotModified,
}

/// What one request led to.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// The end.
    Done(Fetched),
    /// The document lies at [`Journey::url`] now: ask politeness and robots, then step again.
    Redirect {
        /// How long the server wants us to wait before that.
        wait: Option<Duration>,
    },
}

/// Why a journey gave no document.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The address may not be asked.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// robots.txt forbids it. Told by the caller of [`Journey::step`], who asks the rules.
    #[error("robots.txt does not want {url} to be read")]
    Disallowed {
        /// The address, possibly reached by redirects.
        url: Url,
    },
    /// The host wants to be left alone (429, 503).
    #[error("{host} answered {status} and wants to be left alone")]
    Throttled {
        /// Who.
        host: Origin,
        /// 429 or 503.
        status: u16,
        /// For how long, if it said so; at most a day.
        wait: Option<Duration>,
    },
    /// The host's robots.txt could not be read, so nothing is asked there. Told by the caller, as above.
    #[error("robots.txt of {host} could not be read; nothing else is asked there until it can")]
    HandsOff {
        /// Who.
        host: Origin,
        /// Until it is asked for again.
        wait: Duration,
    },
    /// 401, 403, a log-in page or a captcha.
    #[error("the site does not let us read this: {wall}")]
    Blocked {
        /// What stands in the way.
        wall: wall::Wall,
    },
    /// 404 or 410: there is no such document (any more).
    #[error("there is nothing there ({status})")]
    Gone {
        /// 404 or 410.
        status: u16,
    },
    /// Another status that is neither success nor redirect.
    #[error("the server answered {status}")]
    Status {
        /// The status.
        status: u16,
    },
    /// Too many redirects, a circle, or one that leads nowhere.
    #[error("redirected {0}")]
    Redirects(Astray),
    /// Headers or body are too large, or the body is a bomb.
    #[error("too large: {0}")]
    TooLarge(OutwardError),
    /// The content encoding cannot be undone.
    #[error("unreadable: {0}")]
    Encoding(OutwardError),
    /// The server did not answer in time, or too slowly.
    #[error("too slow: {0}")]
    TooSlow(OutwardError),
    /// The name did not resolve or the connection failed.
    #[error("no connection: {0}")]
    Network(OutwardError),
}

/// How redirects went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Astray {
    /// More than [`MOST_REDIRECTS`].
    TooOften,
    /// To where the journey had been.
    InACircle,
    /// Without an address that can be read.
    Nowhere,
}

impl std::fmt::Display for Astray {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::TooOften => "too often",
            Self::InACircle => "in a circle",
            Self::Nowhere => "to no address",
        })
    }
}

impl FetchError {
    /// What the host's politeness learns from it.
    pub fn politeness(&self) -> politeness::Outcome {
        match self {
            Self::Throttled { wait, .. } => politeness::Outcome::Throttled { wait: *wait },
            Self::Blocked { .. } | Self::Gone { .. } | Self::Status { .. } | Self::Redirects(_) => {
                politeness::Outcome::Answered
            }
            Self::Refused(_)
            | Self::Disallowed { .. }
            | Self::HandsOff { .. }
            | Self::TooLarge(_)
            | Self::Encoding(_)
            | Self::TooSlow(_)
            | Self::Network(_) => politeness::Outcome::Failed,
        }
    }

    /// What the source's schedule learns from it, if the target was its listing.
    pub fn frontier(&self) -> frontier::Outcome {
        match self {
            Self::Throttled { wait: Some(wait), .. } | Self::HandsOff { wait, .. } => {
                frontier::Outcome::Throttled { wait: *wait }
            }
            Self::Blocked { .. } | Self::Disallowed { .. } => frontier::Outcome::Blocked,
            Self::Throttled { wait: None, .. }
            | Self::Refused(_)
            | Self::Gone { .. }
            | Self::Status { .. }
            | Self::Redirects(_)
            | Self::TooLarge(_)
            | Self::Encoding(_)
            | Self::TooSlow(_)
            | Self::Network(_) => frontier::Outcome::Failed,
        }
    }
}

impl From<OutwardError> for FetchError {
    fn from(error: OutwardError) -> Self {
        match error {
            OutwardError::Refused(refusal) => Self::Refused(refusal),
            OutwardError::TooLarge { .. } | OutwardError::Inflation { .. } => Self::TooLarge(error),
            OutwardError::Encoding(_) => Self::Encoding(error),
            OutwardError::Timeout { .. } | OutwardError::TooSlow { .. } => Self::TooSlow(error),
            OutwardError::Unresolved { .. } | OutwardError::Network { .. } => Self::Network(error),
        }
    }
}

/// The way to one target.
#[derive(Debug, Clone)]
pub struct Journey {
    target: Target,
    validators: Option<Validators>,
    been: Vec<Url>,
    url: Url,
    moved: Option<Url>,
    only_moved: bool,
}

impl Journey {
    /// Sets out; nothing is asked yet.
    pub fn new(target: Target, validators: Option<Validators>) -> Self {
        let url = target.url.clone();
        Self { target, validators, been: Vec::new(), url, moved: None, only_moved: true }
    }

    /// The address that the next step asks: its host's politeness and robots come first.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Where the target has moved for good (301, 308), to be proposed to the operator.
    pub fn moved(&self) -> Option<&Url> {
        self.moved.as_ref()
    }

    /// Goes the whole way. Before each request `admitted` is asked with the address and the wait that the
    /// last redirect demanded; it asks politeness and robots, waits as long as it must, and gives the time
    /// at which the request begins, or the reason why there is none.
    pub async fn travel(
        &mut self,
        outward: &Outward,
        mut admitted: impl AsyncFnMut(&Url, Option<Duration>) -> Result<Timestamp, FetchError>,
    ) -> Result<Fetched, FetchError> {
        let mut demanded = None;
        loop {
            let now = admitted(&self.url, demanded).await?;
            match self.step(outward, now).await? {
                Step::Done(fetched) => return Ok(fetched),
                Step::Redirect { wait } => demanded = wait,
            }
        }
    }

    /// Makes one request. `now` is when it begins.
    pub async fn step(&mut self, outward: &Outward, now: Timestamp) -> Result<Step, FetchError> {
        let known = self.validators.as_ref().filter(|validators| validators.url == self.url);
        let mut headers = vec![("accept", ACCEPT)];
        if let Some(etag) = known.and_then(|known| known.etag.as_deref()) {
            headers.push(("if-none-match", etag));
        }
        if let Some(last_modified) = known.and_then(|known| known.last_modified.as_deref()) {
            headers.push(("if-modified-since", last_modified));
        }
        let answer = outward.get(&self.url, &headers).await?;
        let conditional = known.is_some();
        match answer.status {
            304 if conditional => Ok(Step::Done(Fetched::NotModified)),
            300..=399 => self.redirected(&answer, now),
            200..=299 => self.arrived(answer, now),
            status => Err(self.turned_away(status, &answer, now)),
        }
    }

    fn redirected(&mut self, answer: &Answer, now: Timestamp) -> Result<Step, FetchError> {
        if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
            return Err(FetchError::Status { status: answer.status });
        }
        let location = answer.headers.get("location");
        let next = location.and_then(|location| self.url.join(location).ok());
        let mut next = next.ok_or(FetchError::Redirects(Astray::Nowhere))?;
        next.set_fragment(None);
        if let Some(wall) = wall::behind(&self.target.url, &next) {
            return Err(FetchError::Blocked { wall });
        }
        if next == self.url || self.been.contains(&next) {
            return Err(FetchError::Redirects(Astray::InACircle));
        }
        if self.been.len() >= MOST_REDIRECTS {
            return Err(FetchError::Redirects(Astray::TooOften));
        }
        self.only_moved &= matches!(answer.status, 301 | 308);
        if self.only_moved {
            self.moved = Some(next.clone());
        }
        self.been.push(std::mem::replace(&mut self.url, next));
        Ok(Step::Redirect { wait: asked_wait(answer, now) })
    }

    fn arrived(&self, answer: Answer, now: Timestamp) -> Result<Step, FetchError> {
        let fetched_at = now.saturating_add(answer.took).unwrap_or(Timestamp::MAX);
        if let Some(wall) = wall::within(&answer.headers, &answer.body) {
            return Err(FetchError::Blocked { wall });
        }
        let known = self.validators.as_ref().filter(|validators| validators.url == self.url);
        if known.is_some_and(|known| known.digest == digest(&answer.body)) {
            return Ok(Step::Done(Fetched::NotModified));
        }
        let headers = answer.headers.into_iter().filter(|(name, _)| KEPT_HEADERS.contains(&name.as_str()));
        Ok(Step::Done(Fetched::Document(Box::new(RawDocument {
            target: self.target.clone(),
            url: self.url.clone(),
            status: answer.status,
            headers: headers.collect::<BTreeMap<_, _>>(),
            body: answer.body,
            fetched_at,
        }))))
    }

    fn turned_away(&self, status: u16, answer: &Answer, now: Timestamp) -> FetchError {
        match status {
            401 | 403 | 407 | 451 => FetchError::Blocked { wall: wall::Wall::Status(status) },
            404 | 410 => FetchError::Gone { status },
            429 | 503 => {
                let host = Origin::of(&self.url);
                FetchError::Throttled { host, status, wait: asked_wait(answer, now) }
            }
            status => FetchError::Status { status },
        }
    }
}

/// Asks an origin for its robots.txt, over at most five redirects, and reads it for us. `wait` is what the
/// answer demands before the next request to that host.
pub async fn robots(outward: &Outward, origin: &Origin, now: Timestamp) -> (RobotsAnswer, Option<Duration>) {
    let Some(mut url) = origin.robots_txt() else { return (RobotsAnswer::Unreachable, None) };
    let limits = Limits { whole: Duration::from_secs(30), ..outward.limits().clone() };
    for _ in 0..=MOST_REDIRECTS {
        let answer = match outward.get_within(&url, &[("accept", "text/plain,*/*;q=0.5")], &limits).await {
            Ok(answer) => answer,
            // A file that is there and larger than is read at all has rules that cannot be known.
            Err(error) => {
                tracing::debug!(%origin, %error, "robots.txt could not be read");
                return (RobotsAnswer::Unreachable, None);
            }
        };
        if matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
            match answer.headers.get("location").and_then(|location| url.join(location).ok()) {
                Some(next) => url = next,
                None => return (RobotsAnswer::Absent, None),
            }
            continue;
        }
        let body = &answer.body[..answer.body.len().min(SIZE_LIMIT)];
        return (RobotsAnswer::of(answer.status, body), asked_wait(&answer, now));
    }
    (RobotsAnswer::Absent, None)
}

fn asked_wait(answer: &Answer, now: Timestamp) -> Option<Duration> {
    answer.headers.get("retry-after").and_then(|value| retry_after(value, now))
}

fn digest(body: &[u8]) -> [u8; 16] {
    let mut digest = [0; 16];
    blake3::Hasher::new().update(body).finalize_xof().fill(&mut digest);
    digest
}
