//! The posts of a sample: JSON lines as `minsheng assess` takes them, or plain lines as texts.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use jiff::Timestamp;

use super::super::{Done, Failure, output};
use crate::assess::answer::is_thread;
use crate::extract::post::Post;
use crate::extract::pushed::{LINE_LIMIT, read};
use crate::pipeline::clock::Clock;
use crate::source::SourceId;

/// Posts handed on at once.
pub(super) const BATCH: usize = 4_096;

/// A post of a sample, with the id its sender knows it by.
pub(super) struct Sampled {
    pub(super) id: String,
    pub(super) post: Arc<Post>,
}

/// Reads a sample and hands it on in batches; rows that cannot be used are told, and their number is given.
pub(super) fn each_batch(
    path: &Path,
    mut work: impl FnMut(&[Sampled]) -> anyhow::Result<()>,
) -> Result<usize, Failure> {
    let unread = |error: std::io::Error| Failure::Usage(format!("cannot read {}: {error}", path.display()));
    let file = BufReader::with_capacity(1 << 20, File::open(path).map_err(unread)?);
    let now = Clock::system().now();
    let (mut batch, mut refused) = (Vec::new(), 0);
    let bar = output::progress(None, "judging");
    for (number, line) in file.split(b'\n').enumerate() {
        match sampled(&line.with_context(|| format!("cannot read {}", path.display()))?, now) {
            Ok(found) => batch.extend(found),
            Err(why) => {
                refused += 1;
                output::complain(&format!("{}:{}: {why:#}", path.display(), number + 1));
            }
        }
        if batch.len() == BATCH {
            work(&batch)?;
            batch.clear();
        }
        bar.inc(1);
    }
    work(&batch)?;
    bar.finish_and_clear();
    Ok(refused)
}

/// What a command comes to that could not use some rows.
pub(super) fn refusals(refused: usize) -> Done {
    match refused {
        0 => Ok(()),
        1 => Err(anyhow::anyhow!("1 row could not be used").into()),
        _ => Err(anyhow::anyhow!("{refused} rows could not be used").into()),
    }
}

/// The post of a line; none for a blank line.
fn sampled(line: &[u8], now: Timestamp) -> anyhow::Result<Option<Sampled>> {
    anyhow::ensure!(line.len() <= LINE_LIMIT, "the row is longer than {LINE_LIMIT} bytes");
    let text = std::str::from_utf8(line).context("the row is not UTF-8")?;
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Ok(None);
    }
    anyhow::ensure!(!is_thread(text), "a thread is no post; give its posts a line each");
    post_of(text, now).map(|(id, post)| Some(Sampled { id, post: Arc::new(post) }))
}

/// A JSON object as a post, anything else as its text; with the id its sender knows it by.
pub(super) fn post_of(text: &str, now: Timestamp) -> anyhow::Result<(String, Post)> {
    let (id, mut pushed) = super::super::assess::pushed(text)?;
    pushed.source = None;
    let source = SourceId::new("sample").expect("the name is a legal id");
    let post = read(pushed, Some(&source), now)?.post;
    Ok((id.unwrap_or_else(|| post.id.to_string()), post))
}

/// A directory that was named.
pub(super) fn directory(path: &Path) -> Result<&Path, Failure> {
    if path.is_dir() { Ok(path) } else { Err(Failure::Usage(format!("{} is no directory", path.display()))) }
}
