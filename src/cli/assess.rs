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
    after_help = "Examples:\n  echo '小区停水两天了' | minsheng assess\n  minsheng assess posts.jsonl > judged.jsonl\n  \
    minsheng assess --why posts.jsonl | jq -c '[.id, .grade, .counterfactual]'"
)]
pub(super) struct Assess {
    /// JSON lines (only `text` is required); plain lines are taken as text, and lines with `thread`, `post`
    /// and `comments` as threads, whose questions are followed. Default: standard input.
    file: Option<PathBuf>,
    /// A model whose word is weighed as well; default: that of the configuration.
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Also tell of each post what decided: `counterfactual`, the things without which its grade would be another.
    #[arg(long)]
    why: bool,
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
        let detail = if self.why { Detail::Why } else { Detail::Record };
        let judge = Judge { assessor: &assessor, now: Clock::system().now(), detail };
        let judged = judge.all(input, threads.map_or(1, NonZeroUsize::get))?;
        tracing::debug!(judged, "assessed");
        Ok(())
    }
}

/// What is told of each post.
#[derive(Clone, Copy)]
enum Detail {
    /// The record of interfaces 3.2.
    Record,
    /// What decided, too.
    Why,
}

/// How lines are judged.
#[derive(Clone, Copy)]
struct Judge<'a> {
    assessor: &'a Assessor,
    now: Timestamp,
    detail: Detail,
}

impl Judge<'_> {
    fn all(self, input: impl BufRead, threads: usize) -> anyhow::Result<u64> {
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
                let work: Vec<_> =
                    batch.chunks(share).map(|part| scope.spawn(move || self.some(part))).collect();
                let ended = work.into_iter().map(std::thread::ScopedJoinHandle::join);
                ended
                    .map(|result| {
                        result.unwrap_or_else(|_| Err(anyhow::anyhow!("a post could not be judged")))
                    })
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

    fn some(self, lines: &[(usize, Vec<u8>)]) -> anyhow::Result<Vec<u8>> {
        let mut out = Vec::new();
        for (number, line) in lines {
            let text = String::from_utf8_lossy(line);
            let text = text.trim_end_matches('\r').trim_start_matches('\u{feff}');
            if !text.trim().is_empty() {
                self.one(text, &mut out).with_context(|| format!("line {number}"))?;
                out.push(b'\n');
            }
        }
        Ok(out)
    }

    fn one(self, text: &str, out: &mut Vec<u8>) -> anyhow::Result<()> {
        let Self { assessor, now, detail } = self;
        if is_thread(text.trim_start()) {
            let row = ThreadRow::read(text.trim(), assessor)?;
            serde_json::to_writer(out, &ThreadReport::of(&row, now))?;
            return Ok(());
        }
        let (id, pushed) = pushed(text)?;
        let source = SourceId::new("stdin").expect("the name is a legal id");
        let found = read(pushed, Some(&source), now)?;
        let id = id.unwrap_or_else(|| found.post.id.to_string());
        let assessed = assessor.assess(Arc::new(found.post));
        let report = Report::new(id, &assessed.assessment);
        match detail {
            Detail::Record => serde_json::to_writer(out, &report)?,
            Detail::Why => {
                let why = assessor.counterfactual(&assessed);
                serde_json::to_writer(out, &report.with_counterfactual(&why))?;
            }
        }
        Ok(())
    }
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
