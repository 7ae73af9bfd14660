//! Stored posts judged again by what is in force: ordered here, told of here.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::incidents::optional_body;
use crate::assess::evaluation::{Matter, Rung};
use crate::pipeline::rescoring::{Ordered, Progress, Stage};
use crate::web::Web;
use crate::web::auth::Visitor;
use crate::web::error::{Kind, Problem};

/// Which posts; the body may be missing.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = Rescore)]
pub(in crate::web) struct Wanted {
    /// First seen at or after.
    #[schema(value_type = Option<String>)]
    since: Option<Timestamp>,
    /// First seen before.
    #[schema(value_type = Option<String>)]
    until: Option<Timestamp>,
}

/// What was ordered.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct RescoreOrdered {
    /// Posts that are judged again.
    posts: u64,
    /// The dictionaries that judge them; with a model, `+` and its version.
    version: String,
}

/// How far the last rescore is, and what it changed.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct RescoreProgress {
    /// `idle`, `running`, `done` or `failed`.
    state: &'static str,
    /// Posts to be judged.
    posts: u64,
    /// Posts judged; none of it is seen before all are.
    judged: u64,
    /// How many posts have another grade.
    grades: Vec<Moved>,
    /// How many posts have another category.
    categories: Vec<Moved>,
}

/// So many posts went from one judgement to another.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Moved {
    from: &'static str,
    to: &'static str,
    posts: u64,
}

pub(in crate::web) async fn order(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    body: Bytes,
) -> Result<(StatusCode, Json<RescoreOrdered>), Problem> {
    let by = visitor.by().ok_or_else(|| Problem::new(Kind::NotLoggedIn, ""))?;
    let Wanted { since, until } = optional_body(&body)?;
    let Ordered { posts, version } = web.handles().rescore.order(since, until, by).await?;
    Ok((StatusCode::ACCEPTED, Json(RescoreOrdered { posts, version })))
}

pub(in crate::web) async fn progress(State(web): State<Web>) -> Json<RescoreProgress> {
    let Progress { stage, posts, judged, changed } = web.handles().rescore.progress();
    let grade =
        |((from, to), posts): ((Rung, Rung), u64)| Moved { from: from.as_str(), to: to.as_str(), posts };
    let matter =
        |((from, to), posts): ((Matter, Matter), u64)| Moved { from: from.as_str(), to: to.as_str(), posts };
    Json(RescoreProgress {
        state: match stage {
            Stage::Idle => "idle",
            Stage::Running => "running",
            Stage::Done => "done",
            Stage::Failed => "failed",
        },
        posts,
        judged,
        grades: changed.grades.into_iter().map(grade).collect(),
        categories: changed.categories.into_iter().map(matter).collect(),
    })
}
