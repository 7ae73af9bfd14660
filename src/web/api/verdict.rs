//! What people of the desk say is right of a post, and all that was said as labels. It is the judgement on the matter
//! that is spoken of, never who wrote the post.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::incidents::{idempotency_key, optional_body};
use super::params::Params;
use crate::assess::evaluation::{BadRow, Matter, NOBODY, Row, Rung, read_grade, read_matter, read_mood};
use crate::assess::{Assessment, Mood};
use crate::extract::post::PostId;
use crate::journal::Sequence;
use crate::journal::record::{DeskVerdict, JudgedAs, PersonOrToken};
use crate::web::Web;
use crate::web::auth::Visitor;
use crate::web::error::{Kind, Problem};

/// Longest word that is told again to who sent it, in characters.
const WORD: usize = 64;

/// The body of a verdict. What is missing or null is not spoken of; something must be.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(in crate::web) struct Said {
    /// `red`, `orange`, `yellow`, `blue` or `none`.
    pub(in crate::web) grade: Option<String>,
    /// One of the twelve services, or `none`.
    pub(in crate::web) category: Option<String>,
    /// An id of the departments, or `none`.
    pub(in crate::web) department: Option<String>,
    /// `negative`, `neutral` or `positive`.
    pub(in crate::web) sentiment: Option<String>,
    /// Whether information is asked for.
    pub(in crate::web) question: Option<bool>,
    /// What is said to it.
    pub(in crate::web) note: Option<String>,
}

/// What the desk said last of a post.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Verdict)]
pub(in crate::web) struct VerdictOut {
    /// `red`, `orange`, `yellow`, `blue` or `none`; null if nothing was said of it, as in all that follow.
    grade: Option<&'static str>,
    /// One of the twelve services, or `none`.
    category: Option<&'static str>,
    /// An id of the departments, or `none`.
    department: Option<String>,
    /// `negative`, `neutral` or `positive`.
    #[schema(value_type = Option<String>)]
    sentiment: Option<Mood>,
    question: Option<bool>,
    note: Option<String>,
    /// `person:…`, `token:…` or `console`.
    by: String,
    at: String,
    judged: JudgedOut,
    /// Whether the text was another then.
    edited_since: bool,
}

/// The judgement that was spoken of.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JudgedAs)]
pub(in crate::web) struct JudgedOut {
    grade: &'static str,
    category: &'static str,
    department: Option<String>,
    /// The dictionaries that judged; with a model, `+` and its version.
    version: String,
}

/// One page of labels.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Labels {
    #[schema(value_type = Vec<LabelledPost>)]
    items: Vec<Row>,
    /// Verdicts of this page whose posts are kept no more.
    gone: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// A post as it teaches and tests, for the description only. A label that nobody gave is left out.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what assess::evaluation::Row writes")]
pub(in crate::web) struct LabelledPost {
    id: String,
    kind: String,
    title: String,
    text: String,
    published_at: String,
    category: Option<String>,
    department: Option<String>,
    grade: Option<String>,
    sentiment: Option<String>,
    question: Option<bool>,
}

impl VerdictOut {
    /// As it is told of a post whose latest text stands at `text_at`.
    pub(in crate::web) fn of(verdict: DeskVerdict, text_at: Sequence) -> Self {
        let JudgedAs { grade, category, department, version } = verdict.judged;
        Self {
            grade: verdict.grade.map(Rung::as_str),
            category: verdict.category.map(Matter::as_str),
            department: verdict.department,
            sentiment: verdict.sentiment,
            question: verdict.question,
            note: verdict.note,
            by: match verdict.by {
                PersonOrToken::Person(name) => format!("person:{}", name.as_str()),
                PersonOrToken::Token(id) => format!("token:{id}"),
                PersonOrToken::Console => "console".to_owned(),
            },
            at: verdict.at.to_string(),
            judged: JudgedOut { grade: grade.as_str(), category: category.as_str(), department, version },
            edited_since: verdict.text_at != text_at,
        }
    }
}

pub(in crate::web) async fn give(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<VerdictOut>, Problem> {
    let id: PostId = id.parse().map_err(|_| Problem::not_found())?;
    let by = visitor.by().ok_or_else(|| Problem::new(Kind::NotLoggedIn, ""))?;
    let key = idempotency_key(&headers, &by)?;
    let said = optional_body(&body)?;
    let reading = &web.handles().reading;
    let before = reading.judgement(id).await?.ok_or_else(Problem::not_found)?;
    let text_at = before.0;
    judge(&web, id, by, said, before, key).await?;
    let verdict = reading.verdict(id).await?.ok_or_else(Problem::not_found)?;
    Ok(Json(VerdictOut::of(verdict, text_at)))
}

/// Writes down what somebody says of a post whose text and judgement they had before them.
pub(in crate::web) async fn judge(
    web: &Web,
    post: PostId,
    by: PersonOrToken,
    said: Said,
    (text_at, judged): (Sequence, Assessment),
    idempotency_key: Option<String>,
) -> Result<(), Problem> {
    let verdict = DeskVerdict {
        post,
        text_at,
        judged: JudgedAs::from(&judged),
        grade: read("grade", said.grade, read_grade)?,
        category: read("category", said.category, read_matter)?,
        department: said.department.map(|id| department(web, id)).transpose()?,
        sentiment: read("sentiment", said.sentiment, read_mood)?,
        question: said.question,
        note: said.note,
        by,
        at: web.now(),
        idempotency_key,
    };
    Ok(web.handles().desk.judge(verdict).await?)
}

fn read<T>(
    name: &str,
    word: Option<String>,
    read: impl Fn(&str) -> Result<T, BadRow>,
) -> Result<Option<T>, Problem> {
    let Some(word) = word else { return Ok(None) };
    if word.chars().count() > WORD {
        return Err(Problem::bad(format!("{name} is longer than {WORD} characters")));
    }
    read(&word).map(Some).map_err(|error| Problem::bad(error.to_string()))
}

/// A department of the desk's, or `none`.
fn department(web: &Web, id: String) -> Result<String, Problem> {
    if id == NOBODY || is_department(web, &id) {
        return Ok(id);
    }
    let configured = web.configured();
    let known: Vec<&str> = configured.departments.iter().map(|(id, _)| id).chain([NOBODY]).collect();
    let shown: String = id.chars().take(WORD).collect();
    Err(Problem::bad(format!("department is `{shown}`; it must be one of {}", known.join(", "))))
}

/// Whether the desk knows a department, by `departments.toml` or by the dictionaries that route to it.
pub(in crate::web) fn is_department(web: &Web, id: &str) -> bool {
    let assessor = web.handles().reading.assessor();
    web.configured().departments.get(id).is_some()
        || assessor.lexicon().categories().departments.contains_key(id)
}

pub(in crate::web) async fn labels(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    params: Params,
) -> Result<Json<Labels>, Problem> {
    params.only(&[&["since", "until", "cursor", "limit"]])?;
    let (since, until) = (params.read::<Timestamp>("since")?, params.read::<Timestamp>("until")?);
    let page = web.handles().reading.labels(since, until, params.cursor(), params.limit()?).await?;
    if params.cursor().is_none() {
        let bound = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
        visitor.audit(&web, "export-labels", format!("{}..{}", bound(since), bound(until))).await?;
    }
    Ok(Json(Labels { items: page.rows.iter().map(Row::from).collect(), gone: page.gone, next: page.next }))
}
