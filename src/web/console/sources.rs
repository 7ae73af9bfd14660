//! How the sources do, and what an operator asks of them.

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use jiff::Timestamp;

use super::{Frame, Nav, Page, render, see};
use crate::alert::Outage;
use crate::journal::record::LookOutcome;
use crate::web::Web;
use crate::web::api::sources::{Order, all, order};
use crate::web::auth::Visitor;
use crate::web::markup;

#[derive(Template)]
#[template(path = "web/templates/sources.html")]
struct SourcesPage {
    f: Frame,
    /// What cannot be heard, by the rules.
    outages: Vec<Outage>,
    rows: Vec<Row>,
    now: Timestamp,
}

struct Row {
    id: String,
    name: String,
    href: Option<String>,
    kind: &'static str,
    /// `well`, `ill`, `rests`, `new`: the colour; the word beside it says the same.
    health: &'static str,
    health_name: &'static str,
    error: String,
    paused: bool,
    answered_at: Option<Timestamp>,
    news_at: Option<Timestamp>,
    next_look: Option<Timestamp>,
    posts: u64,
    today: u64,
    days: String,
}

pub(in crate::web) async fn page(State(web): State<Web>, Extension(visitor): Extension<Visitor>) -> Page {
    let l = visitor.lang;
    let rows = all(&web).await?.into_iter().map(|(source, told)| {
        let look = told.look();
        let (health, health_name, error) =
            match (source.enabled && told.paused.is_none(), look.map(|look| &look.outcome)) {
                (false, _) => ("rests", l.t("已暂停", "Paused"), ""),
                (true, None) => ("new", l.t("尚未抓取", "Not looked at yet"), ""),
                (true, Some(LookOutcome::Observed)) => ("well", l.t("正常", "Well"), ""),
                (true, Some(LookOutcome::Empty)) => ("well", l.t("正常，无内容", "Well, nothing there"), ""),
                (true, Some(LookOutcome::Blocked(why))) => ("ill", l.t("对方不许", "Blocked"), why.as_str()),
                (true, Some(LookOutcome::Failed(why))) => ("ill", l.t("抓取失败", "Failed"), why.as_str()),
            };
        let days: Vec<String> = told.days.iter().map(u64::to_string).collect();
        Row {
            id: source.id.to_string(),
            name: source.name.clone(),
            href: markup::link(Some(&source.url)),
            kind: source.kind.name(),
            health,
            health_name,
            error: error.to_owned(),
            paused: told.paused.is_some(),
            answered_at: told.state.as_ref().and_then(|state| state.answered_at),
            news_at: told.state.as_ref().and_then(|state| state.news_at),
            next_look: look.map(|look| look.next_due),
            posts: told.posts,
            today: told.days.last().copied().unwrap_or_default(),
            days: days.join(" · "),
        }
    });
    let rows = rows.collect();
    let f = Frame::new(&visitor, Nav::Sources, l.t("信源", "Sources"), web.0.inbox.is_some());
    let outages = web.handles().reading.outages().await?;
    Ok(render(&SourcesPage { f, outages, rows, now: web.now() }))
}

pub(in crate::web) async fn pause(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Page {
    order(&web, &visitor, &id, Order::Pause).await?;
    Ok(see("/sources"))
}

pub(in crate::web) async fn resume(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Page {
    order(&web, &visitor, &id, Order::Resume).await?;
    Ok(see("/sources"))
}

pub(in crate::web) async fn fetch_now(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Page {
    order(&web, &visitor, &id, Order::FetchNow).await?;
    Ok(see("/sources"))
}
