//! What happened to an incident, in an officer's words.

use jiff::Timestamp;

use super::steps::department;
use crate::incident::{Actor, Happening, Substance, TimelineEntry, desk_time};
use crate::web::Web;
use crate::web::markup;
use crate::web::say::Lang;

/// One entry of the timeline as shown.
pub(super) struct Entry {
    pub(super) at: Timestamp,
    pub(super) by: String,
    pub(super) what: String,
    pub(super) note: Option<String>,
    /// Where the public was answered.
    pub(super) href: Option<String>,
    /// Another incident that it speaks of.
    pub(super) incident: Option<String>,
    /// Whether it tells that time is short, or over.
    pub(super) warns: bool,
}

/// What people call a rule.
type RuleName<'a> = &'a dyn Fn(&str) -> String;

pub(super) fn told(web: &Web, l: Lang, entry: &TimelineEntry, rule: RuleName<'_>) -> Entry {
    let by = who(l, &entry.by);
    let (what, note) = words(web, l, &entry.what, rule);
    let url = match &entry.what {
        Happening::Responded { url, .. } => url.as_ref(),
        Happening::ReplySeen(reply) => Some(&reply.url),
        Happening::ReplyDoubted { url, .. } | Happening::ReplyGone { url } => Some(url),
        _ => None,
    };
    let href = markup::link(url);
    let (Happening::Merged { into: other, .. }
    | Happening::Absorbed { from: other, .. }
    | Happening::SplitOff { from: other, .. }
    | Happening::Split { into: other, .. }) = &entry.what
    else {
        return Entry { at: entry.at, by, what, note, href, incident: None, warns: warns(&entry.what) };
    };
    let incident = Some(other.to_string());
    Entry { at: entry.at, by, what, note, href, incident, warns: false }
}

/// What an officer calls whoever did something.
pub(super) fn who(l: Lang, by: &Actor) -> String {
    match by {
        Actor::System => l.t("系统", "System").to_owned(),
        Actor::Person(name) => name.as_str().to_owned(),
        Actor::Token(id) => format!("{} {id}", l.t("接口", "Token")),
    }
}

/// Whether it tells that time is short, or over.
fn warns(what: &Happening) -> bool {
    matches!(
        what,
        Happening::Warned { .. }
            | Happening::Breached { .. }
            | Happening::Escalated { .. }
            | Happening::ReplyDoubted { .. }
            | Happening::ReplyGone { .. }
    )
}

