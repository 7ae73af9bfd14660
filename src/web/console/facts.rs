//! Fact cards: the form on an event's page, and a page of all that the desk said.

use askama::Template;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use jiff::Timestamp;

use super::{Form, Frame, Nav, Page, render, see};
use crate::incident::{Actor, FactCard, FactStatus};
use crate::people::Role;
use crate::web::Web;
use crate::web::api::facts::{Stated, put};
use crate::web::auth::Visitor;
use crate::web::markup;
use crate::web::say::Lang;

/// Most cards on the page.
const SHOWN: usize = 200;

/// The part of an event's page that tells what is known of its claim.
pub(super) struct Card {
    pub(super) present: Option<Present>,
    /// Whether the reader may say something.
    pub(super) may: bool,
    pub(super) claim: String,
    pub(super) choices: Vec<(&'static str, &'static str, bool)>,
    pub(super) source: String,
    pub(super) url: String,
}

/// What was said last.
pub(super) struct Present {
    pub(super) event: String,
    pub(super) title: String,
    pub(super) claim: String,
    pub(super) status: &'static str,
    pub(super) source: Option<String>,
    pub(super) href: Option<String>,
    pub(super) note: Option<String>,
    pub(super) first_seen: Timestamp,
    pub(super) voices: u32,
    pub(super) by: String,
    pub(super) at: Timestamp,
    /// Whether its event is still spoken of.
    pub(super) current: bool,
}

#[derive(Template)]
#[template(path = "web/templates/facts.html")]
struct FactsPage {
    f: Frame,
    cards: Vec<Present>,
}

impl Card {
    /// Of an event, for a reader.
    pub(super) fn of(visitor: &Visitor, fact: Option<FactCard>) -> Self {
        let l = visitor.lang;
        let said = fact.as_ref().map_or(FactStatus::Unverified, |card| card.status);
        let text = |of: fn(&FactCard) -> String| fact.as_ref().map(of).unwrap_or_default();
        Self {
            may: visitor.may(Role::Officer),
            claim: text(|card| card.claim.clone()),
            choices: FactStatus::ALL.map(|one| (one.as_str(), l.fact(one), one == said)).into(),
            source: text(|card| card.source.clone().unwrap_or_default()),
            url: text(|card| card.url.as_ref().map(ToString::to_string).unwrap_or_default()),
            present: fact.map(|card| Present::of(l, card, true)),
        }
    }
}

impl Present {
    fn of(l: Lang, card: FactCard, current: bool) -> Self {
        Self {
            event: format!("{:016x}", card.event),
            title: card.title,
            claim: card.claim,
            status: l.fact(card.status),
            source: card.source,
            href: markup::link(card.url.as_ref()),
            note: card.note,
            first_seen: card.first_seen,
            voices: card.voices,
            by: match card.by {
                Actor::Person(name) => name.as_str().to_owned(),
                Actor::Token(id) => format!("{} {id}", l.t("接口", "Token")),
                Actor::System => l.t("系统", "System").to_owned(),
            },
            at: card.at,
            current,
        }
    }
}

pub(in crate::web) async fn page(State(web): State<Web>, Extension(visitor): Extension<Visitor>) -> Page {
    let l = visitor.lang;
    let cards = web.handles().reading.blocking(|reading| Ok(reading.store().facts()?)).await?;
    let events = web.handles().events.current();
    let is_current = |id: u64| events.iter().any(|now| now.event.id == id);
    let cards = cards.into_iter().take(SHOWN).map(|card| {
        let current = is_current(card.event);
        Present::of(l, card, current)
    });
    let f = Frame::new(&visitor, Nav::Events, l.t("核查卡", "Fact cards"), web.0.inbox.is_some());
    Ok(render(&FactsPage { f, cards: cards.collect() }))
}

pub(in crate::web) async fn state(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    body: Bytes,
) -> Page {
    let form = Form::read(&body);
    let stated = Stated {
        claim: form.text("claim").unwrap_or_default(),
        status: form.text("status").unwrap_or_default(),
        source: form.text("source"),
        url: form.text("url"),
        note: form.text("note"),
    };
    put(&web, &visitor, &id, stated).await?;
    Ok(see(&format!("/events/{id}#fact")))
}
