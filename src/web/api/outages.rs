//! What cannot be heard now, by the rules on sources.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::params::Params;
use super::shape::Listed;
use crate::alert::Outage;
use crate::web::Web;
use crate::web::error::Problem;

/// Something that cannot be heard.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Outage)]
pub(in crate::web) struct OutageOut {
    rule: String,
    title: String,
    /// Which source; `null` where it is that too few can be read.
    source: Option<String>,
    grade: &'static str,
    since: String,
    told_at: String,
    /// In one Chinese sentence, as it was told.
    why: String,
}

pub(in crate::web) async fn list(
    State(web): State<Web>,
    params: Params,
) -> Result<Json<Listed<OutageOut>>, Problem> {
    params.only(&[])?;
    let items = web.handles().reading.outages().await?.into_iter().map(|outage| {
        let Outage { rule, title, source, grade, since, why, told_at, .. } = outage;
        OutageOut {
            rule,
            title,
            source: source.map(|source| source.to_string()),
            grade: grade.as_str(),
            since: since.to_string(),
            told_at: told_at.to_string(),
            why,
        }
    });
    Ok(Json(Listed { items: items.collect(), next: None }))
}
