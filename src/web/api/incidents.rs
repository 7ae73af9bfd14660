//! Incidents: the work list and each step of the work.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::{Extension, Json};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::incident_out::IncidentOut;
use super::params::Params;
use super::shape::Listed;
use super::steps::one_of;
use crate::incident::{Act, IncidentId, State as Stands};
use crate::store::IncidentFilter;
use crate::web::Web;
use crate::web::auth::Visitor;
use crate::web::error::{Kind, Problem};

/// Longest idempotency key.
const KEY: usize = 128;

/// The body of a step; may be missing.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Step {
    /// What is said to it.
    pub(super) note: Option<String>,
}

pub(in crate::web) async fn list(
    State(web): State<Web>,
    params: Params,
) -> Result<Json<Listed<IncidentOut>>, Problem> {
    params.only(&[&["state", "grade", "department", "cursor", "limit"]])?;
    let filter = filter(&params)?;
    let page = web.handles().reading.incidents(filter, params.cursor(), params.limit()?).await?;
    let (configured, now) = (web.configured(), web.now());
    let out = |incident| IncidentOut::of(incident, &configured.clocks, &configured.checklists, None, now);
    let items = page.items.iter().map(out).collect();
    Ok(Json(Listed { items, next: page.next.map(|cursor| cursor.to_string()) }))
}

pub(in crate::web) fn filter(params: &Params) -> Result<IncidentFilter, Problem> {
    let state = |word| {
        Stands::from_word(word).ok_or_else(|| Problem::bad(one_of("state", &Stands::ALL.map(Stands::as_str))))
    };
    Ok(IncidentFilter {
        state: params.one("state").map(state).transpose()?,
        grade: params.grade()?,
        department: params.one("department").map(str::to_owned),
    })
}

pub(in crate::web) async fn one(
    State(web): State<Web>,
    Path(id): Path<String>,
) -> Result<Json<IncidentOut>, Problem> {
    let whole = web.handles().reading.incident(incident_id(&id)?).await?.ok_or_else(Problem::not_found)?;
    let (configured, sent) = (web.configured(), Some(&whole.notifications[..]));
    let out = IncidentOut::of(&whole.incident, &configured.clocks, &configured.checklists, sent, web.now());
    Ok(Json(out.with_stages(&whole.stages)))
}

pub(in crate::web) async fn acknowledge(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<IncidentOut>, Problem> {
    let note = optional_body::<Step>(&body)?.note;
    act(&web, &visitor, &id, Act::Acknowledge { note }, &headers).await
}

pub(in crate::web) async fn note(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<IncidentOut>, Problem> {
    let note = optional_body::<Step>(&body)?.note.unwrap_or_default();
    act(&web, &visitor, &id, Act::Note { note }, &headers).await
}

pub(in crate::web) fn incident_id(id: &str) -> Result<IncidentId, Problem> {
    id.parse().map_err(|_| Problem::not_found())
}

/// A body that may be missing.
pub(in crate::web) fn optional_body<T: Default + DeserializeOwned>(body: &Bytes) -> Result<T, Problem> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(T::default());
    }
    serde_json::from_slice(body).map_err(|error| Problem::bad(format!("the body cannot be read: {error}")))
}

pub(super) async fn act(
    web: &Web,
    visitor: &Visitor,
    id: &str,
    act: Act,
    headers: &HeaderMap,
) -> Result<Json<IncidentOut>, Problem> {
    let by = visitor.actor().ok_or_else(|| Problem::new(Kind::NotLoggedIn, ""))?;
    let key = idempotency_key(headers, &by)?;
    let incident = web.handles().desk.act(incident_id(id)?, act, by, key).await?;
    let configured = web.configured();
    Ok(Json(IncidentOut::of(&incident, &configured.clocks, &configured.checklists, None, web.now())))
}

/// The key of a request, if it has one. One sender's keys are not another's.
pub(in crate::web) fn idempotency_key(
    headers: &HeaderMap,
    by: &impl std::fmt::Debug,
) -> Result<Option<String>, Problem> {
    let key = headers.get("idempotency-key").map(|key| match key.to_str() {
        Ok(key) if (1..=KEY).contains(&key.len()) => Ok(format!("{by:?} {key}")),
        Ok(_) | Err(_) => {
            Err(Problem::bad(format!("an Idempotency-Key has 1 to {KEY} printable characters")))
        }
    });
    key.transpose()
}
