//! What happened, as many posts tell of it: events with heat, spread, forecast and what speaks for verifying them.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::facts::{FactOut, fact_of, facts_of};
use super::params::Params;
use super::shape::{EvidenceOut, Listed};
use super::topics::instant;
use crate::assess::Grade;
use crate::incident::FactCard;
use crate::pipeline::events::EventNow;
use crate::web::Web;
use crate::web::error::Problem;

/// An event: a happening in the world, as its posts tell of it.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct EventOut {
    /// Stays while it lasts.
    id: String,
    /// Place and matter: `望江花园 · 停水`.
    title: String,
    /// The grade of all its posts together.
    grade: &'static str,
    /// 0 to 100.
    score: f32,
    /// The lines of the score, largest first; they add up to it.
    factors: Vec<LineOut>,
    category: &'static str,
    place: Option<String>,
    department: Option<String>,
    /// Distinct voices; posts, where a source names no writer.
    voices: u32,
    /// Posts, comments and copies.
    posts: u32,
    /// How many of them repeat another's words.
    copies: u32,
    /// How many of them are comments.
    comments: u32,
    /// How hot it is, 0 to 100: what was said lately, each post counting half after six hours.
    heat: f32,
    /// `rising`, `level` or `falling`.
    phase: &'static str,
    /// In how many hours twice as many speak of it, while it rises.
    doubling_hours: Option<f32>,
    first_at: String,
    last_at: String,
    /// When an office said something in it first.
    answered_at: Option<String>,
    /// The event of the same place and service before it (复发).
    again: Option<String>,
    /// What is to be expected; empty where too little is known.
    forecast: Vec<ForecastOut>,
    /// How much speaks for verifying it, 0 to 1; never whether it is true.
    verify: f32,
    /// What speaks for it.
    verify_because: Vec<String>,
    /// Posts by hour, oldest first; hours without any are left out.
    curve: Vec<EventHourOut>,
    /// Sources that carried it, the first first.
    sources: Vec<CarriedOut>,
    /// Places that its posts name, most often named first.
    places: Vec<PlaceOut>,
    /// The ids of its latest posts, at most 64.
    members: Vec<String>,
    /// Why the latest post that joined it did, in Chinese.
    joined_because: Option<String>,
    /// What the desk said last of what it tells; null if nothing.
    fact: Option<FactOut>,
    /// The posts that tell what it is about, strongest first.
    evidence: Vec<EvidenceOut>,
}

/// A line of an event's score.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct LineOut {
    points: f32,
    why: String,
}

/// Voices that are to be expected: four of five events of this sort end up from `low` to `high`.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct ForecastOut {
    hours: u32,
    voices: u32,
    low: u32,
    high: u32,
    /// Events that are over and taught it.
    learned_from: u32,
}

/// What one hour brought.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct EventHourOut {
    /// When the hour began.
    at: String,
    posts: u32,
    /// Voices that were not heard before.
    new_voices: u32,
}

/// What a source carried of an event.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct CarriedOut {
    source: String,
    posts: u32,
    first_at: String,
}

/// A place that posts of an event name.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct PlaceOut {
    place: String,
    posts: u32,
}

pub(in crate::web) async fn list(
    State(web): State<Web>,
    params: Params,
) -> Result<Json<Listed<EventOut>>, Problem> {
    params.only(&[&["grade", "category", "limit"]])?;
    let (grade, limit) = (params.grade()?, params.limit()?);
    let category = params.one("category");
    let shown = web.handles().events.current();
    let wanted = shown.iter().filter(|now| {
        grade.is_none_or(|grade| now.score.grade == Some(grade))
            && category
                .is_none_or(|category| now.event.category().is_some_and(|known| known.id() == category))
    });
    let wanted: Vec<_> = wanted.take(limit).collect();
    let mut facts = facts_of(&web).await?;
    let items = wanted.into_iter().map(|now| EventOut::of(now, facts.remove(&now.event.id))).collect();
    Ok(Json(Listed { items, next: None }))
}

pub(in crate::web) async fn one(
    State(web): State<Web>,
    Path(id): Path<String>,
) -> Result<Json<EventOut>, Problem> {
    let now = web.handles().events.one(&id).ok_or_else(Problem::not_found)?;
    let fact = fact_of(&web, now.event.id).await?;
    Ok(Json(EventOut::of(&now, fact)))
}

impl EventOut {
    fn of(now: &EventNow, fact: Option<FactCard>) -> Self {
        let EventNow { event, score, forecast, at } = now;
        let (phase, doubling) = event.phase(*at);
        let (verify, doubts) = event.doubts();
        let subject = event.subject();
        Self {
            id: event.id_text(),
            title: event.title(),
            grade: score.grade.map_or("none", Grade::as_str),
            score: score.points,
            factors: score
                .lines
                .iter()
                .map(|line| LineOut { points: line.points, why: line.why.clone() })
                .collect(),
            category: event.category().map_or("", |category| category.id()),
            place: event.place().map(str::to_owned),
            department: subject.and_then(|subject| subject.department),
            voices: event.voices(),
            posts: event.posts,
            copies: event.copies,
            comments: event.comments,
            heat: tenths(event.heat(*at)),
            phase: phase.as_str(),
            doubling_hours: doubling.map(tenths),
            first_at: instant(event.first).to_string(),
            last_at: instant(event.last).to_string(),
            answered_at: event.answered.map(|at| instant(at).to_string()),
            again: event.again.map(|id| format!("{id:016x}")),
            forecast: forecast
                .iter()
                .map(|f| ForecastOut {
                    hours: f.hours,
                    voices: f.voices,
                    low: f.low,
                    high: f.high,
                    learned_from: f.learned_from,
                })
                .collect(),
            verify: (verify * 100.0).round() / 100.0,
            verify_because: doubts.into_iter().map(|doubt| doubt.why).collect(),
            curve: event
                .hours()
                .map(|(hour, what)| EventHourOut {
                    at: instant(hour).to_string(),
                    posts: what.posts,
                    new_voices: what.voices,
                })
                .collect(),
            sources: event
                .sources()
                .into_iter()
                .map(|(source, carried)| CarriedOut {
                    source: source.to_string(),
                    posts: carried.posts,
                    first_at: instant(carried.first).to_string(),
                })
                .collect(),
            places: event
                .places()
                .into_iter()
                .map(|(place, posts)| PlaceOut { place: place.to_owned(), posts })
                .collect(),
            members: event.members.iter().map(ToString::to_string).collect(),
            joined_because: event.tie.clone(),
            fact: fact.map(FactOut::of),
            evidence: event.evidence().iter().map(EvidenceOut::of).collect(),
        }
    }
}

fn tenths(value: f32) -> f32 {
    (value * 10.0).round() / 10.0
}
