//! `minsheng model train` and `eval`: teaches a model by labelled posts, and tries how well it does.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use jiff::Timestamp;
use serde_json::{Value, json};
use xxhash_rust::xxh3::xxh3_64;

use super::eval::{judging_names, lines};
use super::{Done, Failure, Places, output, today};
use crate::assess::Assessor;
use crate::assess::evaluation::{Judged, Labelled, evaluate};
use crate::config;
use crate::extract::post::Post;
use crate::extract::pushed::{LINE_LIMIT, PushedPost, read};
use crate::model::{Example, Model as Learned, Trials, train};
use crate::pipeline::clock::Clock;
use crate::report::evaluation::Shown;
use crate::report::table::{Ink, Side, Table, Tone};
use crate::source::SourceId;

/// What is taught if nothing else is asked for.
const LABELS: &str = "category,department,grade,sentiment";

/// Models that learn from labelled posts.
#[derive(clap::Subcommand)]
pub(super) enum Model {
    /// Learn from labelled posts and write the model to a file
    Train(Train),
    /// Try how well models do on labelled posts they have not seen
    Eval(Eval),
    /// Show what a model was trained on
    Show {
        /// The model's file.
        model: PathBuf,
    },
}

/// Learn from labelled posts and write the model to a file.
#[derive(clap::Args)]
#[command(
    after_help = "Rows are JSON: the post (text, title, kind …) with the labels, by name. A row without a \
    label, or with an empty one, does not teach it.\n\nExample:\n  minsheng model train labels.jsonl --out desk.model --note '本台2026年的处置结论'"
)]
pub(super) struct Train {
    /// Files of labelled rows, one JSON object a line.
    #[arg(required = true)]
    rows: Vec<PathBuf>,
    /// Where to write the model.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Labels to learn, by the names they have in the rows.
    #[arg(long, value_delimiter = ',', default_value = LABELS, value_name = "NAMES")]
    labels: Vec<String>,
    /// Where the rows come from and under what licence; kept in the model.
    #[arg(long, default_value = "")]
    note: String,
}

/// Try how well models do on labelled posts they have not seen.
#[derive(clap::Args)]
#[command(
    after_help = "Each part of the rows is judged by a model that has learned from the others. Rules and model \
    together are held\nagainst grade, category, department and sentiment as `minsheng eval` does; the model alone \
    by each label.\n\nExamples:\n  minsheng model eval labels.jsonl --folds 5\n  minsheng model eval one.jsonl other.jsonl --by-file\n  minsheng model eval titles.jsonl --labels label --alone"
)]
pub(super) struct Eval {
    /// Files of labelled rows, one JSON object a line.
    #[arg(required = true)]
    rows: Vec<PathBuf>,
    /// Parts into which the rows are dealt, by a hash of their texts.
    #[arg(long, default_value_t = 5, value_name = "K", value_parser = clap::value_parser!(u64).range(2..=100))]
    folds: u64,
    /// Each file is a part: how well does what some writers wrote tell of another's?
    #[arg(long, conflicts_with = "folds")]
    by_file: bool,
    /// A model to try instead; rows it has learned from tell nothing.
    #[arg(long, conflicts_with_all = ["folds", "by_file"], value_name = "FILE")]
    model: Option<PathBuf>,
    /// Labels to learn, by the names they have in the rows.
    #[arg(long, value_delimiter = ',', default_value = LABELS, value_name = "NAMES")]
    labels: Vec<String>,
    /// Only the model alone.
    #[arg(long)]
    alone: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// A labelled row, ready to teach and to be judged.
struct Row {
    /// The file it stands in.
    file: usize,
    text: u64,
    /// With the labels that `minsheng eval` knows; none for rows of other kinds.
    labelled: Option<Labelled>,
    example: Example,
}

impl Model {
    pub(super) fn run(&self, places: &Places) -> Done {
        match self {
            Self::Train(train) => train.run(places),
            Self::Eval(eval) => eval.run(places),
            Self::Show { model } => show(&load(model)?, ""),
        }
    }
}

/// Reads a model's file.
pub(super) fn load(path: &Path) -> anyhow::Result<Learned> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Learned::from_bytes(&bytes).with_context(|| path.display().to_string())
}

