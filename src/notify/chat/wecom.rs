//! WeCom group robots (企业微信群机器人, integrations §3.1): at most 20 messages a minute and robot.

use jiff::Timestamp;
use serde_json::{Value, json};
use url::Url;

use super::words::{Message, message};
use super::{ALL, Chat, Service};
use crate::notify::Batch;
use crate::notify::hook::{busy, judge_code};
use crate::notify::retry::Attempt;
use crate::outward::{Answer, Outward};

/// Longest text of a markdown message, in bytes.
const LIMIT: usize = 4_096;

pub(super) async fn send(
    chat: &Chat,
    outward: &Outward,
    batch: &Batch,
    console: &Url,
    now: Timestamp,
) -> (Attempt, String) {
    let said = message(Service::WeCom, batch, console, LIMIT, &[], chat.wording.as_ref());
    let answer = match chat.hook.post(outward, &[], &[], &markdown(&said)).await {
        Ok(answer) => answer,
        Err(failed) => return failed,
    };
    let (attempt, words) = judge(&answer, now);
    let called = chat.mentions.called_by(batch);
    if attempt != Attempt::Sent || called.is_empty() {
        return (attempt, words);
    }
    // Markdown cannot call a mobile number, so a short text follows. The message has arrived: that nobody was called is
    // said, and not mended by sending it again.
    let failed = match chat.hook.post(outward, &[], &[], &call(&said, &called)).await {
        Ok(answer) => match judge(&answer, now) {
            (Attempt::Sent, _) => return (Attempt::Sent, words),
            (_, failed) => failed,
        },
        Err((_, failed)) => failed,
    };
    (Attempt::Sent, format!("{words}; nobody could be called: {failed}"))
}

fn markdown(said: &Message) -> Value {
    json!({ "msgtype": "markdown", "markdown": { "content": said.text } })
}

fn call(said: &Message, called: &[&str]) -> Value {
    let mobiles: Vec<&str> = called.iter().map(|&whom| if whom == ALL { "@all" } else { whom }).collect();
    let content = format!("{}，请查看。", said.title);
    json!({ "msgtype": "text", "text": { "content": content, "mentioned_mobile_list": mobiles } })
}

/// What an answer means.
fn judge(answer: &Answer, now: Timestamp) -> (Attempt, String) {
    judge_code(
        answer,
        now,
        |body| body["errcode"].as_i64(),
        |code, _| match code {
            -1 => busy(30),
            // Over the limit of frequency or concurrency.
            45009 | 45033 => busy(60),
            // The key is wrong, or the robot was removed.
            93000 => Attempt::Broken,
            _ => Attempt::Rejected,
        },
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::answer;
    use super::*;

    #[test]
    fn answers_mean_what_the_service_says() {
        for (status, body, attempt) in [
            (200, r#"{"errcode":0,"errmsg":"ok"}"#, Attempt::Sent),
            (200, r#"{"errcode":-1,"errmsg":"system busy"}"#, busy(30)),
            (200, r#"{"errcode":45009,"errmsg":"api freq out of limit"}"#, busy(60)),
            (200, r#"{"errcode":93000,"errmsg":"invalid webhook url"}"#, Attempt::Broken),
            (200, r#"{"errcode":40058,"errmsg":"exceed max length"}"#, Attempt::Rejected),
            (200, "<html>", busy(60)),
            (200, "{}", busy(60)),
            (502, "", Attempt::Failed { after: None }),
        ] {
            assert_eq!(judge(&answer(status, body), Timestamp::UNIX_EPOCH).0, attempt, "{body}");
        }
    }
}
