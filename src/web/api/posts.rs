//! Posts: pushed in, searched, read.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::{Extension, Json};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::params::{OF_POSTS, Params};
use super::shape::{self, FoundPosts, PostInFull, Pushed, RejectedLine};
use crate::extract::post::{Found, PostId};
use crate::extract::pushed::{self, Rejection};
use crate::pipeline::intake::Taken;
use crate::pipeline::reading::{Asked, FoundPage};
use crate::search::Counting;
use crate::source::SourceId;
use crate::telemetry::metric;
use crate::web::Web;
use crate::web::auth::Visitor;
use crate::web::error::{Kind, Problem};

/// Most posts handed to intake at once.
const BATCH: usize = 1_000;
/// Longest time a search may take (W7).
const SEARCH: Duration = Duration::from_secs(2);

/// Answers only after every accepted post is durable. `source` in the query stands in where a record names none.
pub(in crate::web) async fn push(
    State(web): State<Web>,
    headers: HeaderMap,
    params: Params,
    body: Body,
) -> Result<Json<Pushed>, Problem> {
    params.only(&[&["source"]])?;
    let source = params.one("source").map(SourceId::new).transpose();
    let source = source.map_err(|error| Problem::bad(error.to_string()))?;
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let body = to_bytes(body, web.config().ingest_bytes).await.map_err(|error| {
        // Whether it was too long or badly packed: neither is ours.
        let long =
            std::error::Error::source(&error).is_some_and(|cause| cause.to_string().contains("length limit"));
        if long {
            Problem::new(Kind::TooLarge, "")
        } else {
            Problem::bad("the body could not be read or inflated")
        }
    })?;
    let now = web.now();
    let read: Vec<Result<Found, Rejection>> = match kind.as_str() {
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" => {
            lines(&body, source.as_ref(), now)
        }
        "application/json" => elements(&body, source.as_ref(), now)?,
        _ => return Err(Problem::new(Kind::Unsupported, "send application/json or application/x-ndjson")),
    };
    let mut answer = Pushed::default();
    let mut batch = Vec::new();
    for (place, found) in read.into_iter().enumerate() {
        match found {
            Ok(found) if found.post.source.is_drill() => {
                let reason = "the source drill is for drills: begin one at /api/v1/drills".to_owned();
                answer.rejected.push(RejectedLine { line: place + 1, reason });
            }
            Ok(found) => batch.push(found),
            Err(Rejection::NotARecord(blank)) if blank.is_empty() => {}
            Err(rejection) => {
                answer.rejected.push(RejectedLine { line: place + 1, reason: rejection.to_string() });
            }
        }
        if batch.len() == BATCH {
            submit(&web, std::mem::take(&mut batch), &mut answer).await?;
        }
    }
    if !batch.is_empty() {
        submit(&web, batch, &mut answer).await?;
    }
    metrics::counter!(metric::POSTS_REJECTED).increment(answer.rejected.len() as u64);
    Ok(Json(answer))
}

async fn submit(web: &Web, posts: Vec<Found>, answer: &mut Pushed) -> Result<(), Problem> {
    for taken in web.handles().intake.submit(posts).await? {
        match taken {
            Taken::New(_) | Taken::Revised(_) => answer.accepted += 1,
            Taken::Known(_) => answer.duplicates += 1,
        }
    }
    Ok(())
}

/// One record a line; blank lines count as lines and as nothing else.
fn lines(body: &[u8], source: Option<&SourceId>, now: Timestamp) -> Vec<Result<Found, Rejection>> {
    let read = |line: &[u8]| {
        if line.iter().all(u8::is_ascii_whitespace) {
            return Err(Rejection::NotARecord(String::new()));
        }
        pushed::read_line(line, source, now)
    };
    body.split(|byte| *byte == b'\n').map(read).collect()
}

