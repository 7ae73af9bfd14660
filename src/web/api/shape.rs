//! How things look in JSON (interfaces 3.1, 3.2). Nothing here has a place for a writer (V4): a voice never
//! leaves the daemon.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::verdict::VerdictOut;
use crate::assess::{Counterfactual, Report};
use crate::detect::Evidence;
use crate::journal::record::LookOutcome;
use crate::notify::policy::Fate;
use crate::notify::{Delivery, Outcome};
use crate::pipeline::reading::{FoundPost, ShownPost, SourceHealth, WholePost};
use crate::search::Facets;
use crate::source::Source;
use crate::store::{OutboxEntry, OutboxState, Span};

/// A list, one page of it.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Listed<T> {
    /// What it shows.
    pub(in crate::web) items: Vec<T>,
    /// Where the next page begins; missing on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) next: Option<String>,
}

/// A post.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Post {
    id: String,
    external_id: Option<String>,
    source: String,
    /// `post`, `comment` or `article`.
    kind: &'static str,
    parent: Option<String>,
    thread: Option<String>,
    url: Option<String>,
    title: String,
    text: String,
    official: bool,
    /// RFC 3339.
    published_at: String,
    /// `claimed` by the source, or the time it was `captured`.
    dated: crate::web::api::shape::Dated,
    captured_at: String,
    place: Option<String>,
    likes: u64,
    reposts: u64,
    comments: u64,
    views: u64,
    /// Since when its source does not show it.
    missing_since: Option<String>,
    #[schema(value_type = Assessment)]
    assessment: Value,
    /// What a search marks, `[start, end)` in characters of title, line feed and text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    marks: Vec<(u32, u32)>,
}

/// Whose word the publication time is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::web) enum Dated {
    Claimed,
    Captured,
}

/// The judgement on one post (interfaces 3.2), for the description only.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what assess::Report writes")]
pub(in crate::web) struct Assessment {
    id: String,
    /// 0 to 100; the sum of the factors' points.
    sensitivity: f32,
    /// `red`, `orange`, `yellow`, `blue` or `none`.
    grade: String,
    /// `{"label","score"}`.
    sentiment: Value,
    /// `{"id","confidence"}`.
    category: Option<Value>,
    /// `{"id","confidence"}`.
    department: Option<Value>,
    places: Vec<String>,
    hits: Vec<Value>,
    factors: Vec<Value>,
    explanation: String,
    status: String,
    fingerprint: String,
    versions: Value,
}

/// What a post would be without one thing that its judgement rests on, for the description only.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what assess::Without writes")]
pub(in crate::web) struct Without {
    /// The term of the dictionary row; else the words found.
    term: String,
    /// The kind of the row; or `word` for all rows that rest on a word, `number`, `model`.
    kind: String,
    /// The words in the text; empty for the model.
    found: String,
    /// The grade without it.
    grade: String,
    /// The score without it.
    sensitivity: f32,
}

/// What is found by a search.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct FoundPosts {
    pub(in crate::web) items: Vec<Post>,
    /// Posts found in all.
    pub(in crate::web) total: u64,
    #[schema(value_type = Value)]
    pub(in crate::web) facets: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::web) next: Option<String>,
}

/// A post with all that belongs to it.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct PostInFull {
    #[serde(flatten)]
    post: Post,
    /// Earlier texts that are kept.
    revisions: Vec<Revision>,
    /// The things without each of which the grade would be another, the strongest first, at most five; empty where
    /// no single thing decides; `null` where the judgement cannot be made again.
    #[schema(value_type = Option<Vec<Without>>)]
    counterfactual: Option<Counterfactual>,
    thread_posts: Vec<Post>,
    /// What the desk said last of it.
    verdict: Option<VerdictOut>,
}

/// A text that was replaced.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Revision {
    title: String,
    text: String,
    /// When another text was seen in its place.
    replaced_at: Option<String>,
}

/// A post that shows it.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct EvidenceOut {
    post: String,
    url: Option<String>,
    source: String,
    source_name: String,
    excerpt: String,
    terms: Vec<String>,
    sensitivity: f32,
    grade: &'static str,
    why: String,
    published_at: String,
}

