//! What was decided and done, as a chain that anybody can check.

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use tokio_stream::wrappers::ReceiverStream;

use super::params::Params;
use crate::web::Web;
use crate::web::auth::Visitor;
use crate::web::error::Problem;

/// The export, as `minsheng export audit` makes it; `minsheng audit verify` checks it.
pub(in crate::web) async fn export(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    params: Params,
) -> Result<Response, Problem> {
    params.only(&[&["since", "until"]])?;
    let (since, until) = (params.read::<Timestamp>("since")?, params.read::<Timestamp>("until")?);
    let bound = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    visitor.audit(&web, "export-audit", format!("{}..{}", bound(since), bound(until))).await?;
    let pieces = web.handles().reading.audit(since, until);
    let headers = [
        (CONTENT_TYPE, "application/x-ndjson; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"minsheng-audit.jsonl\""),
    ];
    Ok((headers, Body::from_stream(ReceiverStream::new(pieces))).into_response())
}
