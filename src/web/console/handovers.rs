//! The hand-over of shifts: what is under way, what waits to be accepted, and who accepted what.

use askama::Template;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use jiff::Timestamp;

use super::timeline::who;
use super::{Form, Frame, Nav, Page, render, see};
use crate::incident::{Handover, Pack};
use crate::people::Role;
use crate::web::Web;
use crate::web::api::handovers::{all, pack, state, take};
use crate::web::auth::Visitor;
use crate::web::say::Lang;

/// Most hand-overs on the page.
const SHOWN: usize = 60;
/// Hand-overs looked through for the desk's page, which is asked for often: the latest of every layer is among them.
const RECENT: usize = 12;

#[derive(Template)]
#[template(path = "web/templates/handover.html")]
struct HandoverPage {
    f: Frame,
    may: bool,
    /// Whether the rota asks for hand-overs at all.
    asked: bool,
    pack: Pack,
    waiting: Vec<Shown>,
    past: Vec<Shown>,
}

/// A hand-over as shown.
struct Shown {
    id: String,
    title: String,
    at: Timestamp,
    due: Timestamp,
    leaving: String,
    coming: String,
    state: &'static str,
    state_name: &'static str,
    by: Option<(String, Timestamp)>,
    note: Option<String>,
    lines: Vec<String>,
}

impl Shown {
    fn of(l: Lang, handover: &Handover) -> Self {
        let state = state(handover);
        let accepted = handover.accepted.as_ref();
        Self {
            id: handover.id.to_string(),
            title: handover.title.clone(),
            at: handover.at,
            due: handover.due,
            leaving: handover.leaving.join("、"),
            coming: handover.coming.join("、"),
            state,
            state_name: match state {
                "accepted" => l.t("已接班", "accepted"),
                "pending" => l.t("待确认", "to be accepted"),
                _ => l.t("逾期未确认，已通知带班", "not accepted in time; others were called"),
            },
            by: accepted.map(|accepted| (who(l, &accepted.by), accepted.at)),
            note: accepted.and_then(|accepted| accepted.note.clone()),
            lines: handover.pack.lines(),
        }
    }
}

pub(in crate::web) async fn page(State(web): State<Web>, Extension(visitor): Extension<Visitor>) -> Page {
    let l = visitor.lang;
    let handovers = all(&web, SHOWN).await?;
    // Only the latest of a layer can still be accepted.
    let latest = |handover: &Handover| {
        let first = handovers.iter().find(|other| other.layer == handover.layer);
        first.is_some_and(|first| first.id == handover.id)
    };
    let waits = |handover: &&Handover| handover.accepted.is_none() && latest(handover);
    let configured = web.configured();
    let page = HandoverPage {
        f: Frame::new(&visitor, Nav::Desk, l.t("交接班", "Hand-over"), web.0.inbox.is_some()),
        may: visitor.may(Role::Officer),
        asked: configured.clocks.rota().layers().iter().any(|layer| layer.accept.is_some()),
        pack: pack(&web).await?,
        waiting: handovers.iter().filter(waits).map(|handover| Shown::of(l, handover)).collect(),
        past: handovers
            .iter()
            .filter(|handover| !waits(handover))
            .map(|handover| Shown::of(l, handover))
            .collect(),
    };
    Ok(render(&page))
}

pub(in crate::web) async fn accept(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Page {
    take(&web, &visitor, &id, Form::read(&body).text("note")).await?;
    Ok(see("/handover"))
}

/// How many hand-overs wait to be accepted, for the desk's page.
pub(super) async fn waiting(web: &Web) -> Result<usize, crate::web::error::Problem> {
    let handovers = all(web, RECENT).await?;
    let mut layers = std::collections::BTreeSet::new();
    let latest = handovers.iter().filter(|handover| layers.insert(&handover.layer));
    Ok(latest.filter(|handover| handover.accepted.is_none()).count())
}
