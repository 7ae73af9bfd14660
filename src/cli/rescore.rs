//! `minsheng rescore`: stored posts, judged again by the dictionaries and the model in force.

use std::time::Duration;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::offline::{Reach, accepted, close, reach};
use super::{Done, Places, output};
use crate::journal::record::PersonOrToken;
use crate::outward::Daemon;
use crate::pipeline::rescoring::{Progress, Stage};
use crate::pipeline::start::Pipeline;
use crate::report::table::{Ink, Side, Table, Tone};

/// How often a running daemon is asked how far it is.
const GLANCE: Duration = Duration::from_millis(300);

/// Judge stored posts again by the dictionaries and the model in force.
#[derive(clap::Args)]
#[command(
    after_help = "What was concluded at the time stays: incidents, their evidence and what people were told. What search \
        shows follows,\nall posts at once; until then new posts wait to be found by it. It is done even if the daemon ends \
        meanwhile.\n\nExamples:\n  minsheng rescore --since 2026-11-01T00:00:00+08:00\n  minsheng rescore --json"
)]
pub(super) struct Rescore {
    /// Posts first seen at or after.
    #[arg(long, value_name = "TIME")]
    since: Option<jiff::Timestamp>,
    /// Posts first seen before.
    #[arg(long, value_name = "TIME")]
    until: Option<jiff::Timestamp>,
    /// Write the result as JSON.
    #[arg(long)]
    json: bool,
}

/// What came of it.
#[derive(Default, Serialize)]
struct Rescored {
    posts: u64,
    version: String,
    grades: Vec<Moved>,
    categories: Vec<Moved>,
}

/// So many posts went from one judgement to another.
#[derive(Serialize, Deserialize)]
struct Moved {
    from: String,
    to: String,
    posts: u64,
}

impl Rescore {
    pub(super) async fn run(&self, places: &Places) -> Done {
        let reach = reach(places).await?;
        let rescored = match &reach {
            Reach::Running(daemon) => self.order(daemon).await,
            Reach::Alone(pipeline) => self.alone(pipeline).await,
        };
        if let Reach::Alone(pipeline) = reach {
            close(*pipeline).await?;
        }
        let rescored = rescored?;
        if self.json {
            output::json(&rescored)?;
        } else {
            let ink = if output::coloured() { Ink::Colour } else { Ink::Plain };
            output::bytes(rescored.text(ink).as_bytes())?;
        }
        Ok(())
    }

    async fn order(&self, daemon: &Daemon) -> anyhow::Result<Rescored> {
        let body = json!({"since": self.since, "until": self.until});
        let answer = daemon.post("api/v1/rescore", "application/json", body.to_string().into()).await?;
        let ordered = accepted(&answer)?;
        let number = |value: &Value, key: &str| value.get(key).and_then(Value::as_u64).unwrap_or_default();
        let posts = number(&ordered, "posts");
        let version = ordered.get("version").and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut rescored = Rescored { posts, version, ..Rescored::default() };
        if posts == 0 {
            return Ok(rescored);
        }
        let bar = output::progress(Some(posts), "judging again");
        loop {
            let told = accepted(&daemon.get("api/v1/rescore").await?)?;
            match told.get("state").and_then(Value::as_str) {
                Some("running") => bar.set_position(number(&told, "judged")),
                Some("done") => {
                    bar.finish_and_clear();
                    rescored.grades = moved(&told, "grades")?;
                    rescored.categories = moved(&told, "categories")?;
                    return Ok(rescored);
                }
                _ => bail!("the daemon ended meanwhile or could not write its index; its next start does it"),
            }
            // The daemon tells nobody when it is done; a glance is cheap.
            tokio::time::sleep(GLANCE).await;
        }
    }

    async fn alone(&self, pipeline: &Pipeline) -> anyhow::Result<Rescored> {
        pipeline.caught_up(|_| {}).await;
        let rescore = &pipeline.handles.rescore;
        let ordered = rescore.order(self.since, self.until, PersonOrToken::Console).await?;
        let mut rescored = Rescored { posts: ordered.posts, version: ordered.version, ..Rescored::default() };
        if ordered.posts == 0 {
            return Ok(rescored);
        }
        let bar = output::progress(Some(ordered.posts), "judging again");
        let Progress { stage, changed, .. } = rescore.ended(|now| bar.set_position(now.judged)).await;
        bar.finish_and_clear();
        if stage != Stage::Done {
            bail!("the index could not be written; the next start does it");
        }
        let words = |from: &str, to: &str, posts| Moved { from: from.to_owned(), to: to.to_owned(), posts };
        let grades = changed.grades.into_iter();
        rescored.grades =
            grades.map(|((from, to), posts)| words(from.as_str(), to.as_str(), posts)).collect();
        let matters = changed.categories.into_iter();
        rescored.categories =
            matters.map(|((from, to), posts)| words(from.as_str(), to.as_str(), posts)).collect();
        Ok(rescored)
    }
}

fn moved(told: &Value, what: &str) -> anyhow::Result<Vec<Moved>> {
    let moved = told.get(what).cloned().unwrap_or_default();
    serde_json::from_value(moved).context("the daemon's answer cannot be read")
}

impl Rescored {
    /// What people read: how many posts went from which grade and category to which other.
    fn text(&self, ink: Ink) -> String {
        if self.posts == 0 {
            return "no posts were first seen in that time\n".to_owned();
        }
        let all = |moved: &[Moved]| moved.iter().map(|one| one.posts).sum::<u64>();
        let (grades, categories) = (all(&self.grades), all(&self.categories));
        let mut table = Table::new([Side::Left, Side::Left, Side::Right]);
        for (what, moved) in [("grade", &self.grades), ("category", &self.categories)] {
            for one in moved {
                let cells = [
                    (what.to_owned(), Tone::Dim),
                    (format!("{} → {}", one.from, one.to), Tone::Usual),
                    (one.posts.to_string(), Tone::Usual),
                ];
                table.row(cells);
            }
        }
        format!(
            "{} posts judged again by {}: {grades} have another grade, {categories} another category\n{}",
            self.posts,
            self.version,
            table.render(ink)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_told_by_what_it_was_and_is() {
        let moved = |from: &str, to: &str, posts| Moved { from: from.into(), to: to.into(), posts };
        let rescored = Rescored {
            posts: 1204,
            version: "c946c99617b5".into(),
            grades: vec![moved("none", "blue", 31), moved("yellow", "orange", 6)],
            categories: vec![moved("none", "utilities", 12)],
        };
        insta::assert_snapshot!(rescored.text(Ink::Plain), @r"
        1204 posts judged again by c946c99617b5: 37 have another grade, 12 another category
        grade     none → blue       31
        grade     yellow → orange    6
        category  none → utilities  12
        ");
        assert_eq!(Rescored::default().text(Ink::Plain), "no posts were first seen in that time\n");
    }
}
