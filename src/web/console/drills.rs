//! Drills: a button that begins one, and how they went.

use askama::Template;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use jiff::{SignedDuration, Timestamp};

use super::clocks::length;
use super::{Form, Frame, Nav, Page, render, see};
use crate::incident::{DrillResult, MonthlyScore};
use crate::people::Role;
use crate::web::Web;
use crate::web::api::drills::{TEXT, all, start, within};
use crate::web::auth::Visitor;

/// Most drills on the page.
const SHOWN: usize = 60;

#[derive(Template)]
#[template(path = "web/templates/drills.html")]
struct DrillsPage {
    f: Frame,
    may: bool,
    text: &'static str,
    within: String,
    drills: Vec<Shown>,
    months: Vec<MonthlyScore>,
}

struct Shown {
    incident: String,
    title: String,
    at: Timestamp,
    told: Option<String>,
    taken: Option<String>,
    passed: Option<bool>,
}

pub(in crate::web) async fn page(State(web): State<Web>, Extension(visitor): Extension<Visitor>) -> Page {
    let l = visitor.lang;
    let results = all(&web).await?;
    let said = |took: SignedDuration| match took.as_secs() {
        seconds @ ..60 => format!("{seconds} {}", l.t("秒", "s")),
        _ => length(l, took),
    };
    let shown = |result: &DrillResult| Shown {
        incident: result.incident.to_string(),
        title: result.title.clone(),
        at: result.at,
        told: result.told.map(said),
        taken: result.taken.map(said),
        passed: result.passed,
    };
    let page = DrillsPage {
        f: Frame::new(&visitor, Nav::Desk, l.t("演练", "Drills"), web.0.inbox.is_some()),
        may: visitor.may(Role::Editor),
        text: TEXT,
        within: length(l, within(&web)),
        drills: results.iter().take(SHOWN).map(shown).collect(),
        months: DrillResult::by_month(&results),
    };
    Ok(render(&page))
}

pub(in crate::web) async fn begin(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    body: Bytes,
) -> Page {
    start(&web, &visitor, Form::read(&body).text("text")).await?;
    Ok(see("/drills"))
}
