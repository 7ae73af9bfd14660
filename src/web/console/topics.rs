//! What suddenly rises: each topic with its curve, why it is one, and the posts that show it.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use jiff::Timestamp;

use super::curve::{Drawn, draw};
use super::{Frame, Nav, Page, render};
use crate::assess::Grade;
use crate::detect::Evidence;
use crate::detect::topic::{Level, term};
use crate::incident::Incident;
use crate::pipeline::topics::TopicNow;
use crate::web::Web;
use crate::web::api::topics::instant;
use crate::web::auth::Visitor;
use crate::web::error::Problem;
use crate::web::markup;
use crate::web::say::Lang;

/// Posts shown of one topic.
const SHOWN: usize = 3;

#[derive(Template)]
#[template(path = "web/templates/topics.html")]
struct TopicsPage {
    f: Frame,
    rows: Vec<Row>,
    now: Timestamp,
}

#[derive(Template)]
#[template(path = "web/templates/topiclist.html")]
struct Partial {
    f: Frame,
    rows: Vec<Row>,
    now: Timestamp,
}

struct Row {
    id: String,
    term: String,
    alarm: bool,
    grade: Option<Grade>,
    category: String,
    place: Option<String>,
    department: String,
    why: String,
    first: Timestamp,
    last: Timestamp,
    curve: Drawn,
    evidence: Vec<Shown>,
    /// Open incidents that rest on the same posts: number and title.
    incidents: Vec<(String, String)>,
}

struct Shown {
    e: Evidence,
    href: Option<String>,
}

pub(in crate::web) async fn page(State(web): State<Web>, Extension(visitor): Extension<Visitor>) -> Page {
    let rows = rows_of(&web, visitor.lang).await?;
    let title = visitor.lang.t("升温话题", "Rising topics");
    let f = Frame::new(&visitor, Nav::Topics, title, web.0.inbox.is_some());
    Ok(render(&TopicsPage { f, rows, now: web.now() }))
}

/// The list alone, for a page that is open.
pub(in crate::web) async fn list(State(web): State<Web>, Extension(visitor): Extension<Visitor>) -> Page {
    let rows = rows_of(&web, visitor.lang).await?;
    Ok(render(&Partial { f: Frame::new(&visitor, Nav::Topics, "", false), rows, now: web.now() }))
}

async fn rows_of(web: &Web, lang: Lang) -> Result<Vec<Row>, Problem> {
    let reading = &web.handles().reading;
    let open = reading.blocking(|reading| Ok(reading.store().incidents_in_mind(Timestamp::MAX)?)).await?;
    let topics = web.handles().topics.current();
    Ok(topics.iter().map(|now| row(web, lang, now, &open)).collect())
}

fn row(web: &Web, lang: Lang, now: &TopicNow, open: &[Incident]) -> Row {
    let TopicNow { topic, evidence } = now;
    let subject = topic.subject.as_ref();
    let configured = web.configured();
    let department = subject.and_then(|subject| subject.department.clone()).unwrap_or_default();
    let department = configured.departments.get(&department).map_or(department, |found| match lang {
        Lang::Zh => found.name.clone(),
        Lang::En => found.name_en.clone(),
    });
    let assessor = web.handles().reading.assessor();
    let category = subject.map(|subject| assessor.lexicon().categories().get(subject.category).name.clone());
    let shares = |incident: &&Incident| {
        incident.evidence.iter().any(|known| evidence.iter().any(|shows| shows.post == known.post))
    };
    let hours: Vec<(u32, u32)> = topic.hours.iter().map(|(hour, posts)| (*hour, *posts)).collect();
    Row {
        id: topic.rising.id_text(),
        term: term(&topic.rising.words),
        alarm: topic.rising.level == Level::Alarm,
        grade: topic.highest(),
        category: category.unwrap_or_default(),
        place: subject.and_then(|subject| subject.place.clone()),
        department,
        why: topic.rising.why.clone(),
        first: instant(topic.first),
        last: instant(topic.last),
        curve: draw(&hours, lang),
        evidence: evidence
            .iter()
            .take(SHOWN)
            .map(|e| Shown { href: markup::link(e.url.as_ref()), e: e.clone() })
            .collect(),
        incidents: open
            .iter()
            .filter(shares)
            .map(|incident| (incident.id.to_string(), incident.title.clone()))
            .collect(),
    }
}
