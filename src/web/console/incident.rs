//! One incident: why it fired, what shows it, what was done, who was told; and the steps of the work.

use askama::Template;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use jiff::Timestamp;

use super::verdict::summary;
use super::{Form, Frame, Nav, Page, render, see};
use crate::detect::Evidence;
use crate::incident::{Act, Actor, Happening, Incident, State as Stands, TimelineEntry};
use crate::web::Web;
use crate::web::api::incidents::incident_id;
use crate::web::auth::Visitor;
use crate::web::console::outbox::Sent;
use crate::web::error::{Kind, Problem};
use crate::web::markup;
use crate::web::say::Lang;

#[derive(Template)]
#[template(path = "web/templates/incident.html")]
struct IncidentPage {
    f: Frame,
    i: Incident,
    level: &'static str,
    department: String,
    category: String,
    rules: Vec<String>,
    evidence: Vec<Shown>,
    timeline: Vec<Entry>,
    sent: Vec<Sent>,
    may_take: bool,
    may_close: bool,
}

struct Shown {
    e: Evidence,
    href: Option<String>,
    /// What the desk said of it; empty if nothing.
    verdict: String,
}

struct Entry {
    at: Timestamp,
    by: String,
    what: String,
    note: Option<String>,
}

pub(in crate::web) async fn page(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Page {
    let whole = web.handles().reading.incident(incident_id(&id)?).await?.ok_or_else(Problem::not_found)?;
    let i = whole.incident;
    let l = visitor.lang;
    let configured = web.configured();
    let titles = configured.rules.titles();
    let rule = |name: &str| titles.get(name).map_or_else(|| name.to_owned(), |title| (*title).to_owned());
    let id = i.subject.department.clone().unwrap_or_default();
    let department = configured.departments.get(&id).map_or(id, |department| match l {
        Lang::Zh => department.name.clone(),
        Lang::En => department.name_en.clone(),
    });
    let officer = visitor.may(crate::people::Role::Officer);
    let page = IncidentPage {
        f: Frame::new(&visitor, Nav::Desk, &i.title, web.0.inbox.is_some()),
        level: l.level(i.grade),
        department,
        category: web
            .handles()
            .reading
            .assessor()
            .lexicon()
            .categories()
            .get(i.subject.category)
            .name
            .clone(),
        rules: i.rules.iter().map(|name| rule(name)).collect(),
        evidence: i
            .evidence
            .iter()
            .map(|e| Shown {
                href: markup::link(e.url.as_ref()),
                verdict: whole.verdicts.get(&e.post).map_or(String::new(), |said| summary(&web, l, said)),
                e: e.clone(),
            })
            .collect(),
        timeline: i.timeline.iter().rev().map(|entry| told(l, entry, &rule)).collect(),
        sent: whole.notifications.into_iter().map(|(entry, tries)| Sent::of(l, entry, tries)).collect(),
        may_take: officer && i.state == Stands::New,
        may_close: officer && i.is_open(),
        i,
    };
    Ok(render(&page))
}

fn told(l: Lang, entry: &TimelineEntry, rule: &dyn Fn(&str) -> String) -> Entry {
    let (what, note) = match &entry.what {
        Happening::Opened { rule: name, grade } => {
            (format!("{} · {} · {}", l.t("开单", "Opened"), l.grade(*grade), rule(name)), None)
        }
        Happening::Joined { rule: name, raised: Some(grade), .. } => {
            (format!("{} {} · {}", l.t("升级为", "Raised to"), l.grade(*grade), rule(name)), None)
        }
        Happening::Joined { rule: name, .. } => {
            (format!("{} · {}", l.t("并入新预警", "A further alert joined"), rule(name)), None)
        }
        Happening::Acknowledged { note } => (l.t("签收", "Acknowledged").to_owned(), note.clone()),
        Happening::Closed { note } => (l.t("办结", "Closed").to_owned(), note.clone()),
        Happening::Noted { note } => (l.t("备注", "Noted").to_owned(), Some(note.clone())),
    };
    let by = match &entry.by {
        Actor::System => l.t("系统", "System").to_owned(),
        Actor::Person(name) => name.as_str().to_owned(),
        Actor::Token(id) => format!("{} {id}", l.t("接口", "Token")),
    };
    Entry { at: entry.at, by, what, note }
}

pub(in crate::web) async fn acknowledge(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Page {
    let form = Form::read(&body);
    act(&web, &visitor, &id, &form, Act::Acknowledge { note: form.text("note") }).await
}

pub(in crate::web) async fn close(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Page {
    let form = Form::read(&body);
    act(&web, &visitor, &id, &form, Act::Close { note: form.text("note") }).await
}

pub(in crate::web) async fn note(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Page {
    let form = Form::read(&body);
    act(&web, &visitor, &id, &form, Act::Note { note: form.text("note").unwrap_or_default() }).await
}

async fn act(web: &Web, visitor: &Visitor, id: &str, form: &Form, act: Act) -> Page {
    let by = visitor.actor().ok_or_else(|| Problem::new(Kind::NotLoggedIn, ""))?;
    let id = incident_id(id)?;
    web.handles().desk.act(id.clone(), act, by, None).await?;
    Ok(match form.one("from") {
        Some("desk") => see("/"),
        Some(_) | None => see(&format!("/incidents/{id}")),
    })
}
