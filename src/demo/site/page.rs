//! The town's pages as HTML that a person can read and a crawler can understand.
//!
//! Always holds: whatever the town says is escaped; the same content gives the same bytes, so no page shows how
//! long ago something was.

use askama::Template;
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone, offset};

use super::super::schedule::Schedule;
use super::super::town::{Entry, Site};
use super::shown::Thread;

/// The town lives by China's time.
pub(super) const CHINA: Offset = offset(8);

/// Entries on one page of a list.
pub(super) const PER_PAGE: usize = 30;

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }} - {{ site }}</title>
<link rel="alternate" type="application/rss+xml" title="市政服务公告" href="/feed.xml">
<style>
:root{color-scheme:light dark}
body{font:16px/1.7 system-ui,"PingFang SC","Microsoft YaHei",sans-serif;max-width:46rem;margin:0 auto;padding:0 1rem 3rem}
body>header{border-bottom:2px solid #2a7f62;padding:.8rem 0;display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;align-items:baseline}
body>header b{font-size:1.3rem;color:#2a7f62}
a{color:inherit;text-underline-offset:.2em}
h1{font-size:1.5rem;line-height:1.4;margin:1.2rem 0 .3rem}
ol.list{list-style:none;padding:0}
ol.list li{padding:.6rem 0;border-bottom:1px solid #8884}
ol.list h2{font-size:1.05rem;font-weight:600;margin:0}
.meta,article header p,article footer,body>footer{color:#767676;font-size:.85rem;margin:.2rem 0}
.mark{background:#2a7f62;color:#fff;border-radius:.2rem;padding:0 .35em;font-size:.75rem}
.comments h2{font-size:1.1rem}
.comment{border-left:2px solid #8884;padding-left:.8rem;margin:.9rem 0}
.body p{margin:.4rem 0}
nav.pages{display:flex;gap:1rem;margin:1rem 0}
</style>
</head>
<body>
<header><b>{{ site }}</b> <a href="/news/">新闻</a> <a href="/forum/">论坛</a> <a href="/notices/">公告</a> <a href="/hot/">热榜</a></header>
<main>
{{ main|safe }}
</main>
<footer>禾川市是虚构的城市，这里的人名、地名和事件都是编写的。</footer>
</body>
</html>
"#
)]
struct Layout<'a> {
    title: &'a str,
    site: &'a str,
    main: String,
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<h1>{{ title }}</h1>
<ol class="list">
{%- for row in rows %}
<li data-id="{{ row.key }}"><h2><a href="{{ row.link }}">{{ row.title }}</a></h2>
<p class="meta">{% if let Some(byline) = row.byline %}<span class="author">{{ byline.author }}</span>{% if byline.official %} <span class="mark">官方</span>{% endif %} {% endif %}<time datetime="{{ row.published.exact }}">{{ row.published.short }}</time>{% if row.replies > 0 %} · <span class="replies">{{ row.replies }}</span> 回复 · 最近 <time datetime="{{ row.active.exact }}">{{ row.active.short }}</time>{% endif %}</p></li>
{%- endfor %}
</ol>
{%- if page > 1 || more %}
<nav class="pages">{% if page > 1 %}<a rel="prev" href="?page={{ page - 1 }}">上一页</a>{% endif %} 第 {{ page }} 页 {% if more %}<a rel="next" href="?page={{ page + 1 }}">下一页</a>{% endif %}</nav>
{%- endif %}"#
)]
struct List<'a> {
    title: &'a str,
    rows: Vec<Row<'a>>,
    page: usize,
    more: bool,
}

struct Row<'a> {
    key: &'a str,
    link: String,
    title: &'a str,
    byline: Option<Byline<'a>>,
    published: Time,
    replies: usize,
    active: Time,
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<article class="{{ class }}" id="{{ opener.key }}" data-id="{{ opener.key }}">
<header>
<h1>{{ title }}</h1>
<p>{% if let Some(byline) = opener.byline %}<span class="author">{{ byline.author }}</span>{% if byline.official %} <span class="mark">官方</span>{% endif %} {% endif %}<time datetime="{{ opener.published.exact }}">{{ opener.published.short }}</time></p>
</header>
<div class="body">
{%- for paragraph in opener.text.lines() %}
<p>{{ paragraph }}</p>
{%- endfor %}
</div>
{%- if opener.likes > 0 %}
<footer>赞 <span class="likes">{{ opener.likes }}</span></footer>
{%- endif %}
</article>
{%- if answerable %}
<section class="comments">
<h2>{% if comments.is_empty() %}还没有回复{% else %}{{ comments.len() }} 条回复{% endif %}</h2>
{%- for comment in comments %}
<article class="comment" id="{{ comment.said.key }}" data-id="{{ comment.said.key }}" data-parent="{{ comment.parent }}" style="margin-left:{{ comment.indent }}rem">
<header><p>{% if let Some(byline) = comment.said.byline %}<span class="author">{{ byline.author }}</span>{% if byline.official %} <span class="mark">官方</span>{% endif %} {% endif %}<time datetime="{{ comment.said.published.exact }}">{{ comment.said.published.short }}</time></p></header>
<div class="body">
{%- for paragraph in comment.said.text.lines() %}
<p>{{ paragraph }}</p>
{%- endfor %}
</div>
<footer>赞 <span class="likes">{{ comment.said.likes }}</span></footer>
</article>
{%- endfor %}
</section>
{%- endif %}"#
)]
struct ThreadPage<'a> {
    class: &'a str,
    title: &'a str,
    opener: Said<'a>,
    answerable: bool,
    comments: Vec<Comment<'a>>,
}