/// A notification with every try.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct NotificationOut {
    key: String,
    incident: String,
    receiver: String,
    reason: &'static str,
    /// `waiting`, `sent`, `dead`, `broken`, `held` (back for a while) or `withheld` (never to be sent).
    state: &'static str,
    /// What holds it back, or why it was never sent: `hours`, `silence`, `inhibited`, `wait`, `interval`, `budget`, `folded` into
    /// a later one; `bundled`: told in one message with others.
    held_by: Option<&'static str>,
    created_at: String,
    next_try: Option<String>,
    attempts: Vec<Attempt>,
}

/// One try to deliver.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Attempt {
    #[serde(rename = "attempt")]
    number: u32,
    at: String,
    took_ms: u32,
    /// `sent`, `retry`, `broken` or `rejected`.
    outcome: &'static str,
    answer: String,
}

/// How a source does.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct SourceOut {
    id: String,
    name: String,
    url: String,
    kind: &'static str,
    enabled: bool,
    paused: bool,
    /// `observed`, `empty`, `blocked`, `failed`; missing before the first look.
    outcome: Option<&'static str>,
    error: Option<String>,
    looked_at: Option<String>,
    answered_at: Option<String>,
    news_at: Option<String>,
    next_look: Option<String>,
    failures: u32,
    posts: u64,
    posts_per_day: Vec<u64>,
}

/// A stretch of time in which looks at a source came to the same.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct SpanOut {
    from: String,
    until: String,
    outcome: &'static str,
    error: Option<String>,
    looks: u32,
    /// Whether nothing lies unseen between it and what was known before.
    joined: bool,
}

/// What became of the posts that were sent.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(in crate::web) struct Pushed {
    /// New, or with a new text; all are durable.
    pub(in crate::web) accepted: u64,
    /// Known already.
    pub(in crate::web) duplicates: u64,
    /// Not taken, each with its reason.
    pub(in crate::web) rejected: Vec<RejectedLine>,
}

/// A record that was not taken.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct RejectedLine {
    /// 1 for the first line or element.
    pub(in crate::web) line: usize,
    pub(in crate::web) reason: String,
}

impl Post {
    pub(in crate::web) fn of(shown: ShownPost, marks: Vec<(u32, u32)>) -> Self {
        let ShownPost { post, assessment, state } = shown;
        let id = post.id.to_string();
        let report = serde_json::to_value(Report::new(id.clone(), &assessment));
        Self {
            id,
            external_id: post.external_id,
            source: post.source.to_string(),
            kind: post.kind.as_str(),
            parent: post.parent.map(|id| id.to_string()),
            thread: post.thread.map(|id| id.to_string()),
            url: post.url.map(String::from),
            title: post.title,
            text: post.text,
            official: post.official,
            published_at: post.published_at.to_string(),
            dated: match post.dated {
                crate::extract::post::Dated::Claimed => Dated::Claimed,
                crate::extract::post::Dated::Captured => Dated::Captured,
            },
            captured_at: post.captured_at.to_string(),
            place: post.place,
            likes: state.counts.likes,
            reposts: state.counts.reposts,
            comments: state.counts.comments,
            views: state.counts.views,
            missing_since: state.missing_since.map(|at| at.to_string()),
            assessment: report.expect("a report is plain data"),
            marks,
        }
    }
}

impl EvidenceOut {
    pub(in crate::web) fn of(shows: &Evidence) -> Self {
        Self {
            post: shows.post.to_string(),
            url: shows.url.as_ref().map(ToString::to_string),
            source: shows.source.to_string(),
            source_name: shows.source_name.clone(),
            excerpt: shows.excerpt.clone(),
            terms: shows.terms.clone(),
            sensitivity: shows.sensitivity,
            grade: shows.grade.map_or("none", crate::assess::Grade::as_str),
            why: shows.why.clone(),
            published_at: shows.published_at.to_string(),
        }
    }
}

impl From<FoundPost> for Post {
    fn from(found: FoundPost) -> Self {
        Self::of(found.post, found.marks)
    }
}

