//! `minsheng eval`: how well judgements agree with the labels people gave.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use jiff::Timestamp;

use super::{Done, Failure, Places, output, today};
use crate::assess::Assessor;
use crate::assess::answer::{ThreadRow, is_thread};
use crate::assess::evaluation::{Evaluation, Judged, Labelled, Names, evaluate, evaluate_threads};
use crate::config;
use crate::extract::pushed::LINE_LIMIT;
use crate::lexicon::matcher::Lexicon;
use crate::lexicon::shelf::Shelf;
use crate::pipeline::clock::Clock;
use crate::report::evaluation::Shown;
use crate::report::table::Ink;

/// Where further places are put on the shelf: above all that the directory holds.
const FURTHER_PLACES: &str = "temporary/labels/places.tsv";

/// Hold judgements against labelled posts: figures with intervals, confusions, the worst misses.
#[derive(clap::Args)]
#[command(
    after_help = "Rows are JSON: the post (text, title, kind …) with any of grade, category, department, \
        sentiment,\nquestion, places, traps, urgency; or threads: thread, post and comments with question and answered_by.\nExit status 1 if a row could not be used.\n\n\
        Examples:\n  minsheng eval labels.jsonl\n  minsheng eval labels.jsonl --places places.tsv --html report.html --misses 40"
)]
pub(super) struct Eval {
    /// Files of labelled rows, one JSON object a line.
    #[arg(required = true)]
    labels: Vec<PathBuf>,
    /// Places the labels name, in the form of `places.tsv`; they are known for this run only.
    #[arg(long, value_name = "FILE")]
    places: Option<PathBuf>,
    /// A model whose word is weighed as well; default: that of the configuration.
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Write the report as a page as well.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Misses to list, the worst first.
    #[arg(long, default_value_t = 20, value_name = "N")]
    misses: usize,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Eval {
    pub(super) fn run(&self, places: &Places) -> Done {
        let loaded = config::load(&places.directories(), today()).map_err(Failure::Faults)?;
        let further = self.places.as_deref().map(fs_read).transpose()?;
        let lexicon = match &further {
            Some(file) => with_places(&places.dictionaries, file)?,
            None => loaded.lexicon,
        };
        let model = super::model::chosen(self.model.as_deref(), loaded.model)?;
        let assessor = Assessor::new(Arc::new(lexicon), loaded.config.assess).with_model(model);
        let Read { judged, threads, refused } = self.judge(&assessor)?;
        let known = further.as_deref().map(|file| names_of(file, assessor.lexicon()));
        let (departments, chinese) = judging_names(assessor.lexicon());
        let names = Names { places: known.as_ref(), departments: Some(&departments) };
        let evaluation = Evaluation {
            threads: (!threads.is_empty()).then(|| evaluate_threads(&threads, self.misses)),
            ..evaluate(&judged, names, self.misses)
        };
        let shown = Shown {
            evaluation: &evaluation,
            files: self.labels.iter().map(|path| path.display().to_string()).collect(),
            refused,
            dictionary: assessor.lexicon().version().to_owned(),
            names: chinese,
        };
        if let Some(path) = &self.html {
            fs::write(path, shown.html()?).with_context(|| format!("cannot write {}", path.display()))?;
        }
        if self.json {
            output::json(&evaluation)?;
        } else {
            let ink = if output::coloured() { Ink::Colour } else { Ink::Plain };
            output::bytes(shown.text(ink).as_bytes())?;
        }
        match refused {
            0 => Ok(()),
            1 => Err(anyhow::anyhow!("1 row could not be used").into()),
            _ => Err(anyhow::anyhow!("{refused} rows could not be used").into()),
        }
    }

    /// Judges every row of every file; those that cannot be used are told and counted.
    fn judge(&self, assessor: &Assessor) -> anyhow::Result<Read> {
        let now = Clock::system().now();
        let bar = output::progress(None, "judging");
        let mut found = Read::default();
        for path in &self.labels {
            for (number, line) in lines(path)?.enumerate() {
                let line = line.with_context(|| format!("cannot read {}", path.display()))?;
                match read(&line, now, assessor) {
                    Ok(None) => {}
                    Ok(Some(Row::Thread(row))) => found.threads.push(row),
                    Ok(Some(Row::Post(row))) => {
                        let assessed = assessor.assess(Arc::new(row.post.clone()));
                        let asking = assessor.asking(&assessed);
                        found.judged.push(Judged {
                            row: *row,
                            assessment: assessed.assessment.as_ref().clone(),
                            asking,
                        });
                        bar.inc(1);
                    }
                    Err(why) => {
                        found.refused += 1;
                        output::complain(&format!("{}:{}: {why}", path.display(), number + 1));
                    }
                }
            }
        }
        bar.finish_and_clear();
        Ok(found)
    }
}

/// The lines of a file as bytes: one that is no text is a bad row, not the end of the file.
pub(super) fn lines(path: &Path) -> anyhow::Result<impl Iterator<Item = std::io::Result<Vec<u8>>>> {
    let file = fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(BufReader::with_capacity(1 << 20, file).split(b'\n'))
}

/// What the files hold.
#[derive(Default)]
struct Read {
    judged: Vec<Judged>,
    threads: Vec<ThreadRow>,
    refused: usize,
}

enum Row {
    Post(Box<Labelled>),
    Thread(ThreadRow),
}

/// A row of a line; none for a blank line.
fn read(line: &[u8], now: Timestamp, assessor: &Assessor) -> Result<Option<Row>, String> {
    if line.len() > LINE_LIMIT {
        return Err(format!("the row is longer than {LINE_LIMIT} bytes"));
    }
    let text = std::str::from_utf8(line).map_err(|_| "the row is not UTF-8".to_owned())?;
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Ok(None);
    }
    if is_thread(text) {
        return ThreadRow::read(text, assessor).map(Row::Thread).map(Some).map_err(|why| why.to_string());
    }
    Labelled::read(text, now).map(|row| Some(Row::Post(Box::new(row)))).map_err(|why| why.to_string())
}

