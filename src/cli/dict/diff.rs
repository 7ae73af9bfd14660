//! `minsheng dict diff`: what differs between two sets of dictionaries, and what that changes for posts.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;

use super::super::parallel::in_parallel;
use super::super::{Done, Failure, Places, output, today};
use super::sample::{directory, each_batch, refusals};
use crate::assess::workbench::Tally;
use crate::assess::{AssessConfig, Assessor};
use crate::config::{self, Directories, Fault, Weight};
use crate::lexicon::diff::Difference;
use crate::lexicon::fault::Faults;
use crate::lexicon::matcher::Lexicon;
use crate::lexicon::shelf::Shelf;
use crate::model::Model;
use crate::report::table::Ink;
use crate::report::workbench::difference::Shown;

/// Tell in plain words what differs between two sets of dictionaries.
#[derive(clap::Args)]
#[command(
    after_help = "With --sample both judge by the configuration and the model of the first.\n\nExamples:\n  \
    minsheng dict diff ./changed\n  minsheng dict diff dictionaries ./changed --sample posts.jsonl"
)]
pub(in crate::cli) struct Diff {
    /// A directory of dictionaries; alone it is what those in force would become.
    #[arg(value_name = "A")]
    one: PathBuf,
    /// What A becomes.
    #[arg(value_name = "B")]
    other: Option<PathBuf>,
    /// Posts, as JSON lines (only `text` is required) or plain lines: how many would be judged otherwise.
    #[arg(long, value_name = "FILE")]
    sample: Option<PathBuf>,
    /// A model whose word is weighed as well; default: that of the configuration.
    #[arg(long, value_name = "FILE", requires = "sample")]
    model: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// One set of dictionaries.
struct Side {
    dir: PathBuf,
    shelf: Shelf,
    lexicon: Arc<Lexicon>,
}

impl Diff {
    pub(super) fn run(&self, places: &Places) -> Done {
        let (before, after) = match &self.other {
            Some(other) => (&self.one, other),
            None => (&places.dictionaries, &self.one),
        };
        let (before, after) = (Side::read(before)?, Side::read(after)?);
        let difference = Difference::between(&before.shelf, &after.shelf, today());
        let difference = difference.map_err(|faults| Failure::Usage(faults.to_string()))?;
        let mut refused = 0;
        let mut tally = None;
        if let Some(path) = &self.sample {
            let (found, unused) = self.judged(path, places, &before, &after)?;
            (tally, refused) = (Some(found), unused);
        }
        if self.json {
            let side = |side: &Side| json!({ "directory": side.dir, "version": side.lexicon.version() });
            output::json(&json!({
                "before": side(&before),
                "after": side(&after),
                "difference": difference,
                "sample": tally,
            }))?;
        } else {
            let side = |side: &Side| (side.dir.display().to_string(), side.lexicon.version().to_owned());
            let named = self.sample.as_ref().map(|path| path.display().to_string());
            let shown = Shown {
                difference: &difference,
                before: side(&before),
                after: side(&after),
                categories: after.lexicon.categories(),
                sample: named.zip(tally.as_ref()),
            };
            let ink = if output::coloured() { Ink::Colour } else { Ink::Plain };
            output::bytes(shown.text(ink).as_bytes())?;
        }
        refusals(refused)
    }

    /// Judges a sample by both sides: what shifts, and how many of its rows could not be used.
    fn judged(
        &self,
        path: &Path,
        places: &Places,
        before: &Side,
        after: &Side,
    ) -> Result<(Tally, usize), Failure> {
        let directories = Directories { dictionaries: before.dir.clone(), ..places.directories() };
        let loaded = config::load(&directories, today()).map_err(Failure::Faults)?;
        let model = super::super::model::chosen(self.model.as_deref(), loaded.model)?;
        let config = loaded.config.assess;
        let assessors = [before.assessor(&config, model.as_ref()), after.assessor(&config, model.as_ref())];
        let mut tally = Tally::default();
        let refused = each_batch(path, |batch| {
            let judged = in_parallel(batch, |one| {
                assessors.each_ref().map(|assessor| assessor.assess(Arc::clone(&one.post)).assessment)
            })?;
            for (one, [before, after]) in batch.iter().zip(&judged) {
                tally.add(&one.id, &one.post.text, before, after);
            }
            Ok(())
        })?;
        Ok((tally, refused))
    }
}

impl Side {
    fn read(dir: &Path) -> Result<Self, Failure> {
        let dir = directory(dir)?;
        let refused = |base: &Path, Faults(findings): Faults| {
            let fault = |finding| Fault::of_dictionary(base, finding, Weight::Error);
            Failure::Faults(findings.into_iter().map(fault).collect())
        };
        // A file that cannot be read is named by its whole path already.
        let shelf = Shelf::read(dir).map_err(|faults| refused(Path::new(""), faults))?;
        let (lexicon, _) = Lexicon::compile(&shelf, today()).map_err(|faults| refused(dir, faults))?;
        Ok(Self { dir: dir.to_owned(), shelf, lexicon: Arc::new(lexicon) })
    }

    fn assessor(&self, config: &AssessConfig, model: Option<&Arc<Model>>) -> Assessor {
        Assessor::new(Arc::clone(&self.lexicon), config.clone()).with_model(model.cloned())
    }
}
