//! Slack incoming webhooks (integrations §3.4): about one message a second. Mattermost and Rocket.Chat take the text alone.

use jiff::Timestamp;
use serde_json::{Value, json};
use url::Url;

use super::cut::cut;
use super::words::{Message, message};
use super::{Chat, Service};
use crate::notify::Batch;
use crate::notify::hook::{by_status, told};
use crate::notify::retry::Attempt;
use crate::outward::{Answer, Outward};

/// Longest text, in bytes: a section holds 3,000 characters, and a Chinese one takes three bytes.
const LIMIT: usize = 3_900;
/// Longest header, in characters.
const HEADER: usize = 150;

/// Answers that mean that the hook, and not the message, is wrong.
const BROKEN: [&str; 7] = [
    "no_service",
    "no_active_hooks",
    "invalid_token",
    "channel_not_found",
    "channel_is_archived",
    "action_prohibited",
    "team_disabled",
];
const REJECTED: [&str; 3] = ["invalid_payload", "no_text", "invalid_blocks"];

pub(super) async fn send(
    chat: &Chat,
    outward: &Outward,
    batch: &Batch,
    console: &Url,
    now: Timestamp,
) -> (Attempt, String) {
    let said = message(Service::Slack, batch, console, LIMIT, &[], chat.wording.as_ref());
    match chat.hook.post(outward, &[], &[], &blocks(&said)).await {
        Ok(answer) => judge(&answer, now),
        Err(failed) => failed,
    }
}

fn blocks(said: &Message) -> Value {
    let (link, words) = &said.link;
    json!({
        "text": said.title,
        "blocks": [
            { "type": "header", "text": { "type": "plain_text", "text": cut(&said.title, HEADER) } },
            { "type": "section", "text": { "type": "mrkdwn", "text": said.text } },
            { "type": "actions", "elements": [{
                "type": "button", "url": link, "text": { "type": "plain_text", "text": words },
            }] },
        ],
    })
}

/// What an answer means: its text says more than its status.
fn judge(answer: &Answer, now: Timestamp) -> (Attempt, String) {
    let body = String::from_utf8_lossy(&answer.body);
    let says = |words: &[&str]| words.iter().any(|word| body.contains(word));
    let attempt = match answer.status {
        200..=299 => Attempt::Sent,
        _ if says(&BROKEN) => Attempt::Broken,
        _ if says(&REJECTED) => Attempt::Rejected,
        _ => by_status(answer, now),
    };
    (attempt, told(answer))
}

#[cfg(test)]
mod tests {
    use super::super::tests::answer;
    use super::*;

    #[test]
    fn answers_mean_what_the_service_says() {
        for (status, body, attempt) in [
            (200, "ok", Attempt::Sent),
            (404, "no_service", Attempt::Broken),
            (410, "channel_is_archived", Attempt::Broken),
            (400, "invalid_payload", Attempt::Rejected),
            (500, "", Attempt::Failed { after: None }),
            (429, "rate_limited", Attempt::Failed { after: None }),
        ] {
            assert_eq!(judge(&answer(status, body), Timestamp::UNIX_EPOCH).0, attempt, "{body}");
        }
    }
}
