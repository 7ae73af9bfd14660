//! `minsheng dict try`: one text, judged, with every step of why.

use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use jiff::civil::Date;

use super::super::{Done, Failure, Places, output, today};
use super::sample::post_of;
use crate::assess::Assessor;
use crate::config;
use crate::extract::post::Post;
use crate::extract::published::china;
use crate::pipeline::clock::Clock;
use crate::report::table::Ink;
use crate::report::workbench::dissection::Shown;

/// Show what one text is judged to be, and every step of why.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  minsheng dict try '小区停水两天了，物业没人管'\n  \
    minsheng dict try --dictionaries ./changed --at 2026-12-01 < post.txt")]
pub(in crate::cli) struct TryText {
    /// The text; a JSON object is taken as a post. Default: standard input.
    text: Option<String>,
    /// Judge as of this day, by which dated rows are awake or asleep. Default: the post's own, else today.
    #[arg(long, value_name = "DATE")]
    at: Option<Date>,
    /// A model whose word is weighed as well; default: that of the configuration.
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl TryText {
    pub(super) fn run(&self, places: &Places) -> Done {
        let post = self.post()?;
        let loaded = config::load(&places.directories(), today()).map_err(Failure::Faults)?;
        let model = super::super::model::chosen(self.model.as_deref(), loaded.model)?;
        let assessor = Assessor::new(Arc::new(loaded.lexicon), loaded.config.assess).with_model(model);
        let day = Assessor::day_of(&post);
        let dissection = assessor.dissect(Arc::new(post));
        if self.json {
            output::json(&dissection)?;
        } else {
            let shown = Shown { dissection: &dissection, categories: assessor.lexicon().categories(), day };
            let ink = if output::coloured() { Ink::Colour } else { Ink::Plain };
            output::bytes(shown.text(ink).as_bytes())?;
        }
        Ok(())
    }

    fn post(&self) -> Result<Post, Failure> {
        let mut read = Vec::new();
        let text = if let Some(text) = &self.text {
            text.into()
        } else {
            std::io::stdin().lock().read_to_end(&mut read).context("cannot read standard input")?;
            String::from_utf8_lossy(&read)
        };
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.is_empty() {
            let mend = "give it as an argument, or write it to standard input";
            return Err(Failure::Usage(format!("there is no text: {mend}")));
        }
        let found = post_of(text, Clock::system().now());
        let (_, mut post) = found.map_err(|why| Failure::Usage(format!("{why:#}")))?;
        if let Some(day) = self.at {
            let noon = day.at(12, 0, 0, 0).to_zoned(china());
            post.published_at = noon.map_err(|why| Failure::Usage(format!("--at {day}: {why}")))?.timestamp();
        }
        Ok(post)
    }
}
