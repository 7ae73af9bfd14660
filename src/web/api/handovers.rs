//! Hand-overs of shifts: what is under way now, what was handed over, and who accepted it.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;

use super::incidents::{Step, optional_body};
use super::params::Params;
use crate::incident::{Handover, Pack};
use crate::web::Web;
use crate::web::auth::Visitor;
use crate::web::error::{Kind, Problem};

/// Hand-overs among which one is looked for.
const MOST: usize = 200;

/// Hand-overs, the latest first, and what would be handed over now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HandoverList)]
pub(in crate::web) struct Handovers {
    items: Vec<HandoverOut>,
    /// What is under way.
    now: PackOut,
}

/// One hand-over.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Handover)]
pub(in crate::web) struct HandoverOut {
    id: String,
    layer: String,
    at: String,
    leaving: Vec<String>,
    coming: Vec<String>,
    /// By when it is to be accepted.
    due_at: String,
    /// `pending`, `accepted` or `unaccepted` (others were called).
    state: &'static str,
    accepted_by: Option<String>,
    accepted_at: Option<String>,
    note: Option<String>,
    called_at: Option<String>,
    pack: PackOut,
}

/// What is under way.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Pack)]
pub(in crate::web) struct PackOut {
    /// Open incidents in all.
    open: u32,
    incidents: Vec<CarriedOut>,
    silences: Vec<QuietOut>,
    sources: Vec<SickOut>,
}

/// An open incident.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct CarriedOut {
    id: String,
    title: String,
    grade: &'static str,
    state: &'static str,
    /// The clock that is up first.
    clock: Option<String>,
    due_at: Option<String>,
    /// What was promised, or is waited for.
    promised: Option<String>,
}

/// A silence in force.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct QuietOut {
    id: String,
    reason: String,
    until: String,
}

/// A source that cannot be read.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct SickOut {
    id: String,
    failures: u32,
    answered_at: Option<String>,
}

impl HandoverOut {
    fn of(handover: &Handover) -> Self {
        let accepted = handover.accepted.as_ref();
        Self {
            id: handover.id.to_string(),
            layer: handover.layer.clone(),
            at: handover.at.to_string(),
            leaving: handover.leaving.clone(),
            coming: handover.coming.clone(),
            due_at: handover.due.to_string(),
            state: state(handover),
            accepted_by: accepted.map(|accepted| accepted.by.label()),
            accepted_at: accepted.map(|accepted| accepted.at.to_string()),
            note: accepted.and_then(|accepted| accepted.note.clone()),
            called_at: handover.called_at.map(|at| at.to_string()),
            pack: PackOut::of(&handover.pack),
        }
    }
}

impl PackOut {
    fn of(pack: &Pack) -> Self {
        let carried = pack.incidents.iter().map(|carried| CarriedOut {
            id: carried.id.to_string(),
            title: carried.title.clone(),
            grade: carried.grade.as_str(),
            state: carried.state.as_str(),
            clock: carried.clock.as_ref().map(|(clock, _)| clock.clone()),
            due_at: carried.clock.as_ref().map(|(_, due)| due.to_string()),
            promised: carried.promised.clone(),
        });
        let quiet = pack.silences.iter().map(|quiet| QuietOut {
            id: quiet.id.clone(),
            reason: quiet.reason.clone(),
            until: quiet.until.to_string(),
        });
        let sick = pack.sources.iter().map(|sick| SickOut {
            id: sick.id.clone(),
            failures: sick.failures,
            answered_at: sick.answered_at.map(|at| at.to_string()),
        });
        Self {
            open: pack.open,
            incidents: carried.collect(),
            silences: quiet.collect(),
            sources: sick.collect(),
        }
    }
}

/// The word for how a hand-over stands.
pub(in crate::web) fn state(handover: &Handover) -> &'static str {
    match (&handover.accepted, handover.called_at) {
        (Some(_), _) => "accepted",
        (None, Some(_)) => "unaccepted",
        (None, None) => "pending",
    }
}

pub(in crate::web) async fn list(State(web): State<Web>, params: Params) -> Result<Json<Handovers>, Problem> {
    params.only(&[&["limit"]])?;
    let limit = params.limit()?;
    let handovers = all(&web, limit).await?;
    let items = handovers.iter().map(HandoverOut::of).collect();
    Ok(Json(Handovers { items, now: PackOut::of(&pack(&web).await?) }))
}

pub(in crate::web) async fn accept(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<HandoverOut>, Problem> {
    let note = optional_body::<Step>(&body)?.note;
    take(&web, &visitor, &id, note).await?;
    let handovers = all(&web, MOST).await?;
    let found = handovers.iter().find(|handover| handover.id.as_str() == id);
    Ok(Json(HandoverOut::of(found.ok_or_else(Problem::not_found)?)))
}

/// Accepts a hand-over.
pub(in crate::web) async fn take(
    web: &Web,
    visitor: &Visitor,
    id: &str,
    note: Option<String>,
) -> Result<(), Problem> {
    let by = visitor.actor().ok_or_else(|| Problem::new(Kind::NotLoggedIn, ""))?;
    Ok(web.handles().desk.accept_handover(id.to_owned(), by, note).await?)
}

/// The latest hand-overs, the latest first, at most so many.
pub(in crate::web) async fn all(web: &Web, most: usize) -> Result<Vec<Handover>, Problem> {
    Ok(web.handles().reading.blocking(move |reading| Ok(reading.store().handovers(most)?)).await?)
}

/// What is under way.
pub(in crate::web) async fn pack(web: &Web) -> Result<Pack, Problem> {
    let (configured, now) = (web.configured(), web.now());
    Ok(web.handles().reading.pack(configured.clocks.clone(), now).await?)
}