/// The records of an array. Only a body that is no array at all is refused as a whole.
fn elements(
    body: &[u8],
    source: Option<&SourceId>,
    now: Timestamp,
) -> Result<Vec<Result<Found, Rejection>>, Problem> {
    let array: Vec<Value> = serde_json::from_slice(body)
        .map_err(|error| Problem::bad(format!("the body is no JSON array: {error}")))?;
    let read = |record: Value| pushed::read_line(record.to_string().as_bytes(), source, now);
    Ok(array.into_iter().map(read).collect())
}

pub(in crate::web) async fn find(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    params: Params,
) -> Result<Json<FoundPosts>, Problem> {
    params.only(&[&OF_POSTS, &["department", "external_id", "sort", "cursor", "limit"]])?;
    if let Some(id) = named(&params)? {
        let post = web.handles().reading.post(id).await?;
        let items: Vec<_> = post.into_iter().map(|whole| shape::Post::of(whole.shown, Vec::new())).collect();
        return Ok(Json(FoundPosts { total: items.len() as u64, items, facets: None, next: None }));
    }
    let page = search(&web, &visitor, &params, params.limit()?).await?;
    Ok(Json(FoundPosts {
        items: page.posts.into_iter().map(shape::Post::from).collect(),
        total: page.total.unwrap_or_default(),
        facets: page.facets.as_ref().map(shape::facets),
        next: page.next,
    }))
}

/// Searches within the time a search may take, and writes into the audit log that somebody did.
pub(in crate::web) async fn search(
    web: &Web,
    visitor: &Visitor,
    params: &Params,
    limit: usize,
) -> Result<FoundPage, Problem> {
    let asked = Asked {
        query: params.one("q").unwrap_or_default().to_owned(),
        filters: params.filters()?,
        sort: params.sort()?,
        cursor: params.cursor(),
        limit,
        counting: if params.cursor().is_none() { Counting::Facets } else { Counting::Total },
    };
    let query = asked.query.clone();
    let searching = tokio::time::timeout(SEARCH, web.handles().reading.find(asked, web.now()));
    let found =
        searching.await.map_err(|_elapsed| Problem::new(Kind::Busy, "the search took too long"))??;
    if !query.is_empty() && params.cursor().is_none() {
        visitor.audit(web, "search", query).await?;
    }
    Ok(found)
}

pub(in crate::web) async fn count(State(web): State<Web>, params: Params) -> Result<Json<Value>, Problem> {
    params.only(&[&OF_POSTS, &["department", "external_id"]])?;
    let reading = &web.handles().reading;
    let count = if let Some(id) = named(&params)? {
        u64::from(reading.blocking(move |reading| Ok(reading.store().post(id)?)).await?.is_some())
    } else if params.is_empty() {
        // The store knows what is acknowledged; the index follows a moment later.
        reading.blocking(|reading| Ok(reading.store().post_count()?)).await?
    } else {
        let query = params.one("q").unwrap_or_default().to_owned();
        let counting = tokio::time::timeout(SEARCH, reading.count(query, params.filters()?, web.now()));
        counting.await.map_err(|_elapsed| Problem::new(Kind::Busy, "the search took too long"))??
    };
    Ok(Json(json!({ "count": count })))
}

/// The post meant by `external_id` and `source` together.
fn named(params: &Params) -> Result<Option<PostId>, Problem> {
    let Some(id) = params.one("external_id") else { return Ok(None) };
    let source = params.one("source").ok_or_else(|| Problem::bad("external_id needs source"))?;
    let source = SourceId::new(source).map_err(|error| Problem::bad(error.to_string()))?;
    Ok(Some(PostId::by_external_id(&source, id)))
}

pub(in crate::web) async fn one(
    State(web): State<Web>,
    Path(id): Path<String>,
) -> Result<Json<PostInFull>, Problem> {
    let id: PostId = id.parse().map_err(|_| Problem::not_found())?;
    let reading = &web.handles().reading;
    let post = reading.post(id).await?.ok_or_else(Problem::not_found)?;
    let why = reading.counterfactual(&post.shown).await?;
    Ok(Json(PostInFull::of(post, why)))
}