fn fs_read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| Failure::Usage(format!("cannot read {}: {error}", path.display())))
}

/// The dictionaries with further places.
fn with_places(dir: &Path, further: &[u8]) -> Result<Lexicon, Failure> {
    let refused = |faults: crate::lexicon::fault::Faults| Failure::Usage(faults.to_string());
    let mut shelf = Shelf::read(dir).map_err(refused)?;
    shelf.put(FURTHER_PLACES, further.to_vec());
    Ok(Lexicon::compile(&shelf, today()).map_err(refused)?.0)
}

/// The names that a file of places gives, with the canonical one of each: what labels may name.
fn names_of(file: &[u8], lexicon: &Lexicon) -> BTreeMap<String, String> {
    let first_cells: Vec<String> = String::from_utf8_lossy(file)
        .lines()
        .filter_map(|line| line.split('\t').next())
        .map(crate::text::normalize::normalized_text)
        .collect();
    let listed = |name: &String| first_cells.contains(name);
    let mut names = BTreeMap::new();
    for (_, place) in lexicon.places().iter().filter(|(_, place)| listed(&place.name)) {
        for name in place.aliases.iter().chain([&place.name]) {
            names.insert(name.clone(), place.name.clone());
        }
    }
    names
}

/// Departments by the names people give them, and the names people read by the ids of departments and services.
pub(super) fn judging_names(lexicon: &Lexicon) -> (BTreeMap<String, String>, BTreeMap<String, String>) {
    let departments = &lexicon.categories().departments;
    let by_name = departments.iter().map(|(id, department)| (department.name.clone(), id.clone())).collect();
    (by_name, chinese_names(lexicon))
}

fn chinese_names(lexicon: &Lexicon) -> BTreeMap<String, String> {
    let categories = lexicon.categories();
    let departments = categories.departments.iter().map(|(id, one)| (id.clone(), one.name.clone()));
    let services = crate::lexicon::category::Category::ALL
        .into_iter()
        .map(|category| (category.id().to_owned(), categories.get(category).name.clone()));
    departments.chain(services).collect()
}
