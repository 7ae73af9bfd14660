//! What people read: subject, text and HTML of a mail, in plain Chinese.
//!
//! Text of posts is hostile: the HTML is escaped by the templates, links go to http and https only, and no
//! character that ends a line or turns text stands in a subject.

use std::collections::BTreeSet;

use jiff::Timestamp;
use url::Url;

use crate::assess::{Grade, Status};
use crate::detect::Evidence;
use crate::incident::{IncidentId, State, desk_time};

use super::address::is_unsafe;
use super::{Batch, Brief, Notification, Part, Reason, Wording};

/// Longest subject, in characters.
const SUBJECT: usize = 60;

/// A mail's words; the envelope is `email`'s affair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// `【红】停水 · 望江花园 · INC-20261122-07`; from the second on with `Re: `.
    pub subject: String,
    /// The plain text, complete.
    pub text: String,
    /// The same as HTML, complete.
    pub html: String,
}

/// The words of a mail. `console` is the console's address, for links.
pub fn mail(notification: &Notification, console: &Url, wording: &Wording) -> Mail {
    let view = View::of(notification, console);
    let (text, html) = (wording.of(Part::MailText, &view), wording.of(Part::MailHtml, &view));
    Mail { subject: subject(notification), text, html }
}

/// The words of a mail that tells of several incidents.
pub(super) fn digest_mail(batch: &Batch, console: &Url, wording: &Wording) -> Mail {
    let shown = Digest::of(batch, console);
    let text = wording.of_digest(Part::DigestText, &shown);
    let html = wording.of_digest(Part::DigestHtml, &shown);
    Mail { subject: shown.title, text, html }
}

/// Where an incident is shown.
pub(super) fn link(incident: &IncidentId, console: &Url) -> String {
    let mut url = console.clone();
    // What is of no incident leads to the console itself.
    if incident.is_of_desk()
        && let Ok(mut path) = url.path_segments_mut()
    {
        path.pop_if_empty().extend(["incidents", incident.as_str()]);
    }
    url.to_string()
}

/// What is not known yet, in the officer's words; a message that leaves it out pretends to know it.
pub(super) fn unknowns(brief: &Brief) -> Vec<&'static str> {
    let mut unknown = Vec::new();
    if brief.place.is_none() {
        unknown.push("具体地点");
    }
    if brief.department.is_none() {
        unknown.push("责任部门（待人工分派）");
    }
    let unsure =
        |post: &Evidence| matches!(post.status, Status::Hearsay | Status::Question | Status::Hypothetical);
    if brief.evidence.iter().all(unsure) {
        unknown.push("情况是否属实（帖文均为听说、询问或担心）");
    }
    if brief.voices <= 1 {
        unknown.push("是否还有其他人遇到");
    }
    unknown.push("有关单位是否已经回应");
    unknown
}

fn subject(notification: &Notification) -> String {
    let again = if notification.thread.is_some() { "Re: " } else { "" };
    let outside = notification.reason.is_outside();
    let tail = if outside { String::new() } else { format!(" · {}", notification.brief.incident) };
    let room = SUBJECT.saturating_sub(again.chars().count() + tail.chars().count());
    format!("{again}{}{tail}", title_within(notification, room))
}

/// `【红】停水 · 望江花园`.
pub(super) fn title(notification: &Notification) -> String {
    title_within(notification, SUBJECT)
}

/// The same in so many characters.
fn title_within(notification: &Notification, room: usize) -> String {
    let brief = &notification.brief;
    let what = if brief.matter.is_empty() { &brief.category_name } else { &brief.matter };
    let grade = if notification.reason.is_outside() { grade_of(notification) } else { brief.grade.chinese() };
    let head = format!("【{grade}{}】", mark(notification.reason));
    let place = brief.place.as_deref().map(|place| format!(" · {place}")).unwrap_or_default();
    let room = room.saturating_sub(head.chars().count());
    let middle: String = format!("{what}{place}").chars().filter(|&c| !is_unsafe(c)).collect();
    if middle.chars().count() <= room {
        return format!("{head}{middle}");
    }
    let middle: String = middle.chars().take(room.saturating_sub(1)).collect();
    format!("{head}{middle}…")
}

/// What stands above several notifications that go out together: `【汇总】7 件处置单有新情况，最高红级`.
pub(super) fn digest_title(batch: &Batch) -> String {
    let incidents: BTreeSet<&IncidentId> = batch.iter().map(|one| &one.brief.incident).collect();
    format!("【汇总】{} 件处置单有新情况，最高{}级", incidents.len(), batch.gravest().chinese())
}

