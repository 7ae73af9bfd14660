//! Supervision (督查): how matters were handled. Cases are counted, never people.

use axum::Json;
use axum::extract::State;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::params::Params;
use crate::incident::{By, Supervision};
use crate::web::Web;
use crate::web::error::Problem;

/// How far back is looked unless asked otherwise.
const BACK: SignedDuration = SignedDuration::from_hours(24 * 30);

/// What was asked for, and what was counted.
#[derive(Debug, Serialize)]
pub(in crate::web) struct Report {
    /// Cases opened at or after.
    pub(in crate::web) since: Timestamp,
    /// … and before.
    pub(in crate::web) until: Timestamp,
    /// What they are put together by.
    pub(in crate::web) by: &'static str,
    /// The figures.
    #[serde(flatten)]
    pub(in crate::web) told: Supervision,
}

pub(in crate::web) async fn report(State(web): State<Web>, params: Params) -> Result<Json<Report>, Problem> {
    params.only(&[&["since", "until", "by"]])?;
    Ok(Json(counted(&web, &params).await?))
}

/// Counts what the parameters ask for; without any, the last thirty days by department.
pub(in crate::web) async fn counted(web: &Web, params: &Params) -> Result<Report, Problem> {
    let until = params.read::<Timestamp>("until")?.unwrap_or_else(|| web.now());
    let since = match params.read::<Timestamp>("since")? {
        Some(since) => since,
        None => until.saturating_sub(BACK).unwrap_or(Timestamp::MIN),
    };
    let by = match params.one("by") {
        None => By::Department,
        Some(word) => By::from_word(word)
            .ok_or_else(|| Problem::bad("by is one of department, category, grade, source, shift"))?,
    };
    let cases = web.handles().reading.opened(since, until).await?;
    let told = Supervision::of(cases.iter().map(|(case, stages)| (case, *stages)), by, since, until);
    Ok(Report { since, until, by: by.as_str(), told })
}
