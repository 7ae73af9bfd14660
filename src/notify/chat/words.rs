//! What a message to a group says: grade, what, where, why in one sentence, department, limits, excerpts without names,
//! what is unknown, the link, and what judged.

use url::Url;

use super::Service;
use super::cut::{cut, fit};
use super::dialect::{bold, coloured, line_end, link, link_of_post, plain, quote};
use crate::assess::Grade;
use crate::notify::render::{self, View};
use crate::notify::{Batch, Notification, Part, Wording};

/// Longest excerpt, reason and name in bytes.
const EXCERPT: usize = 240;
const REASON: usize = 360;
const NAME: usize = 180;
/// Incidents of a digest up to which each has its link; more are named in lines of at most so many bytes.
const LINKED: usize = 10;
const LINE: usize = 75;

/// A message in a dialect of markdown.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// One line without markup, for where a service shows one beside the text.
    pub(super) title: String,
    /// The gravest grade it tells of.
    pub(super) grade: Grade,
    /// Whether all that it tells of is over.
    pub(super) over: bool,
    /// The text.
    pub(super) text: String,
    /// Where its link leads, and the words on it.
    pub(super) link: (String, &'static str),
}

/// The words for what is told, in at most `bytes` bytes; `further` are lines of ours that stand before the link.
pub(super) fn message(
    service: Service,
    batch: &Batch,
    console: &Url,
    bytes: usize,
    further: &[String],
    wording: Option<&Wording>,
) -> Message {
    let grade = batch.gravest();
    let over = batch.iter().all(|notification| !notification.brief.state.is_open());
    match batch.single() {
        Some(one) => single(service, one, console, bytes, further, (grade, over), wording),
        None => digest(service, batch, console, bytes, further, (grade, over)),
    }
}

fn single(
    service: Service,
    notification: &Notification,
    console: &Url,
    bytes: usize,
    further: &[String],
    (grade, over): (Grade, bool),
    wording: Option<&Wording>,
) -> Message {
    let view = View::of(notification, console);
    let brief = &notification.brief;
    let outside = notification.reason.is_outside();
    let title = render::title(notification);
    let shown = plain(service, &cut(&title, NAME));
    let mut head = heading(service, grade, &shown);
    let middle = match wording {
        Some(wording) => own_words(service, &view, wording, &mut head),
        None => our_words(service, &view, &mut head),
    };
    let words = if outside { "打开值班台" } else { "打开处置单" };
    let mut foot = further.to_vec();
    foot.push(link(service, words, &view.link));
    if !view.versions.is_empty() {
        foot.push(plain(service, &cut(&format!("北京时间。{}", view.versions), NAME)));
    }
    let posts = brief.posts;
    let left_out = |_| format!("…（共 {posts} 条，详见控制台）");
    let text = fit(&head, &middle, &foot, bytes, line_end(service), left_out);
    Message { title, grade, over, text, link: (view.link, words) }
}

/// The lines of an office's own words: what they hold is text, whatever marks stand in it.
fn own_words(service: Service, view: &View, wording: &Wording, head: &mut Vec<String>) -> Vec<String> {
    let text = wording.of(Part::Chat, view);
    let mut lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
    head.extend(lines.next().map(|first| quote(service, &plain(service, &cut(first, REASON)))));
    lines.map(|line| plain(service, &cut(line, REASON))).collect()
}

fn our_words(service: Service, view: &View, head: &mut Vec<String>) -> Vec<String> {
    head.push(quote(service, &plain(service, &cut(&view.headline, REASON))));
    let mut middle = Vec::new();
    for (name, value) in &view.rows {
        // Matter and grade stand in the title; the rest is for those who open it.
        if matches!(*name, "地点" | "责任部门" | "处置单" | "时限" | "办结时间" | "结束时间")
        {
            head.push(format!("{name}：{}", plain(service, &cut(value, NAME))));
        }
    }
    for why in view.why.iter().take(2) {
        middle.push(format!("· {}", plain(service, &cut(why, REASON))));
    }
    if !view.heard.is_empty() {
        middle.push(format!("· {}", view.heard));
    }
    if !view.unknown.is_empty() {
        middle.push(format!("尚不清楚：{}", view.unknown.join("；")));
    }
    for (nth, post) in (1..).zip(&view.posts) {
        let from = plain(service, &cut(&post.source, NAME));
        let place = post.url.as_deref().and_then(|url| link_of_post(service, url));
        let place = place.map(|place| format!(" {place}")).unwrap_or_default();
        let said = plain(service, &cut(&post.excerpt, EXCERPT));
        middle.push(format!("{nth}. 「{said}」 {from}，{}{place}", post.at));
    }
    middle
}

/// The title within the text, where the service shows none beside it.
fn heading(service: Service, grade: Grade, title: &str) -> Vec<String> {
    match service {
        Service::WeCom | Service::DingTalk => vec![bold(service, &coloured(service, grade, title))],
        Service::Feishu | Service::Slack => Vec::new(),
    }
}

fn digest(
    service: Service,
    batch: &Batch,
    console: &Url,
    bytes: usize,
    further: &[String],
    (grade, over): (Grade, bool),
) -> Message {
    let title = render::digest_title(batch);
    let head = heading(service, grade, &title);
    let told = batch.gravest_first();
    let linked = told.len() <= LINKED;
    let middle: Vec<String> = told
        .into_iter()
        .map(|notification| {
            let line =
                plain(service, &cut(&render::digest_line(notification), if linked { NAME } else { LINE }));
            let incident = &notification.brief.incident;
            if linked {
                let open = link(service, incident.as_str(), &render::link(incident, console));
                format!("· {line} {open}")
            } else {
                format!("· {line} {incident}")
            }
        })
        .collect();
    let mut foot = further.to_vec();
    foot.push(link(service, "打开值班台", console.as_str()));
    let left_out = |left| format!("…（另有 {left} 件，详见控制台）");
    let text = fit(&head, &middle, &foot, bytes, line_end(service), left_out);
    Message { title, grade, over, text, link: (console.to_string(), "打开值班台") }
}