/// One of them in a line: `红 停水 · 望江花园：等级由黄升为红，请立即查看。`.
pub(super) fn digest_line(notification: &Notification) -> String {
    let brief = &notification.brief;
    let what = if brief.matter.is_empty() { &brief.category_name } else { &brief.matter };
    let place = brief.place.as_deref().map(|place| format!(" · {place}")).unwrap_or_default();
    let line = format!("{} {what}{place}：{}", brief.grade.chinese(), headline(notification));
    line.chars().filter(|&c| !is_unsafe(c)).collect()
}

/// What stands in the place of the grade: `红级`, `测试`, `系统`.
fn grade_of(notification: &Notification) -> &'static str {
    match (notification.reason, notification.brief.grade) {
        (Reason::Test, _) => "测试",
        (Reason::Silent | Reason::Restored, _) => "系统",
        (Reason::Handover | Reason::Unaccepted, _) => "值班",
        (Reason::Outage | Reason::Recovered, _) => "信源",
        (_, Grade::Red) => "红级",
        (_, Grade::Orange) => "橙级",
        (_, Grade::Yellow) => "黄级",
        (_, Grade::Blue) => "蓝级",
    }
}

/// What stands beside the grade of a message that speaks of time.
fn mark(reason: Reason) -> &'static str {
    match reason {
        Reason::ClockWarning => "·临期",
        Reason::Breach => "·超时",
        Reason::Escalated => "·催办",
        Reason::Opened
        | Reason::Raised
        | Reason::Acknowledged
        | Reason::Assigned
        | Reason::Bounced
        | Reason::Responded
        | Reason::Verified
        | Reason::Doubted
        | Reason::Vanished
        | Reason::Resumed
        | Reason::Closed
        | Reason::Dismissed
        | Reason::Merged
        | Reason::Reopened
        | Reason::Silent
        | Reason::Restored
        | Reason::Handover
        | Reason::Unaccepted
        | Reason::Outage
        | Reason::Recovered
        | Reason::Test => "",
    }
}

