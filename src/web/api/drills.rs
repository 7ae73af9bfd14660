//! Drills: one is begun by a post of the source `drill`, which goes the whole way and is in no figure.

use axum::body::Bytes;
use axum::extract::State;
use axum::{Extension, Json};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::incidents::optional_body;
use super::params::Params;
use crate::extract::pushed::read_line;
use crate::incident::{DrillResult, MonthlyScore};
use crate::web::Web;
use crate::web::auth::Visitor;
use crate::web::error::Problem;

/// What a drill says if nobody writes another text. It is as a citizen would write it: a text that calls itself a drill
/// is taken for one and alerts nobody.
pub(in crate::web) const TEXT: &str = "小区里燃气泄漏，楼道气味很重，已经有人晕倒，快来救人";
/// How far back drills are looked at.
const BACK: SignedDuration = SignedDuration::from_hours(24 * 366);

/// A drill that is asked for.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = DrillAsked)]
pub(in crate::web) struct Asked {
    /// What the post says; a text of ours if it is left out.
    text: Option<String>,
}

/// Drills, the latest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DrillList)]
pub(in crate::web) struct Drills {
    items: Vec<DrillOut>,
    /// The scores of the months, the latest first.
    months: Vec<DrillMonth>,
}

/// One drill.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Drill)]
pub(in crate::web) struct DrillOut {
    incident: String,
    title: String,
    at: String,
    /// From its beginning until the first receiver took the word of it.
    told_seconds: Option<f64>,
    /// … until somebody took it.
    taken_seconds: Option<f64>,
    /// Whether that was in time (`[incident] drill_within`); `null` while there is time.
    passed: Option<bool>,
}

/// How the drills of a month went.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct DrillMonth {
    month: String,
    drills: u32,
    passed: u32,
}

/// That a drill was begun.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DrillBegun)]
pub(in crate::web) struct Begun {
    /// The id of its post.
    post: String,
}

pub(in crate::web) async fn list(State(web): State<Web>, params: Params) -> Result<Json<Drills>, Problem> {
    params.only(&[&["limit"]])?;
    let limit = params.limit()?;
    let results = all(&web).await?;
    let seconds = |took: Option<SignedDuration>| took.map(|took| took.as_millis() as f64 / 1000.0);
    let out = |result: &DrillResult| DrillOut {
        incident: result.incident.to_string(),
        title: result.title.clone(),
        at: result.at.to_string(),
        told_seconds: seconds(result.told),
        taken_seconds: seconds(result.taken),
        passed: result.passed,
    };
    let months = DrillResult::by_month(&results).into_iter();
    let months = months.map(|MonthlyScore { month, drills, passed }| DrillMonth { month, drills, passed });
    Ok(Json(Drills { items: results.iter().take(limit).map(out).collect(), months: months.collect() }))
}

pub(in crate::web) async fn begin(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    body: Bytes,
) -> Result<Json<Begun>, Problem> {
    let Asked { text } = optional_body(&body)?;
    Ok(Json(Begun { post: start(&web, &visitor, text).await? }))
}

/// Begins a drill; gives the id of its post.
pub(in crate::web) async fn start(
    web: &Web,
    visitor: &Visitor,
    text: Option<String>,
) -> Result<String, Problem> {
    let text = text.filter(|text| !text.trim().is_empty()).unwrap_or_else(|| TEXT.to_owned());
    let now = web.now();
    let record =
        json!({"source": "drill", "id": now.as_nanosecond().to_string(), "kind": "post", "text": text});
    let found = read_line(record.to_string().as_bytes(), None, now)
        .map_err(|rejection| Problem::bad(rejection.to_string()))?;
    let id = found.post.id.to_string();
    web.handles().intake.submit(vec![found]).await?;
    visitor.audit(web, "drill", id.clone()).await?;
    Ok(id)
}

/// All drills of the last year, the latest first.
pub(in crate::web) async fn all(web: &Web) -> Result<Vec<DrillResult>, Problem> {
    let now = web.now();
    let opened = web.handles().reading.opened(now - BACK, now).await?;
    let limit = within(web);
    let drills = opened.iter().rev().filter(|(incident, _)| incident.is_drill());
    Ok(drills.map(|(incident, stages)| DrillResult::of(incident, stages, limit, now)).collect())
}

/// Within which time somebody should take a drill.
pub(in crate::web) fn within(web: &Web) -> SignedDuration {
    SignedDuration::try_from(web.configured().drill_within).unwrap_or(SignedDuration::MAX)
}
