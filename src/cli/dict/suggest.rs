//! `minsheng dict suggest`: words that the dictionaries lack.

use std::sync::Arc;
use std::time::Duration;

use super::super::parallel::in_parallel;
use super::super::{Done, Failure, Places, output, today};
use super::posts::{Which, refusals};
use crate::assess::Assessor;
use crate::assess::evaluation::Labelled;
use crate::assess::workbench::suggest::{Asked, Case};
use crate::config;
use crate::lexicon::category::Category;
use crate::report::table::Ink;
use crate::report::workbench::suggest::Shown;

/// Look for words that the dictionaries lack.
#[derive(clap::Args)]
#[command(
    after_help = "Known words are sought in labelled posts, new words in all. Nothing is changed: paste the rows that \
    you agree with\ninto a dictionary, and try them with `minsheng dict backtest`. Names of persons are never \
    suggested.\n\nExamples:\n  minsheng dict suggest labels.jsonl --owner 水务组\n  minsheng dict suggest --data \
    /var/lib/minsheng --since 2026-11-01T00:00:00+08:00"
)]
pub(in crate::cli) struct Suggest {
    #[command(flatten)]
    which: Which,
    /// Who is to answer for the rows.
    #[arg(long, default_value = "待定", value_name = "NAME")]
    owner: String,
    /// Most words, and most new words, for each service.
    #[arg(long, default_value_t = 10, value_name = "N")]
    most: usize,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Suggest {
    pub(super) fn run(&self, places: &Places) -> Done {
        if self.owner.trim().is_empty() || self.owner.chars().any(char::is_control) {
            return Err(Failure::Usage("--owner names a desk or team, on one line".to_owned()));
        }
        let loaded = config::load(&places.directories(), today()).map_err(Failure::Faults)?;
        let assessor = Assessor::new(Arc::new(loaded.lexicon), loaded.config.assess).with_model(loaded.model);
        let posts = self.which.read(places, Duration::ZERO)?;
        let (named, refused) = (posts.named.clone(), posts.refused);
        let posts = posts.latest();
        let bar = output::progress(None, "judging");
        let judged = in_parallel(&posts, |post| {
            bar.inc(1);
            judge(&assessor, post)
        })?;
        bar.finish_and_clear();
        let cases: Vec<Case> =
            posts.into_iter().zip(judged).map(|(labelled, judged)| Case { labelled, judged }).collect();
        let bar = output::progress(None, "looking for words");
        let found = assessor.suggest(&cases, &Asked { owner: self.owner.trim().to_owned(), most: self.most });
        bar.finish_and_clear();
        if self.json {
            output::json(&found)?;
        } else {
            let shown = Shown { found: &found, posts: named, categories: assessor.lexicon().categories() };
            let ink = if output::coloured() { Ink::Colour } else { Ink::Plain };
            output::bytes(shown.text(ink).as_bytes())?;
        }
        refusals(refused)
    }
}

/// The service we take a post for, where nobody says.
fn judge(assessor: &Assessor, post: &Labelled) -> Option<Category> {
    if post.labels.category.is_some() {
        return None;
    }
    let assessed = assessor.assess(Arc::new(post.post.clone()));
    let judged = &assessed.assessment;
    judged.grade.and_then(|_| judged.category.as_ref()).map(|verdict| verdict.id)
}