impl PostInFull {
    pub(in crate::web) fn of(whole: WholePost, counterfactual: Option<Counterfactual>) -> Self {
        let replaced_at = whole.revised_at.map(|at| at.to_string());
        let revisions = whole.first_text.map(|(title, text)| Revision { title, text, replaced_at });
        let text_at = whole.shown.state.text_at();
        let verdict = whole.verdict.map(|verdict| VerdictOut::of(verdict, text_at));
        Self {
            post: Post::of(whole.shown, Vec::new()),
            revisions: revisions.into_iter().collect(),
            counterfactual,
            thread_posts: whole.thread.into_iter().map(|shown| Post::of(shown, Vec::new())).collect(),
            verdict,
        }
    }
}

/// Facets in JSON: pairs of value and count, the most frequent first.
pub(in crate::web) fn facets(facets: &Facets) -> Value {
    serde_json::json!({
        "counted": facets.counted, "source": facets.sources, "category": facets.categories,
        "grade": facets.grades, "place": facets.places, "day": facets.days,
    })
}

impl NotificationOut {
    pub(in crate::web) fn of(entry: &OutboxEntry, tries: &[Delivery]) -> Self {
        let (state, next_try) = match entry.state {
            OutboxState::Waiting { next_try } => ("waiting", Some(next_try.to_string())),
            OutboxState::Sent => ("sent", None),
            OutboxState::Dead => ("dead", None),
            OutboxState::Broken => ("broken", None),
            OutboxState::Held { until } => ("held", Some(until.to_string())),
            OutboxState::Withheld => ("withheld", None),
        };
        let held_by = match &entry.fate {
            Some(Fate::Held { why, .. } | Fate::Dropped { why }) => Some(why.as_str()),
            Some(Fate::Folded { .. }) => Some("folded"),
            Some(Fate::Bundled { .. }) => Some("bundled"),
            Some(Fate::Released) | None => None,
        };
        Self {
            held_by,
            key: entry.notification.key.as_str().to_owned(),
            incident: entry.notification.brief.incident.to_string(),
            receiver: entry.notification.receiver.clone(),
            reason: entry.notification.reason.as_str(),
            state,
            created_at: entry.notification.created_at.to_string(),
            next_try,
            attempts: tries.iter().map(Attempt::of).collect(),
        }
    }
}

impl Attempt {
    pub(in crate::web) fn of(delivery: &Delivery) -> Self {
        Self {
            number: delivery.attempt,
            at: delivery.at.to_string(),
            took_ms: delivery.took_ms,
            outcome: match delivery.outcome {
                Outcome::Sent => "sent",
                Outcome::Retry(_) => "retry",
                Outcome::Broken => "broken",
                Outcome::Rejected => "rejected",
            },
            answer: delivery.answer.clone(),
        }
    }
}

/// The word for what a look came to, and the error behind it.
pub(in crate::web) fn outcome(outcome: &LookOutcome) -> (&'static str, Option<&str>) {
    match outcome {
        LookOutcome::Observed => ("observed", None),
        LookOutcome::Empty => ("empty", None),
        LookOutcome::Blocked(why) => ("blocked", Some(why)),
        LookOutcome::Failed(why) => ("failed", Some(why)),
    }
}

impl SourceOut {
    pub(in crate::web) fn of(source: &Source, health: &SourceHealth) -> Self {
        let state = health.state.as_ref();
        let look = health.look();
        let told = look.map(|look| outcome(&look.outcome));
        Self {
            id: source.id.to_string(),
            name: source.name.clone(),
            url: source.url.to_string(),
            kind: source.kind.name(),
            enabled: source.enabled,
            paused: health.paused.is_some(),
            outcome: told.map(|(word, _)| word),
            error: told.and_then(|(_, why)| why).map(str::to_owned),
            looked_at: look.map(|look| look.ended_at.to_string()),
            answered_at: state.and_then(|state| state.answered_at).map(|at| at.to_string()),
            news_at: state.and_then(|state| state.news_at).map(|at| at.to_string()),
            next_look: look.map(|look| look.next_due.to_string()),
            failures: state.map_or(0, |state| state.failures),
            posts: health.posts,
            posts_per_day: health.days.clone(),
        }
    }
}

impl From<Span> for SpanOut {
    fn from(span: Span) -> Self {
        let (word, why) = outcome(&span.outcome);
        Self {
            from: span.from.to_string(),
            until: span.until.to_string(),
            outcome: word,
            error: why.map(str::to_owned),
            looks: span.looks,
            joined: span.joined,
        }
    }
}
