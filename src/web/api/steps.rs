//! The steps of the work on an incident beyond taking and noting: what each says, and what is done with it.
//!
//! Every step takes an optional `note`, is kept with who and when, and does nothing twice under one
//! `Idempotency-Key`.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::Deserialize;
use url::Url;

use super::incident_out::IncidentOut;
use super::incidents::{Step, act, optional_body};
use crate::extract::post::PostId;
use crate::incident::{Act, Assignment, Dismissal, IncidentId, Outcome};
use crate::web::Web;
use crate::web::auth::Visitor;
use crate::web::error::Problem;

/// Longest address of an answer.
const ADDRESS: usize = 2048;

type Answer = Result<Json<IncidentOut>, Problem>;

/// To whom an incident is given.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Assign {
    /// The department: an id of `departments.toml`.
    #[serde(default)]
    department: String,
    /// Who comes next if that is not right.
    second: Option<String>,
    /// Why this one.
    reason: Option<String>,
    /// What is said to it.
    note: Option<String>,
}

/// A step that wants a reason: giving back, reopening.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Reasoned {
    /// Why; wanted.
    reason: Option<String>,
    /// What is said to it.
    note: Option<String>,
}

/// Where the public is answered.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Respond {
    /// Where the answer can be read: an http or https address.
    url: Option<String>,
    /// What is said to it.
    note: Option<String>,
}

/// How an incident ends.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Close {
    /// `adopted`, `solved`, `published`, `explained`, `corrected` or `refuted`.
    outcome: Option<String>,
    /// What is said to it.
    note: Option<String>,
}

/// Why it was no matter for the desk.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Dismiss {
    /// `misread`, `elsewhere`, `old`, `unmeant` or `unfounded`; wanted.
    reason: Option<String>,
    /// What is said to it.
    note: Option<String>,
}

/// Where the work goes on.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Merge {
    /// The incident, which is open.
    #[serde(default)]
    into: String,
    /// What is said to it.
    note: Option<String>,
}

/// Which posts go on in a new incident.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Split {
    /// Ids of posts of its evidence; not all of them.
    #[serde(default)]
    posts: Vec<String>,
    /// What is said to it.
    note: Option<String>,
}

/// An item of its checklist.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Check {
    /// The item, word for word.
    #[serde(default)]
    item: String,
    /// Whether it is done; `true` if it is left out.
    done: Option<bool>,
}

/// How long it waits, and for what.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Snooze {
    /// Until when at the latest, RFC 3339; at most 90 days ahead.
    #[serde(default)]
    until: String,
    /// For what; wanted.
    reason: Option<String>,
    /// What is said to it.
    note: Option<String>,
}

pub(in crate::web) async fn assign(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let Assign { department, second, reason, note } = optional_body(&body)?;
    act(&web, &visitor, &id, Act::Assign(Assignment { department, second, reason, note }), &headers).await
}

pub(in crate::web) async fn accept(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let note = optional_body::<Step>(&body)?.note;
    act(&web, &visitor, &id, Act::Accept { note }, &headers).await
}

pub(in crate::web) async fn bounce(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let Reasoned { reason, note } = optional_body(&body)?;
    act(&web, &visitor, &id, Act::Bounce { reason: reasons(reason, note) }, &headers).await
}

pub(in crate::web) async fn respond(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let Respond { url, note } = optional_body(&body)?;
    let url = url.as_deref().map(address).transpose()?;
    act(&web, &visitor, &id, Act::Respond { url, note }, &headers).await
}

pub(in crate::web) async fn close(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let Close { outcome, note } = optional_body(&body)?;
    let outcome = outcome.as_deref().map(outcome_of).transpose()?;
    act(&web, &visitor, &id, Act::Close { outcome, note }, &headers).await
}

pub(in crate::web) async fn dismiss(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let Dismiss { reason, note } = optional_body(&body)?;
    let dismissal = dismissal_of(reason.as_deref().unwrap_or_default())?;
    act(&web, &visitor, &id, Act::Dismiss { dismissal, note }, &headers).await
}

pub(in crate::web) async fn reopen(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let Reasoned { reason, note } = optional_body(&body)?;
    act(&web, &visitor, &id, Act::Reopen { reason: reasons(reason, note) }, &headers).await
}

pub(in crate::web) async fn merge(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let Merge { into, note } = optional_body(&body)?;
    act(&web, &visitor, &id, Act::Merge { into: target(&into)?, note }, &headers).await
}

pub(in crate::web) async fn snooze(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let Snooze { until, reason, note } = optional_body(&body)?;
    let until: Timestamp =
        until.parse().map_err(|_| Problem::bad("until is a time as RFC 3339 writes it"))?;
    act(&web, &visitor, &id, Act::Snooze { until, reason: reasons(reason, note) }, &headers).await
}

pub(in crate::web) async fn resume(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let note = optional_body::<Step>(&body)?.note;
    act(&web, &visitor, &id, Act::Resume { note }, &headers).await
}

pub(in crate::web) async fn split(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let Split { posts, note } = optional_body(&body)?;
    let posts = posts.iter().map(|post| post_id(post)).collect::<Result<_, _>>()?;
    act(&web, &visitor, &id, Act::Split { posts, note }, &headers).await
}

pub(in crate::web) async fn check(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let Check { item, done } = optional_body(&body)?;
    act(&web, &visitor, &id, Act::Check { item, done: done.unwrap_or(true) }, &headers).await
}

/// A post by its id.
pub(in crate::web) fn post_id(text: &str) -> Result<PostId, Problem> {
    text.parse().map_err(|_| Problem::bad("posts are ids of posts"))
}

/// The address of an answer.
pub(in crate::web) fn address(text: &str) -> Result<Url, Problem> {
    let read = Url::parse(text.trim()).ok().filter(|_| text.len() <= ADDRESS);
    let plain =
        |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host() && url.username().is_empty();
    read.filter(plain).ok_or_else(|| Problem::bad("url is no http or https address of at most 2048 bytes"))
}

/// An outcome by its word.
pub(in crate::web) fn outcome_of(word: &str) -> Result<Outcome, Problem> {
    Outcome::from_word(word)
        .ok_or_else(|| Problem::bad(one_of("outcome", &Outcome::ALL.map(Outcome::as_str))))
}

/// A reason to dismiss by its word.
pub(in crate::web) fn dismissal_of(word: &str) -> Result<Dismissal, Problem> {
    Dismissal::from_word(word)
        .ok_or_else(|| Problem::bad(one_of("reason", &Dismissal::ALL.map(Dismissal::as_str))))
}

/// The name of the incident to merge into.
pub(in crate::web) fn target(into: &str) -> Result<IncidentId, Problem> {
    into.trim().parse().map_err(|_| Problem::bad("into is the name of an incident, as INC-20261122-07"))
}

/// `state is new, acknowledged or closed`.
pub(in crate::web) fn one_of(name: &str, words: &[&str]) -> String {
    match words.split_last() {
        Some((last, before)) => format!("{name} is {} or {last}", before.join(", ")),
        None => format!("{name} is not known"),
    }
}

fn reasons(reason: Option<String>, note: Option<String>) -> String {
    let parts: Vec<String> = [reason, note].into_iter().flatten().collect();
    parts.join("；")
}
