//! Reads the configuration directory and the dictionaries as a whole; names all faults at once.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::SignedDuration;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

use super::fault::{Fault, Weight};
use super::{Config, source, toml};
use crate::alert::{self, RuleBook};
use crate::assess::Weights;
use crate::incident::{Calendar, Checklists, Clocks, desk_time};
use crate::lexicon::fault::Faults;
use crate::lexicon::matcher::Lexicon;
use crate::model::Model;
use crate::notify::policy::Policy;
use crate::notify::{Part, Receivers, SecretPlace, Wording};
use crate::outward::Outward;
use crate::people::{Departments, Rota};
use crate::source::Source;

/// The model in the directory of the dictionaries that is asked unless the configuration says otherwise.
pub const MODEL: &str = "minsheng.model";

/// How far ahead the rota is looked through for time in which nobody is on duty, and how many are named.
const COVERED: SignedDuration = SignedDuration::from_hours(24 * 90);
const SHOWN_HOLES: usize = 20;

/// Where things are read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directories {
    /// `minsheng.toml`, `sources/`, `rules.toml`, `receivers.toml`, `departments.toml`, `clocks.toml`,
    /// `checklists.toml`, `calendar.toml`, `rota.toml`, `routes.toml`.
    pub config: PathBuf,
    /// The word lists.
    pub dictionaries: PathBuf,
}

/// All that was read, checked and fit to run.
pub struct Loaded {
    /// `minsheng.toml`.
    pub config: Config,
    /// `sources/*.toml`.
    pub sources: Vec<Source>,
    /// `rules.toml`.
    pub rules: RuleBook,
    /// `receivers.toml`.
    pub receivers: Receivers,
    /// `departments.toml`.
    pub departments: Departments,
    /// `clocks.toml`.
    pub clocks: Clocks,
    /// `checklists.toml`.
    pub checklists: Checklists,
    /// The dictionaries, compiled.
    pub lexicon: Lexicon,
    /// The learned model, if one is to be asked.
    pub model: Option<Arc<Model>>,
    /// The way out, under the rules of the configuration.
    pub outward: Outward,
    /// What somebody should look at.
    pub warnings: Vec<Fault>,
}

impl Loaded {
    /// Addresses that may be reached although the rules refuse them.
    pub fn outward_exceptions(&self) -> Vec<std::net::SocketAddr> {
        self.config.outward.allow.clone()
    }
}

