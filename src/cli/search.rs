//! `minsheng search`: stored posts, by the words in them.

use std::io::Write;

use serde_json::Value;

use super::offline::{Reach, accepted, close, reach};
use super::{Done, Failure, Places, output};
use crate::assess::Grade;
use crate::pipeline::reading::{Asked, FoundPost};
use crate::pipeline::start::Pipeline;
use crate::search::{Counting, Filters, Sort};
use crate::source::SourceId;

/// Search stored posts.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  minsheng search '停水 -通知' --grade yellow\n  minsheng search '\"没人管\"' --since 2026-11-01T00:00:00+08:00 --limit 50"
)]
pub(super) struct Search {
    /// Words; "phrases"; -not; OR; source: category: grade: place: since: until:
    query: String,
    /// Published at or after.
    #[arg(long, value_name = "TIME")]
    since: Option<jiff::Timestamp>,
    /// Published before.
    #[arg(long, value_name = "TIME")]
    until: Option<jiff::Timestamp>,
    /// Found at this source.
    #[arg(long, value_name = "ID")]
    source: Option<String>,
    /// Of this grade: blue, yellow, orange, red or none.
    #[arg(long, value_name = "GRADE")]
    grade: Option<String>,
    /// Most posts shown, at most 500.
    #[arg(long, default_value_t = 20, value_name = "N")]
    limit: usize,
    /// Write JSON lines.
    #[arg(long)]
    json: bool,
}

/// What is shown of one post.
struct Row {
    grade: String,
    at: String,
    source: String,
    text: String,
    url: String,
}

impl Search {
    pub(super) async fn run(&self, places: &Places) -> Done {
        let reach = reach(places).await?;
        match &reach {
            Reach::Running(daemon) => {
                let answer = accepted(&daemon.get(&self.path()).await?)?;
                let posts = answer.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
                for post in posts {
                    if self.json { output::json(&post)? } else { show(&of_api(&post))? }
                }
            }
            Reach::Alone(pipeline) => self.alone(pipeline).await?,
        }
        if let Reach::Alone(pipeline) = reach {
            close(*pipeline).await?;
        }
        Ok(())
    }

    fn path(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("q", &self.query).append_pair("limit", &self.limit.to_string());
        let given = [
            ("since", self.since.map(|at| at.to_string())),
            ("until", self.until.map(|at| at.to_string())),
            ("source", self.source.clone()),
            ("grade", self.grade.clone()),
        ];
        for (key, value) in given {
            if let Some(value) = value {
                query.append_pair(key, &value);
            }
        }
        format!("api/v1/posts?{}", query.finish())
    }

    async fn alone(&self, pipeline: &Pipeline) -> Result<(), Failure> {
        pipeline.caught_up(|_| {}).await;
        let grades = match self.grade.as_deref() {
            None => Vec::new(),
            Some("none") => vec![None],
            Some(word) => match Grade::from_word(word) {
                Some(grade) => vec![Some(grade)],
                None => {
                    return Err(Failure::Usage(format!(
                        "{word:?} is no grade: blue, yellow, orange, red or none"
                    )));
                }
            },
        };
        let sources = self.source.as_deref().map(SourceId::new).transpose()?.into_iter().collect();
        let filters = Filters { since: self.since, until: self.until, sources, grades, ..Filters::default() };
        let asked = Asked {
            query: self.query.clone(),
            filters,
            sort: Sort::Newest,
            cursor: None,
            limit: self.limit,
            counting: Counting::Nothing,
        };
        let found = pipeline.handles.reading.find(asked, pipeline.handles.clock.now()).await?;
        for post in &found.posts {
            if self.json {
                output::json(&serde_json::json!({
                    "id": post.post.post.id, "source": post.post.post.source, "url": post.post.post.url,
                    "published_at": post.post.post.published_at, "title": post.post.post.title,
                    "text": post.post.post.text, "grade": post.post.assessment.grade,
                }))?;
            } else {
                show(&of_store(post))?;
            }
        }
        Ok(())
    }
}

fn of_store(found: &FoundPost) -> Row {
    let post = &found.post.post;
    Row {
        grade: found.post.assessment.grade.map_or("none", Grade::as_str).to_owned(),
        at: crate::incident::desk_time(post.published_at).strftime("%m-%d %H:%M").to_string(),
        source: post.source.to_string(),
        text: found.post.whole(),
        url: post.url.as_ref().map(ToString::to_string).unwrap_or_default(),
    }
}

fn of_api(post: &Value) -> Row {
    let text =
        |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let grade =
        post.get("assessment").map_or_else(|| text(post, "grade"), |assessment| text(assessment, "grade"));
    let (title, body) = (text(post, "title"), text(post, "text"));
    Row {
        grade,
        at: text(post, "published_at"),
        source: text(post, "source"),
        text: if title.is_empty() { body } else { format!("{title}\n{body}") },
        url: text(post, "url"),
    }
}

fn show(row: &Row) -> std::io::Result<()> {
    let colour = match row.grade.as_str() {
        _ if !output::coloured() => "",
        "red" => "\x1b[31m",
        "orange" => "\x1b[38;5;208m",
        "yellow" => "\x1b[33m",
        "blue" => "\x1b[34m",
        _ => "",
    };
    let end = if colour.is_empty() { "" } else { "\x1b[0m" };
    // Texts are the public's: nothing in them may speak to the terminal.
    let clean: String = row.text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(120).collect();
    let mut out = output::lines();
    writeln!(out, "{colour}{:6}{end} {}  {}  {clean}", row.grade, row.at, row.source)?;
    if !row.url.is_empty() {
        writeln!(out, "       {}", row.url)?;
    }
    out.flush()
}
