//! What suddenly rises and concerns the desk.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::params::Params;
use super::shape::{EvidenceOut, Listed};
use crate::detect::topic::{Level, Topic, term};
use crate::pipeline::topics::TopicNow;
use crate::web::Web;
use crate::web::error::Problem;

/// A topic that suddenly rises.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct TopicOut {
    /// Stays while it lasts.
    id: String,
    /// Its most telling words, at most three, joined by `、`.
    term: String,
    /// `watch`: it may be chance; `alarm`: chance gives fewer than are configured a day.
    level: &'static str,
    category: &'static str,
    place: Option<String>,
    department: Option<String>,
    /// Why it is one, in one Chinese sentence.
    why: String,
    /// The window in which it stands out most.
    window_seconds: u32,
    /// Distinct voices within it; posts, where a source names no writer.
    voices: u32,
    /// Voices usual within it.
    expected: f32,
    /// How far above the usual, in standard deviations.
    significance: f32,
    first_at: String,
    last_at: String,
    /// Posts by hour, oldest first; hours without any are left out.
    curve: Vec<HourOut>,
    /// The posts that tell what it is about, strongest first.
    evidence: Vec<EvidenceOut>,
}

/// Posts within one hour.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct HourOut {
    /// When the hour began.
    at: String,
    posts: u32,
}

pub(in crate::web) async fn list(
    State(web): State<Web>,
    params: Params,
) -> Result<Json<Listed<TopicOut>>, Problem> {
    params.only(&[&[]])?;
    let items = web.handles().topics.current().iter().map(TopicOut::of).collect();
    Ok(Json(Listed { items, next: None }))
}

impl TopicOut {
    fn of(now: &TopicNow) -> Self {
        let Topic { rising, subject, first, last, hours, .. } = &now.topic;
        let round = |value: f32| (value * 100.0).round() / 100.0;
        Self {
            id: rising.id_text(),
            term: term(&rising.words),
            level: match rising.level {
                Level::Watch => "watch",
                Level::Alarm => "alarm",
            },
            category: subject.as_ref().map_or("", |subject| subject.category.id()),
            place: subject.as_ref().and_then(|subject| subject.place.clone()),
            department: subject.as_ref().and_then(|subject| subject.department.clone()),
            why: rising.why.clone(),
            window_seconds: rising.window,
            voices: rising.voices,
            expected: round(rising.expected),
            significance: round(rising.significance),
            first_at: instant(*first).to_string(),
            last_at: instant(*last).to_string(),
            curve: hours
                .iter()
                .map(|(hour, posts)| HourOut { at: instant(*hour).to_string(), posts: *posts })
                .collect(),
            evidence: now.evidence.iter().map(EvidenceOut::of).collect(),
        }
    }
}

/// Seconds since 1970 as an instant.
pub(in crate::web) fn instant(seconds: u32) -> Timestamp {
    Timestamp::from_second(i64::from(seconds)).expect("32 bits of seconds are within range")
}
