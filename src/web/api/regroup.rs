//! A person's word on which posts tell of one happening.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::incidents::optional_body;
use crate::detect::event::Regrouping;
use crate::extract::post::PostId;
use crate::journal::record::Regrouped;
use crate::pipeline::events::EventNow;
use crate::web::Web;
use crate::web::auth::Visitor;
use crate::web::error::{Kind, Problem};

/// Longest reason, in characters.
const REASON: usize = 300;
/// How long the answer waits for the events to be shown as they are then.
const PATIENCE: Duration = Duration::from_secs(5);

/// An event goes on in another one.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = EventMerge)]
pub(in crate::web) struct Merge {
    /// The id of the event in which it goes on.
    pub(in crate::web) into: String,
    /// Why; 1 to 300 characters.
    pub(in crate::web) reason: String,
}

/// Some posts of an event tell of something else.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = EventSplit)]
pub(in crate::web) struct Split {
    /// Their ids: some of the event's `members`, not all.
    pub(in crate::web) posts: Vec<String>,
    /// Why; 1 to 300 characters.
    pub(in crate::web) reason: String,
}

/// Where it goes on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventRegrouped)]
pub(in crate::web) struct Out {
    /// The event merged into, or the new one. One whose posts are not graded, or that has a single post, is not shown.
    event: String,
}

pub(in crate::web) async fn merge(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Out>, Problem> {
    let event = merged(&web, &visitor, &id, optional_body(&body)?).await?;
    Ok(Json(Out { event }))
}

pub(in crate::web) async fn split(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Out>, Problem> {
    let event = split_off(&web, &visitor, &id, optional_body(&body)?).await?;
    Ok(Json(Out { event }))
}

/// Merges an event; gives the one in which it goes on.
pub(in crate::web) async fn merged(
    web: &Web,
    visitor: &Visitor,
    id: &str,
    asked: Merge,
) -> Result<String, Problem> {
    let (from, into) = (known(web, id)?, known(web, asked.into.trim())?);
    if from.event.id == into.event.id {
        return Err(Problem::bad("into is the event itself"));
    }
    let change = Regrouping::Merge { from: from.event.id, into: into.event.id };
    let is_gone = |now: &[Arc<EventNow>]| now.iter().all(|now| now.event.id != from.event.id);
    said(web, visitor, change, asked.reason, is_gone).await
}

/// Takes posts out of an event; gives the event that they make.
pub(in crate::web) async fn split_off(
    web: &Web,
    visitor: &Visitor,
    id: &str,
    asked: Split,
) -> Result<String, Problem> {
    let now = known(web, id)?;
    let read =
        |text: &String| text.parse::<PostId>().map_err(|_| Problem::bad("posts holds what is no post's id"));
    let wanted: BTreeSet<PostId> = asked.posts.iter().map(read).collect::<Result<_, _>>()?;
    let members = &now.event.members;
    if wanted.is_empty() || wanted.iter().any(|post| !members.contains(post)) {
        return Err(Problem::bad("posts names some of the event's members"));
    }
    let (go, stay): (Vec<PostId>, Vec<PostId>) = members.iter().partition(|post| wanted.contains(post));
    if stay.is_empty() {
        return Err(Problem::bad("posts are all that is known of the event: nothing would stay"));
    }
    let first = go[0];
    let change = Regrouping::Split { event: now.event.id, go, stay };
    let is_out = |shown: &[Arc<EventNow>]| {
        let kept = shown.iter().find(|shown| shown.event.id == now.event.id);
        kept.is_none_or(|kept| !kept.event.members.contains(&first))
    };
    said(web, visitor, change, asked.reason, is_out).await
}

fn known(web: &Web, id: &str) -> Result<Arc<EventNow>, Problem> {
    web.handles().events.one(id).ok_or_else(Problem::not_found)
}

async fn said(
    web: &Web,
    visitor: &Visitor,
    change: Regrouping,
    reason: String,
    is_shown: impl Fn(&[Arc<EventNow>]) -> bool,
) -> Result<String, Problem> {
    let reason = reason.trim().to_owned();
    if reason.is_empty() || reason.chars().count() > REASON {
        return Err(Problem::bad("reason says why, in 1 to 300 characters"));
    }
    let by = visitor.by().ok_or_else(|| Problem::new(Kind::NotLoggedIn, ""))?;
    let leads_to = format!("{:016x}", change.leads_to());
    let (what, detail) = match &change {
        Regrouping::Merge { from, .. } => ("event-merge", format!("{from:016x} into {leads_to}: {reason}")),
        Regrouping::Split { event, go, .. } => {
            ("event-split", format!("{} posts of {event:016x} to {leads_to}: {reason}", go.len()))
        }
    };
    visitor.audit(web, what, detail).await?;
    web.handles().intake.regroup(Regrouped { change, reason, by, at: web.now() }).await?;
    web.handles().events.until(is_shown, PATIENCE).await;
    Ok(leads_to)
}
