//! The rota for people: who is on duty now, and the coming two weeks, times without anybody marked.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use jiff::{SignedDuration, Timestamp};

use super::{Frame, Nav, Page, render};
use crate::people::{Duty, Rota};
use crate::web::Web;
use crate::web::auth::Visitor;

/// How far ahead is shown.
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 14);

#[derive(Template)]
#[template(path = "web/templates/rota.html")]
struct RotaPage {
    f: Frame,
    layers: Vec<Row>,
}

struct Row {
    name: String,
    title: String,
    now: Vec<String>,
    until: Option<Timestamp>,
    plan: Vec<Span>,
}

struct Span {
    from: Timestamp,
    until: Timestamp,
    people: Vec<String>,
}

pub(in crate::web) async fn page(State(web): State<Web>, Extension(visitor): Extension<Visitor>) -> Page {
    let configured = web.configured();
    let rota = configured.clocks.rota();
    let from = web.now();
    let until = from.saturating_add(AHEAD).unwrap_or(Timestamp::MAX);
    let layers = rota.layers().iter().map(|layer| {
        let plan: Vec<Span> =
            rota.plan(layer, from, until).into_iter().map(|duty| span(rota, &duty)).collect();
        Row {
            name: layer.name.clone(),
            title: layer.title.clone(),
            now: plan.first().map(|first| first.people.clone()).unwrap_or_default(),
            until: plan.first().map(|first| first.until).filter(|end| *end < until),
            plan,
        }
    });
    let title = visitor.lang.t("值班表", "Rota");
    let f = Frame::new(&visitor, Nav::Desk, title, web.0.inbox.is_some());
    Ok(render(&RotaPage { f, layers: layers.collect() }))
}

fn span(rota: &Rota, duty: &Duty) -> Span {
    let title = |name: &String| rota.person(name).map_or_else(|| name.clone(), |person| person.title.clone());
    Span { from: duty.from, until: duty.until, people: duty.people.iter().map(title).collect() }
}
