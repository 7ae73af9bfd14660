//! Our own webhook: Alertmanager's payload, version 4, signed by Standard Webhooks headers (integrations §4).
//!
//! One message speaks of one incident, which is one alert to the receiver: firing until it is closed. Its
//! `fingerprint` is made of the labels that never change, so that a receiver finds the alert again after
//! its grade rose.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use url::Url;

use crate::assess::Grade;
use crate::incident::desk_time;
use crate::outward::{Answer, Outward, OutwardError, Post, retry_after};

use super::receiver::Webhook;
use super::render::{link, unknowns};
use super::retry::Attempt;
use super::secret::Secret;
use super::signature::WebhookSecret;
use super::{Brief, Notification, Reason};

/// Until this a firing alert ends.
const NOT_ENDED: &str = "0001-01-01T00:00:00Z";
/// Where the request may have been read before it failed, a receiver is left this long to see the first one.
const AFTER_UNKNOWN: Duration = Duration::from_mins(1);
/// Longest `summary`, in characters.
const SUMMARY: usize = 200;
/// Longest answer kept, in characters.
const ANSWER: usize = 200;

/// A signed request, ready to be sent as it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// Where to.
    pub url: Secret,
    /// Names and values, signature included.
    pub headers: Vec<(&'static str, String)>,
    /// The very bytes that were signed.
    pub body: Bytes,
    /// How long the try may take.
    pub timeout: Duration,
}

/// The request that tells `webhook` of `notification`. Id and body are the same in every try; time and
/// signature are of this one.
pub fn request(notification: &Notification, webhook: &Webhook, console: &Url, now: Timestamp) -> Request {
    let body = if notification.reason == Reason::Test {
        to_bytes(&TestPayload::of(notification))
    } else {
        to_bytes(&Payload::of(notification, console))
    };
    let id = format!("msg_{}", notification.key.as_str());
    let secrets = std::iter::once(&webhook.secret).chain(&webhook.previous_secret);
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        ("webhook-signature", sign(secrets, &id, &body, now)),
        ("webhook-timestamp", now.as_second().to_string()),
        ("webhook-id", id),
    ];
    Request { url: webhook.url.clone(), headers, body, timeout: webhook.timeout }
}

/// The value of `webhook-signature` over `id`, the time and the bytes: one signature a secret, parted by blanks.
pub fn sign<'a>(
    secrets: impl IntoIterator<Item = &'a WebhookSecret>,
    id: &str,
    body: &[u8],
    now: Timestamp,
) -> String {
    let signatures: Vec<String> =
        secrets.into_iter().map(|secret| secret.sign(id, now.as_second(), body)).collect();
    signatures.join(" ")
}

/// Makes one try and says what became of it, with what the other side said in one line.
pub async fn send(
    outward: &Outward,
    notification: &Notification,
    webhook: &Webhook,
    console: &Url,
    now: Timestamp,
) -> (Attempt, String) {
    let request = request(notification, webhook, console, now);
    let Ok(url) = Url::parse(request.url.reveal()) else {
        return (Attempt::Broken, "the address cannot be read".to_owned());
    };
    let headers: Vec<(&str, &str)> =
        request.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let post = Post { url: &url, headers: &headers, body: request.body, timeout: request.timeout };
    match outward.post(post).await {
        Ok(answer) => judge(&answer, now),
        Err(error) => {
            let attempt = match &error {
                OutwardError::Refused(_) => Attempt::Broken,
                failed if failed.certainly_unsent() => Attempt::Failed { after: None },
                _ => Attempt::Failed { after: Some(AFTER_UNKNOWN) },
            };
            (attempt, one_line(&error.to_string()))
        }
    }
}

/// What an answer means.
fn judge(answer: &Answer, now: Timestamp) -> (Attempt, String) {
    let asked = answer.headers.get("retry-after").and_then(|value| retry_after(value, now));
    let attempt = match answer.status {
        200..=299 => Attempt::Sent,
        410 => Attempt::Broken,
        // Others, 3xx and 4xx too, may be mended on the other side before the schedule ends.
        _ => Attempt::Failed { after: asked },
    };
    (attempt, one_line(&format!("HTTP {} {}", answer.status, String::from_utf8_lossy(&answer.body))))
}

/// Text of others on one line of at most [`ANSWER`] characters.
pub(super) fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").chars().take(ANSWER).collect()
}

