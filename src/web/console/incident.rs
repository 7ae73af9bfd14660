//! One incident: why it fired, what shows it, what was done, who was told; and the steps of the work.

use super::clocks::{self, length};
use super::steps::{Offer, department};
use super::timeline::{Entry, told, who};
use super::verdict::summary;
use super::{Form, Frame, Nav, Page, render, see};
use crate::detect::Evidence;
use crate::incident::{Act, Incident, Item, ReplyNow, ReplyStanding, Stage, Substance};
use crate::web::Web;
use crate::web::api::incidents::incident_id;
use crate::web::auth::Visitor;
use crate::web::console::outbox::Sent;
use crate::web::error::{Kind, Problem};
use crate::web::markup;
use crate::web::say::Lang;
use askama::Template;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use jiff::{SignedDuration, Timestamp};

#[derive(Template)]
#[template(path = "web/templates/incident.html")]
struct IncidentPage {
    f: Frame,
    i: Incident,
    level: &'static str,
    department: String,
    /// Who was asked after the department that holds it, and has not taken it.
    asked: Option<String>,
    clocks: Vec<clocks::Shown>,
    outcome: Option<&'static str>,
    category: String,
    rules: Vec<String>,
    evidence: Vec<Shown>,
    timeline: Vec<Entry>,
    sent: Vec<Sent>,
    o: Offer,
    replies: Vec<Reply>,
    checklist: Vec<Done>,
    stages: Vec<Step>,
}

/// A stage of its way, as shown.
struct Step {
    name: &'static str,
    at: Option<Timestamp>,
    took: Option<String>,
}

impl Step {
    fn of(l: Lang, stage: &Stage) -> Self {
        let name = match stage.name {
            "published" => l.t("首次发布", "Published"),
            "fetched" => l.t("采集", "Fetched"),
            "opened" => l.t("研判开单", "Opened"),
            "told" => l.t("通知送达", "Told"),
            "taken" => l.t("签收", "Taken"),
            "assigned" => l.t("派单", "Given to a department"),
            _ => l.t("回应", "Answered"),
        };
        let took = |took: SignedDuration| match took.as_secs() {
            0 => l.t("不到1秒", "under 1 s").to_owned(),
            seconds @ 1..60 => format!("{seconds} {}", l.t("秒", "s")),
            _ => length(l, took),
        };
        Self { name, at: stage.at, took: stage.took.map(took) }
    }
}

/// An item of the checklist, as shown.
struct Done {
    text: String,
    by: Option<(String, Timestamp)>,
}

/// Where the public was answered, as shown.
struct Reply {
    href: Option<String>,
    url: String,
    words: String,
    /// Whether the public has it.
    there: bool,
    at: Timestamp,
    digest: Option<String>,
}

impl Done {
    fn of(l: Lang, item: Item) -> Self {
        Self { text: item.text, by: item.done.map(|(by, at)| (who(l, &by), at)) }
    }
}

impl Reply {
    fn of(l: Lang, reply: &ReplyNow) -> Self {
        let words = match &reply.standing {
            ReplyStanding::Unseen => l.t("待核验", "not looked at yet").to_owned(),
            ReplyStanding::Seen(seen) => match seen.substance {
                Substance::Answers => l.t("已核验，公众可见", "seen, the public can read it"),
                Substance::Courtesy => {
                    l.t("只有致谢、登记一类的套话，时限不停", "only notes and promises; the clock goes on")
                }
            }
            .to_owned(),
            ReplyStanding::Doubted(doubt) => l.t(&doubt.chinese(), doubt.as_str()).to_owned(),
            ReplyStanding::Gone => {
                l.t("已看不到，时限恢复计时", "not there any more; the clock counts").to_owned()
            }
        };
        let seen = if let ReplyStanding::Seen(seen) = &reply.standing { Some(seen) } else { None };
        Self {
            there: seen.is_some_and(|seen| seen.substance == Substance::Answers),
            digest: seen.map(|seen| seen.digest.clone()),
            href: markup::link(Some(&reply.url)),
            url: reply.url.to_string(),
            words,
            at: reply.at,
        }
    }
}

struct Shown {
    e: Evidence,
    href: Option<String>,
    /// What the desk said of it; empty if nothing.
    verdict: String,
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
    let holds = i.department().map(|id| department(&web, l, id)).unwrap_or_default();
    let asked = i.dispatch.as_ref().filter(|asked| asked.department != asked.holder);
    let asked = asked.map(|asked| department(&web, l, &asked.department));
    let reading = &web.handles().reading;
    let open = reading.blocking(|reading| Ok(reading.store().incidents_in_mind(Timestamp::MAX)?)).await?;
    let page = IncidentPage {
        f: Frame::new(&visitor, Nav::Desk, &i.title, web.0.inbox.is_some()),
        level: l.level(i.grade),
        department: holds,
        asked,
        outcome: i.outcome.map(|outcome| l.outcome(outcome)),
        clocks: clocks::all(l, &configured.clocks, &i, web.now()),
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
        timeline: i.timeline.iter().rev().map(|entry| told(&web, l, entry, &rule)).collect(),
        sent: whole.notifications.into_iter().map(|(entry, tries)| Sent::of(l, entry, tries)).collect(),
        o: Offer::of(&web, &visitor, &i, &open),
        replies: i.replies().iter().map(|reply| Reply::of(l, reply)).collect(),
        stages: whole.stages.list().iter().map(|stage| Step::of(l, stage)).collect(),
        checklist: configured.checklists.items(&i).into_iter().map(|item| Done::of(l, item)).collect(),
        i,
    };
    Ok(render(&page))
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

pub(in crate::web) async fn note(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Page {
    let form = Form::read(&body);
    act(&web, &visitor, &id, &form, Act::Note { note: form.text("note").unwrap_or_default() }).await
}

pub(super) async fn act(web: &Web, visitor: &Visitor, id: &str, form: &Form, act: Act) -> Page {
    let by = visitor.actor().ok_or_else(|| Problem::new(Kind::NotLoggedIn, ""))?;
    let id = incident_id(id)?;
    web.handles().desk.act(id.clone(), act, by, None).await?;
    Ok(match form.one("from") {
        Some("desk") => see("/"),
        Some(_) | None => see(&format!("/incidents/{id}")),
    })
}
