//! `minsheng ingest`: posts from files to a running daemon, or straight into the data directory.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::json;
use url::Url;

use super::offline::{Reach, accepted, close, reach};
use super::{Done, Places, output};
use crate::extract::pushed::read_line;
use crate::outward::Daemon;
use crate::pipeline::intake::{IntakeError, Taken};
use crate::pipeline::start::Pipeline;
use crate::source::SourceId;

/// Lines sent at once.
const BATCH: usize = 1_000;

/// Send posts to a running daemon, or straight into the data directory when none runs.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  minsheng ingest posts.jsonl --source hotline\n  \
minsheng ingest posts.jsonl --url https://desk.example/ --token-file /etc/minsheng/ingest.token")]
pub(super) struct Ingest {
    /// JSON lines; `text` and `source` are required.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The source of lines that name none.
    #[arg(long, value_name = "ID")]
    source: Option<String>,
    /// A daemon elsewhere.
    #[arg(long, requires = "token")]
    url: Option<Url>,
    /// A token with the role `ingest`.
    #[arg(long, env = "MINSHENG_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Write the result as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Default)]
struct Tally {
    accepted: u64,
    duplicates: u64,
    rejected: Vec<(String, u64, String)>,
}

impl Ingest {
    pub(super) async fn run(&self, places: &Places) -> Done {
        let source = self.source.as_deref().map(SourceId::new).transpose()?;
        let reach = match &self.url {
            Some(url) => Reach::Running(Daemon::at_url(url, self.token.clone())?),
            None => reach(places).await?,
        };
        let mut tally = Tally::default();
        let bar = output::progress(None, "sending");
        for path in &self.files {
            let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
            let mut lines = BufReader::with_capacity(1 << 20, file).split(b'\n').enumerate();
            loop {
                let batch: Vec<(u64, Vec<u8>)> = lines
                    .by_ref()
                    .filter(|(_, line)| line.as_ref().map_or(true, |line| !line.trim_ascii().is_empty()))
                    .take(BATCH)
                    .map(|(at, line)| Ok((at as u64 + 1, line?)))
                    .collect::<std::io::Result<_>>()?;
                if batch.is_empty() {
                    break;
                }
                bar.inc(batch.len() as u64);
                match &reach {
                    Reach::Running(daemon) => send(daemon, path, batch, source.as_ref(), &mut tally).await?,
                    Reach::Alone(pipeline) => put(pipeline, path, batch, source.as_ref(), &mut tally).await?,
                }
            }
        }
        bar.finish_and_clear();
        if let Reach::Alone(pipeline) = reach {
            close(*pipeline).await?;
        }
        self.tell(&tally)?;
        Ok(())
    }

    fn tell(&self, tally: &Tally) -> anyhow::Result<()> {
        if self.json {
            let rejected: Vec<_> = tally
                .rejected
                .iter()
                .map(|(file, line, reason)| json!({"file": file, "line": line, "reason": reason}))
                .collect();
            output::json(
                &json!({"accepted": tally.accepted, "duplicates": tally.duplicates, "rejected": rejected}),
            )?;
        } else {
            for (file, line, reason) in &tally.rejected {
                output::complain(&format!("{file}:{line}: {reason}"));
            }
            let rejected = tally.rejected.len();
            output::line(format!(
                "{} accepted, {} duplicates, {rejected} rejected",
                tally.accepted, tally.duplicates
            ))?;
        }
        Ok(())
    }
}

async fn send(
    daemon: &Daemon,
    path: &Path,
    batch: Vec<(u64, Vec<u8>)>,
    source: Option<&SourceId>,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let mut body = Vec::new();
    for (_, line) in &batch {
        body.extend_from_slice(line);
        body.push(b'\n');
    }
    let to = source.map_or("api/v1/posts".to_owned(), |source| format!("api/v1/posts?source={source}"));
    let answer = loop {
        let answer = daemon.post(&to, "application/x-ndjson", body.clone()).await?;
        if answer.status != 429 {
            break accepted(&answer)?;
        }
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    };
    let number = |key: &str| answer.get(key).and_then(serde_json::Value::as_u64);
    tally.accepted += number("accepted").unwrap_or(0);
    tally.duplicates += number("duplicates").unwrap_or(0);
    let rejected = answer.get("rejected").and_then(serde_json::Value::as_array).cloned().unwrap_or_default();
    for refusal in rejected {
        let at = refusal.get("line").and_then(serde_json::Value::as_u64).unwrap_or(0);
        let line = batch.get((at as usize).saturating_sub(1)).map_or(0, |(line, _)| *line);
        let reason = refusal.get("reason").and_then(serde_json::Value::as_str).unwrap_or_default();
        tally.rejected.push((path.display().to_string(), line, reason.to_owned()));
    }
    Ok(())
}

async fn put(
    pipeline: &Pipeline,
    path: &Path,
    batch: Vec<(u64, Vec<u8>)>,
    source: Option<&SourceId>,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let now = pipeline.handles.clock.now();
    let mut posts = Vec::new();
    for (number, line) in batch {
        match read_line(&line, source, now) {
            Ok(found) => posts.push(found),
            Err(reason) => tally.rejected.push((path.display().to_string(), number, reason.to_string())),
        }
    }
    let taken = loop {
        match pipeline.handles.intake.submit(posts.clone()).await {
            Ok(taken) => break taken,
            Err(IntakeError::Behind { retry_after }) => tokio::time::sleep(retry_after).await,
            Err(error) => bail!(error),
        }
    };
    for taken in taken {
        match taken {
            Taken::New(_) => tally.accepted += 1,
            Taken::Known(_) | Taken::Revised(_) => tally.duplicates += 1,
        }
    }
    Ok(())
}
