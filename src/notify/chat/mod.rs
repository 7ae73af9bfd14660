//! Group robots of chat services: WeCom 企业微信, DingTalk 钉钉, Feishu 飞书 (Lark) and Slack (integrations §3).
//!
//! What is said is the same everywhere ([`words`]); how it is written differs ([`dialect`]), as do envelope, signature
//! and the answer's meaning (one file a service). What always holds: nothing of a post can call anybody or pretend to be
//! a link of ours; a status of 200 alone is no success; nobody is called but whom the operator names.

mod cut;
mod dialect;
mod dingtalk;
mod feishu;
mod slack;
#[cfg(test)]
mod tests;
mod wecom;
mod words;

use jiff::Timestamp;
use url::Url;

use super::hook::Hook;
use super::retry::Attempt;
use super::secret::Secret;
use super::{Batch, Notification, Reason, Wording};
use crate::assess::Grade;
use crate::outward::Outward;

/// A group's robot.
#[derive(Debug, Clone, PartialEq)]
pub struct Chat {
    /// Whose.
    pub service: Service,
    /// Where it takes messages.
    pub hook: Hook,
    /// What proves that a message is ours (DingTalk, Feishu), if the robot wants that.
    pub secret: Option<Secret>,
    /// A word that each message must hold, if the robot wants that.
    pub keyword: Option<String>,
    /// Who is called.
    pub mentions: Mentions,
    /// The words of an office's own, if it wrote any.
    pub wording: Option<Wording>,
}

/// A chat service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// 企业微信群机器人: 20 messages a minute and robot.
    WeCom,
    /// 钉钉自定义机器人: 20 messages a minute and robot; more block it for ten minutes.
    DingTalk,
    /// 飞书自定义机器人, and Lark: 100 messages a minute and 5 a second.
    Feishu,
    /// Slack incoming webhook, and what takes the same: about one message a second.
    Slack,
}

/// Who is called by name in the group, and for what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mentions {
    /// Mobile numbers (WeCom, DingTalk) or open ids (Feishu); `all` for everybody.
    pub whom: Vec<String>,
    /// For incidents of this grade or higher. Default: red.
    pub from: Option<Grade>,
}

/// Calls everybody in the group.
pub(super) const ALL: &str = "all";

impl Service {
    /// All.
    pub const ALL: [Self; 4] = [Self::WeCom, Self::DingTalk, Self::Feishu, Self::Slack];

    /// The word used in `receivers.toml` and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WeCom => "wecom",
            Self::DingTalk => "dingtalk",
            Self::Feishu => "feishu",
            Self::Slack => "slack",
        }
    }

    /// Hosts at which the service takes messages.
    pub(super) fn hosts(self) -> &'static [&'static str] {
        match self {
            Self::WeCom => &["qyapi.weixin.qq.com"],
            Self::DingTalk => &["oapi.dingtalk.com"],
            Self::Feishu => &["open.feishu.cn", "open.larksuite.com"],
            Self::Slack => &["hooks.slack.com"],
        }
    }
}

impl Mentions {
    /// Whom a message calls: those named, for what is grave enough and wants somebody to act; everybody only for red.
    fn called_by(&self, batch: &Batch) -> Vec<&str> {
        let from = self.from.unwrap_or(Grade::Red);
        let calls = |notification: &Notification| {
            wants_action(notification.reason) && notification.brief.grade >= from
        };
        if !batch.iter().any(calls) {
            return Vec::new();
        }
        let red =
            batch.iter().any(|notification| calls(notification) && notification.brief.grade == Grade::Red);
        self.whom.iter().map(String::as_str).filter(|whom| *whom != ALL || red).collect()
    }
}

/// Whether somebody should look now; what others did is told without a call.
fn wants_action(reason: Reason) -> bool {
    match reason {
        Reason::Opened
        | Reason::Raised
        | Reason::Bounced
        | Reason::Reopened
        | Reason::Resumed
        | Reason::ClockWarning
        | Reason::Breach
        | Reason::Escalated
        | Reason::Doubted
        | Reason::Vanished
        | Reason::Handover
        | Reason::Unaccepted
        | Reason::Outage
        | Reason::Silent => true,
        Reason::Acknowledged
        | Reason::Assigned
        | Reason::Responded
        | Reason::Verified
        | Reason::Closed
        | Reason::Dismissed
        | Reason::Merged
        | Reason::Restored
        | Reason::Recovered
        | Reason::Test => false,
    }
}

impl Chat {
    /// How many messages of the robot's a message of ours takes: at WeCom those who are called take one more.
    pub fn messages(&self, batch: &Batch) -> u32 {
        let calls = self.service == Service::WeCom && !self.mentions.called_by(batch).is_empty();
        1 + u32::from(calls)
    }

    /// Makes one try and says what became of it, with what the other side said in one line. `console` is the console's
    /// address, for links.
    pub async fn send(
        &self,
        outward: &Outward,
        batch: &Batch,
        console: &Url,
        now: Timestamp,
    ) -> (Attempt, String) {
        match self.service {
            Service::WeCom => wecom::send(self, outward, batch, console, now).await,
            Service::DingTalk => dingtalk::send(self, outward, batch, console, now).await,
            Service::Feishu => feishu::send(self, outward, batch, console, now).await,
            Service::Slack => slack::send(self, outward, batch, console, now).await,
        }
    }
}
