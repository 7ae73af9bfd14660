//! Silences: what the desk does not want to be told for a while, and what a silence would hold back.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::incidents::optional_body;
use super::params::Params;
use super::shape::Listed;
use crate::assess::Grade;
use crate::incident::Incident;
use crate::lexicon::category::Category;
use crate::notify::policy::{Matcher, Silence};
use crate::web::Web;
use crate::web::auth::Visitor;
use crate::web::error::{Kind, Problem};

/// How far back a preview looks.
const LOOKED_BACK: SignedDuration = SignedDuration::from_hours(24 * 7);

/// A silence that is asked for.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = SilenceAsked)]
pub(in crate::web) struct Asked {
    /// `red`, `orange`, `yellow`, `blue`; red is silenced only where it is named here.
    pub(in crate::web) grades: Vec<String>,
    /// Services.
    pub(in crate::web) categories: Vec<String>,
    /// Places, canonical.
    pub(in crate::web) places: Vec<String>,
    /// Departments.
    pub(in crate::web) departments: Vec<String>,
    /// Sources.
    pub(in crate::web) sources: Vec<String>,
    /// Rules.
    pub(in crate::web) rules: Vec<String>,
    /// Incidents.
    pub(in crate::web) incidents: Vec<String>,
    /// Why, 1 to 300 characters.
    pub(in crate::web) reason: String,
    /// From when on, RFC 3339; now if it is left out.
    pub(in crate::web) from: Option<String>,
    /// Until when; or `for`.
    pub(in crate::web) until: Option<String>,
    /// For how long: `4h`, `2days`; or `until`.
    #[serde(rename = "for")]
    pub(in crate::web) lasts: Option<String>,
}

/// A silence.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Silence)]
pub(in crate::web) struct SilenceOut {
    id: String,
    /// `active`, `pending` or `over`.
    state: &'static str,
    reason: String,
    /// `person:…` or `token:…`.
    by: String,
    from: String,
    until: String,
    /// Who ended it before its time.
    ended_by: Option<String>,
    grades: Vec<&'static str>,
    categories: Vec<&'static str>,
    places: Vec<String>,
    departments: Vec<String>,
    sources: Vec<String>,
    rules: Vec<String>,
    incidents: Vec<String>,
}

/// What a silence would hold back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SilencePreview)]
pub(in crate::web) struct Preview {
    /// The open incidents of which nothing more would be told.
    pub(in crate::web) open: Vec<Previewed>,
    /// How many incidents of the last seven days it would have concerned, by grade.
    pub(in crate::web) last_week: BTreeMap<&'static str, u32>,
}

/// An incident that would be silenced.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Previewed {
    pub(in crate::web) id: String,
    pub(in crate::web) grade: &'static str,
    pub(in crate::web) title: String,
}

impl SilenceOut {
    fn of(silence: &Silence, now: Timestamp) -> Self {
        let matcher = &silence.matcher;
        let texts = |set: &std::collections::BTreeSet<String>| set.iter().cloned().collect();
        Self {
            id: silence.id.to_string(),
            state: state(silence, now),
            reason: silence.reason.clone(),
            by: silence.by.label(),
            from: silence.from.to_string(),
            until: silence.ends().to_string(),
            ended_by: silence.ended.as_ref().map(|(by, _)| by.label()),
            grades: matcher.grades.iter().map(|grade| grade.as_str()).collect(),
            categories: matcher.categories.iter().map(|category| category.id()).collect(),
            places: texts(&matcher.places),
            departments: texts(&matcher.departments),
            sources: texts(&matcher.sources),
            rules: texts(&matcher.rules),
            incidents: matcher.incidents.iter().map(ToString::to_string).collect(),
        }
    }
}

/// The word for how a silence stands.
pub(in crate::web) fn state(silence: &Silence, now: Timestamp) -> &'static str {
    match (silence.is_active(now), now < silence.ends()) {
        (true, _) => "active",
        (false, true) => "pending",
        (false, false) => "over",
    }
}

pub(in crate::web) async fn list(
    State(web): State<Web>,
    params: Params,
) -> Result<Json<Listed<SilenceOut>>, Problem> {
    params.only(&[&["state", "limit"]])?;
    let wanted = params.one("state");
    if wanted.is_some_and(|word| !matches!(word, "active" | "pending" | "over")) {
        return Err(Problem::bad("state is active, pending or over"));
    }
    let (now, limit) = (web.now(), params.limit()?);
    let silences = all(&web).await?;
    let silences = silences.iter().map(|silence| SilenceOut::of(silence, now));
    let items = silences.filter(|silence| wanted.is_none_or(|word| silence.state == word));
    Ok(Json(Listed { items: items.take(limit).collect(), next: None }))
}

