//! The desk: what needs someone now, live.

use askama::Template;
use axum::Extension;
use jiff::{SignedDuration, Timestamp};

use super::steps::department;
use super::{Frame, Nav, Page, clocks, render};
use crate::assess::Grade;
use crate::incident::{Actor, Incident, State};
use crate::store::IncidentFilter;
use crate::web::Web;
use crate::web::api::incidents::filter;
use crate::web::api::params::Params;
use crate::web::auth::Visitor;
use crate::web::error::Problem;

/// Incidents on a page.
const PAGE: usize = 50;
/// A change this young is shown as fresh.
const FRESH: SignedDuration = SignedDuration::from_secs(6);

#[derive(Template)]
#[template(path = "web/templates/desk.html")]
struct Desk {
    f: Frame,
    q: Queue,
    /// Hand-overs that wait to be accepted.
    handovers: usize,
}

#[derive(Template)]
#[template(path = "web/templates/queue.html")]
struct Partial {
    f: Frame,
    q: Queue,
}

struct Queue {
    rows: Vec<Row>,
    tiles: Vec<Tile>,
    tabs: Vec<Tab>,
    open: usize,
    unseen: usize,
    /// The newest of the red ones nobody has taken, to be read out.
    announce: String,
    refresh: String,
    next: Option<String>,
    now: Timestamp,
}

struct Row {
    i: Incident,
    department: String,
    /// What is up first; `None` if no clock runs.
    clock: Option<clocks::Nearest>,
    fresh: bool,
}

struct Tile {
    grade: Grade,
    count: usize,
    href: String,
    on: bool,
}

struct Tab {
    label: String,
    count: Option<usize>,
    href: String,
    on: bool,
}

pub(in crate::web) async fn page(
    axum::extract::State(web): axum::extract::State<Web>,
    Extension(visitor): Extension<Visitor>,
    params: Params,
) -> Page {
    let q = queue_of(&web, &visitor, &params).await?;
    let f = Frame::new(&visitor, Nav::Desk, visitor.lang.t("值守台", "Desk"), web.0.inbox.is_some());
    let handovers = super::handovers::waiting(&web).await?;
    Ok(render(&Desk { f, q, handovers }))
}

pub(in crate::web) async fn queue(
    axum::extract::State(web): axum::extract::State<Web>,
    Extension(visitor): Extension<Visitor>,
    params: Params,
) -> Page {
    let q = queue_of(&web, &visitor, &params).await?;
    let f = Frame::new(&visitor, Nav::Desk, "", false);
    Ok(render(&Partial { f, q }))
}

async fn queue_of(web: &Web, visitor: &Visitor, params: &Params) -> Result<Queue, Problem> {
    params.only(&[&["state", "grade", "department", "cursor"]])?;
    let filter = filter(params)?;
    let reading = &web.handles().reading;
    let open = reading.blocking(|reading| Ok(reading.store().incidents_in_mind(Timestamp::MAX)?)).await?;
    let now = web.now();
    let (mut rows, next) = if filter.state.is_some() || params.cursor().is_some() {
        let page = reading.incidents(filter.clone(), params.cursor(), PAGE).await?;
        (page.items, page.next)
    } else {
        (open.iter().filter(|incident| wanted(&filter, incident)).cloned().collect(), None)
    };
    if filter.state.is_none() {
        // The most urgent first, whether taken or not; of those what nobody has taken, then the newest.
        rows.sort_by(|a, b| {
            (b.grade, a.state.rank(), b.updated_at).cmp(&(a.grade, b.state.rank(), a.updated_at))
        });
        rows.truncate(PAGE);
    }
    let l = visitor.lang;
    let count = |state| open.iter().filter(|incident| incident.state == state).count();
    let link = |query: String| if query.is_empty() { "/".to_owned() } else { format!("/?{query}") };
    let tab = |label: &str, state: Option<State>, count| Tab {
        label: label.to_owned(),
        count,
        href: link(params.with("state", state.map(State::as_str))),
        on: filter.state == state,
    };
    let stands = |state: State| tab(l.state(state), Some(state), state.is_open().then(|| count(state)));
    let mut tabs = vec![tab(l.t("未结", "Open"), None, Some(open.len()))];
    tabs.extend(State::ALL.map(stands));
    let tiles = Grade::ALL.iter().rev().map(|grade| {
        let on = filter.grade == Some(*grade);
        let count = open.iter().filter(|incident| incident.grade == *grade).count();
        Tile { grade: *grade, count, href: link(params.with("grade", (!on).then_some(grade.as_str()))), on }
    });
    let urgent =
        open.iter().filter(|incident| incident.state == State::New && incident.grade >= Grade::Orange);
    let announce = urgent.max_by_key(|incident| incident.opened_at);
    let configured = web.configured();
    let rows = rows.into_iter().map(|i| Row {
        fresh: now.duration_since(i.updated_at) < FRESH,
        department: i.department().map(|id| department(web, l, id)).unwrap_or_default(),
        clock: clocks::nearest(l, &configured.clocks, &i, now),
        i,
    });
    Ok(Queue {
        rows: rows.collect(),
        tiles: tiles.collect(),
        tabs,
        unseen: count(State::New),
        open: open.len(),
        announce: announce
            .map_or(String::new(), |incident| format!("{} {}", l.grade(incident.grade), incident.title)),
        refresh: format!("/partial/queue?{}", params.with("", None)),
        next: next.map(|cursor| link(params.with("cursor", Some(&cursor.to_string())))),
        now,
    })
}

fn wanted(filter: &IncidentFilter, incident: &Incident) -> bool {
    filter.grade.is_none_or(|grade| grade == incident.grade)
        && filter.department.as_deref().is_none_or(|department| incident.concerns(department))
}