/// Reads everything; on any error nothing is used and all faults are given.
pub fn load(directories: &Directories, today: Date) -> Result<Loaded, Vec<Fault>> {
    let mut faults = Vec::new();
    let config = config(&directories.config, &mut faults);
    let parts = parts(&directories.config, &mut faults);
    let lexicon = lexicon(&directories.dictionaries, today, &mut faults);
    let model = model(config.assess.model.as_deref(), &directories.dictionaries, &mut faults);
    if lexicon.as_ref().is_some_and(|lexicon| lexicon.rows().is_empty()) {
        let what = match model {
            Some(_) => "there is no dictionary row, so the model alone grades posts, and nothing bounds it",
            None => "there is no dictionary row, so no post will ever be graded",
        };
        faults.push(Fault::warning(&directories.dictionaries, 0, what));
    }
    let outward = outward(&config, &directories.config, &mut faults);
    let sources = match &outward {
        Some(outward) => sources(&directories.config, outward, &mut faults),
        None => Vec::new(),
    };
    let clocks = part(&directories.config.join("clocks.toml"), Clocks::from_toml, &mut faults);
    let checklists = part(&directories.config.join("checklists.toml"), Checklists::from_toml, &mut faults);
    let calendar = part(&directories.config.join("calendar.toml"), Calendar::from_toml, &mut faults);
    let clocks = clocks.zip(calendar).map(|(clocks, calendar)| clocks.with_calendar(calendar));
    let rota = part(&directories.config.join("rota.toml"), Rota::from_toml, &mut faults);
    let clocks = clocks.zip(rota).map(|(clocks, rota)| clocks.with_rota(rota));
    for year in clocks.iter().flat_map(|clocks| clocks.unknown_years(today)) {
        let what = format!(
            "the holidays of {year} are not known: weekends alone count as free in limits of working time"
        );
        let mend = format!("add a [[year]] for {year}, as the State Council's office announced it");
        faults.push(Fault::warning(&directories.config.join("calendar.toml"), 0, what).mend(mend));
    }
    let routes = directories.config.join("routes.toml");
    let policy = part(&routes, Policy::from_toml, &mut faults);
    let mut parts = parts;
    if let (Some(policy), Some((_, receivers, _))) = (policy, &mut parts) {
        *receivers = std::mem::take(receivers).with_policy(policy);
        if let Some(wording) = wording(&directories.config.join("templates"), &mut faults) {
            *receivers = std::mem::take(receivers).with_wording(wording);
        }
        let path = directories.config.join("receivers.toml");
        faults.extend(receivers.unknown_windows().into_iter().map(|fault| of_alert(&path, fault)));
    }
    if let (Some(clocks), Some((_, receivers, _))) = (&clocks, &parts) {
        let layers = receivers.names().into_iter().chain(clocks.rota().names()).collect();
        let lost = receivers.policy.unknown_receivers(&layers);
        faults.extend(lost.into_iter().map(|fault| of_alert(&routes, fault)));
        let path = directories.config.join("clocks.toml");
        let rota = directories.config.join("rota.toml");
        let unreached = clocks.rota().unknown_receivers(&receivers.names());
        faults.extend(unreached.into_iter().map(|fault| of_alert(&rota, fault)));
        faults.extend(holes(clocks.rota(), &rota, today));
        let known = receivers.names().into_iter().chain(clocks.rota().names()).collect();
        let unknown = clocks.unknown_receivers(&known);
        faults.extend(unknown.into_iter().map(|fault| of_alert(&path, fault)));
    }
    if let Some((rules, receivers, departments)) = &parts {
        let path = directories.config.join("rules.toml");
        let mut known: BTreeSet<String> = departments.iter().map(|(id, _)| id.to_owned()).collect();
        if let Some(lexicon) = &lexicon {
            known.extend(lexicon.categories().departments.keys().cloned());
        }
        let ids = sources.iter().map(|source| source.id.to_string()).collect();
        let layers = clocks.iter().flat_map(|clocks| clocks.rota().names());
        let named = receivers.names().into_iter().chain(layers).collect();
        let unknown = rules.unknown_names(&named, &known, &ids);
        faults.extend(unknown.into_iter().map(|fault| of_alert(&path, fault)));
    }
    let refused = faults.iter().any(|fault| fault.weight == Weight::Error);
    match (parts, clocks.zip(checklists), lexicon, outward) {
        (Some((rules, receivers, departments)), Some((clocks, checklists)), Some(lexicon), Some(outward))
            if !refused =>
        {
            let warnings = faults;
            Ok(Loaded {
                config,
                sources,
                rules,
                receivers,
                departments,
                clocks,
                checklists,
                lexicon,
                model,
                outward,
                warnings,
            })
        }
        _ => {
            faults.sort();
            faults.dedup();
            Err(faults)
        }
    }
}

/// The texts that the office wrote itself; ours where it wrote none.
fn wording(dir: &Path, faults: &mut Vec<Fault>) -> Option<Wording> {
    let mut read = |part: Part| {
        let path = dir.join(part.file());
        match std::fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                faults.push(Fault::error(&path, 0, format!("it cannot be read: {error}")));
                None
            }
        }
    };
    let own = Part::ALL.map(&mut read);
    let wrong = match Wording::new(own) {
        Ok(wording) => return Some(wording),
        Err(wrong) => wrong,
    };
    faults.extend(wrong.into_iter().map(|(part, fault)| of_alert(&dir.join(part.file()), fault)));
    None
}

