//! `minsheng dict lint`: every fault and doubt in dictionaries, alone or held against a sample of posts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::parallel::in_parallel;
use super::super::{Done, Failure, Places, output, today};
use super::sample::{directory, each_batch, refusals};
use crate::assess::{AssessConfig, Assessor};
use crate::config::{Fault, Weight};
use crate::lexicon::fault::{Faults, Finding};
use crate::lexicon::matcher::{Inspection, Lexicon};
use crate::lexicon::sample::{Doubts, Sampling};
use crate::lexicon::shelf::Shelf;

/// Rows of one file that are named for finding nothing; of the others only the number is told.
const SILENT: usize = 10;

/// Name every fault and doubt in dictionaries.
#[derive(clap::Args)]
#[command(
    after_help = "A sample also tells which rows find too much of it (over 1 %), nothing, or mostly parts of other \
    words;\n--json lists every row that finds nothing, not only the first of each file.\nExit status 1 if there is a \
    fault.\n\nExamples:\n  minsheng dict lint\n  minsheng dict lint ./changed --sample posts.jsonl"
)]
pub(in crate::cli) struct Lint {
    /// A directory of dictionaries. Default: those in force.
    dir: Option<PathBuf>,
    /// Posts: JSON lines (only `text` is required), or plain lines as texts.
    #[arg(long, value_name = "FILE")]
    sample: Option<PathBuf>,
    /// Write the findings as JSON lines.
    #[arg(long)]
    json: bool,
}

impl Lint {
    pub(super) fn run(&self, places: &Places) -> Done {
        let dir = directory(self.dir.as_deref().unwrap_or(&places.dictionaries))?;
        let Inspection { lexicon, faults, mut warnings } = match Shelf::read(dir) {
            Ok(shelf) => Lexicon::inspect(&shelf, today()),
            // A file that cannot be read is named by its whole path already.
            Err(Faults(faults)) => {
                self.tell(Path::new(""), faults, Weight::Error)?;
                return Err(anyhow::anyhow!("the dictionaries cannot be read").into());
            }
        };
        let Some(lexicon) = lexicon else {
            let counted = format!("{}, {}", count(faults.len(), "fault"), count(warnings.len(), "warning"));
            self.tell(dir, faults, Weight::Error)?;
            self.tell(dir, warnings, Weight::Warning)?;
            return Err(anyhow::anyhow!(counted).into());
        };
        let (rows, version) = (lexicon.rows().len(), lexicon.version().to_owned());
        let mut refused = 0;
        let mut silent = 0;
        if let Some(path) = &self.sample {
            let doubts;
            (doubts, refused) = sampled(lexicon, path)?;
            silent = doubts.silent.len();
            warnings.extend(doubts.striking);
            warnings.extend(if self.json { doubts.silent } else { shortened(doubts.silent) });
            warnings.sort();
        }
        let counted = warnings.len();
        self.tell(dir, warnings, Weight::Warning)?;
        if !self.json {
            let found = match (counted, silent) {
                (0, _) => "no problems".to_owned(),
                (counted, 0) => count(counted, "warning"),
                (counted, silent) => {
                    format!("{}, {} find nothing", count(counted, "warning"), count(silent, "row"))
                }
            };
            output::line(format!("{rows} dictionary rows (version {version}): {found}"))?;
        }
        refusals(refused)
    }

    /// Tells findings as `minsheng check` does.
    fn tell(&self, dir: &Path, findings: Vec<Finding>, weight: Weight) -> std::io::Result<()> {
        for finding in findings {
            let fault = Fault::of_dictionary(dir, finding, weight);
            if self.json {
                output::json(&fault)?;
            } else {
                output::complain(&fault.to_string());
            }
        }
        Ok(())
    }
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// What a sample casts doubt on, and how many of its rows could not be used.
fn sampled(lexicon: Lexicon, path: &Path) -> Result<(Doubts, usize), Failure> {
    let assessor = Assessor::new(Arc::new(lexicon), AssessConfig::default());
    let mut sampling = Sampling::new(assessor.lexicon());
    let refused = each_batch(path, |batch| {
        let cut = in_parallel(batch, |one| assessor.cut_post(&one.post))?;
        for (one, (normalized, tokens)) in batch.iter().zip(&cut) {
            sampling.add(normalized.text(), tokens, Assessor::day_of(&one.post));
        }
        Ok(())
    })?;
    Ok((sampling.doubts(), refused))
}

/// The first of each file, and the number of the others at its end.
fn shortened(silent: Vec<Finding>) -> Vec<Finding> {
    let mut files: BTreeMap<String, Vec<Finding>> = BTreeMap::new();
    for finding in silent {
        files.entry(finding.file.clone()).or_default().push(finding);
    }
    let shorten = |(file, mut findings): (String, Vec<Finding>)| {
        let more = findings.len().saturating_sub(SILENT);
        let rest = findings.get(SILENT).map(|first| Finding {
            file,
            line: first.line,
            what: format!(
                "{} of this file, from here on, find nothing in the sample",
                count(more, "more row")
            ),
            mend: "see them all with --json".to_owned(),
        });
        findings.truncate(SILENT);
        findings.extend(rest);
        findings
    };
    files.into_iter().flat_map(shorten).collect()
}
