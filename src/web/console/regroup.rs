//! An officer's word on which posts tell of one happening.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};

use super::{Form, Page, see};
use crate::people::Role;
use crate::pipeline::events::EventNow;
use crate::web::Web;
use crate::web::api::regroup::{Merge, Split, merged, split_off};
use crate::web::auth::Visitor;

/// Most events that one could be merged into, as the page offers them.
const OFFERED: usize = 60;

/// What the page offers.
pub(super) struct Offer {
    pub(super) may: bool,
    /// Other events: id and title.
    pub(super) others: Vec<(String, String)>,
}

impl Offer {
    pub(super) fn of(web: &Web, visitor: &Visitor, now: &EventNow) -> Self {
        let current = web.handles().events.current();
        let others = current.iter().filter(|other| other.event.id != now.event.id);
        // What is of the same service comes first.
        let (alike, rest): (Vec<_>, Vec<_>) =
            others.partition(|other| other.event.category() == now.event.category());
        let others = alike.into_iter().chain(rest).take(OFFERED);
        Self {
            may: visitor.may(Role::Officer),
            others: others.map(|other| (other.event.id_text(), other.event.title())).collect(),
        }
    }
}

pub(in crate::web) async fn merge(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Page {
    let form = Form::read(&body);
    let text = |name: &str| form.text(name).unwrap_or_default();
    let event = merged(&web, &visitor, &id, Merge { into: text("into"), reason: text("reason") }).await?;
    Ok(see(&format!("/events/{event}")))
}

pub(in crate::web) async fn split(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Page {
    let form = Form::read(&body);
    let posts = form.all("post").map(str::to_owned).collect();
    let asked = Split { posts, reason: form.text("reason").unwrap_or_default() };
    let event = split_off(&web, &visitor, &id, asked).await?;
    // A new event of a single post has no page.
    let event = if web.handles().events.one(&event).is_some() { event } else { id };
    Ok(see(&format!("/events/{event}")))
}
