//! Feishu and Lark custom bots (飞书自定义机器人, integrations §3.3): at most 100 messages a minute and 5 a second.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::Sha256;
use url::Url;

use super::words::{Message, message};
use super::{Chat, Service};
use crate::assess::Grade;
use crate::notify::Batch;
use crate::notify::hook::{busy, judge_code};
use crate::notify::retry::Attempt;
use crate::notify::secret::Secret;
use crate::outward::{Answer, Outward};

/// Longest text, in bytes: a body may have 20 KB, and the JSON around and within it takes some.
const LIMIT: usize = 12_000;

pub(super) async fn send(
    chat: &Chat,
    outward: &Outward,
    batch: &Batch,
    console: &Url,
    now: Timestamp,
) -> (Attempt, String) {
    let called = chat.mentions.called_by(batch);
    let calls: Vec<String> = called.iter().map(|whom| format!("<at id={whom}></at>")).collect();
    let mut further = Vec::new();
    if !calls.is_empty() {
        further.push(calls.join(" "));
    }
    further.extend(chat.keyword.clone());
    let said = message(Service::Feishu, batch, console, LIMIT, &further, chat.wording.as_ref());
    let secret = chat.secret.as_ref().map(Secret::reveal);
    let (attempt, words) = match chat.hook.post(outward, &[], &[], &signed(card(&said), secret, now)).await {
        Ok(answer) if is_about_card(&answer) => {
            // It does not take the card: the same as plain text, once.
            let plain = text(chat, &said);
            match chat.hook.post(outward, &[], &[], &signed(plain, secret, now)).await {
                Ok(answer) => judge(&answer, now),
                Err(failed) => return failed,
            }
        }
        Ok(answer) => judge(&answer, now),
        Err(failed) => return failed,
    };
    (attempt, words)
}

fn card(said: &Message) -> Value {
    let (link, words) = &said.link;
    json!({
        "msg_type": "interactive",
        "card": {
            "config": { "wide_screen_mode": true },
            "header": {
                "title": { "tag": "plain_text", "content": said.title },
                "template": if said.over { "green" } else { colour(said.grade) },
            },
            "elements": [
                { "tag": "markdown", "content": said.text },
                { "tag": "action", "actions": [{
                    "tag": "button", "type": "primary", "url": link,
                    "text": { "tag": "plain_text", "content": words },
                }] },
            ],
        },
    })
}

/// The message without markup, should its card be refused.
fn text(chat: &Chat, said: &Message) -> Value {
    let keyword = chat.keyword.as_ref().map(|word| format!(" {word}")).unwrap_or_default();
    let text = format!("{}\n{}{keyword}", said.title, said.link.0);
    json!({ "msg_type": "text", "content": { "text": text } })
}

/// Adds time and signature, where the bot wants them. Key and message are the other way round than at DingTalk: the time
/// and the secret are the key, and nothing is signed.
fn signed(mut body: Value, secret: Option<&str>, now: Timestamp) -> Value {
    if let Some(secret) = secret {
        let timestamp = now.as_second();
        let key = format!("{timestamp}\n{secret}");
        let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes a key of any length");
        body["timestamp"] = timestamp.to_string().into();
        body["sign"] = STANDARD.encode(mac.finalize().into_bytes()).into();
    }
    body
}

fn colour(grade: Grade) -> &'static str {
    match grade {
        Grade::Red => "red",
        Grade::Orange => "orange",
        Grade::Yellow => "yellow",
        Grade::Blue => "blue",
    }
}

fn code(body: &Value) -> Option<i64> {
    body["code"].as_i64().or_else(|| body["StatusCode"].as_i64())
}

/// Whether the card, and not the message, is what the service refuses.
fn is_about_card(answer: &Answer) -> bool {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let message = body["msg"].as_str().unwrap_or_default().to_lowercase();
    let other = [0, 9499, 11_232, 19_001, 19_021, 19_022, 19_024];
    code(&body).is_some_and(|code| !other.contains(&code)) && message.contains("card")
}

/// What an answer means.
fn judge(answer: &Answer, now: Timestamp) -> (Attempt, String) {
    judge_code(answer, now, code, |code, body| {
        let limited = body["msg"].as_str().unwrap_or_default().contains("frequency limited");
        match code {
            11_232 => busy(60),
            _ if limited => busy(60),
            // The hook is wrong or the bot was removed; signature or clock, address, keyword.
            19_001 | 19_021 | 19_022 | 19_024 => Attempt::Broken,
            _ => Attempt::Rejected,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::answer;
    use super::*;

    #[test]
    fn the_fixed_point_of_the_design_holds() {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let body = signed(json!({ "msg_type": "text" }), Some("demo"), now);
        assert_eq!(body["sign"], "8oT2n3SMKFfEnDoiwer8BUM/SjKLwe9SqoEIHlhDTKo=");
        assert_eq!(body["timestamp"], "1700000000");
        assert_eq!(signed(json!({}), None, now), json!({}));
    }

    #[test]
    fn answers_mean_what_the_service_says() {
        let minute = busy(60);
        for (status, body, attempt) in [
            (200, r#"{"code":0,"msg":"success","data":{}}"#, Attempt::Sent),
            (200, r#"{"StatusCode":0,"StatusMessage":"success"}"#, Attempt::Sent),
            (200, r#"{"code":11232,"msg":"frequency limited psm"}"#, minute.clone()),
            (200, r#"{"code":9499,"msg":"too many request: frequency limited"}"#, minute.clone()),
            (200, r#"{"code":9499,"msg":"Bad Request"}"#, Attempt::Rejected),
            (
                200,
                r#"{"code":19001,"msg":"param invalid: incoming webhook access token invalid"}"#,
                Attempt::Broken,
            ),
            (
                200,
                r#"{"code":19021,"msg":"sign match fail or timestamp is not within one hour"}"#,
                Attempt::Broken,
            ),
            (200, r#"{"code":230099,"msg":"Failed to create card content"}"#, Attempt::Rejected),
            (200, "", minute),
            (500, "", Attempt::Failed { after: None }),
        ] {
            assert_eq!(judge(&answer(status, body), Timestamp::UNIX_EPOCH).0, attempt, "{body}");
        }
        assert!(is_about_card(&answer(
            200,
            r#"{"code":230099,"msg":"Failed to create card content, ErrCode: 11310"}"#
        )));
        assert!(!is_about_card(&answer(200, r#"{"code":19001,"msg":"card"}"#)));
        assert!(!is_about_card(&answer(200, r#"{"code":0,"msg":"card"}"#)));
    }
}
