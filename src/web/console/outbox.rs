//! What went out: notifications with every try, and in the demo the messages as they arrived.

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use jiff::Timestamp;

use super::{Frame, Nav, Page, render, see};
use crate::assess::Grade;
use crate::notify::policy::Fate;
use crate::notify::{Delivery, Outcome};
use crate::store::{OutboxCounts, OutboxEntry, OutboxState};
use crate::web::api::desk::{again, filter};
use crate::web::api::params::Params;
use crate::web::auth::Visitor;
use crate::web::error::Problem;
use crate::web::say::Lang;
use crate::web::{InboxMessage, Web};

/// Notifications on a page.
const PAGE: usize = 50;
/// Messages of the demo's sinks on a page.
const MESSAGES: usize = 100;

/// A notification as a page shows it.
pub(super) struct Sent {
    pub(super) key: String,
    pub(super) incident: String,
    /// Whether `incident` is one, not a test.
    pub(super) real: bool,
    pub(super) title: String,
    pub(super) grade: Grade,
    pub(super) receiver: String,
    pub(super) reason: &'static str,
    pub(super) state: &'static str,
    pub(super) state_name: &'static str,
    pub(super) created_at: Timestamp,
    pub(super) next_try: Option<Timestamp>,
    /// For what it waits, or why it was never sent.
    pub(super) held_by: Option<String>,
    pub(super) tries: Vec<Try>,
}

pub(super) struct Try {
    pub(super) number: u32,
    pub(super) at: Timestamp,
    pub(super) took_ms: u32,
    pub(super) outcome: &'static str,
    pub(super) answer: String,
}

impl Sent {
    pub(super) fn of(l: Lang, entry: OutboxEntry, tries: Vec<Delivery>) -> Self {
        let (state, state_name, next_try) = match entry.state {
            OutboxState::Waiting { next_try } => ("waiting", l.t("待发", "waiting"), Some(next_try)),
            OutboxState::Sent => ("sent", l.t("已送达", "sent"), None),
            OutboxState::Dead => ("dead", l.t("死信", "dead letter"), None),
            OutboxState::Broken => ("broken", l.t("接收人配置有误", "receiver is broken"), None),
            OutboxState::Held { until } => ("held", l.t("暂缓", "held back"), Some(until)),
            OutboxState::Withheld => ("withheld", l.t("未发", "not sent"), None),
        };
        let held_by = entry.fate.as_ref().and_then(|fate| match fate {
            Fate::Held { why, .. } => Some(l.t(&why.chinese(), why.as_str()).to_owned()),
            Fate::Dropped { why } => {
                let ended = l.t("期间已办结", "ended meanwhile");
                Some(format!("{}，{ended}", l.t(&why.chinese(), why.as_str())))
            }
            Fate::Folded { .. } => Some(l.t("并入之后的通知", "told by a later one").to_owned()),
            Fate::Bundled { .. } => Some(l.t("与其他提醒合并发送", "told together with others").to_owned()),
            Fate::Released => None,
        });
        let brief = entry.notification.brief;
        let id = brief.incident.to_string();
        let real = id.parse::<crate::incident::IncidentId>().is_ok();
        let tried = |delivery: Delivery| Try {
            number: delivery.attempt,
            at: delivery.at,
            took_ms: delivery.took_ms,
            outcome: match delivery.outcome {
                Outcome::Sent => l.t("送达", "sent"),
                Outcome::Retry(_) => l.t("将重试", "to be tried again"),
                Outcome::Broken => l.t("配置有误", "broken"),
                Outcome::Rejected => l.t("被拒收", "rejected"),
            },
            answer: delivery.answer,
        };
        Self {
            key: entry.notification.key.as_str().to_owned(),
            real,
            incident: id,
            title: brief.title,
            grade: brief.grade,
            receiver: entry.notification.receiver,
            reason: l.reason(entry.notification.reason),
            state,
            state_name,
            created_at: entry.notification.created_at,
            next_try,
            held_by,
            tries: tries.into_iter().map(tried).collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "web/templates/outbox.html")]
struct Outbox {
    f: Frame,
    counts: OutboxCounts,
    on: String,
    sent: Vec<Sent>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "web/templates/inbox.html")]
struct InboxPage {
    f: Frame,
    messages: Vec<InboxMessage>,
}

pub(in crate::web) async fn page(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    params: Params,
) -> Page {
    params.only(&[&["state", "receiver", "cursor"]])?;
    let filter = filter(&web, &params)?;
    let reading = &web.handles().reading;
    let counts = reading.outbox_counts().await?;
    let page = reading.notifications(filter, params.cursor(), PAGE).await?;
    let sent = page.items.into_iter().map(|(entry, tries)| Sent::of(visitor.lang, entry, tries)).collect();
    let next =
        page.next.map(|cursor| format!("/outbox?{}", params.with("cursor", Some(&cursor.to_string()))));
    let f = Frame::new(&visitor, Nav::Outbox, visitor.lang.t("通知", "Notifications"), web.0.inbox.is_some());
    Ok(render(&Outbox { f, counts, on: params.one("state").unwrap_or_default().to_owned(), sent, next }))
}

pub(in crate::web) async fn resend(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(key): Path<String>,
) -> Page {
    again(&web, &visitor, key).await?;
    Ok(see("/outbox"))
}

pub(in crate::web) async fn inbox(State(web): State<Web>, Extension(visitor): Extension<Visitor>) -> Page {
    let inbox = web.0.inbox.as_ref().ok_or_else(Problem::not_found)?;
    let mut messages = inbox();
    messages.truncate(MESSAGES);
    let f = Frame::new(&visitor, Nav::Inbox, visitor.lang.t("演示收件箱", "Demo inbox"), true);
    Ok(render(&InboxPage { f, messages }))
}