/// All that the templates show.
pub(super) struct View {
    pub(super) headline: String,
    /// Whether it is of no incident.
    pub(super) outside: bool,
    pub(super) grade: &'static str,
    pub(super) colour: &'static str,
    pub(super) rows: Vec<(&'static str, String)>,
    pub(super) why: Vec<String>,
    pub(super) heard: String,
    pub(super) posts: Vec<Shown>,
    pub(super) unknown: Vec<&'static str>,
    pub(super) link: String,
    pub(super) receiver: String,
    pub(super) versions: String,
}

/// All that the templates of a digest show: each incident by its title and what a message on it alone would show, the
/// gravest first.
pub(super) struct Digest {
    pub(super) title: String,
    pub(super) colour: &'static str,
    pub(super) lines: Vec<(String, View)>,
    pub(super) link: String,
    pub(super) receiver: String,
}

impl Digest {
    pub(super) fn of(batch: &Batch, console: &Url) -> Self {
        let told = batch.gravest_first();
        Self {
            title: digest_title(batch),
            colour: colour(batch.gravest()),
            lines: told.into_iter().map(|one| (one.brief.title.clone(), View::of(one, console))).collect(),
            link: console.to_string(),
            receiver: batch.first().receiver.clone(),
        }
    }
}

/// One post as shown.
pub(super) struct Shown {
    pub(super) excerpt: String,
    pub(super) source: String,
    pub(super) at: String,
    pub(super) grade: &'static str,
    pub(super) url: Option<String>,
}

impl View {
    pub(super) fn of(notification: &Notification, console: &Url) -> Self {
        let brief = &notification.brief;
        let outside = notification.reason.is_outside();
        let over = !brief.state.is_open();
        let fresh = matches!(notification.reason, Reason::Opened | Reason::Raised);
        let mut rows = vec![
            ("等级", format!("{}（{}）", brief.grade.chinese(), meaning(brief.grade))),
            (
                "事项",
                match brief.matter.as_str() {
                    "" => brief.category_name.clone(),
                    matter => format!("{} · {matter}", brief.category_name),
                },
            ),
            ("地点", brief.place.clone().unwrap_or_else(|| "待核实".to_owned())),
            ("责任部门", brief.department_name.clone().unwrap_or_else(|| "待人工分派".to_owned())),
            ("处置单", format!("{}（{}）", brief.incident, brief.state.chinese())),
            ("发现时间", time(brief.opened_at)),
        ];
        if let Some(limits) = brief.action.clone().filter(|_| fresh) {
            rows.push(("时限", limits));
        }
        if let Some(closed) = brief.closed_at {
            rows.push((if brief.state == State::Closed { "办结时间" } else { "结束时间" }, time(closed)));
        }
        let heard = match (brief.voices, brief.posts) {
            (0, _) => String::new(),
            (1, posts) => format!("目前只见一人反映，帖文 {posts} 条。"),
            (voices, posts) => format!("至少 {voices} 个不同的人反映，帖文 {posts} 条。"),
        };
        Self {
            headline: headline(notification),
            outside,
            grade: grade_of(notification),
            colour: colour(brief.grade),
            rows: if outside { Vec::new() } else { rows },
            why: brief.why.clone(),
            heard,
            posts: brief.evidence.iter().map(Shown::of).collect(),
            unknown: if outside || over { Vec::new() } else { unknowns(brief) },
            link: link(&brief.incident, console),
            receiver: notification.receiver.clone(),
            versions: if outside {
                String::new()
            } else {
                format!("规则 {}，词典版本 {}。", brief.rule, brief.dictionary)
            },
        }
    }
}

impl Shown {
    fn of(post: &Evidence) -> Self {
        let open = post.url.as_ref().filter(|url| matches!(url.scheme(), "http" | "https"));
        Self {
            excerpt: post.excerpt.clone(),
            source: post.source_name.clone(),
            at: time(post.published_at),
            grade: post.grade.map_or("未评级", Grade::chinese),
            url: open.map(ToString::to_string),
        }
    }
}

fn headline(notification: &Notification) -> String {
    let brief = &notification.brief;
    let acted = brief.action.as_deref().unwrap_or_default();
    match notification.reason {
        Reason::Opened => match &brief.follows {
            None => "发现新情况，等待签收。".to_owned(),
            Some(earlier) => format!("同一地点的同类问题再次出现（上次为 {earlier}，已办结），等待签收。"),
        },
        Reason::Raised => match brief.was {
            Some(was) => format!("等级由{}升为{}，请立即查看。", was.chinese(), brief.grade.chinese()),
            None => format!("等级升为{}，请立即查看。", brief.grade.chinese()),
        },
        Reason::Acknowledged
        | Reason::Assigned
        | Reason::Bounced
        | Reason::Responded
        | Reason::Verified
        | Reason::Doubted
        | Reason::Vanished
        | Reason::Dismissed
        | Reason::Reopened
        | Reason::Merged
        | Reason::Resumed
        | Reason::ClockWarning
        | Reason::Breach
        | Reason::Escalated => acted.to_owned(),
        Reason::Closed => match brief.closed_at {
            Some(closed) => format!("{acted}（历时{}）", span(brief.opened_at, closed)),
            None => acted.to_owned(),
        },
        Reason::Handover => "您已到岗，以下是交接内容，请确认接班。".to_owned(),
        Reason::Unaccepted => "接班人没有按时确认接班，请立即联系。".to_owned(),
        Reason::Outage => "这些信源上的情况现在听不到，请尽快检查。".to_owned(),
        Reason::Recovered => "已能读到，其间的帖文会补上。".to_owned(),
        Reason::Silent => "民声值班台没有正常工作，其间的预警可能没有发出，请立即检查。".to_owned(),
        Reason::Restored => "民声值班台已恢复正常，请查看其间有无遗漏。".to_owned(),
        Reason::Test => {
            "这是一条测试通知，用来检查本接收方式是否畅通；没有发生任何情况，无需处置。".to_owned()
        }
    }
}

fn meaning(grade: Grade) -> &'static str {
    match grade {
        Grade::Red => "Ⅰ级，特别重大",
        Grade::Orange => "Ⅱ级，重大",
        Grade::Yellow => "Ⅲ级，较大",
        Grade::Blue => "Ⅳ级，一般",
    }
}

fn colour(grade: Grade) -> &'static str {
    match grade {
        Grade::Red => "#c62828",
        Grade::Orange => "#d9600a",
        Grade::Yellow => "#8a6a00",
        Grade::Blue => "#1f5fa8",
    }
}

/// As integrations §2 wants it: `11-22 08:47`.
fn time(at: Timestamp) -> String {
    desk_time(at).strftime("%m-%d %H:%M").to_string()
}

fn span(from: Timestamp, to: Timestamp) -> String {
    let minutes = (to.duration_since(from).as_secs() / 60).max(0);
    match (minutes / 1440, minutes / 60 % 24, minutes % 60) {
        (0, 0, minutes) => format!(" {minutes} 分钟"),
        (0, hours, minutes) => format!(" {hours} 小时 {minutes} 分钟"),
        (days, hours, _) => format!(" {days} 天 {hours} 小时"),
    }
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
