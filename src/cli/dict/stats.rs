//! `minsheng dict stats`: what every row of the dictionaries does in many posts.

use std::sync::Arc;
use std::time::Duration;

use super::super::parallel::in_parallel;
use super::super::{Done, Failure, Places, output, today};
use super::posts::{Which, refusals};
use crate::assess::Assessor;
use crate::assess::workbench::stats::{DictionaryStats, Tally};
use crate::config;
use crate::lexicon::fault::did_you_mean;
use crate::report::table::Ink;
use crate::report::workbench::stats::Shown;

/// Posts looked at in parallel at once.
const BATCH: usize = 4_096;

/// Tell what every row of the dictionaries does in many posts.
#[derive(clap::Args)]
#[command(
    after_help = "Right is, for a row of a service, a post that people labelled with that service; for severity and \
    urgency, one\nlabelled yellow or higher. Intervals are Wilson's, at 95 %.\n\nExamples:\n  minsheng dict stats \
    labels.jsonl\n  minsheng dict stats --file 16-utilities --worst 50\n  minsheng dict stats --data /var/lib/minsheng \
    --labels verdicts.jsonl --json"
)]
pub(in crate::cli) struct Stats {
    #[command(flatten)]
    which: Which,
    /// Only the rows of this dictionary, all of them.
    #[arg(long, value_name = "NAME")]
    file: Option<String>,
    /// Rows in each list, the worst first.
    #[arg(long, default_value_t = 20, value_name = "N")]
    worst: usize,
    /// Print JSON: every row.
    #[arg(long)]
    json: bool,
}

impl Stats {
    pub(super) fn run(&self, places: &Places) -> Done {
        let loaded = config::load(&places.directories(), today()).map_err(Failure::Faults)?;
        let assessor = Assessor::new(Arc::new(loaded.lexicon), loaded.config.assess);
        let file = self.file.as_deref().map(|name| dictionary(name, &assessor)).transpose()?;
        let posts = self.which.read(places, Duration::ZERO)?;
        let (named, refused) = (posts.named.clone(), posts.refused);
        let posts = posts.latest();
        let bar = output::progress(Some(posts.len() as u64), "counting");
        let mut tally = Tally::new(assessor.lexicon());
        for batch in posts.chunks(BATCH) {
            let hits = in_parallel(batch, |post| assessor.rows_in(&post.post))?;
            batch.iter().zip(&hits).for_each(|(post, hits)| tally.take(post, hits));
            bar.inc(batch.len() as u64);
        }
        bar.finish_and_clear();
        let mut stats: DictionaryStats = tally.finish();
        if let Some(file) = &file {
            stats.rows.retain(|row| row.dictionary == *file);
        }
        if self.json {
            output::json(&stats)?;
        } else {
            let shown = Shown {
                stats: &stats,
                posts: named,
                dictionary: assessor.lexicon().version().to_owned(),
                categories: assessor.lexicon().categories(),
                all_of: file,
                worst: self.worst,
            };
            let ink = if output::coloured() { Ink::Colour } else { Ink::Plain };
            output::bytes(shown.text(ink).as_bytes())?;
        }
        refusals(refused)
    }
}

/// The dictionary somebody means: by its name, with or without number, directory and `.tsv`.
fn dictionary(asked: &str, assessor: &Assessor) -> Result<String, Failure> {
    let rows = assessor.lexicon().rows();
    let mut names: Vec<&str> = rows.iter().map(|row| row.dictionary.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let wanted = asked.strip_suffix(".tsv").unwrap_or(asked);
    let plain = |name: &str| {
        let base = name.rsplit('/').next().unwrap_or(name);
        base.split_once('-').map_or(base, |(_, plain)| plain).to_owned()
    };
    let exact = names.iter().find(|name| **name == wanted);
    if let Some(name) = exact.or_else(|| names.iter().find(|name| plain(name) == wanted)) {
        return Ok((*name).to_owned());
    }
    let mend = did_you_mean(wanted, names.iter().copied());
    Err(Failure::Usage(format!("there is no dictionary `{asked}`; {mend}")))
}
