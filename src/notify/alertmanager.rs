//! A Prometheus Alertmanager as a receiver: an incident is an alert there until it ends (integrations §4).
//!
//! Alertmanager takes an alert for over that it has not heard of for some minutes, unless it is told until when it
//! lasts. So an open incident is told to last for a week from its latest word, and one that ended to have ended.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use url::Url;

use super::hook::{Hook, by_status, told};
use super::render::link;
use super::retry::Attempt;
use super::secret::Secret;
use super::webhook::{annotations, labels, rfc3339};
use super::{Batch, Notification};
use crate::outward::Outward;

/// How long an incident is taken for open without another word.
const LASTS: Duration = Duration::from_hours(7 * 24);

/// An Alertmanager.
#[derive(Debug, Clone, PartialEq)]
pub struct Alertmanager {
    /// Its address, without `api/v2/alerts`.
    pub hook: Hook,
    /// What it wants in `Authorization: Bearer …`, if anything.
    pub token: Option<Secret>,
}

impl Alertmanager {
    /// Where alerts go, below an Alertmanager's address.
    pub(super) fn endpoint(url: &Secret) -> Result<Secret, String> {
        let mut url = Url::parse(url.reveal()).map_err(|_| "url is no http or https address".to_owned())?;
        let refused = || "url is no http or https address".to_owned();
        url.path_segments_mut().map_err(|()| refused())?.pop_if_empty().extend(["api", "v2", "alerts"]);
        Ok(Secret::new(url.to_string()))
    }

    /// Makes one try and says what became of it.
    pub async fn send(
        &self,
        outward: &Outward,
        batch: &Batch,
        console: &Url,
        now: Timestamp,
    ) -> (Attempt, String) {
        let alerts: Vec<Value> = batch.iter().map(|one| alert(one, console, now)).collect();
        let bearer = self.token.as_ref().map(|token| format!("Bearer {}", token.reveal()));
        let headers: Vec<(&str, &str)> =
            bearer.iter().map(|bearer| ("authorization", bearer.as_str())).collect();
        match self.hook.post(outward, &[], &headers, &Value::Array(alerts)).await {
            Ok(answer) => {
                let attempt = match answer.status {
                    200..=299 => Attempt::Sent,
                    400 | 413 | 422 => Attempt::Rejected,
                    401 | 403 | 404 => Attempt::Broken,
                    _ => by_status(&answer, now),
                };
                (attempt, told(&answer))
            }
            Err(failed) => failed,
        }
    }
}

fn alert(notification: &Notification, console: &Url, now: Timestamp) -> Value {
    let brief = &notification.brief;
    let ends = match brief.closed_at {
        Some(closed) => closed,
        None => now.saturating_add(LASTS).unwrap_or(Timestamp::MAX),
    };
    json!({
        "labels": labels(brief),
        "annotations": annotations(notification, console),
        "startsAt": rfc3339(brief.opened_at),
        "endsAt": rfc3339(ends),
        "generatorURL": link(&brief.incident, console),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::fixture;

    #[test]
    fn an_incident_is_one_alert_until_it_ends() {
        let console = "https://minsheng.example/".parse().unwrap();
        let told = fixture::notifications();
        let now = told[0].created_at;
        let alerts: Vec<Value> = told.iter().map(|one| alert(one, &console, now)).collect();
        assert!(alerts.iter().all(|alert| alert["labels"]["incident"] == "INC-20261122-01"));
        assert_eq!(alerts[0]["endsAt"], "2026-11-29T08:47:00+08:00");
        assert_eq!(alerts.last().unwrap()["endsAt"], "2026-11-22T12:12:00+08:00");
        let at = Alertmanager::endpoint(&Secret::new("http://127.0.0.1:9093/am/")).unwrap();
        assert_eq!(at.reveal(), "http://127.0.0.1:9093/am/api/v2/alerts");
    }
}
