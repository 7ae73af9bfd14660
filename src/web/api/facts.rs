//! Fact cards: what an event claims, and how far the desk got with it.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

use super::incidents::optional_body;
use super::params::Params;
use super::shape::Listed;
use super::topics::instant;
use crate::incident::{FactCard, FactStatus, Incident, IncidentId};
use crate::pipeline::events::EventNow;
use crate::web::Web;
use crate::web::auth::Visitor;
use crate::web::error::{Kind, Problem};

/// The body of a fact card.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::web) struct Stated {
    /// What is claimed, 1 to 300 characters.
    pub(in crate::web) claim: String,
    /// `unverified`, `true`, `partly` or `false`.
    pub(in crate::web) status: String,
    /// The office that says so; needed unless it is unverified.
    pub(in crate::web) source: Option<String>,
    /// Where that can be read.
    pub(in crate::web) url: Option<String>,
    /// What is said to it.
    pub(in crate::web) note: Option<String>,
}

/// What the desk said last of an event's claim.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Fact)]
pub(in crate::web) struct FactOut {
    /// The event's id.
    event: String,
    title: String,
    claim: String,
    /// `unverified`, `true`, `partly` or `false`.
    status: &'static str,
    source: Option<String>,
    url: Option<String>,
    note: Option<String>,
    /// When the first post of the event was said.
    first_seen: String,
    /// Distinct voices then.
    voices: u32,
    /// `person:…` or `token:…`.
    by: String,
    at: String,
}

impl FactOut {
    pub(super) fn of(card: FactCard) -> Self {
        Self {
            event: format!("{:016x}", card.event),
            title: card.title,
            claim: card.claim,
            status: card.status.as_str(),
            source: card.source,
            url: card.url.map(String::from),
            note: card.note,
            first_seen: card.first_seen.to_string(),
            voices: card.voices,
            by: card.by.label(),
            at: card.at.to_string(),
        }
    }
}

pub(in crate::web) async fn state(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<FactOut>, Problem> {
    let stated = optional_body(&body)?;
    let event = put(&web, &visitor, &id, stated).await?;
    let card = fact_of(&web, event).await?.ok_or_else(Problem::not_found)?;
    Ok(Json(FactOut::of(card)))
}

pub(in crate::web) async fn list(
    State(web): State<Web>,
    params: Params,
) -> Result<Json<Listed<FactOut>>, Problem> {
    params.only(&[&["status", "limit"]])?;
    let status = params.one("status").map(status_of).transpose()?;
    let limit = params.limit()?;
    let cards = web.handles().reading.blocking(|reading| Ok(reading.store().facts()?)).await?;
    let wanted = cards.into_iter().filter(|card| status.is_none_or(|status| card.status == status));
    Ok(Json(Listed { items: wanted.take(limit).map(FactOut::of).collect(), next: None }))
}

/// Writes down what somebody says of the claim of an event, and on the timelines of the open incidents that rest on
/// it; gives the event's id.
pub(in crate::web) async fn put(
    web: &Web,
    visitor: &Visitor,
    id: &str,
    stated: Stated,
) -> Result<u64, Problem> {
    let now = web.handles().events.one(id).ok_or_else(Problem::not_found)?;
    let by = visitor.actor().ok_or_else(|| Problem::new(Kind::NotLoggedIn, ""))?;
    let url = stated.url.filter(|url| !url.trim().is_empty());
    let url = url.map(|url| url.trim().parse::<Url>()).transpose();
    let url = url.map_err(|_| Problem::bad("url is an address of http or https"))?;
    let card = FactCard {
        event: now.event.id,
        title: now.event.title(),
        claim: stated.claim,
        status: status_of(&stated.status)?,
        source: stated.source,
        url,
        note: stated.note,
        first_seen: instant(now.event.first),
        voices: now.event.voices(),
        by,
        at: web.now(),
    };
    let told = incidents_of(&now, &open_incidents(web).await?)
        .map(|incident| incident.id.clone())
        .collect::<Vec<IncidentId>>();
    web.handles().desk.state_fact(card, told).await?;
    Ok(now.event.id)
}

fn status_of(word: &str) -> Result<FactStatus, Problem> {
    FactStatus::from_word(word)
        .ok_or_else(|| Problem::bad("status is one of unverified, true, partly, false"))
}

/// The card of an event, if it has one.
pub(in crate::web) async fn fact_of(web: &Web, event: u64) -> Result<Option<FactCard>, Problem> {
    Ok(web.handles().reading.blocking(move |reading| Ok(reading.store().fact(event)?)).await?)
}

/// All cards, by event.
pub(in crate::web) async fn facts_of(web: &Web) -> Result<BTreeMap<u64, FactCard>, Problem> {
    let cards = web.handles().reading.blocking(|reading| Ok(reading.store().facts()?)).await?;
    Ok(cards.into_iter().map(|card| (card.event, card)).collect())
}

/// The incidents that are open.
pub(in crate::web) async fn open_incidents(web: &Web) -> Result<Vec<Incident>, Problem> {
    let reading = &web.handles().reading;
    Ok(reading.blocking(|reading| Ok(reading.store().incidents_in_mind(Timestamp::MAX)?)).await?)
}

/// Those of them that rest on posts of the event.
pub(in crate::web) fn incidents_of<'a>(
    now: &'a EventNow,
    open: &'a [Incident],
) -> impl Iterator<Item = &'a Incident> {
    let shows = now.event.evidence();
    open.iter().filter(move |incident| {
        incident.evidence.iter().any(|known| shows.iter().any(|shown| shown.post == known.post))
    })
}
