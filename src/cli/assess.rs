//! `minsheng assess`: JSON lines in, one assessment a line out, in the same order.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use jiff::Timestamp;

use super::{Done, Failure, Places, output, today};
use crate::assess::answer::{ThreadReport, ThreadRow, is_thread};
use crate::assess::{Assessor, Report};
use crate::config;
use crate::extract::pushed::{PushedPost, read};
use crate::pipeline::clock::Clock;
use crate::source::SourceId;

/// Lines judged at once by each thread.
const SHARE: usize = 256;

/// Judge posts: one assessment a line, in the order given.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  echo '小区停水两天了' | minsheng assess\n  minsheng assess posts.jsonl > judged.jsonl"
)]
pub(super) struct Assess {
    /// JSON lines (only `text` is required); plain lines are taken as text, and lines with `thread`, `post`
    /// and `comments` as threads, whose questions are followed. Default: standard input.
    file: Option<PathBuf>,
    /// A model whose word is weighed as well; default: that of the configuration.
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Threads to judge with. Default: one for each processor.
    #[arg(long)]
    threads: Option<NonZeroUsize>,
}

impl Assess {
    pub(super) fn run(&self, places: &Places) -> Done {
        let loaded = config::load(&places.directories(), today()).map_err(Failure::Faults)?;
        let model = super::model::chosen(self.model.as_deref(), loaded.model)?;
        let assessor = Assessor::new(Arc::new(loaded.lexicon), loaded.config.assess).with_model(model);
        let input: Box<dyn BufRead> = match &self.file {
            Some(path) => {
                let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
                Box::new(BufReader::with_capacity(1 << 20, file))
            }
            None => Box::new(BufReader::new(io::stdin().lock())),
        };
        let threads = self.threads.or_else(|| std::thread::available_parallelism().ok());
        let judged = judge_all(&assessor, input, threads.map_or(1, NonZeroUsize::get))?;
        tracing::debug!(judged, "assessed");
        Ok(())
    }
}

fn judge_all(assessor: &Assessor, input: impl BufRead, threads: usize) -> anyhow::Result<u64> {
    let now = Clock::system().now();
    let bar = output::progress(None, "assessing");
    let mut lines = input.split(b'\n').enumerate();
    let mut judged = 0;
    loop {
        let batch: Vec<(usize, Vec<u8>)> = lines
            .by_ref()
            .take(threads * SHARE)
            .map(|(at, line)| Ok((at + 1, line?)))
            .collect::<io::Result<_>>()
            .context("cannot read the input")?;
        if batch.is_empty() {
            bar.finish_and_clear();
            return Ok(judged);
        }
        let share = batch.len().div_ceil(threads).max(1);
        let results: Vec<anyhow::Result<Vec<u8>>> = std::thread::scope(|scope| {
            let work: Vec<_> = batch
                .chunks(share)
                .map(|part| scope.spawn(move || judge_some(assessor, part, now)))
                .collect();
            let ended = work.into_iter().map(std::thread::ScopedJoinHandle::join);
            ended
                .map(|result| result.unwrap_or_else(|_| Err(anyhow::anyhow!("a post could not be judged"))))
                .collect()
        });
        let mut out = output::lines();
        for result in results {
            out.write_all(&result?)?;
        }
        out.flush()?;
        judged += batch.len() as u64;
        bar.inc(batch.len() as u64);
    }
}

fn judge_some(assessor: &Assessor, lines: &[(usize, Vec<u8>)], now: Timestamp) -> anyhow::Result<Vec<u8>> {
    let mut out = Vec::new();
    for (number, line) in lines {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end_matches('\r').trim_start_matches('\u{feff}');
        if text.trim().is_empty() {
            continue;
        }
        if is_thread(text.trim_start()) {
            let row = ThreadRow::read(text.trim(), assessor).with_context(|| format!("line {number}"))?;
            serde_json::to_writer(&mut out, &ThreadReport::of(&row, now))?;
            out.push(b'\n');
            continue;
        }
        let (id, pushed) = pushed(text).with_context(|| format!("line {number}"))?;
        let source = SourceId::new("stdin").expect("the name is a legal id");
        let found = read(pushed, Some(&source), now).with_context(|| format!("line {number}"))?;
        let id = id.unwrap_or_else(|| found.post.id.to_string());
        let assessed = assessor.assess(Arc::new(found.post));
        serde_json::to_writer(&mut out, &Report::new(id, &assessed.assessment))?;
        out.push(b'\n');
    }
    Ok(out)
}

/// A JSON object as a post, anything else as its text.
pub(super) fn pushed(text: &str) -> anyhow::Result<(Option<String>, PushedPost)> {
    if !text.trim_start().starts_with('{') {
        let plain = serde_json::json!({ "text": text });
        return Ok((None, serde_json::from_value(plain)?));
    }
    let post: PushedPost = serde_json::from_str(text).context("not a post")?;
    Ok((post.id.clone(), post))
}
