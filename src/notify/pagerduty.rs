//! PagerDuty's Events API v2 (integrations §3.5): an incident of ours is one of theirs, acknowledged and resolved with it.

use jiff::Timestamp;
use serde_json::{Value, json};
use url::Url;

use super::hook::{Hook, by_status, told};
use super::render::{self, link};
use super::retry::Attempt;
use super::secret::Secret;
use super::webhook::rfc3339;
use super::{Batch, Notification, Reason};
use crate::assess::Grade;
use crate::outward::Outward;

/// Where events go unless configured otherwise.
pub(super) const ENDPOINT: &str = "https://events.pagerduty.com/v2/enqueue";
/// Its host.
pub(super) const HOST: &str = "events.pagerduty.com";
/// Longest summary, in characters.
const SUMMARY: usize = 1_024;

/// A service of PagerDuty.
#[derive(Debug, Clone, PartialEq)]
pub struct PagerDuty {
    /// Where events go.
    pub hook: Hook,
    /// The integration's key.
    pub key: Secret,
}

impl PagerDuty {
    /// Makes one try and says what became of it: an event for each notification, up to the first that fails. An event
    /// that is sent again changes nothing there.
    pub async fn send(
        &self,
        outward: &Outward,
        batch: &Batch,
        console: &Url,
        now: Timestamp,
    ) -> (Attempt, String) {
        let mut last = (Attempt::Sent, String::new());
        for notification in batch.iter() {
            let event = event(notification, self.key.reveal(), console);
            last = match self.hook.post(outward, &[], &[], &event).await {
                Ok(answer) => {
                    let attempt = match answer.status {
                        200..=299 => Attempt::Sent,
                        400 => Attempt::Rejected,
                        401 | 403 | 404 => Attempt::Broken,
                        _ => by_status(&answer, now),
                    };
                    (attempt, told(&answer))
                }
                Err(failed) => failed,
            };
            if last.0 != Attempt::Sent {
                break;
            }
        }
        last
    }
}

fn event(notification: &Notification, key: &str, console: &Url) -> Value {
    let brief = &notification.brief;
    let action = match notification.reason {
        Reason::Closed | Reason::Dismissed | Reason::Merged | Reason::Restored | Reason::Recovered => {
            "resolve"
        }
        Reason::Acknowledged => "acknowledge",
        Reason::Opened
        | Reason::Raised
        | Reason::Test
        | Reason::Assigned
        | Reason::Bounced
        | Reason::Responded
        | Reason::Verified
        | Reason::Doubted
        | Reason::Vanished
        | Reason::Reopened
        | Reason::Resumed
        | Reason::ClockWarning
        | Reason::Breach
        | Reason::Escalated
        | Reason::Handover
        | Reason::Unaccepted
        | Reason::Outage
        | Reason::Silent => "trigger",
    };
    let summary: String = render::title(notification).chars().take(SUMMARY).collect();
    let open = link(&brief.incident, console);
    json!({
        "routing_key": key,
        "event_action": action,
        "dedup_key": brief.incident.as_str(),
        "client": "Minsheng 民声",
        "client_url": open,
        "links": [{ "href": open, "text": "打开处置单" }],
        "payload": {
            "summary": summary,
            "source": brief.place.as_deref().unwrap_or("minsheng"),
            "severity": severity(brief.grade),
            "timestamp": rfc3339(notification.created_at),
            "component": brief.department.as_deref().unwrap_or_default(),
            "group": brief.category,
            "class": notification.reason.as_str(),
            "custom_details": {
                "why": brief.why,
                "action": brief.action,
                "voices": brief.voices,
                "posts": brief.posts,
                "dictionary": brief.dictionary,
            },
        },
    })
}

fn severity(grade: Grade) -> &'static str {
    match grade {
        Grade::Red => "critical",
        Grade::Orange => "error",
        Grade::Yellow => "warning",
        Grade::Blue => "info",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::fixture;

    #[test]
    fn an_incident_is_triggered_acknowledged_and_resolved_under_one_key() {
        let console = "https://minsheng.example/".parse().unwrap();
        let events: Vec<Value> =
            fixture::notifications().iter().map(|one| event(one, "k", &console)).collect();
        let actions: Vec<&Value> = events.iter().map(|event| &event["event_action"]).collect();
        assert_eq!(actions, ["trigger", "trigger", "acknowledge", "resolve"]);
        assert!(events.iter().all(|event| event["dedup_key"] == "INC-20261122-01"));
        assert_eq!(
            (&events[0]["payload"]["severity"], &events[1]["payload"]["severity"]),
            (&json!("warning"), &json!("critical"))
        );
        assert_eq!(events[1]["payload"]["summary"], "【红】停水 · 望江花园");
    }
}