struct Comment<'a> {
    said: Said<'a>,
    parent: &'a str,
    indent: usize,
}

struct Said<'a> {
    key: &'a str,
    byline: Option<Byline<'a>>,
    published: Time,
    text: &'a str,
    likes: u64,
}

struct Byline<'a> {
    author: &'a str,
    official: bool,
}

struct Time {
    exact: String,
    short: String,
}

/// A page of a list of threads, counted from 1; `None` if there is no such page. The first is there even if it
/// is empty.
pub(super) fn list(site: Site, threads: &[Thread<'_>], page: usize, schedule: &Schedule) -> Option<String> {
    let from = page.checked_sub(1)?.checked_mul(PER_PAGE)?;
    let rest = threads.get(from..).filter(|rest| page == 1 || !rest.is_empty())?;
    let rows = rest.iter().take(PER_PAGE).map(|thread| Row {
        key: &thread.opener.key,
        link: path(thread.opener),
        title: &thread.opener.title,
        byline: byline(thread.opener),
        published: time(schedule.appears_at(thread.opener)),
        replies: thread.comments.len(),
        active: time(thread.active),
    });
    let title = name(site);
    Some(layout(title, title, &List { title, rows: rows.collect(), page, more: rest.len() > PER_PAGE }))
}

/// The page of one thread.
pub(super) fn thread(thread: &Thread<'_>, schedule: &Schedule) -> String {
    let opener = thread.opener;
    let said = |entry| said(entry, schedule);
    let comments = thread.comments.iter().map(|(comment, depth)| Comment {
        said: said(comment),
        parent: comment.reply_to.as_deref().unwrap_or_default(),
        // On a phone deeper threads would leave no room for words.
        indent: (depth - 1).min(4),
    });
    let page = ThreadPage {
        class: match opener.site {
            Site::News => "article",
            Site::Forum => "topic",
            Site::Feed => "notice",
            Site::Hotlist => "headline",
        },
        title: &opener.title,
        opener: said(opener),
        answerable: opener.site.takes_answers(),
        comments: comments.collect(),
    };
    layout(&opener.title, name(opener.site), &page)
}

/// Where an opener's page lies.
pub(super) fn path(opener: &Entry) -> String {
    let folder = match opener.site {
        Site::News => "news",
        Site::Forum => "forum",
        Site::Feed => "notices",
        Site::Hotlist => "hot",
    };
    format!("/{folder}/{}", opener.key)
}

/// What people call a site.
pub(super) fn name(site: Site) -> &'static str {
    match site {
        Site::News => "禾川新闻网",
        Site::Forum => "禾川论坛",
        Site::Feed => "市政服务公告",
        Site::Hotlist => "禾川热榜",
    }
}

fn layout(title: &str, site: &str, main: &impl Template) -> String {
    let main = render(main);
    render(&Layout { title, site, main })
}

fn render(template: &impl Template) -> String {
    template.render().expect("a string takes every text")
}

fn said<'a>(entry: &'a Entry, schedule: &Schedule) -> Said<'a> {
    Said {
        key: &entry.key,
        byline: byline(entry),
        published: time(schedule.appears_at(entry)),
        text: &entry.text,
        likes: entry.likes,
    }
}

fn byline(entry: &Entry) -> Option<Byline<'_>> {
    entry.author.as_deref().map(|author| Byline { author, official: entry.official })
}

fn time(at: Timestamp) -> Time {
    Time {
        exact: at.display_with_offset(CHINA).to_string(),
        short: at.to_zoned(TimeZone::fixed(CHINA)).strftime("%m-%d %H:%M:%S").to_string(),
    }
}
