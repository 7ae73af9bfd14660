//! `minsheng verify` and `minsheng rebuild`: care of the data.

use std::fs;
use std::io::ErrorKind;

use anyhow::Context;
use serde_json::json;

use super::offline::close;
use super::{Done, Failure, Places, output, today};
use crate::app;
use crate::config;
use crate::journal::{self, Journal, JournalConfig, RealDisk};
use crate::pipeline::clock::Clock;
use crate::pipeline::start::{catch_up, journal_dir};
use crate::search::{self, SearchConfig};
use crate::store::{Store, StoreConfig};

/// Most differences named.
const MOST: usize = 20;

/// Check journal, store and index against each other. The daemon must not run.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  minsheng verify --data /var/lib/minsheng")]
pub(super) struct Verify {
    /// Write the result as JSON.
    #[arg(long)]
    json: bool,
}

/// Delete store and index and make them anew from the journal. The daemon must not run.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  minsheng rebuild --data /var/lib/minsheng")]
pub(super) struct Rebuild {}

impl Verify {
    pub(super) fn run(&self, places: &Places) -> Done {
        let dir = journal_dir(&places.data);
        if !dir.is_dir() {
            return Err(Failure::Usage(format!("{} holds no journal", places.data.display())));
        }
        let mut problems = Vec::new();
        let report = journal::verify(&RealDisk, &dir)?;
        for file in &report.files {
            if let Some(torn) = &file.torn {
                problems.push(format!("{}: torn from byte {}", file.path.display(), torn.start));
            }
            for range in &file.damage {
                problems.push(format!(
                    "{}: damaged from byte {} to {}",
                    file.path.display(),
                    range.start,
                    range.end
                ));
            }
        }
        let (journal, writer, _) =
            Journal::open(std::sync::Arc::new(RealDisk), &dir, &JournalConfig::default())
                .context("is a daemon running on this data?")?;
        let durable = journal.durable();
        let (store, opened) = Store::open(&places.data.join("store"), durable, &StoreConfig::default())?;
        problems.extend(opened.set_aside.map(|aside| format!("store was not usable: {}", aside.reason)));
        catch_up(&journal, &store)?;
        let fresh_dir = places.data.join("verify");
        remove(&fresh_dir)?;
        let bar = output::progress(None, "folding the journal anew");
        let (fresh, _) = Store::open(&fresh_dir, durable, &StoreConfig::default())?;
        catch_up(&journal, &fresh)?;
        bar.finish_and_clear();
        let differences = store.differences(&fresh, MOST)?;
        problems.extend(differences.iter().map(|difference| format!("store: {difference}")));
        let posts = store.post_count()?;
        drop(fresh);
        remove(&fresh_dir)?;
        let (index, search, opened) =
            search::open(&places.data.join("index"), durable, &SearchConfig::default())?;
        problems.extend(opened.set_aside.map(|aside| format!("index was not usable: {}", aside.reason)));
        for file in search.damaged_files()? {
            problems.push(format!("index: {} is damaged", file.display()));
        }
        let (indexed, reached) = (search.documents(), search.reached());
        let (least, most) = store.posts_indexed_at(reached)?;
        if !(least..=most).contains(&indexed) {
            let wanted = if indexed < least { least } else { most };
            problems.push(format!(
                "index: holds {indexed} posts where there are {wanted}; `minsheng rebuild` mends it"
            ));
        }
        index.close()?;
        journal.close();
        drop(writer);
        if self.json {
            output::json(&json!({
                "records": report.records(), "sequence": durable.0, "posts": posts, "indexed": indexed,
                "index_sequence": reached.0, "problems": problems,
            }))?;
        } else {
            output::line(format!(
                "journal: {} records up to {durable}; store: {posts} posts; index: {indexed} posts up to {reached}",
                report.records()
            ))?;
            for problem in &problems {
                output::complain(problem);
            }
        }
        match problems.len() {
            0 => Ok(()),
            count => Err(Failure::Work(anyhow::anyhow!("{count} problems found"))),
        }
    }
}

impl Rebuild {
    pub(super) async fn run(&self, places: &Places) -> Done {
        if !journal_dir(&places.data).is_dir() {
            return Err(Failure::Usage(format!("{} holds no journal", places.data.display())));
        }
        let loaded = config::load(&places.directories(), today()).map_err(Failure::Faults)?;
        {
            // Whoever holds the lock works with the views: nothing is deleted under a running daemon.
            let dir = journal_dir(&places.data);
            let held = Journal::open(std::sync::Arc::new(RealDisk), &dir, &JournalConfig::default());
            let (journal, _, _) = held.context("is a daemon running on this data?")?;
            journal.close();
        }
        for view in ["store", "index"] {
            remove(&places.data.join(view))?;
        }
        match fs::remove_file(places.data.join("detector.snapshot")) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            Ok(()) | Err(_) => {}
        }
        let pipeline = app::pipeline_alone(loaded, &places.data, Clock::system()).await?;
        let posts = pipeline.handles.store.post_count()?;
        let bar = output::progress(Some(posts), "indexing");
        pipeline.caught_up(|indexed| bar.set_position(indexed)).await;
        bar.finish_and_clear();
        let indexed = pipeline.handles.reading.indexed();
        let sequence = pipeline.durable();
        close(pipeline).await?;
        output::line(format!("rebuilt: {posts} posts, {indexed} in the index, journal up to {sequence}"))?;
        Ok(())
    }
}

fn remove(dir: &std::path::Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(dir) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).with_context(|| format!("cannot remove {}", dir.display())),
    }
}
