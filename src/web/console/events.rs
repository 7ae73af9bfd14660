//! What happened: events with what many posts tell of them; one page for all, and one for each.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use jiff::Timestamp;

use super::curve::{Drawn, draw};
use super::facts::Card;
use super::regroup::Offer;
use super::{Frame, Nav, Page, render};
use crate::assess::Grade;
use crate::detect::Evidence;
use crate::detect::event::{Line, Phase};
use crate::incident::{FactCard, Incident};
use crate::pipeline::events::EventNow;
use crate::web::Web;
use crate::web::api::facts::{fact_of, facts_of, incidents_of, open_incidents};
use crate::web::api::topics::instant;
use crate::web::auth::Visitor;
use crate::web::error::Problem;
use crate::web::markup;
use crate::web::say::Lang;

/// Posts of an event shown in the list.
const SHOWN: usize = 1;
/// Places and sources shown.
const FIRST: usize = 8;

#[derive(Template)]
#[template(path = "web/templates/events.html")]
struct EventsPage {
    f: Frame,
    rows: Vec<Row>,
    now: Timestamp,
}

#[derive(Template)]
#[template(path = "web/templates/eventlist.html")]
struct Partial {
    f: Frame,
    rows: Vec<Row>,
    now: Timestamp,
}

#[derive(Template)]
#[template(path = "web/templates/event.html")]
struct EventPage {
    f: Frame,
    r: Row,
    points: f32,
    lines: Vec<Line>,
    forecast: Vec<String>,
    doubts: Vec<String>,
    /// Sources that carried it: id, what people call it, posts, when first.
    sources: Vec<(String, String, u32, Timestamp)>,
    places: Vec<(String, u32)>,
    again: Option<String>,
    answered: Option<Timestamp>,
    tie: Option<String>,
    comments: u32,
    doubling: Option<String>,
    card: Card,
    /// What an officer may say of how it was put together.
    offer: Offer,
}

struct Row {
    id: String,
    title: String,
    grade: Option<Grade>,
    category: String,
    department: String,
    voices: u32,
    posts: u32,
    copies: u32,
    heat: f32,
    phase: Phase,
    verify: Option<String>,
    first: Timestamp,
    last: Timestamp,
    curve: Drawn,
    evidence: Vec<Shown>,
    /// What the desk said of what it tells.
    fact: Option<String>,
    /// Open incidents that rest on the same posts: number and title.
    incidents: Vec<(String, String)>,
}

struct Shown {
    e: Evidence,
    href: Option<String>,
}

pub(in crate::web) async fn page(State(web): State<Web>, Extension(visitor): Extension<Visitor>) -> Page {
    let rows = rows_of(&web, visitor.lang).await?;
    let title = visitor.lang.t("事件", "Events");
    let f = Frame::new(&visitor, Nav::Events, title, web.0.inbox.is_some());
    Ok(render(&EventsPage { f, rows, now: web.now() }))
}

/// The list alone, for a page that is open.
pub(in crate::web) async fn list(State(web): State<Web>, Extension(visitor): Extension<Visitor>) -> Page {
    let rows = rows_of(&web, visitor.lang).await?;
    Ok(render(&Partial { f: Frame::new(&visitor, Nav::Events, "", false), rows, now: web.now() }))
}

pub(in crate::web) async fn one(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Page {
    let now = web.handles().events.one(&id).ok_or_else(Problem::not_found)?;
    let (l, event) = (visitor.lang, &now.event);
    let open = open_incidents(&web).await?;
    let fact = fact_of(&web, event.id).await?;
    let r = row(&web, l, &now, &open, fact.as_ref(), usize::MAX);
    let called = web.handles().sources.configured();
    let page = EventPage {
        f: Frame::new(&visitor, Nav::Events, &r.title, web.0.inbox.is_some()),
        points: now.score.points,
        lines: now.score.lines.clone(),
        forecast: forecast(&now, l),
        doubts: event.doubts().1.into_iter().map(|doubt| doubt.why).collect(),
        sources: event
            .sources()
            .into_iter()
            .map(|(source, carried)| {
                let name = called.get(source).map_or_else(|| source.to_string(), |known| known.name.clone());
                (source.to_string(), name, carried.posts, instant(carried.first))
            })
            .collect(),
        places: event
            .places()
            .into_iter()
            .take(FIRST)
            .map(|(place, posts)| (place.to_owned(), posts))
            .collect(),
        again: event.again.map(|id| format!("{id:016x}")),
        answered: event.answered.map(instant),
        tie: event.tie.clone(),
        comments: event.comments,
        doubling: event.phase(now.at).1.map(|hours| format!("{hours:.1}")),
        card: Card::of(&visitor, fact),
        offer: Offer::of(&web, &visitor, &now),
        r,
    };
    Ok(render(&page))
}

async fn rows_of(web: &Web, lang: Lang) -> Result<Vec<Row>, Problem> {
    let open = open_incidents(web).await?;
    let facts = facts_of(web).await?;
    let events = web.handles().events.current();
    let row = |now: &Arc<EventNow>| row(web, lang, now, &open, facts.get(&now.event.id), SHOWN);
    Ok(events.iter().map(row).collect())
}

fn row(
    web: &Web,
    lang: Lang,
    now: &EventNow,
    open: &[Incident],
    fact: Option<&FactCard>,
    shown: usize,
) -> Row {
    let EventNow { event, score, at, .. } = now;
    let configured = web.configured();
    let department = event.subject().and_then(|subject| subject.department).unwrap_or_default();
    let department = configured.departments.get(&department).map_or(department, |found| match lang {
        Lang::Zh => found.name.clone(),
        Lang::En => found.name_en.clone(),
    });
    let assessor = web.handles().reading.assessor();
    let category = event.category().map(|id| assessor.lexicon().categories().get(id).name.clone());
    let hours: Vec<(u32, u32)> = event.hours().map(|(hour, what)| (hour, what.posts)).collect();
    Row {
        id: event.id_text(),
        title: event.title(),
        grade: score.grade,
        category: category.unwrap_or_default(),
        department,
        voices: event.voices(),
        posts: event.posts,
        copies: event.copies,
        heat: event.heat(*at),
        phase: event.phase(*at).0,
        verify: event.doubt(),
        first: instant(event.first),
        last: instant(event.last),
        curve: draw(&hours, lang),
        evidence: event
            .evidence()
            .iter()
            .take(shown)
            .map(|e| Shown { href: markup::link(e.url.as_ref()), e: e.clone() })
            .collect(),
        fact: fact.map(|card| lang.fact(card.status).to_owned()),
        incidents: incidents_of(now, open)
            .map(|incident| (incident.id.to_string(), incident.title.clone()))
            .collect(),
    }
}

/// `预计3小时后累计 60–140 人（参考 52 个已结束的事件）`.
fn forecast(now: &EventNow, lang: Lang) -> Vec<String> {
    let told = now.forecast.iter().map(|f| match lang {
        Lang::Zh => format!(
            "预计{}小时后累计 {}–{} 人（参考 {} 个已结束的事件）",
            f.hours, f.low, f.high, f.learned_from
        ),
        Lang::En => {
            format!("In {} h about {} to {} voices (from {} events)", f.hours, f.low, f.high, f.learned_from)
        }
    });
    told.collect()
}

impl Row {
    fn phase(&self, f: &Frame) -> &'static str {
        match (f.lang, self.phase) {
            (Lang::Zh, phase) => phase.chinese(),
            (Lang::En, phase) => phase.as_str(),
        }
    }
}
