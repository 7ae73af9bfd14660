//! `minsheng export labels`: the desk's verdicts with the posts they speak of, one labelled row a line.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Deserialize;

use crate::assess::evaluation::Row;
use crate::cli::offline::{Reach, accepted, close, reach};
use crate::cli::{Done, Places, output};
use crate::journal::record::{AuditEntry, PersonOrToken};
use crate::pipeline::Handles;

/// Verdicts asked for at once.
const PAGE: usize = 500;

/// The desk's verdicts on posts, as labels that teach and test.
#[derive(clap::Args)]
#[command(
    after_help = "A row holds the text as it was read by whoever judged it, with private data masked, and what was \
        judged or\nconfirmed, nothing else; the latest verdict of a post counts. It is the form that `minsheng eval` and \
        `minsheng\nmodel train` read.\n\nExamples:\n  minsheng export labels --since 2026-11-01T00:00:00+08:00 --out desk.jsonl\n  \
        minsheng model train desk.jsonl tests/labelled/*.jsonl --out desk.model --note '本台复核结论'"
)]
pub(in crate::cli) struct Labels {
    /// Verdicts given at or after.
    #[arg(long, value_name = "TIME")]
    since: Option<jiff::Timestamp>,
    /// Verdicts given before.
    #[arg(long, value_name = "TIME")]
    until: Option<jiff::Timestamp>,
    /// Where to write the rows. Default: standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// One page, as the daemon gives it.
#[derive(Deserialize)]
struct Page {
    items: Vec<Row>,
    gone: u64,
    next: Option<String>,
}

impl Labels {
    pub(in crate::cli) async fn run(&self, places: &Places) -> Done {
        let reach = reach(places).await?;
        let written = match &self.out {
            None => self.write(&reach, &mut output::lines()).await,
            Some(path) => self.write_file(&reach, path).await,
        };
        if let Reach::Alone(pipeline) = reach {
            close(*pipeline).await?;
        }
        Ok(written?)
    }

    /// Puts a whole file in the place of what was there.
    async fn write_file(&self, reach: &Reach, path: &Path) -> anyhow::Result<()> {
        let cannot = || format!("cannot write {}", path.display());
        let beside = path.with_extension("new");
        let mut out = BufWriter::new(File::create(&beside).with_context(cannot)?);
        self.write(reach, &mut out).await?;
        drop(out);
        fs::rename(&beside, path).with_context(cannot)
    }

    async fn write(&self, reach: &Reach, out: &mut impl Write) -> anyhow::Result<()> {
        let (mut rows, mut gone, mut cursor) = (0, 0, None);
        loop {
            let page = self.page(reach, cursor).await?;
            for row in &page.items {
                serde_json::to_writer(&mut *out, row)?;
                out.write_all(b"\n")?;
            }
            rows += page.items.len();
            gone += page.gone;
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        out.flush()?;
        if let Some(path) = &self.out {
            output::complain(&format!("{rows} rows in {}", path.display()));
        }
        if gone > 0 {
            output::complain(&format!("{gone} more verdicts speak of posts that are kept no more"));
        }
        Ok(())
    }

    async fn page(&self, reach: &Reach, cursor: Option<String>) -> anyhow::Result<Page> {
        match reach {
            Reach::Running(daemon) => {
                let page = accepted(&daemon.get(&self.path(cursor)).await?)?;
                serde_json::from_value(page).context("the daemon's answer cannot be read")
            }
            Reach::Alone(pipeline) => {
                if cursor.is_none() {
                    self.audit(&pipeline.handles).await?;
                }
                let page = pipeline.handles.reading.labels(self.since, self.until, cursor, PAGE).await?;
                let items = page.rows.iter().map(Row::from).collect();
                Ok(Page { items, gone: page.gone, next: page.next })
            }
        }
    }

    fn path(&self, cursor: Option<String>) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("limit", &PAGE.to_string());
        query.extend_pairs(self.bounds());
        query.extend_pairs(cursor.map(|cursor| ("cursor", cursor)));
        format!("api/v1/labels?{}", query.finish())
    }

    fn bounds(&self) -> impl Iterator<Item = (&'static str, String)> {
        let given = [("since", self.since), ("until", self.until)];
        given.into_iter().filter_map(|(name, at)| at.map(|at| (name, at.to_string())))
    }

    async fn audit(&self, handles: &Handles) -> anyhow::Result<()> {
        let bound = |at: Option<jiff::Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
        let entry = AuditEntry {
            at: handles.clock.now(),
            by: Some(PersonOrToken::Console),
            right: None,
            what: "export-labels".to_owned(),
            detail: format!("{}..{}", bound(self.since), bound(self.until)),
            from: None,
        };
        Ok(handles.desk.audit(entry).await?)
    }
}