/// Time of the next 90 days in which nobody is on duty, each span a warning, and overrides that are long over.
fn holes(rota: &Rota, path: &Path, today: Date) -> Vec<Fault> {
    let Ok(from) = today.to_zoned(TimeZone::fixed(Offset::constant(8))) else { return Vec::new() };
    let from = from.timestamp();
    let said = |at| desk_time(at).strftime("%Y-%m-%d %H:%M").to_string();
    let holes = rota.holes(from, COVERED);
    let more = holes.len().saturating_sub(SHOWN_HOLES);
    let mut faults: Vec<Fault> = holes
        .iter()
        .take(SHOWN_HOLES)
        .map(|(line, layer, hole)| {
            let what = format!(
                "layer {:?}: nobody is on duty from {} until {}",
                layer.name,
                said(hole.from),
                said(hole.until)
            );
            Fault::warning(path, *line, what)
        })
        .collect();
    if more > 0 {
        faults.push(Fault::warning(
            path,
            0,
            format!("{more} more times without anybody on duty in the next 90 days"),
        ));
    }
    faults.extend(
        rota.past_overrides(from)
            .into_iter()
            .map(|line| Fault::warning(path, line, "this override is over").mend("take it out")),
    );
    faults
}

/// Reads a dictionary directory by itself; all faults at once.
pub fn dictionaries(dir: &Path, today: Date) -> Result<Lexicon, Vec<Fault>> {
    let mut faults = Vec::new();
    let lexicon = lexicon(dir, today, &mut faults);
    faults.retain(|fault| fault.weight == Weight::Error);
    lexicon.ok_or(faults)
}

/// Reads who is to be told and the way out, without all else; all faults at once.
pub fn receivers(dir: &Path) -> Result<(Receivers, Outward), Vec<Fault>> {
    let mut faults = Vec::new();
    let config = config(dir, &mut faults);
    let path = dir.join("receivers.toml");
    there(&path, &mut faults);
    let receivers =
        part(&path, |text| Receivers::from_toml(text, &|place: &SecretPlace| place.read()), &mut faults);
    let outward = outward(&config, dir, &mut faults);
    let refused = faults.iter().any(|fault| fault.weight == Weight::Error);
    receivers.zip(outward).filter(|_| !refused).ok_or(faults)
}

/// Reads a file of rules by itself; all faults at once.
pub fn rules(path: &Path) -> Result<RuleBook, Vec<Fault>> {
    let mut faults = Vec::new();
    there(path, &mut faults);
    let rules = part(path, RuleBook::from_toml, &mut faults);
    rules.filter(|_| faults.is_empty()).ok_or(faults)
}

/// Reads a file of weights, with the keys of `[assess.weights]`; all faults at once.
pub fn weights(path: &Path) -> Result<Weights, Vec<Fault>> {
    let mut faults = Vec::new();
    there(path, &mut faults);
    let text = text(path, &mut faults).unwrap_or_default();
    let weights: Weights = toml::read(path, &text).unwrap_or_else(|found| {
        faults.extend(found);
        Weights::default()
    });
    faults.extend(weights.faults().into_iter().map(|what| Fault::error(path, 0, what)));
    if faults.is_empty() { Ok(weights) } else { Err(faults) }
}

/// A file that somebody names has to be there.
fn there(path: &Path, faults: &mut Vec<Fault>) {
    if !path.exists() {
        faults.push(Fault::error(path, 0, "there is no such file"));
    }
}

/// `minsheng.toml`; a missing file means the defaults.
fn config(dir: &Path, faults: &mut Vec<Fault>) -> Config {
    let path = dir.join("minsheng.toml");
    let config = match text(&path, faults) {
        None => Config::default(),
        Some(text) => toml::read::<Config>(&path, &text).unwrap_or_else(|found| {
            faults.extend(found);
            Config::default()
        }),
    };
    faults.extend(config.problems().into_iter().map(|what| Fault::error(&path, 0, what)));
    config
}