fn words(web: &Web, l: Lang, what: &Happening, rule: RuleName<'_>) -> (String, Option<String>) {
    let at = |at| desk_time(at).strftime("%m-%d %H:%M").to_string();
    let plain = |zh: &'static str, en: &'static str| l.t(zh, en).to_owned();
    match what {
        Happening::Opened { rule: name, grade } => {
            (format!("{} · {} · {}", l.t("开单", "Opened"), l.grade(*grade), rule(name)), None)
        }
        Happening::Joined { rule: name, raised: Some(grade), .. } => {
            (format!("{} {} · {}", l.t("升级为", "Raised to"), l.grade(*grade), rule(name)), None)
        }
        Happening::Joined { rule: name, .. } => {
            (format!("{} · {}", l.t("并入新预警", "A further alert joined"), rule(name)), None)
        }
        Happening::Acknowledged { note } => (plain("签收", "Acknowledged"), note.clone()),
        Happening::Closed { outcome: None, note } => (plain("办结", "Closed"), note.clone()),
        Happening::Closed { outcome: Some(outcome), note } => {
            (format!("{} · {}", l.t("办结", "Closed"), l.outcome(*outcome)), note.clone())
        }
        Happening::Noted { note } => (plain("备注", "Noted"), Some(note.clone())),
        Happening::Assigned(assignment) => {
            let second = assignment.second.as_deref().map(|id| department(web, l, id));
            let second =
                second.map(|name| format!("（{}{name}）", l.t("备选：", "or: "))).unwrap_or_default();
            let said: Vec<&str> =
                [assignment.reason.as_deref(), assignment.note.as_deref()].into_iter().flatten().collect();
            let to = department(web, l, &assignment.department);
            let note = (!said.is_empty()).then(|| said.join("；"));
            (format!("{} {to}{second}", l.t("派单给", "Given to")), note)
        }
        Happening::Accepted { department: id, note } => {
            (format!("{} {}", department(web, l, id), l.t("接单", "took it")), note.clone())
        }
        Happening::Bounced { department: id, reason } => {
            (format!("{} {}", department(web, l, id), l.t("退回", "gave it back")), Some(reason.clone()))
        }
        Happening::Responded { note, .. } => (plain("已回应公众", "The public was answered"), note.clone()),
        Happening::Dismissed { dismissal, note } => {
            (format!("{} · {}", l.t("判为误报", "Dismissed"), l.dismissal(*dismissal)), note.clone())
        }
        Happening::Reopened { reason } => (plain("重新开办", "Reopened"), Some(reason.clone())),
        Happening::Merged { note, .. } => (plain("并入", "Merged into"), note.clone()),
        Happening::Absorbed { raised: None, .. } => (plain("并入了", "Took in"), None),
        Happening::Absorbed { raised: Some(grade), .. } => {
            let raised = l.t("等级升为", "raised to");
            (format!("{}，{raised}{}", l.t("并入另一单", "Took in another"), l.grade(*grade)), None)
        }
        Happening::Snoozed { until, reason } => {
            (format!("{} {}", l.t("挂起，最迟到", "Waits until"), at(*until)), Some(reason.clone()))
        }
        Happening::Resumed { note } => (plain("结束挂起", "Waits no more"), note.clone()),
        Happening::Warned { title, percent, due, .. } => {
            let used = l.t("时限已用", "of the time are spent:");
            (format!("“{title}”{used} {percent}%，{} {}", at(*due), l.t("到期", "it is up")), None)
        }
        Happening::Breached { title, due, .. } => {
            (format!("“{title}”{}（{}）", l.t("超时", ": the time is up"), at(*due)), None)
        }
        Happening::Escalated { why, receivers, .. } => {
            (format!("{} {}", l.t("催办，通知", "Called"), receivers.join("、")), Some(why.clone()))
        }
        Happening::ReplySeen(reply) => {
            let what = match reply.substance {
                Substance::Answers => plain("已核验公开答复", "The public's answer was seen"),
                Substance::Courtesy => plain(
                    "见到公开答复，但只是致谢、登记一类的套话，不算实质回应",
                    "A reply was seen that only notes and promises",
                ),
            };
            let published =
                reply.published_at.map(|when| format!("{} {}", l.t("发布于", "published"), at(when)));
            let title = Some(reply.title.clone()).filter(|title| !title.is_empty());
            let said: Vec<String> = [title, published].into_iter().flatten().collect();
            (what, (!said.is_empty()).then(|| said.join("，")))
        }
        Happening::ReplyDoubted { doubt, .. } => {
            let why = l.t(&doubt.chinese(), doubt.as_str()).to_owned();
            (plain("答复核验未通过", "This is no answer"), Some(why))
        }
        Happening::ReplyGone { .. } => (
            plain(
                "公开答复已看不到，时限恢复计时",
                "The answer is not there any more; its clock counts again",
            ),
            None,
        ),
        Happening::SplitOff { grade, .. } => {
            (format!("{} · {}", l.t("拆分开单，出自", "Split off, from"), l.grade(*grade)), None)
        }
        Happening::Split { posts, note, .. } => {
            (format!("{posts} {}", l.t("条帖文拆出到", "posts were split off into")), note.clone())
        }
        Happening::Checked { item, done: true } => (format!("{}：{item}", l.t("已完成", "Done")), None),
        Happening::Checked { item, done: false } => {
            (format!("{}：{item}", l.t("取消完成", "Not done after all")), None)
        }
    }
}
