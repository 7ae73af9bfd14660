//! `minsheng dict backtest` and `minsheng backtest`: what a change would have done to posts that are known.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;

use super::super::parallel::in_parallel;
use super::super::{Done, Failure, Places, output, today};
use super::posts::{Posts, Row, Which, refusals};
use crate::assess::{AssessConfig, AssessedPost, Assessor};
use crate::config::{self, Loaded};
use crate::detect::Detector;
use crate::incident::Names;
use crate::pipeline::backtest::{Backtest as Running, Comparison, Plan, Setting, Trial};
use crate::pipeline::stored::in_force;
use crate::report::table::Ink;
use crate::report::workbench::backtest::{Shown, Version};

/// Posts judged in parallel at once.
const BATCH: usize = 2_048;

/// Tell what a change of dictionaries, weights or rules would have done.
#[derive(clap::Args)]
#[command(
    after_help = "Posts are judged and alerted twice, as in force and as changed; nobody is told. Exit status 1 if a \
    post labelled\nred would be judged lower.\n\nExamples:\n  minsheng dict backtest --dictionaries-new ./changed \
    labels.jsonl\n  minsheng dict backtest --weights weights.toml --since 2026-11-01T00:00:00+08:00 --data \
    /var/lib/minsheng\n  minsheng backtest --since 2026-11-01T00:00:00+08:00 --dictionaries ./changed --rules rules.toml"
)]
pub(in crate::cli) struct Backtest {
    #[command(flatten)]
    which: Which,
    /// The changed dictionaries. Default: those of `--dictionaries`, held against those that were in force last on
    /// the data.
    #[arg(long, value_name = "DIR")]
    dictionaries_new: Option<PathBuf>,
    /// Changed points of the score, with the keys of `[assess.weights]`.
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// Changed rules of alerting.
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// An incident without news for so long counts as closed.
    #[arg(long, default_value = "24h", value_name = "TIME", value_parser = humantime::parse_duration)]
    closed_after: Duration,
    /// List every post and incident, not only the first fifty.
    #[arg(long)]
    all: bool,
    /// Exit status 0 even if a post labelled red would be judged lower.
    #[arg(long)]
    accept_lost_red: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What judges and alerts on both sides.
struct Sides {
    before: Setting,
    after: Setting,
    plan: Plan,
}

impl Backtest {
    pub(in crate::cli) fn run(&self, places: &Places) -> Done {
        let loaded = config::load(&places.directories(), today()).map_err(Failure::Faults)?;
        let Sides { before, after, plan } = self.sides(places, loaded)?;
        let versions = [&before, &after].map(|side| Version {
            dictionary: side.assessor.version(),
            rules: side.rules.version().to_owned(),
        });
        let observer =
            Detector::new(plan.detect.clone(), before.rules.watches(), std::collections::BTreeMap::new());
        let wider =
            Detector::new(plan.detect.clone(), after.rules.watches(), std::collections::BTreeMap::new());
        let look_back = observer.look_back().max(wider.look_back());
        let mut posts = self.which.read(places, look_back)?;
        // Rows of files need not be in order; of equal times the earlier row comes first.
        posts.rows.sort_by_key(|row| row.at);
        let compared = compare(before, after, plan, &posts)?;
        let shown = Shown {
            compared: &compared,
            posts: posts.named.clone(),
            versions,
            weights: self.weights.as_ref().map(|path| path.display().to_string()),
            most: if self.all { usize::MAX } else { 50 },
        };
        if self.json {
            output::json(&shown.record())?;
        } else {
            let ink = if output::coloured() { Ink::Colour } else { Ink::Plain };
            output::bytes(shown.text(ink).as_bytes())?;
        }
        match compared.lost_reds.len() {
            lost if lost > 0 && !self.accept_lost_red => {
                let posts = if lost == 1 { "1 post" } else { &format!("{lost} posts") };
                Err(anyhow!("{posts} labelled red would be judged lower; --accept-lost-red if that is meant")
                    .into())
            }
            _ => refusals(posts.refused),
        }
    }

    /// Reads what is in force and what is changed.
    fn sides(&self, places: &Places, loaded: Loaded) -> Result<Sides, Failure> {
        let Loaded { config, rules, departments, lexicon, model, .. } = loaded;
        let lexicon = Arc::new(lexicon);
        // What the daemon last judged by, where its own posts are looked at and nothing else is named.
        let kept = match (&self.dictionaries_new, self.which.files.is_empty()) {
            (None, true) if places.data.is_dir() => in_force(&places.data)?,
            _ => None,
        };
        let (old, old_model) = match kept {
            Some(kept) => (Arc::new(kept.lexicon), kept.model),
            None => (Arc::clone(&lexicon), model.clone()),
        };
        let new = match &self.dictionaries_new {
            Some(dir) => Arc::new(config::dictionaries(dir, today()).map_err(Failure::Faults)?),
            None => lexicon,
        };
        let weights = self.weights.as_deref().map(config::weights).transpose().map_err(Failure::Faults)?;
        let weights = weights.unwrap_or_else(|| config.assess.weights.clone());
        let new_rules = self.rules.as_deref().map(config::rules).transpose().map_err(Failure::Faults)?;
        let new_rules = new_rules.unwrap_or_else(|| rules.clone());
        let judged_alike = old.version() == new.version()
            && weights == config.assess.weights
            && old_model.as_ref().map(|model| model.version()) == model.as_ref().map(|model| model.version());
        if judged_alike && new_rules == rules {
            let what = "nothing is changed: give --dictionaries-new, --weights or --rules";
            return Err(Failure::Usage(what.to_owned()));
        }
        let names =
            |lexicon: &crate::lexicon::matcher::Lexicon| Names::new(lexicon.categories(), &departments);
        let (old_names, new_names) = (names(&old), names(&new));
        let changed = AssessConfig { weights, ..config.assess.clone() };
        let before = Arc::new(Assessor::new(old, config.assess).with_model(old_model));
        let after = if judged_alike {
            Arc::clone(&before)
        } else {
            Arc::new(Assessor::new(new, changed).with_model(model))
        };
        let (detect, desk) = (config.detect, config.incident);
        Ok(Sides {
            before: Setting { assessor: before, rules, names: old_names },
            after: Setting { assessor: after, rules: new_rules, names: new_names },
            plan: Plan { detect, desk, since: self.which.begin(), quiet: self.closed_after },
        })
    }
}

/// Judges every post twice, in parallel, and runs the stages over them in order.
fn compare(before: Setting, after: Setting, plan: Plan, posts: &Posts) -> anyhow::Result<Comparison> {
    let (old, new) = (Arc::clone(&before.assessor), Arc::clone(&after.assessor));
    let judge = |row: &Row| {
        let post = Arc::new(row.labelled.post.clone());
        let judged: AssessedPost = old.assess(Arc::clone(&post));
        let again = if Arc::ptr_eq(&old, &new) { judged.clone() } else { new.assess(post) };
        (judged, again)
    };
    let mut running = Running::new(before, after, plan);
    let bar = output::progress(Some(posts.rows.len() as u64), "judging twice");
    for batch in posts.rows.chunks(BATCH) {
        let judged = in_parallel(batch, judge)?;
        for (row, (before, after)) in batch.iter().zip(judged) {
            let Row { labelled, at } = row;
            running.take(Trial { id: &labelled.id, labels: &labelled.labels, at: *at, before, after });
        }
        bar.inc(batch.len() as u64);
    }
    bar.finish_and_clear();
    Ok(running.finish())
}
