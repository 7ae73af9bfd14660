//! DingTalk custom robots (钉钉自定义机器人, integrations §3.2): at most 20 messages a minute; more block the robot for ten
//! minutes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::Sha256;
use url::Url;

use super::words::{Message, message};
use super::{ALL, Chat, Service};
use crate::notify::Batch;
use crate::notify::hook::{busy, judge_code};
use crate::notify::retry::Attempt;
use crate::outward::{Answer, Outward};

/// Longest title and text of a markdown message, in bytes.
const LIMIT: usize = 19_000;
/// How long a robot is blocked that was told too much, in seconds.
const BLOCKED: u64 = 600;

pub(super) async fn send(
    chat: &Chat,
    outward: &Outward,
    batch: &Batch,
    console: &Url,
    now: Timestamp,
) -> (Attempt, String) {
    let called = chat.mentions.called_by(batch);
    // A number is only called if it stands in the text too; a robot may want a word of its own there.
    let calls: Vec<String> =
        called.iter().filter(|whom| **whom != ALL).map(|whom| format!("@{whom}")).collect();
    let mut further = Vec::new();
    if !calls.is_empty() {
        further.push(calls.join(" "));
    }
    further.extend(chat.keyword.clone());
    let said = message(Service::DingTalk, batch, console, LIMIT, &further, chat.wording.as_ref());
    let query = chat.secret.as_ref().map(|secret| signed(secret.reveal(), now)).unwrap_or_default();
    match chat.hook.post(outward, &query, &[], &markdown(&said, &called)).await {
        Ok(answer) => judge(&answer, now),
        Err(failed) => failed,
    }
}

fn markdown(said: &Message, called: &[&str]) -> Value {
    let mobiles: Vec<&&str> = called.iter().filter(|whom| **whom != ALL).collect();
    json!({
        "msgtype": "markdown",
        "markdown": { "title": said.title, "text": said.text },
        "at": { "atMobiles": mobiles, "isAtAll": called.contains(&ALL) },
    })
}

/// Time and signature, as they stand in the address: the secret signs the time and itself.
fn signed(secret: &str, now: Timestamp) -> Vec<(&'static str, String)> {
    let timestamp = now.as_millisecond();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(format!("{timestamp}\n{secret}").as_bytes());
    let sign = STANDARD.encode(mac.finalize().into_bytes());
    vec![("timestamp", timestamp.to_string()), ("sign", sign)]
}

/// What an answer means.
fn judge(answer: &Answer, now: Timestamp) -> (Attempt, String) {
    judge_code(
        answer,
        now,
        |body| body["errcode"].as_i64(),
        |code, body| {
            let message = body["errmsg"].as_str().unwrap_or_default();
            let throttled = ["too fast", "exceed", "限流"].iter().any(|words| message.contains(words));
            match code {
                -1 => busy(30),
                130_101 | 410_100 => busy(BLOCKED),
                _ if throttled => busy(BLOCKED),
                // Signature, clock, keyword or address is not what the robot wants; token, robot or group is gone or
                // stopped.
                310_000 | 300_001 | 300_005 | 400_101 | 400_106 | 400_013 | 400_102 => Attempt::Broken,
                _ => Attempt::Rejected,
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::answer;
    use super::*;

    #[test]
    fn the_fixed_point_of_the_design_holds() {
        let now = Timestamp::from_millisecond(1_700_000_000_000).unwrap();
        let mut url = Url::parse("https://oapi.dingtalk.com/robot/send?access_token=t").unwrap();
        url.query_pairs_mut().extend_pairs(signed("SECtest", now));
        let fixed = "timestamp=1700000000000&sign=aZLLrriXgn05YbwaGR7knYsLeJADjr9NwLaNNKpxh4g%3D";
        assert_eq!(url.query(), Some(format!("access_token=t&{fixed}").as_str()));
    }

    #[test]
    fn answers_mean_what_the_service_says() {
        for (status, body, attempt) in [
            (200, r#"{"errcode":0,"errmsg":"ok"}"#, Attempt::Sent),
            (200, r#"{"errcode":-1,"errmsg":"系统繁忙"}"#, busy(30)),
            (200, r#"{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute"}"#, busy(600)),
            (200, r#"{"errcode":88,"errmsg":"触发限流"}"#, busy(600)),
            (200, r#"{"errcode":310000,"errmsg":"sign not match"}"#, Attempt::Broken),
            (200, r#"{"errcode":310000,"errmsg":"keywords not in content"}"#, Attempt::Broken),
            (200, r#"{"errcode":300001,"errmsg":"token is not exist"}"#, Attempt::Broken),
            (200, r#"{"errcode":40035,"errmsg":"缺少参数 json"}"#, Attempt::Rejected),
            (200, "ok", busy(60)),
            (503, "", Attempt::Failed { after: None }),
        ] {
            assert_eq!(judge(&answer(status, body), Timestamp::UNIX_EPOCH).0, attempt, "{body}");
        }
    }
}
