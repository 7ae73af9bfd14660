//! `minsheng export audit` and `minsheng audit verify`: what was decided and done, as a chain nobody changes unseen.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write, sink};
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use jiff::Timestamp;
use serde_json::json;

use super::super::{Done, Failure, Places, output};
use crate::pipeline::audit::{export, verify};
use crate::pipeline::start::journal_dir;

/// What was decided and done at the desk, as a chain of lines that nobody changes unseen.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  minsheng export audit --out audit.jsonl\n  minsheng export audit --since 2026-11-01T00:00:00+08:00 --until 2026-12-01T00:00:00+08:00 --out november.jsonl\n\n\
The daemon may run. Each line ends with its hash: BLAKE3 over the line up to `,\"hash\"`, and holds the hash of the line before \
it. The hash of the last line is printed: kept elsewhere, it tells this export from any other."
)]
pub(in crate::cli) struct Audit {
    /// Where to write; standard output without it.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Leave out what happened before.
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Leave out what happened at this time or later.
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
}

/// Check an export of `minsheng export audit`.
#[derive(clap::Subcommand)]
pub(in crate::cli) enum AuditLog {
    /// Check that nothing was changed, left out, added or cut off in an export
    Verify(Check),
}

/// Check that nothing was changed, left out, added or cut off in an export.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  minsheng audit verify audit.jsonl\n  minsheng audit verify audit.jsonl --journal\n\n\
With --journal the whole export is made anew from the data directory and has to be the same; exports of a part of the time \
are compared with the same --since and --until."
)]
pub(in crate::cli) struct Check {
    /// The export.
    file: PathBuf,
    /// Compare it with the journal too.
    #[arg(long)]
    journal: bool,
    /// What the export was asked to leave out before.
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// What the export was asked to leave out from then on.
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// Write the result as JSON.
    #[arg(long)]
    json: bool,
}

impl Audit {
    pub(super) fn run(&self, places: &Places) -> Done {
        let data = &places.data;
        if !journal_dir(data).is_dir() {
            return Err(Failure::Usage(format!("{} holds no journal", data.display())));
        }
        let out: Box<dyn Write> = match &self.out {
            None => Box::new(output::lines()),
            Some(path) => {
                Box::new(File::create(path).with_context(|| format!("cannot write {}", path.display()))?)
            }
        };
        let (sound, lost) = export(data, self.since, self.until, BufWriter::new(out))?;
        output::complain(&format!("{} lines, the last one's hash is {}", sound.lines, sound.last));
        if lost > 0 {
            return Err(anyhow!("{lost} records of the journal could not be read; the export says so").into());
        }
        Ok(())
    }
}

impl AuditLog {
    pub(in crate::cli) fn run(&self, places: &Places) -> Done {
        let Self::Verify(check) = self;
        let file = File::open(&check.file);
        let file = file.with_context(|| format!("cannot read {}", check.file.display()))?;
        let sound =
            verify(BufReader::new(file)).map_err(|broken| anyhow!("{}: {broken}", check.file.display()))?;
        if check.journal {
            let (anew, _) = export(&places.data, check.since, check.until, sink())?;
            if anew != sound {
                let what = format!(
                    "{}: a sound chain of {} lines, but the journal tells another: {} lines, hash {}",
                    check.file.display(),
                    sound.lines,
                    anew.lines,
                    anew.last
                );
                return Err(anyhow!(what).into());
            }
        }
        if check.json {
            output::json(&json!({"lines": sound.lines, "hash": sound.last, "journal": check.journal}))?;
        } else {
            let journal = if check.journal { ", the same as the journal" } else { "" };
            output::line(format!("sound: {} lines{journal}, hash {}", sound.lines, sound.last))?;
        }
        Ok(())
    }
}