pub(in crate::web) async fn make(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    body: Bytes,
) -> Result<Json<SilenceOut>, Problem> {
    let silence = read(&web, &visitor, optional_body(&body)?)?;
    put(&web, &visitor, silence.clone()).await?;
    Ok(Json(SilenceOut::of(&silence, web.now())))
}

pub(in crate::web) async fn preview(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    body: Bytes,
) -> Result<Json<Preview>, Problem> {
    let silence = read(&web, &visitor, optional_body(&body)?)?;
    Ok(Json(previewed(&web, silence).await?))
}

pub(in crate::web) async fn end(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Json<SilenceOut>, Problem> {
    finish(&web, &visitor, &id).await?;
    let silences = all(&web).await?;
    let ended = silences.iter().find(|silence| silence.id.as_str() == id).ok_or_else(Problem::not_found)?;
    Ok(Json(SilenceOut::of(ended, web.now())))
}

/// Writes a silence down.
pub(in crate::web) async fn put(web: &Web, visitor: &Visitor, silence: Silence) -> Result<(), Problem> {
    let said = format!("{} until {}: {}", silence.id, silence.until, silence.reason);
    web.handles().desk.silence(silence).await?;
    visitor.audit(web, "silence", said).await
}

/// Ends a silence before its time.
pub(in crate::web) async fn finish(web: &Web, visitor: &Visitor, id: &str) -> Result<(), Problem> {
    let by = visitor.actor().ok_or_else(|| Problem::new(Kind::NotLoggedIn, ""))?;
    web.handles().desk.end_silence(id.to_owned(), by).await?;
    visitor.audit(web, "silence-end", id.to_owned()).await
}

/// All silences, those that end last first.
pub(in crate::web) async fn all(web: &Web) -> Result<Vec<Silence>, Problem> {
    Ok(web.handles().reading.blocking(|reading| Ok(reading.store().silences()?)).await?)
}

/// The silence that is asked for.
pub(in crate::web) fn read(web: &Web, visitor: &Visitor, asked: Asked) -> Result<Silence, Problem> {
    let by = visitor.actor().ok_or_else(|| Problem::new(Kind::NotLoggedIn, ""))?;
    let now = web.now();
    let instant = |key: &str, text: &str| {
        let read = text.parse::<Timestamp>();
        read.map_err(|_| Problem::bad(format!("{key} is a time as RFC 3339 writes it")))
    };
    let from = asked.from.as_deref().map_or(Ok(now), |text| instant("from", text))?;
    let until = match (&asked.until, &asked.lasts) {
        (Some(until), None) => instant("until", until)?,
        (None, Some(lasts)) => {
            let length: Duration = humantime::parse_duration(lasts.trim())
                .map_err(|_| Problem::bad("for is a length of time such as 4h or 2days"))?;
            from.checked_add(length).map_err(|_| Problem::bad("for is too long"))?
        }
        (Some(_), Some(_)) | (None, None) => return Err(Problem::bad("one of until and for is wanted")),
    };
    let matcher = Matcher {
        grades: words(&asked.grades, "grades", Grade::from_word)?,
        categories: words(&asked.categories, "categories", |word| word.parse::<Category>().ok())?,
        places: asked.places.into_iter().collect(),
        departments: asked.departments.into_iter().collect(),
        sources: asked.sources.into_iter().collect(),
        rules: asked.rules.into_iter().collect(),
        incidents: words(&asked.incidents, "incidents", |word| word.parse().ok())?,
    };
    Silence::new(matcher, &asked.reason, by, from, until, now)
        .map_err(|error| Problem::bad(error.to_string()))
}

fn words<T: Ord>(
    words: &[String],
    key: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<std::collections::BTreeSet<T>, Problem> {
    let known =
        |word: &String| read(word).ok_or_else(|| Problem::bad(format!("{key}: {word:?} is not known")));
    words.iter().map(known).collect()
}

/// What a silence would hold back.
pub(in crate::web) async fn previewed(web: &Web, silence: Silence) -> Result<Preview, Problem> {
    let (now, reading) = (web.now(), &web.handles().reading);
    let since = now - LOOKED_BACK;
    let (open, lately) = reading
        .blocking(move |reading| {
            let store = reading.store();
            Ok((store.incidents_in_mind(Timestamp::MAX)?, store.incidents_opened(since, now)?))
        })
        .await?;
    let shown = |incident: &Incident| Previewed {
        id: incident.id.to_string(),
        grade: incident.grade.as_str(),
        title: incident.title.clone(),
    };
    let mut last_week = BTreeMap::new();
    for incident in lately.iter().filter(|incident| silence.concerns(incident)) {
        *last_week.entry(incident.grade.as_str()).or_default() += 1;
    }
    Ok(Preview {
        open: open.iter().filter(|incident| silence.concerns(incident)).map(shown).collect(),
        last_week,
    })
}
