//! Sources: how they do, and what operators ask of them.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use jiff::Timestamp;

use super::params::Params;
use super::shape::{Listed, SourceOut, SpanOut};
use crate::pipeline::reading::SourceHealth;
use crate::source::{Source, SourceId};
use crate::web::Web;
use crate::web::auth::Visitor;
use crate::web::error::{Kind, Problem};

/// What is asked of a source.
#[derive(Debug, Clone, Copy)]
pub(in crate::web) enum Order {
    Pause,
    Resume,
    FetchNow,
}

pub(in crate::web) async fn list(
    State(web): State<Web>,
    params: Params,
) -> Result<Json<Listed<SourceOut>>, Problem> {
    params.only(&[])?;
    let items = all(&web).await?.iter().map(|(source, health)| SourceOut::of(source, health)).collect();
    Ok(Json(Listed { items, next: None }))
}

/// Every configured source with how it does, by id.
pub(in crate::web) async fn all(web: &Web) -> Result<Vec<(Arc<Source>, SourceHealth)>, Problem> {
    let sources: Vec<Arc<Source>> = web.handles().sources.configured().values().cloned().collect();
    let ids = sources.iter().map(|source| source.id.clone()).collect();
    let healths = web.handles().reading.sources(ids, web.now()).await?;
    Ok(sources.into_iter().zip(healths).collect())
}

pub(in crate::web) async fn one(
    State(web): State<Web>,
    Path(id): Path<String>,
) -> Result<Json<SourceOut>, Problem> {
    told(&web, &configured(&web, &id)?).await
}

pub(in crate::web) async fn pause(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Json<SourceOut>, Problem> {
    let id = order(&web, &visitor, &id, Order::Pause).await?;
    told(&web, &id).await
}

pub(in crate::web) async fn resume(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Json<SourceOut>, Problem> {
    let id = order(&web, &visitor, &id, Order::Resume).await?;
    told(&web, &id).await
}

pub(in crate::web) async fn fetch_now(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Json<SourceOut>, Problem> {
    let id = order(&web, &visitor, &id, Order::FetchNow).await?;
    told(&web, &id).await
}

pub(in crate::web) async fn order(
    web: &Web,
    visitor: &Visitor,
    id: &str,
    order: Order,
) -> Result<SourceId, Problem> {
    let id = configured(web, id)?;
    let by = visitor.by().ok_or_else(|| Problem::new(Kind::NotLoggedIn, ""))?;
    let sources = &web.handles().sources;
    match order {
        Order::Pause => sources.pause(&id, by).await?,
        Order::Resume => sources.resume(&id, by).await?,
        Order::FetchNow => {
            visitor.audit(web, "fetch-now", id.to_string()).await?;
            sources.fetch_now(&id).await?;
        }
    }
    Ok(id)
}

pub(in crate::web) async fn coverage(
    State(web): State<Web>,
    params: Params,
) -> Result<Json<Listed<SpanOut>>, Problem> {
    params.only(&[&["source", "since", "until"]])?;
    let id = params.one("source").ok_or_else(|| Problem::bad("source is missing"))?;
    let id = configured(&web, id)?;
    let until: Timestamp = params.read("until")?.unwrap_or_else(|| web.now());
    let a_day = Duration::from_hours(24);
    let since =
        params.read("since")?.unwrap_or_else(|| until.saturating_sub(a_day).unwrap_or(Timestamp::MIN));
    let spans = web.handles().reading.coverage(id, since, until).await?;
    Ok(Json(Listed { items: spans.into_iter().map(SpanOut::from).collect(), next: None }))
}

fn configured(web: &Web, id: &str) -> Result<SourceId, Problem> {
    let id = SourceId::new(id).map_err(|_| Problem::not_found())?;
    if web.handles().sources.configured().contains_key(&id) { Ok(id) } else { Err(Problem::not_found()) }
}

async fn told(web: &Web, id: &SourceId) -> Result<Json<SourceOut>, Problem> {
    let source = web.handles().sources.configured().get(id).ok_or_else(Problem::not_found)?;
    let health = web.handles().reading.sources(vec![id.clone()], web.now()).await?;
    let health = health.first().ok_or_else(Problem::not_found)?;
    Ok(Json(SourceOut::of(source, health)))
}
