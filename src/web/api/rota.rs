//! Who is on duty.

use axum::Json;
use axum::extract::State;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::params::Params;
use super::shape::Listed;
use crate::people::{Layer, Rota};
use crate::web::Web;
use crate::web::error::Problem;

/// Days shown unless asked otherwise, and most.
const DAYS: i64 = 14;
const MOST: i64 = 366;

/// A layer of the rota: who is called first, or next.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Rota)]
pub(in crate::web) struct LayerOut {
    name: String,
    title: String,
    /// Who is on duty now; empty if nobody is.
    now: Vec<PersonOut>,
    /// The time to come, a span for each change.
    plan: Vec<DutyOut>,
}

/// Somebody of the rota.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = OnCall)]
pub(in crate::web) struct PersonOut {
    name: String,
    title: String,
    /// How they are reached: names of receivers.
    receivers: Vec<String>,
}

/// Some time and who is on duty then; nobody is a hole.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Duty)]
pub(in crate::web) struct DutyOut {
    from: String,
    until: String,
    people: Vec<String>,
}

pub(in crate::web) async fn rota(
    State(web): State<Web>,
    params: Params,
) -> Result<Json<Listed<LayerOut>>, Problem> {
    params.only(&[&["at", "days"]])?;
    let from = params.read::<Timestamp>("at")?.unwrap_or_else(|| web.now());
    let days = params.read::<i64>("days")?.unwrap_or(DAYS);
    if !(1..=MOST).contains(&days) {
        return Err(Problem::bad(format!("days is 1 to {MOST}")));
    }
    let configured = web.configured();
    let rota = configured.clocks.rota();
    let items =
        rota.layers().iter().map(|layer| of(rota, layer, from, SignedDuration::from_hours(days * 24)));
    Ok(Json(Listed { items: items.collect(), next: None }))
}

fn of(rota: &Rota, layer: &Layer, from: Timestamp, length: SignedDuration) -> LayerOut {
    let person = |name: &str| {
        rota.person(name).map(|person| PersonOut {
            name: person.name.clone(),
            title: person.title.clone(),
            receivers: person.receivers.clone(),
        })
    };
    let until = from.saturating_add(length).unwrap_or(Timestamp::MAX);
    let plan = rota.plan(layer, from, until).into_iter().map(|duty| DutyOut {
        from: duty.from.to_string(),
        until: duty.until.to_string(),
        people: duty.people,
    });
    LayerOut {
        name: layer.name.clone(),
        title: layer.title.clone(),
        now: rota.on_duty(layer, from).into_iter().filter_map(person).collect(),
        plan: plan.collect(),
    }
}
