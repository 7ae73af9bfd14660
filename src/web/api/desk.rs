//! What goes out and by which rules. Addresses of webhooks and mailboxes are not told: some are secrets.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::params::Params;
use super::shape::{Attempt, Listed, NotificationOut};
use crate::incident::{Clock, Escalation, Limit, Trigger};
use crate::notify::{Channel, NotificationKey};
use crate::store::{OutboxFilter, OutboxState, StoreError};
use crate::web::Web;
use crate::web::auth::Visitor;
use crate::web::error::{Kind, Problem};

pub(in crate::web) async fn notifications(
    State(web): State<Web>,
    params: Params,
) -> Result<Json<Listed<NotificationOut>>, Problem> {
    params.only(&[&["state", "receiver", "cursor", "limit"]])?;
    let filter = filter(&web, &params)?;
    let page = web.handles().reading.notifications(filter, params.cursor(), params.limit()?).await?;
    let items = page.items.iter().map(|(entry, tries)| NotificationOut::of(entry, tries)).collect();
    Ok(Json(Listed { items, next: page.next.map(|cursor| cursor.to_string()) }))
}

pub(in crate::web) fn filter(web: &Web, params: &Params) -> Result<OutboxFilter, Problem> {
    let state = |word| match word {
        "waiting" => Ok(OutboxState::Waiting { next_try: web.now() }),
        "sent" => Ok(OutboxState::Sent),
        "dead" => Ok(OutboxState::Dead),
        "broken" => Ok(OutboxState::Broken),
        "held" => Ok(OutboxState::Held { until: web.now() }),
        "withheld" => Ok(OutboxState::Withheld),
        _ => Err(Problem::bad("state is waiting, sent, dead, broken, held or withheld")),
    };
    let receiver = params.one("receiver").map(str::to_owned);
    Ok(OutboxFilter { state: params.one("state").map(state).transpose()?, receiver })
}

pub(in crate::web) async fn rules(State(web): State<Web>) -> Json<Value> {
    let configured = web.configured();
    let rule = |rule: &crate::alert::Rule| json!({"name": rule.name, "title": rule.title, "enabled": rule.enabled, "on": if rule.is_on_posts() { "posts" } else { "sources" }, "receivers": rule.receivers});
    let rules: Vec<Value> = configured.rules.rules().iter().map(rule).collect();
    Json(json!({ "version": configured.rules.version(), "items": rules }))
}

pub(in crate::web) async fn clocks(State(web): State<Web>) -> Json<Value> {
    let configured = web.configured();
    let clock = |clock: &Clock| {
        let (limit, workdays) = match clock.limit {
            Limit::Hours(length) | Limit::WorkingHours(length) => (Some(length.as_secs()), None),
            Limit::Workdays(days) => (None, Some(days)),
        };
        json!({
            "name": clock.name, "title": clock.title, "source": clock.source,
            "limit_seconds": limit, "workdays": workdays, "working": clock.limit.is_working(), "from": clock.from.as_str(), "until": clock.until.as_str(),
            "grades": clock.grades, "categories": clock.categories, "pauses": clock.pauses, "warn": clock.warn,
        })
    };
    let step = |step: &Escalation| {
        let (when, clock) = match &step.trigger {
            Trigger::Unacknowledged => ("unacknowledged", None),
            Trigger::Breach { clock } => ("breach", clock.as_deref()),
            Trigger::Idle => ("idle", None),
            Trigger::Open => ("open", None),
        };
        json!({
            "name": step.name, "when": when, "clock": clock, "after_seconds": step.after.as_secs(),
            "repeat_seconds": step.repeat.map(|repeat| repeat.as_secs()),
            "grades": step.grades, "receivers": step.receivers,
        })
    };
    let clocks: Vec<Value> = configured.clocks.clocks().iter().map(clock).collect();
    let escalations: Vec<Value> = configured.clocks.escalations().iter().map(step).collect();
    Json(json!({ "items": clocks, "escalations": escalations }))
}

pub(in crate::web) async fn receivers(State(web): State<Web>) -> Json<Value> {
    let configured = web.configured();
    let items: Vec<Value> = configured
        .receivers
        .iter()
        .map(|receiver| {
            let channel = receiver.channel.kind();
            let addresses =
                if let Channel::Email(mailboxes) = &receiver.channel { mailboxes.len() } else { 1 };
            json!({
                "name": receiver.name, "channel": channel, "addresses": addresses,
                "min_grade": receiver.min_grade, "reasons": receiver.reasons,
                "fallback": receiver.fallback, "during": receiver.during,
                "wait_seconds": receiver.spacing.wait.as_secs(), "interval_seconds": receiver.spacing.interval.as_secs(),
            })
        })
        .collect();
    Json(json!({ "items": items }))
}

pub(in crate::web) async fn test_receiver(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(name): Path<String>,
) -> Result<Json<Listed<Attempt>>, Problem> {
    let handles = web.handles();
    let tries = handles.carriers.test(&name, &handles.clock).await.ok_or_else(Problem::not_found)?;
    visitor.audit(&web, "notify-test", name).await?;
    Ok(Json(Listed { items: tries.iter().map(Attempt::of).collect(), next: None }))
}

pub(in crate::web) async fn resend(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(key): Path<String>,
) -> Result<Json<NotificationOut>, Problem> {
    let key = again(&web, &visitor, key).await?;
    let reading = &web.handles().reading;
    let found = reading
        .blocking(move |reading| {
            let store = reading.store();
            let with_tries = |entry| Ok::<_, StoreError>((entry, store.attempts(&key)?));
            Ok(store.notification(&key)?.map(with_tries).transpose()?)
        })
        .await?;
    let (entry, attempts) = found.ok_or_else(Problem::not_found)?;
    Ok(Json(NotificationOut::of(&entry, &attempts)))
}

/// Has a notification tried again that is dead or held up.
pub(in crate::web) async fn again(
    web: &Web,
    visitor: &Visitor,
    key: String,
) -> Result<NotificationKey, Problem> {
    let by = visitor.by().ok_or_else(|| Problem::new(Kind::NotLoggedIn, ""))?;
    let key = NotificationKey::read(&key).ok_or_else(Problem::not_found)?;
    let wanted = key.clone();
    let reading = &web.handles().reading;
    let entry = reading.blocking(move |reading| Ok(reading.store().notification(&wanted)?)).await?;
    let entry = entry.ok_or_else(Problem::not_found)?;
    if !matches!(entry.state, OutboxState::Dead | OutboxState::Broken) {
        let why = "only a dead letter, or what a receiver holds up, can be tried again";
        return Err(Problem::new(Kind::Conflict, why));
    }
    web.handles().desk.requeue(vec![key.clone()], by, web.now()).await?;
    Ok(key)
}

pub(in crate::web) async fn resume_receiver(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(name): Path<String>,
) -> Result<Json<Value>, Problem> {
    let by = visitor.by().ok_or_else(|| Problem::new(Kind::NotLoggedIn, ""))?;
    if web.configured().receivers.get(&name).is_none() {
        return Err(Problem::not_found());
    }
    let resumed =
        web.handles().reload.resume(name.clone(), by).await.map_err(|error| Problem::internal(&error))?;
    visitor.audit(&web, "receiver-resume", name).await?;
    Ok(Json(json!({ "resumed": resumed })))
}
