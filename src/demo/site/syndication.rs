//! The town for machines: the notices as RSS 2.0, the hot list in newsnow's shape.

use askama::Template;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;
use serde_json::json;
use url::Url;

use super::super::schedule::Schedule;
use super::super::town::Site;
use super::page;
use super::shown::Thread;

#[derive(Template)]
#[template(
    ext = "xml",
    source = r#"<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom">
<channel>
<title>{{ title }}</title>
<link>{{ home }}</link>
<atom:link href="{{ this }}" rel="self" type="application/rss+xml"/>
<description>禾川市各部门和公用事业单位的公告</description>
<language>zh-CN</language>
{%- if let Some(built) = built %}
<lastBuildDate>{{ built }}</lastBuildDate>
{%- endif %}
{%- for item in items %}
<item>
<title>{{ item.title }}</title>
<link>{{ item.link }}</link>
<guid isPermaLink="false">{{ item.guid }}</guid>
<pubDate>{{ item.published }}</pubDate>
{%- if let Some(author) = item.author %}
<dc:creator>{{ author }}</dc:creator>
{%- endif %}
<description>{{ item.html }}</description>
</item>
{%- endfor %}
</channel>
</rss>
"#
)]
struct Rss<'a> {
    title: &'a str,
    home: String,
    this: String,
    built: Option<String>,
    items: Vec<Item<'a>>,
}

struct Item<'a> {
    title: &'a str,
    link: String,
    guid: &'a str,
    published: String,
    author: Option<&'a str>,
    /// HTML, escaped once more by the template as RSS wants it.
    html: String,
}

#[derive(Template)]
#[template(ext = "html", source = "{% for paragraph in text.lines() %}<p>{{ paragraph }}</p>{% endfor %}")]
struct Paragraphs<'a> {
    text: &'a str,
}

/// The feed of notices, the newest first.
pub(super) fn rss(threads: &[Thread<'_>], base: &Url, schedule: &Schedule) -> String {
    let items = threads.iter().map(|thread| Item {
        title: &thread.opener.title,
        link: absolute(base, &page::path(thread.opener)),
        guid: &thread.opener.key,
        published: rfc822(schedule.appears_at(thread.opener)),
        author: thread.opener.author.as_deref(),
        html: Paragraphs { text: &thread.opener.text }.render().expect("a string takes every text"),
    });
    let rss = Rss {
        title: page::name(Site::Feed),
        home: absolute(base, "/notices/"),
        this: absolute(base, "/feed.xml"),
        built: threads.iter().map(|thread| thread.active).max().map(rfc822),
        items: items.collect(),
    };
    rss.render().expect("a string takes every text")
}

/// The hot list as newsnow gives it, the newest headline on top.
pub(super) fn hotlist(threads: &[Thread<'_>], base: &Url, schedule: &Schedule) -> String {
    let items: Vec<_> = threads
        .iter()
        .map(|thread| {
            json!({
                "id": thread.opener.key,
                "title": thread.opener.title,
                "url": absolute(base, &page::path(thread.opener)),
                "pubDate": schedule.appears_at(thread.opener).as_millisecond(),
            })
        })
        .collect();
    let updated = threads.iter().map(|thread| thread.active.as_millisecond()).max();
    json!({ "status": "success", "id": "hechuan", "updatedTime": updated, "items": items }).to_string()
}

fn absolute(base: &Url, path: &str) -> String {
    base.join(path).expect("our own paths are legal").into()
}

fn rfc822(at: Timestamp) -> String {
    rfc2822::to_string(&at.to_zoned(TimeZone::fixed(page::CHINA)))
        .expect("our own time has a year of four digits")
}