/// The model of a command: the one asked for, else that of the configuration.
pub(super) fn chosen(
    asked: Option<&Path>,
    configured: Option<Arc<Learned>>,
) -> anyhow::Result<Option<Arc<Learned>>> {
    match asked {
        Some(path) => Ok(Some(Arc::new(load(path)?))),
        None => Ok(configured),
    }
}

impl Train {
    fn run(&self, places: &Places) -> Done {
        let assessor = assessor(places)?;
        let (rows, refused) = rows_of(&self.rows, &self.labels, &assessor)?;
        let mut examples: Vec<Example> = rows.into_iter().map(|row| row.example).collect();
        examples.extend(hints(&assessor, &self.labels));
        let bar = output::progress(None, "learning");
        let model = train(&examples, &self.note)?;
        bar.finish_and_clear();
        let bytes = model.to_bytes();
        let beside = self.out.with_extension("new");
        let written = fs::write(&beside, &bytes).and_then(|()| fs::rename(&beside, &self.out));
        written.with_context(|| format!("cannot write {}", self.out.display()))?;
        show(&model, &format!("{}: {} bytes\n", self.out.display(), bytes.len()))?;
        refusals(refused)
    }
}

impl Eval {
    fn run(&self, places: &Places) -> Done {
        let mut assessor = assessor(places)?;
        let (rows, refused) = rows_of(&self.rows, &self.labels, &assessor)?;
        let mut trials = Trials::default();
        let mut judged = Vec::new();
        let parts = match (&self.model, self.by_file) {
            (Some(_), _) => 1,
            (None, true) => self.rows.len() as u64,
            (None, false) => self.folds,
        };
        let part_of = |row: &Row| match (&self.model, self.by_file) {
            (Some(_), _) => 0,
            (None, true) => row.file as u64,
            (None, false) => row.text % self.folds,
        };
        let bar = output::progress(Some(parts), "learning and judging");
        for part in 0..parts {
            let model = if let Some(path) = &self.model {
                load(path)?
            } else {
                let seen = rows.iter().filter(|row| part_of(row) != part);
                let mut examples: Vec<Example> = seen.map(|row| row.example.clone()).collect();
                examples.extend(hints(&assessor, &self.labels));
                train(&examples, "")?
            };
            let unseen: Vec<&Row> = rows.iter().filter(|row| part_of(row) == part).collect();
            let examples: Vec<&Example> = unseen.iter().map(|row| &row.example).collect();
            trials.ask(&model, &examples);
            assessor = assessor.with_model(Some(Arc::new(model)));
            if !self.alone {
                for row in unseen.iter().filter_map(|row| row.labelled.clone()) {
                    let assessed = assessor.assess(Arc::new(row.post.clone()));
                    let asking = assessor.asking(&assessed);
                    judged.push(Judged { row, assessment: assessed.assessment.as_ref().clone(), asking });
                }
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        self.tell(&trials, &judged, refused, &assessor)?;
        refusals(refused)
    }

    fn tell(
        &self,
        trials: &Trials,
        judged: &[Judged],
        refused: usize,
        assessor: &Assessor,
    ) -> anyhow::Result<()> {
        let (departments, chinese) = judging_names(assessor.lexicon());
        let names = crate::assess::evaluation::Names { places: None, departments: Some(&departments) };
        let evaluation = (!judged.is_empty()).then(|| evaluate(judged, names, 0));
        if self.json {
            output::json(&json!({ "together": evaluation, "alone": trials.results() }))?;
            return Ok(());
        }
        let ink = if output::coloured() { Ink::Colour } else { Ink::Plain };
        if let Some(evaluation) = &evaluation {
            let files = self.rows.iter().map(|path| path.display().to_string()).collect();
            let dictionary = assessor.lexicon().version().to_owned();
            let shown = Shown { evaluation, files, refused, dictionary, names: chinese };
            output::bytes(shown.text(ink).as_bytes())?;
            output::line("")?;
        }
        let mut table = Table::new(vec![Side::Left, Side::Right, Side::Right, Side::Right, Side::Right]);
        table.row(
            ["模型单独", "条数", "一致", "宏F1", "校准误差"]
                .map(|cell| (cell.to_owned(), Tone::Dim))
                .to_vec(),
        );
        for trial in trials.results() {
            let figure = |value: f64| (format!("{value:.3}"), Tone::Usual);
            table.row(vec![
                (trial.head, Tone::Usual),
                (trial.rows.to_string(), Tone::Usual),
                figure(trial.accuracy),
                figure(trial.macro_f1),
                figure(trial.calibration_error),
            ]);
        }
        output::bytes(table.render(ink).as_bytes())?;
        Ok(())
    }
}

/// Rules without a model: what teaches must not have been taught before.
fn assessor(places: &Places) -> Result<Assessor, Failure> {
    let loaded = config::load(&places.directories(), today()).map_err(Failure::Faults)?;
    Ok(Assessor::new(Arc::new(loaded.lexicon), loaded.config.assess))
}

/// What the dictionaries say of the labels to be learned.
fn hints(assessor: &Assessor, labels: &[String]) -> Vec<Example> {
    let mut hints = assessor.hints();
    for hint in &mut hints {
        hint.labels.retain(|label, _| labels.contains(label));
    }
    hints.retain(|hint| !hint.labels.is_empty());
    hints
}

fn refusals(refused: usize) -> Done {
    match refused {
        0 => Ok(()),
        1 => Err(anyhow::anyhow!("1 row could not be used").into()),
        _ => Err(anyhow::anyhow!("{refused} rows could not be used").into()),
    }
}

/// Reads the rows of all files; those that cannot be used are told and counted.
fn rows_of(files: &[PathBuf], labels: &[String], assessor: &Assessor) -> anyhow::Result<(Vec<Row>, usize)> {
    let now = Clock::system().now();
    let bar = output::progress(None, "reading");
    let (mut rows, mut refused) = (Vec::new(), 0);
    for (file, path) in files.iter().enumerate() {
        for (number, line) in lines(path)?.enumerate() {
            let line = line.with_context(|| format!("cannot read {}", path.display()))?;
            match row_of(&line, labels, assessor, now) {
                Ok(None) => {}
                Ok(Some((text, labelled, example))) => {
                    rows.push(Row { file, text, labelled, example });
                    bar.inc(1);
                }
                Err(why) => {
                    refused += 1;
                    output::complain(&format!("{}:{}: {why}", path.display(), number + 1));
                }
            }
        }
    }
    bar.finish_and_clear();
    Ok((rows, refused))
}

/// A row of a line; none for a blank line.
fn row_of(
    line: &[u8],
    labels: &[String],
    assessor: &Assessor,
    now: Timestamp,
) -> Result<Option<(u64, Option<Labelled>, Example)>, String> {
    if line.len() > LINE_LIMIT {
        return Err(format!("the row is longer than {LINE_LIMIT} bytes"));
    }
    let text = std::str::from_utf8(line).map_err(|_| "the row is not UTF-8".to_owned())?;
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Ok(None);
    }
    let row: BTreeMap<String, Value> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let label = |name: &String| {
        let value = row.get(name)?.as_str()?.trim();
        (!value.is_empty()).then(|| (name.clone(), value.to_owned()))
    };
    let labels: BTreeMap<String, String> = labels.iter().filter_map(label).collect();
    if labels.is_empty() {
        return Err("the row has none of the labels".to_owned());
    }
    let labelled = Labelled::read(text, now).ok();
    let post = match &labelled {
        Some(labelled) => labelled.post.clone(),
        None => post_of(text, now)?,
    };
    let example = Example { bag: assessor.bag(&post), labels, weight: 1.0 };
    Ok(Some((xxh3_64(post.text.as_bytes()), labelled, example)))
}

fn post_of(text: &str, now: Timestamp) -> Result<Post, String> {
    let mut pushed: PushedPost = serde_json::from_str(text).map_err(|error| error.to_string())?;
    pushed.source = None;
    let source = SourceId::new("labels").expect("the name is a legal id");
    read(pushed, Some(&source), now).map(|found| found.post).map_err(|why| why.to_string())
}

fn show(model: &Learned, before: &str) -> Done {
    let heads = model.heads().map(|(name, labels)| format!("{name} ({})", labels.len()));
    let heads = heads.collect::<Vec<_>>().join(", ");
    let (version, rows, features) = (model.version(), model.rows(), model.features());
    let mut text = format!("{before}model {version}: {rows} rows, {features} features; {heads}\n");
    if !model.note().is_empty() {
        text.push_str(model.note());
        text.push('\n');
    }
    Ok(output::bytes(text.as_bytes())?)
}