fn parts(dir: &Path, faults: &mut Vec<Fault>) -> Option<(RuleBook, Receivers, Departments)> {
    let rules = part(&dir.join("rules.toml"), RuleBook::from_toml, faults);
    let receivers = part(
        &dir.join("receivers.toml"),
        |text| Receivers::from_toml(text, &|place: &SecretPlace| place.read()),
        faults,
    );
    let departments = part(&dir.join("departments.toml"), Departments::from_toml, faults);
    Some((rules?, receivers?, departments?))
}

/// Reads one file of its own format; a missing one is an empty one.
fn part<T>(
    path: &Path,
    read: impl Fn(&str) -> Result<T, Vec<alert::Fault>>,
    faults: &mut Vec<Fault>,
) -> Option<T> {
    let text = text(path, faults).unwrap_or_default();
    match read(&text) {
        Ok(value) => Some(value),
        Err(found) => {
            faults.extend(found.into_iter().map(|fault| of_alert(path, fault)));
            None
        }
    }
}

fn lexicon(dir: &Path, today: Date, faults: &mut Vec<Fault>) -> Option<Lexicon> {
    let fault = |finding, weight| Fault::of_dictionary(dir, finding, weight);
    match Lexicon::load(dir, today) {
        Ok((lexicon, findings)) => {
            faults.extend(findings.into_iter().map(|finding| fault(finding, Weight::Warning)));
            Some(lexicon)
        }
        Err(Faults(findings)) => {
            faults.extend(findings.into_iter().map(|finding| fault(finding, Weight::Error)));
            None
        }
    }
}

/// The model that the configuration names; the usual one may be absent, another may not.
fn model(named: Option<&str>, dir: &Path, faults: &mut Vec<Fault>) -> Option<Arc<Model>> {
    let path = match named {
        Some("") => return None,
        Some(name) => dir.join(name),
        None => dir.join(MODEL),
    };
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => return None,
        Err(error) => {
            faults.push(Fault::error(&path, 0, format!("cannot be read: {error}")));
            return None;
        }
    };
    match Model::from_bytes(&bytes) {
        Ok(model) => Some(Arc::new(model)),
        Err(error) => {
            let mend = "train it again with `minsheng model train`, or set `model = \"\"` in [assess]";
            faults.push(Fault::error(&path, 0, error.to_string()).mend(mend.to_owned()));
            None
        }
    }
}

fn outward(config: &Config, dir: &Path, faults: &mut Vec<Fault>) -> Option<Outward> {
    match Outward::new(config.outward.clone()) {
        Ok(outward) => Some(outward),
        Err(error) => {
            faults.push(Fault::error(&dir.join("minsheng.toml"), 0, format!("[outward]: {error}")));
            None
        }
    }
}

fn sources(dir: &Path, outward: &Outward, faults: &mut Vec<Fault>) -> Vec<Source> {
    let dir = dir.join("sources");
    let mut paths: Vec<PathBuf> = match fs::read_dir(&dir) {
        Ok(entries) => entries.filter_map(|entry| Some(entry.ok()?.path())).collect(),
        Err(_) => return Vec::new(),
    };
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    let files: Vec<_> =
        paths.into_iter().filter_map(|path| text(&path, faults).map(|text| (path, text))).collect();
    let (sources, found) = source::read(&files, outward);
    faults.extend(found);
    sources
}

/// The file's text; `None` if there is no such file, or it cannot be read, which is a fault.
fn text(path: &Path, faults: &mut Vec<Fault>) -> Option<String> {
    match fs::read_to_string(path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => {
            faults.push(Fault::error(path, 0, format!("cannot be read: {error}")));
            None
        }
    }
}

fn of_alert(path: &Path, fault: alert::Fault) -> Fault {
    let here = Fault::error(path, fault.line.unwrap_or(0), fault.what);
    match fault.mend {
        Some(mend) => here.mend(mend),
        None => here,
    }
}