fn to_bytes(payload: &impl Serialize) -> Bytes {
    serde_json::to_vec(payload).expect("the payload has string keys only").into()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Payload<'a> {
    version: &'static str,
    group_key: String,
    truncated_alerts: u32,
    status: &'static str,
    receiver: &'a str,
    group_labels: BTreeMap<&'static str, String>,
    common_labels: BTreeMap<&'static str, String>,
    common_annotations: BTreeMap<&'static str, String>,
    #[serde(rename = "externalURL")]
    external_url: &'a str,
    alerts: [AlertPayload; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AlertPayload {
    status: &'static str,
    labels: BTreeMap<&'static str, String>,
    annotations: BTreeMap<&'static str, String>,
    starts_at: String,
    ends_at: String,
    #[serde(rename = "generatorURL")]
    generator_url: String,
    fingerprint: String,
}

#[derive(Serialize)]
struct TestPayload<'a> {
    r#type: &'static str,
    timestamp: String,
    data: BTreeMap<&'static str, &'a str>,
}

impl<'a> Payload<'a> {
    fn of(notification: &'a Notification, console: &'a Url) -> Self {
        let brief = &notification.brief;
        let (labels, annotations) = (labels(brief), annotations(notification, console));
        let status = if brief.state.is_open() { "firing" } else { "resolved" };
        let alert = AlertPayload {
            status,
            labels: labels.clone(),
            annotations: annotations.clone(),
            starts_at: rfc3339(brief.opened_at),
            ends_at: brief.closed_at.map_or_else(|| NOT_ENDED.to_owned(), rfc3339),
            generator_url: link(&brief.incident, console),
            fingerprint: fingerprint(brief),
        };
        Self {
            version: "4",
            group_key: format!("{{}}:{{incident=\"{}\"}}", brief.incident),
            truncated_alerts: 0,
            status,
            receiver: &notification.receiver,
            group_labels: [("incident", brief.incident.to_string())].into(),
            common_labels: labels,
            common_annotations: annotations,
            external_url: console.as_str(),
            alerts: [alert],
        }
    }
}

impl<'a> TestPayload<'a> {
    fn of(notification: &'a Notification) -> Self {
        let data =
            [("receiver", notification.receiver.as_str()), ("summary", notification.brief.title.as_str())];
        Self { r#type: "test", timestamp: rfc3339(notification.created_at), data: data.into() }
    }
}

pub(super) fn labels(brief: &Brief) -> BTreeMap<&'static str, String> {
    let source = brief.evidence.first().map(|post| post.source.as_str().to_owned());
    let labels = [
        ("alertname", brief.rule.clone()),
        ("rule", brief.rule.clone()),
        ("incident", brief.incident.to_string()),
        ("grade", brief.grade.as_str().to_owned()),
        ("severity", severity(brief.grade).to_owned()),
        ("category", brief.category.clone()),
        ("department", brief.department.clone().unwrap_or_default()),
        ("place", brief.place.clone().unwrap_or_default()),
        ("source", source.unwrap_or_default()),
    ];
    labels.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

pub(super) fn annotations(notification: &Notification, console: &Url) -> BTreeMap<&'static str, String> {
    const EVIDENCE: [&str; Brief::EVIDENCE] = ["evidence_1", "evidence_2", "evidence_3"];
    let brief = &notification.brief;
    let mut description = vec![format!("{}级，{}。", brief.grade.chinese(), brief.title)];
    description.extend(brief.action.iter().map(|action| format!("{action}。")));
    if brief.closed_at.is_none() && !notification.reason.is_outside() {
        description.push(format!("尚不清楚：{}。", unknowns(brief).join("；")));
    }
    let summary = format!("【{}】{}", brief.grade.chinese(), brief.title);
    let mut annotations = BTreeMap::from([
        ("summary", summary.chars().take(SUMMARY).collect()),
        ("description", description.join("\n")),
        ("why", brief.why.join("\n")),
        ("reason", notification.reason.as_str().to_owned()),
        ("state", brief.state.as_str().to_owned()),
        ("voices", brief.voices.to_string()),
        ("dictionary", brief.dictionary.clone()),
        ("dashboard_url", link(&brief.incident, console)),
    ]);
    annotations.extend(EVIDENCE.into_iter().zip(&brief.evidence).map(|(name, post)| {
        let url = post.url.as_ref().map(|url| format!(" {url}")).unwrap_or_default();
        (name, format!("{}{url}", post.excerpt))
    }));
    annotations.retain(|_, value| !value.is_empty());
    annotations
}

/// What most receivers route by.
fn severity(grade: Grade) -> &'static str {
    match grade {
        Grade::Red => "critical",
        Grade::Orange | Grade::Yellow => "warning",
        Grade::Blue => "info",
    }
}

fn fingerprint(brief: &Brief) -> String {
    let mut hasher = blake3::Hasher::new();
    for (name, value) in [("alertname", brief.rule.as_str()), ("incident", brief.incident.as_str())] {
        hasher.update(name.as_bytes()).update(&[0xff]).update(value.as_bytes()).update(&[0xff]);
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

pub(super) fn rfc3339(at: Timestamp) -> String {
    desk_time(at).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("url", &self.url)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "webhook_tests.rs"]
mod tests;
